"""What is taken for a spec: text, a Spec, a number, a function, a tree, or `{"spec": …}`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lrdsl import diagnostics as diag
from lrdsl.diagnostics import SpecError, spec_error
from lrdsl.language.python_functions import FunctionSpec
from lrdsl.syntax import spec as text
from lrdsl.syntax.grammar import MAX_DEPTH
from lrdsl.syntax.spec import Spec
from lrdsl.syntax.unparse import shorten
from lrdsl.tree.keywords import is_data


def coerce_spec(spec: object) -> str | FunctionSpec:
    """What is kept of anything that is taken for a spec: its text, or the function that it is.

    >>> import math
    >>> coerce_spec({"spec": 0.1}), coerce_spec(math.sqrt)
    ('0.1', FunctionSpec(math.sqrt))
    >>> coerce_spec([{"warmup": 100}, {"cosine": {"end": 0.1}}])
    'warmup(100) >> cosine(_, 0.1)'
    """
    place = ""
    while isinstance(spec, Mapping) and "spec" in spec:
        if not set(spec) <= {"spec", "definitions"}:
            raise _no_spec(spec)
        place = f"{place}.spec".lstrip(".")
        spec = spec["spec"]
        if len(place) > MAX_DEPTH * len(".spec"):
            raise spec_error(diag.TOO_DEEP, f"the tree is nested deeper than {MAX_DEPTH} levels")
    if isinstance(spec, FunctionSpec):
        return spec
    if isinstance(spec, Mapping) and len(spec) != 1 and "if" not in spec:
        raise _no_spec(spec)
    if is_data(spec):
        from lrdsl.tree.decode import read_tree  # few specs are trees

        return read_tree(spec, place)
    return FunctionSpec(spec) if callable(spec) else text.source_text(spec)


def _no_spec(mapping: Mapping[Any, Any]) -> SpecError:
    found = ", ".join(f"`{shorten(str(key))}`" for key in list(mapping)[:8]) or "nothing"
    message = f"a mapping for a schedule has the key `spec`, perhaps `definitions`, not {found}"
    fix = "or it is a tree, whose one key is what it calls, such as `cosine`"
    return spec_error(diag.BAD_SPEC, message, fix=fix)


def spec_text(spec: object) -> str:
    """The text of anything that is taken for a spec and is no function.

    >>> spec_text({"spec": {"hold": 5}})
    'hold(5)'
    """
    found = coerce_spec(spec)
    if isinstance(found, FunctionSpec):
        return text.source_text(spec)  # says what a spec is
    return found


def parse(spec: object) -> Spec:
    """Read a spec: text, a tree, or a mapping with the key `spec`.

    Raises `SpecError` with every syntax error. Names and arguments are looked at by
    `lrdsl.compile`, which knows the run.

    >>> parse("cosine(1, 1e-3")
    Traceback (most recent call last):
    lrdsl.diagnostics.SpecError: error[LR104]: this `(` is never closed
      | cosine(1, 1e-3
      |       ^ add the missing `)`
    >>> str(parse({"cosine": {"start": 1, "end": 1e-3}}))
    'cosine(1, 1e-3)'
    """
    return text.parse(spec_text(spec) if is_data(spec) else spec)  # type: ignore[arg-type]
