"""The nodes of each rule of the grammar, made while lark reduces: no lark tree is ever built."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeAlias, TypeVar

from lark import Token, Transformer

from lrdsl.diagnostics import Span
from lrdsl.syntax import ast
from lrdsl.syntax.definition import DefinedParameter, Definition
from lrdsl.syntax.grammar import KEYWORDS, PYTHON_KEYWORDS
from lrdsl.syntax.literals import parse_number
from lrdsl.syntax.rebuild import join_arithmetic, join_chain, join_pipe, move_to
from lrdsl.syntax.unparse import unparse

T = TypeVar("T")

Children: TypeAlias = "list[Any]"
"""The tokens and nodes of a rule, as lark hands them to a callback."""


class TreeBuilder(Transformer[Token, Any]):
    """A callback for each rule, which returns the rule's node."""

    def __init__(self) -> None:
        super().__init__()
        self.brackets: dict[Span, Span] = {}
        """The span of each expression in round brackets, and the span between them."""
        self.comments: list[Token] = []

    def start(self, children: Children) -> ast.Node:
        return children[0]  # type: ignore[no-any-return]

    def number(self, children: Children) -> ast.Node:
        return parse_number(str(children[0]), token_span(children[0]))

    def name(self, children: Children) -> ast.Node:
        word = PYTHON_KEYWORDS.get(children[0], str(children[0]))
        if word in KEYWORDS:
            return ast.Keyword(word, span=token_span(children[0]))
        return _name(children[0])

    def default(self, children: Children) -> ast.Node:
        return ast.Default(span=token_span(children[0]))

    def string(self, children: Children) -> ast.Node:
        return ast.String(str(children[0])[1:-1], span=token_span(children[0]))

    def error(self, children: Children) -> ast.Node:
        return ast.Error(str(children[2])[1:-1], span=_span(children))

    def missing(self, children: Children) -> ast.Node:
        return ast.Faulty(span=token_span(children[0]))

    def group(self, children: Children) -> ast.Node:
        _, node, _ = children
        span = _span(children)
        self.brackets[span] = node.span
        return move_to(node, span)  # type: ignore[no-any-return]

    def list(self, children: Children) -> ast.Node:
        return ast.List(_only(ast.Node, children), span=_span(children))

    def keyword(self, children: Children) -> ast.Argument:
        name, _, value = children
        return ast.Argument(value, str(name), token_span(name), span=_span(children))

    def call(self, children: Children) -> ast.Node:
        arguments = [
            part if isinstance(part, ast.Argument) else ast.Argument(part, span=part.span)
            for part in children[2:-1:2]  # none of the commas and brackets
        ]
        return ast.Call(_name(children[0]), tuple(arguments), span=_span(children))

    def entry(self, children: Children) -> ast.Entry:
        start, _, stop, _, star, value = children
        return ast.Entry(start, stop, star is not None, value, span=_span(children))

    def splice(self, children: Children) -> ast.Name:
        return _name(children[0])

    def bracket(self, children: Children) -> ast.Node:
        entries: Any = _only(ast.Node, children)
        return ast.Bracket(_name(children[0]), entries, span=_span(children))

    def pipe(self, children: Children) -> ast.Node:
        return join_pipe(*children[::2])

    def chain(self, children: Children) -> ast.Node:
        return join_chain(*children[::2])

    def sum(self, children: Children) -> ast.Node:
        return join_arithmetic(tuple(map(str, children[1::2])), tuple(children[::2]))

    product = sum

    def negative(self, children: Children) -> ast.Node:
        return ast.Negative(children[1], span=_span(children))

    def power(self, children: Children) -> ast.Node:
        base, _, exponent = children
        return ast.Power(base, exponent, span=_span(children))

    def expression(self, children: Children) -> ast.Node:
        then, _, condition, _, otherwise = children
        return ast.If(then, condition, otherwise, span=_span(children))

    def condition(self, children: Children) -> ast.Node:
        return ast.Logic(str(children[1]), tuple(children[::2]), span=_span(children))

    conjunction = condition

    def not_(self, children: Children) -> ast.Node:
        return ast.Not(children[1], span=_span(children))

    def comparison(self, children: Children) -> ast.Node:
        left, operator, right = children
        return ast.Compare(str(operator), left, right, span=_span(children))

    def library(self, children: Children) -> tuple[Definition, ...]:
        return tuple(children)

    def words(self, children: Children) -> ast.Node:
        return ast.List(tuple(map(_name, children[1:-1:2])), span=_span(children))

    def bounds(self, children: Children) -> tuple[ast.Node | None, ast.Node | None]:
        low, _, high = children
        return low, high

    def parameter(self, children: Children) -> DefinedParameter:
        name, _, domain, _, default = children
        words = tuple(map(unparse, domain.items)) if isinstance(domain, ast.List) else ()
        bounds = domain if isinstance(domain, tuple) else None
        parts = [child for child in (name, *(bounds or [domain]), default) if child is not None]
        return DefinedParameter(
            str(name), words, default, bounds, name_span=token_span(name), span=_span(parts)
        )

    def definition(self, children: Children) -> Definition:
        _, name, *_, body = children
        parameters = _only(DefinedParameter, children)
        header = _span(children[:-2])  # up to the bracket before `=`
        return Definition(str(name), token_span(name), parameters, body, header_span=header)

    def bracket_definition(self, children: Children) -> Definition:
        entries = self.parameter([children[3], *[None] * 4])
        made = self.definition([*children[:3], entries, *children[4:]])
        return replace(made, bracket=True)

    def modifiers(self, children: Children) -> ast.Node:
        return ast.Modifiers(tuple(children[1::2]), span=_span(children))

    def field(self, children: Children) -> tuple[ast.Name, ast.Node]:
        name, _, value = children
        return _name(name), value

    def program(self, children: Children) -> ast.Node:
        names, values = zip(*children[1:-1:2], strict=True)  # none of the commas and brackets
        return ast.Program(names, values, span=_span(children))


def token_span(token: Token) -> Span:
    """The span of a token in its text."""
    assert token.start_pos is not None and token.end_pos is not None
    return Span(token.start_pos, token.end_pos)


def _name(token: Token) -> ast.Name:
    return ast.Name(str(token), span=token_span(token))


def _span(children: Children) -> Span:
    """The span from the first child to the last; each is a token or a node."""
    first, last = children[0], children[-1]
    start: Any = first.start_pos if isinstance(first, Token) else first.span.start
    stop: Any = last.end_pos if isinstance(last, Token) else last.span.stop
    return Span(start, stop)


def _only(kind: type[T], children: Children) -> tuple[T, ...]:
    """The children of one kind, without the commas and brackets between them."""
    return tuple([child for child in children if isinstance(child, kind)])
