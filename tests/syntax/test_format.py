"""The formatter: one spelling, the same meaning, comments kept, nothing to do a second time."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import lrdsl
from lrdsl.cli.main import cli
from lrdsl.diagnostics import SpecError
from lrdsl.syntax import ast
from lrdsl.syntax.format import format_definitions
from lrdsl.syntax.lark_parser import find_words
from lrdsl.syntax.parse_result import ParseResult
from lrdsl.syntax.parser import (
    parse_definitions,
    parse_library,
    parse_spec,
    parse_tree,
)
from lrdsl.syntax.unparse import unparse
from tests.support.paths import ROOT
from tests.support.strategies import trees

LIBRARY = sorted((ROOT / "lrdsl/language/library").glob("*.lr"))
GOLDEN = ROOT / "tests/golden/format.txt"

# --- laws -----------------------------------------------------------------------------------------

SPACE = st.sampled_from(["", " ", "  ", "\n", "\n\n", "\t", "\r\n"])
COMMENTS = st.sampled_from(["", "# a", "#b", "# (", "# ) >> x", "# if", "# 'q", '# "', "## d #"])
WIDTHS = st.sampled_from([1, 20, 40, 88, 1000])

_ATOM_OR_MORE = (
    *(ast.Number, ast.Name, ast.Keyword, ast.Default, ast.String, ast.List, ast.Call, ast.Bracket),
    *(ast.Pipe, ast.Chain, ast.Arithmetic, ast.Negative, ast.Power, ast.If),
)


@st.composite
def _gap(draw: st.DrawFn) -> str:
    """What stands between two words: spaces, line ends, comments."""
    gap = draw(SPACE)
    for _ in range(draw(st.sampled_from([0, 0, 0, 0, 1, 2]))):
        comment = draw(COMMENTS)
        gap += f"{comment}\n{draw(SPACE)}" if comment else ""
    return gap


def _loose(draw: st.DrawFn, text: str, *, is_spec: bool) -> str:
    """A text without comments, with other things between its words."""
    words = [text[span.start : span.stop] for span in find_words(text, is_spec=is_spec)]
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
    text = unparse(draw(trees))
    inserts: list[tuple[int, int, str]] = []
    for node, depth in ast.walk(parse_tree(text)):
        if isinstance(node, _ATOM_OR_MORE) and draw(st.sampled_from([False] * 9 + [True])):
            inserts += [(node.span.start, depth, "("), (node.span.stop, -depth, ")")]
    for place, _, bracket in sorted(inserts, reverse=True):
        text = text[:place] + bracket + text[place:]
    return _loose(draw, text, is_spec=True)


def comments_in(parsed: ParseResult) -> list[str]:
    return sorted(comment.text for comment in parsed.comments)


@given(written_loosely(), WIDTHS)
def test_a_formatted_spec_means_the_same_and_stays_as_it_is(text: str, width: int) -> None:
    formatted = lrdsl.format(text, width)
    assert lrdsl.parse(formatted) == lrdsl.parse(text)
    assert comments_in(parse_spec(formatted)) == comments_in(parse_spec(text))
    assert lrdsl.format(formatted, width) == formatted


@given(trees)
def test_in_one_line_it_is_the_canonical_text(tree: ast.Node) -> None:
    text = unparse(tree)
    assert lrdsl.format(text, width=10**9) == str(lrdsl.parse(text)) == text


DEFINITIONS = [definition for path in LIBRARY for definition in parse_definitions(path.read_text())]


@st.composite
def libraries(draw: st.DrawFn) -> str:
    """A file of definitions with all sorts of things between their words."""
    chosen = draw(st.lists(st.sampled_from(DEFINITIONS), max_size=3))
    pieces = [
        _loose(draw, f"{definition}", is_spec=False) + draw(_gap()) + "\n" for definition in chosen
    ]
    return "".join(pieces).replace("\r", "")


@given(libraries(), WIDTHS)
def test_formatted_definitions_mean_the_same_and_stay_as_they_are(text: str, width: int) -> None:
    formatted = format_definitions(text, width)
    before = parse_library(text)
    after = parse_library(formatted)
    assert [(str(x), x.doc) for x in after.value] == [(str(x), x.doc) for x in before.value]
    assert comments_in(after) == comments_in(before)
    assert format_definitions(formatted, width) == formatted


# --- expected texts -------------------------------------------------------------------------------


def golden() -> list[tuple[str, str]]:
    pairs = GOLDEN.read_text(encoding="utf-8").split("\n====\n")
    return [(before, after) for before, _, after in (pair.partition("\n----\n") for pair in pairs)]


@pytest.mark.parametrize(("before", "after"), golden(), ids=lambda text: text.split("\n")[0][:30])
def test_golden(before: str, after: str) -> None:
    is_library = before.lstrip("#\n ").startswith("def") or "\ndef " in before
    formatted = format_definitions(before) if is_library else lrdsl.format(before)
    assert formatted.rstrip("\n") == after.rstrip("\n")


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: path.stem)
def test_what_comes_with_lrdsl_means_the_same(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    formatted = format_definitions(text)
    before, after = parse_definitions(text), parse_definitions(formatted)
    assert [(str(x), x.doc) for x in after] == [(str(x), x.doc) for x in before]
    assert format_definitions(formatted) == formatted


@pytest.mark.parametrize(
    "nested", ["(" * 190 + "1" + ")" * 190, "-" * 150 + "1", "[" * 190 + "]" * 190]
)
def test_deep_text(nested: str) -> None:
    formatted = lrdsl.format(f"{nested} # deep", 10)
    assert lrdsl.parse(formatted) == lrdsl.parse(nested)


def test_a_syntax_error_is_told() -> None:
    with pytest.raises(SpecError, match="never closed"):
        lrdsl.format("hold(5")


# --- files ----------------------------------------------------------------------------------------

YAML = """\
# first
lr:   warmup( 100 )>>cosine(1,0,900)   # two
other: {spec: "hold( 5 )>>hold(.5)", x:  1}
single: {spec: 'hold( 5 )'}
b:
  spec: |
    warmup(100) >>  # up
    cosine(1,0,800)

  list: [ 1,2 ]
