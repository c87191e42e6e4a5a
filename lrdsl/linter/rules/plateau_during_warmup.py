from lrdsl.language.modifiers.reactive import MetricModifier
from lrdsl.language.shapes.base import Direction
from lrdsl.linter.context import LintContext
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule
from lrdsl.linter.syntax_queries import modifier_of, promised_direction
from lrdsl.syntax import ast


@rule("LR840", "plateau-during-warmup", needs=())
class PlateauDuringWarmup(Rule):
    """A modifier that reacts to a metric applies to a whole chain, the warmup included.

    Metrics of the warmup then count. While the rate is still rising, a few that do not improve are
    common, and the rest of the run trains with a tenth of the rate. Warmup and reduction get into
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
        for pipe in context.as_written.of(ast.Pipe):
            match pipe.parts:
                case (ast.Chain(parts=(ast.Call(name=ast.Name(id=first)), *_)), *modifiers):
                    if promised_direction(context, first) is Direction.UP:
                        yield from _reacting(modifiers)


def _reacting(nodes: list[ast.Node]) -> Violations:
    for node in nodes:
        modifier = modifier_of(node)
        if modifier and issubclass(modifier, MetricModifier) and not modifier.has_grace:
            name = modifier.name
            message = f"`{name}` reacts to the metrics of the warmup too"
            fix = f"apply it to what follows the warmup: `warmup(…) >> (… | {name}(…))`"
            yield Violation(message, node.span, fix)
