"""lrdsl.torch.Scheduler: what it sets, when, and beside torch's own."""

import io
import itertools
import math
import subprocess
import sys
import warnings

import numpy as np
import pytest
from omegaconf import OmegaConf

import lrdsl

torch = pytest.importorskip("torch")

from torch.optim import SGD  # noqa: E402
from torch.optim import lr_scheduler as theirs  # noqa: E402

from lrdsl.torch import Scheduler  # noqa: E402
from lrdsl.torch.step_values import BLOCK_SIZE  # noqa: E402
from tests.support.scheduler_runs import HEADLINE, lrs, run, sgd, snapshot, weight  # noqa: E402


def saved(state):
    """The state after a trip through a checkpoint file."""
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


# What it sets.


@pytest.mark.parametrize(
    ("spec", "context"),
    [
        pytest.param(HEADLINE, {}, id="headline"),
        pytest.param("warmup(5%) >> cosine(peak, 0, 95%)", {"total_steps": 900, "peak": 2}, id="%"),
        pytest.param("linear(1, 0, 2ep)", {"steps_per_epoch": 100}, id="epochs"),
        pytest.param("linear(1, 0, 1ksp)", {"samples_per_step": 4}, id="sp"),
        pytest.param("linear(1, 0, 1Mtok)", {"tokens_per_step": 4096}, id="tokens"),
        pytest.param("base / (1 + 0.01*t)", {}, id="formula"),
        pytest.param(0.25, {}, id="float"),
        pytest.param(1, {}, id="int"),
        pytest.param(np.float32(0.5), {}, id="numpy number"),
        pytest.param(lrdsl.parse(HEADLINE), {}, id="Spec"),
        pytest.param({"spec": HEADLINE}, {}, id="mapping"),
        pytest.param(OmegaConf.create({"spec": HEADLINE}), {}, id="DictConfig"),
        pytest.param(OmegaConf.create({"spec": 1}), {}, id="DictConfig of a number"),
        pytest.param("hold(5) | every(3)", {"total_steps": np.int64(9)}, id="numpy context"),
    ],
)
def test_sets_what_compile_says(spec, context):
    steps = 1_000 + BLOCK_SIZE  # past the first block and past the end
    schedule = lrdsl.compile(spec, base_lr=0.1, **context)
    assert run(Scheduler(sgd(0.1), spec, **context), steps) == schedule.values(steps).tolist()


def test_is_a_torch_scheduler():
    scheduler = Scheduler(sgd(), HEADLINE)
    assert isinstance(scheduler, theirs.LRScheduler)
    assert scheduler.last_epoch == 0
    assert scheduler.base_lrs == [0.1]
    assert scheduler.optimizer.param_groups[0]["initial_lr"] == 0.1
    assert scheduler.get_last_lr() == scheduler.get_lr() == [0.0]
    assert type(scheduler.get_last_lr()[0]) is float


def test_last_lr_is_a_copy():
    scheduler = Scheduler(sgd(), "linear(1, 0, 10)")
    scheduler.get_last_lr()[0] = 5.0
    assert scheduler.get_last_lr() == [1.0]


@pytest.mark.parametrize(
    "epoch", [0, 1, 99, 600, BLOCK_SIZE - 1, BLOCK_SIZE, 10**6, 2**53, np.int32(7)]
)
def test_step_to(epoch):
    scheduler = Scheduler(sgd(), HEADLINE, on_end="hold")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scheduler.step(epoch)
    assert lrs(scheduler.optimizer) == [lrdsl.compile(HEADLINE)(int(epoch))]
    assert (scheduler.last_epoch, type(scheduler.last_epoch)) == (epoch, int)


def test_step_back_and_forth():
    scheduler, schedule = Scheduler(sgd(), HEADLINE), lrdsl.compile(HEADLINE)
    for epoch in (5000, 3, 2000, 1999, 2001, 0):
        scheduler.step(epoch)
        assert scheduler.get_last_lr() == [schedule(epoch)]


