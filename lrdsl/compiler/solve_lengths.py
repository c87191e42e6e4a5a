"""Solving lengths: the IR becomes the placed IR, in a context.

A term is measured by its own durations. That also tells how to place it, once the whole is known:
where it lies in the run and, if it has no length of its own, what is left for it.
"""

from __future__ import annotations

import itertools
from fractions import Fraction
from functools import partial
from typing import Any

from lrdsl import diagnostics as diag
from lrdsl.compiler import ir, placed_ir
from lrdsl.compiler.argument_values import durations, entry_starts, given_length, rest_of
from lrdsl.compiler.context import Inputs
from lrdsl.compiler.environment import Counting, Environment
from lrdsl.compiler.evaluate import decide, duration
from lrdsl.compiler.ir import ShapeCall, Term
from lrdsl.compiler.leaf_signals import ClockSignal, ScheduleReference, slowed
from lrdsl.compiler.measured import Measured, RunWindow, place_all
from lrdsl.compiler.modifier_lengths import measure_modified
from lrdsl.compiler.placed_ir import PlacedFaulty, PlacedIR, PlacedPart, PlacedShape, PlacedTerm
from lrdsl.diagnostics import Mistake
from lrdsl.language.length import ENDLESS, Exact, Length, ends, round_half_up, rounded
from lrdsl.language.parameters import DURATION_KINDS, Kind
from lrdsl.language.signal import LAST_STEP, ConstantSignal
from lrdsl.language.time_map import Shift
from lrdsl.syntax import ast
from lrdsl.syntax.unparse import unparse, unparse_short


def solve_lengths(term: Term, inputs: Inputs, counting: Counting | None = None) -> PlacedIR:
    """The terms of a spec in their places, by the updates of the run or by another clock."""
    total = inputs.context.total_steps
    mistakes: list[Mistake] = []
    environment = Environment(inputs, mistakes, 0, total, began=0, counting=counting)
    measured = measure(term, environment)
    length = measured.length if measured.is_sound else None
    if length is None:  # where the total is unknown as well there is a mistake
        length = ENDLESS if total is None else total
    stop = rounded(length)
    placed = measured.place(RunWindow(0, 0, stop, None, 0, total))
    return PlacedIR(PlacedPart(_text_of(term), placed, 0, stop, length), inputs, tuple(mistakes))


def measure(term: Term, environment: Environment) -> Measured:
    """Measure a term; of a condition, the chosen term."""
    node = term.node
    inside: list[Measured] = []
    match term:  # the most frequent first
        case ShapeCall():
            return _shape(term, environment)
        case ir.Scalar():
            return Measured(lambda _: term, node, ENDLESS, is_number=True, is_steady=True)
        case ir.InUpdates() | ir.Reference():
            place = partial(_place_leaf, term, environment)
            is_steady = isinstance(term, ir.InUpdates)
            return Measured(place, node, ENDLESS, is_number=True, is_steady=is_steady)
        case ir.Clock():
            return Measured(lambda window: slowed(ClockSignal(), window.pace), node, ENDLESS)
        case ir.Apply():
            return _pointwise(term, environment)
        case ir.Sequence():
            return _chain(term, environment)
        case ir.Modify():
            return measure_modified(measure, term, environment)
        case ir.Choice(condition=condition, then=then, otherwise=otherwise):
            chosen = decide(condition, environment)
            if chosen is not None:
                return measure(then if chosen else otherwise, environment)
        case ir.Called(inner=inner):
            body = measure(inner, environment.in_definition())
            return body._replace(place=lambda window: placed_ir.PlacedScope(body.place(window)))
        case ir.Poison(parts=parts):
            inside = [measure(part, environment) for part in parts]
    return Measured(lambda window: PlacedFaulty(place_all(inside, window)), node, is_sound=False)


def _place_leaf(
    term: ir.InUpdates | ir.Reference, environment: Environment, window: RunWindow
) -> PlacedTerm:
    """A duration in a formula, or another schedule, read at the same update of the run."""
    node, warp = term.node, window.warped_by
    if isinstance(term, ir.InUpdates):
        updates = duration(node, "a formula", environment.nowhere())
        if updates is not None:
            return ConstantSignal(float(updates), unparse(node))
    elif warp is None:
        source, shift = environment.inputs.schedules[term.name], Shift(round_half_up(window.zero))
        return ScheduleReference(source, term.name, shift, zero=window.zero)
    else:
        message = f"`{term.name}` is read as training goes, but `{warp}` runs another clock"
        fix = f"write what `{term.name}` is for after the `{warp}`, outside its brackets"
        environment.complain(diag.WRONG_PLACE, message, node, fix)
    return PlacedFaulty()


