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

# How tightly a node binds, loosest first. A part that binds less than its place asks for brackets.
_IF, _OR, _AND, _NOT, _COMPARE, _PIPE, _CHAIN, _SUM, _PRODUCT, _UNARY, _POWER, _ATOM = range(12)


def write(node: Node, least: int = _IF) -> str:
    """The canonical text of a tree.

    One function, so that a tree of the greatest depth allowed stays well inside Python's stack.

    >>> from lrdsl.syntax.parser import parse_tree
    >>> write(parse_tree("cosine(1,1e-3,800)|interval[ 600 : * 0.5 ]"))
    'cosine(1, 1e-3, 800) | interval[600:*0.5]'
    """
    level = _ATOM
    match node:
        case Number(text=text) | Name(id=text) | Keyword(word=text):
            pass
        case Default() | Faulty():
            text = "_"
        case String(value=value):
            text = f"'{value}'"
        case List(items=items):
            text = f"[{', '.join(map(write, items))}]"
        case Call(name=name, arguments=arguments):
            text = f"{name.id}({', '.join(map(write, arguments))})"
        case Argument(value=inner, name=None):
            text = write(inner)
        case Argument(value=inner, name=keyword):
            text = f"{keyword}={write(inner)}"
        case Bracket(name=name, entries=entries):
            text = f"{name.id}[{', '.join(map(write, entries))}]"
        case Entry(value=inner):
            text = f"{write_entry_head(node)}{write(inner)}"
        case Pipe(parts=parts):
            level = _PIPE
            text = " | ".join(map(write, parts, repeat(level + 1)))
        case Chain(parts=parts):
            level = _CHAIN
            text = " >> ".join(map(write, parts, repeat(level + 1)))
        case Arithmetic(operators=operators, parts=parts):
            level = _SUM if node.is_sum else _PRODUCT
            first, *others = map(write, parts, repeat(level + 1))
            text = first + "".join(f" {o} {p}" for o, p in zip(operators, others, strict=True))
        case Negative(operand=operand):
            level = _UNARY
            text = f"-{write(operand, _UNARY)}"
        case Power(base=base, exponent=exponent):
            level = _POWER
            text = f"{write(base, _ATOM)} ** {write(exponent, _UNARY)}"
        case Scope(body=inner) | Outer(argument=inner):
            return write(inner, least)
        case If(then=then, condition=condition, otherwise=otherwise):
            level = _IF
            text = f"{write(then, _PIPE)} if {write_condition(condition)} else {write(otherwise)}"
        case Logic(operator=operator, parts=parts):
            level = _OR if operator == "or" else _AND
            least_each = [_least(part, level + 1) for part in parts]
            text = f" {operator} ".join(map(write, parts, least_each))
        case Not(operand=operand):
            level = _NOT
            text = f"not {write(operand, _least(operand, _NOT))}"
        case Compare(operator=operator, left=left, right=right):
            level = _COMPARE
            text = f"{write(left, _SUM)} {operator} {write(right, _SUM)}"
        case Modifiers(parts=parts):
            text = " ".join([f"| {write(part, _CHAIN)}" for part in parts])
        case Program(names=names, values=values):
            fields = [f"{name.id}: {write(v)}" for name, v in zip(names, values, strict=True)]
            text = f"{{{', '.join(fields)}}}"
        case _:
            raise TypeError(f"no way to write a {type(node).__name__}")
    return f"({text})" if level < least else text


def write_condition(node: Node) -> str:
    """The canonical text of what stands between `if` and `else`."""
    return write(node, _least(node, _OR))


def _least(condition: Node, least: int) -> int:
    """How tightly a part of a condition must bind: what is no condition, as a sum does."""
    return least if isinstance(condition, (Logic, Not, Compare)) else _SUM


def write_entry_head(entry: Entry) -> str:
    """The canonical text of what stands before an entry's value: `600:*`."""
    until = f"..{write(entry.stop, _SUM)}" if entry.stop is not None else ""
    return f"{write(entry.start, _SUM)}{until}:{'*' if entry.factor else ''}"


def write_part(part: Node, whole: Node) -> str:
    """The canonical text of a part of a chain and the like, in brackets where it needs them.

    >>> from lrdsl.syntax.parser import parse_tree
    >>> tree = parse_tree("(1 + t) * 2 * sqrt(t)")
    >>> [write_part(part, tree) for part in tree.children]
    ['(1 + t)', '2', 'sqrt(t)']
    """
    match whole:
        case Pipe() | Modifiers() | If():
            return write(part, _PIPE + (not isinstance(whole, If)))
        case Chain():
            return write(part, _CHAIN + 1)
        case Arithmetic():
            return write(part, (_SUM if whole.is_sum else _PRODUCT) + 1)
        case Negative():
            return write(part, _UNARY)
    return write(part)


def cut(text: str, most: int = 40) -> str:
    """The text, cut where it would make a message hard to read."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def short(node: Node) -> str:
    """The canonical text of a tree, for a message."""
    return cut(write(node))
