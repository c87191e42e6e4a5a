"""Tree to canonical text: one spelling of spaces, brackets and defaults for each meaning.

`layout` tells the items of a node and the brackets around them. One line of text joins the items;
the formatter can give each a line of its own. The text holds no `": "` and no `" #"`, so that it
survives as a plain YAML scalar.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from lrdsl.syntax import ast
from lrdsl.syntax.grammar import MAX_INDENT_LEVELS, MAX_QUOTED_CHARACTERS


class Precedence:
    """How tightly a node binds, loosest first; a part that binds too loosely takes brackets."""

    IF, OR, AND, NOT, COMPARE, PIPE, CHAIN, SUM, PRODUCT, UNARY, POWER, ATOM = range(12)


def condition_precedence(node: ast.Node, least: int = Precedence.OR) -> int:
    """The lowest precedence that needs no brackets in a condition: a value's is that of a sum."""
    return least if isinstance(node, (ast.Logic, ast.Not, ast.Compare)) else Precedence.SUM


class Item(NamedTuple):
    """A part of a node, with the text before it."""

    node: ast.Node
    least: int = Precedence.IF
    """The lowest precedence that needs no brackets here."""
    prefix: str = ""
    """The text before the node: an operator, `name=`, an entry header."""
    hangs: bool = False
    """Whether the item's further lines are indented under its first."""
    start: int | None = None
    """The position of the name or entry header before the node; None without one."""
    levels: int = 1
    """By how many levels of indentation the node's lines are narrower than its parent's."""


class Layout(NamedTuple):
    """A node as items, separated by commas inside its brackets or by spaces without brackets."""

    rows: Sequence[tuple[Any, ...]] = ()
    """The first fields of each item: plain tuples are made in a fraction of the time."""
    opening: str = ""
    closing: str = ""
    breaks: bool = True
    """Whether each item can have a line of its own."""
    precedence: int = Precedence.ATOM

    @property
    def items(self) -> tuple[Item, ...]:
        """The items, with all that the formatter must know of them."""
        return tuple([Item(*row) for row in self.rows])


def layout(node: ast.Node) -> Layout:
    """The items of a node and the brackets around them; no items for a single word.

    >>> from lrdsl.syntax.parser import parse_tree
    >>> [item.prefix for item in layout(parse_tree("hold(5) >> cosine() >> hold(3)")).items]
    ['', '>> ', '>> ']
    """
    match node:  # the most frequent first
        case ast.Call(name=name, arguments=arguments):
            return Layout([*map(_argument, arguments)], f"{name.id}(", ")")
        case ast.Bracket(name=name, entries=entries):
            return Layout([*map(_entry, entries)], f"{name.id}[", "]")
        case ast.Pipe(parts=parts):
            return _joined(parts, ["|"] * (len(parts) - 1), Precedence.PIPE)
        case ast.Chain(parts=parts):
            return _joined(parts, [">>"] * (len(parts) - 1), Precedence.CHAIN)
        case ast.Arithmetic(operators=operators, parts=parts):
            return _joined(parts, operators, Precedence.SUM if node.is_sum else Precedence.PRODUCT)
        case ast.List(items=parts):
            return Layout([(part,) for part in parts], "[", "]")
        case ast.Program(names=names, values=values):
            pairs = zip(names, values, strict=True)
            fields = [(v, Precedence.IF, f"{n.id}: ", False, n.span.start) for n, v in pairs]
            return Layout(fields, "{", "}")
        case ast.Modifiers(parts=parts):
            return Layout([(part, Precedence.CHAIN, "| ", True) for part in parts])
        case ast.Negative(operand=operand):
            own = Precedence.UNARY
            return Layout([(operand, own, "-", False, node.span.start)], precedence=own)
        case ast.If(then=then, condition=condition, otherwise=otherwise):
            # A condition stays on one line: its level is too deep to break it.
            least, levels = condition_precedence(condition), MAX_INDENT_LEVELS + 1
            hangs = not isinstance(otherwise, ast.If)
            rows: list[tuple[Any, ...]] = [
                (then, Precedence.PIPE, "", False, None, 0),
                (condition, least, "if ", False, None, levels),
                (otherwise, Precedence.IF, "else ", hangs),
            ]
            return Layout(rows, precedence=Precedence.IF)
        case ast.Power(base=base, exponent=exponent):
            own = Precedence.POWER
            rows = [(base, Precedence.ATOM), (exponent, Precedence.UNARY, "** ")]
        case ast.Compare(operator=operator, left=left, right=right):
            own = Precedence.COMPARE
            rows = [(left, Precedence.SUM), (right, Precedence.SUM, f"{operator} ")]
        case ast.Logic(operator=operator, parts=parts):
            own = Precedence.OR if operator == "or" else Precedence.AND
            words = ["", *[f"{operator} "] * (len(parts) - 1)]
            leasts = [condition_precedence(part, own + 1) for part in parts]
            rows = [*zip(parts, leasts, words, strict=True)]
        case ast.Not(operand=operand):
            own = Precedence.NOT
            rows = [(operand, condition_precedence(operand, own), "not ")]
        case ast.Argument():
            return Layout([_argument(node)], breaks=False)
        case ast.Entry():
            return Layout([_entry(node)], breaks=False)
        case ast.Scope(body=inner) | ast.Outer(argument=inner) | ast.Bounded(operand=inner):
            return layout(inner)
        case _:
            return Layout()
    return Layout(rows, breaks=False, precedence=own)


