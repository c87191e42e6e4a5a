"""Draws schedules as text, for the terminal."""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lrdsl.plot.panels import one_length
from lrdsl.plot.sampling import Drawable, SampledCurve, named_schedules, sample
from lrdsl.plot.ticks import axis_limits, labels, log_labels, log_limits, log_ticks, share, ticks
from lrdsl.schedule.compiled_program import CompiledProgram
from lrdsl.syntax.unparse import shorten


def terminal(
    spec: Drawable,
    *,
    stop: int | None = None,
    width: int = 80,
    height: int = 12,
    ascii: bool = False,
    log: bool = False,
    **context: Any,
) -> str:
    """A drawing in braille dots, or in plain ASCII, `width` columns wide.

    `spec` is a Schedule, a CompiledProgram, whose numbers are drawn one below the other, or a spec,
    with the other arguments of `lrdsl.compile`. `height` counts
    the rows of the curve; three more hold the updates. The vertical axis reaches from the lowest
    to the highest value, or from 0 where that is near. `log` makes it logarithmic: values that are
    0 or below do not show then, and one must be above (`ValueError`).

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
    if not isinstance(spec, CompiledProgram):
        curve = sample(spec, stop, **context)
        return draw_curve(curve, width=width, height=height, ascii=ascii, log=log)
    schedules = named_schedules([spec], context)
    curves = one_length([each.schedule for each in schedules], stop)
    gutter = max([_gutter(curve, height, log) for curve in curves])
    return "\n\n".join(
        [
            f"{shorten(f'{each.name}: {each.schedule.spec}', width)}\n"
            + draw_curve(curve, width=width, height=height, ascii=ascii, log=log, gutter=gutter)
            for each, curve in zip(schedules, curves, strict=True)
        ]
    )


def _gutter(curve: SampledCurve, height: int, log: bool) -> int:
    """The columns that the numbers at the vertical axis take."""
    return max([len(name) for name in _axis_of(curve, height, log).names])


def _axis_of(curve: SampledCurve, height: int, log: bool) -> _Axis:
    return (_log_axis if log else _linear_axis)(curve.values, max(2, (height + 1) // 2))


def draw_curve(
    curve: SampledCurve,
    *,
    width: int,
    height: int,
    ascii: bool,
    log: bool = False,
    gutter: int = 0,
) -> str:
    """The drawing of values that are at hand; see `terminal`.

    `gutter` is how many columns the numbers at the vertical axis have at least.
    """
    from plotille import Canvas

    axis = _axis_of(curve, height, log)
    low, high, names = axis.low, axis.high, axis.names
    gutter = max([gutter, *map(len, names)])
    columns = max(8, width - gutter - 3)
    dots_x, dots_y = 2 * columns, 4 * height

    canvas = Canvas(columns, height, 0, 0, dots_x, dots_y)
    before: tuple[int, int] | None = None
    for x, ends in enumerate(_column_ranges(curve._replace(values=axis.values), dots_x)):
        if ends is None:
            before = None
            continue
        bottom, top = [_dot_row(value, low, high, dots_y) for value in ends]
        # A jump is upright, in the column where it happens.
        below, above = before or (bottom, top)
        canvas.line(x, min(bottom, above + 1), x, max(top, below - 1))
        before = bottom, top
    rows = canvas.plot(linesep="\n").replace("\u2800", " ").split("\n")

    rows_of_ticks = [height - 1 - _dot_row(y, low, high, dots_y) // 4 for y in axis.places]
    at_row = dict(zip(rows_of_ticks, names, strict=True))
    lines = [
        f"{at_row.get(i, ''):>{gutter}} {'┤' if i in at_row else '│'}{row}"
        for i, row in enumerate(rows)
    ]
    lines += _x_axis(curve.end, columns, gutter)
    text = "\n".join(line.rstrip() for line in lines)
    return text.translate(_ASCII) if ascii else text


class _Axis(NamedTuple):
    """A vertical axis: its range, the places and the names of its ticks, the values as placed."""

    low: float
    high: float
    places: list[float]
    names: list[str]
    values: NDArray[np.float64]


def _linear_axis(values: NDArray[np.float64], most: int) -> _Axis:
    low, high = axis_limits(float(values.min()), float(values.max()))
    found = ticks(low, high, most)
    return _Axis(low, high, [float(tick) for tick in found], labels(found), values)


def _log_axis(values: NDArray[np.float64], most: int) -> _Axis:
    """An axis on which the logarithms of the values are placed; NaN for those that have none."""
    placed = np.full(len(values), np.nan)
    np.log10(values, out=placed, where=values > 0)
    if np.isnan(placed).all():
        raise ValueError("no value is above 0: there is nothing to draw on a logarithmic axis")
    low, high = log_limits(float(values[values > 0].min()), float(values.max()))
    found = log_ticks(low, high, most)
    places = [math.log10(tick) for tick in found]
    return _Axis(math.log10(low), math.log10(high), places, log_labels(found), placed)


def _dot_row(value: float, low: float, high: float, dots: int) -> int:
    """The row of dots for a value, counted from the bottom."""
    return round(share(value, low, high) * (dots - 1))


def _column_ranges(curve: SampledCurve, dots: int) -> Iterator[tuple[float, float] | None]:
    """The lowest and the highest value in each column of dots; None where none can be drawn."""
    edges = np.arange(dots + 1, dtype=np.float64) * (curve.end / dots)
    first = np.searchsorted(curve.steps, np.floor(edges[:-1]), "right") - 1
    last = np.searchsorted(curve.steps, np.ceil(edges[1:]) - 1, "right") - 1
    last[-1] = len(curve.steps) - 1  # the final value has its place at the right end
    for i, j in zip(first.tolist(), last.tolist(), strict=True):
        values = curve.values[i : j + 1]
        if not np.isfinite(values).all():
            values = values[np.isfinite(values)]
        yield (float(values.min()), float(values.max())) if len(values) else None


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
