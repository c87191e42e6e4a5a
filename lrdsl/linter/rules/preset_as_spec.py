from lrdsl.linter.context import LintContext
from lrdsl.linter.origin import SpecOrigin
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule
from lrdsl.syntax import ast


@rule("LR845", "preset-as-spec", "error", needs=())
class PresetAsSpec(Rule):
    """The name of a preset, a config of the group `schedule`, stands where a spec belongs.

    `lr=wsd` puts the word `wsd` into the config; `schedule@lr=wsd` selects the config of that name.
    The job fails when the spec is compiled, after it has waited for its machine. It is reported
    only where the configs of the group are known.
    """

    invalid = (
        case("warmup_cosine", origin=SpecOrigin(preset_names=("wsd", "warmup_cosine"))),
        case("wsd", origin=SpecOrigin(preset_names=("wsd",))),
        case("'poly'", origin=SpecOrigin(preset_names=("poly",))),
    )
    valid = (
        case("warmup_cosine"),
        case("peak", origin=SpecOrigin(preset_names=("wsd",)), peak=0.1),
        case("wsd", origin=SpecOrigin(preset_names=("wsd",)), wsd=0.1),
        case("constant(0.1)", origin=SpecOrigin(preset_names=("constant",))),
    )

    def check(self, context: LintContext) -> Violations:
        match context.tree:
            case ast.Name(id=word) | ast.String(value=word):
                if word in context.origin.preset_names and word not in context.run.variables:
                    message = f"`{word}` is the name of a preset, not a spec"
                    yield Violation(message, context.tree.span, f"select it: `schedule@lr={word}`")
