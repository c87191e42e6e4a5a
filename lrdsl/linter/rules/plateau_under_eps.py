from lrdsl.language.modifiers.reactive import MetricModifier
from lrdsl.linter.context import LintContext
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule
from lrdsl.syntax import ast

MAX_SEARCHED_UPDATES = 1_000_000
"""Updates of a segment that are searched for its highest value."""


@rule("LR841", "plateau-under-eps", needs=("schedule", "values", "rate"))
class PlateauUnderEps(Rule):
    """A `plateau` can never lower the learning rate, because of `eps` or `min_lr`.

    A reduction by no more than `eps` is not made, and none goes below `min_lr`. Where the learning
    rate is that low from the start, nothing ever happens: joeynmt/joeynmt#163 never reached its
    stop, nitrain/nitrain#110 and ArnovanHilten/GenNet#114 had a `min_lr` close to it.
    """

    invalid = (
        case("constant(1e-8) | plateau()", total_steps=100),
        case("constant(1e-3) | plateau(0.2, min_lr=1e-3)", total_steps=100),
        case("warmup(10) >> (constant(1e-6) | plateau(0.5, eps=1e-6))", total_steps=100),
    )
    valid = (
        case("constant(1e-3) | plateau()", total_steps=100),
        case("constant(1e-3) | plateau(0.2, min_lr=1e-5)", total_steps=100),
        case("constant(base) | plateau(0.2, min_lr=1e-3)", total_steps=100),
        case("constant(1e-6) | plateau(0.5, eps=0)", total_steps=100),
    )

    def check(self, context: LintContext) -> Violations:
        schedule = context.known_schedule
        reacting = [
            (call, call.modifier.reduction_fields)
            for call in context.calls
            if call.modifier is not None and issubclass(call.modifier, MetricModifier)
        ]
        calls = [(call, fields) for call, fields in reacting if fields is not None]
        # A call belongs to the innermost segment around it.
        segments = schedule.chain_segments if calls else ()
        places = {node.span: x for x in reversed(segments) for node, _ in ast.walk(x.node)}
        for call, fields in calls:
            place = places.get(call.span)
            start, stop = (0, context.end) if place is None else (place.start, place.stop)
            start = max(start, 0)
            stop = min(stop, context.end, start + MAX_SEARCHED_UPDATES)
            if start >= stop:
                continue
            _, peak = schedule.bounds(start, int(stop))
            factor, least, eps = [
                context.value(call.arguments[name])
                if name in call.arguments
                else call.callee.model_fields[name].default
                for name in fields
            ]
            if factor is None or least is None or eps is None or peak <= 0:
                continue
            if peak <= least:
                why = f"`{fields[1]}` is {least:g}"
                fix = f"lower `{fields[1]}`"
            elif peak - max(peak * factor, least) <= eps:
                why = f"a reduction by no more than `{fields[2]}` = {eps:g} is not made"
                fix = f"lower `{fields[2]}`"
            else:
                continue
            message = f"this never lowers the learning rate, which is at most {peak:g}: {why}"
            yield Violation(message, call.span, fix)
