"""Hypothesis strategies that make whole specs.

`trees` are any that the grammar allows, sense or nonsense: for laws about text. `specs` are texts
that compile in `CONTEXT`: for laws about schedules. `mangled` are texts that once made sense.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from lrdsl.diagnostics import NOWHERE
from lrdsl.syntax import nodes as n
from lrdsl.syntax.numbers import read_number

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
_names = st.sampled_from(NAMES).map(n.Name)
_leaves = st.one_of(
    _numbers.map(lambda text: read_number(text, NOWHERE)),
    _names,
    st.sampled_from(["none", "true", "false", "inf"]).map(n.Keyword),
    st.just(n.Default()),
    st.sampled_from(["linear", "it's", 'say "so"', "", "a,b", "(", "x >> y"]).map(n.String),
)


def _some(
    part: st.SearchStrategy[Any], least: int, most: int
) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(part, min_size=least, max_size=most).map(tuple)


@st.composite
def _arithmetic(draw: st.DrawFn, part: st.SearchStrategy[n.Node]) -> n.Node:
    parts = draw(_some(part, 2, 4))
    operators = draw(_some(st.sampled_from(draw(st.sampled_from(["+-", "*/"]))), 3, 3))
    return n.arithmetic(operators[: len(parts) - 1], parts)


def _inner(part: st.SearchStrategy[n.Node]) -> st.SearchStrategy[n.Node]:
    keyword = st.sampled_from(["start", "steps", "closed", "x"])
    argument = st.builds(n.Argument, part, st.none() | keyword)
    entry = st.builds(n.Entry, part, st.none() | part, st.booleans(), part)
    return st.one_of(
        st.builds(n.Call, _names, _some(argument, 0, 4)),
        st.builds(n.Bracket, _names, _some(entry, 1, 3)),
        st.builds(n.List, _some(part, 0, 3)),
        _some(part, 2, 4).map(lambda parts: n.chain(*parts)),
        _some(part, 2, 3).map(lambda parts: n.pipe(*parts)),
        _arithmetic(part),
        st.builds(n.Negative, part),
        st.builds(n.Power, part, part),
    )


trees: st.SearchStrategy[n.Node] = st.recursive(_leaves, _inner, max_leaves=25)

# --- specs that compile ---------------------------------------------------------------------------

values = st.one_of(
    st.sampled_from(["1", "0.3", "1e-3", "peak", "base", "2 * peak", "peak / 10", "sqrt(base)"]),
    st.floats(1e-4, 10).map(lambda x: f"{x:.4g}".replace("e-0", "e-")),
)
starts = values | st.sampled_from(["_", "prev", "max(prev, base)"])
durations = st.one_of(
    st.integers(2, 60).map(str),
    st.sampled_from(
        ["n", "n + 3", "2ep - 7", "1ep", "5%", "3.33%", "0.02dur", "80sp", "20ktok", "10ba"]
    ),
    st.sampled_from(["total / 30", "epoch / 2", "min(n, 5%)", "100 - 60"]),
)
modes = st.sampled_from(["linear", "cosine", "polynomial", "sqrt", "poly"])


@st.composite
def segments(draw: st.DrawFn) -> str:
    """One shape with a length."""
    start, end, steps = draw(starts), draw(values | st.just("0")), draw(durations)
    mode = draw(modes)
    closed = draw(st.sampled_from(["", "", ", closed=true"]))
    return draw(
        st.sampled_from(
            [
                f"constant({end}, {steps})",
                f"hold({steps})",
                f"linear({start}, {end}, {steps}{closed})",
                f"cosine({start}, {end}, {steps}{closed})",
                f"polynomial({start}, {end}, {steps}, power=0.9{closed})",
                f"exponential({draw(values)}, {draw(values)}, {steps}{closed})",
                f"ramp({mode}, {start}, {end}, {steps}{closed})",
                f"warmup({steps})",
                f"warmup({mode}, {steps}, start={end}{closed})",
                f"cooldown({mode}, {steps}, {end})",
                f"points[3:{end}, 10:{draw(values)}, 2ep:{draw(values)}]",
            ]
        )
    )


@st.composite
def endless(draw: st.DrawFn) -> str:
    """A shape or a formula that never ends."""
    start, every = draw(starts), draw(st.sampled_from(["7", "1ep", "5%", "2.5 * 1", "n"]))
    return draw(
        st.sampled_from(
            [
                f"step({start}, 0.5, {every})",
                f"multistep({start}, 0.3, at=[5, 1ep, 10%])",
                f"exponential_decay({start}, 0.5, every={every})",
                f"exponential_decay({start}, 0.9, every={every}, staircase=true)",
                f"inverse_sqrt({start}, warmup={draw(st.integers(1, 50))})",
                "0.1 / (1 + 0.05*t)",
                "peak * cos(t / total)",
                "min(t / 1ep, 1)",
                "0.5 ** floor(t / 10)",
            ]
        )
    )


@st.composite
def modifiers(draw: st.DrawFn, part: st.SearchStrategy[str]) -> str:
    """What may follow `|`."""
    first, second = sorted(draw(st.sets(st.integers(0, 80), min_size=2, max_size=2)))
    value = draw(values)
    return draw(
        st.sampled_from(
            [
                f"clip({value}, _)",
                f"clip(_, {value})",
                f"interval[{first}:*0.5, {second}:{value}]",
                f"interval[{first}..{second}:{draw(part)}]",
                f"interval[{first}:*{value}, {second}:{draw(part)}]",
                f"interval[{first}..{second}:*({draw(part)}), 2ep + 50:prev / 2]",
                f"repeat({draw(st.integers(1, 3))})",
                f"repeat(2, stretch={draw(st.sampled_from(['2', '0.5', '1.5', '3']))})",
                f"repeat(3, scale=0.5, about={value})",
                f"take({draw(durations)})",
                "skip(1)",
                "stretch(2)",
                "stretch(0.7)",
                f"every({draw(st.integers(1, 20))})",
                "every(1ep)",
            ]
        )
    )


@st.composite
def _combined(draw: st.DrawFn, part: st.SearchStrategy[str]) -> str:
    a, b = draw(part), draw(part)
    return draw(
        st.sampled_from(
            [
                f"({a}) >> ({b})",
                f"({a}) >> ({b}) >> ({draw(part)})",
                f"({a}) + ({b})",
                f"({a}) - 0.5 * ({b})",
                f"({a}) * ({b})",
                f"({a}) / {draw(values)}",
                f"-({a})",
                f"abs({a}) ** 0.5",
                f"max(({a}), ({b}))",
                f"min(({a}), {draw(values)})",
                f"({a}) | {draw(modifiers(part))}",
                f"({a}) | {draw(modifiers(part))} | {draw(modifiers(part))}",
            ]
        )
    )


_taken = st.builds(lambda source, steps: f"({source} | take({steps}))", endless(), durations)
finite: st.SearchStrategy[str] = st.recursive(segments() | _taken, _combined, max_leaves=6)
"""Texts of schedules with a length."""

_last = endless() | st.sampled_from(["cosine(_, 0)", "hold()", "0.5 * linear(peak)", "constant()"])
specs: st.SearchStrategy[str] = st.one_of(
    finite, finite, st.builds(lambda a, b: f"({a}) >> ({b})", finite, _last), _last
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
