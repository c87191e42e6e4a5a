"""The kinds of inputs, and what checks one: in time, without a traceback, and by the laws."""

from __future__ import annotations

import signal
import time
import traceback
from collections.abc import Callable
from typing import Any

from tests.fuzz import files, laws
from tests.fuzz.choices import Choices
from tests.fuzz.specs import RUNS, SpecWriter, broken

MAX_SECONDS = 1.0
"""The time that an input may take, on a processor of its own."""

HANG = 120
"""Seconds after which an input hangs."""


def spec(choices: Choices) -> str:
    """Check a spec; its text."""
    writer = SpecWriter(choices)
    text = writer.spec()
    run = dict(choices.pick(RUNS))
    if choices.chance(15):
        text = broken(choices, text)
    if choices.chance(10):
        run["definitions"] = writer.definitions()
        text = f"f0({writer.value()}) >> {text}" if choices.chance(70) else text
    shown = f"{text!r} in {run}"
    Shown.text = shown
    readings = laws.check_text(text, str(run.get("definitions", "")))
    if readings is not None:
        laws.check_schedule(readings, run)
    return shown


def file(choices: Choices) -> str:
    """Check a file; its name and text."""
    name, text = files.page(choices)
    Shown.text = f"{name}: {text!r}"
    files.check_page(name, text)
    return Shown.text


def tree(choices: Choices) -> str:
    files.check_tree(choices)
    return ""


def command(choices: Choices) -> str:
    files.in_folder(files.check_command, choices)
    return ""


def folder(choices: Choices) -> str:
    files.in_folder(files.check_folder, choices)
    return ""


def runs(choices: Choices) -> str:
    files.in_folder(files.check_runs, choices)
    return ""


def state(choices: Choices) -> str:
    from tests.fuzz.states import check_state

    check_state(choices)
    return ""


class Shown:
    """The input that is being checked, for the report."""

    text = ""


TARGETS: dict[str, tuple[Callable[[Choices], str], int]] = {
    "spec": (spec, 70),
    "file": (file, 8),
    "tree": (tree, 10),
    "command": (command, 4),
    "folder": (folder, 2),
    "runs": (runs, 2),
    "state": (state, 4),
}
"""What checks an input of each kind, and how many of a hundred inputs are of it."""


class Hang(BaseException):
    """An input takes too long."""


def check(name: str, choices: Choices, slowest: float = MAX_SECONDS) -> str | None:
    """Check an input; what is wrong, None if all is well."""
    Shown.text = ""

    def stop(*_: Any) -> None:
        raise Hang

    if hasattr(signal, "SIGALRM"):
        signal.signal(signal.SIGALRM, stop)
        signal.alarm(HANG)
    began = time.process_time()
    try:
        TARGETS[name][0](choices)
    except Hang:
        return f"it hangs for {HANG} s\n{''.join(traceback.format_exc(limit=-6))}"
    except AssertionError as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        if "fuzz" not in last.filename:  # it is no law that is broken, but lrdsl itself
            return traceback.format_exc(limit=-8)
        return f"{error} ({last.name}, line {last.lineno})"
    except Exception:
        return traceback.format_exc(limit=-8)
    finally:
        if hasattr(signal, "SIGALRM"):
            signal.alarm(0)
    spent = time.process_time() - began
    return f"it takes {spent:.2f} s" if spent > slowest else None
