"""Names that are to go: the note in their documentation, and the finding at each call."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import lrdsl
from lrdsl.cli.main import cli
from lrdsl.docsgen.reference import page
from lrdsl.language.catalog import find
from lrdsl.language.language import Language
from lrdsl.linter import Settings
from lrdsl.linter.config import Project
from lrdsl.linter.lint_source import lint_source
from lrdsl.linter.read_source import read_text
from lrdsl.linter.rule import RULES
from lrdsl.util.docstrings import deprecation

RULE = Settings(select=("deprecated-name",))


def told(spec: str, **context: Any) -> list[tuple[str, str | None]]:
    found = lrdsl.lint(spec, settings=RULE, **context)
    return [(each.source[each.span.start : each.span.stop], each.fix) for each in found]


@pytest.mark.parametrize(
    ("doc", "advice"),
    [
        pytest.param("Deprecated: write `x` instead.", "write `x` instead", id="alone"),
        pytest.param("A.\nDeprecated: write `x`.\n\nB.", "write `x`", id="below a line"),
        pytest.param("A.\n\n    Deprecated: see\n    the docs.\n", "see the docs", id="two lines"),
        pytest.param("Deprecated: `x` is better", "`x` is better", id="no stop"),
        pytest.param("This is deprecated: write `x`.", None, id="inside a line"),
        pytest.param("Deprecated:\n\nB.", None, id="no advice"),
        pytest.param("", None, id="no docs"),
    ],
)
def test_advice(doc: str, advice: str | None) -> None:
    assert deprecation(doc) == advice


def test_a_shape_a_class_and_an_alias() -> None:
    @lrdsl.shape(name="test.old_function")
    def old_function(t):  # type: ignore[no-untyped-def]
        """Zero.

        Deprecated: write `constant(0)` instead.
        """
        return 0.0

    @lrdsl.shape(name="test.old_class")
    class Old:
        """Zero.

        Deprecated: write `0`.
        """

        def __call__(self, t):  # type: ignore[no-untyped-def]
            return 0.0

    assert told("1 + test.old_function() >> hold()") == [
        ("test.old_function", "write `constant(0)` instead")
    ]
    assert (
        told("(hold(5) >> test.old_class()) * test.old_class()")
        == [("test.old_class", "write `0`")] * 2
    )


DEFINITIONS = """\
# Down.
#
# Deprecated: write `cosine(a, 0, n)` instead.
#
# Example: `down(1, 100)`
def down(a, n) = cosine(a, 0, n)

# Down, and momentum up.
# Deprecated: write both yourself.
def both(n) = {lr: down(1, n), momentum: linear(0.8, 0.9, n)}
"""


def test_definitions_of_a_process_and_fields_of_a_program() -> None:
    lrdsl.define(DEFINITIONS)
    advice = "write `cosine(a, 0, n)` instead"
    assert told("warmup(9) >> down(1, 90)") == [("down", advice)]
    assert told("both.momentum(90)") == [("both.momentum", "write both yourself")]
    assert told("both(90)") == [("both", "write both yourself")]


def test_what_a_definition_calls_is_not_told_at_its_calls() -> None:
    more = DEFINITIONS + "\n# New.\ndef new(n) = down(1, n)\n"
    assert told("new(5)", definitions=more) == []


def test_its_own_example_is_no_finding() -> None:
    text = DEFINITIONS + "\n# Another.\n#\n# Example: `down(1, 9)`\ndef other(n) = hold(n)\n"
    found = lint_source(read_text("own.lr", text), Project(select=RULE.select))
    assert [(each.diagnostic.name, text.count("\n", 0, each.start) + 1) for each in found] == [
        ("deprecated-name", 14)
    ]


def test_the_docs_show_it(tmp_path: Path) -> None:
    (tmp_path / "own.lr").write_text(DEFINITIONS)
    done = CliRunner().invoke(cli, ["shapes", "down", "--library", str(tmp_path / "own.lr")])
    assert "\nDeprecated: write `cosine(a, 0, n)` instead.\n" in done.stdout
    lrdsl.define(DEFINITIONS)
    assert "\nDeprecated: write `cosine(a, 0, n)` instead.\n" in page(find("down"))


def test_nothing_that_comes_with_lrdsl_is_deprecated_and_called_in_its_examples() -> None:
    assert "deprecated-name" in RULES
    for name in Language().definitions:
        for entry in find(name):
            if entry.doc.example:
                assert told(entry.doc.example) == []
