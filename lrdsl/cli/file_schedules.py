"""The schedules and programs of a file by their keys, and the one that is meant by a key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from lrdsl.diagnostics import Suggestion

if TYPE_CHECKING:
    from lrdsl.linter.source_file import Snippet, SourceFile

KEY_SIGN = "::"
"""What stands between a file and a key in it."""

MAX_LISTED = 20
"""Schedules of a file that a message lists."""


def units_of(snippets: Sequence[Snippet], file: SourceFile) -> dict[str, list[Snippet]]:
    """The schedules and programs of a file by their keys, in order.

    The key is the one in the config, the variable of a Python file, the definition that an example
    is of, or else the number of the line.
    """
    groups: list[tuple[str, list[Snippet]]] = []
    for each in snippets:
        parent, drives = each.origin.unit, number_of(each)
        last = groups[-1] if groups else ("", [])
        known = [number_of(x) for x in last[1]]
        is_beside = last[0] == parent or (bool(last[1]) and _is_value_of(each, last[1][0]))
        if drives and is_beside and "" not in known and drives not in known and known:
            last[1].append(each)
        else:
            groups.append((parent, [each]))
    keys = [_key(parent, members[0]) for parent, members in groups]
    lines = [str(file.position(members[0].start)[0]) for _, members in groups]
    return {
        key if key and keys.count(key) == 1 else line: members
        for key, line, (_, members) in zip(keys, lines, groups, strict=True)
    }


def _is_value_of(snippet: Snippet, first: Snippet) -> bool:
    """Whether a spec stands in `values` beside a program that begins with another."""
    siblings = snippet.origin.siblings
    return snippet.origin.is_value and bool(siblings) and siblings == first.origin.siblings


def number_of(snippet: Snippet) -> str:
    """The name of the number that a spec of a program drives, with its groups; "" for others."""
    origin = snippet.origin
    if origin.drives is None:
        return ""
    return origin.drives if origin.pattern is None else f"{origin.drives}[{origin.pattern}]"


def _key(parent: str, snippet: Snippet) -> str:
    if snippet.kind == "python":
        return snippet.origin.assigned_to
    return snippet.origin.example_of or parent


def chosen(
    units: Mapping[str, list[Snippet]], path: str, key: str, file: SourceFile
) -> tuple[list[str], str]:
    """The keys of what is meant, and the number of a program that is, "" for all.

    It is one schedule or program, or those that stand side by side in a mapping of YAML.
    """
    if not units:
        why = "its definitions are called with --library" if path.lower().endswith(".lr") else ""
        advice = why or "`lrdsl lint` reads the same files"
        raise click.UsageError(f"{path} has no schedule; {advice}")
    matching = {
        name: members
        for name, members in units.items()
        if not key
        or name == key
        or name.startswith((f"{key}.", f"{key}["))
        or (key.isdecimal() and int(key) in [file.position(x.start)[0] for x in members])
    }
    if key in matching:
        matching = {key: matching[key]}
    if not matching:  # a number of a program
        for name, members in units.items():
            for each in members:
                if key in (each.origin.key, f"{name}.{number_of(each)}", number_of(each)):
                    return [name], number_of(each)
    if len(matching) == 1 or _are_side_by_side(matching):
        return [*matching], ""
    listed = matching or units
    wide = max([len(name) for name in listed])
    rows = [
        f"  {path}{KEY_SIGN}{name:<{wide}}  {_summary(members, file)}"
        for name, members in [*listed.items()][:MAX_LISTED]
    ]
    if len(listed) > MAX_LISTED:
        rows.append(f"  and {len(listed) - MAX_LISTED} more")
    if matching:
        head = f"{path} has {len(matching)} schedules{f' at {key}' if key else ''}; name one:"
    else:
        head = f"{path} has no schedule at `{key}`; {Suggestion(key, units).before('it has:')}"
    raise click.UsageError("\n".join([head, *rows]))


def _are_side_by_side(units: Mapping[str, list[Snippet]]) -> bool:
    """Whether all are single schedules in one mapping of a YAML file, each under its key."""
    if not 1 < len(units) <= MAX_LISTED:
        return False
    parents = {name.rpartition(".")[0] for name in units}
    return len(parents) == 1 and all(
        [
            len(own) == 1 and own[0].kind == "yaml" and own[0].origin.key == name
            for name, own in units.items()
        ]
    )


def _summary(members: Sequence[Snippet], file: SourceFile) -> str:
    """The text of a schedule as it is written, or the numbers of a program."""
    from lrdsl.syntax.unparse import shorten

    if len(members) > 1:
        return ", ".join(map(number_of, members))
    text = members[0].text
    if members[0].unknown and members[0].extent is not None:
        text = file.text[slice(*members[0].extent)].strip("'\"")
    return shorten(" ".join(text.split()))
