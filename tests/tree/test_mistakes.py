"""Trees that are wrong, too large or too deep."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
import torch
import yaml

import lrdsl
from lrdsl.diagnostics import SpecError
from lrdsl.torch import Scheduler
from lrdsl.tree import from_tree, to_tree
from tests.support.paths import ROOT


def _optimizer() -> torch.optim.Optimizer:
    groups = [{"params": [torch.zeros(1)], "name": name} for name in ("body", "head")]
    return torch.optim.AdamW(groups, lr=0.2)


GOLDEN = ROOT / "tests" / "golden" / "tree.txt"


WRONG: dict[str, Any] = {
    "parameter": [{"warmup": 100}, {"cosine": {"start": 1, "stepz": 800}}],
    "parameter-in-a-node": {"spec": {"chain": [{"warmup": {"mode": "linaer", "steps": 9}}]}},
    "shape": {"cosin": {"start": 1, "steps": 9}},
    "shape-deep-inside": {"pipe": [{"max": [{"linea": [1, 0, 9]}, 0]}, {"clip": {"low": 0}}]},
    "value-out-of-range": {"pipe": [1, {"plateau": {"factor": 2}}]},
    "in-the-middle-of-a-text": {"constant": {"value": "1 + 2 / (3 - 3)", "steps": 9}},
    "syntax-of-two-texts": [{"hold": "5 +"}, {"cosine": {"start": "1 1"}}],
    "two-keys": [{"warmup": 100, "cosine": {"start": 1}}],
    "two-keys-at-the-root": {"warmup": 100, "cosine": {"start": 1}},
    "nothing": {},
    "empty-chain": [[], 1],
    "empty-chain-at-the-root": [],
    "chain-of-a-word": {"chain": "warmup(100)"},
    "pipe-of-one": {"pipe": [{"hold": 5}]},
    "power-of-three": {"power": [1, 2, 3]},
    "half-a-conditional": {"if": "total > 5", "then": 1},
    "condition-that-is-none": {"if": "1 else 2 if 3", "then": 1, "else": 2},
    "condition-that-is-a-list": {"if": [], "then": 1, "else": 2},
    "number-for-a-name": {3: 1},
    "name-that-is-a-text": {"warmup(100) >> cosine": {}},
    "parameter-that-is-a-text": {"cosine": {"start) >> hold(1": 0}},
    "word-that-names-nothing": {"and": 1},
    "argument-that-is-more": {"clip": {"low": "0, 1"}},
    "entry-that-is-more": {"pipe": [1, {"interval": {"5:1, 6": 2}}]},
    "entry-at-none": {"pipe": [1, {"interval": {None: 2}}]},
    "no-entries": {"pipe": [1, {"interval": {}}]},
    "entry-of-points": {"points": {0: "*2", 5: 1}},
    "definitions-inside": [{"spec": "half(1)", "definitions": "def half(a) = a / 2"}],
    "bytes": {"constant": {"value": b"1"}},
    "function": [abs],
    "nan": {"constant": {"value": float("nan")}},
    "modifier-in-a-chain": [{"hold": 5}, {"clip": {"low": 0}}],
    "shape-in-a-pipe": {"pipe": [{"hold": 5}, {"cosine": {"end": 0}}]},
    "fits-no-run": [{"warmup": 100}, {"hold": 800}, {"cosine": {"steps": 200}}, {"cosine": {}}],
}


def test_messages() -> None:
    lines = []
    for name, tree in WRONG.items():
        with pytest.raises(SpecError, match="LR") as caught:
            lrdsl.compile(tree, total_steps=1000, base_lr=1)
        lines.append(f"=== {name}\n{caught.value}\n")
    written = "\n".join(lines)
    if os.environ.get("LRDSL_UPDATE_GOLDEN"):
        GOLDEN.write_text(written, encoding="utf-8")
    assert written == GOLDEN.read_text(encoding="utf-8")


def test_a_place_in_a_program() -> None:
    program = {"lr": {"head": [{"warmup": 100}, {"cosin": {"end": 0}}], "*": 0.1}}
    with pytest.raises(SpecError, match=r"(?s)LR201.*at lr\.head\[1\]\.cosin:.*`cosine`"):
        Scheduler(_optimizer(), program, total_steps=1000)


def test_a_mistyped_tree_is_no_choice_of_groups() -> None:
    with pytest.raises(SpecError, match=r"no shape `cosin`"):
        Scheduler(_optimizer(), {"lr": {"cosin": {"start": 1, "end": 0}}}, total_steps=9)


def test_a_place_is_plain_data() -> None:
    with pytest.raises(SpecError, match="LR206") as caught:
        lrdsl.compile([{"hold": 5}, {"cosine": {"stepz": 5}}], base_lr=1)
    (found,) = caught.value.diagnostics
    assert found.to_dict()["place"] == "[1].cosine.stepz"
    assert found.replacement is None, "nothing of the text is the user's"


def _nested(wrap: Callable[[Any], Any], times: int) -> Any:
    tree: Any = 1
    for _ in range(times):
        tree = wrap(tree)
    return tree


def _circular(wrap: Callable[[Any], Any]) -> Any:
    inside: list[Any] = []
    inside.append(wrap(inside))
    return inside


def _bomb() -> Any:
    tree: Any = ["hold(1)"] * 10
    for _ in range(8):
        tree = [tree] * 10
    return tree


@pytest.mark.parametrize(
    "tree",
    [
        pytest.param(_nested(lambda x: [x], 5000), id="lists"),
        pytest.param(_nested(lambda x: {"spec": x}, 5000), id="nodes"),
        pytest.param(_nested(lambda x: {"negative": x}, 5000), id="operators"),
        pytest.param(_nested(lambda x: {"abs": [x]}, 190), id="calls"),
        pytest.param(_nested(lambda x: {"f": {"a": x}}, 1000), id="arguments"),
        pytest.param(_nested(lambda x: {"if": "1", "then": x, "else": x}, 300), id="branches"),
        pytest.param(_circular(lambda x: x), id="itself"),
        pytest.param(_circular(lambda x: {"max": [x, x]}), id="itself twice"),
        pytest.param(_bomb(), id="a billion"),
        pytest.param(["hold(1)"] * 30_000, id="long"),
    ],
)
def test_size_and_depth_are_bounded(tree: Any) -> None:
    with pytest.raises(SpecError, match=r"LR108|LR109"):
        lrdsl.compile(tree, base_lr=1)


def test_what_is_deep_is_text() -> None:
    text = "abs(" * 190 + "hold(1)" + ")" * 190
    tree = to_tree(text)
    assert str(from_tree(yaml.safe_load(yaml.safe_dump(tree)))) == text
