"""What things cost, counted: calls, values, bytes and modules. No clock is looked at.

Counts are the same on every machine, so a change that makes something grow faster, or does a thing
twice, fails here; `python -m benchmarks` tells what it is in seconds. Limits are upper bounds, a
little above what is counted today: lower them when something has become cheaper.
"""

from __future__ import annotations

import contextlib
import gc
import itertools
import json
import re
import subprocess
import sys
import tracemalloc
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import lrdsl
from lrdsl.language.signal import CHUNK
from lrdsl.syntax.grammar import MAX_CHARACTERS, MAX_DEPTH
from tests.support.counting import calls, grows_in_step

torch = pytest.importorskip("torch")

from benchmarks.evaluate import allocated_beyond  # noqa: E402
from lrdsl.torch import Scheduler, attach  # noqa: E402
from lrdsl.torch.step_values import BLOCK_SIZE  # noqa: E402

SPEC = "warmup(100) >> cosine(base, 0, 1000000000)"
FAR = 10**12


def optimizer(groups: int, *, is_tensor: bool = False, is_uneven: bool = False) -> Any:
    """An optimizer that has made an update; its groups share their lr unless `is_uneven`."""
    lrs = [0.1 * (i + 1 if is_uneven else 1) for i in range(groups)]
    made = torch.optim.SGD(
        [{"params": [torch.zeros(1)], "lr": torch.tensor(lr) if is_tensor else lr} for lr in lrs],
        lr=0.1,
    )
    made.step()
    return made


def stepper(groups: int, clock: str, **options: bool) -> Callable[[], object]:
    """What goes one update on, by either clock, after a few have been made."""
    driven = optimizer(groups, **options)
    if clock == "updates":
        attach(driven, SPEC)
        step = lambda: driven.step()  # noqa: E731 - what holds the optimizer, too
    else:
        step = Scheduler(driven, SPEC).step
    driven.step()
    for _ in range(3):
        step()
    return step


STEP = {"calls": 3, "updates": 31}
"""The most calls of a step whose value is known ahead.

A Tensor is filled by one more, and `TENSORS` look at one and go through the groups with Tensors.

By the clock of updates two of them are made only once torch.distributed.checkpoint is imported.
"""

TENSORS = 5


@pytest.mark.parametrize("groups", [1, 64])
@pytest.mark.parametrize("is_tensor", [False, True], ids=["float", "Tensor"])
@pytest.mark.parametrize("clock", STEP)
def test_calls_of_a_step(clock: str, is_tensor: bool, groups: int) -> None:
    filled = groups + TENSORS if is_tensor else 0
    assert 1 <= calls(stepper(groups, clock, is_tensor=is_tensor)) <= STEP[clock] + filled


@pytest.mark.slow
@pytest.mark.parametrize("clock", STEP)
def test_calls_of_many_steps(clock: str) -> None:
    """Values are made ahead in blocks, which add next to nothing to each step."""
    step = stepper(8, clock)
    count = calls(lambda: [step() for _ in range(2 * BLOCK_SIZE)])
    assert count <= 2 * (BLOCK_SIZE * STEP[clock] + 700)


@pytest.mark.parametrize("is_uneven", [False, True], ids=["one base", "a base each"])
def test_a_step_grows_with_the_groups(is_uneven: bool) -> None:
    def count(groups: int) -> int:
        return calls(stepper(groups, "calls", is_tensor=True, is_uneven=is_uneven))

    assert grows_in_step(count, 8)
    assert count(32) <= 10 * 32 + 50


def test_a_step_is_the_same_anywhere() -> None:
    def at(update: int) -> int:
        scheduler = Scheduler(optimizer(4), SPEC, start_step=update)
        scheduler.optimizer.step()
        scheduler.step()
        return calls(scheduler.step)

    assert at(10) == at(10**6) == at(FAR)


def test_beginning_late_costs_what_beginning_does() -> None:
    def beginning(update: int) -> int:
        # Past the end: the warning has a cost of its own.
        return calls(lambda: Scheduler(optimizer(4), SPEC, start_step=update, on_end="hold"))

    beginning(0)
    assert abs(beginning(FAR) - beginning(0)) <= 60


