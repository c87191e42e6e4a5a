"""What is taken for a spec: text, a Spec, a number, a function, a tree, or `{"spec": …}`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lrdsl import diagnostics as diag
from lrdsl.diagnostics import SpecError, fail
from lrdsl.language.python_functions import FunctionSpec
from lrdsl.syntax import spec as text
from lrdsl.syntax.parser import MAX_DEPTH
from lrdsl.syntax.spec import Spec
from lrdsl.syntax.unparse import cut
from lrdsl.tree.keywords import is_data


def taken(spec: object) -> str | FunctionSpec:
    """What is kept of anything that is taken for a spec: its text, or the function that it is.

    >>> import math
    >>> taken({"spec": 0.1}), taken(math.sqrt), taken([{"warmup": 100}, {"cosine": {"end": 0.1}}])
    ('0.1', FunctionSpec(math.sqrt), 'warmup(100) >> cosine(_, 0.1)')
    """
    place = ""
    while isinstance(spec, Mapping) and "spec" in spec:
        if not set(spec) <= {"spec", "definitions"}:
            raise _no_spec(spec)
        place = f"{place}.spec".lstrip(".")
        spec = spec["spec"]
        if len(place) > MAX_DEPTH * len(".spec"):
            raise fail(diag.TOO_DEEP, f"the tree is nested deeper than {MAX_DEPTH} levels")
    if isinstance(spec, FunctionSpec):
        return spec
    if isinstance(spec, Mapping) and len(spec) != 1 and "if" not in spec:
        raise _no_spec(spec)
    if is_data(spec):
        from lrdsl.tree.decode import read_tree  # few specs are trees

        return read_tree(spec, place)
    return FunctionSpec(spec) if callable(spec) else text.source_of(spec)


def _no_spec(mapping: Mapping[Any, Any]) -> SpecError:
    found = ", ".join(f"`{cut(str(key))}`" for key in list(mapping)[:8]) or "nothing"
    message = f"a mapping for a schedule has the key `spec`, perhaps `definitions`, not {found}"
    fix = "or it is a tree, whose one key is what it calls, such as `cosine`"
    return fail(diag.BAD_SPEC, message, fix=fix)


def source_of(spec: object) -> str:
    """The text of anything that is taken for a spec and is no function.

    >>> source_of({"spec": {"hold": 5}})
    'hold(5)'
    """
    found = taken(spec)
    if isinstance(found, FunctionSpec):
        return text.source_of(spec)  # says what a spec is
    return found


def parse(spec: object) -> Spec:
    """Read a spec: text, a tree, or a mapping with the key `spec`.

    Raises `SpecError` with every syntax error. Names and arguments are looked at by
    `lrdsl.compile`, which knows the run.

    >>> parse("cosine(1, 1e-3")
    Traceback (most recent call last):
    lrdsl.diagnostics.SpecError: error[LR104]: this `(` is never closed
      | cosine(1, 1e-3
      |       ^ its `)` is missing
    >>> str(parse({"cosine": {"start": 1, "end": 1e-3}}))
    'cosine(1, 1e-3)'
    """
    return text.parse(source_of(spec) if is_data(spec) else spec)  # type: ignore[arg-type]
