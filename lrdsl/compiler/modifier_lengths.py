"""Solving the lengths of modified terms, and of the entries of an `interval`."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial
from typing import cast

from lrdsl import diagnostics as diag
from lrdsl.compiler import argument_values as arguments
from lrdsl.compiler.clocks import by_clock
from lrdsl.compiler.environment import Environment
from lrdsl.compiler.ir import Modify, Term
from lrdsl.compiler.measured import Measured, PhaseLimits, RunWindow, place_all
from lrdsl.compiler.placed_ir import (
    PlacedEntry,
    PlacedFaulty,
    PlacedModify,
    PlacedRound,
    PlacedRounds,
    PlacedTerm,
    PlaceRound,
)
from lrdsl.language.length import (
    ENDLESS,
    Endless,
    Exact,
    Length,
    divisible,
    ends,
    round_half_up,
    rounded,
)
from lrdsl.language.modifiers import Modifier
from lrdsl.language.modifiers.base import Fit, Repetition
from lrdsl.language.modifiers.interval import Entry
from lrdsl.language.modifiers.reactive import MetricModifier
from lrdsl.language.signal import LAST_STEP, ConstantSignal
from lrdsl.syntax.unparse import unparse_short

MAX_NESTED_ROUNDS = 6
"""Repetitions inside each other whose rounds are not alike: each round of each is made anew."""


def measure_modified(
    measure: Callable[[Term, Environment], Measured],
    term: Modify,
    environment: Environment,
) -> Measured:
    """Measure a modified term; `measure` measures the terms inside."""
    inside = environment
    on_clock = by_clock(term, environment) if term.cls.rescales_time else None
    if term.cls.warps_time:
        inside = environment.after(0)._replace(
            rest=None,
            warped_by=term.cls.name,
            began=None,
            ends_at=None,
            counting=environment.counting if on_clock is None else on_clock.counting,
        )
    source = measure(term.source, inside)
    starts = arguments.entry_starts(term.entries, environment)
    stops: list[Length | None] = []
    values: list[Measured] = []
    modifier: Modifier | None = None
    if term.entries:
        outlines: list[Entry] = []
        for entry, start in zip(term.entries, starts, strict=True):
            assert entry.term is not None
            stop = arguments.entry_stop(entry.written, start, environment)
            stops.append(stop)
            inside = environment.after(start)._replace(clock=0)
            values.append(measure(entry.term, inside))
            outlines += _outline(entry.written.factor, start, stop, values[-1], inside)
        if len(outlines) == len(values):
            modifier = term.cls.model_validate({"entries": tuple(outlines)})
    elif on_clock is not None:
        modifier = on_clock.modifier
    else:
        given = arguments.fields(term, term.cls.parameters(), environment, {})
        if given is not None and term.sound:
            modifier = arguments.make(term.cls, given, term, environment)
    found = _with_length(term, environment, source, modifier)

    def place(window: RunWindow) -> PlacedTerm:
        known = found.length if found.is_sound else None
        reach = window.room if known is None else known
        end = ENDLESS if reach is None else window.rounded(reach)
        whole = window.part(0, 0, end, window.room)
        stands: Modifier | None = None
        outer = environment.rest if window.room is None else window.room
        room: Exact | None = None
        if modifier is not None:
            given = window.origin, window.pace
            stands = arguments.attempt(term, environment, modifier.in_place, *given)
            if outer is not None:
                room = arguments.attempt(term, environment, modifier.room, Fraction(outer))
        inside = whole.of_source(term.cls, modifier, environment.rest if room is None else room)
        length: Length | None = inside.room if source.length is None else source.length
        size = divisible(0 if length is None else length)
        if window.pace != 1:
            size *= window.pace
        place_round: PlaceRound | None = None
        fit = Fit(window.pace, inside.room)
        if found.is_sound and isinstance(stands, Repetition):
            size = length = stands.first_length(cast("Fraction", size))
            place_round = _place_rounds(stands, source, inside, size, counts=term.counts)
        if stands is not None and stands.period is not None:
            window.meet_multiples(getattr(stands, stands.period))
        if place_round is not None and window.depth == MAX_NESTED_ROUNDS:
            message = (
                f"rounds that are not alike are nested more than {MAX_NESTED_ROUNDS} levels deep"
            )
            environment.complain(diag.TOO_DEEP, message, term.node)
            return PlacedFaulty()
        rounds: PlacedRounds | None = None
        if place_round is None or not isinstance(stands, Repetition):
            placed = source.place(inside)
        else:
            placed, *limits = place_round(window.origin, stands.fit(0, source.length, fit))
            rounds = PlacedRounds(source.length, fit, place_round, *limits)
        if not found.is_sound or stands is None or modifier is None or length is None:
            return PlacedFaulty((placed,), place_all(values, window.faulty()))
        if isinstance(modifier, MetricModifier) and window.warped_by is not None:
            warp, name = window.warped_by, modifier.name
            message = f"`{name}` goes by the updates of the run, which `{warp}` changes"
            fix = f"write it after the `{warp}`"
            environment.complain(diag.WRONG_PLACE, message, term.node, fix)
            return PlacedFaulty((placed,))
        entries: list[PlacedEntry] = []
        outlines: tuple[Entry, ...] = modifier.entries if values else ()  # type: ignore[attr-defined]
        for outline, start, stop, value in zip(outlines, starts, stops, values, strict=True):
            assert start is not None
            assert stop is not None
            at, end_at = window.update(start), window.rounded(stop)
            room = environment.after(start).rest
            own = window.part(start, at, end_at, room)
            last = end_at if ends(stop) else _end_of(value, start, window, room)
            entry = outline._replace(start=at, stop=end_at)
            entries.append(PlacedEntry(entry, value.place(own), int(last) if ends(last) else None))
        return PlacedModify(
            term,
            placed,
            stands,
            size,
            end,
            *(whole.zero, whole.start, whole.stop),
            tuple(entries),
            window.origin,
            window.pace,
            rounds,
            any([value.may_change_unheard for value in values]) if values else False,
        )

    return found._replace(place=place, cause=term.node)


def _end_of(value: Measured, start: Exact, window: RunWindow, room: Exact | None) -> int | Endless:
    """Where the schedule of an entry ends that begins at `start`."""
    length = room if value.length is None else value.length
    if value.is_number or length is None or not ends(length):
        return ENDLESS
    return window.rounded(start + length)


def _place_rounds(
    repeat: Repetition, source: Measured, first: RunWindow, size: Fraction, *, counts: bool
) -> PlaceRound | None:
    """The function that places a round of another phase and fit; None if all rounds are alike.

    `counts` says that each has something of its own by its number, wherever it lies.
    """
    is_regular = repeat.is_regular
    if size.denominator == 1 and (is_regular or size == 0) and not counts:
        return None
    if first.limits is not None and is_regular:
        first.limits.meet(first.origin, size)
    elif first.limits is not None:
        first.limits.pin()
    unit = Fraction(1, math.lcm(*repeat.denominators(size), first.origin.denominator))
    # The boundaries in all rounds are met while the first one is placed.
    outer: list[PhaseLimits | None] = [first.limits if is_regular else None]

    def place_round(phase: Exact, fit: Fit) -> PlacedRound:
        limits, depth = PhaseLimits(phase, unit, size, outer.pop() if outer else None), first.depth
        window = first._replace(origin=phase, limits=limits, depth=depth + 1)
        term = source.place(window._replace(pace=fit.pace, room=fit.room))
        return PlacedRound(term, limits.low, limits.high)

    return functools.lru_cache(maxsize=4)(place_round) if counts else place_round


def _outline(
    factor: bool,
    start: Exact | None,
    stop: Length | None,
    value: Measured,
    environment: Environment,
) -> Iterator[Entry]:
    """An entry of an `interval` with its length, but no signal yet; none where it is at fault."""
    if start is None or stop is None or not value.is_sound:
        return
    length = value.length
    if value.is_number:
        length = value.reach
    elif length is None:
        if environment.rest is None:
            arguments.needs_total(value.cause, environment)
            return
        length = max(environment.rest, 0)
    # At its stop the value is back to what it was: a change, too.
    changes = stop - start if ends(stop) else length
    at = round_half_up(start)
    yield Entry(at, rounded(stop), factor, ConstantSignal(1.0, ""), changes + (start - at))


def _with_length(
    term: Modify,
    environment: Environment,
    source: Measured,
    modifier: Modifier | None,
) -> Measured:
    """The source with the length that it has under the modifier; None: that is at fault."""
    if not source.is_sound or modifier is None:
        return source._replace(is_sound=False)
    given = modifier.given_length()
    if given is not None:
        return _of_length(given, term, environment, source)
    length_of = partial(arguments.attempt, term, environment, modifier.length)
    if source.is_number and modifier.needs_end is None and length_of(ENDLESS) == ENDLESS:
        # It stays a number, which has a say up to where it has changed for the last time.
        reach = length_of(divisible(source.reach))
        if reach is None:
            return source._replace(is_sound=False)
        if ends(reach):
            return source._replace(reach=reach, is_steady=False)
        return source._replace(is_number=False, reach=0)
    length = source.length
    if modifier.needs_end is not None and length == ENDLESS:
        node = term.source.node
        message = f"`{unparse_short(node)}` never ends, {modifier.needs_end}"
        environment.complain(diag.NEVER_ENDS, message, node, "give it a length")
        return source._replace(is_sound=False)
    if length is None:
        # A source that fills the rest still does, unless the modifier sets a length.
        undecided = len(environment.mistakes)
        if arguments.attempt(term, environment, modifier.room, Fraction(1)) is not None:
            return source._replace(fixed=0)
        if len(environment.mistakes) > undecided:
            return source._replace(is_sound=False)
        length = environment.rest
        if length is None:
            arguments.needs_total(source.cause, environment)
            return source._replace(is_sound=False)
    found = length_of(divisible(length))
    if found is None:
        return source._replace(is_sound=False)
    if found == ENDLESS:
        return source._replace(length=found, fixed=0)
    return _of_length(found, term, environment, source)


def _of_length(
    length: Length, term: Modify, environment: Environment, source: Measured
) -> Measured:
    """The modified source, which takes so many updates."""
    if length <= LAST_STEP:
        return Measured(source.place, term.node, length)
    environment.complain(diag.BAD_LENGTH, "this is longer than any run", term.node)
    return source._replace(is_sound=False)
