from __future__ import annotations

import math
from collections.abc import Iterator
from typing import ClassVar

from lrdsl.linter.base import Case, Finding, Rule, case, rule
from lrdsl.linter.looking import falls
from lrdsl.linter.subject import Subject


@rule
class EndNotReached(Rule):
    """The run ends a few updates before the schedule does, in the middle of a steep decay.

    A cooldown of a few updates loses most of its way to a run that is hardly shorter than the
    schedule, and the weights that are kept have never seen the low rate. A schedule that is longer
    by more than `longer_than_run` is found by `longer-than-run`.

    Reported as VITA-Group/BERT-Tickets#4 (the decay was planned for more updates than were made, so
    that the rate was still nearly at its start) and pytorch/pytorch#47560 (a minimum that no update
    has).
    """

    code: ClassVar[str] = "LR804"
    name: ClassVar[str] = "end-not-reached"
    needs_total: ClassVar[bool] = True

    tolerance: float = 0.05
    """How far from its end the last segment may be left, as a share of its way."""
    longer_than_run: float = 0.01
    """From what share of the run on a schedule that is longer is left to `longer-than-run`."""

    invalid: ClassVar[tuple[Case, ...]] = (
        case("constant(1, 990) >> cooldown(linear, 15)", total_steps=1000, base_lr=1),
        case("warmup(100) >> constant(1, 9850) >> linear(1, 0, 100)", total_steps=9960),
        case("constant(1, 9990) >> cosine(1, 0, 20)", total_steps=10000),
    )
    valid: ClassVar[tuple[Case, ...]] = (
        case("constant(1, 990) >> cooldown(linear, 10)", total_steps=1000),
        case("cosine(1, 0, 1005)", total_steps=1000),
        case("cosine(1, 0)", total_steps=1000),
        case("constant(1, 990) >> cooldown(linear, 200)", total_steps=1000),
        case("step(1, 0.5, 300)", total_steps=1000),
    )

    def check(self, subject: Subject) -> Iterator[Finding]:
        assert subject.schedule is not None and subject.total is not None
        length, total = subject.schedule.length, subject.total
        if math.isinf(length) or not total < length <= total * (1 + self.longer_than_run):
            return
        for part in subject.parts:
            if part.start < total < part.stop == length and falls(part):
                # The boundary belongs to what follows: at update `total` it should be over.
                left = part.signal.at(total - part.start) - part.leads_to
                if left > self.tolerance * (part.begins - part.leads_to):
                    message = (
                        f"the run ends {length - total:g} updates before this does: the last"
                        f" update has {part.signal.at(total - 1 - part.start):g}, not"
                        f" {part.leads_to:g}"
                    )
                    yield Finding(message, part.span, "leave its length out, or shorten the others")
