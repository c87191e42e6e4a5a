"""`update_learning_rate`: sets learning rates by hand."""

from __future__ import annotations

from collections.abc import Iterable

from torch import Tensor
from torch.optim import Optimizer

from lrdsl.diagnostics import BAD_GROUP, spec_error
from lrdsl.syntax.spec import as_number
from lrdsl.torch.param_key import ParamKey, clone_value, finite_number

_LR = ParamKey("lr")


def update_learning_rate(
    optimizer: Optimizer, new_lr: float | Tensor, param_group: Iterable[int] | None = None
) -> None:
    """Set the learning rate of all parameter groups, or of those whose indices are listed.

    A learning rate that is a Tensor stays the same Tensor and is filled in place, unless a group
    that is not chosen shares it. A `Scheduler` overwrites the rates at its next step. Raises
    `SpecError`, having changed nothing, if `new_lr` is not a finite number or a group does not
    exist.

    >>> import torch
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    >>> update_learning_rate(optimizer, 0.2)
    >>> optimizer.param_groups[0]["lr"]
    0.2

    Corresponds to SpeechBrain's function of the same name.
    """
    if not isinstance(optimizer, Optimizer):
        found = type(optimizer).__name__
        raise spec_error(BAD_GROUP, f"a torch.optim.Optimizer has learning rates, not a {found}")
    lr = finite_number(new_lr, "`new_lr` must be a finite number")
    groups = optimizer.param_groups
    chosen = range(len(groups)) if param_group is None else _indices(param_group, len(groups))
    for i in chosen:
        if "lr" not in groups[i]:
            raise spec_error(BAD_GROUP, f"parameter group {i} has no `lr`")
    others = [group for i, group in enumerate(groups) if i not in chosen]
    for group in [groups[i] for i in chosen]:
        if any(other.get("lr") is group["lr"] for other in [*others, optimizer.defaults]):
            group["lr"] = clone_value(group["lr"])
        _LR.assign(group, lr)


def _indices(param_group: object, count: int) -> list[int]:
    """Check the indices of parameter groups."""
    if not isinstance(param_group, Iterable) or isinstance(param_group, str):
        message = f"`param_group` must be a list of indices, not {param_group!r}"
        raise spec_error(BAD_GROUP, message, fix=f"write `[{param_group!r}]`")
    indices: list[int] = []
    for given in param_group:
        index = as_number(given)
        if not isinstance(index, int) or not 0 <= index < count:
            known = "is group 0 alone" if count == 1 else f"are groups 0 to {count - 1}"
            message = f"there is no parameter group {given!r}"
            raise spec_error(BAD_GROUP, message, fix=f"there {known}")
        indices.append(index)
    return indices
