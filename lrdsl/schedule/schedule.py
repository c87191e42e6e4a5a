"""`Schedule`: what a spec means in a context, a pure function of the update count."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NoReturn, TypeVar, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lrdsl import diagnostics as diag
from lrdsl.compiler.batches import Consumed, consumed_before
from lrdsl.compiler.context import Context
from lrdsl.compiler.frontend import failures_reported
from lrdsl.compiler.lower import CompiledSpec, lower_or_report
from lrdsl.compiler.placed_ir import PlacedIR
from lrdsl.diagnostics import (
    Diagnostic,
    Problem,
    Span,
    SpecError,
    spec_error,
)
from lrdsl.language.failures import FAILURES, failure_of
from lrdsl.language.length import rounded
from lrdsl.language.modifiers.reactive import MetricHistory, MetricObserver, Reaction
from lrdsl.language.pointwise.times import Array, Range, Times
from lrdsl.language.python_functions import FunctionSpec
from lrdsl.language.signal import CHUNK, Signal, TimelineSegment
from lrdsl.schedule.steps import Steps, as_metric, as_step, as_steps, as_times, check_step
from lrdsl.syntax.spec import Spec, source_text
from lrdsl.util.forks import import_late, lazy_property

T = TypeVar("T")

MAX_CYCLES = 10**6
"""More cycles than this are not listed."""


Segment = TimelineSegment
"""The public name."""

NO_REFERENCES: Mapping[str, Schedule] = MappingProxyType({})


class Schedule:
    """A compiled spec.

    Called with the number of updates already made, it returns the value for the next one: a float
    for an int, a float64 array of the same shape for an integer array. It never returns anything
    but finite numbers. Immutable, picklable, hashable, safe to share between threads; two
    schedules are equal when their specs, their contexts, the schedules they refer to and what they
    have made of metrics are.

    >>> import lrdsl
    >>> schedule = lrdsl.compile("warmup(linear, 100) >> cosine(1, 1e-3, 800)")
    >>> schedule(50), schedule.length
    (0.5, 900)
    >>> schedule([0, 50, 100])
    array([0. , 0.5, 1. ])
    """

    spec: Spec
    context: Context
    references: Mapping[str, Schedule]
    """The other schedules of a program, which the spec may name."""
    length: float
    """Updates until the final value is reached: an int, or `math.inf` if it never ends."""
    observed: int | None
    """The update of the latest metric observed; None if there was none, or nothing reacts."""
    _placed: PlacedIR | None
    """The spec in its context; None for a function, which does not react to metrics."""
    _compiled: CompiledSpec
    _signal: Signal

    def __init__(
        self,
        spec: Spec,
        context: Context,
        compiled: CompiledSpec,
        placed: PlacedIR | None = None,
        references: Mapping[str, Schedule] = NO_REFERENCES,
        observed: int | None = None,
    ) -> None:
        self.__dict__.update(
            spec=spec,
            context=context,
            references=MappingProxyType(dict(references)),
            observed=observed,
            _placed=placed,
            _compiled=compiled,
            _signal=compiled.signal,
            length=rounded(compiled.length),
        )

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a Schedule is immutable: cannot set {name!r}")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"a Schedule is immutable: cannot delete {name!r}")

    @overload
    def __call__(self, step: int | np.integer[Any]) -> float: ...
    @overload
    def __call__(self, step: Steps) -> NDArray[np.float64]: ...
    @overload
    def __call__(self, step: ArrayLike) -> Any: ...
    def __call__(self, step: Any) -> Any:
        if isinstance(step, int) and not isinstance(step, bool):
            check_step(step)
            try:
                with np.errstate(all="ignore"):
                    value = self._signal.value_at(step)
            except FAILURES as error:
                raise self._error(*failure_of("the schedule", error)) from error
            return value if math.isfinite(value) else self._not_finite(f"at update {step}")
        steps = as_steps(step)
        flat = steps.ravel()
        out = np.empty(flat.size)
        # Steps in no order fall into all segments: then there are as many short arrays a chunk.
        for first in range(0, flat.size, 3 * CHUNK):
            chunk = slice(first, first + 3 * CHUNK)
            out[chunk] = self._evaluate(as_times(flat[chunk]))
        return float(out[0]) if steps.ndim == 0 else out.reshape(steps.shape)

    def values(self, n: int | None = None) -> NDArray[np.float64]:
        """The values at updates 0 to n - 1; n defaults to the length.

        >>> import lrdsl
        >>> lrdsl.compile("linear(1, 0, 4)").values()
        array([1.  , 0.75, 0.5 , 0.25])
        """
        stop = self._stop(n, "values")
        try:
            out = np.empty(stop, dtype=np.float64)
        except MemoryError:
            message = f"{stop:,} values do not fit into memory"
            fix = "pass a smaller number of updates"
            raise spec_error(diag.BAD_STEP, message, fix=fix) from None
        for first in range(0, stop, CHUNK):
            last = min(first + CHUNK, stop)
            out[first:last] = self._evaluate(Range(float(first), last - first))
        return out

    def consumed(self, update: int) -> Consumed:
        """The samples, tokens and epochs that the run has consumed before an update; exact.

        None for what the context does not tell.

        >>> import lrdsl
        >>> growing = "linear(8, 16, 100)"
        >>> lrdsl.compile("cosine(1, 0, 9)", samples_per_step=growing).consumed(3).samples
        24
        """
        return consumed_before(self.context, as_step(update, "update"))

    def bounds(self, start: int = 0, stop: int | None = None) -> tuple[float, float]:
        """The lowest and the highest value at updates `start ≤ t < stop`.

        `stop` defaults to one past the length, so that the final value counts too.

        >>> import lrdsl
        >>> lrdsl.compile("linear(1, 0, 4)").bounds()
        (0.0, 1.0)
        """
        first = as_step(start, "start")
        last = self._stop(stop, "bounds") + (1 if stop is None else 0)
        if first >= last:
            raise spec_error(diag.BAD_STEP, f"there are no updates from {first} to before {last}")
        low, high = self._computed(lambda: self._signal.min_max(first, last))
        if not (math.isfinite(low) and math.isfinite(high)):
            self._not_finite(f"somewhere between updates {first} and {last}")
        return low, high

    @property
    def observers(self) -> tuple[MetricObserver, ...]:
        """The modifiers that react to metrics, each after all that stand inside its source."""
        return self._compiled.observers

    @property
    def is_reactive(self) -> bool:
        """Whether the spec has a modifier that reacts to metrics."""
        return bool(self.observers)

    @property
    def histories(self) -> tuple[MetricHistory, ...]:
        """The reaction and the factors of each reactive modifier after the metrics so far."""
        return tuple([observer.history for observer in self.observers])

    @property
    def reactions(self) -> tuple[Reaction, ...]:
        """The reaction of each reactive modifier to the metrics so far, whatever it modifies."""
        return tuple([observer.history.reaction for observer in self.observers])

    def observe(self, update: int, metric: object) -> Schedule:
        """The schedule after a metric that is known now that `update` updates have been made.

        Where the metric changes a factor, the change holds from `update` on; earlier values stay
        as they are. Only those modifiers react whose part of the schedule contains `update`. A
        metric is a number; one that is NaN or infinite counts as no improvement. Metrics come in
        the order of their updates, and any number of them at the same one.

        >>> import lrdsl
        >>> spec = "(constant(1, 20) | plateau(0.5, patience=0)) >> linear(_, 0, 10)"
        >>> schedule = lrdsl.compile(spec)
        >>> after = schedule.observe(5, 2.3).observe(10, 2.4)
        >>> after([9, 10, 20, 25])
        array([1.  , 0.5 , 0.5 , 0.25])
        """
        step, value = as_step(update, "update"), as_metric(metric)
        if not self.is_reactive:
            return self
        if self.observed is not None and step < self.observed:
            message = f"a metric of update {step} comes after one of update {self.observed}"
            fix = "observe metrics in the order of their updates"
            raise spec_error(diag.BAD_STEP, message, fix=fix)
        return self.advanced(self.react(self.reactions, step, value), step)

    def react(
        self, reactions: tuple[Reaction, ...], update: int, metric: float
    ) -> tuple[Reaction, ...]:
        """The reactions after one more metric."""
        pairs = zip(self.observers, reactions)  # noqa: B905 - `strict=` is slow
        return tuple([observer.react(x, update, metric) for observer, x in pairs])

    def advanced(self, reactions: tuple[Reaction, ...], observed: int | None) -> Schedule:
        """The schedule after reactions to one more metric, the latest of update `observed`."""
        return self._having(lambda observer, i: observer.following(reactions[i]), observed)

    def replayed(
        self, reactions: tuple[Reaction, ...], before: tuple[float, ...], observed: int | None
    ) -> Schedule:
        """The schedule after reactions to metrics that it has not met.

        `before` are the factors before the first changes that are remembered.
        """
        return self._having(lambda x, i: x.replayed(reactions[i], before[i]), observed)

    def _having(
        self, history: Callable[[MetricObserver, int], MetricHistory], observed: int | None
    ) -> Schedule:
        """The schedule with new histories, one after the other.

        Each modifier knows what those inside it have made of the metrics.
        """
        schedule, histories = self, self.histories
        for i, _ in enumerate(histories):
            new = history(schedule._compiled.observers[i], i)
            histories = (*histories[:i], new, *histories[i + 1 :])
            if new.factors != schedule.histories[i].factors:
                schedule = schedule._after(histories, observed)
        return schedule._after(histories, observed)

    def _after(self, histories: tuple[MetricHistory, ...], observed: int | None) -> Schedule:
        """The schedule with other reactions; what it denotes is made anew if a factor changed."""
        compiled, placed = self._compiled, self._placed
        pairs = list(zip(compiled.observers, histories, strict=True))
        if all([new.factors == old.history.factors for old, new in pairs]):
            observers = tuple([observer.having(history) for observer, history in pairs])
            compiled = compiled._replace(observers=observers)
        else:
            assert placed is not None  # a function has no observers
            with failures_reported(placed.root.node, placed.inputs.source):
                compiled = lower_or_report(placed, (), histories)
        return Schedule(self.spec, self.context, compiled, placed, self.references, observed)

    @lazy_property
    def segments(self) -> tuple[TimelineSegment, ...]:
        """The stretches of updates that are governed by one formula each, in order.

        They reach up to the length, or to the end of the run; the last one of a schedule that has
        neither goes on for ever.

        >>> import lrdsl
        >>> for segment in lrdsl.compile("warmup(100) >> linear(1, 0, 2)").segments:
        ...     print(segment)
        Segment(start=0, stop=100, first=0.0, last=0.99, description='warmup(100)')
        Segment(start=100, stop=102, first=1.0, last=0.5, description='linear(1, 0, 2)')
        """
        stop = self.length
        if math.isinf(stop) and self.context.total_steps is not None:
            stop = self.context.total_steps
        if stop == 0:  # all of it rounds to no update
            return ()
        segments = self._computed(lambda: self._signal.segments(stop))
        ends = [int(segment.stop) - 1 for segment in segments if not math.isinf(segment.stop)]
        self([*[segment.start for segment in segments], *ends])  # fails where one is not finite
        return segments

    @property
    def chain_segments(self) -> tuple[TimelineSegment, ...]:
        """The parts of the spec's chains as segments of the run, in which the linter looks.

        >>> import lrdsl
        >>> schedule = lrdsl.compile("warmup(100) >> linear(1, 0, 100)")
        >>> [(segment.description, segment.leads_to) for segment in schedule.chain_segments]
        [('warmup(100)', 1.0), ('linear(1, 0, 100)', 0.0)]
        """
        return self._compiled.chain_segments

    @property
    def boundaries(self) -> tuple[int, ...]:
        """The updates at which one formula ends: the ends of the segments, as far as they end.

        >>> import lrdsl
        >>> lrdsl.compile("warmup(100) >> linear(1, 0, 100)").boundaries
        (100, 200)
        """
        return tuple([int(s.stop) for s in self.segments if not math.isinf(s.stop)])

    def cycle_ends(self, start: int = 0, stop: int | None = None) -> tuple[int, ...]:
        """The cycles that end while the updates `start ≤ t < stop` are made.

        A cycle is a round of a `repeat`, of the outermost one where they are nested. Each is given
        by how many updates have been made when it has ended, `start < e ≤ stop`: the next round's
        first update. It is there, where the rate has come down, that snapshot ensembling saves the
        network. `stop` defaults to the length or, if it never ends, to the run's `total_steps`.

        >>> import lrdsl
        >>> lrdsl.compile("warmup(5) >> (cosine(1, 0, 10) | repeat(3))").cycle_ends()
        (15, 25, 35)
        >>> lrdsl.compile("cosine(1, 0, 10) | repeat(stretch=2)").cycle_ends(0, 150)
        (10, 30, 70, 150)
        """
        first = as_step(start, "start")
        if stop is None and math.isinf(self.length) and self.context.total_steps is not None:
            last = self.context.total_steps
        else:
            last = self._stop(stop, "cycle_ends", "pass `stop`: `cycle_ends(0, 1000)`")
        if first >= last:
            return ()
        ends = self._signal.cycle_ends
        found = self._computed(lambda: tuple(itertools.islice(ends(first, last), MAX_CYCLES + 1)))
        if len(found) > MAX_CYCLES:
            message = f"more than {MAX_CYCLES:,} cycles end from update {first} to {last}"
            raise spec_error(diag.BAD_STEP, message, fix="pass a nearer `stop`")
        return found

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Schedule):
            return NotImplemented
        return self._identity == other._identity

    def __hash__(self) -> int:
        return hash((*self._identity[:2], frozenset(self.references.items()), *self._identity[3:]))

    @property
    def _identity(self) -> tuple[object, ...]:
        return self.spec, self.context, dict(self.references), self.histories, self.observed

    def __repr__(self) -> str:
        known = "".join(f", {name}={value!r}" for name, value in self.context.to_dict().items())
        beside = ", ".join(f"{name}={value!r}" for name, value in self.references.items())
        text = str(self.spec) if isinstance(self.spec, FunctionSpec) else repr(str(self.spec))
        text = f"lrdsl.compile({text}{known})" + (f" beside {beside}" if beside else "")
        return text if self.observed is None else f"{text} after metrics up to {self.observed}"

    def _repr_html_(self) -> str:
        found: str = import_late("lrdsl.plot.notebook").schedule_html(self)
        return found

    def _evaluate(self, t: Times) -> Array:
        values = self._computed(lambda: self._signal.values(t))
        finite = np.isfinite(values)
        if not finite.all():
            self._not_finite(f"at update {int(np.asarray(t)[~finite][0])}")
        return values

    def _computed(self, compute: Callable[[], T]) -> T:
        try:
            with np.errstate(all="ignore"):
                return compute()
        except FAILURES as error:
            raise self._error(*failure_of("the schedule", error)) from error

    def _not_finite(self, where: str) -> NoReturn:
        raise self._error(diag.NOT_FINITE, f"the schedule has no finite value {where}")

    def _error(self, problem: Problem, message: str) -> SpecError:
        source = source_text(self.spec)
        return SpecError([Diagnostic(problem, message, Span(0, len(source)), source)])

    def _stop(self, n: int | None, what: str, fix: str = "pass the number of updates") -> int:
        if n is not None:
            return as_step(n, "n")
        if math.isinf(self.length):
            message = f"`{what}` needs to know how far: the schedule never ends"
            raise spec_error(diag.BAD_STEP, message, fix=fix)
        return int(self.length)
