from lrdsl.linter.context import LintContext
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule
from lrdsl.linter.syntax_queries import mentions, number
from lrdsl.syntax import ast


@rule("LR836", "absolute-beside-base", needs=("rate",))
class AbsoluteBesideBase(Rule):
    """One segment of a chain depends on `base`, while another has a fixed learning rate.

    The two match for one learning rate of the optimizer only. With another one, or in another
    parameter group, the chain jumps where they meet. In facebookresearch/dino#64 and
    facebookresearch/deit#144 one end of the schedule was scaled and the other was not.
    """

    invalid = (
        case("warmup(100, 0, base) >> cosine(0.1, 0, 800)"),
        case("constant(base, 100) >> constant(0.01, 100) >> constant(base / 100)"),
        case("warmup(100, end=0.1) >> linear(base, 0, 800)"),
    )
    valid = (
        case("warmup(100, 0, base) >> cosine(_, 1e-5, 800)"),
        case("warmup(100, 0, base) >> cosine(base, 1e-5, 800) >> constant(1e-5)"),
        case("constant(base, 100) >> constant(0.1 * base)"),
        case("warmup(100, 0, 0.1) >> cosine(0.1, 0, 800)"),
        case("warmup(100, 1e-6, base) >> cosine(base, 0, 800)"),
        case("warmup(9, 1e-6, base) >> (restarts(base, 1e-6, 9) | take(27)) >> constant(1e-6)"),
    )

    def check(self, context: LintContext) -> Violations:
        for chain in context.nodes.of(ast.Chain):
            calls = [context.call_at(part) for part in chain.parts]
            # The learning rate that each segment works at; a floor is none.
            pairs = [(x, x.signature.cls.level_field) for x in calls if x and x.signature]
            levels = [x.arguments[field] for x, field in pairs if field and field in x.arguments]
            others = {id(x) for x in levels}
            floors = [number(x) for x in context.nodes.of(ast.Number) if id(x) not in others]
            for node in levels if any([mentions(x, "base") for x in levels]) else ():
                value = number(node)
                if value and value not in floors:
                    message = "this learning rate is fixed, while other segments depend on `base`"
                    fix = "write it as a multiple of `base`, for example `0.1 * base`"
                    yield Violation(message, node.span, fix)
