"""Text to tree. The only importer of lark.

The parser never stops at the first mistake: it reports it, repairs the text in its mind by putting
in what is missing or leaving out what does not belong, and reads on.
"""

from __future__ import annotations

import functools
import itertools
import re
from dataclasses import replace
from typing import Any, TypeAlias

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from lrdsl import diagnostics as diag
from lrdsl.diagnostics import Diagnostic, Reporter, Span
from lrdsl.syntax import ast, syntax_errors
from lrdsl.syntax.definition import DefinedParameter, Definition, doc_above
from lrdsl.syntax.literals import read_number
from lrdsl.util.resources import folder, private_cache

MAX_CHARACTERS = 64 * 1024
MAX_CACHED_CHARACTERS = 4096
"""What is made of longer texts is not kept for the next time: it would take much memory."""
MAX_DEPTH = 200
MAX_NODE_DEPTH = 2 * MAX_DEPTH + 1
"""As a tree counts: a call and its argument are two nodes, but one level."""
MAX_PENDING_TOKENS = 10 * MAX_DEPTH
"""Words and parts that wait for the rest of what they are in; each level has a few."""
MAX_SYNTAX_ERRORS = 20
Children: TypeAlias = "list[Any]"
"""What lark hands to a callback: tokens and nodes."""

KEYWORDS = frozenset({"none", "true", "false", "inf"})
PYTHON = {"None": "none", "True": "true", "False": "false"}
"""How Python writes some of them: calls are pasted from there."""

_OPENING = re.compile(r"#[^\n]*|[(\[]|[)\]]")


def parse_tree(text: str) -> ast.Node:
    """The tree of a spec; `SpecError` with every syntax error if it has any.

    >>> parse_tree("hold(5)")
    Call(name=Name(id='hold'), arguments=(Argument(value=Number(value=5.0, ...),))
    """
    reporter = Reporter(text)
    tree = read(text, reporter)
    reporter.check()
    assert tree is not None
    return tree


def read(text: str, reporter: Reporter) -> ast.Node | None:
    """The tree of a spec, mended where it has syntax errors, which go to `reporter`.

    None when nothing could be made of the text.
    """
    # What a program speaks of, and what its specs are, is read from the same texts.
    read_text = _read if len(text) <= MAX_CACHED_CHARACTERS else _read.__wrapped__
    tree, found = read_text(text)
    for each in found:
        reporter.add(each)
    return tree


def can_be_read(text: str) -> bool:
    """Whether a text is a spec without syntax errors.

    >>> can_be_read("cosin(1)"), can_be_read("cosine(1")
    (True, False)
    """
    reporter = Reporter(text)
    return read(text, reporter) is not None and not reporter.diagnostics


@functools.lru_cache(maxsize=64)
def _read(text: str) -> tuple[ast.Node | None, tuple[Diagnostic, ...]]:
    reporter = Reporter(text)
    tree = _mended(text, reporter)
    return tree, tuple(reporter.diagnostics)


def _mended(text: str, reporter: Reporter) -> ast.Node | None:
    if not _is_readable(text, reporter):
        return None
    handler = _Recovery(text, reporter)
    try:
        tree = _lark().parse(text, start="start", on_error=handler)
    except UnexpectedInput as error:
        handler.give_up(error)
        return None
    assert isinstance(tree, ast.Node)
    return tree if _is_sound(tree, reporter) else None


def parse_definitions(text: str, file: str = "") -> tuple[Definition, ...]:
    """The definitions in a text; `SpecError` with every syntax error if it has any.

    >>> [definition.name for definition in parse_definitions("def half(a) = a / 2")]
    ['half']
    """
    reporter = Reporter(text)
    found = read_definitions(text, file, reporter)
    reporter.check()
    return found


def read_definitions(text: str, file: str, reporter: Reporter) -> tuple[Definition, ...]:
    """The definitions in a text; those with syntax errors, which go to `reporter`, left out."""
    if not _COMMENT.sub("", text).strip() or not _is_readable(text, reporter):
        return ()
    handler = _Recovery(text, reporter, "definition")
    try:
        found: Any = _lark().parse(text, start="library", on_error=handler)
    except UnexpectedInput as error:
        handler.give_up(error)
        return ()
    kept: list[Definition] = []
    for definition in found:
        if all([_is_sound(root, reporter) for root in definition.expressions]):
            doc = doc_above(text, text.rfind("def", 0, definition.span.start))
            kept.append(replace(definition, source=text, file=file, doc=doc))
    return tuple(kept)


