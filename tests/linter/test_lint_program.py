"""`lint_program`: the rules on a program in Python, as the linter finds one in a file."""

from __future__ import annotations

import json
import math

import pytest

import lrdsl
from lrdsl.linter import Settings
from lrdsl.linter.config import Project
from lrdsl.linter.lint_source import lint_source
from lrdsl.linter.read_source import read_text

LONG = "warmup(100) >> cosine(1, 0, 800)"
PROGRAMS = {
    "nothing wrong": ({"lr": "warmup(5%) >> cosine(1, 0)", "ema": "cosine(0.996, 1)"}, []),
    "too long": ({"lr": LONG, "ema": "0.9"}, ["LR801 `lr`"]),
    "errors of several": ({"lr": "cosin(1)", "ema": "hold(5"}, ["LR201 `lr`", "LR104 `ema`"]),
    "a mistyped number": ({"lr": "hold()", "wd": "0.1 * lrr"}, ["LR301 `wd`"]),
    "a circle": ({"a": "0.1 * b", "b": "a"}, ["LR602 `b`"]),
    "of groups": ({"lr": {"head": LONG, "*": "1"}, "wd": "lr / 10"}, ["LR801 `lr`"]),
    "definitions": (
        {"definitions": f"def long() = {LONG}", "lr": "long()", "wd": "0.1"},
        ["LR801 `lr`"],
    ),
    "own definitions": (
        {"lr": {"spec": "long()", "definitions": f"def long() = {LONG}"}, "wd": "lr"},
        ["LR801 `lr`"],
    ),
    "wrapped": ({"spec": {"lr": LONG}}, ["LR801 `lr`"]),
    "trees": ({"lr": [{"warmup": 100}, {"cosine": {"end": 0, "steps": 800}}]}, ["LR801 `lr`"]),
    "a single spec": (LONG, ["LR801"]),
}


@pytest.mark.parametrize(("spec", "expected"), PROGRAMS.values(), ids=PROGRAMS)
def test_each_message_names_its_number(spec, expected):
    found = lrdsl.lint_program(spec, total_steps=600, base_lr=1)
    codes = [each.code for each in found]
    assert codes == [each.split(" ")[0] for each in expected]
    for diagnostic, wanted in zip(found, expected, strict=True):
        number = wanted.partition(" ")[2]
        assert diagnostic.message.startswith(f"{number}: " if number else "the schedule")


@pytest.mark.parametrize("spec", [spec for spec, _ in PROGRAMS.values()], ids=PROGRAMS)
def test_a_file_with_the_program_has_the_same_mistakes(spec):
    text = json.dumps({"total_steps": 600, "base_lr": 1, "_target_": "lrdsl.compile", "spec": spec})
    file = read_text("train.yaml", text)
    of_file = [(x.diagnostic.code, x.diagnostic.span) for x in lint_source(file, Project())]
    found = [(x.code, x.span) for x in lrdsl.lint_program(spec, total_steps=600, base_lr=1)]
    assert sorted(map(repr, of_file)) == sorted(map(repr, found))


def test_unknown_facts_of_all_specs_are_told():
    found = lrdsl.lint_program(
        {"lr": "warmup(1ep) >> cosine(1, 0, 5%)", "ema": "linear(0, 1, 1sp)"}
    )
    assert list(found) == []
    assert {each.name for each in found.missing} >= {
        "steps_per_epoch",
        "total_steps",
        "samples_per_step",
    }


def test_settings_and_python_functions():
    program = {"lr": LONG, "ema": math.sqrt, "wd": "0.1 * ema"}
    assert [x.code for x in lrdsl.lint_program(program, total_steps=600)] == ["LR801"]
    quiet = Settings(ignore=("LR801",))
    assert list(lrdsl.lint_program(program, settings=quiet, total_steps=600)) == []


def test_what_is_no_program():
    [found] = lrdsl.lint_program({"t": "1", "lr": "1"})
    assert "no number of a program can be called `t`" in found.message
    [found] = lrdsl.lint_program({**{f"n{i}": f"n{i + 1} + n{i + 1}" for i in range(40)}, "n40": 1})
    assert "names numbers that name others, too many in all" in found.message
    [found] = lrdsl.lint_program({"lr": object(), "ema": "1"})
    assert found.message.startswith("`lr`: a spec is text")


FOUND = {
    "numbers that name each other": (
        "lr: linear(1, 0, 9)\nweight_decay: 0.1 * lr\nepochs: 9\nmonitor: lr\nname: a - b\n",
        {"lr": "lr", "weight_decay": "weight_decay"},
    ),
    "a number that is named": (
        "train:\n  lr: linear(1, 0, 9)\n  momentum: 0.9\n  wd: momentum * lr\n  seed: 1\n",
        {"train.lr": "lr", "train.momentum": "momentum", "train.wd": "wd"},
    ),
    "with others that call shapes": (
        "lr: linear(1, 0, 9)\nema: cosine(0.9, 1, 9)\nwd: lr / 10\n",
        {"lr": "lr", "ema": "ema", "wd": "wd"},
    ),
    "groups": (
        "lr: {head: 'hold(5)', '*': 'linear(1, 0, 9)'}\nwd: lr / 10\n",
        {"lr.head": "lr", "lr.*": "lr", "wd": "wd"},
    ),
    "choices": ("fast: linear(1, 0, 9)\nslow: linear(1, 0, 99)\n", {"fast": None, "slow": None}),
    "a word that is a key": ("lr: linear(1, 0, 9)\nsort_by: lr\n", {"lr": None}),
    "sums of settings": ("hidden: 2 * width\nwidth: 64\n", {}),
    "an optimizer": (
        "lr: linear(1, 0, 9)\nweight_decay: 0.1 * lr\n_target_: torch.optim.SGD\n",
        {"lr": None},
    ),
}


@pytest.mark.parametrize(("text", "expected"), FOUND.values(), ids=FOUND)
def test_programs_are_found_where_numbers_name_each_other(text, expected):
    snippets = read_text("train.yaml", text).snippets
    assert {each.origin.key: each.origin.drives for each in snippets} == expected
