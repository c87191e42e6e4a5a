"""Pictures of schedules: a matplotlib figure, a file, a drawing for the terminal.

What is drawn is what is trained with: the schedule's own values, each held until the next update.
matplotlib is needed for figures only, and imported there; it comes with `lrdsl[plot]`.
"""

from __future__ import annotations

import math
import os
import textwrap
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from lrdsl.schedule.schedule import Schedule, compile

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ENDLESS = 1000
"""How many updates are shown of a schedule that never ends in a run of unknown length."""

FORMATS = ("svg", "png", "pdf")
"""The kinds of file that `save` writes."""

_POINTS = 10_000
"""Up to how many updates a figure draws every single one."""

COLOURS = ("#1f5fa8", "#c8442f", "#2b8a57", "#d98a12", "#7a4ca0", "#4f5d68")
"""Of curves: blue, red, green, amber, purple, grey."""

INK, _PALE = "#333333", "#e4e7ea"
_DASHES = ("-", "--", ":", "-.")
_MOST_BOUNDARIES = 40

Drawable: TypeAlias = Any
"""A Schedule, or whatever `lrdsl.compile` takes for a spec."""


class Curve(NamedTuple):
    """Values of a schedule, ready to draw.

    `values[i]` holds from update `steps[i]` on; the picture ends at `end`. `complete` tells
    whether every update is among `steps`, or only some thousands of them.
    """

    steps: NDArray[np.int64]
    values: NDArray[np.float64]
    end: int
    complete: bool


def horizon(schedule: Schedule) -> int:
    """How many updates of a schedule are worth showing: its length, the run's, or 1000.

    >>> import lrdsl
    >>> horizon(lrdsl.compile("cosine(1, 0, 90)")), horizon(lrdsl.compile("0.1"))
    (90, 1000)
    """
    if math.isfinite(schedule.length):
        return int(schedule.length)
    return schedule.context.total_steps or ENDLESS


def sample(schedule: Schedule, stop: int | None = None, *, most: int = _POINTS) -> Curve:
    """The values at the updates before `stop`, all of them if they are `most` or fewer.

    `stop` defaults to one past the length, so that the final value is there too, and to the
    horizon of a schedule that never ends. Of more updates than `most`, an even choice of that many
    is taken, and the updates on both sides of each boundary, so that jumps stay where they are.

    >>> import lrdsl
    >>> sample(lrdsl.compile("linear(1, 0, 4)")).values
    array([1.  , 0.75, 0.5 , 0.25, 0.  ])
    """
    end = horizon(schedule) if stop is None else stop
    if end < 1:
        raise ValueError(f"`stop` is 1 or more, not {end}")
    count = end + 1 if stop is None and math.isfinite(schedule.length) else end
    if count <= most:
        steps = np.arange(count, dtype=np.int64)
    else:
        even = np.linspace(0, count - 1, most).round().astype(np.int64)
        edges = np.array(schedule.boundaries, dtype=np.int64)
        edges = np.concatenate([edges - 1, edges])
        steps = np.array(sorted({*even.tolist(), *edges[edges < count].tolist()}))
    return Curve(steps, schedule(steps), end, count <= most)


