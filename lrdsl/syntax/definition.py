"""Definitions: names for expressions with parameters."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field

from lrdsl.diagnostics import NOWHERE, Site, Span
from lrdsl.syntax.ast import Modifiers, Negative, Node, Number, Program
from lrdsl.syntax.trivia import NO_TRIVIA, Trivia
from lrdsl.syntax.unparse import unparse


@dataclass(frozen=True, slots=True, eq=False)
class DefinedParameter(Node, label=("name", "words", "default", "bounds")):
    """A parameter of a definition.

    `words` are the words that it accepts, if it accepts no others; `bounds` the least and the
    largest number, nodes or None, if it has such; `default` is None if the parameter is required.
    """

    name: str
    words: tuple[str, ...] = ()
    default: Node | None = None
    bounds: tuple[Node | None, Node | None] | None = None
    name_span: Span = field(default=NOWHERE, kw_only=True, repr=False)

    @property
    def declaration(self) -> str:
        """The parameter as a definition declares it."""
        if not self.words and self.bounds is None:
            return str(self)
        default = "" if self.default is None else f" = {unparse(self.default)}"
        return f"{self.name} in {self.domain}{default}"

    @property
    def domain(self) -> str:
        """The arguments that it accepts, as a definition declares them; "" for any."""
        if self.bounds is None:
            return f"[{', '.join(self.words)}]" if self.words else ""
        low, high = ["" if bound is None else unparse(bound) for bound in self.bounds]
        return f"{low}..{high}"

    @property
    def limits(self) -> tuple[float, float] | None:
        """The least and the largest number that it accepts; None without bounds."""
        if self.bounds is None:
            return None
        low, high = [None if bound is None else number_of(bound) for bound in self.bounds]
        return -math.inf if low is None else low, math.inf if high is None else high

    def __str__(self) -> str:
        return self.name if self.default is None else f"{self.name}={unparse(self.default)}"


def number_of(node: Node) -> float | None:
    """The number that a node is as written; None for any other node, and one with a unit.

    >>> number_of(Negative(Number(2.0)))
    -2.0
    """
    match node:
        case Number(value=value, unit=""):
            return value
        case Negative(operand=operand):
            number = number_of(operand)
            return None if number is None else -number
    return None


@dataclass(frozen=True)
class Definition:
    """`def name(parameters) = body`, or `def name[entries] = body`.

    `span` is that of the name; `source` is the text that spans count in, `file` its name for
    messages, `home` its whole path if `lrdsl.load` read it, `doc` the comment directly above.
    """

    name: str
    span: Span = field(compare=False, repr=False)
    parameters: tuple[DefinedParameter, ...]
    body: Node
    bracket: bool = False
    source: str = field(default="", compare=False, repr=False)
    file: str = field(default="", compare=False, repr=False)
    home: str = field(default="", compare=False, repr=False)
    doc: str = field(default="", compare=False, repr=False)
    header_span: Span = field(default=NOWHERE, kw_only=True, compare=False, repr=False)
    """From `def` to the bracket before `=`."""
    trivia: Trivia = field(default=NO_TRIVIA, kw_only=True, compare=False, repr=False)

    @property
    def is_modifier(self) -> bool:
        """Whether it is called as a modifier, after `|`."""
        return isinstance(self.body, Modifiers)

    @property
    def program(self) -> Program | None:
        """The schedules of several hyperparameters, if it defines a program."""
        return self.body if isinstance(self.body, Program) else None

    @property
    def expressions(self) -> tuple[Node, ...]:
        """The trees in it: the body and the defaults."""
        return (self.body, *[p.default for p in self.parameters if p.default is not None])

    @property
    def signature(self) -> str:
        """The call with all parameters.

        >>> from lrdsl.syntax.parser import parse_definitions
        >>> parse_definitions("def half(a, n=5) = linear(a, a/2, n)")[0].signature
        'half(a, n=5)'
        """
        inside = ", ".join(map(str, self.parameters))
        return f"{self.name}[{inside}]" if self.bracket else f"{self.name}({inside})"

    def site(self, span: Span) -> Site:
        """A place in the definition, for a message."""
        return Site(self.name, self.source, self.file, span.start, span.stop)

    @property
    def header(self) -> str:
        """The text left of the `=`."""
        inside = ", ".join([parameter.declaration for parameter in self.parameters])
        return f"def {self.name}[{inside}]" if self.bracket else f"def {self.name}({inside})"

    def __str__(self) -> str:
        """The definition as canonical text."""
        return f"{self.header} = {unparse(self.body)}"


_ABOVE = re.compile(r"(?:^|\n)((?:[ \t]*#[^\n]*\n)+)[ \t]*\Z")


def doc_above(text: str, start: int) -> str:
    """The comment on the lines right above a place.

    >>> doc_above("# Half\\n# of it.\\ndef half(a) = a / 2", 16)
    'Half\\nof it.'
    """
    found = _ABOVE.search(text, 0, start)
    if found is None:
        return ""
    lines = [line.strip().removeprefix("#") for line in found[1].strip().split("\n")]
    return "\n".join([line.removeprefix(" ") for line in lines])