def _joined(parts: Sequence[ast.Node], operators: Sequence[str], precedence: int) -> Layout:
    others = zip(operators, parts[1:], strict=True)
    least = precedence + 1
    rows = [(part, least, f"{operator} ", True) for operator, part in others]
    return Layout([(parts[0], least), *rows], precedence=precedence)


def _argument(argument: ast.Argument) -> tuple[Any, ...]:
    if argument.name is None:
        return (argument.value,)
    return argument.value, Precedence.IF, f"{argument.name}=", False, argument.span.start


def _entry(entry: ast.Entry | ast.Name) -> tuple[Any, ...]:
    if isinstance(entry, ast.Name):
        return (entry,)
    header = unparse_entry_header(entry)
    return entry.value, Precedence.IF, header, False, entry.span.start, 2


def unparse(node: ast.Node, least: int = Precedence.IF, prefix: str = "") -> str:
    """The canonical text of a tree after `prefix`, in brackets if it binds too loosely for `least`.

    One frame for each level, so that a tree of `MAX_DEPTH` stays well inside Python's stack.

    >>> from lrdsl.syntax.parser import parse_tree
    >>> unparse(parse_tree("cosine(1,1e-3,800)|interval[ 600 : * 0.5 ]"))
    'cosine(1, 1e-3, 800) | interval[600:*0.5]'
    """
    match node:
        case ast.Number(text=word) | ast.Name(id=word) | ast.Keyword(word=word):
            return prefix + word
        case ast.Default() | ast.Faulty():
            return f"{prefix}_"
        case ast.Error(words=words):
            return f'{prefix}error("{words}")'
        case ast.String(value=value):
            return f"{prefix}'{value}'"
    rows, opening, closing, _, precedence = layout(node)
    texts = [unparse(*row[:3]) for row in rows]
    text = f"{opening}{(', ' if closing else ' ').join(texts)}{closing}"
    return f"{prefix}({text})" if precedence < least else prefix + text


def unparse_condition(node: ast.Node) -> str:
    """The canonical text of a condition between `if` and `else`."""
    return unparse(node, condition_precedence(node))


def unparse_entry_header(entry: ast.Entry) -> str:
    """The canonical text before an entry's value: `600:*`."""
    until = f"..{unparse(entry.stop, Precedence.SUM)}" if entry.stop is not None else ""
    return f"{unparse(entry.start, Precedence.SUM)}{until}:{'*' if entry.factor else ''}"


def shorten(text: str, limit: int = MAX_QUOTED_CHARACTERS) -> str:
    """The text, cut where it would make a message hard to read."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def unparse_short(node: ast.Node) -> str:
    """The canonical text of a tree, shortened for a message."""
    return shorten(unparse(node))