def figure(
    specs: Drawable | Sequence[Drawable],
    *,
    stop: int | None = None,
    log: bool = False,
    title: str | None = None,
    **context: Any,
) -> Figure:
    """A matplotlib `Figure` of one schedule or of several, laid over each other.

    `specs` is a spec, a Schedule, or a sequence of these. The picture covers the updates before
    `stop`; by default, up to where the longest ends. `log` draws the values on a logarithmic axis,
    where those that are 0 or below do not show. The title is the spec, unless `title` is given;
    several schedules are told apart in a legend. The other arguments are those of `lrdsl.compile`.
    Raises `SpecError` for a faulty spec, `ValueError` where there is nothing to draw. pyplot and
    its global state stay untouched.

    >>> picture = figure("warmup(100) >> cosine(1, 0, 800)")
    >>> picture.axes[0].get_xlabel(), picture.axes[0].get_ylabel()
    ('update', 'learning rate')
    """
    _need_matplotlib()
    schedules = _schedules(specs, context)
    curves = _curves(schedules, stop)
    if log and not any((curve.values > 0).any() for curve in curves):
        raise ValueError("no value is above 0: there is nothing to draw on a logarithmic axis")

    legend = 0.17 * len(schedules) if len(schedules) > 1 else 0.0
    picture = blank(3.7 + legend)
    axes = picture.add_subplot()
    looks = zip(cycle(COLOURS), cycle([d for d in _DASHES for _ in COLOURS]), strict=False)
    for schedule, curve, (colour, dashes) in zip(schedules, curves, looks, strict=False):
        x = np.append(curve.steps, curve.end)
        y = np.append(curve.values, curve.values[-1])
        if log:
            y = np.where(y > 0, y, np.nan)
        axes.plot(
            x,
            y,
            dashes,
            drawstyle="steps-post",
            color=colour,
            linewidth=1.8,
            solid_joinstyle="round",
            label=textwrap.shorten(str(schedule.spec), 90, placeholder=" …"),
            zorder=3,
            clip_on=False,
        )
    if len(schedules) == 1:
        _boundaries(axes, schedules[0], curves[0].end)
    _dress(axes, max(curve.end for curve in curves))
    if log:
        axes.set_yscale("log")
    else:
        _linear(axes, np.concatenate([curve.values for curve in curves]))
    if len(schedules) > 1:
        legend_above(axes, size=8)
        if title:
            picture.suptitle(literal(title), fontsize=11, color=INK)
    else:
        heading = title or "\n".join(textwrap.wrap(str(schedules[0].spec), 84, max_lines=3))
        look: dict[str, Any] = (
            {"fontsize": 11} if title else {"fontsize": 8.5, "family": "monospace"}
        )
        axes.set_title(literal(heading), loc="left", color=INK, pad=10, **look)
    return picture


def save(
    specs: Drawable | Sequence[Drawable],
    path: str | os.PathLike[str],
    *,
    stop: int | None = None,
    log: bool = False,
    title: str | None = None,
    **context: Any,
) -> Path:
    """Write the `figure` of the same arguments to an SVG, PNG or PDF file, by its extension.

    The same schedules give the same bytes. Returns the path. Raises `ValueError` for another
    extension, `OSError` where the file cannot be written.

    >>> save("cosine(1, 0, 800)", "lr.jpg")
    Traceback (most recent call last):
    ValueError: a picture is .svg, .png or .pdf, not 'lr.jpg'
    """
    kind_of(path)
    return write(figure(specs, stop=stop, log=log, title=title, **context), path)


def kind_of(path: str | os.PathLike[str]) -> str:
    """The kind of picture that a path names; `ValueError` if it is none.

    >>> kind_of("runs/lr.SVG")
    'svg'
    """
    kind = Path(path).suffix.lower().removeprefix(".")
    if kind not in FORMATS:
        raise ValueError(f"a picture is .svg, .png or .pdf, not {os.fspath(path)!r}")
    return kind


def write(picture: Figure, path: str | os.PathLike[str]) -> Path:
    """Write a figure to a file, of the same bytes each time; see `save`."""
    import matplotlib

    kind, target = kind_of(path), Path(path)

    # Ids of SVG elements come from the salt, else from chance; dates would differ each time.
    undated: dict[str, dict[str, str | None]] = {
        "svg": {"Date": None},
        "pdf": {"CreationDate": None},
        "png": {},
    }
    with matplotlib.rc_context({"svg.hashsalt": "lrdsl"}):
        picture.savefig(target, format=kind, dpi=200, metadata=undated[kind])
    return target


def terminal(
    schedule: Schedule,
    *,
    stop: int | None = None,
    width: int = 80,
    height: int = 12,
    ascii: bool = False,
) -> str:
    """A drawing in braille dots, or in plain ASCII, `width` columns wide.

    `height` counts the rows of the curve; three more hold the updates. The vertical axis reaches
    from the lowest to the highest value, or from 0 where that is near.

    >>> import lrdsl
    >>> schedule = lrdsl.compile("linear(0, 1, 40) >> constant(0.5, 20)")
    >>> print(terminal(schedule, width=38, height=5, ascii=True))
        |                 ..:':
        |            ..:'''   :
    0.5 +        ..:''        '''''''''''
        |    ..:''
      0 +..:''
        ++----------+---------+---------+
         0          20        40       60
                                   update
    """
    return drawing(sample(schedule, stop), width=width, height=height, ascii=ascii)


