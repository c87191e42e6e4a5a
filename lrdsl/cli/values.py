"""`lrdsl values`: the values of a spec at chosen updates, as a table, CSV or JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import click

from lrdsl.cli.options import (
    compile_spec,
    context_of,
    number_of,
    spec_help,
    text_of,
    with_context,
)

if TYPE_CHECKING:
    from lrdsl.schedule.schedule import Schedule


@click.command(
    epilog=spec_help(
        'values "cosine(1, 0, 900)" --at 0,100,900',
        'values "cosine(1, 0, 900)" --steps 0:900:100 --format csv > lr.csv',
    )
)
@click.argument("spec")
@click.option("--at", metavar="T,T,…", help="The updates, counted from 0.")
@click.option(
    "--steps",
    metavar="START:STOP[:STEP]",
    help="The updates from START to before STOP, as in Python's range: 0:900:100 ends with 800.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "json"]),
    default="table",
    show_default=True,
    help="json: an array of objects with the keys step and value.",
)
@with_context
def values(spec: str, at: str | None, steps: str | None, form: str, **options: Any) -> None:
    """List the values of SPEC at chosen updates, in full precision.

    The value at update t, counted from 0, is the one that the run's update number t uses.
    """
    if (at is None) == (steps is None):
        raise click.UsageError("give the updates by --at or by --steps, one of the two")
    chosen = _listed(at) if at is not None else _ranged(steps or "")
    schedule = compile_spec(text_of(spec), context_of(options))
    for block in _WRITERS[form](chosen, _evaluated(schedule, chosen)):
        click.echo(block)


def _listed(text: str) -> list[int]:
    """The updates of `--at`."""
    return [_update(item, "--at") for item in text.split(",")]


def _ranged(text: str) -> range:
    """The updates of `--steps`."""
    parts = text.split(":")
    if not 2 <= len(parts) <= 3:
        raise _misuse("--steps", f"{text!r} is not START:STOP or START:STOP:STEP")
    start = _update(parts[0], "--steps") if parts[0].strip() else 0
    stop = _update(parts[1], "--steps")
    step = _update(parts[2], "--steps") if len(parts) == 3 else 1
    if step == 0:
        raise _misuse("--steps", "the STEP is 1 or more, not 0")
    if start >= stop:
        raise _misuse("--steps", f"there is no update from {start} to before {stop}")
    return range(start, stop, step)


def _update(text: str, option: str) -> int:
    number = number_of(text)
    if not isinstance(number, int):
        shown = repr(text.strip()) if text.strip() else "nothing"
        raise _misuse(option, f"an update is a whole number up to 2**53, not {shown}")
    if number < 0:
        raise _misuse(option, f"updates are counted from 0: there is no {number}")
    return number


def _misuse(option: str, message: str) -> click.BadParameter:
    return click.BadParameter(message, param_hint=f"'{option}'")


_BLOCK = 4096
"""Values computed and written at once: any number of them takes little memory."""


def _evaluated(schedule: Schedule, steps: list[int] | range) -> Iterator[list[tuple[int, float]]]:
    for first in range(0, len(steps), _BLOCK):
        block = list(steps[first : first + _BLOCK])
        yield list(zip(block, schedule(block).tolist(), strict=True))


_Blocks = Iterator[list[tuple[int, float]]]


def _as_table(steps: list[int] | range, blocks: _Blocks) -> Iterator[str]:
    largest = steps[-1] if isinstance(steps, range) else max(steps)  # max walks a whole range
    width = max(len("step"), len(str(largest)))
    heading = f"{'step':>{width}}  value\n"
    for block in blocks:
        yield heading + "\n".join(f"{step:>{width}}  {value!r}" for step, value in block)
        heading = ""


def _as_csv(steps: list[int] | range, blocks: _Blocks) -> Iterator[str]:
    heading = "step,value\n"
    for block in blocks:
        yield heading + "\n".join(f"{step},{value!r}" for step, value in block)
        heading = ""


def _as_json(steps: list[int] | range, blocks: _Blocks) -> Iterator[str]:
    left = len(steps)
    opening = "[\n"
    for block in blocks:
        left -= len(block)
        rows = (f'  {{"step": {step}, "value": {value!r}}}' for step, value in block)
        yield opening + ",\n".join(rows) + ("," if left else "\n]")
        opening = ""


_WRITERS: dict[str, Callable[[list[int] | range, _Blocks], Iterator[str]]] = {
    "table": _as_table,
    "csv": _as_csv,
    "json": _as_json,
}
