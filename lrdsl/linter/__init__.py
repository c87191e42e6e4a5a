"""The linter: rules that find schedules which are quietly wrong, before a run."""

from lrdsl.linter.engine import Settings, lint

__all__ = ["Settings", "lint"]
