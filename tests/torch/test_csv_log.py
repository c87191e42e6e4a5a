"""The log in CSV: resumed, killed, and never another's file."""

import csv
import os
import random
import signal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from torch.optim import SGD  # noqa: E402

from lrdsl import SpecError  # noqa: E402
from lrdsl.torch import (  # noqa: E402
    Scheduler,
    log_to_csv,
    log_to_text,
)
from tests.support.ranks import needs_gloo, on_ranks  # noqa: E402
from tests.support.warm import kill_each, needs_kill  # noqa: E402
from tests.support.watched_runs import CLOCKS, go, sgd, weight  # noqa: E402


@pytest.mark.parametrize(
    ("names", "labels"),
    [
        pytest.param([None, None], ["0", "1"], id="none"),
        pytest.param(["a", "b"], ["a", "b"], id="names"),
        pytest.param(["a", None, "a"], ["a", "1", "2"], id="the same"),
        pytest.param(["1", "0"], ["0", "1"], id="digits"),
        pytest.param(["", " ", "a\nb"], ["0", "1", "2"], id="not to be shown"),
        pytest.param([3, ("a",)], ["0", "1"], id="no text"),
    ],
)
def test_labels_of_groups(names, labels):
    groups = [{"params": [weight()], **({} if n is None else {"name": n})} for n in names]
    scheduler = Scheduler(SGD(groups, lr=1.0), "linear(1, 0, 10)")
    lines = []
    log_to_text(scheduler, lines.append)
    go(scheduler)
    assert lines == ["update 0: " + " ".join(f"lr[{label}]=1" for label in labels)]


# CSV.


