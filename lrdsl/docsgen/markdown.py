"""Tables of Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    r"""A table with a heading for each column.

    >>> print(table(["name", "what it is"], [["`a`", "x | y"]]))
    | name | what it is |
    |---|---|
    | `a` | x \| y |
    """
    lines = [" | ".join([cell.replace("|", r"\|") for cell in row]) for row in (head, *rows)]
    first, *others = [f"| {line} |" for line in lines]
    return "\n".join([first, f"|{'---|' * len(head)}", *others])
