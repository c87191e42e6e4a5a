"""Conditions: what stands between `if` and `else`.

A condition is decided once, before any value is known: it compares numbers, or words with quoted
words, or asks whether something is `none`, that is, unknown or not given.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, NamedTuple

from lrdsl import diagnostics as diag
from lrdsl.compiler.context import Context
from lrdsl.diagnostics import Mistake
from lrdsl.syntax import ast
from lrdsl.syntax.unparse import unparse_short

_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def word_of(node: ast.Node) -> str | None:
    """The word that a node is, bare or quoted; None if it is no word.

    >>> word_of(ast.String("cos")), word_of(ast.Name("cos")), word_of(ast.Number(1.0))
    ('cos', 'cos', None)
    """
    match node:
        case ast.Name(id=word) | ast.String(value=word) | ast.Keyword(word=word):
            return word
        case ast.Default():
            return "_"
    return None


class Conditions(NamedTuple):
    """Decides conditions.

    `numbers` evaluates the two sides of a comparison, None where one is at fault. `context` is the
    run, None if it is not known yet.
    """

    numbers: Callable[[ast.Node, ast.Node], tuple[Any, Any] | None]
    context: Context | None
    mistakes: list[Mistake]

    def decide(self, node: ast.Node) -> bool | None:
        """Whether a condition holds; None, with the mistake noted, if it cannot be decided."""
        match node:
            case ast.Keyword(word="true" | "false"):
                return node.word == "true"
            case ast.Not(operand=operand):
                found = self.decide(operand)
                return None if found is None else not found
            case ast.Logic(operator=word, parts=parts):
                settles = word == "or"  # one such part settles it, whatever the others are
                found_parts = [self.decide(part) for part in parts]
                if settles in found_parts:
                    return settles
                return None if None in found_parts else not settles
            case ast.Compare():
                return self._compare(node)
            case ast.Faulty():
                return None
        message = f"`{unparse_short(node)}` is not a condition"
        fix = "compare it with something: `n > 0`, `mode == 'linear'`"
        self.mistakes.append(Mistake(diag.BAD_CONDITION, message, node.span, fix=fix))
        return None

    def _compare(self, node: ast.Compare) -> bool | None:
        left, right = node.left, node.right
        if _is_word(left) or _is_word(right):
            return self._words(node, *((right, left) if _is_word(left) else (left, right)))
        numbers = self.numbers(left, right)
        return None if numbers is None else _COMPARISONS[node.operator](*numbers)

    def _words(self, node: ast.Compare, side: ast.Node, word: ast.Node) -> bool | None:
        if node.operator not in ("==", "!="):
            message = f"`{unparse_short(word)}` is a word, and words are compared by `==` and `!=`"
            self.mistakes.append(Mistake(diag.BAD_CONDITION, message, node.span))
            return None
        if isinstance(side, ast.Faulty):
            return None
        name = side.id if isinstance(side, ast.Name) else ""
        if word_of(word) == "none" and name in ("base", "total", "epoch"):
            same = self._is_unknown(name, node)
        else:
            same = word_of(side) == word_of(word)
        return same if same is None else same == (node.operator == "==")

    def _is_unknown(self, name: str, node: ast.Node) -> bool | None:
        """Whether the run lacks `base`, `total` or `epoch`; None if that cannot be said yet."""
        context = self.context
        if context is None:
            return None
        if name == "base" and context.base_follows:
            message = "`base` is not known yet"
            self.mistakes.append(Mistake(diag.NEEDS_CONTEXT, message, node.span))
            return None
        known = {"base": context.base_lr, "total": context.total_steps, "epoch": context.epoch}
        return known[name] is None


def _is_word(node: ast.Node) -> bool:
    return isinstance(node, (ast.String, ast.Keyword, ast.Default))
