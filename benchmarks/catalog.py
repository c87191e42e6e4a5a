"""A million values of everything in the catalog: its own examples, beside as many cosines.

Each is measured as it is written, for a run of 10^6 updates, most of which may come after its end,
and once more with durations a thousand times as long. The row is the slower one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import lrdsl
from benchmarks.evaluate import MILLION, floor, valued
from benchmarks.rows import Goal, Row, compared
from benchmarks.timing import Contender, Effort, Spread, contest
from lrdsl.compiler.leaf_signals import PointwiseSignal, ShapeSignal
from lrdsl.language import catalog
from lrdsl.language.language import Language
from lrdsl.language.modifiers.interval import ScaledSignal
from lrdsl.language.shapes.noise import Noise
from lrdsl.language.signal import ConstantSignal, SequenceSignal

OVER = "np.cos"
LIMIT = 2.0
"""How many cosines an operand may take."""
LONG = {"total_steps": MILLION, "steps_per_epoch": 50_000.0}
RUN: dict[str, Any] = {**catalog.EXAMPLE_RUN, **LONG}


def rows(effort: Effort) -> Iterator[Row]:
    """A row for each entry, and two for all of them: the slowest and the fastest one."""
    quicker, n = effort.but(rounds=7, seconds=0.01), MILLION // effort.size
    cosines, found = floor(n), []
    for entry in catalog.entries(Language()):
        texts = dict.fromkeys([entry.doc.example, longer(entry.doc.example)])
        measured = [_row(text, n, cosines, quicker) for text in texts]
        found.append(max(measured, key=_for_each_operand))
        yield found[-1]
    found.sort(key=_for_each_operand)
    for name, row in (("slowest", found[-1]), ("fastest", found[0])):
        yield _of_all(f"10^6 updates of the {name} in the catalog, for each operand", row)


def longer(example: str) -> str:
    """The example with durations a thousand times as long: all whole numbers from 10 on.

    >>> longer("tanh(1, 1e-3, 800, lb=-6) | interval[600..710:*0.5]")
    'tanh(1, 1e-3, 800000, lb=-6) | interval[600000..710000:*0.5]'
    """
    return re.sub(r"(?<![\w-])(?<!\d\.)[1-9]\d+(?!\w|\.\d)", r"\g<0>000", example)


def operands(signal: Any) -> int:
    """How many values are made for one: those of all operands, of one part of a chain.

    Noise counts as three.
    """
    if isinstance(signal, ConstantSignal):
        return 0
    if isinstance(signal, PointwiseSignal):
        return sum(map(operands, signal.parts))
    if isinstance(signal, SequenceSignal):
        return max(map(operands, signal.parts))
    if isinstance(signal, ScaledSignal):
        factors = [entry.signal for entry in signal.factors.changing]
        return sum(map(operands, [signal.factors.signal, *factors]))
    if isinstance(signal, ShapeSignal):
        return 3 if isinstance(signal.shape, Noise) else 1
    source = getattr(signal, "source", None)
    return 1 if source is None else operands(source)


def _row(text: str, n: int, cosines: Contender, effort: Effort) -> Row:
    schedule = lrdsl.compile(text, **RUN)
    times = contest({"lrdsl": valued(schedule, n), OVER: cosines}, effort)
    goal = Goal(LIMIT * max(1, operands(schedule._signal)))
    return compared("catalog", f"10^6 updates of `{text}`", times, OVER, count=MILLION, goal=goal)


def _for_each_operand(row: Row) -> float:
    assert row.ratio is not None
    assert row.goal is not None
    return row.ratio.median / row.goal.limit


def _of_all(what: str, row: Row) -> Row:
    """The row of one entry, as that of all of them."""
    assert row.ratio is not None
    assert row.goal is not None
    share = LIMIT / row.goal.limit
    ratio = Spread(*[share * each for each in row.ratio])
    return Row("catalog", what, OVER, row.costs, row.beside, ratio, goal=Goal(LIMIT))
