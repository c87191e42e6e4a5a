"""Hypothesis strategies that make whole specs.

`trees` are any that the grammar allows, sense or nonsense: for laws about text. `specs` are texts
that compile in `CONTEXT`: for laws about schedules. `mangled` are texts that once made sense.
"""

from __future__ import annotations

import re
from typing import Any

from hypothesis import strategies as st

from lrdsl.diagnostics import NOWHERE
from lrdsl.syntax import ast
from lrdsl.syntax.literals import parse_number
from lrdsl.syntax.rebuild import join_arithmetic, join_chain, join_pipe

CONTEXT: dict[str, Any] = {
    "total_steps": 1000,
    "steps_per_epoch": 33.3,
    "samples_per_step": 8,
    "tokens_per_step": 1024,
    "base_lr": 0.1,
    "peak": 0.3,
    "n": 40,
}

# --- trees ----------------------------------------------------------------------------------------

NUMBERS = [
    *("0", "1", "7", "0.5", ".5", "1e-3", "1E5", "2.5e+2", "1_000", "10k", "2M", "1B", "0.1k"),
    *(
        "5%",
        "0.05dur",
        "2ep",
        "3ba",
        "8ksp",
        "2Btok",
        "1e-3k",
        "00012",
        "1e-400",
        "123456789012345678",
    ),
]
NAMES = [
    "cosine",
    "linear",
    "peak",
    "t",
    "base",
    "x_1",
    "mxnet.CosineScheduler",
    "interval",
    "e1",
    "k",
]

_numbers = st.sampled_from(NUMBERS) | st.floats(0, 1e300).map(lambda x: repr(x).replace("+", ""))
_names = st.sampled_from(NAMES).map(ast.Name)
_leaves = st.one_of(
    _numbers.map(lambda text: parse_number(text, NOWHERE)),
    _names,
    st.sampled_from(["none", "true", "false", "inf"]).map(ast.Keyword),
    st.just(ast.Default()),
    st.sampled_from(["linear", "", "max-lr", "v1.0", "_"]).map(ast.String),
)


def _some(
    part: st.SearchStrategy[Any], least: int, most: int
) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(part, min_size=least, max_size=most).map(tuple)


@st.composite
def _arithmetic(draw: st.DrawFn, part: st.SearchStrategy[ast.Node]) -> ast.Node:
    parts = draw(_some(part, 2, 4))
    operators = draw(_some(st.sampled_from(draw(st.sampled_from(["+-", ["*", "/", "//"]]))), 3, 3))
    return join_arithmetic(operators[: len(parts) - 1], parts)


def _conditions(part: st.SearchStrategy[ast.Node]) -> st.SearchStrategy[ast.Node]:
    operator = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
    compared = st.builds(ast.Compare, operator, part, part) | part
    negated = (
        compared | st.builds(ast.Not, compared) | st.builds(ast.Not, st.builds(ast.Not, compared))
    )
    both = negated | st.builds(ast.Logic, st.just("and"), _some(negated, 2, 3))
    return both | st.builds(ast.Logic, st.just("or"), _some(both, 2, 3))


def _inner(part: st.SearchStrategy[ast.Node]) -> st.SearchStrategy[ast.Node]:
    keyword = st.sampled_from(["start", "steps", "closed", "x"])
    argument = st.builds(ast.Argument, part, st.none() | keyword)
    entry = st.builds(ast.Entry, part, st.none() | part, st.booleans(), part)
    return st.one_of(
        st.builds(ast.Call, _names, _some(argument, 0, 4)),
        st.builds(ast.Bracket, _names, _some(entry, 1, 3)),
        st.builds(ast.List, _some(part, 0, 3)),
        _some(part, 2, 4).map(lambda parts: join_chain(*parts)),
        _some(part, 2, 3).map(lambda parts: join_pipe(*parts)),
        _arithmetic(part),
        st.builds(ast.Negative, part),
        st.builds(ast.Power, part, part),
        st.builds(ast.If, part, _conditions(part), part),
    )


trees: st.SearchStrategy[ast.Node] = st.recursive(_leaves, _inner, max_leaves=25)

# --- specs that compile ---------------------------------------------------------------------------

# Templates: `{end}` and the like are filled in by drawing, one draw for each.

SEGMENTS = [
    "constant({end}, {steps})",
    "hold({steps})",
    "linear({start}, {end}, {steps}{closed})",
    "cosine({start}, {end}, {steps}{closed})",
    "polynomial({start}, {end}, {steps}, power=0.9{closed})",
    "exponential({value}, {value}, {steps}{closed})",
    "ramp({mode}, {start}, {end}, {steps}{closed})",
    "warmup({steps})",
    "warmup({mode}, {steps}, start={end}{closed})",
    "cooldown({mode}, {steps}, {end})",
    "points[3:{end}, 10:{value}, 2ep:{value}]",
    "({endless} | take({steps}))",
]
ENDLESS = [
    "step({start}, 0.5, {every})",
    "step({start}, half_life={every})",
    "multistep({start}, 0.3, at=[5, 1ep, 10%])",
    "multistep({start}, [0.3, {value}, 1.5], at=[5, 1ep, 10%])",
    "time_based({start}, 0.01)",
    "exponential_decay({start}, 0.5, every={every})",
    "exponential_decay({start}, 0.9, every={every}, staircase=true)",
    "inverse_sqrt({start}, warmup={count})",
    "0.1 / (1 + 0.05*t)",
    "peak * cos(t / total)",
    "min(t / 1ep, 1)",
    "0.5 ** floor(t / 10)",
]
MODIFIERS = [
    "clip({value}, _)",
    "clip(_, {value})",
    "interval[{count}:*0.5, {count} + 60:{value}]",
    "interval[{count}..{count} + 60:{part}]",
    "interval[{count}:*{value}, 2ep:{part}]",
    "interval[{count}..2ep:*({part}), 2ep + 50:prev / 2]",
    "repeat({few})",
    "repeat(2, stretch={ratio})",
    "repeat(3, scale=0.5, about={value})",
    "take({steps})",
    "interval[40:*2] | skip(9)",
    "stretch({ratio})",
    "stretch(0.7)",
    "every({count})",
    "every(1ep)",
]
COMBINED = [
    "({part}) >> ({part})",
    "{part} >> {part} >> {part}",
    "({part}) + ({part})",
    "({part}) - 0.5 * ({part})",
    "({part}) * ({part})",
    "({part}) / ({value})",
    "-({part})",
    "abs({part}) ** 0.5",
    "max({part}, ({part}))",
    "min(({part}), {value})",
    *["({part}) | {modifier}"] * 4,
    "({part}) | {modifier} | {modifier}",
]

