"""Where a spec was found, and what that place says about it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import NamedTuple


class SiblingSpec(NamedTuple):
    """A spec of the same program: its text, None if it is unknown, and its own definitions."""

    key: str
    text: str | None
    definitions: str = ""


@dataclass(frozen=True, repr=False)
class SpecOrigin:
    """Where a spec was found, and what that place says about it; every field may be left out.

    >>> SpecOrigin(drives="lr", pattern="head")
    SpecOrigin(drives='lr', pattern='head')
    """

    key: str = ""
    """The dotted key of the spec in its document: `scheduler.spec.lr`."""
    drives: str | None = None
    """The number that the spec drives in its program; None outside of programs."""
    pattern: str | None = None
    """The pattern of the parameter groups that the spec is for; None is all groups."""
    siblings: tuple[tuple[SiblingSpec, ...], ...] = ()
    """For each sort of parameter groups that the spec is for: the specs that drive them."""
    definitions: tuple[str, ...] = ()
    """The texts of the definitions beside the spec and around it."""
    definitions_unknown: bool = False
    """Whether the spec may call definitions that the file does not show."""
    definitions_used_elsewhere: tuple[str, ...] | None = None
    """The names that other specs with the same definitions call; None if they are not told."""
    preset_names: tuple[str, ...] = ()
    """The configs of the groups around the file, if the spec is nothing but a word."""
    yaml_text_number: bool = False
    """Whether YAML reads the spec as text although it was written to be a number."""
    is_override: bool = False
    """Whether the spec is an override on a command line of Hydra."""
    example_of: str | None = None
    """The definition whose documentation shows the spec as an example."""
    group_lrs: tuple[float, ...] = ()
    """The learning rates of the parameter groups that the spec drives."""
    gives_metrics: bool | None = None
    """Whether the scheduler is ever given a metric; None if the file does not show it."""

    def __repr__(self) -> str:
        values = [(each.name, getattr(self, each.name), each.default) for each in fields(self)]
        shown = [f"{name}={value!r}" for name, value, default in values if value != default]
        return f"SpecOrigin({', '.join(shown)})"


NO_ORIGIN = SpecOrigin()
"""The origin of a spec of which nothing is known but its text."""
