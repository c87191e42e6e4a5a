"""Folding: arithmetic over plain numbers becomes the number that it comes to.

What definitions stand for is full of it, `0.3 * 1000 - 1`, and is easier to read without.
"""

from __future__ import annotations

from lrdsl.compiler.arithmetic import Durations, Values
from lrdsl.compiler.context import Context
from lrdsl.compiler.frames import Place
from lrdsl.diagnostics import Reporter, Span
from lrdsl.functions import FUNCTIONS
from lrdsl.signal import LAST_STEP
from lrdsl.syntax import nodes as n
from lrdsl.syntax.numbers import number_node


def folded(node: n.Node) -> n.Node:
    """The whole number that a node comes to as a value and as a duration alike, else the node.

    Others are left as they are: a fraction of an update may be calculated, but not written.

    >>> from lrdsl.syntax.parser import parse_tree
    >>> folded(parse_tree("0.3 * 1000 - 1"))
    Number(value=299.0, unit='', text='299')
    """
    if not isinstance(node, (n.Arithmetic, n.Power)) and not _is_function(node):
        return node
    if not all([_is_plain(part) for part, _ in n.walk(node)]):
        return node
    scratch = Reporter("")

    def nowhere(span: Span) -> None:
        return None

    duration = Durations(Context(), scratch, "", Place(None, None)).evaluate(node)
    value = Values(Context(), scratch, "", nowhere, nowhere).evaluate(node)
    if duration is None or value is None or duration != value:
        return node
    if not value.is_integer() or abs(value) > LAST_STEP:
        return node
    return n.at(number_node(int(value)), node.span)


def _is_function(node: n.Node) -> bool:
    return isinstance(node, n.Call) and node.name.id in FUNCTIONS


def _is_plain(node: n.Node) -> bool:
    if isinstance(node, n.Number):
        return node.unit == ""
    operators = (n.Arithmetic, n.Power, n.Negative, n.Argument)
    return isinstance(node, operators) or _is_function(node)
