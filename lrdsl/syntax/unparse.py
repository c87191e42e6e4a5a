"""Tree to canonical text: one spelling of spaces, brackets and defaults for each meaning.

The text holds no `": "` and no `" #"`, so that it survives as a plain YAML scalar.
"""

from __future__ import annotations

from itertools import repeat

from lrdsl.syntax import ast
from lrdsl.syntax.grammar import MAX_QUOTED_CHARACTERS


class Precedence:
    """How tightly a node binds, loosest first; a part that binds too loosely takes brackets."""

    IF, OR, AND, NOT, COMPARE, PIPE, CHAIN, SUM, PRODUCT, UNARY, POWER, ATOM = range(12)


_PRECEDENCES: dict[type[ast.Node], int] = {
    ast.If: Precedence.IF,
    ast.Not: Precedence.NOT,
    ast.Compare: Precedence.COMPARE,
    ast.Pipe: Precedence.PIPE,
    ast.Chain: Precedence.CHAIN,
    ast.Negative: Precedence.UNARY,
    ast.Power: Precedence.POWER,
}


def precedence(node: ast.Node) -> int:
    """How tightly a node binds.

    >>> from lrdsl.syntax.parser import parse_tree
    >>> precedence(parse_tree("a + b")) < precedence(parse_tree("a * b"))
    True
    """
    if isinstance(node, ast.Arithmetic):
        return Precedence.SUM if node.is_sum else Precedence.PRODUCT
    if isinstance(node, ast.Logic):
        return Precedence.OR if node.operator == "or" else Precedence.AND
    return _PRECEDENCES.get(type(node), Precedence.ATOM)


def condition_precedence(node: ast.Node, least: int = Precedence.OR) -> int:
    """The lowest precedence that needs no brackets in a condition: a value's is that of a sum."""
    return least if isinstance(node, (ast.Logic, ast.Not, ast.Compare)) else Precedence.SUM


def unparse(node: ast.Node, least: int = Precedence.IF) -> str:
    """The canonical text of a tree, in brackets if it binds less tightly than `least`.

    One function, so that a tree of `MAX_DEPTH` stays well inside Python's stack.

    >>> from lrdsl.syntax.parser import parse_tree
    >>> unparse(parse_tree("cosine(1,1e-3,800)|interval[ 600 : * 0.5 ]"))
    'cosine(1, 1e-3, 800) | interval[600:*0.5]'
    """
    match node:
        case ast.Number(text=text) | ast.Name(id=text) | ast.Keyword(word=text):
            return text
        case ast.Default() | ast.Faulty():
            return "_"
        case ast.String(value=value):
            return f"'{value}'"
        case ast.List(items=items):
            return f"[{', '.join(map(unparse, items))}]"
        case ast.Call(name=name, arguments=arguments):
            return f"{name.id}({', '.join(map(unparse, arguments))})"
        case ast.Argument(value=inner, name=None):
            return unparse(inner)
        case ast.Argument(value=inner, name=keyword):
            return f"{keyword}={unparse(inner)}"
        case ast.Bracket(name=name, entries=entries):
            return f"{name.id}[{', '.join(map(unparse, entries))}]"
        case ast.Entry(value=inner):
            return f"{unparse_entry_header(node)}{unparse(inner)}"
        case ast.Modifiers(parts=parts):
            return " ".join([f"| {unparse(part, Precedence.CHAIN)}" for part in parts])
        case ast.Program(names=names, values=values):
            fields = [f"{name.id}: {unparse(v)}" for name, v in zip(names, values, strict=True)]
            return f"{{{', '.join(fields)}}}"
        case ast.Scope(body=inner) | ast.Outer(argument=inner):
            return unparse(inner, least)
        case ast.Pipe(parts=parts):
            text = " | ".join(map(unparse, parts, repeat(Precedence.CHAIN)))
        case ast.Chain(parts=parts):
            text = " >> ".join(map(unparse, parts, repeat(Precedence.SUM)))
        case ast.Arithmetic(operators=operators, parts=parts):
            first, *others = map(unparse, parts, repeat(precedence(node) + 1))
            text = first + "".join(f" {o} {p}" for o, p in zip(operators, others, strict=True))
        case ast.Negative(operand=operand):
            text = f"-{unparse(operand, Precedence.UNARY)}"
        case ast.Power(base=base, exponent=exponent):
            text = f"{unparse(base, Precedence.ATOM)} ** {unparse(exponent, Precedence.UNARY)}"
        case ast.If(then=then, condition=condition, otherwise=otherwise):
            value = unparse(then, Precedence.PIPE)
            text = f"{value} if {unparse_condition(condition)} else {unparse(otherwise)}"
        case ast.Logic(operator=operator, parts=parts):
            least_each = [condition_precedence(part, precedence(node) + 1) for part in parts]
            text = f" {operator} ".join(map(unparse, parts, least_each))
        case ast.Not(operand=operand):
            text = f"not {unparse(operand, condition_precedence(operand, Precedence.NOT))}"
        case ast.Compare(operator=operator, left=left, right=right):
            text = f"{unparse(left, Precedence.SUM)} {operator} {unparse(right, Precedence.SUM)}"
        case _:
            raise TypeError(f"no way to write a {type(node).__name__}")
    return f"({text})" if least and precedence(node) < least else text


def unparse_condition(node: ast.Node) -> str:
    """The canonical text of a condition between `if` and `else`."""
    return unparse(node, condition_precedence(node))


def unparse_entry_header(entry: ast.Entry) -> str:
    """The canonical text of what stands before an entry's value: `600:*`."""
    until = f"..{unparse(entry.stop, Precedence.SUM)}" if entry.stop is not None else ""
    return f"{unparse(entry.start, Precedence.SUM)}{until}:{'*' if entry.factor else ''}"


def shorten(text: str, limit: int = MAX_QUOTED_CHARACTERS) -> str:
    """The text, cut where it would make a message hard to read."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def unparse_short(node: ast.Node) -> str:
    """The canonical text of a tree, shortened for a message."""
    return shorten(unparse(node))
