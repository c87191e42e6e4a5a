"""`lrdsl lint` and `lrdsl rules`: what they print, change and exit with."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from click.testing import CliRunner, Result

from lrdsl.cli.main import cli
from lrdsl.docsgen import rules
from lrdsl.linter import read_source, runner
from lrdsl.linter.context import LintContext
from lrdsl.linter.read_source import read_file
from lrdsl.linter.rule import RULES, Case, Need, Rule, Violation, case
from lrdsl.linter.source_file import SourceFile
from tests.support.paths import ROOT
from tests.support.processes import python

GOLDEN = ROOT / "tests" / "golden" / "lint.txt"
LONG = "linear(1, 0.5, 99)"
"""Is longer than a run of 9 updates, and nothing else is wrong with it then."""
SHORT = ("--total-steps", "9", "--select", "longer-than-run,LR2")


def call(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(cli, arguments, input=stdin, prog_name="lrdsl")


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(name: str, text: str) -> Path:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    return path


FILES = {
    "plain.yaml": "lr: cosin(1, 0, 9)\n",
    "quoted.yaml": "a:\n  lr: 'linear(1, 0.5, 99)'  # long\n",
    "block.yaml": "schedule:\n  spec: |\n    warmup(5) >>\n    linear(1, 0.5, 99)\n",
    "wide.yaml": (
        'lr: "linear(1, 0.5, 99)" # 学習率\nx: {lr: "linear(1,\\u0020 0, 9) >> cosin(1)"}\n'
    ),
    "train.py": "import lrdsl\nschedule = lrdsl.compile('linear(1, 0.5, 99)')\n",
    "page.md": "# Rates\n\n```lr\ncosin(1, 0, 9)\n```\n",
    "quiet.yaml": "lr: linear(1, 0.5, 99)  # lrdsl: ignore[longer-than-run]\n",
    "clean.yaml": "lr: linear(1, 0.5, 9)\n",
}


def test_output() -> None:
    """Every sort of file, as golden/lint.txt has it; LRDSL_UPDATE_GOLDEN writes that anew."""
    for name, text in FILES.items():
        write(name, text)
    done = call("lint", *FILES, *SHORT)
    assert done.exit_code == 1
    assert done.stderr == ""
    if os.environ.get("LRDSL_UPDATE_GOLDEN"):
        GOLDEN.write_text(done.stdout, encoding="utf-8")
    assert done.stdout == GOLDEN.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        pytest.param(["-e", LONG, "--total-steps", "99"], 0, "No problems in 1 spec.", id="clean"),
        pytest.param(["-e", LONG, *SHORT], 1, "<spec>:1:1: warning[LR801]", id="a warning"),
        pytest.param(["-e", "cosin(1)"], 1, "error[LR201] unknown-name", id="an error"),
        pytest.param(["-e", "1", "-e", "cosin(1)"], 1, "<spec 2>:1:1: error", id="the second"),
        pytest.param(["-e", "-cosin(1)"], 1, "<spec>:1:2: error", id="begins with a minus"),
        pytest.param(["-e", LONG, *SHORT, "--ignore", "LR8"], 0, "No problems", id="ignored"),
        pytest.param(["-e", "linear(1, 0, n)"], 0, "give --set n=… (`n`)", id="unknown in the run"),
        pytest.param(
            ["-e", "linear(1, 0.5, n)", "--set", "n=99", *SHORT], 1, "LR801", id="a variable"
        ),
        pytest.param(
            ["-e", "linear(0, 1, 9)", "--select", "LR810", "--total-steps", "9"],
            0,
            "1 hint in 1 spec.",
            id="a hint alone fails nothing",
        ),
    ],
)
def test_specs(arguments: list[str], code: int, said: str) -> None:
    done = call("lint", *arguments)
    assert said in done.stdout
    assert (done.exit_code, done.stderr) == (code, "")


@pytest.mark.parametrize(
    ("contract", "broken", "kept"),
    [
        pytest.param(["--max-lr", "0.1"], "linear(1, 0.05, 9)", "linear(0.1, 0.05, 9)", id="max"),
        pytest.param(["--min-lr", "1e-2"], "constant(1e-3, 9)", "linear(1, 0.1, 9)", id="min"),
        pytest.param(
            ["--bounds", "0.1", "1"], "linear(2, 0.5, 9)", "linear(1, 0.5, 9)", id="bounds"
        ),
        pytest.param(["--final", "0.5"], "linear(1, 0.1, 9)", "linear(1, 0.5, 9)", id="final"),
        pytest.param(
            ["--continuous"],
            "constant(1, 9) >> constant(0.5, 9)",
            "constant(1, 9) >> linear(1, 0.5, 99)",
            id="continuous",
        ),
        pytest.param(["--reaches", "1"], "linear(0.9, 0.1, 9)", "linear(1, 0.1, 9)", id="reaches"),
    ],
)
def test_contracts(contract: list[str], broken: str, kept: str) -> None:
    [rule] = {
        "--max-lr": ["above-limit"],
        "--min-lr": ["below-limit"],
        "--bounds": ["outside-bounds"],
    }.get(contract[0], [contract[0].removeprefix("--")])
    found = call("lint", "-e", broken, "--select", rule, *contract)
    assert (found.exit_code, f"] {rule}: " in found.stdout) == (1, True), found.output
    assert call("lint", "-e", broken, "--select", rule).exit_code == 0
    done = call("lint", "-e", kept, "--select", rule, *contract)
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize("arguments", [["-"], ["-e", "-"]], ids=["a path", "a spec"])
def test_standard_input(arguments: list[str]) -> None:
    done = call("lint", *arguments, stdin="cosin(1)\n")
    assert done.exit_code == 1
    assert done.stdout.startswith("<stdin>:1:1: error[LR201]")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param([], "give files or folders", id="nothing"),
        pytest.param(["-", "-e", "-"], "read once", id="standard input twice"),
        pytest.param(["-e", "1", "--diff"], "give both", id="diff alone"),
        pytest.param(["-e", "1", "--fix"], "nothing to change", id="fix a spec"),
        pytest.param(["-", "--fix"], "nothing to change", id="fix standard input"),
        pytest.param(["-e", "1", "--select", "joint-jmp"], "joint-jump", id="a rule's name"),
        pytest.param(["-e", "1", "--ignore", "LRX"], "there is no rule `LRX`", id="a code"),
        pytest.param(["-e", "1", "--max-lr", "much"], "'much' is not a number", id="a number"),
        pytest.param(["-e", "1", "--bounds", "2", "1"], "above the upper", id="bounds"),
        pytest.param(["-e", "1", "--total-steps", "-1"], "--total-steps", id="the run"),
        pytest.param(["-e", "1", "--format", "xml"], "'xml' is not one of", id="a format"),
        pytest.param(["--explain", "LR999"], "no rule is called `LR999`", id="explain"),
        pytest.param(["--explain", "joint-jmp"], "`joint-jump`?", id="explain, a near name"),
    ],
)
def test_misuse(arguments: list[str], said: str) -> None:
    done = call("lint", *arguments)
    assert said in done.stderr
    assert (done.exit_code, done.stdout) == (2, "")


def test_settings_of_no_use_are_misuse() -> None:
    write("pyproject.toml", "[tool.lrdsl.lint]\nselct = []\n")
    done = call("lint", "-e", "1")
    assert done.exit_code == 2
    assert "there is no setting `selct`" in done.stderr


def test_the_project_s_settings_count_and_options_go_before_them() -> None:
    write(
        "pyproject.toml",
        '[tool.lrdsl.lint]\nselect = ["longer-than-run"]\n'
        "[tool.lrdsl.lint.context]\ntotal_steps = 9\n",
    )
    assert call("lint", "-e", LONG).exit_code == 1
    assert call("lint", "-e", LONG, "--total-steps", "99").exit_code == 0
    assert call("lint", "-e", LONG, "--select", "LR2").exit_code == 0


def test_files_that_cannot_be_read_do_not_keep_the_others_from_being_linted() -> None:
    write("conf/a.yaml", "lr: cosin(1)\n")
    write("conf/b.yaml", "lr: [1\n")
    Path("conf/c.yaml").write_bytes(b"lr: \xff\n")
    Path("conf/d.yaml").symlink_to("nowhere")
    Path("conf/loop").symlink_to("../conf")
    done = call("lint", "conf", "gone.yaml")
    assert done.exit_code == 2
    lines = done.stderr.splitlines()
    assert [line.split(":")[:2] for line in lines] == [
        ["Error", f" {name}"]
        for name in ("conf/b.yaml", "conf/c.yaml", "conf/d.yaml", "conf/loop", "gone.yaml")
    ]
    assert "conf/a.yaml:1:5: error[LR201]" in done.stdout
    assert done.stdout.endswith("1 error in 6 files; 5 could not be read.\n")


@pytest.mark.parametrize("form", ["json", "sarif", "github"])
def test_formats(form: str) -> None:
    done = call("lint", "-e", "cosin(1)", "--format", form)
    assert done.exit_code == 1
    assert done.stderr == ""
    if form == "github":
        assert done.stdout.startswith("::error file=<spec>,line=1,")
    else:
        facts: Any = json.loads(done.stdout)
        assert "cosine" in json.dumps(facts)


def test_colour_is_for_terminals() -> None:
    runner = CliRunner()
    assert "\x1b[" not in runner.invoke(cli, ["lint", "-e", "cosin(1)"]).stdout
    command = (
        "import sys; sys.stdout.isatty = lambda: True; from lrdsl.cli.main import main; main()"
    )

    def shown(*more: str, **environment: str) -> str:
        line = ["-c", command, "lint", "-e", "cosin(1)", *more]
        return python(*line, TERM="xterm", **environment).stdout

    assert "\x1b[31m\x1b[1merror[LR201]" in shown()
    assert "\x1b[" not in shown("--no-color")
    assert "\x1b[" not in shown(NO_COLOR="1")


def test_any_encoding_will_do() -> None:
    write("é.yaml", "lr: cosin(1)  # λ\n")
    done = python("-m", "lrdsl", "lint", "é.yaml", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("e.yaml:1:5: error[LR201]")
    assert "# lambda" in done.stdout


def test_a_cold_start_is_light() -> None:
    program = (
        "import sys\n"
        "from lrdsl.cli.main import main\n"
        "try:\n    main(['lint', '-e', 'hold(8)', '--total-steps', '8', '--base-lr', '1'])\n"
        "except SystemExit as end:\n    assert end.code == 0\n"
        "print(*{'torch', 'hydra', 'omegaconf', 'matplotlib', 'yaml'} & set(sys.modules))"
    )
    done = python("-c", program)
    assert done.stderr == ""
    assert done.stdout == "No problems in 1 spec.\n\n"


def test_show_does_not_know_the_linter() -> None:
    program = (
        "import sys\nfrom lrdsl.cli.main import cli\n"
        "cli.main(['values', 'linear(1, 0, 9)', '--at', '3'], standalone_mode=False)\n"
        "print([name for name in sys.modules if 'lint' in name])"
    )
    done = python("-c", program)
    assert done.stdout.endswith("\n[]\n")


def test_many_files_are_linted_in_the_order_of_their_names(monkeypatch: pytest.MonkeyPatch) -> None:
    for i in range(20):
        write(f"conf/{i:02}.yaml", f"lr: cosin({i})\n" if i % 3 else "lr: [\n")
    monkeypatch.setattr(runner.os, "cpu_count", lambda: 3)
    one = call("lint", "conf")
    monkeypatch.setattr(runner, "_FILES_PER_CHUNK", 4)
    several = call("lint", "conf")
    assert "conf/01.yaml:1:5" in one.stdout
    assert (one.stdout, one.stderr, one.exit_code) == (
        several.stdout,
        several.stderr,
        several.exit_code,
    )


def test_files_that_a_killed_process_had_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    parent = os.getpid()

    def read(path: str) -> SourceFile:
        if path.endswith("heavy.yaml"):
            assert os.getpid() != parent
            os.kill(os.getpid(), signal.SIGKILL)
        return read_file(path)

    for i in range(3):
        write(f"{i}.yaml", "lr: cosin(1, 0, 9)\n")
    write("heavy.yaml", "lr: 0.1\n")
    monkeypatch.setattr(runner.os, "cpu_count", lambda: 2)
    monkeypatch.setattr(runner, "_FILES_PER_CHUNK", 1)
    monkeypatch.setattr(read_source, "read_file", read)
    result = call("lint", "0.yaml", "1.yaml", "2.yaml", "heavy.yaml")
    assert result.exit_code == 2
    lost = result.stderr.splitlines()
    assert lost[-1] == "Error: heavy.yaml: this was not linted: a process of the linter was killed"
    # What was under way in the other process is lost as well; the rest is all there.
    looked_at = [f"{i}.yaml" for i in range(3) if f"{i}.yaml:1:5: error[LR201]" in result.stdout]
    assert len(looked_at) + len(lost) == 4
    assert not [path for path in looked_at if path in result.stderr]


class Needless(Rule):
    """A `clip` is needless.

    For tests only.
    """

    code: ClassVar[str] = "LR899"
    name: ClassVar[str] = "needless"
    needs: ClassVar[tuple[Need, ...]] = ()

    invalid: ClassVar[tuple[Case, ...]] = (case("1 | clip(0, 1)"),)
    valid: ClassVar[tuple[Case, ...]] = (case("1"),)

    def check(self, context: LintContext) -> Iterator[Violation]:
        for call in context.calls:
            if call.name == "clip" and not call.span.sites:
                start = context.source.rindex(" |", 0, call.span.start)
                end = context.source.index(")", start) + 1
                wanted = "" if "inf" not in context.source[start:end] else " | clip(0, inf)"
                span = call.span._replace(start=start, stop=end)
                yield Violation("needless", span, "drop it", wanted)


@pytest.fixture
def needless(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule with a replacement; what has `inf` in it is not gone when it is replaced."""
    monkeypatch.setitem(RULES._entries, "needless", Needless)


