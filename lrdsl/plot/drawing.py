"""Draws schedules as text, for the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from typing import Any

import numpy as np

from lrdsl.plot.sampling import Drawable, SampledCurve, sample
from lrdsl.plot.ticks import axis_limits, labels, ticks


def terminal(
    spec: Drawable,
    *,
    stop: int | None = None,
    width: int = 80,
    height: int = 12,
    ascii: bool = False,
    **context: Any,
) -> str:
    """A drawing in braille dots, or in plain ASCII, `width` columns wide.

    `spec` is a Schedule or a spec, with the other arguments of `lrdsl.compile`. `height` counts
    the rows of the curve; three more hold the updates. The vertical axis reaches from the lowest
    to the highest value, or from 0 where that is near.

    >>> print(terminal("linear(0, 1, 40) >> constant(0.5, 20)", width=38, height=5, ascii=True))
        |                 ..:':
        |            ..:'''   :
    0.5 +        ..:''        '''''''''''
        |    ..:''
      0 +..:''
        ++----------+---------+---------+
         0          20        40       60
                                   update
    """
    return draw_curve(sample(spec, stop, **context), width=width, height=height, ascii=ascii)


def draw_curve(curve: SampledCurve, *, width: int, height: int, ascii: bool) -> str:
    """The drawing of values that are at hand; see `terminal`."""
    from plotille import Canvas

    low, high = axis_limits(float(curve.values.min()), float(curve.values.max()))
    y_ticks = ticks(low, high, max(2, (height + 1) // 2))
    names = labels(y_ticks)
    gutter = max(len(name) for name in names)
    columns = max(8, width - gutter - 3)
    dots_x, dots_y = 2 * columns, 4 * height

    canvas = Canvas(columns, height, 0, 0, dots_x, dots_y)
    ranges = _column_ranges(curve, dots_x)
    drawn = [[_dot_row(value, low, high, dots_y) for value in ends] for ends in ranges]
    for x, (before, (bottom, top)) in enumerate(pairwise([drawn[0], *drawn])):
        # A jump is upright, in the column where it happens.
        canvas.line(x, min(bottom, before[1] + 1), x, max(top, before[0] - 1))
    rows = canvas.plot(linesep="\n").replace("\u2800", " ").split("\n")

    at_row = {
        height - 1 - _dot_row(float(tick), low, high, dots_y) // 4: name
        for tick, name in zip(y_ticks, names, strict=True)
    }
    lines = [
        f"{at_row.get(i, ''):>{gutter}} {'┤' if i in at_row else '│'}{row}"
        for i, row in enumerate(rows)
    ]
    lines += _x_axis(curve.end, columns, gutter)
    text = "\n".join(line.rstrip() for line in lines)
    return text.translate(_ASCII) if ascii else text


def _dot_row(value: float, low: float, high: float, dots: int) -> int:
    """The row of dots for a value, counted from the bottom."""
    # Halves keep the difference of the largest floats finite.
    share = (value / 2 - low / 2) / (high / 2 - low / 2)
    return round(share * (dots - 1))


def _column_ranges(curve: SampledCurve, dots: int) -> Iterator[tuple[float, float]]:
    """The lowest and the highest value in each column of dots."""
    edges = np.arange(dots + 1, dtype=np.float64) * (curve.end / dots)
    first = np.searchsorted(curve.steps, np.floor(edges[:-1]), "right") - 1
    last = np.searchsorted(curve.steps, np.ceil(edges[1:]) - 1, "right") - 1
    last[-1] = len(curve.steps) - 1  # the final value has its place at the right end
    for i, j in zip(first.tolist(), last.tolist(), strict=True):
        values = curve.values[i : j + 1]
        yield float(values.min()), float(values.max())


def _x_axis(end: int, columns: int, gutter: int) -> list[str]:
    """The horizontal axis: a line with ticks, and below it the updates."""
    room = len(labels([Decimal(end)])[0]) + 4
    found = [tick for tick in ticks(0, end, max(2, columns // room)) if tick == int(tick)]
    line, below = ["─"] * columns, [" "] * (gutter + 2 + columns)
    for tick, name in zip(found, labels(found), strict=True):
        column = min(columns - 1, round(float(tick) / end * columns))
        line[column] = "┬"
        start = gutter + 2 + min(column - (len(name) - 1) // 2, columns - len(name))
        below[start : start + len(name)] = name
    return [
        f"{'':>{gutter}} └{''.join(line)}",
        "".join(below),
        f"{'update':>{gutter + 2 + columns}}",
    ]


_UPPER, _LOWER = 0b00011011, 0b11100100
"""The dots of the upper two rows of a braille cell, and those of the lower two."""

_ASCII: dict[int, int | str] = {
    **str.maketrans("│┤└─┬", "|++-+"),
    **{0x2800 + i: " '.:"[bool(i & _UPPER) + 2 * bool(i & _LOWER)] for i in range(256)},
}
"""Replacements of braille and of the lines of the axes where only ASCII can be written."""
