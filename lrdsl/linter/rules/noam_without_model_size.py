from lrdsl.linter.context import LintContext
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule
from lrdsl.linter.syntax_queries import calls_of

NOAM = ("noam", "speechbrain.NoamScheduler", "speechbrain.NoamIntervalScheduler")


@rule("LR843", "noam-without-model-size", "hint", needs=())
class NoamWithoutModelSize(Rule):
    """A Noam schedule has a model size of 1.

    The peak is factor / √(model_size · warmup). Without the model's size it is some twenty times
    too high for a Transformer, which then diverges. How high the learning rate of this schedule
    gets is a common question (thu-coai/CDial-GPT#52), and why espnet/espnet#1519 replaced it.
    """

    invalid = (
        case("noam(1, 4000)"),
        case("noam(model_size=1, warmup=4000, factor=2)"),
        case("speechbrain.NoamScheduler(1, 4000, model_size=1)"),
    )
    valid = (
        case("noam(512, 4000)"),
        case("noam(1, 4000, factor=512 ** -0.5)"),
        case("noam(width, 4000)"),
        case("speechbrain.NoamScheduler(1e-3, 4000)"),
    )

    def check(self, context: LintContext) -> Violations:
        for call in calls_of(context, *NOAM):
            size = call.arguments.get("model_size")
            scale = context.value(call.arguments.get("factor") or call.arguments.get("lr_initial"))
            if size is not None and context.value(size) == 1 and scale is not None and scale >= 1:
                message = f"with a model size of 1 the peak is as high as {scale:g} / √warmup"
                yield Violation(message, size.span, "give the width of the model, such as `512`")