FIXABLE = (
    "# rates   é\r\nlr: 'linear(1, 0, 9) | clip(0, 1) | clip(0, 2) # it''s'   # kept\r\n"
    "lr2:  >-\r\n    linear(1, 0,\r\n      8) | clip(0, 3)\r\nx: {spec: cosin(1)}\r\n"
    "lr4: linear(1, 0, 7) | clip(0, inf)\r\n"
)
FIXED = (
    "# rates   é\r\nlr: 'linear(1, 0, 9) # it''s'   # kept\r\n"
    "lr2:  >-\r\n    linear(1, 0,\r\n      8)\r\nx: {spec: cosin(1)}\r\n"
    "lr4: linear(1, 0, 7) | clip(0, inf)\r\n"
)


@pytest.mark.usefixtures("needless")
def test_fix_changes_what_it_is_to_change_and_not_a_byte_more() -> None:
    path = write("a.yaml", FIXABLE)
    path.chmod(0o640)
    Path("link.yaml").symlink_to("a.yaml")
    done = call("lint", "link.yaml", "--fix", "--select", "LR899,LR2")
    assert path.read_bytes().decode() == FIXED
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert Path("link.yaml").is_symlink()
    assert done.stdout.endswith("2 errors, 1 warning in 1 file.\n3 were fixed.\n")
    assert "link.yaml:6:11: error[LR201]" in done.stdout, "a guess is not put in"
    assert done.exit_code == 1
    assert [x.name for x in Path().iterdir() if x.name.startswith(".")] == []


