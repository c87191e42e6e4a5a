"""Resolution: terms become signals, once the context is known.

Every length and boundary is measured first; values are evaluated as they are needed: `prev` asks
the part before, `next` the part after.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from lrdsl import diagnostics as diag
from lrdsl.compiler.argument_values import Arguments, Here
from lrdsl.compiler.context import Context
from lrdsl.compiler.environment import Cell, Frame, Layout, Place, Window
from lrdsl.compiler.evaluate import Durations, Values
from lrdsl.compiler.ir import (
    Apply,
    Called,
    Choice,
    Clock,
    InUpdates,
    Modify,
    Poison,
    Reference,
    Scalar,
    Sequence,
    ShapeCall,
    Term,
)
from lrdsl.compiler.leaf_signals import ClockSignal, PointwiseSignal, ScheduleReference, ShapeSignal
from lrdsl.compiler.lengths import LengthSolver, as_length, source_place, with_entries
from lrdsl.diagnostics import Reporter, Span
from lrdsl.language.curves import Curve
from lrdsl.language.functions import OPERATORS, Function
from lrdsl.language.modifiers import Modifier
from lrdsl.language.modifiers.base import Length
from lrdsl.language.modifiers.interval import ActiveOverrides, Entry
from lrdsl.language.modifiers.reactive import (
    MetricHistory,
    MetricModifier,
    MetricObserver,
    MetricScaledSignal,
)
from lrdsl.language.parameters import Kind, ParameterError
from lrdsl.language.signal import ConstantSignal, Exact, SequenceSignal, Signal, round_half_up
from lrdsl.language.time_map import Shift
from lrdsl.syntax import ast
from lrdsl.syntax.unparse import unparse, unparse_short


class Laid(NamedTuple):
    """A part of a chain where it lies in the run.

    `node` is all of it, a pipe with its source and its modifiers. It is there from update `start`
    up to `stop`, which may be the same where it rounds to nothing, and `length` long exactly. What
    `skip` leaves out starts before update 0. The whole of a spec that is no chain is its one part.
    """

    node: ast.Node
    start: int
    stop: float
    length: Length
    signal: Signal


class CompiledSpec(NamedTuple):
    """What a spec is in a context, after some metrics."""

    signal: Signal
    length: Length
    observers: tuple[MetricObserver, ...] = ()
    """What reacts to metrics, each after all that stands inside what it modifies."""
    laid: tuple[Laid, ...] = ()
    """The parts of chains, those inside others too, but none under what warps time."""


class Lowering:
    """Resolves the terms of one spec in one context.

    `reactions` are what its reactive modifiers have made of the metrics so far, in the order in
    which they are built; that order depends on the spec and the context alone.
    """

    def __init__(
        self, context: Context, reporter: Reporter, histories: tuple[MetricHistory, ...] = ()
    ) -> None:
        self.args = Arguments(context, reporter)
        self.lengths = LengthSolver(self.args)
        self.histories = histories
        self.observers: list[MetricObserver] = []
        self.laid: list[Laid] = []

    def resolve(self, term: Term) -> CompiledSpec | None:
        """The signal of a whole spec and its length; None when something is wrong."""
        total = self.args.context.total_steps
        place = Place(0, total)
        extent = self.lengths.measure(term, place)
        length = total if extent is None or extent.length is None else extent.length
        window = Window(stop=_rounded(length))
        frame = Frame(place, window, 0, total, self.args.base, self.args.base)
        signal = self.build(term, frame)
        if signal is None or extent is None:
            return None
        assert length is not None
        if not isinstance(term, Sequence):
            stop = _rounded(length)
            self.laid.append(Laid(_text_of(term), 0, stop, length, signal))
        return CompiledSpec(signal, length, tuple(self.observers), tuple(self.laid))

    def build(self, term: Term, frame: Frame) -> Signal | None:
        """The signal of a term."""
        match term:  # what is most frequent first
            case ShapeCall():
                return self._build_shape(term, frame)
            case Scalar(node=node):
                value = self._values("a schedule", frame).evaluate(node)
                return None if value is None else ConstantSignal(value, unparse(node))
            case Clock():
                return ClockSignal()
            case Reference():
                return self._refer(term, frame)
            case InUpdates(node=node):
                updates = Durations(
                    self.args.context, self.args.reporter, "a formula", frame.place
                ).evaluate(node)
                return None if updates is None else ConstantSignal(float(updates), unparse(node))
            case Apply(functions=functions, parts=parts):
                signals = [self.build(part, frame) for part in parts]
                if any([signal is None for signal in signals]):
                    return None
                compute = [
                    f.compute if isinstance(f, Function) else OPERATORS[f] for f in functions
                ]
                return PointwiseSignal(tuple(compute), tuple(signals), term.node)  # type: ignore[arg-type]
            case Sequence():
                return self._build_chain(term, frame)
            case Modify():
                return self._build_modified(term, frame)
            case Choice():
                chosen = self.lengths.choose(term)
                return None if chosen is None else self.build(chosen, frame)
            case Called(inner=inner):
                return self.build(inner, frame._replace(place=frame.place.inside(), outer=frame))
            case Poison(parts=parts):
                for part in parts:
                    self.build(part, frame)
        return None

    def _refer(self, term: Reference, frame: Frame) -> Signal | None:
        """Another schedule of the program, read at the same update of the run."""
        warp = frame.window.warped_by
        if warp is not None:
            message = f"`{term.name}` is read as training goes, but `{warp}` runs another clock"
            fix = f"write what `{term.name}` is for after the `{warp}`, outside its brackets"
            self.args.complain(diag.WRONG_PLACE, message, term.node, fix)
            return None
        signal, zero = self.args.context.schedules[term.name], frame.window.zero
        return ScheduleReference(signal, term.name, Shift(round_half_up(zero)), zero=zero)

    def _values(self, where: str, frame: Frame) -> Values:
        return Values.at(self.args.context, self.args.reporter, where, frame)

    def _build_shape(self, term: ShapeCall, frame: Frame) -> Signal | None:
        if not term.sound:
            self._look_at_arguments(term, frame)
            return None
        extent = self.lengths.measure(term, frame.place)
        if extent is None:
            # The length is at fault; the values may be so too.
            self._shape_fields(term, frame)
            return None
        if term.form.bracket:
            return self._build_points(term, frame)
        length = extent.length
        if length is None:
            length = frame.room
            if length is None:
                self.lengths.needs_total(term.node)
                return None
            if length <= 0:
                self._no_rest(term.node, length)
                return None
        fields = self._shape_fields(term, frame)
        if fields is None:
            return None
        if term.form.has(Kind.STEPS):
            # An endless constant has no use for its steps.
            fields["steps"] = 0 if length == math.inf else _rounded(length, frame.origin)
        shape = self.args.make(term.form.cls, fields, term.node, term.arguments)
        return None if shape is None else ShapeSignal(shape, term.node)

    def _look_at_arguments(self, term: ShapeCall, frame: Frame) -> None:
        """Find the mistakes inside the arguments of a call that does not fit its shape."""
        here = Here(frame.place, frame, term.node)
        own = term.curve.parameters() if term.curve is not None else ()
        for parameter in (*term.form.parameters, *own):
            node = term.arguments.get(parameter.name)
            if parameter.kind is Kind.STEPS and (
                "steps" in term.arguments or "until" in term.arguments
            ):
                self.lengths.given_length(term, frame.place)
            elif node is not None and parameter.kind is not Kind.MODE:
                where = f"`{parameter.name}` of `{term.form.name}`"
                self.args.argument(parameter, node, where, here)

    def _no_rest(self, node: ast.Node, length: Exact) -> None:
        over = f": the other segments take {float(-length):g} too many" if length < 0 else ""
        message = f"nothing of the run is left for `{unparse_short(node)}`{over}"
        self.args.complain(diag.NO_REST, message, node, "shorten the others, or raise total_steps")

    def _shape_fields(self, term: ShapeCall, frame: Frame) -> dict[str, Any] | None:
        """The fields of a shape, `steps` apart; None where one of them is at fault."""
        if term.form.bracket:
            return {}
        here, name = Here(frame.place, frame, term.node), term.form.name
        of_curve = term.curve.parameters() if term.curve is not None else ()
        own = term.form.valued
        if of_curve:
            elsewhere = {parameter.name for parameter in of_curve}
            own = tuple([each for each in own if each.name not in elsewhere])
        given = self.args.fields(own, term.arguments, name, here)
        fields: dict[str, Any] = dict(given or {})
        for hidden, lean in term.form.hidden.items():
            fields[hidden] = self.args.lean(lean, here)
        if term.curve is not None:
            inner = self.args.fields(of_curve, term.arguments, name, here) if of_curve else {}
            if inner:
                fields["mode"] = self.args.make(term.curve, inner, term.node, term.arguments)
            else:
                fields["mode"] = None if inner is None else _as_it_is(term.curve)
        sound = given is not None and all([value is not None for value in fields.values()])
        return fields if sound else None

    def _build_points(self, term: ShapeCall, frame: Frame) -> Signal | None:
        starts = self.lengths.starts(term.entries, frame.place)
        values = self._values(f"a point of `{term.form.name}`", frame)
        points: list[tuple[int, float]] = []
        for entry, start in zip(term.entries, starts, strict=True):
            assert isinstance(entry.value, ast.Node)
            value = values.evaluate(entry.value)
            if start is not None and value is not None:
                points.append((round_half_up(frame.origin + start), value))
        if len(points) < len(term.entries):
            return None
        shape = self.args.make(term.form.cls, {"points": tuple(points)}, term.node, {})
        return None if shape is None else ShapeSignal(shape, term.node)

    def _build_chain(self, term: Sequence, frame: Frame) -> Signal | None:
        layout = self.lengths.layout(term, frame.place)
        edges = self._edges(term, layout, frame)
        cells: list[Cell] = []
        for i, part in enumerate(term.parts):
            start, stop = (None, None) if edges is None else (edges[i], edges[i + 1])
            if start is None:
                # The layout is at fault; parts are built all the same, to find their mistakes.
                inside = self._part_frame(i, layout.places[i], frame.window, 0, 1, frame, cells)
                length = None
            else:
                at = round_half_up(frame.origin + start)
                end = math.inf if stop is None else round_half_up(frame.origin + stop)
                origin = frame.origin + start - at
                room = None if stop is None else stop - start
                window = frame.window.part(at, end)
                place = layout.places[i]
                if place.clock is None:  # a part before it fills the rest
                    rest = None if frame.place.rest is None else frame.place.rest - start
                    place = place.moved(start, rest)
                inside = self._part_frame(i, place, window, origin, room, frame, cells)
                length = None if isinstance(end, float) else end - at
            make = functools.partial(self.build, part, inside)
            cells.append(Cell(make, self._begin(part, inside), length, self.args.base))
        signals = [cell.get() for cell in cells]
        cells.clear()  # they and their frames hold each other: so nobody need collect them
        if edges is None or any([signal is None for signal in signals]):
            return None
        starts = [round_half_up(frame.origin + edge) for edge in edges[:-1] if edge is not None]
        if frame.window.warped_by is None:
            self._note(term, frame, edges, starts, signals)
        # A part that rounds to no update at all is never seen, unless it is the last.
        kept = [i for i, at in enumerate(starts) if i == len(starts) - 1 or at < starts[i + 1]]
        parts = tuple([signal for i in kept if (signal := signals[i]) is not None])
        return SequenceSignal(parts, np.array([starts[i] for i in kept], dtype=np.float64))

    def _note(
        self,
        term: Sequence,
        frame: Frame,
        edges: list[Exact | None],
        starts: list[int],
        signals: list[Signal | None],
    ) -> None:
        """Keep where the parts of a chain lie."""
        zero = round_half_up(frame.window.zero)
        stops = [
            *starts[1:],
            math.inf if edges[-1] is None else round_half_up(frame.origin + edges[-1]),
        ]
        for i, (part, signal) in enumerate(zip(term.parts, signals, strict=True)):
            first, last = edges[i], edges[i + 1]
            assert first is not None and signal is not None
            length = math.inf if last is None else last - first
            place = (zero + starts[i], zero + stops[i])
            self.laid.append(Laid(_text_of(part), *place, length, signal))

    def _edges(self, term: Sequence, layout: Layout, frame: Frame) -> list[Exact | None] | None:
        """The exact boundaries of a chain; the last is None for a chain that never ends.

        None, and a complaint, when a part fills the rest and that is unknown or nothing.
        """
        if layout.whole is None:
            return None
        edges: list[Exact | None] = [0]
        at: Exact = 0
        known = layout.whole.fixed
        for extent, part in zip(layout.extents, term.parts, strict=True):
            length = extent.length
            if length is None:
                room = frame.place.rest if frame.room is None else frame.room
                if room is None:
                    self.lengths.needs_total(part.node)
                    return None
                if room <= known:
                    self._no_rest(part.node, room - known)
                    return None
                length = room - known + extent.fixed
            if isinstance(length, float):
                return [*edges, None]
            at += length
            edges.append(at)
        return edges

    def _part_frame(
        self,
        i: int,
        place: Place,
        window: Window,
        origin: Exact,
        room: Exact | None,
        frame: Frame,
        cells: list[Cell],
    ) -> Frame:
        """The frame of part i; the cells before and after it are looked up when asked."""

        def prev(span: Span) -> float | None:
            return cells[i - 1].last(span) if i > 0 else frame.prev(span)

        def following(span: Span) -> float | None:
            return cells[i + 1].first(span) if i + 1 < len(cells) else frame.next(span)

        def next(span: Span) -> float | None:
            return cells[i].ask(following, span)

        return Frame(place, window, origin, room, prev, next, frame.outer)

    def _begin(self, part: Term, frame: Frame) -> Callable[[], float | None] | None:
        """How to find where a part starts without building it, so that long chains stay shallow."""
        if not isinstance(part, ShapeCall) or part.form.cls.start_field is None:
            return None
        if part.curve is not None and not part.curve.hits_endpoints:
            return None
        field = part.form.cls.start_field

        def begin() -> float | None:
            parameters = [p for p in part.form.parameters if p.name == field]
            here = Here(frame.place, frame, part.node)
            if not parameters:
                return self.args.lean(part.form.hidden[field], here)
            fields = self.args.fields(parameters, part.arguments, part.form.name, here)
            return None if fields is None else float(fields.get(field, parameters[0].default))

        return begin

    def _build_modified(self, term: Modify, frame: Frame) -> Signal | None:
        extent = self.lengths.measure(term.source, source_place(term, frame.place))
        modifier = self.lengths.modifier(term, frame.place)
        whole = self.lengths.measure(term, frame.place)
        reach = frame.room if whole is None or whole.length is None else whole.length
        end = _rounded(reach, frame.origin)
        inside = self._source_frame(term, modifier, end, frame)
        source = self.build(term.source, inside)
        if whole is None or source is None:
            self._look_at_entries(term, frame)
            return None
        assert extent is not None and modifier is not None
        length = inside.room if extent.length is None else extent.length
        assert length is not None  # else the source could not have been built
        if term.entries:
            entries = self._build_entries(term, modifier, source, frame)
            if entries is None:
                return None
            modifier = with_entries(term, entries)
        if isinstance(modifier, MetricModifier):
            return self._build_reacting(term, modifier, source, frame.window.part(0, end))
        try:
            return modifier.apply(source, as_length(length), end, unparse(term.node))
        except ParameterError as error:
            self.args.impossible(error, term.node, term.arguments)
            return None

    def _build_reacting(
        self, term: Modify, modifier: MetricModifier, source: Signal, window: Window
    ) -> Signal | None:
        if window.warped_by is not None:
            name = modifier.name
            message = f"`{name}` goes by the updates of the run, which `{window.warped_by}` changes"
            fix = f"write it after the `{window.warped_by}`"
            self.args.complain(diag.WRONG_PLACE, message, term.node, fix)
            return None
        place = len(self.observers)
        known = place < len(self.histories)
        history = self.histories[place] if known else MetricHistory(modifier.initial_state())
        signal = MetricScaledSignal(source, unparse(term.node), zero=window.zero, history=history)
        self.observers.append(MetricObserver(modifier, signal, window.start, window.stop))
        return signal

    def _look_at_entries(self, term: Modify, frame: Frame) -> None:
        """Find the mistakes inside the entries of a modifier that cannot be made."""
        for entry in term.entries:
            if isinstance(entry.value, Term):
                nowhere = frame.place.moved(0, None)
                inside = frame._replace(
                    place=nowhere,
                    origin=0,
                    room=1,
                    next=self.args.base,
                )
                self.build(entry.value, inside)

    def _source_frame(
        self, term: Modify, modifier: Modifier | None, end: float, frame: Frame
    ) -> Frame:
        """The frame for what a modifier changes; it is done with at update `end`."""
        outer = frame.place.rest if frame.room is None else frame.room
        room: Exact | None = None
        if modifier is not None and outer is not None:
            room = modifier.room(Fraction(outer))
        origin = 0 if term.cls.warps_time else frame.origin
        if room is None:
            room = frame.place.rest
        window = frame.window.part(0, end)
        if modifier is not None:
            window = window.under(term.cls.name, modifier.began())
        place = source_place(term, frame.place)
        return frame._replace(place=place, window=window, origin=origin, room=room)

    def _build_entries(
        self, term: Modify, modifier: Modifier, source: Signal, frame: Frame
    ) -> tuple[Entry, ...] | None:
        """The entries of an `interval`, each knowing what stands where it begins."""
        measured: tuple[Entry, ...] = modifier.entries  # type: ignore[attr-defined]
        starts = self.lengths.starts(term.entries, frame.place)
        found: list[Entry] = []
        standing = ActiveOverrides()
        for entry, outline, exact_start in zip(term.entries, measured, starts, strict=True):
            assert isinstance(entry.value, Term) and exact_start is not None
            at = round_half_up(frame.origin + exact_start)
            stop = outline.stop if math.isinf(outline.stop) else outline.stop - outline.start + at
            before = standing.at(at, source)

            def prev(span: Span, before: Signal = before, at: int = at) -> float | None:
                return before.value_at(at)

            rest = None if frame.place.rest is None else frame.place.rest - exact_start
            origin = frame.origin + exact_start - at
            inside = frame._replace(
                place=frame.place.moved(0, rest),
                window=frame.window.part(at, stop),
                origin=origin,
                room=rest,
                prev=prev,
                next=self.args.base,
            )
            signal = self.build(entry.value, inside)
            if signal is not None:
                found.append(Entry(at, stop, entry.factor, signal, outline.length))
                standing.begin(found[-1])
        return tuple(found) if len(found) == len(term.entries) else None


@functools.cache
def _as_it_is(curve: type[Curve]) -> Curve:
    """A curve with none of its parameters given."""
    return curve()


def _text_of(part: Term) -> ast.Node:
    """What a part of a chain is in the text."""
    return part.pipe if isinstance(part, Modify) else part.node


def _rounded(length: Length | None, start: Exact = 0) -> float:
    """The update at which what starts somewhere has ended; inf if that is never or unknown."""
    if length is None or isinstance(length, float):
        return math.inf
    return round_half_up(start + length)
