"""Tree to canonical text: one spelling of spaces, brackets and defaults for each meaning.

The text holds no `": "` and no `" #"`, so that it survives as a plain YAML scalar.
"""

from __future__ import annotations

from itertools import repeat

from lrdsl.syntax.ast import (
    Argument,
    Arithmetic,
    Bracket,
    Call,
    Chain,
    Compare,
    Default,
    Entry,
    Faulty,
    If,
    Keyword,
    List,
    Logic,
    Modifiers,
    Name,
    Negative,
    Node,
    Not,
    Number,
    Outer,
    Pipe,
    Power,
    Program,
    Scope,
    String,
)
from lrdsl.syntax.grammar import MAX_QUOTED_CHARACTERS


class Precedence:
    """How tightly a node binds, loosest first; a part that binds too loosely takes brackets."""

    IF, OR, AND, NOT, COMPARE, PIPE, CHAIN, SUM, PRODUCT, UNARY, POWER, ATOM = range(12)


_PRECEDENCES: dict[type[Node], int] = {
    If: Precedence.IF,
    Not: Precedence.NOT,
    Compare: Precedence.COMPARE,
    Pipe: Precedence.PIPE,
    Chain: Precedence.CHAIN,
    Negative: Precedence.UNARY,
    Power: Precedence.POWER,
}


def precedence(node: Node) -> int:
    """How tightly a node binds.

    >>> from lrdsl.syntax.parser import parse_tree
    >>> precedence(parse_tree("a + b")) < precedence(parse_tree("a * b"))
    True
    """
    if isinstance(node, Arithmetic):
        return Precedence.SUM if node.is_sum else Precedence.PRODUCT
    if isinstance(node, Logic):
        return Precedence.OR if node.operator == "or" else Precedence.AND
    return _PRECEDENCES.get(type(node), Precedence.ATOM)


def condition_precedence(node: Node, least: int = Precedence.OR) -> int:
    """The lowest precedence that needs no brackets in a condition: a value's is that of a sum."""
    return least if isinstance(node, (Logic, Not, Compare)) else Precedence.SUM


def unparse(node: Node, least: int = Precedence.IF) -> str:
    """The canonical text of a tree, in brackets if it binds less tightly than `least`.

    One function, so that a tree of `MAX_DEPTH` stays well inside Python's stack.

    >>> from lrdsl.syntax.parser import parse_tree
    >>> unparse(parse_tree("cosine(1,1e-3,800)|interval[ 600 : * 0.5 ]"))
    'cosine(1, 1e-3, 800) | interval[600:*0.5]'
    """
    match node:
        case Number(text=text) | Name(id=text) | Keyword(word=text):
            return text
        case Default() | Faulty():
            return "_"
        case String(value=value):
            return f"'{value}'"
        case List(items=items):
            return f"[{', '.join(map(unparse, items))}]"
        case Call(name=name, arguments=arguments):
            return f"{name.id}({', '.join(map(unparse, arguments))})"
        case Argument(value=inner, name=None):
            return unparse(inner)
        case Argument(value=inner, name=keyword):
            return f"{keyword}={unparse(inner)}"
        case Bracket(name=name, entries=entries):
            return f"{name.id}[{', '.join(map(unparse, entries))}]"
        case Entry(value=inner):
            return f"{unparse_entry_header(node)}{unparse(inner)}"
        case Modifiers(parts=parts):
            return " ".join([f"| {unparse(part, Precedence.CHAIN)}" for part in parts])
        case Program(names=names, values=values):
            fields = [f"{name.id}: {unparse(v)}" for name, v in zip(names, values, strict=True)]
            return f"{{{', '.join(fields)}}}"
        case Scope(body=inner) | Outer(argument=inner):
            return unparse(inner, least)
        case Pipe(parts=parts):
            text = " | ".join(map(unparse, parts, repeat(Precedence.CHAIN)))
        case Chain(parts=parts):
            text = " >> ".join(map(unparse, parts, repeat(Precedence.SUM)))
        case Arithmetic(operators=operators, parts=parts):
            first, *others = map(unparse, parts, repeat(precedence(node) + 1))
            text = first + "".join(f" {o} {p}" for o, p in zip(operators, others, strict=True))
        case Negative(operand=operand):
            text = f"-{unparse(operand, Precedence.UNARY)}"
        case Power(base=base, exponent=exponent):
            text = f"{unparse(base, Precedence.ATOM)} ** {unparse(exponent, Precedence.UNARY)}"
        case If(then=then, condition=condition, otherwise=otherwise):
            value = unparse(then, Precedence.PIPE)
            text = f"{value} if {unparse_condition(condition)} else {unparse(otherwise)}"
        case Logic(operator=operator, parts=parts):
            least_each = [condition_precedence(part, precedence(node) + 1) for part in parts]
            text = f" {operator} ".join(map(unparse, parts, least_each))
        case Not(operand=operand):
            text = f"not {unparse(operand, condition_precedence(operand, Precedence.NOT))}"
        case Compare(operator=operator, left=left, right=right):
            text = f"{unparse(left, Precedence.SUM)} {operator} {unparse(right, Precedence.SUM)}"
        case _:
            raise TypeError(f"no way to write a {type(node).__name__}")
    return f"({text})" if least and precedence(node) < least else text


def unparse_condition(node: Node) -> str:
    """The canonical text of a condition between `if` and `else`."""
    return unparse(node, condition_precedence(node))


def unparse_entry_header(entry: Entry) -> str:
    """The canonical text of what stands before an entry's value: `600:*`."""
    until = f"..{unparse(entry.stop, Precedence.SUM)}" if entry.stop is not None else ""
    return f"{unparse(entry.start, Precedence.SUM)}{until}:{'*' if entry.factor else ''}"


def shorten(text: str, limit: int = MAX_QUOTED_CHARACTERS) -> str:
    """The text, cut where it would make a message hard to read."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def unparse_short(node: Node) -> str:
    """The canonical text of a tree, shortened for a message."""
    return shorten(unparse(node))