def test_a_run_may_end_before_the_schedule_blows_up():
    scheduler = Scheduler(sgd(), "1 / (100 - t)")
    assert run(scheduler, 99) == [1 / (100 - t) for t in range(99)]
    with pytest.raises(lrdsl.SpecError, match="no finite value at update 100"):
        scheduler.step()
    assert (scheduler.last_epoch, lrs(scheduler.optimizer)) == (99, [1.0])


def test_warns_of_the_wrong_order():
    scheduler = Scheduler(sgd(), HEADLINE)
    with pytest.warns(UserWarning, match="before `optimizer.step"):
        scheduler.step()


@pytest.mark.parametrize(
    ("spec", "make"),
    [
        pytest.param(
            "linear(0.1 * base, base, 20)",
            lambda o: theirs.LinearLR(o, start_factor=0.1, total_iters=20),
            id="LinearLR",
        ),
        pytest.param(
            "cosine(base, 0.001, 50)",
            lambda o: theirs.CosineAnnealingLR(o, 50, eta_min=0.001),
            id="CosineAnnealingLR",
        ),
        pytest.param("step(base, 0.3, 7)", lambda o: theirs.StepLR(o, 7, 0.3), id="StepLR"),
        pytest.param(
            "multistep(base, 0.3, [5, 9, 30])",
            lambda o: theirs.MultiStepLR(o, [5, 9, 30], 0.3),
            id="MultiStepLR",
        ),
        pytest.param(
            "poly(base, 0, 40, power=3)",
            lambda o: theirs.PolynomialLR(o, 40, power=3),
            id="PolynomialLR",
        ),
        pytest.param(
            "exponential_decay(base, 0.9)",
            lambda o: theirs.ExponentialLR(o, 0.9),
            id="ExponentialLR",
        ),
        pytest.param(
            "0.25 * base | interval[10:base]",
            lambda o: theirs.ConstantLR(o, 0.25, 10),
            id="ConstantLR",
        ),
        pytest.param(
            "base / (1 + t)",
            lambda o: theirs.LambdaLR(o, lambda t: 1 / (1 + t)),
            id="LambdaLR",
        ),
    ],
)
def test_agrees_with_torch(spec, make):
    ours, other = sgd(0.5, 0.02), sgd(0.5, 0.02)
    drivers = Scheduler(ours, spec), make(other)
    for _ in range(50):
        assert lrs(ours) == pytest.approx(lrs(other), rel=1e-9, abs=1e-12)
        for driver in drivers:
            driver.optimizer.step()
            driver.step()


def test_last_epoch():
    scheduler = Scheduler(sgd(), HEADLINE, last_epoch=599)
    assert run(scheduler, 5) == lrdsl.compile(HEADLINE)(range(600, 605)).tolist()


# Among torch's own schedulers.


def test_inside_sequential():
    optimizer = sgd(0.5)
    sequence = theirs.SequentialLR(
        optimizer,
        [
            Scheduler(optimizer, "linear(0, base, 10)"),
            Scheduler(optimizer, "cosine(base, 0, 20)"),
        ],
        milestones=[10],
    )
    whole = lrdsl.compile("linear(0, 0.5, 10) >> cosine(0.5, 0, 20)")
    assert run(sequence, 40) == whole.values(40).tolist()


@pytest.mark.parametrize("made", [4, 9, 10, 25])
def test_sequential_resumes(made):
    def sequence():
        optimizer = sgd(0.5)
        parts = [
            Scheduler(optimizer, "linear(0, base, 10)"),
            Scheduler(optimizer, "cosine(base, 0, 20)"),
        ]
        return theirs.SequentialLR(optimizer, parts, milestones=[10])

    first, second = sequence(), sequence()
    run(first, made)
    second.load_state_dict(saved(first.state_dict()))
    assert run(second, 20) == run(first, 20)


def test_after_a_warmup_of_torch():
    optimizer = sgd(0.5)
    warmup = theirs.LinearLR(optimizer, start_factor=0.1, total_iters=10)
    sequence = theirs.SequentialLR(
        optimizer, [warmup, Scheduler(optimizer, "cosine(base, 0, 20)")], milestones=[10]
    )
    expected = lrdsl.compile("linear(0.05, 0.5, 10) >> cosine(0.5, 0, 20)").values(30)
    assert run(sequence, 30) == pytest.approx(expected.tolist())


