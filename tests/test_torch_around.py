"""Beside the driving: rates set by hand, scheduled losses, the ends of cycles."""

import copy
import io
import pickle

import numpy as np
import pytest
from hydra.utils import instantiate
from omegaconf import OmegaConf

import lrdsl

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402
from torch import nn  # noqa: E402
from torch.optim import SGD  # noqa: E402

from lrdsl import SpecError  # noqa: E402
from lrdsl.torch import ScheduledLoss, Scheduler, update_learning_rate  # noqa: E402
from lrdsl.torch.ahead import AHEAD  # noqa: E402


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


# ScheduledLoss.

MAPPINGS = [
    {"loss_fn": nn.MSELoss(), "steps": 3},
    {"loss_fn": nn.L1Loss(), "steps": 2},
    {"loss_fn": nn.SmoothL1Loss()},
]
PAIRS = [(nn.MSELoss(), 3), (nn.L1Loss(), 2), (nn.SmoothL1Loss(), None)]
PRINTED = [0.25, 0.25, 0.25, 0.5, 0.5, 0.125, 0.125, 0.125]
CONFIG = """
_target_: lrdsl.torch.ScheduledLoss
schedule:
  - {loss_fn: {_target_: torch.nn.MSELoss}, steps: 3}
  - {loss_fn: {_target_: torch.nn.L1Loss}, steps: 2e0}
  - {loss_fn: {_target_: torch.nn.SmoothL1Loss}}
"""


def called(loss, count):
    x, y = torch.zeros(1), torch.full((1,), 0.5)
    return [loss(x, y).item() for _ in range(count)]


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: ScheduledLoss(MAPPINGS), id="mappings"),
        pytest.param(lambda: ScheduledLoss(PAIRS), id="pairs"),
        pytest.param(lambda: ScheduledLoss([PAIRS[0], MAPPINGS[1], PAIRS[2]]), id="both"),
        pytest.param(lambda: ScheduledLoss([*PAIRS[:2], (nn.SmoothL1Loss(), 1)]), id="last stays"),
        pytest.param(lambda: instantiate(OmegaConf.create(CONFIG)), id="Hydra"),
        pytest.param(
            lambda: instantiate(OmegaConf.create(CONFIG), _convert_="all"), id="Hydra, plain"
        ),
        pytest.param(
            lambda: ScheduledLoss(
                zip([F.mse_loss, F.l1_loss, F.smooth_l1_loss], [3, 2, None], strict=True)
            ),
            id="functions",
        ),
    ],
)
def test_the_printed_example(make):
    loss = make()
    assert called(loss, 8) == PRINTED
    assert loss.calls == 8


@pytest.mark.parametrize("made", range(7))
def test_it_resumes(made):
    first = ScheduledLoss(MAPPINGS)
    called(first, made)
    file = io.BytesIO()
    torch.save(nn.ModuleDict({"loss": first}).state_dict(), file)
    file.seek(0)
    second = ScheduledLoss(PAIRS)
    nn.ModuleDict({"loss": second}).load_state_dict(torch.load(file, weights_only=True))
    assert second.calls == made
    assert called(second, 8 - made) == PRINTED[made:]


def test_copies_go_their_own_way():
    loss = ScheduledLoss(PAIRS)
    called(loss, 2)
    for again in (copy.deepcopy(loss), pickle.loads(pickle.dumps(loss))):
        assert called(again, 6) == PRINTED[2:]
        assert [again.loss_fn] == [module for name, module in again.named_children() if name == "2"]
    assert loss.calls == 2


def test_loss_functions_with_parameters_belong_to_the_module():
    class Weighted(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.ones(1))

        def forward(self, x, y):
            return (self.weight * (x - y)).abs().sum()

    loss = ScheduledLoss([(nn.functional.mse_loss, 1), (Weighted(), None)])
    assert [name for name, _ in loss.named_parameters()] == ["1.weight"]
    loss.to(torch.float64)
    assert loss(torch.zeros(1), torch.ones(1)) == 1.0
    assert loss.loss_fn.weight.dtype == torch.float64
    other = ScheduledLoss([(nn.functional.mse_loss, 1), (Weighted(), None)])
    with torch.no_grad():
        loss.loss_fn.weight.fill_(3)
    other.load_state_dict(loss.state_dict())
    assert (other.calls, other.loss_fn.weight.item()) == (1, 3.0)


def test_a_call_that_raises_does_not_count():
    loss = ScheduledLoss(PAIRS)
    with pytest.raises(TypeError):
        loss(torch.zeros(1))
    assert loss.calls == 0
    assert "calls=0" in repr(loss)


@pytest.mark.parametrize(
    ("schedule", "match"),
    [
        pytest.param([], "nothing to switch", id="empty"),
        pytest.param(5, "list of pairs", id="a number"),
        pytest.param({"loss_fn": nn.L1Loss()}, "is no pair|`loss_fn`", id="one mapping"),
        pytest.param([nn.L1Loss()], "entry 0 is no pair", id="a loss alone"),
        pytest.param([{"loss": nn.L1Loss()}], "`loss_fn` and `steps`, not loss", id="wrong key"),
        pytest.param([{"loss_fn": nn.L1Loss(), "step": 3}], "`loss_fn` and", id="mistyped key"),
        pytest.param([{"steps": 3}], "`loss_fn` and `steps`, not steps", id="no loss"),
        pytest.param([("l1", 3)], "entry 0 is not callable", id="a name"),
        pytest.param([(nn.L1Loss(), 0)], "1 or more, not 0", id="0 steps"),
        pytest.param([(nn.L1Loss(), None), (nn.L1Loss(), 3)], "entry 0 has no number", id="open"),
    ],
)
def test_what_no_loss_is_made_of(schedule, match):
    with pytest.raises(SpecError, match=match):
        ScheduledLoss(schedule)


