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
import multiprocessing
import os
import sys
import time
from collections import Counter

from tests.fuzz.campaign import campaign
from tests.fuzz.choices import ByteChoices
from tests.fuzz.targets import MAX_SECONDS, TARGETS, Shown, check


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