@pytest.fixture
def evaluated() -> list[int]:
    """A shape `ticks(start, end, steps)` is known; how many values were asked of it each time."""
    sizes: list[int] = []

    @lrdsl.shape(vectorized=True)
    def ticks(t: Any, start: float, end: float, steps: int) -> Any:
        sizes.append(t.size)
        return start + (end - start) * np.minimum(t / steps, 1)

    return sizes


@pytest.mark.parametrize(
    ("spec", "each"),
    [
        pytest.param("ticks(1, 0, 1000)", 1, id="a shape"),
        pytest.param("ticks(0, 1, 10) >> ticks(1, 0, 990)", 1, id="a chain"),
        pytest.param(" >> ".join(["ticks(1, 0, 40)"] * 25), 1, id="a long chain"),
        pytest.param("ticks(1, 0, 1000) | clip(0.1, 0.9)", 1, id="clip"),
        pytest.param("ticks(1, 0, 1000) | interval[500:*0.5, 700..800:*2]", 1, id="interval"),
        pytest.param("ticks(1, 0, 100) | repeat(10)", 1, id="repeat"),
        pytest.param("ticks(1, 0, 10) | repeat(10) | repeat(10)", 1, id="repeat of repeat"),
        pytest.param("ticks(1, 0, 500) | stretch(2)", 1, id="stretch"),
        pytest.param("ticks(1, 0, 2000) | skip(1000)", 1, id="skip"),
        pytest.param("ticks(1, 0, 2000) | take(1000)", 1, id="take"),
        pytest.param("ticks(1, 0, 1000) | every(10)", 1, id="every"),
        pytest.param("ticks(1, 0, 1000) * ticks(1, 0.5, 1000)", 2, id="a product"),
        pytest.param("ticks(1, 0, 1000) ** 2", 1, id="a power"),
        pytest.param("max(ticks(1, 0, 1000), ticks(0, 1, 1000))", 2, id="max"),
    ],
)
def test_no_value_is_made_twice(evaluated: list[int], spec: str, each: int) -> None:
    """Of `each` shape in a spec one value for each update at most, whatever is asked."""
    schedule = lrdsl.compile(spec)
    n = 1000
    for ask in (
        lambda: schedule.values(n),
        lambda: schedule(np.arange(n)),
        lambda: schedule(np.random.default_rng(0).permutation(n)),
    ):
        evaluated.clear()
        ask()
        assert 0 < sum(evaluated) <= each * n
    evaluated.clear()
    schedule(777)
    assert sum(evaluated) == each


@pytest.mark.parametrize("count", [2, 1000])
def test_one_value_asks_one_segment(evaluated: list[int], count: int) -> None:
    schedule = lrdsl.compile(" >> ".join(["ticks(1, 0, 10)"] * count))
    evaluated.clear()
    schedule(10 * count - 5)
    assert evaluated == [1]


def test_a_block_asks_the_segments_that_it_meets(evaluated: list[int]) -> None:
    schedule = lrdsl.compile(" >> ".join(["ticks(1, 0, 10)"] * 1000))
    evaluated.clear()
    schedule(np.arange(5005, 5025))
    assert sorted(evaluated) == [5, 5, 10]


@pytest.mark.slow
@pytest.mark.parametrize("clock", STEP)
@pytest.mark.parametrize("groups", [1, 64])
def test_values_made_by_steps(evaluated: list[int], clock: str, groups: int) -> None:
    """Groups that share a schedule ask it once, ahead, whoever looks meanwhile."""
    driven = optimizer(groups)
    scheduler = Scheduler(driven, "ticks(1, 0, 100000)", clock=clock)
    evaluated.clear()
    steps = 3 * BLOCK_SIZE
    for _ in range(steps):
        (driven.step if clock == "updates" else scheduler.step)()
        scheduler.get_last_lr()
    assert sum(evaluated) <= steps + BLOCK_SIZE
    assert len(evaluated) <= steps // BLOCK_SIZE + 1


def test_values_made_by_steps_for_each_base(evaluated: list[int]) -> None:
    scheduler = Scheduler(optimizer(8, is_uneven=True), "ticks(base, 0, 100000)")
    evaluated.clear()
    for _ in range(2 * BLOCK_SIZE):
        scheduler.step()
    assert sum(evaluated) <= 8 * 3 * BLOCK_SIZE


