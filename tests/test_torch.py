"""lrdsl.torch.Scheduler: what it sets, when, on which groups, and that it resumes to the number."""

import copy
import io
import itertools
import math
import pickle
import re
import subprocess
import sys
import warnings

import numpy as np
import pytest
from omegaconf import OmegaConf

import lrdsl

torch = pytest.importorskip("torch")

from torch.optim import SGD, AdamW  # noqa: E402
from torch.optim import lr_scheduler as theirs  # noqa: E402

from lrdsl.torch import Scheduler  # noqa: E402
from lrdsl.torch.ahead import AHEAD  # noqa: E402

HEADLINE = "warmup(linear,100) >> cosine(1,1e-3,800) | interval[600:*0.5]"


def weight():
    return torch.nn.Parameter(torch.zeros(1))


def sgd(*lrs, **options):
    """An SGD with a parameter group for each lr."""
    return SGD([{"params": [weight()], "lr": lr, **options} for lr in lrs or (0.1,)], lr=7.0)


def lrs(optimizer):
    return [float(group["lr"]) for group in optimizer.param_groups]


def run(scheduler, steps):
    """The lr of the first group at each of the next updates."""
    found = []
    for _ in range(steps):
        found.append(lrs(scheduler.optimizer)[0])
        scheduler.optimizer.step()
        scheduler.step()
    return found


def snapshot(optimizer):
    """All that a Scheduler could change in an optimizer."""
    groups = [
        {key: (id(value), repr(value)) for key, value in group.items()}
        for group in optimizer.param_groups
    ]
    return groups, repr(optimizer.defaults), dict(vars(optimizer)).keys(), optimizer.step


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
    steps = 1_000 + AHEAD  # past the first block and past the end
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


@pytest.mark.parametrize("epoch", [0, 1, 99, 600, AHEAD - 1, AHEAD, 10**6, 2**53, np.int32(7)])
def test_step_to(epoch):
    scheduler = Scheduler(sgd(), HEADLINE)
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


# Groups.


def test_each_group_has_its_own_base():
    scheduler = Scheduler(sgd(1.0, 0.1, 1.0, 1e-4), "warmup(10) >> cosine(base, 0, 90)")
    for t in range(120):
        expected = [s(t) for s in scheduler.schedules]
        assert lrs(scheduler.optimizer) == scheduler.get_last_lr() == expected
        scheduler.optimizer.step()
        scheduler.step()
    assert scheduler.base_lrs == [1.0, 0.1, 1.0, 1e-4]
    assert scheduler.schedules[0] is scheduler.schedules[2]


def test_groups_share_a_schedule_without_base():
    first, second = Scheduler(sgd(1.0, 0.1), HEADLINE).schedules
    assert first is second


def test_base_is_the_initial_lr():
    optimizer = sgd(0.01)
    optimizer.param_groups[0]["initial_lr"] = 0.5
    assert lrs(Scheduler(optimizer, "base").optimizer) == [0.5]


def test_a_second_scheduler_starts_from_the_same_base():
    optimizer = sgd(0.1)
    run(Scheduler(optimizer, "linear(base, 0, 100)"), 50)
    assert run(Scheduler(optimizer, "base"), 1) == [0.1]


@pytest.mark.parametrize("scale", [0.5, 2, 0, torch.tensor(0.25), np.float32(4)])
def test_lr_scale(scale):
    optimizer = sgd(1.0, 1.0)
    optimizer.param_groups[1]["lr_scale"] = scale
    scheduler = Scheduler(optimizer, "linear(base, 0, 10)")
    scheduler.step(5)
    assert lrs(optimizer) == [0.5, 0.5 * float(scale)]


def test_lr_scale_may_change_on_the_way():
    scheduler = Scheduler(sgd(1.0), "linear(base, 0, 10)")
    scheduler.optimizer.param_groups[0]["lr_scale"] = 0.1
    scheduler.step(5)
    assert lrs(scheduler.optimizer) == [0.05]


@pytest.mark.parametrize("kind", [float, torch.tensor])
def test_added_groups_join(kind):
    scheduler = Scheduler(sgd(1.0), "linear(base, 0, 10)")
    scheduler.step(4)
    scheduler.optimizer.add_param_group({"params": [weight()], "lr": kind(0.25)})
    scheduler.step(5)
    assert lrs(scheduler.optimizer) == scheduler.get_last_lr() == [0.5, 0.125]
    assert scheduler.base_lrs == [1.0, 0.25]


@pytest.mark.parametrize("kind", [float, torch.tensor])
def test_groups_added_without_an_lr_start_from_the_default(kind):
    scheduler = Scheduler(SGD([weight()], lr=kind(0.5)), "linear(base, 0, 10)")
    scheduler.step(6)
    scheduler.optimizer.add_param_group({"params": [weight()]})
    scheduler.step(scheduler.last_epoch)
    assert lrs(scheduler.optimizer) == pytest.approx([0.2, 0.2])
    scheduler.step(8)
    assert lrs(scheduler.optimizer) == pytest.approx([0.1, 0.1])


