"""The command line: arguments, files, exit codes.

0: all is well. 1: the spec is at fault; its diagnostics are on standard error. 2: the call is at
fault. What a command needs is imported when it runs, so that `--help` and `show` start fast.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import itertools
import json
import math
import os
import re
import shutil
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

import click

import lrdsl
from lrdsl.cli.console import colourful, plain, writes
from lrdsl.cli.options import (
    OPTIONS,
    context_of,
    number_of,
    option,
    text_of,
    with_context,
    with_library,
)
from lrdsl.diagnostics import NEEDS_CONTEXT, UNBOUND, UNKNOWN_NAME, SpecError, spec_error

if TYPE_CHECKING:
    from lrdsl.compiler.context import Context
    from lrdsl.language.catalog import Entry
    from lrdsl.plot import Curve
    from lrdsl.schedule.schedule import Schedule
    from lrdsl.syntax.ast import Node

# No command has a use for pydantic's plugins or a BLAS's threads; both cost time at the start.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

_EVERY_VALUE = 2**19
"""Up to how many updates `show` looks at every single one."""


def _examples(*lines: str) -> str:
    """The end of a command's help."""
    listed = "\n".join(f"  lrdsl {line}" for line in lines)
    return f"{_ABOUT_SPEC}\n\n\b\nExamples:\n{listed}"


_ABOUT_SPEC = (
    "SPEC is the text of a schedule; a single - reads it from standard input. "
    "Put -- before a SPEC that begins with a minus sign: -- '-cosine(1, 0, 9)'."
)


_ELSEWHERE = {
    "compare": "lrdsl.cli.compare",
    "convert": "lrdsl.cli.convert",
    "fmt": "lrdsl.cli.fmt",
    "lint": "lrdsl.cli.lint",
    "presets": "lrdsl.cli.presets",
    "quote": "lrdsl.cli.quote",
    "rules": "lrdsl.cli.lint",
    "schema": "lrdsl.cli.convert",
}
"""Commands with a module of their own, imported when they are called."""


