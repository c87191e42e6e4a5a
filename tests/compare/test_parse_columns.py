"""Logs that are read at once give the same record as row by row, with polars and without."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from lrdsl.compare import read_log
from lrdsl.compare.read_log import Columns, Record, read_record

RANDOM = np.random.default_rng(0).random((500, 2)).tolist()
LOGS = {
    "many digits": "step,lr,loss\n"
    + "".join([f"{i},{a},{b}\n" for i, (a, b) in enumerate(RANDOM)]),
    "empty cells": "step,lr,loss,result\n0,0.1,,\n1,,2.5,0.5\n2,0.1,2.25,\n",
    "no numbers": "step,lr,loss\n0,nan,inf\n1,NaN,-inf\n2,0.5,1e-320\n",
    "an update again": "step,lr\n0,1\n1,2\n2,3\n1,4\n2,5\n",
    "an empty cell of an update again": "step,lr,loss\n0,1,1\n1,2,2\n1,3,\n",
    "unfinished": "step,lr\n0,1\n1,2\n2,0.",
    "other line ends": "step,lr\r\n0,1\r\n1,2\r\n",
    "old line ends": "step,lr\r0,1\r1,2\r",
    "a mark of the byte order": "\ufeffstep,lr\n0,1\n",
    "spaces": "step, lr\n0, 0.5\n1 ,0.25 \n",
    "a column of words": "step,lr,note\n0,0.5,begun\n1,0.25,\n",
    "columns of one name": "step,lr,lr,loss\n0,0.5,0.7,1\n1,0.25,0.8,2\n",
    "the update of another name": "lr,global_step,step,update\n1,5,7,9\n2,6,8,10\n",
    "quotes": 'step,lr\n0,"0.5"\n1,0.25\n',
    "a header again": "step,lr\n0,1\nstep,lr\n1,2\n",
    "an empty row": "step,lr\n0,1\n\n1,2\n",
    "a short row": "step,lr\n0,1\n1\n2,3\n",
    "a short and a long row": "step,lr,loss\n0,1\n1,2,3,4\n2,3,4\n",
    "words for numbers": "step,lr\n0,1\n1,half\n2,3\n",
    "numbers as Python writes them": "step,lr\n0,1_000\n1,2\n",
    "no update": "step,lr\n,1\n1,2\n",
    "an infinite update": "step,lr\ninf,1\n1,2\n",
    "a zero byte": "step,lr\n0,1\0\n1,2\n",
    "a header alone": "step,lr\n",
    "nothing": "",
    "no column of updates": "lr,loss\n1,2\n",
}


def facts(record: Record) -> object:
    series = {**record.rates, "the loss": record.loss}
    numbers = {name: [each.tobytes() for each in found] for name, found in series.items()}
    return numbers, list(record.rates), repr(record.result), record.updates, record.problems


@pytest.fixture(params=["polars", "numpy"])
def reader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "polars":
        pytest.importorskip("polars", reason="the extra `compare` is not installed")
    else:
        monkeypatch.setitem(sys.modules, "polars", None)


@pytest.mark.usefixtures("reader")
@pytest.mark.parametrize("log", LOGS.values(), ids=LOGS)
def test_a_record_does_not_depend_on_how_it_is_read(
    log: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "lr.csv"
    path.write_bytes(log.encode())
    found = read_record(path, Columns())
    monkeypatch.setattr(read_log, "MAX_AT_ONCE", -1)
    assert facts(found) == facts(read_record(path, Columns()))


@pytest.mark.usefixtures("reader")
def test_a_log_without_a_fault_is_read_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "lr.csv"
    path.write_text(LOGS["many digits"], encoding="utf-8")
    monkeypatch.setattr(read_log, "_read_row_by_row", None)
    assert read_record(path).rates["lr"].values.tolist() == [rate for rate, _ in RANDOM]
