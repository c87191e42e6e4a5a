"""Lowering: placed terms become signals.

Values are evaluated as they are needed: `prev` asks the part before, `next` the part after.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple, cast

import numpy as np

from lrdsl.compiler import ir, placed_ir
from lrdsl.compiler.argument_values import argument, attempt, default, fields, make
from lrdsl.compiler.environment import Environment
from lrdsl.compiler.evaluate import scalar, value
from lrdsl.compiler.lazy_segments import LazyEntries, LazySegment, Links
from lrdsl.compiler.leaf_signals import PointwiseSignal, ShapeSignal, held, slowed
from lrdsl.compiler.placed_ir import PlacedIR, PlacedPart, PlacedShape, PlacedTerm
from lrdsl.diagnostics import BAD_ARITHMETIC, Mistake, Reporter, SpecError
from lrdsl.language.functions import OPERATORS, Function
from lrdsl.language.length import Exact, Length, ends
from lrdsl.language.modifiers import Modifier
from lrdsl.language.modifiers.base import FirstRound, Fit, Layout, Repetition
from lrdsl.language.modifiers.reactive import (
    MetricHistory,
    MetricModifier,
    MetricObserver,
    MetricScaledSignal,
    Reaction,
)
from lrdsl.language.parameters import Kind
from lrdsl.language.round_numbers import NeedsNumber, NumberedSignal, OfRounds
from lrdsl.language.signal import (
    ConstantSignal,
    SequenceSignal,
    Signal,
    TimelineSegment,
    at_most,
)
from lrdsl.syntax.unparse import unparse

MAX_LEANT_ON = 10**6
"""Updates that may be evaluated for a value that another part leans on."""


class CompiledSpec(NamedTuple):
    """A spec in a context, after some metrics."""

    signal: Signal
    length: Length
    accumulates: bool = False
    """Whether a value far away may take all that come before it."""
    observers: tuple[MetricObserver, ...] = ()
    """The modifiers that react to metrics, each after all that stand inside its source."""
    chain_segments: tuple[TimelineSegment, ...] = ()
    """The parts of chains in the run, those inside others too, but none under a warp of time.

    Parts that `skip` leaves out start before update 0; those that round to nothing stop where they
    start. A spec that is no chain is its own one part.
    """


def lower(
    placed: PlacedIR, histories: tuple[MetricHistory, ...] = ()
) -> tuple[CompiledSpec | None, list[Mistake]]:
    """The signal of a placed spec, None where something is wrong, and the mistakes in its values.

    `histories` are those of its metric modifiers so far, in the order in which they are lowered;
    that order depends on the spec and the context alone.
    """
    root = placed.root
    mistakes: list[Mistake] = []
    nowhere = Environment(placed.inputs, mistakes)
    lowering = _Lowering(histories, Links())
    with at_most(MAX_LEANT_ON):
        signal = lowering.lower_all(root.term, nowhere.between(nowhere.base, nowhere.base))
    if signal is None:
        return None, mistakes
    if not isinstance(root.term, placed_ir.PlacedSequence):
        lowering.note(root, 0, signal)
    observers, segments = tuple(lowering.observers), tuple(lowering.segments)
    return CompiledSpec(signal, root.length, lowering.accumulates, observers, segments), mistakes


def lower_or_report(
    placed: PlacedIR, mistakes: tuple[Mistake, ...], histories: tuple[MetricHistory, ...] = ()
) -> CompiledSpec:
    """A placed spec, lowered; `SpecError` with all its mistakes if there are any.

    `mistakes` are those of the stages before.
    """
    compiled, found = lower(placed, histories)
    every = [*mistakes, *placed.mistakes, *found]
    Reporter(placed.inputs.source).report_all(every).check()
    assert compiled is not None
    return compiled


class RoundCompiler(NamedTuple):
    """Compiles further rounds of a repetition, when they are needed."""

    placed: placed_ir.PlacedModify
    rounds: placed_ir.PlacedRounds
    around: Environment
    """The environment of the repetition; its neighbours' values are remembered."""
    links: Links

    def first_round(self, signal: Signal) -> FirstRound:
        """The first round, whose signal is known, with what compiles the others."""
        placed, rounds = self.placed, self.rounds
        assert isinstance(placed.length, Fraction)
        layout = Layout(signal, rounds.low, rounds.high)
        beside = rounds.source, rounds.fit, self.compile
        numbers = placed.call.counts, self.shared
        return FirstRound(layout, placed.length, placed.phase, *beside, *numbers)

    def shared(self, phase: Exact, fit: Fit) -> Layout | None:
        """A layout of rounds whatever their numbers; None where each needs a layout of its own."""
        try:
            signal, low, high = self._lower(phase, fit, OfRounds(lambda k: k), [])
        except (NeedsNumber, SpecError):
            return None
        return None if signal is None else Layout(signal, low, high)

    def _lower(
        self, phase: Exact, fit: Fit, number: int | OfRounds | None, mistakes: list[Mistake]
    ) -> tuple[Signal | None, Exact, Exact]:
        """The signal of a round, None if one of its values is at fault, and its limits."""
        term, low, high = self.rounds.place(phase, fit._replace(number=None))
        environment = self.around.noting(mistakes)
        if self.placed.call.counts:
            environment = environment._replace(cycle=number)
        links = self.links if self.links.is_open else Links()
        return _Lowering((), links).lower_all(term, environment), low, high

    def compile(self, phase: Exact, fit: Fit) -> Layout:
        """The layout of a round; `SpecError` if one of its values is at fault."""
        mistakes: list[Mistake] = []
        signal, low, high = self._lower(phase, fit, fit.number, mistakes)
        if signal is None:
            node, message = self.placed.call.node, "a round of this has no value"
            self.around.noting(mistakes).complain(BAD_ARITHMETIC, message, node)
            reporter = Reporter(self.around.inputs.source).report_all(mistakes)
            raise SpecError(reporter.diagnostics)
        return Layout(signal, low, high)


