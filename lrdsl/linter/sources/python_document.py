"""Python as a located document: the calls of lrdsl that take a spec, with their arguments.

Each call is a mapping with its arguments by name and the function under `_target_`, as Hydra's
configs have it. Values that are no literals are unknown scalars. Nothing is run.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from lrdsl.linter.origin import NO_ORIGIN, SpecOrigin
from lrdsl.linter.source_file import Snippet
from lrdsl.linter.sources.document import Document, Mapping, Node, Scalar, Sequence
from lrdsl.linter.sources.entry_points import (
    CONFIG_WORDS,
    ENTRY_POINTS,
    METHODS,
    SCHEDULERS,
    EntryPoint,
)
from lrdsl.linter.sources.heuristics import is_surely_meant
from lrdsl.linter.sources.python_configs import config_of, configs_of
from lrdsl.linter.sources.python_module import PythonModule
from lrdsl.linter.sources.python_values import PythonValues, last_name
from lrdsl.linter.sources.snippets import snippets_of, with_uses
from lrdsl.tree.keywords import is_tree

BUILDS = "builds"
MAKERS = frozenset({"partial", BUILDS})
"""Functions whose first argument is what their other arguments are for: functools', hydra-zen's."""


class PythonDocument(Document):
    """The calls of a module that take a spec."""

    def definitions(self, text: str) -> str | None:
        # The folder that the program will run in is unknown, and so is the file.
        return None if text.strip().endswith(".lr") else text


def snippets(text: str, path: str = "") -> tuple[Snippet, ...]:
    """The specs in the text of a Python file. Raises Malformed.

    >>> code = "from lrdsl import compile as c\\nc('hold(5)', total_steps=9)"
    >>> [(found.text, found.context) for found in snippets(code)]
    [('hold(5)', {'total_steps': 9})]
    """
    if not any([word in text for word in ("lrdsl", *CONFIG_WORDS)]):
        return ()
    reader = _Reader(PythonModule(text))
    calls, builds = reader.calls()
    root = Sequence(tuple(calls), 0, len(text))
    configs, texts = configs_of(reader.values)
    built = [config_of(each) for each in builds]
    found = snippets_of(*configs, *built, PythonDocument("python", root, holds_calls=True))
    return with_uses(sorted([*found, *texts], key=lambda each: each.start))


class _Reader:
    def __init__(self, module: PythonModule) -> None:
        self.module = module
        self.values = PythonValues(module)
        self._makes_names_known = module.makes_names_known()

    def calls(self) -> tuple[list[Mapping], list[Mapping]]:
        """The calls that take a spec, and those that build a config of such a call."""
        calls: list[Mapping] = []
        builds: list[Mapping] = []
        for call in sorted(self.module.calls, key=lambda call: (call.lineno, call.col_offset)):
            if call in self.module.meant_to_fail:
                continue
            name, scheduler = self._function(call)
            arguments, into = call.args, calls
            if name not in ENTRY_POINTS and last_name(call.func) in MAKERS and arguments:
                into = builds if last_name(call.func) == BUILDS else calls
                name, arguments = self.module.dotted(arguments[0]), arguments[1:]
            entry = ENTRY_POINTS.get(name)
            if entry is None or any([isinstance(each, ast.Starred) for each in arguments]):
                continue
            for mapping in self._calls(call, arguments, name, entry, scheduler):
                if not entry.is_method or scheduler is not None or _looks_like_call(mapping, entry):
                    into.append(mapping)
        return calls, builds

    def _function(self, call: ast.Call) -> tuple[str, ast.Call | None]:
        """The function of lrdsl that is called, and the call that made its scheduler."""
        name = self.module.dotted(call.func)
        if name in ENTRY_POINTS or not isinstance(call.func, ast.Attribute):
            return name, call if name in SCHEDULERS else None
        made = self.module.value(call.func.value)
        is_known = isinstance(made, ast.Call) and self.module.dotted(made.func) in SCHEDULERS
        method = METHODS.get(call.func.attr, "")
        return method, made if is_known and isinstance(made, ast.Call) else None

    def _calls(
        self,
        call: ast.Call,
        arguments: list[ast.expr],
        name: str,
        entry: EntryPoint,
        scheduler: ast.Call | None,
    ) -> Iterator[Mapping]:
        """A call, once for each text that its spec can be."""
        start, stop = self.module.extent(call)
        given = dict(zip(entry.parameters, arguments, strict=False))
        spread = [self.values.pairs(each.value) for each in call.keywords if each.arg is None]
        for pairs_there in spread:
            given |= pairs_there or {}
        given |= {each.arg: each.value for each in call.keywords if each.arg is not None}
        nodes: dict[str, Node] = {"_target_": Scalar(name, "text", start, start, "plain")}
        nodes |= {arg: self.values.node(value) for arg, value in given.items()}
        context, origin = ({}, NO_ORIGIN) if scheduler is None else self._training(scheduler)
        is_open = any([pairs_there is None for pairs_there in spread])  # it may bring definitions
        # A scheduler's own name says nothing: it drives the rates of an optimizer.
        named = "" if entry.drives_optimizer or entry.is_method else self.module.named.get(call, "")
        origin = replace(
            origin,
            definitions_unknown=is_open or self._makes_names_known,
            assigned_to=named,
        )
        texts = self.module.texts(given[entry.spec]) if entry.spec in given else []
        for one in [{entry.spec: self.values.node(text)} for text in texts] or [{}]:
            call_node = self.values.mapping({**nodes, **one}, start, stop)
            yield replace(call_node, context=context, origin=origin)

    def _training(self, scheduler: ast.Call) -> tuple[dict[str, Any], SpecOrigin]:
        """The run of a scheduler, and the origin of its spec, as far as the module shows them."""
        keywords = {each.arg: each.value for each in scheduler.keywords}
        optimizer = scheduler.args[0] if scheduler.args else keywords.get("optimizer")
        rates = [] if optimizer is None else group_rates(optimizer, self.module)
        context = {"base_lr": rates[0]} if len(set(rates)) == 1 else {}
        metrics = gives_metrics(scheduler, self.module)
        return context, SpecOrigin(group_lrs=tuple(rates), gives_metrics=metrics)


def _looks_like_call(call: Mapping, entry: EntryPoint) -> bool:
    """Whether a method of an unknown object is given a spec, so that it is lrdsl's."""
    spec = call.get(entry.spec)
    if isinstance(spec, Scalar):
        return spec.kind == "text" and is_surely_meant(spec.value)
    return spec is not None and (is_tree(spec) or "lr" in spec)


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
    name = next((name for name, values in module.assigned.items() if scheduler in values), "")
    if len(module.assigned.get(name, ())) != 1:
        return None
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
