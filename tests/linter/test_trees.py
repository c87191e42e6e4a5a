"""Trees are linted like text."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from lrdsl.cli.main import cli
from tests.support.composed import lint_config
from tests.support.tree_forms import TREE


def _lrdsl(*arguments: str, stdin: str | None = None) -> tuple[int, str]:
    outcome = CliRunner().invoke(cli, list(arguments), input=stdin)
    return outcome.exit_code, outcome.output


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
        pytest.param("compile({'cosine': {'stepz': 9}})", [("2:36", "LR206")], id="parameter"),
        pytest.param("compile({'spec': {'cosine': {'stepz': 9}}})", [("2:45", "LR206")], id="node"),
        pytest.param("compile({'cosine': {'steps': n}})", [], id="not known"),
        pytest.param(
            "torch.Scheduler(o, {'lr': {'warmup': {'mode': 'linear', 'steps': 9}}})",
            [],
            id="a program",
        ),
        pytest.param(
            "torch.Scheduler(o, {'lr': {'head': [{'cosine': {'x': 0}}], '*': '0.1'}})",
            [("2:60", "LR206")],
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
