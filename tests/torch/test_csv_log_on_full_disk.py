"""A run does not die of its log: rows wait until the disk takes them, and missing ones are told."""

from __future__ import annotations

import warnings

import pytest

pytest.importorskip("torch")
pytest.importorskip("resource", reason="only POSIX limits the size of files")

from lrdsl.torch import Scheduler, csv_log, log_to_csv
from tests.support.full_disk import room
from tests.support.processes import python
from tests.support.watched_runs import go, sgd

LINES = ["update,lr[0]", *[f"{t},{1 - t / 16}" for t in range(16)]]


def scheduler_with_log(path, **options):
    scheduler = Scheduler(sgd(), "linear(1, 0, 16)", **options)
    return scheduler, log_to_csv(scheduler, path)


def text(count):
    return "".join([f"{line}\n" for line in LINES[: count + 1]])


@pytest.mark.parametrize("over", range(1, 9), ids=lambda over: f"{over} bytes of the row fit")
def test_no_half_row_stays(tmp_path, over):
    path = tmp_path / "lr.csv"
    scheduler, end = scheduler_with_log(path)
    go(scheduler, 3)
    full = room(len(text(3)) + over - 1)
    words = "cannot be written: File too large; rows wait"
    with full, pytest.warns(UserWarning, match=words) as told:
        go(scheduler, 4)
    assert len(told) == 1
    assert (path.read_text(), scheduler.last_epoch) == (text(3), 7)
    csv_log.time.sleep(0.05)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        go(scheduler, 9)
        end()
    assert path.read_text() == text(16)


@pytest.mark.parametrize("first", [True, False], ids=["at once", "later"])
def test_a_disk_that_stays_full_is_told_at_the_end(tmp_path, first):
    path = tmp_path / "lr.csv"
    scheduler, end = scheduler_with_log(path)
    go(scheduler, 0 if first else 2)
    size = len(text(2)) if not first else 0
    with room(size), pytest.warns(UserWarning, match="rows wait until it can"):
        go(scheduler, 6)
    with room(size), pytest.warns(UserWarning, match=r"lr\.csv lacks 6 rows"):
        end()
    assert path.read_text() == ("" if first else text(2))
    resumed, end = scheduler_with_log(path, start_step=scheduler.last_epoch)
    go(resumed, 2)
    end()
    assert len(path.read_text().splitlines()) == (3 if first else 5)


def test_new_columns_on_a_full_disk(tmp_path):
    path = tmp_path / "lr.csv"
    scheduler, end = scheduler_with_log(path)
    go(scheduler, 3)
    before = path.read_text()
    from tests.support.watched_runs import weight

    scheduler.optimizer.add_param_group({"params": [weight()], "lr": 0.5})
    with room(len(before)), pytest.warns(UserWarning, match="rows wait"):
        go(scheduler, 2)
    assert path.read_text() == before
    end()
    lines = path.read_text().splitlines()
    assert (lines[0], len(lines)) == ("update,lr[0],lr[1]", 6)


def test_rows_that_are_made_again_wait_once(tmp_path):
    path = tmp_path / "lr.csv"
    scheduler, end = scheduler_with_log(path)
    go(scheduler, 3)
    state = scheduler.state_dict()
    with room(len(text(3))):
        with pytest.warns(UserWarning, match="rows wait"):
            go(scheduler, 4)
        scheduler.load_state_dict(state)
        go(scheduler, 2)
    end()
    assert path.read_text() == text(5)


def test_of_too_many_rows_the_oldest_are_lost(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_log, "MAX_WAITING_CELLS", 3)
    path = tmp_path / "lr.csv"
    scheduler, end = scheduler_with_log(path)
    go(scheduler, 1)
    with room(len(text(1))), pytest.warns(UserWarning, match="rows wait"):
        go(scheduler, 9)
    with pytest.warns(UserWarning, match="lacks 6 rows"):
        end()
    assert path.read_text() == text(1) + "".join([f"{line}\n" for line in LINES[8:11]])


def test_a_run_that_ends_without_ending_its_log(tmp_path):
    """Where the disk stays full, and in a child of it where it takes rows again."""
    script = """if True:
        import os, resource, sys
        sys.dont_write_bytecode = True
        from lrdsl.torch import Scheduler, log_to_csv
        from tests.support.watched_runs import go, sgd
        sgd().step()  # imports more
        again = os.fork() == 0
        if not again:
            assert os.wait()[1] == 0
        scheduler = Scheduler(sgd(), "linear(1, 0, 16)")
        log_to_csv(scheduler, "again.csv" if again else "full.csv")
        go(scheduler, 2)
        resource.setrlimit(resource.RLIMIT_FSIZE, (26, resource.RLIM_INFINITY))
        go(scheduler, 3)
        if again:
            resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
    """
    done = python("-c", script, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("lacks 3 rows") == 1
    assert "full.csv lacks 3 rows" in done.stderr
    assert (tmp_path / "full.csv").read_text() == text(2)
    assert (tmp_path / "again.csv").read_text() == text(5)
