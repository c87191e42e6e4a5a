"""Resolution: terms become signals, once the context is known.

Two passes over the terms. `measure` finds how long each part is, from durations alone; it is asked
again and again, so it remembers. `build` then makes the signals, with every length and boundary
fixed, evaluating values as they are needed: `prev` asks the part before, `next` the part after.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
from pydantic import ValidationError

from lrdsl import diagnostics as d
from lrdsl.compiler.arithmetic import Durations, Place, Values, base
from lrdsl.compiler.context import Context
from lrdsl.compiler.terms import (
    Apply,
    Clock,
    EntryTerm,
    InUpdates,
    Modify,
    Poison,
    Scalar,
    Sequence,
    ShapeCall,
    Term,
)
from lrdsl.diagnostics import Reporter, Span
from lrdsl.functions import OPERATORS, Function
from lrdsl.modifiers import Modifier
from lrdsl.modifiers.base import Length
from lrdsl.modifiers.interval import Entry
from lrdsl.parameters import Kind, Lean, Parameter, ParameterError, Parametrised
from lrdsl.signal import Array, Chain, Piece, Signal, half_up
from lrdsl.syntax import nodes as n
from lrdsl.syntax.printer import write

FAR = Fraction(2**53)
"""No schedule is longer: beyond it, update counts are not exact in float64."""

Ask: TypeAlias = "Callable[[Span], float | None]"


@dataclass(frozen=True, slots=True)
class Extent:
    """How long a term is.

    `length` is exact; inf for what never ends, None for what fills the rest of the run. A plain
    number has no length at all and lets the others decide (`is_number`). `fixed` is the part of
    the length that is known of an open chain, `node` what to point at. What never ends only for
    want of a total (`by_default`) would rather fill the rest when something follows.
    """

    length: Length | None
    node: n.Node
    is_number: bool = False
    by_default: bool = False
    fixed: Fraction = Fraction(0)

    @property
    def is_open(self) -> bool:
        """Whether it fills the rest."""
        return self.length is None

    @property
    def never_ends(self) -> bool:
        """Whether nothing can follow."""
        return self.length == math.inf


@dataclass(frozen=True, slots=True)
class Layout:
    """A chain's parts: where they stand, how long they are (None: the rest), and the whole.

    Where something is wrong `whole` is None, and the lengths are of no use.
    """

    places: list[Place]
    lengths: list[Length | None]
    whole: Extent | None


@dataclass(frozen=True, slots=True)
class Frame:
    """What a term is built in.

    `origin` is the exact start minus the update it was rounded to, so that boundaries inside are
    rounded where they really lie. `room` is the exact length for a term that fills what it gets.
    """

    place: Place
    origin: Fraction
    room: Fraction | None
    prev: Ask
    next: Ask


@dataclass(frozen=True, slots=True)
class Leaf(Signal):
    """A shape with its parameters known."""

    shape: Any
    node: n.Node

    def values(self, t: Array) -> Array:
        values: Array = self.shape.values(t)
        return values

    def outline(self, stop: float) -> tuple[Piece, ...]:
        return (Piece(0, stop, write(self.node)),)

    def extremes(self, start: int, stop: int) -> tuple[float, float]:
        if not self.shape.monotone:
            return Signal.extremes(self, start, stop)
        ends = self.at(start), self.at(stop - 1)
        return min(ends), max(ends)


@dataclass(frozen=True, slots=True)
class Number(Signal):
    """One value for ever."""

    value: float
    node: n.Node

    def values(self, t: Array) -> Array:
        return np.full_like(t, self.value)

    def outline(self, stop: float) -> tuple[Piece, ...]:
        return (Piece(0, stop, write(self.node)),)

    def extremes(self, start: int, stop: int) -> tuple[float, float]:
        return self.value, self.value


@dataclass(frozen=True, slots=True)
class Time(Signal):
    """The local time itself."""

    def values(self, t: Array) -> Array:
        return t

    def outline(self, stop: float) -> tuple[Piece, ...]:
        return (Piece(0, stop, "t"),)


@dataclass(frozen=True, slots=True)
class Pointwise(Signal):
    """Functions applied from left to right: f₁(part₀, part₁), then f₂(that, part₂) and so on."""

    functions: tuple[Any, ...]
    parts: tuple[Signal, ...]
    node: n.Node

    def values(self, t: Array) -> Array:
        out = self.parts[0].values(t)
        if len(self.functions) == len(self.parts) - 1:
            for function, part in zip(self.functions, self.parts[1:], strict=True):
                out = function(out, part.values(t))
            return out
        (function,) = self.functions
        found: Array = function(out, *[part.values(t) for part in self.parts[1:]])
        return found

    def outline(self, stop: float) -> tuple[Piece, ...]:
        edges = sorted({p.start for part in self.parts for p in part.outline(stop)})
        text = write(self.node)
        return tuple(map(Piece, edges, [*edges[1:], stop], itertools.repeat(text)))


@dataclass(slots=True)
class _Cell:
    """A part of a chain while the chain is being built: made when first asked for."""

    make: Callable[[], Signal | None]
    begin: Callable[[], float | None] | None
    """The value at its first update, when that is known without making it."""
    length: int | None
    lean_on_base: Callable[[Span], float | None]
    signal: Signal | None = None
    made: bool = False
    asking: bool = False
    met: bool = False

    def get(self) -> Signal | None:
        if not self.made:
            self.signal = self.make()
            self.made = True
        return self.signal

    def first(self, span: Span) -> float | None:
        """The value that it starts at."""
        if self.begin is not None and not self.made:
            return self.begin()
        signal = self.get()
        return None if signal is None else signal.at(0)

    def last(self, span: Span) -> float | None:
        """The value that it ends at."""
        if self.asking:
            # The part after asks for the end of this one, which waits for that part's start.
            self.met = True
            return self.lean_on_base(span)
        signal = self.get()
        return None if signal is None or self.length is None else signal.at(self.length)

    def ask(self, following: Ask, span: Span) -> float | None:
        """What follows starts at; where each would lean on the other they meet at base."""
        self.asking, self.met = True, False
        found = following(span)
        self.asking = False
        return self.lean_on_base(span) if self.met else found


class Resolver:
    """Resolves the terms of one spec in one context."""

    def __init__(self, context: Context, reporter: Reporter) -> None:
        self.context = context
        self.reporter = reporter
        self._extents: dict[tuple[int, Place], Extent | None] = {}
        self._modifiers: dict[tuple[int, Place], Modifier | None] = {}

    def resolve(self, term: Term) -> tuple[Signal, Length] | None:
        """The signal of a whole spec and its length; None when something is wrong."""
        total = self.context.total
        place = Place(Fraction(0), total)
        extent = self.measure(term, place)
        signal = self.build(term, Frame(place, Fraction(0), total, self._base, self._base))
        if signal is None or extent is None:
            return None
        length = total if extent.length is None else extent.length
        assert length is not None
        return signal, length

    def _base(self, span: Span) -> float | None:
        return base(self.context, self.reporter, span)

    def _complain(
        self, problem: d.Problem, message: str, node: n.Node, fix: str | None = None
    ) -> None:
        self.reporter.report(problem, message, node.span, fix=fix)

    # --- lengths -----------------------------------------------------------------------------

    def measure(self, term: Term, place: Place) -> Extent | None:
        """How long a term is at that place."""
        key = (id(term), place)
        if key not in self._extents:
            self._extents[key] = self._measure(term, place)
        return self._extents[key]

    def _measure(self, term: Term, place: Place) -> Extent | None:
        match term:
            case Scalar() | InUpdates():
                return Extent(math.inf, term.node, is_number=True)
            case Clock():
                return Extent(math.inf, term.node)
            case Apply(parts=parts):
                return self._longest([self.measure(part, place) for part in parts], term.node)
            case ShapeCall():
                return self._measure_shape(term, place)
            case Sequence():
                return self.layout(term, place).whole
            case Modify():
                return self._measure_modified(term, place)
        return None

    def _longest(self, extents: list[Extent | None], node: n.Node) -> Extent | None:
        """The extent of a pointwise combination."""
        known = [extent for extent in extents if extent is not None]
        if len(known) < len(extents):
            return None
        lasting = [extent for extent in known if not extent.is_number]
        if any([extent.never_ends for extent in lasting]):
            return Extent(math.inf, node)
        if any([extent.is_open for extent in lasting]):
            return Extent(None, node)
        if not lasting:
            return Extent(math.inf, node, is_number=True)
        return Extent(max([e.length for e in lasting if e.length is not None]), node)

    def _measure_shape(self, term: ShapeCall, place: Place) -> Extent | None:
        if not term.sound:
            return None
        if term.form.bracket:
            starts = self._starts(term.entries, place)
            return None if not starts or starts[-1] is None else Extent(starts[-1], term.node)
        if not term.form.has(Kind.STEPS):
            return Extent(math.inf, term.node)
        if "steps" in term.arguments or "until" in term.arguments:
            length = self._given_length(term, place)
            return None if length is None else Extent(length, term.node)
        endless = term.form.cls.may_be_endless and self.context.total is None
        return Extent(math.inf if endless else None, term.node, by_default=endless)

    def _given_length(self, term: ShapeCall, place: Place) -> Fraction | None:
        """The length that `steps` or `until` sets."""
        steps, until = term.arguments.get("steps"), term.arguments.get("until")
        if steps is not None:
            length = self._updates(steps, f"`steps` of `{term.form.name}`", place)
        else:
            assert until is not None
            length = self._until(term, until, place)
        if length is None or 0 < length <= FAR:
            return length
        what = "longer than any run" if length > 0 else "not above 0"
        fix = "leave the segment out" if length == 0 else None
        message = f"a segment of {float(length):g} updates is {what}"
        where = until if steps is None else steps
        assert where is not None
        self._complain(d.BAD_LENGTH, message, where, fix)
        return None

    def _until(self, term: ShapeCall, node: n.Node, place: Place) -> Fraction | None:
        end = self._updates(node, f"`until` of `{term.form.name}`", place)
        if end is None:
            return None
        if place.clock is None:
            message = "`until` says nothing here: where the segment starts is unknown"
            self._complain(
                d.NO_LENGTH, message, node, "a segment before it has no length: give `steps`"
            )
            return None
        if end <= place.clock:
            message = f"the segment starts at update {float(place.clock):g}, after it would end"
            self._complain(d.BAD_LENGTH, message, node)
            return None
        return end - place.clock

    def _updates(self, node: n.Node, where: str, place: Place) -> Fraction | None:
        """A number of updates that a boundary is made of."""
        found = Durations(self.context, self.reporter, where, place).evaluate(node)
        plain = isinstance(node, n.Name) or (isinstance(node, n.Number) and node.unit == "")
        if found is not None and plain and found.denominator != 1:
            share = f"{float(found) * 100:g}%"
            fix = f"did you mean `{share}`?" if 0 < found < 1 else "write a whole number"
            message = f"`{write(node)}` is no whole number of updates"
            self._complain(d.FRACTIONAL, message, node, fix)
            return None
        return found

    def layout(self, term: Sequence, place: Place) -> Layout:
        """How the parts of a chain follow each other."""
        at: Fraction | None = Fraction(0)  # unknown after a part that fills the rest
        places: list[Place] = []
        lengths: list[Length | None] = []
        fixed, open_part, by_default, sound = Fraction(0), None, False, True
        last = len(term.parts) - 1
        for i, part in enumerate(term.parts):
            rest = None if at is None or place.rest is None else place.rest - at
            places.append(Place(at, rest))
            extent = self.measure(part, places[-1])
            if extent is None:
                sound, at = False, None
                continue
            by_default = extent.by_default
            length = None if by_default and i < last else extent.length
            lengths.append(length)
            fixed += extent.fixed
            if length is None:
                if open_part is not None:
                    self._two_open(open_part, part)
                    sound = False
                open_part, at = part, None
            elif isinstance(length, Fraction):
                fixed += length
                at = None if at is None else at + length
            elif i < last:
                self._never_ends(extent, part, term.parts[i + 1])
                sound, at = False, None
        whole: Extent | None = None
        if sound and lengths[-1] == math.inf:
            whole = Extent(math.inf, term.node, by_default=by_default, fixed=fixed)
        elif sound:
            node = term.node if open_part is None else open_part.node
            whole = Extent(fixed if open_part is None else None, node, fixed=fixed)
        return Layout(places, lengths, whole)

    def _never_ends(self, extent: Extent, part: Term, following: Term) -> None:
        text = write(part.node)
        if extent.is_number:
            message, fix = f"`{text}` never ends", f"write `constant({text}, steps)`"
        else:
            message, fix = f"`{text}` never ends", "give it a length with `| take(steps)`"
        message += f", but `{_short(following.node)}` follows"
        self._complain(d.NEVER_ENDS, message, part.node, fix)

    def _two_open(self, first: Term, second: Term) -> None:
        message = (
            f"`{_short(first.node)}` and `{_short(second.node)}` both lack a length,"
            " and only one segment of a chain can fill the rest"
        )
        self._complain(d.TWO_OPEN, message, second.node, "give one of them its steps")

    def _measure_modified(self, term: Modify, place: Place) -> Extent | None:
        source = self.measure(term.source, _source_place(term, place))
        modifier = self._modifier(term, place)
        if source is None or modifier is None:
            return None
        length = source.length
        if modifier.needs_end and length == math.inf:
            message = f"`{_short(term.source.node)}` never ends, so it cannot be repeated"
            self._complain(d.NEVER_ENDS, message, term.source.node, "give it a length")
            return None
        if length is None:
            # What fills the rest goes on filling it, unless the modifier sets a length.
            if modifier.room(Fraction(1)) is not None:
                return Extent(None, term.node)
            length = place.rest
            if length is None:
                self._needs_total(source.node)
                return None
        try:
            found = modifier.length(length)
        except ParameterError as error:
            self._impossible(error, term.node, term.arguments)
            return None
        if found != math.inf and found > FAR:
            self._complain(d.BAD_LENGTH, "this is longer than any run", term.node)
            return None
        endless = found == math.inf
        return Extent(found, term.node, endless and source.is_number, endless and source.by_default)

    def _needs_total(self, node: n.Node) -> None:
        message = f"`{_short(node)}` has no length and the run's is not known"
        self._complain(d.NEEDS_CONTEXT, message, node, "give its steps, or pass total_steps=…")

    def _starts(self, entries: tuple[EntryTerm, ...], place: Place) -> list[Fraction | None]:
        """Where entries in brackets start, checked to increase."""
        found: list[Fraction | None] = []
        latest: tuple[Fraction, n.Node] | None = None
        for entry in entries:
            start = self._updates(entry.start, "the start of an entry", place)
            if start is not None and start < 0:
                self._complain(d.BAD_LENGTH, "an entry cannot start before update 0", entry.start)
                start = None
            if start is not None:
                if latest is not None and start <= latest[0]:
                    message = (
                        f"the entries must increase, but {write(entry.start)}"
                        f" follows {write(latest[1])}"
                    )
                    self._complain(d.UNSORTED, message, entry.start, "put them in order")
                    start = None
                else:
                    latest = (start, entry.start)
            found.append(start)
        return found

    # --- modifiers ---------------------------------------------------------------------------

    def _modifier(self, term: Modify, place: Place) -> Modifier | None:
        """A modifier with its parameters, except entries that run schedules of their own.

        Those are made for their lengths here, and again with values when the signal is built.
        """
        key = (id(term), place)
        if key not in self._modifiers:
            self._modifiers[key] = self._make_modifier(term, place)
        return self._modifiers[key]

    def _make_modifier(self, term: Modify, place: Place) -> Modifier | None:
        if term.entries:
            lengths = self._entry_lengths(term, place)
            return None if lengths is None else _with_entries(term, lengths)
        fields = self._fields(
            term.parameters, term.arguments, term.cls.name, _Here(place, None, term.node)
        )
        if fields is None or not term.sound:
            return None
        made: Modifier | None = self._make(term.cls, fields, term.node, term.arguments)
        return made

    def _entry_lengths(self, term: Modify, place: Place) -> tuple[Entry, ...] | None:
        """The entries of an `interval` with their lengths, their signals still missing."""
        entries: list[Entry] = []
        starts = self._starts(term.entries, place)
        for entry, start in zip(term.entries, starts, strict=True):
            stop = self._stop(entry, start, place)
            assert isinstance(entry.value, Term)
            rest = None if place.rest is None or start is None else place.rest - start
            extent = self.measure(entry.value, Place(Fraction(0), rest))
            if start is None or stop is None or extent is None:
                continue
            length = extent.length
            if extent.is_number:
                length = Fraction(0)
            elif length is None:
                if rest is None:
                    self._needs_total(extent.node)
                    continue
                length = max(rest, Fraction(0))
            if stop != math.inf:
                length = min(length, stop - start)
            at, end = half_up(start), stop if isinstance(stop, float) else half_up(stop)
            entries.append(Entry(at, end, entry.factor, Number(1.0, entry.node), length))
        return tuple(entries) if len(entries) == len(term.entries) else None

    def _stop(self, entry: EntryTerm, start: Fraction | None, place: Place) -> Length | None:
        if entry.stop is None:
            return math.inf
        stop = self._updates(entry.stop, "the end of an entry", place)
        if start is not None and stop is not None and stop <= start:
            message = f"the range ends at {write(entry.stop)}, before it has started"
            self._complain(d.UNSORTED, message, entry.stop, "write `start..stop`")
            return None
        return stop

    # --- signals -----------------------------------------------------------------------------

    def build(self, term: Term, frame: Frame) -> Signal | None:
        """The signal of a term."""
        match term:
            case Scalar(node=node):
                value = self._values("a schedule", frame).evaluate(node)
                return None if value is None else Number(value, node)
            case Clock():
                return Time()
            case InUpdates(node=node):
                updates = Durations(self.context, self.reporter, "a formula", frame.place).evaluate(
                    node
                )
                return None if updates is None else Number(float(updates), node)
            case Apply(functions=functions, parts=parts):
                signals = [self.build(part, frame) for part in parts]
                if any([signal is None for signal in signals]):
                    return None
                compute = [
                    f.compute if isinstance(f, Function) else OPERATORS[f] for f in functions
                ]
                return Pointwise(tuple(compute), tuple(signals), term.node)  # type: ignore[arg-type]
            case ShapeCall():
                return self._build_shape(term, frame)
            case Sequence():
                return self._build_chain(term, frame)
            case Modify():
                return self._build_modified(term, frame)
            case Poison(parts=parts):
                for part in parts:
                    self.build(part, frame)
        return None

    def _values(self, where: str, frame: Frame) -> Values:
        return Values(self.context, self.reporter, where, frame.prev, frame.next)

    def _build_shape(self, term: ShapeCall, frame: Frame) -> Signal | None:
        if not term.sound:
            self._look_at_arguments(term, frame)
            return None
        extent = self.measure(term, frame.place)
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
                self._needs_total(term.node)
                return None
            if length <= 0:
                self._no_rest(term.node, length)
                return None
        fields = self._shape_fields(term, frame)
        if fields is None:
            return None
        if term.form.has(Kind.STEPS):
            # An endless constant has no use for its steps.
            fields["steps"] = 0 if length == math.inf else half_up(frame.origin + Fraction(length))
        shape = self._make(term.form.cls, fields, term.node, term.arguments)
        return None if shape is None else Leaf(shape, term.node)

    def _look_at_arguments(self, term: ShapeCall, frame: Frame) -> None:
        """Find the mistakes inside the arguments of a call that does not fit its shape."""
        here = _Here(frame.place, frame, term.node)
        own = term.curve.parameters() if term.curve is not None else ()
        for parameter in (*term.form.parameters, *own):
            node = term.arguments.get(parameter.name)
            if parameter.kind is Kind.STEPS and (
                "steps" in term.arguments or "until" in term.arguments
            ):
                self._given_length(term, frame.place)
            elif node is not None and parameter.kind is not Kind.MODE:
                where = f"`{parameter.name}` of `{term.form.name}`"
                self._argument(parameter, node, where, here)

    def _no_rest(self, node: n.Node, length: Fraction) -> None:
        over = f": the other segments take {float(-length):g} too many" if length < 0 else ""
        message = f"nothing of the run is left for `{_short(node)}`{over}"
        self._complain(d.NO_REST, message, node, "shorten the others, or raise total_steps")

    def _shape_fields(self, term: ShapeCall, frame: Frame) -> dict[str, Any] | None:
        """The fields of a shape, `steps` apart."""
        if term.form.bracket:
            return {}
        here = _Here(frame.place, frame, term.node)
        parameters = [p for p in term.form.parameters if p.kind is not Kind.STEPS]
        curve = term.curve
        own = curve.parameters() if curve is not None else ()
        names = {parameter.name for parameter in own}
        name = term.form.name
        fields = self._fields(
            [p for p in parameters if p.name not in names and p.kind is not Kind.MODE],
            term.arguments, name, here,
        )  # fmt: skip
        for hidden, lean in term.form.hidden.items():
            value = self._lean(lean, here)
            if fields is not None:
                fields[hidden] = value
                fields = None if value is None else fields
        if curve is not None:
            of_curve = self._fields(own, term.arguments, name, here)
            mode = (
                None if of_curve is None else self._make(curve, of_curve, term.node, term.arguments)
            )
            if fields is not None:
                fields["mode"] = mode
                fields = None if mode is None else fields
        return fields

    def _build_points(self, term: ShapeCall, frame: Frame) -> Signal | None:
        starts = self._starts(term.entries, frame.place)
        values = self._values(f"a point of `{term.form.name}`", frame)
        points: list[tuple[int, float]] = []
        for entry, start in zip(term.entries, starts, strict=True):
            assert isinstance(entry.value, n.Node)
            value = values.evaluate(entry.value)
            if start is not None and value is not None:
                points.append((half_up(frame.origin + start), value))
        if len(points) < len(term.entries):
            return None
        shape = self._make(term.form.cls, {"points": tuple(points)}, term.node, {})
        return None if shape is None else Leaf(shape, term.node)

    def _build_chain(self, term: Sequence, frame: Frame) -> Signal | None:
        layout = self.layout(term, frame.place)
        edges = self._edges(term, layout, frame)
        cells: list[_Cell] = []
        for i, part in enumerate(term.parts):
            start, stop = (None, None) if edges is None else (edges[i], edges[i + 1])
            if start is None:
                # The layout is at fault; parts are built all the same, to find their mistakes.
                inside = self._part_frame(
                    i, layout.places[i], Fraction(0), Fraction(1), frame, cells
                )
            else:
                rest = None if frame.place.rest is None else frame.place.rest - start
                origin = frame.origin + start
                origin -= half_up(origin)
                room = None if stop is None else stop - start
                inside = self._part_frame(i, Place(start, rest), origin, room, frame, cells)
            length = None
            if start is not None and stop is not None:
                length = half_up(frame.origin + stop) - half_up(frame.origin + start)
            make = functools.partial(self.build, part, inside)
            cells.append(_Cell(make, self._begin(part, inside), length, self._base))
        signals = [cell.get() for cell in cells]
        if edges is None or any([signal is None for signal in signals]):
            return None
        starts = [half_up(frame.origin + edge) for edge in edges[:-1] if edge is not None]
        # A part that rounds to no update at all is never seen, unless it is the last.
        kept = [i for i, at in enumerate(starts) if i == len(starts) - 1 or at < starts[i + 1]]
        parts = tuple([signal for i in kept if (signal := signals[i]) is not None])
        return Chain(parts, np.array([starts[i] for i in kept], dtype=np.float64))

    def _edges(self, term: Sequence, layout: Layout, frame: Frame) -> list[Fraction | None] | None:
        """The exact boundaries of a chain; the last is None for a chain that never ends.

        None, and a complaint, when a part fills the rest and that is unknown or nothing.
        """
        if layout.whole is None:
            return None
        edges: list[Fraction | None] = [Fraction(0)]
        at, known = Fraction(0), layout.whole.fixed
        for length, part in zip(layout.lengths, term.parts, strict=True):
            if length is None:
                room = frame.place.rest if frame.room is None else frame.room
                if room is None:
                    self._needs_total(part.node)
                    return None
                fixed = self._fixed(part, frame.place)
                if room <= known:
                    self._no_rest(part.node, room - known)
                    return None
                length = room - known + fixed
            if isinstance(length, float):
                return [*edges, None]
            at += length
            edges.append(at)
        return edges

    def _fixed(self, part: Term, place: Place) -> Fraction:
        """How much of a part that fills the rest is of known length."""
        whole = self.measure(part, place) if isinstance(part, Sequence) else None
        return Fraction(0) if whole is None else whole.fixed

    def _part_frame(
        self,
        i: int,
        place: Place,
        origin: Fraction,
        room: Fraction | None,
        frame: Frame,
        cells: list[_Cell],
    ) -> Frame:
        """The frame of part i; the cells before and after it are looked up when asked."""

        def prev(span: Span) -> float | None:
            return cells[i - 1].last(span) if i > 0 else frame.prev(span)

        def following(span: Span) -> float | None:
            return cells[i + 1].first(span) if i + 1 < len(cells) else frame.next(span)

        def next(span: Span) -> float | None:
            return cells[i].ask(following, span)

        return Frame(place, origin, room, prev, next)

    def _begin(self, part: Term, frame: Frame) -> Callable[[], float | None] | None:
        """How to find where a part starts without building it, so that long chains stay shallow."""
        if not isinstance(part, ShapeCall) or part.form.cls.begins_at is None:
            return None
        field = part.form.cls.begins_at
        parameters = [p for p in part.form.parameters if p.name == field]

        def begin() -> float | None:
            here = _Here(frame.place, frame, part.node)
            if not parameters:
                return self._lean(part.form.hidden[field], here)
            fields = self._fields(parameters, part.arguments, part.form.name, here)
            return None if fields is None else float(fields[field])

        return begin

    def _build_modified(self, term: Modify, frame: Frame) -> Signal | None:
        extent = self.measure(term.source, _source_place(term, frame.place))
        modifier = self._modifier(term, frame.place)
        inside = self._source_frame(term, modifier, frame)
        source = self.build(term.source, inside)
        if self.measure(term, frame.place) is None or source is None:
            return None
        assert extent is not None and modifier is not None
        length = inside.room if extent.length is None else extent.length
        assert length is not None  # else the source could not have been built
        if term.entries:
            entries = self._build_entries(term, modifier, source, frame)
            if entries is None:
                return None
            modifier = _with_entries(term, entries)
        try:
            return modifier.apply(source, length, write(term.node))
        except ParameterError as error:
            self._impossible(error, term.node, term.arguments)
            return None

    def _source_frame(self, term: Modify, modifier: Modifier | None, frame: Frame) -> Frame:
        """The frame for what a modifier changes."""
        outer = frame.place.rest if frame.room is None else frame.room
        room = None if modifier is None or outer is None else modifier.room(outer)
        origin = Fraction(0) if term.cls.warps else frame.origin
        if room is None:
            room = frame.place.rest
        return Frame(_source_place(term, frame.place), origin, room, frame.prev, frame.next)

    def _build_entries(
        self, term: Modify, modifier: Modifier, source: Signal, frame: Frame
    ) -> tuple[Entry, ...] | None:
        """The entries of an `interval`, each knowing what stands where it begins."""
        measured: tuple[Entry, ...] = modifier.entries  # type: ignore[attr-defined]
        starts = self._starts(term.entries, frame.place)
        found: list[Entry] = []
        for entry, outline, exact in zip(term.entries, measured, starts, strict=True):
            assert isinstance(entry.value, Term) and exact is not None
            at = half_up(frame.origin + exact)
            stop = outline.stop if math.isinf(outline.stop) else outline.stop - outline.start + at
            before = _with_entries(term, tuple(found)).apply(source, math.inf, "")

            def prev(span: Span, before: Signal = before, at: int = at) -> float | None:
                return before.at(at)

            rest = None if frame.place.rest is None else frame.place.rest - exact
            origin = frame.origin + exact - at
            inside = Frame(Place(Fraction(0), rest), origin, rest, prev, self._base)
            signal = self.build(entry.value, inside)
            if signal is not None:
                found.append(Entry(at, stop, entry.factor, signal, outline.length))
        return tuple(found) if len(found) == len(term.entries) else None

    # --- parameters --------------------------------------------------------------------------

    def _fields(
        self,
        parameters: tuple[Parameter, ...] | list[Parameter],
        arguments: Mapping[str, n.Node],
        name: str,
        here: _Here,
    ) -> dict[str, Any] | None:
        """The numbers for parameters, as far as given or leaning on something."""
        fields: dict[str, Any] = {}
        sound = True
        for parameter in parameters:
            node = arguments.get(parameter.name)
            if node is not None:
                found = self._argument(parameter, node, f"`{parameter.name}` of `{name}`", here)
            elif isinstance(parameter.default, Lean):
                found = self._lean(parameter.default, here)
            else:
                continue
            fields[parameter.name] = found
            sound = sound and found is not None
        return fields if sound else None

    def _lean(self, lean: Lean, here: _Here) -> float | None:
        span = here.node.span
        if here.frame is not None:
            if lean is Lean.PREV:
                return here.frame.prev(span)
            if lean is Lean.NEXT:
                return here.frame.next(span)
        return self._base(span)

    def _argument(self, parameter: Parameter, node: n.Node, where: str, here: _Here) -> Any:
        """The number, or the list or truth value, that an argument stands for."""
        kind = parameter.kind
        if kind is Kind.VALUE:
            return here.values(self.context, self.reporter, where).evaluate(node)
        if kind is Kind.DURATION:
            found = Durations(self.context, self.reporter, where, here.place).evaluate(node)
            return None if found is None else float(found)
        if kind is Kind.UPDATES:
            updates = self._updates(node, where, here.place)
            return None if updates is None else half_up(updates)
        if kind is Kind.MILESTONES:
            return self._milestones(node, where, here.place)
        if kind is Kind.COUNT:
            if isinstance(node, n.Keyword) and node.word == "inf":
                return math.inf
            count = here.values(self.context, self.reporter, where).evaluate(node)
            if count is not None and count != int(count):
                self._complain(d.WRONG_KIND, f"{where} is a whole number, or `inf`", node)
                return None
            return count
        assert kind is Kind.FLAG
        if isinstance(node, n.Keyword) and node.word in ("true", "false"):
            return node.word == "true"
        self._complain(d.WRONG_KIND, f"{where} is `true` or `false`", node)
        return None

    def _milestones(self, node: n.Node, where: str, place: Place) -> tuple[int, ...] | None:
        if not isinstance(node, n.List):
            message = f"{where} is a list of durations"
            self._complain(d.WRONG_KIND, message, node, f"write `[{write(node)}]`")
            return None
        found = [self._updates(item, where, place) for item in node.items]
        return None if None in found else tuple([half_up(x) for x in found if x is not None])

    def _make(
        self,
        cls: type[Parametrised],
        fields: dict[str, Any],
        node: n.Node,
        arguments: Mapping[str, n.Node],
    ) -> Any:
        """The checked model of a shape, a curve or a modifier."""
        try:
            return cls(**fields)
        except ParameterError as error:
            self._impossible(error, node, arguments)
        except ValidationError as error:
            for problem in error.errors():
                parameter = str(problem["loc"][0]) if problem["loc"] else ""
                where = arguments.get(parameter, node)
                message = f"`{parameter}` {_requirement(problem)}"
                self._complain(d.OUT_OF_RANGE, message, where)
        return None

    def _impossible(
        self, error: ParameterError, node: n.Node, arguments: Mapping[str, n.Node]
    ) -> None:
        where = arguments.get(error.parameter, node)
        self._complain(d.OUT_OF_RANGE, error.message, where, error.fix)


@dataclass(frozen=True, slots=True)
class _Here:
    """Where the arguments of a call are evaluated; `frame` answers for `prev` and `next`."""

    place: Place
    frame: Frame | None
    node: n.Node

    def values(self, context: Context, reporter: Reporter, where: str) -> Values:
        if self.frame is not None:
            return Values(context, reporter, where, self.frame.prev, self.frame.next)

        def nowhere(span: Span) -> float | None:
            message = f"`prev` and `next` have no meaning in {where}"
            reporter.report(d.WRONG_PLACE, message, span)
            return None

        return Values(context, reporter, where, nowhere, nowhere)


def _with_entries(term: Modify, entries: tuple[Entry, ...]) -> Modifier:
    """The modifier of a call in brackets."""
    return term.cls.model_validate({"entries": entries})


def _source_place(term: Modify, place: Place) -> Place:
    """The place of what a modifier changes: where time runs differently, positions are unknown."""
    return Place(Fraction(0), None) if term.cls.warps else place


def _requirement(problem: Any) -> str:
    """What pydantic asks for, in the words of the language."""
    context = problem.get("ctx", {})
    given = problem.get("input")
    shown = f", not {given:g}" if isinstance(given, (int, float)) else ""
    match problem["type"]:
        case "greater_than":
            return f"must be above {context['gt']:g}{shown}"
        case "greater_than_equal":
            return f"must be at least {context['ge']:g}{shown}"
        case "less_than":
            return f"must be below {context['lt']:g}{shown}"
        case "less_than_equal":
            return f"must be at most {context['le']:g}{shown}"
        case "too_short":
            return "must not be empty"
    return f"is out of range: {problem['msg']}"


def _short(node: n.Node) -> str:
    text = write(node)
    return text if len(text) <= 40 else f"{text[:39]}…"
