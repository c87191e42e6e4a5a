"""The jobs of a sweep, before its first one."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import IntervalSweep, Override
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf

MAX_JOBS = 1000
"""More jobs than this are not looked at ahead, but each when it starts."""

_BASIC = "hydra._internal.core_plugins.basic_sweeper.BasicSweeper"


class Job(NamedTuple):
    """A job of a sweep: its number, from 0, and its overrides."""

    number: int
    overrides: tuple[str, ...]


@dataclass(frozen=True)
class Sweep:
    """The jobs of a sweep that are known ahead, and in sentences why they may not be all.

    With `are_possible` the sweeper chooses from these jobs and others, so that their numbers mean
    nothing.
    """

    jobs: tuple[Job, ...]
    notes: tuple[str, ...] = ()
    are_possible: bool = False


def sweep_of(config: DictConfig, loader: ConfigLoader) -> Sweep:
    """The jobs that Hydra's sweeper will start with a config composed for `--multirun`.

    Hydra's own sweeper makes every combination. Any other one chooses for itself: then each value
    that it can choose is in a job here, beside the first of all others; an interval has two ends.
    """
    sweeper = config.hydra.sweeper
    is_basic = sweeper.get("_target_") == _BASIC
    name = str(sweeper.get("_target_", "the sweeper")).rpartition(".")[2]
    notes = []
    parser = OverridesParser.create(config_loader=loader)
    choices: dict[str, list[str]] = {}
    for text in _arguments(config):
        try:
            [override] = parser.parse_overrides([text])
        except HydraException:
            notes.append(f"`{text}` is for {name} to read: the config's own value is linted")
            continue
        if isinstance(override.value(), IntervalSweep):
            notes.append(f"`{text}`: {name} draws values from it, its two ends are linted")
        choices[override.get_key_element()] = values_of(override)
    count = math.prod([len(values) for values in choices.values()])
    if not is_basic:
        notes.insert(0, f"{name} chooses the jobs: what it can choose from is linted")
    elif count > MAX_JOBS:
        notes.append(f"of a sweep of {MAX_JOBS} jobs and more, the first {MAX_JOBS} are linted")
    values = list(choices.values())
    combinations = itertools.product(*values) if is_basic else in_turn(values)
    first = itertools.islice(combinations, MAX_JOBS)
    jobs = tuple([Job(i, overrides) for i, overrides in enumerate(first)])
    return Sweep(jobs, tuple(notes), not is_basic)


def _arguments(config: DictConfig) -> Iterator[str]:
    """The overrides of a sweep: those of the config, then those of the command line."""
    params = OmegaConf.select(config, "hydra.sweeper.params")
    if isinstance(params, DictConfig):
        for name in params:
            yield f"{name!s}={params[name]}"
    yield from OmegaConf.to_container(config.hydra.overrides.task, resolve=False)  # type: ignore[misc]


def in_turn(values: Sequence[Sequence[str]]) -> Iterator[tuple[str, ...]]:
    """Each value in turn, beside the first of all others."""
    first = tuple([each[0] for each in values])
    yield first
    for i, each in enumerate(values):
        for value in each[1:]:
            yield (*first[:i], value, *first[i + 1 :])


def values_of(override: Override) -> list[str]:
    """The overrides of single jobs that one of the command line stands for."""
    key, value = override.get_key_element(), override.value()
    if isinstance(value, IntervalSweep):
        return [f"{key}={value.start}", f"{key}={value.end}"]
    if not override.is_sweep_override():
        return [str(override.input_line)]
    values = itertools.islice(override.sweep_string_iterator(), MAX_JOBS + 1)
    return [f"{key}={value}" for value in values]


def numbered(numbers: Sequence[int]) -> str:
    """Numbers of jobs as they are read out.

    >>> numbered([3]), numbered([0, 1, 4]), numbered(range(20))
    ('job 3', 'jobs 0, 1 and 4', '20 jobs, the first of them job 0')
    """
    if len(numbers) == 1:
        return f"job {numbers[0]}"
    if len(numbers) > 8:
        return f"{len(numbers)} jobs, the first of them job {numbers[0]}"
    return f"jobs {', '.join(map(str, numbers[:-1]))} and {numbers[-1]}"
