"""What all tests share: the Hypothesis profiles, and what a test leaves behind."""

from __future__ import annotations

import gc
import os
from collections.abc import Generator, Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, settings

from lrdsl.language.language import current, use
from tests.support.marking import marks_of

_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]

# `.ci/run` draws the most: what a mistake slips past by hand meets 100 examples there.
settings.register_profile("default", max_examples=40, deadline=None, suppress_health_check=_SLOW)
settings.register_profile(
    "ci", max_examples=100, deadline=None, derandomize=True, suppress_health_check=_SLOW
)
settings.register_profile("fast", max_examples=10, deadline=None, suppress_health_check=_SLOW)
settings.register_profile("thorough", max_examples=2000, deadline=None, suppress_health_check=_SLOW)
settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE", "ci" if "CI" in os.environ else "default")
)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for no garbage while all is imported, nor ever again through what has been imported."""
    gc.disable()
    result = yield
    gc.enable()
    gc.freeze()
    return result


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark the tests that start processes or train models, for `nox -s test-fast`."""
    for mark in marks_of(item):
        item.add_marker(mark)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """A run of single files or tests stays in one process, which starts sooner than workers do."""
    files = [argument for argument in config.args if ".py" in argument]
    return 0 if len(files) == len(config.args) else None


@pytest.fixture(autouse=True)
def _language() -> Iterator[None]:
    """What a test adds to the language is unknown after it, and nothing is kept of others."""
    with use(replace(current())):
        yield
