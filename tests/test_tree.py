"""Schedules as trees of YAML nodes: both ways, in every place for a spec, and their JSON Schema."""

from __future__ import annotations

import copy
import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import jsonschema
import numpy as np
import pytest
import strategies as s
import torch
import yaml
from click.testing import CliRunner
from composed import lint_config
from hydra import compose, initialize_config_dir
from hypothesis import given, settings
from omegaconf import OmegaConf
from pydantic import Field

import lrdsl
from lrdsl.cli.main import cli
from lrdsl.diagnostics import SpecError
from lrdsl.language.catalog import entries
from lrdsl.language.library import Library
from lrdsl.syntax import ast
from lrdsl.syntax.parser import parse_definitions
from lrdsl.syntax.spec import Spec
from lrdsl.torch import Scheduler
from lrdsl.tree import from_tree, json_schema, to_tree
from lrdsl.tree.interpolations import Interpolations
from lrdsl.tree.keywords import WORDS, is_data, is_tree

ROOT = Path(__file__).parent.parent
CONF = ROOT / "conf"
GOLDEN = ROOT / "tests" / "golden" / "tree.txt"
EXAMPLE = "warmup(linear, 100) >> cosine(1, 1e-3, 800) | interval[600:*0.5]"

# --- both ways ------------------------------------------------------------------------------------

