from lrdsl.language.shapes.base import Direction
from lrdsl.linter.context import LintContext
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule
from lrdsl.linter.segment_queries import at_update
from lrdsl.linter.syntax_queries import promised_direction


@rule("LR810", "zero-first-update", "hint", needs=("schedule", "rate"))
class ZeroFirstUpdate(Rule):
    """The first update has a learning rate of exactly 0, and changes nothing.

    A whole batch is computed for nothing, and a comparison of the weights before and after the
    first update sees no difference. A `warmup` begins at 0 unless told otherwise, which is common:
    it is reported only if `warmups` is set.

    Reported as huggingface/transformers#34754, meta-pytorch/torchtune#2010,
    EleutherAI/gpt-neox#1373 and verl-project/verl#3674.
    """

    warmups: bool = False
    """Whether a warmup that starts at 0 is reported too."""

    invalid = (
        case("linear(0, 1, 100) >> cosine(1, 0, 800)"),
        case("points[0:0, 100:1, 800:1e-3]"),
        case("base * t / 100 | take(100)"),
        case("warmup(100) >> cosine(1, 0, 800)", {"warmups": True}),
    )
    valid = (
        case("warmup(100) >> cosine(1, 0, 800)"),
        case("warmup(100, 0, 1) * exponential_decay(1, 0.5, every=100)"),
        case("linear(0.01, 1, 100) >> cosine(1, 0, 800)"),
        case("warmup(100, 1e-7) >> cosine(1, 0, 800)", {"warmups": True}),
        case("constant(0, 100) >> warmup(100) >> constant(1)"),
        case("0"),
        case("sequence([warmup(100), cosine(1, 0, 400)], [100])"),
        case("base - 1 + t"),
    )

    def check(self, context: LintContext) -> Violations:
        if context.values[0] != 0 or context.values[1] <= 0:
            return
        if context.rebased is None or context.rebased(0) != 0:
            return
        span = at_update(context, 0)
        if self.warmups or not (span.sites or _warms_up(context)):
            message = "the first update has a learning rate of 0, and changes no weight"
            yield Violation(message, span, "start slightly above 0, or add `| skip(1)`")


def _warms_up(context: LintContext) -> bool:
    """Whether the 0 is the start of a warmup, as far as that can be told."""
    first = next((context.shape_name(x) for x in context.segments if x.stop > 0), "")
    names = [first] if first else [call.name for call in context.calls]
    return any([promised_direction(context, name) is Direction.UP for name in names])