def _is_sound(tree: ast.Node, reporter: Reporter) -> bool:
    """Whether a tree is not too deep; what could not be read in it is reported."""
    levels = ast.levels(tree)
    suspects = [
        part for level in levels for part in level if isinstance(part, (ast.Faulty, ast.Pipe))
    ]
    if len(levels) <= MAX_NODE_DEPTH and not suspects:
        return True
    for node, depth in ast.walk(tree):
        if isinstance(node, ast.Faulty) and node.problem is not None:
            reporter.report(
                node.problem, node.message, node.span, fix=node.fix, replacement=node.replacement
            )
        # Each `|` adds a level as well.
        if depth > MAX_NODE_DEPTH or (isinstance(node, ast.Pipe) and len(node.parts) > MAX_DEPTH):
            _too_deep(Span(node.span.start, node.span.start + 1), reporter)
            return False
    return True


def _is_readable(text: str, reporter: Reporter) -> bool:
    """Whether a text is within the bounds for which parsing it is worth a try."""
    if len(text.encode("utf-8", "surrogatepass")) > MAX_CHARACTERS:
        message = f"the spec has {len(text):,} characters, the limit is 64 KiB"
        reporter.report(diag.TOO_LONG, message, Span(0, 1))
        return False
    if not _COMMENT.sub("", text).strip():
        fix = "write a schedule such as `cosine(1, 1e-3, 800)`"
        reporter.report(diag.EMPTY, "the spec is empty", Span(0, 1), fix=fix)
        return False
    depth = 0
    if text.count("(") + text.count("[") > MAX_DEPTH:
        for match in _OPENING.finditer(text):
            depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(match[0], 0)
            if depth > MAX_DEPTH:
                _too_deep(Span(match.start(), match.end()), reporter)
                return False
    return True


_COMMENT = re.compile(r"#[^\n]*")


def _too_deep(span: Span, reporter: Reporter) -> None:
    message = f"the spec is nested deeper than {MAX_DEPTH} levels"
    reporter.report(diag.TOO_DEEP, message, span, fix="write it flat, as a chain with `>>`")


