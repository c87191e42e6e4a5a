"""`lrdsl quote`: arguments and exit codes.

0: all is well. 2: the call is at fault.
"""

from __future__ import annotations

import click

from lrdsl.cli.options import text_of
from lrdsl.diagnostics import SpecError

_EPILOG = """\
SPEC is any text; a single - reads it from standard input. Put -- before a SPEC that begins with a
minus sign. An app of lrdsl.hydra.main takes a spec with the shell's quotes alone.

\b
Examples:
  lrdsl quote "warmup(100) >> cosine(1, 0, 800)" --key lr
  lrdsl quote "cosine(peak, 0, 800)" --key model.lr --shell powershell
  lrdsl quote - --key lr --shell none < schedule.lr
"""


@click.command(epilog=_EPILOG)
@click.argument("spec")
@click.option("--key", metavar="KEY", help="The config key that SPEC is for: print KEY=SPEC.")
@click.option(
    "--shell",
    type=click.Choice(["bash", "zsh", "powershell", "none"]),
    default="bash",
    show_default=True,
    help="Where it is to be typed; none: only Hydra's own quotes.",
)
def quote(spec: str, key: str | None, shell: str) -> None:
    """Print SPEC as a Hydra override, in the quotes that plain Hydra and the shell need."""
    from lrdsl.hydra import quote as quoted

    text = text_of(spec)
    try:
        line = quoted(text, key, None if shell == "none" else shell)  # type: ignore[arg-type]
    except SpecError as error:
        fix = error.diagnostics[0].fix
        message = error.diagnostics[0].message + (f": {fix}" if fix else "")
        raise click.UsageError(message) from error
    if shell == "powershell" and '"' in text:
        note = "PowerShell before 7.3 loses the double quotes in SPEC on the way to a program"
        click.echo(f"note: {note}; in a spec, single ones do as well", err=True)
    click.echo(line)
