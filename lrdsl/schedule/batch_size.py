"""The number `batch_size` of a program: how many samples each update takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from lrdsl import diagnostics as diag
from lrdsl.compiler.batches import counted_unit
from lrdsl.diagnostics import spec_error
from lrdsl.language.language import current
from lrdsl.schedule.program_entries import unwrapped
from lrdsl.syntax import ast
from lrdsl.syntax.parser import parse_spec
from lrdsl.tree.coerce import spec_text

BATCH_SIZE = "batch_size"


class Sized(NamedTuple):
    """A program, and how many samples an update takes; None where that is unknown."""

    program: Any
    """The program without the size."""
    samples_per_step: Any
    number: str | None = None
    """The spec of the size as a number at each update, if the program has it."""


def taken_batch_size(spec: Any, samples_per_step: Any = None) -> Sized:
    """A program without its `batch_size`, which says how many samples an update takes.

    >>> taken_batch_size({"lr": "cosine()", "batch_size": "linear(8, 16, 100)"})[:2]
    ({'lr': 'cosine()'}, 'linear(8, 16, 100)')
    >>> taken_batch_size({"lr": "cosine()"}, 256)
    Sized(program={'lr': 'cosine()'}, samples_per_step=256, number=None)
    """
    if isinstance(spec, str):
        return Sized(spec, samples_per_step)
    around, program = unwrapped(spec, lambda spec: spec)
    if not isinstance(program, Mapping) or BATCH_SIZE not in program or len(program) < 2:
        return Sized(spec, samples_per_step)
    if samples_per_step is not None:
        message = f"`{BATCH_SIZE}` and `samples_per_step` both say how many samples an update takes"
        raise spec_error(diag.BAD_CONTEXT, message, fix="leave one of them out")
    rest: Any = {key: value for key, value in program.items() if key != BATCH_SIZE}
    for outer in reversed(around):
        rest = {**outer, "spec": rest}
    text = spec_text(program[BATCH_SIZE])
    return Sized(rest, as_size(text), number_of(text))


def as_size(text: str) -> float | str:
    """The `samples_per_step` that a text of `batch_size` is: a number, or the text of a spec.

    >>> as_size("256"), as_size("linear(8, 16, 100)")
    (256.0, 'linear(8, 16, 100)')
    """
    parsed = parse_spec(text).value
    is_plain = isinstance(parsed, ast.Number) and not parsed.unit
    return parsed.value if is_plain and isinstance(parsed, ast.Number) else text


def number_of(text: str) -> str:
    """The spec whose value at an update is its size.

    >>> number_of("8 | interval[100sp:16]")
    'floor(((8 | interval[100sp:16]) | clock(sp)) + 0.5)'
    """
    if isinstance(as_size(text), float):
        return text
    unit = counted_unit(text, current())
    read = f"({text}) | clock({unit})" if unit else text
    return f"floor(({read}) + 0.5)"


def with_number(sized: Sized) -> Any:
    """The program with the size among its numbers, where it has one."""
    if sized.number is None:
        return sized.program
    around, program = unwrapped(sized.program, lambda spec: spec)
    whole: Any = {BATCH_SIZE: sized.number, **program}
    for outer in reversed(around):
        whole = {**outer, "spec": whole}
    return whole
