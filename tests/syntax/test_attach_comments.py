"""Comments at every place of a text: none is lost, and each stays with its part of the spec."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lrdsl
from lrdsl.syntax import ast
from lrdsl.syntax.attach_comments import attach_comments
from lrdsl.syntax.format import format_definitions
from lrdsl.syntax.lark_parser import find_words
from lrdsl.syntax.parser import (
    parse_definitions,
    parse_library,
    parse_spec,
    parse_tree,
)
from lrdsl.syntax.trivia import NO_TRIVIA
from lrdsl.syntax.unparse import unparse
from tests.support.strategies import trees

SPECS = [
    "warmup(linear, 100) >> cosine(1, 1e-3, 800) | interval[600:*0.5, 5..6:hold(3)] | clip(_, 1)",
    "(a + b * (c - d)) / -(e + f) ** 2 ** g",
    "a if n > 0 and not m == 3 or k else (b if x < 1 else [c, [d], []])",
    "f(x=g(y=1), ((z)), ()) >> h()".replace(", ()", ""),
    "((a | b) | c) >> (d >> e)",
    "multistep(1, 'v1.0', at=[30, (60 + 1)])",
]
DEFINITIONS = [
    "def a() = 1 def b(x) = x",
    "def f(mode in [up, down] = up, n, k=(n + 1)) = ramp(mode, n) if n > k else hold(k)",
    "def f(mode in [up, down], n) = ramp(mode, n)",
    "def g[entries] = interval[3:4, entries]",
    "def h(x) = | clip(0, x) | take(5)",
    "def p(x) = {lr: cosine(x), momentum: (0.9 + x) >> hold(1)}",
]
ENDS_LINE, OWN_LINE = " # comment\n", "\n# comment\n"


def boundaries(text: str, *, is_spec: bool) -> list[int]:
    """The places before each token, and the end."""
    return [*[span.start for span in find_words(text, is_spec=is_spec)], len(text)]


@pytest.mark.parametrize("comment", [ENDS_LINE, OWN_LINE], ids=["at the end of a line", "own line"])
@pytest.mark.parametrize("text", SPECS)
def test_a_comment_at_each_place_of_a_spec(text: str, comment: str) -> None:
    for place in boundaries(text, is_spec=True):
        commented = f"{text[:place]}{comment}{text[place:]}"
        for width in (30, 88):
            formatted = lrdsl.format(commented, width)
            assert [c.text for c in parse_spec(formatted).comments] == ["# comment"]
            assert parse_tree(formatted) == parse_tree(text)
            assert lrdsl.format(formatted, width) == formatted


@pytest.mark.parametrize("comment", [ENDS_LINE, OWN_LINE], ids=["at the end of a line", "own line"])
@pytest.mark.parametrize("text", DEFINITIONS)
def test_a_comment_at_each_place_of_a_definition(text: str, comment: str) -> None:
    for place in boundaries(text, is_spec=False):
        commented = f"{text[:place]}{comment}{text[place:]}"
        for width in (30, 88):
            formatted = format_definitions(commented, width)
            parsed = parse_library(formatted)
            assert [c.text for c in parsed.comments] == ["# comment"]
            assert parsed.value == parse_definitions(text)
            docs = [definition.doc for definition in parse_definitions(commented)]
            assert [definition.doc for definition in parsed.value] == docs
            assert format_definitions(formatted, width) == formatted


@given(trees, st.sampled_from([1, 40, 88]), st.lists(st.booleans(), min_size=1, max_size=3))
def test_comments_at_all_places_of_a_spec_at_once(
    tree: ast.Node, width: int, own_lines: list[bool]
) -> None:
    text = unparse(tree)
    commented, done = "", 0
    places = boundaries(text, is_spec=True)
    for i, place in enumerate(places):
        own_line = own_lines[i % len(own_lines)]
        commented += f"{text[done:place]}{OWN_LINE if own_line else ENDS_LINE}"
        done = place
    formatted = lrdsl.format(commented, width)
    assert len(parse_spec(formatted).comments) == len(places)
    assert parse_tree(formatted) == tree
    assert lrdsl.format(formatted, width) == formatted


def comments_below(root: ast.Node) -> list[str]:
    """The comments of a node and of all nodes below it."""
    found = [node.trivia for node, _ in ast.walk(root)]
    found += [node.value.trivia for node, _ in ast.walk(root) if isinstance(node, ast.Argument)]
    groups = [(t.leading, t.opening, t.closing, t.trailing) for t in set(found)]
    return [comment.text for group in groups for comments in group for comment in comments]


@pytest.mark.parametrize("comment", [ENDS_LINE, OWN_LINE], ids=["at the end of a line", "own line"])
def test_a_comment_stays_with_its_segment(comment: str) -> None:
    segments = ["warmup(linear, 100)", "(cosine(1, (1e-3), 800))", "linear(1, 0 ** 2, 10 + n)"]
    for i, segment in enumerate(segments):
        for place in boundaries(segment, is_spec=True)[1:-1]:
            commented = f"{segment[:place]}{comment}{segment[place:]}"
            text = " >> ".join([*segments[:i], commented, *segments[i + 1 :]])
            tree = attach_comments(parse_spec(lrdsl.format(f"x | y({text}, 5)")))
            assert isinstance(tree, ast.Pipe)
            call = tree.parts[1]
            assert isinstance(call, ast.Call)
            chain = call.arguments[0].value
            found = [bool(comments_below(part)) for part in chain.children]
            first_or_last = chain.trivia.opening + chain.trivia.closing
            outside = call.trivia.opening + chain.trivia.trailing + chain.trivia.leading
            if any(found):
                assert found == [k == i for k in range(3)]
            else:  # before the first segment or after the last one
                assert i in (0, 2)
                assert len(first_or_last + outside) == 1


def test_trivia_take_no_part_in_equality() -> None:
    text = "warmup(linear, 100)  # up\n>> cosine(1, 0, 800)"
    tree = attach_comments(parse_spec(text))
    assert tree.children[0].trivia.trailing[0].text == "# up"
    assert tree == parse_tree(text)
    assert hash(tree) == hash(parse_tree(text))


def test_a_text_without_comments_gets_no_trivia() -> None:
    parsed = parse_spec("warmup(linear, 100) >> cosine(1, 0, 800)")
    assert attach_comments(parsed) is parsed.value
    assert all(node.trivia is NO_TRIVIA for node, _ in ast.walk(parsed.value))


def test_comments_deeper_than_any_indentation_move_out() -> None:
    nested = "[" * 150 + "1  # deep\n" + "]" * 150
    formatted = lrdsl.format(nested)
    assert formatted.count("# deep") == 1
    assert lrdsl.parse(formatted) == lrdsl.parse(nested)
    assert lrdsl.format(formatted) == formatted
