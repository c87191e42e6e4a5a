"""`lrdsl shapes`: everything that a spec can call, and what each takes."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import click

from lrdsl.cli.console import plain, reflowed, table, terminal_size, writes
from lrdsl.cli.expansion import expansions
from lrdsl.cli.formats import listed, with_format
from lrdsl.cli.options import as_misuse, with_library
from lrdsl.diagnostics import UNKNOWN_NAME, SpecError, Suggestion, spec_error

if TYPE_CHECKING:
    from lrdsl.language.catalog import Entry


@click.command(
    epilog="\b\nExamples:\n  lrdsl shapes\n  lrdsl shapes cosine\n  lrdsl shapes --library mine.lr",
)
@click.argument("name", required=False)
@with_format("text", "json", "csv", "markdown")
@with_library
def shapes(name: str | None, form: str) -> None:
    """List everything that a spec can call, or explain one NAME.

    NAME is a shape, a modifier, a curve, a function or a definition: its parameters, formula,
    example and source are shown. The name of a group, such as std, lists that group alone.
    """
    from lrdsl.language.catalog import entries, find

    chosen = () if name is None else find(name)
    if chosen and form == "text":
        click.echo(plain("\n\n".join([_about(entry) for entry in chosen])))
        return
    every = [entry for entry in entries() if name in (None, entry.group)]
    if name is not None and not every and not chosen:
        known = [word for each in entries() for word in (each.group, each.name, *each.aliases)]
        same = [x for x in known if x.rpartition(".")[2].lower() == name.lower()]
        meant, fix = Suggestion(name, known), "`lrdsl shapes` lists all there is"
        meant = Suggestion(same[0], same) if same else meant
        with as_misuse():
            raise spec_error(UNKNOWN_NAME, f"nothing is called `{name}`", meant=meant, fix=fix)
    if form == "text":
        click.echo(plain("\n".join(_listing(every))))
    else:
        facts = [_facts(entry) for entry in chosen or every]
        click.echo(plain(listed(form, facts, ("name", "group", "signature", "summary"))))


def _facts(entry: Entry) -> dict[str, Any]:
    """All there is to say about one entry, as plain data."""
    return {
        "name": entry.name,
        "aliases": list(entry.aliases),
        "group": entry.group,
        "kind": entry.kind,
        "signature": entry.signature,
        "summary": entry.doc.summary,
        "body": entry.doc.body,
        "parameters": [row._asdict() for row in entry.parameters],
        "example": entry.doc.example,
        "source": entry.doc.source,
    }


SIGNATURE_WIDTH = 44
"""Columns for a signature in a list; a longer one is cut between parameters."""


def _shortened(entry: Entry) -> str:
    """The signature, without its last parameters where it is long."""
    if len(entry.signature) <= SIGNATURE_WIDTH:
        return entry.signature
    kept = entry.signature[: SIGNATURE_WIDTH - len(", …)") + 1].rpartition(", ")[0]
    return f"{kept}, …)" if kept else f"{entry.name}(…)"


def _listing(every: Iterable[Entry]) -> list[str]:
    """A line for each entry, by group."""
    lines: list[str] = []
    for group, found in itertools.groupby(every, lambda entry: entry.group):
        lines += ["", group] if lines else [group]
        rows = [(f"{_shortened(x):<{SIGNATURE_WIDTH}}", x.doc.summary) for x in found]
        lines += table(rows, indent="  ")
    return lines


def _about(entry: Entry) -> str:
    """All there is to say about one entry."""
    from lrdsl.syntax.pretty_print import pretty_print_definition

    doc = entry.doc
    also = f"Also called {', '.join(entry.aliases)}." if entry.aliases else ""
    cells = [
        (row.name, row.what, row.default and f"default {row.default}") for row in entry.parameters
    ]
    wide = [max(map(len, column)) for column in zip(*cells, strict=True)]
    rows = [f"  {a:<{wide[0]}}  {b:<{wide[1]}}  {c}".rstrip() for a, b, c in cells]
    kind = entry.kind if entry.definition is None else f"definition in {entry.group}"
    said = [reflowed(text, sys.stdout) for text in (doc.summary, doc.body, also)]
    parts = [f"{entry.signature}   ({kind})", *said, "\n".join(rows)]
    if entry.definition is not None:
        parts.append(pretty_print_definition(entry.definition))
    parts += [*_example(entry), reflowed(doc.source, sys.stdout)]
    return "\n\n".join([part for part in parts if part])


def _example(entry: Entry) -> Iterator[str]:
    """The example, drawn; that of a definition, in core terms too."""
    from lrdsl.language.catalog import EXAMPLE_RUN
    from lrdsl.plot import terminal
    from lrdsl.schedule.compile import compile

    text = entry.doc.example
    if not text:
        return
    yield f"Example: {text}"
    try:
        schedule = compile(text, **EXAMPLE_RUN)
    except SpecError as error:  # somebody's own comment
        yield str(error)
        return
    if entry.definition is not None:
        yield "that is:\n\n" + "\n".join(expansions(schedule))
    width, _ = terminal_size()
    yield terminal(schedule, width=width, ascii=not writes("⣿┤└"))
