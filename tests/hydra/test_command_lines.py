"""Command lines through a real shell: what the app receives, and what is said of mistakes."""

import os
import re
import shutil
import subprocess

import pytest

from tests.support.command_lines import APP, FILES, RIGHT, WRONG
from tests.support.paths import ROOT
from tests.support.warm import warm_python

PAGE = ROOT / "docs" / "hydra-command-lines.md"
UPDATES = os.environ.get("LRDSL_UPDATE_GOLDEN") == "1"
RIGHT_LINES = [line for section in RIGHT for line in section.lines]
WRONG_LINES = [line for section in WRONG for line in section.lines]

SCRIPT = r"""
for line in "$@"; do
    bash -c "$line" 2>&1
    printf '\036%s\036' $?
done
"""


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """The output and the exit code of each command line, each in a bash of its own.

    bash splits a line; the app gets the words in a process that has imported Hydra already.
    """
    if shutil.which("bash") is None:
        pytest.skip("bash is not installed")
    folder = tmp_path_factory.mktemp("app")
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    python = folder / "bin" / "python"
    python.parent.mkdir()
    python.write_text("#!/bin/sh\nprintf '\\0%s' \"$@\"\n")
    python.chmod(0o755)
    lines = [line.command for line in [*RIGHT_LINES, *WRONG_LINES]]
    done = subprocess.run(
        ["bash", "-c", SCRIPT, "bash", *lines],
        cwd=folder,
        env={**os.environ, "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}"},
        stdout=subprocess.PIPE,
        text=True,
        timeout=900,
        check=True,
    )
    *parts, end = done.stdout.split("\36")
    assert end == ""
    said = zip(parts[::2], map(int, parts[1::2]), strict=True)
    return {
        line: ended(text[1:].split("\0"), folder) if text.startswith("\0") else (text, code)
        for line, (text, code) in zip(lines, said, strict=True)
    }


def ended(arguments, folder):
    """The output and the exit code of a Python program."""
    done = warm_python(*arguments, folder=folder, is_merged=True)
    return done.stdout, done.returncode


def test_there_are_enough():
    assert len(RIGHT_LINES) + len(WRONG_LINES) >= 40
    assert len(WRONG_LINES) >= 10
    ids = [line.id for line in [*RIGHT_LINES, *WRONG_LINES]]
    assert len(set(ids)) == len(ids)


@pytest.mark.slow
@pytest.mark.parametrize("line", RIGHT_LINES, ids=lambda line: line.id)
def test_the_app_receives(line, outcomes):
    assert outcomes[line.command] == (f"{line.output}\n", 0)


@pytest.mark.slow
@pytest.mark.parametrize("line", WRONG_LINES, ids=lambda line: line.id)
def test_a_mistake_is_explained(line, outcomes):
    output, code = outcomes[line.command]
    assert code != 0 or "lrdsl: " in output
    assert line.output
    at = 0
    for wanted in line.output.splitlines():
        assert wanted in output[at:], output
        at = output.index(wanted, at) + len(wanted)
    assert "Traceback" not in output


def cell(text):
    """Code in a cell of a table, one span for each line of it."""
    spans = []
    for part in text.split("\n"):
        ticks = "``" if "`" in part else "`"
        spans.append(f"{ticks}{part}{ticks}".replace("|", "\\|"))
    return "<br>".join(spans)


def page():
    """The page of the docs."""
    parts = [HEAD]
    for section in RIGHT:
        rows = [f"| {cell(x.command)} | {cell(x.output)} |" for x in section.lines]
        head = ["| command line | the app received |", "|---|---|"]
        parts.append("\n".join([f"## {section.title}", "", *head, *rows]))
    for section in WRONG:
        shown = [f"```text\n$ {x.command}\n{x.output}\n```" for x in section.lines]
        parts.append("\n\n".join([f"## {section.title}", *shown]))
    parts.append(TAIL)
    return "\n\n".join(parts)


HEAD = """\
# Schedules on Hydra's command line

What an app of `lrdsl.hydra.main` receives from bash. Each line here is run by the tests, which this
page is made from. [hydra.md](hydra.md) says how it works."""

EXPERIMENTS = "\n".join(
    [f"# conf/{name[5:]}\n{text}" for name, text in FILES.items() if "experiment" in name]
).rstrip()

TAIL = f"""\
## The app

```text
{APP.rstrip()}
```

Its config, `conf/config.yaml`, with the groups `schedule`, `optimizer` and `experiment` beside it:

```yaml
{FILES["conf/config.yaml"].rstrip()}
```

The experiments:

```yaml
{EXPERIMENTS}
```
"""


def test_the_page_is_up_to_date():
    if UPDATES:
        PAGE.write_text(page(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page()


def test_the_page_has_every_line():
    text = re.sub(r"\\\|", "|", PAGE.read_text(encoding="utf-8"))
    for line in [*RIGHT_LINES, *WRONG_LINES]:
        assert line.command in text
