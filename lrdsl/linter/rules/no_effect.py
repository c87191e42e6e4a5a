from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from lrdsl.diagnostics import Span
from lrdsl.linter.context import LintContext
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule
from lrdsl.linter.syntax_queries import (
    MAX_TRIED_PIECES,
    idle_pieces,
    modifier_of,
    number,
    with_operator_before,
)
from lrdsl.syntax import ast


@rule("LR832", "no-effect", needs=())
class NoEffect(Rule):
    """A factor of 1, a term of 0 or a modifier changes nothing.

    It is a place that was meant to be filled in: a scale that was never set, a `stretch` for a
    longer run that was left at 1. Readers of the spec take it for something that matters.
    """

    invalid = (
        case("warmup(100) >> cosine(0.1, 0, 800) * 1"),
        case("1 * cosine(0.1, 0, 800)"),
        case("linear(0.1, 0, 100) / 1 + 0"),
        case("cosine(0.1, 0, 100) | stretch(1)"),
        case("cosine(0.1 ** 1, 0, 100)"),
        case("cosine(0.1, 0, 100) | repeat(1) | clip(0.01, _)"),
        case("constant(0.1, 100) | take(100)"),
        case("warmup(5%) >> cosine(0.1, 0, 85ep) * 1"),
    )
    valid = (
        case("0.5 * cosine(0.1, 0, 800)"),
        case("cosine(0.1, 0, 100) | stretch(2)"),
        case("cosine(0.1, 0, 100) | take(200)"),
        case("cosine(0.1, 0, 100) | repeat(1) >> hold(5)"),
        case("exponential_decay(0.1, 0.99) | take(500)", total_steps=500),
        case("cosine(0.1, 0, 1ep) | take(100)"),
        case("1 - linear(0, 1, 100)"),
        case("1 / (1 + t) | take(100)"),
        case("1 + linear(0, 1, 100)"),
    )

    def check(self, context: LintContext) -> Violations:
        candidates = list(islice(_candidates(context), MAX_TRIED_PIECES))
        run = _assumed(context) if candidates else None
        for node, piece in () if run is None else idle_pieces(run, candidates, length_too=True):
            text = context.source[piece.start : piece.stop].strip()
            modifier = modifier_of(node)
            replacement = "" if modifier is None or modifier.rescales_time else None
            yield Violation(f"`{text}` changes nothing", piece, "leave it out", replacement)


def _candidates(context: LintContext) -> Iterator[tuple[ast.Node, Span | None]]:
    """Nodes that may have no effect, each with the text to cut out: it and its operator."""
    source = context.source
    for node in context.as_written.all:
        match node:
            case ast.Power(exponent=exponent) if number(exponent) == 1:
                yield exponent, with_operator_before(source, exponent.span)
            case ast.Arithmetic(parts=(first, *others)):
                neutral = 0 if node.is_sum else 1
                if number(first) == neutral and node.operators[0] in "+*":
                    yield first, _with_operator_after(source, first.span)
                for part in others:
                    if number(part) == neutral:
                        yield part, with_operator_before(source, part.span)
            case ast.Pipe(parts=(_, *modifiers)):
                for part in modifiers:
                    if isinstance(part, ast.Call) and _may_be_idle(part):
                        yield part, with_operator_before(source, part.span)


def _may_be_idle(call: ast.Call) -> bool:
    modifier = modifier_of(call)
    numbers = None if modifier is None else modifier.neutral_arguments
    if numbers is None or len(call.arguments) != 1:
        return False
    return not numbers or number(call.arguments[0].value) in numbers


def _assumed(context: LintContext) -> LintContext | None:
    """The spec in a run where all is known, made up where it is not; None if that is no use.

    It serves rules that find what holds in any run. The numbers are such as nobody writes.
    """
    if context.schedule is not None:
        return context
    known = context.run
    run = replace(
        known,
        total_steps=known.total_steps or 12_007,
        steps_per_epoch=known.steps_per_epoch or 101.3,
        samples_per_step=known.samples_per_step or 31.7,
        tokens_per_step=known.tokens_per_step or 4099.0,
        base_lr=1.0 if known.base_lr is None else known.base_lr,
    )
    supposed = replace(context, run=run, base_is_known=True)
    schedule = supposed.compiled()
    return None if schedule is None else replace(supposed, schedule=schedule)


def _with_operator_after(source: str, span: Span) -> Span | None:
    """A piece of text and the operator behind it; None if something else stands there.

    >>> _with_operator_after("1 * a", Span(0, 1))[:2]
    (0, 4)
    """
    after = source[span.stop :].lstrip()
    if not after.startswith(("*", "+")) or after.startswith("**"):
        return None
    return Span(span.start, len(source) - len(after[1:].lstrip()))
