from lrdsl.language.length import round_half_up
from lrdsl.linter.context import LintContext
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule
from lrdsl.linter.segment_queries import first_at_each_place
from lrdsl.syntax import ast


@rule("LR806", "unseen-segment")
class UnseenSegment(Rule):
    """No update uses a segment: it starts after the run has ended, or something else replaces it.

    Most often it is the final decay, so that the run lacks the end that was planned. A `take` that
    is shorter than the chain hides a segment, and so does an `interval` entry that replaces the
    schedule from an earlier update on.
    """

    invalid = (
        case("warmup(100) >> constant(1, 900) >> linear(1, 0, 200)", total_steps=1000),
        case("warmup(100) >> cosine(1, 0.1, 800) >> 0.1", total_steps=500),
        case("constant(1, 100) >> linear(1, 0, 100) | take(80)"),
        case("constant(1, 100) >> linear(1, 0, 100) | interval[90:0.1]"),
    )
    valid = (
        case("warmup(100) >> constant(1, 700) >> linear(1, 0, 200)", total_steps=1000),
        case("warmup(100) >> cosine(1, 0.1, 800) >> 0.1"),
        case("constant(1, 100) >> linear(1, 0, 100) | interval[150:0.1]"),
        case("constant(1, 100) >> linear(1, 0, 100) | interval[90:*0.1]"),
        case("constant(1, 100) >> linear(1, 0, 100) | interval[50..95:0.1]"),
    )

    def check(self, context: LintContext) -> Violations:
        length, replaced = context.known_schedule.length, _replaced_from(context)
        ends = [
            (context.total, "the run ends after {} updates", "shorten the segments before it"),
            (length, "the schedule ends after {} updates", "shorten the segments before it"),
            (replaced, "an `interval` entry replaces all from update {} on", "start it later"),
        ]
        known = [(end, why, fix) for end, why, fix in ends if end is not None]
        first = min([end for end, _, _ in known])
        late = [x for x in context.segments if 0 < x.stop != x.start >= first]
        for segment in first_at_each_place(late):
            end, why, fix = next(each for each in known if segment.start >= each[0])
            why = why.format(f"{end:.0f}")
            message = f"no update uses this segment: it starts at update {segment.start}, but {why}"
            yield Violation(message, segment.span, f"{fix}, or leave this segment out")


def _replaced_from(context: LintContext) -> int | None:
    """The first update of an `interval` entry that replaces all of the schedule; None if none."""
    tree = context.expanded
    found: list[int] = []
    for modifier in tree.parts[1:] if isinstance(tree, ast.Pipe) else ():
        if not isinstance(modifier, ast.Bracket):
            return None  # other modifiers move or warp what follows
        for entry in modifier.entries:
            if isinstance(entry, ast.Entry) and not entry.factor and entry.stop is None:
                start = context.updates(entry.start)
                found += [] if start is None else [round_half_up(start)]
    return min(found, default=None)