def test_compiling_makes_few_values(evaluated: list[int]) -> None:
    lrdsl.compile("ticks(1, 0, 1000000)")
    assert sum(evaluated) <= 100


VALUED = [
    pytest.param(SPEC.replace("base", "1"), id="warmup and cosine"),
    pytest.param(" >> ".join(["cosine(1, 0.5, 100000)"] * 8), id="8 segments"),
    pytest.param("cosine(1, 0, 2000000) * exponential(1, 0.1, 2000000)", id="a product"),
    pytest.param("cosine(1, 0, 1000) | repeat(scale=0.9) | clip(0, 1)", id="repeated and clipped"),
    pytest.param("0.1 / (1 + 0.05*t)", id="a formula"),
]


@pytest.mark.parametrize("spec", VALUED)
def test_bytes_of_values(spec: str) -> None:
    """However many values are made, only a few blocks are held beside them."""
    schedule = lrdsl.compile(spec)
    schedule.values(10)
    assert allocated_beyond(schedule, 20 * CHUNK) <= 2 * 2**20
    assert allocated_beyond(schedule, 80 * CHUNK) <= 2 * 2**20


@pytest.mark.parametrize("spec", VALUED)
def test_calls_of_values(spec: str) -> None:
    schedule = lrdsl.compile(spec)
    assert grows_in_step(lambda n: calls(lambda: schedule.values(n * CHUNK)), 8)
    assert calls(lambda: schedule.values(8 * CHUNK)) <= 8 * 250 + 100


@contextlib.contextmanager
def traced() -> Iterator[Callable[[], tuple[int, int]]]:
    """Gives how many bytes are held now, and at most were, beyond what was held before."""
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]

        def more() -> tuple[int, int]:
            now, peak = tracemalloc.get_traced_memory()
            return now - before, peak - before

        yield more
    finally:
        tracemalloc.stop()


@pytest.mark.slow
@pytest.mark.parametrize("clock", STEP)
def test_bytes_of_steps(clock: str) -> None:
    """Steps hold a block of values, and throw the one before away."""
    step = stepper(8, clock)
    for _ in range(BLOCK_SIZE):
        step()
    with traced() as more:
        for _ in range(3 * BLOCK_SIZE):
            step()
        held, peak = more()
    assert held <= 20 * BLOCK_SIZE  # a block, and what of it is still to come, at 8 bytes a value
    assert peak <= 60 * BLOCK_SIZE


def test_a_schedule_holds_no_values() -> None:
    def held(spec: str) -> int:
        lrdsl.compile(spec)
        with traced() as more:
            schedule = lrdsl.compile(spec)
            schedule(10)
            return more()[0]

    short = held("warmup(100) >> cosine(1, 0, 1000)")
    long = held("warmup(100) >> cosine(1, 0, 1000000000000)")
    assert abs(long - short) <= 2**12


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param("warmup(100) >> cosine(1, 0, 4000000000000)", id="a chain"),
        pytest.param("cosine(1, 0, 10) | repeat(scale=0.999)", id="repeat"),
        pytest.param("cosine(1, 0, 10) | repeat(stretch=2)", id="growing repeat"),
        pytest.param("cosine(1, 0, 10) | repeat(3) | repeat()", id="repeat of repeat"),
        pytest.param("step(1, 0.999999999, 30)", id="step"),
        pytest.param("0.1 / (1 + 0.05*t)", id="a formula"),
        pytest.param("cosine(1, 0, 1000) | interval[6:*0.5, 9:0.01] | every(10)", id="modifiers"),
    ],
)
def test_a_value_costs_the_same_at_any_time(spec: str) -> None:
    schedule = lrdsl.compile(spec)
    schedule([1, 200, FAR])  # the rounds that they lie in are known then
    near, far = (calls(lambda t=t: schedule(t)) for t in (200, FAR))
    assert far <= near + 10
    assert near <= 150


