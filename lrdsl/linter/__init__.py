"""The linter: rules that find schedules which are quietly wrong, before a run."""

from lrdsl.linter.engine import Settings, lint
from lrdsl.linter.program_engine import lint_program

__all__ = ["Settings", "lint", "lint_program"]
