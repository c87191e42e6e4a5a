from __future__ import annotations

from lrdsl.language.modifiers.reactive import MetricModifier
from lrdsl.language.shapes.base import Direction
from lrdsl.linter.context import LintContext
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule
from lrdsl.linter.syntax_queries import modifier_of, promised_direction
from lrdsl.syntax import ast


@rule("LR840", "plateau-during-warmup", needs_schedule=False)
class PlateauDuringWarmup(Rule):
    """A modifier that reacts to a metric applies to a whole chain, the warmup included.

    Metrics of the warmup then count: a few that are no better, which is common while the rate is
    still rising, and the rest of the run trains with a tenth of it. Warmup and reduction get into
    each other's way in ildoonet/pytorch-gradual-warmup-lr#19 and facebookresearch/ParlAI#1812.
    """

    invalid = (
        case("warmup(1000) >> hold() | plateau(0.5, patience=3)"),
        case("(warmup(1000) >> cosine(0.1, 0, 9000)) | plateau()"),
        case("warmup(1000) >> constant(0.1) | clip(_, 0.05) | newbob()"),
    )
    valid = (
        case("warmup(1000) >> (hold() | plateau(0.5, patience=3))"),
        case("constant(0.1) | plateau()"),
        case("hold(1000) >> linear(_, 0, 100) | plateau()"),
        case("warmup(1000) >> hold() | anchor()"),
    )

    def check(self, context: LintContext) -> Violations:
        for pipe in context.as_written:
            if not isinstance(pipe, ast.Pipe) or not isinstance(pipe.parts[0], ast.Chain):
                continue
            first = pipe.parts[0].parts[0]
            name = first.name.id if isinstance(first, ast.Call) else ""
            if promised_direction(name) is not Direction.UP:
                continue
            for part in pipe.parts[1:]:
                modifier = modifier_of(part)
                if modifier is None or not issubclass(modifier, MetricModifier):
                    continue
                if not modifier.has_grace:
                    name = modifier.name
                    message = f"`{name}` reacts during the warmup, too"
                    fix = f"put it on what follows: `warmup(…) >> (… | {name}(…))`"
                    yield Violation(message, part.span, fix)
