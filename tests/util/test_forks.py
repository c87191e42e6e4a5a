"""Forks wait for what other threads have begun, and hang nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time

import pytest

from lrdsl.util import forks
from lrdsl.util.forks import ForkGuard, no_fork

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")


def fork_and_wait() -> int:
    """The exit status of a child that does nothing."""
    child = os.fork()
    if child == 0:
        os._exit(0)
    return os.waitpid(child, 0)[1]


def test_a_fork_waits_until_another_thread_is_outside() -> None:
    is_inside, events = threading.Event(), []

    def work() -> None:
        with no_fork, no_fork:
            is_inside.set()
            time.sleep(0.1)
            events.append("done")

    thread = threading.Thread(target=work)
    thread.start()
    is_inside.wait()
    assert fork_and_wait() == 0
    events.append("forked")
    thread.join()
    assert events == ["done", "forked"]


def test_a_thread_inside_may_fork() -> None:
    with no_fork:
        assert fork_and_wait() == 0
    assert no_fork.inside == []


def test_a_child_forgets_the_threads_that_it_does_not_have(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(forks, "MAX_WAIT", 0.05)
    guard = ForkGuard()
    thread = threading.Thread(target=guard.__enter__)
    thread.start()
    thread.join()
    guard.before_fork()
    guard.after_fork_in_child()
    assert guard.inside == []
    with guard:
        assert len(guard.inside) == 1


BUSY = """
import os, signal, sys, threading, time
import lrdsl

NAMES = ["warmup(5)", "ramp(tanh, 1, 0, 9)", "points[0:0, 9:1]", "inverse_sqrt(1, 9)",
         "step(1, 0.5, 5)", "wsd(1, 5, 9, 5)", "torch.OneCycleLR(0.1)",
         "mxnet.FactorScheduler(5)", "rex(1, 0, 9)",
         "cosine(1, 0, 9) | repeat(2)", "1 | interval[5:*0.5]", "cosine(1, 0, 9) | stretch(2)"]
ended = threading.Event()
failures = []


def use_all(n):
    for i, spec in enumerate(NAMES[n % 12:] + NAMES[:n % 12]):
        try:
            lrdsl.compile(f"({spec}) + {n}", total_steps=50, base_lr=1)([0, 5, 40])
        except lrdsl.SpecError as error:
            failures.append(str(error))
    lrdsl.define(f"def own_{n % 8}(x) = linear(x, {n}, 5)")
    lrdsl.shape(name=f"own.shape_{n % 8}")(lambda t: float(n))
    assert lrdsl.compile(f"own_{n % 8}(1) + own.shape_{n % 8}()")(0) == 1 + n
    lrdsl.compile([{"warmup": n + 1}, {"cosine": {"end": 0.1, "steps": 9}}], base_lr=1)


def busy(n):
    while not ended.is_set():
        use_all(n)
        n += 8


for n in range(8):
    threading.Thread(target=busy, args=[n], daemon=True).start()
for i in range(30):
    child = os.fork()
    if child == 0:
        use_all(1000 + i)
        os._exit(0)
    limit = time.monotonic() + 60
    while (found := os.waitpid(child, os.WNOHANG))[0] == 0:
        if time.monotonic() > limit:
            os.kill(child, signal.SIGKILL)
            sys.exit(f"child {i} hangs")
        time.sleep(0.002)
    if found[1]:
        sys.exit(f"child {i} fails: {found[1]}")
ended.set()
print(failures[:1])
"""


def test_children_of_a_process_whose_threads_are_busy_do_not_hang() -> None:
    """Eight threads import, compile, define, make shapes and call while the process forks."""
    done = subprocess.run([sys.executable, "-c", BUSY], capture_output=True, text=True, timeout=180)
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr[-2000:]
