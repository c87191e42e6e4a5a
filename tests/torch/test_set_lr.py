"""Rates set by hand."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.optim import SGD  # noqa: E402

from lrdsl import SpecError  # noqa: E402
from lrdsl.torch import update_learning_rate  # noqa: E402


def sgd(*lrs):
    groups = [{"params": [nn.Parameter(torch.zeros(1))], "lr": lr} for lr in lrs]
    return SGD(groups, lr=7.0)


def lrs(optimizer):
    return [float(group["lr"]) for group in optimizer.param_groups]


# update_learning_rate.


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        pytest.param(None, [0.2, 0.2, 0.2], id="all"),
        pytest.param([1], [0.1, 0.2, 0.1], id="one"),
        pytest.param((0, 2), [0.2, 0.1, 0.2], id="two"),
        pytest.param(range(1, 3), [0.1, 0.2, 0.2], id="a range"),
        pytest.param(np.array([2]), [0.1, 0.1, 0.2], id="numpy"),
        pytest.param([], [0.1, 0.1, 0.1], id="none"),
    ],
)
@pytest.mark.parametrize("tensor", [False, True], ids=["float", "Tensor"])
def test_rates_are_set(chosen, expected, tensor):
    optimizer = sgd(*[torch.tensor(0.1, dtype=torch.float64) if tensor else 0.1] * 3)
    update_learning_rate(optimizer, 0.2, chosen)
    assert lrs(optimizer) == expected
    assert [torch.is_tensor(group["lr"]) for group in optimizer.param_groups] == [tensor] * 3


@pytest.mark.parametrize("new", [0.2, np.float64(0.2), torch.tensor(0.2, dtype=torch.float64)])
def test_a_tensor_is_filled_in_place(new):
    own = [torch.tensor(0.1, dtype=torch.float64), torch.tensor(0.1, dtype=torch.float64)]
    optimizer = sgd(*own)
    update_learning_rate(optimizer, new)
    assert [group["lr"] for group in optimizer.param_groups] == [0.2, 0.2]
    assert all(group["lr"] is lr for group, lr in zip(optimizer.param_groups, own, strict=True))


def test_groups_that_share_a_tensor_and_their_default():
    shared = torch.tensor(0.1, dtype=torch.float64)
    parameters = [{"params": [nn.Parameter(torch.zeros(1))]} for _ in range(3)]
    optimizer = SGD(parameters, lr=shared)
    update_learning_rate(optimizer, 0.2, [1])
    assert lrs(optimizer) == [0.1, 0.2, 0.1]
    update_learning_rate(optimizer, 0.3)
    assert lrs(optimizer) == [0.3, 0.3, 0.3]
    assert float(optimizer.defaults["lr"]) == 0.1


@pytest.mark.parametrize(
    ("lr", "chosen", "match"),
    [
        pytest.param("0.2", None, "`new_lr`", id="text"),
        pytest.param(None, None, "`new_lr`", id="None"),
        pytest.param(True, None, "`new_lr`", id="True"),
        pytest.param(float("nan"), None, "`new_lr`", id="nan"),
        pytest.param(float("inf"), None, "`new_lr`", id="inf"),
        pytest.param(torch.zeros(2), None, "`new_lr`", id="two numbers"),
        pytest.param(0.2, 1, r"list of indices(.|\n)*`\[1\]`", id="an index alone"),
        pytest.param(0.2, "01", "list of indices", id="text as indices"),
        pytest.param(0.2, [0, 2], r"no parameter group 2(.|\n)*groups 0 to 1", id="no such group"),
        pytest.param(0.2, [-1], "no parameter group -1", id="from behind"),
        pytest.param(0.2, [0.0], "no parameter group 0.0", id="a float"),
        pytest.param(0.2, [False], "no parameter group False", id="False"),
        pytest.param(0.2, [0, None], "no parameter group None", id="None as index"),
    ],
)
def test_errors_change_nothing(lr, chosen, match):
    optimizer = sgd(0.1, 0.1)
    with pytest.raises(SpecError, match=match):
        update_learning_rate(optimizer, lr, chosen)
    assert lrs(optimizer) == [0.1, 0.1]


def test_what_is_no_optimizer_has_no_rates():
    with pytest.raises(SpecError, match=r"torch.optim.Optimizer.*Linear"):
        update_learning_rate(nn.Linear(1, 1), 0.2)
    optimizer = sgd(0.1, 0.1)
    del optimizer.param_groups[1]["lr"]
    with pytest.raises(SpecError, match="group 1 has no `lr`"):
        update_learning_rate(optimizer, 0.2)
    assert optimizer.param_groups[0]["lr"] == 0.1
