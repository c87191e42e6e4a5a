"""Logs of runs are read however the runs ended."""

import math
import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lrdsl
from lrdsl.compare import Columns, Series, read_runs
from lrdsl.compare.read_log import read_record
from lrdsl.compare.smoothing import smooth, thin
from tests.support.logged_runs import job, jobs, log, write

# The log of a run


@pytest.mark.parametrize(
    ("text", "rates", "loss", "result", "problems"),
    [
        pytest.param("step,lr,loss,result\n0,1,4,\n1,0.5,2,3\n", {"lr": [1, 0.5]}, [4, 2], 3, [],
                     id="all columns"),
        pytest.param("update,lr[0],lr[head],weight_decay[0]\n0,1,2,3\n4,5,6,7\n",
                     {"lr[0]": [1, 5], "lr[head]": [2, 6]}, [], None, [], id="a Scheduler's log"),
        pytest.param("loss,lr-SGD,step\n4,1,0\n", {"lr-SGD": [1]}, [4], None, [],
                     id="columns in another order"),
        pytest.param("Step,Learning_Rate,lrx,lr_scheduler\n0,1,2,3\n",
                     {"Learning_Rate": [1], "lr_scheduler": [3]}, [], None, [], id="their names"),
        pytest.param("step,lr,loss\r\n0,1,4\r\n1,1,3\r\n", {"lr": [1, 1]}, [4, 3], None, [],
                     id="Windows"),
        pytest.param("\ufeffstep,lr\n0,1\n", {"lr": [1]}, [], None, [], id="a byte order mark"),
        pytest.param("step,lr,loss\n0,1,\n0,,4\n1,0.5,\n", {"lr": [1, 0.5]}, [4], None, [],
                     id="an update in two rows"),
        pytest.param("step,loss\n0,4\n1,3\n2,9\nstep,loss\n1,2\n2,1\n", {}, [4, 2, 1], None, [],
                     id="resumed, with the header again"),
        pytest.param("step,loss\n2,1\n0,4\n1,2\n", {}, [4, 2, 1], None, [], id="not in order"),
        pytest.param("step,loss,result\n0,4,9\n1,2,\n2,1,nan\n", {}, [4, 2, 1], math.nan, [],
                     id="the last result counts"),
        pytest.param("step,loss\n0,4\n\n1,inf\n", {}, [4, math.inf], None, [], id="an empty line"),
        pytest.param("step,loss,result\n0,4,\n1,3,0.12", {}, [4], None,
                     ["the last line is unfinished"], id="an unfinished line"),
        pytest.param("step,loss\n0,4\n1\n2,3\n", {}, [4, 3], None,
                     ["a row cannot be read, line 3"], id="a short row"),
        pytest.param("loss,lr,step\n4,1,0\n3\n", {"lr": [1]}, [4], None,
                     ["a row cannot be read, line 3"], id="a row without its step"),
        pytest.param("step,loss\n0,4\n1,3,9\nx,2\n2,tensor(3)\n3,1\n", {}, [4, 1], None,
                     ["3 rows cannot be read, line 3 first"], id="rows that are none"),
        pytest.param("step,loss\n0,4\n1,\0\x003\n", {}, [4, 3], None, [], id="NUL"),
        pytest.param(b"step,loss\n0,4\n\xff,\xfe\n1,3\n", {}, [4, 3], None,
                     ["a row cannot be read, line 3"], id="bytes that are no text"),
        pytest.param("step,loss\n0,4\n1,\"" + "x" * 200_000 + "\n", {}, [4], None,
                     ["line 3 and what follows cannot be read: "
                      "field larger than field limit (131072)"],
                     id="an open quote"),
        pytest.param("", {}, [], None, ["it is empty"], id="empty"),
        pytest.param("\n\n", {}, [], None, ["it is empty"], id="empty lines"),
        pytest.param("step,loss\n", {}, [], None, [], id="the header alone"),
        pytest.param("st", {}, [], None, ["it is empty", "the last line is unfinished"],
                     id="an unfinished header"),
        pytest.param("epoch,loss\n0,4\n", {}, [], None, ["it has no column `step` or `update`"],
                     id="no counter"),
    ],
)  # fmt: skip
def test_a_log_is_read_however_it_ended(tmp_path, text, rates, loss, result, problems):
    path = write(tmp_path, {"lr.csv": text}) / "lr.csv"
    record = read_record(path)
    assert {name: series.values.tolist() for name, series in record.rates.items()} == rates
    assert record.loss.values.tolist() == loss
    assert record.result == result or (math.isnan(result) and math.isnan(record.result))
    assert list(record.problems) == problems


