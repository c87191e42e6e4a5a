from collections.abc import Mapping

from lrdsl.language.shapes.base import Direction
from lrdsl.linter.amounts import said
from lrdsl.linter.context import LintContext, RampSite
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule
from lrdsl.linter.syntax_queries import promised_direction


@rule("LR850", "reversed-ramp")
class ReversedRamp(Rule):
    """A warmup falls, or a cooldown rises.

    Its start or its end has the wrong value. google/automl#839 scaled the learning rate by the
    batch size but not the warmup's start, so that the warmup began above the peak.
    """

    invalid = (
        case("warmup(100, 1e-3) >> cosine(6e-4, 0, 800)"),
        case("constant(1e-3, 100) >> cooldown(50, 1e-2)"),
        case("wsd(1e-3, 100, 700, 200, end=0.1)"),
        case("warmup(100, start=0.1)", base_lr=0.01),
        case("warmup(100, 2 * base) >> cosine(base, 0)", total_steps=1000),
        case("constant(base, 100) >> cooldown(50, 10 * base)"),
    )
    valid = (
        case("warmup(100, 1e-5) >> cosine(6e-4, 0, 800)"),
        case("constant(1e-3, 100) >> cooldown(50, 1e-4)"),
        case("warmup(100, start=0.1)"),
        case("warmup(constant, 100, 0.1) >> linear(1, 0, 100)"),
    )

    def check(self, context: LintContext) -> Violations:
        found = _reversed(context, context.placed_ramps)
        # A ramp that falls at one base may rise at another.
        elsewhere = _reversed(context, context.ramps_of(context.rebased)) if found else {}
        for place, (ramp, direction) in found.items():
            if place not in elsewhere or elsewhere[place][1] is not direction:
                continue
            other = elsewhere[place][0]
            first = said(context, ramp.first, other.first)
            last = said(context, ramp.last, other.last)
            ends = f", from {first} to {last}" if first and last else ""
            message = f"this {ramp.name} {direction.value}{ends}"
            yield Violation(message, ramp.span, "correct its `start` or its `end`")


_Place = tuple[int, int]


def _reversed(
    context: LintContext, ramps: Mapping[_Place, RampSite]
) -> dict[_Place, tuple[RampSite, Direction]]:
    """The ramps that lead the wrong way, by their places in the text and the run."""
    found = {}
    for place, ramp in ramps.items():
        promised = promised_direction(context, ramp.name)
        direction = Direction.UP if ramp.last > ramp.first else Direction.DOWN
        if promised not in (None, direction) and ramp.first != ramp.last:
            found[place] = (ramp, direction)
    return found
