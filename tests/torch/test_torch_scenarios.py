"""The situations in which torch tests its own schedulers, with the torch dialect of lrdsl.

Each scenario is a scheduler of torch and the spec that stands for it, run in the same loop. The
`DIFFERENCES` are on purpose: there torch's numbers depend on what was done before.
"""

import copy
import warnings

import pytest

torch = pytest.importorskip("torch")

from torch.optim import SGD, Adam  # noqa: E402
from torch.optim import lr_scheduler as theirs  # noqa: E402

from lrdsl.torch import Scheduler  # noqa: E402
from tests.support.scheduler_runs import weight  # noqa: E402

BASES = (0.05, 0.4)

SCENARIOS = {
    "step": (lambda o: theirs.StepLR(o, 3, 0.1), "torch.StepLR(3, 0.1)"),
    "step of 1": (lambda o: theirs.StepLR(o, 1, 0.5), "torch.StepLR(1, 0.5)"),
    "milestones": (lambda o: theirs.MultiStepLR(o, [2, 5, 9]), "torch.MultiStepLR([2, 5, 9])"),
    "a milestone twice": (
        lambda o: theirs.MultiStepLR(o, [2, 5, 5]),
        "torch.MultiStepLR([2, 5, 5])",
    ),
    "constant": (lambda o: theirs.ConstantLR(o, 1 / 2, 5), "torch.ConstantLR(1/2, 5)"),
    "constant by default": (lambda o: theirs.ConstantLR(o), "torch.ConstantLR()"),
    "linear": (lambda o: theirs.LinearLR(o, 1 / 2, 1, 4), "torch.LinearLR(1/2, 1, 4)"),
    "linear down": (lambda o: theirs.LinearLR(o, 1, 0.25, 7), "torch.LinearLR(1, 0.25, 7)"),
    "linear by default": (lambda o: theirs.LinearLR(o), "torch.LinearLR()"),
    "exponential": (lambda o: theirs.ExponentialLR(o, 0.9), "torch.ExponentialLR(0.9)"),
    "polynomial": (lambda o: theirs.PolynomialLR(o, 4, 0.9), "torch.PolynomialLR(4, 0.9)"),
    "polynomial of 1": (lambda o: theirs.PolynomialLR(o, 9), "torch.PolynomialLR(9)"),
    "cosine": (
        lambda o: theirs.CosineAnnealingLR(o, 29, 1e-10),
        "torch.CosineAnnealingLR(29, 1e-10)",
    ),
    "restarts": (
        lambda o: theirs.CosineAnnealingWarmRestarts(o, 7),
        "torch.CosineAnnealingWarmRestarts(7)",
    ),
    "longer restarts": (
        lambda o: theirs.CosineAnnealingWarmRestarts(o, 3, 2, 0.001),
        "torch.CosineAnnealingWarmRestarts(3, 2, 0.001)",
    ),
    "a function": (lambda o: theirs.LambdaLR(o, lambda t: 0.9**t), "torch.LambdaLR(0.9**t)"),
    "factors": (
        lambda o: theirs.MultiplicativeLR(o, lambda t: 0.95),
        "torch.MultiplicativeLR(0.95)",
    ),
    "triangles": (
        lambda o: theirs.CyclicLR(o, 1, 5, 4, cycle_momentum=False),
        "torch.CyclicLR(1, 5, 4, cycle_momentum=false)",
    ),
    "triangles that halve": (
        lambda o: theirs.CyclicLR(o, 1, 5, 4, 3, mode="triangular2", cycle_momentum=False),
        "torch.CyclicLR(1, 5, 4, 3, mode=triangular2, cycle_momentum=false)",
    ),
    "triangles that shrink": (
        lambda o: theirs.CyclicLR(o, 1, 5, 4, mode="exp_range", gamma=0.9, cycle_momentum=False),
        "torch.CyclicLR(1, 5, 4, mode=exp_range, gamma=0.9, cycle_momentum=false)",
    ),
    "cycle with momentum": (
        lambda o: theirs.CyclicLR(o, 1, 5, 4, base_momentum=0.8, max_momentum=0.9),
        "torch.CyclicLR(1, 5, 4, base_momentum=0.8, max_momentum=0.9)",
    ),
    "one cycle": (
        lambda o: theirs.OneCycleLR(o, 25, total_steps=31),
        "torch.OneCycleLR(25, total_steps=31)",
    ),
    "one linear cycle": (
        lambda o: theirs.OneCycleLR(o, 25, total_steps=31, anneal_strategy="linear", pct_start=0.2),
        "torch.OneCycleLR(25, total_steps=31, anneal_strategy=linear, pct_start=0.2)",
    ),
    "one cycle of three phases": (
        lambda o: theirs.OneCycleLR(o, 25, total_steps=31, three_phase=True),
        "torch.OneCycleLR(25, total_steps=31, three_phase=true)",
    ),
    "one cycle by epochs": (
        lambda o: theirs.OneCycleLR(o, 25, epochs=5, steps_per_epoch=7),
        "torch.OneCycleLR(25, epochs=5, steps_per_epoch=7)",
    ),
    "one after the other": (
        lambda o: theirs.SequentialLR(
            o, [theirs.LinearLR(o, 0.1, 1, 5), theirs.StepLR(o, 4, 0.5)], [5]
        ),
        "torch.SequentialLR([torch.LinearLR(0.1, 1, 5), torch.StepLR(4, 0.5)], [5])",
    ),
    "a product": (
        lambda o: theirs.ChainedScheduler(
            [theirs.ConstantLR(o, 0.1, 3), theirs.ExponentialLR(o, 0.9)]
        ),
        "torch.ChainedScheduler([torch.ConstantLR(0.1, 3), torch.ExponentialLR(0.9)])",
    ),
    "a product of milestones": (
        lambda o: theirs.ChainedScheduler(
            [theirs.MultiStepLR(o, [4, 8], 0.5), theirs.StepLR(o, 3, 0.5)]
        ),
        "torch.ChainedScheduler([torch.MultiStepLR([4, 8], 0.5), torch.StepLR(3, 0.5)])",
    ),
}