@pytest.mark.usefixtures("needless")
def test_diff_shows_and_changes_nothing() -> None:
    path = write("a.yaml", FIXABLE)
    done = call("lint", "a.yaml", "--fix", "--diff", "--select", "LR899")
    assert path.read_bytes().decode() == FIXABLE
    assert done.exit_code == 1
    assert done.stderr.endswith("3 can be fixed.\n")
    Path("a.patch").write_bytes(done.stdout_bytes)
    subprocess.run(["git", "apply", "a.patch"], check=True, timeout=900)
    assert path.read_bytes().decode() == FIXED


@pytest.mark.usefixtures("needless")
def test_fix_leaves_alone_what_is_not_asked_for() -> None:
    path = write("a.yaml", "lr: linear(1, 0, 9) | clip(0, 1)  # lrdsl: ignore[needless]\n")
    done = call("lint", "a.yaml", "--fix")
    assert path.read_text() == "lr: linear(1, 0, 9) | clip(0, 1)  # lrdsl: ignore[needless]\n"
    assert "0 were fixed.\n" in done.stdout


@pytest.mark.usefixtures("needless")
def test_a_file_that_cannot_be_written_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    path = write("a.yaml", "lr: linear(1, 0, 9) | clip(0, 1)\n")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.mkstemp", full)
    done = call("lint", "a.yaml", "--fix")
    assert done.exit_code == 2
    assert "a.yaml: it cannot be written: No space left on device" in done.stderr
    assert path.read_text() == "lr: linear(1, 0, 9) | clip(0, 1)\n"


