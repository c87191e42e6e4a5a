"""`Switch`: selects one of several Python objects by the number of steps made."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Generic, NoReturn, SupportsIndex, TypeVar

from lrdsl import diagnostics as diag
from lrdsl.compiler.batches import run_context
from lrdsl.compiler.context import Context
from lrdsl.diagnostics import Diagnostic, SpecError, spec_error
from lrdsl.language.length import Exact, round_half_up
from lrdsl.language.signal import LAST_STEP
from lrdsl.schedule.steps import as_step
from lrdsl.syntax.spec import as_number
from lrdsl.syntax.unparse import shorten

T = TypeVar("T")


class Switch(Generic[T]):
    """A sequence of objects, each of which is current for a number of steps.

    It is made from pairs of an object and its length; the last object stays, and its length may be
    None. A length is a number of steps, or text: a duration of the language, `10ep`, `5%`,
    `rest / 2`. What that needs of the run is passed as to `lrdsl.compile`; an object begins where
    the exact sum of the lengths before it, rounded half up, says. Called with the number of steps
    already made, a Switch returns the object of the next step. Immutable, picklable if its objects
    are, and equal to one of equal objects. Raises `SpecError` if the pairs are malformed, and if a
    step is not a whole number, 0 or more.

    >>> switch = Switch([("mse", 3), ("l1", 2), ("smooth l1", None)])
    >>> [switch(step) for step in (0, 2, 3, 5, 999)]
    ['mse', 'mse', 'l1', 'smooth l1', 'smooth l1']
    >>> sizes = Switch([(128, "10.5ep"), (160, "10.5ep"), (224, None)], steps_per_epoch=7)
    >>> sizes.starts
    (0, 74, 147)
    """

    objects: tuple[T, ...]
    starts: tuple[int, ...]
    """The first step of each object; the first of all is 0."""

    def __init__(
        self,
        schedule: Iterable[tuple[T, SupportsIndex | str | None]],
        *,
        total_steps: int | None = None,
        steps_per_epoch: float | None = None,
        samples_per_step: float | str | None = None,
        tokens_per_step: float | str | None = None,
        tokens_per_sample: float | str | None = None,
        samples_per_epoch: float | None = None,
        total_samples: float | None = None,
        total_tokens: float | None = None,
        **variables: float,
    ) -> None:
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
        context = run_context(
            total_steps=total_steps,
            steps_per_epoch=steps_per_epoch,
            samples_per_step=samples_per_step,
            tokens_per_step=tokens_per_step,
            tokens_per_sample=tokens_per_sample,
            samples_per_epoch=samples_per_epoch,
            total_samples=total_samples,
            total_tokens=total_tokens,
            **variables,
        )
        starts = _starts([steps for _, steps in pairs], context)
        self.__dict__.update(objects=tuple([each for each, _ in pairs]), starts=starts)

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


def _pair(i: int, item: object) -> tuple[Any, int | str | None]:
    """Check an entry: an object and its length."""
    parts = list(item) if isinstance(item, Iterable) and not isinstance(item, str) else []
    if len(parts) != 2:
        message = (
            f"entry {i} is not a pair of an object and a number of steps: {shorten(repr(item))}"
        )
        raise spec_error(diag.BAD_SPEC, message, fix=_FIX)
    each, steps = parts
    if steps is None or isinstance(steps, str):
        return each, steps
    count = as_number(steps)  # a configuration may write 1e3, which is a float
    if count is None or not 1 <= count <= LAST_STEP or count != int(count):
        message = f"the number of steps of entry {i} must be a whole number, 1 or more, not "
        fix = 'or a text, such as "10ep"' if count is not None else None
        raise spec_error(diag.BAD_SPEC, message + shorten(repr(steps)), fix=fix)
    return each, int(count)


def _starts(lengths: Sequence[int | str | None], context: Context) -> tuple[int, ...]:
    """The first step of each object. `SpecError` with the mistakes of all texts."""
    start: Exact = 0
    starts: list[int] = []
    mistakes: list[Diagnostic] = []
    for i, length in enumerate(lengths):
        starts.append(round_half_up(start))
        if isinstance(length, str):
            try:
                start += _updates_of(length, context, start)
            except SpecError as error:
                found = error.diagnostics
                mistakes += [replace(x, message=f"entry {i}: {x.message}") for x in found]
        else:
            start += length or 0
    if mistakes:
        raise SpecError(mistakes)
    return tuple(starts)


def _updates_of(text: str, context: Context, start: Exact) -> Exact:
    if not text.strip():
        raise spec_error(diag.BAD_SPEC, "the length is empty", fix='write a duration, "10ep"')
    from lrdsl.schedule.duration_texts import exact_updates  # most lengths are numbers

    return exact_updates(text, "a length", context, start)
