"""Where a checkpoint, an optimizer and a run disagree, no number changes in silence.

Each case writes a checkpoint in one run and resumes it in another, in four orders and by all three
policies, and compares the numbers that the next updates are made with.
"""

import copy
import math
import warnings

import pytest

import lrdsl

torch = pytest.importorskip("torch")

from torch.optim import SGD, Adam, AdamW  # noqa: E402

from lrdsl.torch import Scheduler  # noqa: E402
from tests.support.scheduler_runs import weight  # noqa: E402

L = "linear(base, 0, 100)"
LR_AND_DECAY = {"lr": L, "weight_decay": L}
BY_NAME = {"lr": {"a": L, "b": "0.1"}}
scale = {"factor": 1.0}


def of_a_global(t):
    return scale["factor"] / (t + 1)


def set_factor(factor):
    scale["factor"] = factor
    return of_a_global


def defined(end):
    lrdsl.define(f"def law_of_disagreements() = linear(1, {end}, 100)")
    return "law_of_disagreements()"


class Twice(AdamW):
    def step(self, closure=None):
        return super().step(closure)


class Run:
    """What makes an optimizer and its Scheduler, and what happens in the run."""

    def __init__(self, *lrs, spec=L, kind=AdamW, groups=({},), act=None, clock="calls", **options):
        self.lrs, self.spec, self.kind, self.act = lrs or (0.1,), spec, kind, act
        self.groups, self.options = groups, {"clock": clock, **options}

    def optimizer(self):
        more = [*self.groups, *[{}] * len(self.lrs)]
        groups = [
            {"params": [weight()], "lr": copy.deepcopy(lr), **own}
            for lr, own in zip(self.lrs, more, strict=False)
        ]
        return self.kind(groups, lr=copy.deepcopy(self.lrs[0]))

    def scheduler(self, optimizer, on_change="warn"):
        spec = self.spec() if callable(self.spec) else self.spec
        return Scheduler(optimizer, spec, on_change=on_change, **self.options)

    def checkpoint(self):
        """The states after 50 updates, and the numbers of the next ones."""
        scheduler = self.scheduler(self.optimizer())
        for _ in range(50):
            scheduler.optimizer.step()
            if scheduler.clock == "calls":
                scheduler.step()
        if self.act is not None:
            self.act(scheduler)
        states = scheduler.state_dict(), copy.deepcopy(scheduler.optimizer.state_dict())
        return *states, used(scheduler)


def used(scheduler):
    """The numbers with which the next updates are made."""
    found = []

    def note(optimizer, args, kwargs):
        names = [name for name in ("lr", "weight_decay") if name in optimizer.param_groups[0]]
        numbers.append([float(group[name]) for group in optimizer.param_groups for name in names])

    hook = scheduler.optimizer.register_step_pre_hook(note)
    for _ in range(4):
        numbers = []
        scheduler.optimizer.step()
        found.append(numbers[-1])  # a `step` that calls its parent's has called the hook twice
        if scheduler.clock == "calls":
            scheduler.step()
    hook.remove()
    return found


def metrics(scheduler):
    for loss in (1.0, 2.0, 3.0):
        scheduler.observe(loss)


TOTAL = {"spec": "linear(base, 0)", "total_steps": 100}
EPOCHS = {"spec": "linear(base, 0, 10ep)", "steps_per_epoch": 10}
PLATEAU = "base | plateau(0.5, 0)"