HYDRA = ("--hydra", "conf", "--config-name", "train")


@pytest.fixture
def _config() -> None:
    write("conf/train.yaml", "defaults:\n  - schedule: good\n  - _self_\ntotal_steps: 9\n")
    write("conf/schedule/good.yaml", "spec: linear(1, 0.5, 9)\n")
    write("conf/schedule/bad.yaml", "spec: cosin(1, 0, 9)\n")


@pytest.mark.usefixtures("_config")
def test_hydra_composes_every_schedule() -> None:
    done = call("lint", *HYDRA)
    assert done.exit_code == 1, done.output
    assert "train schedule=bad schedule.spec:1:1: error[LR201]" in done.stdout
    assert "  | cosin(1, 0, 9)\n  | ^^^^^ did you mean `cosine`?" in done.stdout
    assert done.stdout.endswith("1 error in 1 config.\n")


@pytest.mark.usefixtures("_config")
def test_hydra_takes_overrides() -> None:
    done = call("lint", *HYDRA, "schedule=good")
    assert (done.exit_code, done.stdout) == (0, "No problems in 1 config.\n")
    facts = json.loads(call("lint", *HYDRA, "schedule=bad", "--format", "json").stdout)
    assert [x["path"] for x in facts["findings"]] == ["train schedule.spec"]


