"""`MetricRecord`: what a run has made of its metrics, as a small state."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from lrdsl.diagnostics import BAD_STATE, spec_error
from lrdsl.language.modifiers.reactive import MAX_CHANGES, Reaction
from lrdsl.language.signal import LAST_STEP
from lrdsl.syntax.spec import as_number

SpecKey = tuple[int, str, str | None]
"""A spec of a run: the number of its plan, what it drives, the pattern of its groups."""

Family = tuple[SpecKey, tuple[str, ...]]
"""A spec and its metric modifiers: all groups that have them react to metrics alike.

A modifier may depend on the `base` of a group; if what it calls for does, it is another one.
"""

MAX_STATE_ENTRIES = 64
"""The most numbers in the state of a modifier."""


class Reactions(NamedTuple):
    """The reactions of the metric modifiers of a spec.

    `before` has the factors before the first changes that are
    remembered, by the `base` of the groups, None where no base is needed; empty if all are.
    """

    reactions: tuple[Reaction, ...]
    before: Mapping[float | None, tuple[float, ...]] = {}

    def fits(self, initial: Sequence[Reaction]) -> bool:
        """Whether the states may have come from these."""
        pairs = [(x.state, y.state) for x, y in zip(self.reactions, initial, strict=False)]
        return len(self.reactions) == len(initial) and all(
            [
                len(own) == len(first)
                and all([x is not None or y is None for x, y in zip(own, first, strict=True)])
                for own, first in pairs
            ]
        )


class MetricRecord(NamedTuple):
    """The number of metrics so far, the update of the latest, and the reactions of each spec."""

    total: int = 0
    last: int = -1
    families: Mapping[Family, Reactions] = {}

    def to_json(self) -> str:
        """The record as JSON text."""
        families = [
            {
                "plan": plan,
                "name": name,
                "pattern": pattern,
                "modifiers": modifiers,
                "reactions": [_packed(reaction) for reaction in each.reactions],
                "before": [[base, factors] for base, factors in each.before.items()],
            }
            for ((plan, name, pattern), modifiers), each in self.families.items()
        ]
        return json.dumps({"total": self.total, "last": self.last, "families": families})

    @classmethod
    def from_json(cls, text: object) -> MetricRecord:
        """The record that a text stands for; `SpecError` if it is none."""
        try:
            found: Any = json.loads(text) if isinstance(text, str) else text
            if not isinstance(found, Mapping):
                raise TypeError
            return cls(
                _count(found["total"]),
                _count(found["last"], -1),
                {
                    _family(x): Reactions(
                        tuple([_unpacked(reaction) for reaction in x["reactions"]]),
                        {
                            None if base is None else _finite(base): tuple(map(_finite, factors))
                            for base, factors in x["before"]
                        },
                    )
                    for x in found["families"]
                },
            )
        except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
            raise spec_error(
                BAD_STATE, "`reactions` of the state is no record of metrics"
            ) from None


def _family(found: Any) -> Family:
    pattern = None if found["pattern"] is None else _text(found["pattern"])
    key = _count(found["plan"]), _text(found["name"]), pattern
    return key, tuple([_text(modifier) for modifier in found["modifiers"]])


def _packed(reaction: Reaction) -> dict[str, Any]:
    """A reaction as data; ratios that are all the same are written once."""
    ratios: Any = [*dict.fromkeys(reaction.ratios)]
    return {
        "state": [*reaction.state],
        "updates": [*reaction.updates],
        "ratios": ratios[0] if len(ratios) == 1 else [*reaction.ratios],
        "forgotten": reaction.forgotten,
        "calls": reaction.calls,
    }


def _unpacked(found: Any) -> Reaction:
    state = tuple(found["state"])
    updates = tuple([_count(update) for update in found["updates"]])
    given, forgotten = found["ratios"], found["forgotten"]
    ratios = tuple(map(_finite, given if isinstance(given, list) else [given] * len(updates)))
    is_sound = (
        len(state) <= MAX_STATE_ENTRIES
        and all([entry is None or as_number(entry) is not None for entry in state])
        and len(updates) == len(ratios) <= MAX_CHANGES
        and [*updates] == sorted(updates)
    )
    if not is_sound:
        raise ValueError
    first = None if forgotten is None else _count(forgotten)
    return Reaction(state, updates, ratios, first, _count(found["calls"], len(updates)))


def _count(value: object, least: int = 0) -> int:
    if type(value) is not int or not least <= value <= LAST_STEP:
        raise ValueError
    return value


def _finite(value: object) -> float:
    number = as_number(value)
    if number is None or not abs(number) < math.inf:
        raise ValueError
    return float(number)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError
    return value
