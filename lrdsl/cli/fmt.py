"""`lrdsl fmt`: arguments, files, exit codes.

0: all is well. 1: `--check` found something to be changed, or a spec has a mistake. 2: the call is
at fault, or a file cannot be read.
"""

from __future__ import annotations

import re
import sys
from typing import NamedTuple

import click

from lrdsl.cli.console import colourful, difference, plain
from lrdsl.cli.options import text_of

_DEFINITION = re.compile(r"\s*(#[^\n]*\n\s*)*def\s+[A-Za-z]")


class _Done(NamedTuple):
    """What became of a file: whether it changes, and the exit code of what is wrong with it."""

    changes: bool
    code: int = 0


_EPILOG = """\
Files are changed in place. In YAML, Python and Markdown files the specs alone are; what has one
line keeps to it.

\b
Examples:
  lrdsl fmt conf/ schedules.lr train.py
  lrdsl fmt conf/ --check --diff
  lrdsl fmt -e "warmup(100)>>cosine(1,0,800)"
  lrdsl fmt - < schedules.lr

Exit codes: 0 fine; 1 with --check something would change, or a spec has a mistake; 2 misuse, or a
file that cannot be read.
"""


@click.command(epilog=_EPILOG)
@click.argument("paths", metavar="PATH…", nargs=-1)
@click.option("-e", "specs", metavar="SPEC", multiple=True, help="A spec itself; repeat for more.")
@click.option("--check", is_flag=True, help="Change nothing; exit 1 if something would change.")
@click.option("--diff", is_flag=True, help="Change nothing; show what would change.")
@click.pass_context
def fmt(
    ctx: click.Context, paths: tuple[str, ...], specs: tuple[str, ...], check: bool, diff: bool
) -> None:
    """Write specs in one spelling of spaces, brackets and line ends; comments are kept.

    PATH is a YAML, Python, Markdown or .lr file, or a folder of them; a single - is a spec, or
    definitions, from standard input. What is given by itself is printed, formatted.
    """
    if not paths and not specs:
        raise click.UsageError("give files or folders, or a spec with -e")
    if [*paths, *specs].count("-") > 1:
        raise click.UsageError("standard input can be read once")
    done = [_text(spec, check, diff) for spec in specs]
    done += [_text("-", check, diff) for path in paths if path == "-"]
    files = [path for path in paths if path != "-"]
    if files:
        of_files = _files(files, check, diff)
        done += of_files
        changed = sum([each.changes for each in of_files])
        what = "would be" if check or diff else "were" if changed != 1 else "was"
        click.echo(f"{changed} of {len(of_files)} files {what} changed.", err=True)
    code = max([each.code for each in done], default=0)
    ctx.exit(max(code, int(check and any([each.changes for each in done]))))


def _text(argument: str, check: bool, diff: bool) -> _Done:
    """A text that was given itself; it is printed, formatted."""
    from lrdsl.syntax.format import format, format_definitions

    text = text_of(argument)
    formatted = format_definitions(text) if _DEFINITION.match(text) else format(text)
    formatted = formatted.rstrip("\n")
    if diff:
        name = "<stdin>" if argument == "-" else "<spec>"
        _show(name, f"{text}\n", f"{formatted}\n")
    elif not check:
        click.echo(plain(formatted))
    return _Done(formatted != text)


def _files(paths: list[str], check: bool, diff: bool) -> list[_Done]:
    from lrdsl.linter.config import Project
    from lrdsl.linter.discovery import find

    return [_file(path, check, diff) for path in find(paths, Project.load(".").exclude)]


def _file(path: str, check: bool, diff: bool) -> _Done:
    from lrdsl.linter.autofix import write
    from lrdsl.linter.format_files import rewrite
    from lrdsl.linter.read_source import read_file
    from lrdsl.linter.source_file import Unreadable

    try:
        file = read_file(path)
        text, problems = rewrite(file)
        changes = text != file.text
        if changes and not check and not diff:
            write(file, text)
    except Unreadable as error:
        click.echo(f"Error: {plain(str(error))}", err=True)
        return _Done(False, 2)
    for found in problems:
        line, column = file.position(found.start)
        message = f"{path}:{line}:{column}: {found.diagnostic.message}"
        click.echo(f"{plain(message)}; this is left as it is", err=True)
    if changes and diff:
        _show(path, file.text, text)
    elif changes:
        click.echo(f"{'would change' if check else 'changed'} {path}", err=True)
    return _Done(changes, 1 if problems else 0)


def _show(name: str, old: str, new: str) -> None:
    click.echo(plain(difference(name, old, new)), color=colourful(sys.stdout), nl=False)
