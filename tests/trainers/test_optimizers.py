"""docs/trainers/optimizers.md: optimizers that are not torch's own."""

import pytest

from tests.support.peers import peer

torch = pytest.importorskip("torch")
pytorch_optimizer = peer("pytorch_optimizer")
schedulefree = peer("schedulefree")
pytest.importorskip("sklearn")

from torch import nn  # noqa: E402

from lrdsl import SpecError  # noqa: E402
from lrdsl.torch import Scheduler, attach  # noqa: E402
from tests.support.trainer_pages import code, expected, module, updates_of  # noqa: E402

SPEC = "warmup(10%) >> cosine()"
BATCHES = 29


@pytest.fixture(scope="module")
def page():
    return module(code("optimizers"))


@pytest.mark.parametrize(
    ("train", "kind", "spec", "base"),
    [
        pytest.param("train_lion", pytorch_optimizer.Lion, SPEC, 1e-3, id="Lion"),
        pytest.param("train_prodigy", pytorch_optimizer.Prodigy, SPEC, 1.0, id="Prodigy"),
        pytest.param(
            "train_schedule_free",
            schedulefree.AdamWScheduleFree,
            "warmup(20) >> hold()",
            0.01,
            id="schedule-free",
        ),
        pytest.param("train_sam", torch.optim.SGD, SPEC, 0.2, id="SAM"),
    ],
)
def test_learning_rates(page, train, kind, spec, base):
    with updates_of(kind) as made:
        getattr(page, train)()
    assert made == expected(spec, 2 * BATCHES, total_steps=2 * BATCHES, base_lr=base)


def test_weight_decay_follows_the_learning_rate(page):
    with updates_of(pytorch_optimizer.Lion, "weight_decay") as made:
        page.train_lion()
    lrs = expected(SPEC, 2 * BATCHES, total_steps=2 * BATCHES, base_lr=1e-3)
    assert made == [100 * lr for lr in lrs]


def test_schedule_free_finds_the_schedules_rate(page):
    scheduler = page.train_schedule_free()
    [group] = scheduler.optimizer.param_groups
    assert group["scheduled_lr"] == 0.01
    assert not group["train_mode"]


def test_resumed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with updates_of(pytorch_optimizer.Lion) as made:
        module(code("optimizers"), "__main__")
    assert made == expected(SPEC, 2 * BATCHES, total_steps=2 * BATCHES, base_lr=1e-3)


def weight():
    parameter = nn.Parameter(torch.tensor([1.0, 2.0, 3.0]))
    parameter.grad = torch.ones(3)
    return [parameter]


WRAPPED = {
    "Lookahead": pytorch_optimizer.Lookahead,
    "OrthoGrad": pytorch_optimizer.OrthoGrad,
    "PCGrad": pytorch_optimizer.PCGrad,
    "TRAC": pytorch_optimizer.TRAC,
}


@pytest.mark.parametrize("clock", ["calls", "updates"])
@pytest.mark.parametrize("is_inside", [False, True], ids=["the wrapper", "inside"])
@pytest.mark.parametrize("wrap", WRAPPED.values(), ids=WRAPPED)
def test_wrappers(wrap, is_inside, clock):
    with updates_of(torch.optim.SGD) as made:
        inside = torch.optim.SGD(weight(), lr=0.5)
        outside = wrap(inside)
        scheduler = Scheduler(inside if is_inside else outside, "linear(base, 0, 10)", clock=clock)
        for _ in range(4):
            outside.step()
            if clock == "calls":
                scheduler.step()
    assert made == expected("linear(base, 0, 10)", 4, base_lr=0.5)


@pytest.mark.parametrize("is_inside", [False, True], ids=["SAM", "inside"])
def test_sam_with_a_closure(is_inside):
    parameters = weight()
    optimizer = pytorch_optimizer.SAM(parameters, base_optimizer=torch.optim.SGD, lr=0.5)

    def closure():
        optimizer.zero_grad()
        parameters[0].sum().backward()

    with updates_of(torch.optim.SGD) as made:
        attach(optimizer.base_optimizer if is_inside else optimizer, "linear(base, 0, 10)")
        for _ in range(4):
            optimizer.step(closure)
    assert made == expected("linear(base, 0, 10)", 4, base_lr=0.5)


def test_what_is_no_optimizer():
    wrapper = schedulefree.ScheduleFreeWrapper(torch.optim.SGD(weight(), lr=0.5))
    with pytest.raises(SpecError, match="not a ScheduleFreeWrapper"):
        attach(wrapper, "0.1")
    attach(wrapper.base, "linear(base, 0, 10)")
    wrapper.train()
    wrapper.step()
    assert wrapper.param_groups[0]["lr"] == 0.5 * 0.9
