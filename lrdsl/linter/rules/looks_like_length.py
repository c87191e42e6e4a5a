from collections.abc import Iterator
from typing import NamedTuple

from lrdsl.language.binding import bind_definition
from lrdsl.language.infer_kinds import VALUE_OR_SCHEDULE, kinds_of
from lrdsl.language.parameters import TIME_KINDS, ContextDefault, Kind, Parameter
from lrdsl.linter.context import CallSite, LintContext
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule
from lrdsl.linter.segment_queries import bounds
from lrdsl.linter.syntax_queries import number
from lrdsl.syntax import ast

LOWEST = ("eta_min", "final_lr")
"""Parameters of definitions that give the rate which a decay comes down to."""


@rule("LR857", "looks-like-length", needs=("rate",))
class LooksLikeLength(Rule):
    """A learning rate is a number that looks like a length, and no length is given.

    The first arguments of most shapes are learning rates: `cosine(800)` begins at a rate of 800 and
    takes the rest of the run, and `linear(1e-3, 100)` climbs to 100. The length comes third, or by
    name: `cosine(steps=800)`.
    """

    least: float = 10
    """A whole number from here on looks like a length."""

    invalid = (
        case("cosine(800)"),
        case("linear(1e-3, 100)", total_steps=1000),
        case("warmup(100) >> cosine(900)", total_steps=1000),
        case("onecycle(1000)", total_steps=1000),
        case("constant(0.1, 100) >> polynomial(500)"),
        case("hold(100) >> constant(200)"),
        case("torch.OneCycleLR(10000)", total_steps=10000),
        case("torch.CosineAnnealingLR(100, 10000)", total_steps=10000),
    )
    valid = (
        case("cosine(_, 0, 800)"),
        case("cosine(steps=800)"),
        case("cosine(0.1)"),
        case("cosine(30, 0)", total_steps=1000),
        case("warmup(100) >> hold()"),
        case("cosine(800) / 1e6", total_steps=1000),
        case("onecycle(0.1, 1000)"),
        case("torch.OneCycleLR(30, total_steps=1000)", total_steps=1000),
        case("torch.CosineAnnealingLR(10000)", total_steps=10000),
    )

    def check(self, context: LintContext) -> Violations:
        found = [*_of_shapes(context), *_of_definitions(context)]
        found = [each for each in found if self._is_long(each.node)]
        if not found or (context.schedule is not None and bounds(context)[1] < self.least):
            return
        for each in {each.node.span[:2]: each for each in reversed(found)}.values():
            text = context.source[each.node.span.start : each.node.span.stop]
            message = f"`{text}` is a learning rate here, and looks like a length"
            yield Violation(message, each.node.span, each.fix.format(text))

    def _is_long(self, node: ast.Node) -> bool:
        value = number(node)
        return value is not None and value >= self.least and value == int(value)


class _Suspect(NamedTuple):
    node: ast.Node
    fix: str


def _of_shapes(context: LintContext) -> Iterator[_Suspect]:
    """The last values that shapes are given, where they are given no length."""
    for site in context.calls:
        if site.signature is None or not {"steps", "until"}.isdisjoint(site.arguments):
            continue
        values = [p for p in site.signature.parameters if p.positional and p.kind is Kind.VALUE]
        given = [p for p in values if p.name in site.arguments]
        if given and Kind.STEPS in site.signature.kinds and not site.span.sites:
            last = given[-1]
            yield _Suspect(site.arguments[last.name], _written(context, site, last))


def _written(context: LintContext, site: CallSite, length: Parameter) -> str:
    """What to write instead, with `{}` for the number."""
    assert site.signature is not None
    parts = []
    for parameter in site.signature.parameters:
        if parameter.kind is Kind.STEPS:
            break
        if parameter.required:
            return "write `hold({})`, or its value first"
        node = site.arguments.get(parameter.name)
        if parameter is length or node is None:
            usual = parameter.default
            is_number = parameter is not length or parameter.name != site.signature.cls.start_field
            leans = isinstance(usual, ContextDefault) or not is_number
            parts += [] if parameter.kind is Kind.MODE else ["_" if leans else f"{usual:g}"]
        else:
            parts.append(context.source[node.span.start : node.span.stop].replace("{", "{{"))
    return f"write `{site.name}({', '.join([*parts, '{}'])})`"


def _of_definitions(context: LintContext) -> Iterator[_Suspect]:
    """The last values that definitions are given, where they are given none of their lengths."""
    for call in context.as_written.of(ast.Call):
        definition = context.language.definitions.get(call.name.id)
        if definition is None or not call.arguments:
            continue
        given, _ = bind_definition(call, definition)
        lowest = [given.get(name) for name in LOWEST]
        fix = "write a rate, or leave it out"
        yield from [_Suspect(x, fix) for x in lowest if isinstance(x, ast.Node)]
        if call.arguments[-1].name is not None:
            continue
        kinds = kinds_of(definition, context.language)
        names = [parameter.name for parameter in definition.parameters]
        at = len(call.arguments) - 1
        if at >= len(names):
            continue
        lengths = [name for name in names if kinds[name].strip() in _DURATIONS]
        later = [name for name in lengths if names.index(name) > at]
        if lengths and later == lengths and kinds[names[at]] in _VALUES:
            fix = f"write it as the length: `{call.name.id}(…, {later[0]}={{}})`"
            yield _Suspect(call.arguments[at].value, fix)


_VALUES = (Kind.VALUE.value, VALUE_OR_SCHEDULE)
_DURATIONS = frozenset([kind.value.strip() for kind in TIME_KINDS])
