"""What all tests share: the Hypothesis profiles, and a limit of time."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from lrdsl import definitions, library, schedule
from lrdsl.shapes import SHAPES

_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]

settings.register_profile("default", max_examples=100, deadline=None, suppress_health_check=_SLOW)
settings.register_profile(
    "ci", max_examples=100, deadline=None, derandomize=True, suppress_health_check=_SLOW
)
settings.register_profile("thorough", max_examples=2000, deadline=None, suppress_health_check=_SLOW)
settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE", "ci" if "CI" in os.environ else "default")
)

QUICK = 3.0
"""Seconds of processor time that the longest and nastiest spec may take."""


@pytest.fixture(autouse=True)
def _own_shapes_are_gone_after_a_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test registers goes into a copy; all that lrdsl brings is loaded before."""
    monkeypatch.setattr(SHAPES, "_entries", {name: SHAPES[name] for name in SHAPES})
    # No schedule is left of a shape or a definition that is gone again without a word.
    schedule._compiled.cache_clear()
    schedule._analysed.cache_clear()


@contextmanager
def _quick() -> Iterator[None]:
    def stop(*_: Any) -> None:
        raise AssertionError("this takes far too long")

    previous = signal.signal(signal.SIGALRM, stop)
    signal.alarm(8)  # of the clock on the wall, which others may be using too
    began = time.process_time()
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, previous)
    assert time.process_time() - began < QUICK


@pytest.fixture
def quick() -> Callable[[], AbstractContextManager[None]]:
    """`with quick():` fails what takes long, and stops what seems to take for ever."""
    return _quick


@pytest.fixture
def forgotten() -> Iterator[None]:
    """What the test makes known by `lrdsl.load` or `lrdsl.define` is unknown after it."""
    kept = dict(library._LOADED), dict(definitions._HOMES)
    yield
    for held, before in zip((library._LOADED, definitions._HOMES), kept, strict=True):
        held.clear()
        held.update(before)  # type: ignore[arg-type]