def test_a_bad_added_group_is_named_and_nothing_is_set():
    scheduler = Scheduler(sgd(1.0), "1 / base")
    scheduler.optimizer.add_param_group({"params": [weight()], "lr": 0.0})
    before = snapshot(scheduler.optimizer)
    with pytest.raises(lrdsl.SpecError, match="LR50"):
        scheduler.step(3)
    assert snapshot(scheduler.optimizer) == before
    assert scheduler.last_epoch == 0


def test_replaced_groups():
    scheduler = Scheduler(sgd(1.0), "linear(base, 0, 10)")
    scheduler.optimizer.param_groups[0] = dict(scheduler.optimizer.param_groups[0])
    scheduler.step(5)
    assert lrs(scheduler.optimizer) == [0.5]


# Tensor learning rates.


def test_a_tensor_is_filled_in_place():
    lr = torch.tensor(0.5)
    scheduler = Scheduler(AdamW([weight()], lr=lr), "linear(base, 0, 10)")
    assert scheduler.optimizer.param_groups[0]["lr"] is lr
    scheduler.step(5)
    assert lr.item() == 0.25
    assert scheduler.optimizer.param_groups[0]["lr"] is lr
    assert scheduler.optimizer.param_groups[0]["initial_lr"].item() == 0.5
    assert scheduler.get_last_lr() == [0.25]


def test_a_shared_tensor_becomes_one_each():
    optimizer = AdamW(
        [{"params": [weight()], "lr_scale": scale} for scale in (1, 0.5, 0.25)],
        lr=torch.tensor(0.5),
    )
    shared = optimizer.param_groups[0]["lr"]
    assert optimizer.param_groups[1]["lr"] is shared
    scheduler = Scheduler(optimizer, "linear(base, 0, 10)")
    scheduler.step(5)
    assert lrs(optimizer) == [0.25, 0.125, 0.0625]
    assert all(isinstance(group["lr"], torch.Tensor) for group in optimizer.param_groups)
    assert optimizer.defaults["lr"].item() == 0.5


def test_an_initial_lr_that_is_the_lr_itself():
    optimizer = AdamW([weight()], lr=torch.tensor(0.5))
    optimizer.param_groups[0]["initial_lr"] = optimizer.param_groups[0]["lr"]
    Scheduler(optimizer, "linear(base, 0, 10)").step(5)
    assert optimizer.param_groups[0]["initial_lr"].item() == 0.5


