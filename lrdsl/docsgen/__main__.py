"""`python -m lrdsl.docsgen`: write the generated pages, or check them.

Exit codes: 0 all are current, or were written; 1 some are outdated; 2 the call is at fault.
"""

from __future__ import annotations

from pathlib import Path

import click

from lrdsl.docsgen.pages import PAGES, outdated


@click.command()
@click.option("--check", is_flag=True, help="Name the outdated pages, and change nothing.")
@click.pass_context
def main(ctx: click.Context, check: bool) -> None:
    """Write the pages of docs/ that are made from the code; run it at the top of the repository."""
    root = Path.cwd()
    if not (root / "docs").is_dir():
        raise click.UsageError("no folder `docs` here: run it at the top of the repository")
    found = outdated(root)
    for page in found:
        if not check:
            page.write(root)
        click.echo(f"{page.path} {'is outdated' if check else 'was written'}")
    if check and found:
        click.echo("run `python -m lrdsl.docsgen`")
        ctx.exit(1)
    if not found:
        click.echo(f"{len(PAGES)} pages are current")


if __name__ == "__main__":
    main(prog_name="python -m lrdsl.docsgen")