class _Lowering:
    """Lowers the terms of one spec."""

    def __init__(self, histories: tuple[MetricHistory, ...], links: Links) -> None:
        self.histories = histories
        self.links = links
        self.observers: list[MetricObserver] = []
        self.segments: list[TimelineSegment] = []
        self.accumulates = False

    def lower_all(self, placed: PlacedTerm, environment: Environment) -> Signal | None:
        """The signal of a term with all that is in it."""
        with np.errstate(all="ignore"), self.links.opened(environment.mistakes):
            return self.lower(placed, environment)

    def note(self, part: PlacedPart, zero: int, signal: Signal) -> None:
        """Keep where a part of a chain lies whose clock is at 0 at update `zero`."""
        start, stop = zero + part.start, zero + part.stop
        segment = TimelineSegment(start, stop, part.node, signal, zero=start, length=part.length)
        self.segments.append(segment)

    def lower(self, placed: PlacedTerm, environment: Environment) -> Signal | None:
        """The signal of a term."""
        match placed:  # the most frequent first
            case PlacedShape():
                return self._shape(placed, environment)
            case ir.Scalar(node=node):
                found = scalar(node, environment)
                if isinstance(found, OfRounds):
                    return NumberedSignal(found, unparse(node))
                return None if found is None else ConstantSignal(found, unparse(node))
            case placed_ir.PlacedApply():
                return self._pointwise(placed, environment)
            case placed_ir.PlacedSequence():
                return self._chain(placed, environment)
            case placed_ir.PlacedModify():
                return self._modified(placed, environment)
            case placed_ir.PlacedScope(body=body):
                return self.lower(body, environment.in_definition())
            case Signal():
                return placed
            case placed_ir.PlacedFaulty(parts=parts, entries=entries):
                for part in parts:
                    self.lower(part, environment)
                self._look_into(entries, environment)
        return None

    def _pointwise(self, placed: placed_ir.PlacedApply, environment: Environment) -> Signal | None:
        signals = [self.lower(part, environment) for part in placed.parts]
        known = tuple([signal for signal in signals if signal is not None])
        if len(known) < len(signals):
            return None
        compute = [f.compute if isinstance(f, Function) else OPERATORS[f] for f in placed.functions]
        signal = PointwiseSignal(tuple(compute), known, placed.node)
        return held(signal, placed.end)

    def _shape(self, placed: PlacedShape, environment: Environment) -> Signal | None:
        call = placed.call
        if call.signature.bracket:
            known = self._points(placed, environment)
        elif call.sound:
            known = self._shape_fields(placed, environment)
        else:
            # There are mistakes inside the arguments, too, of a call that does not fit its shape.
            for parameter in (*call.parameters, *call.curve_parameters):
                node = call.arguments.get(parameter.name)
                if node is not None and parameter.name not in placed.durations:
                    argument(parameter, node, call.name, environment)
            return None
        if known is None or not placed.is_sound:
            return None
        shape = make(call.signature.cls, known, call, environment)
        return None if shape is None else slowed(ShapeSignal(shape, call.node), placed.pace)

    def _shape_fields(self, placed: PlacedShape, environment: Environment) -> dict[str, Any] | None:
        """The fields of a shape; None where one of them is at fault."""
        call = placed.call
        given = fields(call, call.parameters, environment, placed.durations)
        found: dict[str, Any] = dict(given or {})
        for hidden, from_context in call.signature.cls.hidden().items():
            found[hidden] = default(from_context, call.node, environment)
        if call.curve is not None:
            inner = fields(call, call.curve_parameters, environment, placed.durations)
            found["mode"] = None if inner is None else make(call.curve, inner, call, environment)
        if Kind.STEPS in call.signature.kinds:
            found["steps"] = placed.steps
        if "phase" in placed.durations:
            found["phase"] = placed.durations["phase"]
        is_sound = given is not None and all([each is not None for each in found.values()])
        return found if is_sound else None

    def _start_value(self, placed: PlacedShape, environment: Environment) -> float | None:
        """The value at a shape's first update, where that is one of its fields."""
        call, field = placed.call, placed.call.signature.cls.start_field
        assert field is not None
        parameters = [each for each in call.signature.parameters if each.name == field]
        if not parameters:
            return default(call.signature.cls.hidden()[field], call.node, environment)
        found = fields(call, parameters, environment, {})
        return None if found is None else cast(float, found.get(field, parameters[0].default))

    def _points(self, placed: PlacedShape, environment: Environment) -> dict[str, Any] | None:
        """The fields of a shape with entries in brackets; None where one of them is at fault."""
        where = f"a point of `{placed.call.name}`"
        entries = [entry.written for entry in placed.call.entries]
        values = [value(entry.value, where, environment) for entry in entries]
        if not placed.is_sound or any([each is None for each in values]):
            return None
        return {"points": tuple(zip(placed.starts, values, strict=True))}

    def _chain(self, placed: placed_ir.PlacedSequence, environment: Environment) -> Signal | None:
        segments = [self._segment(part, environment) for part in placed.parts]
        self.links.link(segments)
        signals: list[Signal | None] = []
        for segment in segments:  # a comprehension would take a frame for each level of nesting
            signals.append(segment.signal)
        known = [signal for signal in signals if signal is not None]
        if not placed.is_sound or len(known) < len(signals):
            return None
        if placed.zero is not None:
            for part, signal in zip(placed.parts, known, strict=True):
                self.note(part, placed.zero, signal)
        # A part that rounds to no update at all is never seen, unless it is the last.
        starts = [part.start for part in placed.parts]
        kept = [i for i, at in enumerate(starts) if i == len(starts) - 1 or at < starts[i + 1]]
        parts, zeros = tuple([known[i] for i in kept]), tuple([starts[i] for i in kept])
        return SequenceSignal(parts, np.array(zeros, dtype=np.float64), zeros)

    def _segment(self, part: PlacedPart, around: Environment) -> LazySegment:
        """A part of a chain with those around the chain."""
        term, begin = part.term, None
        length = int(part.stop) - part.start if ends(part.stop) else None
        if isinstance(term, PlacedShape) and term.call.signature.cls.start_field is not None:
            curve = term.call.curve
            if curve is None or curve.hits_endpoints:
                begin = functools.partial(self._start_value, term)
        return LazySegment(functools.partial(self.lower, term), begin, length, around)

    def _modified(self, placed: placed_ir.PlacedModify, environment: Environment) -> Signal | None:
        call, modifier = placed.call, placed.modifier
        around = environment
        if placed.rounds is not None:
            around = self.links.remembering(environment)
        inside = around._replace(cycle=0) if call.counts else around
        source = self.lower(placed.source, inside)
        if source is None:
            self._look_into(tuple([entry.value for entry in placed.entries]), environment)
            return None
        if placed.entries:
            entries = LazyEntries(placed.entries, source, environment, self).make()
            if entries is None:
                return None
            modifier = call.cls.model_validate({"entries": entries})
        if isinstance(modifier, MetricModifier):
            return self._reacting(placed, modifier, source)
        self.accumulates = self.accumulates or modifier.accumulates
        return attempt(call, environment, self._applied, placed, modifier, source, around)

    def _applied(
        self,
        placed: placed_ir.PlacedModify,
        modifier: Modifier,
        source: Signal,
        around: Environment,
    ) -> Signal:
        """The signal under a modifier."""
        text = unparse(placed.call.node)
        if placed.rounds is not None and isinstance(modifier, Repetition):
            rounds = RoundCompiler(placed, placed.rounds, around, self.links)
            return modifier.repeated(rounds.first_round(source), placed.end, text)
        modified = modifier.apply(source, placed.length, placed.end, text)
        if placed.holds:
            modified = held(modified, placed.end)
        return slowed(modified, placed.pace) if modifier.counts_updates else modified

    def _reacting(
        self, placed: placed_ir.PlacedModify, modifier: MetricModifier, source: Signal
    ) -> Signal:
        place, text = len(self.observers), unparse(placed.call.node)
        known = place < len(self.histories)
        history = (
            self.histories[place] if known else MetricHistory(Reaction(modifier.initial_state()))
        )
        signal = MetricScaledSignal(source, text, zero=placed.zero, history=history)
        self.observers.append(MetricObserver(modifier, signal, placed.run_start, placed.run_stop))
        return signal

    def _look_into(self, entries: tuple[PlacedTerm, ...], environment: Environment) -> None:
        """Find the mistakes inside the entries of a modifier that cannot be made."""
        for entry in entries:
            self.lower(entry, environment._replace(next=environment.base))

    def checkpoint(self) -> Callable[[], None]:
        """A function that forgets all that is noted from now on."""
        observers, segments = len(self.observers), len(self.segments)

        def forget() -> None:
            del self.observers[observers:], self.segments[segments:]

        return forget
