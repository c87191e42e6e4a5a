"""`lrdsl values`: the values of schedules at chosen updates.

\b
Examples:
  lrdsl values "cosine(1, 0, 900)"
  lrdsl values "cosine(1, 0, 900)" --at 0,100,900
  lrdsl values conf/train.yaml::schedule --format markdown
  lrdsl values "cosine(1, 0, 900)" --steps 0:900:100 --format csv > lr.csv
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import click

from lrdsl.cli.console import plain, width_of, wrapped
from lrdsl.cli.formats import as_markdown, csv_line, with_format
from lrdsl.cli.options import read_number, spec_help, with_context, with_specs

if TYPE_CHECKING:
    from lrdsl.compiler.context import Context
    from lrdsl.schedule.compiled_program import NamedSchedule
    from lrdsl.schedule.schedule import Schedule


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


MAX_EDGES = 12
"""Segments whose first and last updates are printed where none are chosen."""

_EVEN = 10
"""Parts of the run at whose ends values are printed then."""

_BLOCK = 4096
"""Values computed and written at once: any number of them takes little memory."""


@click.command(epilog=spec_help(__doc__))
@with_specs
@click.option("--at", metavar="T,T,…", type=_listed, help="The updates, counted from 0.")
@click.option(
    "--steps",
    metavar="START:STOP[:STEP]",
    type=_ranged,
    help="The updates from START to before STOP, as in Python's range: 0:900:100 ends with 800.",
)
@with_format("text", "csv", "json", "markdown")
@with_context
def values(
    specs: tuple[str, ...], at: list[int] | None, steps: range | None, form: str, context: Context
) -> None:
    """Print the values of schedules at chosen updates.

    Values are in full precision. Updates are counted from 0: the value at 0 is that of the run's
    first optimizer step. Without --at and --steps it is the updates at which segments begin and
    end, and an even choice of the others. Several schedules have a column each.
    """
    from lrdsl.cli.spec_argument import schedules_of

    if at is not None and steps is not None:
        raise click.UsageError("give the updates by --at or by --steps, not by both")
    found = schedules_of(specs, context)
    schedules = [each.schedule for each in found]
    chosen = (at if steps is None else steps) or _usual(schedules)
    for first in range(0, len(chosen), _BLOCK):
        block = list(chosen[first : first + _BLOCK])
        columns = [schedule(block).tolist() for schedule in schedules]
        if first == 0:
            layout = _layout(form, found, chosen, columns)
            click.echo(plain(layout.heading))
        rows = [layout.row(step, cells) for step, *cells in zip(block, *columns, strict=True)]
        more = layout.comma if first + _BLOCK < len(chosen) else ""
        click.echo(f"{layout.comma}\n".join(rows) + more)
    if layout.end:
        click.echo(layout.end)


def _usual(schedules: Sequence[Schedule]) -> list[int]:
    """The updates at which segments begin and end, and an even choice of the others.

    >>> import lrdsl
    >>> _usual([lrdsl.compile("warmup(5) >> linear(1, 0, 15)")])
    [0, 2, 4, 5, 6, 8, 10, 12, 14, 16, 18, 19, 20]
    """
    from lrdsl.plot.panels import common_end

    end = common_end(schedules)
    last = end if any([x.length == end for x in schedules]) else end - 1
    found = {0, last, *[i * end // _EVEN for i in range(_EVEN)]}
    for schedule in schedules:
        inner = [x for x in schedule.boundaries if 0 < x <= last]
        if len(inner) <= MAX_EDGES:
            found |= {update for x in inner for update in (x - 1, x)}
    return sorted(found)


class _Layout(NamedTuple):
    """How values are written: a heading, rows of a step and its values, and an end."""

    heading: str
    row: Callable[[int, Sequence[float]], str]
    comma: str = ""
    end: str = ""


def _layout(
    form: str,
    found: Sequence[NamedSchedule],
    chosen: Sequence[int],
    columns: Sequence[Sequence[float]],
) -> _Layout:
    """The layout of a format; one schedule has a column `value`, others have their names."""
    names = [each.name for each in found] if len(found) > 1 else ["value"]
    if form == "json":
        keys = ["step", *names]
        return _Layout("[", lambda step, cells: f"  {_object(keys, [step, *cells])}", ",", "]")
    if form == "csv":
        return _Layout(csv_line(["step", *names]), lambda step, cells: csv_line([step, *cells]))
    if form == "markdown":
        heading = as_markdown(["step", *names], [])
        return _Layout(heading, lambda step, cells: f"| {step} | {' | '.join(map(repr, cells))} |")
    largest = chosen[-1] if isinstance(chosen, range) else max(chosen)  # max walks a whole range
    width = max(len("step"), len(str(largest)))
    write, sizes = _fitting(names, columns, width)

    def line(step: object, cells: Iterable[str]) -> str:
        padded = [f"{x:<{n}}" for x, n in zip(cells, sizes, strict=True)]
        return "  ".join([f"{step:>{width}}", *padded]).rstrip()

    return _Layout(line("step", names), lambda step, cells: line(step, map(write, cells)))


def _fitting(
    names: Sequence[str], columns: Sequence[Sequence[float]], width: int
) -> tuple[Callable[[float], str], list[int]]:
    """How the values of a table are written, and the columns that they take.

    Several numbers in full can be wider than a terminal: they are rounded, and that is said.
    """
    room = width_of(sys.stdout)
    for digits in (None, *range(14, 3, -1)):
        write = repr if digits is None else f"{{:.{digits}g}}".format
        sizes = [
            max(len(name), *[len(write(x)) for x in column])
            for name, column in zip(names, columns, strict=True)
        ]
        if room is None or len(names) == 1 or width + sum(sizes) + 2 * len(sizes) <= room:
            break
    if digits is not None:
        note = f"note: rounded to {digits} digits for this terminal; --format csv has them all"
        click.echo(wrapped(note, sys.stderr, "  "), err=True)
    return write, sizes


def _object(keys: Sequence[str], cells: Sequence[float]) -> str:
    return json.dumps(dict(zip(keys, cells, strict=True)), allow_nan=False)
