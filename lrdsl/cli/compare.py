"""`lrdsl compare`: arguments, files, exit codes.

0: all is well, runs that failed among the compared or not. 2: the call is at fault.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lrdsl.cli.console import plain, writes
from lrdsl.diagnostics import SpecError

if TYPE_CHECKING:
    from lrdsl.compare import Run

_PICTURE = "compare.png"

_EPILOG = """\
RUN_FOLDER is the folder of a run, of a sweep, or any folder above; a run's log can be given itself.
A log is a CSV with a column `step` or `update`, and any of `lr` or `lr[0]`, `loss`, `result`.

In the table, loss is the mean over the last 40th of a run, best the lowest such mean. A run without
a result is ranked by its loss, behind those that have one.

\b
Examples:
  lrdsl compare multirun/2026-03-01/12-00-00
  lrdsl compare outputs/ -o runs.svg --log
  lrdsl compare runs/ --file metrics.csv --loss train_loss --result val_acc --maximize
  lrdsl compare multirun/ --csv --no-picture > runs.csv

Exit codes: 0 fine, also where a run has failed; 2 misuse, or no run is found.
"""


@click.command(epilog=_EPILOG)
@click.argument("folders", metavar="RUN_FOLDER…", nargs=-1, required=True)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help=f"The picture, a .svg, .png or .pdf file; by default {_PICTURE} in the first RUN_FOLDER.",
)
@click.option("--no-picture", is_flag=True, help="Draw nothing.")
@click.option("--log", is_flag=True, help="Draw learning rates on a logarithmic axis.")
@click.option("--title", metavar="TEXT", help="A title of the picture.")
@click.option("--maximize", is_flag=True, help="The highest result is the best.")
@click.option("--file", metavar="NAME", default="lr.csv", show_default=True, help="A run's log.")
@click.option(
    "--loss", metavar="COLUMN", default="loss", show_default=True, help="The loss in the log."
)
@click.option(
    "--result",
    metavar="COLUMN",
    default="result",
    show_default=True,
    help="The result in the log: the last value in this column.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the runs as JSON.")
@click.option("--csv", "as_csv", is_flag=True, help="Print the table as CSV, in full precision.")
def compare(
    folders: tuple[str, ...],
    output: str | None,
    no_picture: bool,
    log: bool,
    title: str | None,
    maximize: bool,
    file: str,
    loss: str,
    result: str,
    as_json: bool,
    as_csv: bool,
) -> None:
    """Compare the runs of a sweep: a table, the best run first, and a picture of their curves."""
    from lrdsl.compare import Columns, ranked, read_runs
    from lrdsl.compare import table as tables

    _check_call(output, no_picture, as_json, as_csv)
    try:
        found = read_runs(folders, file=file, columns=Columns(loss, result))
    except SpecError as error:
        raise click.UsageError(error.diagnostics[0].message) from error
    if not found:
        where = ", ".join(map(repr, folders))
        raise click.UsageError(
            f"there is no run in {where}: no folder with {file} or .hydra; "
            "--file NAME is for logs of another name"
        )
    runs = ranked(found, maximize=maximize)
    if as_json:
        click.echo(json.dumps(tables.as_data(runs), indent=2, allow_nan=False))
    elif as_csv:
        click.echo(plain(tables.as_csv(runs)), nl=False)
    else:
        click.echo(plain("\n".join(_cut(tables.table(runs)))))
    if not no_picture:
        first = Path(folders[0])
        default = (first if first.is_dir() else first.parent) / _PICTURE
        _picture(runs, output or os.fspath(default), log, title, is_wanted=output is not None)


def _check_call(output: str | None, no_picture: bool, as_json: bool, as_csv: bool) -> None:
    from lrdsl.plot.style import image_format

    if as_json and as_csv:
        raise click.UsageError("--json and --csv are two ways to print it: give one of them")
    if output is not None and no_picture:
        raise click.UsageError("--output is where the picture goes: it goes without --no-picture")
    if output is not None:
        try:
            image_format(output)
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="'--output'") from error


def _picture(
    runs: Sequence[Run], path: str, log: bool, title: str | None, *, is_wanted: bool
) -> None:
    """Draw, and say where; a picture that nobody asked for may fail for want of matplotlib."""
    from lrdsl.compare import save

    try:
        save(runs, path, log=log, title=title)
    except ModuleNotFoundError as error:
        if is_wanted:
            raise click.UsageError(str(error)) from error
        click.echo(f"no picture: {error}", err=True)
    except OSError as error:
        reason = error.strerror or str(error)
        message = f"{path!r}: {reason}; -o FILE writes it elsewhere"
        raise click.BadParameter(message, param_hint="'--output'") from error
    except ValueError as error:
        click.echo(f"no picture: {error}", err=True)
    else:
        click.echo(plain(f"{path} shows them"), err=True)


def _cut(lines: Sequence[str]) -> list[str]:
    """The lines, no longer than the terminal is wide; as they are where there is no terminal."""
    if not sys.stdout.isatty():
        return list(lines)
    import shutil

    width = max(40, shutil.get_terminal_size((80, 24)).columns)
    ellipsis = "…" if writes("…") else "..."
    return [x if len(x) <= width else x[: width - len(ellipsis)] + ellipsis for x in lines]