def drawing(curve: Curve, *, width: int = 80, height: int = 12, ascii: bool = False) -> str:
    """The drawing of values that are at hand; see `terminal`."""
    from plotille import Canvas

    low, high = _range(float(curve.values.min()), float(curve.values.max()))
    y_ticks = ticks(low, high, max(2, (height + 1) // 2))
    names = labels(y_ticks)
    gutter = max(len(name) for name in names)
    columns = max(8, width - gutter - 3)
    dots_x, dots_y = 2 * columns, 4 * height

    canvas = Canvas(columns, height, 0, 0, dots_x, dots_y)
    before: tuple[int, int] | None = None
    for x, (bottom, top) in enumerate(_columns(curve, dots_x)):
        y0, y1 = (_dot(value, low, high, dots_y) for value in (bottom, top))
        start, stop = y0, y1
        if before is not None:  # a jump is upright, in the column where it happens
            start, stop = min(y0, before[1] + 1), max(y1, before[0] - 1)
        canvas.line(x, start, x, stop)
        before = y0, y1
    rows = canvas.plot(linesep="\n").replace("\u2800", " ").split("\n")

    at_row = {
        height - 1 - _dot(float(tick), low, high, dots_y) // 4: name
        for tick, name in zip(y_ticks, names, strict=True)
    }
    lines = [
        f"{at_row.get(i, ''):>{gutter}} {'┤' if i in at_row else '│'}{row}"
        for i, row in enumerate(rows)
    ]
    lines += _x_axis(curve.end, columns, gutter)
    text = "\n".join(line.rstrip() for line in lines)
    return text.translate(_ASCII) if ascii else text


def ticks(low: float, high: float, most: int) -> list[Decimal]:
    """Round numbers from `low` to `high`, evenly spaced, at most `most` of them.

    >>> [str(tick) for tick in ticks(0, 900, 6)]
    ['0', '200', '400', '600', '800']
    """
    first, last = Decimal(repr(float(low))), Decimal(repr(float(high)))  # 0.1 is a tenth
    exponent = (last - first).adjusted() - 2
    while True:
        for digit in (1, 2, 5):
            step = Decimal(digit).scaleb(exponent)
            lowest, highest = math.ceil(first / step), math.floor(last / step)
            if highest - lowest < most:
                return [(i * step).normalize() + 0 for i in range(lowest, highest + 1)]
        exponent += 1


def labels(values: Sequence[Decimal]) -> list[str]:
    """Short names for the ticks of one axis, all in the same notation.

    >>> labels([Decimal("0"), Decimal("0.5"), Decimal("1.0")])
    ['0', '0.5', '1']
    >>> labels([Decimal("0"), Decimal("0.0005"), Decimal("0.0010")])
    ['0', '5e-4', '1e-3']
    >>> labels([Decimal(0), Decimal(20_000)])
    ['0', '20k']
    """
    largest = max((abs(value) for value in values), default=Decimal(0))
    if largest and not -2 <= largest.adjusted() < 12:
        return [_scientific(value) for value in values]
    sizes = ((9, 9, "B"), (6, 6, "M"), (4, 3, "k"))
    power, letter = next(
        ((p, name) for size, p, name in sizes if largest.adjusted() >= size), (0, "")
    )
    return [f"{value.scaleb(-power).normalize():f}{letter}" if value else "0" for value in values]


def _scientific(value: Decimal) -> str:
    if not value:
        return "0"
    return f"{value.scaleb(-value.adjusted()).normalize():f}e{value.adjusted()}"


def _need_matplotlib() -> None:
    try:
        import matplotlib.figure  # noqa: F401
    except ModuleNotFoundError as error:
        message = "a figure needs matplotlib: pip install 'lrdsl[plot]'"
        raise ModuleNotFoundError(message, name=error.name) from error


def blank(height: float) -> Figure:
    """An empty figure in the look of all of them, so many inches high."""
    _need_matplotlib()
    from matplotlib.figure import Figure

    picture = Figure(figsize=(7.2, height), facecolor="white")
    picture.set_layout_engine("constrained", w_pad=0.1, h_pad=0.08)
    return picture


def _schedules(specs: Drawable | Sequence[Drawable], context: dict[str, Any]) -> list[Schedule]:
    several = isinstance(specs, Sequence) and not isinstance(specs, str)
    found = [
        spec if isinstance(spec, Schedule) else compile(spec, **context)
        for spec in (specs if several else [specs])
    ]
    if not found:
        raise ValueError("there is no schedule to draw")
    return found


def _curves(schedules: Sequence[Schedule], stop: int | None) -> list[Curve]:
    """The curves of several schedules, as long as the longest; one that ends is held there."""
    if stop is not None or len(schedules) == 1:
        return [sample(schedule, stop) for schedule in schedules]
    ends = [s for s in schedules if math.isfinite(s.length) or s.context.total_steps]
    end = max(horizon(schedule) for schedule in ends or schedules)
    return [sample(s) if horizon(s) == end else sample(s, end) for s in schedules]


def _boundaries(axes: Axes, schedule: Schedule, end: int) -> None:
    inner = [boundary for boundary in schedule.boundaries if 0 < boundary < end]
    if len(inner) <= _MOST_BOUNDARIES:
        for boundary in inner:
            axes.axvline(boundary, color="#8b949e", linewidth=0.8, linestyle=(0, (3, 3)), zorder=1)


def _dress(axes: Axes, end: int) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.set_xlim(0, end)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=9, integer=True, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: labels([Decimal(x)])[0]))
    dress(axes, "update", "learning rate")


