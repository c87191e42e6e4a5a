"""Lengths by clocks that do not count updates, and in units that updates differ in."""

from __future__ import annotations

from lrdsl import diagnostics as diag
from lrdsl.compiler.arithmetic import bounded
from lrdsl.compiler.environment import Counting, Environment
from lrdsl.language.length import Exact, decimal_fraction
from lrdsl.language.uneven_clock import UnevenClock
from lrdsl.syntax import ast
from lrdsl.syntax.unparse import unparse, unparse_short


def counted_length(node: ast.Number, counting: Counting, environment: Environment) -> Exact | None:
    """A number by a clock that does not count updates."""
    per = counting.units.get(node.unit) if node.unit else 1
    if per is None:
        return environment.complain(*no_length(node, counting))
    return bounded(decimal_fraction(node.value) * per)


def where_updates_differ(
    node: ast.Number, clock: UnevenClock, environment: Environment
) -> Exact | None:
    """The updates that a length takes whose unit they differ in, from where its term stands."""
    length = bounded(decimal_fraction(node.value))
    if environment.began is not None:
        return bounded(clock.updates_from(environment.began, length))
    if environment.ends_at is not None:
        return bounded(clock.updates_to(environment.ends_at, length))
    message = f"`{unparse(node)}` is no fixed number of updates while the batch changes"
    fix = f"count all lengths in `{node.unit}`, with `| clock({node.unit})` behind the schedule"
    return environment.complain(diag.NO_LENGTH, message, node, fix)


def no_length(node: ast.Node, counting: Counting) -> tuple[diag.Problem, str, ast.Node, str]:
    """The mistake of a length that a clock does not count."""
    message = f"`{unparse_short(node)}` is no length by {counting.name}"
    return diag.WRONG_KIND, message, node, f"give it in `{next(iter(counting.units))}`"
