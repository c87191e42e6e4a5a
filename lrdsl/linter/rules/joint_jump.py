import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lrdsl.language.parameters import Kind
from lrdsl.language.signal import TimelineSegment
from lrdsl.linter.amounts import said
from lrdsl.linter.context import LintContext
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule
from lrdsl.linter.segment_queries import NEGLIGIBLE, in_one_call
from lrdsl.linter.syntax_queries import limits_values, mentions, modifier_of
from lrdsl.schedule.schedule import Schedule
from lrdsl.syntax import ast

FAR = 0.1
"""The share of a value below which another one is far from it."""


class Joint(NamedTuple):
    """The place where one part of a chain follows another: the update `at`.

    `before` is what the formula of the one on the left comes to there, `after` the value that the
    other one starts at.
    """

    left: TimelineSegment
    right: TimelineSegment
    at: int
    before: float
    after: float


def _joints(schedule: Schedule) -> Iterator[Joint]:
    """The joints of the chains of a schedule.

    Each update comes once; there are none under what warps time.
    """
    seen: set[int] = set()
    for i, right in enumerate(schedule.chain_segments[1:], 1):
        left = schedule.chain_segments[i - 1]
        follows = left.start < left.stop == right.start
        if follows and 0 < right.start < right.stop and right.start not in seen:
            seen.add(right.start)
            yield Joint(left, right, right.start, left.leads_to, right.first)


@rule("LR802", "joint-jump")
class JointJump(Rule):
    """The value jumps where one segment follows another.

    A peak that was changed in one place and not in the other leaves a step in the learning rate,
    and the loss spikes or stalls there. Intended steps are not reported: `step`, `multistep`,
    `interval`, `clip`, restarts, from where one decay has ended up to the written start of another,
    a second warmup from far below, the end of a constant of 0, one constant after another, a start
    written with `prev`, and jumps inside one definition.

    Reported as huggingface/transformers#4940 (the rate dropped where the warmup ended, because the
    decay had started at update 0) and salesforce/LAVIS#72 (it jumped to its highest value where the
    first epoch ended, in the middle of the warmup).
    """

    ratio: float = 1.2
    """The factor by which a value may rise or fall."""

    invalid = (
        case("warmup(100, 0, 1e-3) >> cosine(1e-4, 0, 800)"),
        case("linear(1, 0.5, 100) >> linear(0.1, 0, 100)"),
        case("warmup(100) >> constant(0.1, 800) >> linear(0.01, 0, 100)"),
        case("linear(1, 0, 100) >> constant(0.1)"),
        case("sequence([linear(0, 1, 50), cosine(0.5, 0, 100)], [50])"),
        case("cosine(1, 0.5, 100) >> cosine(0.8, 0, 100)"),
    )
    valid = (
        case("warmup(100) >> cosine(1e-3, 0, 800)"),
        case("constant(1, 100) >> constant(0.1, 100) >> constant(0.01)"),
        case("linear(1, 0.5, 100) >> linear(prev / 5, 0, 100)"),
        case("linear(1, 0.5, 100) >> (linear(prev / 5, 0, 100) | every(10))"),
        case("step(1, 0.1, 30)"),
        case("cosine(1, 0, 100) | repeat()"),
        case("warmup(constant, 100, 0.1) >> linear(1, 0, 800)"),
        case("constant(base, 100) >> cosine(0.1, 0, 100)"),
        case("torch.ConstantLR(0.1, 100)"),
        case("warmup(100) >> (hold(50) | clip(0, 0.04))", base_lr=0.1),
        case("mxnet.CosineScheduler(max_update=800, base_lr=1, warmup_steps=100)"),
        case("warmup(100, 0, 1) >> constant(2) | clip(0, 1)"),
        case("cosine(1, 0, 100) >> cosine(1, 0, 100) >> cosine(0.5, 0, 100)"),
        case("cosine(base, base / 5, 100) >> cosine(base, base / 5, 100)"),
        case("warmup(10) >> cosine(1, 0.1, 90) >> warmup(10, 0, 0.5) >> cosine(_, 0, 90)"),
        case("constant(1, 150) >> linear(0.01, 1, 10) >> constant(1)"),
        case("warmup(50, 0, 1) >> (cosine(1, 0, 100) | skip(50))"),
    )

    def check(self, context: LintContext) -> Violations:
        schedule = context.known_schedule
        found = [joint for joint in _joints(schedule) if self._is_wrong(context, joint)]
        other = context.rebased if found else None
        elsewhere = {} if other is None else {joint.at: joint for joint in _joints(other)}
        for joint in [joint for joint in found if joint.at in elsewhere]:
            twin = elsewhere[joint.at]  # the jump is by the same ratio at another base, or none
            if not math.isclose(joint.before * twin.after, twin.before * joint.after, rel_tol=1e-6):
                continue
            before = said(context, joint.before, twin.before)
            after = said(context, joint.after, twin.after)
            jump = f" from {before} to {after}" if before and after else ""
            message = f"the value jumps{jump} at update {joint.at}, where this segment starts"
            fix = "write `_` for its start, or let the segment before it end at the same value"
            yield Violation(message, joint.right.span, fix)

    def _is_wrong(self, context: LintContext, joint: Joint) -> bool:
        if joint.before == joint.after or joint.at >= (context.total or math.inf):
            return False
        ends = [joint.left.first, joint.before, joint.after, joint.right.leads_to]
        scale = float(np.nanmax(np.abs(ends)))  # what never ends leads to NaN
        is_large = self._differ(joint.before, joint.after, NEGLIGIBLE * scale)
        if not is_large or _is_meant(context, joint):
            return False
        before, after = context.known_schedule([joint.at - 1, joint.at]).tolist()
        return self._differ(before, after, 0)  # a modifier around the chain may hide it

    def _differ(self, before: float, after: float, negligible: float) -> bool:
        low, high = sorted([abs(before), abs(after)])
        if abs(after - before) <= negligible:
            return False
        return before * after <= 0 or high > low * self.ratio


