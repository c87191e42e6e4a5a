"""SPEC on the command line: text, a file, a key in a file, a preset, a tree or a program.

Files are read by the linter's readers, and what they say of the run is known; the options of the
command line win over it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from lrdsl.cli.file_schedules import KEY_SIGN, chosen, units_of
from lrdsl.cli.options import as_misuse, read_number, text_of
from lrdsl.diagnostics import UNBOUND, UNKNOWN_NAME, Diagnostic, SpecError, Suggestion, spec_error
from lrdsl.syntax.grammar import NAME
from lrdsl.util.near_names import near

if TYPE_CHECKING:
    from lrdsl.compiler.context import Context
    from lrdsl.linter.source_file import Snippet, SourceFile
    from lrdsl.schedule.compiled_program import NamedSchedule
    from lrdsl.schedule.schedule import Schedule

MAX_LISTED = 20
"""Files of a folder that a message lists."""

_TREE = re.compile(r"\s*(?:[{\[]|(?:- )?[A-Za-z_][\w.]*:(?:\s|\Z))")
_FILE_NAME = re.compile(
    r"[^()|>\n]*\.(?:ya?ml|py|md|lr|toml|json|txt|cfg|ini|ipynb)", re.IGNORECASE
)
_WORDS = re.compile(r"[\w.~-]+(?:[/\\][\w.~-]+)*")
_PATH = re.compile(r"(?:\.{0,2}|~)[/\\]|.*[/\\]\Z|\.{1,2}\Z")
_COLON = re.compile(r"(?P<path>[^:]+\.(?:ya?ml|py|md|lr)):(?P<key>[^:]+)(?::\d+)?", re.IGNORECASE)
_GIVEN = re.compile(r"given_\w+")


def schedules_of(arguments: Iterable[str], context: Context) -> list[NamedSchedule]:
    """The schedules of all arguments, each with a name that tells it from the others.

    `SpecError` for mistakes in specs, `UsageError` for an argument that leads nowhere.
    """
    given = [*arguments]
    # Standard input is read before anything else is said, and is never the name of a file.
    texts = [text_of(argument) if argument == "-" else "" for argument in given]
    found = [_schedules(*pair, context) for pair in zip(given, texts, strict=True)]
    if len(given) < 2:
        return found[0] if found else []
    return [
        each if len(own) == 1 else each._replace(name=f"{_brief(argument, i)}: {each.name}")
        for i, (argument, own) in enumerate(zip(given, found, strict=True), 1)
        for each in own
    ]


def _brief(argument: str, number: int) -> str:
    """A name for an argument: itself, or the number of a tree."""
    return str(number) if _TREE.match(argument) else argument


def _schedules(argument: str, read: str, context: Context) -> list[NamedSchedule]:
    """The schedules of one argument, or what was read for it: several if it is a program."""
    from lrdsl.schedule.compile import compile_in
    from lrdsl.schedule.compiled_program import NamedSchedule

    place = None if argument == "-" else _file_and_key(argument)
    if place is not None:
        return _of_file(*place, context)
    text = read if argument == "-" else argument
    if _TREE.match(text):
        return _of_tree(text, context)
    if len(text) > 2 and text[0] == text[-1] and text[0] in "'\"":
        raise click.UsageError(f"there are quotes in SPEC, which this shell keeps: {text}")
    if argument != "-" and NAME.fullmatch(text):
        from lrdsl.language import presets

        if presets.is_preset(text):
            spec = presets.read(text).within(context.variables)
            return [NamedSchedule(text, compile_in(spec, context))]
        if os.path.isdir(text):
            raise click.UsageError(_no_file_but_folder(text))
    try:
        schedule = compile_in(text, context)
    except SpecError as error:
        if argument != "-" and _is_mistyped_path(text):
            message = _with_near_file(f"there is no file {text}, and it is no schedule", text)
            raise click.UsageError(message) from error
        raise
    return [NamedSchedule(str(schedule.spec), schedule)]


def _is_mistyped_path(text: str) -> bool:
    """Whether a text with mistakes was meant as a path: its folder exists, or it nearly ends so.

    >>> _is_mistyped_path("a.ymal"), _is_mistyped_path("base / 2"), _is_mistyped_path("torch.LR")
    (True, False, False)
    """
    if not _WORDS.fullmatch(text):
        return False
    folder, _, name = text.replace("\\", "/").rpartition("/")
    end = name.rpartition(".")[2] if "." in name else ""
    return bool(folder and os.path.isdir(folder)) or near(end, ("yaml", "yml", "toml")) is not None


# Files.


def _file_and_key(text: str) -> tuple[str, str] | None:
    """The path and the key that an argument names; None if it names no file."""
    path, sign, key = text.partition(KEY_SIGN)
    if _FILE_NAME.fullmatch(path) or _PATH.match(path):
        return path, key
    if colon := _COLON.fullmatch(text):
        raise click.UsageError(f"write `{colon['path']}{KEY_SIGN}{colon['key']}` for a key or line")
    is_name = "\0" not in path and len(path) < 1000 and ("." in path or os.sep in path or sign)
    if is_name and read_number(path) is None and os.path.isfile(path):
        return path, key
    return None


def _of_file(path: str, key: str, context: Context) -> list[NamedSchedule]:
    """The schedules of a file, or those at a key of it."""
    from lrdsl.linter.config import Project
    from lrdsl.linter.read_source import read_file
    from lrdsl.linter.source_file import Unreadable

    whole = os.path.expanduser(path)
    if os.path.isdir(whole):
        raise click.UsageError(_no_file_but_folder(path))
    try:
        file = read_file(whole)
    except Unreadable as error:
        raise click.UsageError(_with_near_file(str(error), whole)) from error
    with as_misuse():
        known = Project.load(".").context
    units = units_of([x.within(known) for x in file.snippets if x.role == "spec"], file)
    names, only = chosen(units, path, key, file)
    if len(names) > 1:
        every = [_compiled(units[name], name, context, file)[0] for name in names]
        keys = [name.rpartition(".")[2] for name in names]
        return [x._replace(name=k, number=k) for x, k in zip(every, keys, strict=True)]
    found = _compiled(units[names[0]], f"{path}{KEY_SIGN}{names[0]}", context, file)
    return [each for each in found if only in ("", each.name)] or found


def _with_near_file(message: str, path: str) -> str:
    """The message about a file that cannot be read, with the file that may have been meant."""
    folder = os.path.dirname(path)
    if os.path.lexists(path) or not os.path.isdir(folder or "."):
        return message
    meant = Suggestion(os.path.basename(path), os.listdir(folder or ".")).find()
    return f"{message}; did you mean {os.path.join(folder, meant)}?" if meant else message


def _no_file_but_folder(folder: str) -> str:
    """The message about a folder, with files that could be named instead."""
    from lrdsl.linter.discovery import SOURCES, extension_of

    inside = sorted([x for x in os.listdir(folder) if extension_of(x) in SOURCES])
    listed = ", ".join([os.path.join(folder, name) for name in inside[:MAX_LISTED]])
    advice = f"name a file in it: {listed}" if listed else "name a file with a schedule"
    return f"{folder} is a folder; {advice}"


# Trees and programs.


def _of_tree(text: str, context: Context) -> list[NamedSchedule]:
    """The schedules of a tree or a program that is written in YAML or JSON."""
    from lrdsl.language.language import current
    from lrdsl.linter.source_file import Malformed, SourceFile
    from lrdsl.linter.sources.snippets import snippets_of
    from lrdsl.linter.sources.yaml_document import read_yaml

    try:
        documents = read_yaml(text)
    except Malformed as error:
        raise click.UsageError(f"SPEC begins as a tree does: {error}") from error
    if len(documents) != 1:
        raise click.UsageError("SPEC begins as a tree does, and has several YAML documents")
    found = [x for x in snippets_of(replace(documents[0], is_spec=True)) if x.role == "spec"]
    if not found:
        raise click.UsageError("SPEC begins as a tree does, and has no schedule")
    called = found[0].origin
    root = documents[0].root
    if isinstance(root, Mapping) and len(root) == 1 and called.pattern is not None:
        # A number of groups, or a tree whose name is mistyped.
        meant = Suggestion(called.drives or "", [*current().shapes], alike=0.75)
        if meant.find():
            raise spec_error(UNKNOWN_NAME, f"there is no shape `{called.drives}`", meant=meant)
    try:
        return _compiled(found, "", context, SourceFile("", text))
    except SpecError as error:
        if any([x.style == "plain" and x.text.count("(") != x.text.count(")") for x in found]):
            message = "the commas of a schedule are YAML's own in braces: put it in quotes"
            raise click.UsageError(f'{message}, {{lr: "cosine(1, 0, 9)"}}') from error
        raise


def _compiled(
    members: Sequence[Snippet], place: str, context: Context, file: SourceFile
) -> list[NamedSchedule]:
    """The schedules of a program, each after those that it speaks of; or the one of no program."""
    from lrdsl.schedule.compiled_program import NamedSchedule, compile_choices
    from lrdsl.schedule.program import Choice, names_in

    try:
        if len(members) == 1 and members[0].origin.drives is None:
            schedule = _schedule(members[0], _filled(members[0], context, file), context, {})
            return [NamedSchedule(place or str(schedule.spec), schedule)]
        keys = frozenset([each.origin.drives or "" for each in members])
        choices: dict[str, list[Choice]] = {}
        for each in members:
            text = _filled(each, context, file)
            names, _ = names_in(text, keys)
            choice = Choice(each.origin.drives or "", each.origin.pattern, each, names, text)
            choices.setdefault(choice.key, []).append(choice)

        def make(choice: Choice, others: Mapping[str, Schedule]) -> Schedule:
            return _schedule(choice.spec, choice.source, context, others)

        return [*compile_choices(choices, make)]
    except SpecError as error:
        raise SpecError([_in_file(x, members, file) for x in error.diagnostics]) from error


def _schedule(
    snippet: Snippet, text: str, context: Context, others: Mapping[str, Schedule]
) -> Schedule:
    """The schedule of a snippet, in the run that its file and the command line tell of."""
    from lrdsl.compiler.batches import run_context
    from lrdsl.compiler.context import told_over
    from lrdsl.language.catalog import EXAMPLE_RUN
    from lrdsl.schedule.batch_size import BATCH_SIZE, number_of
    from lrdsl.schedule.compile import compile_in

    if snippet.mistakes:
        raise SpecError(snippet.mistakes)
    usual = EXAMPLE_RUN if snippet.origin.example_of else {}
    told = told_over(told_over(usual, snippet.context), context.to_dict())
    if snippet.origin.drives == BATCH_SIZE and "samples_per_step" in told:
        text = number_of(text)
    if snippet.origin.drives not in (None, "lr"):
        told.pop("base_lr", None)  # it is another number's
    return compile_in(
        text, run_context(**{**told, "definitions": snippet.origin.definitions}), others
    )


def _filled(snippet: Snippet, context: Context, file: SourceFile) -> str:
    """The text, with the references that the file does not resolve replaced by variables."""
    from lrdsl.language.presets import with_keys

    parts, done = [], 0
    for start, stop in snippet.unknown:
        given = _GIVEN.search(snippet.text, start, stop)
        if given is None:
            continue
        written = _written_reference(file.text, snippet.offsets[start])
        value = with_keys(written, context.variables)
        if "${" in value:
            name = value.strip("${}")
            fix = f"give it a value: {name}=…" if NAME.fullmatch(name) else "put a number there"
            shown = value.removeprefix("$") if snippet.kind == "python" else value
            message = f"the file alone does not say what `{shown}` is"
            raise SpecError([Diagnostic(UNBOUND, message, fix=fix)])
        parts += [snippet.text[done : given.start()], f"({value})"]
        done = given.end()
    return "".join([*parts, snippet.text[done:]])


def _written_reference(text: str, start: int) -> str:
    """The reference that begins at a place of a file, `${…}` or `{…}` of an f-string."""
    from lrdsl.tree.interpolations import after_interpolation

    first = text.find("{", start)
    if text[first - 1 : first] == "$":
        return text[first - 1 : after_interpolation(text, first - 1)]
    return "$" + text[first : text.find("}", first) + 1]


def _in_file(found: Diagnostic, members: Sequence[Snippet], file: SourceFile) -> Diagnostic:
    """A diagnostic that names the file of the spec, and the line that it begins in."""
    if found.file or not file.path:
        return found
    own = next((each for each in members if each.text == found.source), None)
    line = "" if own is None else f":{file.position(own.start)[0]}"
    return replace(found, file=f"{file.path}{line}")
