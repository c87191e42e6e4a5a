"""What the commands share: the options of the run, and a spec from standard input."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

import click

import lrdsl
from lrdsl.diagnostics import BAD_FILE, SpecError

if TYPE_CHECKING:
    from lrdsl.compiler.context import Context
    from lrdsl.schedule.schedule import Schedule

_Command = TypeVar("_Command", bound=Callable[..., Any])

OPTIONS = {
    "total_steps": ("N", "Updates in the run: for `5%`, `total`, `rest`, and lengths left out."),
    "steps_per_epoch": ("N", "Updates in an epoch: for `3ep` and `epoch`."),
    "samples_per_step": ("N", "Samples in an update: for `10Msp`."),
    "tokens_per_step": ("N", "Tokens in an update: for `2Btok`."),
    "base_lr": ("LR", "The parameter group's own learning rate: for `base`."),
}


def as_number(context: click.Context, parameter: click.Parameter, text: str | None) -> float | None:
    """The value of an option that takes a number as the language writes it, `10k` for example."""
    number = None if text is None else number_of(text)
    if text is not None and number is None:
        raise click.BadParameter(f"{text!r} is not a number")
    return number


def _as_bindings(
    context: click.Context, parameter: click.Parameter, texts: tuple[str, ...]
) -> dict[str, float]:
    """The variables of all `--set NAME=VALUE`."""
    found: dict[str, float] = {}
    for text in texts:
        name, sign, value = (part.strip() for part in text.partition("="))
        number = number_of(value)
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


def number_of(text: str) -> float | None:
    """The value of a number's text, an int where it is whole; None if it is no finite number."""
    match = _NUMBER.fullmatch(text.strip())
    if match is None:
        return None
    power = {"": 0, "k": 3, "M": 6, "B": 9}[match["multiplier"]]
    try:
        value = Decimal(match["number"].replace("_", "")).scaleb(power)
        number = float(value)
    except (ArithmeticError, ValueError):
        return None
    if math.isinf(number):
        return None
    return int(number) if number.is_integer() and abs(number) <= 2**53 else number


_NUMBER = re.compile(
    r"(?P<number>[+-]?(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d{1,6})?)(?P<multiplier>[kMB]?)"
)


def _load(context: click.Context, parameter: click.Parameter, files: tuple[str, ...]) -> None:
    """Make the definitions of all `--library` files known; one that cannot be read is misuse."""
    for file in files:
        try:
            lrdsl.load(file)
        except SpecError as error:
            if error.diagnostics[0].problem == BAD_FILE:
                raise click.BadParameter(error.diagnostics[0].message) from error
            raise


def with_library(command: _Command) -> _Command:
    """Adds the option for files of definitions; they are loaded while the call is read."""
    return click.option(
        "--library",
        metavar="FILE",
        multiple=True,
        callback=_load,
        expose_value=False,
        help="Definitions that a spec can call, from a .lr file; repeat it for more.",
    )(command)


def with_context(command: _Command) -> _Command:
    """Adds the options that make up a context."""
    command = with_library(command)
    command = click.option(
        "--set",
        "variables",
        metavar="NAME=VALUE",
        callback=_as_bindings,
        multiple=True,
        help="Give a variable of the spec its value; repeat it for more.",
    )(command)
    for name, (metavar, text) in reversed(OPTIONS.items()):
        command = click.option(option(name), name, metavar=metavar, callback=as_number, help=text)(
            command
        )
    return command


def option(name: str) -> str:
    """The option for a part of the context.

    >>> option("total_steps")
    '--total-steps'
    """
    return f"--{name.replace('_', '-')}"


def text_of(spec: str) -> str:
    """The spec's text: the argument, or standard input for `-`."""
    if spec != "-":
        return spec
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig").rstrip()
    except UnicodeDecodeError as error:
        raise click.UsageError("standard input is not UTF-8 text") from error


def context_of(options: dict[str, Any]) -> Context:
    """The context that the options make up; what is no use is the call's fault."""
    from lrdsl.compiler.context import Context

    variables = options.pop("variables")
    try:
        return Context.of(**options, **variables)
    except SpecError as error:
        message = error.diagnostics[0].message
        for name in OPTIONS:
            message = message.replace(f"`{name}`", option(name))
        raise click.UsageError(message) from error


def compile_spec(text: str, context: Context) -> Schedule:
    """The schedule of a spec's text; imports the compiler."""
    from lrdsl.schedule.compile import compile_in

    return compile_in(text, context)


_ABOUT_SPEC = (
    "SPEC is the text of a schedule; a single - reads it from standard input. "
    "Put -- before a SPEC that begins with a minus sign: -- '-cosine(1, 0, 9)'."
)


def spec_help(*lines: str) -> str:
    """The end of a command's help: how SPEC is given, and examples."""
    listed = "\n".join(f"  lrdsl {line}" for line in lines)
    return f"{_ABOUT_SPEC}\n\n\b\nExamples:\n{listed}"
