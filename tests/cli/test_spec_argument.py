"""SPEC on the command line: files, keys in files, presets, trees and programs."""

from __future__ import annotations

import csv
import io
import json

import pytest
from click.testing import CliRunner

from lrdsl.cli.main import cli

CONFIG = """\
total_steps: 900
optimizer:
  lr: warmup(10%) >> linear(${peak}, 0)
peak: 0.3
schedule:
  spec:
    weight_decay: 0.1 * lr
    lr: linear(base, 0)
    momentum: {head: 0.9, "*": "linear(0.8, 0.9)"}
unknown: {spec: "linear(${foo.bar}, 0)"}
chosen: {spec: "linear(${oc.select:high,0.5}, 0, ${n}ep)"}
alone: {lr: "hold(9)", base_lr: 0.2}
"""
CODE = """\
import lrdsl
from lrdsl.torch import Scheduler
warm = lrdsl.compile("warmup(5) >> constant(1, 5)")
scheduler = Scheduler(optimizer, {"lr": "linear(1, 0)", "momentum": "0.5 * lr"}, total_steps=100)
lrdsl.compile("linear(2, 0, 9)")
lrdsl.compile("cosin(2, 0, 9)")
"""
WHOLE = "    wd: 0.1 * lr\n    lr: linear(1, 0)\n    ema: linear(0.9, 1)\n    beta: 0.99\n"
PAGE = "# A page\n\n<!-- lrdsl: total_steps=40 -->\n```lr\nlinear(1, 0)\nlinear(0.5, 0)\n```\n"
LIBRARY = "# Half.\n#\n# Example: `half(1)`\ndef half(a) = linear(a, a / 2, 50%)\n"


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    files = {
        "train.yaml": CONFIG,
        "train.py": CODE,
        "one.yaml": "total_steps: 8\nlr: linear(1, 0)\n",
        "page.md": PAGE,
        "half.lr": LIBRARY,
        "bare.lr": "def f(a) = a",
        "empty.yaml": "a: 1\n",
        "no.yaml": "a: [",
        "notes.toml": "lr = 'cosine()'",
        "whole.yaml": "total_steps: 8\nbase_lr: 2\nlr: linear(base, 0)\nwd: 0.1 * lr\nname: a\n",
        "deep.yaml": f"run:\n  total_steps: 8\n  plan:\n{WHOLE}",
        "beside.yaml": "total_steps: 8\nplans:\n  fast: linear(1, 0, 4)\n  slow: linear(2, 0)\n",
        "two words.yaml": "lr: linear(1, 0, 4)\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "deep.yaml").write_text("lr: linear(1, 0, 6)\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)


def call(*arguments, stdin=None):
    return CliRunner().invoke(cli, arguments, input=stdin, prog_name="lrdsl")


