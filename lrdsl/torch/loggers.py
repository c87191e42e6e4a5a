"""Logs of what a Scheduler sets: TensorBoard, a CSV, lines of text.

They hold what each update was made with, by the name of the number and of the parameter group.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from torch import distributed

from lrdsl import diagnostics as diag
from lrdsl.diagnostics import spec_error
from lrdsl.torch.csv_log import CsvLog
from lrdsl.torch.scheduler import Scheduler


class ScalarWriter(Protocol):
    """What can log to TensorBoard, such as torch's `SummaryWriter`."""

    def add_scalar(self, tag: str, value: float, step: int, /) -> Any:
        """Log one value of the curve `tag`."""


def log_to_tensorboard(
    scheduler: Scheduler, writer: ScalarWriter, *, prefix: str = "", every: int = 1
) -> Callable[[], None]:
    """Log what each update is made with to TensorBoard, a curve for each number and group.

    The curves are `lr/0`, `lr/1`, `weight_decay/0` and so on after `prefix`; a group that has a
    `name` goes by it, `lr/head`. `writer` is a `torch.utils.tensorboard.SummaryWriter`, or
    anything with its `add_scalar(tag, value, step)`. Only the updates that `every` divides are
    logged. Returns a function that ends it; raises `SpecError` if something given is none of these.

    >>> from torch import nn, optim
    >>> class Writer:
    ...     def add_scalar(self, tag, value, step):
    ...         print(step, tag, value)
    >>> optimizer = optim.SGD(nn.Linear(1, 1).parameters(), lr=1)
    >>> scheduler = Scheduler(optimizer, {"lr": "linear(1, 0, 4)", "momentum": 0.9})
    >>> end = log_to_tensorboard(scheduler, Writer(), prefix="schedule/")
    >>> optimizer.step()
    >>> scheduler.step()
    0 schedule/lr/0 1.0
    0 schedule/momentum/0 0.9
    """
    _check_watched(scheduler, "log_to_tensorboard")
    add = getattr(writer, "add_scalar", None)
    if not callable(add) or isinstance(writer, type):
        message = f"`writer` has `add_scalar(tag, value, step)`, and {_a(writer)} has not"
        fix = "pass a `torch.utils.tensorboard.SummaryWriter`; `on_update` serves any other logger"
        raise spec_error(diag.BAD_LOG, message, fix=fix)
    if not isinstance(prefix, str):
        raise spec_error(diag.BAD_LOG, f"`prefix` is text, not {prefix!r}")

    def log(update: int, values: Mapping[str, Sequence[float]]) -> None:
        for key, label, value in _labelled(scheduler, values):
            add(f"{prefix}{key}/{label}", value, update)

    return scheduler.on_update(log, every=every)


def log_to_csv(
    scheduler: Scheduler, path: str | os.PathLike[str], *, every: int = 1
) -> Callable[[], None]:
    """Write what each update is made with to a CSV: a row for each, at once.

    The columns are `update`, `lr[0]`, `lr[1]`, `weight_decay[0]` and so on; a group that has a
    `name` goes by it, `lr[head]`. Numbers read back as they were, to the last bit. A group that is
    added on the way has columns from there on, empty in the rows before. Only the updates that
    `every` divides have rows.

    If the file exists, it is gone on with: rows from the first update on that is made now are cut
    off, be it that a run was killed and resumed, or that it starts anew. So the file of a run that
    was killed and resumed is that of an unbroken one. Under torch.distributed rank 0 writes.

    Returns a function that ends it. Raises `SpecError` if the file cannot be written, or is of
    something else, and has not changed it then; so does the Scheduler's `step`, should it come to
    that later.

    >>> import pathlib, tempfile
    >>> from torch import nn, optim
    >>> optimizer = optim.SGD(nn.Linear(1, 1).parameters(), lr=1)
    >>> scheduler = Scheduler(optimizer, "linear(1, 0, 4)")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "lr.csv")
    ...     end = log_to_csv(scheduler, path)
    ...     for step in range(3):
    ...         optimizer.step()
    ...         scheduler.step()
    ...     print(path.read_text())
    update,lr[0]
    0,1.0
    1,0.75
    2,0.5
    """
    _check_watched(scheduler, "log_to_csv")
    if not _writes():
        return scheduler.on_update(_ignore, every=every)
    file = CsvLog(path)

    def log(update: int, values: Mapping[str, Sequence[float]]) -> None:
        cells = _labelled(scheduler, values)
        file.write(update, {f"{key}[{label}]": value for key, label, value in cells})

    ends = [
        scheduler.on_update(log, every=every),
        scheduler.on_update(lambda update, values: file.reach(update)),
    ]

    def end() -> None:
        for each in ends:
            each()

    return end