@pytest.mark.parametrize("clock", CLOCKS)
def test_csv(clock, tmp_path):
    optimizer = SGD([
        {"params": [weight()], "lr": 0.1, "name": 'a,"b"'}, {"params": [weight()]},
    ], lr=1.0, weight_decay=0.01)  # fmt: skip
    program = {"lr": "warmup(3) >> cosine(base, 1e-7, 70)", "weight_decay": "0.1 * lr"}
    scheduler = Scheduler(optimizer, program, clock=clock)
    expected = scheduler.preview(75)
    end = log_to_csv(scheduler, tmp_path / "lr.csv")
    go(scheduler, 75)
    end()
    go(scheduler)
    with open(tmp_path / "lr.csv", newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    columns = ['lr[a,"b"]', "lr[1]", 'weight_decay[a,"b"]', "weight_decay[1]"]
    assert header == ["update", *columns]
    assert [int(row[0]) for row in rows] == [*range(75)]
    found = np.array(rows, dtype=float)[:, 1:].T
    assert np.array_equal(found, np.concatenate([expected["lr"], expected["weight_decay"]]))


def test_a_row_is_there_at_once(tmp_path):
    scheduler = Scheduler(sgd(1.0, 2.0), "linear(base, 0, 4)")
    path = tmp_path / "lr.csv"
    log_to_csv(scheduler, str(path))
    texts = []
    for _ in range(2):
        go(scheduler)
        texts.append(path.read_bytes())
    assert texts == [
        b"update,lr[0],lr[1]\n0,1.0,2.0\n",
        b"update,lr[0],lr[1]\n0,1.0,2.0\n1,0.75,1.5\n",
    ]


def test_new_groups_are_new_columns(tmp_path):
    scheduler = Scheduler(
        sgd(weight_decay=0.5), {"lr": "linear(base, 0, 4)", "weight_decay": "base"}
    )
    path = tmp_path / "lr.csv"
    log_to_csv(scheduler, path)
    go(scheduler, 2)
    scheduler.optimizer.add_param_group({"params": [weight()], "lr": 2.0, "name": "late"})
    go(scheduler, 1)
    assert path.read_text() == (
        "update,lr[0],lr[late],weight_decay[0],weight_decay[late]\n"
        "0,1.0,,0.5,\n1,0.75,,0.5,\n2,0.5,1.0,0.5,0.5\n"
    )
    assert [entry.name for entry in tmp_path.iterdir()] == ["lr.csv"]


def a_run(path, state, start, stop, late, clock="calls", every=1, hold=None):
    """Updates `start` to `stop` of a run that gets a group at update `late`; its state after."""
    optimizer = sgd(weight_decay=0.5)
    program = {"lr": "warmup(4) >> cosine(base, 0.1, 40)", "weight_decay": "0.1 * lr"}
    scheduler = Scheduler(optimizer, program, clock=clock)
    for update in range(start, stop):
        if update == late or (update == start and late < start):
            optimizer.add_param_group({"params": [weight()], "lr": 2.0, "name": "late"})
        if update == start:
            log_to_csv(scheduler, path, every=every)
            if state is not None:
                scheduler.load_state_dict(state)
        go(scheduler)
        if update + 1 == hold:
            state = scheduler.state_dict()
    return scheduler.state_dict() if hold is None else state


@given(
    late=st.integers(0, 30),
    every=st.integers(1, 4),
    cuts=st.lists(st.tuples(st.integers(1, 10), st.integers(0, 8)), max_size=6),
    torn=st.binary(max_size=12).filter(lambda end: b"\n" not in end),
    clock=st.sampled_from(CLOCKS),
)
def test_killed_and_resumed_files_are_the_unbroken_one(
    tmp_path_factory, late, every, cuts, torn, clock
):
    folder = tmp_path_factory.mktemp("csv")
    whole, broken = folder / "whole.csv", folder / "broken.csv"
    a_run(whole, None, 0, 30, late, clock, every)
    now, state = 0, None
    for kept, lost in cuts:
        stop = min(now + kept, 29)
        if stop > now:
            state = a_run(broken, state, now, stop + lost, late, clock, every, hold=stop)
            now = stop
            if broken.stat().st_size:
                with open(broken, "ab") as file:
                    file.write(torn)
    a_run(broken, state, now, 30, late, clock, every)
    assert broken.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        pytest.param("", "update,lr[0]\n2,0.5\n", id="empty"),
        pytest.param("update,lr[0]\n", "update,lr[0]\n2,0.5\n", id="header"),
        pytest.param(
            "update,lr[0]\n0,1.0\n1,0.75\n2,9.0\n3,9.0\n",
            "update,lr[0]\n0,1.0\n1,0.75\n2,0.5\n",
            id="later rows",
        ),
        pytest.param(
            "update,lr[0]\n0,1.0\n1,0.75\n2,0.",
            "update,lr[0]\n0,1.0\n1,0.75\n2,0.5\n",
            id="a torn row",
        ),
        pytest.param(
            "update,lr[0]\n0,1.0\n1,0.7",
            "update,lr[0]\n0,1.0\n2,0.5\n",
            id="a torn row of what is not made again",
        ),
        pytest.param(
            "update,lr[0]\n0,1.0\n\0\0\0\0\0",
            "update,lr[0]\n0,1.0\n2,0.5\n",
            id="zeros of a machine that lost power",
        ),
        pytest.param(
            "update,lr[0],lr[1]\n0,1.0,\n1,0.75,\n2,9.0,9.0\n",
            "update,lr[0]\n0,1.0\n1,0.75\n2,0.5\n",
            id="a column that only later rows had",
        ),
        pytest.param(
            "update,momentum[0]\n0,0.9\n",
            "update,lr[0],momentum[0]\n0,,0.9\n2,0.5,\n",
            id="another number before",
        ),
        pytest.param("update,wd[a]\n7,1e-05\n", "update,lr[0]\n2,0.5\n", id="another run"),
    ],
)
def test_a_file_is_gone_on_with(there, expected, tmp_path):
    path = tmp_path / "lr.csv"
    path.write_text(there)
    scheduler = Scheduler(sgd(), "linear(1, 0, 4)", start_step=2)
    log_to_csv(scheduler, path)
    assert path.read_text() == there  # it may be loaded to somewhere else yet
    go(scheduler)
    assert path.read_text() == expected


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        pytest.param("0,1.0\n10,0.9\n20,9.0\n", "update,lr[0]\n0,1.0\n10,0.9\n", id="later rows"),
        pytest.param("0,1.0\n10,0.", "update,lr[0]\n0,1.0\n", id="a torn row"),
        pytest.param("20,9.0\n", "", id="nothing else"),
    ],
)
def test_what_is_no_more_true_goes_before_the_next_row_is_due(there, expected, tmp_path):
    path = tmp_path / "lr.csv"
    path.write_text("update,lr[0]\n" + there)
    scheduler = Scheduler(sgd(), "linear(1, 0, 100)", start_step=13)
    log_to_csv(scheduler, path, every=10)
    go(scheduler)
    assert path.read_text() == expected
    go(scheduler, 7)
    assert path.read_text() == (expected or "update,lr[0]\n") + "20,0.8\n"