SAME = {
    "nothing": (Run(), Run()),
    "the clock": (Run(), Run(clock="updates")),
    "the clock, back": (Run(clock="updates"), Run()),
    "a replan": (Run(act=lambda s: s.replan("linear(_, 0, 10)")), Run()),
    "an extension": (Run(**TOTAL, act=lambda s: s.extend(total_steps=200)), Run(**TOTAL)),
    "a cooldown": (Run(act=lambda s: s.cooldown_now(10)), Run()),
    "metrics": (Run(spec=PLATEAU, act=metrics), Run(spec=PLATEAU)),
    "another notation": (Run(), Run(spec="linear( base,0 , 1e2)")),
    "another class": (Run(kind=AdamW), Run(kind=Adam, groups=({"weight_decay": 0.01},))),
    "a step that calls super": (Run(kind=Twice), Run(kind=AdamW)),
    "a base that nothing uses": (
        Run(0.1, spec="linear(1, 0, 100)"),
        Run(0.1, spec="linear(1, 0, 1e2)"),
    ),
    "a Tensor": (Run(torch.tensor(0.5)), Run(torch.tensor(0.5))),
    "names": (Run(groups=({"name": "a"},)), Run(groups=({"name": "a"},))),
    "a function": (Run(spec=lambda: set_factor(1.0)), Run(spec=lambda: set_factor(1.0))),
    "a definition": (Run(spec=lambda: defined(0)), Run(spec=lambda: defined(0))),
}
OTHER = {
    "the spec": (Run(), Run(spec="linear(base, 0, 200)")),
    "the length of the run": (Run(**TOTAL), Run(**{**TOTAL, "total_steps": 200})),
    "the length of an epoch": (Run(**EPOCHS), Run(**{**EPOCHS, "steps_per_epoch": 20})),
    "another accumulation": (
        Run(spec="linear(base, 0, 100sp)", samples_per_step=1),
        Run(spec="linear(base, 0, 100sp)", samples_per_step=0.5),
    ),
    "tokens": (
        Run(spec="linear(base, 0, 100tok)", tokens_per_step=1),
        Run(spec="linear(base, 0, 100tok)", tokens_per_step=0.5),
    ),
    "a variable": (Run(spec="linear(p, 0, 100)", p=1), Run(spec="linear(p, 0, 100)", p=2)),
    "a variable's name": (Run(spec="linear(p, 0, 100)", p=1), Run(spec="linear(q, 0, 100)", q=2)),
    "definitions": (
        Run(spec="f()", definitions="def f() = linear(base, 0, 100)"),
        Run(spec="f()", definitions="def f() = linear(base, 0, 200)"),
    ),
    "the base": (Run(0.1), Run(0.2)),
    "the base of one group": (Run(0.1, 0.2), Run(0.1, 0.3)),
    "the base of another number": (
        Run(spec=LR_AND_DECAY, groups=({"weight_decay": 0.01},)),
        Run(spec=LR_AND_DECAY, groups=({"weight_decay": 0.02},)),
    ),
    "the order of groups": (Run(0.1, 0.2), Run(0.2, 0.1)),
    "the names of groups": (
        Run(0.1, 0.1, spec=BY_NAME, groups=({"name": "a"}, {"name": "b"})),
        Run(0.1, 0.1, spec=BY_NAME, groups=({"name": "b"}, {"name": "a"})),
    ),
    "a scale": (Run(groups=({"lr_scale": 0.5},)), Run(groups=({"lr_scale": 1.0},))),
    "a scale that came": (Run(), Run(groups=({"lr_scale": 0.5},))),
    "a scale that went": (Run(groups=({"lr_scale": 0.5},)), Run()),
    "a number that came": (Run(), Run(spec=LR_AND_DECAY)),
    "a number that went": (Run(spec=LR_AND_DECAY), Run()),
    "the patience": (
        Run(spec=PLATEAU, act=metrics, keep_metrics=True),
        Run(spec="base | plateau(0.5, 5)", keep_metrics=True),
    ),
    "metrics that nothing takes": (Run(spec=PLATEAU, act=metrics), Run(spec="base")),
    "an extension and a length": (
        Run(**TOTAL, act=lambda s: s.extend(total_steps=200)),
        Run(**{**TOTAL, "total_steps": 150}),
    ),
    "a replan and a spec": (
        Run(act=lambda s: s.replan("linear(_, 0, 10)")),
        Run(spec="linear(base, 0, 90)"),
    ),
    "a function": (Run(spec=lambda: set_factor(1.0)), Run(spec=lambda: set_factor(2.0))),
    "a definition": (Run(spec=lambda: defined(0)), Run(spec=lambda: defined(0.5))),
    "a function for a spec": (Run(), Run(spec=lambda: set_factor(1.0))),
}
UNKNOWN = {
    "the base of one group",
    "the base of another number",
    "the order of groups",
    "the names of groups",
    "a scale",
    "a scale that came",
    "a scale that went",
}
"""What an optimizer does not know any more that has been loaded before: but the checkpoint's number
stays. It knows the rate that it was made with, as its default."""

ORDERS = ["scheduler alone", "optimizer first", "scheduler first", "optimizer before its scheduler"]


