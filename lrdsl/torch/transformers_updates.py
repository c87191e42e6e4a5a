"""`trainer_updates`: the number of updates that transformers' Trainer will make."""

from __future__ import annotations

import math
import operator
from typing import Any

from torch.utils.data import DataLoader, IterableDataset

from lrdsl.diagnostics import BAD_CONTEXT, spec_error

_READ = ("max_steps", "num_train_epochs", "gradient_accumulation_steps", "train_batch_size")


def trainer_updates(args: Any, dataset: Any, *, epochs: float | None = None) -> int:
    """The number of updates in a run of transformers' `Trainer`, by its own count.

    `args` are the `TrainingArguments`. `dataset` is the training data or the number of examples in
    it; or the DataLoader that the Trainer iterates, which knows of a sampler of your own:
    `trainer.get_train_dataloader()`. `epochs` counts the updates of so many epochs instead of the
    whole run: 1 for `steps_per_epoch`.

    The last batches of an epoch make an update, even if they are too few to accumulate. The count
    is that of the devices and processes that `args` know of, so that all ranks get the same number.
    transformers itself is not imported.

    Raises `SpecError` if the length of the data is not known and `args` have no `max_steps`.

    >>> from types import SimpleNamespace
    >>> args = SimpleNamespace(max_steps=-1, num_train_epochs=3, gradient_accumulation_steps=4,
    ...                        train_batch_size=64, dataloader_drop_last=False, world_size=1)
    >>> trainer_updates(args, 1440), trainer_updates(args, 1440, epochs=1)
    (18, 6)
    """
    missing = [name for name in _READ if not hasattr(args, name)]
    if missing:
        message = f"`args` are transformers' TrainingArguments, not a {type(args).__name__}"
        raise spec_error(BAD_CONTEXT, f"{message}: it has no `{missing[0]}`")
    if epochs is None and args.max_steps >= 0:
        return int(args.max_steps)
    batches = _batches(args, dataset)
    in_epoch: int = max(1, math.ceil(batches / args.gradient_accumulation_steps))
    count: float = args.num_train_epochs if epochs is None else epochs
    return math.ceil(count * in_epoch)


def _batches(args: Any, dataset: Any) -> int:
    """The batches in an epoch that one process gets, as Accelerate shares them out."""
    try:
        count = operator.index(dataset) if hasattr(dataset, "__index__") else len(dataset)
    except TypeError:
        message = f"a {type(dataset).__name__} has no length: its epochs cannot be counted"
        fix = "pass the number of examples, or give the arguments a `max_steps`"
        raise spec_error(BAD_CONTEXT, message, fix=fix) from None
    if count < 1 or isinstance(dataset, bool):
        raise spec_error(BAD_CONTEXT, f"the training data must have an example, not {count}")
    parallel = getattr(args, "parallelism_config", None)
    pieces = getattr(parallel, "sp_size", 1)  # of a sequence; each process has all batches
    if isinstance(dataset, DataLoader):
        return count * pieces
    if getattr(args, "train_sampling_strategy", None) == "batch_rebalance":
        message = "the sampler `batch_rebalance` makes batches of several sizes"
        fix = "pass the DataLoader, `trainer.get_train_dataloader()`"
        raise spec_error(BAD_CONTEXT, message, fix=fix)
    drops = args.dataloader_drop_last and not isinstance(dataset, IterableDataset)
    batches = _shared_out(count, args.train_batch_size, drops=drops)
    options = getattr(args, "accelerator_config", None)
    if not getattr(options, "split_batches", False):
        same = getattr(parallel, "tp_size", 1) * getattr(parallel, "cp_size", 1)
        batches = _shared_out(batches, args.world_size // same, drops=drops)
    return batches * pieces


def _shared_out(count: int, size: int, *, drops: bool) -> int:
    """How many parts of a size a number of things makes."""
    return count // size if drops else math.ceil(count / size)
