"""What could not be checked in a spec, and the fact of the run that would let it be."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from lrdsl.compiler.context import RUN
from lrdsl.diagnostics import Diagnostic
from lrdsl.linter.driven_number import drives_rate
from lrdsl.linter.origin import SpecOrigin
from lrdsl.linter.rule import Need, Rule

REFERENCE = "references"
"""What stands for the references of a config that its file alone does not resolve."""

OPEN = "overrides"
"""What stands for the references that a composed config leaves open."""

DEFINITIONS = "definitions"
"""What stands for definitions that cannot be read."""


class Missing(NamedTuple):
    """A fact that is not known: what needs it, and the keyword argument that supplies it."""

    why: str
    name: str

    @property
    def option(self) -> str:
        """The option of the command line.

        >>> Missing("`5ep`", "steps_per_epoch").option, Missing("`peak`", "peak").option
        ('--steps-per-epoch', '--set peak=…')
        """
        if self.name == REFERENCE:
            return "--hydra CONFIG_DIR --config-name NAME"
        if self.name == OPEN:
            return "overrides KEY=VALUE"
        if self.name == DEFINITIONS:
            return "--library FILE"
        if self.name in RUN:
            return "--" + self.name.replace("_", "-")
        return f"--set {self.name}=…"

    def __str__(self) -> str:
        return f"{self.why} needs {self.name}"


class Findings(list[Diagnostic]):
    """Diagnostics, and in `missing` what kept the spec from being checked in full.

    It is a list like any other.

    >>> from lrdsl.linter import lint
    >>> found = lint("cosine(1, 0, 5ep)", total_steps=900)
    >>> found, [str(each) for each in found.missing]
    ([], ['`5ep` needs steps_per_epoch'])
    """

    def __init__(self, found: Iterable[Diagnostic] = (), missing: Iterable[Missing] = ()) -> None:
        super().__init__(found)
        by_name = {each.name: each for each in reversed([*missing])}
        self.missing = tuple(reversed(by_name.values()))

    def __repr__(self) -> str:
        return super().__repr__()


class UncheckedSpec(NamedTuple):
    """A spec that was not checked in full: where it begins, its text, and what is missing."""

    path: str
    line: int
    column: int
    text: str
    missing: tuple[Missing, ...]

    def __str__(self) -> str:
        facts = ", ".join([f"{fact} ({fact.option})" for fact in self.missing])
        return f"this was not checked in full: {facts}"


def missing_facts(unknown: Iterable[Diagnostic]) -> list[Missing]:
    """The facts that errors about unknown values ask for."""
    found = []
    for each in unknown:
        written = f"`{each.source[each.span.start : each.span.stop]}`"
        name = next((name for name in RUN if name in each.message), written.strip("`"))
        if name.startswith("given_"):
            found.append(Missing("a value that the file does not show", REFERENCE))
        else:
            found.append(Missing(written, name))
    return found


def missing_needs(rules: Iterable[Rule], lacking: set[Need], origin: SpecOrigin) -> list[Missing]:
    """The facts that rules about such a spec lack."""
    is_rate = drives_rate(origin)
    asked = {need for each in rules if is_rate or "rate" not in each.needs for need in each.needs}
    wanted: dict[Need, Missing] = {
        "total": Missing("what depends on the run's length", "total_steps"),
        "values": Missing("what depends on the value of `base`", "base_lr"),
    }
    return [fact for need, fact in wanted.items() if need in lacking and need in asked]
