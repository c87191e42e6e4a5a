"""The number `batch_size` of a program: how many samples each update takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lrdsl import diagnostics as diag
from lrdsl.compiler.batches import counted_unit
from lrdsl.diagnostics import spec_error
from lrdsl.language.language import current
from lrdsl.schedule.program_entries import unwrapped
from lrdsl.syntax.spec import as_number
from lrdsl.tree.coerce import spec_text

BATCH_SIZE = "batch_size"


def with_batch_size(spec: Any, samples_per_step: Any = None) -> tuple[Any, Any]:
    """A program whose `batch_size` is a number of each update, and the `samples_per_step` of it.

    Other programs, and what was given, are returned as they are.

    >>> with_batch_size({"lr": "cosine()", "batch_size": "linear(8, 16, 100)"})
    ({'lr': 'cosine()', 'batch_size': 'floor((linear(8, 16, 100)) + 0.5)'}, 'linear(8, 16, 100)')
    >>> with_batch_size({"lr": "cosine()"}, 256)
    ({'lr': 'cosine()'}, 256)
    """
    around, program = unwrapped(spec, lambda spec: spec)
    if not isinstance(program, Mapping) or BATCH_SIZE not in program or len(program) < 2:
        return spec, samples_per_step
    if samples_per_step is not None:
        message = f"`{BATCH_SIZE}` and `samples_per_step` both say how many samples an update takes"
        raise spec_error(diag.BAD_CONTEXT, message, fix="leave one of them out")
    given = program[BATCH_SIZE]
    number = as_number(given)
    if number is not None:
        return spec, number
    text = spec_text(given)
    unit = counted_unit(text, current())
    read = f"({text}) | clock({unit})" if unit else text
    changed: Any = {**program, BATCH_SIZE: f"floor(({read}) + 0.5)"}
    for outer in reversed(around):
        changed = {**outer, "spec": changed}
    return changed, text
