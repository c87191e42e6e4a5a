"""Text to tree, with every syntax error of the text.

The parser does not stop at the first error: it notes the error, inserts a missing token or drops a
superfluous one, and parses on.
"""

from __future__ import annotations

import functools
import re
from dataclasses import replace

from lrdsl.diagnostics import Mistake
from lrdsl.syntax import ast, syntax_errors
from lrdsl.syntax.definition import Definition, doc_above
from lrdsl.syntax.grammar import MAX_CACHED_CHARACTERS, MAX_CHARACTERS, MAX_DEPTH, MAX_NODE_DEPTH
from lrdsl.syntax.parse_result import ParseResult
from lrdsl.util.forks import import_late


def parse_spec(text: str) -> ParseResult:
    """The tree of a spec, repaired where it has syntax errors; no value if that is impossible.

    >>> parsed = parse_spec("hold(5  # for a while")
    >>> parsed.diagnostics[0].message, parsed.comments[0].text
    ('this `(` is never closed', '# for a while')
    """
    # Programs, the linter and the compiler parse the same texts.
    parse = _parse_spec if len(text) <= MAX_CACHED_CHARACTERS else _parse_spec.__wrapped__
    return parse(text)


@functools.lru_cache(maxsize=64)
def _parse_spec(text: str) -> ParseResult:
    if text.lstrip().startswith("lambda "):
        advice = import_late("lrdsl.syntax.lambda_advice")
        formula = advice.formula_of_lambda(text)
        is_formula = formula is not None and not _parse_spec(formula).mistakes
        mistake = advice.lambda_mistake(text, formula if is_formula else None)
        return ParseResult(mistakes=(mistake,), text=text)
    result, mistakes = _parse_rule(text, "start", "a schedule")
    if result.value is not None and not _is_sound(result.value, mistakes):
        result = ParseResult()
    return result._replace(mistakes=tuple(mistakes), text=text)


def parse_tree(text: str) -> ast.Node:
    """The tree of a spec; `SpecError` with every syntax error if it has any.

    >>> parse_tree("hold(5)")
    Call(name=Name(id='hold'), arguments=(Argument(value=Number(value=5.0, ...),))
    """
    tree: ast.Node = parse_spec(text).checked().value
    return tree


def parse_library(text: str, file: str = "") -> ParseResult:
    """The definitions in a text, without the ones that cannot be repaired.

    >>> [definition.name for definition in parse_library("def half(a) = a / 2").value]
    ['half']
    """
    result, mistakes = _parse_rule(text, "library", "a definition")
    sound: list[Definition] = []
    for definition in result.value or ():
        if all([_is_sound(root, mistakes) for root in definition.expressions]):
            doc = doc_above(text, definition.header_span.start)
            sound.append(replace(definition, source=text, file=file, doc=doc))
    return result._replace(value=tuple(sound), mistakes=tuple(mistakes), text=text, file=file)


def parse_definitions(text: str, file: str = "") -> tuple[Definition, ...]:
    """The definitions in a text; `SpecError` with every syntax error if it has any.

    >>> [definition.name for definition in parse_definitions("def half(a) = a / 2")]
    ['half']
    """
    definitions: tuple[Definition, ...] = parse_library(text, file).checked().value
    return definitions


def _parse_rule(text: str, rule: str, kind: str) -> tuple[ParseResult, list[Mistake]]:
    """The result of a start rule of the grammar, and the syntax errors."""
    mistake = _find_excess(text)
    if mistake is not None:
        return ParseResult(), [mistake]
    # An app that starts may have no text to parse, and lark takes longer than all the rest of it.
    found: tuple[ParseResult, list[Mistake]]
    found = import_late("lrdsl.syntax.lark_parser").run_parser(text, rule, kind)
    return found


def _is_sound(tree: ast.Node, mistakes: list[Mistake]) -> bool:
    """Whether a tree is not too deep; the mistakes in its faulty parts are added."""
    levels = ast.levels(tree)
    suspects = [
        part for level in levels for part in level if isinstance(part, (ast.Faulty, ast.Pipe))
    ]
    if len(levels) <= MAX_NODE_DEPTH and not suspects:
        return True
    for node, depth in ast.walk(tree):
        if isinstance(node, ast.Faulty) and node.mistake is not None:
            mistakes.append(node.mistake)
        if depth > MAX_NODE_DEPTH:
            mistakes.append(syntax_errors.too_deep(node.span.start))
            return False
        # A signal of a pipe is as deep as the pipe has modifiers.
        if isinstance(node, ast.Pipe) and len(node.parts) > MAX_DEPTH:
            mistakes.append(syntax_errors.too_many_modifiers(node.span.start))
            return False
    return True


_BRACKET = re.compile(r"#[^\n]*|[(\[]|[)\]]")


def _find_excess(text: str) -> Mistake | None:
    """The mistake of a text that is too long, or has too many open brackets, to be parsed."""
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_CHARACTERS:
        return syntax_errors.too_long(size)
    if text.count("(") + text.count("[") > MAX_DEPTH:
        depth = 0
        for match in _BRACKET.finditer(text):
            depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(match[0], 0)
            if depth > MAX_DEPTH:
                return syntax_errors.too_deep(match.start())
    return None
