"""Solving lengths: the IR becomes the placed IR, in a context.

Each term is measured by its own durations first (`lengths`). Then the whole is known, and each
term gets its place in the run and, where it has no length of its own, what is left.
"""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from lrdsl import diagnostics as diag
from lrdsl.compiler.argument_values import Arguments
from lrdsl.compiler.context import Context
from lrdsl.compiler.environment import Environment
from lrdsl.compiler.ir import (
    Apply,
    Called,
    Clock,
    InUpdates,
    Modify,
    Reference,
    Scalar,
    Sequence,
    ShapeCall,
    Term,
)
from lrdsl.compiler.lengths import Measured, Measurer
from lrdsl.compiler.placed_ir import (
    PlacedApply,
    PlacedClock,
    PlacedDuration,
    PlacedEntry,
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
from lrdsl.diagnostics import Mistake, Mistakes
from lrdsl.language.length import (
    ENDLESS,
    Endless,
    Exact,
    Length,
    added,
    divisible,
    from_time,
    round_half_up,
    rounded,
    shortest,
)
from lrdsl.language.modifiers import Modifier
from lrdsl.language.modifiers.interval import Entry
from lrdsl.language.modifiers.reactive import MetricModifier
from lrdsl.language.parameters import Kind
from lrdsl.syntax import ast
from lrdsl.syntax.unparse import unparse_short


def solve_lengths(term: Term, context: Context, source: str) -> PlacedIR:
    """The terms of a spec in their places; `source` is its text, for messages."""
    total = context.total_steps
    mistakes = Mistakes(source, [])
    arguments = Arguments(context, mistakes)
    measurer = Measurer(arguments, mistakes)
    measured = measurer.measure(term, Environment(0, total))
    length: Length = ENDLESS  # where it is unknown; that is a mistake
    if measured.is_sound and measured.length is not None:
        length = measured.length
    elif total is not None:
        length = total
    stop = rounded(length)
    window = _RunWindow(0, 0, stop, None, 0, total)
    placer = _Placer(arguments, mistakes, measurer)
    placed = placer.place(measured, window)
    root = PlacedPart(_text_of(term), placed, 0, stop, length)
    return PlacedIR(root, context, mistakes)


class _RunWindow(NamedTuple):
    """The updates of the run that a term is for: those from `start` to before `stop`.

    The term's own clock is at 0 at update `zero`. Under a modifier that warps time a term has no
    such updates; `warped_by` is that modifier's name.

    `origin` is the exact start of the term minus the update that it was rounded to, so that the
    boundaries inside are rounded where they really lie. `room` is the exact length of a term that
    fills the rest.
    """

    zero: Exact
    start: Exact
    stop: Length
    warped_by: str | None
    origin: Exact
    room: Exact | None

    def rounded(self, time: Length) -> int | Endless:
        """The whole update at an exact time of the term's clock."""
        return rounded(time, self.origin)

    def update(self, time: Exact) -> int:
        """The same for a time that is known to be finite."""
        return round_half_up(self.origin + time)

    def part(self, time: Exact, at: int, stop: int | Endless, room: Exact | None) -> _RunWindow:
        """The window of a part from an exact time, which is rounded to `at`, up to `stop`."""
        zero = self.zero + at
        last = shortest(self.stop, added(stop, self.zero))
        origin = self.origin + time - at
        return _RunWindow(zero, max(self.start, zero), last, self.warped_by, origin, room)

    def under(self, name: str, began: Exact | None) -> _RunWindow:
        """The window of the source of a modifier, whose clock is at `began` when this one is at 0.

        None: the modifier warps time.
        """
        if began is None:
            return self._replace(warped_by=self.warped_by or name)
        return self._replace(zero=self.zero - began)


class _Placer(NamedTuple):
    """Places the terms of one spec."""

    arguments: Arguments
    mistakes: Mistakes
    measurer: Measurer

    def place(self, measured: Measured, window: _RunWindow) -> PlacedTerm:
        """A term in its place."""
        term = measured.term
        match term:  # the most frequent first
            case ShapeCall():
                return self._shape(term, measured, window)
            case Scalar():
                return PlacedScalar(term.node)
            case Clock():
                return PlacedClock(term.node)
            case Reference(name=name):
                return self._reference(term.node, name, window)
            case InUpdates(node=node):
                updates = self.arguments.duration(node, "a formula", measured.environment)
                return (
                    PlacedFaulty(node) if updates is None else PlacedDuration(node, float(updates))
                )
            case Apply(node=node, functions=functions):
                return PlacedApply(node, functions, self._all(measured.parts, window))
            case Sequence():
                return self._chain(term, measured, window)
            case Modify():
                return self._modified(term, measured, window)
            case Called(node=node):
                return PlacedScope(node, self.place(measured.parts[0], window))
        return PlacedFaulty(term.node, self._all(measured.parts, window))

    def _all(self, parts: tuple[Measured, ...], window: _RunWindow) -> tuple[PlacedTerm, ...]:
        return tuple([self.place(part, window) for part in parts])

    def _complain(
        self, problem: diag.Problem, message: str, node: ast.Node, fix: str | None = None
    ) -> None:
        self.mistakes.found.append(Mistake(problem, message, node.span, None, fix))

    def _reference(self, node: ast.Node, name: str, window: _RunWindow) -> PlacedTerm:
        """Another schedule of the program, read at the same update of the run."""
        warp = window.warped_by
        if warp is None:
            return PlacedReference(node, name, window.zero)
        message = f"`{name}` is read as training goes, but `{warp}` runs another clock"
        fix = f"write what `{name}` is for after the `{warp}`, outside its brackets"
        self._complain(diag.WRONG_PLACE, message, node, fix)
        return PlacedFaulty(node)

    def _rest(self, node: ast.Node, room: Exact | None, known: Exact = 0) -> Exact | None:
        """The length of a term that fills the rest of `room`, of which others take `known`."""
        if room is None:
            self.measurer.needs_total(node)
            return None
        rest = room - known
        if rest > 0:
            return rest
        over = f": the other segments take {float(-rest):g} too many" if rest < 0 else ""
        message = f"no update of the run is left for `{unparse_short(node)}`{over}"
        self._complain(diag.NO_REST, message, node, "shorten the others, or raise total_steps")
        return None

    def _shape(self, call: ShapeCall, measured: Measured, window: _RunWindow) -> PlacedTerm:
        node, environment = call.node, measured.environment
        if not measured.is_sound:
            return PlacedShape(node, call, self._durations(call, environment), 0, is_sound=False)
        if call.signature.bracket:
            starts = [window.update(at) for at in measured.starts if at is not None]
            if len(starts) < len(call.entries):
                return PlacedShape(node, call, {}, 0, is_sound=False)
            return PlacedShape(node, call, {}, 0, tuple(starts))
        length = self._rest(node, window.room) if measured.length is None else measured.length
        if length is None:
            return PlacedFaulty(node)
        stop = window.rounded(length)
        # A shape that never ends has no use for its steps.
        steps = 0 if stop is ENDLESS or not call.signature.has(Kind.STEPS) else stop
        return PlacedShape(node, call, self._durations(call, environment), steps)

    def _durations(self, call: ShapeCall, environment: Environment) -> dict[str, object]:
        parameters = call.signature.valued
        if call.curve is not None:
            parameters = (*parameters, *call.curve.parameters())
        name = call.signature.name
        return self.arguments.durations(parameters, call.arguments, name, environment)

    def _chain(self, term: Sequence, measured: Measured, window: _RunWindow) -> PlacedTerm:
        edges = self._edges(term, measured, window) if measured.is_sound else None
        if edges is None:
            # The parts are placed all the same, to find their mistakes.
            inside = window._replace(origin=0, room=1)
            placed = [
                PlacedPart(part.node, self.place(found, inside), 0, ENDLESS, ENDLESS)
                for part, found in zip(term.parts, measured.parts, strict=True)
            ]
            return PlacedSequence(term.node, tuple(placed), None, is_sound=False)
        parts: list[PlacedPart] = []
        rest = measured.environment.rest
        for i, part in enumerate(measured.parts):
            start, stop = edges[i], edges[i + 1]
            assert start is not ENDLESS  # nothing follows what never ends
            at, end = window.update(start), window.rounded(stop)
            length: Length = ENDLESS if stop is ENDLESS else stop - start
            room = None if length is ENDLESS else length
            if part.environment.clock is None:  # a part before it fills the rest
                left = None if rest is None else rest - start
                part = self.measurer.measure(
                    part.term, Environment(start, left, measured.environment.caller)
                )
            inside = window.part(start, at, end, room)
            placed_term = self.place(part, inside)
            parts.append(PlacedPart(_text_of(term.parts[i]), placed_term, at, end, length))
        zero = round_half_up(window.zero) if window.warped_by is None else None
        return PlacedSequence(term.node, tuple(parts), zero)

    def _edges(self, term: Sequence, measured: Measured, window: _RunWindow) -> list[Length] | None:
        """The exact boundaries of a chain; the last is `ENDLESS` for a chain that never ends.

        None, with the mistake reported, when a part fills the rest and that is unknown or nothing.
        """
        edges: list[Length] = [0]
        at: Exact = 0
        for part, found in zip(term.parts, measured.parts, strict=True):
            length = found.length
            if length is None:
                room = measured.environment.rest if window.room is None else window.room
                rest = self._rest(part.node, room, measured.fixed)
                if rest is None:
                    return None
                length = rest + found.fixed
            if length is ENDLESS:
                return [*edges, ENDLESS]
            at += length
            edges.append(at)
        return edges

    def _modified(self, term: Modify, measured: Measured, window: _RunWindow) -> PlacedTerm:
        source, modifier = measured.parts[0], measured.modifier
        known = measured.length if measured.is_sound else None
        reach = window.room if known is None else known
        end = ENDLESS if reach is None else window.rounded(reach)
        inside = self._source_window(term, measured, end, window)
        placed = self.place(source, inside)
        length: Length | None = inside.room if source.length is None else source.length
        if not measured.is_sound or modifier is None or length is None:
            return PlacedFaultyModify(
                term.node, placed, self._faulty_entries(term, measured, window)
            )
        own = window.part(0, 0, end, None)
        if isinstance(modifier, MetricModifier) and window.warped_by is not None:
            warp, name = window.warped_by, modifier.name
            message = f"`{name}` goes by the updates of the run, which `{warp}` changes"
            self._complain(diag.WRONG_PLACE, message, term.node, f"write it after the `{warp}`")
            return PlacedFaultyModify(term.node, placed)
        placed_entries = self._entries(measured, modifier, window) if term.entries else ()
        return PlacedModify(
            term.node,
            term,
            placed,
            modifier,
            divisible(length),
            end,
            own.zero,
            own.start,
            own.stop,
            placed_entries,
        )

    def _source_window(
        self, term: Modify, measured: Measured, end: int | Endless, window: _RunWindow
    ) -> _RunWindow:
        """The window of the source of a modifier, which ends at update `end`."""
        modifier, rest = measured.modifier, measured.environment.rest
        outer = rest if window.room is None else window.room
        room: Exact | None = None
        if modifier is not None and outer is not None:
            room = modifier.room(Fraction(outer))
        inside = window.part(0, 0, end, rest if room is None else room)
        if term.cls.warps_time:
            inside = inside._replace(origin=0)
        return inside if modifier is None else inside.under(term.cls.name, modifier.began())

    def _faulty_entries(
        self, term: Modify, measured: Measured, window: _RunWindow
    ) -> tuple[PlacedTerm, ...]:
        """The entries of a modifier that cannot be made, for the mistakes inside them."""
        nowhere = Environment(0, None, measured.environment.caller)
        inside = window._replace(origin=0, room=1)
        values = [entry.value for entry in term.entries if isinstance(entry.value, Term)]
        return tuple([self.place(self.measurer.measure(x, nowhere), inside) for x in values])

    def _entries(
        self, measured: Measured, modifier: Modifier, window: _RunWindow
    ) -> tuple[PlacedEntry, ...]:
        """The entries of an `interval` in their places."""
        outlines: tuple[Entry, ...] = modifier.entries  # type: ignore[attr-defined]
        found: list[PlacedEntry] = []
        for outline, start, part in zip(outlines, measured.starts, measured.parts[1:], strict=True):
            assert start is not None
            at = window.update(start)
            stop = outline.stop - outline.start + at
            inside = window.part(start, at, from_time(stop), part.environment.rest)
            moved = outline._replace(start=at, stop=stop)
            found.append(PlacedEntry(moved, self.place(part, inside)))
        return tuple(found)


def _text_of(part: Term) -> ast.Node:
    """All of a part of a chain in the text."""
    return part.pipe if isinstance(part, Modify) else part.node
