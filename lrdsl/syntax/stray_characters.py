"""Messages about characters that have no meaning in their place.

Many are habits from other languages and keyboards: arrows, other dashes, full-width letters.
"""

from __future__ import annotations

import re
import unicodedata

from lrdsl import diagnostics as diag
from lrdsl.diagnostics import Mistake, Span, ask

LIKELY_OPERATORS = {
    ">": ">>", "→": ">>", "⇒": ">>", "➜": ">>", "»": ">>",
    "^": "**", "×": "*", "·": "*", "⋅": "*", "∗": "*", "÷": "/",
    "−": "-", "–": "-", "—": "-",
    "\u2010": "-", "\u2011": "-", "\u2012": "-", "≫": ">>", "⟶": ">>", "↦": ">>",
    "∙": "*", "✕": "*",
    "“": "'", "”": "'", "‘": "'", "’": "'", "„": "'",
}  # fmt: skip
"""The operators that characters outside the grammar are probably meant to be."""

_QUOTE_ADVICE = "put quotes at both ends of one word: `'linear'`"
_VARIABLE_ADVICE = "write the variable's name alone: `peak`"
_CHARACTER_ADVICE = {
    ";": "join segments by `>>`, and arguments by `,`",
    "%": "write the unit directly after its number: `5%`",
    "$": _VARIABLE_ADVICE,
    "{": _VARIABLE_ADVICE,
    "}": "leave it out",
    "<": "comparisons belong between `if` and `else`",
    "&": "join segments by `>>`, and write modifiers after `|`",
    "_": "names begin with a letter; `_` alone is the default",
    ".": "leave it out",
    "@": "leave it out",
    "`": "leave out the quotes",
    '"': _QUOTE_ADVICE,
    "'": _QUOTE_ADVICE,
    "\\": "quote the whole spec for the shell instead",
}
_CONDITION_ADVICE = "write a condition such as `n > 0 and not n > 10`, without brackets"

_OPERAND = re.compile(r"\s*[\w(.]")
_IN_CONDITION = re.compile(r"\bif\b(?!.*\belse\b)", re.DOTALL)


def stray_character(text: str, start: int) -> Mistake:
    """The mistake of a character that has no meaning in its place."""
    character = text[start]
    likely, fix = _likely(character), _CHARACTER_ADVICE.get(character)
    own = _advice_in_place(text, start)
    if own is not None:
        likely, fix = None, own
    elif character in "<>" and _IN_CONDITION.search(text, 0, start):
        likely, fix = None, _CONDITION_ADVICE
    elif likely:
        fix = ask(likely)
    elif character == "%" and _OPERAND.match(text, start + 1):
        fix = "`%` is the share of the run: `5%`; the remainder of a division is `mod(t, 10)`"
    elif fix is None and character.isalpha():
        fix = "names consist of the letters a to z, digits and `_`"
    first = start - 1 if character == ">" and text[start - 1 : start] in ("-", "=") else start
    shown = text[first : start + 1] if character.isprintable() else f"U+{ord(character):04X}"
    message = f"`{shown}` has no meaning here"
    span = Span(first, start + 1)
    return Mistake(diag.STRAY_CHARACTER, message, span, fix=fix, replacement=likely)


_PLACEHOLDER = re.compile(r"\$\{[^{}\n]*\}")


def placeholder(text: str, start: int) -> Mistake | None:
    """The mistake of a placeholder `${…}` that Hydra has not resolved; None without one."""
    match = _PLACEHOLDER.match(text, start)
    if match is None:
        return None
    name = match[0][2:-1].strip()
    message = f"`{match[0]}` has not been resolved"
    fix = f"outside a config, write the variable's name alone: `{name}`"
    span = Span(match.start(), match.end())
    return Mistake(diag.STRAY_CHARACTER, message, span, fix=fix if name.isidentifier() else None)


def _likely(character: str) -> str | None:
    """The character of the grammar that another one is probably meant to be."""
    plain = unicodedata.normalize("NFKC", character)  # full-width letters, digits and brackets
    is_plain = plain != character and len(plain) == 1 and plain.isascii() and plain.isprintable()
    return LIKELY_OPERATORS.get(character, plain if is_plain and plain != " " else None)


_POINT = re.compile(r"([0-9]+)\.([eE][+-]?[0-9]+)?(?![0-9.])")
_GROUPED = re.compile(r"[0-9]{1,3}(?:'[0-9]{3})+")
_NUMBER_BEFORE = re.compile(r"([0-9][0-9_.]*)[ \t]+$")
_RANGE_BEFORE = re.compile(r"interval\[[^\]]*[0-9][ \t]*$")
_EXPONENT_BEFORE = re.compile(r"[0-9][eE]$")


def _advice_in_place(text: str, start: int) -> str | None:
    """Advice that uses what stands around a character; None if there is none."""
    character, before = text[start], text[:start]
    if character == "." and (found := _find_around(_POINT, text, start)):
        return f"write digits on both sides of the point: `{found[1]}.0{found[2] or ''}`"
    if character == "'" and (found := _find_around(_GROUPED, text, start)):
        return f"write the digits of a number together: `{found[0].replace(chr(39), '_')}`"
    if character == "%" and (found := _NUMBER_BEFORE.search(before)):
        return f"write the unit directly after its number: `{found[1]}%`"
    if character == ">" and before.endswith(">>"):
        return "write one `>>`"
    if LIKELY_OPERATORS.get(character) == "-" and _RANGE_BEFORE.search(before):
        return "write a range as `10..20`"
    if LIKELY_OPERATORS.get(character) == "-" and _EXPONENT_BEFORE.search(before):
        return "write the minus of an exponent as `-`: `1e-3`"
    if character == "^" and _EXPONENT_BEFORE.search(before):
        return "write an exponent as `1e-3`"
    is_arrow = LIKELY_OPERATORS.get(character) == ">>" and (character != ">" or before[-1:] in "-=")
    if (
        is_arrow
        and before.count("(") > before.count(")")
        and _NUMBER_BEFORE.search(f"{before.rstrip('-=')} ")
    ):
        return "separate arguments by `,`"
    stripped = text.strip()
    if character in "'\"`" and len(stripped) > 1 and stripped[0] == character == stripped[-1]:
        return "leave out the quotes"
    return None


def _find_around(pattern: re.Pattern[str], text: str, at: int) -> re.Match[str] | None:
    return next((x for x in pattern.finditer(text) if x.start() <= at < x.end()), None)
