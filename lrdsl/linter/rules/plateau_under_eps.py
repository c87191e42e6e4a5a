from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from lrdsl.language.modifiers.reactive import MetricModifier
from lrdsl.linter.context import CallSite, LintContext
from lrdsl.linter.rule import Case, Rule, Violation, case, rule
from lrdsl.syntax import ast

MAX_SEARCHED_UPDATES = 1_000_000
"""No more updates than this are looked at."""


@rule
class PlateauUnderEps(Rule):
    """A `plateau` can never lower the learning rate, because of `eps` or `min_lr`.

    A step down of no more than `eps` is not made, and none goes below `min_lr`. Where the learning
    rate is that low from the start, nothing ever happens: joeynmt/joeynmt#163 never reached its
    stop, nitrain/nitrain#110 and ArnovanHilten/GenNet#114 had a `min_lr` close to it.
    """

    code: ClassVar[str] = "LR841"
    name: ClassVar[str] = "plateau-under-eps"
    needs_values: ClassVar[bool] = True

    invalid: ClassVar[tuple[Case, ...]] = (
        case("constant(1e-8) | plateau()", total_steps=100),
        case("constant(1e-3) | plateau(0.2, min_lr=1e-3)", total_steps=100),
        case("warmup(10) >> (constant(1e-6) | plateau(0.5, eps=1e-6))", total_steps=100),
    )
    valid: ClassVar[tuple[Case, ...]] = (
        case("constant(1e-3) | plateau()", total_steps=100),
        case("constant(1e-3) | plateau(0.2, min_lr=1e-5)", total_steps=100),
        case("constant(base) | plateau(0.2, min_lr=1e-3)", total_steps=100),
        case("constant(1e-6) | plateau(0.5, eps=0)", total_steps=100),
    )

    def check(self, context: LintContext) -> Iterator[Violation]:
        assert context.schedule is not None
        calls = [(call, fields) for call in context.calls if (fields := _reduction_fields(call))]
        # Of parts that hold others, the others are what a call is part of.
        parts = context.schedule.chain_segments if calls else ()
        places = {node.span: part for part in reversed(parts) for node, _ in ast.walk(part.node)}
        for call, fields in calls:
            place = places.get(call.span)
            start, stop = (0, context.end) if place is None else (place.start, place.stop)
            start = max(start, 0)
            stop = min(stop, context.end, start + MAX_SEARCHED_UPDATES)
            if start >= stop:
                continue
            _, peak = context.schedule.bounds(start, int(stop))
            factor, least, eps = [
                context.value(call.arguments[name])
                if name in call.arguments
                else call.callee.model_fields[name].default
                for name in fields
            ]
            if factor is None or least is None or eps is None or peak <= 0:
                continue
            if peak <= least:
                message = f"`min_lr` is {least:g}, and the learning rate is at most {peak:g}"
            elif peak - max(peak * factor, least) <= eps:
                message = f"the learning rate is at most {peak:g}: a step would be within `eps`"
            else:
                continue
            yield Violation(message, call.span, "it never lowers anything; make that smaller")


def _reduction_fields(call: CallSite) -> tuple[str, str, str] | None:
    """The fields of the factor, of the least value and of the least change, if it has these."""
    if call.modifier is None or not issubclass(call.modifier, MetricModifier):
        return None
    return call.modifier.reduction_fields
