"""`lrdsl fmt`: specs in files and texts, in their usual form.

In YAML, Python and Markdown files only the specs are changed, and one on a single line stays there.

\b
Examples:
  lrdsl fmt conf/ schedules.lr train.py
  lrdsl fmt conf/ --check --diff
  lrdsl fmt -e "warmup(100)>>cosine(1,0,800)"
  lrdsl fmt - < schedules.lr

Exit codes: 0 fine; 1 a spec has a mistake, or with --check something would change; 2 a wrong call,
or a file that cannot be read.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import click

from lrdsl.cli.console import colourful, difference, plain
from lrdsl.cli.options import flag, help_end, read_sources, with_sources

if TYPE_CHECKING:
    from lrdsl.linter.ownership import Ownership

_DEFINITION = re.compile(r"\s*(#[^\n]*\n\s*)*def\s+[A-Za-z]")


@click.command(epilog=help_end(__doc__))
@with_sources
@flag("--check", help="Change nothing; exit with 1 if something would change.")
@flag("--diff", help="Change nothing; print what would change.")
@click.pass_context
def fmt(
    ctx: click.Context, paths: tuple[str, ...], specs: tuple[str, ...], check: bool, diff: bool
) -> None:
    """Format schedules: uniform spaces, brackets and line breaks.

    PATH is a YAML, Python, Markdown or .lr file, or a folder of them; a single - is a spec, or
    definitions, from standard input. Files are changed in place; a spec from -e or - is
    printed. Comments are kept. In a folder, what git ignores is left out, and only what lrdsl is
    known to read is changed; in a file that is named itself, all that looks like a spec.
    """
    sources, texts = read_sources(paths, specs)
    done = [(_text(name, text, check, diff), 0) for name, text in texts.items()]
    if sources:
        from lrdsl.linter.config import Project
        from lrdsl.linter.discovery import find
        from lrdsl.linter.ownership import Ownership

        notes: list[str] = []
        project = Project.load(".")
        ownership = Ownership(sources, project)
        found = find(sources, project.exclude, notes)
        files = [_file(path, sources, check, diff, ownership) for path in found]
        for line in notes:
            click.echo(f"Note: {line}", err=True)
        changed = sum([changes for changes, _ in files])
        what = "would be" if check or diff else "were" if changed != 1 else "was"
        click.echo(f"{changed} of {len(files)} files {what} changed.", err=True)
        done += files
    codes = [max(code, int(check and changes)) for changes, code in done]
    ctx.exit(max(codes, default=0))


def _text(name: str, text: str, check: bool, diff: bool) -> bool:
    """Print a text that was given itself, formatted; whether it changes."""
    from lrdsl.syntax.format import format, format_definitions

    formatted = format_definitions(text) if _DEFINITION.match(text) else format(text)
    formatted = formatted.rstrip("\n")
    if diff:
        _show(name, f"{text}\n", f"{formatted}\n")
    elif not check:
        click.echo(plain(formatted))
    return formatted != text


def _file(
    path: str, named: list[str], check: bool, diff: bool, ownership: Ownership
) -> tuple[bool, int]:
    """Format a file; whether it changes, and an exit code for its mistakes."""
    from lrdsl.linter.autofix import check_place, write
    from lrdsl.linter.format_files import rewrite
    from lrdsl.linter.ownership import is_foreign
    from lrdsl.linter.read_source import read_file
    from lrdsl.linter.source_file import Unreadable

    try:
        file = ownership.narrowed(read_file(path))
        text, problems = rewrite(file)
        changes = text != file.text
        if changes:
            check_place(file, named)
        if changes and not check and not diff:
            write(file, text)
    except Unreadable as error:
        passed_over = not ownership.is_named(path) and is_foreign(path)
        click.echo(f"{'Note' if passed_over else 'Error'}: {plain(str(error))}", err=True)
        return False, 0 if passed_over else 2
    for found in problems:
        line, column = file.position(found.start)
        message = f"{path}:{line}:{column}: {found.diagnostic.message}"
        click.echo(f"{plain(message)}; this is left as it is", err=True)
    if changes and diff:
        _show(path, file.text, text)
    elif changes:
        click.echo(f"{'would change' if check else 'changed'} {path}", err=True)
    return changes, 1 if problems else 0


def _show(name: str, old: str, new: str) -> None:
    click.echo(plain(difference(name, old, new)), color=colourful(sys.stdout), nl=False)
