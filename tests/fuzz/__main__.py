"""`python -m tests.fuzz`: inputs made by chance, over the whole grammar, files, trees and states.

Each input must end without a traceback, in under a second, and keep the laws of `laws.py`. The same
seed gives the same inputs. Where atheris is installed, `--atheris` looks for inputs that reach new
code; its own options follow behind `--`, such as `-max_total_time=600`.

Examples:
  python -m tests.fuzz --seconds 60 --seed 1
  python -m tests.fuzz --inputs 1000000 --jobs 4 --keep-going
  python -m tests.fuzz --target file --inputs 1000
  python -m tests.fuzz --target spec --seed 1 --only 4711
"""

from __future__ import annotations

import argparse
import gc
import importlib.util
import multiprocessing
import os
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from typing import Any

from tests.fuzz import files, laws
from tests.fuzz.choices import ByteChoices, Choices
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


def target_of(i: int, only: str | None) -> str:
    """The kind of the input of a number: a fixed mixture."""
    place = (i * 37) % 100
    for name, (_, share) in TARGETS.items():
        if only is None and place < share:
            return name
        place -= share
    return only or "spec"


def main() -> int:
    """Run the fuzzer; 1 if something is wrong."""
    parser = argparse.ArgumentParser(
        "python -m tests.fuzz", description=(__doc__ or "").split("\n\n")[1]
    )
    parser.add_argument("--seconds", type=float, help="how long it runs")
    parser.add_argument("--inputs", type=int, help="how many inputs there are")
    parser.add_argument("--jobs", type=int, default=1, help="how many processes share the inputs")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="by default the time")
    parser.add_argument("--target", choices=TARGETS, help="inputs of this kind alone")
    parser.add_argument("--only", type=int, metavar="NUMBER", help="the input of this number alone")
    parser.add_argument(
        "--slowest", type=float, default=MAX_SECONDS, help="the seconds that an input may take"
    )
    parser.add_argument("--keep-going", action="store_true", help="report up to 100 failures")
    parser.add_argument("--atheris", action="store_true", help="let atheris make the inputs")
    options, rest = parser.parse_known_args()
    if options.atheris:
        return with_atheris(options.target or "spec", rest)
    if rest:
        parser.error(f"there is no option {rest[0]}")
    jobs = 1 if options.only is not None else max(1, options.jobs)
    began = time.monotonic()
    if jobs == 1:
        found = [campaign(options, 0, 1)]
    else:
        with multiprocessing.get_context("spawn").Pool(jobs) as pool:
            found = pool.starmap(campaign, [(options, job, jobs) for job in range(jobs)])
    spent = time.monotonic() - began
    counts = sum([each for each, _ in found], Counter[str]())
    failures = sum([each for _, each in found])
    shares = ", ".join([f"{count:,} {name}" for name, count in counts.most_common()])
    total = counts.total()
    print(f"{total:,} inputs in {spent:.0f} s, seed {options.seed}: {shares}; {failures} failures")
    return 1 if failures else 0


def campaign(options: argparse.Namespace, job: int, jobs: int) -> tuple[Counter[str], int]:
    """Check the inputs whose number is that of a job, or of it and a multiple of all jobs.

    How many inputs of each kind there were, and how many of all failed.
    """
    absent = importlib.util.find_spec("torch") is None
    used = TARGETS if options.target is None else [options.target]
    for name in [each for each in used if not (each == "state" and absent)]:
        check(name, Choices("warm"))  # what is imported, and made once, is
    gc.collect()
    gc.freeze()  # what has been imported is not looked through again
    began, counts, failures = time.monotonic(), Counter[str](), 0
    i = job if options.only is None else options.only
    while not failures or (options.keep_going and failures < 100):
        spent = time.monotonic() - began
        if options.seconds is not None and spent > options.seconds:
            break
        if options.inputs is not None and i >= options.inputs:
            break
        name = target_of(i, options.target)
        if name == "state" and absent:
            name = "spec"
        what = check(name, Choices((options.seed, i)), options.slowest)
        if what is None and options.only is not None:
            print(Shown.text)
        if what is not None and "it takes" in what:  # it may have been imported, or made ready
            what = check(name, Choices((options.seed, i)), options.slowest)
        if what is not None:
            failures += 1
            print(f"\n--target {name} --seed {options.seed} --only {i}", flush=True)
            print(f"{Shown.text}\n{what}", flush=True)
        counts[name] += 1
        i += jobs
        if options.only is not None:
            break
    gc.unfreeze()
    return counts, failures


def with_atheris(name: str, arguments: list[str]) -> int:
    """Let atheris make the inputs of a target; it ends with the first failure."""
    import atheris

    def one(data: bytes) -> None:
        what = check(name, ByteChoices(data))
        if what is not None:
            raise RuntimeError(f"{Shown.text}\n{what}")

    atheris.Setup([sys.argv[0], *arguments], one)
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    os.environ.setdefault("PYTHONHASHSEED", "0")
    sys.exit(main())
