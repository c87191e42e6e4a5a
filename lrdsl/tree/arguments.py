"""Arguments by position and by name: a tree names them all, and text has most of them by position.

A tree that becomes text has its arguments by position as far as none is left out, and the others,
flags, lists and a curve's own parameters by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from lrdsl.language.binding import bind
from lrdsl.language.curves import Curve
from lrdsl.language.language import Language
from lrdsl.language.parameters import ContextDefault, Kind, Parameter
from lrdsl.syntax import ast
from lrdsl.syntax.definition import DefinedParameter, Definition

_BY_NAME = frozenset({Kind.FLAG, Kind.LIST, Kind.MILESTONES})


class _Order(NamedTuple):
    """The parameters that are given by position where possible, in their order.

    `leans`: the first, left out, is written `_`. `skips`: it may be left out without a trace, if
    what follows cannot be taken for it.
    """

    names: tuple[str, ...]
    leans: bool = False
    skips: bool = False


def arrange_arguments(
    name: str, arguments: Mapping[str, ast.Node], language: Language
) -> tuple[tuple[str, ast.Argument], ...]:
    """Named arguments as they are written in a call, each with its name.

    >>> from lrdsl.syntax.parser import parse_tree
    >>> given = {"end": parse_tree("0"), "steps": parse_tree("800")}
    >>> [argument.name for _, argument in arrange_arguments("cosine", given, Language())]
    [None, None, None]
    >>> [argument.name for _, argument in arrange_arguments("warmup", given, Language())]
    [None, 'end']
    """
    order = _order(name, language)
    names = list(order.names)
    written: list[tuple[str, ast.Argument]] = []
    if names and names[0] not in arguments and len(names) > 1 and names[1] in arguments:
        first = names.pop(0)
        if order.leans:
            written.append((first, ast.Argument(ast.Default())))
        elif not order.skips or isinstance(
            arguments[names[0]], (ast.Name, ast.String, ast.Default)
        ):
            names = []
    for each in names:
        if each not in arguments:
            break
        written.append((each, ast.Argument(arguments[each])))
    done = {each for each, _ in written}
    others = [(k, ast.Argument(value, k)) for k, value in arguments.items() if k not in done]
    return (*written, *others)


def _order(name: str, language: Language) -> _Order:
    shape, modifier = language.shapes.get(name), language.modifiers.get(name)
    if shape is not None:
        own = () if shape.curve is None else shape.curve.parameters()
        return _of_parameters(shape.parameters, {parameter.name for parameter in own})
    if modifier is not None:
        return _of_parameters(modifier.parameters(), set())
    if name in language.list_functions:
        return _Order(language.list_functions[name].parameters)
    definition = language.definitions.get(name)
    return _Order(()) if definition is None else _of_definition(definition)


def _of_parameters(parameters: tuple[Parameter, ...], of_curve: set[str]) -> _Order:
    names: list[str] = []
    for each in parameters:
        if not each.positional or each.kind in _BY_NAME or each.name in of_curve:
            break
        names.append(each.name)
    if not names:
        return _Order(())
    first = parameters[0]
    leans = isinstance(first.default, ContextDefault) or str(first).endswith("=-inf")
    return _Order(tuple(names), leans, first.kind is Kind.MODE and not first.required)


def _of_definition(definition: Definition) -> _Order:
    names: list[str] = []
    for each in definition.parameters:
        if isinstance(each.default, (ast.Keyword, ast.List)):
            break
        names.append(each.name)
    return _Order(tuple(names), bool(names) and _leans(definition.parameters[0]))


def _leans(parameter: DefinedParameter) -> bool:
    match parameter.default:
        case ast.Default() | ast.Name(id="prev" | "base" | "next"):
            return True
    return False


def named(call: ast.Call, language: Language) -> dict[str, ast.Node] | None:
    """The arguments of a call by their parameters; None if they do not fit, or it is unknown.

    Those left to their default by a `_` are left out.

    >>> from lrdsl.syntax.parser import parse_tree
    >>> list(named(parse_tree("warmup(linear, 100, end=_)"), Language()))
    ['mode', 'steps']
    """
    # A node may stand in two places of a spec built in Python; here each has its own.
    values = [replace(argument.value) for argument in call.arguments]
    pairs = zip(call.arguments, values, strict=True)
    call = replace(call, arguments=tuple([replace(a, value=value) for a, value in pairs]))
    name = call.name.id
    shape, modifier = language.shapes.get(name), language.modifiers.get(name)
    if shape is not None:
        return None if shape.bracket else _bound(call, shape.accepted, shape.curve)
    if modifier is not None:
        return None if modifier.bracket else _bound(call, modifier.parameters(), None)
    if name in language.list_functions:
        return _in_order(call, language.list_functions[name].parameters, 0)
    definition = language.definitions.get(name)
    if definition is None or definition.bracket:
        return None
    names = tuple([parameter.name for parameter in definition.parameters])
    return _in_order(call, names, len(names))


def _bound(
    call: ast.Call, parameters: tuple[Parameter, ...], curve: type[Curve] | None
) -> dict[str, ast.Node] | None:
    binding = bind(call, parameters, curve)
    if not binding.sound:
        return None
    names = {id(value): name for name, value in binding.arguments.items()}
    mode = next((each.name for each in parameters if each.kind is Kind.MODE), None)
    found: dict[str, ast.Node] = {}
    for argument in call.arguments:
        if isinstance(argument.value, ast.Default):
            continue
        name = names.get(id(argument.value), mode)  # binding reads the mode and keeps the curve
        if name is None or name in found:
            return None
        found[name] = argument.value
    return found


def _in_order(call: ast.Call, names: tuple[str, ...], may_lack: int) -> dict[str, ast.Node] | None:
    """The arguments by name, the order of positions being that of the names."""
    found: dict[str, ast.Node] = {}
    order = iter(names)
    for argument in call.arguments:
        name = next(order, None) if argument.name is None else argument.name
        if name is None or name not in names or name in found:
            return None
        found[name] = argument.value
    if len(names) - len(found) > may_lack:
        return None
    if may_lack == 0:
        return found
    return {name: value for name, value in found.items() if not isinstance(value, ast.Default)}
