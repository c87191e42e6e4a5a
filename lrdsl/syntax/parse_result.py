"""The result of a parse."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from lrdsl.diagnostics import Diagnostic, Mistake, Reporter, Span, SpecError
from lrdsl.syntax.trivia import Comments


class ParseResult(NamedTuple):
    """The value of the grammar's start rule, and what the value leaves out."""

    value: Any = None
    """The tree of a spec, or the definitions of a library; None if the text has none."""
    comments: Comments = ()
    """The comments, in the order of the text."""
    brackets: Mapping[Span, Span] = MappingProxyType({})
    """The span of each expression in round brackets, and the span between them."""
    mistakes: tuple[Mistake, ...] = ()
    """The syntax errors, in the order in which they were found."""
    text: str = ""
    file: str = ""
    """The file that the text was read from, "" if there is none."""

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """The syntax errors, in the order of the text."""
        return tuple(Reporter(self.text, self.file).report_all(self.mistakes).diagnostics)

    def checked(self) -> ParseResult:
        """The result itself; `SpecError` with every syntax error if there is any."""
        if self.mistakes:
            raise SpecError(self.diagnostics)
        return self
