"""Files and folders: which are read, and what is wrong with the specs in them."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from fnmatch import fnmatch
from functools import partial
from typing import Any

from lrdsl import diagnostics as diag
from lrdsl.compiler.check_definitions import check_definitions
from lrdsl.diagnostics import Diagnostic, Reporter, SpecError
from lrdsl.linter.config import Project
from lrdsl.linter.engine import Settings, lint
from lrdsl.linter.source_file import Located, Snippet, SourceFile, Unreadable
from lrdsl.linter.sources.heuristics import with_uses
from lrdsl.linter.sources.suppressions import Control, ignores_file, is_ignored
from lrdsl.syntax.parser import parse_with_recovery

LARGEST = 10 * 2**20
"""Bytes of the largest file that is read."""

_SKIPPED = ("__pycache__", "node_modules", "site-packages")

_ARGUMENTS = (
    diag.TOO_MANY_ARGUMENTS,
    diag.REPEATED_ARGUMENT,
    diag.CONFLICTING_ARGUMENTS,
    diag.WRONG_KIND,
)

_Reader = Callable[[str, Control], Iterator[Snippet]]


def find(paths: Iterable[str], exclude: Iterable[str] = ()) -> Iterator[str]:
    """The files to be linted: those named, and in folders all that may hold specs.

    Each is given once, those of a folder by name. Hidden folders are left out, and what matches a
    pattern in `exclude`, by its name or its path. A link that leads back to a folder above it is
    given as it is, for `read_file` to complain about; so is a path where nothing is.
    """
    patterns = tuple(exclude)
    seen: set[str] = set()
    for path in paths:
        for file in _walk(path, patterns) if os.path.isdir(path) else [path]:
            whole = os.path.abspath(file)
            if whole not in seen:
                seen.add(whole)
                yield file


def _walk(top: str, exclude: tuple[str, ...]) -> Iterator[str]:
    seen = {os.path.realpath(top)}
    left = [top]
    while left:
        folder = left.pop()
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError:
            yield folder
            continue
        inner: list[str] = []
        for entry in entries:
            path = os.path.join(folder, entry.name) if folder != "." else entry.name
            if any([fnmatch(entry.name, each) or fnmatch(path, each) for each in exclude]):
                continue
            if not os.path.isdir(path):  # of a link in a circle the entry itself cannot tell
                if _extension(entry.name) in _READERS:
                    yield path
                continue
            if entry.name.startswith(".") or entry.name in _SKIPPED:
                continue
            real = os.path.realpath(path)
            if entry.is_symlink() and _is_above(real, path):
                yield path
            elif real not in seen:
                seen.add(real)
                inner.append(path)
        left += reversed(inner)


def _is_above(real: str, path: str) -> bool:
    """Whether a folder is among those that a path lies in."""
    inside = os.path.realpath(os.path.dirname(path) or ".")
    return inside == real or inside.startswith(real.rstrip(os.sep) + os.sep)


def read_file(path: str) -> SourceFile:
    """A file with the specs in it. Raises Unreadable for what cannot be read."""
    return read_text(path, _text(path))


def read_text(path: str, text: str) -> SourceFile:
    """The specs in a text, as if it stood in the file of that name.

    >>> read_text("a.yaml", "lr: cosine(1, 0, 800)").snippets[0].start
    4
    """
    extension = _extension(path)
    if extension not in _READERS:
        known = ", ".join(_READERS)
        raise Unreadable(f"{path}: specs are looked for in {known} files")
    if ignores_file(text, extension == ".md"):
        return SourceFile(path, text)
    try:
        found = tuple(_READERS[extension](path)(text, Control(text)))
    except _Malformed as error:
        raise Unreadable(f"{path}: this is no {error.language}: {error.why}") from None
    return SourceFile(path, text, with_uses(found))


class _Malformed(Exception):
    """Text that is not what the file's name says."""

    def __init__(self, language: str, why: str) -> None:
        super().__init__(language, why)
        self.language = language
        self.why = " ".join(why.split())


def _yaml(path: str) -> _Reader:
    from lrdsl.linter.sources import yaml
    from lrdsl.linter.sources.yaml_nodes import NotYaml

    def reader(text: str, control: Control) -> Iterator[Snippet]:
        folder = os.path.dirname(path)
        try:
            yield from yaml.snippets(text, control, folder, partial(yaml.preset_names, folder))
        except NotYaml as error:
            raise _Malformed("YAML", str(error)) from None

    return reader


def _python(path: str) -> _Reader:
    from lrdsl.linter.sources import python

    def reader(text: str, control: Control) -> Iterator[Snippet]:
        try:
            yield from python.snippets(text, control)
        except python.NotPython as error:
            raise _Malformed("Python", str(error)) from None

    return reader


def _markdown(path: str) -> _Reader:
    from lrdsl.linter.sources import markdown

    return markdown.snippets


def _library(path: str) -> _Reader:
    from lrdsl.linter.sources import lr_files

    return lr_files.snippets


