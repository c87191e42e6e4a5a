"""What is taken for a spec: text, a Spec, a number, a function, a tree, or `{"spec": …}`."""

from __future__ import annotations

from collections.abc import Mapping

from lrdsl import diagnostics as d
from lrdsl.callables import FunctionSpec
from lrdsl.diagnostics import fail
from lrdsl.library import Library
from lrdsl.syntax import spec as text
from lrdsl.syntax.spec import Spec
from lrdsl.tree.read import read_tree
from lrdsl.tree.words import is_data, is_tree


def taken(spec: object, library: Library | None = None) -> str | FunctionSpec:
    """What is kept of anything that is taken for a spec: its text, or the function that it is.

    `library` are the definitions that it can call, needed only to tell entries from arguments.

    >>> import math
    >>> taken({"spec": 0.1}), taken(math.sqrt), taken([{"warmup": 100}, {"cosine": {"end": 0.1}}])
    ('0.1', FunctionSpec(math.sqrt), 'warmup(100) >> cosine(_, 0.1)')
    """
    return _taken(spec, "", library)


def _taken(spec: object, place: str, library: Library | None) -> str | FunctionSpec:
    if isinstance(spec, FunctionSpec):
        return spec
    if isinstance(spec, Mapping) and not (is_tree(spec, library) and "spec" not in spec):
        found = ", ".join(f"`{key}`" for key in spec) or "nothing"
        if "spec" in spec and set(spec) <= {"spec", "definitions"}:
            return _taken(spec["spec"], f"{place}.spec".lstrip("."), library)
        if "spec" in spec or len(spec) != 1:
            message = (
                f"a mapping for a schedule has the key `spec`, perhaps `definitions`, not {found}"
            )
            fix = "or it is a tree, whose one key is what it calls, such as `cosine`"
            raise fail(d.BAD_SPEC, message, fix=fix)
    if is_data(spec):
        return read_tree(spec, place, library)
    return FunctionSpec(spec) if callable(spec) else text.source_of(spec)


def source_of(spec: object, library: Library | None = None) -> str:
    """The text of anything that is taken for a spec and is no function.

    >>> source_of({"spec": {"hold": 5}})
    'hold(5)'
    """
    found = taken(spec, library)
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
