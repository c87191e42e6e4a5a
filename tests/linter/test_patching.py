"""Edits of specs in files: the new text is read at its place, and all else is as it was."""

from __future__ import annotations

import ast
import warnings

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from lrdsl.linter.patching import CannotWrite, replace_in
from lrdsl.linter.read_source import read_text
from lrdsl.linter.sources.heuristics import looks_like_spec

P = "import lrdsl\nlrdsl.parse("

EDITS = [
    pytest.param("a.yaml", "lr: hold( 5 ) # x\n", 5, 8, "7", "lr: hold(7) # x\n", id="plain"),
    pytest.param(
        "a.yaml",
        "lr: hold(5)  # x\n",
        0,
        7,
        "hold(5)  # y",
        "lr: 'hold(5)  # y'  # x\n",
        id="quote",
    ),
    pytest.param("a.yaml", "lr: 'ramp(''b'')'", 5, 8, "'c'", "lr: 'ramp(''c'')'", id="single"),
    pytest.param(
        "a.yaml", 'lr: "ra\\x6dp(5)"', 5, 6, '"6"', 'lr: "ra\\x6dp(\\"6\\")"', id="double"
    ),
    pytest.param("a.yaml", "{lr: hold(5)}", 5, 6, "6, 7", "{lr: 'hold(6, 7)'}", id="flow"),
    pytest.param(
        "a.yaml", "lr: hold(5)", 0, 7, "hold(1)\n>> b(2)", 'lr: "hold(1)\\n>> b(2)"', id="lines"
    ),
    pytest.param(
        "a.yaml",
        "x:\n  lr: |\n    hold(5)\n",
        7,
        7,
        "\n>> hold(6)",
        "x:\n  lr: |\n    hold(5)\n    >> hold(6)\n",
        id="literal",
    ),
    pytest.param(
        "a.yaml",
        "lr: |\r\n  hold(5)\r\n",
        7,
        7,
        "\n>> hold(6)",
        "lr: |\r\n  hold(5)\r\n  >> hold(6)\r\n",
        id="CRLF",
    ),
    pytest.param(
        "a.yaml",
        "lr: >-\n  hold(1)\n  >> b(2)\n",
        11,
        12,
        "c",
        "lr: >-\n  hold(1)\n  >> c(2)\n",
        id="folded",
    ),
    pytest.param("a.py", P + "'a( 1)')", 2, 3, "'b', ", P + "'a(\\'b\\', 1)')", id="py"),
    pytest.param("a.py", P + "'a(1)')", 4, 4, "\n", P + "'a(1)\\n')", id="py line"),
    pytest.param("a.py", P + '"""a(1)""")', 4, 4, "\n", P + '"""a(1)\n""")', id="py triple"),
    pytest.param("a.py", P + "r'a(1)')", 0, 1, "'", P + "'\\'(1)')", id="py raw"),
    pytest.param(
        "a.md", "```lr\n hold( 5)\n```\n", 5, 6, "", "```lr\n hold(5)\n```\n", id="markdown"
    ),
    pytest.param("a.lr", "def a(x) =  x\n", 11, 12, "", "def a(x) = x\n", id="library"),
]


@pytest.mark.parametrize(("name", "text", "start", "stop", "new", "expected"), EDITS)
def test_an_edit(name: str, text: str, start: int, stop: int, new: str, expected: str) -> None:
    file = read_text(name, text)
    assert replace_in(file, [(file.snippets[0], start, stop, new)]) == expected


def test_edits_of_several_specs() -> None:
    file = read_text("a.yaml", "lr: hold(5)\nspec: 'hold( 6)'\nmax_lr: hold(7)\n")
    first, second, _ = file.snippets
    edits = [(second, 5, 6, ""), (first, 0, 0, "# "), (first, 5, 6, "50")]
    # The comment takes all of the first one in, so that it is quoted.
    assert replace_in(file, edits[:1]) == "lr: hold(5)\nspec: 'hold(6)'\nmax_lr: hold(7)\n"
    assert replace_in(file, [*edits[:1], (first, 7, 7, " # x")]) == (
        "lr: 'hold(5) # x'\nspec: 'hold(6)'\nmax_lr: hold(7)\n"
    )
    assert replace_in(file, []) == file.text