class _Group(click.Group):
    """Turns what is wrong with a spec into exit code 1."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), *_ELSEWHERE])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _ELSEWHERE:
            return super().get_command(ctx, cmd_name)
        command: click.Command = getattr(importlib.import_module(_ELSEWHERE[cmd_name]), cmd_name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except SpecError as error:
            _complain(error)
            ctx.exit(1)
        except click.NoSuchOption as error:
            if error.option_name.startswith("--"):
                raise
            message = (
                f"{error.format_message()} Put -- before a SPEC that begins with a minus sign."
            )
            raise click.UsageError(message, error.ctx) from error
        except BrokenPipeError:  # whoever reads the output has seen enough
            _abandon(sys.stdout)
            ctx.exit(0)


@click.group(
    cls=_Group,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 fine, 1 the spec is at fault, 2 the call is at fault.",
)
@click.version_option(lrdsl.__version__, prog_name="lrdsl", message="%(prog)s %(version)s")
def cli() -> None:
    """Learning-rate schedules from text: look at them, list their values, draw them.

    \b
    lrdsl show "warmup(linear, 100) >> cosine(1, 1e-3, 800)"
    lrdsl values "cosine(peak, 0, 10ep)" --set peak=3e-4 --steps-per-epoch 500 --at 0,100,900
    lrdsl plot "cosine(1, 0, 800)" "linear(1, 0, 800)" -o lr.svg
    lrdsl shapes cosine
    lrdsl lint conf/
    """


@cli.command(
    epilog=_examples(
        'show "warmup(linear, 100) >> cosine(1, 1e-3, 800) | interval[600:*0.5]"',
        'show "warmup(5%) >> cosine()" --total-steps 10k --base-lr 3e-4',
        'show "step(0.1, 0.5, 30ep)" --steps-per-epoch 500 --json',
        'show "wsd(1, 100, 700, 200)" --expand',
    )
)
@click.argument("spec")
@click.option("--json", "as_json", is_flag=True, help="Print it all as JSON, without the plot.")
@click.option("--expand", is_flag=True, help="Print SPEC in core terms, definitions put in.")
@with_context
def show(spec: str, as_json: bool, expand: bool, **options: Any) -> None:
    """Show what SPEC means.

    Prints the canonical text, the length, the lowest and the highest value, the segments and a
    plot. A schedule that never ends is shown for the run's --total-steps, else for 1000 updates.
    """
    from lrdsl.plot import sample

    if as_json and expand:
        raise click.UsageError("--json and --expand are two ways to print it: give one of them")
    schedule = _compile(text_of(spec), context_of(options))
    if expand:
        click.echo("\n".join(_expansions(schedule)))
        return
    curve = sample(schedule, most=_EVERY_VALUE)
    facts = overview(schedule, curve)
    if as_json:
        click.echo(json.dumps(facts, indent=2, allow_nan=False))
    else:
        click.echo(_page(facts, curve))


def _expansions(schedule: Schedule) -> Iterator[str]:
    """The spec in core terms, and the other hyperparameters that it drives."""
    from lrdsl.syntax.ast import Outer, walk
    from lrdsl.syntax.pretty_print import pretty_print

    tree = _in_core_terms(schedule.spec.node)
    yield pretty_print(tree)
    if any([isinstance(node, Outer) for node, _ in walk(tree)]):
        yield "# prev, next and rest in an argument are meant where the call stands"
    for name, call in _fields(schedule).items():
        if name != "lr":
            yield f"{name}: {pretty_print(_in_core_terms(call))}"


def _in_core_terms(tree: Node) -> Node:
    """A tree that has been compiled, without calls of definitions."""
    from lrdsl.compiler.expand import expand
    from lrdsl.diagnostics import Reporter
    from lrdsl.language.library import Library

    return expand(tree, Library(), Reporter(""))


def _fields(schedule: Schedule) -> Mapping[str, Node]:
    """What a spec drives, by hyperparameter, if it is a program."""
    from lrdsl.compiler.expand import fields
    from lrdsl.language.library import Library

    return fields(schedule.spec.node, Library())


@cli.command(
    epilog=_examples(
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
    schedule = _compile(text_of(spec), context_of(options))
    for block in _WRITERS[form](chosen, _evaluated(schedule, chosen)):
        click.echo(block)


@cli.command(
    epilog=_examples(
        'plot "warmup(100) >> cosine(1, 0, 800)" -o lr.svg',
        'plot "cosine(1, 1e-3, 800)" "exponential(1, 1e-3, 800)" --log -o both.png',
    )
)
@click.argument("specs", metavar="SPEC…", nargs=-1, required=True)
@click.option("-o", "--output", metavar="FILE", required=True, help="A .svg, .png or .pdf file.")
@click.option("--log", is_flag=True, help="Draw the values on a logarithmic axis.")
@click.option("--title", metavar="TEXT", help="A title; one spec alone has itself as the title.")
@with_context
def plot(specs: tuple[str, ...], output: str, log: bool, title: str | None, **options: Any) -> None:
    """Draw one SPEC, or several over each other, into a file.

    The same specs give the same bytes.
    """
    from lrdsl.plot import FORMATS, save

    if Path(output).suffix.lower().removeprefix(".") not in FORMATS:
        known = ", ".join(f".{kind}" for kind in FORMATS)
        raise click.BadParameter(f"{output!r} is none of {known}", param_hint="'--output'")
    if specs.count("-") > 1:
        raise click.UsageError("standard input can be read once")
    context = context_of(options)
    schedules = [_compile(text, context) for text in [text_of(spec) for spec in specs]]
    try:
        save(schedules, output, log=log, title=title)
    except ModuleNotFoundError as error:
        raise click.UsageError(str(error)) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise click.BadParameter(f"{output!r}: {reason}", param_hint="'--output'") from error
    except ValueError as error:
        raise click.UsageError(str(error)) from error


@cli.command(
    epilog="\b\nExamples:\n  lrdsl shapes\n  lrdsl shapes cosine\n  lrdsl shapes --library mine.lr",
)
@click.argument("name", required=False)
@with_library
def shapes(name: str | None) -> None:
    """List all that a spec can call, or show what NAME is.

    NAME is a shape, a modifier, a curve, a function or a definition; its parameters, formula,
    example and source are shown. The name of a group, such as std, lists that group alone.
    """
    from lrdsl.language.catalog import entries, find

    chosen = () if name is None else find(name)
    every = () if chosen else entries()
    if name is not None and not chosen:
        known = [word for entry in every for word in (entry.group, entry.name, *entry.aliases)]
        every = tuple([entry for entry in every if entry.group == name])
        if not every:
            raise _unknown(name, known)
    width = _terminal()[0] if sys.stdout.isatty() else None
    text = "\n\n".join([_about(entry) for entry in chosen]) if chosen else _listing(every, width)
    click.echo(plain(text))


def _unknown(name: str, known: Iterable[str]) -> SpecError:
    from lrdsl.util.registry import near

    meant = near(name, known)
    fix = "`lrdsl shapes` lists all there is" if meant is None else f"did you mean `{meant}`?"
    return spec_error(UNKNOWN_NAME, f"nothing is called `{name}`", fix=fix)


_SIGNATURE = 44
"""Columns for a signature in a list; a longer one is cut between parameters."""


def _shortened(entry: Entry) -> str:
    """The signature, without its last parameters where it is long."""
    if len(entry.signature) <= _SIGNATURE:
        return entry.signature
    kept = entry.signature[: _SIGNATURE - len(", …)") + 1].rpartition(", ")[0]
    return f"{kept}, …)" if kept else f"{entry.name}(…)"


def _listing(every: Iterable[Entry], width: int | None) -> str:
    """A line for each entry, by group; each line cut at `width`."""
    ellipsis = "…" if writes("…") else "..."
    lines: list[str] = []
    for group, found in itertools.groupby(every, lambda entry: entry.group):
        lines += ["", group] if lines else [group]
        for entry in found:
            line = f"  {_shortened(entry):<{_SIGNATURE}}  {entry.doc.summary}".rstrip()
            fits = width is None or len(line) <= width
            lines.append(line if fits else line[: (width or 0) - len(ellipsis)] + ellipsis)
    return "\n".join(lines)


def _about(entry: Entry) -> str:
    """All there is to say about one entry."""
    from lrdsl.syntax.pretty_print import pretty_print_definition

    doc = entry.doc
    also = f"Also called {', '.join(entry.aliases)}." if entry.aliases else ""
    cells = [
        (row.name, row.what, row.default and f"default {row.default}") for row in entry.parameters
    ]
    wide = [max(map(len, column)) for column in zip(*cells, strict=True)]
    rows = [f"  {a:<{wide[0]}}  {b:<{wide[1]}}  {c}".rstrip() for a, b, c in cells]
    kind = entry.kind if entry.definition is None else f"definition in {entry.group}"
    parts = [f"{entry.signature}   ({kind})", doc.summary, doc.body, also, "\n".join(rows)]
    if entry.definition is not None:
        parts.append(pretty_print_definition(entry.definition))
    parts += [*_example(entry), doc.source]
    return "\n\n".join([part for part in parts if part])


def _example(entry: Entry) -> Iterator[str]:
    """The example, drawn; that of a definition, in core terms too."""
    from lrdsl.language.catalog import EXAMPLE_RUN
    from lrdsl.plot import terminal
    from lrdsl.schedule.schedule import compile

    text = entry.doc.example
    if not text:
        return
    yield f"Example: {text}"
    try:
        schedule = compile(text, **EXAMPLE_RUN)
    except SpecError as error:  # somebody's own comment
        yield str(error)
        return
    if entry.definition is not None:
        yield "that is:\n\n" + "\n".join(_expansions(schedule))
    width, _ = _terminal()
    yield terminal(schedule, width=width, ascii=not writes("⣿┤└"))


def overview(schedule: Schedule, curve: Curve) -> dict[str, Any]:
    """All that `show` has to say, as plain data, ready for JSON.

    `fields` are the schedules of a program by hyperparameter, `spec` itself being that of `lr`;
    `length` is None for a schedule that never ends; `shown` counts the updates that were looked
    at, from 0 on; `sampled` tells that not every one of them was, so that the lowest and the
    highest value may lie between.

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
        "fields": {name: unparse(call) for name, call in _fields(schedule).items()},
        "length": int(schedule.length) if ends else None,
        "total_steps": schedule.context.total_steps,
        "shown": curve.end,
        "sampled": not curve.complete,
        "low": {"value": float(curve.values[low]), "step": int(curve.steps[low])},
        "high": {"value": float(curve.values[high]), "step": int(curve.steps[high])},
        "final": float(curve.values[-1]) if ends else None,
        "boundaries": list(schedule.boundaries),
        "segments": [
            {**segment._asdict(), "stop": None if math.isinf(segment.stop) else segment.stop}
            for segment in schedule.segments
        ],
    }


