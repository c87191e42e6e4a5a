"""What can be done with a list of schedules, written in core terms when a tree is expanded.

| call | stands for |
|---|---|
| `product([a, b, c])` | `a * b * c` |
| `sequence([a, b, c], [10, 30])` | `(a \\| take(10)) >> (b \\| take(20)) >> c` |
| `count([a, b, c])` | `3` |
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

from lrdsl import diagnostics as d
from lrdsl.diagnostics import Reporter
from lrdsl.syntax import ast as n
from lrdsl.syntax.literals import number_node
from lrdsl.syntax.unparse import short


def _product(call: n.Call, schedules: n.List) -> n.Node:
    """The product of the schedules in a list, pointwise: `a * b * c`.

    Example: `product([cosine(1, 0, 800), 0.5])`
    """
    first, *others = schedules.items
    if not others:
        return first
    return n.Arithmetic(("*",) * len(others), schedules.items, span=call.span)


def _count(call: n.Call, schedules: n.List) -> n.Node:
    """How many schedules there are in a list, a number.

    Example: `constant(0.1 / count([1, 1, 1]), 100)`
    """
    return n.at(number_node(len(schedules.items)), call.span)


def _sequence(call: n.Call, schedules: n.List, milestones: n.List) -> n.Node:
    """One schedule after the other: the second from the first milestone on, and so on.

    Each starts its clock anew. `sequence([a, b, c], [10, 30])` is
    `(a | take(10)) >> (b | take(20)) >> c`.

    Example: `sequence([warmup(100), cosine(1, 0, 400), constant(0.1)], [100, 300])`
    """
    parts: list[n.Node] = []
    for i, (schedule, milestone) in enumerate(zip(schedules.items, milestones.items, strict=False)):
        length = milestone if i == 0 else _difference(milestone, milestones.items[i - 1])
        take = n.Call(n.Name("take", span=milestone.span), (n.Argument(length),))
        parts.append(n.Pipe((schedule, n.at(take, milestone.span)), span=schedule.span))
    parts.append(schedules.items[-1])
    return n.Chain(tuple(parts), span=call.span) if len(parts) > 1 else parts[0]


def _difference(later: n.Node, earlier: n.Node) -> n.Node:
    match later, earlier:
        case n.Number(value=a, unit=""), n.Number(value=b, unit="") if a > b:
            return n.at(number_node(a - b), later.span)
    return n.Arithmetic(("-",), (later, earlier), span=later.span)


LISTS: dict[str, tuple[Callable[..., n.Node], tuple[str, ...]]] = {
    "product": (_product, ("schedules",)),
    "count": (_count, ("schedules",)),
    "sequence": (_sequence, ("schedules", "milestones")),
}
"""What makes the tree of a call, and the names of the lists that it takes."""


def of_lists(call: n.Call, reporter: Reporter) -> n.Node:
    """What a call of one of these stands for; a faulty node, and complaints, if it is wrong."""
    make, names = LISTS[call.name.id]
    given = [argument.value for argument in call.arguments]
    named = [argument.name for argument in call.arguments]
    if len(given) != len(names) or any([n not in (None, names[i]) for i, n in enumerate(named)]):
        message = f"`{call.name.id}` takes {' and '.join(names)}"
        fix = f"write `{call.name.id}({', '.join(['[…]'] * len(names))})`"
        reporter.report(d.MISSING_ARGUMENT, message, call.span, fix=fix)
        return n.Faulty(span=call.span)
    lists: list[n.List] = []
    for name, node in zip(names, given, strict=True):
        if isinstance(node, n.List) and (node.items or name != "schedules"):
            lists.append(node)
        elif not isinstance(node, n.Faulty):
            message = f"`{name}` of `{call.name.id}` is a list"
            reporter.report(d.WRONG_KIND, message, node.span, fix="write `[a, b]`")
    if len(lists) < len(names):
        return n.Faulty(span=call.span)
    if len(lists) == 2 and len(lists[1].items) != len(lists[0].items) - 1:
        count, least = len(lists[1].items), len(lists[0].items) - 1
        between = "is 1 milestone" if least == 1 else f"are {least} milestones"
        message = f"between {least + 1} schedules there {between}, not {count}"
        reporter.report(d.CONFLICTING_ARGUMENTS, message, lists[1].span)
        return n.Faulty(span=call.span)
    if len(lists) == 2 and not _increase(lists[1].items, reporter):
        return n.Faulty(span=call.span)
    return make(call, *lists)


def _increase(milestones: tuple[n.Node, ...], reporter: Reporter) -> bool:
    """Whether milestones come in their order, as far as they are plain numbers of one unit."""
    for earlier, later in itertools.pairwise(milestones):
        match earlier, later:
            case n.Number(value=a, unit=x), n.Number(value=b, unit=y) if x == y and b <= a:
                message = (
                    f"the milestones must increase, but {short(later)} follows {short(earlier)}"
                )
                reporter.report(d.UNSORTED, message, later.span, fix="put them in order")
                return False
    return True
