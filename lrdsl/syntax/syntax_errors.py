"""Syntax errors in the words of people who train models.

Each function reports one kind of mistake; none ever speaks of tokens or of the parser.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from lark import Token

from lrdsl import diagnostics as diag
from lrdsl.diagnostics import Reporter, Span

_WORD = re.compile(
    r"(?P<comment>#[^\n]*)|(?P<name>[A-Za-z][\w.]*)|(?P<number>\.?[0-9](?:[eE][+-]|[\w%]|\.[0-9])*)"
    r"|(?P<string>\"[^\"\n]*\"|'[^'\n]*')|(?P<operator>>>|\*\*|\.\.)|(?P<other>\S)"
)
_PAIRS = {")": "(", "]": "["}
_CLOSING = {"(": ")", "[": "]"}
_OPERATORS = frozenset({"|", ">>", "+", "-", "*", "/", "**", "<", ">", "if", "else", "and", "or"})

LIKELY_OPERATORS = {
    ">": ">>", "→": ">>", "⇒": ">>", "➜": ">>", "»": ">>",
    "^": "**", "×": "*", "·": "*", "⋅": "*", "∗": "*", "÷": "/",
    "−": "-", "–": "-", "—": "-",
    "“": "'", "”": "'", "‘": "'", "’": "'", "„": "'",
}  # fmt: skip
_ADVICE = {
    ";": "segments are joined by `>>`, arguments by `,`",
    "%": "a unit is glued to its number: `5%`",
    "$": "a variable is written by its bare name: `peak`",
    "{": "a variable is written by its bare name: `peak`",
    "}": "leave it out",
    "<": "numbers are compared between `if` and `else` only",
    "&": "segments are joined by `>>`, modifiers follow `|`",
    "_": "`_` stands alone, for a default; names begin with a letter",
    ".": "write a digit on both sides: `1.0`",
    '"': "quotes hold one word, and are closed: `'linear'`",
    "'": "quotes hold one word, and are closed: `'linear'`",
    "\\": "quote the whole spec for the shell instead",
}


class _Before(NamedTuple):
    """What stands before a place: the last word, its span, and the brackets still open.

    An open bracket is (bracket, its position, the name glued before it or "").
    """

    word: str
    span: Span
    open: tuple[tuple[str, int, str], ...]
    colon: bool  # whether the entry at hand has its `:` already


def _before(text: str, stop: int) -> _Before:
    word, span, colon = "", Span(0, 0), False
    stack: list[tuple[str, int, str]] = []
    for match in _WORD.finditer(text, 0, stop):
        if match.lastgroup == "comment":
            continue
        found = match[0]
        if found in _CLOSING:
            name = word if word and word[0].isalpha() else ""
            stack.append((found, match.start(), name))
        elif found in _PAIRS and stack and stack[-1][0] == _PAIRS[found]:
            stack.pop()
        if found in ("[", ","):
            colon = False
        elif found == ":":
            colon = True
        word, span = found, Span(match.start(), match.end())
    return _Before(word, span, tuple(stack), colon)


_IN_CONDITION = re.compile(r"\bif\b(?!.*\belse\b)", re.DOTALL)
_CONDITION = "a condition is `n > 0` and the like, joined by `and`, `or`, `not`, without brackets"
_DEFINITION = "a definition is written `def name(a, b=1) = …`"


def report_empty(reporter: Reporter) -> None:
    """Report a text without a spec."""
    fix = "write a schedule such as `cosine(1, 1e-3, 800)`"
    reporter.report(diag.EMPTY, "the spec is empty", Span(0, 1), fix=fix)


def report_stray_character(text: str, start: int, reporter: Reporter) -> None:
    """A character that lrdsl has no use for."""
    character = text[start]
    span = Span(start, start + 1)
    replacement = LIKELY_OPERATORS.get(character)
    fix: str | None
    if character in "<>" and _IN_CONDITION.search(text, 0, start):
        fix, replacement = _CONDITION, None
    elif replacement is not None:
        fix = f"did you mean `{replacement}`?"
    else:
        fix = _ADVICE.get(character)
    if fix is None and character.isalpha():
        fix = "names are made of the letters a to z, digits and `_`"
    shown = character if character.isprintable() else f"U+{ord(character):04X}"
    message = f"`{shown}` has no meaning here"
    reporter.report(diag.STRAY_CHARACTER, message, span, fix=fix, replacement=replacement)


_PLACEHOLDER = re.compile(r"\$\{[^{}\n]*\}")


def report_placeholder(text: str, start: int, reporter: Reporter) -> str | None:
    """An interpolation `${…}` that Hydra has not resolved; its text, or None if there is none."""
    match = _PLACEHOLDER.match(text, start)
    if match is None:
        return None
    name = match[0][2:-1].strip()
    message = f"`{match[0]}` has not been resolved"
    fix = f"outside a config a variable is written bare: `{name}`" if name.isidentifier() else None
    reporter.report(diag.STRAY_CHARACTER, message, Span(match.start(), match.end()), fix=fix)
    return match[0]


def report_unexpected_end(
    text: str, accepted: frozenset[str], only_brackets: bool, reporter: Reporter
) -> None:
    """The text stops too early: an operand is missing, or brackets are open.

    `only_brackets`: what came last was complained about already.
    """
    before = _before(text, len(text))
    if only_brackets:
        pass
    elif "NUMBER" in accepted:
        message = f"the spec ends after `{before.word}`, where {_wanted(before)} is missing"
        reporter.report(diag.INCOMPLETE, message, before.span)
    elif "COLON" in accepted and "RSQB" not in accepted and "PIPE" not in accepted:
        message = "the spec ends in the middle of an entry"
        fix = "an entry is an update and a value: `600:*0.5`"
        reporter.report(diag.INCOMPLETE, message, before.span, fix=fix)
    else:
        special = _special("", before, accepted)
        if special is not None:
            message = f"{special[0]} is missing after `{before.word}`"
            reporter.report(diag.INCOMPLETE, message, before.span, fix=special[1])
    for bracket, position, _ in before.open:
        message = f"this `{bracket}` is never closed"
        fix = f"its `{_CLOSING[bracket]}` is missing"
        reporter.report(diag.UNCLOSED, message, Span(position, position + 1), fix=fix)


def report_unexpected_token(
    text: str, token: Token, accepted: frozenset[str], reporter: Reporter
) -> None:
    """Something stands where something else should."""
    assert token.start_pos is not None
    assert token.end_pos is not None
    before = _before(text, token.start_pos)
    span = Span(token.start_pos, token.end_pos)
    word = str(token)
    special = _special(word, before, accepted)
    if special is not None:
        wanted, fix = special
        place = f" after `{before.word}`" if before.word else ""
        message = f"expected {wanted}{place}, found `{word}`"
        reporter.report(diag.UNEXPECTED, message, span, fix=fix)
    elif word in _PAIRS and (not before.open or before.open[-1][0] != _PAIRS[word]):
        _report_unpaired(word, span, before, reporter)
    elif "NUMBER" in accepted:
        _report_missing_operand(word, span, before, reporter)
    else:
        _report_missing_operator(word, span, before, accepted, reporter)


def _special(word: str, before: _Before, accepted: frozenset[str]) -> tuple[str, str | None] | None:
    """What is wanted in a definition or a condition, and the advice; None elsewhere."""
    if "NUMBER" in accepted:
        return None
    if "ELSE" in accepted:
        return "`else`", "write `==`" if word == "=" else _CONDITION if word else None
    for only, wanted in _WANTED.items():
        if accepted == only:
            return wanted, _DEFINITION
    if before.word == "in" and accepted == {"LSQB"}:
        return "a list of words", "write `[a, b]`"
    if accepted == {"COLON"} or before.word in ("{", "}"):
        return "a name, `:` and a schedule" if before.word == "{" else "`:`", _PROGRAM
    if "RBRACE" in accepted:
        return "`,` or `}`", _PROGRAM
    if accepted in ({"NAME"}, {"NAME", "RPAR"}):
        return "a name", None
    if "DEF" in accepted:
        return "an operator, or the next `def`,", _DEFINITION
    if before.word == "def":
        return (
            "an operator",
            "definitions are given to `lrdsl.define`, or in a file to `lrdsl.load`",
        )
    if word in _CONDITIONAL:
        return "an operator", f"`{word}` stands in a condition: `a if n > 0 else b`"
    return None


_PROGRAM = "a program is `{lr: …, momentum: …}`"
_CONDITIONAL = frozenset({"and", "or", "not", "else", "==", "!=", "<=", ">="})
_WANTED = {
    frozenset({"DEF", "$END"}): "`def`",
    frozenset({"EQUAL"}): "`=` and what it stands for",
    frozenset({"LPAR", "LSQB"}): "the parameters in brackets",
}
"""What a definition wants where nothing but these can follow."""


def _report_unpaired(word: str, span: Span, before: _Before, reporter: Reporter) -> None:
    if not before.open:
        message = f"this `{word}` closes nothing"
        reporter.report(diag.UNOPENED, message, span, fix="leave it out", replacement="")
        return
    bracket = before.open[-1][0]
    closing = _CLOSING[bracket]
    message = f"`{word}` does not close `{bracket}`"
    reporter.report(
        diag.UNOPENED, message, span, fix=f"did you mean `{closing}`?", replacement=closing
    )


def _report_missing_operand(word: str, span: Span, before: _Before, reporter: Reporter) -> None:
    wanted = _wanted(before)
    fix: str | None = None
    if before.word == "," and word in _PAIRS:
        fix = "leave out the comma"
    elif word == "," and before.word in (",", "("):
        fix = "write `_` for a default"
    elif word == "+":
        fix = "leave out the `+`"
    elif before.word == ">" or (before.word == ">>" and word == ">>"):
        fix = "write one `>>`"
    elif word == "*" and before.word == "*":
        fix = "a power is `**`, in one piece"
    place = f"after `{before.word}`" if before.word else "at the start"
    reporter.report(diag.UNEXPECTED, f"expected {wanted} {place}, found `{word}`", span, fix=fix)


def _report_missing_operator(
    word: str, span: Span, before: _Before, accepted: frozenset[str], reporter: Reporter
) -> None:
    fix: str | None = None
    starts_operand = word[0].isalnum() or word[0] in "_.([\"'"
    if not before.open:
        wanted = "an operator such as `>>` or the end"
        if word == "=":
            fix = "`name=value` stands only inside the brackets of a call"
        elif word == ",":
            fix = "segments are joined by `>>`"
        elif word == ":":
            fix = "`update:value` stands only in `interval[…]` and `points[…]`"
        elif starts_operand and word[0].isalpha():
            fix = f"did you mean `>> {word}`?"
    elif before.open[-1][0] == "(":
        wanted = "`,` or `)`" if before.open[-1][2] else "an operator or `)`"
        if word == ":":
            fix = "`update:value` stands only in `interval[…]` and `points[…]`"
        elif word == "=":
            fix = "the name of an argument is a single word"
    elif before.open[-1][2]:
        wanted = "`,` or `]`" if before.colon else "`:` and a value"
        if not before.colon:
            fix = "an entry is an update and a value: `600:*0.5`"
    else:
        wanted = "`,` or `]`"
    message = f"expected {wanted} after `{before.word}`, found `{word}`"
    reporter.report(diag.UNEXPECTED, message, span, fix=fix)


def _wanted(before: _Before) -> str:
    """What should stand after `before`, where an operand belongs."""
    word = before.word
    opening, _, name = before.open[-1] if before.open else ("", 0, "")
    if word == "|":
        return "a modifier"
    if word in ("", ">>") or (word == "(" and not name):
        return "a schedule"
    if word in _OPERATORS:
        return "a value or a schedule"
    if word == "..":
        return "the update where the range ends"
    if word in ("=", ":"):
        return "a value"
    if opening == "[" and name:
        return "an entry such as `600:*0.5`"
    return "a value" if opening == "[" else "an argument"
