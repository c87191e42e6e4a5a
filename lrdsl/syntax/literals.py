"""Number literals with their multipliers and units: text to node and Python number to node."""

from __future__ import annotations

import math
import re
from decimal import Decimal

from lrdsl import diagnostics as diag
from lrdsl.diagnostics import Mistake, Span, Suggestion
from lrdsl.syntax.ast import Faulty, Negative, Node, Number
from lrdsl.syntax.grammar import MULTIPLIERS, UNITS

_NUMBER = re.compile(
    r"(?P<mantissa>[0-9_]*(?:\.[0-9_]+)?)(?:[eE](?P<exponent>[+-]?[0-9]+))?(?P<suffix>.*)"
)
_SUFFIX = re.compile(r"(?P<multiplier>[kMB]?)(?P<unit>ba|ep|%|dur|sp|tok)?")
_ALIASES = {
    **dict.fromkeys(["epoch", "epochs", "e"], "ep"),
    **dict.fromkeys(["step", "steps", "it", "iter", "its", "update", "updates", "batch"], "ba"),
    **dict.fromkeys(["token", "tokens", "t", "T"], "tok"),
    **dict.fromkeys(["sample", "samples", "s"], "sp"),
    **dict.fromkeys(["percent", "pct", "p"], "%"),
    "K": "k",
    "m": "M",
    "b": "B",
    "G": "B",
}


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
    stem = text.removesuffix(suffix)
    meant = _ALIASES.get(suffix)
    suggestion = Suggestion(meant or suffix, [meant] if meant else UNITS, f"{stem}{{}}")
    units = ", ".join([f"`{unit}` ({meaning})" for unit, meaning in UNITS.items()])
    fix = f"the units are {units}, also after `k`, `M` or `B`"
    mistake = Mistake(diag.BAD_NUMBER, f"`{suffix}` is not a unit", span, suggestion, fix)
    return Faulty(mistake, span=span)


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