@pytest.mark.parametrize("shape", [(), (1,)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_tensors_of_any_float_kind(shape, dtype):
    lr = torch.full(shape, 0.5, dtype=dtype)
    optimizer = AdamW([weight()], lr=0.1)
    optimizer.param_groups[0]["lr"] = lr
    scheduler = Scheduler(optimizer, "linear(base, 0, 10)")
    scheduler.step(9)
    assert (lr.shape, lr.dtype) == (shape, dtype)
    assert lr.item() == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("first", "then"),
    [
        pytest.param(torch.tensor(0.5), 0.3, id="a Tensor becomes a float"),
        pytest.param(0.5, torch.tensor(0.3), id="a float becomes a Tensor"),
    ],
)
def test_a_rate_that_somebody_puts_there_does_not_last(first, then):
    scheduler = Scheduler(AdamW([weight()], lr=first), "linear(1, 0, 10)")
    scheduler.optimizer.step()
    for update in range(1, 9):
        scheduler.optimizer.param_groups[0]["lr"] = then
        scheduler.step()
        assert lrs(scheduler.optimizer) == pytest.approx([1 - update / 10])


# Resuming.

SPECS = [
    pytest.param(HEADLINE, id="headline"),
    pytest.param("warmup(7) >> cosine(base, 0, 30) | repeat(mult, stretch=2)", id="repeat"),
    pytest.param("step(base, 0.7, 3) | every(5)", id="step"),
]


def saved(state):
    """The state after a trip through a checkpoint file."""
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("made", [0, 1, 50, 601, AHEAD + 3])
@pytest.mark.parametrize(
    "order", ["none", "optimizer first", "scheduler first", "optimizer before construction"]
)
@pytest.mark.parametrize("kind", [float, torch.tensor])
def test_resume(spec, made, order, kind):
    def fresh():
        groups = [{"params": [weight()], "lr_scale": 0.5}, {"params": [weight()]}]
        return AdamW(groups, lr=kind(0.3))

    context = {"total_steps": 2000, "mult": 3}
    first = Scheduler(fresh(), spec, **context)
    run(first, made)
    state, optimizer_state = saved(first.state_dict()), saved(first.optimizer.state_dict())

    optimizer = fresh()
    if order == "optimizer before construction":
        optimizer.load_state_dict(optimizer_state)
    second = Scheduler(optimizer, spec, **context)
    if order == "optimizer first":
        optimizer.load_state_dict(optimizer_state)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        second.load_state_dict(state)
    if order == "scheduler first":
        optimizer.load_state_dict(optimizer_state)

    assert lrs(second.optimizer) == lrs(first.optimizer)
    assert second.get_last_lr() == first.get_last_lr()
    assert second.last_epoch == first.last_epoch == made
    assert run(second, 30) == run(first, 30)


def test_state_is_plain_and_small():
    state = Scheduler(sgd(), "linear(peak,0,50%)", total_steps=np.int64(10), peak=1).state_dict()
    assert state == {
        "version": 3,
        "spec": "linear(peak, 0, 50%)",
        "context": {"total_steps": 10, "peak": 1.0},
        "updates": 0,
        "replans": [],
        "metric_updates": [],
        "metrics": [],
    }
    values = [*state.values(), *state["context"].values()]
    assert {type(value) for value in values} <= {int, float, str, dict, list}


def test_loading_does_not_hold_on_to_the_state():
    scheduler = Scheduler(sgd(), HEADLINE)
    state = scheduler.state_dict()
    scheduler.load_state_dict(state)
    scheduler.step(5)
    assert state["updates"] == 0


def test_loaded_groups_without_initial_lr_keep_the_base():
    scheduler = Scheduler(sgd(1.0), "linear(base, 0, 10)")
    state = sgd(0.125).state_dict()
    scheduler.optimizer.load_state_dict(state)
    scheduler.step(5)
    assert lrs(scheduler.optimizer) == [0.5]


@pytest.mark.parametrize("kind", [float, torch.tensor])
@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))], ids=["deepcopy", "pickle"]
)
def test_copies_go_on_alone(kind, copied):
    first = Scheduler(SGD([weight()], lr=kind(0.25)), "linear(base, 0, 100)")
    run(first, 10)
    second = copied(first)
    assert second.optimizer is not first.optimizer
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert run(second, 20) == pytest.approx(first.schedules[0](range(10, 30)))
    assert first.last_epoch == 10
    assert lrs(first.optimizer) == pytest.approx([first.schedules[0](10)])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param({"spec": "linear(1, 0, 90)"}, "the spec 'linear", id="spec"),
        pytest.param({"spec": "from_the_future[("}, "from_the_future", id="unreadable spec"),
        pytest.param({"context": {"total_steps": 7}}, "total_steps=7 instead of 90", id="context"),
        pytest.param({"context": {}}, "total_steps=None instead of 90", id="less context"),
        pytest.param(
            {"context": {"total_steps": 90, "peak": 2}}, "peak=2 instead of None", id="variable"
        ),
    ],
)
def test_another_spec_or_context_warns(change, said):
    scheduler = Scheduler(sgd(), "cosine(1, 0, 100%)", total_steps=90)
    state = {**scheduler.state_dict(), "updates": 30, **change}
    with pytest.warns(UserWarning, match=re.escape(said)) as caught:
        scheduler.load_state_dict(state)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert lrs(scheduler.optimizer) == [pytest.approx(0.75)]
    assert scheduler.state_dict()["spec"] == "cosine(1, 0, 100%)"


@pytest.mark.parametrize("text", ["linear(1,0,10_000)", "( linear(1, 0, 10k) ) # why"])
def test_the_same_spec_in_other_words_does_not_warn(text):
    state = Scheduler(sgd(), text).state_dict()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Scheduler(sgd(), "linear(1, 0, 10k)").load_state_dict(state)


def good_state(**changes):
    return {**Scheduler(sgd(), HEADLINE).state_dict(), **changes}


@pytest.mark.parametrize(
    ("state", "message"),
    [
        pytest.param(None, "a dict, not a NoneType", id="None"),
        pytest.param([1], "a dict, not a list", id="list"),
        pytest.param({}, "not the state of a lrdsl.torch.Scheduler", id="empty"),
        pytest.param(theirs.StepLR(sgd(), 5).state_dict(), "start_step=0", id="torch's StepLR"),
        pytest.param(good_state(version=4), "has version 4", id="version"),
        pytest.param(good_state(updates="3"), "not '3'", id="count that is text"),
        pytest.param(good_state(updates=3.0), "not 3.0", id="count that is a float"),
        pytest.param(good_state(updates=True), "not True", id="count that is a truth value"),
        pytest.param(good_state(updates=2**60), "not 1152921504606846976", id="huge count"),
        pytest.param(good_state(context=[]), r"names, not \[\]", id="context that is a list"),
        pytest.param(good_state(replans=[{"update": 3}]), "no list of plans", id="bad replans"),
    ],
)
def test_bad_states(state, message):
    scheduler = Scheduler(sgd(), HEADLINE)
    scheduler.step(50)
    before, inside = snapshot(scheduler.optimizer), dict(vars(scheduler))
    with pytest.raises(lrdsl.SpecError, match=message):
        scheduler.load_state_dict(state)
    assert snapshot(scheduler.optimizer) == before
    assert vars(scheduler) == inside


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
        pytest.param(sgd(), [], {}, "a chain has at least one part", id="empty list"),
        pytest.param(sgd(), True, {}, "not bool", id="bool"),
        pytest.param(sgd(), float("nan"), {}, "nan", id="nan"),
        pytest.param(sgd(), {}, {}, "the key `spec`", id="empty mapping"),
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
