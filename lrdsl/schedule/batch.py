"""`ScheduleBatch`: the schedules of one spec at several bases, compiled and evaluated at once."""

from __future__ import annotations

import copyreg
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrdsl.compiler.context import Context, Inputs
from lrdsl.compiler.frontend import analyse
from lrdsl.compiler.lower import CompiledSpec, lower
from lrdsl.compiler.solve_lengths import solve_lengths
from lrdsl.language.language import Language, current
from lrdsl.language.length import rounded
from lrdsl.language.modifiers.reactive import MetricObserver
from lrdsl.language.pointwise.rows import column
from lrdsl.language.pointwise.times import Times
from lrdsl.language.python_functions import FunctionSpec
from lrdsl.schedule.compile import compile_in, probed_updates, reduce_schedule
from lrdsl.schedule.schedule import NO_REFERENCES, Schedule
from lrdsl.syntax.grammar import MAX_CACHED_CHARACTERS
from lrdsl.syntax.spec import Spec
from lrdsl.tree.coerce import coerce_spec
from lrdsl.util.forks import lazy_property, no_fork

MIN_BATCH = 4
"""Fewer bases than this are compiled one by one."""


@dataclass(frozen=True, eq=False)
class ScheduleBatch:
    """A spec at several bases: its numbers have a row for each of them.

    No value differs from that of a schedule compiled for its base alone.
    """

    spec: Spec
    context: Context
    bases: tuple[float, ...]
    compiled: CompiledSpec

    @lazy_property
    def schedules(self) -> tuple[Schedule, ...]:
        """The schedule of each base."""
        length = rounded(self.compiled.length)
        return tuple([BatchedSchedule(self, row, length) for row in range(len(self.bases))])

    def values(self, t: Times) -> NDArray[np.float64] | None:
        """The values at times `t`, a row for each base; None if each has to be asked by itself."""
        try:
            with np.errstate(all="ignore"):
                found = self.compiled.signal.values(t)
            values = np.broadcast_to(found, (len(self.bases), t.size))
        except Exception:  # a base by itself tells what is wrong, if anything is
            return None
        return values if np.isfinite(values).all() else None


class BatchedSchedule(Schedule):
    """The schedule of one base in a batch, which is compiled by itself if it is asked by itself."""

    batch: ScheduleBatch
    row: int

    def __init__(self, batch: ScheduleBatch, row: int, length: float) -> None:
        self.__dict__.update(
            spec=batch.spec,
            references=NO_REFERENCES,
            observed=None,
            length=length,
            batch=batch,
            row=row,
        )

    @property
    def observers(self) -> tuple[MetricObserver, ...]:
        """None: what reacts to metrics does so in each group by itself, and is in no batch."""
        return ()

    def __getattr__(self, name: str) -> Any:
        if name in ("_placed", "_compiled", "_signal"):
            return getattr(self._alone, name)
        raise AttributeError(f"a Schedule has no attribute {name!r}")

    @lazy_property
    def context(self) -> Context:  # type: ignore[override]
        """The context with the own base."""
        return replace(self.batch.context, base_lr=self.batch.bases[self.row])

    @lazy_property
    def _alone(self) -> Schedule:
        return compile_in(self.spec, self.context)


copyreg.pickle(BatchedSchedule, reduce_schedule)  # type: ignore[arg-type]


def compile_batch(spec: Any, context: Context, bases: Sequence[float]) -> ScheduleBatch | None:
    """The schedules of a spec at several bases at once; None if it must be compiled for each.

    >>> batch = compile_batch("linear(base, 0, 4)", Context.of(), [0.1, 0.2, 0.4, 0.8])
    >>> batch.schedules[1](2), batch.schedules[3].values()
    (0.1, array([0.8, 0.6, 0.4, 0.2]))
    """
    if len(bases) < MIN_BATCH:
        return None
    language = current()
    source = coerce_spec(spec, language)
    text = source.content
    if isinstance(text, FunctionSpec) or len(text) > MAX_CACHED_CHARACTERS:
        return None
    context = context.with_definitions(source.definitions)
    return language.kept(_compiled, text, context, tuple(bases))


@no_fork
def _compiled(
    language: Language, text: str, context: Context, bases: tuple[float, ...]
) -> ScheduleBatch | None:
    try:
        batch = _lowered(language, text, context, bases)
        return batch if batch is not None and _is_right(batch) else None
    except Exception:  # of numbers with rows; or there is a mistake, which each base tells
        return None


def _lowered(
    language: Language, text: str, context: Context, bases: tuple[float, ...]
) -> ScheduleBatch | None:
    analysis = language.kept(analyse, text, context.definitions, frozenset())
    context = replace(context, base_lr=bases[0], definitions=analysis.definitions)
    inputs = Inputs(context, analysis.language, analysis.source, bases=column(bases))
    placed = solve_lengths(analysis.term, inputs)
    compiled, mistakes = lower(placed)
    if compiled is None or analysis.mistakes or placed.mistakes or mistakes:
        return None
    if compiled.observers or compiled.accumulates:
        return None
    return ScheduleBatch(Spec(analysis.tree, analysis.source), context, bases, compiled)


def _is_right(batch: ScheduleBatch) -> bool:
    """Whether some of the schedules, compiled by themselves, have the values of their rows."""
    updates = probed_updates(batch.compiled, batch.context)
    values = batch.values(updates)
    if values is None:
        return False
    for row in {0, len(batch.bases) // 2, len(batch.bases) - 1}:
        alone = compile_in(batch.spec, replace(batch.context, base_lr=batch.bases[row]))
        if alone.length != rounded(batch.compiled.length):
            return False
        if alone(updates.astype(np.int64)).tobytes() != np.ascontiguousarray(values[row]).tobytes():
            return False
    return True


@dataclass(frozen=True)
class SpecAtBases:
    """A spec at the bases of all groups that it drives."""

    spec: Any
    context: Context
    bases: tuple[float, ...]

    @lazy_property
    def schedules(self) -> Mapping[float, Schedule]:
        """The schedules by their bases, compiled at once; none where that cannot be."""
        batch = compile_batch(self.spec, self.context, self.bases)
        return {} if batch is None else dict(zip(self.bases, batch.schedules, strict=True))
