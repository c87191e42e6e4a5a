from lrdsl.language.language import Language
from lrdsl.linter.context import LintContext
from lrdsl.linter.origin import SpecOrigin
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule
from lrdsl.syntax import ast
from lrdsl.util.docstrings import deprecation

OLD = """\
# Half of `a`.
#
# Deprecated: write `share(a, 2)` instead.
def half(a) = a / 2

def share(a, n) = a / n
"""
BOTH = OLD + "\n# Deprecated: it is gone in the next version.\ndef third(a) = share(a, 3)\n"


@rule("LR854", "deprecated-name", needs=())
class DeprecatedName(Rule):
    """A spec calls a shape or a definition that is deprecated.

    Its author wants to remove it, or knows of a fault that cannot be repaired without changing what
    old specs mean. On the day of its removal every spec that still calls it fails.

    A definition is deprecated by a line `Deprecated: write ... instead.` in the comment above it, a
    shape made with `@lrdsl.shape` by one in its docstring; what the line says is the advice.
    """

    invalid = (
        case("cosine(half(0.2), 0, 100)", definitions=OLD),
        case("warmup(10) >> constant(half(1))", definitions=OLD),
        case("constant(third(0.3), 9)", definitions=BOTH),
    )
    valid = (
        case("cosine(share(0.2, 2), 0, 100)", definitions=OLD),
        case("cosine(half, 0, 100)", definitions=OLD, half=0.1),
        case("cosine(half(0.2), 0, 100)", definitions="# Deprecates `third`.\ndef half(a) = a / 2"),
        case("constant(half(0.2), 100)", definitions=OLD, origin=SpecOrigin(example_of="half")),
    )

    def check(self, context: LintContext) -> Violations:
        calls: list[ast.Call | ast.Bracket] = [*context.as_written.of(ast.Call)]
        for node in [*calls, *context.as_written.of(ast.Bracket)]:
            name = node.name.id
            advice = deprecation(_doc(name, context.language))
            if advice is not None and name != context.origin.example_of:
                yield Violation(f"`{name}` is deprecated", node.name.span, advice)


def _doc(name: str, language: Language) -> str:
    """The docstring of a shape or a modifier, the comment above a definition; "" if unknown."""
    known = language.definitions.get(name) or language.shapes.get(name)
    if known is not None:
        return known.doc
    return language.modifiers[name].__doc__ or "" if name in language.modifiers else ""
