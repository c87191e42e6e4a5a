"""Each time that anything in the catalog takes, put beyond the end of the run, is found.

The calls are made from the catalog, so that a new shape, modifier or definition is looked at too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import lrdsl
from lrdsl import SpecError
from lrdsl.language.catalog import Entry, Row, entries
from lrdsl.linter import lint

RUN: dict[str, Any] = {"total_steps": 1000, "base_lr": 1.0, "steps_per_epoch": 50}
FOUND = {"beyond-end", "longer-than-run", "unseen-segment", "peak-not-reached", "end-not-reached",
         "rise-after-end"}  # fmt: skip

PLAIN = ("{}", "warmup(100) >> {}", "0.5 * ({})", "({}) | clip(1e-9, 9)", "({}) + 1e-9")
ENTRY = "0.3 | interval[100: {}]"

IS_A_SCALE = "a scale: the value falls all the time, and nothing comes at that update"
EXCEPT = {
    ("exponential_decay", "every"): IS_A_SCALE,
    ("step", "half_life"): IS_A_SCALE,
    ("speechbrain.StepScheduler", "half_life"): IS_A_SCALE,
    ("speechbrain.WarmAndExpDecayLRSchedule", "total_steps"): IS_A_SCALE,
    ("noise", "every"): "noise of any period is noise",
    ("skip", "n"): "it names an update of the schedule, not of the run",
    ("torch.OneCycleLR", "epochs"): "an error without `steps_per_epoch`, and a factor with it",
    ("torch.OneCycleLR", "steps_per_epoch"): "an error without `epochs`, and a factor with it",
    ("torch.cyclic", "*"): "the common part of torch's cycles, which nobody calls",
    ("torch.one_cycle", "*"): "the common part of torch's cycles, which nobody calls",
}
EXCEPT_IN_ENTRIES = {
    ("constant", "steps"): "nothing follows, so that any length is the same",
    ("hold", "steps"): "nothing follows, so that any length is the same",
    ("spread", "steps"): "the first level alone is seen",
    ("speechbrain.CyclicLRScheduler", "step_size"): "it begins low, after a high value",
    ("cyclic", "up"): "it begins low, after a high value",
    ("cyclic", "down"): "it begins low, after a high value",
    ("take", "n"): "no-effect: it takes more than there is",
}

USUAL = {"start": "1", "end": "0.1", "low": "0.1", "high": "1", "max": "1", "peak": "1",
         "base_lr": "0.1", "max_lr": "1", "model_size": "512", "gamma": "0.5"}  # fmt: skip


def usual(row: Row) -> str:
    """A value for a parameter that must be given."""
    kind = row.kind
    for words, text in (
        ("list of schedules", "[torch.LinearLR(), torch.ExponentialLR(0.9)]"),
        ("list of durations", "[100, 300]"),
        ("a list", "[1, 0.1]"),
        ("curve", "linear"),
        ("count", "2"),
        ("duration", "100"),
        ("true", "false"),
    ):
        if words in kind:
            return text
    return kind.split("`")[1] if "`" in kind else USUAL.get(row.name, "0.5")


def call(entry: Entry, late: Row, time: str) -> str:
    """A call with one time that is late, as a schedule."""
    given = []
    for row in entry.parameters:
        if row is late:
            milestones = f"[{time}]" if entry.name == "torch.SequentialLR" else f"[10, {time}]"
            given.append(f"{row.name}={milestones if 'list' in row.kind else time}")
        elif not row.default or (entry.name, row.name) == ("step", "gamma"):
            given.append(f"{row.name}={usual(row)}")
    text = f"{entry.name}({', '.join(given)})"
    follows = entry.kind == "modifier" or entry.name == "branch"
    return f"step(1, 0.5, 100) | {text}" if follows else text


def cases() -> Iterator[Any]:
    for entry in entries():
        for row in entry.parameters:
            key = (entry.name, row.name)
            if "duration" not in row.kind or key in EXCEPT or (entry.name, "*") in EXCEPT:
                continue
            for time in ("5000", "100ep"):
                forms = PLAIN if time == "5000" else PLAIN[:1]  # a unit is one in any place
                if key not in EXCEPT_IN_ENTRIES:
                    forms = (*forms, ENTRY)
                for form in forms:
                    spec = form.format(call(entry, row, time))
                    yield pytest.param(spec, id=spec)


@pytest.mark.parametrize("spec", [*cases()])
def test_a_time_beyond_the_end_is_found(spec: str) -> None:
    try:
        lrdsl.compile(spec, **RUN)
    except SpecError:
        return  # it is an error
    names = {found.name for found in lint(spec, **RUN)}
    assert names & FOUND
    if not spec.startswith(ENTRY[:3]):  # how far an entry is from what it replaces needs the base
        assert {found.name for found in lint(spec, **{**RUN, "base_lr": None})} & FOUND


def test_exceptions_are_in_the_catalog() -> None:
    known = {(entry.name, row.name) for entry in entries() for row in entry.parameters}
    known |= {(entry.name, "*") for entry in entries()}
    assert {*EXCEPT, *EXCEPT_IN_ENTRIES} <= known
