"""Schedules in notebooks: HTML with the curve as SVG, drawn without matplotlib.

Text and axes have the colour of the page's text, so that they show on a dark page too.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from decimal import Decimal
from html import escape

from lrdsl.diagnostics import SpecError
from lrdsl.plot.panels import common_end
from lrdsl.plot.sampling import sample
from lrdsl.plot.style import COLOURS
from lrdsl.plot.ticks import axis_limits, labels, share, ticks
from lrdsl.schedule.compile import compile
from lrdsl.schedule.compiled_program import CompiledProgram
from lrdsl.schedule.schedule import Schedule
from lrdsl.syntax.spec import Spec

WIDTH, HEIGHT = 560, 170
"""The size of a picture in pixels."""

LEFT, RIGHT, TOP, BOTTOM = 60, WIDTH - 14, 10, HEIGHT - 24
"""The edges of the curve in it; beside them stand the labels of the ticks."""

MAX_CURVES = 8
"""The most curves that are shown of a run."""


def spec_html(spec: Spec) -> str:
    """A spec as HTML: its text, and the curve, or what that needs.

    >>> import lrdsl
    >>> print(spec_html(lrdsl.parse("linear(1, 0, 4%)")))
    <div><code>linear(1, 0, 4%)</code><div><small>`4%` needs total_steps</small></div></div>
    """
    try:
        picture = schedule_svg(compile(spec))
    except ValueError as error:
        picture = _reason(error)
    return _page(str(spec), picture)


def schedule_html(schedule: Schedule) -> str:
    """A schedule as HTML: its `repr`, its length, and the curve."""
    endless = math.isinf(schedule.length)
    length = _note("never ends" if endless else f"{schedule.length:,} updates")
    return _page(repr(schedule), length + _picture(schedule))


def program_html(program: CompiledProgram) -> str:
    """A program as HTML: its `repr`, and the curve of each number.

    >>> import lrdsl
    >>> program_html(lrdsl.compile_program({"lr": "0.1", "ema": "0.9"})).count("<svg")
    2
    """
    schedules = [each.schedule for each in program.schedules]
    return run_html(repr(program), program.items(), 0, common_end(schedules))


def run_html(heading: str, schedules: Iterable[tuple[str, Schedule]], now: int, end: float) -> str:
    """A run as HTML: the curve of each of its schedules, by name, with the present update marked.

    `end` is the length of the run in updates, infinite if it is not known.
    """
    shown = [*schedules]
    stop = None if math.isinf(end) else int(end)
    parts = [
        f"<div><code>{escape(f'{name} = {schedule.spec}')}</code></div>"
        + _picture(schedule, stop, now)
        for name, schedule in shown[:MAX_CURVES]
    ]
    more = len(shown) - MAX_CURVES
    if more > 0:
        parts.append(_note(f"and {more} more schedules"))
    return _page(heading, "".join(parts))


def schedule_svg(schedule: Schedule, stop: int | None = None, now: int | None = None) -> str:
    """The curve of a schedule before update `stop` as SVG; `now` is an update to mark.

    Raises `ValueError` where there is nothing to draw, `SpecError` if a value is not finite.

    >>> import lrdsl
    >>> schedule_svg(lrdsl.compile("linear(1, 0, 4)"))[:37]
    '<svg xmlns="http://www.w3.org/2000/sv'
    """
    curve = sample(schedule, stop, most=2 * WIDTH)
    low, high = axis_limits(float(curve.values.min()), float(curve.values.max()))

    def x(update: float) -> str:
        return f"{LEFT + (RIGHT - LEFT) * update / curve.end:.1f}"

    def y(value: float) -> str:
        return f"{BOTTOM - (BOTTOM - TOP) * share(value, low, high):.1f}"

    def axes() -> Iterator[str]:
        values, updates = ticks(low, high, 5), ticks(0, curve.end, 7)
        for value, name in _labelled(values):
            yield f'<path d="M{LEFT} {y(float(value))}H{RIGHT}" opacity=".15"/>'
            yield _text(LEFT - 6, float(y(float(value))) + 4, "end", name)
        for update, name in _labelled([tick for tick in updates if tick == int(tick)]):
            yield f'<path d="M{x(float(update))} {BOTTOM}v4" opacity=".5"/>'
            yield _text(float(x(float(update))), BOTTOM + 16, "middle", name)
        yield f'<path d="M{LEFT} {BOTTOM}H{RIGHT}" opacity=".5"/>'
        if now is not None and 0 < now <= curve.end:
            yield f'<path d="M{x(now)} {TOP}V{BOTTOM}" opacity=".6" stroke-dasharray="3 3"/>'

    points = zip(curve.steps.tolist(), curve.values.tolist(), strict=True)
    steps = "".join([f"H{x(update)}V{y(value)}" for update, value in points])
    line = f"M{LEFT} {y(float(curve.values[0]))}{steps}H{RIGHT}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="11" '
        f'fill="currentColor" stroke="currentColor">{"".join(axes())}'
        f'<path d="{line}" fill="none" stroke="{COLOURS[0]}" stroke-width="1.8"/></svg>'
    )


def _labelled(values: list[Decimal]) -> Iterable[tuple[Decimal, str]]:
    return zip(values, labels(values), strict=True)


def _text(x: float, y: float, anchor: str, text: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" stroke="none">{text}</text>'


def _picture(schedule: Schedule, stop: int | None = None, now: int | None = None) -> str:
    """The curve, or the reason why there is none."""
    try:
        return schedule_svg(schedule, stop, now)
    except ValueError as error:
        return _reason(error)


def _reason(error: ValueError) -> str:
    message = error.diagnostics[0].message if isinstance(error, SpecError) else str(error)
    return _note(message)


def _note(text: str) -> str:
    return f"<div><small>{escape(text)}</small></div>"


def _page(heading: str, body: str) -> str:
    return f"<div><code>{escape(heading)}</code>{body}</div>"
