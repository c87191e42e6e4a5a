from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import ClassVar

from lrdsl.language.length import round_half_up
from lrdsl.linter.context import LintContext
from lrdsl.linter.rule import Case, Rule, Violation, case, rule
from lrdsl.syntax import ast


@rule
class UnseenSegment(Rule):
    """No update sees a segment: it starts when the run is over, or is hidden behind something else.

    Most often it is the final decay, so that the run lacks what it was planned to end with. A
    `take` that is shorter than the chain hides a segment, and so does an `interval` entry that
    replaces the schedule from an earlier update on.
    """

    code: ClassVar[str] = "LR806"
    name: ClassVar[str] = "unseen-segment"

    invalid: ClassVar[tuple[Case, ...]] = (
        case("warmup(100) >> constant(1, 900) >> linear(1, 0, 200)", total_steps=1000),
        case("warmup(100) >> cosine(1, 0.1, 800) >> 0.1", total_steps=500),
        case("constant(1, 100) >> linear(1, 0, 100) | take(80)"),
        case("constant(1, 100) >> linear(1, 0, 100) | interval[90:0.1]"),
    )
    valid: ClassVar[tuple[Case, ...]] = (
        case("warmup(100) >> constant(1, 700) >> linear(1, 0, 200)", total_steps=1000),
        case("warmup(100) >> cosine(1, 0.1, 800) >> 0.1"),
        case("constant(1, 100) >> linear(1, 0, 100) | interval[150:0.1]"),
        case("constant(1, 100) >> linear(1, 0, 100) | interval[90:*0.1]"),
        case("constant(1, 100) >> linear(1, 0, 100) | interval[50..95:0.1]"),
    )

    def check(self, context: LintContext) -> Iterator[Violation]:
        assert context.schedule is not None
        ends: list[tuple[float, str]] = []
        if context.total is not None:
            ends.append((context.total, "the run is over after {} updates"))
        ends.append((context.schedule.length, "the schedule is over after {} updates"))
        replaced = _replaced_from(context)
        if replaced is not None:
            ends.append((round_half_up(replaced), "an `interval` replaces it from update {} on"))
        seen: set[tuple[int, int]] = set()
        for segment in context.segments:
            if segment.start == segment.stop or segment.stop <= 0 or segment.span[:2] in seen:
                continue
            for end, why in ends:
                if segment.start >= end:
                    seen.add(segment.span[:2])
                    message = f"no update sees this: it starts at update {segment.start}, and "
                    yield Violation(message + why.format(f"{end:g}"), segment.span)
                    break


def _replaced_from(context: LintContext) -> Fraction | None:
    """From where on the entries of an `interval` around everything replace what stands below."""
    tree = context.expanded
    found: list[Fraction] = []
    for modifier in tree.parts[1:] if isinstance(tree, ast.Pipe) else ():
        if not isinstance(modifier, ast.Bracket):
            return None  # other modifiers move or warp what follows
        for entry in modifier.entries:
            if isinstance(entry, ast.Entry) and not entry.factor and entry.stop is None:
                start = context.updates(entry.start)
                found += [] if start is None else [start]
    return min(found, default=None)
