"""Tests are marked by what their code leads to: see `tests.support.marking`."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest

from tests.support import processes
from tests.support.processes import python


def starts() -> Any:
    return python("-c", "")


def starts_by_another() -> Any:
    return [starts() for _ in range(2)]


def starts_by_a_module() -> Any:
    return processes.python("-c", "")


def imports_inside() -> Any:
    import subprocess

    return subprocess.run(["true"])


def trains() -> Any:
    from tests.support.trainer_pages import code

    return code


def counts() -> int:
    return len("a method called run starts no process")


class Starter:
    def __call__(self) -> Any:
        return starts()


@pytest.fixture
def started() -> Callable[[], Any]:
    return starts


def marks(request: pytest.FixtureRequest) -> list[str]:
    return [mark.name for mark in request.node.iter_markers() if mark.name != "parametrize"]


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        pytest.param(starts, ["process"], id="itself"),
        pytest.param(starts_by_another, ["process"], id="by another function"),
        pytest.param(starts_by_a_module, ["process"], id="by a module"),
        pytest.param(functools.partial(starts), ["process"], id="partial"),
        pytest.param(functools.cache(starts), ["process"], id="wrapped"),
        pytest.param(imports_inside, ["process"], id="an import inside"),
        pytest.param(Starter, ["process"], id="a class"),
        pytest.param(trains, ["training"], id="training"),
        pytest.param(counts, [], id="neither"),
    ],
)
def test_marks_of_what_a_test_calls(
    request: pytest.FixtureRequest, function: object, expected: list[str]
) -> None:
    assert marks(request) == expected


def test_marks_of_a_fixture(request: pytest.FixtureRequest, started: object) -> None:
    assert marks(request) == ["process"]
