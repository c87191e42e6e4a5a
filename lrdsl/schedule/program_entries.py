"""The specs of a program as they are given: what is a program, and what a single spec."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from lrdsl.compiler.context import PARTS
from lrdsl.diagnostics import BAD_SPEC, NEEDS_CONTEXT, Diagnostic, spec_error
from lrdsl.language.language import Language
from lrdsl.language.reserved import RESERVED, WORDS
from lrdsl.syntax.grammar import MAX_DEPTH, NAME
from lrdsl.tree.keywords import CALLED, is_tree

ONE_SPEC = frozenset({"spec", "definitions"})
"""The keys of a mapping that is one spec and not a program or a choice of specs."""


class ProgramEntry(NamedTuple):
    """A spec of a program as it is given.

    It drives the number `key` in the parameter groups that `pattern` matches, in all of them if
    `pattern` is None. `definitions` are those of the program.
    """

    key: str
    pattern: str | None
    spec: Any
    definitions: tuple[Any, ...] = ()

    def with_definitions(self) -> Any:
        """The spec with the program's definitions beside it, unless it has its own."""
        spec, definitions = self.spec, [*self.definitions]
        if not definitions or callable(spec):
            return spec
        if isinstance(spec, Mapping) and ("spec" in spec or ONE_SPEC.issuperset(spec)):
            return {"definitions": definitions, **spec}
        return {"spec": spec, "definitions": definitions}


class ParsedProgram(NamedTuple):
    """The specs of a program in their order; `is_single` if it is one spec, which drives `lr`.

    `mappings` are those that were looked into: the last is the program, before it are mappings with
    nothing but `spec` and `definitions`.
    """

    entries: tuple[ProgramEntry, ...]
    is_single: bool
    mappings: tuple[Mapping[Any, Any], ...] = ()


def parse_program(
    spec: Any, language: Language, follow: Callable[[Any], Any] = lambda spec: spec
) -> ParsedProgram:
    """The specs of a program, each with the number and the parameter groups that it drives.

    A program is `{number: spec}` or `{number: {pattern: spec}}`, perhaps with `definitions` beside
    the numbers, or `{spec: …}` with that in it; anything else is a single spec. Only the mappings
    are looked at: the specs may be text, trees, functions, or nodes of a document, in which
    `follow` gives what a reference refers to.

    >>> from lrdsl.language.language import current
    >>> parsed = parse_program({"lr": "cosine()", "momentum": {"head": 0.9, "*": 0}}, current())
    >>> [(entry.key, entry.pattern, entry.spec) for entry in parsed.entries]
    [('lr', None, 'cosine()'), ('momentum', 'head', 0.9), ('momentum', '*', 0)]
    """
    around, program = unwrapped(spec, follow)
    if not isinstance(program, Mapping) or _is_one(program, language):
        return ParsedProgram((ProgramEntry("lr", None, spec),), True)
    mappings = (*around, program)
    definitions = definitions_in(mappings)
    entries = [
        ProgramEntry(str(key), pattern, one, definitions)
        for key, value in program.items()
        if key != "definitions"
        for pattern, one in _patterns(value, language)
    ]
    return ParsedProgram(tuple(entries), False, mappings)


def unwrapped(spec: Any, follow: Callable[[Any], Any]) -> tuple[list[Mapping[Any, Any]], Any]:
    """The mappings around a spec that have `spec` and `definitions` alone, and what is inside."""
    around: list[Mapping[Any, Any]] = []
    while isinstance(spec, Mapping) and "spec" in spec and ONE_SPEC.issuperset(spec):
        if len(around) == MAX_DEPTH:  # it may hold itself
            break
        around.append(spec)
        spec = follow(spec["spec"])
    return around, spec


def definitions_in(mappings: Sequence[Any]) -> tuple[Any, ...]:
    """The definitions in mappings, those further outside first."""
    found = [each.get("definitions") for each in mappings if isinstance(each, Mapping)]
    return tuple([each for each in found if each is not None])


