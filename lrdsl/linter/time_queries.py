"""Queries about the times that a spec names: lengths, milestones, periods, entries.

What names a time is known by the kinds of parameters, not by their names: what a shape, a modifier
or a definition of anybody takes is looked at alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import NamedTuple

from lrdsl.diagnostics import Span
from lrdsl.language.modifiers import Modifier
from lrdsl.language.parameters import TIME_KINDS, UNTIL, Kind
from lrdsl.linter.context import CallSite, LintContext
from lrdsl.linter.syntax_queries import mentions, modifier_of, with_operator_before
from lrdsl.syntax import ast


class Time(NamedTuple):
    """A duration in a spec, and the name of the parameter that it is for."""

    node: ast.Node
    of: str


def times(context: LintContext, root: ast.Node) -> Iterator[Time]:
    """The durations below a node of the expanded tree, none of those under a clock of its own.

    Under `stretch(1ep)` the clock counts epochs, so that what stands there is not in updates.
    """
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Pipe) and any(
            [(modifier_of(part) or Modifier).rescales_time for part in node.parts[1:]]
        ):
            continue
        waiting.extend(reversed(node.children))
        if isinstance(node, ast.Bracket):
            for entry in node.entries:
                if isinstance(entry, ast.Entry):
                    yield Time(entry.start, node.name.id)
        site = context.call_at(node)
        if site is None:
            continue
        for name in (*site.callee.time_parameters(), "until"):
            value = site.arguments.get(name)
            if isinstance(value, ast.List):
                yield from [Time(item, site.name) for item in value.items]
            elif value is not None and not isinstance(value, ast.Keyword):
                yield Time(value, site.name)


class EntrySite(NamedTuple):
    """An entry of an `interval` in the text.

    It begins at update `start` of the run, or later. `piece` is the text that goes if the entry
    does.
    """

    node: ast.Entry
    start: float
    piece: Span


def entries(context: LintContext) -> Iterator[EntrySite]:
    """The entries of `interval` of which it is known when they begin at the earliest."""
    for pipe in context.as_written.of(ast.Pipe):
        for i, bracket in enumerate(pipe.parts):
            if not isinstance(bracket, ast.Bracket) or modifier_of(bracket) is None:
                continue
            around = [modifier_of(part) or Modifier for part in pipe.parts[i + 1 :]]
            warped = any([modifier.warps_time for modifier in around])
            origin = None if warped or _is_warped(context, pipe) else _origin(context, pipe)
            for k, entry in enumerate(bracket.entries):
                start = context.updates(entry.start) if isinstance(entry, ast.Entry) else None
                if origin is not None and start is not None and isinstance(entry, ast.Entry):
                    piece = _piece(context.source, bracket, k)
                    yield EntrySite(entry, origin + float(start), piece)


def _origin(context: LintContext, pipe: ast.Pipe) -> int:
    """The update of the run at which a pipe's clock starts, as far as that is known."""
    segments = context.known_schedule.chain_segments if pipe is not context.tree else ()
    return next((segment.start for segment in segments if segment.span == pipe.span), 0)


def _is_warped(context: LintContext, inner: ast.Pipe) -> bool:
    """Whether a modifier around a pipe moves or stretches its clock."""
    around = [pipe for pipe in context.as_written.of(ast.Pipe) if pipe is not inner]
    return any(
        [
            (modifier_of(part) or Modifier).warps_time
            for pipe in around
            if pipe.span.start <= inner.span.start and inner.span.stop <= pipe.span.stop
            for part in pipe.parts[1:]
        ]
    )


def _piece(source: str, bracket: ast.Bracket, k: int) -> Span:
    """The text of an entry with the comma that goes with it, or of all if it is the only one."""
    own = bracket.entries[k].span
    if k:
        return Span(bracket.entries[k - 1].span.stop, own.stop)
    if len(bracket.entries) > 1:
        return Span(own.start, bracket.entries[1].span.start)
    return with_operator_before(source, bracket.span) or own


