"""Compiles a spec as the continuation of an earlier schedule, from one update of the run on."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from lrdsl.compiler.context import Context
from lrdsl.diagnostics import Diagnostic, Span, SpecError, place_in
from lrdsl.language.python_functions import FunctionSpec
from lrdsl.schedule.compile import compile_in
from lrdsl.schedule.continued import ContinuedSchedule
from lrdsl.schedule.schedule import Schedule
from lrdsl.syntax.spec import parse
from lrdsl.tree.coerce import coerce_spec


def compile_continuation(
    spec: Any, context: Context, earlier: str, start: int, references: Mapping[str, Schedule]
) -> Schedule:
    """Compile a spec that follows the schedule named `earlier` among the references.

    The earlier schedule is taken up to update `start`. The time of the spec begins there, and `_`
    and `prev` are the value that the earlier schedule has reached: a number, so that a run may be
    continued any number of times.
    """
    others = {name: each for name, each in references.items() if name != earlier}
    former = references[earlier]
    source = coerce_spec(spec)
    own_spec = source.content
    if isinstance(own_spec, FunctionSpec):  # a function of the run's updates, not of the spec's
        return ContinuedSchedule.of(former, start, compile_in(own_spec, context))
    parse(own_spec)  # reports syntax errors in the spec's own text
    head = f"constant({former(start)!r}, {start}) >> "
    try:
        text = f"{head}({own_spec}\n)"
        later = compile_in(text, context.with_definitions(source.definitions), others)
    except SpecError as error:
        found = [_relocated(each, own_spec, len(head) + 1) for each in error.diagnostics]
        raise SpecError(found) from None
    return ContinuedSchedule.of(former, start, later)


def unused_name(name: str, taken: Iterable[str]) -> str:
    """The name itself, or with a number appended if it is taken.

    >>> unused_name("later", ["later", "later_2"])
    'later_3'
    """
    known = set(taken)
    candidates = itertools.chain([name], (f"{name}_{i}" for i in itertools.count(2)))
    return next(candidate for candidate in candidates if candidate not in known)


def _relocated(found: Diagnostic, source: str, offset: int) -> Diagnostic:
    """Move a diagnostic of a longer text, in which the spec begins at `offset`, to the spec."""
    start, stop = (min(max(at - offset, 0), len(source)) for at in found.span[:2])
    span = found.span._replace(start=start, stop=stop) if found.span.sites else Span(start, stop)
    return replace(found, span=span, source=source, place=place_in(source, span))
