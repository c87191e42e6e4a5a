from lrdsl.language.modifiers.reactive import MetricModifier
from lrdsl.linter.context import LintContext
from lrdsl.linter.origin import SpecOrigin
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule


@rule("LR842", "metric-never-given", needs=())
class MetricNeverGiven(Rule):
    """The schedule reacts to a metric, and its scheduler is never given one.

    The learning rate stays where it is for the whole run. In dreamquark-ai/tabnet#231 the metric
    got lost between two versions, in ContinualAI/avalanche#692 the training loop passed none. It is
    reported only where the code around the scheduler shows it.
    """

    invalid = (
        case("constant(0.1) | plateau()", origin=SpecOrigin(gives_metrics=False)),
        case("warmup(10) >> (hold() | newbob(0.5))", origin=SpecOrigin(gives_metrics=False)),
        case("torch.ReduceLROnPlateau()", origin=SpecOrigin(gives_metrics=False)),
    )
    valid = (
        case("constant(0.1) | plateau()"),
        case("constant(0.1) | plateau()", origin=SpecOrigin(gives_metrics=True)),
        case("cosine(0.1, 0, 100)", origin=SpecOrigin(gives_metrics=False)),
    )

    def check(self, context: LintContext) -> Violations:
        if context.origin.gives_metrics is not False:
            return
        for call in context.calls:
            if call.modifier is not None and issubclass(call.modifier, MetricModifier):
                message = f"`{call.name}` reacts to a metric, and the scheduler is never given one"
                yield Violation(message, call.span, "pass it: `scheduler.step(metric)`")