STEPS = 30

DIFFERENCES = (
    "A step to an earlier or later epoch gives the value of that epoch, also where torch's "
    "scheduler multiplies the rate that stands in the group.",
    "A second driver of one number does not multiply with the first: it is told of, and "
    "`torch.ChainedScheduler` is the product.",
    "A state that is loaded sets the rate at once; torch waits for the next step.",
    "A rate that is written by hand is told of and lasts for one update; torch's schedulers that "
    "multiply continue from it.",
    "A group that is added takes part at the next update; in torch it keeps its rate, or its "
    "scheduler fails.",
    "After the end of OneCycleLR the last value is held; torch raises an error.",
    "A spec has no `verbose`, and its schedules are stateless: `last_epoch` alone is loaded.",
)
"""The documented list of what differs from torch on purpose."""


def optimizer(made=SGD, **options):
    options = {"momentum": 0.9, **options} if made is SGD else options
    return made([{"params": [weight()], "lr": base} for base in BASES], **options)


def read(of):
    momentum = [g.get("momentum", g.get("betas")) for g in of.param_groups]
    return [float(g["lr"]) for g in of.param_groups], momentum


def train(of, scheduler, steps):
    seen = []
    for _ in range(steps):
        seen.append(read(of))
        of.step()
        scheduler.step()
    return seen


def assert_alike(found, expected):
    for one, other in zip(found, expected, strict=True):
        assert one[0] == pytest.approx(other[0], rel=1e-9, abs=1e-12)
        for a, b in zip(one[1], other[1], strict=True):
            assert a == pytest.approx(b)


TABLE = pytest.mark.parametrize(("torchs", "spec"), SCENARIOS.values(), ids=SCENARIOS)


