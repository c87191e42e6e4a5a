"""Binding of calls of definitions: which argument belongs to which parameter."""

from __future__ import annotations

from typing import TypeAlias

from lrdsl import diagnostics as diag
from lrdsl.compiler.conditions import word_of
from lrdsl.diagnostics import Reporter
from lrdsl.syntax import ast
from lrdsl.syntax.definition import DefinedParameter, Definition
from lrdsl.util.registry import did_you_mean

Arguments: TypeAlias = "dict[str, ast.Node | tuple[ast.Entry | ast.Name, ...]]"
"""What a call gives for each parameter; entries in brackets are many nodes."""


def bind_definition(
    node: ast.Call | ast.Bracket, definition: Definition, reporter: Reporter
) -> Arguments | None:
    """The arguments by parameter; None, and complaints, when they do not fit."""
    if definition.bracket != isinstance(node, ast.Bracket):
        kind = "square" if definition.bracket else "round"
        reporter.report(
            diag.WRONG_PLACE,
            f"`{definition.name}` takes {kind} brackets",
            node.span,
            fix=f"write `{definition.signature}`",
        )
        return None
    if isinstance(node, ast.Bracket):
        return {definition.parameters[0].name: node.entries}
    return _bind_call(node, definition, reporter)


def _bind_call(call: ast.Call, definition: Definition, reporter: Reporter) -> Arguments | None:
    parameters = {parameter.name: parameter for parameter in definition.parameters}
    fix, sound = f"the full call is `{definition.signature}`", True
    bound: Arguments = {}
    left_out: set[str] = set()
    order = iter(definition.parameters)
    for argument in call.arguments:
        name = argument.name
        if name is None:
            parameter = next(order, None)
            if parameter is None:
                most, given = len(parameters), len(call.arguments)
                count = f"at most {most} argument{'s' * (most > 1)}" if most else "no arguments"
                message = f"`{definition.name}` takes {count}, not {given}"
                reporter.report(diag.TOO_MANY_ARGUMENTS, message, argument.span, fix=fix)
                return None
        else:
            parameter = parameters.get(name)
        if parameter is None:
            message = f"`{definition.name}` has no parameter `{name}`"
            near = did_you_mean(str(name), parameters)
            span = argument.name_span
            reporter.report(diag.UNKNOWN_PARAMETER, message, span, suggestion=near, fix=fix)
            sound = False
        elif parameter.name in bound or parameter.name in left_out:
            message = f"`{parameter.name}` is given twice"
            reporter.report(diag.REPEATED_ARGUMENT, message, argument.span, fix="leave one out")
            sound = False
        elif isinstance(argument.value, ast.Default):
            left_out.add(parameter.name)
        else:
            bound[parameter.name] = argument.value
            sound = _fits(parameter, argument.value, definition, reporter) and sound
    for parameter in definition.parameters if sound else ():
        if parameter.name not in bound and parameter.default is None:
            message = f"`{definition.name}` needs `{parameter.name}`"
            reporter.report(diag.MISSING_ARGUMENT, message, call.span, fix=fix)
            sound = False
    return bound if sound else None


def _fits(
    parameter: DefinedParameter, node: ast.Node, definition: Definition, reporter: Reporter
) -> bool:
    """Whether an argument is one of the parameter's words, or a truth value where one is."""
    default = parameter.default
    where = f"`{parameter.name}` of `{definition.name}`"
    if isinstance(node, ast.Faulty):
        return True
    if parameter.words:
        word = word_of(node)
        if word in parameter.words:
            return True
        known = ", ".join(f"`{each}`" for each in parameter.words)
        near = None if word is None else did_you_mean(word, parameter.words)
        message = f"{where} is one of {known}"
        reporter.report(diag.WRONG_KIND, message, node.span, suggestion=near)
        return False
    if isinstance(default, ast.Keyword) and default.word in ("true", "false"):
        if word_of(node) in ("true", "false"):
            return True
        reporter.report(diag.WRONG_KIND, f"{where} is `true` or `false`", node.span)
        return False
    return True
