"""Programs are linted as programs: each spec with the schedules of the numbers that it names."""

from __future__ import annotations

import json
from textwrap import indent
from typing import Any

import pytest

from lrdsl.linter import Settings
from lrdsl.linter.config import Project
from lrdsl.linter.lint_source import lint_source
from lrdsl.linter.read_source import read_text
from tests.support.composed import lint_config

RUN = {"total_steps": 1000, "base_lr": 0.1}

CASES = [
    pytest.param({"lr": "cosine(1, 0, 1000)", "weight_decay": "0.1 * lr"}, [], id="good"),
    pytest.param({"lr": "cosine()", "weight_decay": "0.1 * lr"}, [], id="by the base of lr"),
    pytest.param(
        {"lr": "cosine(1, 0, 1000)", "weight_decay": "0.1 * rl"}, [], id="an unknown variable"
    ),
    pytest.param(
        {"lr": "cosine(1, 0, 1000)", "weight_decay": "0.1 * momentun", "momentum": "0.9"},
        ["LR301 momentun"],
        id="a name much like another number's",
    ),
    pytest.param(
        {"lr": "cosine(1, 0, 1000)", "weight_decay": "lr(5)"}, ["LR201 lr"], id="called as a shape"
    ),
    pytest.param(
        {"lr": "hold(5) >> weight_decay", "weight_decay": "0.1 * lr"},
        ["LR602 lr"],
        id="a circle, told where it closes",
    ),
    pytest.param({"lr": "hold(5) >> lr"}, ["LR602 lr"], id="a circle of one"),
    pytest.param(
        {"lr": "cosin()", "weight_decay": "cosin(1, 0, 5) >> 0.1 * lr"},
        ["LR201 cosin", "LR201 cosin"],
        id="a mistake in both is told twice",
    ),
    pytest.param(
        {"lr": "cosine(1, 0.5, 1000)", "weight_decay": "linear(1, 0, 500) >> 0.1 * lr"},
        ["LR802 0.1 * lr"],
        id="a jump to what another schedule has there",
    ),
    pytest.param(
        {"lr": "cosine(1, 0, 1000)", "weight_decay": "linear(0.05 * lr, 0, 500)"},
        ["LR209 lr"],
        id="a schedule in the place of a value",
    ),
    pytest.param(
        {"lr": {"head": "linear(1, 0, 1000)", "*": "constant(0.5)"}, "weight_decay": "0.1 * lr"},
        [],
        id="by group",
    ),
    pytest.param(
        {"lr": {"head": "linear(1, 0, 500) >> linear(0, 1, 100)", "*": "constant(1)"}},
        ["LR815 linear(0, 1, 100)"],
        id="a finding in one of the groups",
    ),
    pytest.param(
        {
            "lr": {"head*": "half(1)", "*": "half(2)"},
            "weight_decay": "0.1 * lr",
            "definitions": "def half(a) = a / 2",
        },
        [],
        id="definitions beside",
    ),
    pytest.param(
        {
            "lr": {"spec": "half(1)", "definitions": "def half(a) = a / 2"},
            "weight_decay": "0.1 * lr + half(1)",
        },
        ["LR201 half"],
        id="definitions of one spec are not the others'",
    ),
    pytest.param(
        {"lr": "cosine(1, 0, 1000)", "momentum": "cosine(0.95, 0, 1000)"},
        [],
        id="limits are for learning rates",
    ),
    pytest.param({"lr": "cosine(8, 0, 1000)"}, ["LR812 cosine(8, 0, 1000)"], id="above a limit"),
    pytest.param(
        {"lr": "cosine(1, 0, 1000)", "weight_decay": "linear(0, 1, 1000)", "momentum": 0},
        [],
        id="other numbers may begin at 0 and stay there",
    ),
    pytest.param(
        {"lr": "cosine(1, 0, 1000)", "weight_decay": "linear(base, base * lr, 1000)"},
        ["LR209 lr"],
        id="a schedule in the place of a value, base unknown",
    ),
]

SETTINGS = Settings(options={"above-limit": {"max": 1.0}}, ignore=("numeric-string",))
PROJECT = Project(ignore=SETTINGS.ignore, rules=SETTINGS.options)


def shown(found: Any) -> list[str]:
    return [f"{x.code} {x.source[x.span.start : x.span.stop]}" for x in found]


def linted(name: str, text: str) -> list[str]:
    return shown([each.diagnostic for each in lint_source(read_text(name, text), PROJECT)])


@pytest.mark.parametrize(("program", "expected"), CASES)
def test_in_a_composed_config(program: dict[str, Any], expected: list[str]) -> None:
    config = {"scheduler": {"_target_": "lrdsl.torch.Scheduler", "spec": program, **RUN}}
    found = lint_config(config, SETTINGS)
    assert sorted(shown([each for _, each in found])) == sorted(expected)


@pytest.mark.parametrize(("program", "expected"), CASES)
def test_in_yaml(program: dict[str, Any], expected: list[str]) -> None:
    head = "_target_: lrdsl.torch.Scheduler\ntotal_steps: 1000\nspec:\n"
    assert sorted(linted("a.yaml", head + yaml_of(program))) == sorted(expected)


@pytest.mark.parametrize(("program", "expected"), CASES)
@pytest.mark.parametrize("key", ["lr", "spec"])
def test_in_yaml_by_its_place(program: dict[str, Any], expected: list[str], key: str) -> None:
    text = f"total_steps: 1000\n{key}:\n" + yaml_of(program)
    assert sorted(linted("a.yaml", text)) == sorted(expected)


@pytest.mark.parametrize(("program", "expected"), CASES)
def test_in_python(program: dict[str, Any], expected: list[str]) -> None:
    text = (
        "import torch\nfrom lrdsl.torch import Scheduler\n"
        f"program = {program!r}\n"
        "optimizer = torch.optim.SGD(weights, lr=0.1)\n"
        "scheduler = Scheduler(optimizer, program, total_steps=1000)\n"
    )
    assert sorted(linted("a.py", text)) == sorted(expected)


def yaml_of(program: dict[str, Any]) -> str:
    """The program as YAML, each text in double quotes."""
    lines = []
    for name, each in program.items():
        if isinstance(each, dict):
            lines.append(f"{name}:\n" + indent(yaml_of(each).rstrip("\n"), "  "))
        else:
            lines.append(f"{json.dumps(name)}: {json.dumps(each)}")
    return indent("\n".join(lines), "  ") + "\n"


def test_what_is_not_known_of_another_number_is_no_mistake() -> None:
    text = "total_steps: 1000\nlr:\n  lr: cosine(${peak}, 0)\n  weight_decay: cosin() >> 0.1 * lr\n"
    assert linted("a.yaml", text) == ["LR201 cosin"]


def test_options_under_lr_are_no_program() -> None:
    assert (
        linted("a.yaml", "lr: {lr: 0.1, name: my schedule}\nbase_lr: {lr: cosine(1), a: ')'}") == []
    )


def test_groups_have_rates_of_their_own_where_one_spec_is_for_all() -> None:
    code = (
        "from torch.optim import SGD\nfrom lrdsl.torch import Scheduler\n"
        "optimizer = SGD([{{'params': a}}, {{'params': b, 'lr': 0.5}}], lr=0.1)\n"
        "Scheduler(optimizer, {program})\n"
    )
    one, each = '{"lr": "cosine(1, 0, 9)"}', '{"lr": {0: "cosine(1, 0, 9)", "*": "cosine()"}}'
    assert linted("a.py", code.format(program=one)) == ["LR837 cosine(1, 0, 9)"]
    assert linted("a.py", code.format(program=each)) == []