def log_to_text(
    scheduler: Scheduler, write: Callable[[str], object], *, every: int = 1
) -> Callable[[], None]:
    """Have `write` called with a line that says what an update is made with.

    `write` is `print`, `tqdm.write`, or a logger's method, `logging.getLogger("train").info`. Only
    the updates that `every` divides have a line; values are rounded to six digits. Returns a
    function that ends it; raises `SpecError` if something given is none of these.

    >>> from torch import nn, optim
    >>> optimizer = optim.SGD(nn.Linear(1, 1).parameters(), lr=1)
    >>> scheduler = Scheduler(optimizer, {"lr": "linear(1, 0, 400)", "momentum": 0.9})
    >>> end = log_to_text(scheduler, print, every=100)
    >>> for step in range(300):
    ...     optimizer.step()
    ...     scheduler.step()
    update 0: lr[0]=1 momentum[0]=0.9
    update 100: lr[0]=0.75 momentum[0]=0.9
    update 200: lr[0]=0.5 momentum[0]=0.9
    """
    _check_watched(scheduler, "log_to_text")
    if not callable(write):
        fix = "pass a method of it, `logger.info`" if hasattr(write, "info") else "pass `print`"
        raise spec_error(diag.BAD_LOG, f"`write` is a function of a line, not {_a(write)}", fix=fix)

    def log(update: int, values: Mapping[str, Sequence[float]]) -> None:
        cells = [f"{key}[{label}]={value:g}" for key, label, value in _labelled(scheduler, values)]
        write(f"update {update}: {' '.join(cells)}")

    return scheduler.on_update(log, every=every)


def _labelled(
    scheduler: Scheduler, values: Mapping[str, Sequence[float]]
) -> Iterator[tuple[str, str, float]]:
    """Each value, with its number's name and its group's."""
    labels = _labels(scheduler._groups.names)
    for key, of_groups in values.items():
        # A group that came after the update has a label already, but no value.
        for label, value in zip(labels, of_groups, strict=False):
            yield key, label, value


def _labels(names: Sequence[object]) -> list[str]:
    """What each group goes by: its name if that is a name, and no earlier group's; or its index."""
    labels: dict[str, None] = {}
    for i, name in enumerate(names):
        is_fit = isinstance(name, str) and name.isprintable() and name.strip()
        is_free = is_fit and name not in labels and not str(name).isdigit()
        labels[str(name) if is_free else str(i)] = None
    return list(labels)


def _check_watched(scheduler: object, name: str) -> None:
    if not isinstance(scheduler, Scheduler):
        message = f"`{name}` logs a lrdsl.torch.Scheduler, not {_a(scheduler)}"
        raise spec_error(diag.BAD_LOG, message)


def _ignore(update: int, values: Mapping[str, Sequence[float]]) -> None:
    pass


def _writes() -> bool:
    """Whether this process is the one of several that writes files."""
    return not (distributed.is_available() and distributed.is_initialized()) or (
        distributed.get_rank() == 0
    )


def _a(value: object) -> str:
    return f"the class {value.__name__}" if isinstance(value, type) else f"a {type(value).__name__}"
