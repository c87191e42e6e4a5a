"""Driven numbers that something else writes: told once, with what was set and what stands."""

import warnings
from functools import partial

import pytest

torch = pytest.importorskip("torch")

from torch.optim import SGD, Adam  # noqa: E402
from torch.optim import lr_scheduler as theirs  # noqa: E402
from torch.optim.swa_utils import SWALR  # noqa: E402

from lrdsl.torch import Scheduler, range_test, update_learning_rate  # noqa: E402
from tests.support.scheduler_runs import weight  # noqa: E402

CLOCKS = pytest.mark.parametrize("clock", ["calls", "updates"])
SPEC = "warmup(4) >> hold()"


def sgd(*lrs, **options):
    groups = [{"params": [weight()], "lr": lr, **options} for lr in lrs]
    return SGD(groups, lr=7.0, momentum=0.9)


def update(scheduler):
    scheduler.optimizer.step()
    if scheduler.clock == "calls":
        scheduler.step()


def told(act):
    """The warnings of lrdsl while something is done."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        act()
    return [str(x.message) for x in caught if "something else writes it" in str(x.message)]


DRIVERS = {
    "LambdaLR": lambda o: theirs.LambdaLR(o, lambda epoch: 0.5**epoch).step,
    "MultiStepLR": lambda o: theirs.MultiStepLR(o, [1, 2]).step,
    "ReduceLROnPlateau": lambda o: partial(theirs.ReduceLROnPlateau(o, patience=0).step, 1.0),
    "ExponentialLR": lambda o: theirs.ExponentialLR(o, 0.9).step,
    "OneCycleLR": lambda o: theirs.OneCycleLR(o, 3.0, total_steps=50).step,
    "writes a float": lambda o: lambda: [g.update(lr=0.123) for g in o.param_groups],
    "writes the last": lambda o: lambda: o.param_groups[-1].update(lr=0.123),
    "writes the first": lambda o: lambda: o.param_groups[0].update(lr=0.123),
    "writes a Tensor": lambda o: lambda: [g.update(lr=torch.tensor(0.123)) for g in o.param_groups],
    "by hand": lambda o: lambda: update_learning_rate(o, 0.123),
}


@CLOCKS
@pytest.mark.parametrize("driver", DRIVERS.values(), ids=DRIVERS)
@pytest.mark.parametrize("lrs", [(1.0,), (1.0, 0.5, 0.25), (1.0, 1.0)], ids=str)
def test_a_second_driver_is_told_of_once(clock, driver, lrs):
    scheduler = Scheduler(sgd(*lrs), SPEC, clock=clock)

    def train():
        write = driver(scheduler.optimizer)
        for _ in range(len(lrs) + 1):
            update(scheduler)
            write()
        update(scheduler)
        for _ in range(8):
            write()
            update(scheduler)

    found = told(train)
    assert len(found) == 1
    assert found[0].startswith("`lr` of parameter group ")
    assert "was set to" in found[0]
    assert "and stands at" in found[0]


@CLOCKS
@pytest.mark.parametrize("kind", [float, torch.tensor])
@pytest.mark.parametrize("groups", [1, 3, 8])
def test_it_is_told_after_as_many_updates_as_there_are_groups(clock, kind, groups):
    for written in range(groups):
        scheduler = Scheduler(
            SGD([{"params": [weight()], "lr": kind(1.0)} for _ in range(groups)]),
            "linear(base, 0, 1000)",
            clock=clock,
        )
        for _ in range(5):
            update(scheduler)

        def train(group=scheduler.optimizer.param_groups[written], scheduler=scheduler):
            for _ in range(groups):
                if isinstance(group["lr"], torch.Tensor):
                    group["lr"].fill_(0.125)
                else:
                    group["lr"] = 0.125
                update(scheduler)

        [message] = told(train)
        assert f"parameter group {written} was set to 0.9" in message
        assert "stands at 0.125" in message


@CLOCKS
@pytest.mark.parametrize(
    "act",
    [
        pytest.param(lambda s: s.state_dict(), id="state_dict"),
        pytest.param(lambda s: s.load_state_dict(s.state_dict()), id="load_state_dict"),
        pytest.param(lambda s: s.replan("hold()", jump=True), id="replan"),
        pytest.param(lambda s: s.extend(total_steps=2000), id="extend"),
    ],
)
def test_it_is_told_where_all_groups_are_looked_at(clock, act):
    scheduler = Scheduler(sgd(*[1.0] * 9), "linear(base, 0, 1000)", clock=clock, total_steps=1000)
    for _ in range(3):
        update(scheduler)
    scheduler.optimizer.param_groups[7]["lr"] = 0.125
    [message] = told(lambda: act(scheduler))
    assert "`lr` of parameter group 7 was set to 0.997 at update 3, and stands at 0.125" in message


@CLOCKS
def test_each_number_is_told_of(clock):
    program = {"lr": SPEC, "betas[0]": "linear(0.9, 0.5, 100)", "betas[1]": "linear(0.99, 0.9, 9)"}
    scheduler = Scheduler(Adam([weight()], lr=1.0), program, clock=clock)

    def train():
        for _ in range(4):
            update(scheduler)
        scheduler.optimizer.param_groups[0].update(lr=0.3, betas=(0.1, 0.2))
        for _ in range(3):
            update(scheduler)

    assert [message.split(" of ")[0] for message in told(train)] == [
        "`lr`",
        "`betas[0]`",
        "`betas[1]`",
    ]


@CLOCKS
def test_the_value_that_is_written_lasts_for_one_update(clock):
    """By the clock of calls up to the next `step()`, otherwise up to the end of the update."""
    scheduler = Scheduler(sgd(1.0), "linear(base, 0, 10)", clock=clock)
    used = []
    scheduler.optimizer.register_step_pre_hook(
        lambda optimizer, *_: used.append(optimizer.param_groups[0]["lr"])
    )
    for i in range(4):
        if i == 2:
            scheduler.optimizer.param_groups[0]["lr"] = 0.125
        update(scheduler)
    assert used == pytest.approx([1.0, 0.9, 0.125, 0.7])


# What is no second driver.


def same_values(scheduler):
    for group, lr in zip(scheduler.optimizer.param_groups, scheduler.get_last_lr(), strict=True):
        if isinstance(group["lr"], torch.Tensor):
            group["lr"].fill_(lr)
        else:
            group["lr"] = float(repr(lr))


@CLOCKS
@pytest.mark.parametrize("kind", [float, torch.tensor])
def test_the_same_value_is_no_change(clock, kind):
    groups = [{"params": [weight()], "lr": kind(lr)} for lr in (0.3, 0.7)]
    scheduler = Scheduler(SGD(groups), "linear(base, 0, 100)", clock=clock)

    def train():
        for _ in range(9):
            same_values(scheduler)
            update(scheduler)
            scheduler.state_dict()

    assert told(train) == []


def through_blocks(scheduler):
    for _ in range(600):
        update(scheduler)


def back_and_forth(scheduler):
    if scheduler.clock == "calls":
        for t in (5, 300, 2, 5000, 5001, 7):
            scheduler.step(t)
            scheduler.state_dict()


def resumes(scheduler):
    update(scheduler)
    state, optimizer = scheduler.state_dict(), scheduler.optimizer.state_dict()
    for _ in range(5):
        update(scheduler)
    scheduler.optimizer.load_state_dict(optimizer)
    update(scheduler)
    scheduler.load_state_dict(state)
    scheduler.optimizer.load_state_dict(optimizer)
    through_blocks(scheduler)


def grows(scheduler):
    for i in range(5):
        update(scheduler)
        scheduler.optimizer.add_param_group({"params": [weight()], "lr": 3.0 + i})
        scheduler.optimizer.param_groups[0]["lr_scale"] = 1 + i
    scheduler.state_dict()


def scales_gradients(scheduler):
    scaler = torch.amp.GradScaler("cpu")
    for scale in (1.0, float("inf"), 1.0):
        scheduler.optimizer.zero_grad()
        parameter = scheduler.optimizer.param_groups[0]["params"][0]
        scaler.scale(parameter.sum() * scale).backward()
        scaler.step(scheduler.optimizer)
        scaler.update()
        if scheduler.clock == "calls":
            scheduler.step()


def finds_a_range(scheduler):
    update(scheduler)
    model = torch.nn.Linear(2, 1)
    scheduler.optimizer.add_param_group({"params": [*model.parameters()], "lr": 5.0})
    update(scheduler)
    batches = [torch.ones(4, 2)] * 4
    range_test(model, scheduler.optimizer, lambda m, b: m(b).square().mean(), batches, steps=10)
    scheduler.state_dict()
    update(scheduler)


@CLOCKS
@pytest.mark.parametrize(
    "act", [through_blocks, back_and_forth, resumes, grows, scales_gradients, finds_a_range]
)
@pytest.mark.parametrize("kind", [float, torch.tensor])
def test_nothing_is_told_of(clock, act, kind):
    groups = [{"params": [weight()], "lr": kind(lr)} for lr in (0.3, 0.7, 0.7)]
    scheduler = Scheduler(SGD(groups, lr=2.0), "linear(base, 0, 3000)", clock=clock)
    assert told(lambda: act(scheduler)) == []


def sequential(*children):
    return lambda o: theirs.SequentialLR(o, [child(o) for child in children], [5])


def ours(spec):
    return lambda o: Scheduler(o, spec)


@pytest.mark.parametrize(
    "made",
    [
        pytest.param(sequential(ours("linear(1, 0, 9)"), ours("0.5")), id="ours and ours"),
        pytest.param(
            sequential(lambda o: theirs.LinearLR(o, 0.1), ours("linear(1, 0, 9)")),
            id="theirs and ours",
        ),
        pytest.param(
            sequential(ours("linear(1, 0, 9)"), lambda o: theirs.ExponentialLR(o, 0.9)),
            id="ours and theirs",
        ),
        pytest.param(
            lambda o: theirs.ChainedScheduler(
                [Scheduler(o, "linear(1, 0, 9)"), Scheduler(o, {"momentum": "linear(0.9, 0, 9)"})]
            ),
            id="chained",
        ),
    ],
)
def test_children_of_torchs_schedulers(made):
    optimizer = sgd(0.25)
    scheduler = made(optimizer)
    rates = []

    def train():
        for _ in range(9):
            optimizer.step()
            scheduler.step()
            rates.append(optimizer.param_groups[0]["lr"])
            scheduler.state_dict()

    assert told(train) == []
    resumed = sgd(0.25)
    again = made(resumed)

    def load():
        resumed.load_state_dict(optimizer.state_dict())
        again.load_state_dict(scheduler.state_dict())

    assert told(load) == []
    assert resumed.param_groups[0]["lr"] == rates[-1]
    for _ in range(3):
        for each, driver in ((optimizer, scheduler), (resumed, again)):
            each.step()
            driver.step()
        assert resumed.param_groups[0]["lr"] == optimizer.param_groups[0]["lr"]


def test_swalr_takes_over():
    optimizer = sgd(0.5, 0.25)
    scheduler, averaged = Scheduler(optimizer, "linear(base, 0, 100)"), SWALR(optimizer, 0.05)

    def train():
        for i in range(20):
            optimizer.step()
            (scheduler if i < 10 else averaged).step()
            scheduler.state_dict()

    assert told(train) == []
    assert [group["lr"] for group in optimizer.param_groups] == pytest.approx([0.05, 0.05])