def _page(facts: dict[str, Any], curve: Curve) -> str:
    """What `show` prints for people."""
    from lrdsl.plot import drawing

    width, rows = _terminal()
    if facts["length"] is not None:
        length = f"{_updates(facts['length'])}, then {_short(facts['final'])}"
    else:
        why = "" if facts["total_steps"] else "; no --total-steps is given"
        length = f"endless; shown for {_updates(facts['shown'])}{why}"
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
        *_table(facts["segments"], width if sys.stdout.isatty() else None),
        "",
    ]
    height = 12 if rows is None else max(7, min(rows - len(lines) - 5, 20))
    lines.append(drawing(curve, width=width, height=height, ascii=not writes("⣿┤└")))
    return "\n".join(lines)


_MOST_ROWS = 24
"""Segments listed for people; JSON has them all."""


def _table(segments: list[dict[str, Any]], width: int | None) -> list[str]:
    """The segments in columns, each line cut at `width`; of very many, the first and the last."""
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
    ellipsis = "…" if writes("…") else "..."
    if len(rows) > _MOST_ROWS:
        left_out = (ellipsis, "", "", "", f"{len(rows) - _MOST_ROWS + 1} more")
        rows = [*rows[: _MOST_ROWS - 5], left_out, *rows[-4:]]
    sizes = [max(len(row[i]) for row in [head, *rows]) for i in range(4)]
    lines = [
        "  ".join([*(f"{cell:>{size}}" for cell, size in zip(row, sizes, strict=False)), row[4]])
        for row in [head, *rows]
    ]
    if width is None:
        return lines
    return [x if len(x) <= width else x[: width - len(ellipsis)] + ellipsis for x in lines]