_READERS: Mapping[str, Callable[[str], _Reader]] = {
    ".yaml": _yaml,
    ".yml": _yaml,
    ".py": _python,
    ".md": _markdown,
    ".lr": _library,
}
"""What makes the reader of a file, by the end of the file's name; imported when it is used."""


def _extension(path: str) -> str:
    return os.path.splitext(path)[1].lower()


def _text(path: str) -> str:
    try:
        status = os.stat(path)
        if stat.S_ISDIR(status.st_mode):
            above = os.path.islink(path) and _is_above(os.path.realpath(path), path)
            why = "this link leads back to a folder above it" if above else "this is a folder"
            if not above:
                os.scandir(path).close()  # says so if it is not to be read
            raise Unreadable(f"{path}: {why}")
        if not stat.S_ISREG(status.st_mode):
            raise Unreadable(f"{path}: this is no regular file")
        if status.st_size > LARGEST:
            size = status.st_size / 2**20
            raise Unreadable(f"{path}: this has {size:.0f} MB; files of up to 10 MB are read")
        with open(path, "rb") as file:
            return file.read().decode("utf-8")
    except UnicodeDecodeError as error:
        raise Unreadable(f"{path}: this is no UTF-8 text: see byte {error.start}") from None
    except (OSError, ValueError) as error:
        if os.path.islink(path) and not os.path.exists(path):
            raise Unreadable(f"{path}: this is a broken link") from None
        why = getattr(error, "strerror", None) or str(error)
        raise Unreadable(f"{path}: {why[:1].lower()}{why[1:]}") from None


def lint_source(file: SourceFile, project: Project) -> list[Located]:
    """What is wrong with the specs in a file that has been read, in the order of the file."""
    settings = project.settings_for(file.path)
    found: list[Located] = []
    unsound = {x.text for x in file.snippets if x.role == "definitions" and not _is_sound(x.text)}
    for snippet in file.snippets:
        if snippet.context.get("definitions") in unsound:
            # What is wrong with them is told of them, and makes more of the spec a guess.
            snippet = replace(snippet, role="piece")
        for diagnostic in _diagnostics(snippet, project, settings):
            located = Located.of(file.path, diagnostic, snippet)
            line, _ = file.position(located.start)
            if not is_ignored(diagnostic.code, diagnostic.name, snippet.ignored.get(line)):
                found.append(located)
    return sorted(found, key=lambda each: (each.start, each.stop, each.diagnostic.code))


def _is_sound(definitions: str) -> bool:
    try:
        check_definitions(definitions)
    except SpecError:
        return False
    return True


def _diagnostics(snippet: Snippet, project: Project, settings: Settings) -> list[Diagnostic]:
    """What is wrong with a snippet; the same text at the same sort of place is linted once."""
    context = {**project.context, **snippet.context}
    both = [
        each["definitions"]
        for each in (project.context, snippet.context)
        if each.get("definitions")
    ]
    if both:
        context["definitions"] = "\n".join(both)
    key = (snippet.role, snippet.text, repr(context), repr(snippet.facts), repr(settings))
    known: dict[Any, list[Diagnostic]] = project.linted
    if key not in known:
        found = _lint(snippet, context, settings)
        known[key] = [each for each in found if not _is_about_the_unknown(each, snippet)]
    return known[key]


def _lint(snippet: Snippet, context: Mapping[str, Any], settings: Settings) -> list[Diagnostic]:
    try:
        if snippet.role == "spec":
            return lint(snippet.text, settings=settings, facts=snippet.facts, **context)
        if snippet.role == "piece":
            reporter = Reporter(snippet.text)
            parse_with_recovery(snippet.text, reporter)
            return [x for x in reporter.diagnostics if settings.uses(x.code, x.name)]
        check_definitions(snippet.text)
    except SpecError as error:
        return [x for x in error.diagnostics if settings.uses(x.code, x.name)]
    return []


def _is_about_the_unknown(found: Diagnostic, snippet: Snippet) -> bool:
    """Whether a complaint comes of what the file does not tell."""
    start, stop = found.span[:2]
    if any([first <= start and stop <= last for first, last in snippet.unknown]):
        return True
    if found.problem in _ARGUMENTS and snippet.unknown:
        # The unknown may be a mode or a word, after which the others are other parameters'.
        own = _bracket_around(snippet.text, start)
        return any([_bracket_around(snippet.text, first) == own for first, _ in snippet.unknown])
    if found.problem is diag.UNKNOWN_NAME:
        return bool(snippet.facts.get("definitions_unknown"))
    return False


def _bracket_around(text: str, at: int) -> int:
    """Where the innermost bracket around a character opens, -1 if there is none."""
    depth = 0
    for i in range(at - 1, -1, -1):
        if text[i] in ")]":
            depth += 1
        elif text[i] in "([":
            if depth == 0:
                return i
            depth -= 1
    return -1
