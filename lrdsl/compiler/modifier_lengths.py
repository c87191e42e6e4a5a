"""Solving the lengths of modified terms, and of the entries of an `interval`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import NamedTuple

from lrdsl import diagnostics as diag
from lrdsl.compiler.argument_values import Arguments
from lrdsl.compiler.environment import Environment
from lrdsl.compiler.ir import Modify, Term
from lrdsl.compiler.measured import Measured, RunWindow, needs_total, place_all
from lrdsl.compiler.placed_ir import PlacedEntry, PlacedFaulty, PlacedModify, PlacedTerm
from lrdsl.language.length import (
    ENDLESS,
    Exact,
    Length,
    as_time,
    divisible,
    from_time,
    round_half_up,
    rounded,
)
from lrdsl.language.modifiers import Modifier
from lrdsl.language.modifiers.interval import Entry
from lrdsl.language.modifiers.reactive import MetricModifier
from lrdsl.language.parameters import ParameterError
from lrdsl.language.signal import LAST_STEP, ConstantSignal
from lrdsl.syntax.unparse import unparse_short


def measure_modified(
    arguments: Arguments,
    measure: Callable[[Term, Environment], Measured],
    term: Modify,
    environment: Environment,
) -> Measured:
    """How long a modified term is; `measure` measures the terms inside."""
    inside = environment
    if term.cls.warps_time:
        inside = Environment(0, None, caller=environment.caller)
    source = measure(term.source, inside)
    modified = _Modified(arguments, term, environment, source, None)
    if term.entries:
        modified = modified.with_entries(measure)
    else:
        call = (term.cls.name, term.node.span)
        fields = arguments.fields(term.parameters, term.arguments, call, environment, {})
        if fields is not None and term.sound:
            modifier = arguments.make(term.cls, fields, term.node, term.arguments)
            modified = modified._replace(modifier=modifier)
    found = modified.measured()
    modified = modified._replace(is_sound=found.is_sound, length=found.length)
    return found._replace(place=modified.place, cause=term.node)


class _Modified(NamedTuple):
    """A modified term with its source measured; without a modifier where that is at fault.

    Of an `interval`, `starts` and `values` are those of its entries, and the modifier has their
    outlines.
    """

    arguments: Arguments
    term: Modify
    environment: Environment
    source: Measured
    modifier: Modifier | None
    starts: tuple[Exact | None, ...] = ()
    values: tuple[Measured, ...] = ()
    is_sound: bool = False
    length: Length | None = None

    def with_entries(self, measure: Callable[[Term, Environment], Measured]) -> _Modified:
        """The term with its entries measured."""
        arguments, term, environment = self.arguments, self.term, self.environment
        starts = arguments.entry_starts(term.entries, environment)
        values: list[Measured] = []
        outlines: list[Entry] = []
        for entry, start in zip(term.entries, starts, strict=True):
            assert isinstance(entry.value, Term)
            stop = arguments.entry_stop(entry, start, environment)
            inside = environment.after(start)._replace(clock=0)
            value = measure(entry.value, inside)
            values.append(value)
            if start is None or stop is None or not value.is_sound:
                continue
            length = self._entry_length(value, inside.rest)
            if length is not None:
                # At its stop the value is back to what it was: a change, too.
                changes = length if stop is ENDLESS else stop - start
                stop_time, signal = as_time(rounded(stop)), ConstantSignal(1.0, "")
                outline = Entry(round_half_up(start), stop_time, entry.factor, signal, changes)
                outlines.append(outline)
        modifier = None
        if len(outlines) == len(values):
            modifier = term.cls.model_validate({"entries": tuple(outlines)})
        return self._replace(starts=starts, values=tuple(values), modifier=modifier)

    def _entry_length(self, value: Measured, rest: Exact | None) -> Length | None:
        """How long the value of an entry goes on changing; None where that is unknown."""
        if value.is_number:
            return 0
        if value.length is None and rest is None:
            needs_total(self.arguments, value.cause)
        if value.length is None:
            return None if rest is None else max(rest, 0)
        return value.length

    def measured(self) -> Measured:
        """The source with the length that it has under the modifier."""
        source, modifier = self.source, self.modifier
        faulty = source._replace(is_sound=False)
        if not source.is_sound or modifier is None:
            return faulty
        length = source.length
        if modifier.needs_end is not None and length is ENDLESS:
            node = self.term.source.node
            message = f"`{unparse_short(node)}` never ends, {modifier.needs_end}"
            self.arguments.complain(diag.NEVER_ENDS, message, node, "give it a length")
            return faulty
        if length is None:
            # A source that fills the rest still does, unless the modifier sets a length.
            if modifier.room(Fraction(1)) is not None:
                return source._replace(fixed=0)
            length = self.environment.rest
            if length is None:
                needs_total(self.arguments, source.cause)
                return faulty
        try:
            found = modifier.length(divisible(length))
        except ParameterError as error:
            self.arguments.refused(error, self.term.node, self.term.arguments)
            return faulty
        if found is ENDLESS:
            return source._replace(length=found, fixed=0)
        if found > LAST_STEP:
            message = "this is longer than any run"
            self.arguments.complain(diag.BAD_LENGTH, message, self.term.node)
            return faulty
        return Measured(source.place, self.term.node, found)

    def place(self, window: RunWindow) -> PlacedTerm:
        """The term in its window."""
        term, source, modifier = self.term, self.source, self.modifier
        reach = self.length if self.is_sound and self.length is not None else window.room
        end = ENDLESS if reach is None else window.rounded(reach)
        inside = window.of_source(term.cls, modifier, self.environment.rest, end)
        placed = source.place(inside)
        length: Length | None = inside.room if source.length is None else source.length
        if not self.is_sound or modifier is None or length is None:
            return PlacedFaulty(term.node, (placed,), place_all(self.values, window.faulty()))
        if isinstance(modifier, MetricModifier) and window.warped_by is not None:
            warp, name = window.warped_by, modifier.name
            message = f"`{name}` goes by the updates of the run, which `{warp}` changes"
            fix = f"write it after the `{warp}`"
            self.arguments.complain(diag.WRONG_PLACE, message, term.node, fix)
            return PlacedFaulty(term.node, (placed,))
        own = window.part(0, 0, end, None)
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
            tuple(self._placed_entries(modifier, window)),
        )

    def _placed_entries(self, modifier: Modifier, window: RunWindow) -> Iterator[PlacedEntry]:
        outlines: tuple[Entry, ...] = modifier.entries if self.values else ()  # type: ignore[attr-defined]
        for outline, start, value in zip(outlines, self.starts, self.values, strict=True):
            assert start is not None
            at = window.update(start)
            stop = outline.stop - outline.start + at
            room = self.environment.after(start).rest
            inside = window.part(start, at, from_time(stop), room)
            yield PlacedEntry(outline._replace(start=at, stop=stop), value.place(inside))