def _updates(count: int) -> str:
    return f"{count} update" if count == 1 else f"{count} updates"


def _short(value: float) -> str:
    """A value for the eye: six digits, and no negative zero."""
    return f"{value + 0.0:.6g}"


def _terminal() -> tuple[int, int | None]:
    """Columns and rows of the terminal; 80 and None where there is no terminal."""
    if not sys.stdout.isatty():
        return 80, None
    columns, rows = shutil.get_terminal_size((80, 24))
    return max(24, min(columns, 160)), rows


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


def _compile(text: str, context: Context) -> Schedule:
    from lrdsl.schedule.schedule import compile_in

    return compile_in(text, context)


def _complain(error: SpecError) -> None:
    """The diagnostics on standard error, and the options that would help."""
    colour = colourful(sys.stderr)
    for diagnostic in error.diagnostics:
        head, *rest = diagnostic.render().split("\n")
        name, _, message = head.partition(": ")
        hue = "red" if diagnostic.severity == "error" else "yellow"
        click.echo(f"{click.style(name, fg=hue, bold=True)}: {message}", err=True, color=colour)
        for i, line in enumerate(rest, 1):
            last = click.style(line, fg="cyan") if i == len(rest) else line
            click.echo(last, err=True, color=colour)
    hints: dict[str, None] = {}
    for diagnostic in error.diagnostics:
        words = f"{diagnostic.message} {diagnostic.fix or ''}"
        if diagnostic.problem == NEEDS_CONTEXT:
            hints |= {f"{option(n)} {m}": None for n, (m, _) in OPTIONS.items() if n in words}
        bound = re.search(r"\bbind it: (\w+)=", diagnostic.fix or "")
        if diagnostic.problem == UNBOUND and bound:
            hints[f"--set {bound[1]}=VALUE"] = None
    if hints:
        click.echo(f"hint: on the command line, {' '.join(hints)}", err=True, color=colour)


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit; no error of the user's leaves a traceback."""
    # What is imported stays: to look for garbage in it is a tenth of the time of a short command,
    # meanwhile and at the end, when all of the memory goes back anyway.
    gc.set_threshold(100_000)
    atexit.register(gc.freeze)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:
        code = 128 + signal.SIGINT
    except BrokenPipeError:
        code = _abandon(sys.stdout)
    except OSError as error:
        click.echo(f"Error: the output cannot be written: {error.strerror}", err=True)
        code = _abandon(sys.stdout) or 2
    sys.exit(code)


def _run(arguments: list[str] | None) -> int:
    try:
        outcome = cli.main(arguments, prog_name="lrdsl", standalone_mode=False)
    except click.Abort:
        return 128 + signal.SIGINT
    except click.ClickException as error:
        error.show()
        return error.exit_code
    return outcome if isinstance(outcome, int) else 0


def _abandon(stream: TextIO) -> int:
    """Keeps the interpreter from flushing, on its way out, a stream that takes no more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    return 0
