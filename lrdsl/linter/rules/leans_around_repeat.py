from collections.abc import Iterator

from lrdsl.diagnostics import Span
from lrdsl.language.parameters import ContextDefault
from lrdsl.linter.context import LintContext
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule
from lrdsl.linter.syntax_queries import (
    MAX_RECOMPILED_CHARACTERS,
    MAX_TRIED_PIECES,
    is_alike,
    modifier_of,
)
from lrdsl.syntax import ast


@rule("LR858", "leans-around-repeat", "hint")
class LeansAroundRepeat(Rule):
    """What is repeated leans on what stands around the `repeat`, and not on the round beside it.

    A value that is left out, `_`, `prev` and `next` are the same in every round. In the copies
    written one after the other each would start where the one before it has ended, so that
    `linear(_, prev / 2, 100)` would halve the rate again and again: repeated it does so once.
    """

    invalid = (
        case("linear(_, prev / 2, 100) | repeat(3)"),
        case("constant(1, 100) >> (linear(_, 0.5, 100) | repeat(3))"),
        case("(hold(50) >> cosine(_, 0.001, 50)) | repeat()"),
        case("exponential(end=0.5 * prev, steps=1ep) | repeat()", steps_per_epoch=100),
        case("((constant(1, 10) >> warmup(40, 0)) | repeat(2)) >> constant(2, 5)"),
    )
    valid = (
        case("linear(base, base / 2, 100) | repeat(3)"),
        case("(warmup(10) >> cosine(_, 0, 90)) | repeat()"),
        case("(linear(_, 0.5, 50) >> linear(_, base, 50)) | repeat(3)"),
        case("linear(_, prev / 2, 100) | repeat(1)"),
        case("(hold(50) | clip(0, 0.04)) | repeat(3)"),
        case("cosine(1, 0, 100) | interval[50:linear(prev, 0, 50)] | repeat()"),
        case("torch.CosineAnnealingWarmRestarts(10)"),
    )

    def check(self, context: LintContext) -> Violations:
        text = context.source
        if len(text) > MAX_RECOMPILED_CHARACTERS:
            return
        for whole, body, right in [*_repeats(context)][:MAX_TRIED_PIECES]:
            if not _may_lean(context, whole):
                continue
            repeated, copies = [
                context.compiled(f"{text[: whole.start]}({each}){text[whole.stop :]}")
                for each in (f"({body}) | repeat(2)", f"({body}) >> ({body})")
            ]
            if repeated is None or copies is None or repeated.length != copies.length:
                continue
            if not is_alike(repeated, copies, repeated.length):
                message = (
                    "every round leans on what stands around the `repeat`; in copies written one"
                    " after the other each would lean on the one beside it"
                )
                fix = "write the values that are left out, such as `base`, or the copies"
                yield Violation(message, right, fix)


def _may_lean(context: LintContext, whole: Span) -> bool:
    """Whether a value in a piece of the text is one that stands beside it, or is left out."""
    names = [name for name in context.as_written.of(ast.Name) if name.id in ("prev", "next")]
    nodes = [*names, *context.as_written.of(ast.Default)]
    for site in context.calls:
        beside = [p.name for p in site.callee.parameters() if p.default in _BESIDE]
        beside += [*site.callee.hidden()]
        if any([name not in site.arguments for name in beside]):
            nodes.append(site.node)
    return any([whole.start <= node.span.start < whole.stop for node in nodes])


_BESIDE = (ContextDefault.PREV, ContextDefault.NEXT)


def _repeats(context: LintContext) -> Iterator[tuple[Span, str, Span]]:
    """The repetitions in the text: where they stand, what is repeated, and the modifier.

    Of two rounds at least, as far as that is plain.
    """
    for pipe in context.as_written.of(ast.Pipe):
        for before, part in zip(pipe.parts, pipe.parts[1:], strict=False):
            cls, site = modifier_of(part), context.call_at(part)
            if cls is None or not cls.makes_cycles:
                continue
            times = None if site is None else site.arguments.get("times")
            if isinstance(times, ast.Number) and times.value < 2:
                continue
            start = pipe.parts[0].span.start  # the pipe itself may begin with a bracket
            body = context.source[start : before.span.stop]
            yield Span(start, part.span.stop), body, part.span
