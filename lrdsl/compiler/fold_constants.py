"""Folding: arithmetic over plain numbers becomes the number that it comes to.

What definitions stand for is full of it, `0.3 * 1000 - 1`, and is easier to read without.
"""

from __future__ import annotations

from lrdsl.compiler.context import Context, Inputs
from lrdsl.compiler.evaluate import Durations, Values
from lrdsl.diagnostics import Mistake
from lrdsl.language.functions import FUNCTIONS
from lrdsl.language.language import Language
from lrdsl.language.signal import LAST_STEP
from lrdsl.syntax import ast
from lrdsl.syntax.literals import number_to_node
from lrdsl.syntax.rebuild import move_to


def folded(node: ast.Node) -> ast.Node:
    """The whole number that a node comes to as a value and as a duration alike, else the node.

    Others are left as they are: a fraction of an update may be calculated, but not written.

    >>> from lrdsl.syntax.parser import parse_tree
    >>> folded(parse_tree("0.3 * 1000 - 1"))
    Number(value=299.0, unit='', text='299')
    """
    if not isinstance(node, (ast.Arithmetic, ast.Power)) and not _is_function(node):
        return node
    for part, _ in ast.walk(node):
        if not _is_plain(part):
            return node
    mistakes: list[Mistake] = []
    duration = Durations(_NOTHING, mistakes, "").evaluate(node)
    if duration is None or duration.denominator != 1 or abs(duration.numerator) > LAST_STEP:
        return node
    value = Values(_NOTHING, mistakes, "").evaluate(node)
    if duration != value:
        return node
    return move_to(number_to_node(int(duration)), node.span)


_NOTHING = Inputs(Context(), Language())


def _is_function(node: ast.Node) -> bool:
    return isinstance(node, ast.Call) and node.name.id in FUNCTIONS


def _is_plain(node: ast.Node) -> bool:
    if isinstance(node, ast.Number):
        return node.unit == ""
    operators = (ast.Arithmetic, ast.Power, ast.Negative, ast.Argument)
    return isinstance(node, operators) or _is_function(node)
