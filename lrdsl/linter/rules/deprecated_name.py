from __future__ import annotations

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


@rule("LR854", "deprecated-name", needs_schedule=False)
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
        for node in context.as_written:
            if not isinstance(node, (ast.Call, ast.Bracket)):
                continue
            name = node.name.id
            advice = None
            if name != context.origin.example_of:
                advice = deprecation(_docs(name, context.language))
            if advice is not None:
                yield Violation(f"`{name}` is deprecated", node.name.span, advice)


def _docs(name: str, language: Language) -> str:
    """What is said of a name where it is made."""
    definition, signature = language.definitions.get(name), language.shapes.get(name)
    if definition is not None:
        return definition.doc
    if signature is not None:
        return signature.doc
    modifier = language.modifiers.get(name)
    return "" if modifier is None else modifier.__doc__ or ""
