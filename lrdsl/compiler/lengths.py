"""Lengths as they are measured, and those that stand in a call itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from lrdsl import diagnostics as diag
from lrdsl.compiler.argument_values import Arguments
from lrdsl.compiler.environment import Environment
from lrdsl.compiler.ir import EntryTerm, ShapeCall
from lrdsl.compiler.placed_ir import PlacedTerm
from lrdsl.compiler.run_window import RunWindow
from lrdsl.language.length import ENDLESS, Length
from lrdsl.language.signal import LAST_STEP, Exact
from lrdsl.syntax import ast
from lrdsl.syntax.unparse import unparse, unparse_short


class Measured(NamedTuple):
    """The length of a term in an environment, and what places the term in its window.

    `length` is None for a term that fills the rest of the run. A plain number has no length at all
    and lets the others decide (`is_number`). `fixed` is the part of the length that is known of a
    chain that fills the rest. A term that never ends only for want of a total (`by_default`) would
    rather fill the rest when something follows. `cause` is the node that sets the length.

    A term that is not `is_sound` has a mistake, which has been noted, and no length.
    """

    place: Callable[[RunWindow], PlacedTerm]
    cause: ast.Node
    length: Length | None = None
    is_sound: bool = True
    is_number: bool = False
    by_default: bool = False
    fixed: Exact = 0


def place_all(parts: Sequence[Measured], window: RunWindow) -> tuple[PlacedTerm, ...]:
    """Some terms in the same window."""
    return tuple([part.place(window) for part in parts])


def needs_total(arguments: Arguments, node: ast.Node) -> None:
    """Note a term that fills the rest of a run whose length is unknown."""
    message = f"`{unparse_short(node)}` has no length, and total_steps is not known"
    fix = "give its steps, or pass total_steps=…"
    arguments.complain(diag.NEEDS_CONTEXT, message, node, fix)


def rest_of(
    arguments: Arguments, node: ast.Node, room: Exact | None, known: Exact = 0
) -> Exact | None:
    """The length of a term that fills the rest of `room`, of which others take `known`."""
    if room is None:
        needs_total(arguments, node)
        return None
    rest = room - known
    if rest > 0:
        return rest
    over = f": the other segments take {float(-rest):g} too many" if rest < 0 else ""
    message = f"no update of the run is left for `{unparse_short(node)}`{over}"
    fix = "shorten the others, or raise total_steps"
    arguments.complain(diag.NO_REST, message, node, fix)
    return None


def given_length(arguments: Arguments, call: ShapeCall, environment: Environment) -> Exact | None:
    """The length that `steps` or `until` sets; None where it is at fault."""
    name, steps = call.signature.name, call.arguments.get("steps")
    if steps is not None:
        node = steps
        length = arguments.updates(node, f"`steps` of `{name}`", environment)
    else:
        node = call.arguments["until"]
        end = arguments.updates(node, f"`until` of `{name}`", environment)
        length = None if end is None else _until(arguments, node, end, environment.clock)
    if length is None or 0 < length <= LAST_STEP:
        return length
    why = "which is longer than any run" if length > 0 else "but it needs more than 0"
    fix = "leave the segment out" if length == 0 else None
    message = f"the segment has {float(length):g} updates, {why}"
    arguments.complain(diag.BAD_LENGTH, message, node, fix)
    return None


def _until(arguments: Arguments, node: ast.Node, end: Exact, clock: Exact | None) -> Exact | None:
    """The length of a segment that starts at update `clock` of its chain and ends at `end`."""
    if clock is None:
        message = "`until` cannot set a length here: the start of the segment is unknown"
        fix = "a segment before it has no length: give `steps`"
        arguments.complain(diag.NO_LENGTH, message, node, fix)
        return None
    if end <= clock:
        message = f"the segment starts at update {float(clock):g}, after it would end"
        arguments.complain(diag.BAD_LENGTH, message, node)
        return None
    return end - clock


def entry_starts(
    arguments: Arguments, entries: tuple[EntryTerm, ...], environment: Environment
) -> tuple[Exact | None, ...]:
    """The starts of entries in brackets, which must increase; None where one is at fault."""
    found: list[Exact | None] = []
    latest: tuple[Exact, ast.Node] | None = None
    for entry in entries:
        node = entry.start
        start = arguments.updates(node, "the start of an entry", environment)
        if start is not None and start < 0:
            message = "an entry cannot start before update 0"
            arguments.complain(diag.BAD_LENGTH, message, node)
            start = None
        elif start is not None and latest is not None and start <= latest[0]:
            before = unparse(latest[1])
            message = f"the entries must increase, but {unparse(node)} follows {before}"
            arguments.complain(diag.UNSORTED, message, node, "put them in order")
            start = None
        elif start is not None:
            latest = (start, node)
        found.append(start)
    return tuple(found)


def entry_stop(
    arguments: Arguments, entry: EntryTerm, start: Exact | None, environment: Environment
) -> Length | None:
    """The end of an entry in brackets; None where it is at fault."""
    if entry.stop is None:
        return ENDLESS
    stop = arguments.updates(entry.stop, "the end of an entry", environment)
    if start is not None and stop is not None and stop <= start:
        message = f"the range ends at {unparse(entry.stop)}, before it has started"
        arguments.complain(diag.UNSORTED, message, entry.stop, "write `start..stop`")
        return None
    return stop
