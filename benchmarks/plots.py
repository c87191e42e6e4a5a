"""Pictures of how cost grows: with groups, length, segments and text."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure
from torch.optim import lr_scheduler as theirs

import lrdsl
from benchmarks.evaluate import floor, segments, valued
from benchmarks.peers import PEERS, optimizer, sequential
from benchmarks.step import CASES
from benchmarks.text import of_size, over
from benchmarks.timing import Contender, Effort, Spread, calls, contest
from lrdsl.torch import Scheduler

_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#555555")  # apart for the colour-blind
_MARKERS = "osD^v"

Contenders = Mapping[str, Contender]


@dataclass(frozen=True)
class Plot:
    """Cost against size: `contenders(size)` are measured side by side at each of `sizes`.

    What is drawn is the cost of one unit or, where it `is_whole`, of as many as the size is.
    """

    name: str
    title: str
    x: str
    sizes: Sequence[int]
    contenders: Callable[[int], Contenders]
    is_whole: bool = False


def _by_groups(count: int) -> Contenders:
    wanted = ("torch LambdaLR", "transformers get_cosine_schedule_with_warmup")
    return {**CASES[0].contenders(count), **_steppers(wanted, count)}


def _steppers(names: Sequence[str], groups: int) -> dict[str, Contender]:
    """The steps of some peers, of those that are installed."""
    found = {}
    for each in PEERS:
        if each.name in names:
            try:
                found[each.name] = calls(each.stepper(optimizer(groups)))
            except ImportError:
                continue
    return found


def _by_length(length: int) -> Contenders:
    schedule = lrdsl.compile(f"warmup({length // 10}) >> cosine(1, 0, {length})")
    return {
        "lrdsl": valued(schedule, length),
        "np.cos": floor(length),
        "stepping torch SequentialLR": calls(sequential(optimizer()).step),
        **{
            f"stepping {name}": step
            for name, step in _steppers(("fvcore CosineParamScheduler",), 1).items()
        },
    }


def _by_segments(count: int) -> Contenders:
    spec = segments(count, 10**7)
    schedule = lrdsl.compile(spec)
    made = optimizer()
    parts: list[theirs.LRScheduler] = [theirs.CosineAnnealingLR(made, 10**7) for _ in range(count)]
    ends = [i * (10**7 // count) for i in range(1, count)]
    return {
        "lrdsl, one value": calls(lambda: schedule(7_777_777)),
        "lrdsl, one step()": calls(Scheduler(optimizer(), spec, start_step=7_777_777).step),
        "torch SequentialLR, one step()": calls(theirs.SequentialLR(made, parts, ends).step),
    }


def _by_text(size: int) -> Contenders:
    known = of_size(size)
    return {
        "lrdsl.compile": over(lrdsl.compile, lambda: of_size(size)),
        "lrdsl.compile, the second time": over(lrdsl.compile, lambda: known),
        "ast.parse": over(ast.parse, lambda: of_size(size)),
    }


PLOTS = (
    Plot(
        "groups",
        "One step() by the number of parameter groups",
        "parameter groups",
        [1, 2, 4, 8, 16, 32, 64, 128, 256, 512],
        _by_groups,
    ),
    Plot(
        "length",
        "All values of warmup + cosine by its length",
        "updates",
        [10**i for i in range(1, 8)],
        _by_length,
        is_whole=True,
    ),
    Plot(
        "segments",
        "One value by the number of segments",
        "segments",
        [2, 4, 8, 16, 32, 64, 128, 256, 512, 1024],
        _by_segments,
    ),
    Plot(
        "text",
        "Parsing and compiling by the size of the spec",
        "characters",
        [60, 125, 250, 500, 1000, 2000, 4000, 8000, 16000],
        _by_text,
    ),
)


def draw(folder: Path, effort: Effort) -> list[Path]:
    """Measure and write an SVG for each plot; returns where they are."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for plot in PLOTS:
        sizes = [size for size in plot.sizes if size <= max(plot.sizes) // effort.size]
        written.append(folder / f"{plot.name}.svg")
        _write(plot, _measured(plot, sizes or plot.sizes[:1], effort), written[-1])
    return written


Line = list[tuple[int, Spread]]


def _measured(plot: Plot, sizes: Sequence[int], effort: Effort) -> dict[str, Line]:
    lines: dict[str, Line] = {}
    for size in sizes:
        count = size if plot.is_whole else 1
        for name, times in contest(plot.contenders(size), effort.but(rounds=7)).items():
            spread = Spread.of([count * seconds for seconds in times])
            lines.setdefault(name, []).append((size, spread))
    return lines


def _write(plot: Plot, lines: Mapping[str, Line], path: Path) -> None:
    """Medians as lines, quartiles as bands, both axes logarithmic."""
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    for (name, line), colour, marker in zip(lines.items(), _COLOURS, _MARKERS, strict=False):
        sizes = [size for size, _ in line]
        medians = [spread.median for _, spread in line]
        axes.plot(sizes, medians, label=name, color=colour, marker=marker, markersize=4)
        lows, highs = [s.low for _, s in line], [s.high for _, s in line]
        axes.fill_between(sizes, lows, highs, color=colour, alpha=0.2, linewidth=0)
    axes.set(xscale="log", yscale="log", xlabel=plot.x, ylabel="seconds", title=plot.title)
    axes.grid(visible=True, which="major", linewidth=0.4)
    figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize="small")
    # The same numbers make the same file.
    with matplotlib.rc_context({"svg.hashsalt": "lrdsl", "svg.fonttype": "path"}):
        figure.savefig(path, metadata={"Date": None})