def dress(axes: Axes, x: str, y: str) -> None:
    """Give axes their names and the look of all figures."""
    axes.set_xlabel(x, color=INK)
    axes.set_ylabel(y, color=INK)
    axes.grid(color=_PALE, linewidth=0.8, zorder=0)
    axes.set_axisbelow(True)
    axes.tick_params(colors=INK, labelsize=9, length=3, width=0.8)
    axes.tick_params(which="minor", length=0)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set(color="#9aa2aa", linewidth=0.8)


def _linear(axes: Axes, values: NDArray[np.float64]) -> None:
    low, high = _range(float(values.min()), float(values.max()))
    margin = 0.04 * (high / 2 - low / 2) * 2
    axes.set_ylim(low - margin, high + margin)
    axes.ticklabel_format(axis="y", style="sci", scilimits=(-2, 4), useMathText=True)


def legend_above(axes: Axes, *what: Any, size: float) -> None:
    """A legend above: of all that is drawn, or of `what` alone, the handles and their texts."""
    axes.legend(
        *what,
        loc="lower center",
        bbox_to_anchor=(0.5, 1.0),
        frameon=False,
        prop={"family": "monospace", "size": size},
        labelcolor=INK,
    )


def literal(text: str) -> str:
    """The text, safe from being read as TeX by matplotlib."""
    return text.replace("$", r"\$")


def _range(low: float, high: float) -> tuple[float, float]:
    """What a vertical axis covers: the values, from 0 where that is near, never nothing."""
    if high - low <= 1e-12 * max(abs(low), abs(high)):
        return (min(0.0, 2 * low), max(0.0, 2 * low)) if low else (-1.0, 1.0)
    if 0 < low < 0.2 * high:
        return 0.0, high
    if 0 > high > 0.2 * low:
        return low, 0.0
    return low, high


def _dot(value: float, low: float, high: float, dots: int) -> int:
    """The row of dots for a value, counted from the bottom."""
    # Halves keep the difference of the largest floats finite.
    share = (value / 2 - low / 2) / (high / 2 - low / 2)
    return round(share * (dots - 1))


def _columns(curve: Curve, dots: int) -> Iterator[tuple[float, float]]:
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


def _asciified() -> dict[int, str]:
    """What stands for braille and for the lines of the axes where neither can be written."""
    table = {ord("│"): "|", ord("┤"): "+", ord("└"): "+", ord("─"): "-", ord("┬"): "+"}
    upper, lower = 0b00011011, 0b11100100  # the dots of the upper two rows, of the lower two
    marks = {(False, False): " ", (True, False): "'", (False, True): ".", (True, True): ":"}
    for dots in range(256):
        table[0x2800 + dots] = marks[bool(dots & upper), bool(dots & lower)]
    return {code: str(mark) for code, mark in table.items()}


_ASCII = _asciified()