def test_a_value_costs_the_same_among_many_segments() -> None:
    def of(count: int) -> int:
        schedule = lrdsl.compile(" >> ".join(["linear(1, 0, 10)"] * count))
        return calls(lambda: schedule(10 * count - 5))

    assert of(1000) <= of(2) + 5


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param(lambda n: "cosine(1, 0, 10)" + " | repeat(2)" * n, id="repeat of repeat"),
        pytest.param(lambda n: " * ".join(["(warmup(9) >> linear(1, 0, 9))"] * n), id="products"),
        pytest.param(lambda n: "max(" * n + "cosine(1, 0, 9)" + ", 0.1)" * n, id="nested calls"),
    ],
)
def test_a_value_grows_with_what_it_is_made_of(spec: Callable[[int], str]) -> None:
    def count(n: int) -> int:
        schedule = lrdsl.compile(spec(n))
        return calls(lambda: schedule(777))

    assert grows_in_step(count, 8)


_numbers = itertools.count()


def fresh(text: str) -> str:
    """The same spec as a text that was never seen before."""
    return f"{text}\n# {next(_numbers):06}"


RUN: dict[str, Any] = {"total_steps": 1000, "base_lr": 0.1}

EXAMPLE = "warmup(linear, 100) >> cosine(1, 1e-3, 800)"
LONG = " >> ".join(
    [EXAMPLE, *[f"linear(0.{i % 7 + 1}, 0.{i % 5 + 1}, {200 + i})" for i in range(75)]]
)

TEXTS = [pytest.param(EXAMPLE, 2, id="2 parts"), pytest.param(LONG, 77, id="77 parts")]


@pytest.mark.parametrize(("spec", "parts"), TEXTS)
def test_calls_of_compiling(spec: str, parts: int) -> None:
    """A text that was never seen, and the same once more."""
    lrdsl.compile(fresh(spec))
    text = fresh(spec)
    assert calls(lambda: lrdsl.compile(text), everywhere=True) <= 450 + 540 * parts
    assert calls(lambda: lrdsl.compile(text), everywhere=True) <= 56


@pytest.mark.parametrize(("spec", "parts"), TEXTS)
def test_calls_of_linting(spec: str, parts: int) -> None:
    lrdsl.lint(fresh(spec))
    text = fresh(spec)
    assert calls(lambda: lrdsl.lint(text), everywhere=True) <= 1250 + 1100 * parts


@pytest.mark.parametrize("read", [lrdsl.compile, lrdsl.lint])
def test_no_garbage_is_left_to_be_collected(read: Callable[[str], object]) -> None:
    """What compiling makes is gone with the last who knows of it: no two things hold each other."""
    read(fresh(LONG))
    gc.collect()
    gc.disable()
    try:
        read(fresh(LONG))
        assert gc.collect() == 0
    finally:
        gc.enable()


GROWING = [
    pytest.param(lambda n: " >> ".join(["linear(1, 0.5, 10)"] * n), id="a chain"),
    pytest.param(lambda n: " >> ".join(["linear(_, 0.5, 10)"] * n), id="a chain that leans back"),
    pytest.param(lambda n: " >> ".join(["constant()"] + ["hold(1)"] * n), id="holds"),
    pytest.param(lambda n: " + ".join(["linear(1, 0.5, 10)"] * n), id="a sum"),
    pytest.param(
        lambda n: " * ".join(["(warmup(9) >> linear(1, 0, 9) >> linear(_, 0.1, 9))"] * n),
        id="a product of chains",
    ),
    pytest.param(
        lambda n: " >> ".join(["(linear(1, 0, 9) * linear(1, 0.5, 9))"] * n), id="products chained"
    ),
    pytest.param(lambda n: f"points[{', '.join([f'{i}:{i % 7}' for i in range(n)])}]", id="points"),
    pytest.param(
        lambda n: f"1 | interval[{', '.join([f'{i}:*0.5' for i in range(n)])}]", id="intervals"
    ),
    pytest.param(lambda n: f"cosine({' + '.join(['1'] * n)}, 0, 10)", id="arithmetic"),
    pytest.param(lambda n: "(" * n + "cosine(1, 0, 9)" + ")" * n, id="brackets"),
    pytest.param(lambda n: "max(" * n + "cosine(1, 0, 9)" + ", 0.1)" * n, id="nested calls"),
    pytest.param(lambda n: "-" * n + "cosine(1, 0, 9)", id="signs"),
    pytest.param(lambda n: "cosine(1, 0, 9)" + " | repeat(2)" * n, id="repeat of repeat"),
    pytest.param(lambda n: "cosine(1, 0, 9)" + " | clip(0, 1)" * n, id="clip of clip"),
    pytest.param(
        lambda n: (
            f"cosine(1, 0, 9) + torch.SequentialLR([{', '.join(['torch.ConstantLR(0.5, 5)'] * n)}]"
            f", milestones=[{', '.join([str(5 * i) for i in range(1, n)])}])"
        ),
        id="a dialect's list",
    ),
    pytest.param(lambda n: "cosine(1, 0, 9)" + " # and so on" * n, id="a comment"),
]