PAIRS = [
    pytest.param("0.1", 0.1, id="number"),
    pytest.param("-1", -1, id="negative number"),
    pytest.param("5ep", "5ep", id="number with a unit"),
    pytest.param("10k", "10k", id="number with a multiplier"),
    pytest.param("peak / 10 + t", "peak / 10 + t", id="arithmetic"),
    pytest.param("sqrt(base)", "sqrt(base)", id="function of a value"),
    pytest.param("cosine()", {"cosine": {}}, id="call without arguments"),
    pytest.param(
        "cosine(1, 1e-3, 800)",
        {"cosine": {"start": 1, "end": 0.001, "steps": 800}},
        id="arguments by position",
    ),
    pytest.param("cosine(_, 0, 5%)", {"cosine": {"end": 0, "steps": "5%"}}, id="default"),
    pytest.param("cosine(end=0.1)", {"cosine": {"end": 0.1}}, id="argument by name"),
    pytest.param(
        "linear(1, 0, 9, closed=true)",
        {"linear": {"start": 1, "end": 0, "steps": 9, "closed": True}},
        id="flag",
    ),
    pytest.param(
        "polynomial(1, 0, 9, power=0.9)",
        {"polynomial": {"start": 1, "end": 0, "steps": 9, "power": 0.9}},
        id="curve's own parameter",
    ),
    pytest.param("warmup(100)", {"warmup": {"steps": 100}}, id="mode left out"),
    pytest.param("warmup(steps=n)", {"warmup": {"steps": "n"}}, id="mode left out before a name"),
    pytest.param("warmup('sqrt', 9)", {"warmup": {"mode": "'sqrt'", "steps": 9}}, id="quoted word"),
    pytest.param(
        "linear(1, 0, until=50)", {"linear": {"start": 1, "end": 0, "until": 50}}, id="until"
    ),
    pytest.param(
        "multistep(1, 0.1, at=[30, 2ep])",
        {"multistep": {"start": 1, "gamma": 0.1, "at": [30, "2ep"]}},
        id="list",
    ),
    pytest.param(
        "warmup(100) >> cosine()", [{"warmup": {"steps": 100}}, {"cosine": {}}], id="chain"
    ),
    pytest.param(
        "0.1 >> (hold(5) >> hold(6)) >> peak",
        [0.1, {"chain": [{"hold": {"steps": 5}}, {"hold": {"steps": 6}}]}, "peak"],
        id="chain in a chain",
    ),
    pytest.param(
        "hold(5) >> hold(6) | repeat() | clip(_, 1)",
        {
            "pipe": [
                {"chain": [{"hold": {"steps": 5}}, {"hold": {"steps": 6}}]},
                {"repeat": {}},
                {"clip": {"high": 1}},
            ]
        },
        id="pipe",
    ),
    pytest.param(
        "1 | interval[6:*0.5, 20..2ep:0.1, n:hold(5), 50%:*hold(5)]",
        {
            "pipe": [
                1,
                {
                    "interval": {
                        6: "*0.5",
                        "20..2ep": 0.1,
                        "n": {"hold": {"steps": 5}},
                        "50%": {"times": {"hold": {"steps": 5}}},
                    }
                },
            ]
        },
        id="entries",
    ),
    pytest.param("points[0:0, 9:1]", {"points": {0: 0, 9: 1}}, id="points"),
    pytest.param(
        "1 - hold(5) - 0.5 * hold(6) / 3 + 1",
        {
            "add": [
                {
                    "subtract": [
                        1,
                        {"hold": {"steps": 5}},
                        {"divide": [{"multiply": [0.5, {"hold": {"steps": 6}}]}, 3]},
                    ]
                },
                1,
            ]
        },
        id="operators",
    ),
    pytest.param(
        "-hold(5) ** 2",
        {"negative": {"power": [{"hold": {"steps": 5}}, 2]}},
        id="minus and power",
    ),
    pytest.param(
        "max(hold(5), 0.1)", {"max": [{"hold": {"steps": 5}}, 0.1]}, id="function of schedules"
    ),
    pytest.param(
        "hold(5) if total > 9 and base != none else 1",
        {"if": "total > 9 and base != none", "then": {"hold": {"steps": 5}}, "else": 1},
        id="conditional",
    ),
    pytest.param("1 if total > 9 else 2", "1 if total > 9 else 2", id="conditional of values"),
    pytest.param(
        "wsd(1, 100, 700, 200, mode=sqrt)",
        {"wsd": {"peak": 1, "warmup": 100, "stable": 700, "decay": 200, "mode": "sqrt"}},
        id="definition",
    ),
    pytest.param(
        "torch.SequentialLR([torch.ConstantLR(0.5, 50), hold(5)], [50])",
        {
            "torch.SequentialLR": {
                "schedulers": [
                    {"torch.ConstantLR": {"factor": 0.5, "total_iters": 50}},
                    {"hold": {"steps": 5}},
                ],
                "milestones": [50],
            }
        },
        id="dialect, schedules in a list",
    ),
    pytest.param(
        "product([hold(5) >> hold(6), 0.5])",
        {
            "product": {
                "schedules": [{"chain": [{"hold": {"steps": 5}}, {"hold": {"steps": 6}}]}, 0.5]
            }
        },
        id="chain in a list",
    ),
    pytest.param("mine(1, hold(5))", {"mine": [1, {"hold": {"steps": 5}}]}, id="unknown, ordered"),
    pytest.param("mine(a=1)", {"mine": {"a": 1}}, id="unknown, named"),
    pytest.param("mine(1, a=2)", "mine(1, a=2)", id="unknown, mixed"),
    pytest.param("mine[(n):1]", {"mine": {"(n)": 1}}, id="unknown with entries"),
    pytest.param("chain(1)", "chain(1)", id="a call with a word of the tree form"),
    pytest.param("mine(none, true, inf)", {"mine": [None, True, "inf"]}, id="literals"),
]


@pytest.mark.parametrize(("text", "tree"), PAIRS)
def test_both_ways(text: str, tree: Any) -> None:
    assert to_tree(text) == tree
    assert str(from_tree(tree)) == _canonical(text)


def _canonical(text: str) -> str:
    """What comes back where the text was not in the usual form before."""
    return {
        "cosine(end=0.1)": "cosine(_, 0.1)",
        "mine[(n):1]": "mine[n:1]",
    }.get(text, text)