def first(*arguments, stdin=None):
    """The heading of `values`, and the values at the first update."""
    done = call("values", *arguments, "--at", "0", "--format", "csv", stdin=stdin)
    assert (done.exit_code, done.stderr) == (0, ""), done.output
    head, row = csv.reader(io.StringIO(done.stdout))
    return dict(zip(head[1:], map(float, row[1:]), strict=True))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param(["one.yaml"], {"value": 1}, id="the only one"),
        pytest.param(["two words.yaml"], {"value": 1}, id="a space in the name"),
        pytest.param(["conf/deep.yaml"], {"value": 1}, id="in a folder"),
        pytest.param(["./one.yaml::lr"], {"value": 1}, id="a key"),
        pytest.param(["train.yaml::optimizer.lr"], {"value": 0}, id="a key inside"),
        pytest.param(["train.yaml::optimizer"], {"value": 0}, id="a key around"),
        pytest.param(["train.yaml::3"], {"value": 0}, id="a line"),
        pytest.param(
            ["train.yaml::schedule", "--base-lr", "2"],
            {"weight_decay": 0.2, "lr": 2, "momentum[head]": 0.9, "momentum[*]": 0.8},
            id="a program",
        ),
        pytest.param(["whole.yaml"], {"lr": 2, "wd": 0.2}, id="a program that is a file"),
        pytest.param(["whole.yaml::wd"], {"value": 0.2}, id="a number of such a file"),
        pytest.param(["deep.yaml::run.plan"], {"wd": 0.1, "lr": 1, "ema": 0.9}, id="a mapping"),
        pytest.param(["deep.yaml::run"], {"wd": 0.1, "lr": 1, "ema": 0.9}, id="around a mapping"),
        pytest.param(["deep.yaml"], {"wd": 0.1, "lr": 1, "ema": 0.9}, id="all of a file"),
        pytest.param(["deep.yaml::ema"], {"value": 0.9}, id="a number by its name"),
        pytest.param(["beside.yaml"], {"fast": 1, "slow": 2}, id="schedules side by side"),
        pytest.param(["beside.yaml::plans"], {"fast": 1, "slow": 2}, id="side by side at a key"),
        pytest.param(["beside.yaml::plans.slow"], {"value": 2}, id="one of those"),
        pytest.param(
            ["train.yaml::schedule.spec.weight_decay", "--base-lr", "2"],
            {"value": 0.2},
            id="a number of a program",
        ),
        pytest.param(
            ["train.yaml::unknown", "--set", "bar=3"], None, id="a reference into another group"
        ),
        pytest.param(
            ["train.yaml::chosen", "--set", "n=3", "--steps-per-epoch", "5"],
            {"value": 0.5},
            id="a reference with a default",
        ),
        pytest.param(
            ["train.yaml::chosen", "--set", "n=3", "--set", "high=4", "--steps-per-epoch", "5"],
            {"value": 4},
            id="a reference that is set",
        ),
        pytest.param(["train.yaml::alone"], {"value": 0.2}, id="the rate beside"),
        pytest.param(["train.yaml::alone", "--base-lr", "7"], {"value": 7}, id="an option wins"),
        pytest.param(["train.py::warm"], {"value": 0}, id="a variable of Python"),
        pytest.param(["train.py::4"], {"lr": 1, "momentum": 0.5}, id="a line of Python"),
        pytest.param(["page.md::6"], {"value": 0.5}, id="a line of a page"),
        pytest.param(["half.lr"], {"value": 1}, id="an example of a definition"),
        pytest.param(
            ["wsd", "--total-steps", "100", "--base-lr", "1", "--set", "warmup=0"],
            {"value": 1},
            id="a preset",
        ),
        pytest.param(
            ["[{warmup: 10}, {cosine: {start: 1, end: 0, steps: 90}}]"], {"value": 0}, id="a tree"
        ),
        pytest.param(['{"cosine": {"start": 1, "end": 0, "steps": 9}}'], {"value": 1}, id="JSON"),
        pytest.param(
            ["{lr: 'linear(1, 0, 9)', weight_decay: 0.1 * lr}"],
            {"lr": 1, "weight_decay": 0.1},
            id="a program in braces",
        ),
        pytest.param(
            ["one.yaml", "0.5", "{lr: '0.1', momentum: 0.9}"],
            {"one.yaml::lr": 1, "0.5": 0.5, "3: lr": 0.1, "3: momentum": 0.9},
            id="several",
        ),
    ],
)
def test_values_of(arguments, expected):
    if expected is None:
        done = call("values", *arguments)
        assert (done.exit_code, done.stdout) == (1, "")
        assert "the file alone does not say what `${foo.bar}` is" in done.stderr
        return
    assert first(*arguments) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("argument", "code", "said"),
    [
        pytest.param("train.yaml", 2, "train.yaml::schedule.spec  weight_decay, lr", id="several"),
        pytest.param("train.yaml::nope", 2, "no schedule at `nope`; it has:", id="no such key"),
        pytest.param("train.yaml::optimiser.lr", 2, "did you mean `optimizer.lr`?", id="near key"),
        pytest.param("train.py::99", 2, "no schedule at `99`", id="no such line"),
        pytest.param("train.yaml:3", 2, "write `train.yaml::3`", id="one colon"),
        pytest.param("trian.yaml", 2, "no such file or directory; did you mean train", id="a slip"),
        pytest.param("nowhere/a.yaml", 2, "nowhere/a.yaml: no such file", id="no folder"),
        pytest.param("train.ymal", 2, "there is no file train.ymal", id="a slip at the end"),
        pytest.param("conf/deeep", 2, "there is no file conf/deeep", id="without an end"),
        pytest.param("conf", 2, "conf is a folder; name a file in it: conf/deep.yaml", id="folder"),
        pytest.param("conf/", 2, "is a folder", id="a folder with a slash"),
        pytest.param("empty.yaml", 2, "empty.yaml has no schedule", id="none"),
        pytest.param("bare.lr", 2, "its definitions are called with --library", id="definitions"),
        pytest.param("no.yaml", 2, "this is no YAML", id="no YAML"),
        pytest.param("notes.toml", 2, "specs are looked for in .yaml", id="another kind"),
        pytest.param("train.py::6", 1, "in train.py:6:\n  | cosin(2, 0, 9)", id="a mistake in it"),
        pytest.param("train.yaml::chosen", 1, "--set n=VALUE", id="an unknown reference"),
        pytest.param("{lr: cosine(1, 0, 9)}", 2, "put it in quotes", id="commas in braces"),
        pytest.param("{lr: [", 2, "SPEC begins as a tree does", id="no tree"),
        pytest.param("{cosin: {start: 1}}", 1, "there is no shape `cosin`", id="a tree's mistake"),
        pytest.param(
            "{lr: momentum, momentum: lr}", 1, "refer to each other in a circle", id="a circle"
        ),
        pytest.param("{lr: 1, wd: base}", 1, "`base` is known for `lr` alone", id="another's base"),
        pytest.param("{lr: {'*': 1, a: 2}}", 1, "`a` of `lr` never applies", id="no such group"),
        pytest.param("{lr: 'hold()', wd: lrr}", 1, "did you mean `lr`?", id="a slip in a program"),
        pytest.param("cosine", 1, "total_steps", id="a preset that needs the run"),
        pytest.param("cosin", 1, "did you mean `cosine", id="nearly a preset"),
    ],
)
@pytest.mark.parametrize("command", ["show", "values"])
def test_what_leads_nowhere(command, argument, code, said):
    done = call(command, argument)
    assert (done.exit_code, done.stdout) == (code, "")
    assert said in " ".join(done.stderr.split(" "))


