from collections.abc import Iterator

from lrdsl.linter.context import LintContext
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule
from lrdsl.syntax import ast


@rule("LR855", "zero-length", "hint", needs=())
class ZeroLength(Rule):
    """A length is written as 0, so that its segment, or its entry, covers no update.

    A length of 0 has a meaning, so that a variable may come to it: a warmup of 0 updates is none.
    Where the 0 itself is written, the segment could be left out, or a number has been forgotten.
    """

    invalid = (
        case("warmup(0) >> cosine(0.1, 0, 800)"),
        case("wsd(0.1, 100, 700, 0)"),
        case("constant(0.1, 100) >> linear(0.1, 0, 0%)", total_steps=1000),
        case("linear(0.1, 0, until=0)"),
        case("cosine(0.1, 0, 100) | skip(0)"),
        case("cosine(0.1, 0, 100) | interval[20..20:0.01]"),
        case("cosine(0.1, 0, 100) | repeat(0)"),
    )
    valid = (
        case("warmup(n) >> cosine(0.1, 0, 800)", n=0),
        case("warmup(1) >> cosine(0.1, 0, 800)"),
        case("mxnet.CosineScheduler(800, 0.1, warmup_steps=0)"),
        case("multistep(0.1, 0.5, at=[0, 30])"),
        case("points[0:0, 100:1]"),
        case("cosine(0.1, 0, 100) | interval[0..20:0.01]"),
    )

    def check(self, context: LintContext) -> Violations:
        kinds = (ast.Number, ast.Entry)
        written = {node.span[:2] for node in context.as_written.all if isinstance(node, kinds)}
        found = {node.span[:2]: node for node in _empty(context) if node.span[:2] in written}
        for node in found.values():
            message = "this covers no update: its length is written as 0"
            yield Violation(message, node.span, "leave it out, or give it a length")


def _empty(context: LintContext) -> Iterator[ast.Node]:
    """The literals that make a length 0."""
    for node in context.nodes.all:
        if isinstance(node, ast.Entry):
            match node.start, node.stop:
                case ast.Number(value=a, unit=x), ast.Number(value=b, unit=y) if (a, x) == (b, y):
                    yield node
        site = context.call_at(node)
        given = {} if site is None else site.arguments
        names = ("n", "times") if site is not None and site.name in _MODIFIERS else _LENGTHS
        for value in [given[name] for name in names if name in given]:
            if isinstance(value, ast.Number) and value.value == 0:
                yield value


_LENGTHS = ("steps", "until")
_MODIFIERS = ("take", "skip", "repeat")
