"""The formatter: one spelling, the same meaning, comments kept, nothing left to do a second time."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lrdsl
from lrdsl.diagnostics import SpecError
from lrdsl.formatter import format_definitions
from lrdsl.syntax import nodes as n
from lrdsl.syntax.comments import scan
from lrdsl.syntax.parser import parse_definitions, parse_tree
from lrdsl.syntax.printer import write
from strategies import trees

ROOT = Path(__file__).parents[1]
LIBRARY = sorted((ROOT / "lrdsl/library").glob("*.lr"))
GOLDEN = ROOT / "tests/golden/format.txt"

# --- laws -----------------------------------------------------------------------------------------

SPACE = st.sampled_from(["", " ", "  ", "\n", "\n\n", "\t", "\r\n"])
COMMENTS = st.sampled_from(["", "# a", "#b", "# (", "# ) >> x", "# if", "# 'q", '# "', "## d #"])
WIDTHS = st.sampled_from([1, 20, 40, 88, 1000])

_ATOM_OR_MORE = (
    *(n.Number, n.Name, n.Keyword, n.Default, n.String, n.List, n.Call, n.Bracket),
    *(n.Pipe, n.Chain, n.Arithmetic, n.Negative, n.Power, n.If),
)


@st.composite
def _gap(draw: st.DrawFn) -> str:
    """What stands between two words: spaces, line ends, comments."""
    gap = draw(SPACE)
    for _ in range(draw(st.sampled_from([0, 0, 0, 0, 1, 2]))):
        comment = draw(COMMENTS)
        gap += f"{comment}\n{draw(SPACE)}" if comment else ""
    return gap


def _loose(draw: st.DrawFn, text: str) -> str:
    """The text with other things between its words."""
    words = [word.text for word in scan(text)[0]]
    pieces = [draw(_gap())]
    for word, following in zip(words, [*words[1:], ""], strict=True):
        gap = draw(_gap())
        glued = re.fullmatch(r"[\w.%]", word[-1]) and re.match(r"[\w.]", following)
        pieces += [word, gap or (" " if glued else "")]
    last = draw(st.sampled_from(["", "# the end"]))
    return "".join([*pieces, last])


@st.composite
def written_loosely(draw: st.DrawFn) -> str:
    """A spec with needless brackets, spaces, line ends and comments wherever they can be."""
    text = write(draw(trees))
    inserts: list[tuple[int, int, str]] = []
    for node, depth in n.walk(parse_tree(text)):
        if isinstance(node, _ATOM_OR_MORE) and draw(st.sampled_from([False] * 9 + [True])):
            inserts += [(node.span.start, depth, "("), (node.span.stop, -depth, ")")]
    for place, _, bracket in sorted(inserts, reverse=True):
        text = text[:place] + bracket + text[place:]
    return _loose(draw, text)


def comments_in(text: str) -> list[str]:
    return sorted(comment.text.rstrip() for comment in scan(text)[1])


@settings(max_examples=400, deadline=None)
@given(written_loosely(), WIDTHS)
def test_a_formatted_spec_means_the_same_and_stays_as_it_is(text: str, width: int) -> None:
    formatted = lrdsl.format(text, width)
    assert lrdsl.parse(formatted) == lrdsl.parse(text)
    assert comments_in(formatted) == comments_in(text)
    assert lrdsl.format(formatted, width) == formatted


@settings(max_examples=200, deadline=None)
@given(trees)
def test_in_one_line_it_is_the_canonical_text(tree: n.Node) -> None:
    text = write(tree)
    assert lrdsl.format(text, width=10**9) == str(lrdsl.parse(text)) == text


DEFINITIONS = [definition for path in LIBRARY for definition in parse_definitions(path.read_text())]


@st.composite
def libraries(draw: st.DrawFn) -> str:
    """A file of definitions with all sorts of things between their words."""
    chosen = draw(st.lists(st.sampled_from(DEFINITIONS), max_size=3))
    pieces = [_loose(draw, f"{definition}") + draw(_gap()) + "\n" for definition in chosen]
    return "".join(pieces).replace("\r", "")


@settings(max_examples=200, deadline=None)
@given(libraries(), WIDTHS)
def test_formatted_definitions_mean_the_same_and_stay_as_they_are(text: str, width: int) -> None:
    formatted = format_definitions(text, width)
    before, after = parse_definitions(text), parse_definitions(formatted)
    assert [(str(x), x.doc) for x in after] == [(str(x), x.doc) for x in before]
    assert comments_in(formatted) == comments_in(text)
    assert format_definitions(formatted, width) == formatted
