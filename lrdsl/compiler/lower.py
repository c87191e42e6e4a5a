"""Lowering: placed terms become signals.

Values are evaluated as they are needed: `prev` asks the part before, `next` the part after.
"""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import numpy as np

from lrdsl.compiler.argument_values import Arguments
from lrdsl.compiler.context import Context
from lrdsl.compiler.environment import Neighbours
from lrdsl.compiler.ir import ShapeCall
from lrdsl.compiler.lazy_segments import LazySegment, link, unlink
from lrdsl.compiler.leaf_signals import ClockSignal, PointwiseSignal, ScheduleReference, ShapeSignal
from lrdsl.compiler.placed_ir import (
    PlacedApply,
    PlacedClock,
    PlacedDuration,
    PlacedFaulty,
    PlacedFaultyModify,
    PlacedIR,
    PlacedModify,
    PlacedPart,
    PlacedReference,
    PlacedScalar,
    PlacedScope,
    PlacedSequence,
    PlacedShape,
    PlacedTerm,
)
from lrdsl.diagnostics import Mistake, Mistakes, Span
from lrdsl.language.curves import Curve
from lrdsl.language.functions import OPERATORS, Function
from lrdsl.language.length import ENDLESS, Length, as_time, round_half_up
from lrdsl.language.modifiers.interval import ActiveOverrides, Entry
from lrdsl.language.modifiers.reactive import (
    MetricHistory,
    MetricModifier,
    MetricObserver,
    MetricScaledSignal,
)
from lrdsl.language.parameters import Kind, ParameterError
from lrdsl.language.signal import ConstantSignal, SequenceSignal, Signal, TimelineSegment
from lrdsl.language.time_map import Shift
from lrdsl.syntax import ast
from lrdsl.syntax.unparse import unparse


class CompiledSpec(NamedTuple):
    """A spec in a context, after some metrics."""

    signal: Signal
    length: Length
    observers: tuple[MetricObserver, ...] = ()
    """The modifiers that react to metrics, each after all that stand inside its source."""
    chain_segments: tuple[TimelineSegment, ...] = ()
    """The parts of chains in the run, those inside others too, but none under a warp of time.

    Parts that `skip` leaves out start before update 0; those that round to nothing stop where they
    start. A spec that is no chain is its own one part.
    """


def lower(
    placed: PlacedIR, histories: tuple[MetricHistory, ...] = ()
) -> tuple[CompiledSpec | None, Mistakes]:
    """The signal of a placed spec, None where something is wrong, and the mistakes in its values.

    `histories` are those of its metric modifiers so far, in the order in which they are lowered;
    that order depends on the spec and the context alone.
    """
    root, mistakes = placed.root, Mistakes(placed.mistakes.source, [])
    lowering = _Lowering(placed.context, mistakes, histories)
    with np.errstate(all="ignore"):
        signal = lowering.lower(root.term, Neighbours(lowering.base, lowering.base))
    if signal is None:
        return None, mistakes
    if not isinstance(root.term, PlacedSequence):
        lowering.note(root, 0, signal)
    observers, segments = tuple(lowering.observers), tuple(lowering.segments)
    return CompiledSpec(signal, root.length, observers, segments), mistakes


