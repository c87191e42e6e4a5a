from lrdsl.linter.context import LintContext
from lrdsl.linter.origin import SpecOrigin
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule
from lrdsl.syntax import ast

TWO = "def half(a) = a / 2 \ndef third(a) = a / 3"
USED = "def half(a) = a / 2 \ndef quarter(a) = half(half(a))"
ALONE = SpecOrigin(definitions_used_elsewhere=())
BESIDE_HALF = SpecOrigin(definitions_used_elsewhere=("half",))
BESIDE_THIRD = SpecOrigin(definitions_used_elsewhere=("third",))


@rule("LR847", "unused-definition", needs=())
class UnusedDefinition(Rule):
    """A definition beside a spec is never used.

    It is left over, or the spec calls something else than was meant. It is reported only where all
    users of the definitions are known, and not for those of a shared file.
    """

    invalid = (
        case("half(0.1)", definitions=TWO, origin=ALONE),
        case("constant(0.1)", definitions=TWO, origin=BESIDE_HALF),
        case("half(0.1)", definitions=USED, origin=ALONE),
    )
    valid = (
        case("half(0.1) + third(1)", definitions=TWO, origin=ALONE),
        case("half(0.1)", definitions=TWO, origin=BESIDE_THIRD),
        case("quarter(0.1)", definitions=USED, origin=ALONE),
        case("half(0.1)", definitions=TWO),
    )

    def check(self, context: LintContext) -> Violations:
        elsewhere = context.origin.definitions_used_elsewhere
        if elsewhere is None:
            return
        own = context.language.definitions.own
        used = {*elsewhere, *_called(context.tree)}
        for name in reversed(list(own)):  # a definition uses those above it
            if name in used:
                used.update(*[_called(root) for root in own[name].expressions])
        for name in own:
            if name not in used:
                message = f"the definition `{name}` is never used"
                yield Violation(message, context.tree.span, "call it, or leave it out")


def _called(root: ast.Node) -> set[str]:
    """The names that are called below a node; a field of a program counts for the program."""
    nodes = [node for node, _ in ast.walk(root)]
    calls = [node.name.id for node in nodes if isinstance(node, (ast.Call, ast.Bracket))]
    return {*calls, *[name.rpartition(".")[0] for name in calls]}
