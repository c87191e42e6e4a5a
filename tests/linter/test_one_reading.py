"""One program as YAML, as a Python literal, as a composed config and given to `Scheduler`.

All four are read alike: the same specs, for the same numbers and groups, with the same context and
the same mistakes.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from dataclasses import fields
from typing import Any, NamedTuple

import pytest
import torch
import yaml

import lrdsl
import lrdsl.torch
from lrdsl.diagnostics import Diagnostic, SpecError
from lrdsl.hydra.configs import CONFIGS
from lrdsl.linter import Settings
from lrdsl.linter.config import Project
from lrdsl.linter.lint_source import lint_snippet, lint_source
from lrdsl.linter.read_source import read_text
from lrdsl.linter.sources.entry_points import CONFIG_CLASSES, CONFIG_MAKERS, ENTRY_POINTS
from lrdsl.linter.sources.resolved_config import config_specs
from lrdsl.schedule.program import Program

HALF = "def half(a) = a / 2"
TARGET = "lrdsl.torch.Scheduler"


class Reading(NamedTuple):
    """The specs, the context and the mistakes that a reader finds in a program."""

    specs: list[tuple[str, str | None, str]]
    """The number, the pattern of the groups, and the spec as canonical text."""
    context: dict[str, Any]
    mistakes: list[str]
    """The codes of the errors."""


def canonical(text: str) -> str:
    try:
        return str(lrdsl.parse(text))
    except SpecError:
        return text


def codes(found: list[Diagnostic]) -> list[str]:
    return sorted({each.code for each in found if each.code < "LR8"})


def without_definitions(context: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in context.items() if name != "definitions"}


def in_file(name: str, text: str) -> tuple[Reading, list[str]]:
    file = read_text(name, text)
    specs = [each for each in file.snippets if each.role == "spec"]
    reading = Reading(
        [(x.origin.drives or "lr", x.origin.pattern, canonical(x.text)) for x in specs],
        dict(specs[0].context) if specs else {},
        codes([each.diagnostic for each in lint_source(file, Project())]),
    )
    return reading, [each.origin.key for each in specs]


def in_yaml(program: Any, context: dict[str, Any]) -> tuple[Reading, list[str]]:
    config = {"_target_": TARGET, "spec": program, **context}
    return in_file("a.yaml", yaml.safe_dump(config, sort_keys=False))


def in_python(program: Any, context: dict[str, Any]) -> tuple[Reading, list[str]]:
    arguments = "".join([f", {name}={value!r}" for name, value in context.items()])
    call = f"Scheduler(optimizer, {program!r}{arguments})"
    return in_file("a.py", f"from lrdsl.torch import Scheduler\n{call}\n")


def in_config(program: Any, context: dict[str, Any]) -> tuple[Reading, list[str]]:
    found = config_specs({"_target_": TARGET, "spec": program, **context})
    reading = Reading(
        [(x.origin.drives or "lr", x.origin.pattern, canonical(x.text)) for x in found],
        dict(found[0].context) if found else {},
        codes([each for one in found for each in lint_snippet(one, Settings())]),
    )
    return reading, [each.origin.key for each in found]


def in_scheduler(program: Any, context: dict[str, Any]) -> Reading:
    weights = [torch.nn.Parameter(torch.zeros(1)) for _ in range(2)]
    groups = [{"params": [weight], "name": f"g{i}"} for i, weight in enumerate(weights)]
    optimizer = torch.optim.SGD(groups, lr=0.1, momentum=0.9, weight_decay=0.01)
    definitions = context.get("definitions", "")
    specs = []
    for choices in Program(program, definitions).choices.values():
        for choice in choices:
            try:
                specs.append((choice.key, choice.pattern, choice.text))
            except SpecError:
                raw = choice.spec
                if isinstance(raw, dict) and set(raw) <= {"spec", "definitions"}:
                    raw = raw["spec"]
                specs.append((choice.key, choice.pattern, raw if isinstance(raw, str) else ""))
    try:
        scheduler = lrdsl.torch.Scheduler(optimizer, program, **context)
    except SpecError as error:
        return Reading(specs, without_definitions(context), codes(list(error.diagnostics)))
    known = scheduler.schedules[0].context.to_dict()
    return Reading(
        specs, {k: v for k, v in without_definitions(known).items() if k != "base_lr"}, []
    )


RUN: dict[str, Any] = {"total_steps": 1000}
ROWS: list[Any] = [
    pytest.param("warmup(100) >> cosine(_, 0)", RUN, [], id="text"),
    pytest.param(0.1, {}, [], id="a number"),
    pytest.param("5", {}, [], id="a number as text"),
    pytest.param({"cosine": {"start": 1, "end": 0}}, RUN, [], id="a tree"),
    pytest.param([{"warmup": 100}, {"cosine": {"end": 0}}], RUN, [], id="a chain"),
    pytest.param({"spec": "cosine()"}, RUN, [], id="a mapping with a spec"),
    pytest.param({"spec": {"hold": 5}}, {}, [], id="a mapping with a tree"),
    pytest.param({"spec": "half(1)", "definitions": HALF}, {}, [], id="with definitions"),
    pytest.param("half(peak)", {"definitions": HALF, "peak": 0.5}, [], id="definitions beside"),
    pytest.param("cosine(peak, low)", {**RUN, "peak": 1, "low": 0.1}, [], id="variables"),
    pytest.param("warmup(2ep) >> cosine()", {**RUN, "steps_per_epoch": 10}, [], id="epochs"),
    pytest.param("cosine()", {**RUN, "clock": "updates", "start_step": 5}, [], id="options"),
    pytest.param({"lr": "cosine()"}, RUN, [], id="a program of one"),
    pytest.param({"lr": "cosine()", "momentum": 0.9}, RUN, [], id="a number in a program"),
    pytest.param({"lr": "cosine()", "weight_decay": "0.1 * lr"}, RUN, [], id="other numbers"),
    pytest.param({"lr": {"hold": 5}, "momentum": [{"hold": 5}]}, {}, [], id="trees in a program"),
    pytest.param({"lr": {"spec": "hold(5)"}, "momentum": "0.9"}, {}, [], id="a mapping in one"),
    pytest.param({"lr": {"g0": "cosine()", "*": 0.1}}, RUN, [], id="by name"),
    pytest.param({"lr": {0: "cosine()", 1: "hold()"}}, RUN, [], id="by index"),
    pytest.param({"lr": {"g*": {"hold": 5}}}, {}, [], id="a tree for some groups"),
    pytest.param({"lr": {"g0": {"spec": "hold()"}, "*": "1"}}, {}, [], id="a mapping for some"),
    pytest.param(
        {"lr": {"g0": "hold()", "*": 1}, "momentum": {"*": 0.9}}, {}, [], id="by group twice"
    ),
    pytest.param({"lr": "half(1)", "definitions": HALF}, {}, [], id="definitions of a program"),
    pytest.param(
        {"lr": {"g0": "half(1)", "*": "half(2)"}, "momentum": "half(1)", "definitions": HALF},
        {},
        [],
        id="definitions of a program by group",
    ),
    pytest.param(
        {"lr": {"spec": "half(1)", "definitions": HALF}, "momentum": 0.9},
        {},
        [],
        id="definitions of one spec",
    ),
    pytest.param(
        {
            "lr": {"spec": "half(1)", "definitions": HALF},
            "momentum": "0.5",
            "definitions": "def third(a) = a / 3",
        },
        {},
        [],
        id="definitions of one spec and of the program",
    ),
    pytest.param({"spec": {"lr": "cosine()", "momentum": 0.9}}, RUN, [], id="a program in a spec"),
    pytest.param(
        {
            "spec": {"spec": {"lr": {"g0": "half(1)", "*": "third(1)"}, "definitions": HALF}},
            "definitions": "def third(a) = a / 3",
        },
        {},
        [],
        id="definitions around a program",
    ),
    pytest.param(
        {"spec": {"lr": {"spec": "half(1)", "definitions": HALF}}, "definitions": "def x() = 1"},
        {},
        [],
        id="definitions of a spec in a program in a spec",
    ),
    pytest.param(
        {"spec": {"lr": "cosin()"}}, RUN, ["LR201"], id="a mistake in a program in a spec"
    ),
    pytest.param({"spec": "hold()", "lr": "1"}, {}, ["LR602"], id="a number beside a spec"),
    pytest.param(
        {"lr": {"spec": "hold()", "end": 1}, "momentum": 0.9}, {}, ["LR602"], id="more than a spec"
    ),
    pytest.param(
        {"lr": {"spec": {"g0": "hold()", "*": 1}}}, {}, ["LR602"], id="a choice of groups in a spec"
    ),
    pytest.param("cosin(1, 0, 9)", {}, ["LR201"], id="an unknown name"),
    pytest.param(
        {"spec": "cosin(1, 0, 9)", "definitions": None}, {}, ["LR201"], id="no definitions at all"
    ),
    pytest.param("cosine(1, 0, 9", {}, ["LR104"], id="a bracket that is left open"),
    pytest.param("cosine(1, 0, 9, 2, 3)", {}, ["LR204"], id="too many arguments"),
    pytest.param({"lr": "cosin()", "momentum": "0.9"}, RUN, ["LR201"], id="a mistake in a program"),
    pytest.param({"lr": {"g0": "cosin()", "*": 1}}, RUN, ["LR201"], id="a mistake in a group"),
    pytest.param({"cosine": {"stepz": 9}}, {}, ["LR206"], id="an unknown parameter in a tree"),
    pytest.param({"lr": {"cosin": {"end": 0}}}, {}, ["LR201"], id="an unknown name in a tree"),
    pytest.param(
        {"lr": "half(1)", "momentum": {"spec": "half(1)", "definitions": HALF}},
        {},
        ["LR201"],
        id="definitions of another spec",
    ),
    pytest.param({"lr": "hold(5) >> lr"}, {}, ["LR602"], id="a circle of one"),
    pytest.param(
        {"lr": "hold(5) >> momentum", "momentum": "0.1 * lr"}, {}, ["LR602"], id="a circle"
    ),
    pytest.param({"lr": "cosine()", "momentum": "lr(5)"}, RUN, ["LR201"], id="a number as a call"),
    pytest.param("cosine()", {"total_steps": "soon"}, ["LR303"], id="a text for a number"),
    pytest.param("cosine()", {**RUN, "steps_per_epoch": -1}, ["LR303"], id="below 0"),
    pytest.param("cosine()", {**RUN, "total": 5}, ["LR303"], id="a reserved word as a variable"),
]


@pytest.mark.parametrize(("program", "context", "mistakes"), ROWS)
def test_four_readers_agree(program: Any, context: dict[str, Any], mistakes: list[str]) -> None:
    expected = in_scheduler(program, context)
    expected = expected._replace(
        context={k: v for k, v in expected.context.items() if k not in ("clock", "start_step")}
    )
    found = [read(program, context) for read in (in_yaml, in_python, in_config)]
    assert [reading for reading, _ in found] == [expected] * 3
    assert expected.mistakes == mistakes
    assert found[0][1] == found[1][1] == found[2][1], "the keys"


OWNERS = {"lrdsl.torch.Scheduler.replan": lrdsl.torch.Scheduler.replan}


@pytest.mark.parametrize("name", ENTRY_POINTS)
def test_the_table_of_entry_points_is_that_of_the_functions(name: str) -> None:
    entry = ENTRY_POINTS[name]
    module, _, last = name.rpartition(".")
    function: Any = OWNERS.get(name) or getattr(importlib.import_module(module), last)
    parameters = inspect.signature(function).parameters
    assert set(entry.parameters) <= set(parameters)
    takes = {k for k, p in parameters.items() if p.kind is not p.VAR_KEYWORD} - {"self"}
    listed = {*entry.parameters, *entry.context, *entry.options}
    if name != "lrdsl.torch.attach":  # it hands all others on to Scheduler
        assert takes <= listed
    has_others = any([p.kind is p.VAR_KEYWORD for p in parameters.values()])
    assert entry.has_variables == has_others


OUTWARD = [
    pytest.param(
        "total_steps: 1000\nschedule: {spec: 'warmup(linear, 600) >> cosine(1, 0, 800)'}\n",
        ["LR801", "LR808"],
        id="around the spec",
    ),
    pytest.param("run: {total_steps: 100}\nlr: cosine(1, 0, 800)\n", [], id="in another mapping"),
    pytest.param(
        "total_steps: 1000\na: {total_steps: 2000, b: {lr: 'cosine(1, 0, 2000)'}}\n",
        [],
        id="the nearest counts",
    ),
    pytest.param(
        "steps_per_epoch: 10\ntotal_steps: 100\na: [{lr: 'cosine(1, 0, 50ep)'}]\n",
        ["LR801"],
        id="epochs, through a list",
    ),
]


@pytest.mark.parametrize(("text", "expected"), OUTWARD)
def test_the_run_is_looked_for_outward(text: str, expected: list[str]) -> None:
    found = lint_source(read_text("a.yaml", text), Project())
    assert sorted({each.diagnostic.code for each in found}) == expected
    config = yaml.safe_load(text)
    composed = [each for one in config_specs(config) for each in lint_snippet(one, Settings())]
    assert sorted({each.code for each in composed}) == expected


CALLS: list[Any] = [
    pytest.param("attach(opt, 'warmpu(100) >> cosin()', total_steps=10)", 2, id="attach"),
    pytest.param("attach(opt, {'lr': 'cosin()', 'momentum': 'cosin()'})", 2, id="its program"),
    pytest.param("s = attach(opt, 'hold()')\ns.replan('cosin(_, 0, 5)')", 1, id="replan"),
    pytest.param("s = Scheduler(opt, 'hold()')\ns.replan(spec={'lr': 'cosin()'})", 1, id="keyword"),
    pytest.param("self.s.replan('hold(3) >> cosin(_, 0, 5)')", 1, id="of an unknown scheduler"),
    pytest.param("planner.replan('home (x)')", 0, id="another's replan"),
    pytest.param("s = attach(opt, 'hold()', total_steps=9)\ns.replan('cosine(_, 0, 99)')", 0,
                 id="the run's length is not that of a plan"),
    pytest.param("with raises(E):\n    attach(opt, 'cosin()')", 0, id="meant to fail"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "count"), CALLS)
def test_attach_and_replan_are_linted_as_scheduler_is(code: str, count: int) -> None:
    file = read_text("a.py", f"from lrdsl.torch import Scheduler, attach\n{code}\n")
    found = [each.diagnostic.code for each in lint_source(file, Project())]
    assert found == ["LR201"] * count


def test_the_table_of_config_classes_is_that_of_the_classes() -> None:
    takes_spec = [cls for cls in CONFIGS.values() if "spec" in [each.name for each in fields(cls)]]
    targets = {f"lrdsl.hydra.configs.{x.__name__}": getattr(x, "_target_", "") for x in takes_spec}
    assert targets == CONFIG_CLASSES
    assert {fields(cls)[0].name for cls in takes_spec} == {"spec"}


@pytest.mark.parametrize("name", CONFIG_MAKERS)
def test_the_table_of_makers_of_configs_is_that_of_the_functions(name: str) -> None:
    maker = CONFIG_MAKERS[name]
    function = pkgutil.resolve_name(name)
    names = [each for each in inspect.signature(function).parameters if each != "self"]
    assert tuple(names[: len(maker.parameters)]) == maker.parameters
    assert maker.config in ("", *names)
