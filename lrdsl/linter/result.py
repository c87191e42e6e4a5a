"""The result of a lint run, for the reports and the exit code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from lrdsl.compiler.context import RUN
from lrdsl.diagnostics import Severity
from lrdsl.linter.source_file import LocatedDiagnostic, SourceFile, TextEdit
from lrdsl.linter.unchecked import Missing, UncheckedSpec


class Region(NamedTuple):
    """A region of a file; lines and columns are counted from 1.

    The end is just past the last character, in the line of that character.
    """

    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True)
class LintResult:
    """The diagnostics of a lint run, in the order of the files and of their text.

    `files` are the files with diagnostics, by path, as they were read. `unreadable` has a line for
    each file that could not be read. `looked_at` counts the files, `given` the specs that were
    given as text, `configs` the composed configs.
    """

    found: tuple[LocatedDiagnostic, ...] = ()
    files: Mapping[str, SourceFile] = field(default_factory=dict)
    unreadable: tuple[str, ...] = ()
    looked_at: int = 0
    given: int = 0
    configs: int = 0
    unchecked: tuple[UncheckedSpec, ...] = ()
    """The specs that were not checked in full, as facts of the run are not known."""
    notes: tuple[str, ...] = ()
    """A line for each file in a folder that cannot be read, and seems to be no business of ours."""
    overruled: int = 0
    """The specs of whose runs the command line says something else than their files do."""
    fixes: Mapping[LocatedDiagnostic, TextEdit] = field(default_factory=dict)
    """The edit that `--fix` would make for a diagnostic, for that one alone."""

    @classmethod
    def of(cls, parts: Iterable[LintResult]) -> LintResult:
        """Several results as one."""
        every = list(parts)
        return cls(
            tuple([found for part in every for found in part.found]),
            {path: file for part in every for path, file in part.files.items()},
            tuple([line for part in every for line in part.unreadable]),
            sum(part.looked_at for part in every),
            sum(part.given for part in every),
            sum(part.configs for part in every),
            tuple([spec for part in every for spec in part.unchecked]),
            tuple([line for part in every for line in part.notes]),
            sum(part.overruled for part in every),
            {found: patch for part in every for found, patch in part.fixes.items()},
        )

    def region(self, found: LocatedDiagnostic) -> Region:
        """The region of a diagnostic in its file."""
        file = self.files[found.path]
        stop = found.stop
        if stop > found.start and file.text[stop - 1] == "\n":
            stop -= 1
        return Region(*file.position(found.start), *file.position(max(found.start, stop)))

    def count(self, severity: Severity) -> int:
        """The number of diagnostics of a severity."""
        return sum(x.diagnostic.severity == severity for x in self.found)

    @property
    def missing(self) -> dict[str, Missing]:
        """The facts that would let all specs be checked in full, by option of the command line."""
        every = [fact for spec in self.unchecked for fact in spec.missing]
        every.sort(key=lambda fact: RUN.index(fact.name) if fact.name in RUN else len(RUN))
        return {fact.option: fact for fact in reversed(every)}

    @property
    def exit_code(self) -> int:
        """0: nothing but hints. 1: there are warnings or errors. 2: a file could not be read."""
        if self.unreadable:
            return 2
        return 1 if any(x.diagnostic.severity != "hint" for x in self.found) else 0
