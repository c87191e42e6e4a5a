"""What the parameters of a definition may be, found out from where they stand in its body."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from lrdsl.diagnostics import Reporter
from lrdsl.language.binding import UNTIL, bind
from lrdsl.language.curves import CURVES
from lrdsl.language.functions import FUNCTIONS
from lrdsl.language.library import Library
from lrdsl.language.list_functions import LISTS
from lrdsl.language.modifiers import MODIFIERS
from lrdsl.language.parameters import Kind, Parameter
from lrdsl.language.shapes import SHAPES
from lrdsl.syntax import ast
from lrdsl.syntax.definition import Definition
from lrdsl.syntax.rebuild import rebuild

_ELSEWHERE = "a value or a schedule"


Kinds: TypeAlias = "dict[str, Mapping[str, str]]"
"""What has been found out so far, by definition."""


def kinds_of(
    definition: Definition, library: Library, known: Kinds | None = None
) -> Mapping[str, str]:
    """What each parameter may be, in words; `known` saves finding out again.

    >>> library = Library()
    >>> kinds_of(library.find("wsd"), library)["warmup"]
    'a duration'
    """
    known = {} if known is None else known
    if definition.name in known:
        return known[definition.name]
    names = [parameter.name for parameter in definition.parameters]
    found: dict[str, str] = {}
    for parameter in definition.parameters:
        default = parameter.default
        if definition.bracket:
            found[parameter.name] = "entries"
        elif parameter.words:
            found[parameter.name] = "one of " + ", ".join([f"`{w}`" for w in parameter.words])
        elif isinstance(default, ast.Keyword) and default.word in ("true", "false"):
            found[parameter.name] = Kind.FLAG.value
        elif isinstance(default, ast.Name) and default.id in CURVES:
            found[parameter.name] = Kind.MODE.value
    modes = {p.name: p.default for p in definition.parameters if p.default and p.name in found}
    for root in definition.expressions:
        for name, kind in _uses(_with(root, modes), library, known):
            if name in names and kind != _ELSEWHERE:
                found.setdefault(name, kind)
    for parameter in reversed(definition.parameters):
        if parameter.default is not None:
            kind = found.setdefault(parameter.name, _of_default(parameter.default))
            for name, _ in _each(parameter.default, kind):
                if name in names:
                    found.setdefault(name, kind)
    known[definition.name] = {name: found.get(name, _ELSEWHERE) for name in names}
    return known[definition.name]


def _of_default(node: ast.Node) -> str:
    """What a default says about its parameter."""
    match node:
        case ast.Number(unit=""):
            return Kind.VALUE.value
        case ast.Number():
            return Kind.UPDATES.value
    return _ELSEWHERE


def _with(node: ast.Node, modes: Mapping[str, ast.Node]) -> ast.Node:
    """The tree with words in the place of the parameters that stand for them."""
    if isinstance(node, ast.Name):
        return modes.get(node.id, node)
    return rebuild(node, lambda child: _with(child, modes), None)


def _uses(root: ast.Node, library: Library, known: Kinds) -> Iterator[tuple[str, str]]:
    """Names in a tree with the kind of the place where they stand."""
    for node, _ in ast.walk(root):
        if not isinstance(node, ast.Call):
            continue
        name = node.name.id
        definition = library.find(name)
        if definition is not None:
            kinds = kinds_of(definition, library, known)
            for value, parameter in _arguments(node, list(kinds)):
                yield from _each(value, kinds.get(parameter, _ELSEWHERE))
        elif name in LISTS:
            for value, parameter in _arguments(node, list(LISTS[name][1])):
                kind = Kind.MILESTONES.value if parameter == "milestones" else "a list of schedules"
                yield from _each(value, kind)
        else:
            yield from _in_call(node)


def _in_call(node: ast.Call) -> Iterator[tuple[str, str]]:
    """Names in the arguments of a shape or a modifier."""
    form, modifier = SHAPES.find(node.name.id), MODIFIERS.find(node.name.id)
    parameters: tuple[Parameter, ...] = ()
    curve = None
    if form is not None:
        parameters, curve = (*form.parameters, UNTIL), form.curve
    elif modifier is not None:
        parameters = modifier.parameters()
    binding = bind(node, parameters, curve, Reporter(""))
    kinds = {parameter.name: parameter.kind for parameter in parameters}
    for parameter, value in binding.arguments.items():
        kind = kinds.get(parameter, Kind.VALUE)  # a parameter of the curve
        yield from _each(value, (Kind.UPDATES if kind is Kind.STEPS else kind).value.strip())


def _arguments(call: ast.Call, names: list[str]) -> Iterator[tuple[ast.Node, str]]:
    for i, argument in enumerate(call.arguments):
        yield argument.value, argument.name or (names[i] if i < len(names) else "")


def _each(node: ast.Node, kind: str) -> Iterator[tuple[str, str]]:
    """The names that a number in this place is made of."""
    match node:
        case ast.Name(id=name):
            yield name, kind
        case ast.If(then=then, otherwise=otherwise):
            yield from _each(then, kind)
            yield from _each(otherwise, kind)
        case ast.Call(name=ast.Name(id=name)) if name not in FUNCTIONS:
            return
        case ast.Bracket() | ast.Chain() | ast.Pipe():
            return
        case _:
            for child in node.children:
                yield from _each(child, kind)
