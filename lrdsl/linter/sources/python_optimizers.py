"""The training around a scheduler in a Python module: learning rates and metrics."""

from __future__ import annotations

import ast
from typing import Any

from lrdsl.linter.origin import SpecOrigin
from lrdsl.linter.sources.python_module import PythonModule


def training_around(scheduler: ast.Call, module: PythonModule) -> tuple[dict[str, Any], SpecOrigin]:
    """The run of a scheduler, and the origin of its spec, as far as the module shows them."""
    keywords = {each.arg: each.value for each in scheduler.keywords}
    optimizer = scheduler.args[0] if scheduler.args else keywords.get("optimizer")
    rates = [] if optimizer is None else group_rates(optimizer, module)
    context = {"base_lr": rates[0]} if len(set(rates)) == 1 else {}
    metrics = gives_metrics(scheduler, module)
    return context, SpecOrigin(group_lrs=tuple(rates), gives_metrics=metrics)


def group_rates(optimizer: ast.expr, module: PythonModule) -> list[float]:
    """The learning rates of an optimizer's parameter groups; none if any of them is unknown.

    >>> module = PythonModule("SGD([{'params': a}, {'params': b, 'lr': 0.5}], lr=0.1)")
    >>> group_rates(module.calls[0], module)
    [0.1, 0.5]
    """
    call = module.value(optimizer)
    if not isinstance(call, ast.Call) or not call.args:
        return []
    given = {each.arg: each.value for each in call.keywords}
    rate = given.get("lr", call.args[1] if len(call.args) > 1 else None)
    usual = None if rate is None else module.number(rate)
    groups = module.value(call.args[0])
    if not isinstance(groups, ast.List):
        return [] if usual is None else [usual]
    found = []
    for group in map(module.value, groups.elts):
        if not isinstance(group, ast.Dict):
            return []
        keys = [key.value if isinstance(key, ast.Constant) else None for key in group.keys]
        own = dict(zip(keys, group.values, strict=True))
        one = module.number(own["lr"]) if "lr" in own else usual
        if one is None or None in own:  # a key that is no literal may be the rate's
            return []
        found.append(one)
    return found


def gives_metrics(scheduler: ast.Call, module: PythonModule) -> bool | None:
    """Whether a scheduler is ever given a metric; None if the module does not show it.

    One that is passed on may be given a metric elsewhere.
    """
    names = [name for name, values in module.assigned.items() if scheduler in values]
    if not names or len(module.assigned[names[0]]) > 1:
        return None
    [name] = names[:1]
    calls = [
        (call.func.attr, bool(call.args) or "metric" in [each.arg for each in call.keywords])
        for call in module.calls
        if isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == name
    ]
    is_passed_on = module.loads[name] > module.attribute_loads[name]
    if is_passed_on or not calls:
        return None
    return any([given for method, given in calls if method in ("step", "observe")])
