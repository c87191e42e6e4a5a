"""`lrdsl compare`: runs as a table, and as a picture of their curves.

RUN_FOLDER is the folder of a run or of a sweep, any folder above, or a log itself. A log is a CSV
file with a column `step` or `update`, and any of `lr` or `lr[0]`, `loss`, `result`.

In the table, loss is the mean of the last 40th of a run, best the lowest mean of a 40th. A run
without a result is ranked by its loss, behind those that have one.

\b
Examples:
  lrdsl compare multirun/2026-03-01/12-00-00
  lrdsl compare outputs/ -o runs.svg --log
  lrdsl compare runs/ --file metrics.csv --loss train_loss --result val_acc --maximize
  lrdsl compare multirun/ --csv --no-picture > runs.csv

Exit codes: 0 fine, also where a run has failed; 2 a wrong call, or no run is found.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from lrdsl.cli.console import fitted, plain
from lrdsl.cli.options import as_misuse, flag, help_end, not_written, picture_file

_PICTURE = "compare.png"


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
@flag("--json", "as_json", help="Print the runs as JSON.")
@flag("--csv", "as_csv", help="Print the table as CSV, in full precision.")
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
    """Compare runs: print a table, the best run first, and draw their curves."""
    from lrdsl.compare import Columns, ranked, read_runs, save
    from lrdsl.compare import table as tables

    if as_json and as_csv:
        raise click.UsageError("--json and --csv are two ways to print it: give one of them")
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
    if as_json:
        click.echo(json.dumps(tables.as_data(runs), indent=2, allow_nan=False))
    elif as_csv:
        click.echo(plain(tables.as_csv(runs)), nl=False)
    else:
        click.echo(plain("\n".join(fitted(tables.table(runs)))))
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
