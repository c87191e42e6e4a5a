from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from lrdsl.linter.base import Case, Finding, Rule, case, rule
from lrdsl.linter.subject import Subject
from lrdsl.linter.written import MOST, entries, is_same_without, number


@rule
class IntervalWithoutEffect(Rule):
    """An entry of an `interval` changes no value: a factor 1, or the value that stands there.

    Somebody meant the learning rate to change there, and it does not: a factor that was left at 1,
    a drop to the value it already has, an entry that a later one covers. Pointcept/Pointcept#379
    is a run whose milestones never took effect, which nothing had told.
    """

    code: ClassVar[str] = "LR831"
    name: ClassVar[str] = "interval-without-effect"

    invalid: ClassVar[tuple[Case, ...]] = (
        case("constant(0.1) | interval[300:*1, 600:*0.1]"),
        case("constant(0.1) | interval[300:0.1]", total_steps=500),
        case("constant(0.1) | interval[200:0.05, 300:0.05]", total_steps=800),
        case("linear(1, 0, 200) | interval[300:*0.1]", total_steps=500),
    )
    valid: ClassVar[tuple[Case, ...]] = (
        case("constant(0.1) | interval[300:*0.5, 600:*0.1]"),
        case("constant(0.1) | interval[300:0.01]", total_steps=500),
        case("constant(0.1) | interval[200..300:0.05]", total_steps=500),
        case("linear(1, 0.1, 200) | interval[300:*0.1]", total_steps=500),
        case("constant(0.1) | plateau() | interval[300:0.1]", total_steps=500),
    )

    def check(self, subject: Subject) -> Iterator[Finding]:
        assert subject.schedule is not None
        # What reacts to metrics has other values later than it has now.
        known = subject.end <= MOST and not subject.schedule.is_reactive
        for entry in entries(subject):
            if entry.node.factor and number(entry.node.value) == 1:
                message = "the factor is 1, which changes nothing"
            elif known and entry.start < entry.room and is_same_without(subject, entry.piece):
                message = "the entry changes no value"
            else:
                continue
            yield Finding(message, entry.node.span, "leave it out")