@pytest.mark.usefixtures("_config")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(["--hydra", "conf"], "go together", id="no name"),
        pytest.param(["--config-name", "train"], "go together", id="no folder"),
        pytest.param([*HYDRA, "-e", "1"], "go together", id="with a spec"),
        pytest.param([*HYDRA, "--fix"], "go together", id="with fixes"),
        pytest.param(
            ["--hydra", "conf", "--config-name", "nope"], "config 'nope'", id="no such config"
        ),
        pytest.param(["--hydra", "gone", "--config-name", "train"], "no folder", id="no folder"),
        pytest.param([*HYDRA, "nothing.there=1"], "nothing", id="an override of no use"),
    ],
)
def test_hydra_misuse(arguments: list[str], said: str) -> None:
    done = call("lint", *arguments)
    assert said in done.stderr
    assert done.exit_code == 2


def test_rules_lists_every_rule() -> None:
    lines = call("rules").stdout.splitlines()
    assert [line.split()[:3] for line in lines] == [
        [rule.code, rule.name, rule.severity] for rule in rules.rules()
    ]


def test_the_next_code_is_above_all_that_are_taken() -> None:
    done = call("rules", "--next-code")
    code = done.stdout.strip()
    assert (done.exit_code, code[:2]) == (0, "LR")
    assert int(code[2:]) == 1 + max(int(rule.code[2:]) for rule in rules.rules())
    assert code not in rules.kinds()


def test_the_next_code_is_of_no_rule() -> None:
    done = call("rules", "--next-code", "longer-than-run")
    assert (done.exit_code, "--next-code takes no NAME" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    "arguments",
    [["rules", "longer-than-run"], ["rules", "lr801"], ["lint", "--explain", "LR801"]],
    ids=["by name", "by code", "explain"],
)
def test_a_rule_is_explained(arguments: list[str]) -> None:
    done = call(*arguments)
    assert done.exit_code == 0
    assert done.stdout.startswith("LR801 longer-than-run (warning)\n\nThe schedule is longer")
    assert "tolerance = 0.01   How much longer than the run" in done.stdout
    assert "Bad:\n  warmup(100) >> cosine(1, 0, 800)   # total_steps=600\n" in done.stdout
    assert "quiet without it" in done.stdout


@pytest.mark.parametrize("name", list(RULES))
def test_every_option_of_a_rule_is_explained(name: str) -> None:
    assert [option.name for option in rules.options_of(RULES[name]) if not option.what] == []
    assert rules.explain(name).startswith(f"{RULES[name].code} {name} (")
