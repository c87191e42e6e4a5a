"""Specs without Hydra's quotes on Hydra's command line.

The rule: what Hydra reads is Hydra's, and stays as it is. In what it cannot read, each value that
is a spec gets the quotes that it lacks, alone, between the commas of a sweep, in a list or a
mapping. What is neither stays as it is too, so that Hydra says what is wrong with it.

Where a config group takes schedules, a number, a list or a mapping is one too, and becomes the name
of an option. `choice("a(1)","b(2)")` becomes `"a(1)","b(2)"`, which means the same: Hydra's
sweepers lose the quotes inside of `choice`.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from typing import NamedTuple

from lrdsl.hydra import override_grammar
from lrdsl.hydra.quoting import in_quotes
from lrdsl.hydra.spec_options import MAX_NESTING, as_option, is_spec
from lrdsl.hydra.tree_text import tree_text
from lrdsl.hydra.value_splitter import BracketedValue, parse_bracketed, split
from lrdsl.syntax.grammar import MAX_CHARACTERS, MAX_DEPTH
from lrdsl.util.near_names import near

MAX_VALUES = 1000
"""An override with more values than this, which Hydra cannot read, is left to Hydra."""

_REFERENCE_MARK = re.compile(r"(?<!\\)\$\{")
_BRACKET = re.compile(r"[()\[\]{}]")
_SWEEPS = ("choice", "range", "interval", "glob", "tag", "sort", "shuffle")
_CALL = re.compile(r"\s*([A-Za-z]\w*)\s*\(", re.ASCII)


class QuotedOverride(NamedTuple):
    """An override as Hydra is to receive it, and what the user should know of it, if anything."""

    text: str
    note: str = ""


def _is_no_group(key: str) -> bool:
    return False


def quote_override(
    argument: str, takes_schedules: Callable[[str], bool] = _is_no_group
) -> QuotedOverride:
    """An argument of the command line, with quotes around the specs that Hydra could not read.

    `takes_schedules` says of a key whether it is that of a config group with schedules.

    >>> quote_override("lr=warmup(100) >> cosine(1, 0, 800)").text
    'lr="warmup(100) >> cosine(1, 0, 800)"'
    >>> quote_override("lr=cosine(1,0,800),0.1,'a,b'").text
    'lr="cosine(1,0,800)",0.1,\\'a,b\\''
    >>> quote_override("lr=choice(0.1,0.3)").text
    'lr=choice(0.1,0.3)'
    >>> quote_override("schedule=0.1,wsd", lambda key: key == "schedule").text
    'schedule="0.1",wsd'
    """
    if not _is_worth_reading(argument):
        return QuotedOverride(argument)
    key, sign, value = argument.partition("=")
    is_key = bool(sign) and override_grammar.is_key(key)
    is_choice = is_key and not key.startswith("~") and takes_schedules(key)
    if override_grammar.hydra_accepts(argument) and not is_choice:
        return QuotedOverride(f"{key}={_without_choice(value)}" if is_key else argument)
    try:
        if not is_key:
            return QuotedOverride(argument, _key_note(argument))
        if not is_choice and _takes_no_spec(key):
            return QuotedOverride(argument, _placement_note(key, value))
        reader = _Reader(key)
        text = f"{key}={reader.choices(value) if is_choice else reader.value(value)}"
    except _NotASpec as why:
        return QuotedOverride(argument, str(why))
    if not override_grammar.hydra_accepts(text):
        return QuotedOverride(argument)
    return QuotedOverride(text, reader.note)


class _NotASpec(Exception):
    """A value that is no spec; the message, if any, is for the user."""


class _Reader:
    """Reads the value of one override."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.note = ""
        self.is_one_of_several = False
        self.is_choice = False
        self._left = MAX_VALUES

    def value(self, text: str) -> str:
        """A whole value: one element, or some between commas."""
        whole = parse_bracketed(text)
        if whole and (whole.name, whole.opening) == ("choice", "("):
            text = whole.inside
        elif is_spec(text) and not (whole and _is_hydra_value(whole)):
            return self._as_text(text)  # there may be commas in a comment
        return self._each(text, 0)

    def choices(self, text: str) -> str:
        """A whole value of a config group: names of options, and schedules in their place."""
        self.is_choice = True
        whole = parse_bracketed(text)
        is_one = is_spec(text) and as_option(text) is not None
        if is_one and not (whole and _is_hydra_value(whole)):
            written = [self._as_text(text)]
        else:
            parts = self._parts(_without_choice(text), 0)
            written = [each for part in parts for each in split(self._element(part, 0), ",")]
        return ",".join([_choice(each) for each in written])

    def _each(self, text: str, depth: int) -> str:
        """The values between commas, in so many brackets."""
        return ",".join([self._element(part, depth) for part in self._parts(text, depth)])

    def _fields(self, text: str, depth: int) -> str:
        """The fields of a mapping."""
        pairs = [split(part, ":", 1) for part in self._parts(text, depth)]
        if any([len(pair) == 1 for pair in pairs]):
            raise _NotASpec
        return ",".join([f"{name}:{self._element(value, depth)}" for name, value in pairs])

    def _values_of(self, function: str, text: str) -> str:
        """The values of a sweep that stands among those of another, which Hydra cannot read."""
        values = override_grammar.values_of(text.strip(), MAX_VALUES)
        if values is None:
            message = f"Hydra's `{function}(…)` cannot stand beside other values of a sweep"
            raise _NotASpec(message)
        return ",".join(values)

    def _parts(self, text: str, depth: int) -> list[str]:
        parts = split(text, ",", self._left)
        self.is_one_of_several |= depth == 0 and len(parts) > 1
        self._left -= len(parts)
        if self._left < 0 or depth > MAX_NESTING:
            limit = f"of more than {MAX_VALUES} values" if self._left < 0 else "nested so deep"
            raise _NotASpec(f"in an override {limit} lrdsl quotes nothing")
        return parts

    def _element(self, text: str, depth: int) -> str:
        whole = parse_bracketed(text)
        if override_grammar.hydra_accepts(f"k={text.strip()}"):
            if depth == 0 and whole and whole.name in _SWEEPS and self.is_one_of_several:
                return self._values_of(whole.name, text)
            return text
        if whole and _is_hydra_value(whole):
            if whole.name:
                message = f"Hydra's `{whole.name}(…)` takes no schedules; a sweep is `a(1),b(2)`"
                raise _NotASpec(message)
            inner = self._each if whole.opening == "[" else self._fields
            return whole.around(inner(whole.inside, depth + 1))
        if is_spec(text) or self._is_meant_as_spec(text):
            return self._as_text(text)
        raise _NotASpec

    def _as_text(self, text: str) -> str:
        text = text.strip()
        call = _CALL.match(text)
        meant = call and near(call[1], override_grammar.FUNCTIONS, alike=0.8)
        if call and meant and not self.note:
            from lrdsl.language.language import current

            note = f"`{call[1]}(…)` goes to the app as text; Hydra's function is `{meant}`"
            self.note = "" if call[1] in current() else note
        return in_quotes(text)

    def _is_meant_as_spec(self, text: str) -> bool:
        """Whether a text with mistakes is a spec all the same, so that lrdsl is to explain them."""
        from lrdsl.linter.sources.heuristics import calls_known, is_spec_key, looks_like_spec

        name = re.split(r"[.@+~]", self.key)[-1]
        is_place = self.is_choice or is_spec_key(name)
        return looks_like_spec(text) if is_place else calls_known(text)


