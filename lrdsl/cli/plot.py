"""`lrdsl plot`: schedules as a picture.

\b
Examples:
  lrdsl plot "warmup(100) >> cosine(1, 0, 800)" -o lr.svg
  lrdsl plot "cosine(1, 0.1, 800)" "linear(1, 0.1, 800)" --log -o both.png
  lrdsl plot conf/train.yaml::schedule -o program.pdf
  lrdsl plot "cosine(1, 0, 800)" --format svg > lr.svg
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from lrdsl.cli.formats import with_format
from lrdsl.cli.options import flag, not_written, picture_file, spec_help, with_context, with_specs

if TYPE_CHECKING:
    from lrdsl.compiler.context import Context


@click.command(epilog=spec_help(__doc__))
@with_specs
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=picture_file,
    help="The file of the picture: .svg, .png or .pdf.",
)
@with_format("svg", "png", "pdf", default=None)
@flag("--log", help="Use a logarithmic axis for the values.")
@click.option("--title", metavar="TEXT", help="The title; by default SPEC, if there is only one.")
@with_context
def plot(
    specs: tuple[str, ...],
    output: str | None,
    form: str | None,
    log: bool,
    title: str | None,
    context: Context,
) -> None:
    """Draw schedules over each other, into a file or, with --format, to standard output.

    Each has its name in the picture; numbers of a program whose sizes differ by far have an axis
    each. The same schedules give the same picture, byte for byte.
    """
    from lrdsl.cli.spec_argument import schedules_of
    from lrdsl.plot.figures import figure_of
    from lrdsl.plot.style import image_of, write_image

    if (output is None) == (form is None):
        raise click.UsageError(
            "give -o FILE, or --format svg, png or pdf for standard output, one of the two"
        )
    if form in ("png", "pdf") and sys.stdout.isatty():
        raise click.UsageError(f"a terminal cannot show {form}: send it to a file, or give -o FILE")
    found = schedules_of(specs, context)
    try:
        picture = figure_of(found, log=log, title=title)
        if output is not None:
            write_image(picture, output)
    except OSError as error:
        not_written(output or "", error)
    except (ModuleNotFoundError, ValueError) as error:
        raise click.UsageError(str(error)) from error
    if form is not None:
        click.echo(image_of(picture, form), nl=False)
