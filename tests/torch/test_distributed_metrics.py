"""Metrics under torch.distributed: two processes that talk through gloo."""

import textwrap

import pytest

torch = pytest.importorskip("torch")

from tests.support.ranks import needs_gloo, on_ranks  # noqa: E402

pytestmark = needs_gloo

START = """
import lrdsl
from lrdsl.torch import Scheduler

warnings.simplefilter("ignore")

def scheduler(reduction):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    return Scheduler(optimizer, "base | plateau(0.5, patience=0)", metric_reduction=reduction,
                     keep_metrics=True)

def attempt(call, metric):
    try:
        call(metric)
    except lrdsl.SpecError as error:
        return str(error)
"""


AGREEING = """
# What each rank would do by itself: 0 sees its loss fall, 1 sees it rise.
metrics = [[10.0, 9.0, 8.0, 7.0], [10.0, 11.0, 16.0, 12.0]][rank]
for reduction in ("mean", "min", "max"):
    driver = scheduler(reduction)
    found[reduction] = []
    for i, metric in enumerate(metrics):
        if i % 2:
            driver.observe(torch.tensor(metric))
        else:
            driver.step(metric)
        found[reduction] += driver.get_last_lr()
    found[reduction + " state"] = driver.state_dict()["metrics"]
"""
MISTAKEN = """
driver = scheduler("same")
driver.step(3.0)
before = driver.state_dict(), driver.get_last_lr()
found["different"] = attempt(driver.step, [1.0, 1.5][rank])
found["bad"] = attempt(driver.observe, [1.0, "high"][rank])
found["unchanged"] = before == (driver.state_dict(), driver.get_last_lr())
driver.step(3.0)
found["goes on"] = driver.get_last_lr()
"""
RANGE_TEST = """
from torch import nn
from lrdsl.torch import range_test

torch.manual_seed(0)
data = torch.randn(64, 8)
batches = [(x, x.abs().sum(dim=1, keepdim=True)) for x in data.split(16)][rank::2]
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))
WRAPPED
def loss_fn(model, batch):
    return nn.functional.mse_loss(model(batch[0]), batch[1])

def bits():
    tensors = [*model.parameters(), *(x for s in optimizer.state.values() for x in s.values())]
    local = [x.to_local() if hasattr(x, "to_local") else x for x in tensors]
    return [x.detach().double().flatten().tolist() for x in local]

optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
for batch in batches:
    optimizer.zero_grad()
    loss_fn(model, batch).backward()
    optimizer.step()
before = bits()
result = range_test(model, optimizer, loss_fn, batches, 1e-5, 100)
found["unchanged"] = bits() == before
found["losses"] = result.losses.tolist()
found["stop"] = result.stop
found["suggestion"] = result.suggestion
"""
SCRIPTS = {
    "agreeing": AGREEING,
    "mistaken": MISTAKEN,
    "DDP": RANGE_TEST.replace("WRAPPED", "model = nn.parallel.DistributedDataParallel(model)"),
    "FSDP2": RANGE_TEST.replace(
        "WRAPPED", "from torch.distributed.fsdp import fully_shard; fully_shard(model)"
    ),
}


@pytest.fixture(scope="module")
def ranks(tmp_path_factory):
    """What both ranks find in each script: they start once, since importing torch takes long."""
    functions = [
        f"def {name}():\n    found = {{}}\n{textwrap.indent(script, '    ')}\n    return found\n"
        f"found['{name}'] = {name}()\n"
        for name, script in SCRIPTS.items()
    ]
    first, second = on_ranks(tmp_path_factory.mktemp("ranks"), "\n".join([START, *functions]))
    return {name: (first[name], second[name]) for name in SCRIPTS}


def test_ranks_agree(ranks):
    first, second = ranks["agreeing"]
    assert first == second
    assert first["mean state"] == [10.0, 10.0, 12.0, 9.5]
    assert first["mean"] == [1.0, 0.5, 0.25, 0.25]
    assert first["min"] == [1.0, 1.0, 1.0, 1.0]
    assert first["max"] == [1.0, 0.5, 0.25, 0.125]


def test_differences_and_bad_metrics_are_errors_on_every_rank(ranks):
    first, second = ranks["mistaken"]
    for found in (first, second):
        assert "1.0 on rank 0 and 1.5 on rank 1" in found["different"]
        assert found["unchanged"]
        assert found["goes on"] == [0.5]
    assert "the metric is not a number on rank 1" in first["bad"]
    assert "a metric must be a number, not text: 'high'" in second["bad"]


@pytest.mark.parametrize("wrapped", ["DDP", "FSDP2"])
def test_a_range_test_goes_by_the_mean_loss_and_leaves_no_trace(ranks, wrapped):
    first, second = ranks[wrapped]
    assert first == second
    assert first["unchanged"]
    assert first["stop"] == "diverged"
    assert 0.01 < first["suggestion"] < 1
