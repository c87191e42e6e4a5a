"""The consumption of a run before each update, where updates differ in samples or tokens.

A run is cut into runs of equal updates: those that take as many samples and as many tokens. They
are found as they are asked for, one after the other, since the size of a batch may depend on what
was consumed before it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lrdsl import diagnostics as diag
from lrdsl.diagnostics import spec_error
from lrdsl.language.length import Exact
from lrdsl.language.pointwise.multiples import MAX_EXACT

MAX_UPDATES = 10**8
"""So many updates of a batch that goes on changing are looked at."""

MAX_RUNS = 10**7
"""So many runs of equal updates are kept."""

_BLOCK = 2**16
_FIRST_GUESS = 64

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Size:
    """How many samples or tokens each update takes, or how many tokens each sample has.

    `sizes` gives whole numbers at times of the clock `unit`: "" counts updates, "sp" samples and
    "tok" tokens that were consumed before. From `end` on the size stays the same. `name` is the
    part of the context, for messages.
    """

    name: str
    sizes: Callable[[NDArray[np.float64]], NDArray[np.float64]]
    unit: str = ""
    end: float = 0.0

    def at(self, times: NDArray[np.float64], update: int) -> Ints:
        """The sizes at times of the clock, the first of which is that of an update."""
        found = self.sizes(times)
        if not np.isfinite(found).all() or found.max() >= MAX_EXACT or found.min() < 1:
            wrong = float(found[~((found >= 1) & (found < MAX_EXACT))][0])
            message = f"`{self.name}` comes to {wrong:g} in a run, at update {update} or later"
            fix = "it must stay a whole number, 1 or more, in a run of any length"
            raise spec_error(diag.BAD_CONTEXT, message, fix=fix)
        return found.astype(np.int64)


def fixed(name: str, number: int) -> Size:
    """A size that is the same for all updates."""
    return Size(name, lambda times: np.full(times.size, float(number)))


class _Runs(NamedTuple):
    """Runs of equal updates: where each begins, what was consumed before it, what an update takes.

    A column for each unit: `before["sp"]`, `each["tok"]`.
    """

    starts: Ints
    before: dict[str, Ints]
    each: dict[str, Ints]

    def at(self, update: float | Exact) -> int:
        return int(self.starts.searchsorted(math.floor(update), "right")) - 1


class Consumption:
    """How many samples and tokens a run has consumed before each of its updates.

    `batch` is None where nothing is known of samples, `per_sample` and `per_step` say how many
    tokens there are; at most one of them is given. All numbers are exact.

    >>> growing = Size("samples_per_step", lambda t: np.where(t < 100, 8.0, 16.0), "sp", 100.0)
    >>> run = Consumption(growing)
    >>> [int(run.before("sp", update)) for update in (0, 12, 13, 14)]
    [0, 96, 104, 120]
    >>> run.position("sp", 112)
    Fraction(27, 2)
    """

    def __init__(
        self, batch: Size | None, per_sample: Size | None = None, per_step: Size | None = None
    ) -> None:
        self.batch, self.per_sample, self.per_step = batch, per_sample, per_step
        self.sizes = [each for each in (batch, per_sample, per_step) if each is not None]
        self.units = ("sp",) * (batch is not None) + ("tok",) * (
            per_step is not None or (batch is not None and per_sample is not None)
        )
        none = np.zeros(0, np.int64)
        empty = dict.fromkeys(self.units, none)
        self._runs = _Runs(none, empty, empty)
        self._next = (0, dict.fromkeys(self.units, 0))
        self._is_whole = False

    def begin(self) -> None:
        """Look at the first updates; `SpecError` if one of them takes less than 1."""
        self._until()

    def before(self, unit: str, update: Exact) -> Exact:
        """The consumption before an update; between two, with the share of the first one."""
        runs = self._until(update=update)
        i = runs.at(update)
        past = update - int(runs.starts[i])
        return int(runs.before[unit][i]) + past * int(runs.each[unit][i])

    def sizes_at(self, unit: str, update: int) -> int:
        """The samples or tokens of an update."""
        runs = self._until(update=update)
        return int(runs.each[unit][runs.at(update)])

    def before_all(self, unit: str, updates: NDArray[np.float64]) -> NDArray[np.float64]:
        """The consumption before each of many updates."""
        runs = self._until(update=math.ceil(updates.max())) if updates.size else self._runs
        i = runs.starts.searchsorted(np.floor(updates), "right") - 1
        past = updates - runs.starts[i]
        return runs.before[unit][i] + past * runs.each[unit][i]

    def position(self, unit: str, consumed: Exact) -> Exact:
        """The update before which so much was consumed: between two, by the share of the first."""
        runs = self._until(unit=unit, consumed=consumed)
        i = max(int(runs.before[unit].searchsorted(math.floor(consumed), "right")) - 1, 0)
        past = Fraction(consumed - int(runs.before[unit][i]), int(runs.each[unit][i]))
        return int(runs.starts[i]) + past

    def _until(self, update: Exact = 0, unit: str = "", consumed: Exact = 0) -> _Runs:
        """The runs, known at least up to an update and up to what was consumed."""
        goes_on = any([math.isinf(size.end) for size in self.sizes])
        while not self._is_whole:
            known, counted = self._next
            if known > update and (not unit or counted[unit] > consumed):
                break
            if (max(known, update) > MAX_UPDATES and goes_on) or len(self._runs.starts) > MAX_RUNS:
                names = " and ".join([f"`{each.name}`" for each in self.sizes if each.end])
                message = f"{names} would be looked at for more updates than can be kept"
                raise spec_error(diag.BAD_CONTEXT, message, fix="let it end with a number")
            self._extend()
        return self._runs

    def _extend(self) -> None:
        """Find more runs."""
        update, before = self._next
        here = {"": update, **before}
        is_last = all([here[size.unit] >= size.end for size in self.sizes])
        if all([size.unit == "" for size in self.sizes]) and not is_last:
            count = min(max(_BLOCK, update), MAX_RUNS)  # so that all blocks are joined in few steps
            times = np.arange(float(update), update + count)
            found = {id(size): size.at(times, update) for size in self.sizes}
        else:
            count, found = self._alike(here, is_last)
        each = self._each(found)
        length = next(iter(each.values())).size
        changes = np.ones(length, dtype=bool)
        changes[1:] = np.any([column[1:] != column[:-1] for column in each.values()], axis=0)
        first = np.flatnonzero(changes)
        lasting = np.diff(np.append(first, count))
        taken = {unit: lasting * column[first] for unit, column in each.items()}
        runs = _Runs(
            np.concatenate([self._runs.starts, update + first]),
            {
                unit: np.concatenate([self._runs.before[unit], before[unit] + _sum_before(column)])
                for unit, column in taken.items()
            },
            {
                unit: np.concatenate([self._runs.each[unit], column[first]])
                for unit, column in each.items()
            },
        )
        after = {unit: before[unit] + int(column.sum()) for unit, column in taken.items()}
        self._runs, self._next, self._is_whole = runs, (update + count, after), is_last

    def _alike(self, here: dict[str, int], is_last: bool) -> tuple[int, dict[int, Ints]]:
        """How many updates from here on are alike, and their sizes."""
        update = here[""]
        now = {id(size): size.at(np.array([float(here[size.unit])]), update) for size in self.sizes}
        if is_last:
            return 1, now
        step = {"": 1, **{unit: int(column[0]) for unit, column in self._each(now).items()}}
        count = _FIRST_GUESS
        while True:
            ahead = np.arange(float(count))
            lasting = count
            for size in self.sizes:
                if here[size.unit] >= size.end:
                    continue
                sizes = size.at(here[size.unit] + step[size.unit] * ahead, update)
                others = np.flatnonzero(sizes != now[id(size)][0])
                lasting = min(lasting, int(others[0]) if others.size else count)
            if lasting < count or count == _BLOCK:
                return lasting, now
            count *= 4

    def _each(self, found: dict[int, Ints]) -> dict[str, Ints]:
        """The samples and tokens of updates, by the sizes that were found."""
        each: dict[str, Ints] = {}
        if self.batch is not None:
            each["sp"] = found[id(self.batch)]
        if self.per_step is not None:
            each["tok"] = found[id(self.per_step)]
        elif self.batch is not None and self.per_sample is not None:
            each["tok"] = each["sp"] * found[id(self.per_sample)]
        return each


def _sum_before(column: Ints) -> Ints:
    """The sums of what stands before each number."""
    found: Ints = np.cumsum(column) - column
    return found
