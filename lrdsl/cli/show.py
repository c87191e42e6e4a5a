"""`lrdsl show`: what schedules mean, for people and as JSON.

\b
Examples:
  lrdsl show "warmup(100) >> cosine(1, 1e-3, 800) | interval[600:*0.5]"
  lrdsl show "warmup(5%) >> cosine()" --total-steps 10k --base-lr 3e-4
  lrdsl show conf/train.yaml::optimizer.lr --log
  lrdsl show "step(0.1, 0.5, 30ep)" --steps-per-epoch 500 --format json
  lrdsl show "wsd(1, 100, 700, 200)" --expand
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from lrdsl.cli.console import ellipsis, fitted, plain, terminal_size, wrapped, writes
from lrdsl.cli.expansion import expansions, program_fields
from lrdsl.cli.formats import as_json, with_format
from lrdsl.cli.options import flag, spec_help, with_context, with_specs
from lrdsl.diagnostics import counted

if TYPE_CHECKING:
    from lrdsl.compiler.context import Context
    from lrdsl.plot import SampledCurve
    from lrdsl.schedule.compiled_program import NamedSchedule


MAX_VALUES = 2**19
"""Up to how many updates `show` looks at every single one."""


@click.command(epilog=spec_help(__doc__))
@with_specs
@flag("--log", help="Use a logarithmic axis for the values.")
@flag("--expand", help="Print SPEC with its definitions written out instead.")
@with_format("text", "json")
@with_context
def show(specs: tuple[str, ...], log: bool, expand: bool, form: str, context: Context) -> None:
    """Show schedules: their values, their segments and a plot.

    Prints each SPEC in its usual spelling, its length, its lowest and its highest value, its
    segments and a plot. A schedule that never ends is shown for --total-steps updates, or for 1000.
    JSON is an object with a list of `schedules`.
    """
    from lrdsl.cli.spec_argument import schedules_of
    from lrdsl.plot.panels import curves_of

    if expand and (log or form != "text"):
        raise click.UsageError("--expand prints the text of SPEC: it goes without --log and json")
    if log and form != "text":
        raise click.UsageError("--log is about the plot, which json has none of")
    found = schedules_of(specs, context)
    if expand:
        click.echo(plain("\n\n".join(["\n".join(_expanded(each)) for each in found])))
        return
    curves = curves_of([each.schedule for each in found], most=MAX_VALUES)
    facts = [overview(*pair) for pair in zip(found, curves, strict=True)]
    if form == "json":
        click.echo(as_json({"schedules": facts}))
        return
    try:
        pages = [_page(*pair, log) for pair in zip(facts, curves, strict=True)]
    except ValueError as error:
        raise click.UsageError(f"--log: {error}") from error
    click.echo(plain("\n\n".join(pages)))


def _expanded(named: NamedSchedule) -> Iterator[str]:
    """The spec in core terms, below its name if it has one."""
    if named.name != str(named.schedule.spec):
        yield f"# {named.name}"
    yield from expansions(named.schedule)


def overview(named: NamedSchedule, curve: SampledCurve) -> dict[str, Any]:
    """All that `show` has to say, as plain data, ready for JSON.

    `name` tells it from the others that are shown, `number` is what it drives. `fields` are the
    schedules of a program that is called, by hyperparameter, `spec` itself being that of `lr`;
    `length` is None for a schedule that never ends; `shown` counts the updates that were looked
    at, from 0 on; `sampled` tells that not every one of them was, so that the lowest and the
    highest value may lie between.

    >>> import lrdsl
    >>> from lrdsl.plot import sample
    >>> from lrdsl.schedule.compiled_program import NamedSchedule
    >>> schedule = lrdsl.compile("linear(1, 0, 4)")
    >>> overview(NamedSchedule("mine", schedule), sample(schedule))["high"]
    {'value': 1.0, 'step': 0}
    """
    from lrdsl.syntax.unparse import unparse

    schedule = named.schedule
    low, high = int(curve.values.argmin()), int(curve.values.argmax())
    ends = math.isfinite(schedule.length)
    return {
        "name": named.name,
        "number": named.number,
        "spec": str(schedule.spec),
        "fields": {name: unparse(call) for name, call in program_fields(schedule).items()},
        "length": int(schedule.length) if ends else None,
        "total_steps": schedule.context.total_steps,
        "reacts_to_metrics": schedule.is_reactive,
        "shown": curve.end,
        "sampled": not curve.complete,
        "low": {"value": float(curve.values[low]), "step": int(curve.steps[low])},
        "high": {"value": float(curve.values[high]), "step": int(curve.steps[high])},
        "final": float(curve.values[-1]) if ends else None,
        "boundaries": list(schedule.boundaries),
        "segments": [
            {**segment.facts(), "stop": None if math.isinf(segment.stop) else segment.stop}
            for segment in schedule.segments
        ],
    }


_REACTS = "to the metrics of the run; shown as it is without any"


def _page(facts: dict[str, Any], curve: SampledCurve, log: bool) -> str:
    """The output of `show` for people."""
    from lrdsl.plot.drawing import draw_curve

    width, rows = terminal_size()
    if facts["length"] is not None:
        length = f"{counted(facts['length'], 'update')}, then {_short(facts['final'])}"
    else:
        why = "" if facts["total_steps"] else "; no --total-steps is given"
        length = f"endless; shown for {counted(facts['shown'], 'update')}{why}"
    about = "about " if facts["sampled"] else ""
    others = [name for name in facts["fields"] if name != "lr"]
    lines = [
        *([facts["name"]] if facts["name"] != facts["spec"] else []),
        wrapped(facts["spec"], sys.stdout, "    "),
        "",
        *([f"drives   lr, shown here; {', '.join(others)} too"] if others else []),
        f"length   {length}",
        *([f"reacts   {_REACTS}"] if facts["reacts_to_metrics"] else []),
        f"lowest   {about}{_short(facts['low']['value'])} at update {facts['low']['step']}",
        f"highest  {about}{_short(facts['high']['value'])} at update {facts['high']['step']}",
        "",
        *fitted(_table(facts["segments"])),
        "",
    ]
    height = 12 if rows is None else max(7, min(rows - len(lines) - 5, 20))
    lines.append(draw_curve(curve, width=width, height=height, ascii=not writes("⣿┤└"), log=log))
    return "\n".join(lines)


MAX_ROWS = 24
"""Segments listed for people; JSON has them all."""


def _table(segments: list[dict[str, Any]]) -> list[str]:
    """The segments in columns; of very many, the first and the last."""
    head = ("start", "stop", "first", "last", "formula")
    rows = [
        (
            str(s["start"]),
            "inf" if s["stop"] is None else str(s["stop"]),
            _short(s["first"]),
            "-" if s["last"] is None else _short(s["last"]),
            s["description"],
        )
        for s in segments
    ]
    if len(rows) > MAX_ROWS:
        left_out = (ellipsis(), "", "", "", f"{len(rows) - MAX_ROWS + 1} more")
        rows = [*rows[: MAX_ROWS - 5], left_out, *rows[-4:]]
    sizes = [max(len(row[i]) for row in [head, *rows]) for i in range(4)]
    return [
        "  ".join([*(f"{cell:>{size}}" for cell, size in zip(row, sizes, strict=False)), row[4]])
        for row in [head, *rows]
    ]


def _short(value: float) -> str:
    """A value for the eye: six digits, and no negative zero."""
    return f"{value + 0.0:.6g}"
