"""The options and arguments that commands share: specs, the run, numbers, files of pictures."""

from __future__ import annotations

import functools
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn, TypeVar

import click

import lrdsl
from lrdsl.diagnostics import BAD_FILE, NOWHERE, SpecError
from lrdsl.util.guarded_read import CannotRead, decoded, read_stream

_Command = TypeVar("_Command", bound=Callable[..., Any])

OPTIONS = {
    "total_steps": (
        "N",
        "Optimizer updates in the run; needed for `5%`, `total`, `rest`, default lengths.",
    ),
    "steps_per_epoch": ("N", "Updates in an epoch; needed for `3ep` and `epoch`."),
    "samples_per_epoch": ("N", "Samples in an epoch; says how long it is where batches grow."),
    "samples_per_step": ("N|SPEC", "Samples in an update; needed for `10Msp`."),
    "tokens_per_sample": ("N|SPEC", "Tokens in a sample; with samples needed for `2Btok`."),
    "tokens_per_step": ("N|SPEC", "Tokens in an update; needed for `2Btok`."),
    "total_samples": ("N", "The run's length in samples, instead of --total-steps."),
    "total_tokens": ("N", "The run's length in tokens."),
    "base_lr": ("LR", "The learning rate that the optimizer is given; `base` in a spec."),
}

flag = functools.partial(click.option, is_flag=True)

_NUMBER = re.compile(r"\s*(?P<sign>[+-]?)(?P<digits>\.?\d\S*)\s*", re.ASCII)


def read_number(text: str) -> float | None:
    """The value of a number as the language writes it, an int where it is whole; None for others.

    >>> read_number("-1.5k"), read_number("3e-4"), read_number("5%"), read_number("inf")
    (-1500, 0.0003, None, None)
    """
    from lrdsl.syntax.ast import Number
    from lrdsl.syntax.literals import parse_number

    match = _NUMBER.fullmatch(text)
    node = match and parse_number(match["digits"], NOWHERE)
    if match is None or not isinstance(node, Number) or node.unit:
        return None
    value = -node.value if match["sign"] == "-" else node.value
    return int(value) if value.is_integer() and abs(value) <= 2**53 else value


def number_of(text: str) -> float:
    """The value of an option that takes a number."""
    number = read_number(text)
    if number is None:
        raise click.BadParameter(f"{text!r} is not a number")
    return number


def size_of(text: str) -> float | str:
    """The size of a batch: a number, or the text of a spec."""
    number = read_number(text)
    return text if number is None else number


def picture_file(path: str) -> str:
    """The path of a picture, in a format that can be drawn."""
    from lrdsl.plot.style import image_format

    try:
        image_format(path)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error
    return path


def text_of(spec: str) -> str:
    """The spec's text: the argument, or standard input for `-`, which can be read once."""
    if spec != "-":
        return spec
    known = click.get_current_context().meta
    if known.get("lrdsl.stdin"):
        raise click.UsageError("standard input can be read once")
    known["lrdsl.stdin"] = True
    try:
        return decoded(read_stream(sys.stdin.buffer)).removeprefix("\ufeff").rstrip()
    except CannotRead as error:
        raise click.UsageError(f"standard input: {error.why}") from error


def with_sources(command: _Command) -> _Command:
    """Adds the files, folders and specs that a command looks through."""
    text = "A spec itself, instead of a file; repeat it for more."
    command = click.option("-e", "specs", metavar="SPEC", multiple=True, help=text)(command)
    return click.argument("paths", metavar="PATH…", nargs=-1)(command)


