"""What a definition is: a name for an expression with parameters."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lrdsl.diagnostics import Site, Span
from lrdsl.syntax.ast import Modifiers, Node, Program
from lrdsl.syntax.unparse import write


@dataclass(frozen=True)
class DefinedParameter:
    """A parameter of a definition.

    `words` are what it may be, if it is one of a few words; `default` is None if it must be given.
    """

    name: str
    span: Span = field(compare=False, repr=False)
    words: tuple[str, ...] = ()
    default: Node | None = None

    @property
    def written(self) -> str:
        """The parameter as a definition declares it."""
        if not self.words:
            return str(self)
        default = "" if self.default is None else f" = {write(self.default)}"
        return f"{self.name} in [{', '.join(self.words)}]{default}"

    def __str__(self) -> str:
        return self.name if self.default is None else f"{self.name}={write(self.default)}"


@dataclass(frozen=True)
class Definition:
    """`def name(parameters) = body`, or `def name[entries] = body`.

    `source` is the text that the spans count in, `file` its name for messages, `doc` the comment
    that stands right above the definition.
    """

    name: str
    span: Span = field(compare=False, repr=False)
    parameters: tuple[DefinedParameter, ...]
    body: Node
    bracket: bool = False
    source: str = field(default="", compare=False, repr=False)
    file: str = field(default="", compare=False, repr=False)
    doc: str = field(default="", compare=False, repr=False)

    @property
    def is_modifier(self) -> bool:
        """Whether it stands after `|`."""
        return isinstance(self.body, Modifiers)

    @property
    def program(self) -> Program | None:
        """The schedules of several hyperparameters, if that is what it defines."""
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
    def head(self) -> str:
        """What stands left of the `=`."""
        inside = ", ".join([parameter.written for parameter in self.parameters])
        return f"def {self.name}[{inside}]" if self.bracket else f"def {self.name}({inside})"

    def __str__(self) -> str:
        """The definition as canonical text."""
        return f"{self.head} = {write(self.body)}"


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
