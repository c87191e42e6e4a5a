"""Queries about the syntax of a spec: its calls and numbers, and the spec without a piece."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import TypeVar

import numpy as np

from lrdsl.diagnostics import Span, SpecError
from lrdsl.language.binding import bind_definition
from lrdsl.language.modifiers import MODIFIERS, Modifier
from lrdsl.language.shapes.base import Direction
from lrdsl.linter.context import CallSite, LintContext
from lrdsl.schedule.schedule import Schedule
from lrdsl.syntax import ast

N = TypeVar("N", bound=ast.Node)

MAX_COMPARED_VALUES = 200_000
"""The values of two schedules that are compared; of longer ones as many samples are."""

SAMPLE_SIZE = 500
"""The values that are compared first, which tell most schedules apart."""

MAX_RECOMPILED_CHARACTERS = 4_000
"""Characters of the longest spec that is compiled again without a piece."""

MAX_TRIED_PIECES = 20
"""Pieces of a spec that are cut out in turn, to see whether they matter."""


def modifier_of(node: ast.Node) -> type[Modifier] | None:
    """The modifier that a node right of a `|` calls, None if it calls something else."""
    return MODIFIERS.get(node.name.id) if isinstance(node, (ast.Call, ast.Bracket)) else None


def limits_values(node: ast.Node) -> bool:
    """Whether a node calls a modifier that keeps values inside bounds."""
    return (modifier_of(node) or Modifier).limits_values


def promised_direction(context: LintContext, name: str) -> Direction | None:
    """The direction that a shape's name promises, None for other names."""
    signature = context.language.shapes.get(name) if name else None
    return None if signature is None else signature.cls.promised_direction


def promises_decay(name: str) -> bool:
    """Whether the name of a definition says that it anneals, and not that it does so in cycles.

    >>> promises_decay("torch.CosineAnnealingLR"), promises_decay("torch.CyclicLR")
    (True, False)
    >>> promises_decay("torch.CosineAnnealingWarmRestarts")
    False
    """
    own = name.rpartition(".")[2].lower()
    decays = any([word in own for word in ("anneal", "decay", "cooldown")])
    return decays and not any([word in own for word in ("cycl", "restart", "sgdr", "repeat")])


def calls_of(context: LintContext, *names: str) -> Iterator[CallSite]:
    """The calls of definitions in the text, with the defaults for arguments that are left out.

    A default stands in no place of the text: its span is that of the call.
    """
    for node in [each for each in context.as_written.of(ast.Call) if each.name.id in names]:
        definition = context.language.definitions.get(node.name.id)
        if definition is not None:
            given, _ = bind_definition(node, definition)
            usual = {
                p.name: replace(p.default, span=node.span)
                for p in definition.parameters
                if p.default is not None
            }
            nodes = {k: v for k, v in {**usual, **given}.items() if isinstance(v, ast.Node)}
            yield CallSite(node, node.name.id, nodes)


def mentions(node: ast.Node, name: str) -> bool:
    """Whether a name stands anywhere in a tree."""
    return any([isinstance(part, ast.Name) and part.id == name for part, _ in ast.walk(node)])


def number(node: ast.Node | None) -> float | None:
    """The number that is written there, None for anything else."""
    return node.value if isinstance(node, ast.Number) and not node.unit else None


def is_same_without(
    context: LintContext, piece: Span, length_too: bool = False, instead: str = ""
) -> bool:
    """Whether the run is the same when a piece of the spec's text is cut out, or is another one.

    Where the run's length is not known, or with `length_too`, the schedule's own length must stay
    as well.
    """
    text, schedule = context.source, context.schedule
    if len(text) > MAX_RECOMPILED_CHARACTERS:
        return False
    other = context.compiled(text[: piece.start] + instead + text[piece.stop :])
    if schedule is None or other is None:
        return False
    if (length_too or context.total is None) and schedule.length != other.length:
        return False
    if len(schedule.histories) != len(other.histories):
        return False
    # A few values tell most apart, before all are looked at.
    few = is_alike(schedule, other, context.end, SAMPLE_SIZE)
    return few and is_alike(schedule, other, context.end)


def idle_pieces(
    context: LintContext, pieces: Iterable[tuple[N, Span | None]], length_too: bool = False
) -> Iterator[tuple[N, Span]]:
    """The nodes whose pieces of text do not matter, among the first of them."""
    for node, piece in islice(pieces, MAX_TRIED_PIECES):
        if piece is not None and is_same_without(context, piece, length_too):
            yield node, piece


def is_alike(
    first: Schedule, second: Schedule, end: float, most: int = MAX_COMPARED_VALUES
) -> bool:
    """Whether two schedules have the same values before `end`, all of them finite.

    Of more than `most` updates it looks at so many, and at those where a formula begins or ends.
    """
    stop = MAX_COMPARED_VALUES if math.isinf(end) else max(int(end), 1)
    at = np.arange(stop) if stop <= most else np.linspace(0, stop - 1, most).astype(np.int64)
    try:
        alike = np.array_equal(first(at), second(at))
        if stop <= most or not alike:
            return alike
        edges = np.array([*first.boundaries[:most], *second.boundaries[:most]], dtype=np.int64)
        near = np.concatenate([edges - 1, edges])
        near = near[(near >= 0) & (near < stop)]
        return np.array_equal(first(near), second(near))
    except SpecError:
        return False


def with_operator_before(source: str, span: Span) -> Span | None:
    """A piece of text and the operator in front of it; None if something else stands there.

    >>> with_operator_before("a * 1", Span(4, 5))[:2]
    (1, 5)
    """
    before = source[: span.start].rstrip()
    operator = next((each for each in ("**", "//", *"|*/+-") if before.endswith(each)), None)
    if operator is None:
        return None
    return Span(len(before.removesuffix(operator).rstrip()), span.stop)
