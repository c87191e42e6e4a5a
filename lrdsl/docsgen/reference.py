"""The reference page, made from what the docstrings and the comments of definitions say.

python -m lrdsl.docsgen.reference > docs/reference.md
"""

from __future__ import annotations

import sys
from collections.abc import Iterable

from lrdsl.language.catalog import EXAMPLE_RUN, GROUPS, Entry, Row, entries
from lrdsl.language.library import Library
from lrdsl.syntax.pretty_print import pretty_print_definition

_INTRODUCTION = """\
# Reference

Everything that comes with lrdsl and can be called by name; `lrdsl shapes` prints the same in the
terminal, with drawings. What the words mean is in [language.md](language.md).

A parameter without a default must be given. `_` in a call stands for the default, and whatever
takes `steps` takes `until` instead. The examples are for a run of {total_steps} updates, {epoch} in
an epoch, and a base learning rate of {base_lr}.

This page is made by `python -m lrdsl.docsgen.reference > docs/reference.md`.
"""


def page(found: Iterable[Entry]) -> str:
    """The page on some entries, as Markdown.

    >>> from lrdsl.language.catalog import find
    >>> print(page(find("hold")).partition("## ")[2])
    shapes
    <BLANKLINE>
    Shapes stand in a chain.
    ...
    """
    run = {k: f"{v:g}" for k, v in EXAMPLE_RUN.items()}
    introduction = _INTRODUCTION.format(epoch=run["steps_per_epoch"], **run)
    parts = [introduction]
    group = None
    for entry in found:
        if entry.group != group:
            group = entry.group
            about = GROUPS.get(group, f"Definitions under the names that they have in `{group}`.")
            parts.append(f"## {group}\n\n{about}\n")
        parts.append(_section(entry))
    return "\n".join(parts)


def _section(entry: Entry) -> str:
    doc = entry.doc
    parts = [f"### {entry.name}", f"`{entry.signature}`", doc.summary, doc.body]
    if entry.aliases:
        parts.append(f"Also called {', '.join([f'`{alias}`' for alias in entry.aliases])}.")
    if entry.parameters:
        parts.append(_table(entry.parameters))
    if doc.example:
        parts.append(f"Example: `{doc.example}`")
    if entry.definition is not None:
        parts.append(f"```text\n{pretty_print_definition(entry.definition)}\n```")
    parts.append(doc.source)
    return "\n\n".join([part for part in parts if part]) + "\n"


def _table(rows: Iterable[Row]) -> str:
    lines = ["| parameter | what it is | default |", "|---|---|---|"]
    for row in rows:
        default = f"`{row.default}`" if row.default else ""
        cells = [f"`{row.name}`", row.what, default]
        lines.append(f"| {' | '.join([cell.replace('|', chr(92) + '|') for cell in cells])} |")
    return "\n".join(lines)


def main() -> None:
    """Print the page on what comes with lrdsl."""
    text = page(entries(Library({}, {})))
    sys.stdout.buffer.write(text.encode("utf-8"))


if __name__ == "__main__":
    main()
