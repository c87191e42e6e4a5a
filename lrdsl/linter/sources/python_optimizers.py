"""What a Python file tells of the training around a `Scheduler`: rates and metrics."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Value = Callable[[ast.expr], ast.expr]
"""What an expression stands for, where that is a name which the file sets once."""
Number = Callable[[ast.expr], float | None]


def rates(optimizer: ast.expr, number: Number, value: Value) -> list[float]:
    """The learning rates of an optimizer's parameter groups, as far as they are all written there.

    >>> call = ast.parse("SGD([{'params': a}, {'params': b, 'lr': 0.5}], lr=0.1)").body[0].value
    >>> rates(call, lambda node: getattr(node, "value", None), lambda node: node)
    [0.1, 0.5]
    """
    call = value(optimizer)
    if not isinstance(call, ast.Call) or not call.args:
        return []
    given = {each.arg: each.value for each in call.keywords}
    rate = given.get("lr", call.args[1] if len(call.args) > 1 else None)
    usual = None if rate is None else number(rate)
    groups = value(call.args[0])
    if not isinstance(groups, ast.List):
        return [] if usual is None else [usual]
    found = []
    for group in groups.elts:
        own = value(group)
        if not isinstance(own, ast.Dict):
            return []
        written = {
            key.value: each
            for key, each in zip(own.keys, own.values, strict=True)
            if isinstance(key, ast.Constant)
        }
        one = number(written["lr"]) if "lr" in written else usual
        if one is None or len(written) < len(own.keys):
            return []
        found.append(one)
    return found


def gives_metrics(
    scheduler: ast.Call,
    assigned: Mapping[str, Sequence[ast.expr | None]],
    calls: Sequence[ast.Call],
    alone: frozenset[str],
) -> bool | None:
    """Whether a scheduler is ever given a metric; None if the file does not tell.

    `alone` are the names that stand anywhere without an attribute: what is passed on may be given
    a metric elsewhere.
    """
    name = next((name for name, values in assigned.items() if scheduler in values), None)
    if name is None or len(assigned[name]) > 1 or name in alone:
        return None
    steps = [
        call
        for call in calls
        if isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == name
    ]
    if not steps:
        return None
    return any(
        [
            call.args or "metric" in [each.arg for each in call.keywords]
            for call in steps
            if isinstance(call.func, ast.Attribute) and call.func.attr in ("step", "observe")
        ]
    )


def names_alone(tree: ast.Module) -> frozenset[str]:
    """The names that are read other than for an attribute of theirs."""
    owners = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return frozenset(
        [
            node.id
            for node in ast.walk(tree)
            if isinstance(node, ast.Name)
            and isinstance(node.ctx, ast.Load)
            and id(node) not in owners
        ]
    )


def told(
    scheduler: ast.Call,
    assigned: Mapping[str, Sequence[ast.expr | None]],
    calls: Sequence[ast.Call],
    tree: ast.Module,
    number: Number,
    value: Value,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is known of the run, and other facts, from around a `Scheduler`."""
    context: dict[str, Any] = {}
    facts: dict[str, Any] = {}
    keywords = {each.arg: each.value for each in scheduler.keywords}
    optimizer = scheduler.args[0] if scheduler.args else keywords.get("optimizer")
    found = [] if optimizer is None else rates(optimizer, number, value)
    if len(set(found)) == 1:
        context["base_lr"] = found[0]
    if found:
        facts["group_lrs"] = found
    given = gives_metrics(scheduler, assigned, calls, names_alone(tree))
    if given is not None:
        facts["gives_metrics"] = given
    return context, facts
