"""Measuring: how long every part of a spec is, from durations alone."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from lrdsl import diagnostics as diag
from lrdsl.compiler.argument_values import Arguments, Here
from lrdsl.compiler.environment import Extent, Layout, Place
from lrdsl.compiler.evaluate import decide
from lrdsl.compiler.ir import (
    Apply,
    Called,
    Choice,
    Clock,
    EntryTerm,
    InUpdates,
    Modify,
    Reference,
    Scalar,
    Sequence,
    ShapeCall,
    Term,
)
from lrdsl.language.modifiers import Modifier
from lrdsl.language.modifiers.base import Length
from lrdsl.language.modifiers.interval import Entry
from lrdsl.language.parameters import Kind, ParameterError
from lrdsl.language.signal import LAST_STEP, ConstantSignal, Exact, round_half_up
from lrdsl.syntax import ast
from lrdsl.syntax.unparse import unparse, unparse_short

_NEW: Any = object()
"""What nothing is remembered of."""


class LengthSolver:
    """Measures the terms of one spec. It is asked again and again, so it remembers."""

    def __init__(self, args: Arguments) -> None:
        self.args = args
        self._extents: dict[tuple[int, Place], Extent | None] = {}
        self._layouts: dict[tuple[int, Place], Layout] = {}
        self._modifiers: dict[tuple[int, Place], Modifier | None] = {}

    def measure(self, term: Term, place: Place) -> Extent | None:
        """How long a term is at that place."""
        key = (id(term), place)
        found: Extent | None = self._extents.get(key, _NEW)
        if found is _NEW:
            found = self._extents[key] = self._measure(term, place)
        return found

    def _measure(self, term: Term, place: Place) -> Extent | None:
        match term:  # what is most frequent first
            case ShapeCall():
                return self._measure_shape(term, place)
            case Scalar() | InUpdates() | Reference():
                return Extent(math.inf, term.node, is_number=True)
            case Clock():
                return Extent(math.inf, term.node)
            case Apply(parts=parts):
                return self._longest([self.measure(part, place) for part in parts], term.node)
            case Sequence():
                return self.layout(term, place).whole
            case Modify():
                return self._measure_modified(term, place)
            case Choice():
                chosen = self.choose(term)
                return None if chosen is None else self.measure(chosen, place)
            case Called(inner=inner):
                return self.measure(inner, place.inside())
        return None

    def choose(self, term: Choice) -> Term | None:
        """The branch that is to be; None where the condition is at fault."""
        chosen = decide(term.condition, self.args.context, self.args.reporter)
        return None if chosen is None else term.then if chosen else term.otherwise

    def _longest(self, extents: list[Extent | None], node: ast.Node) -> Extent | None:
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
            starts = self.starts(term.entries, place)
            return None if not starts or starts[-1] is None else Extent(starts[-1], term.node)
        if not term.form.has(Kind.STEPS):
            return Extent(math.inf, term.node)
        if "steps" in term.arguments or "until" in term.arguments:
            length = self.given_length(term, place)
            return None if length is None else Extent(length, term.node)
        endless = term.form.cls.allows_no_length and self.args.context.total_steps is None
        return Extent(math.inf if endless else None, term.node, by_default=endless)

    def given_length(self, term: ShapeCall, place: Place) -> Exact | None:
        """The length that `steps` or `until` sets."""
        steps, until = term.arguments.get("steps"), term.arguments.get("until")
        if steps is not None:
            length = self.args.updates(steps, f"`steps` of `{term.form.name}`", place)
        else:
            assert until is not None
            length = self._until(term, until, place)
        if length is None or 0 < length <= LAST_STEP:
            return length
        what = "longer than any run" if length > 0 else "not above 0"
        fix = "leave the segment out" if length == 0 else None
        message = f"a segment of {float(length):g} updates is {what}"
        where = until if steps is None else steps
        assert where is not None
        self.args.complain(diag.BAD_LENGTH, message, where, fix)
        return None

    def _until(self, term: ShapeCall, node: ast.Node, place: Place) -> Exact | None:
        end = self.args.updates(node, f"`until` of `{term.form.name}`", place)
        if end is None:
            return None
        if place.clock is None:
            message = "`until` says nothing here: where the segment starts is unknown"
            self.args.complain(
                diag.NO_LENGTH, message, node, "a segment before it has no length: give `steps`"
            )
            return None
        if end <= place.clock:
            message = f"the segment starts at update {float(place.clock):g}, after it would end"
            self.args.complain(diag.BAD_LENGTH, message, node)
            return None
        return end - place.clock

    def layout(self, term: Sequence, place: Place) -> Layout:
        """How the parts of a chain follow each other."""
        key = (id(term), place)
        found = self._layouts.get(key)
        if found is None:
            found = self._layouts[key] = self._layout(term, place)
        return found

    def _layout(self, term: Sequence, place: Place) -> Layout:
        at: Exact | None = 0  # unknown after a part that fills the rest
        places: list[Place] = []
        extents: list[Extent] = []
        fixed: Exact = 0
        open_part, sound = None, True
        for i, part in enumerate(term.parts):
            rest = None if at is None or place.rest is None else place.rest - at
            places.append(place.moved(at, rest))
            extent = self.measure(part, places[-1])
            if extent is None:
                sound, at = False, None
                continue
            following = term.parts[i + 1] if i + 1 < len(term.parts) else None
            if extent.by_default and following is not None:
                extent = extent._replace(length=None)
            extents.append(extent)
            fixed += extent.fixed
            if extent.is_open:
                if open_part is not None:
                    self._two_open(open_part, part)
                    sound = False
                open_part, at = part, None
            elif extent.length is not None and not isinstance(extent.length, float):
                fixed += extent.length
                at = None if at is None else at + extent.length
            elif following is not None:
                self._never_ends(extent, part, following)
                sound, at = False, None
        return Layout(
            places, extents, self._whole(term, extents, fixed, open_part) if sound else None
        )

    def _whole(
        self, term: Sequence, extents: list[Extent], fixed: Exact, open_part: Term | None
    ) -> Extent:
        """The extent of a chain whose parts fit together."""
        if extents[-1].never_ends:
            return Extent(math.inf, term.node, by_default=extents[-1].by_default, fixed=fixed)
        if open_part is not None:
            return Extent(None, open_part.node, fixed=fixed)
        return Extent(fixed, term.node)

    def _never_ends(self, extent: Extent, part: Term, following: Term) -> None:
        text = unparse(part.node)
        if isinstance(part, Scalar):
            message, fix = f"`{text}` never ends", f"write `constant({text}, steps)`"
        else:
            message, fix = f"`{text}` never ends", "give it a length with `| take(steps)`"
        message += f", but `{unparse_short(following.node)}` follows"
        self.args.complain(diag.NEVER_ENDS, message, part.node, fix)

    def _two_open(self, first: Term, second: Term) -> None:
        message = (
            f"`{unparse_short(first.node)}` and `{unparse_short(second.node)}` both lack a length,"
            " and only one segment of a chain can fill the rest"
        )
        self.args.complain(diag.TWO_OPEN, message, second.node, "give one of them its steps")

    def _measure_modified(self, term: Modify, place: Place) -> Extent | None:
        source = self.measure(term.source, source_place(term, place))
        modifier = self.modifier(term, place)
        if source is None or modifier is None:
            return None
        length = source.length
        if modifier.needs_end is not None and length == math.inf:
            message = f"`{unparse_short(term.source.node)}` never ends, {modifier.needs_end}"
            self.args.complain(diag.NEVER_ENDS, message, term.source.node, "give it a length")
            return None
        if length is None:
            # What fills the rest goes on filling it, unless the modifier sets a length.
            if modifier.room(Fraction(1)) is not None:
                return Extent(None, term.node)
            length = place.rest
            if length is None:
                self.needs_total(source.node)
                return None
        try:
            found = modifier.length(as_length(length))
        except ParameterError as error:
            self.args.impossible(error, term.node, term.arguments)
            return None
        if found != math.inf and found > LAST_STEP:
            self.args.complain(diag.BAD_LENGTH, "this is longer than any run", term.node)
            return None
        endless = found == math.inf
        return Extent(found, term.node, endless and source.is_number, endless and source.by_default)

    def needs_total(self, node: ast.Node) -> None:
        message = f"`{unparse_short(node)}` has no length and the run's is not known"
        self.args.complain(
            diag.NEEDS_CONTEXT, message, node, "give its steps, or pass total_steps=…"
        )

    def starts(self, entries: tuple[EntryTerm, ...], place: Place) -> list[Exact | None]:
        """Where entries in brackets start, checked to increase."""
        found: list[Exact | None] = []
        latest: tuple[Exact, ast.Node] | None = None
        for entry in entries:
            start = self.args.updates(entry.start, "the start of an entry", place)
            if start is not None and start < 0:
                self.args.complain(
                    diag.BAD_LENGTH, "an entry cannot start before update 0", entry.start
                )
                start = None
            if start is not None:
                if latest is not None and start <= latest[0]:
                    message = (
                        f"the entries must increase, but {unparse(entry.start)}"
                        f" follows {unparse(latest[1])}"
                    )
                    self.args.complain(diag.UNSORTED, message, entry.start, "put them in order")
                    start = None
                else:
                    latest = (start, entry.start)
            found.append(start)
        return found

    def modifier(self, term: Modify, place: Place) -> Modifier | None:
        """A modifier with its parameters, except entries that run schedules of their own.

        Those are made for their lengths here, and again with values when the signal is built.
        """
        key = (id(term), place)
        found: Modifier | None = self._modifiers.get(key, _NEW)
        if found is _NEW:
            found = self._modifiers[key] = self._make_modifier(term, place)
        return found

    def _make_modifier(self, term: Modify, place: Place) -> Modifier | None:
        if term.entries:
            lengths = self._entry_lengths(term, place)
            return None if lengths is None else with_entries(term, lengths)
        fields = self.args.fields(
            term.parameters, term.arguments, term.cls.name, Here(place, None, term.node)
        )
        if fields is None or not term.sound:
            return None
        made: Modifier | None = self.args.make(term.cls, fields, term.node, term.arguments)
        return made

    def _entry_lengths(self, term: Modify, place: Place) -> tuple[Entry, ...] | None:
        """The entries of an `interval` with their lengths, their signals still missing."""
        entries: list[Entry] = []
        starts = self.starts(term.entries, place)
        for entry, start in zip(term.entries, starts, strict=True):
            stop = self._stop(entry, start, place)
            assert isinstance(entry.value, Term)
            rest = None if place.rest is None or start is None else place.rest - start
            extent = self.measure(entry.value, place.moved(0, rest))
            if start is None or stop is None or extent is None:
                continue
            length = extent.length
            if extent.is_number:
                length = 0
            elif length is None:
                if rest is None:
                    self.needs_total(extent.node)
                    continue
                length = max(rest, 0)
            if stop != math.inf:
                length = stop - start  # then it is back to what it was: a change, too
            at, end = round_half_up(start), stop if isinstance(stop, float) else round_half_up(stop)
            entries.append(Entry(at, end, entry.factor, ConstantSignal(1.0, ""), length))
        return tuple(entries) if len(entries) == len(term.entries) else None

    def _stop(self, entry: EntryTerm, start: Exact | None, place: Place) -> Length | None:
        if entry.stop is None:
            return math.inf
        stop = self.args.updates(entry.stop, "the end of an entry", place)
        if start is not None and stop is not None and stop <= start:
            message = f"the range ends at {unparse(entry.stop)}, before it has started"
            self.args.complain(diag.UNSORTED, message, entry.stop, "write `start..stop`")
            return None
        return stop


def with_entries(term: Modify, entries: tuple[Entry, ...]) -> Modifier:
    """The modifier of a call in brackets."""
    return term.cls.model_validate({"entries": entries})


def source_place(term: Modify, place: Place) -> Place:
    """The place of what a modifier changes: where time runs differently, positions are unknown."""
    return place.moved(0, None) if term.cls.warps_time else place


def as_length(length: Length) -> Length:
    """A length as modifiers take it: those that divide it must not get an int."""
    return length if isinstance(length, float) else Fraction(length)