def test_standard_input_is_never_a_file():
    assert call("show", "-", stdin="one.yaml").exit_code == 1
    assert first("-", stdin="{lr: 'linear(1, 0, 4)'}") == {"value": 1}


def test_the_project_tells_of_its_runs(tmp_path):
    (tmp_path / "pyproject.toml").write_text("[tool.lrdsl.lint.context]\npeak = 4\n")
    (tmp_path / "peak.yaml").write_text("lr: linear(peak, 0, 9)\n")
    assert first("peak.yaml") == {"value": 4}
    assert first("peak.yaml", "--set", "peak=5") == {"value": 5}


def test_show_names_each_number_of_a_program():
    done = call("show", "train.yaml::schedule", "--base-lr", "1", "--format", "json")
    found = json.loads(done.stdout)["schedules"]
    assert [(x["name"], x["number"], x["shown"]) for x in found] == [
        ("weight_decay", "weight_decay", 900),
        ("lr", "lr", 900),
        ("momentum[head]", "momentum", 900),
        ("momentum[*]", "momentum", 900),
    ]
    assert call("show", "one.yaml").stdout.startswith("one.yaml::lr\nlinear(1, 0)\n")


def test_plot_has_an_axis_for_each_size(tmp_path):
    spec = "{lr: 'linear(1e-3, 0, 90)', momentum: 'linear(0.8, 0.9, 90)'}"
    done = call("plot", spec, "--format", "svg")
    assert done.exit_code == 0
    for text in ("learning rate", "momentum", "lr: linear(1e-3, 0, 90)"):
        assert f"<!-- {text} -->" in done.stdout
    assert call("plot", "one.yaml", "-o", "lr.svg", "--format", "svg").exit_code == 2
