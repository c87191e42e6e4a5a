"""What a checkpoint, an optimizer and a run disagree about is told by the policy `on_change`."""

import copy
import json
import warnings

import pytest

import lrdsl

torch = pytest.importorskip("torch")

from torch.distributed import checkpoint as dcp  # noqa: E402
from torch.optim import SGD, AdamW  # noqa: E402

from lrdsl.torch import Scheduler, attach  # noqa: E402
from tests.support.scheduler_runs import lrs, weight  # noqa: E402

SPEC = "linear(base, 0, 100)"
ORDERS = pytest.mark.parametrize("order", ["scheduler alone", "optimizer first", "scheduler first"])


def adamw(*bases, kind=float, **options):
    groups = [{"params": [weight()], "lr": kind(base), **options} for base in bases]
    return AdamW(groups, lr=7.0)


def recorded(act):
    """The warnings that are given while something is done."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        act()
    return [str(x.message) for x in caught if "`lr_scheduler.step()`" not in str(x.message)]


def checkpoint_of(optimizer, spec=SPEC, at=50, **options):
    scheduler = Scheduler(optimizer, spec, **options)
    scheduler.step(at)
    return scheduler.state_dict(), copy.deepcopy(optimizer.state_dict())


def resume(optimizer, saved, order, spec=SPEC, **options):
    """The Scheduler of a resumed run, and what was told."""
    state, optimizer_state = saved
    scheduler = Scheduler(optimizer, spec, **options)

    def load():
        if order == "optimizer first":
            optimizer.load_state_dict(copy.deepcopy(optimizer_state))
        scheduler.load_state_dict(state)
        if order == "scheduler first":
            optimizer.load_state_dict(copy.deepcopy(optimizer_state))
            optimizer.step()

    return scheduler, recorded(load)


CHANGES = {
    "base": (adamw(1e-4), lambda: adamw(2e-4), "0.0001 instead of 0.0002 as the `base` of `lr`"),
    "base of a group": (
        adamw(1e-4, 1e-3),
        lambda: adamw(1e-4, 2e-3),
        "0.001 instead of 0.002 as the `base` of `lr` in parameter group 1",
    ),
    "Tensor": (
        adamw(0.1, kind=torch.tensor),
        lambda: adamw(0.1),
        "a Tensor instead of a float as `lr`",
    ),
    "float": (
        adamw(0.1),
        lambda: adamw(0.1, kind=torch.tensor),
        "a float instead of a Tensor as `lr`",
    ),
}


@ORDERS
@pytest.mark.parametrize(("written", "made", "message"), CHANGES.values(), ids=CHANGES)
def test_a_change_of_the_optimizer_is_told_once(order, written, made, message):
    written = copy.deepcopy(written)
    optimizer = made()
    scheduler, told = resume(optimizer, checkpoint_of(written), order)
    assert len(told) == 1
    assert message in told[0]
    # This run's own are followed, in value and in kind.
    fresh = made()
    expected = Scheduler(fresh, SPEC)
    expected.step(50)
    assert lrs(optimizer) == lrs(fresh)
    kinds = [type(group["lr"]) for group in optimizer.param_groups]
    assert kinds == [type(group["lr"]) for group in fresh.param_groups]
    for each in (scheduler, expected):
        each.optimizer.step()
        each.step()
    assert lrs(optimizer) == lrs(fresh)


@ORDERS
def test_the_bases_of_a_checkpoint_can_be_kept(order):
    saved = checkpoint_of(adamw(1e-4, 1e-3))
    scheduler, told = resume(adamw(2e-4, 1e-3), saved, order, on_change="keep")
    assert told == []
    assert lrs(scheduler.optimizer) == pytest.approx([5e-5, 5e-4])
    assert scheduler.base_lrs == [1e-4, 1e-3]


@pytest.mark.parametrize("made", [lambda: adamw(2e-4), lambda: adamw(1e-4, kind=torch.tensor)])
def test_a_change_of_the_optimizer_can_be_refused(made):
    saved, optimizer = checkpoint_of(adamw(1e-4)), made()
    scheduler = Scheduler(optimizer, SPEC, on_change="error")
    before = lrs(optimizer), scheduler.state_dict()
    with pytest.raises(lrdsl.SpecError, match="the checkpoint was written with"):
        scheduler.load_state_dict(saved[0])
    assert (lrs(optimizer), scheduler.state_dict()) == before
    optimizer.load_state_dict(saved[1])
    with pytest.raises(lrdsl.SpecError, match="the state that the optimizer has loaded"):
        optimizer.step()


def test_the_state_of_the_optimizer_alone_is_told():
    _, state = checkpoint_of(adamw(1e-4))
    scheduler = attach(adamw(2e-4), SPEC, start_step=50)
    scheduler.optimizer.load_state_dict(state)
    [message] = recorded(scheduler.optimizer.step)
    assert "the `base` of `lr` in parameter group 0 is 0.0002, and not 0.0001" in message
    assert "(`lr` at update 50: 5e-05 → 0.0001)" in message
    assert lrs(scheduler.optimizer) == [pytest.approx(0.98e-4)]


def test_an_optimizer_that_was_loaded_before_is_told():
    state, optimizer_state = checkpoint_of(AdamW([weight()], lr=1e-4))
    optimizer = AdamW([weight()], lr=2e-4)
    optimizer.load_state_dict(optimizer_state)
    [message] = recorded(lambda: Scheduler(optimizer, SPEC).load_state_dict(state))
    assert "is 0.0001, and not 0.0002" in message
    assert "the optimizer was made with 0.0002" in message


@pytest.mark.parametrize("at", [0, 50])
def test_an_optimizer_that_was_loaded_before_a_run_that_begins_is_told(at):
    _, optimizer_state = checkpoint_of(AdamW([weight()], lr=1e-4), at=at)

    def loaded(lr=2e-4):
        optimizer = AdamW([weight()], lr=lr)
        optimizer.load_state_dict(copy.deepcopy(optimizer_state))
        return optimizer

    [message] = recorded(lambda: Scheduler(loaded(), SPEC))
    assert "is 0.0001, and not 0.0002 (`lr` at update 0: 0.0002 → 0.0001)" in message
    with pytest.raises(lrdsl.SpecError, match="the optimizer was made with"):
        Scheduler(loaded(), SPEC, on_change="error")
    assert recorded(lambda: Scheduler(loaded(), SPEC, on_change="keep")) == []
    assert recorded(lambda: Scheduler(loaded(1e-4), SPEC)) == []
    assert recorded(lambda: Scheduler(loaded(), "linear(1, 0, 100)")) == []
    optimizer = loaded(1e-4)
    Scheduler(optimizer, SPEC).step()
    assert recorded(lambda: Scheduler(optimizer, SPEC)) == []


def test_a_base_that_nothing_depends_on_is_no_change_of_a_loaded_group():
    _, optimizer_state = checkpoint_of(adamw(1e-4), "linear(1, 0, 100)")
    scheduler = Scheduler(adamw(2e-4), "linear(1, 0, 100)")
    scheduler.optimizer.load_state_dict(optimizer_state)
    assert recorded(scheduler.optimizer.step) == []


@pytest.mark.parametrize(
    ("before", "now", "message"),
    [
        pytest.param((0.1, 0.2), (0.1,), "2 parameter groups instead of 1 param", id="went"),
        pytest.param((0.1,), (0.1, 0.2), "1 parameter group instead of 2 param", id="came"),
    ],
)
def test_groups_that_came_or_went_are_told(before, now, message):
    _, told = resume(adamw(*now), checkpoint_of(adamw(*before)), "scheduler alone")
    assert [message in each for each in told] == [True]


def test_an_lr_scale_that_changed_is_told():
    saved = checkpoint_of(adamw(0.1, lr_scale=0.5))
    _, told = resume(adamw(0.1, lr_scale=1.0), saved, "scheduler alone")
    assert "0.5 instead of 1 as the `lr_scale` (lr at update 50: 0.025 → 0.05)" in told[0]


def test_a_base_that_is_edited_is_followed_and_told():
    scheduler = Scheduler(adamw(0.1), SPEC)
    scheduler.step(50)
    scheduler.optimizer.param_groups[0]["initial_lr"] = 0.2
    [message] = recorded(scheduler.state_dict)
    assert "somebody has changed the `initial_lr` of the group" in message
    scheduler.step(50)
    assert lrs(scheduler.optimizer) == [0.1]


# Plans.


def test_an_extended_run_goes_on_with_the_length_that_it_has():
    scheduler = Scheduler(adamw(0.1), "cosine(base, 0)", total_steps=1000)
    scheduler.step(600)
    scheduler.extend(total_steps=1500)
    scheduler.step(1200)
    again = Scheduler(adamw(0.1), "cosine(base, 0)", total_steps=1500)
    assert recorded(lambda: again.load_state_dict(scheduler.state_dict())) == []
    assert again.preview(400)["lr"].tolist() == scheduler.preview(400)["lr"].tolist()
    assert again.state_dict() == scheduler.state_dict()


def test_a_replanned_run_goes_on_with_the_spec_that_it_has():
    scheduler = Scheduler(adamw(0.1), "cosine(base, 0)", total_steps=1000)
    scheduler.step(600)
    scheduler.replan("hold(50) >> linear(_, 0, 100)", total_steps=800)
    again = Scheduler(adamw(0.1), "hold(50) >> linear(_, 0, 100)", total_steps=800)
    assert recorded(lambda: again.load_state_dict(scheduler.state_dict())) == []
    assert again.preview(200)["lr"].tolist() == scheduler.preview(200)["lr"].tolist()


def test_plans_that_the_state_does_not_have_are_told():
    scheduler = Scheduler(adamw(0.1), SPEC)
    scheduler.step(40)
    state = scheduler.state_dict()
    scheduler.step(60)
    scheduler.replan("hold()")
    [message] = recorded(lambda: scheduler.load_state_dict(state))
    assert "the plans added during the run are dropped" in message
    assert lrs(scheduler.optimizer) == [pytest.approx(0.06)]


# Checkpoints of torch.distributed.checkpoint.

WRITERS = {
    "plain": lambda: Scheduler(adamw(0.1), SPEC, total_steps=100),
    "replanned": lambda: Scheduler(adamw(0.1), SPEC, total_steps=100),
    "cooled down": lambda: Scheduler(adamw(0.1), SPEC, total_steps=100),
    "a program": lambda: Scheduler(adamw(0.1), {"lr": SPEC, "weight_decay": "0.1 * lr"}),
    "a choice": lambda: Scheduler(adamw(0.1), {"lr": {0: SPEC}}),
    "a variable": lambda: Scheduler(adamw(0.1), "linear(base, 0, n)", n=100),
    "metrics": lambda: Scheduler(adamw(0.1), "base | plateau(0.5, 0)"),
    "groups": lambda: Scheduler(adamw(0.1, 0.2, name="x"), SPEC),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("reader", WRITERS)
@pytest.mark.parametrize("writer", WRITERS)
def test_any_state_is_loaded_into_any_scheduler(writer, reader, tmp_path):
    scheduler = WRITERS[writer]()
    scheduler.step(*([0.5] if writer == "metrics" else []))
    if writer == "replanned":
        scheduler.replan("hold(3) >> linear(_, 0, 5)")
    if writer == "cooled down":
        scheduler.cooldown_now(10)
    dcp.save({"scheduler": scheduler.state_dict()}, checkpoint_id=tmp_path / "it", no_dist=True)
    other = WRITERS[reader]()
    state = {"scheduler": other.state_dict()}
    dcp.load(state, checkpoint_id=tmp_path / "it", no_dist=True)
    assert state["scheduler"] == scheduler.state_dict()
    other.load_state_dict(state["scheduler"])
    assert other.last_epoch == 1
    if writer == reader or {writer, reader} <= {"plain", "replanned", "cooled down"}:
        assert other.preview(50)["lr"].tolist() == scheduler.preview(50)["lr"].tolist()


def test_the_keys_of_a_state_are_leaves():
    state = WRITERS["a program"]().state_dict()
    assert {type(value) for value in state.values()} <= {int, str, bool, list}
    assert json.loads(state["groups"])[0]["base"] == {"lr": 0.1, "weight_decay": 0.01}


# Groups that come and go while a schedule runs.


@pytest.mark.parametrize("clock", ["calls", "updates"])
@pytest.mark.parametrize(
    ("added", "base", "is_told"),
    [
        pytest.param({"lr": 7.0}, 7.0, False, id="a rate of its own"),
        pytest.param({}, 7.0, False, id="the default"),
        pytest.param({"lr": 0.05, "initial_lr": 0.2}, 0.2, False, id="with its first rate"),
        pytest.param({"lr": 0.1}, 0.1, False, id="the base of another"),
        pytest.param({"lr": 0.05}, 0.05, True, id="the rate of another"),
        pytest.param({"lr": torch.tensor(0.05, dtype=torch.float64)}, 0.05, True, id="as a Tensor"),
    ],
)
@pytest.mark.parametrize("removed", [None, "last", "all"])
def test_the_base_of_an_added_group(clock, added, base, is_told, removed):
    optimizer = adamw(0.1, 0.4)
    scheduler = Scheduler(optimizer, "linear(base, 0, 10)", clock=clock)

    def update():
        optimizer.step()
        if clock == "calls":
            scheduler.step()

    for _ in range(5):
        update()
    if removed == "last":
        optimizer.param_groups.pop()
    if removed == "all":
        optimizer.param_groups.clear()
    optimizer.add_param_group({"params": [weight()], **copy.deepcopy(added)})
    told = [each for each in recorded(update) if "`base`" in each]
    assert len(told) == is_told
    assert scheduler.base_lrs[-1] == pytest.approx(base)
    assert lrs(optimizer)[-1] == pytest.approx(0.4 * base)


def test_an_added_group_in_doubt_can_be_refused():
    scheduler = Scheduler(adamw(0.1), "linear(base, 0, 10)", on_change="error")
    scheduler.step(5)
    scheduler.optimizer.add_param_group({"params": [weight()], "lr": 0.05})
    with pytest.raises(
        lrdsl.SpecError, match="which the schedule may have made of that of group 0"
    ):
        scheduler.optimizer.step()


def test_a_group_that_moves_keeps_its_base():
    scheduler = Scheduler(adamw(0.1, 0.2, 0.4), "linear(base, 0, 10)")
    scheduler.step(5)
    del scheduler.optimizer.param_groups[0]
    scheduler.step(6)
    assert scheduler.base_lrs == [0.2, 0.4]
    assert lrs(scheduler.optimizer) == pytest.approx([0.08, 0.16])


# A Tensor that several optimizers share.


def test_two_optimizers_of_one_tensor_have_one_each():
    lr = torch.tensor(0.5)
    optimizers = SGD([weight()], lr=lr), SGD([weight()], lr=lr)
    first = Scheduler(optimizers[0], "linear(base, 0, 10)")
    second = Scheduler(optimizers[1], "0.2 * base")
    first.step(5)
    assert [lrs(each)[0] for each in optimizers] == pytest.approx([0.25, 0.1])
    assert second.base_lrs == [0.5]


def test_the_base_of_a_second_run_is_what_the_tensor_was_at_first():
    lr = torch.tensor(0.5)

    def run():
        optimizer = SGD([weight()], lr=lr)
        scheduler = Scheduler(optimizer, "linear(base, 0, 10)")
        assert lrs(optimizer) == [0.5]
        scheduler.step(5)

    assert [len(recorded(run)) for _ in range(3)] == [0, 1, 1]