class _Lowering:
    """Lowers the terms of one spec."""

    def __init__(
        self, context: Context, mistakes: Mistakes, histories: tuple[MetricHistory, ...]
    ) -> None:
        self.schedules = context.schedules
        self.mistakes = mistakes
        self.arguments = Arguments(context, mistakes)
        self.histories = histories
        self.observers: list[MetricObserver] = []
        self.segments: list[TimelineSegment] = []

    def base(self, span: Span) -> float | None:
        """The value where nothing stands before or after."""
        return self.arguments.base(span)

    def note(self, part: PlacedPart, zero: int, signal: Signal) -> None:
        """Keep where a part of a chain lies whose clock is at 0 at update `zero`."""
        start, stop = zero + part.start, zero + as_time(part.stop)
        segment = TimelineSegment(start, stop, part.node, signal, zero=start, length=part.length)
        self.segments.append(segment)

    def lower(self, placed: PlacedTerm, neighbours: Neighbours) -> Signal | None:
        """The signal of a term."""
        match placed:  # the most frequent first
            case PlacedShape():
                return self._shape(placed, neighbours)
            case PlacedScalar(node=node):
                value = self._value(node, "a schedule", neighbours)
                return None if value is None else ConstantSignal(value, unparse(node))
            case PlacedClock():
                return ClockSignal()
            case PlacedReference(name=name, zero=zero):
                shift = Shift(round_half_up(zero))
                return ScheduleReference(self.schedules[name], name, shift, zero=zero)
            case PlacedDuration(node=node, updates=updates):
                return ConstantSignal(updates, unparse(node))
            case PlacedApply():
                return self._pointwise(placed, neighbours)
            case PlacedSequence():
                return self._chain(placed, neighbours)
            case PlacedModify():
                return self._modified(placed, neighbours)
            case PlacedScope(body=body):
                return self.lower(body, neighbours.in_definition())
            case PlacedFaultyModify(source=source, entries=entries):
                self.lower(source, neighbours)
                self._look_into(entries, neighbours)
            case PlacedFaulty(parts=parts):
                for part in parts:
                    self.lower(part, neighbours)
        return None

    def _value(self, node: ast.Node, where: str, neighbours: Neighbours) -> float | None:
        return self.arguments.value(node, where, neighbours)

    def _pointwise(self, placed: PlacedApply, neighbours: Neighbours) -> Signal | None:
        signals = [self.lower(part, neighbours) for part in placed.parts]
        known = tuple([signal for signal in signals if signal is not None])
        if len(known) < len(signals):
            return None
        compute = [f.compute if isinstance(f, Function) else OPERATORS[f] for f in placed.functions]
        return PointwiseSignal(tuple(compute), known, placed.node)

    def _shape(self, placed: PlacedShape, neighbours: Neighbours) -> Signal | None:
        call = placed.call
        if call.signature.bracket:
            return self._points(placed, neighbours)
        if not call.sound:
            self._look_at_arguments(placed, neighbours)
            return None
        fields = self._shape_fields(placed, neighbours)
        if fields is None or not placed.is_sound:
            return None
        if call.signature.has(Kind.STEPS):
            fields["steps"] = placed.steps
        return self._made(call, fields)

    def _made(self, call: ShapeCall, fields: dict[str, Any]) -> Signal | None:
        """The signal of a shape with its fields known."""
        shape = self.arguments.make(call.signature.cls, fields, call.node, call.arguments)
        return None if shape is None else ShapeSignal(shape, call.node)

    def _look_at_arguments(self, placed: PlacedShape, neighbours: Neighbours) -> None:
        """Find the mistakes inside the arguments of a call that does not fit its shape."""
        call = placed.call
        of_curve = call.curve.parameters() if call.curve is not None else ()
        for parameter in (*call.signature.valued, *of_curve):
            node = call.arguments.get(parameter.name)
            if node is not None and parameter.name not in placed.durations:
                where = f"`{parameter.name}` of `{call.signature.name}`"
                self.arguments.argument(parameter, node, where, neighbours)

    def _shape_fields(self, placed: PlacedShape, neighbours: Neighbours) -> dict[str, Any] | None:
        """The fields of a shape, `steps` apart; None where one of them is at fault."""
        call, span = placed.call, placed.node.span
        evaluate = functools.partial(
            self.arguments.fields,
            arguments=call.arguments,
            call=(call.signature.name, span),
            durations=placed.durations,
            neighbours=neighbours,
        )
        of_curve = call.curve.parameters() if call.curve is not None else ()
        own = call.signature.valued
        if of_curve:
            elsewhere = {parameter.name for parameter in of_curve}
            own = tuple([each for each in own if each.name not in elsewhere])
        given = evaluate(own)
        fields: dict[str, Any] = dict(given or {})
        for hidden, default in call.signature.hidden.items():
            fields[hidden] = self.arguments.default(default, neighbours, span)
        if call.curve is not None:
            inner = evaluate(of_curve) if of_curve else {}
            if inner:
                fields["mode"] = self.arguments.make(call.curve, inner, placed.node, call.arguments)
            else:
                fields["mode"] = None if inner is None else _with_defaults(call.curve)
        is_sound = given is not None and all([value is not None for value in fields.values()])
        return fields if is_sound else None

    def _start_value(self, placed: PlacedShape, neighbours: Neighbours) -> float | None:
        """The value at a shape's first update, where that is one of its fields."""
        call, field = placed.call, placed.call.signature.cls.start_field
        assert field is not None
        parameters = [each for each in call.signature.parameters if each.name == field]
        if not parameters:
            return self.arguments.default(call.signature.hidden[field], neighbours, call.node.span)
        fields = self.arguments.fields(
            parameters, call.arguments, (call.signature.name, call.node.span), {}, neighbours
        )
        return None if fields is None else float(fields.get(field, parameters[0].default))

    def _points(self, placed: PlacedShape, neighbours: Neighbours) -> Signal | None:
        call = placed.call
        where = f"a point of `{call.signature.name}`"
        nodes = [entry.value for entry in call.entries if isinstance(entry.value, ast.Node)]
        values = [self._value(node, where, neighbours) for node in nodes]
        if not placed.is_sound or None in values:
            return None
        return self._made(call, {"points": tuple(zip(placed.starts, values, strict=True))})

    def _chain(self, placed: PlacedSequence, neighbours: Neighbours) -> Signal | None:
        segments = [self._segment(part, neighbours) for part in placed.parts]
        link(segments)
        signals = [segment.signal() for segment in segments]
        unlink(segments)
        known = [signal for signal in signals if signal is not None]
        if not placed.is_sound or len(known) < len(signals):
            return None
        if placed.zero is not None:
            for part, signal in zip(placed.parts, known, strict=True):
                self.note(part, placed.zero, signal)
        # A part that rounds to no update at all is never seen, unless it is the last.
        starts = [part.start for part in placed.parts]
        kept = [i for i, at in enumerate(starts) if i == len(starts) - 1 or at < starts[i + 1]]
        parts = tuple([known[i] for i in kept])
        return SequenceSignal(parts, np.array([starts[i] for i in kept], dtype=np.float64))

    def _segment(self, part: PlacedPart, around: Neighbours) -> LazySegment:
        """A part of a chain with those around the chain."""
        term, begin = part.term, None
        length = None if part.stop is ENDLESS else part.stop - part.start
        if isinstance(term, PlacedShape) and term.call.signature.cls.start_field is not None:
            curve = term.call.curve
            if curve is None or curve.hits_endpoints:
                begin = functools.partial(self._start_value, term)
        make = functools.partial(self.lower, term)
        return LazySegment(make, begin, length, around, self.base)

    def _modified(self, placed: PlacedModify, neighbours: Neighbours) -> Signal | None:
        call, modifier = placed.call, placed.modifier
        source = self.lower(placed.source, neighbours)
        if source is None:
            self._look_into(tuple([entry.value for entry in placed.entries]), neighbours)
            return None
        if placed.entries:
            entries = self._entries(placed, source, neighbours)
            if entries is None:
                return None
            modifier = call.cls.model_validate({"entries": entries})
        if isinstance(modifier, MetricModifier):
            return self._reacting(placed, modifier, source)
        try:
            end = as_time(placed.end)
            return modifier.apply(source, placed.length, end, unparse(call.node))
        except ParameterError as error:
            where = call.arguments.get(error.parameter, call.node)
            mistake = Mistake(error.problem, error.message, where.span, None, error.fix)
            self.mistakes.found.append(mistake)
            return None

    def _reacting(self, placed: PlacedModify, modifier: MetricModifier, source: Signal) -> Signal:
        place = len(self.observers)
        known = place < len(self.histories)
        history = self.histories[place] if known else MetricHistory(modifier.initial_state())
        signal = MetricScaledSignal(source, unparse(placed.node), zero=placed.zero, history=history)
        self.observers.append(MetricObserver(modifier, signal, placed.run_start, placed.run_stop))
        return signal

    def _look_into(self, entries: tuple[PlacedTerm, ...], neighbours: Neighbours) -> None:
        """Find the mistakes inside the entries of a modifier that cannot be made."""
        for entry in entries:
            self.lower(entry, neighbours._replace(next=self.base))

    def _entries(
        self, placed: PlacedModify, source: Signal, neighbours: Neighbours
    ) -> tuple[Entry, ...] | None:
        """The entries of an `interval` with their signals; `prev` is the value where one begins."""
        found: list[Entry] = []
        active = ActiveOverrides()
        for each in placed.entries:
            at = each.entry.start
            before = active.at(at, source)

            def prev(span: Span, before: Signal = before, at: int = at) -> float | None:
                return before.value_at(at)

            inside = Neighbours(prev, self.base, neighbours.caller)
            signal = self.lower(each.value, inside)
            if signal is not None:
                found.append(each.entry._replace(signal=signal))
                active.begin(found[-1])
        return tuple(found) if len(found) == len(placed.entries) else None


@functools.cache
def _with_defaults(curve: type[Curve]) -> Curve:
    """A curve with none of its parameters given."""
    return curve()
