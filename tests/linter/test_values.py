"""Specs in `values=`, of numbers that no optimizer holds, in Python and in YAML."""

from __future__ import annotations

import textwrap

import pytest

from lrdsl.linter.config import Project
from lrdsl.linter.lint_source import lint_source
from lrdsl.linter.read_source import read_text

PYTHON = """
    from lrdsl.torch import Scheduler, attach
    values = {"ema": HERE, "warm": "warmup(9, 0, 1)"}
    scheduler = Scheduler(make(), "linear(1, 0, 90)", values=values, total_steps=90)
"""
PROGRAM = """
    from lrdsl.torch import attach
    VALUES = {"ema": HERE, "warm": "linear(0, 1, 9)"}
    attach(make(), {"lr": "linear(1, 0, 90) * ema", "momentum": 0.9}, values=VALUES, total_steps=90)
"""
REPLAN = """
    import lrdsl.torch
    scheduler = lrdsl.torch.attach(make(), "linear(1, 0, 90)", values={"ema": 1}, total_steps=90)
    scheduler.replan(values={"ema": HERE, "warm": "linear(0, 1, 9)"})
"""
YAML = """
    scheduler:
      _target_: lrdsl.torch.Scheduler
      spec: linear(1, 0, 90)
      total_steps: 90
      values: {ema: HERE, warm: "linear(0, 1, 9)"}
"""
ALONE = """
    ema: {ema: HERE, warm: "linear(0, 1, 9)"}
    scheduler:
      _target_: lrdsl.torch.attach
      total_steps: 90
      values: ${ema}
"""


def found(path, text, here):
    file = read_text(path, textwrap.dedent(text).replace("HERE", f'"{here}"'))
    found = lint_source(file, Project())
    return [(each.diagnostic.code, file.text[each.start : each.stop]) for each in found]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        pytest.param("a.py", PYTHON, id="python"),
        pytest.param("a.py", PROGRAM, id="a program in python"),
        pytest.param("a.py", REPLAN, id="replan"),
        pytest.param("a.yaml", YAML, id="yaml"),
        pytest.param("a.yaml", ALONE, id="yaml without a spec"),
    ],
)
@pytest.mark.parametrize(
    ("here", "code", "there"),
    [
        pytest.param("cosin(0.996, 1)", "LR201", "cosin", id="a mistyped name"),
        pytest.param("cosine(0.996, 1)", None, "", id="nothing"),
        pytest.param("0.5 * warm + 0.5", None, "", id="another value"),
        pytest.param("ema * 2", "LR602", "ema", id="itself"),
        pytest.param("base * 2", "LR602", "base", id="base"),
        pytest.param("cosine(1, 0, 200)", "LR801", "cosine(1, 0, 200)", id="longer than the run"),
    ],
)
def test_specs_of_values_are_linted(path, text, here, code, there):
    # In a later plan time begins anew, and what a left-out start is is what has been reached.
    if text is REPLAN and code == "LR801":
        code = None
    if text is REPLAN and here == "base * 2":
        code = None
    assert found(path, text, here) == ([] if code is None else [(code, there)])


@pytest.mark.parametrize(
    ("spec", "codes"),
    [
        pytest.param("linear(1, 0, 90) * ema", [], id="a value"),
        pytest.param("linear(1, 0, 90) * emo", ["LR301"], id="a mistyped value"),
        pytest.param("linear(1, 0, 90) * cycl", [], id="a variable, perhaps"),
    ],
)
def test_a_spec_may_name_values(spec, codes):
    text = f"""
        scheduler:
          _target_: lrdsl.torch.Scheduler
          spec: {spec}
          total_steps: 90
          values: {{ema: "cosine(0.996, 1)"}}
    """
    assert [code for code, _ in found("a.yaml", text, "")] == codes
