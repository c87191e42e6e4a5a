"""The nodes of each rule of the grammar, made while lark reduces: no lark tree is ever built."""

from __future__ import annotations

from typing import Any, TypeAlias

from lark import Token, Transformer

from lrdsl.diagnostics import Span
from lrdsl.syntax import ast
from lrdsl.syntax.definition import DefinedParameter, Definition
from lrdsl.syntax.grammar import KEYWORDS, PYTHON_KEYWORDS
from lrdsl.syntax.literals import parse_number
from lrdsl.syntax.rebuild import join_arithmetic, join_chain, join_pipe, move_to

Children: TypeAlias = "list[Any]"
"""The tokens and nodes of a rule, as lark hands them to a callback."""


class TreeBuilder(Transformer[Token, Any]):
    """A callback for each rule, which returns the rule's node."""

    def __init__(self) -> None:
        super().__init__()
        self.brackets: dict[Span, Span] = {}
        """The span of each expression in round brackets, and the span between them."""

    def start(self, children: Children) -> ast.Node:
        (node,) = children
        assert isinstance(node, ast.Node)
        return node

    def number(self, children: Children) -> ast.Node:
        return parse_number(str(children[0]), token_span(children[0]))

    def name(self, children: Children) -> ast.Node:
        (token,) = children
        word = PYTHON_KEYWORDS.get(token, str(token))
        if word in KEYWORDS:
            return ast.Keyword(word, span=token_span(token))
        return ast.Name(str(token), span=token_span(token))

    def default(self, children: Children) -> ast.Node:
        return ast.Default(span=token_span(children[0]))

    def string(self, children: Children) -> ast.Node:
        return ast.String(str(children[0])[1:-1], span=token_span(children[0]))

    def missing(self, children: Children) -> ast.Node:
        return ast.Faulty(span=token_span(children[0]))

    def group(self, children: Children) -> ast.Node:
        opening, node, closing = children
        assert isinstance(node, ast.Node)
        span = _cover(opening, closing)
        self.brackets[span] = node.span
        return move_to(node, span)

    def list(self, children: Children) -> ast.Node:
        return ast.List(_parts(children), span=_cover(children[0], children[-1]))

    def keyword(self, children: Children) -> ast.Argument:
        name, _, value = children
        return ast.Argument(
            value, str(name), token_span(name), span=token_span(name).to(value.span)
        )

    def call(self, children: Children) -> ast.Node:
        name = ast.Name(str(children[0]), span=token_span(children[0]))
        arguments = tuple(
            [
                part if isinstance(part, ast.Argument) else ast.Argument(part, span=part.span)
                for part in children[2:-1:2]  # none of the commas and brackets
            ]
        )
        return ast.Call(name, arguments, span=name.span.to(token_span(children[-1])))

    def entry(self, children: Children) -> ast.Entry:
        start, _, stop, _, star, value = children
        return ast.Entry(start, stop, star is not None, value, span=start.span.to(value.span))

    def splice(self, children: Children) -> ast.Name:
        (token,) = children
        return ast.Name(str(token), span=token_span(token))

    def bracket(self, children: Children) -> ast.Node:
        name = ast.Name(str(children[0]), span=token_span(children[0]))
        entries = tuple([part for part in children if isinstance(part, (ast.Entry, ast.Name))])
        return ast.Bracket(name, entries, span=name.span.to(token_span(children[-1])))

    def pipe(self, children: Children) -> ast.Node:
        return join_pipe(*children[::2])

    def chain(self, children: Children) -> ast.Node:
        return join_chain(*children[::2])

    def sum(self, children: Children) -> ast.Node:
        return join_arithmetic(tuple(map(str, children[1::2])), tuple(children[::2]))

    product = sum

    def negative(self, children: Children) -> ast.Node:
        minus, operand = children
        return ast.Negative(operand, span=token_span(minus).to(operand.span))

    def power(self, children: Children) -> ast.Node:
        base, _, exponent = children
        return ast.Power(base, exponent, span=base.span.to(exponent.span))

    def expression(self, children: Children) -> ast.Node:
        then, _, condition, _, otherwise = children
        return ast.If(then, condition, otherwise, span=then.span.to(otherwise.span))

    def condition(self, children: Children) -> ast.Node:
        parts = tuple(children[::2])
        return ast.Logic(str(children[1]), parts, span=parts[0].span.to(parts[-1].span))

    conjunction = condition

    def not_(self, children: Children) -> ast.Node:
        word, operand = children
        return ast.Not(operand, span=token_span(word).to(operand.span))

    def comparison(self, children: Children) -> ast.Node:
        left, operator, right = children
        return ast.Compare(str(operator), left, right, span=left.span.to(right.span))

    def library(self, children: Children) -> tuple[Definition, ...]:
        return tuple(children)

    def parameter(self, children: Children) -> DefinedParameter:
        name, _, _, *others = children
        tokens = [child for child in children if isinstance(child, Token)]
        words = tuple([str(token) for token in tokens[1:] if token.type == "NAME"])
        default = others[-1] if isinstance(others[-1], ast.Node) else None
        return DefinedParameter(str(name), token_span(name), words, default)

    def definition(self, children: Children) -> Definition:
        _, name, *others = children
        parameters = tuple([part for part in others if isinstance(part, DefinedParameter)])
        header = _header_span(children)
        return Definition(str(name), token_span(name), parameters, others[-1], header_span=header)

    def bracket_definition(self, children: Children) -> Definition:
        _, name, _, entries, *others = children
        parameters = (DefinedParameter(str(entries), token_span(entries)),)
        header = _header_span(children)
        return Definition(
            str(name), token_span(name), parameters, others[-1], bracket=True, header_span=header
        )

    def modifiers(self, children: Children) -> ast.Node:
        parts = _parts(children)
        return ast.Modifiers(parts, span=token_span(children[0]).to(parts[-1].span))

    def field(self, children: Children) -> tuple[ast.Name, ast.Node]:
        name, _, value = children
        return ast.Name(str(name), span=token_span(name)), value

    def program(self, children: Children) -> ast.Node:
        fields = [child for child in children if isinstance(child, tuple)]
        span = _cover(children[0], children[-1])
        names = tuple([name for name, _ in fields])
        return ast.Program(names, tuple([value for _, value in fields]), span=span)


def token_span(token: Token) -> Span:
    """The span of a token in its text."""
    assert token.start_pos is not None
    assert token.end_pos is not None
    return Span(token.start_pos, token.end_pos)


def _cover(first: Token, last: Token) -> Span:
    """The span from one token to another."""
    assert first.start_pos is not None
    assert last.end_pos is not None
    return Span(first.start_pos, last.end_pos)


def _header_span(definition: Children) -> Span:
    """The span from `def` to the bracket before `=`."""
    return _cover(definition[0], definition[-3])


def _parts(children: Children) -> tuple[ast.Node, ...]:
    """The nodes among `children`, without the commas and brackets."""
    return tuple([child for child in children if isinstance(child, ast.Node)])