def _is_one(spec: Mapping[Any, Any], language: Language) -> bool:
    # With other keys beside `spec` it is a faulty spec, as compiling it says.
    return "spec" in spec or ONE_SPEC.issuperset(spec) or is_tree(spec, language)


def _patterns(spec: Any, language: Language) -> list[tuple[str | None, Any]]:
    if isinstance(spec, Mapping) and not (_is_one(spec, language) or _is_mistyped(spec, language)):
        return [(str(pattern), one) for pattern, one in spec.items()]
    return [(None, spec)]


def _is_mistyped(spec: Mapping[Any, Any], language: Language) -> bool:
    """Whether a choice is a tree of something unknown: `{cosin: {start: 1, end: 0}}`."""
    if len(spec) != 1:
        return False
    ((key, inner),) = spec.items()
    is_name = isinstance(key, str) and CALLED.fullmatch(key) is not None
    return is_name and isinstance(inner, Mapping) and not _is_one(inner, language)


def checked_values(values: object, driven: Collection[str]) -> Mapping[str, Any]:
    """The specs of values by name; `SpecError` if there is a name that no value can have.

    `driven` are the names of the numbers that optimizers hold.

    >>> checked_values({"ema": "cosine(0.996, 1)"}, ["lr"])
    {'ema': 'cosine(0.996, 1)'}
    """
    if not isinstance(values, Mapping):
        message = f"`values` must be a mapping of names to specs, not a {type(values).__name__}"
        raise spec_error(BAD_SPEC, message, fix='pass `values={"ema": "cosine(0.996, 1)"}`')
    for name in values:
        fix = None
        if name in driven:
            message = f"no value can be called `{name}`: the optimizer's own `{name}` is driven"
            fix = "give it another name"
        elif name in RESERVED or name in WORDS:
            message = f"no value can be called `{name}`: it has a meaning of its own"
        elif name in PARTS or not isinstance(name, str) or not NAME.fullmatch(name):
            message = f"no value can be called {_shown(name)}: it is not a name in a spec"
        else:
            continue
        raise spec_error(BAD_SPEC, message, fix=fix)
    return values


def of_value(found: Diagnostic) -> Diagnostic:
    """A diagnostic of a value's spec: a value has no `base`, which nobody can pass either."""
    fix = found.fix
    if found.problem is NEEDS_CONTEXT and "base_lr" in found.message:
        is_written = found.message.startswith("`base`")
        what = "`base` is" if is_written else "what is left out here is `base`,"
        message = f"{what} a parameter group's first number, and one of `values` has none"
        return replace(found, problem=BAD_SPEC, message=message, fix="write the number")
    if fix is not None:
        fix = fix.replace("write `base`, or give it", "give it")
    return replace(found, fix=fix)


def _shown(name: object) -> str:
    return f"`{name}`" if isinstance(name, str) else repr(name)


class GroupName(str):
    """The name of a parameter group of one of several optimizers, `muon/head`.

    The last part is the group's own name, or, where it has none, its index in its optimizer.
    """

    __slots__ = ("name", "optimizer", "position")

    optimizer: str
    position: int
    name: object

    def __new__(cls, optimizer: str, position: int, name: object) -> GroupName:
        """Join the parts."""
        made = super().__new__(cls, f"{optimizer}/{position if name is None else name}")
        made.optimizer, made.position, made.name = optimizer, position, name
        return made

    def __getnewargs__(self) -> tuple[str, int, object]:  # type: ignore[override]
        return self.optimizer, self.position, self.name


def matches(pattern: str | None, index: int, name: object) -> bool:
    """Whether a pattern is for the group at an index, or of a name; None is for all."""
    if pattern is not None and isinstance(name, GroupName):
        optimizer, slash, pattern_there = pattern.partition("/")
        if slash and not matches(optimizer, -1, name.optimizer):
            return False
        return matches(pattern_there if slash else pattern, name.position, name.name)
    if pattern is None or pattern in ("*", str(index)):
        return True
    return name is not None and (pattern == str(name) or fnmatch.fnmatchcase(str(name), pattern))