@pytest.mark.parametrize(
    ("tree", "text"),
    [
        pytest.param({"cosine": [1, 0, 800]}, "cosine(1, 0, 800)", id="a list of arguments"),
        pytest.param({"hold": 5}, "hold(5)", id="the only argument"),
        pytest.param({"cosine": None}, "cosine()", id="nothing"),
        pytest.param({"warmup": "5%"}, "warmup(5%)", id="the only argument as text"),
        pytest.param({"abs": {"negative": 1}}, "abs(negative=1)", id="a mapping is arguments"),
        pytest.param([["hold(5)", 1], 2], "hold(5) >> 1 >> 2", id="lists in a chain"),
        pytest.param(["hold(5) | clip(0, 1)", 1], "(hold(5) | clip(0, 1)) >> 1", id="text"),
        pytest.param({"multiply": ["1 + t", 2]}, "(1 + t) * 2", id="text is one part"),
        pytest.param({"cosine": {"start": "1 +t"}}, "cosine(1 + t)", id="text is spaced"),
        pytest.param([{"spec": "hold(5)"}, 1], "hold(5) >> 1", id="a node of a config"),
        pytest.param({"clip": {"low": "_", "high": 1}}, "clip(_, 1)", id="a default"),
        pytest.param({"points": {"0": 0, "1e1": 1}}, "points[0:0, 1e1:1]", id="keys of JSON"),
        pytest.param({"points": {0.5: 1}}, "points[0.5:1]", id="a float for a key"),
        pytest.param({"if": True, "then": 1, "else": 2}, "1 if true else 2", id="a flag"),
        pytest.param({"wsd": {"warmup": 5}}, "wsd(warmup=5)", id="a gap"),
        pytest.param({"restarts": {"period": 9}}, "restarts(period=9)", id="two gaps"),
        pytest.param({"pipe": [[0.1, 1], "take(5)"]}, "0.1 >> 1 | take(5)", id="a list in a pipe"),
        pytest.param({"cosine": {"start": "1 # one"}}, "cosine(1)", id="a comment"),
        pytest.param([lrdsl.parse("hold(5)"), 1], "hold(5) >> 1", id="a Spec"),
    ],
)
def test_other_ways_to_write_it(tree: Any, text: str) -> None:
    assert str(from_tree(tree)) == text
    assert str(lrdsl.parse(tree)) == text  # type: ignore[arg-type]


@given(s.specs)
def test_a_tree_means_what_its_text_means(text: str) -> None:
    tree = to_tree(text)
    schedule, other = lrdsl.compile(text, **s.CONTEXT), lrdsl.compile(tree, **s.CONTEXT)
    t = np.arange(1200)
    assert other.length == schedule.length
    assert other.boundaries == schedule.boundaries
    assert np.array_equal(other(t), schedule(t))
    # What comes back is in the usual form, and stays in it.
    usual = str(other.spec)
    assert to_tree(usual) == tree
    assert lrdsl.compile(usual, **s.CONTEXT) == other


@given(s.specs)
def test_yaml_json_and_omegaconf_keep_a_tree(text: str) -> None:
    tree = to_tree(text)
    text = str(from_tree(tree))
    assert yaml.safe_load(yaml.safe_dump(tree, sort_keys=False)) == tree
    assert str(from_tree(json.loads(json.dumps(tree)))) == text
    config = OmegaConf.create({"lr": tree})
    again = OmegaConf.create(OmegaConf.to_yaml(config))
    assert str(lrdsl.parse(again.lr)) == text


def _renamed(node: ast.Node) -> ast.Node:
    """The tree with calls of what nothing is known of, so that no argument gets a name."""
    if isinstance(node, (ast.Call, ast.Bracket)):
        node = replace(node, name=ast.Name(f"x_{node.name.id}"))
    return ast.rebuild(node, _renamed, None)


@given(s.trees)
@settings(max_examples=300)
def test_any_tree_of_the_grammar_comes_back(node: ast.Node) -> None:
    unknown = _renamed(node)
    assert from_tree(to_tree(Spec(unknown))).node == unknown
    tree = to_tree(Spec(node))
    assert to_tree(from_tree(tree)) == tree


