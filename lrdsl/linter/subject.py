"""What a rule looks at: a spec, its tree, and where it can be known its values in the run."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

from lrdsl.compiler.arithmetic import Durations, Values
from lrdsl.compiler.bind import UNTIL, bind
from lrdsl.compiler.context import Context
from lrdsl.compiler.frames import Place
from lrdsl.diagnostics import Reporter, Span
from lrdsl.linter.beside import Beside
from lrdsl.modifiers import MODIFIERS
from lrdsl.modifiers.base import Length
from lrdsl.parameters import Kind
from lrdsl.schedule import Schedule
from lrdsl.shapes import SHAPES
from lrdsl.signal import Signal
from lrdsl.syntax import nodes as n


@dataclass(frozen=True)
class CallSite:
    """A call of a shape or a modifier, with its arguments by parameter.

    What was left out, or is `_`, is not in `arguments`. `mode` is the name of the curve.
    """

    node: n.Call
    name: str
    arguments: Mapping[str, n.Node]
    mode: str | None = None

    @property
    def span(self) -> Span:
        """Where the call stands."""
        return self.node.span


@dataclass(frozen=True)
class Part:
    """A segment of a chain in the run: the updates from `start` to before `stop`.

    `length` is exact. `first` is the value at `start`, `last` that at `stop - 1`, both NaN where no
    update sees the part; `leads_to` what its own formula, `signal`, comes to at `stop`. `name` is
    the shape's, "" for anything else.
    """

    node: n.Node
    name: str
    start: int
    stop: float
    length: Length
    first: float
    last: float
    leads_to: float
    signal: Signal

    @property
    def begins(self) -> float:
        """What its own formula comes to at `start`."""
        return self.signal.at(0)

    @property
    def span(self) -> Span:
        """Where the part stands in the text."""
        return self.node.span


@dataclass(frozen=True)
class Subject:
    """A spec as the rules see it.

    `tree` is as written, `expanded` without definitions. `schedule` is None where it cannot be
    known; `base_is_known` is false where it was compiled with a learning rate of 1 for want of a
    better one. `facts` are what is known of the place where the spec was found, by name, `beside`
    the program that it is part of.
    """

    source: str
    tree: n.Node
    expanded: n.Node
    context: Context
    schedule: Schedule | None
    base_is_known: bool = True
    facts: Mapping[str, Any] = field(default_factory=dict)
    beside: Beside = field(default_factory=Beside)

    @property
    def total(self) -> int | None:
        """Updates in the run."""
        return self.context.total_steps

    @cached_property
    def end(self) -> float:
        """The update before which the schedule is looked at: the run's end, or its own."""
        if self.total is not None:
            return self.total
        return math.inf if self.schedule is None else self.schedule.length

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """The segments of the chains, in order; parts that hold others are left out."""
        schedule = self.schedule
        if schedule is None:
            return ()
        found = sorted(schedule.laid, key=lambda part: (part.start, part.stop))
        leaves = [
            part
            for part in found
            if not any(
                [
                    other is not part
                    and part.start <= other.start
                    and other.stop <= part.stop
                    and (part.start, part.stop) != (other.start, other.stop)
                    and other.start < other.stop
                    for other in found
                ]
            )
        ]
        parts = []
        for part in leaves:
            seen = max(part.start, 0) < part.stop  # `skip` leaves some before update 0
            first = schedule(max(part.start, 0)) if seen else math.nan
            last = schedule(int(part.stop) - 1) if seen and part.stop < math.inf else math.nan
            leads_to = math.nan
            if part.stop < math.inf:
                leads_to = part.signal.at(float(part.stop - part.start))
            parts.append(
                Part(
                    part.node,
                    _name_of(part.node),
                    part.start,
                    part.stop,
                    part.length,
                    first,
                    last,
                    leads_to,
                    part.signal,
                )
            )
        return tuple(parts)

    @cached_property
    def calls(self) -> tuple[CallSite, ...]:
        """The calls of shapes and modifiers, those that definitions stand for included."""
        return tuple(_call_sites(self.expanded))

    @cached_property
    def written(self) -> tuple[CallSite, ...]:
        """The calls of shapes and modifiers that stand in the text itself."""
        return tuple([call for call in self.calls if not call.span.sites])

    def updates(self, node: n.Node) -> Fraction | None:
        """How many updates a duration is, None if that is not known."""
        return Durations(self.context, Reporter(""), "", Place(None, None)).evaluate(node)

    def value(self, node: n.Node) -> float | None:
        """The value of a node, None if that is not known, or depends on the place."""

        def nowhere(span: Span) -> None:
            return None

        return Values(self.context, Reporter(""), "", nowhere, nowhere).evaluate(node)


def _name_of(node: n.Node) -> str:
    return node.name.id if isinstance(node, (n.Call, n.Bracket)) else ""


def _call_sites(root: n.Node) -> Iterator[CallSite]:
    for node, _ in n.walk(root):
        if not isinstance(node, n.Call):
            continue
        name = node.name.id
        form, modifier = SHAPES.find(name), MODIFIERS.find(name)
        if form is not None:
            parameters = form.parameters
            if form.has(Kind.STEPS):
                parameters = (*parameters, UNTIL)
            found = bind(node, parameters, form.curve, Reporter(""))
            curve = None if found.curve is None else found.curve.name
            yield CallSite(node, name, found.arguments, curve)
        elif modifier is not None:
            found = bind(node, modifier.parameters(), None, Reporter(""))
            yield CallSite(node, name, found.arguments)
