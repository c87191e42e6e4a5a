"""Logs the numbers that a Scheduler sets: to TensorBoard, to a CSV file, as lines of text.

A log has the values of each update by the name of the number and of the parameter group.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, Protocol

from torch import distributed

from lrdsl.diagnostics import BAD_LOG, spec_error
from lrdsl.torch.csv_log import CsvLog
from lrdsl.torch.scheduler import Scheduler


class ScalarWriter(Protocol):
    """A writer of TensorBoard logs, such as torch's `SummaryWriter`."""

    def add_scalar(self, tag: str, value: float, step: int, /) -> Any:
        """Add one value to the curve `tag`."""


def log_to_tensorboard(
    scheduler: Scheduler, writer: ScalarWriter, *, prefix: str = "", every: int = 1
) -> Callable[[], None]:
    """Log the values of each update to TensorBoard, as a curve for each number and group.

    The curves are `lr/0`, `lr/1`, `weight_decay/0` and so on after `prefix`; the curve of a group
    with a `name` has that name, `lr/head`. `writer` is a `torch.utils.tensorboard.SummaryWriter`,
    or another object with its `add_scalar(tag, value, step)`. Only the updates that `every` divides
    are logged. Returns a function that ends the log; raises `SpecError` if an argument is invalid.

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
    _check_scheduler(scheduler, "log_to_tensorboard")
    add = getattr(writer, "add_scalar", None)
    if not callable(add) or isinstance(writer, type):
        message = f"`writer` must have `add_scalar(tag, value, step)`, unlike {_described(writer)}"
        fix = "pass a `torch.utils.tensorboard.SummaryWriter`; `on_update` serves any other logger"
        raise spec_error(BAD_LOG, message, fix=fix)
    if not isinstance(prefix, str):
        raise spec_error(BAD_LOG, f"`prefix` must be text, not {prefix!r}")

    def log(update: int, values: Mapping[str, Sequence[float]]) -> None:
        for key, label, value in _labelled(scheduler, values):
            add(f"{prefix}{key}/{label}", value, update)

    return scheduler.on_update(log, every=every)


def log_to_csv(
    scheduler: Scheduler, path: str | os.PathLike[str], *, every: int = 1
) -> Callable[[], None]:
    """Write the values of each update to a CSV file, as a row that is complete at once.

    The columns are `update`, `lr[0]`, `lr[1]`, `weight_decay[0]` and so on; the column of a group
    with a `name` has that name, `lr[head]`. Numbers read back bit for bit. A group that is added
    during the run adds columns, which are empty in the earlier rows. Only the updates that `every`
    divides have rows.

    An existing file is continued: its rows from the first update of this run on are cut off,
    whether the run resumes or starts again. The file of a run that was killed and resumed is
    therefore the same as that of an uninterrupted run. Under torch.distributed rank 0 writes.

    Returns a function that ends the log. Raises `SpecError`, having changed nothing, if the file
    cannot be written or is not such a log; the Scheduler's `step` raises it if the file turns out
    to be another's. If the disk is full later, the run goes on: a warning says so once, rows wait
    until they can be written, and a last warning counts those that are missing at the end.

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
    _check_scheduler(scheduler, "log_to_csv")
    is_distributed = distributed.is_available() and distributed.is_initialized()
    if is_distributed and distributed.get_rank() != 0:
        return scheduler.on_update(lambda update, values: None, every=every)
    file = CsvLog(path)

    def log(update: int, values: Mapping[str, Sequence[float]]) -> None:
        cells = _labelled(scheduler, values)
        file.write(update, {f"{key}[{label}]": value for key, label, value in cells})

    callbacks = ExitStack()
    callbacks.callback(file.close)
    callbacks.callback(scheduler.on_update(log, every=every))
    callbacks.callback(scheduler.on_update(lambda update, values: file.reach(update)))
    return callbacks.close


def log_to_text(
    scheduler: Scheduler, write: Callable[[str], object], *, every: int = 1
) -> Callable[[], None]:
    """Call `write` with a line of the values of each update.

    `write` is `print`, `tqdm.write`, or a logger's method, `logging.getLogger("train").info`. Only
    the updates that `every` divides have a line; values are rounded to six digits. Returns a
    function that ends the log; raises `SpecError` if an argument is invalid.

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
    _check_scheduler(scheduler, "log_to_text")
    if not callable(write):
        fix = "pass a method of it, `logger.info`" if hasattr(write, "info") else "pass `print`"
        message = f"`write` must be a function of a line, not {_described(write)}"
        raise spec_error(BAD_LOG, message, fix=fix)

    def log(update: int, values: Mapping[str, Sequence[float]]) -> None:
        cells = [f"{key}[{label}]={value:g}" for key, label, value in _labelled(scheduler, values)]
        write(f"update {update}: {' '.join(cells)}")

    return scheduler.on_update(log, every=every)


def _labelled(
    scheduler: Scheduler, values: Mapping[str, Sequence[float]]
) -> Iterator[tuple[str, str, float]]:
    """Yield each value with the name of its number and the label of its group.

    Those of `values` are together, as if they were those of groups.
    """
    held = scheduler._table.held
    labels = _labels(scheduler._table.driven.full_names)
    for name, of_groups in values.items():
        if name in held:
            yield "values", name, of_groups[0]
            continue
        # A group that was added after the update has a label, but no value.
        for label, value in zip(labels, of_groups, strict=False):
            yield name, label, value


def _labels(names: Sequence[object]) -> list[str]:
    """The label of each group: its name if that is printable and unique, otherwise its index."""
    labels: dict[str, None] = {}
    for i, name in enumerate(names):
        is_usable = isinstance(name, str) and name.isprintable() and name.strip()
        is_unique = is_usable and name not in labels and not str(name).isdigit()
        labels[str(name) if is_unique else str(i)] = None
    return list(labels)


def _check_scheduler(scheduler: object, name: str) -> None:
    if not isinstance(scheduler, Scheduler):
        message = f"`{name}` logs a lrdsl.torch.Scheduler, not {_described(scheduler)}"
        raise spec_error(BAD_LOG, message)


def _described(value: object) -> str:
    return f"the class {value.__name__}" if isinstance(value, type) else f"a {type(value).__name__}"
