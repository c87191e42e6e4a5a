import math

from lrdsl.diagnostics import Span
from lrdsl.language.curves import CURVES
from lrdsl.language.parameters import Kind
from lrdsl.linter.context import CallSite, LintContext
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule
from lrdsl.linter.syntax_queries import is_same_without
from lrdsl.linter.time_queries import PlacedTime, exceeds_on_purpose, placed_times
from lrdsl.syntax import ast


@rule("LR856", "beyond-end", needs=("schedule", "total"))
class BeyondEnd(Rule):
    """A milestone, a period or another time comes after the run has ended, and has no effect.

    The drop never comes, and the run trains on with the learning rate that it was to leave: the
    times were written for a longer run, or count epochs where updates are meant. bshall/Tacotron#3
    reports milestones far beyond the end. Entries of an `interval` are checked by
    `interval-beyond-end`, the length of the whole schedule by `longer-than-run`.
    """

    invalid = (
        case("step(1, 0.1, 5000)", total_steps=1000),
        case("multistep(1, 0.1, [300, 2000])", total_steps=1000),
        case("torch.MultiStepLR([30ep, 80ep])", total_steps=5000, steps_per_epoch=100),
        case("warmup(100, 0, 1) >> step(_, 0.1, 950)", total_steps=1000),
        case("step(1, 0.1, 90) | stretch(1ep)", total_steps=5000, steps_per_epoch=100),
        case("cosine(1, 0.1) | every(2000)", total_steps=1000),
        case("step(1, 0.5, 300) * linear(1, 0.1, 5000)", total_steps=1000),
        case("multistep(1, 0.1, [30, 80]) | take(50)", total_steps=50),
        case("0.5 | interval[100: torch.OneCycleLR(0.5, 5000)]", total_steps=1000),
    )
    valid = (
        case("step(1, 0.1, 5000)", total_steps=6000),
        case("step(1, 0.1, 5000)"),
        case("multistep(1, 0.1, [300, 2000]) | skip(1500)", total_steps=1000),
        case("step(1, half_life=5000)", total_steps=1000),
        case("exponential_decay(1, 0.5, every=5000)", total_steps=1000),
        case("multistep(1, 0.1, [50%, 125%])", total_steps=1000),
        case("constant(1, 5000)", total_steps=1000),
        case("cosine(1, 0.5, 2000) | take(1000)", total_steps=1000),
    )

    def check(self, context: LintContext) -> Violations:
        late = [x for x in placed_times(context) if x.earliest >= x.end]
        if not late or exceeds_on_purpose(context):
            return
        segments = {id(segment.node) for segment in context.segments}
        for time in late:
            if not self._is_lost(context, time, id(time.site.node) in segments):
                continue
            what = "run" if time.end == context.end else "part that it is in"
            name = _as_written(time.site)
            message = (
                f"`{name}` names update {time.earliest:.10g}, but the {what} ends after"
                f" {time.end:.0f} updates"
            )
            yield Violation(message, time.node.span, "name an earlier one, or leave it out")

    def _is_lost(self, context: LintContext, time: PlacedTime, is_segment: bool) -> bool:
        if time.kind is Kind.MILESTONES:
            return True
        if time.kind is Kind.PERIODS:
            return False  # they say how long it all is
        is_late = time.earliest > time.end and _fits(context)
        if time.site.modifier is not None and time.site.modifier.cuts_time:
            # It says how long the schedule is, which is cut off if that has an effect.
            return is_late and not _may_be_later(context, time.node)
        if time.kind is Kind.STEPS or not _is_parameter(time.site, time.node):
            # Of a part of a chain, other rules say what is wrong with it.
            return is_late and not time.is_cut and not is_segment and _is_ramp(time.site)
        return _may_be_later(context, time.node)


def _is_parameter(site: CallSite, node: ast.Node) -> bool:
    """Whether a node is not the `until` of a segment, which is its length by another name."""
    return site.arguments.get("until") is not node


def _as_written(site: CallSite) -> str:
    """The name of what the text calls: of a definition, if the call stands in one."""
    return site.span.sites[0].name if site.span.sites else site.name


def _is_ramp(site: CallSite) -> bool:
    return site.mode is not None and not CURVES[site.mode].is_flat


def _fits(context: LintContext) -> bool:
    """Whether the whole is not longer than the run, which another rule is about."""
    length = context.known_schedule.length
    return math.isinf(length) or length <= context.known_total


def _may_be_later(context: LintContext, node: ast.Node) -> bool:
    """Whether the run is the same when a time is twice as late."""
    start, stop, _ = node.span
    later = f"(({context.source[start:stop]}) * 2)"
    return is_same_without(context, Span(start, stop), instead=later)