def test_inside_chained():
    optimizer = sgd(0.5)
    chain = theirs.ChainedScheduler(
        [theirs.ExponentialLR(optimizer, 0.9), Scheduler(optimizer, "linear(base, 0, 10)")]
    )
    assert run(chain, 10) == lrdsl.compile("linear(0.5, 0, 10)").values(10).tolist()


# Bad input.


class Mute(torch.optim.Optimizer):
    """An optimizer that has no learning rate of its own, such as Adafactor in its relative mode."""

    def __init__(self):
        super().__init__([weight()], {"lr": None})

    def step(self, closure=None):
        return None


def scaled(scale):
    return sgd(1.0, 0.5, lr_scale=scale)


@pytest.mark.parametrize(
    ("optimizer", "spec", "context", "message"),
    [
        pytest.param(sgd(), "cosin(1, 0, 9)", {}, "did you mean `cosine`", id="unknown shape"),
        pytest.param(sgd(), "cosine(1, 0", {}, "never closed", id="syntax"),
        pytest.param(sgd(), "", {}, "LR101", id="empty"),
        pytest.param(sgd(), None, {}, "not NoneType", id="None"),
        pytest.param(sgd(), [], {}, "at least one schedule", id="empty list"),
        pytest.param(sgd(), True, {}, "not bool", id="bool"),
        pytest.param(sgd(), float("nan"), {}, "nan", id="nan"),
        pytest.param(sgd(), {}, {}, "has `spec` and perhaps", id="empty mapping"),
        pytest.param(sgd(), "cosine(1, 0, 5ep)", {}, "steps_per_epoch", id="no epochs"),
        pytest.param(sgd(), "cosine(peak, 0, 9)", {}, "`peak` has no value", id="unbound"),
        pytest.param(sgd(), "1", {"total_steps": -1}, "above 0", id="negative total"),
        pytest.param(sgd(), "1", {"total_steps": "9"}, "`total_steps`", id="total of text"),
        pytest.param(sgd(), "1", {"peak": "high"}, "`peak`", id="variable of text"),
        pytest.param(sgd(), "1", {"t": 1}, "`t`", id="reserved name"),
        pytest.param(sgd(), "1", {"base_lr": 1}, "the group's own lr", id="base_lr"),
        pytest.param(sgd(), "1", {"last_epoch": -2}, "`last_epoch`", id="last_epoch"),
        pytest.param(sgd(), "1", {"last_epoch": None}, "`last_epoch`", id="no last_epoch"),
        pytest.param(sgd(), "1 / t", {}, "no finite value at update 0", id="not finite"),
        pytest.param(sgd(1.0, 0.0), "1 / base", {}, "LR50", id="bad for one group alone"),
        pytest.param(Mute(), "1", {}, "parameter group 0 needs a number", id="no lr"),
        pytest.param(scaled("half"), "1", {}, "`lr_scale` of parameter group 0", id="text scale"),
        pytest.param(scaled(math.nan), "1", {}, "not nan", id="nan scale"),
        pytest.param(scaled(None), "1", {}, "not None", id="no scale"),
        pytest.param(scaled(1e300), "1e300", {}, "leaves the lr finite", id="too large a scale"),
        pytest.param(scaled(torch.ones(2)), "1", {}, r"not \[1.0, 1.0\]", id="two scales"),
    ],
)
def test_a_failed_construction_changes_nothing(optimizer, spec, context, message):
    before = snapshot(optimizer)
    with pytest.raises(lrdsl.SpecError, match=message):
        Scheduler(optimizer, spec, **context)
    assert snapshot(optimizer) == before


@pytest.mark.parametrize("optimizer", [None, [], weight(), "SGD", SGD])
def test_not_an_optimizer(optimizer):
    with pytest.raises(lrdsl.SpecError, match=r"torch\.optim\.Optimizer"):
        Scheduler(optimizer, HEADLINE)