def read_sources(paths: Sequence[str], specs: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """The files and folders of a call, and the specs that it gives itself, by their names."""
    if not paths and not specs:
        raise click.UsageError("give files or folders, or a spec with -e")
    for path in paths:
        check_is_path(path)
    texts: dict[str, str] = {}
    for number, spec in enumerate([*specs, *[path for path in paths if path == "-"]], 1):
        name = "<stdin>" if spec == "-" else f"<spec {number}>" if number > 1 else "<spec>"
        texts[name] = text_of(spec)
    return [path for path in paths if path != "-"], texts


def check_is_path(path: str) -> None:
    """Raise `UsageError` for a spec, or a key of a file, in the place of a file."""
    if os.path.lexists(path):
        return
    if "(" in path or ">>" in path:
        raise click.UsageError(f"{path!r} is no file: a spec goes after -e")
    file, sign, _ = path.partition("::")
    if sign and os.path.isfile(file):
        raise click.UsageError(f"name the file alone, {file}: keys are for show, values and plot")


@contextmanager
def as_misuse() -> Iterator[None]:
    """Make the first diagnostic of a `SpecError` a mistake of the call."""
    try:
        yield
    except SpecError as error:
        found = error.diagnostics[0]
        message = f"{found.message}; {found.fix}" if found.fix else found.message
        raise click.UsageError(message) from error


def not_written(path: str, error: OSError) -> NoReturn:
    """Complain of the file of a picture, which cannot be written."""
    reason = error.strerror or str(error)
    message = f"{path!r}: {reason}; -o FILE writes it elsewhere"
    raise click.BadParameter(message, param_hint="'--output'") from error


def _as_bindings(
    context: click.Context, parameter: click.Parameter, texts: tuple[str, ...]
) -> dict[str, float]:
    """The variables of all `--set NAME=VALUE`."""
    found: dict[str, float] = {}
    for text in texts:
        name, sign, value = (part.strip() for part in text.partition("="))
        number = read_number(value)
        if not sign:
            raise click.BadParameter(f"{text!r} is not NAME=VALUE, such as peak=3e-4")
        if number is None:
            raise click.BadParameter(f"{value!r}, the value of {name!r}, is not a number")
        if name in OPTIONS:
            raise click.BadParameter(f"{name!r} has an option of its own, {option(name)}")
        if name in found:
            raise click.BadParameter(f"{name!r} is set twice")
        found[name] = number
    return found


def _load(context: click.Context, parameter: click.Parameter, files: tuple[str, ...]) -> None:
    """Make the definitions of all `--library` files known; one that cannot be read is misuse."""
    for file in files:
        try:
            lrdsl.load(file)
        except SpecError as error:
            if error.diagnostics[0].problem == BAD_FILE:
                raise click.BadParameter(error.diagnostics[0].message) from error
            raise


with_library = click.option(
    "--library",
    metavar="FILE",
    multiple=True,
    callback=_load,
    expose_value=False,
    help="A .lr file of definitions that a spec can call; repeat it for more.",
)
"""Adds the option for files of definitions; they are loaded while the call is read."""


def with_context(command: _Command) -> _Command:
    """Adds the options that describe the run; the command gets its Context as `context`."""

    @functools.wraps(command)
    def run(*args: Any, variables: dict[str, float], **options: Any) -> Any:
        from lrdsl.compiler.batches import run_context

        parts = {name: options.pop(name) for name in OPTIONS}
        try:
            context = run_context(**parts, **variables)
        except SpecError as error:
            message = error.diagnostics[0].message
            for name in OPTIONS:
                message = message.replace(f"`{name}`", option(name))
            raise click.UsageError(message) from error
        return command(*args, context=context, **options)

    decorated = with_library(run)
    decorated = click.option(
        "--set",
        "variables",
        metavar="NAME=VALUE",
        callback=_as_bindings,
        multiple=True,
        help="The value of a variable in the spec, such as peak=3e-4; repeat it for more.",
    )(decorated)
    for name, (metavar, text) in reversed(OPTIONS.items()):
        kind = size_of if "SPEC" in metavar else number_of
        of_run = click.option(option(name), name, metavar=metavar, type=kind, help=text)
        decorated = of_run(decorated)
    return decorated  # type: ignore[return-value]


def option(name: str) -> str:
    """The option for a part of the context.

    >>> option("total_steps")
    '--total-steps'
    """
    return f"--{name.replace('_', '-')}"


_ABOUT_SPEC = (
    "SPEC is the text of a schedule, or a single - to read it from standard input. "
    "Put -- before a SPEC that begins with a minus sign: -- '-cosine(1, 0, 9)'."
)

_ABOUT_SPECS = (
    f"{_ABOUT_SPEC} It can also be a YAML, Python, Markdown or .lr file, or a key or a line in "
    "one, conf/train.yaml::optimizer.lr; the name of a preset; a tree or a program, "
    "{lr: 'cosine(1, 0, 9)', weight_decay: 0.1 * lr}. What a file says of its run is known, and "
    "options win over it."
)


def with_specs(command: _Command) -> _Command:
    """Adds the schedules of a command, which are for `schedules_of`."""
    return click.argument("specs", metavar="SPEC…", nargs=-1, required=True)(command)


def help_end(doc: str | None) -> str:
    """The end of a command's help: the docstring of its module, without the first paragraph."""
    return (doc or "").partition("\n\n")[2]


def spec_help(doc: str | None) -> str:
    """The end of a command's help: how SPEC… is given, and what the module's docstring adds."""
    return f"{_ABOUT_SPECS}\n\n{help_end(doc)}"
