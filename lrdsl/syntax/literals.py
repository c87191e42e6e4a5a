"""Number literals with their multipliers and units: text to node and Python number to node."""

from __future__ import annotations

import math
import re
from decimal import Decimal

from lrdsl import diagnostics as diag
from lrdsl.diagnostics import Mistake, Span, ask
from lrdsl.syntax.ast import Faulty, Negative, Node, Number
from lrdsl.syntax.grammar import MULTIPLIERS, UNITS
from lrdsl.util.near_names import near

_NUMBER = re.compile(
    r"(?P<mantissa>[0-9_]*(?:\.[0-9_]+)?)(?:[eE](?P<exponent>[+-]?[0-9]+))?(?P<suffix>.*)"
)
_SUFFIX = re.compile(r"(?P<multiplier>[kMBT]?)(?P<unit>ba|ep|%|dur|sp|tok)?")
_ALIASES = {
    **dict.fromkeys(["epoch", "epochs"], "ep"),
    **dict.fromkeys(["step", "steps", "it", "iter", "its", "iters", "iterations"], "ba"),
    **dict.fromkeys(["iteration", "update", "updates", "batch", "batches"], "ba"),
    **dict.fromkeys(["token", "tokens", "t"], "tok"),
    **dict.fromkeys(["sample", "samples", "s"], "sp"),
    **dict.fromkeys(["percent", "pct", "p"], "%"),
}
_MULTIPLIER_ALIASES = {"K": "k", "b": "B", "G": "B", "bn": "B", "mil": "M", "mio": "M", "tsd": "k"}
"""Letters that others write for the same powers of ten."""


def parse_number(text: str, span: Span) -> Number | Faulty:
    """The node of a number's text.

    >>> parse_number("2.5ktok", Span(0, 7))
    Number(value=2500.0, unit='tok', text='2.5ktok')
    """
    # Most have no exponent and no unit.
    if text[0] != "." and text.replace(".", "", 1).isdecimal() and len(text) < 300:
        return Number(float(text), "", text, span=span)
    match = _NUMBER.fullmatch(text)
    assert match is not None  # the lexer lets nothing else through
    mantissa, exponent, suffix = match["mantissa"], match["exponent"], match["suffix"]
    unit = _SUFFIX.fullmatch(suffix)
    if unit is None:
        return _unknown_unit(text, suffix, span)
    # Beyond a thousand the exponent's size makes no difference, but its digits could.
    power = max(-999, min(int(exponent or 0), 999)) if len(exponent or "") < 4000 else 999
    power += MULTIPLIERS[unit["multiplier"]]
    value = float(f"{mantissa.replace('_', '')}e{power}")
    if math.isinf(value):
        message = f"`{text}` is too large for a number"
        return Faulty(Mistake(diag.OVERFLOW, message, span), span=span)
    written = mantissa if mantissa[0] != "." else f"0{mantissa}"
    if exponent:
        written += f"e{int(exponent)}"
    return Number(value, unit["unit"] or "", written + suffix, span=span)


def _unknown_unit(text: str, suffix: str, span: Span) -> Faulty:
    message, meant = f"`{suffix}` is not a unit", _likely_suffix(suffix)
    if suffix in ("e", "E"):  # before a minus that is none, as often as for epochs
        number = text[:-1]
        fix = f"write an exponent as `{number}e-3`, and epochs as `{number}ep`"
        return Faulty(Mistake(diag.BAD_NUMBER, message, span, fix=fix), span=span)
    if meant is not None:
        likely = text.removesuffix(suffix) + meant
        mistake = Mistake(diag.BAD_NUMBER, message, span, fix=ask(likely), replacement=likely)
        return Faulty(mistake, span=span)
    units = ", ".join([f"`{unit}` ({meaning})" for unit, meaning in UNITS.items()])
    fix = f"the units are {units}, also after `k`, `M`, `B` or `T`"
    return Faulty(Mistake(diag.BAD_NUMBER, message, span, fix=fix), span=span)


def joined_unit(number: str, word: str) -> str | None:
    """A number and the name of a unit as one word; None if that is no unit.

    >>> joined_unit("10B", "tokens"), joined_unit("5", "epochs"), joined_unit("5", "times")
    ('10Btok', '5ep', None)
    """
    unit = _ALIASES.get(word, word if word in UNITS else None)
    match = _NUMBER.fullmatch(number)
    if unit is None or match is None or match["suffix"] not in MULTIPLIERS:
        return None
    if match["suffix"] and unit == "%":
        return None
    return number + unit


def _likely_suffix(suffix: str) -> str | None:
    """The multiplier and unit that are probably meant, of the same size; None if none is near.

    >>> _likely_suffix("Ttoken"), _likely_suffix("Kepochs"), _likely_suffix("epo")
    ('Ttok', 'kep', 'ep')
    >>> _likely_suffix("Ptok")
    """
    for size in (0, 1, 2, 3):
        multiplier, unit = suffix[:size], suffix[size:]
        multiplier = _MULTIPLIER_ALIASES.get(multiplier, multiplier)
        if multiplier in MULTIPLIERS:
            known = _ALIASES.get(unit, unit if unit in ("", *UNITS) else None)
            if known is not None:
                return None if multiplier and known == "%" else multiplier + known
    # Letters before a unit may be a multiplier that is unknown: leaving them out changes the size.
    multiplier = suffix[:1] if suffix[:1] in MULTIPLIERS else ""
    unit = suffix.removeprefix(multiplier)
    close = near(unit, [*UNITS, *[name for name in _ALIASES if len(name) > 2]])
    if close is None or unit[0] != close[0]:
        return None
    known = _ALIASES.get(close, close)
    return None if multiplier and known == "%" else multiplier + known


def number_to_node(value: float) -> Node:
    """The node of a Python number, written as briefly as its exact value allows.

    >>> [number_to_node(x).text for x in (800, 0.5, 1e-3, 1e-05, 1e22)]
    ['800', '0.5', '1e-3', '1e-5', '1e22']
    """
    if value < 0 or math.copysign(1, value) < 0:
        return Negative(number_to_node(-value))
    text = repr(value).removesuffix(".0")
    if isinstance(value, float) and ("e" in text or value < 1):
        scientific = f"{Decimal(text).normalize():e}".replace("e+", "e")
        text = scientific if "e" in text or len(scientific) < len(text) else text
    return Number(float(value), "", text)
