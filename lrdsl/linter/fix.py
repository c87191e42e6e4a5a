"""The safe fixes: replacements that rules offer, put in where they do what they are to do."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from lrdsl.diagnostics import NOWHERE, Diagnostic
from lrdsl.linter.base import RULES
from lrdsl.linter.edit import CannotWrite, Edit, replace_in
from lrdsl.linter.engine import Settings, lint
from lrdsl.linter.found import Located, Snippet, SourceFile, Unreadable


class Fixed(NamedTuple):
    """A file's text after the fixes, and how many there were."""

    text: str
    fixes: int


def fix(
    file: SourceFile,
    found: Iterable[Located],
    settings: Settings,
    context: Mapping[str, Any],
) -> Fixed:
    """The text of a file with what was found in it fixed, as far as that is safe.

    Only lint rules are listened to: that `cosin` was meant to be `cosine` is a guess. Each fix is
    tried first; it counts if the spec can still be read and what was found is gone.
    """
    by_snippet: dict[Snippet, list[Diagnostic]] = {}
    by_place = {(x.start, x.text): x for x in file.snippets if x.writable}
    for located in found:
        if located.snippet is None:
            continue
        snippet = by_place.get((located.snippet.start, located.snippet.text))
        if snippet is not None:
            by_snippet.setdefault(snippet, []).append(located.diagnostic)
    text, count = file.text, 0
    edits: list[Edit] = []
    for snippet, diagnostics in by_snippet.items():
        for edit in _edits(snippet, diagnostics, settings, context):
            try:
                text = replace_in(file, [*edits, edit])
            except CannotWrite:
                continue
            edits.append(edit)
            count += 1
    return Fixed(text, count)


def _edits(
    snippet: Snippet,
    diagnostics: Iterable[Diagnostic],
    settings: Settings,
    context: Mapping[str, Any],
) -> list[Edit]:
    """The fixes of one spec, from its end to its beginning, so that places stay what they are."""
    known = {**context, **snippet.context}
    text = snippet.text
    now = lint(text, settings=settings, facts=snippet.facts, **known)
    limit = len(text) + 1
    edits: list[Edit] = []
    for diagnostic in sorted(diagnostics, key=lambda x: x.span[:2], reverse=True):
        start, stop = diagnostic.span[:2]
        if not _is_safe(diagnostic, snippet) or stop > limit:
            continue
        tried = f"{text[:start]}{diagnostic.replacement}{text[stop:]}"
        then = lint(tried, settings=settings, facts=snippet.facts, **known)
        if _is_better(now, then, diagnostic):
            edits.append((snippet, start, stop, diagnostic.replacement or ""))
            text, now, limit = tried, then, start
    return edits


def _is_safe(diagnostic: Diagnostic, snippet: Snippet) -> bool:
    return (
        diagnostic.replacement is not None
        and diagnostic.span != NOWHERE
        and diagnostic.source == snippet.text
        and RULES.find(diagnostic.name) is not None
    )


def _is_better(now: list[Diagnostic], then: list[Diagnostic], fixed: Diagnostic) -> bool:
    """Whether there is one finding less of that kind, and no error that was not there before."""

    def count(found: list[Diagnostic]) -> int:
        return sum(x.code == fixed.code for x in found)

    def errors(found: list[Diagnostic]) -> set[str]:
        return {x.message for x in found if x.severity == "error"}

    return count(then) < count(now) and errors(then) <= errors(now)


def write(file: SourceFile, text: str) -> None:
    """Put the new text of a file in the place of the old one, all of it or nothing.

    Raises Unreadable if the file is not what it was when it was read, or cannot be written.
    """
    path = os.path.realpath(file.path)
    try:
        with open(path, "rb") as old:
            before = old.read()
        for encoding in ("utf-8", "utf-8-sig"):
            if file.text.encode(encoding) == before:
                break
        else:
            raise Unreadable(f"{file.path}: it has changed meanwhile, and is left as it is")
        handle, temporary = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".lrdsl-")
        try:
            with os.fdopen(handle, "wb") as new:
                new.write(text.encode(encoding))
            shutil.copymode(path, temporary)
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError as error:
        raise Unreadable(f"{file.path}: it cannot be written: {error.strerror}") from error
