"""Hydra's own grammar of overrides: whether it reads an override, or a key."""

from __future__ import annotations

import functools
import itertools
from typing import Any

from antlr4 import CommonTokenStream, InputStream
from antlr4.error.ErrorListener import ErrorListener
from hydra.core.override_parser.overrides_parser import create_functions
from hydra.errors import HydraException
from hydra.grammar.gen.OverrideLexer import OverrideLexer
from hydra.grammar.gen.OverrideParser import OverrideParser

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
