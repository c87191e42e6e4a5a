from lrdsl.language.parameters import Kind
from lrdsl.language.reserved import DURATIONS
from lrdsl.linter.context import LintContext
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule
from lrdsl.linter.syntax_queries import modifier_of
from lrdsl.linter.time_queries import times
from lrdsl.syntax import ast


@rule("LR834", "epochs-for-updates", needs=("total",))
class EpochsForUpdates(Rule):
    """All lengths are numbers as small as epochs, while the run has many thousands of updates.

    A number without a unit counts updates. A schedule for 90 epochs that is over after 90 updates
    leaves the whole run at its final value. In ScrollPrize/villa#1495 `max_epoch` was the length of
    a scheduler that is stepped at each update, so that the rate was 0 in the fourth epoch of a
    thousand; OpenNMT/OpenNMT-py#822 and crowsonkb/k-diffusion#50 are the same mix-up.
    """

    epochs: int = 200
    """Smaller numbers may be epochs."""
    updates: int = 10_000
    """Runs of this many updates or fewer are not checked."""

    invalid = (
        case("warmup(5) >> cosine(0.1, 0, 85)", total_steps=50_000),
        case("step(0.1, 0.1, 30)", total_steps=50_000),
        case("multistep(0.1, 0.1, at=[30, 60, 80])", total_steps=50_000),
        case("constant(0.1) | interval[30:*0.1, 60:*0.1]", total_steps=50_000),
        case("wsd(0.1, warmup, 80, 20)", total_steps=50_000, warmup=10),
    )
    valid = (
        case("warmup(5ep) >> cosine(0.1, 0, 85ep)", total_steps=50_000, steps_per_epoch=500),
        case("warmup(100) >> cosine(0.1, 0)", total_steps=50_000),
        case("warmup(100) >> constant(0.1)", total_steps=50_000),
        case("warmup(5) >> cosine(0.1, 0, 85)", total_steps=90),
        case("warmup(5) >> cosine(0.1, 0, 85)"),
        case("warmup(100) >> cosine(0.1, 0, 40k)", total_steps=50_000),
        case("cosine(0.1, 0, 90) | stretch(1ep)", total_steps=50_000, steps_per_epoch=500),
    )

    def check(self, context: LintContext) -> Violations:
        found = list(times(context, context.expanded)) if context.end > self.updates else []
        if not found or _is_open(context):
            return
        lengths = [context.updates(time.node) if _is_bare(time.node) else None for time in found]
        known = [length for length in lengths if length is not None and length < self.epochs]
        if len(known) < len(found):
            return
        longest = found[known.index(max(known))]
        message = (
            f"a number without a unit counts updates: all lengths are below {self.epochs}, and the"
            f" run has {context.total}"
        )
        fix = "if they are epochs, write `ep` after each number"
        yield Violation(message, longest.node.span, fix)


def _is_bare(duration: ast.Node) -> bool:
    """Whether a duration counts updates: no unit and no other measure of time is in it."""
    parts = [part for part, _ in ast.walk(duration)]
    names = [part.id for part in parts if isinstance(part, ast.Name)]
    units = [part.unit for part in parts if isinstance(part, ast.Number)]
    return not any(units) and DURATIONS.isdisjoint(names)


def _is_open(context: LintContext) -> bool:
    """Whether some part goes on by itself, for the rest of the run or at a pace of its own.

    A part that an `interval` brings down later does not count.
    """
    brought_down = any([modifier_of(node) is not None for node in context.nodes.of(ast.Bracket)])
    parts = [part for chain in context.nodes.of(ast.Chain) for part in chain.parts]
    names = [name.id for name in context.nodes.of(ast.Name)]
    if "t" in names or any([_is_number(part) for part in parts]):
        return True
    for site in context.calls:
        timed = site.signature is None or Kind.STEPS not in site.signature.kinds
        timed = timed or "steps" in site.arguments or "until" in site.arguments
        if site.signature is not None and site.signature.cls.allows_no_length:
            timed = timed or brought_down
        callee, needed = site.callee, site.callee.endless_without
        if callee.is_endless or not timed or (needed and not site.arguments.keys() & {*needed}):
            return True
    return False


def _is_number(node: ast.Node) -> bool:
    return not any([isinstance(part, (ast.Call, ast.Bracket)) for part, _ in ast.walk(node)])