# --- wherever a spec belongs ----------------------------------------------------------------------

TREE = [{"warmup": {"mode": "linear", "steps": 10}}, {"cosine": {"start": 1, "end": 0.001}}]
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
    assert _checkpoint(program)["spec"] == {"lr": "half(a=cosine())"}
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


# --- what is wrong --------------------------------------------------------------------------------

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


# --- the schema -----------------------------------------------------------------------------------

SCHEMA = json.loads(json.dumps(json_schema()))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def _accepts(tree: Any) -> bool:
    return bool(VALIDATOR.is_valid(json.loads(json.dumps(tree))))


def test_the_schema_is_one() -> None:
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    "example",
    [pytest.param(e.doc.example, id=f"{e.kind} {e.name}") for e in entries() if e.doc.example],
)
def test_the_schema_accepts_every_example(example: str) -> None:
    assert _accepts(to_tree(example))
    assert _accepts({"spec": to_tree(example), "definitions": None})


@given(s.specs)
def test_the_schema_accepts_what_lrdsl_does(text: str) -> None:
    assert _accepts(to_tree(text))


@pytest.mark.parametrize(
    "tree",
    [
        pytest.param(0.1, id="number"),
        pytest.param("cosine(${peak}, 0)", id="text"),
        pytest.param({"cosine": None}, id="nothing below a name"),
        pytest.param({"warmup": ["linear", 100]}, id="a list of arguments"),
        pytest.param({"warmup": 100}, id="the only argument"),
        pytest.param({"warmup": {"mode": "${mode}", "steps": 9, "power": 2}}, id="any mode"),
        pytest.param({"warmup": {"mode": "poly", "steps": 9, "power": 2}}, id="alias of a mode"),
        pytest.param({"linear": {"closed": "${closed}"}}, id="any flag"),
        pytest.param({"constant": {"value": {"max": [0.1, "peak"]}}}, id="a value that is a tree"),
        pytest.param({"spec": TREE, "definitions": ["a.lr", "b.lr"]}, id="definitions"),
        pytest.param({"pipe": ["hold(5)", "clip(0, 1)"]}, id="texts in a pipe"),
    ],
)
def test_the_schema_accepts(tree: Any) -> None:
    assert _accepts(tree)


def test_every_name_is_explained() -> None:
    defs = SCHEMA["$defs"]
    calls = [name for name in defs if name.startswith(("call.", "modifier."))]
    assert {name.partition(".")[2] for name in calls} >= set(Library())
    for name in calls:
        assert defs[name]["description"], name
        for parameter, kind in defs[name].get("properties", {}).items():
            assert kind["description"], f"{name}: {parameter}"


def test_the_schema_knows_own_definitions() -> None:
    own = parse_definitions("# Half of a.\ndef half(a) = a / 2")
    schema = json_schema(Library({definition.name: definition for definition in own}))
    validator = jsonschema.Draft202012Validator(schema)
    assert validator.is_valid({"half": {"a": 1}})
    assert not validator.is_valid({"half": {"b": 1}})
    assert schema["$defs"]["call.half"]["description"].startswith("Half of a.")


def test_shapes_of_ones_own_are_in_it() -> None:
    @lrdsl.shape
    def sawtooth(
        t: int,
        low: float = 0.0,
        high: Annotated[float, Field(gt=0)] = 1.0,
        *,
        period: int = 100,
        sort: str = "up",
        heights: list[float] = [1.0],  # noqa: B006
        round: bool = False,
    ) -> float:
        """From low to high, again and again."""
        return low + (high - low) * (t % period) / period

    tree = {"sawtooth": {"high": 2, "period": 50, "sort": "up", "heights": [1, 2], "round": True}}
    text = "sawtooth(high=2, period=50, sort=up, heights=[1, 2], round=true)"
    assert str(from_tree(tree)) == text
    assert to_tree(text) == tree
    validator = jsonschema.Draft202012Validator(json_schema())
    assert validator.is_valid(tree)
    for name, wrong in {"high": 0, "period": 2.5, "heights": 1, "round": 1, "low": []}.items():
        assert not validator.is_valid({"sawtooth": {name: wrong}}), name
        with pytest.raises(SpecError, match=f"at sawtooth.{name}"):
            lrdsl.compile({"sawtooth": {name: wrong}}, total_steps=100)


