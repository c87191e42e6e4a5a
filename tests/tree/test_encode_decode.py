"""Schedules as trees of YAML nodes: both ways."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from omegaconf import OmegaConf

import lrdsl
from lrdsl.syntax import ast
from lrdsl.syntax.rebuild import rebuild
from lrdsl.syntax.spec import Spec
from lrdsl.tree import from_tree, to_tree
from tests.support import strategies as s

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
    return rebuild(node, _renamed, None)


@given(s.trees)
@settings(max_examples=3 * settings().max_examples)
def test_any_tree_of_the_grammar_comes_back(node: ast.Node) -> None:
    unknown = _renamed(node)
    assert from_tree(to_tree(Spec(unknown))).node == unknown
    tree = to_tree(Spec(node))
    assert to_tree(from_tree(tree)) == tree


@pytest.mark.parametrize(
    ("tree", "text"),
    [
        pytest.param(
            {"cosine": {"x": "_", "start": 0}}, "cosine(x=_, start=0)", id="unknown parameter"
        ),
        pytest.param(
            {"mine": {"lr": 0.1, "a.b": 1}}, "mine(lr=0.1, a.b=1)", id="a dot in a parameter's name"
        ),
        pytest.param(
            {"mine": {"a.b": {"linear": {"start": 1}}}}, "mine(a.b=linear(1))", id="only dots"
        ),
        pytest.param({"mine": {"(a.b)": 0.5}}, "mine[a.b:0.5]", id="an update with a dotted name"),
        pytest.param({"warmup": {"mode": 5, "steps": 9}}, "warmup(mode=5, steps=9)", id="no mode"),
        pytest.param(
            {"warmup": {"mode": "linaer", "steps": 9}},
            "warmup(mode=linaer, steps=9)",
            id="mistyped mode",
        ),
    ],
)
def test_arguments_that_do_not_fit_keep_their_names(tree: Any, text: str) -> None:
    assert str(from_tree(tree)) == text
    assert to_tree(text) == tree
