import math

from lrdsl.diagnostics import ask
from lrdsl.linter.context import LintContext
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule
from lrdsl.linter.syntax_queries import modifier_of
from lrdsl.linter.time_queries import times
from lrdsl.syntax import ast


@rule("LR835", "mixed-units", needs=())
class MixedUnits(Rule):
    """One length of a chain is in epochs or percent, and another one lacks its unit.

    A number without a unit counts updates, so that `warmup(5) >> cosine(1, 0, 85ep)` warms up for
    five updates. galilai-group/stable-worldmodel#280 is a schedule planned in updates that is
    stepped in epochs. Updates beside percent or epochs are fine, and are not reported where the
    number is too large for epochs or percent.
    """

    epochs: int = 100
    """Smaller numbers may be epochs."""

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
        chains, brackets = context.nodes.of(ast.Chain), context.nodes.of(ast.Bracket)
        for node in [*chains, *[each for each in brackets if modifier_of(each) is not None]]:
            found = [time.node for time in times(context, node)]
            numbers = [length for length in found if isinstance(length, ast.Number)]
            bare = [number for number in numbers if number.unit == "" and number.value > 0]
            percent = [number.value for number in numbers if number.unit == "%"]
            if any([number.unit == "ep" for number in numbers]):
                for number in bare:
                    if number.value < min(self.epochs, context.run.epoch or math.inf):
                        yield _without_unit(number, "ep", "other lengths here are in epochs")
            if len(bare) == 1 and percent and sum(percent) + bare[0].value == 100:
                yield _without_unit(bare[0], "%", "as a percentage it would make the whole run")


def _without_unit(number: ast.Number, unit: str, why: str) -> Violation:
    message = f"`{number.text}` has no unit and counts updates, but {why}"
    return Violation(message, number.span, ask(f"{number.text}{unit}"))
