"""Functions of lists of schedules, rewritten in core terms when a tree is expanded.

| call | stands for |
|---|---|
| `product([a, b, c])` | `a * b * c` |
| `sequence([a, b, c], [10, 30])` | `(a \\| take(10)) >> (b \\| take(20)) >> c` |
| `count([a, b, c])` | `3` |
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import NamedTuple

from lrdsl import diagnostics as diag
from lrdsl.diagnostics import Mistake
from lrdsl.syntax import ast
from lrdsl.syntax.literals import number_to_node
from lrdsl.syntax.rebuild import move_to
from lrdsl.syntax.unparse import unparse_short


def _product(call: ast.Call, schedules: ast.List) -> ast.Node:
    """The product of the schedules in a list, pointwise: `a * b * c`.

    Example: `product([cosine(1, 0, 800), 0.5])`
    """
    first, *others = schedules.items
    if not others:
        return first
    return ast.Arithmetic(("*",) * len(others), schedules.items, span=call.span)


def _count(call: ast.Call, schedules: ast.List) -> ast.Node:
    """How many schedules there are in a list, a number.

    Example: `constant(0.1 / count([1, 1, 1]), 100)`
    """
    return move_to(number_to_node(len(schedules.items)), call.span)


def _sequence(call: ast.Call, schedules: ast.List, milestones: ast.List) -> ast.Node:
    """One schedule after the other: the second from the first milestone on, and so on.

    Each starts its clock anew. `sequence([a, b, c], [10, 30])` is
    `(a | take(10)) >> (b | take(20)) >> c`.

    Example: `sequence([warmup(100), cosine(1, 0, 400), constant(0.1)], [100, 300])`
    """
    parts: list[ast.Node] = []
    for i, (schedule, milestone) in enumerate(zip(schedules.items, milestones.items, strict=False)):
        length = milestone if i == 0 else _difference(milestone, milestones.items[i - 1])
        take = ast.Call(ast.Name("take", span=milestone.span), (ast.Argument(length),))
        parts.append(ast.Pipe((schedule, move_to(take, milestone.span)), span=schedule.span))
    parts.append(schedules.items[-1])
    return ast.Chain(tuple(parts), span=call.span) if len(parts) > 1 else parts[0]


def _difference(later: ast.Node, earlier: ast.Node) -> ast.Node:
    match later, earlier:
        case ast.Number(value=a, unit=""), ast.Number(value=b, unit="") if a >= b:
            return move_to(number_to_node(a - b), later.span)
    return ast.Arithmetic(("-",), (later, earlier), span=later.span)


class ListFunction(NamedTuple):
    """A function of lists: what makes the tree of a call, and the names of the lists it takes."""

    expand: Callable[..., ast.Node]
    parameters: tuple[str, ...]


LIST_FUNCTIONS: dict[str, ListFunction] = {
    "product": ListFunction(_product, ("schedules",)),
    "count": ListFunction(_count, ("schedules",)),
    "sequence": ListFunction(_sequence, ("schedules", "milestones")),
}


def expand_list_call(call: ast.Call, mistakes: list[Mistake]) -> ast.Node:
    """The node that a call of one of these stands for; a faulty one if the call is wrong."""
    function = LIST_FUNCTIONS[call.name.id]
    found = [*_mistakes_of(call, function.parameters)]
    mistakes += found
    given = [argument.value for argument in call.arguments]
    if found or any([isinstance(value, ast.Faulty) for value in given]):
        return ast.Faulty(span=call.span)
    return function.expand(call, *given)


def _mistakes_of(call: ast.Call, names: tuple[str, ...]) -> Iterator[Mistake]:
    function, given = call.name.id, [argument.value for argument in call.arguments]
    named = [argument.name for argument in call.arguments]
    if len(given) != len(names) or any([n not in (None, names[i]) for i, n in enumerate(named)]):
        wanted = " and ".join([f"a list of {name}" for name in names])
        fix = f"write `{function}({', '.join(['[…]'] * len(names))})`"
        yield Mistake(diag.MISSING_ARGUMENT, f"`{function}` takes {wanted}", call.span, fix=fix)
        return
    for name, node in zip(names, given, strict=True):
        if isinstance(node, ast.List) and not node.items and name == "schedules":
            message = "the list of schedules is empty"
            yield Mistake(diag.MISSING_ARGUMENT, message, node.span, fix="write `[a, b]`")
        elif not isinstance(node, (ast.List, ast.Faulty)):
            message = f"{node.span.parameter or f'`{name}` of `{function}`'} is a list"
            yield Mistake(diag.WRONG_KIND, message, node.span, fix="write `[a, b]`")
    match given:
        case ast.List(items=schedules), ast.List() as milestones if schedules:
            yield from _mistakes_of_milestones(len(schedules), milestones)


def _mistakes_of_milestones(count: int, milestones: ast.List) -> Iterator[Mistake]:
    """The mistakes of milestones between schedules, as far as they are plain numbers of one unit.

    There is one between two schedules, and they come in their order.
    """
    if len(milestones.items) != count - 1:
        between = "1 milestone" if count == 2 else f"{count - 1} milestones"
        message = f"{count} schedules need {between} between them, not {len(milestones.items)}"
        yield Mistake(diag.CONFLICTING_ARGUMENTS, message, milestones.span)
        return
    for earlier, later in itertools.pairwise(milestones.items):
        match earlier, later:
            case ast.Number(value=a, unit=x), ast.Number(value=b, unit=y) if x == y and b < a:
                this, that = unparse_short(later), unparse_short(earlier)
                message = f"the milestones must increase, but {this} follows {that}"
                yield Mistake(diag.UNSORTED, message, later.span, fix="put them in order")
                return
