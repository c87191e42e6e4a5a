from __future__ import annotations

from lrdsl.linter.context import LintContext
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule
from lrdsl.linter.syntax_queries import Time, modifier_of, times
from lrdsl.syntax import ast


@rule("LR835", "mixed-units", needs_schedule=False)
class MixedUnits(Rule):
    """A chain counts one length in epochs or percent, and another, without a unit, as if it did.

    A number without a unit counts updates, so that `warmup(5) >> cosine(1, 0, 85ep)` warms up for
    five updates. galilai-group/stable-worldmodel#280 is a schedule planned in updates that is
    stepped in epochs. Updates beside percent or epochs are fine, and not found, where the number is
    too large to be one of the others.
    """

    epochs: int = 100
    """A number below this may be one of epochs."""

    invalid = (
        case("warmup(5) >> cosine(0.1, 0, 85ep)"),
        case("warmup(5) >> cosine(0.1, 0, 95%)"),
        case("warmup(5ep) >> cosine(0.1, 0, 85)", steps_per_epoch=500),
        case("constant(0.1) | interval[30:*0.1, 60ep:*0.1]"),
    )
    valid = (
        case("warmup(5ep) >> cosine(0.1, 0, 85ep)"),
        case("warmup(100) >> hold() >> linear(_, 0, 20%)"),
        case("warmup(500) >> cosine(0.1, 0, 85ep)"),
        case("warmup(60) >> cosine(0.1, 0, 85ep)", steps_per_epoch=50),
        case("warmup(5ep) >> cosine(0.1, 0, 8500)"),
        case("warmup(100) >> cosine(0.1, 0, rest)"),
    )

    def check(self, context: LintContext) -> Violations:
        for node in context.nodes:
            chain = isinstance(node, ast.Chain)
            if chain or (isinstance(node, ast.Bracket) and modifier_of(node) is not None):
                yield from self._among(context, list(times(context, node)))

    def _among(self, context: LintContext, found: list[Time]) -> Violations:
        numbers = [time.node for time in found if isinstance(time.node, ast.Number)]
        bare = [number for number in numbers if number.unit == "" and number.value > 0]
        in_epochs = any([number.unit == "ep" for number in numbers])
        percent = [number.value for number in numbers if number.unit == "%"]
        epoch = context.run.epoch
        fix = "a number without a unit counts updates"
        for number in bare:
            few = number.value < self.epochs and (epoch is None or number.value < epoch)
            if in_epochs and few:
                yield Violation(
                    f"`{number.text}` is in updates, and other lengths are in epochs",
                    number.span,
                    f"{fix}; did you mean `{number.text}ep`?",
                )
        if len(bare) == 1 and percent and sum(percent) + bare[0].value == 100:
            (number,) = bare
            yield Violation(
                f"`{number.text}` is in updates, and would make 100% with the others",
                number.span,
                f"{fix}; did you mean `{number.text}%`?",
            )
