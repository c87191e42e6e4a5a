"""Parameters of definitions with bounds, and `error(…)` in their bodies."""

from __future__ import annotations

import pytest

import lrdsl
from lrdsl import SpecError
from lrdsl.syntax.format import format_definitions
from lrdsl.syntax.parser import parse_definitions

DEFINITIONS = """
def half(x in 0..1 = 0.3, n in 1.. = 100) = linear(base * x, 0, n)
def low(k in ..5) = cosine(k, 0, 10)
def below(k in -2..-1) = cosine(k, 0, 10)
def twice(x) = half(x * 2)
def inverse(n) = error("`n` must not be 0") if n == 0 else linear(1, 0, 10 / n)
def either(kind in [up, down]) =
    linear(0, 1, 10) if kind == 'up' else error("there is no way down")
def long(n) = hold(error("`n` is too short") if n < 5 else n)
"""


def values(text: str, **variables: float) -> list[float]:
    schedule = lrdsl.compile(text, base_lr=1, definitions=DEFINITIONS, **variables)
    return [schedule(t) for t in (0, 5)]


@pytest.mark.parametrize(
    ("text", "variables", "expected"),
    [
        pytest.param("half()", {}, [0.3, 0.285], id="default"),
        pytest.param("half(0)", {}, [0, 0], id="the least belongs"),
        pytest.param("half(1, 10)", {}, [1, 0.5], id="the largest belongs"),
        pytest.param("half(p)", {"p": 0.5}, [0.5, 0.475], id="variable"),
        pytest.param("half(1 / 4)", {}, [0.25, 0.2375], id="arithmetic"),
        pytest.param("low(-7)", {}, [-7, -3.5], id="no least"),
        pytest.param("below(-1)", {}, [-1, -0.5], id="below 0"),
        pytest.param("twice(0.5)", {}, [1, 0.95], id="through another definition"),
        pytest.param("inverse(1)", {}, [1, 0.5], id="error not chosen"),
        pytest.param("inverse(n)", {"n": 1}, [1, 0.5], id="error not chosen by a variable"),
        pytest.param("either(up)", {}, [0, 0.5], id="error not chosen by a word"),
        pytest.param("long(7)", {}, [1, 1], id="error not chosen in a duration"),
    ],
)
def test_within(text: str, variables: dict[str, float], expected: list[float]) -> None:
    assert values(text, **variables) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "variables", "message", "part"),
    [
        pytest.param("half(1.5)", {}, "`x` of `half` is a number from 0 to 1, not 1.5", "1.5"),
        pytest.param("half(-1)", {}, "`x` of `half` is a number from 0 to 1, not -1", "-1"),
        pytest.param("half(n=0)", {}, "`n` of `half` is a number of at least 1, not 0", "0"),
        pytest.param("low(6)", {}, "`k` of `low` is a number of at most 5, not 6", "6"),
        pytest.param("below(0)", {}, "`k` of `below` is a number from -2 to -1, not 0", "0"),
        pytest.param("half(p)", {"p": 2}, "`x` of `half` is a number from 0 to 1, not 2", "p"),
        pytest.param("half(3 / 2)", {}, "is a number from 0 to 1, not 1.5", "3 / 2"),
        pytest.param("twice(0.9)", {}, "is a number from 0 to 1, not 1.8", "twice(0.9)"),
        pytest.param("inverse(0)", {}, "`n` must not be 0", "inverse(0)"),
        pytest.param("inverse(n)", {"n": 0}, "`n` must not be 0", "inverse(n)"),
        pytest.param("either(down)", {}, "there is no way down", "either(down)"),
        pytest.param("long(4)", {}, "`n` is too short", "long(4)"),
        pytest.param("hold(5) >> inverse(0)", {}, "`n` must not be 0", "inverse(0)"),
        pytest.param("torch.OneCycleLR(1, 100, pct_start=30)", {}, "from 0 to 1, not 30", "30"),
        pytest.param("torch.LinearLR(1.5)", {}, "from 0 to 1, not 1.5", "1.5"),
        pytest.param("torch.LinearLR(0)", {}, "must be above 0", "torch.LinearLR(0)"),
        pytest.param("torch.ConstantLR(-1)", {}, "from 0 to 1, not -1", "-1"),
    ],
)
def test_beyond(text: str, variables: dict[str, float], message: str, part: str) -> None:
    with pytest.raises(SpecError, match="LR210") as caught:
        values(text, **variables)
    (found,) = caught.value.diagnostics
    assert message in found.message
    assert text[found.span.start : found.span.stop] == part


def test_error_is_for_definitions() -> None:
    for text in ('error("no")', 'hold(error("no"))', '0.1 * error("no")'):
        with pytest.raises(SpecError, match=r"LR203.*is for definitions"):
            lrdsl.compile(text, base_lr=1)


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("def a(x in 1..0) = x", "LR210", "no number lies in the bounds"),
        ("def a(x in ..) = x", "LR210", "a least or a largest number"),
        ("def a(x in 0..1 = 3) = x", "LR210", "the default of `x` does not lie"),
        ("def a(x in 0..5%) = x", "LR209", "a number without a unit"),
        ("def a(x in b..1) = x", "LR103", "a list of words, or bounds"),
        ("def a(x) = error(x)", "LR103", "words in double quotes"),
        ('def a(x) = error("")', "LR103", "words in double quotes"),
    ],
)
def test_mistakes_of_definitions(text: str, code: str, message: str) -> None:
    with pytest.raises(SpecError, match=f"(?s){code}.*{message}"):
        lrdsl.compile("1", definitions=text)


def test_canonical_text() -> None:
    text = 'def a(x in 0..1 = 0.3, y in -1.., z in ..5) = error("no, not x") if x > y else z\n'
    assert format_definitions(text) == text
    (definition,) = parse_definitions(text)
    assert parse_definitions(str(definition))[0] == definition