def _presets() -> dict[str, Any]:
    """The trees of the presets, as they are and with their variables' values."""
    found: dict[str, Any] = {}
    with initialize_config_dir(str(CONF), version_base="1.3"):
        for file in sorted((CONF / "schedule").glob("*.yaml")):
            kept = Interpolations()
            text = yaml.safe_load(file.read_text(encoding="utf-8"))["spec"]
            found[f"{file.stem} ${{}}"] = kept.show(to_tree(kept.hide(text)))
            found[file.stem] = to_tree(str(compose("train", [f"schedule@lr={file.stem}"]).lr.spec))
    return found


PRESETS = _presets()


@pytest.mark.parametrize("preset", PRESETS)
def test_the_schema_accepts_the_presets(preset: str) -> None:
    assert _accepts(PRESETS[preset])
    assert _accepts({"spec": PRESETS[preset]})


class Spot(NamedTuple):
    """A mapping or a list, a key of it, and the call whose arguments the mapping holds."""

    holder: Any
    key: Any
    call: str | None


def _spots(tree: Any, call: str | None = None) -> Iterator[Spot]:
    """Every place in a tree."""
    pairs = tree.items() if isinstance(tree, dict) else enumerate(tree)
    for key, value in list(pairs):
        spot = Spot(tree, key, call)
        yield spot
        if isinstance(value, (dict, list)):
            yield from _spots(value, key if _is_call(spot) else None)


CALLS = frozenset([entry.name for entry in entries()])
DEFINITIONS = frozenset(Library())


def _is_call(spot: Spot) -> bool:
    return spot.call is None and isinstance(spot.holder, dict) and spot.key in CALLS


def _is_argument(spot: Spot) -> bool:
    """Whether it is an argument by name: a key below a call, no entry."""
    return (
        spot.call is not None
        and isinstance(spot.holder, dict)
        and isinstance(spot.key, str)
        and spot.key.isidentifier()
    )


def _is_value(spot: Spot) -> bool:
    """Whether it is an argument that a schema knows to be one thing.

    What a definition makes of its arguments no schema can say; two may be lists of anything.
    """
    return _is_argument(spot) and spot.call not in DEFINITIONS and spot.key not in ("gamma", "at")


def _is_duration(spot: Spot) -> bool:
    return _is_value(spot) and spot.key in ("steps", "n", "every", "period")


def _is_chain(spot: Spot) -> bool:
    return spot.call is None and isinstance(spot.holder[spot.key], list)


def _names(body: Any) -> bool:
    """Whether the keys of a call's body are names of parameters."""
    return all(isinstance(key, str) and key.isidentifier() for key in body)


def _rename(spot: Spot) -> None:
    spot.holder[f"{spot.key}x"] = spot.holder.pop(spot.key)


def _put(value: Any) -> Callable[[Spot], None]:
    def put(spot: Spot) -> None:
        spot.holder[spot.key] = value

    return put


def _beside(spot: Spot) -> None:
    spot.holder["hold"] = 5


def _added(spot: Spot) -> None:
    body = spot.holder[spot.key]
    body["colour"] = "blue"


