"""`lrdsl show`: what a spec means, for people and as JSON.

\b
Examples:
  lrdsl show "warmup(linear, 100) >> cosine(1, 1e-3, 800) | interval[600:*0.5]"
  lrdsl show "warmup(5%) >> cosine()" --total-steps 10k --base-lr 3e-4
  lrdsl show "step(0.1, 0.5, 30ep)" --steps-per-epoch 500 --json
  lrdsl show "wsd(1, 100, 700, 200)" --expand
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import click

from lrdsl.cli.console import ellipsis, fitted, terminal_size, writes
from lrdsl.cli.expansion import expansions, program_fields
from lrdsl.cli.options import flag, spec_help, text_of, with_context
from lrdsl.diagnostics import counted

if TYPE_CHECKING:
    from lrdsl.compiler.context import Context
    from lrdsl.plot import SampledCurve
    from lrdsl.schedule.schedule import Schedule


MAX_VALUES = 2**19
"""Up to how many updates `show` looks at every single one."""


@click.command(epilog=spec_help(__doc__))
@click.argument("spec", type=text_of)
@flag("--json", "as_json", help="Print it all as JSON, without the plot.")
@flag("--expand", help="Print SPEC with its definitions written out instead.")
@with_context
def show(spec: str, as_json: bool, expand: bool, context: Context) -> None:
    """Show a schedule: its values, its segments and a plot.

    Prints SPEC in its usual spelling, its length, its lowest and its highest value, its segments
    and a plot. A schedule that never ends is shown for --total-steps updates, or for 1000.
    """
    from lrdsl.plot import sample
    from lrdsl.schedule.compile import compile_in

    if as_json and expand:
        raise click.UsageError("--json and --expand are two ways to print it: give one of them")
    schedule = compile_in(spec, context)
    if expand:
        click.echo("\n".join(expansions(schedule)))
        return
    curve = sample(schedule, most=MAX_VALUES)
    facts = overview(schedule, curve)
    if as_json:
        click.echo(json.dumps(facts, indent=2, allow_nan=False))
    else:
        click.echo(_page(facts, curve))


def overview(schedule: Schedule, curve: SampledCurve) -> dict[str, Any]:
    """All that `show` has to say, as plain data, ready for JSON.

    `fields` are the schedules of a program by hyperparameter, `spec` itself being that of `lr`;
    `length` is None for a schedule that never ends; `shown` counts the updates that were looked
    at, from 0 on; `sampled` tells that not every one of them was, so that the lowest and the
    highest value may lie between.

    >>> import lrdsl
    >>> from lrdsl.plot import sample
    >>> schedule = lrdsl.compile("linear(1, 0, 4)")
    >>> overview(schedule, sample(schedule))["high"]
    {'value': 1.0, 'step': 0}
    """
    from lrdsl.syntax.unparse import unparse

    low, high = int(curve.values.argmin()), int(curve.values.argmax())
    ends = math.isfinite(schedule.length)
    return {
        "spec": str(schedule.spec),
        "fields": {name: unparse(call) for name, call in program_fields(schedule).items()},
        "length": int(schedule.length) if ends else None,
        "total_steps": schedule.context.total_steps,
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


def _page(facts: dict[str, Any], curve: SampledCurve) -> str:
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
        facts["spec"],
        "",
        *([f"drives   lr, shown here; {', '.join(others)} too"] if others else []),
        f"length   {length}",
        f"lowest   {about}{_short(facts['low']['value'])} at update {facts['low']['step']}",
        f"highest  {about}{_short(facts['high']['value'])} at update {facts['high']['step']}",
        "",
        *fitted(_table(facts["segments"])),
        "",
    ]
    height = 12 if rows is None else max(7, min(rows - len(lines) - 5, 20))
    lines.append(draw_curve(curve, width=width, height=height, ascii=not writes("⣿┤└")))
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
