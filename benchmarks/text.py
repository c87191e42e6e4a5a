"""From text to schedule: specs that were never seen, long ones, and the same once more."""

from __future__ import annotations

import ast
import itertools
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import yaml
from lark import Lark

import lrdsl
from benchmarks.rows import Goal, Row, compared
from benchmarks.timing import Contender, Effort, calls, contest
from lrdsl.linter.config import Project
from lrdsl.linter.runner import check_files
from lrdsl.util.guarded_read import read_text
from lrdsl.util.resources import folder

_numbers = itertools.count(1_000_000)
"""Each spec has another number in it, so that none of them is known already."""

_LINTED = 10_000
LARK = "lark's bare LALR parse"


def rows(effort: Effort) -> Iterator[Row]:
    """Compiling and linting, beside lark's and Python's own parsers on the same texts."""
    bare = Lark(read_text(folder("grammar") / "lrdsl.lark"), parser="lalr", lexer="contextual")
    for size in (60, 2000):
        known = of_size(size)
        times = contest(
            {
                "lrdsl": over(lrdsl.compile, partial(of_size, size)),
                LARK: over(bare.parse, partial(of_size, size)),
                "ast.parse": over(ast.parse, partial(of_size, size)),
                "again": over(lrdsl.compile, partial(str, known)),
            },
            effort,
        )
        what = f"parse + compile, {size:,} characters"
        yield compared("text", what, times, LARK, goal=Goal(1.6))
        yield compared("text", what, times, "ast.parse")
        yield compared("text", f"{what}, the second time", times, LARK, ours="again", goal=Goal(1))
    yield _linted(effort)
    yield _linted_files(effort)


def of_size(size: int) -> str:
    """A new spec of exactly so many characters, 60 or more.

    >>> len(of_size(60)), len(of_size(2000))
    (60, 2000)
    """
    first = f"warmup(linear, {next(_numbers)}) >> cosine(1, 1e-3, 800)"
    parts, room = [first], size - len(first)
    for i in itertools.count():
        part = f" >> linear(0.{i % 7 + 1}, 0.{i % 5 + 1}, {200 + i % 700})"
        if room < len(part):
            break
        parts.append(part)
        room -= len(part)
    return "".join(parts) + " " * room


def over(read: Callable[[str], object], text: Callable[[], str]) -> Contender:
    """Something that reads texts, which are made beforehand."""

    def run(texts: list[str]) -> None:
        for each in texts:
            read(each)

    return Contender(run, lambda n: [text() for _ in range(n)])


def _linted(effort: Effort) -> Row:
    sample = max(10, _LINTED // effort.sample // effort.size)
    contenders = {
        "lrdsl": _all(lrdsl.lint, sample),
        "compiling them": _all(lrdsl.compile, sample),
    }
    times = contest(contenders, effort.but(rounds=3))
    what = f"10,000 specs linted, taken from {sample:,} different ones"
    return compared("text", what, times, "compiling them", count=_LINTED, goal=Goal(3))


def _linted_files(effort: Effort) -> Row:
    """Small files, as the folders of a configuration have them; every tenth has a schedule."""
    count = max(10, _LINTED // effort.sample // effort.size)
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, f"{i}.yaml") for i in range(count)]
        for i, path in enumerate(paths):
            spec = f'schedule:\n  spec: "{of_size(60)}"\n' if i % 10 == 0 else ""
            path.write_text(_CONFIG.format(i) + spec, encoding="utf-8")

        def load() -> None:
            for path in paths:
                yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)

        contenders = {
            "lrdsl": calls(lambda: check_files([folder], Project()), units=count),
            "PyYAML's C loader": calls(load, units=count),
        }
        times = contest(contenders, effort.but(rounds=3))
    what = f"10,000 small YAML files linted, taken from {count:,}"
    return compared("text", what, times, "PyYAML's C loader", count=_LINTED, goal=Goal(3))


_CONFIG = """defaults:
  - model: resnet
  - _self_
seed: {0}
trainer: {{max_steps: 1000, devices: 1}}
optim:
  name: adamw
  weight_decay: 0.1
  betas: [0.9, 0.95]
data:
  path: /data/{0}
  batch_size: 32
"""


def _all(read: Callable[[str], object], sample: int) -> Contender:
    """Each of a sample of different specs, read once."""

    def run(texts: list[str]) -> None:
        for text in texts:
            read(text)

    return Contender(run, lambda n: [of_size(60) for _ in range(n * sample)], units=sample)
