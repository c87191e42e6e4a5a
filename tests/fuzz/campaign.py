"""Many inputs, by their numbers: the share of one job.

A module of its own: processes that `multiprocessing` starts do not find what a package's
`__main__` defines.
"""

from __future__ import annotations

import argparse
import gc
import importlib.util
import time
from collections import Counter

from tests.fuzz.choices import Choices
from tests.fuzz.targets import TARGETS, Shown, check


def target_of(i: int, only: str | None) -> str:
    """The kind of the input of a number: a fixed mixture."""
    place = (i * 37) % 100
    for name, (_, share) in TARGETS.items():
        if only is None and place < share:
            return name
        place -= share
    return only or "spec"


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