MUTATIONS: dict[str, tuple[Callable[[Spot], bool], Callable[[Spot], None], str]] = {
    "misspelt name": (_is_call, _rename, "schema"),
    "misspelt parameter": (_is_argument, _rename, "schema"),
    "unknown parameter": (
        lambda x: _is_call(x) and isinstance(x.holder[x.key], dict) and _names(x.holder[x.key]),
        _added,
        "schema",
    ),
    "a second key": (lambda x: _is_call(x) and x.key != "hold", _beside, "schema"),
    "a mapping for an argument": (_is_argument, _put({"nothing": 1}), "schema"),
    "a list for an argument": (_is_value, _put([1]), "schema"),
    "nothing for an argument": (_is_value, _put(None), "schema"),
    "true for an argument": (_is_value, _put(True), "schema"),
    "a chain for an argument": (_is_value, _put("hold(5) >> hold(6)"), "schema"),
    "true for all arguments": (_is_call, _put(True), "schema"),
    "too many arguments": (_is_call, _put([1] * 12), "schema"),
    "a length below 0": (_is_duration, _put(-5), "schema"),
    "a length that is broken": (
        lambda x: _is_duration(x) and x.key != "every",
        _put(2.5),
        "schema",
    ),
    "an unknown curve": (lambda x: x.key == "mode", _put("curvy"), "schema"),
    "an empty list": (_is_chain, _put([]), "schema"),
    "an unknown unit": (_is_duration, _put("5parsec"), "lrdsl"),
    "broken text": (lambda x: _is_argument(x) and x.key != "mode", _put("1 +"), "lrdsl"),
    "an unbound variable": (
        lambda x: _is_argument(x) and x.key != "mode",
        _put("unheard_of"),
        "lrdsl",
    ),
    "an unknown call in text": (_is_duration, _put("halve(5)"), "lrdsl"),
}


def _mutants(tree: Any, mutation: str) -> Iterator[Any]:
    fits, change, _ = MUTATIONS[mutation]
    for i, spot in enumerate(_spots(tree)):
        if fits(spot):
            mutant = copy.deepcopy(tree)
            change(list(_spots(mutant))[i])
            yield mutant


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_every_mutant_of_the_presets_is_rejected(mutation: str) -> None:
    judge = MUTATIONS[mutation][2]
    found = 0
    for name, tree in PRESETS.items():
        for mutant in _mutants(tree, mutation):
            found += 1
            assert _accepts(mutant) is (judge == "lrdsl"), (name, mutant)
            if "$" not in name:
                with pytest.raises(SpecError, match="LR"):
                    lrdsl.compile(mutant, total_steps=900, base_lr=0.1)
    assert found, "no preset has such a place"


# --- the command line -----------------------------------------------------------------------------


def _lrdsl(*arguments: str, stdin: str | None = None) -> tuple[int, str]:
    outcome = CliRunner().invoke(cli, list(arguments), input=stdin)
    return outcome.exit_code, outcome.output


def test_convert_a_spec() -> None:
    code, written = _lrdsl("convert", "--to", "yaml", "-e", EXAMPLE)
    assert code == 0
    assert written == (
        "pipe:\n"
        "- chain:\n"
        "  - warmup: {mode: linear, steps: 100}\n"
        "  - cosine: {start: 1, end: 0.001, steps: 800}\n"
        "- interval: {600: '*0.5'}\n"
    )
    assert _lrdsl("convert", "--to", "text", "-e", written) == (0, f"{EXAMPLE}\n")
    assert _lrdsl("convert", "--to", "text", "-", stdin=written) == (0, f"{EXAMPLE}\n")


@pytest.mark.parametrize("file", sorted((CONF / "schedule").glob("*.yaml")), ids=lambda f: f.stem)
def test_convert_a_preset(file: Path, tmp_path: Path) -> None:
    code, written = _lrdsl("convert", "--to", "yaml", str(file))
    assert code == 0
    before = file.read_text(encoding="utf-8")
    assert re.findall("^#.*", written, re.M) == re.findall("^#.*", before, re.M)
    tree = tmp_path / "tree.yaml"
    tree.write_text(written, encoding="utf-8")
    code, again = _lrdsl("convert", "--to", "text", str(tree))
    assert code == 0
    kept, other = Interpolations(), Interpolations()
    was, now = kept.hide(yaml.safe_load(before)["spec"]), other.hide(yaml.safe_load(again)["spec"])
    assert to_tree(now) == to_tree(was)
    assert other.show(now) == kept.show(str(lrdsl.parse(now)))


