"""What this project shows as good is found to be good: its pages, presets and examples.

Each spec is linted as it stands, and once more, if it ends low, in a run as long as itself.
The run of the pages, of 1000 updates, is given only where a spec needs one: many show a single word
of the language.
"""

from __future__ import annotations

import doctest
import json
import math
import re
from pathlib import Path
from typing import Any

import pytest

import lrdsl
from lrdsl import SpecError
from lrdsl.language.catalog import EXAMPLE_RUN, entries
from lrdsl.language.presets import files, read
from lrdsl.linter import lint
from lrdsl.linter.config import Project
from lrdsl.linter.lint_source import lint_source
from lrdsl.linter.read_source import read_file, read_text
from lrdsl.linter.source_file import SourceFile
from lrdsl.linter.sources.heuristics import calls_schedule
from tests.support.paths import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"^```(\w+)\n(.*?)^```", re.M | re.S)

RUN: dict[str, Any] = {"total_steps": 1000, "steps_per_epoch": 100, "base_lr": 0.1, "peak": 3e-4,
                       "samples_per_step": 32, "tokens_per_step": 4096}  # fmt: skip

ALLOWED = {
    # They show how a word is written, and do with it what no training would.
    "points[0:0, 100:1, 800:1e-3]": {"zero-first-update"},
    "linear(1, 0, until=50) >> linear(0, 1, until=150)": {"rise-after-end"},
    "linear(1, 0, 0.1dur)": {"shorter-than-run"},
    "linear(1, 0) | branch(500, linear(_, 0, 100))": {"shorter-than-run"},
    "cosine(1, 0.1) | branch(500, linear(_, 0, 100))": {"shorter-than-run"},
    "linear(1, 0, rest / 2) >> hold()": {"flat-zero-tail"},
    "cosine(1, 0, 1000) | interval[50%:linear(prev, 0, 100)]": {"flat-zero-tail"},
    "linear(0, 1, 100) >> hold(200)": {"zero-first-update"},
    "min(t / 100, 1)": {"zero-first-update"},
    "warmup(100) >> (hold(50) | clip(0, 0.04))": {"long-warmup"},
    # It is of another length in a run whose length is known.
    "linear(1, 0, 10) if epoch < 50 or total == none else linear(1, 0, 100)": {"longer-than-run"},
    # They show milestones: the last schedule does start away from where the cosine was left.
    "sequence([warmup(100), cosine(1, 0, 400), constant(0.1)], [100, 300])": {"joint-jump"},
    "sequence([warmup(100, 0, 1), cosine(1, 0, 400), constant(0.1)], [100, 50%])": {"joint-jump"},
}


def fences(language: str) -> list[str]:
    texts = [page.read_text(encoding="utf-8") for page in PAGES]
    return [m[2] for text in texts for m in FENCE.finditer(text) if m[1] == language]


DEFINITIONS = "\n".join(fences("library"))


def shown() -> list[str]:
    """The specs of the pages, without their comments."""
    lines = [line for fence in fences("lr") for line in fence.splitlines()]
    return [line.partition("#")[0].strip() for line in lines if line.strip()]