def _pointwise(term: ir.Apply, environment: Environment) -> Measured:
    node, functions = term.node, term.functions
    parts = [measure(part, environment) for part in term.parts]
    lengths = [part.length for part in parts if not part.is_number]
    known = [length for length in lengths if length is not None]
    reach = max([part.reach for part in parts])
    fills_rest = None in lengths and ENDLESS not in known
    length = None if fills_rest else max([*known, reach]) if lengths else ENDLESS
    may_change = any([part.may_change_unheard for part in parts])

    def place(window: RunWindow) -> PlacedTerm:
        own = window.room if length is None else length
        end = ENDLESS if own is None or not may_change else window.rounded(own)
        return placed_ir.PlacedApply(node, functions, place_all(parts, window), end)

    return Measured(
        place,
        node,
        length,
        is_sound=all([part.is_sound for part in parts]),
        is_number=not lengths,
        reach=reach,
        is_steady=not lengths and not may_change,
    )


def _shape(call: ShapeCall, environment: Environment) -> Measured:
    signature = call.signature
    is_given = "steps" in call.arguments or "until" in call.arguments
    has_steps = Kind.STEPS in signature.kinds
    length: Length | None = ENDLESS
    starts: tuple[Exact | None, ...] = ()
    is_sound, by_default = call.sound, False
    if signature.bracket:
        starts = entry_starts(call.entries, environment)
        length = starts[-1] if starts else None
        if length is not None and length > LAST_STEP:
            where, message = call.entries[-1].written.start, "this is later than any run ends"
            length = environment.complain(diag.BAD_LENGTH, message, where)
        is_sound = length is not None
    elif is_given and (has_steps or not is_sound):  # it may have mistakes of its own
        length = given_length(call, environment)
        is_sound = is_sound and length is not None
    elif has_steps:
        total = environment.inputs.context.total_steps
        by_default = signature.cls.allows_no_length and total is None
        length = ENDLESS if by_default else None

    def place(window: RunWindow) -> PlacedTerm:
        if signature.bracket:
            updates = tuple([window.update(at) for at in starts if at is not None])
            return PlacedShape(call, {}, 0, updates, is_sound and len(updates) == len(starts))
        steps = 0
        if is_sound:
            own = rest_of(call.node, window.room, environment) if length is None else length
            if own is None:
                return PlacedFaulty()
            stop = window.rounded(own)
            # A shape that never ends has no use for its steps.
            steps = int(stop) if has_steps and ends(stop) else 0
        known, pace = durations(call, environment), window.pace
        if known or pace != 1 or signature.cls.stair(call.arguments) is not None:
            pace = _set_in_place(call, known, window)
        return PlacedShape(call, known, steps, is_sound=is_sound, pace=pace)

    is_number = signature.cls.lets_others_decide
    return Measured(place, call.node, length, is_sound, is_number=is_number, by_default=by_default)


def _set_in_place(call: ShapeCall, known: dict[str, Any], window: RunWindow) -> Exact:
    """Set the known durations of a shape in their place; how many times slower its clock runs.

    In a round that takes longer its durations are longer. If it has none, its clock is slower.
    """
    pace, cls = window.pace, call.signature.cls
    clock = pace
    for each in (*call.parameters, *call.curve_parameters):
        name, given = each.name, known.get(each.name)
        if each.kind is Kind.MILESTONES:
            clock = 1
            if given is not None:
                known[name] = tuple([window.update(at) for at in given])
        elif each.kind in DURATION_KINDS:
            clock = 1
            if pace != 1 and name not in known and each.default is not None and not each.required:
                given = each.default
            if given is not None and pace != 1:
                known[name] = cls.in_longer_round(name, given, pace)
    period = cls.stair(call.arguments)
    if period is not None and None not in known.values():
        known["phase"] = Fraction(window.origin)
        default = cls.model_fields[period].default
        window.meet_multiples(known.get(period, default))
    return 1 if Kind.STEPS in call.signature.kinds else clock


