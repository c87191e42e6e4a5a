"""Runs are found, ranked, and told apart by what Hydra wrote."""

import math
import os
from pathlib import Path

import numpy as np
import pytest

import lrdsl
from lrdsl.compare import Record, Run, Series, differing, ranked, read_runs
from lrdsl.compare.hydra_output import read_hydra_output
from tests.support.logged_runs import job, write


def run(name="a", loss=(), result=None, **overrides):
    values = np.array(loss, dtype=float)
    record = Record({}, Series(np.arange(float(len(values))), values), result, len(values))
    return Run(name, Path(name), record, overrides)


@pytest.mark.parametrize(
    ("maximize", "order"),
    [pytest.param(False, "cabdef", id="lowest"), pytest.param(True, "bacdef", id="highest")],
)
def test_the_best_is_first(maximize, order):
    runs = [
        run("f", [], math.nan),
        run("e", [1, 0.5]),
        run("b", [9], 3),
        run("a", [9], 2),
        run("d", [1, 0.25]),
        run("c", [9], 1),
    ]
    runs.append(run("g", [1, math.nan]))
    assert "".join(x.name for x in ranked(runs, maximize=maximize)) == order.replace("f", "") + "fg"


def test_the_best_loss_of_a_run_that_diverged():
    spoilt = run("a", [3, 1, math.inf, math.nan])
    assert spoilt.best == 1
    assert math.isnan(spoilt.loss)
    assert (run().best, run().loss) == (None, None)


def test_overrides_that_differ():
    runs = [run(peak="1", seed="0"), run(peak="2", seed="0", steps="9"), run(peak="2", seed="0")]
    assert differing(runs) == ["peak", "steps"]
    assert differing(runs[:1]) == []


# What Hydra wrote


@pytest.mark.parametrize(
    ("overrides", "config", "expected"),
    [
        pytest.param(["peak=0.1", "+x=3", "++y.z=4", "~w"], "{}",
                     ({"peak": "0.1", "x": "3", "y.z": "4", "w": ""}, None), id="signs"),
        pytest.param(['lr="a(\\"x=1\\") >> b"', "note='it''s'"], "{}",
                     ({"lr": 'a("x=1") >> b', "note": "it''s"}, None), id="quotes"),
        pytest.param(["schedule@lr=wsd"], "lr: {spec: 'cosine(${peak}, 0, 9)'}\npeak: 0.5\n",
                     ({"schedule@lr": "wsd"}, "cosine(0.5, 0, 9)"), id="a spec, resolved"),
        pytest.param([], "lr: 0.1\ns: {_target_: lrdsl.torch.Scheduler, spec: '${lr}'}\n",
                     ({}, "0.1"), id="a number"),
        pytest.param([], "s: {_target_: lrdsl.torch.Scheduler, spec: {momentum: 0.9, lr: hold(9)}}",
                     ({}, "hold(9)"), id="a program"),
        pytest.param([], "lr: 'cosine(${oops:1},\n\n  0, 9)'", ({}, "cosine(given_oops_1, 0, 9)"),
                     id="not resolved"),
        pytest.param([], "x: 1\n", ({}, None), id="no spec"),
        pytest.param([], "", ({}, None), id="an empty config"),
    ],
)  # fmt: skip
def test_what_hydra_wrote(tmp_path, overrides, config, expected):
    write(tmp_path, job(overrides, config))
    written = read_hydra_output(tmp_path / ".hydra")
    assert (written.overrides, written.spec) == expected
    assert written.problems == ()


@pytest.mark.parametrize(
    ("files", "problems"),
    [
        pytest.param({"config.yaml": "a: [\n"}, ["config.yaml"], id="a config cut short"),
        pytest.param({"config.yaml": "- a\n"}, [], id="a list"),
        pytest.param({"config.yaml": b"\xff\xfe\xff"}, ["config.yaml"], id="no text"),
        pytest.param({"overrides.yaml": "- a\n- ]"}, ["overrides.yaml"], id="overrides cut short"),
        pytest.param({"overrides.yaml": "!!python/object/apply:os.system [exit]"},
                     ["overrides.yaml"], id="a command"),
        pytest.param({"overrides.yaml": "a: 1"}, [], id="overrides of another kind"),
        pytest.param({"config.yaml": "a: " + "[" * 5000}, ["config.yaml"], id="too deep"),
        pytest.param({"config.yaml/x": ""}, ["config.yaml"], id="a folder"),
        pytest.param({}, [], id="nothing"),
    ],
)  # fmt: skip
def test_what_is_broken_in_it_is_said(tmp_path, files, problems):
    write(tmp_path, files)
    written = read_hydra_output(tmp_path)
    assert written.problems == tuple(f"{name} cannot be read" for name in problems)
    assert (written.overrides, written.spec) == ({}, None)


# Which runs there are


@pytest.mark.parametrize(
    ("files", "paths", "names"),
    [
        pytest.param(["2/lr.csv", "10/lr.csv", "1/lr.csv"], ["."], ["1", "2", "10"], id="a sweep"),
        pytest.param(["lr.csv"], ["."], ["top"], id="a run"),
        pytest.param(["a/0/lr.csv", "b/0/lr.csv"], ["a", "b"], ["a/0", "b/0"], id="two sweeps"),
        pytest.param(["0/lr.csv", "1/lr.csv"], [".", "0", "./1/"], ["0", "1"], id="given twice"),
        pytest.param(["0/.hydra/config.yaml", "1/lr.csv"], ["."], ["0", "1"], id="no log"),
        pytest.param(["lr.csv", ".hydra/config.yaml", "0/lr.csv"], ["."], ["0", "top"], id="both"),
        pytest.param(["x/lr.csv", ".git/lr.csv", "x/.old/lr.csv"], ["."], ["x"], id="hidden"),
        pytest.param(["0/.hydra/config.yaml", "0/logs/v0/lr.csv"], ["."], ["0/logs/v0"],
                     id="a log deeper in a run"),
        pytest.param(["0/my.csv", "1/my.csv"], ["0/my.csv", "1/my.csv"], ["0/my.csv", "1/my.csv"],
                     id="logs themselves"),
        pytest.param(["0/notes.txt"], ["."], [], id="none"),
    ],
)  # fmt: skip
def test_the_runs_of_folders(tmp_path, monkeypatch, files, paths, names):
    top = write(tmp_path / "top", dict.fromkeys(files, ""))
    monkeypatch.chdir(top)
    assert [run.name.replace(os.sep, "/") for run in read_runs(paths)] == names


def test_a_log_deeper_in_a_run_has_its_overrides(tmp_path):
    files = job(["peak=3"])
    files["logs/version_0/metrics.csv"] = files.pop("lr.csv")
    write(tmp_path / "0", files)
    [found] = read_runs([tmp_path], file="metrics.csv")
    assert (found.overrides, found.spec, found.record.updates) == (
        {"peak": "3"},
        "cosine(1, 0, 9)",
        3,
    )


def test_links_are_not_followed_in_circles(tmp_path):
    write(tmp_path / "0", job())
    (tmp_path / "0" / "again").symlink_to(tmp_path)
    (tmp_path / "latest").symlink_to(tmp_path / "0")
    assert [run.name for run in read_runs([tmp_path])] == ["0"]
    assert [run.name for run in read_runs([tmp_path / "latest"])] == ["latest"]


def test_no_such_folder(tmp_path):
    with pytest.raises(lrdsl.SpecError, match=r"there is no folder .*nowhere"):
        read_runs([tmp_path / "nowhere"])
