from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from lrdsl.language.modifiers.reactive import MetricModifier
from lrdsl.linter.rule import Case, Finding, Rule, case, rule
from lrdsl.linter.subject import Subject


@rule
class MetricNeverGiven(Rule):
    """The spec reacts to a metric, and what drives it is never given one.

    The learning rate stays where it is for the whole run. dreamquark-ai/tabnet#231 reports a metric
    that got lost between two versions, ContinualAI/avalanche#692 a driver that knows of none. It is
    found where the place tells that no metric comes.
    """

    code: ClassVar[str] = "LR842"
    name: ClassVar[str] = "metric-never-given"
    needs_schedule: ClassVar[bool] = False

    invalid: ClassVar[tuple[Case, ...]] = (
        case("constant(0.1) | plateau()", facts={"gives_metrics": False}),
        case("warmup(10) >> (hold() | newbob(0.5))", facts={"gives_metrics": False}),
        case("torch.ReduceLROnPlateau()", facts={"gives_metrics": False}),
    )
    valid: ClassVar[tuple[Case, ...]] = (
        case("constant(0.1) | plateau()"),
        case("constant(0.1) | plateau()", facts={"gives_metrics": True}),
        case("cosine(0.1, 0, 100)", facts={"gives_metrics": False}),
    )

    def check(self, subject: Subject) -> Iterator[Finding]:
        if subject.facts.get("gives_metrics") is not False:
            return
        for call in subject.calls:
            if call.modifier is not None and issubclass(call.modifier, MetricModifier):
                message = f"`{call.name}` needs a metric, and none is ever given"
                yield Finding(message, call.span, "pass one: `scheduler.step(metric)`")