c:
  spec: >
    hold(3)>>hold(4)
    >> hold(5)
"""
YAML_AFTER = """\
# first
lr:   warmup(100) >> cosine(1, 0, 900)   # two
other: {spec: "hold(5) >> hold(0.5)", x:  1}
single: {spec: 'hold(5)'}
b:
  spec: |
    warmup(100)  # up
    >> cosine(1, 0, 800)

  list: [ 1,2 ]
c:
  spec: >
    hold(3) >> hold(4)
    >> hold(5)
"""
PYTHON = """\
import lrdsl
one = lrdsl.parse( "hold( 5 )>>hold(6)" )
two = lrdsl.parse('''
    warmup(100)>>   # up
      cosine(1,0,900)
''')
"""
PYTHON_AFTER = """\
import lrdsl
one = lrdsl.parse( "hold(5) >> hold(6)" )
two = lrdsl.parse('''
    warmup(100)  # up
    >> cosine(1, 0, 900)
''')
"""
MARKDOWN = "Text  ( a )\n\n```lr\nhold( 5 )>>hold(6)\n```\n"
FILES = {
    "a.yaml": (YAML, YAML_AFTER),
    "crlf.yaml": (YAML.replace("\n", "\r\n"), YAML_AFTER.replace("\n", "\r\n")),
    "a.py": (PYTHON, PYTHON_AFTER),
    "a.md": (MARKDOWN, MARKDOWN.replace("hold( 5 )>>hold(6)", "hold(5) >> hold(6)")),
    "a.lr": ("def a( x )=x/2\n# b\ndef b(y)=a(y)", "def a(x) = x / 2\n# b\ndef b(y) = a(y)\n"),
    "number.yaml": ("spec: 1E-3\nlr: .5\n", "spec: 1E-3\nlr: .5\n"),
    "unknown.yaml": ("p: 1\nspec: hold( ${p} )\n", "p: 1\nspec: hold( ${p} )\n"),
}


def run(*arguments: str, given: str = "") -> tuple[int, str, str]:
    done = CliRunner().invoke(cli, ["fmt", *arguments], input=given)
    return done.exit_code, done.stdout, done.stderr


@pytest.mark.parametrize("name", FILES)
def test_a_file_changes_in_its_specs_alone(name: str, tmp_path: Path) -> None:
    before, after = FILES[name]
    path = tmp_path / name
    path.write_bytes(before.encode())
    assert run(str(path), "--check")[0] == (before != after)
    assert path.read_bytes().decode() == before
    assert run(str(path))[0] == 0
    assert path.read_bytes().decode() == after
    assert run(str(path), "--check")[0] == 0


def test_the_rest_of_a_yaml_file_means_the_same(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(YAML)
    run(str(path))

    def flat(node: Any) -> Any:
        if isinstance(node, dict):
            return {
                key: lrdsl.parse(value) if key in ("spec", "lr") else flat(value)
                for key, value in node.items()
            }
        return node

    assert flat(yaml.safe_load(path.read_text())) == flat(yaml.safe_load(YAML))


def test_diff_shows_and_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("lr: hold( 5 )\n")
    code, out, err = run(str(path), "--diff")
    assert code == 0
    assert "-lr: hold( 5 )\n+lr: hold(5)\n" in out
    assert "1 of 1 files would be changed" in err
    assert path.read_text() == "lr: hold( 5 )\n"


def test_what_cannot_be_read_or_parsed_is_told_and_the_rest_is_done(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"\xff")
    (tmp_path / "b.yaml").write_text("spec: hold( 5\nlr: hold( 6 )\n")
    code, _, err = run(str(tmp_path))
    assert code == 1  # of b.yaml: nothing says that the other file is lrdsl's
    assert "a.yaml: this is no UTF-8" in err
    assert "b.yaml:1:" in err
    assert (tmp_path / "b.yaml").read_text() == "spec: hold( 5\nlr: hold(6)\n"


@pytest.mark.parametrize(
    ("arguments", "given", "expected"),
    [
        (["-e", "hold( 5 )"], "", (0, "hold(5)\n")),
        (["-"], "hold( 5 )# x\n", (0, "hold(5)  # x\n")),
        (["-"], "# a\ndef a( x )=x\n", (0, "# a\ndef a(x) = x\n")),
        (["-e", "hold( 5 )", "--check"], "", (1, "")),
        (["-e", "hold(5)", "--check"], "", (0, "")),
        ([], "", (2, "")),
        (["-e", "hold("], "", (1, "")),
        (["nowhere.yaml"], "", (2, "")),
    ],
    ids=["spec", "stdin", "definitions", "check", "clean", "nothing", "mistake", "nowhere"],
)
def test_the_command(arguments: list[str], given: str, expected: tuple[int, str]) -> None:
    assert run(*arguments, given=given)[:2] == expected
