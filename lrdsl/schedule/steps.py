"""Numbers of updates and metrics, as callers pass them."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any, SupportsIndex, TypeAlias

import numpy as np
from numpy.typing import NDArray

from lrdsl import diagnostics as diag
from lrdsl.diagnostics import SpecError, spec_error
from lrdsl.language.pointwise.times import Range, Times
from lrdsl.language.signal import LAST_STEP
from lrdsl.syntax.spec import as_number, nearest_float
from lrdsl.syntax.unparse import shorten

Steps: TypeAlias = NDArray[np.integer[Any]] | Sequence[int] | Sequence[Sequence[int]]
"""Numbers of updates, each of which has a value."""


def as_steps(steps: object) -> NDArray[Any]:
    """Numbers of updates as an array; `SpecError` if they are none."""
    try:
        found = np.asarray(steps)
    except (ValueError, TypeError, RuntimeError):  # ragged lists, tensors on another device
        raise _no_step(steps) from None
    if found.dtype == object and all([isinstance(step, int) for step in found.flat]):
        for far in found.flat:
            check_step(far)
    if found.dtype.kind not in "iu" and not (found.size == 0 and found.ndim > 0):
        raise _no_step(steps)
    if found.size:
        check_step(int(found.min()))
        check_step(int(found.max()))
    return found


def as_times(steps: NDArray[Any]) -> Times:
    """Steps as times: a range where they are one after the other."""
    first, last = int(steps[0]), int(steps[-1])
    if last - first == steps.size - 1 and bool((steps[1:] - steps[:-1] == 1).all()):
        return Range(float(first), steps.size)
    return steps.astype(np.float64)


def check_step(step: int) -> None:
    """`SpecError` if a step is before the first update, or too far for a float."""
    if not 0 <= step <= LAST_STEP:
        wanted = "0 or more" if step < 0 else "at most 2**53"
        raise spec_error(diag.BAD_STEP, f"a step is {wanted}, not {step}")


def as_step(value: SupportsIndex, name: str) -> int:
    """A number of updates as an int; `SpecError`, that says `name`, if it is none."""
    if isinstance(value, bool):
        raise _no_step(value, f"`{name}`")
    try:
        step = operator.index(value)
    except TypeError:
        raise _no_step(value, f"`{name}`") from None
    check_step(step)
    return step


def as_metric(metric: object) -> float:
    """A metric as a float; `SpecError` if it is no number."""
    number = as_number(metric)
    if number is None:
        raise spec_error(diag.BAD_METRIC, f"a metric is a number, not {shorten(repr(metric))}")
    return nearest_float(number)


def _no_step(value: object, name: str = "a step") -> SpecError:
    return spec_error(diag.BAD_STEP, f"{name} is a whole number, not {shorten(repr(value))}")
