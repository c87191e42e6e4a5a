"""Specs in core terms: with the definitions that they call put in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lrdsl.schedule.schedule import Schedule
    from lrdsl.syntax.ast import Node


def expansions(schedule: Schedule) -> Iterator[str]:
    """The spec in core terms, and the other hyperparameters that it drives."""
    from lrdsl.compiler.expand import expand
    from lrdsl.language.language import current
    from lrdsl.syntax.ast import Outer, walk
    from lrdsl.syntax.pretty_print import pretty_print

    language = current()
    tree = expand(schedule.spec.node, language).tree
    yield pretty_print(tree)
    if any([isinstance(node, Outer) for node, _ in walk(tree)]):
        yield "# prev, next and rest in an argument are meant where the call stands"
    for name, call in program_fields(schedule).items():
        if name != "lr":
            yield f"{name}: {pretty_print(expand(call, language).tree)}"


def program_fields(schedule: Schedule) -> Mapping[str, Node]:
    """The schedules of a program by hyperparameter; none for other specs."""
    from lrdsl.compiler.expand import fields
    from lrdsl.language.language import current

    return fields(schedule.spec.node, current())
