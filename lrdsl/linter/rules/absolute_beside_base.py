from __future__ import annotations

from lrdsl.linter.context import CallSite, LintContext
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule
from lrdsl.linter.syntax_queries import mentions, number
from lrdsl.syntax import ast


@rule("LR836", "absolute-beside-base", needs_schedule=False)
class AbsoluteBesideBase(Rule):
    """One segment of a chain depends on `base`, another has a learning rate that is written out.

    The two are the same for one learning rate of the optimizer only. With another one, or in
    another parameter group, the chain jumps where they meet. facebookresearch/dino#64 and
    facebookresearch/deit#144 are schedules of which one end was scaled and the other was not.
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
    )

    def check(self, context: LintContext) -> Violations:
        for chain in context.nodes:
            if not isinstance(chain, ast.Chain):
                continue
            sites = [context.call_at(part) for part in chain.parts]
            calls = [site for site in sites if site is not None]
            levels = [node for node in map(_level, calls) if node is not None]
            if not any([mentions(node, "base") for node in levels]):
                continue
            floors = [
                number(call.arguments.get("end")) for call in calls if _level_field(call) != "end"
            ]
            for node in levels:
                value = number(node)
                if value and value not in floors:
                    message = "this is an absolute learning rate, beside others that go by `base`"
                    yield Violation(message, node.span, "write it as a multiple of `base`")


def _level(call: CallSite) -> ast.Node | None:
    """The argument that is the learning rate at which a segment works; floors are none."""
    field = _level_field(call)
    return None if field is None else call.arguments.get(field)


def _level_field(call: CallSite) -> str | None:
    return None if call.signature is None else call.signature.cls.level_field
