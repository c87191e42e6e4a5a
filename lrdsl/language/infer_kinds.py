"""The kinds of the parameters of a definition, inferred from their places in its body."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lrdsl.language.binding import bind
from lrdsl.language.language import Language
from lrdsl.language.parameters import Kind
from lrdsl.syntax import ast
from lrdsl.syntax.definition import Definition
from lrdsl.syntax.rebuild import rebuild

VALUE_OR_SCHEDULE = "a value or a schedule"


def kinds_of(definition: Definition, language: Language) -> Mapping[str, str]:
    """The kind of each parameter, in words.

    >>> language = Language()
    >>> kinds_of(language.definitions["wsd"], language)["warmup"]
    'a duration'
    """
    return language.kept(_kinds, definition)


def _kinds(language: Language, definition: Definition) -> Mapping[str, str]:
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
        for name, kind in _uses(_with(root, modes), language):
            if name in names and kind != VALUE_OR_SCHEDULE:
                found.setdefault(name, kind)
    for parameter in reversed(definition.parameters):
        if parameter.default is not None:
            kind = found.setdefault(parameter.name, _of_default(parameter.default))
            for name, _ in _each(parameter.default, kind):
                if name in names:
                    found.setdefault(name, kind)
    return {name: found.get(name, VALUE_OR_SCHEDULE) for name in names}


def _of_default(node: ast.Node) -> str:
    """The kind of a parameter that its default implies."""
    match node:
        case ast.Number(unit=""):
            return Kind.VALUE.value
        case ast.Number():
            return Kind.UPDATES.value
    return VALUE_OR_SCHEDULE


def _with(node: ast.Node, modes: Mapping[str, ast.Node]) -> ast.Node:
    """The tree with words in the place of the parameters that stand for them."""
    if isinstance(node, ast.Name):
        return modes.get(node.id, node)
    return rebuild(node, lambda child: _with(child, modes), None)


def _uses(root: ast.Node, language: Language) -> Iterator[tuple[str, str]]:
    """Names in a tree with the kind of the place where they stand."""
    for node, _ in ast.walk(root):
        if isinstance(node, ast.Call):
            for value, kind in _arguments(node, language):
                yield from _each(value, kind)


def _arguments(call: ast.Call, language: Language) -> Iterator[tuple[ast.Node, str]]:
    """The arguments of a call with the kinds of their parameters."""
    name = call.name.id
    definition, of_lists = language.definitions.get(name), language.list_functions.get(name)
    kinds: Mapping[str, str] = {}
    if definition is not None:
        kinds = kinds_of(definition, language)
    elif of_lists is not None:
        lists = {"milestones": Kind.MILESTONES.value}
        kinds = {each: lists.get(each, "a list of schedules") for each in of_lists.parameters}
    else:
        yield from _bound_arguments(call, language)
    names = list(kinds)
    for i, argument in enumerate(call.arguments if kinds else ()):
        parameter = argument.name or (names[i] if i < len(names) else "")
        yield argument.value, kinds.get(parameter, VALUE_OR_SCHEDULE)


def _bound_arguments(call: ast.Call, language: Language) -> Iterator[tuple[ast.Node, str]]:
    """The arguments of a shape or a modifier with the kinds of their parameters."""
    shape, modifier = language.shapes.get(call.name.id), language.modifiers.get(call.name.id)
    parameters = modifier.parameters() if modifier else shape.accepted if shape else ()
    kinds = {parameter.name: parameter.kind for parameter in parameters}
    bound = bind(call, parameters, shape.curve if shape else None)
    for parameter, value in bound.arguments.items():
        kind = kinds.get(parameter, Kind.VALUE)  # a parameter of the curve
        yield value, (Kind.UPDATES if kind is Kind.STEPS else kind).value.strip()


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
