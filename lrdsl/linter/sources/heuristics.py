"""Heuristics: whether a text, wherever it stands, is meant as a spec."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from lrdsl.language.language import current
from lrdsl.language.reserved import RESERVED
from lrdsl.syntax import ast
from lrdsl.syntax.parser import parse_spec
from lrdsl.syntax.spec import as_number
from lrdsl.util.near_names import is_near

_NUMBER = re.compile(r"[-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
MAX_NUMBER_CHARACTERS = 64
_CALL = re.compile(r"(?<![\w.])([A-Za-z][\w.]*)[ \t]*[(\[]")
_SENTENCE = re.compile(r"\w[ \t]+\(|\w[ \t]+[A-Za-z]")
MIN_LIKENESS = 0.75
"""How much a mistyped name is like the one that is meant."""

_WORD = re.compile(r"[A-Za-z]\w*(?:\.[A-Za-z]\w*)*")
_DEFINITION = re.compile(r"^[ \t]*def\s+([A-Za-z][\w.]*)", re.MULTILINE)
_REFERENCE = re.compile(r"\$\{[^${}]*\}")
_SPEC_KEY = re.compile(r"spec|(?:.*_)?lr")


def _schedules() -> frozenset[str]:
    # Not cached: shapes and definitions can be made known at any time.
    language = current()
    return frozenset([*language.shapes, *language.definitions])


def is_spec_key(name: str) -> bool:
    """Whether a key is one for specs: `spec`, `lr`, `…_lr`."""
    return _SPEC_KEY.fullmatch(name) is not None


def calls_known(text: str) -> bool:
    """Whether a shape, a modifier or a definition is called anywhere in a text.

    >>> calls_known("hm: cosine(1"), calls_known("print(1)")
    (True, False)
    """
    return not _schedules().isdisjoint(called(text))


def is_surely_meant(text: str) -> bool:
    """Whether a text at a place for specs is lrdsl's: it calls a shape, or one that is mistyped.

    A text that calls nothing of the kind is of another small language, and a bracket behind a space
    is one of a sentence.

    >>> is_surely_meant("warmpu(1) >> hm()"), is_surely_meant("loguniform(1e-5, 0.1)")
    (True, False)
    >>> is_surely_meant("cosine(1, 0"), is_surely_meant("cosine (as in the paper)")
    (True, False)
    """
    known, names = _schedules(), called(text)
    if names.isdisjoint(known) and not any([is_near(name, known, MIN_LIKENESS) for name in names]):
        return False
    return not _SENTENCE.search(text) or not parse_spec(text).diagnostics


def is_reference(text: object) -> bool:
    """Whether a text is one reference and nothing else.

    >>> is_reference("${total}"), is_reference("${total}0")
    (True, False)
    """
    return isinstance(text, str) and _REFERENCE.fullmatch(text) is not None


def is_number(text: str) -> bool:
    """Whether a text is a number as Python writes it.

    >>> is_number("1e-4"), is_number("1_000"), is_number("5ep")
    (True, True, False)
    """
    return len(text) <= MAX_NUMBER_CHARACTERS and _NUMBER.fullmatch(text) is not None


def as_text_number(text: str) -> int | float | None:
    """The number that a text is; None for anything else.

    >>> as_text_number("1e3"), as_text_number("5ep")
    (1000, None)
    """
    if not is_number(text):
        return None
    number = float(text)
    return int(number) if number.is_integer() else number


def calls_schedule(text: str) -> bool:
    """Whether a text that can stand anywhere is a spec: it calls a shape, and nothing unknown.

    >>> calls_schedule("warmup(100) >> hold()"), calls_schedule("see cosine(x)")
    (True, False)
    >>> calls_schedule("max(1, 2)"), calls_schedule("conv(3) >> linear(10, 5)")
    (False, False)
    """
    schedules = _schedules()
    if called(text).isdisjoint(schedules):
        return False
    parsed = parse_spec(text)
    if parsed.diagnostics:
        return False
    nodes = [node for node, _ in ast.walk(parsed.value)]
    names = {node.name.id for node in nodes if isinstance(node, (ast.Call, ast.Bracket))}
    return not names.isdisjoint(schedules) and all([name in current() for name in names])


def looks_like_spec(text: str, words: frozenset[str] = frozenset()) -> bool:
    """Whether a text at a place for specs is one: it has brackets or operators, or is a known name.

    Other words under `lr` in the configs of other programs, `auto` for example, are no specs, and
    neither are names of files. `words` are names that count although lrdsl does not know them.

    >>> looks_like_spec("warmp(100) >> hold()"), looks_like_spec("wsd"), looks_like_spec("auto")
    (True, True, False)
    """
    text = text.strip()
    if _WORD.fullmatch(text):
        return text in words or text in _schedules()
    return _CALL.search(text) is not None or ">>" in text or is_number(text)


def looks_like_program(specs: Mapping[str, Any]) -> bool:
    """Whether a mapping at the place of a spec is a program: all its values can be read as specs.

    At least one of them must look like a spec and not be a mere number, or it is a mapping with the
    options of an optimizer.

    >>> looks_like_program({"lr": "cosine()", "weight_decay": {"head": 0, "*": "0.1 * lr"}})
    True
    >>> looks_like_program({"lr": 0.1, "scheduler": "my_scheduler"})
    False
    """
    if "_target_" in specs or "spec" in specs:
        return False
    values = [each for name, each in specs.items() if name != "definitions"]
    every = [one for x in values for one in (x.values() if isinstance(x, Mapping) else [x])]
    texts = [each for each in every if isinstance(each, str)]
    if not all([isinstance(each, str) or as_number(each) is not None for each in every]):
        return False
    likely = [text for text in texts if looks_like_spec(text) and not is_number(text.strip())]
    others = [text for text in texts if text not in likely]
    return bool(likely) and not any([parse_spec(text).diagnostics for text in others])


def may_reckon(text: str, names: Collection[str]) -> bool:
    """Whether a text has one of some names in it, and more.

    >>> may_reckon("0.1 * lr", {"lr"}), may_reckon("lr", {"lr"}), may_reckon("slr", {"lr"})
    (True, False, False)
    """
    return text not in names and any([word in names for word in _WORD.findall(text)])


def program_members(entries: Mapping[str, Any]) -> frozenset[str]:
    """The keys of a mapping, wherever it stands, whose values make a program; none if none do.

    Where a text reckons with another entry, which calls a shape or is a number, these are one, with
    all others that call shapes.

    >>> entries = {"lr": "cosine(1, 0, 9)", "wd": "0.1 * lr", "monitor": "lr", "epochs": 3}
    >>> sorted(program_members(entries))
    ['lr', 'wd']
    >>> program_members({"fast": "cosine(1, 0, 9)", "slow": "cosine(1, 0, 99)", "name": "a - b"})
    frozenset()
    """
    texts = {
        key: [*each.values()] if isinstance(each, Mapping) else [each]
        for key, each in entries.items()
    }
    calling = frozenset(
        [
            key
            for key, own in texts.items()
            if any([isinstance(x, str) and _calls_at(key, x) for x in own])
        ]
    )
    numbers = [key for key, own in texts.items() if all(map(_is_number_as_written, own))]
    named: dict[str, frozenset[str]] = {}
    for key, own in texts.items() if calling else ():
        others = calling.union(numbers) - {key}
        found = [_reckoned_with(x, others, calling) for x in own if isinstance(x, str)]
        if any(found):
            named[key] = frozenset().union(*found)
    return calling.union(named, *named.values()) if named else frozenset()


def _is_number_as_written(value: object) -> bool:
    return is_number(value) if isinstance(value, str) else as_number(value) is not None


def _calls_at(key: str, text: str) -> bool:
    is_number_text = is_number(text.strip())
    return calls_schedule(text) or (
        is_spec_key(key) and not is_number_text and calls_known(text) and looks_like_spec(text)
    )


def _reckoned_with(text: str, others: frozenset[str], calling: frozenset[str]) -> frozenset[str]:
    """The other entries that a text reckons with, if it is a spec that knows all it names."""
    if others.isdisjoint(_WORD.findall(text)):
        return frozenset()
    parsed = parse_spec(text)
    if parsed.diagnostics or isinstance(parsed.value, ast.Name):
        return frozenset()
    nodes = [node for node, _ in ast.walk(parsed.value)]
    names = frozenset([node.id for node in nodes if isinstance(node, ast.Name)])
    called_names = {x.name.id for x in nodes if isinstance(x, (ast.Call, ast.Bracket))}
    is_known = all([name in current() for name in called_names])
    found = names & others
    # Numbers alone may be anything: `a - 1` beside `a: 2`.
    is_spec = bool(found & calling) or not called_names.isdisjoint(_schedules())
    return found if is_known and is_spec and names <= others | RESERVED else frozenset()


def defines(text: str) -> bool:
    """Whether a text holds definitions.

    >>> defines("def half(a) = a / 2"), defines("openapi.json")
    (True, False)
    """
    return _DEFINITION.search(text) is not None


def called(text: str) -> frozenset[str]:
    """The names that a text calls, as far as one can tell without parsing it.

    >>> sorted(called("warmup(9) >> half(1)"))
    ['half', 'warmup']
    """
    return frozenset(_CALL.findall(text))
