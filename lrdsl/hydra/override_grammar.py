"""Hydra's own grammar of overrides: whether it reads an override, or a key."""

from __future__ import annotations

import functools
import itertools
from typing import Any

from antlr4 import CommonTokenStream, InputStream
from antlr4.error.ErrorListener import ErrorListener
from hydra.core.override_parser.overrides_parser import OverridesParser, create_functions
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from hydra.grammar.gen.OverrideLexer import OverrideLexer
from hydra.grammar.gen.OverrideParser import OverrideParser
from omegaconf.errors import OmegaConfBaseException

FUNCTIONS = frozenset(create_functions().functions)
"""The functions of Hydra's overrides; lrdsl never calls a shape by one of these names."""


class _RaiseOnSyntaxError(ErrorListener):  # type: ignore[misc]
    def syntaxError(self, *about: Any) -> None:
        raise HydraException


def hydra_accepts(override: str) -> bool:
    """Whether Hydra reads an override: its grammar has it, and all its functions are Hydra's.

    Nothing is evaluated, so that what is random stays as it would be; a function of Hydra's that
    is called in a wrong way counts as read, since Hydra is to say so.

    >>> hydra_accepts("lr=choice(0.1,0.3)"), hydra_accepts("lr=cosine(1,0,800)")
    (True, False)
    >>> hydra_accepts("lr=a >> b")
    False
    """
    lexer = OverrideLexer(InputStream(override))
    stream = CommonTokenStream(lexer)
    parser = OverrideParser(stream)
    for each in (lexer, parser):
        each.removeErrorListeners()
        each.addErrorListener(_RaiseOnSyntaxError())
    try:
        parser.override()  # type: ignore[no-untyped-call]
    except (HydraException, RecursionError):
        return False
    # In Hydra's grammar each round bracket follows the name of a function.
    pairs = itertools.pairwise(stream.tokens)
    return FUNCTIONS.issuperset([a.text for a, b in pairs if b.type == OverrideLexer.POPEN])


@functools.lru_cache(maxsize=256)
def is_key(text: str) -> bool:
    """Whether a text is what stands before the `=` of an override.

    >>> is_key("+model.lr"), is_key("schedule@lr"), is_key("lr "), is_key("a=b")
    (True, True, False, False)
    """
    return bool(text) and "=" not in text and hydra_accepts(f"{text}=x")


def value_of(text: str) -> Any:
    """The value that Hydra reads in a text; None for one that it cannot read, and for a sweep.

    >>> value_of("[1, 'a b']"), value_of("a >> b")
    ([1, 'a b'], None)
    """
    read = _read(text)
    return None if read is None or read.is_sweep_override() else read.value()


def values_of(text: str, most: int) -> list[str] | None:
    """The values of a sweep, each as Hydra takes it; None for one without an end, or of more.

    >>> values_of("range(1,4)", 9), values_of("interval(0,1)", 9), values_of("range(1,4)", 2)
    (['1', '2', '3'], None, None)
    """
    read = _read(text)
    if read is None or read.is_interval_sweep():
        return None
    if not read.is_sweep_override():
        return [text]
    values = list(itertools.islice(read.sweep_string_iterator(), most + 1))
    return values if len(values) <= most else None


def _read(text: str) -> Override | None:
    try:
        return OverridesParser.create().parse_override(f"k={text}")
    except (HydraException, OmegaConfBaseException, RecursionError):
        return None
