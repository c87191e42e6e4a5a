"""Solving the lengths of modified terms, and of the entries of an `interval`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction

from lrdsl import diagnostics as diag
from lrdsl.compiler import argument_values as arguments
from lrdsl.compiler.environment import Environment
from lrdsl.compiler.ir import Modify, Term
from lrdsl.compiler.measured import Measured, RunWindow, place_all
from lrdsl.compiler.placed_ir import PlacedEntry, PlacedFaulty, PlacedModify, PlacedTerm
from lrdsl.language.length import ENDLESS, Exact, Length, divisible, ends, round_half_up, rounded
from lrdsl.language.modifiers import Modifier
from lrdsl.language.modifiers.interval import Entry
from lrdsl.language.modifiers.reactive import MetricModifier
from lrdsl.language.signal import LAST_STEP, ConstantSignal
from lrdsl.syntax.unparse import unparse_short


def measure_modified(
    measure: Callable[[Term, Environment], Measured],
    term: Modify,
    environment: Environment,
) -> Measured:
    """Measure a modified term; `measure` measures the terms inside."""
    inside = environment.after(0)._replace(rest=None) if term.cls.warps_time else environment
    source = measure(term.source, inside)
    starts = arguments.entry_starts(term.entries, environment)
    values: list[Measured] = []
    modifier: Modifier | None = None
    if term.entries:
        outlines: list[Entry] = []
        for entry, start in zip(term.entries, starts, strict=True):
            assert entry.term is not None
            stop = arguments.entry_stop(entry.written, start, environment)
            inside = environment.after(start)._replace(clock=0)
            values.append(measure(entry.term, inside))
            outlines += _outline(entry.written.factor, start, stop, values[-1], inside)
        if len(outlines) == len(values):
            modifier = term.cls.model_validate({"entries": tuple(outlines)})
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
        outer = environment.rest if window.room is None else window.room
        room: Exact | None = None
        if modifier is not None and outer is not None:
            room = arguments.attempt(term, environment, modifier.room, Fraction(outer))
        inside = whole.of_source(term.cls, modifier, environment.rest if room is None else room)
        placed = source.place(inside)
        length: Length | None = inside.room if source.length is None else source.length
        if not found.is_sound or modifier is None or length is None:
            return PlacedFaulty((placed,), place_all(values, window.faulty()))
        if isinstance(modifier, MetricModifier) and window.warped_by is not None:
            warp, name = window.warped_by, modifier.name
            message = f"`{name}` goes by the updates of the run, which `{warp}` changes"
            fix = f"write it after the `{warp}`"
            environment.complain(diag.WRONG_PLACE, message, term.node, fix)
            return PlacedFaulty((placed,))
        entries: list[PlacedEntry] = []
        outlines: tuple[Entry, ...] = modifier.entries if values else ()  # type: ignore[attr-defined]
        for outline, start, value in zip(outlines, starts, values, strict=True):
            assert start is not None
            at = window.update(start)
            stop = outline.stop - outline.start + at
            room = environment.after(start).rest
            own = window.part(start, at, stop, room)
            entries.append(PlacedEntry(outline._replace(start=at, stop=stop), value.place(own)))
        run = whole.zero, whole.start, whole.stop
        length = divisible(length)
        return PlacedModify(term, placed, modifier, length, end, *run, tuple(entries))

    return found._replace(place=place, cause=term.node)


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
        length = 0
    elif length is None:
        if environment.rest is None:
            arguments.needs_total(value.cause, environment)
            return
        length = max(environment.rest, 0)
    # At its stop the value is back to what it was: a change, too.
    changes = stop - start if ends(stop) else length
    yield Entry(round_half_up(start), rounded(stop), factor, ConstantSignal(1.0, ""), changes)


def _with_length(
    term: Modify,
    environment: Environment,
    source: Measured,
    modifier: Modifier | None,
) -> Measured:
    """The source with the length that it has under the modifier; None: that is at fault."""
    faulty = source._replace(is_sound=False)
    if not source.is_sound or modifier is None:
        return faulty
    length = source.length
    if modifier.needs_end is not None and length == ENDLESS:
        node = term.source.node
        message = f"`{unparse_short(node)}` never ends, {modifier.needs_end}"
        environment.complain(diag.NEVER_ENDS, message, node, "give it a length")
        return faulty
    if length is None:
        # A source that fills the rest still does, unless the modifier sets a length.
        undecided = len(environment.mistakes)
        if arguments.attempt(term, environment, modifier.room, Fraction(1)) is not None:
            return source._replace(fixed=0)
        if len(environment.mistakes) > undecided:
            return faulty
        length = environment.rest
        if length is None:
            arguments.needs_total(source.cause, environment)
            return faulty
    found = arguments.attempt(term, environment, modifier.length, divisible(length))
    if found is None:
        return faulty
    if found == ENDLESS:
        return source._replace(length=found, fixed=0)
    if found > LAST_STEP:
        environment.complain(diag.BAD_LENGTH, "this is longer than any run", term.node)
        return faulty
    return Measured(source.place, term.node, found)