def test_all_mistakes_come_in_one_go():
    with pytest.raises(lrdsl.SpecError) as caught:
        Scheduler(sgd(1.0, 0.1), "warmup(10) >> cosin(1, 0, 9) | clipp(0, 1)")
    assert [x.code for x in caught.value.diagnostics] == ["LR201", "LR201"]


@pytest.mark.parametrize("epoch", [-1, 0.5, 3.0, "3", True, [1], torch.tensor(0.5), 2**53 + 1])
def test_bad_steps(epoch):
    scheduler = Scheduler(sgd(), HEADLINE)
    scheduler.step(50)
    before = snapshot(scheduler.optimizer)
    with pytest.raises(lrdsl.SpecError, match="LR601"):
        scheduler.step(epoch)
    assert snapshot(scheduler.optimizer) == before
    assert scheduler.last_epoch == 50


def test_a_metric_for_step_is_explained():
    with pytest.raises(lrdsl.SpecError, match="takes no metric"):
        Scheduler(sgd(), HEADLINE).step(0.731)


def test_without_torch():
    hide = "import sys; sys.modules['torch'] = None; import lrdsl.torch"
    done = subprocess.run([sys.executable, "-c", hide], capture_output=True, text=True)
    assert done.returncode == 1
    assert "pip install lrdsl[torch]" in done.stderr.splitlines()[-1]


# It trains.


def test_a_real_optimizer_sees_it():
    parameter, schedule = torch.nn.Parameter(torch.zeros(1)), lrdsl.compile("linear(1, 0, 10)")
    scheduler = Scheduler(SGD([parameter], lr=0.1), "linear(1, 0, 10)")
    for _ in range(10):
        parameter.grad = torch.ones(1)
        scheduler.optimizer.step()
        scheduler.step()
    moved = list(itertools.accumulate(schedule.values(10).tolist()))[-1]
    assert parameter.item() == pytest.approx(-moved)


# At a prompt.


@pytest.mark.filterwarnings("ignore:`lr` differs between")
@pytest.mark.parametrize(
    ("spec", "options", "shown"),
    [
        pytest.param(
            "cosine(1, 0, 9)", {}, "at update 0, clock='calls': lr=cosine(1, 0, 9)", id="one"
        ),
        pytest.param(
            "cosine(1)", {"total_steps": 9}, "at update 0 of 9, clock='calls'", id="total"
        ),
        pytest.param(
            "linear(base, 0)", {"total_steps": 9}, ": lr=linear(base, 0)>", id="own bases"
        ),
        pytest.param("1", {"start_step": 3}, "at update 3, clock='calls': lr=1>", id="started"),
        pytest.param({"lr": {"head": "1", "*": "2"}}, {}, "lr[head]=1, lr[1]=2>", id="by group"),
        pytest.param(
            {"lr": "1", "weight_decay": "0.1 * lr"},
            {},
            "lr=1, weight_decay=0.1 * lr>",
            id="program",
        ),
    ],
)
def test_repr_tells_what_is_driven_and_where_the_run_is(spec, options, shown):
    groups = [{"params": [weight()], "name": "head"}, {"params": [weight()], "lr": 0.2}]
    scheduler = Scheduler(torch.optim.SGD(groups, lr=0.1), spec, **options)
    assert repr(scheduler).startswith("<Scheduler of SGD at update ")
    assert shown in repr(scheduler)
    assert " at 0x" not in repr(scheduler)
    assert len(repr(scheduler)) < 200
    page = scheduler._repr_html_()
    assert page.count("<svg") == sum(len({*each}) for each in scheduler.driven.values())


def test_repr_of_many_groups_is_short():
    groups = [{"params": [weight()], "lr": 1.0} for _ in range(50)]
    specs = {"lr": {i: f"linear(1, {i}, 9)" for i in range(50)}}
    scheduler = Scheduler(torch.optim.SGD(groups), specs)
    assert repr(scheduler).endswith("lr[3]=linear(1, 3, 9), and 46 more>")
    assert "and 42 more schedules" in scheduler._repr_html_()
