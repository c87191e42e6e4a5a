"""Hydra's own grammar of overrides: whether it reads an override, or a key."""

from __future__ import annotations

import functools
from typing import Any

from antlr4 import CommonTokenStream, InputStream, ParserRuleContext
from antlr4.error.ErrorListener import ErrorListener
from hydra.core.override_parser.overrides_parser import create_functions
from hydra.grammar.gen.OverrideLexer import OverrideLexer
from hydra.grammar.gen.OverrideParser import OverrideParser

FUNCTIONS = frozenset(create_functions().functions)
"""The functions of Hydra's overrides; lrdsl never calls a shape by one of these names."""


def hydra_accepts(override: str) -> bool:
    """Whether Hydra reads an override: its grammar has it, and all its functions are Hydra's.

    Nothing is evaluated, so that what is random stays as it would be; a function of Hydra's that
    is called in a wrong way counts as read, since Hydra is to say so.

    >>> hydra_accepts("lr=choice(0.1,0.3)"), hydra_accepts("lr=cosine(1,0,800)")
    (True, False)
    >>> hydra_accepts("lr=a >> b")
    False
    """
    try:
        tree = _parsed(override)
    except (_NotAnOverride, RecursionError):
        return False
    waiting: list[Any] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, OverrideParser.FunctionContext):
            name = str(node.ID())  # type: ignore[no-untyped-call]
            if name not in FUNCTIONS:
                return False
        if isinstance(node, ParserRuleContext):
            waiting.extend(node.getChildren())
    return True


@functools.lru_cache(maxsize=256)
def is_key(text: str) -> bool:
    """Whether a text is what stands before the `=` of an override.

    >>> is_key("+model.lr"), is_key("schedule@lr"), is_key("lr "), is_key("a=b")
    (True, True, False, False)
    """
    return bool(text) and "=" not in text and hydra_accepts(f"{text}=x")


class _NotAnOverride(Exception):
    pass


class _RaiseOnSyntaxError(ErrorListener):  # type: ignore[misc]
    def syntaxError(self, *about: Any) -> None:
        raise _NotAnOverride


def _parsed(override: str) -> ParserRuleContext:
    listener = _RaiseOnSyntaxError()
    lexer = OverrideLexer(InputStream(override))
    parser = OverrideParser(CommonTokenStream(lexer))
    for each in (lexer, parser):
        each.removeErrorListeners()
        each.addErrorListener(listener)
    tree: ParserRuleContext = parser.override()  # type: ignore[no-untyped-call]
    return tree
