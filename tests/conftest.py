"""What all tests share: the Hypothesis profiles, and what a test leaves behind."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from lrdsl.compiler import define
from lrdsl.language import library
from lrdsl.language.shapes import SHAPES
from lrdsl.schedule import schedule
from tests.support.marking import marks_of

_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]

settings.register_profile("default", max_examples=100, deadline=None, suppress_health_check=_SLOW)
settings.register_profile(
    "ci", max_examples=100, deadline=None, derandomize=True, suppress_health_check=_SLOW
)
settings.register_profile("fast", max_examples=10, deadline=None, suppress_health_check=_SLOW)
settings.register_profile("thorough", max_examples=2000, deadline=None, suppress_health_check=_SLOW)
settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE", "ci" if "CI" in os.environ else "default")
)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark the tests that start processes or train models, for `nox -s test-fast`."""
    for mark in marks_of(item):
        item.add_marker(mark)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """A run of single files or tests stays in one process, which starts sooner than workers do."""
    files = [argument for argument in config.args if ".py" in argument]
    return 0 if len(files) == len(config.args) else None


@pytest.fixture(autouse=True)
def _own_shapes_are_gone_after_a_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test registers goes into a copy; all that lrdsl brings is loaded before."""
    monkeypatch.setattr(SHAPES, "_entries", {name: SHAPES[name] for name in SHAPES})
    # No schedule is left of a shape or a definition that is gone again without a word.
    schedule._compiled.cache_clear()
    schedule._analysed.cache_clear()


@pytest.fixture
def forgotten() -> Iterator[None]:
    """What the test makes known by `lrdsl.load` or `lrdsl.define` is unknown after it."""
    kept = dict(library._LOADED), dict(define._HOMES)
    yield
    for held, before in zip((library._LOADED, define._HOMES), kept, strict=True):
        held.clear()
        held.update(before)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """torch computes on one thread: several are slower where the networks are small."""
    torch = pytest.importorskip("torch")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