@TABLE
def test_the_same_rates(torchs, spec):
    ours, other = optimizer(), optimizer()
    found = train(ours, Scheduler(ours, spec), STEPS)
    assert_alike(found, train(other, torchs(other), STEPS))


@TABLE
@pytest.mark.parametrize("made", [1, 4, 11])
def test_the_same_rates_after_a_resume(torchs, spec, made):
    other = optimizer()
    expected = train(other, torchs(other), STEPS)
    first = optimizer()
    scheduler = Scheduler(first, spec)
    train(first, scheduler, made)
    state, optimizer_state = scheduler.state_dict(), copy.deepcopy(first.state_dict())
    second = optimizer()
    second.load_state_dict(optimizer_state)
    again = Scheduler(second, spec, on_end="hold")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again.load_state_dict(state)
    assert_alike(train(second, again, STEPS - made), expected[made:])


@TABLE
def test_the_state_loads_into_a_scheduler_of_the_same_spec_alone(torchs, spec):
    """As torch's states do; one of another spec is told."""
    first, second = optimizer(), optimizer()
    scheduler = Scheduler(first, spec)
    train(first, scheduler, 6)
    other = Scheduler(second, "torch.StepLR(2, 0.75)")
    with pytest.warns(UserWarning, match="the checkpoint was written with the spec"):
        other.load_state_dict(scheduler.state_dict())
    assert other.last_epoch == scheduler.last_epoch


@TABLE
def test_a_later_last_epoch_begins_there(torchs, spec):
    first = optimizer()
    expected = train(first, Scheduler(first, spec), STEPS)
    second = optimizer()
    for group in second.param_groups:
        group["initial_lr"] = group["lr"]
    found = train(second, Scheduler(second, spec, last_epoch=6), STEPS - 7)
    assert_alike(found, expected[7:])


@TABLE
def test_a_step_to_an_epoch_gives_its_value(torchs, spec):
    first, second = optimizer(), optimizer()
    expected = train(first, Scheduler(first, spec), STEPS)
    scheduler = Scheduler(second, spec)
    for epoch in (3, 17, 4, 0, 29, 28):
        scheduler.step(epoch)
        assert_alike([read(second)], [expected[epoch]])


@TABLE
def test_last_lr_is_what_stands_in_the_groups(torchs, spec):
    ours = optimizer()
    scheduler = Scheduler(ours, spec)
    for _ in range(STEPS):
        assert scheduler.get_last_lr() == read(ours)[0]
        ours.step()
        scheduler.step()


@TABLE
@pytest.mark.parametrize("kind", [torch.tensor])
def test_a_tensor_stays_the_same_tensor(torchs, spec, kind):
    ours, other = optimizer(Adam, betas=(0.9, 0.999)), optimizer(Adam, betas=(0.9, 0.999))
    for group in ours.param_groups:
        group["lr"] = kind(group["lr"], dtype=torch.float64)
    tensors = [group["lr"] for group in ours.param_groups]
    found = train(ours, Scheduler(ours, spec), STEPS)
    assert_alike(found, train(other, torchs(other), STEPS))
    assert all(group["lr"] is own for group, own in zip(ours.param_groups, tensors, strict=True))


def test_plateau():
    ours, other = optimizer(), optimizer()
    scheduler = Scheduler(ours, "torch.ReduceLROnPlateau(patience=2, factor=0.5)")
    expected = theirs.ReduceLROnPlateau(other, patience=2, factor=0.5)
    for metric in (3.0, 2.0, 2.5, 2.5, 2.5, 2.5, 1.0, 1.0, 1.0, 1.0, 1.0, 0.5):
        for each, driver in ((ours, scheduler), (other, expected)):
            each.step()
            driver.step(metric)
        assert read(ours)[0] == pytest.approx(read(other)[0])


def test_the_list_of_differences_is_documented():
    from tests.support.paths import ROOT

    page = " ".join((ROOT / "docs" / "torch.md").read_text(encoding="utf-8").split())
    for difference in DIFFERENCES:
        assert difference in page
