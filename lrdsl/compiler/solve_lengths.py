"""Solving lengths: the IR becomes the placed IR, in a context.

A term is measured by its own durations. That also tells how to place it, once the whole is known:
where it lies in the run and, if it has no length of its own, what is left for it.
"""

from __future__ import annotations

import itertools
from functools import partial
from typing import NamedTuple

from lrdsl import diagnostics as diag
from lrdsl.compiler import ir, placed_ir
from lrdsl.compiler.argument_values import Arguments
from lrdsl.compiler.context import Inputs
from lrdsl.compiler.environment import Environment
from lrdsl.compiler.evaluate import decide
from lrdsl.compiler.ir import ShapeCall, Term
from lrdsl.compiler.measured import Measured, RunWindow, place_all
from lrdsl.compiler.modifier_lengths import measure_modified
from lrdsl.compiler.placed_ir import (
    PlacedFaulty,
    PlacedIR,
    PlacedPart,
    PlacedSequence,
    PlacedShape,
    PlacedTerm,
)
from lrdsl.diagnostics import Mistake
from lrdsl.language.length import ENDLESS, Exact, Length, ends, round_half_up, rounded
from lrdsl.language.parameters import Kind
from lrdsl.syntax import ast
from lrdsl.syntax.unparse import unparse, unparse_short


def solve_lengths(term: Term, inputs: Inputs) -> PlacedIR:
    """The terms of a spec in their places."""
    total = inputs.context.total_steps
    mistakes: list[Mistake] = []
    measured = _Solver(Arguments(inputs, mistakes)).measure(term, Environment(0, total))
    length: Length = ENDLESS  # where it is unknown; that is a mistake
    if measured.is_sound and measured.length is not None:
        length = measured.length
    elif total is not None:
        length = total
    stop = rounded(length)
    placed = measured.place(RunWindow(0, 0, stop, None, 0, total))
    return PlacedIR(PlacedPart(_text_of(term), placed, 0, stop, length), inputs, tuple(mistakes))


