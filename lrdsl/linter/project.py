"""The linter's settings: `[tool.lrdsl.lint]` in a project's pyproject.toml."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lrdsl.linter.engine import Settings


@dataclass(frozen=True)
class Project:
    """What a project asks of the linter: rules, what is known of its runs, contracts."""

    root: str = ""
    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    per_file_ignores: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    context: Mapping[str, Any] = field(default_factory=dict)
    contracts: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def load(cls, start: str) -> Project:
        """The settings of the nearest pyproject.toml at or above `start` that has any."""
        raise NotImplementedError

    def with_options(
        self,
        *,
        select: Sequence[str] | None = None,
        ignore: Sequence[str] = (),
        exclude: Sequence[str] = (),
        context: Mapping[str, Any] | None = None,
        contracts: Mapping[str, Any] | None = None,
    ) -> Project:
        """The settings with those of the command line over them."""
        raise NotImplementedError

    def settings_for(self, path: str) -> Settings:
        """Which rules are used in a file and how."""
        raise NotImplementedError
