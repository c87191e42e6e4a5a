"""What is said about everything that can be called: complete, and its examples run."""

from __future__ import annotations

import numpy as np
import pytest

import lrdsl
from lrdsl.compiler.expand import expand
from lrdsl.language.catalog import EXAMPLE_RUN, GROUPS, Entry, entries, find, names
from lrdsl.language.curves import CURVES
from lrdsl.language.functions import FUNCTIONS
from lrdsl.language.infer_kinds import kinds_of
from lrdsl.language.language import Language
from lrdsl.language.library import shipped
from lrdsl.language.list_functions import LIST_FUNCTIONS
from lrdsl.language.modifiers import MODIFIERS
from lrdsl.syntax import ast
from lrdsl.syntax.parser import parse_definitions, parse_tree
from lrdsl.syntax.pretty_print import pretty_print
from lrdsl.util.docstrings import read_doc
from tests.support.paths import ROOT

SHAPES = Language().shapes

PAGE = ROOT / "docs" / "reference.md"
SHIPPED = [entry for entry in entries(Language()) if entry.group != "your own"]


def each(entry: Entry) -> str:
    return f"{entry.kind} {entry.name}"


def test_everything_is_in_it() -> None:
    found = {name for entry in SHIPPED for name in (entry.name, *entry.aliases)}
    own = {
        name for name in SHAPES if SHAPES[name].cls.__module__.startswith("lrdsl.language.shapes.")
    }
    assert found == {*own, *MODIFIERS, *CURVES, *FUNCTIONS, *LIST_FUNCTIONS, *shipped()}
    assert {entry.group for entry in SHIPPED} >= set(GROUPS)


def test_groups_are_in_order_and_each_is_alphabetical() -> None:
    order = list(dict.fromkeys(entry.group for entry in SHIPPED))
    assert order[: len(GROUPS)] == list(GROUPS)
    assert order[len(GROUPS) :] == sorted(order[len(GROUPS) :])
    keys = [(order.index(entry.group), entry.name.lower()) for entry in SHIPPED]
    assert keys == sorted(keys)


@pytest.mark.parametrize("entry", SHIPPED, ids=each)
def test_it_is_described(entry: Entry) -> None:
    assert entry.doc.summary.endswith(".")
    assert "Example:" not in entry.doc.body + entry.doc.source
    assert [row for row in entry.parameters if not row.kind] == []
    assert entry in find(entry.name, Language())


@pytest.mark.parametrize("entry", SHIPPED, ids=each)
def test_the_example_runs_and_shows_it(entry: Entry) -> None:
    example = entry.doc.example
    assert entry.name in example
    schedule = lrdsl.compile(example, **EXAMPLE_RUN)
    shown = schedule(np.arange(1001))
    assert np.isfinite(shown).all()
    text = PAGE.read_text(encoding="utf-8")
    assert f"Example: `{example}`" in text


@pytest.mark.parametrize("entry", [e for e in SHIPPED if e.definition], ids=each)
def test_the_example_in_core_terms_means_the_same(entry: Entry) -> None:
    tree, mistakes = expand(parse_tree(entry.doc.example), Language())
    assert not mistakes
    assert not any(isinstance(node, ast.Outer) for node, _ in ast.walk(tree))
    calls = {
        node.name.id for node, _ in ast.walk(tree) if isinstance(node, (ast.Call, ast.Bracket))
    }
    assert not calls & {*shipped(), *LIST_FUNCTIONS}
    core = lrdsl.compile(pretty_print(tree), **EXAMPLE_RUN)
    same = lrdsl.compile(entry.doc.example, **EXAMPLE_RUN)
    assert core.values(1001).tolist() == same.values(1001).tolist()
    assert core.length == same.length


def test_names_of_what_can_be_called() -> None:
    assert {"cosine", "poly", "clip", "sqrt", "product", "wsd"} <= set(names())
    assert find("zzz") == ()


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        pytest.param("def f(a, n) = linear(a, 0, n)", ["a value", "a duration"], id="a shape's"),
        pytest.param("def f(a, n) = linear(a / 2, 0, min(n, 5))", ["a value", "a duration"],
                     id="in arithmetic"),
        pytest.param("def f(a) = | clip(a)", ["a value"],
                     id="a modifier's"),
        pytest.param("def f(n, m=cosine) = warmup(m, n)", ["a duration", "the name of a curve"],
                     id="a mode"),
        pytest.param("def f(m in [a, b], up=true) = 1 if m == 'a' and up else 2",
                     ["one of `a`, `b`", "true or false"], id="words"),
        pytest.param("def f(a, b) = wsd(a, 1, 2, decay=b)", ["a value", "a duration"],
                     id="a definition's"),
        pytest.param("def f(s, at) = sequence(s, at)",
                     ["a list of schedules", "a list of durations"], id="lists"),
        pytest.param("def f(a) = a >> hold(5)", ["a value or a schedule"], id="a schedule"),
        pytest.param("def f[e] = points[e]", ["entries"], id="entries"),
        pytest.param("def f(n, k=n / 2) = hold(k) >> hold(5 if n > 5 else 6)",
                     ["a duration", "a duration"], id="in the default of a duration"),
        pytest.param("def f(a=1, n=5%, b=none) = a * t / n if b == none else b",
                     ["a value", "a duration", "a value or a schedule"], id="as the default is"),
        pytest.param("def f(x) = linear(1, 0, until=x)", ["a duration"], id="until"),
    ],
)  # fmt: skip
def test_kinds_of_parameters(text: str, kinds: list[str]) -> None:
    (definition,) = parse_definitions(text)
    assert list(kinds_of(definition, Language()).values()) == kinds


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        pytest.param("", ("", "", "", ""), id="nothing"),
        pytest.param("Half", ("Half", "", "", ""), id="no stop"),
        pytest.param("One.\nTwo, e.g. so. `x` too.\n\nThree.\n\nExample: `f(1)`\n\nA.\n\nB.",
                     ("One.", "Two, e.g. so. `x` too.\n\nThree.", "f(1)", "A.\n\nB."), id="all"),
        pytest.param("start·0.5^t: so on. More.\n\n    Example: `f(1)\n    >> g(2)`",
                     ("start·0.5^t: so on.", "More.", "f(1) >> g(2)", ""), id="formula, two lines"),
        pytest.param("One.\n\nExample: this is none.", ("One.", "Example: this is none.", "", ""),
                     id="not an example"),
    ],
)  # fmt: skip
def test_parts_of_a_docstring(text: str, parts: tuple[str, ...]) -> None:
    assert read_doc(text) == parts
