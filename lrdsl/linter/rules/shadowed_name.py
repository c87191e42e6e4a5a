from lrdsl.language.curves import CURVES
from lrdsl.linter.context import LintContext
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule
from lrdsl.syntax import ast


@rule("LR846", "shadowed-name", needs=())
class ShadowedName(Rule):
    """A variable has the name of a curve or of one of the spec's own definitions.

    In `warmup(cosine, 100)` the word `cosine` is the curve, whatever number the variable holds:
    the number is not used, without a message. With definitions a reader has to guess which one is
    meant.
    """

    invalid = (
        case("warmup(cosine, 100) >> constant(0.1)", cosine=50),
        case("constant(linear, 10)", linear=0.1),
        case("constant(half, 10) >> half(0.1)", half=0.1, definitions="def half(a) = a / 2"),
    )
    valid = (
        case("warmup(cosine, 100) >> constant(0.1)"),
        case("warmup(warmup) >> constant(0.1)", warmup=100),
        case("cosine(peak, 0, 10)", peak=0.1, cosine=5),
        case("constant(peak, 10)", peak=0.1, definitions="def half(a) = a / 2"),
    )

    def check(self, context: LintContext) -> Violations:
        own = context.language.definitions.own
        for node in context.as_written.of(ast.Name) if context.run.variables else ():
            if node.id in context.run.variables and (node.id in CURVES or node.id in own):
                kind = "curve" if node.id in CURVES else "definition"
                message = f"`{node.id}` is the name of a variable and of a {kind}"
                yield Violation(message, node.span, "rename the variable")
