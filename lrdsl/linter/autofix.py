"""Safe fixes: replacements that rules offer, applied where they do what they promise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import NamedTuple

from lrdsl.diagnostics import NOWHERE
from lrdsl.linter.config import Project
from lrdsl.linter.discovery import find, leads_out
from lrdsl.linter.lint_source import lint_source
from lrdsl.linter.ownership import Ownership
from lrdsl.linter.patching import CannotWrite, replace_in
from lrdsl.linter.read_source import read_file, read_text
from lrdsl.linter.result import LintResult
from lrdsl.linter.rule import RULES
from lrdsl.linter.source_file import LocatedDiagnostic, SourceFile, TextEdit, Unreadable
from lrdsl.util import atomic_write, guarded_read

MAX_FIX_ROUNDS = 100
"""Fixes of one spec that a call makes; more are left to the next call."""


class FixResult(NamedTuple):
    """A file's text after the fixes, and how many there were."""

    text: str
    fixes: int


def fix(
    file: SourceFile, project: Project, narrowed: Callable[[SourceFile], SourceFile] | None = None
) -> FixResult:
    """The text of a file after all safe fixes; nothing is written.

    `narrowed` says which of the specs in a file may be changed.

    Only the replacements of lint rules are applied: that `cosin` was meant to be `cosine` is a
    guess. Each fix is tried. It stays if the file can still be read, the violation is gone, and no
    error has appeared.
    """
    file = narrowed(file) if narrowed else file
    found: list[LocatedDiagnostic] = lint_source(file, project)
    refused: set[tuple[object, ...]] = set()
    fixes = 0
    for _ in range(MAX_FIX_ROUNDS):
        # One of each spec at a time: the places of the others are different after it.
        fixable = {x.snippet: x for x in found if _is_fixable(x) and _key(x) not in refused}
        batch = list(fixable.values())
        if not batch:
            break
        for tried in [batch] if len(batch) == 1 else [batch, *[[one] for one in batch]]:
            after = _after(file, found, tried, project, narrowed)
            if after is not None:
                file, found = after
                fixes += len(tried)
                break
            if len(tried) == 1:
                refused.add(_key(tried[0]))
    return FixResult(file.text, fixes)


def fixed_files(paths: Iterable[str], project: Project) -> Iterator[tuple[SourceFile, FixResult]]:
    """The files that have safe fixes, with what comes out; unreadable ones are left out."""
    named = [*paths]
    ownership = Ownership(named, project)
    for path in find(named, project.exclude):
        with suppress(Unreadable):
            file = read_file(path)
            fixed = fix(file, project, ownership.narrowed)
            if fixed.fixes:
                yield file, fixed


def available_fixes(result: LintResult, project: Project) -> LintResult:
    """The result with the fix of each diagnostic, as `fix` would make it for that one alone."""
    by_path: dict[str, list[LocatedDiagnostic]] = {}
    for each in result.found:
        by_path.setdefault(each.path, []).append(each)
    fixes = {}
    for path, found in by_path.items():
        file = result.files[path]
        for each in filter(_is_fixable, found):
            after = _after(file, found, [each], project)
            if after is not None:
                fixes[each] = TextEdit.between(file.text, after[0].text)
    return replace(result, fixes=fixes)


def _is_fixable(found: LocatedDiagnostic) -> bool:
    diagnostic = found.diagnostic
    return (
        found.snippet.writable
        and diagnostic.replacement is not None
        and diagnostic.span != NOWHERE
        and diagnostic.source == found.snippet.text
        and RULES.get(diagnostic.name) is not None
    )


def _key(found: LocatedDiagnostic) -> tuple[object, ...]:
    """A key of a diagnostic that stays the same when its spec moves in the file."""
    return found.diagnostic.source, found.diagnostic.span, found.diagnostic.code


def _after(
    file: SourceFile,
    found: Sequence[LocatedDiagnostic],
    tried: Sequence[LocatedDiagnostic],
    project: Project,
    narrowed: Callable[[SourceFile], SourceFile] | None = None,
) -> tuple[SourceFile, list[LocatedDiagnostic]] | None:
    """The file after some fixes, with its diagnostics; None if the fixes are to be refused."""
    try:
        edits = [(x.snippet, *x.diagnostic.span[:2], x.diagnostic.replacement or "") for x in tried]
        changed = read_text(file.path, replace_in(file, edits))
        changed = narrowed(changed) if narrowed else changed
    except (CannotWrite, Unreadable):
        return None
    then = lint_source(changed, project)
    wanted = Counter([x.diagnostic.code for x in found])
    wanted.subtract([x.diagnostic.code for x in tried])
    left = Counter([x.diagnostic.code for x in then])
    if any([left[each.diagnostic.code] > wanted[each.diagnostic.code] for each in tried]):
        return None
    return (changed, then) if _errors(then) <= _errors(found) else None


def _errors(found: Sequence[LocatedDiagnostic]) -> Counter[str]:
    return Counter([x.diagnostic.message for x in found if x.diagnostic.severity == "error"])


def check_place(file: SourceFile, named: Iterable[str]) -> None:
    """Raise Unreadable if a file to be changed was not named, and lies outside what was."""
    if leads_out(file.path, named):
        why = "this link leads out of the folders that were named"
        raise Unreadable(f"{file.path}: {why}, and is left as it is")


def write(file: SourceFile, text: str) -> None:
    """Write the new text of a file, all of it or nothing.

    Raises Unreadable if the file has changed since it was read, or cannot be written.
    """
    try:
        if guarded_read.read_bytes(file.path) != file.text.encode():
            raise Unreadable(f"{file.path}: it has changed meanwhile, and is left as it is")
        atomic_write.write(file.path, text.encode())
    except guarded_read.CannotRead as error:
        raise Unreadable(f"{file.path}: {error.why}") from None
    except OSError as error:
        raise Unreadable(f"{file.path}: it cannot be written: {error.strerror}") from None
