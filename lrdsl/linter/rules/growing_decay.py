import math
from collections.abc import Iterator

import numpy as np

from lrdsl.diagnostics import SpecError
from lrdsl.language.modifiers.cumulative import Cumulative
from lrdsl.linter.context import CallSite, LintContext
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule
from lrdsl.linter.syntax_queries import calls_of, limits_values
from lrdsl.syntax import ast

FAR = 100_000
"""Updates that are looked at at least."""

FACTORS = ("gamma", "decay_factor", "annealing_factor", "shrink")
"""Parameters of definitions that multiply what a decay has come to."""


@rule("LR852", "growing-decay", needs=("rate",))
class GrowingDecay(Rule):
    """A decay has a factor above 1, so that the learning rate grows without bound.

    The rate was to be divided by the number, `step(0.1, 10, 30ep)`, but is multiplied by it. The
    loss is NaN a few updates after the first step.
    """

    invalid = (
        case("step(0.1, 10, 30ep)"),
        case("multistep(0.1, 10, at=[300, 600])"),
        case("torch.ExponentialLR(1.05)"),
        case("multistep(0.1, [2, 5], at=[300, 600])"),
        case("torch.MultiplicativeLR(1.05)"),
        case("warmup(100) >> step(0.1, 10, 300)", total_steps=1000),
        case("restarts(0.1, 0, 100, shrink=2)", total_steps=1000),
        case("mxnet.FactorScheduler(100, 2, base_lr=0.1)", total_steps=1000),
        case("speechbrain.StepScheduler(0.1, decay_factor=10, decay_drop=3000)"),
    )
    valid = (
        case("step(0.1, 0.1, 30ep)"),
        case("multistep(0.1, [2, 0.1], at=[300, 600])"),
        case("torch.ExponentialLR(0.95)"),
        case("exponential_decay(0.1, 1)"),
        case("step(0.1, half_life=100)"),
        case("torch.MultiplicativeLR(0.95)"),
        case("min(warmup(100, 0, 1), exponential_decay(0.01, 1.05))"),
        case("exponential_decay(0.01, 1.05) | clip(_, 1)"),
        case("1 / exponential_decay(1, 1.05)", total_steps=1000),
        case("restarts(0.1, 0, 100, shrink=0.8)", total_steps=1000),
    )

    def check(self, context: LintContext) -> Violations:
        bounded, found = _bounded(context), set[tuple[int, int]]()
        for call, node in _factors(context):
            if id(call.node) in bounded or node.span[:2] in found:
                continue
            nodes = node.items if isinstance(node, ast.List) else (node,)
            is_running = node is call.node  # what is multiplied is seen by its values alone
            factors = [2.0] if is_running else [context.value(each) or 0 for each in nodes]
            if factors and min(factors) > 1 and _grows(context, is_running):
                found.add(node.span[:2])
                what = "its source" if is_running else "this factor"
                message = f"`{call.name}` multiplies by {what}, and grows without bound"
                yield Violation(message, node.span, "a decay has a factor below 1, such as `0.1`")


def _factors(context: LintContext) -> Iterator[tuple[CallSite, ast.Node]]:
    """The factors of decays; the call itself if it multiplies the values of what it modifies."""
    for call in context.calls:
        if call.signature is not None:
            factor = call.arguments.get(call.signature.cls.factor_field or "")
            yield from [] if factor is None else [(call, factor)]
        elif call.modifier is not None and issubclass(call.modifier, Cumulative):
            yield call, call.node
        elif call.modifier is not None and call.modifier.makes_cycles:
            yield from [
                (call, call.arguments[name]) for name in ("scale",) if name in call.arguments
            ]
    # Whether what a definition makes of a factor has an effect is seen by values alone.
    known = context.schedule is not None
    for call in calls_of(context, *context.language.definitions) if known else ():
        given = [call.arguments[name] for name in FACTORS if name in call.arguments]
        yield from [(call, node) for node in given]


def _bounded(context: LintContext) -> frozenset[int]:
    """The nodes whose values something around them keeps down, by identity."""
    around: list[ast.Node] = [x for x in context.nodes.of(ast.Call) if x.name.id == "min"]
    pipes = context.nodes.of(ast.Pipe)
    around += [x for x in pipes if any([_has_ceiling(context, part) for part in x.parts[1:]])]
    return frozenset([id(node) for root in around for node, _ in ast.walk(root)])


def _has_ceiling(context: LintContext, modifier: ast.Node) -> bool:
    site = context.call_at(modifier) if limits_values(modifier) else None
    return site is not None and "high" in site.arguments


def _grows(context: LintContext, to_the_last: bool) -> bool:
    """Whether the whole comes to more than it began with, as far as its values are known."""
    if context.schedule is None:
        return not to_the_last
    # Past the run's end too: what is found without its length is found with it.
    stop = max(int(context.end), FAR) if math.isfinite(context.end) else FAR
    steps = np.unique(np.linspace(0, max(stop - 1, 0), 500).astype(np.int64))
    try:
        values = context.schedule(steps)
    except SpecError:  # it has grown beyond all numbers
        return True
    highest = np.nanmax(values)
    return not highest <= values[0] and not (to_the_last and values[-1] < highest)
