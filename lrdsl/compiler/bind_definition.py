"""Binding of calls of definitions: which argument belongs to which parameter."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from lrdsl import diagnostics as diag
from lrdsl.compiler.conditions import word_of
from lrdsl.diagnostics import Mistake
from lrdsl.syntax import ast
from lrdsl.syntax.definition import DefinedParameter, Definition
from lrdsl.util.registry import did_you_mean

Arguments: TypeAlias = "dict[str, ast.Node | tuple[ast.Entry | ast.Name, ...]]"
"""The nodes that a call gives for each parameter; entries in brackets are many."""


def bind_definition(
    node: ast.Call | ast.Bracket, definition: Definition
) -> tuple[Arguments, list[Mistake]]:
    """The arguments by parameter, and the mistakes where they do not fit."""
    if isinstance(node, ast.Bracket) and definition.bracket:
        return {definition.parameters[0].name: node.entries}, []
    if isinstance(node, ast.Call) and not definition.bracket:
        return _bind_call(node, definition)
    kind = "square" if definition.bracket else "round"
    message = f"`{definition.name}` takes {kind} brackets"
    fix = f"write `{definition.signature}`"
    return {}, [Mistake(diag.WRONG_PLACE, message, node.span, fix=fix)]


def _bind_call(call: ast.Call, definition: Definition) -> tuple[Arguments, list[Mistake]]:
    parameters = {parameter.name: parameter for parameter in definition.parameters}
    fix = f"the full call is `{definition.signature}`"
    bound: Arguments = {}
    mistakes: list[Mistake] = []
    left_out: set[str] = set()
    order = iter(definition.parameters)
    for argument in call.arguments:
        name = argument.name
        parameter = next(order, None) if name is None else parameters.get(name)
        if parameter is None and name is None:
            most, given = len(parameters), len(call.arguments)
            count = f"at most {most} argument{'s' * (most > 1)}" if most else "no arguments"
            message = f"`{definition.name}` takes {count}, not {given}"
            mistakes.append(Mistake(diag.TOO_MANY_ARGUMENTS, message, argument.span, fix=fix))
            return bound, mistakes
        if parameter is None:
            message = f"`{definition.name}` has no parameter `{name}`"
            near, span = did_you_mean(str(name), parameters), argument.name_span
            mistakes.append(Mistake(diag.UNKNOWN_PARAMETER, message, span, near, fix))
        elif parameter.name in bound or parameter.name in left_out:
            message, span = f"`{parameter.name}` is given twice", argument.span
            mistakes.append(Mistake(diag.REPEATED_ARGUMENT, message, span, fix="leave one out"))
        elif isinstance(argument.value, ast.Default):
            left_out.add(parameter.name)
        else:
            bound[parameter.name] = argument.value
            mistakes += _misfit(parameter, argument.value, definition)
    for parameter in () if mistakes else definition.parameters:
        if parameter.name not in bound and parameter.default is None:
            message = f"`{definition.name}` needs `{parameter.name}`"
            mistakes.append(Mistake(diag.MISSING_ARGUMENT, message, call.span, fix=fix))
    return bound, mistakes


def _misfit(
    parameter: DefinedParameter, node: ast.Node, definition: Definition
) -> Iterator[Mistake]:
    """The mistake of an argument that is none of the parameter's words, or no truth value."""
    where = f"`{parameter.name}` of `{definition.name}`"
    word = word_of(node)
    if isinstance(node, ast.Faulty):
        return
    if parameter.words:
        if word not in parameter.words:
            known = ", ".join([f"`{each}`" for each in parameter.words])
            near = None if word is None else did_you_mean(word, parameter.words)
            yield Mistake(diag.WRONG_KIND, f"{where} is one of {known}", node.span, near)
    elif isinstance(parameter.default, ast.Keyword):
        truths = ("true", "false")
        if parameter.default.word in truths and word not in truths:
            yield Mistake(diag.WRONG_KIND, f"{where} is `true` or `false`", node.span)
