"""The lint context: a spec with its tree, its calls, and its values in the run, as rules see it."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

import numpy as np

from lrdsl.compiler.context import Context, Inputs
from lrdsl.compiler.environment import Environment
from lrdsl.compiler.evaluate import duration, value
from lrdsl.compiler.frontend import Analysis, analyse
from lrdsl.diagnostics import Span, SpecError
from lrdsl.language.binding import bind
from lrdsl.language.curves import CURVES
from lrdsl.language.functions import FUNCTIONS
from lrdsl.language.language import Language
from lrdsl.language.modifiers import Modifier
from lrdsl.language.parameters import CallableModel
from lrdsl.language.shapes import ShapeSignature
from lrdsl.language.signal import TimelineSegment
from lrdsl.linter.origin import SpecOrigin
from lrdsl.linter.program_context import ProgramContext
from lrdsl.schedule.compile import schedule_of
from lrdsl.schedule.schedule import Schedule
from lrdsl.syntax import ast

N = TypeVar("N", bound=ast.Node)

OTHER_BASE = 1e-3
"""The second `base` that is tried where it is unknown; the first is 1."""


@dataclass(frozen=True)
class CallSite:
    """A call of a shape or a modifier, with its arguments by parameter.

    Arguments that are left out, or `_`, are not in `arguments`. `mode` is the name of the curve,
    `signature` the shape, `modifier` the modifier; one of these two is None.
    """

    node: ast.Call
    name: str
    arguments: Mapping[str, ast.Node]
    mode: str | None = None
    signature: ShapeSignature | None = None
    modifier: type[Modifier] | None = None

    @property
    def callee(self) -> type[CallableModel]:
        """The class of the shape or of the modifier."""
        callee = self.modifier if self.signature is None else self.signature.cls
        assert callee is not None
        return callee

    @property
    def span(self) -> Span:
        """The place of the call in the text."""
        return self.node.span


class RampSite(NamedTuple):
    """A ramp in the run: its name, and the values that it goes from and to."""

    name: str
    first: float
    last: float
    span: Span


class NodesByKind:
    """The nodes of a tree, those above before those below."""

    def __init__(self, root: ast.Node) -> None:
        self.all = tuple([node for node, _ in ast.walk(root)])
        self._by_kind: defaultdict[type, list[Any]] = defaultdict(list)
        for node in self.all:
            self._by_kind[type(node)].append(node)

    def of(self, kind: type[N]) -> list[N]:
        """The nodes of one kind."""
        return self._by_kind.get(kind, [])


@dataclass(frozen=True)
class LintContext:
    """A spec as the rules see it.

    `schedule` is None where it is unknown; `base_is_known` is false where the spec was compiled
    with a learning rate of 1, since its own is unknown. `origin` says where the spec was found,
    `program` has the other specs of its program.
    """

    analysis: Analysis
    run: Context
    schedule: Schedule | None
    base_is_known: bool
    origin: SpecOrigin
    program: ProgramContext

    @property
    def source(self) -> str:
        """The text of the spec."""
        return self.analysis.source

    @property
    def tree(self) -> ast.Node:
        """The spec as written."""
        return self.analysis.tree

    @property
    def expanded(self) -> ast.Node:
        """The spec without definitions."""
        return self.analysis.expanded

    @property
    def language(self) -> Language:
        """The language that the spec can use, its own definitions included."""
        return self.analysis.language

    @property
    def total(self) -> int | None:
        """Updates in the run."""
        return self.run.total_steps

    @property
    def known_schedule(self) -> Schedule:
        """The schedule, for rules that are not run without one."""
        assert self.schedule is not None
        return self.schedule

    @property
    def known_total(self) -> int:
        """Updates in the run, for rules that are not run without that number."""
        assert self.total is not None
        return self.total

    @cached_property
    def end(self) -> float:
        """The update before which the schedule is looked at: the run's end, or its own."""
        if self.total is not None:
            return self.total
        return math.inf if self.schedule is None else self.schedule.length

    def compiled(self, source: str | None = None, base: float | None = None) -> Schedule | None:
        """The spec, or a text in its place, with its own `base` or another; None if it fails."""
        run = self.run
        if base is not None or not self.base_is_known:
            base = base or run.base_lr or 1.0  # an assumed one, where there is no own
            run = replace(run, base_lr=base)
        references = self.program.references(run, base or 1.0)
        if not references.are_known:
            return None
        try:
            analysis = self.analysis
            if source is not None:
                analysis = analyse(self.language, source, run.definitions, references.schedules)
            return schedule_of(analysis, run, references.schedules)
        except SpecError:
            return None

    @cached_property
    def rebased(self) -> Schedule | None:
        """The schedule; with another `base`, where that is not known, None if it fits no other.

        A finding at both bases does not depend on the base.
        """
        return self.schedule if self.base_is_known else self.compiled(base=OTHER_BASE)

    @cached_property
    def segments(self) -> tuple[TimelineSegment, ...]:
        """The segments of the chains, in order; parts that hold others are left out."""
        return () if self.schedule is None else _leaves(self.schedule.chain_segments)

    @cached_property
    def values(self) -> Mapping[int, float]:
        """The schedule's values at updates 0 and 1, and at the first and last of each segment."""
        if self.schedule is None:
            return {}
        seen = [segment for segment in self.segments if segment.is_seen]
        firsts = [max(segment.start, 0) for segment in seen]  # `skip` leaves out what lies before
        lasts = [int(segment.stop) - 1 for segment in seen if segment.stop < math.inf]
        updates = sorted({0, 1, *firsts, *lasts})
        return dict(zip(updates, self.schedule(updates).tolist(), strict=True))

    def shape_name(self, segment: TimelineSegment) -> str:
        """The name of the shape that a segment is a call of, "" for anything else."""
        node = segment.node
        name = node.name.id if isinstance(node, (ast.Call, ast.Bracket)) else ""
        return "" if name in FUNCTIONS else name

    @cached_property
    def nodes(self) -> NodesByKind:
        """The nodes of the spec without definitions."""
        return NodesByKind(self.expanded)

    @cached_property
    def as_written(self) -> NodesByKind:
        """The nodes of the spec as it is written."""
        return self.nodes if self.tree is self.expanded else NodesByKind(self.tree)

    @cached_property
    def calls(self) -> tuple[CallSite, ...]:
        """The calls of shapes and modifiers, also those inside the definitions that are called."""
        return tuple(filter(None, map(self._call_site, self.nodes.of(ast.Call))))

    def _call_site(self, node: ast.Call) -> CallSite | None:
        name, is_modifier = node.name.id, id(node) in self._modifiers
        modifier = self.language.modifiers.get(name) if is_modifier else None
        signature = None if is_modifier or name in FUNCTIONS else self.language.shapes.get(name)
        if modifier is not None:
            parameters, curve = modifier.parameters(), None
        elif signature is not None:
            parameters, curve = signature.accepted, signature.curve
        else:
            return None
        found = self.analysis.bindings.get(id(node)) or bind(node, parameters, curve)
        mode = None if found.curve is None else found.curve.name
        return CallSite(node, name, found.arguments, mode, signature, modifier)

    def call_at(self, node: ast.Node) -> CallSite | None:
        """The call that a node of the spec without definitions is, if it is one of `calls`."""
        return self._sites.get(id(node))

    @cached_property
    def _sites(self) -> Mapping[int, CallSite]:
        return {id(call.node): call for call in self.calls}

    @cached_property
    def _modifiers(self) -> frozenset[int]:
        """The nodes that stand right of a `|`, by identity."""
        return frozenset([id(part) for pipe in self.nodes.of(ast.Pipe) for part in pipe.parts[1:]])

    @cached_property
    def ramps(self) -> tuple[RampSite, ...]:
        """The ramps of the schedule."""
        return tuple(self.placed_ramps.values())

    @cached_property
    def placed_ramps(self) -> Mapping[tuple[int, int], RampSite]:
        """The ramps of the schedule by their places."""
        return self.ramps_of(self.schedule)

    def ramps_of(self, schedule: Schedule | None) -> Mapping[tuple[int, int], RampSite]:
        """The ramps that are parts of chains, or all of the spec, by their own formulas.

        The keys are the call's place in the text and its first update. A ramp with a flat curve is
        left out: it promises no change.
        """
        found = {}
        for segment in () if schedule is None else schedule.chain_segments:
            call, length = self.call_at(segment.node), segment.length
            if call is None or call.mode is None or not isinstance(length, (int, Fraction)):
                continue
            if length > 0 and not CURVES[call.mode].is_flat:
                last = segment.signal.value_at(float(length))
                place = (call.span.start, segment.start)
                found[place] = RampSite(call.name, segment.first, last, call.span)
        return found

    def updates(self, node: ast.Node) -> Fraction | None:
        """The number of updates that a duration is, None if that is not known."""
        found = duration(node, "", self._nowhere())
        return None if found is None else Fraction(found)

    def value(self, node: ast.Node | None) -> float | None:
        """The value of a node, None if there is none, or it is unknown or depends on its place."""
        return None if node is None else value(node, "", self._nowhere())

    def _nowhere(self) -> Environment:
        """The environment of a node whose place is unknown."""
        return Environment(Inputs(self.run, self.language), [])


def _leaves(segments: Iterable[TimelineSegment]) -> tuple[TimelineSegment, ...]:
    """The segments that hold no others, in order. One that no update sees counts for nothing."""
    found = sorted(segments, key=lambda segment: (segment.start, segment.stop))
    leaves: list[TimelineSegment] = []
    nearest = math.nan  # the first end among those that start later
    for start, group in itertools.groupby(reversed(found), key=lambda segment: segment.start):
        together = list(group)
        shortest = min([x.stop for x in together if start < x.stop], default=math.nan)
        leaves += [x for x in together if not (shortest < x.stop or nearest <= x.stop)]
        nearest = float(np.fmin(nearest, shortest))
    return tuple(leaves[::-1])