@pytest.mark.parametrize(
    ("arguments", "code", "match"),
    [
        pytest.param(["--to", "yaml"], 2, "one of the two", id="nothing"),
        pytest.param(["--to", "yaml", "-e", "1", "x.yaml"], 2, "one of the two", id="both"),
        pytest.param(["-e", "1"], 2, "--to", id="to what"),
        pytest.param(["--to", "yaml", "no.yaml"], 2, "No such file", id="no file"),
        pytest.param(["--to", "text", "-e", "{a"], 2, "no YAML", id="no YAML"),
        pytest.param(["--to", "text", "-e", "[" * 3000], 2, "no YAML", id="deep YAML"),
        pytest.param(["--to", "text", "-e", "&a [*a, *a]"], 1, "LR109", id="circular YAML"),
        pytest.param(["--to", "yaml", "-e", "cosine(1"], 1, "LR104", id="syntax"),
        pytest.param(["--to", "text", "-e", "{a: 1, b: 2}"], 1, "LR602", id="no tree"),
        pytest.param(["--to", "yaml", "-e", "${form}(1)"], 1, "part of a word", id="a word"),
    ],
)
def test_convert_what_is_wrong(arguments: list[str], code: int, match: str) -> None:
    found, output = _lrdsl("convert", *arguments)
    assert (found, match in output) == (code, True), output


def test_convert_with_definitions(tmp_path: Path, forgotten: None) -> None:
    library = tmp_path / "mine.lr"
    library.write_text("def hill(high, n) = linear(0, high, n) >> linear(high, 0, n)")
    code, written = _lrdsl(
        "convert", "--to", "yaml", "-e", "hill(1, 5ep)", "--library", str(library)
    )
    assert (code, written) == (0, "hill: {high: 1, n: 5ep}\n")


def test_schema_command() -> None:
    code, written = _lrdsl("schema")
    assert code == 0
    assert json.loads(written) == SCHEMA


# --- the page -------------------------------------------------------------------------------------

PAGE = (ROOT / "docs" / "tree.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("text", re.findall(r"^```yaml\n(.*?)^```", PAGE, re.M | re.S))
def test_yaml_of_the_page(text: str) -> None:
    config = OmegaConf.create(text)
    config.update(peak=0.1, steps=900)
    node = OmegaConf.to_container(config, resolve=True)
    assert isinstance(node, dict)
    node = node["lr"] if "lr" in node else {"spec": node["spec"]}
    assert _accepts(node)
    assert lrdsl.compile(node, total_steps=1000, base_lr=0.1, peak=0.1).length <= 1000


TABLE = re.findall(r"^\| (`.+`) \| (`.+`)[^|`]* \|$", PAGE.split("## What a mapping")[0], re.M)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        (text.replace("\\|", "|"), tree)
        for left, right in TABLE
        for text, tree in zip(
            re.findall("`(.+?)`", left), re.findall("`(.+?)`", right), strict=False
        )
        if "…" not in tree and text not in ("_", "none", "true", "inf")
    ],
)
def test_table_of_the_page(text: str, tree: str) -> None:
    node = OmegaConf.create(f"x: {{{tree}}}" if ":" in tree and tree[0] != "{" else f"x: {tree}").x
    assert from_tree(node) == lrdsl.parse(text) if is_data(node) else str(node) == text


# --- the linter -----------------------------------------------------------------------------------

LINTED = """\
peak: 0.1
lr:
  pipe:
  - chain:
    - warmup: {mode: linear, steps: 100}
    - cosine: {start: "${peak}", end: 1e-3, steps: 800}
    - "cosine(_, 0, 100)"
  - interval: {600: '*0.5'}
"""


