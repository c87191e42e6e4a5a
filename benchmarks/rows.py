"""A row of the table: what lrdsl takes, what something else takes beside it, and the goal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from benchmarks.timing import Spread, Times


@dataclass(frozen=True)
class Goal:
    """A limit that the ratio of a row should keep. Limits in seconds hold on one machine only."""

    limit: float


@dataclass(frozen=True)
class Row:
    """One comparison.

    `costs` and `beside` are what lrdsl and the other one took, in `unit`: `"s"` or `"B"`. `ratio`
    is the one over the other, or with `is_faster` how many times less lrdsl took. A row without
    them has the reason in `missing`.
    """

    group: str
    what: str
    over: str
    costs: Spread | None = None
    beside: Spread | None = None
    ratio: Spread | None = None
    is_faster: bool = False
    unit: str = "s"
    goal: Goal | None = None
    missing: str | None = None

    @property
    def is_met(self) -> bool | None:
        """Whether the goal is reached; None where there is none, or nothing was measured."""
        if self.goal is None or self.ratio is None:
            return None
        if self.is_faster:
            return self.ratio.median >= self.goal.limit
        return self.ratio.median <= self.goal.limit

    def facts(self) -> dict[str, Any]:
        """The row as JSON has it."""
        spreads = {"costs": self.costs, "beside": self.beside, "ratio": self.ratio}
        goal = None
        if self.goal is not None:
            goal = {"at least" if self.is_faster else "at most": self.goal.limit}
        return {
            "group": self.group,
            "what": self.what,
            "over": self.over,
            "unit": self.unit,
            **{name: None if s is None else s._asdict() for name, s in spreads.items()},
            "is_faster": self.is_faster,
            "goal": goal,
            "is_met": self.is_met,
            "missing": self.missing,
        }


def compared(
    group: str,
    what: str,
    times: Times,
    over: str,
    *,
    ours: str = "lrdsl",
    count: float = 1,
    beside_count: float | None = None,
    is_faster: bool = False,
    goal: Goal | None = None,
) -> Row:
    """The row of two contenders of a contest.

    The times are those of `count` units, the other one's those of `beside_count` if it is given.
    Each round has a ratio of its own.
    """
    mine = [count * seconds for seconds in times[ours]]
    other_count = count if beside_count is None else beside_count
    other = [other_count * seconds for seconds in times[over]]
    pairs = zip(mine, other, strict=True)
    ratios = [b / a if is_faster else a / b for a, b in pairs]
    return Row(
        group,
        what,
        over,
        costs=Spread.of(mine),
        beside=Spread.of(other),
        ratio=Spread.of(ratios),
        is_faster=is_faster,
        goal=goal,
    )
