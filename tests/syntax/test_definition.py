"""The text of definitions."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrdsl.syntax import ast
from lrdsl.syntax.parser import parse_definitions, parse_tree
from lrdsl.syntax.pretty_print import pretty_print, pretty_print_definition
from lrdsl.syntax.unparse import unparse
from tests.support.strategies import trees

TEXTS = [
    "def a() = 1",
    "def a(x, n=5, m in [p, q] = p, up=true) = x * n if m == 'p' and not up else 1",
    "def a[e] = points[0:1, e, 900:0]",
    "def a(h) = | clip(0, h) | interval[5:*0.5]",
    "def a(h, m=none) = {lr: h / 2, momentum: none if m == none else m}",
    "def a(x) = (x if x > 1 else 2) * 3 | clip(1 if x == _ else 2, _)",
    "def a(x, y) = x if x > 1 and y < 1 or x != 0 and not y >= 2 else y if x <= 3 else 1",
    "def a(x) = [x, 2, 3]",
]


@pytest.mark.parametrize("text", TEXTS)
def test_canonical_text_of_definitions(text: str) -> None:
    (definition,) = parse_definitions(text)
    assert str(definition) == text
    for width in (10, 40, 88):
        (again,) = parse_definitions(pretty_print_definition(definition, width))
        assert str(again) == text


@given(trees, st.integers(1, 120))
def test_text_in_lines_is_the_same_tree(tree: Any, width: int) -> None:
    assert parse_tree(pretty_print(tree, width)) == parse_tree(unparse(tree))


@pytest.mark.parametrize("width", [10, 88])
def test_an_expanded_call_keeps_its_brackets(width: int) -> None:
    text = "(cosine(1, 0, 9) | clip(0, 1)) >> hold(5)"
    chain = parse_tree(text)
    first, *others = chain.children
    expanded = ast.Chain((ast.Scope(first), *others))
    assert parse_tree(pretty_print(expanded, width)) == chain
