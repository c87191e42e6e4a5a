"""lrdsl: a declarative language for learning-rate schedules.

>>> import lrdsl
>>> schedule = lrdsl.compile("warmup(linear, 100) >> cosine(1, 1e-3, 800)")
>>> schedule(50)
0.5

Importing lrdsl loads nothing heavy: the public names are imported when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lrdsl.util.forks import import_late, late_names

if TYPE_CHECKING:
    from lrdsl.compiler.define import define, load
    from lrdsl.diagnostics import Diagnostic, Span, SpecError
    from lrdsl.language.custom_shapes import shape
    from lrdsl.linter import lint, lint_program
    from lrdsl.schedule.compile import compile
    from lrdsl.schedule.compiled_program import CompiledProgram, compile_program
    from lrdsl.schedule.schedule import Schedule, Segment
    from lrdsl.schedule.switch import Switch
    from lrdsl.syntax.format import format
    from lrdsl.syntax.spec import Spec
    from lrdsl.tree.coerce import parse

__version__ = "0.1.0"

_HOME = {
    "CompiledProgram": "lrdsl.schedule.compiled_program",
    "Diagnostic": "lrdsl.diagnostics",
    "Schedule": "lrdsl.schedule.schedule",
    "Segment": "lrdsl.schedule.schedule",
    "Span": "lrdsl.diagnostics",
    "Spec": "lrdsl.syntax.spec",
    "SpecError": "lrdsl.diagnostics",
    "Switch": "lrdsl.schedule.switch",
    "compile": "lrdsl.schedule.compile",
    "compile_program": "lrdsl.schedule.compiled_program",
    "define": "lrdsl.compiler.define",
    "format": "lrdsl.syntax.format",
    "lint": "lrdsl.linter",
    "lint_program": "lrdsl.linter",
    "load": "lrdsl.compiler.define",
    "parse": "lrdsl.tree.coerce",
    "shape": "lrdsl.language.custom_shapes",
}
_MODULES = frozenset({"build", "hydra", "plot", "torch", "tree"})

__all__ = [
    "CompiledProgram",
    "Diagnostic",
    "Schedule",
    "Segment",
    "Span",
    "Spec",
    "SpecError",
    "Switch",
    "__version__",
    "compile",
    "compile_program",
    "define",
    "format",
    "lint",
    "lint_program",
    "load",
    "parse",
    "shape",
]


_late_name = late_names(__name__, _HOME)


def __getattr__(name: str) -> Any:
    return import_late(f"lrdsl.{name}") if name in _MODULES else _late_name(name)


def __dir__() -> list[str]:
    return sorted([*__all__, *_MODULES])