class _Recovery:
    """What lark calls at each syntax error: reports it, mends the parser's state, goes on."""

    def __init__(self, text: str, reporter: Reporter, what: str = "schedule") -> None:
        self.text = text
        self.reporter = reporter
        self.what = what
        self.errors = 0
        self._dropped: tuple[int, int] | None = None

    def __call__(self, error: UnexpectedInput) -> bool:
        self.errors += 1
        if self.errors > MAX_SYNTAX_ERRORS:
            return False
        if isinstance(error, UnexpectedCharacters):
            self._stray(error)
            return True
        assert isinstance(error, UnexpectedToken)
        parser: Any = error.interactive_parser
        token = error.token
        if len(parser.parser_state.value_stack) > MAX_PENDING_TOKENS:
            # Finding out what would be accepted takes as long as there is much to be completed.
            start = min(token.start_pos or len(self.text), len(self.text) - 1)
            _too_deep(Span(start, start + 1), self.reporter)
            return False
        accepted = frozenset(parser.accepts())
        if token.type == "$END":
            start = len(self.text)
            only_brackets = self._follows_dropped(start)
            syntax_errors.unexpected_end(self.text, accepted, only_brackets, self.reporter)
            return self._close(parser)
        assert token.start_pos is not None
        if token.type == "COMPARE" and len(token) == 1:
            self._instead(parser, token.start_pos)  # outside a condition it is a stray character
            return True
        if not self._follows_dropped(token.start_pos):
            syntax_errors.unexpected_token(self.text, token, accepted, self.reporter)
        self._mend(parser, token)
        return True

    def _stray(self, error: UnexpectedCharacters) -> None:
        """Report a character that begins no word, or an interpolation."""
        start = error.pos_in_stream
        assert start is not None
        parser: Any = error.interactive_parser
        interpolation = syntax_errors.interpolation(self.text, start, self.reporter)
        if interpolation is not None:
            parser.lexer_thread.state.line_ctr.feed(interpolation)
            if "MISSING" in parser.accepts():
                parser.feed_token(Token("MISSING", "", start, end_pos=start + len(interpolation)))
            return
        self._instead(parser, start)

    def _instead(self, parser: Any, start: int) -> None:
        """Report a stray character and read the operator that it was meant to be, or nothing."""
        syntax_errors.stray_character(self.text, start, self.reporter)
        meant = _OPERATORS.get(syntax_errors.INSTEAD.get(self.text[start], ""))
        if meant is not None and meant in parser.accepts():
            parser.feed_token(Token(meant, "", start, end_pos=start + 1))
        else:
            self._drop(start, start + 1)

    def _drop(self, start: int, stop: int) -> None:
        self._dropped = self._dropped or (start, stop)
        self._dropped = (self._dropped[0], stop)

    def _follows_dropped(self, start: int) -> bool:
        """Whether what was left out lies right before `start`: then one complaint is enough."""
        if self._dropped is None or self.text[self._dropped[1] : start].strip():
            self._dropped = None
            return False
        return True

    def _mend(self, parser: Any, token: Token) -> None:
        """Feed what is missing before `token`, then `token`; or leave `token` out."""
        other = {"RPAR": "RSQB", "RSQB": "RPAR"}.get(token.type)
        if other is not None and other in parser.accepts():
            parser.feed_token(Token.new_borrow_pos(other, "", token))
            return
        for inserts in ((), *((m,) for m in _INSERTS), *itertools.product(_INSERTS, repeat=2)):
            trial = parser.copy(deepcopy_values=False)
            if _feed(trial, (*inserts, token.type), token):
                _feed(parser, inserts, token)
                parser.feed_token(token)
                return
        assert token.start_pos is not None
        assert token.end_pos is not None
        self._drop(token.start_pos, token.end_pos)

    def _close(self, parser: Any) -> bool:
        """Complete what the end of the text left open."""
        position = len(self.text)
        for _ in range(3 * MAX_DEPTH):
            accepted = parser.accepts()
            if "$END" in accepted:
                break
            missing = next(
                (c for c in ("MISSING", "RPAR", "RSQB", "COLON", "ELSE") if c in accepted), None
            )
            if missing is None:
                return False
            parser.feed_token(Token(missing, "", position, end_pos=position))
        return True

    def give_up(self, error: UnexpectedInput) -> None:
        """Make sure that something was reported when no repair helped."""
        if not self.reporter.diagnostics:
            position = error.pos_in_stream or 0
            span = Span(position, position + 1)
            self.reporter.report(diag.UNEXPECTED, f"this is no {self.what}", span)


_INSERTS = ("MISSING", "COMMA", "THEN", "COLON")
"""What may be missing before a token, likeliest first."""

_OPERATORS = {">>": "THEN", "**": "POWER", "*": "STAR", "-": "MINUS", "/": "SLASH"}


def _feed(parser: Any, types: tuple[str, ...], where: Token) -> bool:
    """Feed empty tokens of these types, placed at `where`; False when one does not fit."""
    try:
        for type_ in types:
            parser.feed_token(Token.new_borrow_pos(type_, "", where))
    except UnexpectedToken:
        return False
    return True


@functools.cache
def _lark() -> Lark:
    grammar = (folder("grammar") / "lrdsl.lark").read_text(encoding="utf-8")
    # Reading the tables that lark made before takes a tenth of the time of making them. lark keys
    # the file by grammar, version and options, and makes it anew when it does not fit.
    cache = private_cache("lrdsl.lark-cache")
    return Lark(
        grammar,
        parser="lalr",
        start=["start", "library"],
        lexer="contextual",
        transformer=_Build(),
        cache=False if cache is None else str(cache),
    )


def _span(token: Token) -> Span:
    assert token.start_pos is not None
    assert token.end_pos is not None
    return Span(token.start_pos, token.end_pos)


def _parts(children: Children) -> tuple[ast.Node, ...]:
    """The nodes among `children`, without the commas and brackets."""
    return tuple([child for child in children if isinstance(child, ast.Node)])


