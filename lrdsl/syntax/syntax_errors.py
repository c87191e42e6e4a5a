"""Messages about syntax errors, in the words of people who train models.

Each function describes one kind of error; no message speaks of tokens or of the parser.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from lrdsl import diagnostics as diag
from lrdsl.diagnostics import Mistake, Span, ask
from lrdsl.syntax.grammar import CLOSING_BRACKETS, MAX_CHARACTERS, MAX_DEPTH
from lrdsl.syntax.literals import joined_unit

_CONDITION_ADVICE = "write a condition such as `n > 0 and not n > 10`, without brackets"
_DEFINITION_ADVICE = "write a definition as `def name(a, b=1) = …`"
_PROGRAM_ADVICE = "write several schedules as `{lr: …, momentum: …}`"
_ENTRY_ADVICE = "write an entry as an update, `:` and a value: `600:*0.5`"
_COMMA_ADVICE = "separate arguments by `,`"
_DECIMAL_ADVICE = "write a decimal number with a point: `0.1`"
_KEYS = frozenset({"lr", "spec", "schedule", "scheduler", "learning_rate", "weight_decay"})
_COLON_ADVICE = "`update:value` is only for `interval[…]` and `points[…]`"

_WORD_OPERATORS = frozenset({"if", "else", "and", "or", "not", "in"})
_CONDITION_WORDS = frozenset({"and", "or", "not", "else", "==", "!=", "<=", ">="})
_OPERAND_AFTER = {
    "": "a schedule",
    ">>": "a schedule",
    "|": "a modifier",
    "..": "the update where the range ends",
    **dict.fromkeys(["=", ":"], "a value"),
    **dict.fromkeys(["if", "and", "or", "not"], "a condition"),
    **dict.fromkeys(["+", "-", "*", "/", "//", "**", "<", ">", "else"], "a value or a schedule"),
}
"""The operand that belongs after a word, where the word alone decides."""
_OPENING_BRACKETS = {")": "(", "]": "["}

_WORD = re.compile(
    r"(?P<comment>#[^\n]*)|(?P<name>[A-Za-z][\w.]*)|(?P<number>\.?[0-9](?:[eE][+-]|[\w%]|\.[0-9])*)"
    r"|(?P<string>\"[^\"\n]*\"|'[^'\n]*')|(?P<operator>>>|\*\*|//|\.\.)|(?P<other>\S)"
)
"""The words before an error; unlike the grammar, this matches any text."""


class _OpenBracket(NamedTuple):
    """A bracket that is not closed yet, and the name directly before it, or ""."""

    bracket: str
    position: int
    name: str


class _Context(NamedTuple):
    """The text before an error: its last word, and the brackets that are open."""

    word: str
    span: Span
    open: tuple[_OpenBracket, ...]
    has_colon: bool
    """Whether the entry at the end of the text has its `:`."""

    @property
    def is_in_entry(self) -> bool:
        """Whether the innermost open bracket is that of `interval[…]` and the like."""
        return bool(self.open) and self.open[-1].bracket == "[" and self.open[-1].name != ""

    @property
    def place(self) -> str:
        """The place after the last word, for a message."""
        return f"after `{self.word}`" if self.word else "at the start"


def _read_context(text: str, stop: int) -> _Context:
    word, span, has_colon = "", Span(0, 0), False
    stack: list[_OpenBracket] = []
    for match in _WORD.finditer(text, 0, stop):
        if match.lastgroup == "comment":
            continue
        found = match[0]
        if found in ("(", "["):
            name = word if word[:1].isalpha() and word not in _WORD_OPERATORS else ""
            stack.append(_OpenBracket(found, match.start(), name))
        elif found in _OPENING_BRACKETS and stack and stack[-1][0] == _OPENING_BRACKETS[found]:
            stack.pop()
        has_colon = found == ":" or (has_colon and found not in ("[", ","))
        word, span = found, Span(*match.span())
    return _Context(word, span, tuple(stack), has_colon)


def too_long(size: int) -> Mistake:
    """The mistake of a text of more than `MAX_CHARACTERS` bytes."""
    message = f"the spec has {size:,} bytes, and the limit is {MAX_CHARACTERS:,}"
    return Mistake(diag.TOO_LONG, message, Span(0, 1))


def too_deep(start: int) -> Mistake:
    """The mistake of a text that is nested too deeply at a position."""
    message = f"the spec is nested deeper than {MAX_DEPTH} levels"
    fix = "write it flat, as a chain with `>>`"
    return Mistake(diag.TOO_DEEP, message, Span(start, start + 1), fix=fix)


def too_many_modifiers(start: int) -> Mistake:
    """The mistake of a schedule that too many modifiers follow."""
    message = f"more than {MAX_DEPTH} modifiers follow this schedule"
    return Mistake(diag.TOO_DEEP, message, Span(start, start + 1), fix="use fewer modifiers")


def empty() -> Mistake:
    """The mistake of a text without a spec."""
    fix = "write a schedule such as `cosine(1, 1e-3, 800)`"
    return Mistake(diag.EMPTY, "the spec is empty", Span(0, 1), fix=fix)


def unexpected_end(text: str, accepted: frozenset[str], only_brackets: bool) -> list[Mistake]:
    """The mistakes of a text that ends too early: an operand is missing, or brackets are open.

    With `only_brackets` the end of the text has been reported already.
    """
    context = _read_context(text, len(text))
    if "NUMBER" in accepted:
        expected: tuple[str, str | None] | None = (_describe_operand(context), None)
    elif context.is_in_entry and not context.has_colon:
        expected = "`:` and a value", _ENTRY_ADVICE
    else:
        expected = _describe_special("", context, accepted)
    mistakes: list[Mistake] = []
    if expected is not None and not only_brackets:
        message = f"expected {expected[0]} {context.place}, but the text ends"
        mistakes.append(Mistake(diag.INCOMPLETE, message, context.span, fix=expected[1]))
    for bracket, position, _ in context.open:
        message = f"this `{bracket}` is never closed"
        fix = f"add the missing `{CLOSING_BRACKETS[bracket]}`"
        mistakes.append(Mistake(diag.UNCLOSED, message, Span(position, position + 1), fix=fix))
    return mistakes


def unexpected_word(text: str, span: Span, accepted: frozenset[str]) -> Mistake:
    """The mistake of a word that the grammar does not allow in its place."""
    word, context = text[span.start : span.stop], _read_context(text, span.start)
    joined = joined_unit(context.word, word) if "NUMBER" not in accepted else None
    if joined is not None:
        message = f"the unit stands directly after its number: `{joined}`"
        both = Span(context.span.start, span.stop)
        return Mistake(diag.BAD_NUMBER, message, both, fix=ask(joined), replacement=joined)
    expected = _describe_special(word, context, accepted)
    if expected is None and word in _OPENING_BRACKETS:
        if not context.open:
            message = f"this `{word}` has no opening `{_OPENING_BRACKETS[word]}`"
            return Mistake(diag.UNOPENED, message, span, fix="leave it out", replacement="")
        bracket = context.open[-1].bracket
        if bracket != _OPENING_BRACKETS[word]:
            closing = CLOSING_BRACKETS[bracket]
            message = f"`{word}` does not close `{bracket}`"
            return Mistake(diag.UNOPENED, message, span, fix=ask(closing), replacement=closing)
    if expected is not None:
        wanted, fix = expected
    elif "NUMBER" in accepted:
        wanted, fix = _describe_operand(context), _advise_on_operand(word, context)
    else:
        wanted, fix = _describe_operator(word, context, context.span.stop == span.start)
    message = f"expected {wanted} {context.place}, found `{word}`"
    if word == "then" and "THEN" in accepted:
        return Mistake(diag.UNEXPECTED, message, span, fix=ask(">>"), replacement=">>")
    return Mistake(diag.UNEXPECTED, message, span, fix=fix)


_WANTED_IN_DEFINITION = {
    frozenset({"DEF", "$END"}): "`def`",
    frozenset({"EQUAL"}): "`=` and the body of the definition",
    frozenset({"LPAR", "LSQB"}): "the parameters in brackets",
}
"""The thing expected in a definition where the grammar accepts these tokens alone."""


def _describe_special(
    word: str, context: _Context, accepted: frozenset[str]
) -> tuple[str, str | None] | None:
    """The thing expected in a definition or a condition, with advice; None elsewhere."""
    if context.word == "in" and "LSQB" in accepted:
        return "a list of words, or bounds,", "write `[a, b]`, or `0..1`"
    if "NUMBER" in accepted:
        return None
    if "WORDS" in accepted:
        return "words in double quotes", 'write `error("some words")`'
    if "ELSE" in accepted:
        advice_by_word = {"": "write `a if n > 0 else b`", "=": "compare with `==`"}
        return "`else`", advice_by_word.get(word, _CONDITION_ADVICE)
    if accepted in _WANTED_IN_DEFINITION:
        return _WANTED_IN_DEFINITION[accepted], _DEFINITION_ADVICE
    if accepted == {"COLON"} and context.is_in_entry:
        return "`:` and a value", _ENTRY_ADVICE
    if accepted == {"COLON"} or context.word in ("{", "}"):
        wanted = "a name, `:` and a schedule" if context.word == "{" else "`:`"
        return wanted, _PROGRAM_ADVICE
    if "RBRACE" in accepted:
        return "`,` or `}`", _PROGRAM_ADVICE
    if accepted in ({"NAME"}, {"NAME", "RPAR"}):
        return "a name", None
    if "DEF" in accepted:
        return "an operator, or the next `def`,", _DEFINITION_ADVICE
    if context.word == "def":
        advice = "give definitions to `lrdsl.define`, or a file of them to `lrdsl.load`"
        return "an operator", advice
    if word in _CONDITION_WORDS:
        return "an operator", f"`{word}` belongs in a condition: `a if n > 0 else b`"
    return None


def _describe_operand(context: _Context) -> str:
    """The operand that belongs after the context, where the grammar wants one."""
    bracket, _, name = context.open[-1] if context.open else ("", 0, "")
    if context.word == "(" and not name:
        return "a schedule"
    if context.word in _OPERAND_AFTER:
        return _OPERAND_AFTER[context.word]
    if bracket == "[":
        return "an entry such as `600:*0.5`" if name else "a value"
    return "an argument"


def _advise_on_operand(word: str, context: _Context) -> str | None:
    """Advice about a word that stands where an operand belongs."""
    before = context.word
    if before == "," and word in _OPENING_BRACKETS:
        return "leave out the comma"
    if word == "," and before in (",", "("):
        return "write `_` for the default"
    if word == "+":
        return "leave out the `+`"
    if before == ">" or (before == ">>" and word == ">>"):
        return "write one `>>`"
    if word == "|" and before == "|":
        return "write one `|`"
    if word == ">>" and not before:
        return "leave it out: a chain begins with a schedule"
    if word == "|" and not before:
        return "write what it modifies in front: `base | clip(0, 1)`"
    if word[:1] in ("'", '"') and not before:
        return "leave out the quotes"
    if word in ("//", "/") and not before:
        return "a comment begins with `#`"
    if word == "*" and before == "*":
        return "write a power as `**`, without a space"
    return None


def _describe_operator(word: str, context: _Context, is_glued: bool) -> tuple[str, str | None]:
    """The thing expected after a complete operand, with advice about the word found there.

    `is_glued` says that there is no space between the two.
    """
    if word in ("mod", "div"):
        meant = "mod(a, b)" if word == "mod" else "a // b"
        return "an operator", f"write `{meant}`"
    if not context.open:
        wanted = "an operator such as `>>`, or the end,"
        is_decimal = is_glued and context.word.replace(".", "").isdigit()
        advice = {
            "=": "write the schedule alone; `name=value` is only for the arguments of a call",
            ",": _DECIMAL_ADVICE if is_decimal else "join segments by `>>`",
            ":": _COLON_ADVICE,
            "..": "a range belongs in `interval[…]`",
        }
        joined = "join segments by `>>`, and write modifiers after `|`"
        if word == ":" and context.word in _KEYS:
            return wanted, "write the schedule alone, without its key"
        if context.word == "return":
            return wanted, "write the schedule alone"
        return wanted, advice.get(word) or _after_name(word, context) or (
            joined if word[0].isalpha() else None
        )
    bracket, _, name = context.open[-1]
    if bracket == "(":
        advice = {
            ":": _COLON_ADVICE,
            "=": "the name of an argument is a single word",
            "..": _COMMA_ADVICE,
            "to": _COMMA_ADVICE,
        }
        known = advice.get(word) or _after_name(word, context)
        return "`,` or `)`" if name else "an operator or `)`", known
    if name and not context.has_colon:
        return "`:` and a value", _ENTRY_ADVICE
    if word == ":":
        return "`,` or `]`", "write a range as `10..20`"
    return "`,` or `]`", "write a factor as `*0.5`" if context.word[:1] == "x" else None


_INFIX = frozenset({"to", "mod", "div", "then", "times", "by"})
"""Words that others write between two operands."""


def _after_name(word: str, context: _Context) -> str | None:
    """Advice about a number that follows another, or a name that is called."""
    if word[0].isdigit() and context.word.isalpha() and context.word not in _INFIX:
        in_call = bool(context.open) and context.open[-1].name
        return _COMMA_ADVICE if in_call else f"write a call as `{context.word}({word})`"
    if word[0] == "'" and word[1:-1].isdigit() and context.word.isdigit():
        return "write the digits of a number together, or with `_`: `1_000`"
    if len(word) == 3 and word.isdigit() and context.word.isdigit():
        return f"write the digits of a number together: `{context.word}_{word}`"
    return None
