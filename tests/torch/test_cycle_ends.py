"""The ends of cycles, as a Scheduler tells them."""

import pytest

import lrdsl

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.optim import SGD  # noqa: E402

from lrdsl.torch import Scheduler  # noqa: E402
from lrdsl.torch.step_values import BLOCK_SIZE  # noqa: E402


def sgd(*lrs):
    groups = [{"params": [nn.Parameter(torch.zeros(1))], "lr": lr} for lr in lrs]
    return SGD(groups, lr=7.0)


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
    ends = set(lrdsl.compile(spec).cycle_ends(0, 5 * BLOCK_SIZE))
    scheduler = Scheduler(sgd(0.1), spec)
    for made in [
        *range(3 * BLOCK_SIZE),
        5,
        4 * BLOCK_SIZE,
        7,
        1,
        0,
        BLOCK_SIZE + 1,
        BLOCK_SIZE,
        2 * BLOCK_SIZE,
    ]:
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
