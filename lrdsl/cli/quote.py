"""`lrdsl quote`: a spec in the quotes of Hydra and of a shell.

SPEC is any text, or a single - to read it from standard input. Put -- before a SPEC that begins
with a minus sign. An app that uses lrdsl.hydra.main needs the shell's quotes only.

\b
Examples:
  lrdsl quote "warmup(100) >> cosine(1, 0, 800)" --key lr
  lrdsl quote "cosine(peak, 0, 800)" --key model.lr --shell powershell
  lrdsl quote - --key lr --shell none < schedule.lr
"""

from __future__ import annotations

import click

from lrdsl.cli.options import as_misuse, help_end, text_of


@click.command(epilog=help_end(__doc__))
@click.argument("spec", type=text_of)
@click.option("--key", metavar="KEY", help="The config key to set: prints KEY=SPEC.")
@click.option(
    "--shell",
    type=click.Choice(["bash", "zsh", "powershell", "none"]),
    default="bash",
    help="The shell that it is typed in; none: Hydra's own quotes only.",
)
def quote(spec: str, key: str | None, shell: str) -> None:
    """Quote a spec for Hydra's command line.

    Prints SPEC as an override, in the quotes that plain Hydra and the shell need.
    """
    from lrdsl.hydra import quote as quoted

    with as_misuse():
        line = quoted(spec, key, None if shell == "none" else shell)  # type: ignore[arg-type]
    if shell == "powershell" and '"' in spec:
        note = "PowerShell before 7.3 loses the double quotes in SPEC on the way to a program"
        click.echo(f"note: {note}; in a spec, single ones do as well", err=True)
    click.echo(line)
