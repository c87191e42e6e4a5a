"""Arguments by position and by name: a tree names them all, and text has most of them by position.

A tree that becomes text has its arguments by position as far as none is left out, and the others,
flags, lists and a curve's own parameters by name.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import TypeAlias

from lrdsl.language.binding import bind, parameters_of
from lrdsl.language.curves import Curve
from lrdsl.language.language import Language
from lrdsl.language.parameters import REQUIRED, Kind, Parameter
from lrdsl.syntax import ast

_Form: TypeAlias = "tuple[tuple[Parameter, ...], type[Curve] | None]"
"""The parameters of a call, and the curve that its name stands for."""

_BY_NAME = (Kind.FLAG, Kind.LIST, Kind.MILESTONES, Kind.PERIODS)

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
    by_name = {key: ast.Argument(value, key) for key, value in arguments.items()}
    form = _form(name, language)
    parameters, curve = form or ((), None)
    own = () if curve is None else curve.model_fields
    names = [*itertools.takewhile(lambda p: p.name not in own and _has_position(p), parameters)]
    written: dict[str, ast.Argument] = {}
    if len(names) > 1 and names[0].name not in arguments and names[1].name in arguments:
        first, *names = names
        is_mode = first.kind is Kind.MODE and not first.required  # left out without a trace
        if str(first).partition("=")[2] in _LEANING:
            written[first.name] = ast.Argument(ast.Default())
        elif not is_mode or isinstance(arguments[names[0].name], (ast.Name, ast.String)):
            names = []
    for each in itertools.takewhile(lambda each: each.name in arguments, names):
        written[each.name] = ast.Argument(arguments[each.name])
    written |= {key: argument for key, argument in by_name.items() if key not in written}
    found = _bound(ast.Call(ast.Name(name), tuple(written.values())), form)
    given = {key for key, value in arguments.items() if not isinstance(value, ast.Default)}
    # By position the arguments would be taken for others, or do not fit at all.
    return written if found is not None and found.keys() == given else by_name


def _has_position(parameter: Parameter) -> bool:
    return parameter.positional and parameter.kind not in _BY_NAME


def named(call: ast.Call, language: Language) -> dict[str, ast.Node] | None:
    """The arguments of a call by their parameters; None if they do not fit, or it is unknown.

    Those left to their default by a `_` are left out.

    >>> from lrdsl.syntax.parser import parse_tree
    >>> list(named(parse_tree("warmup(linear, 100, end=_)"), Language()))
    ['mode', 'steps']
    """
    return _bound(call, _form(call.name.id, language))


def _bound(call: ast.Call, form: _Form | None) -> dict[str, ast.Node] | None:
    if form is None:
        return None
    binding = bind(call, *form)
    if not binding.sound:
        return None
    given = [each for each in call.arguments if not isinstance(each.value, ast.Default)]
    if len(given) == len(binding.arguments):
        return binding.arguments
    # Binding reads the mode and keeps the curve.
    mode = next(each.name for each in form[0] if each.kind is Kind.MODE)
    value = next((each.value for each in given if each.name == mode), given[0].value)
    return {mode: value, **binding.arguments}


def _form(name: str, language: Language) -> _Form | None:
    """The form of a call in round brackets; None for what is unknown, or names no parameters."""
    if (shape := language.shapes.get(name)) is not None:
        return shape.accepted, shape.curve
    if name in language.modifiers:
        return language.modifiers[name].parameters(), None
    if name in language.list_functions:
        names = language.list_functions[name].parameters
        return tuple([Parameter(each, Kind.VALUE, REQUIRED) for each in names]), None
    if name in language.definitions:
        return parameters_of(language.definitions[name]), None
    return None
