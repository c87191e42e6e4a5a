"""The formatter: one spelling of spaces, brackets and lines for specs and definitions."""

from __future__ import annotations

from lrdsl.syntax.attach_comments import attach_comments, attach_comments_to_definitions
from lrdsl.syntax.parser import parse_library, parse_spec
from lrdsl.syntax.pretty_print import WIDTH, pretty_print, pretty_print_definition


def format(text: str, width: int = WIDTH) -> str:
    """A spec in its canonical spelling, in lines of at most `width` characters, as far as possible.

    The words are those of `str(lrdsl.parse(text))`. A node that does not fit into a line is broken
    at its operators and commas; so is a node with comments inside. Comments keep their places.
    Formatting changes neither the meaning nor formatted text. Raises `SpecError` with every syntax
    error.

    >>> print(format("warmup(100)>>(cosine(1,1e-3,800))  # one cycle"))
    warmup(100) >> cosine(1, 1e-3, 800)  # one cycle
    >>> print(format("warmup(100) >> # 10%\\ncosine(1, 0, 800)|clip(1e-3, _)"))
    warmup(100)  # 10%
    >> cosine(1, 0, 800)
    | clip(1e-3, _)
    """
    return pretty_print(attach_comments(parse_spec(text).checked()), width)


def format_definitions(text: str, width: int = WIDTH) -> str:
    """The text of a `.lr` file in its canonical spelling; see `format`.

    Comments between definitions keep their places; so do up to two blank lines.

    >>> print(format_definitions("# Half of it.\\ndef half( a )=a/2   # exact\\n"), end="")
    # Half of it.
    def half(a) = a / 2  # exact
    """
    parsed = parse_library(text).checked()
    definitions, below = attach_comments_to_definitions(parsed, text)
    lines: list[str] = []
    for definition in definitions:
        lines += [comment.text for comment in definition.trivia.leading]
        lines.append(pretty_print_definition(definition, width))
    lines += [comment.text for comment in below]
    formatted = "\n".join(lines).strip("\n")
    return f"{formatted}\n" if formatted else ""
