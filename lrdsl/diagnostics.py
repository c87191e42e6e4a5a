"""Diagnostics: the mistakes of a spec, their places, and the text to write instead.

A `Diagnostic` has a `Problem` (stable code, name, severity), one sentence, the `Span` of the
mistake and, where one exists, a fix. `SpecError` is the one exception of lrdsl; it carries all
diagnostics of a spec.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

Severity = Literal["error", "warning", "hint"]


class Site(NamedTuple):
    """A place in a definition: the characters `start` to `stop` of its `source`.

    `name` is the definition's; `file` is the file that it was read from, "" if there is none.
    """

    name: str
    source: str
    file: str
    start: int
    stop: int


class Span(NamedTuple):
    """A stretch of a spec's text: characters `start` up to, not including, `stop`.

    A node that expansion made has the span of the call, or of the argument; `sites` are the places
    in the definitions that it came through, the outermost first.
    """

    start: int
    stop: int
    sites: tuple[Site, ...] = ()

    def to(self, other: Span) -> Span:
        """The span from the start of this one to the end of `other`."""
        return Span(self.start, other.stop, self.sites)


NOWHERE = Span(-1, -1)
"""The span of a node without text, such as an argument of a Python call."""


class SourceMappedText(str):
    """Text made from data, such as a tree of a config.

    `places` are stretches of the text, each with its place in the data, the outer ones first.

    >>> text = SourceMappedText("hold(5)", [(Span(0, 7), "lr"), (Span(5, 6), "lr.hold.steps")])
    >>> text.place(Span(5, 6)), text.place(Span(0, 4))
    ('lr.hold.steps', 'lr')
    """

    places: tuple[tuple[Span, str], ...]

    def __new__(cls, text: str, places: Iterable[tuple[Span, str]] = ()) -> SourceMappedText:
        made = super().__new__(cls, text)
        made.places = tuple(places)
        return made

    def place(self, span: Span) -> str:
        """The place of the smallest part of the data that a span is within, "" if unknown."""
        around = [
            (each.stop - each.start, -i)
            for i, (each, _) in enumerate(self.places)
            if each.start <= span.start and span.stop <= each.stop
        ]
        return self.places[-min(around)[1]][1] if around else ""

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        return str, (str(self),)  # the places are for messages alone


def place_in(source: str, span: Span) -> str:
    """The place in the data of a stretch of text made from it; "" for other text."""
    return source.place(span) if isinstance(source, SourceMappedText) else ""


class Problem(NamedTuple):
    """A kind of mistake. Its code is stable; its name is for reading."""

    code: str
    name: str
    severity: Severity = "error"


# Text that is no spec.
EMPTY = Problem("LR101", "empty")
STRAY_CHARACTER = Problem("LR102", "stray-character")
UNEXPECTED = Problem("LR103", "unexpected")
UNCLOSED = Problem("LR104", "unclosed-bracket")
UNOPENED = Problem("LR105", "unopened-bracket")
INCOMPLETE = Problem("LR106", "incomplete")
BAD_NUMBER = Problem("LR107", "bad-number")
TOO_LONG = Problem("LR108", "too-long")
TOO_DEEP = Problem("LR109", "too-deep")
TOO_MANY_MISTAKES = Problem("LR110", "too-many-mistakes")

# Names and arguments.
UNKNOWN_NAME = Problem("LR201", "unknown-name")
BARE_NAME = Problem("LR202", "bare-name")
WRONG_PLACE = Problem("LR203", "wrong-place")
TOO_MANY_ARGUMENTS = Problem("LR204", "too-many-arguments")
MISSING_ARGUMENT = Problem("LR205", "missing-argument")
UNKNOWN_PARAMETER = Problem("LR206", "unknown-parameter")
REPEATED_ARGUMENT = Problem("LR207", "repeated-argument")
CONFLICTING_ARGUMENTS = Problem("LR208", "conflicting-arguments")
WRONG_KIND = Problem("LR209", "wrong-kind")
OUT_OF_RANGE = Problem("LR210", "out-of-range")
UNSORTED = Problem("LR211", "unsorted")

# What the context must supply.
UNBOUND = Problem("LR301", "unbound-variable")
NEEDS_CONTEXT = Problem("LR302", "needs-context")
BAD_CONTEXT = Problem("LR303", "bad-context")

# Lengths.
NO_LENGTH = Problem("LR401", "no-length")
TWO_OPEN = Problem("LR402", "two-open-segments")
NEVER_ENDS = Problem("LR403", "never-ends")
BAD_LENGTH = Problem("LR404", "bad-length")
NO_REST = Problem("LR405", "no-rest")
FRACTIONAL = Problem("LR406", "fractional-updates")

# Arithmetic.
DIVISION_BY_ZERO = Problem("LR501", "division-by-zero")
OVERFLOW = Problem("LR502", "overflow")
NOT_FINITE = Problem("LR503", "not-finite")
BAD_ARITHMETIC = Problem("LR504", "bad-arithmetic")

# Definitions. LR6xx are about the use from Python.
DUPLICATE_NAME = Problem("LR701", "duplicate-name")
RECURSION = Problem("LR702", "recursion")
UNUSED_PARAMETER = Problem("LR703", "unused-parameter")
NOT_DEFINED_YET = Problem("LR704", "not-defined-yet")
BAD_FILE = Problem("LR705", "bad-file")
BAD_CONDITION = Problem("LR706", "bad-condition")

# Use from Python.
BAD_STEP = Problem("LR601", "bad-step")
BAD_SPEC = Problem("LR602", "bad-spec")
BAD_STATE = Problem("LR603", "bad-state")
BAD_GROUP = Problem("LR604", "bad-parameter-group")
BAD_METRIC = Problem("LR605", "bad-metric")
BAD_SHAPE = Problem("LR606", "bad-shape")
BAD_SETTING = Problem("LR607", "bad-setting")
BAD_CONFIG = Problem("LR608", "bad-config")
BAD_LOG = Problem("LR609", "bad-log")

# A mistake of lrdsl itself.
INTERNAL = Problem("LR901", "internal")

_MARGIN = 60
"""Characters of a long line shown on each side of a mistake."""


@dataclass(frozen=True)
class Diagnostic:
    """One mistake in a spec, its context or its use.

    `message` is one sentence without a final stop. `fix` says what to write instead, as it reads
    after the carets; `replacement`, where given, is the very text to put in place of the span.

    >>> print(Diagnostic(UNKNOWN_NAME, "there is no shape `cosin`", Span(0, 5), "cosin(1, 0, 9)",
    ...                  fix="did you mean `cosine`?", replacement="cosine").render())
    error[LR201]: there is no shape `cosin`
      | cosin(1, 0, 9)
      | ^^^^^ did you mean `cosine`?
    """

    problem: Problem
    message: str
    span: Span = NOWHERE
    source: str = ""
    fix: str | None = None
    replacement: str | None = None
    file: str = ""
    """The name of the file that `source` was read from, "" if there is none."""
    place: str = ""
    """The place in the data that `source` was made from: `chain[1].cosine.steps`; else ""."""

    @property
    def code(self) -> str:
        """The stable code, `LR201` for example."""
        return self.problem.code

    @property
    def name(self) -> str:
        """The problem's readable name, `unknown-name` for example."""
        return self.problem.name

    @property
    def severity(self) -> Severity:
        """`error`, `warning` or `hint`."""
        return self.problem.severity

    @property
    def position(self) -> tuple[int, int] | None:
        """Line and column in the source, both from 1; None where there is no text."""
        if self.span == NOWHERE:
            return None
        before = self.source[: self.span.start]
        return before.count("\n") + 1, self.span.start - (before.rfind("\n") + 1) + 1

    def render(self) -> str:
        """The diagnostic as shown to the user: sentence, source line, carets and fix."""
        head = f"{self.severity}[{self.code}]: {printable(self.message)}"
        if self.file:
            head += f"\n  in {printable(self.file)}:"
        if self.place:
            head += f"\n  at {printable(self.place)}:"
        position = self.position
        if position is None:
            return head if self.fix is None else f"{head}\n  = {self.fix}"
        line_number, column = position
        line = self.source.split("\n")[line_number - 1]
        width = max(1, min(self.span.stop - self.span.start, len(line) - column + 1))
        text, lead, carets = _excerpt(line, column - 1, width)
        gutter = f"{line_number} " if "\n" in self.source.strip() else ""
        note = f" {self.fix}" if self.fix else ""
        marks = f"{' ' * len(gutter)}| {' ' * lead}{'^' * carets}{note}"
        shown = f"{head}\n  {gutter}| {text}\n  {marks}"
        return "\n".join([shown, *map(_trace, self.span.sites)])

    def to_dict(self) -> dict[str, Any]:
        """The diagnostic as plain data, ready for JSON."""
        line, column = self.position or (None, None)
        start, stop = (None, None) if self.span == NOWHERE else self.span[:2]
        return {
            "code": self.code,
            "name": self.name,
            "severity": self.severity,
            "message": self.message,
            "start": start,
            "stop": stop,
            "line": line,
            "column": column,
            "fix": self.fix,
            "replacement": self.replacement,
            "definitions": [site.name for site in self.span.sites],
            "file": self.file or None,
            "place": self.place or None,
        }