class _Build(Transformer[Token, Any]):
    """Makes the nodes while lark reduces, so that no lark tree is ever built."""

    def start(self, children: Children) -> ast.Node:
        (node,) = children
        assert isinstance(node, ast.Node)
        return node

    def number(self, children: Children) -> ast.Node:
        return read_number(str(children[0]), _span(children[0]))

    def name(self, children: Children) -> ast.Node:
        (token,) = children
        word = PYTHON.get(token, str(token))
        if word in KEYWORDS:
            return ast.Keyword(word, span=_span(token))
        return ast.Name(str(token), span=_span(token))

    def default(self, children: Children) -> ast.Node:
        return ast.Default(span=_span(children[0]))

    def string(self, children: Children) -> ast.Node:
        return ast.String(str(children[0])[1:-1], span=_span(children[0]))

    def missing(self, children: Children) -> ast.Node:
        return ast.Faulty(span=_span(children[0]))

    def group(self, children: Children) -> ast.Node:
        opening, node, closing = children
        node = ast.at(node, _span(opening).to(_span(closing)))
        assert isinstance(node, ast.Node)
        return node

    def list(self, children: Children) -> ast.Node:
        return ast.List(_parts(children), span=_span(children[0]).to(_span(children[-1])))

    def keyword(self, children: Children) -> ast.Argument:
        name, _, value = children
        return ast.Argument(value, str(name), _span(name), span=_span(name).to(value.span))

    def call(self, children: Children) -> ast.Node:
        name = ast.Name(str(children[0]), span=_span(children[0]))
        arguments = tuple(
            [
                part if isinstance(part, ast.Argument) else ast.Argument(part, span=part.span)
                for part in children[2:-1:2]  # none of the commas and brackets
            ]
        )
        return ast.Call(name, arguments, span=name.span.to(_span(children[-1])))

    def entry(self, children: Children) -> ast.Entry:
        start, _, stop, _, star, value = children
        return ast.Entry(start, stop, star is not None, value, span=start.span.to(value.span))

    def splice(self, children: Children) -> ast.Name:
        (token,) = children
        return ast.Name(str(token), span=_span(token))

    def bracket(self, children: Children) -> ast.Node:
        name = ast.Name(str(children[0]), span=_span(children[0]))
        entries = tuple([part for part in children if isinstance(part, (ast.Entry, ast.Name))])
        return ast.Bracket(name, entries, span=name.span.to(_span(children[-1])))

    def pipe(self, children: Children) -> ast.Node:
        return ast.pipe(*children[::2])

    def chain(self, children: Children) -> ast.Node:
        return ast.chain(*children[::2])

    def sum(self, children: Children) -> ast.Node:
        return ast.arithmetic(tuple(map(str, children[1::2])), tuple(children[::2]))

    product = sum

    def negative(self, children: Children) -> ast.Node:
        minus, operand = children
        return ast.Negative(operand, span=_span(minus).to(operand.span))

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
        return ast.Not(operand, span=_span(word).to(operand.span))

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
        return DefinedParameter(str(name), _span(name), words, default)

    def definition(self, children: Children) -> Definition:
        _, name, *others = children
        parameters = tuple([part for part in others if isinstance(part, DefinedParameter)])
        return Definition(str(name), _span(name), parameters, others[-1])

    def bracket_definition(self, children: Children) -> Definition:
        _, name, _, entries, *others = children
        parameter = DefinedParameter(str(entries), _span(entries))
        return Definition(str(name), _span(name), (parameter,), others[-1], bracket=True)

    def modifiers(self, children: Children) -> ast.Node:
        parts = _parts(children)
        return ast.Modifiers(parts, span=_span(children[0]).to(parts[-1].span))

    def field(self, children: Children) -> tuple[ast.Name, ast.Node]:
        name, _, value = children
        return ast.Name(str(name), span=_span(name)), value

    def program(self, children: Children) -> ast.Node:
        fields = [child for child in children if isinstance(child, tuple)]
        span = _span(children[0]).to(_span(children[-1]))
        names = tuple([name for name, _ in fields])
        return ast.Program(names, tuple([value for _, value in fields]), span=span)