def _linted(text: str, tmp_path: Path) -> list[str]:
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    _, written = _lrdsl("lint", str(tmp_path / "a.yaml"))
    return re.findall(r"a\.yaml:(\d+:\d+): \w+\[(LR\d+)\]", written)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param(LINTED, [], id="fine"),
        pytest.param(LINTED.replace("0.1", "???"), [], id="an unknown value"),
        pytest.param(LINTED.replace("peak: 0.1\n", ""), [], id="a value from elsewhere"),
        pytest.param(LINTED.replace("steps: 800", "stepz: 800"), [("6:52", "LR206")], id="name"),
        pytest.param(LINTED.replace("'*0.5'", "'*0.5 +'"), [], id="what is no tree"),
        pytest.param("model_lr: [0.1, 0.2]\n", [], id="a list of numbers"),
        pytest.param("spec: {containers: [{name: a}]}\n", [], id="another program's"),
        pytest.param("spec: {step: 3, points: 4}\n", [], id="two keys"),
        pytest.param("linear: {in_features: 3}\n", [], id="a whole file"),
        pytest.param(
            "a: {_target_: lrdsl.torch.Scheduler, spec: [{warmup: 5}, {cosin: {end: 0}}]}\n",
            [("1:59", "LR201")],
            id="of an object",
        ),
        pytest.param(
            "a: {_target_: lrdsl.torch.Scheduler, spec: {lr: {cosine: {}}, momentum: 0.9}}\n",
            [],
            id="a program",
        ),
        pytest.param(
            "lr: {warmup: 5}\n"
            "a: {_target_: lrdsl.torch.Scheduler, total_steps: 3, spec: '${lr}'}\n",
            [("1:14", "LR801"), ("1:14", "LR803"), ("1:14", "LR808")],
            id="spoken of",
        ),
    ],
)
def test_trees_are_linted(text: str, found: list[Any], tmp_path: Path) -> None:
    assert _linted(text, tmp_path) == found


@pytest.mark.parametrize(
    ("call", "found"),
    [
        pytest.param("compile([{'warmup': {'mode': 'linear', 'steps': 9}}, 0.1])", [], id="fine"),
        pytest.param("compile({'cosine': {'stepz': 9}})", [("2:15", "LR206")], id="parameter"),
        pytest.param("compile({'spec': {'cosine': {'stepz': 9}}})", [("2:24", "LR206")], id="node"),
        pytest.param("compile({'cosine': {'steps': n}})", [], id="not known"),
        pytest.param(
            "torch.Scheduler(o, {'lr': {'warmup': {'mode': 'linear', 'steps': 9}}})",
            [],
            id="a program",
        ),
        pytest.param(
            "torch.Scheduler(o, {'lr': {'head': [{'cosine': {'x': 0}}], '*': '0.1'}})",
            [("2:42", "LR206")],
            id="a choice",
        ),
    ],
)
def test_trees_in_python_are_linted(call: str, found: list[Any], tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(f"import lrdsl, lrdsl.torch\nlrdsl.{call}\n", encoding="utf-8")
    _, written = _lrdsl("lint", str(tmp_path / "a.py"))
    assert re.findall(r"a\.py:(\d+:\d+): \w+\[(LR\d+)\]", written) == found


@pytest.mark.parametrize(
    ("config", "found"),
    [
        pytest.param({"lr": {"spec": TREE}}, [], id="fine"),
        pytest.param({"lr": [{"cosin": {"end": 0}}, "hold(5)"]}, [], id="nothing known"),
        pytest.param({"lr": {"cosine": {"stepz": 0}}}, [("lr", "LR206")], id="parameter"),
        pytest.param({"lr": {"cosine": {"end": "1 +"}}}, [("lr", "LR106")], id="syntax"),
        pytest.param({"lr": {"cosine": {"end": None}}}, [], id="not known yet"),
        pytest.param(
            {"s": {"_target_": "lrdsl.torch.Scheduler", "spec": {"lr": {"cosine": {"x": 1}}}}},
            [("s.spec.lr", "LR206")],
            id="of an object",
        ),
    ],
)
def test_trees_of_composed_configs_are_linted(config: Any, found: list[Any]) -> None:
    assert [(key, x.code) for key, x in lint_config(config)] == found
