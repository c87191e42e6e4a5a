"""Arguments by position and by name: a tree names them all, and text has most of them by position.

A tree that becomes text has its arguments by position as far as none is left out, and the others,
flags, lists and a curve's own parameters by name.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping

from lrdsl.language.binding import bind
from lrdsl.language.curves import Curve
from lrdsl.language.language import Language
from lrdsl.language.parameters import Kind, Parameter
from lrdsl.syntax import ast
from lrdsl.syntax.definition import DefinedParameter

_BY_NAME = (Kind.FLAG, Kind.LIST, Kind.MILESTONES)

_LEANING = ("prev", "next", "base", "rest", "-inf", "_")
"""The defaults that are written `_`, so that what follows can be given by position."""


def arrange_arguments(
    name: str, arguments: Mapping[str, ast.Node], language: Language
) -> dict[str, ast.Argument]:
    """Arguments as they are written in a call, by the names of their parameters.

    >>> from lrdsl.syntax.parser import parse_tree
    >>> given = {"end": parse_tree("0"), "steps": parse_tree("800")}
    >>> [argument.name for argument in arrange_arguments("cosine", given, Language()).values()]
    [None, None, None]
    >>> [argument.name for argument in arrange_arguments("warmup", given, Language()).values()]
    [None, 'end']
    """
    names = _by_position(name, language)
    written: dict[str, ast.Argument] = {}
    if len(names) > 1 and names[0].name not in arguments and names[1].name in arguments:
        first, *names = names
        if str(first).partition("=")[2] in _LEANING:
            written[first.name] = ast.Argument(ast.Default())
        elif not _is_mode(first) or isinstance(arguments[names[0].name], (ast.Name, ast.String)):
            names = []
    for each in itertools.takewhile(lambda each: each.name in arguments, names):
        written[each.name] = ast.Argument(arguments[each.name])
    by_name = {key: ast.Argument(value, key) for key, value in arguments.items()}
    written |= {key: argument for key, argument in by_name.items() if key not in written}
    found = named(ast.Call(ast.Name(name), tuple(written.values())), language)
    given = {key for key, value in arguments.items() if not isinstance(value, ast.Default)}
    # By position the arguments would be taken for others, or do not fit at all.
    return written if found is not None and found.keys() == given else by_name


def _by_position(name: str, language: Language) -> list[Parameter | DefinedParameter]:
    """The parameters that are given by position where possible, in their order."""
    shape, modifier = language.shapes.get(name), language.modifiers.get(name)
    parameters: Iterable[Parameter | DefinedParameter] = ()
    own: set[str] = set()
    if shape is not None:
        parameters = shape.parameters
        own = set() if shape.curve is None else set(shape.curve.model_fields)
    elif modifier is not None:
        parameters = modifier.parameters()
    elif name in language.list_functions:
        names = language.list_functions[name].parameters
        parameters = [DefinedParameter(each) for each in names]
    elif name in language.definitions:
        parameters = language.definitions[name].parameters
    return [*itertools.takewhile(lambda p: p.name not in own and _has_position(p), parameters)]


def _has_position(parameter: Parameter | DefinedParameter) -> bool:
    if isinstance(parameter, DefinedParameter):
        return not isinstance(parameter.default, (ast.Keyword, ast.List))
    return parameter.positional and parameter.kind not in _BY_NAME


def _is_mode(parameter: Parameter | DefinedParameter) -> bool:
    """Whether a parameter may be left out without a trace: the mode of a ramp."""
    return (
        isinstance(parameter, Parameter) and parameter.kind is Kind.MODE and not parameter.required
    )


def named(call: ast.Call, language: Language) -> dict[str, ast.Node] | None:
    """The arguments of a call by their parameters; None if they do not fit, or it is unknown.

    Those left to their default by a `_` are left out.

    >>> from lrdsl.syntax.parser import parse_tree
    >>> list(named(parse_tree("warmup(linear, 100, end=_)"), Language()))
    ['mode', 'steps']
    """
    name = call.name.id
    shape, modifier = language.shapes.get(name), language.modifiers.get(name)
    if shape is not None:
        return None if shape.bracket else _bound(call, shape.accepted, shape.curve)
    if modifier is not None:
        return None if modifier.bracket else _bound(call, modifier.parameters(), None)
    if name in language.list_functions:
        return _in_order(call, language.list_functions[name].parameters)
    definition = language.definitions.get(name)
    if definition is None or definition.bracket:
        return None
    return _in_order(call, tuple([parameter.name for parameter in definition.parameters]))


def _bound(
    call: ast.Call, parameters: tuple[Parameter, ...], curve: type[Curve] | None
) -> dict[str, ast.Node] | None:
    binding = bind(call, parameters, curve)
    if not binding.sound:
        return None
    given = [each for each in call.arguments if not isinstance(each.value, ast.Default)]
    if len(given) == len(binding.arguments):
        return binding.arguments
    # Binding reads the mode and keeps the curve.
    mode = next(each.name for each in parameters if each.kind is Kind.MODE)
    value = next((each.value for each in given if each.name == mode), given[0].value)
    return {mode: value, **binding.arguments}


def _in_order(call: ast.Call, names: tuple[str, ...]) -> dict[str, ast.Node] | None:
    """The arguments by name, the order of positions being that of the names."""
    found: dict[str, ast.Node] = {}
    order = iter(names)
    for argument in call.arguments:
        name = next(order, None) if argument.name is None else argument.name
        if name is None or name not in names or name in found:
            return None
        found[name] = argument.value
    return {name: value for name, value in found.items() if not isinstance(value, ast.Default)}
