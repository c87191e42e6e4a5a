"""What the parameters of a definition may be, found out from where they stand in its body."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from lrdsl.language.binding import bind
from lrdsl.language.language import Language
from lrdsl.language.parameters import Kind, Parameter
from lrdsl.syntax import ast
from lrdsl.syntax.definition import Definition
from lrdsl.syntax.rebuild import rebuild

_ELSEWHERE = "a value or a schedule"


Kinds: TypeAlias = "dict[str, Mapping[str, str]]"
"""What has been found out so far, by definition."""


def kinds_of(
    definition: Definition, language: Language, known: Kinds | None = None
) -> Mapping[str, str]:
    """What each parameter may be, in words; `known` saves finding out again.

    >>> language = Language()
    >>> kinds_of(language.definitions["wsd"], language)["warmup"]
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
        elif isinstance(default, ast.Name) and default.id in language.curves:
            found[parameter.name] = Kind.MODE.value
    modes = {p.name: p.default for p in definition.parameters if p.default and p.name in found}
    for root in definition.expressions:
        for name, kind in _uses(_with(root, modes), language, known):
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


def _uses(root: ast.Node, language: Language, known: Kinds) -> Iterator[tuple[str, str]]:
    """Names in a tree with the kind of the place where they stand."""
    for node, _ in ast.walk(root):
        if not isinstance(node, ast.Call):
            continue
        name = node.name.id
        definition = language.definitions.get(name)
        if definition is not None:
            kinds = kinds_of(definition, language, known)
            for value, parameter in _arguments(node, list(kinds)):
                yield from _each(value, kinds.get(parameter, _ELSEWHERE))
        elif name in language.list_functions:
            lists = language.list_functions[name].parameters
            for value, parameter in _arguments(node, list(lists)):
                kind = Kind.MILESTONES.value if parameter == "milestones" else "a list of schedules"
                yield from _each(value, kind)
        else:
            yield from _in_call(node, language)


def _in_call(node: ast.Call, language: Language) -> Iterator[tuple[str, str]]:
    """Names in the arguments of a shape or a modifier."""
    shape, modifier = language.shapes.get(node.name.id), language.modifiers.get(node.name.id)
    parameters: tuple[Parameter, ...] = ()
    curve = None
    if shape is not None:
        parameters, curve = shape.accepted, shape.curve
    elif modifier is not None:
        parameters = modifier.parameters()
    binding = bind(node, parameters, curve)
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
        case ast.Call(name=ast.Name(id=name)) if name not in Language.functions:
            return
        case ast.Bracket() | ast.Chain() | ast.Pipe():
            return
        case _:
            for child in node.children:
                yield from _each(child, kind)
