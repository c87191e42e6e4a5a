"""Linting a composed config, given as plain data, by the key of each spec."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lrdsl.diagnostics import Diagnostic
from lrdsl.linter import Settings
from lrdsl.linter.lint_source import lint_snippet
from lrdsl.linter.sources.resolved_config import config_specs


def lint_config(
    config: Mapping[str, Any],
    settings: Settings | None = None,
    context: Mapping[str, Any] | None = None,
) -> list[tuple[str, Diagnostic]]:
    """What is wrong with the specs, each with its key; `context` is known beside the config."""
    places = [place.within(context or {}) for place in config_specs(config)]
    return [
        (place.origin.key, found)
        for place in places
        for found in lint_snippet(place, settings or Settings())
    ]