def resumed(run, states, order, on_change):
    """The numbers of the next updates of a resumed run, and what was told."""
    state, of_optimizer = copy.deepcopy(states)
    optimizer = run.optimizer()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        if order == ORDERS[3]:
            optimizer.load_state_dict(of_optimizer)
        scheduler = run.scheduler(optimizer, on_change)
        if order == "optimizer first":
            optimizer.load_state_dict(of_optimizer)
        scheduler.load_state_dict(state)
        if order == "scheduler first":
            optimizer.load_state_dict(of_optimizer)
        numbers = used(scheduler)
    told = [str(x.message) for x in caught if "`lr_scheduler.step()`" not in str(x.message)]
    return numbers, told


def are_alike(some, others):
    return len(some[0]) == len(others[0]) and all(
        math.isclose(x, y, rel_tol=1e-6, abs_tol=1e-15)
        for one, other in zip(some, others, strict=True)
        for x, y in zip(one, other, strict=True)
    )


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("on_change", ["warn", "error", "keep"])
@pytest.mark.parametrize(("writer", "reader"), SAME.values(), ids=SAME)
def test_where_all_agree_nothing_is_told(writer, reader, on_change, order):
    *states, wanted = writer.checkpoint()
    numbers, told = resumed(reader, states, order, on_change)
    assert told == []
    assert are_alike(numbers, wanted)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("name", OTHER)
def test_where_they_disagree_it_is_told_or_refused_or_kept(name, order):
    writer, reader = OTHER[name]
    *states, wanted = writer.checkpoint()
    numbers, told = resumed(reader, states, order, "warn")
    if order == ORDERS[3] and name in UNKNOWN:
        assert are_alike(numbers, wanted)
        return
    assert told
    assert len(told) <= len(writer.lrs) * 2
    assert any(["→" in each for each in told])
    # An optimizer that has been loaded before has the checkpoint's first values.
    assert not are_alike(numbers, wanted) or order == ORDERS[3]

    message = r"checkpoint was written|has loaded|was made with"
    with pytest.raises(lrdsl.SpecError, match=message):
        resumed(reader, states, order, "error")

    numbers, told = resumed(reader, states, order, "keep")
    assert told or are_alike(numbers, wanted)


def test_a_second_scheduler_of_other_numbers_does_not_take_the_state_of_the_first():
    optimizer = AdamW([weight()], lr=0.1)
    first = Scheduler(optimizer, {"lr": L})
    second = Scheduler(optimizer, {"weight_decay": L}, on_change="error")
    with pytest.raises(lrdsl.SpecError, match=r"the spec .* instead of"):
        second.load_state_dict(first.state_dict())


def test_a_copy_resumes_its_own_state_in_silence():
    scheduler = Scheduler(SGD([weight()], lr=0.1), L)
    scheduler.step(50)
    again = copy.deepcopy(scheduler)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again.load_state_dict(scheduler.state_dict())
        assert again.preview(9)["lr"].tolist() == scheduler.preview(9)["lr"].tolist()


@pytest.mark.parametrize("values", ["", ', "values": {"lr": "x"}', ', "values": 3'])
def test_a_state_without_its_values_is_refused(values):
    scheduler = Scheduler(SGD([weight()], lr=0.1), L)
    scheduler.step(50)
    state = scheduler.state_dict()
    state["groups"] = state["groups"].replace(', "values": {"lr": 0.05}', values)
    with pytest.raises(lrdsl.SpecError, match="`groups` of the state must be"):
        scheduler.load_state_dict(state)


@pytest.mark.parametrize("on_change", ["warn", "keep"])
def test_a_scale_that_is_changed_later_counts(on_change):
    """What was restored once after a load is not restored again."""
    saved = AdamW([{"params": [weight()], "lr_scale": 0.5}], lr=0.1)
    state = saved.state_dict()
    optimizer = AdamW([{"params": [weight()], "lr_scale": 0.25}], lr=0.1)
    scheduler = Scheduler(optimizer, "1", on_change=on_change)
    optimizer.load_state_dict(state)
    with warnings.catch_warnings(record=True):
        warnings.simplefilter("always")
        optimizer.step()
    assert optimizer.param_groups[0]["lr"] == (0.25 if on_change == "warn" else 0.5)
    scheduler.step()
    for factor in (0.5, 0.75):
        optimizer.param_groups[0]["lr_scale"] = factor
        optimizer.step()
        scheduler.step()
        assert optimizer.param_groups[0]["lr"] == factor