@pytest.mark.parametrize("state", [None, 3, {}, {"calls": -1}, {"calls": 1.0}, {"calls": True}])
def test_a_state_that_is_none(state):
    loss = ScheduledLoss(PAIRS)
    called(loss, 2)
    with pytest.raises(SpecError, match="LR603"):
        loss.load_state_dict({"_extra_state": state})
    assert loss.calls == 2


def test_strict_loading_misses_the_count():
    with pytest.raises(RuntimeError, match="_extra_state"):
        ScheduledLoss(PAIRS).load_state_dict({})


# The ends of cycles.

CYCLES = "warmup(3) >> (cosine(1, 0, 4) | repeat())"


def driven(spec, optimizer, steps, **context):
    """A Scheduler, and the update counts at which its callback was called in so many steps."""
    scheduler, seen = Scheduler(optimizer, spec, **context), []
    scheduler.on_cycle_end(lambda scheduler: seen.append(scheduler.last_epoch))
    for _ in range(steps):
        optimizer.step()
        scheduler.step()
    return scheduler, seen


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        pytest.param(CYCLES, [7, 11, 15, 19], id="endless"),
        pytest.param("cosine(1, 0, 4) | repeat(2)", [4, 8], id="the last round too"),
        pytest.param("cosine(1, 0, 9)", [], id="no cycles"),
        pytest.param("cosine(base, 0, 5) | repeat(stretch=2)", [5, 15], id="of each base"),
        pytest.param(
            {"lr": "cosine(1, 0, 7) | repeat()", "momentum": "linear(0.5, 0, 5) | repeat(2)"},
            [5, 7, 10, 14],
            id="a program",
        ),
    ],
)
def test_cycles_end(spec, expected):
    _, seen = driven(spec, sgd(0.1, 0.2), 20)
    assert seen == expected


def test_cycles_end_under_a_metric_and_in_what_another_number_names():
    program = {"lr": "1 | plateau(0.5, 0)", "weight_decay": "0.1 * lr", "momentum": "0.5"}
    for key, spec in [("lr", f"({CYCLES}) | plateau(0.5, 0)"), ("momentum", f"({CYCLES}) / 2")]:
        scheduler, seen = Scheduler(sgd(0.1), {**program, key: spec}), []
        scheduler.on_cycle_end(lambda scheduler, seen=seen: seen.append(scheduler.last_epoch))
        for _ in range(20):
            scheduler.optimizer.step()
            scheduler.step(0.7)
        assert seen == [7, 11, 15, 19]
    decay = scheduler.driven["weight_decay"][0]
    assert decay.cycle_ends(0, 20) == ()
    scheduler = Scheduler(sgd(0.1), {"lr": CYCLES, "weight_decay": "hold(2) >> 0.1 * lr"})
    assert scheduler.driven["weight_decay"][0].cycle_ends(0, 20) == (7, 11, 15, 19)


def test_the_flag_is_a_function_of_the_update_count():
    optimizer = sgd(0.1)
    scheduler = Scheduler(optimizer, CYCLES)
    flags = [scheduler.cycle_ended]
    for _ in range(12):
        optimizer.step()
        scheduler.step()
        flags.append(scheduler.cycle_ended)
        again = Scheduler(sgd(0.1), CYCLES)
        again.load_state_dict(scheduler.state_dict())
        assert again.cycle_ended == flags[-1]
    assert [t for t, flag in enumerate(flags) if flag] == [7, 11]
    assert list(scheduler.schedules[0].cycle_ends(0, 12)) == [7, 11]


def test_the_flag_is_right_wherever_the_count_goes():
    spec = "cosine(1, 0, 7) | repeat(stretch=1.1)"
    ends = set(lrdsl.compile(spec).cycle_ends(0, 5 * AHEAD))
    scheduler = Scheduler(sgd(0.1), spec)
    for made in [*range(3 * AHEAD), 5, 4 * AHEAD, 7, 1, 0, AHEAD + 1, AHEAD, 2 * AHEAD]:
        scheduler.step(made)
        assert scheduler.cycle_ended == (made in ends), made


def test_a_callback_is_called_once_and_can_be_removed():
    optimizer, seen = sgd(0.1), []
    scheduler = Scheduler(optimizer, "cosine(1, 0, 2) | repeat()")
    remove = [scheduler.on_cycle_end(lambda s, name=name: seen.append(name)) for name in "ab"]
    scheduler.step(2)
    assert seen == ["a", "b"]
    scheduler.step(2)
    scheduler.step(0)
    assert seen == ["a", "b"]
    remove[0]()
    remove[0]()
    scheduler.step(4)
    assert seen == ["a", "b", "b"]


def test_a_callback_may_remove_itself():
    scheduler, seen = Scheduler(sgd(0.1), "cosine(1, 0, 1) | repeat()"), []

    def once(scheduler):
        seen.append(scheduler.last_epoch)
        remove()

    remove = scheduler.on_cycle_end(once)
    for step in range(1, 4):
        scheduler.step(step)
    assert seen == [1]


def test_the_rate_is_at_its_lowest_in_the_update_that_ends_a_cycle():
    """The network that a callback saves has just made that update."""
    schedule = lrdsl.compile(CYCLES)
    for end in schedule.cycle_ends(0, 50):
        around = schedule([end - 2, end - 1, end])
        assert around.argmin() == 1