def _trace(site: Site) -> str:
    """The place in a definition that an error comes from, as shown to the user."""
    here = Diagnostic(EMPTY, "", Span(site.start, site.stop), site.source)
    _, *excerpt = here.render().split("\n")
    where = f", {site.file}" if site.file else ""
    return "\n".join([f"  in the definition of `{site.name}`{where}:", *excerpt])


def _excerpt(line: str, start: int, width: int) -> tuple[str, int, int]:
    """The part of a line to show, the columns before the carets, and the number of carets."""
    stop = start + width
    first, last = max(0, start - _MARGIN), min(len(line), min(stop, start + _MARGIN) + _MARGIN)
    left = "…" if first > 0 else ""
    right = "…" if last < len(line) else ""
    shown = printable(line[first:last])
    marked = line[start : min(stop, last)]
    lead = len(left) + _columns(line[first:start])
    return f"{left}{shown}{right}", lead, max(1, _columns(marked))


def counted(count: int, noun: str) -> str:
    """A number of things, with the noun in the plural where it belongs.

    >>> counted(1, "error"), counted(0, "file")
    ('1 error', '0 files')
    """
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def printable(text: str) -> str:
    """The text with spaces for control characters, which a terminal would obey."""
    return "".join(c if c.isprintable() else " " for c in text)


