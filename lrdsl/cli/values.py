"""`lrdsl values`: the values of a spec at chosen updates, as a table, CSV or JSON.

\b
Examples:
  lrdsl values "cosine(1, 0, 900)" --at 0,100,900
  lrdsl values "cosine(1, 0, 900)" --steps 0:900:100 --format csv > lr.csv
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import click

from lrdsl.cli.options import read_number, spec_help, text_of, with_context

if TYPE_CHECKING:
    from lrdsl.compiler.context import Context


def _listed(text: str) -> list[int]:
    """The updates of `--at`, `0,100,900`."""
    return [_update(each) for each in text.split(",")]


def _ranged(text: str) -> range:
    """The updates of `--steps`, `0:900:100`."""
    parts = text.split(":")
    if not 2 <= len(parts) <= 3:
        raise click.BadParameter(f"{text!r} is not START:STOP or START:STOP:STEP")
    start = _update(parts[0].strip() or "0")
    stop, step = (_update(each) for each in [*parts[1:], "1"][:2])
    if step == 0:
        raise click.BadParameter("the STEP is 1 or more, not 0")
    if start >= stop:
        raise click.BadParameter(f"there is no update from {start} to before {stop}")
    return range(start, stop, step)


def _update(text: str) -> int:
    number = read_number(text)
    if not isinstance(number, int):
        shown = repr(text.strip()) if text.strip() else "nothing"
        raise click.BadParameter(f"an update is a whole number up to 2**53, not {shown}")
    if number < 0:
        raise click.BadParameter(f"updates are counted from 0: there is no {number}")
    return number


class _Layout(NamedTuple):
    """How values are written: a heading, rows of a step and a value, and an end."""

    heading: str
    row: str
    comma: str = ""
    end: str = ""


_LAYOUTS = {
    "table": _Layout("{:>{width}}  value", "{step:>{width}}  {value!r}"),
    "csv": _Layout("step,value", "{step},{value!r}"),
    "json": _Layout("[", '  {{"step": {step}, "value": {value!r}}}', ",", "]"),
}

_BLOCK = 4096
"""Values computed and written at once: any number of them takes little memory."""


@click.command(epilog=spec_help(__doc__))
@click.argument("spec", type=text_of)
@click.option("--at", metavar="T,T,…", type=_listed, help="The updates, counted from 0.")
@click.option(
    "--steps",
    metavar="START:STOP[:STEP]",
    type=_ranged,
    help="The updates from START to before STOP, as in Python's range: 0:900:100 ends with 800.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(list(_LAYOUTS)),
    default="table",
    help="json: an array of objects with the keys step and value.",
)
@with_context
def values(
    spec: str, at: list[int] | None, steps: range | None, form: str, context: Context
) -> None:
    """Print the values of a schedule at chosen updates.

    Values are in full precision. Updates are counted from 0: the value at 0 is that of the run's
    first optimizer step.
    """
    from lrdsl.schedule.compile import compile_in

    chosen = at if steps is None else steps
    if chosen is None or (at is not None and steps is not None):
        raise click.UsageError("give the updates by --at or by --steps, one of the two")
    schedule = compile_in(spec, context)
    layout = _LAYOUTS[form]
    largest = chosen[-1] if isinstance(chosen, range) else max(chosen)  # max walks a whole range
    width = max(len("step"), len(str(largest)))
    heading = [layout.heading.format("step", width=width)]
    for first in range(0, len(chosen), _BLOCK):
        block = list(chosen[first : first + _BLOCK])
        pairs = zip(block, schedule(block).tolist(), strict=True)
        rows = [layout.row.format(step=step, value=value, width=width) for step, value in pairs]
        more = layout.comma if first + _BLOCK < len(chosen) else ""
        click.echo("\n".join([*heading, f"{layout.comma}\n".join(rows) + more]))
        heading = []
    if layout.end:
        click.echo(layout.end)