@pytest.mark.parametrize("spec", GROWING)
def test_compiling_grows_with_the_text(spec: Callable[[int], str]) -> None:
    def count(n: int) -> int:
        text = fresh(spec(n))
        return calls(lambda: lrdsl.compile(text, **RUN), everywhere=True)

    assert grows_in_step(count, 8, slack=1.1)


@pytest.mark.parametrize("spec", GROWING)
def test_printing_grows_with_the_text(spec: Callable[[int], str]) -> None:
    def count(n: int) -> int:
        parsed = lrdsl.parse(fresh(spec(n)))
        return calls(lambda: str(parsed), everywhere=True)

    assert grows_in_step(count, 8, slack=1.1)


@pytest.mark.slow
@pytest.mark.parametrize("spec", GROWING)
def test_linting_grows_with_the_text(spec: Callable[[int], str]) -> None:
    def count(n: int) -> int:
        text = fresh(spec(n))
        return calls(lambda: lrdsl.lint(text, **RUN), everywhere=True)

    # The rules look at more updates of a schedule that is longer, up to a limit.
    assert grows_in_step(count, 8, slack=1.3)


DEEP = MAX_DEPTH - 1


@pytest.mark.parametrize(
    ("text", "most"),
    [
        pytest.param("(" * DEEP + "cosine(1, 0, 9)" + ")" * DEEP, 160, id="brackets"),
        pytest.param("max(" * DEEP + "cosine(1, 0, 9)" + ", 0.1)" * DEEP, 320, id="calls"),
        pytest.param("cosine(1, 0, 9)" + " | repeat(2)" * DEEP, 420, id="repeat of repeat"),
    ],
)
def test_deep_specs_compile_without_a_blow_up(text: str, most: int) -> None:
    """`most` calls for each level."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        count = calls(lambda: compiled_or_refused(text), everywhere=True)
    assert count <= most * DEEP


def compiled_or_refused(text: str) -> None:
    """A schedule, or the mistakes that keep the text from being one: either must come soon."""
    with contextlib.suppress(lrdsl.SpecError):
        lrdsl.compile(text)(10**6)


@pytest.mark.slow
@pytest.mark.parametrize(
    "part",
    [
        pytest.param("linear(1, 0.5, 10) >> ", id="a chain"),
        pytest.param("linear(1, 0.5, 10) + ", id="a sum"),
    ],
)
@pytest.mark.slow
def test_the_largest_specs_compile_in_bounded_work(part: str) -> None:
    last = "linear(1, 0, 10)"
    text = part * ((MAX_CHARACTERS - len(last)) // len(part)) + last
    assert MAX_CHARACTERS - len(part) < len(text) <= MAX_CHARACTERS
    assert calls(lambda: lrdsl.compile(text), everywhere=True) <= 25 * len(text)


CALCULATING = {"annotated_types", "lark", "numpy", "pydantic", "pydantic_core"} | {
    "regex",  # which lark takes where it is installed
    "typing_extensions",
    "typing_inspection",
}


def test_compiling_a_running_product_costs_the_same_however_long() -> None:
    def count(n: int) -> int:
        spec = f"0.9999 ** (t / 1e6) | cumulative() | skip({n})"
        return calls(lambda: lrdsl.compile(spec, total_steps=n))

    count(10)
    assert abs(count(10**7) - count(10**4)) <= 20


def test_each_block_of_a_running_product_is_multiplied_once() -> None:
    schedule = lrdsl.compile("0.9999 ** (t / 1e6) | cumulative()")
    updates = np.linspace(0, 400_000, 90).astype(np.int64)
    assert calls(lambda: schedule(updates)) <= 100 * 60


def test_segments_of_overlapping_entries_grow_in_step() -> None:
    def count(n: int) -> int:
        ranges = ", ".join([f"{i}..{i + n}:*0.999" for i in range(n)])
        schedule = lrdsl.compile(f"constant(1) | interval[{ranges}]")
        return calls(lambda: schedule.segments)

    assert grows_in_step(count, 100)


FILE_EACH = re.compile(r"lrdsl\.(language\.(shapes|curves|modifiers)|linter\.rules)\.")
"""Folders with a file for each of what there is: these may well become more."""

READING = {"click", "lark", "regex"}
TERMINAL = {*CALCULATING, "click"}
COMPILE = f"import lrdsl\nlrdsl.compile({EXAMPLE!r})(3)"


def command(*arguments: str) -> str:
    """The code of a process that runs a command of the terminal."""
    return f"from lrdsl.cli.main import cli\ncli.main({list(arguments)!r}, standalone_mode=False)"


@pytest.mark.parametrize(
    ("code", "others", "own", "most", "made"),
    [
        pytest.param("import lrdsl", set(), 3, 15, 0, id="import lrdsl"),
        pytest.param(COMPILE, CALCULATING, 92, 305, 69, id="compile"),
        pytest.param(
            "from lrdsl.build import warmup\nstr(warmup(3))", CALCULATING, 63, 270, 53, id="build"
        ),
        pytest.param("import lrdsl.cli.main", {"click"}, 17, 78, 1, id="the command line"),
        pytest.param(command("show", EXAMPLE), {*TERMINAL, "plotille"}, 115, 340, 72, id="show"),
        pytest.param(command("values", EXAMPLE, "--at", "3"), TERMINAL, 111, 326, 70, id="values"),
        pytest.param(command("shapes"), TERMINAL, 68, 324, 51, id="shapes"),
        pytest.param(command("fmt", "-e", EXAMPLE), READING, 37, 132, 29, id="fmt"),
        pytest.param(command("lint", "-e", EXAMPLE), TERMINAL, 127, 332, 82, id="lint"),
        pytest.param(command("rules"), TERMINAL, 118, 289, 77, id="rules"),
    ],
)  # fmt: skip
def test_what_is_imported(code: str, others: set[str], own: int, most: int, made: int) -> None:
    """No package beside `others`, `own` modules of lrdsl and `most` others at most.

    They make `made` dataclasses, of lrdsl's, at most: the methods of each are compiled from text.
    """
    script = (
        f"import json, sys\nbefore = set(sys.modules)\ntry:\n    exec({code!r})\n"
        "except SystemExit as end:\n    assert not end.code, end.code\n"
        "found = sorted(set(sys.modules) - before)\n"
        "kinds = [x for name in found if name.partition('.')[0] == 'lrdsl'\n"
        "         for x in vars(sys.modules[name]).values()\n"
        "         if isinstance(x, type) and x.__module__ == name]\n"
        "made = sum('__dataclass_fields__' in vars(kind) for kind in kinds)\n"
        "print('\\n' + json.dumps([found, made]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    found, dataclasses = json.loads(done.stdout.splitlines()[-1])
    packages = {name.partition(".")[0] for name in found}
    foreign = {name for name in packages - sys.stdlib_module_names if name[:11] != "_sysconfigd"}
    assert foreign - {"lrdsl"} <= others
    mine = [name for name in found if name.partition(".")[0] == "lrdsl"]
    assert len([name for name in mine if not FILE_EACH.match(name)]) <= own
    assert len(found) - len(mine) <= most
    assert dataclasses <= made


def test_nothing_is_looked_through_at_the_end_of_a_command() -> None:
    """What is left of a command when Python looks for garbage once more."""
    script = (
        "import atexit, gc\natexit.register(lambda: print(len(gc.get_objects())))\n"
        f"from lrdsl.cli.main import main\nmain(['fmt', '-e', {EXAMPLE!r}])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert int(done.stdout.splitlines()[-1]) <= 1000
