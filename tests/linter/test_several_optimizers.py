"""Specs of a Scheduler of several optimizers, in Python and in YAML."""

from __future__ import annotations

import textwrap

import pytest

from lrdsl.linter.config import Project
from lrdsl.linter.lint_source import lint_source
from lrdsl.linter.read_source import read_text

PYTHON = """
    from lrdsl.torch import Scheduler
    both = {"muon": make(), "adamw": make()}
    program = {"lr": {"muon/*": HERE, "adamw/*": "linear(1, 0)"}, "weight_decay": "0.1 * lr"}
    Scheduler(both, program, total_steps=90)
"""
LIST = """
    from lrdsl.torch import attach
    attach([muon, adamw], {"lr": {"0/*": "1", "1/*": HERE}, "momentum": "lr"}, total_steps=90)
"""
YAML = """
    scheduler:
      _target_: lrdsl.torch.Scheduler
      spec:
        lr: {muon/*: HERE, adamw/*: "linear(1, 0)", "*": 0.1}
        weight_decay: 0.1 * lr
      total_steps: 90
"""


@pytest.mark.parametrize(
    ("path", "text"),
    [
        pytest.param("a.py", PYTHON, id="python"),
        pytest.param("a.py", LIST, id="a list in python"),
        pytest.param("a.yaml", YAML, id="yaml"),
    ],
)
@pytest.mark.parametrize(
    ("here", "expected"),
    [
        pytest.param("cosin(1, 0)", [("LR201", "cosin")], id="a mistyped name"),
        pytest.param("warmup(9, 0.1, 1) >> cosine(1, 0)", [], id="nothing"),
        pytest.param(
            "cosine(1, 0, 200)", [("LR801", "cosine(1, 0, 200)")], id="longer than the run"
        ),
    ],
)
def test_specs_of_several_optimizers_are_linted(path, text, here, expected):
    file = read_text(path, textwrap.dedent(text).replace("HERE", f'"{here}"'))
    found = lint_source(file, Project())
    assert [(x.diagnostic.code, file.text[x.start : x.stop]) for x in found] == expected