class _Solver(NamedTuple):
    """Solves the lengths of the terms of one spec."""

    arguments: Arguments

    def measure(self, term: Term, environment: Environment) -> Measured:
        """Measure a term; of a condition, the chosen term."""
        node = term.node
        match term:  # the most frequent first
            case ShapeCall():
                return self._shape(term, environment)
            case ir.Scalar():
                return Measured(lambda _: term, node, ENDLESS, is_number=True)
            case ir.InUpdates():
                place = partial(self._place_duration, node, environment)
                return Measured(place, node, ENDLESS, is_number=True)
            case ir.Reference(name=name):
                place = partial(self._place_reference, node, name)
                return Measured(place, node, ENDLESS, is_number=True)
            case ir.Clock():
                return Measured(lambda _: term, node, ENDLESS)
            case ir.Apply():
                return self._pointwise(term, environment)
            case ir.Sequence():
                return self._chain(term, environment)
            case ir.Modify():
                return measure_modified(self.arguments, self.measure, term, environment)
            case ir.Choice(condition=condition, then=then, otherwise=otherwise):
                inputs, mistakes = self.arguments
                chosen = decide(condition, inputs, mistakes)
                if chosen is not None:
                    return self.measure(then if chosen else otherwise, environment)
            case ir.Called(inner=inner):
                body = self.measure(inner, environment.in_definition())
                return body._replace(
                    place=lambda window: placed_ir.PlacedScope(node, body.place(window))
                )
            case ir.Poison(parts=parts):
                inside = [self.measure(part, environment) for part in parts]
                place = partial(_place_faulty, node, inside)
                return Measured(place, node, is_sound=False)
        return Measured(lambda _: PlacedFaulty(node), node, is_sound=False)

    def _place_duration(self, node: ast.Node, environment: Environment, _: RunWindow) -> PlacedTerm:
        updates = self.arguments.duration(node, "a formula", environment)
        return (
            PlacedFaulty(node)
            if updates is None
            else placed_ir.PlacedDuration(node, float(updates))
        )

    def _place_reference(self, node: ast.Node, name: str, window: RunWindow) -> PlacedTerm:
        """Another schedule of the program, read at the same update of the run."""
        warp = window.warped_by
        if warp is None:
            return placed_ir.PlacedReference(node, name, window.zero)
        message = f"`{name}` is read as training goes, but `{warp}` runs another clock"
        fix = f"write what `{name}` is for after the `{warp}`, outside its brackets"
        self.arguments.complain(diag.WRONG_PLACE, message, node, fix)
        return PlacedFaulty(node)

    def _pointwise(self, term: ir.Apply, environment: Environment) -> Measured:
        node, functions = term.node, term.functions
        parts = [self.measure(part, environment) for part in term.parts]
        lengths = [part.length for part in parts if not part.is_number]
        known = [length for length in lengths if length is not None]
        length: Length | None = ENDLESS
        if None in lengths and ENDLESS not in known:
            length = None
        elif known:
            length = max(known)
        return Measured(
            lambda window: placed_ir.PlacedApply(node, functions, place_all(parts, window)),
            node,
            length,
            is_sound=all([part.is_sound for part in parts]),
            is_number=not lengths,
        )

    def _shape(self, call: ShapeCall, environment: Environment) -> Measured:
        signature = call.signature
        is_given = "steps" in call.arguments or "until" in call.arguments
        has_steps = signature.has(Kind.STEPS)
        length: Length | None = ENDLESS
        starts: tuple[Exact | None, ...] = ()
        is_sound, by_default = call.sound, False
        if signature.bracket:
            starts = self.arguments.entry_starts(call.entries, environment)
            length = starts[-1] if starts else None
            is_sound = length is not None
        elif is_given and (has_steps or not is_sound):  # it may have mistakes of its own
            length = self.arguments.given_length(call, environment)
            is_sound = is_sound and length is not None
        elif has_steps:
            total = self.arguments.inputs.context.total_steps
            by_default = signature.cls.allows_no_length and total is None
            length = ENDLESS if by_default else None

        def place(window: RunWindow) -> PlacedTerm:
            if signature.bracket:
                updates = tuple([window.update(at) for at in starts if at is not None])
                all_known = is_sound and len(updates) == len(starts)
                return PlacedShape(call.node, call, {}, 0, updates, all_known)
            steps = 0
            if is_sound:
                own = self.arguments.rest_of(call.node, window.room) if length is None else length
                if own is None:
                    return PlacedFaulty(call.node)
                stop = window.rounded(own)
                # A shape that never ends has no use for its steps.
                steps = int(stop) if has_steps and ends(stop) else 0
            parameters = (*call.parameters, *call.curve_parameters)
            durations = self.arguments.durations(
                parameters, call.arguments, signature.name, environment
            )
            return PlacedShape(call.node, call, durations, steps, is_sound=is_sound)

        return Measured(place, call.node, length, is_sound, by_default=by_default)

    def _chain(self, term: ir.Sequence, environment: Environment) -> Measured:
        at: Exact | None = 0  # unknown after a part that fills the rest
        parts: list[Measured] = []
        fixed: Exact = 0
        open_part: ast.Node | None = None
        is_sound = True
        for inner, following in itertools.zip_longest(term.parts, term.parts[1:]):
            part = self.measure(inner, environment.after(at))
            if part.by_default and following is not None:
                part = part._replace(length=None)
            parts.append(part)
            length = part.length
            if not part.is_sound:
                is_sound, at = False, None
                continue
            fixed += part.fixed
            if length is None:
                if open_part is not None:
                    self._two_open(open_part, inner.node)
                    is_sound = False
                open_part, at = inner.node, None
            elif ends(length):
                fixed += length
                at = None if at is None else at + length
            elif following is not None:
                self._never_ends(inner, following)
                is_sound, at = False, None

        def place(window: RunWindow) -> PlacedTerm:
            rest = fixed if is_sound else None
            if is_sound and open_part is not None:
                room = environment.rest if window.room is None else window.room
                rest = self.arguments.rest_of(open_part, room, fixed)
            if rest is None:
                # The parts are placed all the same, to find their mistakes.
                unknown = [
                    PlacedPart(inner.node, part.place(window.faulty()), 0, ENDLESS, ENDLESS)
                    for inner, part in zip(term.parts, parts, strict=True)
                ]
                return PlacedSequence(term.node, tuple(unknown), None, is_sound=False)
            placed: list[PlacedPart] = []
            start: Exact = 0
            is_after_open = False
            for inner, part in zip(term.parts, parts, strict=True):
                length = rest + part.fixed if part.length is None else part.length
                own = length if ends(length) else None
                at, end = window.update(start), window.rounded(length + start)
                if is_after_open:  # only now its clock is known
                    part = self.measure(inner, environment.after(start))
                is_after_open = is_after_open or part.length is None
                inside = part.place(window.part(start, at, end, own))
                placed.append(PlacedPart(_text_of(inner), inside, at, end, length))
                start += own or 0  # nothing follows what never ends
            zero = round_half_up(window.zero) if window.warped_by is None else None
            return PlacedSequence(term.node, tuple(placed), zero)

        found = Measured(place, term.node, is_sound=is_sound, fixed=fixed)
        if not is_sound:
            return found
        if parts[-1].length == ENDLESS:
            return found._replace(length=ENDLESS, by_default=parts[-1].by_default)
        if open_part is not None:
            return found._replace(cause=open_part)
        return found._replace(length=fixed, fixed=0)

    def _never_ends(self, part: Term, following: Term) -> None:
        text, next_text = unparse(part.node), unparse_short(following.node)
        fix = "give it a length with `| take(steps)`"
        if isinstance(part, ir.Scalar):
            fix = f"write `constant({text}, steps)`"
        message = f"`{text}` never ends, but `{next_text}` follows"
        self.arguments.complain(diag.NEVER_ENDS, message, part.node, fix)

    def _two_open(self, first: ast.Node, second: ast.Node) -> None:
        message = (
            f"`{unparse_short(first)}` and `{unparse_short(second)}` both lack a length,"
            " and only one segment of a chain can fill the rest"
        )
        self.arguments.complain(diag.TWO_OPEN, message, second, "give one of them a length")


def _place_faulty(node: ast.Node, parts: list[Measured], window: RunWindow) -> PlacedTerm:
    return PlacedFaulty(node, place_all(parts, window))


def _text_of(part: Term) -> ast.Node:
    """All of a part of a chain in the text."""
    return part.pipe if isinstance(part, ir.Modify) else part.node