def test_a_run_goes_back_in_one_process(tmp_path):
    scheduler = Scheduler(sgd(), "linear(1, 0, 8)")
    path = tmp_path / "lr.csv"
    log_to_csv(scheduler, path)
    go(scheduler, 2)
    saved = scheduler.state_dict()
    go(scheduler, 4)
    scheduler.load_state_dict(saved)
    go(scheduler)
    assert path.read_text() == "update,lr[0]\n0,1.0\n1,0.875\n2,0.75\n"


@pytest.mark.parametrize(
    "there",
    [
        pytest.param("epoch,loss\n1,0.5\n", id="another table"),
        pytest.param("update,loss\n1,0.5\n", id="another log"),
        pytest.param("update\n1\n", id="no columns"),
        pytest.param("Dear diary", id="no lines"),
        pytest.param("\n", id="an empty line"),
        pytest.param('"update,lr[0]\n', id="an open quote"),
        pytest.param(b"\xff\xfe\0\n", id="no text"),
    ],
)
def test_a_file_of_something_else_is_left_as_it_is(there, tmp_path):
    path = tmp_path / "lr.csv"
    content = there if isinstance(there, bytes) else there.encode()
    path.write_bytes(content)
    scheduler = Scheduler(sgd(), "linear(1, 0, 4)")
    with pytest.raises(SpecError, match=r"is not a log of a Scheduler.*\n.*choose another file"):
        log_to_csv(scheduler, path)
    assert path.read_bytes() == content
    assert not scheduler._callbacks


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param("0,1.0\nnever,0.5\n", id="no number"),
        pytest.param("0,1.0\n0,1.0\n", id="twice"),
        pytest.param("0,1.0\n1,0.5,0.7\n", id="too wide"),
        pytest.param("0,1.0\n1\n", id="too narrow"),
        pytest.param("0,1.0\n1,high\n", id="no value"),
        pytest.param("0,1.0\n\n", id="empty"),
    ],
)
def test_rows_of_something_else_are_left_as_they_are(rows, tmp_path):
    path = tmp_path / "lr.csv"
    path.write_text("update,lr[0]\n" + rows)
    scheduler = Scheduler(sgd(), "linear(1, 0, 4)", start_step=3)
    log_to_csv(scheduler, path)
    with pytest.raises(SpecError, match="has a row that no Scheduler wrote"):
        go(scheduler)
    assert path.read_text() == "update,lr[0]\n" + rows
    assert scheduler.last_epoch == 4


@pytest.mark.parametrize(
    ("path", "message"),
    [
        pytest.param("", "is not a regular file", id="folder"),
        pytest.param("missing/lr.csv", "lr.csv cannot be written: No such file", id="no folder"),
        pytest.param("file/lr.csv", "lr.csv cannot be written: Not a directory", id="a file's"),
        pytest.param("x" * 300, "cannot be written: File name too long", id="too long"),
        pytest.param("a\0b", "must be the name of a file, not '.*a.x00b'", id="a NUL"),
    ],
)
@pytest.mark.skipif(os.name == "nt", reason="the messages are those of other systems")
def test_where_nothing_can_be_written(path, message, tmp_path):
    (tmp_path / "file").touch()
    scheduler = Scheduler(sgd(), "linear(1, 0, 4)")
    with pytest.raises(SpecError, match=message):
        log_to_csv(scheduler, f"{tmp_path}/{path}")
    assert not scheduler._callbacks


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device here is always full")
def test_a_device_is_no_file():
    with pytest.raises(SpecError, match="is not a regular file"):
        log_to_csv(Scheduler(sgd(), "linear(1, 0, 4)"), "/dev/full")


@pytest.mark.skipif(
    os.name == "nt" or not hasattr(os, "geteuid") or os.geteuid() == 0,
    reason="nothing is forbidden to this user",
)
def test_a_file_that_is_read_only(tmp_path):
    path = tmp_path / "lr.csv"
    path.touch(0o400)
    with pytest.raises(SpecError, match="cannot be written: Permission denied"):
        log_to_csv(Scheduler(sgd(), "linear(1, 0, 4)"), path)


def test_two_writers_to_one_file(tmp_path):
    one, other = [Scheduler(sgd(), spec) for spec in ("linear(1, 0, 3)", "linear(1, 0, 4)")]
    log_to_csv(one, tmp_path / "lr.csv")
    log_to_csv(other, tmp_path / "lr.csv")

    def both():
        for _ in range(3):
            go(one)
            go(other)

    with pytest.raises(SpecError, match=r"has changed .*, or writes to it too\n.* file of its"):
        both()


