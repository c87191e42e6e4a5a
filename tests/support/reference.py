"""Comparing a schedule with numbers written by hand."""

from __future__ import annotations

from typing import Any

import pytest

import lrdsl
from lrdsl import SpecError

RUN: dict[str, Any] = {"total_steps": 1000, "steps_per_epoch": 50, "base_lr": 0.1}


def check(text: str, expected: dict[int, float], **context: Any) -> None:
    """Every expected value, to within rounding of the arithmetic that a reader would do."""
    schedule = lrdsl.compile(text, **context)
    found = {t: schedule(t) for t in expected}
    assert found == pytest.approx(expected, rel=1e-12, abs=1e-15)


def exactly(text: str, expected: dict[int, float], **context: Any) -> None:
    schedule = lrdsl.compile(text, **context)
    assert {t: schedule(t) for t in expected} == expected


def codes(error: SpecError) -> list[str]:
    return [diagnostic.code for diagnostic in error.diagnostics]
