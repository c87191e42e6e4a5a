"""docs/trainers/accelerate.md: Accelerate, on one process and on two."""

import types
import warnings

import pytest

from tests.support.peers import peer

torch = pytest.importorskip("torch")
peer("accelerate")
pytest.importorskip("sklearn")

from accelerate import Accelerator  # noqa: E402
from accelerate.optimizer import AcceleratedOptimizer  # noqa: E402
from accelerate.scheduler import AcceleratedScheduler  # noqa: E402
from accelerate.state import AcceleratorState, GradientState  # noqa: E402

from lrdsl import SpecError  # noqa: E402
from lrdsl.torch import Scheduler, attach, attached  # noqa: E402
from tests.support.ranks import needs_gloo  # noqa: E402
from tests.support.trainer_pages import code, expected, module, on_ranks, updates_of  # noqa: E402

SPEC = "warmup(10%) >> cosine()"

RUNS = """
from accelerate import Accelerator, DataLoaderConfiguration
from accelerate.state import AcceleratorState, GradientState

page = module(code("accelerate"))

def accelerator(split_batches, accumulate):
    AcceleratorState._reset_state()
    GradientState._reset_state()
    return Accelerator(
        cpu=True,
        gradient_accumulation_steps=accumulate,
        dataloader_config=DataLoaderConfiguration(split_batches=split_batches),
    )

for split_batches in (False, True):
    for accumulate in (1, 3):
        case = f"{split_batches} {accumulate}"
        with updates_of(torch.optim.AdamW) as made:
            page.train(accelerator(split_batches, accumulate), f"whole {case}")
        found[case] = made
        for clock in ("updates", "calls"):
            with updates_of(torch.optim.AdamW) as made:
                page.train_prepared(accelerator(split_batches, accumulate), clock)
            found[f"{case} prepared, {clock}"] = made
"""

RESUMED_AND_SCRIPT = """
class Stop(Exception):
    pass

def stopping(accelerator):
    saving = accelerator.save_state
    def save_state(folder):
        saving(folder)
        raise Stop
    accelerator.save_state = save_state
    return accelerator

for split_batches in (False, True):
    with updates_of(torch.optim.AdamW) as made:
        try:
            page.train(stopping(accelerator(split_batches, 3)), f"resumed {split_batches}")
        except Stop:
            pass
        found[f"{split_batches} before"] = len(made)
        page.train(accelerator(split_batches, 3), f"resumed {split_batches}", resume=True)
    found[f"{split_batches} resumed"] = made

import contextlib, io

AcceleratorState._reset_state()
GradientState._reset_state()
with contextlib.redirect_stdout(io.StringIO()) as said:
    module(code("accelerate"), "__main__")
found["said"] = said.getvalue()  # and ends what the processes have between them
"""


@pytest.fixture(autouse=True)
def _state_of_the_process():
    yield
    AcceleratorState._reset_state(reset_partial_state=True)
    GradientState._reset_state()