def test_the_folder_may_change_meanwhile(tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    scheduler = Scheduler(sgd(), "linear(1, 0, 4)")
    log_to_csv(scheduler, "lr.csv")
    monkeypatch.chdir("elsewhere")
    go(scheduler)
    assert (tmp_path / "lr.csv").read_text() == "update,lr[0]\n0,1.0\n"


@pytest.mark.skipif(os.name == "nt", reason="links and modes are others there")
def test_links_and_modes_stay(tmp_path):
    target, link = tmp_path / "target.csv", tmp_path / "lr.csv"
    target.touch()
    target.chmod(0o664)
    link.symlink_to(target)
    scheduler = Scheduler(sgd(), "linear(1, 0, 4)")
    log_to_csv(scheduler, link)
    go(scheduler)
    scheduler.optimizer.add_param_group({"params": [weight()]})
    go(scheduler)
    assert link.is_symlink()
    assert target.stat().st_mode & 0o777 == 0o664
    assert len(target.read_text().splitlines()) == 3


def killed_run(folder, clock, kill=None):
    """Train from the last checkpoint on; at `kill`, an update and a moment, the process ends."""

    def now(moment):
        if kill is not None and update == kill[0] and moment == kill[1]:
            os.kill(os.getpid(), signal.SIGKILL)

    replace = os.replace

    def replaced(source, target):
        now("before a file is replaced")
        replace(source, target)
        now("after it was")

    os.replace = replaced  # in this process alone, unless it is the one that is not killed
    try:
        optimizer = SGD([weight()], lr=0.25, momentum=0.9)
        scheduler = Scheduler(optimizer, "warmup(20) >> cosine(base, 0.01, 100)", clock=clock)
        checkpoint = folder / "last.pt"
        start = 0
        if checkpoint.exists():
            of_optimizer, of_scheduler = torch.load(checkpoint, weights_only=True)
            for group in of_optimizer["param_groups"][1:]:
                optimizer.add_param_group({"params": [weight()], "lr": group["lr"]})
            optimizer.load_state_dict(of_optimizer)
            scheduler.load_state_dict(of_scheduler)
            start = scheduler.last_epoch
        log_to_csv(scheduler, folder / "lr.csv")
        for update in range(start, 100):
            if update == 45:
                optimizer.add_param_group({"params": [weight()], "lr": 0.5})
            if update == 70:
                scheduler.cooldown_now(20)
            now("before the update")
            optimizer.step()
            now("after it")
            if clock == "calls":
                scheduler.step()
            now("after the schedule's step")
            if update % 7 == 6:
                state = optimizer.state_dict(), scheduler.state_dict()
                torch.save(state, folder / "next.pt")
                replace(folder / "next.pt", checkpoint)
    finally:
        os.replace = replace


@needs_kill
@pytest.mark.parametrize("clock", CLOCKS)
def test_the_csv_of_killed_runs_is_the_unbroken_one(clock, tmp_path):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    whole.mkdir()
    broken.mkdir()
    killed_run(whole, clock)
    choose = random.Random(clock)
    moments = ["before the update", "after it", "after the schedule's step"]
    kills = [(update, choose.choice(moments)) for update in choose.sample(range(100), 8)]
    # At these updates columns are new: at the first row, and with the group.
    kills += [(0, "before a file is replaced"), (45, "before a file is replaced")]
    kills += [(45, "after it was"), (98, "after it")]
    kills.sort(key=lambda kill: (kill[0], "file" not in kill[1]))
    kill_each(killed_run, broken, clock, kills)
    killed_run(broken, clock)
    text = (broken / "lr.csv").read_text()
    assert text == (whole / "lr.csv").read_text()
    assert len(text.splitlines()) == 101


@needs_gloo
def test_one_rank_writes(tmp_path):
    found = on_ranks(
        tmp_path,
        """
        from lrdsl.torch import Scheduler, log_to_csv

        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
        scheduler = Scheduler(optimizer, "linear(1, 0, 10)")
        log_to_csv(scheduler, "lr.csv" if rank == 0 else "nowhere/lr.csv")
        for _ in range(10):
            optimizer.step()
            distributed.barrier()
            scheduler.step()
        found = [os.path.exists("nowhere"), scheduler.last_epoch]
        """,
    )
    assert found == [[False, 10]] * 2
    rows = (tmp_path / "lr.csv").read_text().splitlines()
    assert [row.split(",")[0] for row in rows] == ["update", *map(str, range(10))]
