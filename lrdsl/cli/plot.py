"""`lrdsl plot`: specs as a figure in a file.

\b
Examples:
  lrdsl plot "warmup(100) >> cosine(1, 0, 800)" -o lr.svg
  lrdsl plot "cosine(1, 1e-3, 800)" "exponential(1, 1e-3, 800)" --log -o both.png
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lrdsl.cli.options import flag, not_written, picture_file, spec_help, text_of, with_context

if TYPE_CHECKING:
    from lrdsl.compiler.context import Context


@click.command(epilog=spec_help(__doc__))
@click.argument("specs", metavar="SPEC…", nargs=-1, required=True, type=text_of)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    required=True,
    type=picture_file,
    help="The file of the picture: .svg, .png or .pdf.",
)
@flag("--log", help="Use a logarithmic axis for the learning rate.")
@click.option("--title", metavar="TEXT", help="The title; by default SPEC, if there is only one.")
@with_context
def plot(
    specs: tuple[str, ...], output: str, log: bool, title: str | None, context: Context
) -> None:
    """Draw one schedule, or several over each other, into a file.

    The same specs give the same file, byte for byte.
    """
    from lrdsl.plot import save
    from lrdsl.schedule.compile import compile_in

    schedules = [compile_in(spec, context) for spec in specs]
    try:
        save(schedules, output, log=log, title=title)
    except OSError as error:
        not_written(output, error)
    except (ModuleNotFoundError, ValueError) as error:
        raise click.UsageError(str(error)) from error
