"""Text to tree, with every syntax error of the text.

The parser does not stop at the first error: it reports it, repairs its state by inserting what is
missing or leaving out what does not belong, and parses on.
"""

from __future__ import annotations

import functools
import re
from dataclasses import replace

from lark.exceptions import UnexpectedInput

from lrdsl.diagnostics import Diagnostic, Reporter
from lrdsl.syntax import ast, syntax_errors
from lrdsl.syntax.definition import Definition, doc_above
from lrdsl.syntax.grammar import MAX_CACHED_CHARACTERS, MAX_CHARACTERS, MAX_DEPTH, MAX_NODE_DEPTH
from lrdsl.syntax.lark_parser import ParseResult, run_parser
from lrdsl.syntax.recovery import Recovery

_NOTHING = ParseResult(None, (), {})


def parse_tree(text: str) -> ast.Node:
    """The tree of a spec; `SpecError` with every syntax error if it has any.

    >>> parse_tree("hold(5)")
    Call(name=Name(id='hold'), arguments=(Argument(value=Number(value=5.0, ...),))
    """
    tree: ast.Node = parse_with_comments(text).value
    return tree


def parse_with_comments(text: str) -> ParseResult:
    """The tree of a spec, its comments and its brackets; `SpecError` as `parse_tree` does.

    >>> parse_with_comments("hold(5)  # for a while").comments[0].text
    '# for a while'
    """
    reporter = Reporter(text)
    result = _parse_and_report(text, reporter)
    reporter.check()
    return result


def parse_with_recovery(text: str, reporter: Reporter) -> ast.Node | None:
    """The tree of a spec, repaired where it has syntax errors, which go to `reporter`.

    None if the text cannot be repaired.
    """
    tree: ast.Node | None = _parse_and_report(text, reporter).value
    return tree


def has_valid_syntax(text: str) -> bool:
    """Whether a text is a spec without syntax errors.

    >>> has_valid_syntax("cosin(1)"), has_valid_syntax("cosine(1")
    (True, False)
    """
    reporter = Reporter(text)
    return parse_with_recovery(text, reporter) is not None and not reporter.diagnostics


def _parse_and_report(text: str, reporter: Reporter) -> ParseResult:
    # Programs, the linter and the compiler parse the same texts.
    parse = _parse if len(text) <= MAX_CACHED_CHARACTERS else _parse.__wrapped__
    result, found = parse(text)
    for each in found:
        reporter.add(each)
    return result


@functools.lru_cache(maxsize=64)
def _parse(text: str) -> tuple[ParseResult, tuple[Diagnostic, ...]]:
    reporter = Reporter(text)
    result = _parse_rule(text, "start", "a schedule", reporter)
    if result.value is not None and not _is_sound(result.value, reporter):
        result = _NOTHING
    return result, tuple(reporter.diagnostics)


def _parse_rule(text: str, rule: str, kind: str, reporter: Reporter) -> ParseResult:
    """The result of a start rule of the grammar; without a value if the text has none."""
    if not _is_within_limits(text, reporter):
        return _NOTHING
    recovery = Recovery(text, kind, reporter)
    try:
        return run_parser(text, rule, recovery)
    except UnexpectedInput as error:
        recovery.report_failure(error)
        return _NOTHING


def parse_definitions(text: str, file: str = "") -> tuple[Definition, ...]:
    """The definitions in a text; `SpecError` with every syntax error if it has any.

    >>> [definition.name for definition in parse_definitions("def half(a) = a / 2")]
    ['half']
    """
    definitions: tuple[Definition, ...] = parse_definitions_with_comments(text, file).value
    return definitions


def parse_definitions_with_comments(text: str, file: str = "") -> ParseResult:
    """The definitions in a text, its comments and its brackets; `SpecError` for syntax errors.

    >>> parse_definitions_with_comments("# none yet").comments[0].text
    '# none yet'
    """
    reporter = Reporter(text)
    result = _parse_definitions(text, file, reporter)
    reporter.check()
    return result


def parse_definitions_with_recovery(
    text: str, file: str, reporter: Reporter
) -> tuple[Definition, ...]:
    """The definitions in a text without those that have syntax errors, which go to `reporter`."""
    definitions: tuple[Definition, ...] = _parse_definitions(text, file, reporter).value
    return definitions


def _parse_definitions(text: str, file: str, reporter: Reporter) -> ParseResult:
    result = _parse_rule(text, "library", "a definition", reporter)
    sound: list[Definition] = []
    for definition in result.value or ():
        if all([_is_sound(root, reporter) for root in definition.expressions]):
            doc = doc_above(text, definition.header_span.start)
            sound.append(replace(definition, source=text, file=file, doc=doc))
    return result._replace(value=tuple(sound))


def _is_sound(tree: ast.Node, reporter: Reporter) -> bool:
    """Whether a tree is not too deep; its faulty parts are reported."""
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
        if depth > MAX_NODE_DEPTH:
            syntax_errors.report_too_deep(node.span.start, reporter)
            return False
        # A signal of a pipe is as deep as the pipe has modifiers.
        if isinstance(node, ast.Pipe) and len(node.parts) > MAX_DEPTH:
            syntax_errors.report_too_many_modifiers(node.span.start, reporter)
            return False
    return True


_BRACKET = re.compile(r"#[^\n]*|[(\[]|[)\]]")


def _is_within_limits(text: str, reporter: Reporter) -> bool:
    """Whether a text is short enough, and its brackets are flat enough, to be parsed."""
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_CHARACTERS:
        syntax_errors.report_too_long(size, reporter)
        return False
    if text.count("(") + text.count("[") > MAX_DEPTH:
        depth = 0
        for match in _BRACKET.finditer(text):
            depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(match[0], 0)
            if depth > MAX_DEPTH:
                syntax_errors.report_too_deep(match.start(), reporter)
                return False
    return True
