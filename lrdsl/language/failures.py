"""Failures of shapes, modifiers and user's functions: what each means for the spec."""

from __future__ import annotations

from lrdsl import diagnostics as diag
from lrdsl.diagnostics import Problem, SpecError, spec_error
from lrdsl.language.parameters import ParameterError
from lrdsl.syntax.unparse import shorten

FAILURES = (ArithmeticError, MemoryError, RecursionError)
"""What signals raise where their arithmetic fails; all else is a mistake in their code."""


ENDINGS = (SystemExit, GeneratorExit)
"""Exceptions that end a process or a generator; a linter takes them for failures of the code."""


def failure_of(what: str, error: BaseException) -> tuple[Problem, str]:
    """The problem of a part of a spec that has raised an error, and the sentence about it.

    >>> failure_of("`repeat`", OverflowError())[1]
    '`repeat` leads to a number that no float can be'
    """
    if isinstance(error, ParameterError):
        return error.problem, error.message
    if isinstance(error, RecursionError):
        return diag.TOO_DEEP, f"{what} is nested, or refers to itself, too deeply"
    if isinstance(error, ArithmeticError):
        return diag.NOT_FINITE, f"{what} leads to a number that no float can be"
    if isinstance(error, MemoryError):
        return diag.BAD_LENGTH, f"{what} needs more memory than there is"
    return diag.BAD_SHAPE, f"{what} fails: {reason_of(error)}"


def reason_of(error: BaseException) -> str:
    """The type and the words of an error, in one line."""
    return f"{type(error).__name__}: {shorten(' '.join(str(error).split()), 200)}"


def failed(what: str, error: Exception) -> SpecError:
    """The error of a part of a spec where there is no text to point at."""
    return spec_error(*failure_of(what, error))
