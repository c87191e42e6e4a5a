"""The parser in several threads, and in a process forked while they parse."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle

import pytest

from lrdsl.syntax import lark_parser
from lrdsl.syntax.format import format
from lrdsl.syntax.parser import parse_spec

THREADS = 8


def text_of(i: int) -> str:
    """A text that no other thread parses, with comments of its own."""
    parts = [f"(linear(_, {i}, {k + 1}))  # {i}: part {k}" for k in range(10)]
    return "\n>> ".join(parts)


def formatted(i: int) -> str:
    """The same text formatted."""
    parts = [f"linear(_, {i}, {k + 1})  # {i}: part {k}" for k in range(10)]
    return "\n>> ".join(parts)


@pytest.fixture
def fresh_parsers(monkeypatch: pytest.MonkeyPatch) -> None:
    """No parser is there yet, so that all threads make theirs at once."""
    monkeypatch.setattr(lark_parser, "_idle", type(lark_parser._idle)())


@pytest.fixture
def frequent_switches() -> Iterator[None]:
    """Threads take turns after every few operations."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("fresh_parsers", "frequent_switches")
def test_threads_do_not_mix_comments() -> None:
    start = threading.Barrier(THREADS)

    def work(thread: int) -> list[tuple[str, str]]:
        start.wait()
        numbers = range(thread * 5, thread * 5 + 5)
        return [(format(text_of(i)), formatted(i)) for i in numbers]

    with ThreadPoolExecutor(THREADS) as pool:
        for pairs in pool.map(work, range(THREADS)):
            for found, expected in pairs:
                assert found == expected


@pytest.mark.usefixtures("frequent_switches")
def test_threads_do_not_mix_errors() -> None:
    texts = ["hold(5)", "hold(5", "hold(5))", "# only a comment", "hold(5) >> # open\n"]

    def work(i: int) -> list[bool]:
        # No two texts are the same, so that none comes from the cache.
        variants = [f"{text}{' ' * (i * 7 + k)}" for k, text in enumerate(texts * 3)]
        return [not parse_spec(variant).diagnostics for variant in variants]

    with ThreadPoolExecutor(THREADS) as pool:
        for found in pool.map(work, range(THREADS)):
            assert found == [True, False, False, False, False] * 3


def test_a_parse_inside_a_parse_has_its_own_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a signal handler or in `__del__`."""
    inner: list[str] = []
    read_comment = lark_parser._read_comment

    def parse_again(*arguments: object) -> object:
        if not inner:
            inner.append("")
            inner[0] = format("hold(1)  # inner")
        return read_comment(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(lark_parser, "_read_comment", parse_again)
    outer = "hold(2)  # outer\n>> hold(3)  # outer as well"
    assert format(outer) == outer
    assert inner == ["hold(1)  # inner"]


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_fork_amid_parses_hangs_nothing() -> None:
    stop = threading.Event()

    def work(thread: int) -> None:
        for i in cycle(range(thread * 100, thread * 100 + 100)):
            if stop.is_set():
                return
            format(text_of(i))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    try:
        for i in range(5):
            time.sleep(0.01)
            child = os.fork()
            if child == 0:
                signal.alarm(60)
                os._exit(0 if format(text_of(1000 + i)) == formatted(1000 + i) else 1)
            assert os.waitpid(child, 0)[1] == 0
    finally:
        stop.set()
        for thread in threads:
            thread.join()
