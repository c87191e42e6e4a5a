"""`Switch`: selects one of several Python objects by the number of steps made."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterable
from typing import Any, Generic, NoReturn, SupportsIndex, TypeVar

from lrdsl import diagnostics as diag
from lrdsl.diagnostics import spec_error
from lrdsl.language.signal import LAST_STEP
from lrdsl.schedule.steps import as_step
from lrdsl.syntax.spec import as_number
from lrdsl.syntax.unparse import shorten

T = TypeVar("T")


class Switch(Generic[T]):
    """A sequence of objects, each of which is current for a number of steps.

    It is made from pairs of an object and a number of steps; the last object stays, and its number
    may be None. Called with the number of steps already made, it returns the object of the next
    step. Immutable, picklable if its objects are, and equal to one of equal objects. Raises
    `SpecError` if the pairs are malformed, and if a step is not a whole number, 0 or more.

    >>> switch = Switch([("mse", 3), ("l1", 2), ("smooth l1", None)])
    >>> [switch(step) for step in (0, 2, 3, 5, 999)]
    ['mse', 'mse', 'l1', 'smooth l1', 'smooth l1']
    """

    objects: tuple[T, ...]
    starts: tuple[int, ...]
    """The first step of each object; the first of all is 0."""

    def __init__(self, schedule: Iterable[tuple[T, SupportsIndex | None]]) -> None:
        if not isinstance(schedule, Iterable) or isinstance(schedule, (str, bytes)):
            message = f"a Switch is made from a list of pairs, not from {shorten(repr(schedule))}"
            raise spec_error(diag.BAD_SPEC, message, fix=_FIX)
        pairs = [_pair(i, item) for i, item in enumerate(list(schedule))]
        if not pairs:
            raise spec_error(diag.BAD_SPEC, "there is nothing to switch between", fix=_FIX)
        for i, (_, steps) in enumerate(pairs[:-1]):
            if steps is None:
                message = f"entry {i} has no number of steps, which only the last may leave out"
                raise spec_error(diag.BAD_SPEC, message, fix=_FIX)
        ends = itertools.accumulate([steps or 0 for _, steps in pairs[:-1]], initial=0)
        self.__dict__.update(objects=tuple([each for each, _ in pairs]), starts=tuple(ends))

    def __call__(self, step: SupportsIndex) -> T:
        return self.objects[bisect.bisect_right(self.starts, as_step(step, "step")) - 1]

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a Switch is immutable: cannot set {name!r}")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"a Switch is immutable: cannot delete {name!r}")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Switch):
            return NotImplemented
        return (self.objects, self.starts) == (other.objects, other.starts)

    def __hash__(self) -> int:
        return hash((self.objects, self.starts))

    def __repr__(self) -> str:
        lengths = [b - a for a, b in itertools.pairwise(self.starts)]
        return f"Switch({list(zip(self.objects, [*lengths, None], strict=True))!r})"


_FIX = "write `[(first, 3), (second, 2), (last, None)]`"


def _pair(i: int, item: object) -> tuple[Any, int | None]:
    """Check an entry: an object and its number of steps."""
    parts = list(item) if isinstance(item, Iterable) and not isinstance(item, str) else []
    if len(parts) != 2:
        message = (
            f"entry {i} is not a pair of an object and a number of steps: {shorten(repr(item))}"
        )
        raise spec_error(diag.BAD_SPEC, message, fix=_FIX)
    each, steps = parts
    if steps is None:
        return each, None
    count = as_number(steps)  # a configuration may write 1e3, which is a float
    if count is None or not 1 <= count <= LAST_STEP or count != int(count):
        message = f"the number of steps of entry {i} must be a whole number, 1 or more, not "
        raise spec_error(diag.BAD_SPEC, message + shorten(repr(steps)))
    return each, int(count)