def _chain(term: ir.Sequence, environment: Environment) -> Measured:
    at: Exact | None = 0  # unknown after a part that fills the rest
    parts: list[Measured] = []
    fixed: Exact = 0
    open_part: ast.Node | None = None
    is_sound = True
    at_end = _places_from_the_end(term, environment) if environment.inputs.clocks else None
    for i, (inner, following) in enumerate(itertools.zip_longest(term.parts, term.parts[1:])):
        around = environment.after(at)
        part = measure(inner, around if at_end is None else around._replace(ends_at=at_end.get(i)))
        if part.by_default and following is not None:
            part = part._replace(length=None)
        parts.append(part)
        length = part.length
        if not part.is_sound:  # `until` behind it counts from where it begins
            is_sound = False
            continue
        fixed += part.fixed
        if length is None:
            if open_part is not None:
                _two_open(open_part, inner.node, environment)
                is_sound = False
            open_part, at = inner.node, None
        elif ends(length):
            fixed += length
            at = None if at is None else at + length
        elif following is not None:
            _never_ends(inner, following, environment)
            is_sound, at = False, None

    def place(window: RunWindow) -> PlacedTerm:
        rest = fixed if is_sound else None
        if is_sound and open_part is not None:
            room = environment.rest if window.room is None else window.room
            rest = rest_of(open_part, room, environment, fixed)
        if rest is None:
            # The parts are placed all the same, to find their mistakes.
            unknown = [
                PlacedPart(inner.node, part.place(window.faulty()), 0, ENDLESS, ENDLESS)
                for inner, part in zip(term.parts, parts, strict=True)
            ]
            return placed_ir.PlacedSequence(tuple(unknown), None, is_sound=False)
        placed: list[PlacedPart] = []
        start: Exact = 0
        is_after_open = False
        for inner, part in zip(term.parts, parts, strict=True):
            length = rest + part.fixed if part.length is None else part.length
            own = length if ends(length) else None
            at, end = window.update(start), window.rounded(length + start)
            if is_after_open:  # only now its clock is known
                part = measure(inner, environment.after(start))
            is_after_open = is_after_open or part.length is None
            inside = part.place(window.part(start, at, end, own))
            placed.append(PlacedPart(_text_of(inner), inside, at, end, length))
            start += own or 0  # nothing follows what never ends
        zero = round_half_up(window.zero) if window.warped_by is None else None
        return placed_ir.PlacedSequence(tuple(placed), zero)

    found = Measured(place, term.node, is_sound=is_sound, fixed=fixed)
    if not is_sound:
        return found
    if parts[-1].length == ENDLESS:
        return found._replace(length=ENDLESS, by_default=parts[-1].by_default)
    if open_part is not None:
        return found._replace(cause=open_part)
    return found._replace(length=fixed, fixed=0)


def _places_from_the_end(term: ir.Sequence, environment: Environment) -> dict[int, Exact]:
    """Where the last parts of a chain end in a run whose updates differ in samples or tokens.

    Behind a part that fills the rest no start is known, but the end is: that of the run.
    """
    if environment.began is None or environment.rest is None:
        return {}
    found: dict[int, Exact] = {}
    end: Exact = environment.began + environment.rest
    for i in reversed(range(len(term.parts))):
        found[i] = end
        unheard = environment.after(None)._replace(ends_at=end).noting([])
        part = measure(term.parts[i], unheard)
        if not part.is_sound or part.length is None or not ends(part.length):
            break
        end -= part.length
    return found


def _never_ends(part: Term, following: Term, environment: Environment) -> None:
    text, next_text = unparse(part.node), unparse_short(following.node)
    fix = "give it a length with `| take(steps)`"
    if isinstance(part, ir.Scalar):
        fix = f"write `constant({text}, steps)`"
    message = f"`{text}` never ends, but `{next_text}` follows"
    environment.complain(diag.NEVER_ENDS, message, part.node, fix)


def _two_open(first: ast.Node, second: ast.Node, environment: Environment) -> None:
    message = (
        f"`{unparse_short(first)}` and `{unparse_short(second)}` both lack a length,"
        " and only one segment of a chain can fill the rest"
    )
    environment.complain(diag.TWO_OPEN, message, second, "give one of them a length")


def _text_of(part: Term) -> ast.Node:
    """All of a part of a chain in the text."""
    return part.pipe if isinstance(part, ir.Modify) else part.node