def _columns(text: str) -> int:
    """The terminal columns of a text: East Asian wide characters take two, combining marks none."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


class SpecError(ValueError):
    """Mistakes in a spec, its context or its use; `diagnostics` has all of them.

    >>> raise SpecError([Diagnostic(EMPTY, "the spec is empty")])
    Traceback (most recent call last):
    lrdsl.diagnostics.SpecError: error[LR101]: the spec is empty
    """

    diagnostics: tuple[Diagnostic, ...]

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__("\n".join(d.render() for d in self.diagnostics))

    def __repr__(self) -> str:
        # Code that wraps errors shows their repr, such as Hydra's `instantiate`: the carets must be
        # under their words there too.
        return f"{type(self).__name__}:\n{self}"

    def __reduce__(self) -> tuple[type[SpecError], tuple[tuple[Diagnostic, ...]]]:
        return type(self), (self.diagnostics,)


def spec_error(problem: Problem, message: str, *, fix: str | None = None) -> SpecError:
    """A `SpecError` about a Python call, where there is no text to point at."""
    return SpecError([Diagnostic(problem, message, fix=fix)])


MAX_REPORTED = 100
"""Diagnostics beyond this number are counted, not shown."""


def in_order(found: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Diagnostics of one source in the order of its text; the count of further ones comes last."""
    last = TOO_MANY_MISTAKES.code
    return sorted(found, key=lambda d: (d.code == last, *d.span[:2], d.code))


class Mistake(NamedTuple):
    """A mistake as the parser or a stage of the compiler notes it, without the text it is in."""

    problem: Problem
    message: str
    span: Span
    suggestion: tuple[str | None, str | None] | None = None
    """A fix with its replacement, which comes before `fix` where there is one."""
    fix: str | None = None


class Reporter:
    """Collects the diagnostics of one source, each once, in the order of the text."""

    def __init__(self, source: str, file: str = "") -> None:
        self.source = source
        self.file = file
        self._found: dict[tuple[object, ...], Diagnostic] = {}
        self._more = 0

    def report(self, mistake: Mistake) -> None:
        """Add a mistake; a second one of the same kind about the same place is dropped."""
        problem, message, span, suggestion, fix = mistake
        # A call can lead to several mistakes in its definition, and to one of them many times.
        key = (problem, span.start, span.stop, message if span.sites else "")
        if key in self._found:
            return
        if len(self._found) >= MAX_REPORTED:
            self._more += 1
            return
        fix, replacement = suggestion or (fix, None)
        source, file, place = self.source, self.file, place_in(self.source, span)
        if span.sites or isinstance(source, SourceMappedText):  # the text there is not the user's
            replacement = None
        self._found[key] = Diagnostic(problem, message, span, source, fix, replacement, file, place)

    def report_all(self, mistakes: Iterable[Mistake]) -> None:
        """Add the mistakes that a stage has found."""
        for mistake in mistakes:
            self.report(mistake)

    @property
    def diagnostics(self) -> Sequence[Diagnostic]:
        """The diagnostics so far, in the order of the text."""
        found = in_order(self._found.values())
        if self._more:
            found.append(self._others_like(found[0]))
        return found

    def _others_like(self, shown: Diagnostic) -> Diagnostic:
        """The count of further mistakes, or of further findings of the same rule."""
        if shown.severity == "error":
            return Diagnostic(TOO_MANY_MISTAKES, f"there are {self._more} mistakes more")
        problem = TOO_MANY_MISTAKES._replace(severity=shown.severity)
        return Diagnostic(problem, f"there are {self._more} findings more of `{shown.name}`")

    def check(self) -> None:
        """Raise a `SpecError` if there is any diagnostic."""
        if self._found:
            raise SpecError(self.diagnostics)