def _choice(written: str) -> str:
    """One option, as Hydra reads it: a schedule as quoted text, its references for later."""
    spec = _as_schedule(override_grammar.value_of(written))
    return written if spec is None else in_quotes(_REFERENCE_MARK.sub(r"\\${", spec))


def _as_schedule(value: object) -> str | None:
    """The text of the schedule that a value for a config group is; None for names of options."""
    if isinstance(value, str):
        return value if as_option(value) is not None else None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return repr(value)
    return tree_text(value)


def _without_choice(text: str) -> str:
    """The values of a `choice` with schedules, between bare commas; anything else as it is."""
    whole = parse_bracketed(text)
    if whole is None or (whole.name, whole.opening) != ("choice", "("):
        return text
    return whole.inside if _calls_known(whole.inside) else text


def _is_worth_reading(argument: str) -> bool:
    """Whether an argument may hold a spec, by its size: Hydra takes long for deep brackets."""
    if len(argument) > MAX_CHARACTERS:
        return False
    steps = [1 if each in "([{" else -1 for each in _BRACKET.findall(argument)]
    return max(itertools.accumulate(steps), default=0) <= MAX_DEPTH


def _is_hydra_value(value: BracketedValue) -> bool:
    """Whether a value is a call of one of Hydra's functions, a list or a mapping."""
    return value.name in override_grammar.FUNCTIONS if value.name else value.opening != "("


def _calls_known(text: str) -> bool:
    if "(" not in text and "[" not in text:  # an option, say: nothing need be imported for it
        return False
    from lrdsl.linter.sources.heuristics import calls_known

    return calls_known(text)


def _takes_no_spec(key: str) -> bool:
    """Whether a key is a config group's, or one of Hydra's own."""
    bare = key.lstrip("+~")
    return "@" in bare or "/" in bare or bare.partition(".")[0] == "hydra"


def _key_note(argument: str) -> str:
    """The note on an argument that has no key, or a wrong one."""
    if not _calls_known(argument):
        return ""
    name = argument.partition("=")[0].strip(" -")
    shown = name if override_grammar.is_key(name) else "lr"
    return f"an override is a key, `=` and the value, in one piece: {shown}='…'"


def _placement_note(key: str, value: str) -> str:
    """The note on a spec that is given to a config group, or to Hydra."""
    if not _calls_known(value):
        return ""
    group, _, package = key.lstrip("+~").partition("@")
    if package:
        return f"`{key}` chooses an option by its name; a schedule goes to its key: {package}='…'"
    if group.partition(".")[0] == "hydra":
        return f"values of Hydra's own keys need Hydra's quotes: '{key}=\"…\"'"
    return f"`{key}` chooses an option by its name; a schedule goes to a key"
