"""`lrdsl compare`: runs as a table, and as a picture of their curves.

RUN_FOLDER is the folder of a run or of a sweep, any folder above, or a log itself. A log is a CSV
file with a column `step` or `update`, and any of `lr` or `lr[0]`, `loss`, `result`.

In the table, loss is the mean of the last 40th of a run, best the lowest mean of a 40th. A run
without a result is ranked by its loss, behind those that have one.

\b
Examples:
  lrdsl compare multirun/2026-03-01/12-00-00
  lrdsl compare outputs/ -o runs.svg --log
  lrdsl compare runs/ --file metrics.csv --result val_acc --maximize
  lrdsl compare multirun/ --format csv --no-picture > runs.csv

Exit codes: 0 fine, also where a run has failed; 2 a wrong call, or no run is found.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lrdsl.cli.console import fitted, plain, wrapped
from lrdsl.cli.formats import as_json, as_markdown, with_format
from lrdsl.cli.options import as_misuse, flag, help_end, not_written, picture_file

if TYPE_CHECKING:
    from lrdsl.compare.run import Run

_PICTURE = "compare.png"

MAX_NAMES = 3
"""Other files that may be the log, which a note names."""


@click.command(epilog=help_end(__doc__))
@click.argument("folders", metavar="RUN_FOLDER…", nargs=-1, required=True)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=picture_file,
    help="The file of the picture: .svg, .png or .pdf; by default "
    f"{_PICTURE} in the first RUN_FOLDER.",
)
@flag("--no-picture", help="Draw no picture.")
@flag("--log", help="Use a logarithmic axis for the learning rate.")
@click.option("--title", metavar="TEXT", help="The title of the picture.")
@flag("--maximize", help="The highest result is the best, not the lowest.")
@click.option("--file", metavar="NAME", default="lr.csv", help="The log of each run.")
@click.option("--loss", metavar="COLUMN", default="loss", help="The loss in the logs.")
@click.option(
    "--result",
    metavar="COLUMN",
    default="result",
    help="The result in the logs: the last value of this column.",
)
@with_format("text", "json", "csv", "markdown")
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
    form: str,
) -> None:
    """Compare runs: print a table, the best run first, and draw their curves."""
    from lrdsl.compare import Columns, ranked, read_runs, save
    from lrdsl.compare import table as tables

    if output is not None and no_picture:
        raise click.UsageError("--output is where the picture goes: it goes without --no-picture")
    with as_misuse():
        found = read_runs(folders, file=file, columns=Columns(loss, result))
    if not found:
        where = ", ".join(map(repr, folders))
        raise click.UsageError(
            f"there is no run in {where}: no folder with {file} or .hydra; "
            "--file NAME is for logs of another name"
        )
    runs = ranked(found, maximize=maximize)
    if form == "json":
        click.echo(as_json(tables.as_data(runs)))
    elif form == "csv":
        click.echo(plain(tables.as_csv(runs)), nl=False)
    elif form == "markdown":
        head, *rows = tables.cells(runs)
        click.echo(plain(as_markdown(head, rows)))
    else:
        click.echo(plain("\n".join(fitted(tables.table(runs)))))
    if form == "text":
        _say_what_is_missing(runs, file)
    if no_picture:
        return
    first = Path(folders[0])
    default = (first if first.is_dir() else first.parent) / _PICTURE
    path = output or os.fspath(default)
    if output is None and default.is_symlink():  # whoever made the folder chose where it leads
        click.echo(plain(f"no picture: {path} is a link; -o FILE writes it elsewhere"), err=True)
        return
    try:
        save(runs, path, log=log, title=title)
    except OSError as error:
        not_written(path, error)
    except (ModuleNotFoundError, ValueError) as error:
        # A picture that nobody asked for may fail for want of matplotlib.
        if isinstance(error, ModuleNotFoundError) and output is not None:
            raise click.UsageError(str(error)) from error
        click.echo(f"no picture: {error}", err=True)
    else:
        click.echo(plain(f"{path} shows them"), err=True)


def _say_what_is_missing(runs: Sequence[Run], file: str) -> None:
    """Say of runs without a log how they get one, or which other file may be it."""
    without = [run for run in runs if f"there is no {file}" in run.problems]
    if not without:
        return
    verb = "run has" if len(without) == 1 else "runs have"
    there = sorted({path.name for run in without for path in run.folder.glob("*.csv")})[:MAX_NAMES]
    such = f", such as {', '.join(there)}" if there else ""
    note = f"note: {len(without)} {verb} no {file}: `lrdsl.torch.log_to_csv` writes one, and "
    note += f"--file NAME reads a log of another name{such}"
    click.echo(wrapped(plain(note), sys.stderr, "  "), err=True)