class PlacedTime(NamedTuple):
    """A time that a call names, and where in the run it is.

    It is never before update `earliest`; the part that it belongs to ends at update `end`, where a
    modifier has cut it off or the run ends.
    """

    node: ast.Node
    site: CallSite
    kind: Kind
    earliest: float
    end: float
    is_cut: bool


@dataclass(frozen=True)
class _Clock:
    """The clock of a part: update `zero` of the run is its 0, and one of its units takes `unit`."""

    zero: Fraction
    unit: Fraction
    end: float
    is_cut: bool = False


def placed_times(context: LintContext) -> Iterator[PlacedTime]:
    """The times that calls name, as far as it is known when they come.

    Those of a part that is repeated come again and again, and are left out.
    """
    starts = {id(x.node): x.start for x in context.known_schedule.chain_segments}
    waiting = [(context.expanded, _Clock(Fraction(0), Fraction(1), context.end))]
    while waiting:
        node, clock = waiting.pop()
        if clock.unit == 1 and id(node) in starts:
            clock = replace(clock, zero=Fraction(starts[id(node)]))
        site = context.call_at(node)
        if site is not None and clock.zero < clock.end:  # else nothing of it is ever seen
            yield from _named(context, site, clock)
        match node:
            case ast.Pipe(parts=(source, *modifiers)):
                inner: _Clock | None = clock
                for part in reversed(modifiers):
                    waiting.append((part, inner or clock))
                    inner = inner and _inside(context, part, inner)
                if inner is not None:
                    waiting.append((source, inner))
            case ast.Bracket():
                for entry in node.entries:
                    waiting += _of_entry(context, entry, clock)
            case _:
                waiting += [(child, clock) for child in reversed(node.children)]


def _inside(context: LintContext, modifier: ast.Node, outer: _Clock) -> _Clock | None:
    """The clock of what a modifier changes; None if times there have no one place in the run."""
    site, kind = context.call_at(modifier), modifier_of(modifier) or Modifier
    if site is None or not (kind.warps_time or kind.rescales_time or kind.cuts_time):
        return outer
    if kind.makes_cycles or len(site.arguments) != 1:
        return None
    (argument,) = site.arguments.values()
    given = context.updates(argument)
    if given is None:
        return None
    given *= outer.unit
    if kind.cuts_time:
        return replace(outer, end=min(outer.end, float(outer.zero + given)), is_cut=True)
    if kind.rescales_time:
        return replace(outer, unit=given)
    return replace(outer, zero=outer.zero - given)


def _of_entry(
    context: LintContext, entry: ast.Node, clock: _Clock
) -> list[tuple[ast.Node, _Clock]]:
    """The schedule of an entry, whose own clock begins with it."""
    if not isinstance(entry, ast.Entry):
        return []
    start = context.updates(entry.start)
    zero = clock.zero + (start or 0) * clock.unit
    return [(entry.value, replace(clock, zero=zero))]


def _named(context: LintContext, site: CallSite, clock: _Clock) -> Iterator[PlacedTime]:
    for parameter in (*site.callee.parameters(), UNTIL):
        value = site.arguments.get(parameter.name)
        if value is None or parameter.kind not in TIME_KINDS:
            continue
        for node in value.items if isinstance(value, ast.List) else [value]:
            updates = context.updates(node)
            if updates is not None:
                earliest = float(clock.zero + updates * clock.unit)
                yield PlacedTime(node, site, parameter.kind, earliest, clock.end, clock.is_cut)


def exceeds_on_purpose(context: LintContext) -> bool:
    """Whether the text itself asks for more than the run: `1.25*total`, `125%`, `until=110%`."""
    return context.total is not None and any(
        [
            _names_the_run(time.node) and (context.updates(time.node) or 0) > context.total
            for time in times(context, context.expanded)
        ]
    )


def _names_the_run(node: ast.Node) -> bool:
    units = [part.unit for part, _ in ast.walk(node) if isinstance(part, ast.Number)]
    return mentions(node, "total") or not {"%", "dur"}.isdisjoint(units)
