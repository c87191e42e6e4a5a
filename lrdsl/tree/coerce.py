"""Specs in all their forms: text, a Spec, a number, a function, a tree, or `{"spec": …}`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from lrdsl import diagnostics as diag
from lrdsl.diagnostics import SpecError, spec_error
from lrdsl.language.language import Language, current
from lrdsl.language.python_functions import FunctionSpec
from lrdsl.syntax import spec as text
from lrdsl.syntax.grammar import MAX_DEPTH
from lrdsl.syntax.spec import Spec
from lrdsl.syntax.unparse import shorten
from lrdsl.tree.data import is_data
from lrdsl.util.forks import no_fork


class SpecSource(NamedTuple):
    """The text or the function of a spec, in whatever form it was given.

    `content` is its text, or the function that it is. `definitions` are those that stand beside
    it, each as text or as the name of a file.
    """

    content: str | FunctionSpec
    definitions: tuple[object, ...] = ()

    @property
    def text(self) -> str:
        """The text; `SpecError` for a function, which has none."""
        if isinstance(self.content, FunctionSpec):
            return text.source_text(self.content.function)  # says what a spec is
        return self.content


def coerce_spec(spec: object, language: Language | None = None) -> SpecSource:
    """Read a spec in any of its forms; a tree may call what `language` knows.

    >>> import math
    >>> coerce_spec({"spec": 0.1}).text, coerce_spec(math.sqrt).content
    ('0.1', FunctionSpec(math.sqrt))
    >>> coerce_spec([{"warmup": 100}, {"cosine": {"end": 0.1}}]).text
    'warmup(100) >> cosine(_, 0.1)'
    """
    definitions: list[object] = []
    place = ""
    while isinstance(spec, Mapping) and "spec" in spec:
        if not set(spec) <= {"spec", "definitions"}:
            raise _no_spec(spec)
        definitions.append(spec.get("definitions"))
        place = f"{place}.spec".lstrip(".")
        spec = spec["spec"]
        if len(definitions) > MAX_DEPTH:
            raise spec_error(diag.TOO_DEEP, f"the tree is nested deeper than {MAX_DEPTH} levels")
    return SpecSource(_content(spec, place, language), tuple(definitions))


def _content(spec: object, place: str, language: Language | None) -> str | FunctionSpec:
    if isinstance(spec, FunctionSpec):
        return spec
    if isinstance(spec, Mapping) and len(spec) != 1 and "if" not in spec:
        raise _no_spec(spec)
    if is_data(spec):
        with no_fork:
            from lrdsl.tree.decode import read_tree  # few specs are trees

            return read_tree(spec, current() if language is None else language, place)
    return FunctionSpec(spec) if callable(spec) else text.source_text(spec)


def _no_spec(mapping: Mapping[Any, Any]) -> SpecError:
    found = ", ".join(f"`{shorten(str(key))}`" for key in list(mapping)[:8]) or "nothing"
    message = f"a mapping for a schedule has `spec` and perhaps `definitions`, not {found}"
    fix = "or write a tree with one key, the name of what it calls, such as `cosine`"
    if "spec" in mapping:
        fix = "where configs are merged, keys add up: let the later one say `spec` as well"
        if "lr" in mapping:
            fix += "; a program stands below it"
    return spec_error(diag.BAD_SPEC, message, fix=fix)


def spec_text(spec: object) -> str:
    """The text of anything that is taken for a spec and is no function.

    >>> spec_text({"spec": {"hold": 5}})
    'hold(5)'
    """
    return coerce_spec(spec).text


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