def runs(spec: str, run: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    """The run without its length, if the spec can do without, and one of the spec's own length."""
    free = {key: value for key, value in run.items() if key != "total_steps"} | more
    try:
        schedule = lrdsl.compile(spec, **free)
    except SpecError:
        return [run | more]
    length = schedule.length
    if math.isinf(length) or schedule(int(length)) >= schedule(int(length) // 2):
        return [free]  # it goes on, or is at its highest: no run would end there
    return [free, free | {"total_steps": int(length)}]


def alarms(spec: str, run: dict[str, Any], **more: Any) -> set[str]:
    return {found.name for each in runs(spec, run, **more) for found in lint(spec, **each)}


@pytest.mark.parametrize("spec", shown())
def test_pages(spec: str) -> None:
    assert alarms(spec, RUN, definitions=DEFINITIONS) == ALLOWED.get(spec, set())


def test_allowed_specs_are_shown() -> None:
    assert set(ALLOWED) <= {*shown(), *EXAMPLES.values()}


@pytest.mark.parametrize("name", files())
def test_presets(name: str) -> None:
    assert lint(read(name).bare, total_steps=900, base_lr=0.1) == []


EXAMPLES = {entry.name: entry.doc.example for entry in entries() if entry.doc.example}


@pytest.mark.parametrize("name", EXAMPLES)
def test_catalogue(name: str) -> None:
    spec = EXAMPLES[name]
    assert alarms(spec, dict(EXAMPLE_RUN)) == ALLOWED.get(spec, set())


def golden() -> list[str]:
    cases = json.loads((ROOT / "tests" / "golden" / "systems.json").read_text(encoding="utf-8"))
    return [case["spec"] for case in cases if "spec" in case]


@pytest.mark.parametrize("spec", golden())
def test_golden(spec: str) -> None:
    # Drawn numbers: nobody's epochs.
    run = {key: value for key, value in RUN.items() if key != "steps_per_epoch"}
    assert alarms(spec, run) == set()


@pytest.mark.parametrize(
    "spec",
    [
        "warmup(linear,100) >> cosine(1,1e-3,800) | interval[600:*0.5]",
        "warmup(5%) >> cosine(base, base / 100, 95%) | interval[60%:*0.5]",
        "cosine(0.1, 0, 200) | repeat()",
        "warmup(100) >> (cosine(1, 0, 300) | repeat())",
        "warmup(100) >> (hold() | plateau(0.5, patience=3)) >> linear(_, 0, 200)",
    ],
)
def test_recipes_in_a_run(spec: str) -> None:
    length = 900 if "800" in spec else 1000
    assert lint(spec, total_steps=length, base_lr=0.1) == []


# --- everything else that the project shows -----


def found_in(file: SourceFile, project: Project) -> set[tuple[str, str]]:
    """The specs in a file that something is found in, each with what it is."""
    return {
        (x.snippet.text.partition("#")[0].strip(), x.diagnostic.name)
        for x in lint_source(file, project)
        if x.snippet is not None
    }


KNOWN = {(spec, name) for spec, names in ALLOWED.items() for name in names}
ANY = Project()
IN_RUN = Project(context={k: v for k, v in RUN.items() if k not in ("total_steps", "peak")})
FILES = [
    path
    for folder in ("", "conf", "docs", "examples", "hydra_plugins", "lrdsl")
    for path in sorted((ROOT / folder).glob("**/*" if folder else "*.md"))
    if path.suffix in (".yaml", ".py", ".md", ".lr")
]


def test_there_are_files_of_every_sort() -> None:
    found = {path.relative_to(ROOT).as_posix() for path in FILES}
    assert {
        "conf/train.yaml",
        "examples/train.py",
        "README.md",
        "lrdsl/language/library/std.lr",
    } <= found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_files(path: Path) -> None:
    file = read_file(str(path))
    own = EXAMPLE_RUN if path.suffix == ".lr" else IN_RUN.context
    run = {name: value for name, value in own.items() if name != "total_steps"}
    assert found_in(file, ANY) <= KNOWN
    assert found_in(file, Project(context=run)) <= KNOWN


MEANT = {
    # They show the linter itself.
    ("linear(1, 0, 100) * 1", "no-effect"),
    ("warmup(100) >> cosine(1, 0, 800)", "longer-than-run"),
    ("0.1 + sawteeth(50)", "deprecated-name"),
    ("cosine(800)", "looks-like-length"),
}


def python_blocks() -> list[object]:
    """The code on the pages, without what is shown to fail."""
    found: list[object] = []
    for page in PAGES:
        examples = doctest.DocTestParser().get_examples(page.read_text(encoding="utf-8"))
        good = [each.source for each in examples if each.exc_msg is None]
        if good:
            found.append(pytest.param("".join(good), id=page.name))
    return found


@pytest.mark.parametrize("code", python_blocks())
def test_python_on_the_pages(code: str) -> None:
    file = read_text("page.py", code)
    assert found_in(file, ANY) <= KNOWN | MEANT
    assert found_in(file, IN_RUN) <= KNOWN | MEANT


def test_pages_have_python_with_specs() -> None:
    files = [read_text("page.py", code.values[0]) for code in python_blocks()]
    assert sum([len(file.snippets) for file in files]) >= 20


@pytest.mark.parametrize("text", fences("yaml"))
def test_yaml_on_the_pages(text: str) -> None:
    for project in (ANY, IN_RUN):
        assert found_in(read_text("page.yaml", text), project) <= KNOWN | MEANT


def commands() -> list[str]:
    """The specs that stand in quotes in the commands of the pages."""
    lines = [line for fence in fences("bash") for line in fence.splitlines()]
    quoted = [text for line in lines for text in re.findall(r"'([^']+)'", line)]
    inner = [re.sub(r"^[\w.@]+=", "", text).strip('"') for text in quoted]
    pieces = [piece for text in inner for piece in re.split(r'","', text)]
    return [text for text in dict.fromkeys(pieces) if calls_schedule(text)]


def test_commands_are_found() -> None:
    assert {"warmup(5%) >> cosine()", "cosine(1, 0, 900)"} <= {*commands()}


@pytest.mark.parametrize("spec", commands())
def test_commands_on_the_pages(spec: str) -> None:
    assert alarms(spec, RUN, definitions=DEFINITIONS, period=100) == set()


def formatted() -> list[str]:
    """The specs in it; a modifier alone, and a curve with comments in all places, are none."""
    text = (ROOT / "tests" / "golden" / "format.txt").read_text(encoding="utf-8")
    every = [part for case in text.split("\n====\n") for part in case.split("\n----\n")]
    whole = [each for each in every if "def " not in each and calls_schedule(each)]
    return [each for each in whole if not each.startswith(("interval[", "warmup(  #", "warmup( #"))]


@pytest.mark.parametrize("spec", formatted())
def test_golden_of_the_formatter(spec: str) -> None:
    assert alarms(spec, RUN) == set()


def shown_in_the_terminal() -> list[str]:
    """The specs that head the goldens of `lrdsl show`, but for one written to have bad values."""
    files = sorted((ROOT / "tests" / "golden" / "cli").glob("show_*.txt"))
    texts = [path.read_text(encoding="utf-8") for path in files if path.stem != "show_negative"]
    return [
        head for head in dict.fromkeys([x.split("\n")[0] for x in texts]) if calls_schedule(head)
    ]


@pytest.mark.parametrize("spec", shown_in_the_terminal())
def test_golden_of_the_terminal(spec: str) -> None:
    assert alarms(spec, RUN | {"low": 1e-4}) == set()
