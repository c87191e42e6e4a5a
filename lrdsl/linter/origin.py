"""The place where a spec was found, and what it says about the spec."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, NamedTuple


class SiblingSpec(NamedTuple):
    """A spec of the same program, in the parameter groups of its pattern; None is all groups.

    `text` is None if it is unknown. `definitions` are those of the spec alone.
    """

    key: str
    text: str | None
    definitions: str = ""
    pattern: str | None = None


@dataclass(frozen=True, repr=False)
class SpecOrigin:
    """The place where a spec was found, and what it says; every field may be left out.

    >>> SpecOrigin(drives="lr", pattern="head")
    SpecOrigin(drives='lr', pattern='head')
    """

    key: str = ""
    """The dotted key of the spec in its document: `scheduler.spec.lr`."""
    drives: str | None = None
    """The number that the spec drives in its program; None outside of programs."""
    is_value: bool = False
    """Whether no optimizer holds the number: it has no `base`."""
    assigned_to: str = ""
    """The name that the code around a call gives what it makes of the spec."""
    pattern: str | None = None
    """The pattern of the parameter groups that the spec is for; None is all groups."""
    siblings: tuple[tuple[SiblingSpec, ...], ...] = ()
    """For each sort of parameter groups that the spec is for: the specs that drive them."""
    definitions: tuple[str, ...] = ()
    """The texts of the definitions beside the spec and around it."""
    definitions_unknown: bool = False
    """Whether the spec may call definitions that the file does not show."""
    unread_definitions: str = ""
    """The file of definitions for the spec that cannot be read where the spec was found."""
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

    @property
    def unit(self) -> str:
        """The key of the program that the spec is in, or its own.

        >>> SpecOrigin(key="a.lr.head", drives="lr", pattern="head").unit, SpecOrigin(key="lr").unit
        ('a', 'lr')
        """
        own = ".".join([x for x in (self.drives, self.pattern) if x is not None])
        return self.key.removesuffix(own).removesuffix(".") if own else self.key

    def told(self) -> dict[str, Any]:
        """The fields that differ from their defaults."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: value for name, value in values.items() if value != getattr(NO_ORIGIN, name)}

    def or_else(self, other: SpecOrigin) -> SpecOrigin:
        """The origin, completed by what another place of the same spec says."""
        if self is NO_ORIGIN or other is NO_ORIGIN:
            return other if self is NO_ORIGIN else self
        theirs = other.told()
        if self.drives is not None:
            theirs.pop("pattern", None)
        is_text_number = self.yaml_text_number and other.yaml_text_number
        return SpecOrigin(**{**theirs, **self.told(), "yaml_text_number": is_text_number})

    def inherited(self) -> SpecOrigin:
        """The part of the origin that holds for specs further inside: the definitions."""
        if not (self.definitions or self.definitions_unknown):
            return NO_ORIGIN
        return SpecOrigin(
            definitions=self.definitions,
            definitions_unknown=self.definitions_unknown,
            unread_definitions=self.unread_definitions,
        )

    def __repr__(self) -> str:
        return f"SpecOrigin({', '.join([f'{k}={v!r}' for k, v in self.told().items()])})"


NO_ORIGIN = SpecOrigin()
"""The origin of a spec of which nothing is known but its text."""