_BLANKS: dict[str, st.SearchStrategy[str]] = {
    "value": st.one_of(
        st.sampled_from(
            ["1", "0.3", "1e-3", "peak", "base", "2 * peak", "peak / 10", "sqrt(base)"]
        ),
        st.integers(1, 9999).map(lambda i: f"{i / 1000}"),
    ),
    "steps": st.one_of(
        st.integers(2, 60).map(str),
        st.sampled_from(
            ["n", "n + 3", "2ep - 7", "1ep", "5%", "3.33%", "0.02dur", "80sp", "20ktok"]
        ),
        st.sampled_from(["10ba", "total / 30", "epoch / 2", "min(n, 5%)", "100 - 60"]),
    ),
    "every": st.sampled_from(["7", "1ep", "5%", "2.5 * 1", "n"]),
    "mode": st.sampled_from(["linear", "cosine", "polynomial", "sqrt", "poly", "rex", "tanh"]),
    "closed": st.sampled_from(["", "", ", closed=true"]),
    "ratio": st.sampled_from(["2", "0.5", "1.5", "3"]),
    "count": st.integers(1, 30).map(str),
    "few": st.integers(1, 3).map(str),
    "endless": st.sampled_from(ENDLESS),
    "modifier": st.sampled_from(MODIFIERS),
}
_BLANKS["start"] = _BLANKS["value"] | st.sampled_from(["_", "prev", "max(prev, base)"])
_BLANKS["end"] = _BLANKS["value"] | st.just("0")


def _fill(draw: st.DrawFn, template: str, depth: int) -> str:
    """A template with its blanks filled in; parts are at most `depth` deep."""

    def blank(match: re.Match[str]) -> str:
        if match[1] == "part":
            deeper = depth > 0 and draw(st.booleans())
            kind = COMBINED if deeper else SEGMENTS
            inner = _fill(draw, draw(st.sampled_from(kind)), depth - 1)
            return f"({inner})" if deeper else inner
        return _fill(draw, draw(_BLANKS[match[1]]), depth)

    return re.sub(r"\{(\w+)\}", blank, template)


@st.composite
def _filled(draw: st.DrawFn, templates: list[str], depth: int) -> str:
    return _fill(draw, draw(st.sampled_from(templates)), depth)


finite: st.SearchStrategy[str] = _filled(COMBINED, 2) | _filled(COMBINED, 1) | _filled(SEGMENTS, 0)
"""Texts of schedules with a length."""

_LAST = ["cosine(_, 0)", "hold()", "0.5 * linear(peak)", "constant()", *ENDLESS]
specs: st.SearchStrategy[str] = st.one_of(
    finite,
    finite,
    st.builds(lambda a, b: f"({a}) >> {b}", _filled(COMBINED, 1), _filled(_LAST, 0)),
    _filled(_LAST, 0),
)
"""Texts that compile in `CONTEXT`; some never end, some fill the run."""

# --- text that once made sense --------------------------------------------------------------------

SCRAPS = [
    *(
        "(",
        ")",
        "[",
        "]",
        ",",
        ":",
        "..",
        "|",
        ">>",
        "+",
        "-",
        "*",
        "**",
        "/",
        "=",
        "_",
        "#",
        "'",
        '"',
    ),
    *(
        " ",
        "\n",
        "\t",
        "\r",
        "\x00",
        "\ufeff",
        "é",
        "日本",
        "\U0001f600",
        "→",
        "−",
        "“",
        "%",
        "$",
        ";",
        ".",
    ),
    *(
        "1",
        "0",
        "5%",
        "2ep",
        "1e",
        "1e999",
        "1_",
        "10x",
        "cosine",
        "cosin",
        "interval[",
        "points[0:",
    ),
    *(
        "t",
        "prev",
        "next",
        "rest",
        "total",
        "none",
        "true",
        "inf",
        "linear",
        "repeat()",
        "*0.5",
        "\ud800",
    ),
]


@st.composite
def mangled(draw: st.DrawFn) -> str:
    """A spec after a few deletions, insertions and swaps."""
    text = draw(specs)
    for _ in range(draw(st.integers(1, 5))):
        i, j = sorted((draw(st.integers(0, len(text))), draw(st.integers(0, len(text)))))
        kind = draw(st.sampled_from(["delete", "insert", "swap", "cut"]))
        if kind == "delete":
            text = text[:i] + text[min(j, i + 6) :]
        elif kind == "insert":
            text = text[:i] + draw(st.sampled_from(SCRAPS)) + text[i:]
        elif kind == "swap":
            text = text[:i] + text[j : j + 4] + text[i:j] + text[j + 4 :]
        else:
            text = text[:j]
    return text