def batches(world, split_batches):
    """In an epoch of one process: 1797 digits, 64 at a time on each, or on all together."""
    whole = -(-1797 // 64)
    return whole if split_batches else -(-whole // world)


@needs_gloo
@pytest.mark.parametrize("world", [1, 2])
@pytest.mark.filterwarnings("ignore:`step..` does nothing with .clock=.updates")
def test_learning_rates(tmp_path, monkeypatch, world):
    if world == 1:
        monkeypatch.chdir(tmp_path)
        known = {"found": {}, "code": code, "module": module, "updates_of": updates_of}
        exec("import torch, warnings\n" + RUNS, known)
        found = known["found"]
    else:
        found, other = on_ranks(tmp_path, RUNS + RESUMED_AND_SCRIPT)
        assert found.pop("said") == "16 updates, lr [0.0]\n"
        assert other.pop("said") == ""  # only the first says it
        assert found == other
    for split_batches in (False, True):
        for accumulate in (1, 3):
            case = f"{split_batches} {accumulate}"
            updates = 2 * -(-batches(world, split_batches) // accumulate)
            assert found[case] == expected(SPEC, updates, total_steps=updates, base_lr=0.01)
            right = expected(SPEC, 30, total_steps=30, base_lr=0.01)
            assert found[f"{case} prepared, updates"] == right
            # What Accelerate does to those that go by calls: a step for every process.
            once = world == 1 or split_batches
            every = expected(SPEC, 60, total_steps=30, base_lr=0.01)
            assert found[f"{case} prepared, calls"] == (right if once else every[::2])
            assert once == (found[f"{case} prepared, calls"] == right)
        if world == 2:
            updates = -(-batches(world, split_batches) // 3)
            assert found[f"{split_batches} before"] == updates
            assert found[f"{split_batches} resumed"] == found[f"{split_batches} 3"]


def prepared():
    weight = torch.nn.Parameter(torch.ones(1))
    weight.grad = torch.ones(1)
    inside = torch.optim.SGD([weight], lr=0.5)
    return inside, Accelerator(cpu=True).prepare(inside)


@pytest.mark.parametrize("clock", ["calls", "updates"])
def test_a_prepared_optimizer_is_looked_through(clock):
    inside, outside = prepared()
    scheduler = Scheduler(outside, "linear(base, 0, 10)", clock=clock)
    assert scheduler.optimizer is inside
    for _ in range(4):
        outside.step()
        if clock == "calls":
            scheduler.step()
    assert inside.param_groups[0]["lr"] == outside.param_groups[0]["lr"] == 0.5 * 0.6


def test_one_driver_inside_and_out():
    inside, outside = prepared()
    scheduler = attach(outside, "linear(base, 0, 10)")
    assert attached(inside) == attached(outside) == (scheduler,)
    with pytest.raises(SpecError, match="`lr` of this optimizer is already driven"):
        attach(inside, "0.1")


def test_a_wrapper_with_nothing_inside():
    class Wrapper(torch.optim.Optimizer):
        def __init__(self, wrapped):
            self.wrapped = wrapped
            self.param_groups = wrapped.param_groups
            self.defaults = wrapped.defaults

    inside, _ = prepared()
    groups = [dict(group) for group in inside.param_groups]
    with pytest.raises(SpecError, match=r"(?s)a Wrapper has no hooks .* pass the optimizer that"):
        attach(Wrapper(inside), "0.1")
    assert inside.param_groups == groups


def test_a_metric_is_for_the_scheduler_itself(monkeypatch):
    # A prepared scheduler is called once for each process, with the metric each time.
    inside, outside = prepared()
    scheduler = attach(inside, "hold() | plateau(0.5, patience=1)", keep_metrics=True)
    wrapped = AcceleratedScheduler(scheduler, [outside])
    two = types.SimpleNamespace(num_processes=2)
    monkeypatch.setattr("accelerate.scheduler.AcceleratorState", lambda: two)
    wrapped.step(1.0)
    wrapped.step(2.0)
    assert scheduler.state_dict()["metrics"] == [1.0, 1.0, 2.0, 2.0]
    scheduler.observe(0.5)
    assert scheduler.state_dict()["metrics"] == [1.0, 1.0, 2.0, 2.0, 0.5]


@pytest.mark.parametrize("fused", [False, True], ids=["", "fused"])
def test_updates_that_the_scaler_skips(fused):
    """What `mixed_precision="fp16"` makes of an optimizer on a GPU, with a scaler for the CPU."""
    Accelerator(cpu=True)
    weight = torch.nn.Parameter(torch.ones(1))
    inside = torch.optim.AdamW([weight], lr=0.5, fused=fused)
    scheduler = attach(inside, "linear(base, 0, 10)")
    scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
    outside = AcceleratedOptimizer(inside, device_placement=False, scaler=scaler)
    wrapped = AcceleratedScheduler(scheduler, [outside], split_batches=True)
    made = []
    for step in range(6):
        outside.zero_grad()
        scaler.scale(weight.sum() * (torch.inf if step in (1, 4) else 1.0)).backward()
        before = weight.item()
        outside.step()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            wrapped.step()
        made.append(weight.item() != before)
    assert made == [True, False, True, True, False, True]
    assert scheduler.last_epoch == 4
    assert scheduler.get_last_lr() == [0.5 * 0.6]
