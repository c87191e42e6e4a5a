"""Scheduled losses."""

import copy
import io
import pickle

import pytest
from hydra.utils import instantiate
from omegaconf import OmegaConf

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402
from torch import nn  # noqa: E402

from lrdsl import SpecError  # noqa: E402
from lrdsl.torch import ScheduledLoss  # noqa: E402

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
        pytest.param({"loss_fn": nn.L1Loss()}, "is not a pair|`loss_fn`", id="one mapping"),
        pytest.param([nn.L1Loss()], "entry 0 is not a pair", id="a loss alone"),
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
