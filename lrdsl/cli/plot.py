"""`lrdsl plot`: specs as a figure in a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from lrdsl.cli.options import compile_spec, context_of, spec_help, text_of, with_context


@click.command(
    epilog=spec_help(
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
    schedules = [compile_spec(text, context) for text in [text_of(spec) for spec in specs]]
    try:
        save(schedules, output, log=log, title=title)
    except ModuleNotFoundError as error:
        raise click.UsageError(str(error)) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise click.BadParameter(f"{output!r}: {reason}", param_hint="'--output'") from error
    except ValueError as error:
        raise click.UsageError(str(error)) from error
