"""Trees wherever a spec belongs."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

import lrdsl
from lrdsl.diagnostics import SpecError
from lrdsl.language.catalog import entries
from lrdsl.torch import Scheduler
from lrdsl.tree.keywords import WORDS, is_tree
from tests.support.paths import ROOT
from tests.support.tree_forms import TREE

CONF = ROOT / "conf"
TEXT = "warmup(linear, 10) >> cosine(1, 1e-3)"


def _optimizer() -> torch.optim.Optimizer:
    groups = [{"params": [torch.zeros(1)], "name": name} for name in ("body", "head")]
    return torch.optim.AdamW(groups, lr=0.2)


def _checkpoint(spec: Any, **context: Any) -> dict[str, Any]:
    optimizer = _optimizer()
    scheduler = Scheduler(optimizer, spec, total_steps=100, **context)
    for _ in range(50):
        optimizer.step()
        scheduler.step()
    state: dict[str, Any] = scheduler.state_dict()
    return state


FORMS = [
    pytest.param(lambda x: x, id="by itself"),
    pytest.param(lambda x: {"spec": x}, id="under spec"),
    pytest.param(lambda x: {"lr": x}, id="in a program"),
    pytest.param(lambda x: {"lr": {"spec": x}}, id="under spec in a program"),
    pytest.param(lambda x: {"lr": {"head": x, "*": 0.1}}, id="in a choice"),
    pytest.param(lambda x: {"lr": {"*": x}}, id="in a choice of one"),
    pytest.param(lambda x: {"lr": x, "weight_decay": "0.1 * lr"}, id="spoken of"),
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "tree",
    [
        pytest.param(TREE, id="list"),
        pytest.param({"chain": TREE}, id="mapping"),
        pytest.param(OmegaConf.create({"lr": TREE}).lr, id="ListConfig"),
        pytest.param(OmegaConf.create({"chain": TREE}), id="DictConfig"),
    ],
)
def test_the_same_checkpoint(form: Callable[[Any], Any], tree: Any) -> None:
    assert _checkpoint(form(tree)) == _checkpoint(form(TEXT))


def test_a_tree_may_speak_of_the_others() -> None:
    program = {"lr": TREE, "weight_decay": {"multiply": [0.1, "lr", {"hold": 5}]}}
    text = {"lr": TEXT, "weight_decay": "0.1 * lr * hold(5)"}
    assert _checkpoint(program) == _checkpoint(text)


def test_a_plan_may_be_a_tree() -> None:
    scheduler = Scheduler(_optimizer(), TREE, total_steps=100)
    scheduler.replan({"linear": {"end": 0, "steps": 50}})
    with pytest.raises(SpecError, match=r"at \[0\]\.linear\.stepz"):
        scheduler.replan([{"linear": {"stepz": 50}}])


def test_definitions_beside_a_tree() -> None:
    node = {"spec": {"half": {"a": {"hold": 5}}}, "definitions": "def half(a) = a / 2"}
    assert lrdsl.compile(node, base_lr=1)(0) == 0.5
    program = {"definitions": "def half(a) = a / 2", "lr": {"half": {"a": "cosine()"}}}
    assert json.loads(_checkpoint(program)["spec"]) == {"lr": "half(a=cosine())"}
    assert _checkpoint({"half": {"a": 1}}, definitions="def half(a) = a / 2")["spec"] == "half(a=1)"


def test_a_preset_may_be_a_tree() -> None:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        tree = "{cosine:{start:1,end:1e-3,steps:'${steps} - 1'}}"
        config = compose("train", [f"lr.spec={tree}"])
    assert str(lrdsl.parse(config.lr)) == "cosine(1, 1e-3, 900 - 1)"


@pytest.mark.parametrize(
    ("value", "found"),
    [
        pytest.param({"cosine": {}}, True, id="shape"),
        pytest.param({"wsd": {}}, True, id="definition"),
        pytest.param({"pipe": []}, True, id="word"),
        pytest.param({"if": 1, "then": 2, "else": 3}, True, id="conditional"),
        pytest.param([0.1], True, id="list"),
        pytest.param({"lr": {"cosine": {}}}, False, id="program"),
        pytest.param({"linear": 1, "*": 2}, False, id="choice"),
        pytest.param({"cosine": {}, "linear": {}}, False, id="two"),
        pytest.param({}, False, id="nothing"),
        pytest.param({1: 2}, False, id="number"),
        pytest.param("cosine()", False, id="text"),
    ],
)
def test_what_is_a_tree(value: Any, found: bool) -> None:
    assert is_tree(value) is found


def test_no_word_of_the_tree_form_is_the_name_of_something() -> None:
    assert not WORDS & {entry.name for entry in entries()}