def test_other_columns(tmp_path):
    text = "step,lr,lr_loss,val_acc\n0,1,2,3\n1,1,1,4\n"
    path = write(tmp_path, {"metrics.csv": text}) / "metrics.csv"
    record = read_record(path, Columns(loss="lr_loss", result="val_acc"))
    assert record.loss.values.tolist() == [2, 1]
    assert (list(record.rates), record.result, record.updates) == (["lr"], 4, 2)


@pytest.mark.parametrize(
    ("make", "why"),
    [
        pytest.param(os.mkdir, "this is a folder", id="folder"),
        pytest.param(getattr(os, "mkfifo", None), "this is no regular file", id="pipe",
                     marks=pytest.mark.skipif(os.name == "nt", reason="Windows has no such pipes")),
    ],
)  # fmt: skip
def test_a_log_that_is_no_file(tmp_path, make, why):
    make(tmp_path / "lr.csv")
    assert read_record(tmp_path / "lr.csv").problems == (f"it cannot be read: {why}",)


def test_a_log_that_may_not_be_read(tmp_path, monkeypatch):
    def refuse(*_, **options):
        raise PermissionError(13, "Permission denied")

    path = write(tmp_path, {"lr.csv": log()}) / "lr.csv"
    monkeypatch.setattr("os.open", refuse)
    assert read_record(path).problems == ("it cannot be read: Permission denied",)


def test_folders_on_different_drives(tmp_path, monkeypatch):
    def refuse(_):
        raise ValueError("Paths don't have the same drive")

    jobs(tmp_path, job(), job())
    monkeypatch.setattr("os.path.commonpath", refuse)
    assert [run.name for run in read_runs([tmp_path])] == [str(tmp_path / x) for x in "01"]


@given(st.binary(max_size=300))
def test_any_bytes_are_read(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(b"step,lr,loss,result\n0,1,2,\n" + content)
    record = read_record(path)
    assert record.updates >= 1
    assert len(record.loss.steps) == len(record.loss.values)


@given(st.data())
def test_a_log_that_is_cut_anywhere_has_a_part_of_the_whole(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "cut.csv"
    text = log(result=0.25, rows=12)
    path.write_text(text[: data.draw(st.integers(text.index("\n") + 1, len(text)))])
    record, whole = read_record(path), np.array([2 * (1 - t / 24) for t in range(12)])
    assert record.loss.values.tolist() == whole[: len(record.loss.values)].tolist()
    assert record.result in (None, 0.25)


def test_a_log_of_a_scheduler_is_read(tmp_path):
    logs = pytest.importorskip("lrdsl.torch.loggers", reason="this version writes no logs")
    torch = pytest.importorskip("torch")
    groups = [{"params": [torch.zeros(1)]}, {"params": [torch.zeros(1)], "name": "head"}]
    optimizer = torch.optim.SGD(groups, lr=1)
    scheduler = lrdsl.torch.Scheduler(optimizer, "linear(1, 0, 4)")
    end = logs.log_to_csv(scheduler, tmp_path / "lr.csv")
    for _ in range(3):
        optimizer.step()
        scheduler.step()
    end()
    record = read_record(tmp_path / "lr.csv")
    assert [series.values.tolist() for series in record.rates.values()] == [[1, 0.75, 0.5]] * 2
    assert record.problems == ()


# What is made of it


def test_a_short_loss_is_as_it_is():
    series = Series(np.arange(50.0), np.arange(50.0))
    assert smooth(series) is series


def test_a_long_loss_is_the_mean_over_a_40th():
    series = Series(np.arange(40_000.0), np.arange(40_000.0))
    steps, values = smooth(series)
    assert len(steps) == 400
    assert (steps[0], steps[-1]) == (999, 39_999)
    assert values == pytest.approx(steps - 499.5)


def test_what_is_no_number_spoils_its_own_part_alone():
    loss = np.ones(4000)
    loss[100:120] = [1e308, np.inf, -np.inf, np.nan] * 5
    values = smooth(Series(np.arange(4000.0), loss)).values
    assert not np.isfinite(values[1])
    assert set(values[21:].tolist()) == {1.0}


def test_thin_keeps_the_ends_and_the_extremes():
    values = np.sin(np.arange(10_000.0))
    values[[17, 5000]] = [-7, 7]
    steps, thinned = thin(Series(np.arange(10_000.0), values), 200)
    assert len(steps) <= 202
    assert (steps[0], steps[-1]) == (0, 9999)
    assert (thinned.min(), thinned.max()) == (-7, 7)
    assert (np.diff(steps) > 0).all()