def _is_meant(context: LintContext, joint: Joint) -> bool:
    """Whether the jump is one that the text asks for."""
    left, right = joint.left, joint.right
    return (
        in_one_call(left.span, right.span)
        or (isinstance(right.node, ast.Pipe) and limits_values(right.node.parts[-1]))
        or mentions(right.node, "prev")
        or mentions(left.node, "next")
        or (_is_flat(left) and (_is_flat(right) or _has_curve(context, left) or not joint.before))
        or _begins_later(right.node)
        or _is_restart(context, joint)
        or (
            joint.after < joint.before and joint.after <= FAR * float(np.nanmax(_few_values(right)))
        )
    )


def _begins_later(node: ast.Node) -> bool:
    """Whether a part leaves out its own beginning: `cosine(…) | skip(5ep)`."""
    modifiers = [modifier_of(part) for part in node.parts[1:]] if isinstance(node, ast.Pipe) else []
    return any(
        [
            each is not None and each.warps_time and not (each.makes_cycles or each.rescales_time)
            for each in modifiers
        ]
    )


def _is_restart(context: LintContext, joint: Joint) -> bool:
    """Whether one decay starts anew where another has ended.

    It starts far above, or as high as one before it did.
    """
    left, right = joint.left, joint.right
    if not (left.leads_to < left.first and joint.before < joint.after > right.leads_to):
        return False
    near, above = joint.after * (1 - 1e-6), joint.after * (1 + 1e-6)
    earlier = (x.first for x in context.segments if x.start <= left.start)
    ended = joint.before <= FAR * max(left.first, joint.after)
    return ended or any(near <= first <= above for first in earlier)


def _is_flat(segment: TimelineSegment) -> bool:
    """Whether a segment has one value, as far as that is seen at a few updates."""
    return bool(np.ptp(_few_values(segment)) == 0)


def _highest(segment: TimelineSegment) -> float:
    return float(np.nanmax(_few_values(segment)))


def _few_values(segment: TimelineSegment) -> NDArray[np.float64]:
    length = 1000.0 if segment.stop == np.inf else float(segment.stop - segment.start)
    return segment.signal.values(np.floor(np.linspace(0, length, 7)))


def _has_curve(context: LintContext, segment: TimelineSegment) -> bool:
    """Whether a curve is chosen for it: `warmup(constant, …)`, which ends with a jump."""
    node = segment.node
    signature = context.language.shapes.get(node.name.id) if isinstance(node, ast.Call) else None
    return signature is not None and Kind.MODE in signature.kinds
