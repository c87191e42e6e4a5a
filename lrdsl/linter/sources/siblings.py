"""The specs that drive the same parameter groups as a spec of a program."""

from __future__ import annotations

from collections.abc import Sequence

from lrdsl.linter.origin import SiblingSpec
from lrdsl.schedule.program import group_sorts


def siblings_by_sort(
    one: SiblingSpec, program: Sequence[SiblingSpec]
) -> tuple[tuple[SiblingSpec, ...], ...]:
    """For each sort of parameter groups that a spec is for, the specs that drive them.

    >>> every = [SiblingSpec("lr", "1", "", "head"), SiblingSpec("lr", "2", "", "*")]
    >>> every.append(SiblingSpec("momentum", "lr"))
    >>> [[sibling.text for sibling in sort] for sort in siblings_by_sort(every[0], every)]
    [['1', 'lr']]
    >>> len(siblings_by_sort(every[2], every))
    2
    """
    choices: dict[str, list[SiblingSpec]] = {}
    for each in program:
        choices.setdefault(each.key, []).append(each)
    own = [tuple(x.values()) for x in group_sorts(choices) if x.get(one.key) is one]
    return tuple(own) or (tuple([SiblingSpec(key, None) for key in choices]),)
