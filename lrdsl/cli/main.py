"""The command line: arguments, files, exit codes.

0: all is well. 1: the spec is at fault; its diagnostics are on standard error. 2: the call is at
fault. What a command needs is imported when it runs, so that `--help` and `show` start fast.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import os
import re
import signal
import sys
from collections.abc import Iterable
from typing import Any, NoReturn, TextIO

import click

import lrdsl
from lrdsl.cli.console import colourful, words_of, wrapped, wrapped_report
from lrdsl.cli.formats import REPLACED
from lrdsl.cli.options import OPTIONS, option
from lrdsl.diagnostics import NEEDS_CONTEXT, UNBOUND, SpecError, Suggestion

# No command has a use for pydantic's plugins or a BLAS's threads; both cost time at the start.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


_COMMANDS = {
    "compare": "compare",
    "convert": "convert",
    "fmt": "fmt",
    "lint": "lint",
    "plot": "plot",
    "presets": "presets",
    "quote": "quote",
    "rules": "lint",
    "schema": "convert",
    "shapes": "shapes",
    "show": "show",
    "values": "values",
}
"""The module of each command, imported when the command is called."""


class _Formatter(click.HelpFormatter):
    """Help in which no option is broken at a hyphen, and no example at a space."""

    def write_text(self, text: str) -> None:
        super().write_text(_whole(text))

    def write_dl(self, rows: Iterable[tuple[str, str]], *sizes: Any, **more: Any) -> None:
        super().write_dl([(_whole(x), _whole(y)) for x, y in rows], *sizes, **more)

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, _whole(args), prefix)

    def getvalue(self) -> str:
        return super().getvalue().replace(_HYPHEN, "-").replace(_SPACE, " ")


_HYPHEN, _SPACE = "\ue000", "\ue001"
"""Stand in words for what click would break them at."""


def _whole(text: str) -> str:
    blocks = re.split(r"(\n\n+)", text)
    return "".join([x if x.startswith(("\n", "\b")) else _glued(x) for x in blocks])


def _glued(text: str) -> str:
    words = [word.replace(" ", _SPACE) for word in words_of(" ".join(text.split()))]
    return " ".join(words).replace("-", _HYPHEN)


class _Context(click.Context):
    formatter_class = _Formatter


class _Group(click.Group):
    """The commands; a mistake in a spec is exit code 1."""

    context_class = _Context

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"lrdsl.cli.{_COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, cmd_name)
        command.context_class = _Context
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name in _COMMANDS or name.startswith("-"):
            return super().resolve_command(ctx, args)
        if name == "help":
            fix = "`lrdsl --help` lists them"
        elif "(" in name or ">>" in name or "." in name:
            fix = "`lrdsl show SPEC` shows a schedule"
        else:
            fix = Suggestion(name, list(_COMMANDS)).before("`lrdsl --help` lists them")
        raise click.UsageError(f"there is no command {name!r}; {fix}", ctx)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except SpecError as error:
            _complain(error)
            ctx.exit(1)
        except click.NoSuchOption as error:
            if error.option_name in REPLACED:
                message = f"there is no {error.option_name} any more: write {{}}"
                message = message.format(REPLACED[error.option_name])
                raise click.UsageError(message, error.ctx) from error
            if error.option_name.startswith("--"):
                raise
            hint = "Put -- before a SPEC that begins with a minus sign."
            raise click.UsageError(f"{error.format_message()} {hint}", error.ctx) from error
        except BrokenPipeError:  # whoever reads the output has seen enough
            _abandon(sys.stdout)
            ctx.exit(0)


@click.group(
    cls=_Group,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "max_content_width": 100,
        "show_default": True,
    },
    epilog="Exit codes: 0 fine, 1 a mistake in a spec, 2 a wrong call.",
)
@click.version_option(lrdsl.__version__, prog_name="lrdsl", message="%(prog)s %(version)s")
def cli() -> None:
    """Learning-rate schedules as text: show them, print their values, draw and check them.

    \b
    lrdsl show "warmup(linear, 100) >> cosine(1, 1e-3, 800)"
    lrdsl values "cosine(peak, 0, 10ep)" --set peak=3e-4 --steps-per-epoch 500
    lrdsl plot "cosine(1, 0, 800)" "linear(1, 0, 800)" -o lr.svg
    lrdsl shapes cosine
    lrdsl lint conf/
    """


def _complain(error: SpecError) -> None:
    """The diagnostics on standard error, and the options that would help."""
    colour = colourful(sys.stderr)
    for diagnostic in error.diagnostics:
        head, *rest = diagnostic.render().split("\n")
        name, _, message = head.partition(": ")
        hue = "red" if diagnostic.severity == "error" else "yellow"
        if rest:
            rest[-1] = click.style(rest[-1], fg="cyan")
        shown = "\n".join([f"{click.style(name, fg=hue, bold=True)}: {message}", *rest])
        click.echo(wrapped_report(shown, sys.stderr), err=True, color=colour)
    hints: dict[str, None] = {}
    for diagnostic in error.diagnostics:
        words = f"{diagnostic.message} {diagnostic.fix or ''}"
        if diagnostic.problem == NEEDS_CONTEXT:
            hints |= {f"{option(n)} {m}": None for n, (m, _) in OPTIONS.items() if n in words}
        bound = re.search(r"\bgive it a value: (\w+)=", diagnostic.fix or "")
        if diagnostic.problem == UNBOUND and bound:
            hints[f"--set {bound[1]}=VALUE"] = None
    if hints:
        hint = f"hint: on the command line, {' '.join(hints)}"
        click.echo(wrapped(hint, sys.stderr, "  "), err=True)


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit; no error of the user's leaves a traceback."""
    # What is imported stays: to look for garbage in it is a tenth of the time of a short command,
    # meanwhile and at the end, when all of the memory goes back anyway.
    gc.set_threshold(100_000)
    atexit.register(gc.freeze)
    _open_streams()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:
        code = 128 + signal.SIGINT
    except BrokenPipeError:
        code = _abandon(sys.stdout)
    except OSError as error:
        click.echo(f"Error: the output cannot be written: {error.strerror}", err=True)
        code = _abandon(sys.stdout) or 2
    sys.exit(code)


def _open_streams() -> None:
    """Put something in the place of standard streams that are closed (`lrdsl shapes >&-`).

    Else a file that is opened later would get their numbers. Standard output is still not to be
    written to; what is said on standard error is lost.
    """
    closed = {"stdin": os.O_RDONLY, "stdout": os.O_RDONLY, "stderr": os.O_WRONLY}
    for name, flags in closed.items():
        if getattr(sys, name) is None:
            handle = os.open(os.devnull, flags)
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, os.fdopen(handle, mode, encoding="utf-8", closefd=False))


def _run(arguments: list[str] | None) -> int:
    try:
        outcome = cli.main(arguments, prog_name="lrdsl", standalone_mode=False)
    except click.Abort:
        return 128 + signal.SIGINT
    except click.ClickException as error:
        _complain_of_call(error)
        return error.exit_code
    return outcome if isinstance(outcome, int) else 0


def _complain_of_call(error: click.ClickException) -> None:
    """How the command is called, and what is wrong with the call, on standard error."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.message, err=True)
        return
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is not None:
        click.echo(context.get_usage(), err=True)
        click.echo(f"`{context.command_path} --help` says more.\n", err=True)
    click.echo(wrapped(f"Error: {error.format_message()}", sys.stderr, "  "), err=True)


def _abandon(stream: TextIO) -> int:
    """Keeps the interpreter from flushing, on its way out, a stream that takes no more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    return 0
