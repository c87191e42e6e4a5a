"""docs/trainers/fsdp.md: fully_shard and torch's distributed checkpoints, on two processes."""

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("torch.distributed.fsdp", exc_type=ImportError)
pytest.importorskip("sklearn")

from torch import distributed, nn  # noqa: E402
from torch.distributed.checkpoint.state_dict import (  # noqa: E402
    get_optimizer_state_dict,
    set_optimizer_state_dict,
)

from lrdsl.torch import Scheduler, attach  # noqa: E402
from tests.support.ranks import needs_gloo  # noqa: E402
from tests.support.trainer_pages import expected, on_ranks  # noqa: E402

BATCHES = 29
SPEC = "warmup(10%) >> cosine()"


@needs_gloo
@pytest.mark.skipif(
    not hasattr(distributed.fsdp, "fully_shard"), reason="this torch has no fully_shard"
)
def test_learning_rates_on_two_ranks(tmp_path):
    first, second = on_ranks(
        tmp_path,
        """
        dist.init_process_group("gloo")
        pages = {"updates": module(code("fsdp")), "calls": module(by_calls(code("fsdp")))}
        for clock, page in pages.items():
            with updates_of(torch.optim.AdamW) as made:
                found[f"{clock} accuracy"] = page.train(f"{clock} whole", 2)
            found[clock] = made
            with updates_of(torch.optim.AdamW) as made:
                broken_off(page.train, clock, 2)
                found[f"{clock} before"] = len(made)
                # Loading has the optimizer pretend an update, which is no part of the run.
                page.train(clock, 2, resume=True)
            found[f"{clock} resumed"] = made
        """,
    )
    assert first == second
    wanted = expected(SPEC, 2 * BATCHES, total_steps=2 * BATCHES, base_lr=0.01)
    for clock in ("updates", "calls"):
        assert first[clock] == wanted
        assert first[f"{clock} accuracy"] > 0.6
        assert first[f"{clock} before"] == BATCHES
        pretended, *later = first[f"{clock} resumed"][BATCHES:]
        assert pretended == 0.0
        assert [*first[f"{clock} resumed"][:BATCHES], *later] == wanted


OPTIMIZERS = {
    "Adam": lambda parameters: torch.optim.AdamW(parameters, lr=0.1, weight_decay=0.5),
    "a Tensor": lambda parameters: torch.optim.AdamW(parameters, lr=torch.tensor(0.1)),
    "SGD": lambda parameters: torch.optim.SGD(parameters, lr=0.1),
}


def model_and_optimizer(kind):
    torch.manual_seed(0)
    model = nn.Linear(3, 2)
    return model, OPTIMIZERS[kind](model.parameters())


def update(model, optimizer):
    model(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    optimizer.zero_grad()


@pytest.mark.parametrize("clock", ["calls", "updates"])
@pytest.mark.parametrize("kind", OPTIMIZERS)
@pytest.mark.parametrize("spec", ["linear(base, 0, 100)", "warmup(10) >> hold()"])
def test_a_pretended_update_is_none(kind, clock, spec):
    # Saving or loading the state of an optimizer that has none calls its `step`.
    model, optimizer = model_and_optimizer(kind)
    scheduler = Scheduler(optimizer, spec, clock=clock)
    before = [float(group["lr"]) for group in optimizer.param_groups]
    optimizer.add_param_group({"params": [nn.Parameter(torch.ones(2))]})  # not taken over yet
    model.more = optimizer.param_groups[1]["params"][0]
    parameters = [p.clone() for p in model.parameters()]
    saved = get_optimizer_state_dict(model, optimizer)
    assert scheduler.last_epoch == 0
    assert float(optimizer.param_groups[0]["lr"]) == before[0]
    assert all(map(torch.equal, model.parameters(), parameters))
    scheduler.load_state_dict({**scheduler.state_dict(), "updates": 7})
    set_optimizer_state_dict(model, optimizer, saved)
    assert scheduler.last_epoch == 7
    if clock == "updates":
        update(model, optimizer)
        assert scheduler.last_epoch == 8


@pytest.mark.parametrize("order", ["optimizer first", "scheduler first"])
@pytest.mark.parametrize("kind", ["Adam", "SGD"])
def test_resumed_in_either_order(kind, order):
    model, optimizer = model_and_optimizer(kind)
    scheduler = attach(optimizer, "linear(base, 0, 100)")
    for _ in range(5):
        update(model, optimizer)
    of_optimizer = get_optimizer_state_dict(model, optimizer)
    of_scheduler = scheduler.state_dict()
    del of_optimizer["param_groups"][0]["initial_lr"]  # as what has been read from the disk

    model, optimizer = model_and_optimizer(kind)
    scheduler = attach(optimizer, "linear(base, 0, 100)")
    loads = [
        lambda: set_optimizer_state_dict(model, optimizer, of_optimizer),
        lambda: scheduler.load_state_dict(of_scheduler),
    ]
    for load in loads if order == "optimizer first" else reversed(loads):
        load()
    update(model, optimizer)
    assert scheduler.last_epoch == 6
    assert scheduler.get_last_lr() == [0.1 * (1 - 6 / 100)]
