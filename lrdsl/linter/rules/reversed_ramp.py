import math
from collections.abc import Mapping

from lrdsl.language.shapes.base import Direction
from lrdsl.linter.amounts import said
from lrdsl.linter.context import LintContext, RampSite
from lrdsl.linter.driven_number import drives_rate
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule
from lrdsl.linter.syntax_queries import calls_of, mentions, promised_direction

BASE = "base"


@rule("LR850", "reversed-ramp", needs=())
class ReversedRamp(Rule):
    """A warmup falls, or a cooldown rises; the ends of a definition are the wrong way round.

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
        case("torch.CosineAnnealingLR(1000, eta_min=1)", base_lr=0.1),
        case("mxnet.PolyScheduler(1000, base_lr=0.1, final_lr=1)"),
        case("onecycle(0.1, div=0.1)", total_steps=1000),
    )
    valid = (
        case("warmup(100, 1e-5) >> cosine(6e-4, 0, 800)"),
        case("constant(1e-3, 100) >> cooldown(50, 1e-4)"),
        case("warmup(100, start=0.1)"),
        case("warmup(constant, 100, 0.1) >> linear(1, 0, 100)"),
        case("torch.CosineAnnealingLR(1000, eta_min=0.01)", base_lr=0.1),
        case("restarts(end=0.01, period=100)"),
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
        if drives_rate(context.origin):
            yield from _crossed(context)


LOWER: tuple[tuple[str, str], ...] = (
    ("eta_min", BASE), ("final_lr", "base_lr"), ("warmup_begin_lr", "base_lr"), ("end", "start"),
    ("begin_lr", "base_lr"), ("base_lr", "max_lr"), ("low", "high"),
)  # fmt: skip
"""Parameters of definitions of which one is below the other."""

DIVISORS = (("div",), ("div_factor",), ("div", "final_div"), ("div_factor", "final_div_factor"))
"""Parameters that the peak is divided by."""

SHARES = ("init_lr_scale",)
"""Parameters that the peak is multiplied by."""


_LOOKED_AT = {*SHARES, *[name for names in (*LOWER, *DIVISORS) for name in names]}


def _crossed(context: LintContext) -> Violations:
    """Calls of definitions whose low value is above their high one."""
    for call in calls_of(context, *context.language.definitions):
        base = context.run.base_lr
        given: dict[str, float | None] = {BASE: base}
        for name in _LOOKED_AT & call.arguments.keys():
            node = call.arguments[name]
            is_known = base is not None or not mentions(node, BASE)
            given[name] = context.value(node) if is_known else None
        for low, high in LOWER:
            least, most = given.get(low), given.get(high)
            if least is not None and most is not None and least > most:
                above = f"`{high}`, which is {most:g}"
                message = f"`{low}` is {least:g}, above {above}: this leads the wrong way"
                yield Violation(message, call.span, "correct one of the two")
        ends = [(name, given.get(name)) for name in SHARES]
        for names in DIVISORS:
            values = [given.get(name) or 0 for name in names]
            ends.append((names[-1], 1 / math.prod(values) if all(values) else None))
        for name, share in ends:
            if share is not None and share > 1:
                message = f"`{name}` makes an end of this {share:.3g} times as high as its peak"
                yield Violation(message, call.span, "choose one with which it is lower")
                break


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