REFUSED = [
    pytest.param("a.yaml", "lr: hold(${n})", "not written there as a whole", id="reference"),
    pytest.param("a.py", P + "'a' '(1)')", "not written there as a whole", id="two"),
    pytest.param("a.md", "```lr\nhold(5)\n```", "cannot stand there", id="line in a fence"),
]


@pytest.mark.parametrize(("name", "text", "message"), REFUSED)
def test_what_cannot_be_written_is_refused(name: str, text: str, message: str) -> None:
    file = read_text(name, text)
    with pytest.raises(CannotWrite, match=message):
        replace_in(file, [(file.snippets[0], 0, 1, "x\ny")])


def test_edits_that_overlap_are_refused() -> None:
    file = read_text("a.yaml", "lr: hold(5)")
    snippet = file.snippets[0]
    with pytest.raises(CannotWrite, match=r"a\.yaml:1:5: two changes overlap"):
        replace_in(file, [(snippet, 0, 5, ""), (snippet, 4, 6, "")])
    with pytest.raises(CannotWrite, match="no such piece"):
        replace_in(file, [(snippet, 5, 99, "")])
    with pytest.raises(CannotWrite, match="not one of this file"):
        replace_in(read_text("a.yaml", "lr: hold(5)"), [(snippet, 0, 1, "")])


PIECES = st.lists(
    st.sampled_from(
        [
            "hold(5)",
            "a",
            " ",
            "  ",
            ": ",
            " #",
            "'",
            '"',
            "\\",
            "\n",
            ",",
            "]",
            "}",
            "|",
            ">",
            *"-é𝄞%!\t\x07",
            "&x",
            "```",
        ]
    ),
    max_size=5,
).map("".join)


@given(
    st.lists(PIECES, min_size=3, max_size=3),
    st.sampled_from(["'", '"', "|", ">", None]),
    st.data(),
)
def test_yaml_means_the_same_but_for_the_spec(
    tails: list[str], style: str | None, data: st.DataObject
) -> None:
    value = {f"k{i}": {"spec": "hold(5)" + tail, "n": i} for i, tail in enumerate(tails)}
    text = "# of lrdsl\n" + yaml.safe_dump(value, default_style=style, allow_unicode=True)
    file = read_text("a.yaml", text)
    assume(len(file.snippets) == 3)
    number = data.draw(st.integers(0, 2))
    snippet = file.snippets[number]
    start = data.draw(st.integers(0, len(snippet.text)))
    stop = data.draw(st.integers(start, len(snippet.text)))
    new = data.draw(PIECES)
    expected = snippet.text[:start] + new + snippet.text[stop:]
    try:
        changed = replace_in(file, [(snippet, start, stop, new)])
    except CannotWrite:
        # Blocks keep their style; a text that is no longer a spec would be lost sight of.
        assert style in ("|", ">") or not looks_like_spec(expected) or not snippet.writable
        return
    value[f"k{number}"]["spec"] = expected
    assert yaml.safe_load(changed) == value
    assert changed[: snippet.start - 1] == text[: snippet.start - 1]
    after = text[snippet.stop + 1 :]
    assert changed.endswith(after)


@given(
    PIECES,
    st.sampled_from(["'", '"', "'''", '"""']),
    st.sampled_from(["", "r", "u"]),
    PIECES,
    st.data(),
)
def test_python_means_the_same_but_for_the_spec(
    old: str, quote: str, prefix: str, new: str, data: st.DataObject
) -> None:
    head, tail = "import lrdsl\nx = [lrdsl.parse(", ")]  # é\nlrdsl.parse('other')\n"
    code = f"{head}{prefix}{quote}{old}{quote}{tail}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of escapes that Python does not know
        try:
            ast.parse(code)
        except (SyntaxError, ValueError):
            assume(False)
    file = read_text("a.py", code)
    assume(len(file.snippets) == 2 and file.snippets[0].writable)
    snippet = file.snippets[0]
    start = data.draw(st.integers(0, len(snippet.text)))
    stop = data.draw(st.integers(start, len(snippet.text)))
    expected = snippet.text[:start] + new + snippet.text[stop:]
    changed = replace_in(file, [(snippet, start, stop, new)])
    assert changed.startswith(head)
    assert changed.endswith(tail)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert ast.literal_eval(changed[len(head) : len(changed) - len(tail)]) == expected
