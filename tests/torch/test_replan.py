"""Plans that change on the way, and checkpoints of other specs."""

import json
import math
import re
import warnings
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import lrdsl
from lrdsl.schedule.rescaled import RescaledSchedule

torch = pytest.importorskip("torch")

from torch.optim import SGD, AdamW  # noqa: E402

from lrdsl.torch import Scheduler  # noqa: E402

SPEC = "warmup(5%) >> cosine(base, 0.01, 95%)"


def weight():
    return torch.nn.Parameter(torch.zeros(1))


def scheduler_of(spec=SPEC, lr=0.5, at=0, made=SGD, **options):
    groups = [{"params": [weight()], "lr": one} for one in np.atleast_1d(lr).tolist()]
    scheduler = Scheduler(made(groups, lr=7.0), spec, **{"total_steps": 1000, **options})
    if at:
        scheduler.step(at)
    return scheduler


def values(scheduler, stop=2500, key="lr"):
    """The value at each update of the whole run."""
    return scheduler.driven[key][0](range(stop))


# Replanning.


def test_a_plan_begins_now_where_the_number_is():
    scheduler = scheduler_of(at=400)
    before = values(scheduler)
    scheduler.replan("hold(100) >> linear(_, 0, 200)")
    after = values(scheduler)
    now = before[400]
    assert scheduler.get_last_lr() == [now]
    assert after[:400].tolist() == before[:400].tolist()
    assert after[[400, 499, 500, 600, 700, 2000]] == pytest.approx([now] * 3 + [now / 2, 0, 0])


@pytest.mark.parametrize("clock", ["calls", "updates"])
def test_what_is_previewed_is_trained_with(clock):
    scheduler = scheduler_of(clock=clock)
    seen = []
    scheduler.optimizer.register_step_pre_hook(
        lambda optimizer, *_: seen.append(optimizer.param_groups[0]["lr"])
    )

    def train(updates):
        expected = scheduler.preview(updates)["lr"][0].tolist()
        del seen[:]
        for _ in range(updates):
            scheduler.optimizer.step()
            if clock == "calls":
                scheduler.step()
        assert seen == expected

    train(60)
    scheduler.replan("linear(_, 0.2, 50) >> cosine(_, 0, rest)", total_steps=400)
    train(30)
    scheduler.extend(total_steps=600)
    train(30)
    scheduler.cooldown_now(20)
    train(40)
    assert scheduler.get_last_lr() == [0]


def test_rest_is_what_is_left_of_the_run():
    scheduler = scheduler_of(at=400)
    scheduler.replan("cosine(_, 0, rest)")
    assert scheduler.schedules[0].length == 1000
    scheduler.replan("cosine(_, 0, rest)", total_steps=3000)
    assert scheduler.schedules[0].length == 3000


def test_variables_and_definitions_stay():
    scheduler = scheduler_of(
        "peak * f(0.5)", at=10, peak=0.5, definitions="def f(x) = linear(x, 0, 100)"
    )
    scheduler.replan("hold(10) >> f(peak) * 0.4 * 1.125")
    assert scheduler.schedules[0](20) == pytest.approx(0.225)
    scheduler.replan("peak | take(5)", peak=0.225)
    assert scheduler.schedules[0](10) == 0.225


def test_a_plan_may_be_a_function_of_the_runs_updates():
    scheduler = scheduler_of("0.5", at=10)
    scheduler.replan(lambda step: 5 / max(step, 1))
    assert scheduler.schedules[0]([9, 10, 20]).tolist() == [0.5, 0.5, 0.25]


def test_each_group_goes_on_from_where_it_is():
    scheduler = scheduler_of(lr=[0.5, 0.25], at=400)
    before = scheduler.get_last_lr()
    scheduler.replan("linear(_, 0, 100)")
    scheduler.step(450)
    assert scheduler.get_last_lr() == pytest.approx([lr / 2 for lr in before])


def test_numbers_that_are_not_named_go_on():
    program = {"lr": "linear(1, 0, 1000)", "weight_decay": "0.1 * lr"}
    scheduler = scheduler_of(program, at=500, made=AdamW)
    scheduler.replan({"weight_decay": "constant(0.05, 50) >> (0.02 + 0.06 * lr)"})
    assert values(scheduler)[600] == pytest.approx(0.4)
    decay = values(scheduler, 1000, "weight_decay")
    assert decay[[499, 500, 549, 600]] == pytest.approx([0.0501, 0.05, 0.05, 0.044])


def test_a_program_that_speaks_of_another_number_follows_its_new_plan():
    program = {"lr": "linear(1, 0, 1000)", "weight_decay": "0.1 * lr"}
    scheduler = scheduler_of(program, at=500, made=AdamW)
    scheduler.replan({"lr": "linear(_, 0, 100)", "weight_decay": "0.1 * lr"})
    scheduler.step(550)
    assert scheduler.optimizer.param_groups[0]["weight_decay"] == pytest.approx(0.025)


def test_what_is_not_named_follows_the_new_plan_of_what_it_speaks_of():
    program = {"lr": "linear(1, 0, 1000)", "weight_decay": "0.1 * lr", "eps": "weight_decay"}
    scheduler = scheduler_of(program, at=500, made=AdamW)
    scheduler.cooldown_now(100)
    scheduler.step(550)
    group = scheduler.optimizer.param_groups[0]
    expected = [0.25, 0.025, 0.025]
    assert [group[key] for key in program] == pytest.approx(expected)
    other = scheduler_of(program, made=AdamW)
    other.load_state_dict(scheduler.state_dict())
    assert [other.optimizer.param_groups[0][key] for key in program] == pytest.approx(expected)


def test_a_plan_cannot_lean_on_what_follows_it():
    program = {"lr": "linear(1, 0, 1000)", "weight_decay": "0.1 * lr"}
    scheduler = scheduler_of(program, at=500, made=AdamW)
    with pytest.raises(
        lrdsl.SpecError, match=r"(?s)`weight_decay` refers to.*\^{12} add a spec for"
    ):
        scheduler.replan({"lr": "10 * weight_decay"})
    scheduler.extend(total_steps=2000)
    with pytest.raises(
        lrdsl.SpecError,
        match="`weight_decay` refers to numbers that the plan changes, and `extend`",
    ):
        scheduler.cooldown_now(100)
    scheduler.replan({"lr": "linear(_, 0, 100)", "weight_decay": "0.1 * lr"})
    assert scheduler.driven["weight_decay"][0](550) == pytest.approx(0.025)


def test_a_new_plan_takes_the_metrics_from_then_on():
    """Of those at the very update of the change, the ones that came after it."""
    scheduler = scheduler_of("1 | plateau(0.5, patience=0)", total_steps=None)
    scheduler.step(5)
    for loss in (0.5, 0.6):
        scheduler.observe(loss)
    scheduler.replan("hold() | plateau(0.1, patience=0)")
    for loss in (0.9, 0.95):
        scheduler.observe(loss)
    # The first value of a part stays as it is.
    assert scheduler.preview(2)["lr"][0].tolist() == pytest.approx([0.5, 0.05])
    other = scheduler_of("1 | plateau(0.5, patience=0)", total_steps=None)
    other.load_state_dict(scheduler.state_dict())
    assert other.preview(2)["lr"].tolist() == scheduler.preview(2)["lr"].tolist()


def test_metrics_go_on_counting():
    scheduler = scheduler_of("1 | plateau(0.5, patience=0)", total_steps=None)
    for update, loss in enumerate((0.5, 0.6), start=1):
        scheduler.step(loss, epoch=update)
    scheduler.extend(total_steps=100)
    scheduler.step(0.7)
    assert scheduler.get_last_lr() == [0.25]
    scheduler.replan("linear(_, 0, 100) | plateau(0.1, patience=0)")
    for loss in (0.7, 0.8):
        scheduler.step(loss)
    assert scheduler.get_last_lr() == pytest.approx([0.25 * 0.98 * 0.1])
    other = scheduler_of("1 | plateau(0.5, patience=0)", total_steps=None)
    other.load_state_dict(scheduler.state_dict())
    assert values(other, 200).tolist() == values(scheduler, 200).tolist()


def test_a_replan_at_the_very_start_takes_the_place_of_the_spec():
    scheduler = scheduler_of("0.5")
    scheduler.replan("linear(0.5, 0, 100)")
    assert str(scheduler.spec) == "linear(0.5, 0, 100)"


@pytest.mark.parametrize(
    ("spec", "changes", "message"),
    [
        pytest.param(
            "cosine(1, 0, 100)", {}, r"`lr` would jump from 0\.\d+ to 1 at update", id="leap"
        ),
        pytest.param(
            "cosin(_, 0, 100)", {}, r"cosin\(_, 0, 100\)\n.*\^\^\^\^\^ did you", id="typo"
        ),
        pytest.param(
            "hold(5) >> foo(3)  # x",
            {},
            r"\| hold\(5\) >> foo\(3\)  # x\n *\| {12}\^\^\^",
            id="caret",
        ),
        pytest.param("cosine(_, 0", {}, "never closed", id="syntax"),
        pytest.param("1) >> (1", {}, "LR10", id="brackets that break out"),
        pytest.param("cosine(_, peak, 9)", {}, "`peak` has no value", id="variable"),
        pytest.param("hold()", {"total_steps": 0}, "total_steps", id="context"),
        pytest.param("hold()", {"base_lr": 1}, "`base_lr` cannot be passed", id="base"),
        pytest.param({"momentum": "hold()"}, {}, "the numbers driven so far, `lr`, not", id="key"),
        pytest.param(5j, {}, "not complex", id="no spec"),
    ],
)
def test_a_bad_plan_changes_nothing(spec, changes, message):
    scheduler = scheduler_of(at=400)
    before = scheduler.state_dict(), scheduler.get_last_lr(), values(scheduler).tolist()
    with pytest.raises(lrdsl.SpecError, match=message):
        scheduler.replan(spec, **changes)
    assert (scheduler.state_dict(), scheduler.get_last_lr(), values(scheduler).tolist()) == before


def test_a_leap_can_be_allowed():
    scheduler = scheduler_of(at=400)
    scheduler.replan("cosine(1, 0, 100)", jump=True)
    assert scheduler.get_last_lr() == [1]


# Another length.


@pytest.mark.parametrize(
    ("spec", "total", "at", "new", "expected"),
    [
        pytest.param(
            "linear(1, 0, 100%)", 100, 50, 150, {25: 0.75, 50: 0.5, 52: 0.49, 150: 0}, id="longer"
        ),
        pytest.param(
            "linear(1, 0, 100%)", 100, 50, 75, {25: 0.75, 50: 0.5, 51: 0.48, 75: 0}, id="shorter"
        ),
        pytest.param(
            "linear(1, 0, 80)", None, 40, 100, {40: 0.5, 70: 0.25, 100: 0}, id="to its end"
        ),
        pytest.param(
            "linear(1, 0, 80)", 100, 40, 160, {40: 0.5, 80: 0.25, 120: 0}, id="ends before"
        ),
        pytest.param("1 / (1 + t)", None, 3, 100, {3: 0.25, 9: 0.1}, id="no end"),
        pytest.param(
            "linear(1, 0, 10) >> hold()", 100, 50, 200, {5: 0.5, 60: 0, 199: 0}, id="over"
        ),
    ],
)
def test_extend(spec, total, at, new, expected):
    scheduler = scheduler_of(spec, total_steps=total, at=at)
    scheduler.extend(total_steps=new)
    assert scheduler.schedules[0]([*expected]).tolist() == pytest.approx([*expected.values()])
    assert scheduler.schedules[0].context.total_steps in (total, new)


@given(
    st.integers(0, 99),
    st.integers(1, 300),
    st.sampled_from(["cosine(1, 0.1, 100%)", "warmup(30) >> (linear(1, 0, 10) | repeat(7))"]),
)
def test_extending_moves_the_end_and_nothing_else(at, longer, spec):
    source = lrdsl.compile(spec, total_steps=100)
    new = at + longer
    k = Fraction(longer, 100 - at)
    slowed = RescaledSchedule.of(source, at, k)
    assert slowed.length == new
    assert slowed(range(at + 1)).tolist() == source(range(at + 1)).tolist()
    assert slowed(new) == source(100)
    for t in range(at, new):
        inside = at + Fraction(t - at) / k
        if inside.denominator == 1:
            assert slowed(t) == source(int(inside))
    assert slowed.segments[-1].stop == new
    assert [s.start for s in slowed.segments] == sorted({s.start for s in slowed.segments})
    assert all(e in range(1, new + 1) for e in slowed.cycle_ends(0, new))


@pytest.mark.parametrize(
    ("total", "message"),
    [
        pytest.param(400, "more than the 400 updates made", id="now"),
        pytest.param(0, "total_steps", id="zero"),
        pytest.param("long", "total_steps", id="text"),
        pytest.param(None, "more than the 400 updates made, not None", id="None"),
    ],
)
def test_bad_lengths(total, message):
    with pytest.raises(lrdsl.SpecError, match=message):
        scheduler_of(at=400).extend(total_steps=total)


def test_a_run_that_is_over_has_nothing_to_extend():
    with pytest.raises(
        lrdsl.SpecError, match=r"nothing of its schedule is left to stretch\n.*replan"
    ):
        scheduler_of(at=1000).extend(total_steps=2000)


def test_what_speaks_of_a_reacting_number_has_no_pace():
    program = {"lr": "linear(1, 0, 1000) | plateau(0.5, 1)", "weight_decay": "0.1 * lr"}
    scheduler = scheduler_of(program, at=10, made=AdamW)
    with pytest.raises(lrdsl.SpecError, match=r"`weight_decay` refers to a schedule that reacts"):
        scheduler.extend(total_steps=2000)


# Coming down now.


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param((100,), {500: 1, 550: 0.5, 600: 0, 900: 0}, id="linear"),
        pytest.param((100, "sqrt"), {525: 0.5, 600: 0}, id="sqrt"),
        pytest.param((100, "linear", 0.5), {550: 0.75, 600: 0.5}, id="end"),
        pytest.param(("10%",), {550: 0.5, 600: 0}, id="share"),
        pytest.param(("rest",), {750: 0.5, 1000: 0}, id="rest"),
    ],
)
def test_cooldown_now(arguments, expected):
    scheduler = scheduler_of("warmup(100) >> hold()", lr=1.0, at=500)
    scheduler.cooldown_now(*arguments)
    assert scheduler.schedules[0]([*expected]).tolist() == pytest.approx([*expected.values()])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param((0,), "LR", id="no updates"),
        pytest.param((100, "sqr"), "did you mean `sqrt`", id="mode"),
        pytest.param((100, "linear", math.nan), "LR", id="nan"),
        pytest.param((100, "linear", "zero"), "`end` must be a finite number", id="text"),
    ],
)
def test_bad_cooldowns(arguments, message):
    with pytest.raises(lrdsl.SpecError, match=message):
        scheduler_of(at=500).cooldown_now(*arguments)


# The plans are part of the state.

PLANS = {
    "replan": lambda s: s.replan("hold(7) >> linear(_, 0, 40)"),
    "replan the run": lambda s: s.replan("cosine(_, 0, rest)", total_steps=s.last_epoch + 300),
    "leap": lambda s: s.replan("cosine(peak, 0, 100)", jump=True, peak=0.3),
    "extend": lambda s: s.extend(total_steps=s.last_epoch + 500),
    "cooldown": lambda s: s.cooldown_now(25),
    "go on": lambda s: s.step(s.last_epoch + 11),
    "go on more": lambda s: s.step(s.last_epoch + 60),
}


@given(st.lists(st.sampled_from([*PLANS]), max_size=6), st.sampled_from([1, 2]))
def test_a_resume_replays_the_plans(acts, groups):
    lr = [0.5, 0.25][:groups]
    scheduler = scheduler_of(lr=lr)
    for act in acts:
        try:
            PLANS[act](scheduler)
        except lrdsl.SpecError as error:
            assume("nothing of its schedule is left" not in str(error))
            raise
    state = scheduler.state_dict()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        other = scheduler_of(lr=lr)
        other.load_state_dict(state)
    assert other.state_dict() == state
    assert other.preview(300)["lr"].tolist() == scheduler.preview(300)["lr"].tolist()
    kept = scheduler_of("1", lr=lr, on_change="keep")
    kept.load_state_dict(state)
    assert kept.preview(300)["lr"].tolist() == scheduler.preview(300)["lr"].tolist()


def test_the_state_is_plain(tmp_path):
    scheduler = scheduler_of(at=400)
    scheduler.extend(total_steps=2000)
    scheduler.cooldown_now(100)
    torch.save(scheduler.state_dict(), tmp_path / "state.pt")
    state = torch.load(tmp_path / "state.pt", weights_only=True)
    assert json.loads(state.pop("replans")) == [
        {"update": 400, "metrics": 0, "spec": None, "values": {}, "context": {"total_steps": 2000}},
        {
            "update": 400,
            "metrics": 0,
            "spec": "cooldown(linear, 100, 0.0)",
            "values": {},
            "context": {"total_steps": 2000},
        },
    ]
    assert json.loads(state.pop("groups"))[0]["base"] == {"lr": 0.5}
    assert state == {
        "version": 5,
        "spec": SPEC,
        "values": "{}",
        "context": '{"total_steps": 1000}',
        "updates": 400,
        "reactions": '{"total": 0, "last": -1, "families": []}',
        "metric_updates": [],
        "metrics": [],
        "drives": True,
    }


# Checkpoints of another spec.


def other_state():
    return scheduler_of("linear(base, 0, 100%)", at=500).state_dict()


def test_a_change_is_told_with_the_numbers():
    scheduler = scheduler_of("linear(base, 0.25, 100%)")
    specs = "spec 'linear(base, 0, 100%)' instead of 'linear(base, 0.25, 100%)'"
    message = f"{specs} (lr at update 500: 0.25 → 0.375)"
    with pytest.warns(UserWarning, match=re.escape(message)):
        scheduler.load_state_dict(other_state())
    assert scheduler.get_last_lr() == [0.375]


def test_a_change_that_changes_nothing_now_is_told_as_that():
    with pytest.warns(UserWarning, match=r"\(no number changes at update 500\)"):
        scheduler_of("linear(base, 0, 50%) >> hold() | clip(0.25, 1)").load_state_dict(
            other_state()
        )


def test_an_error_changes_nothing():
    scheduler = scheduler_of("linear(base, 0.25, 100%)", on_change="error")
    with pytest.raises(lrdsl.SpecError, match=r"lr at update 500: 0.25 → 0.375.*\n.*keep"):
        scheduler.load_state_dict(other_state())
    assert (scheduler.last_epoch, scheduler.get_last_lr()) == (0, [0.5])
    scheduler.load_state_dict(scheduler_of("linear(base, 0.25, 100%)", at=500).state_dict())
    assert scheduler.last_epoch == 500


def test_the_checkpoints_spec_can_be_kept():
    scheduler = scheduler_of(
        {"lr": "cosine(1, 0)", "momentum": "0.5"}, on_change="keep", total_steps=77
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scheduler.load_state_dict(other_state())
    assert scheduler.get_last_lr() == [0.25]
    assert scheduler.state_dict() == other_state()
    assert [*scheduler.driven] == ["lr"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param({"spec": "from_the_future[("}, "LR10", id="text"),
        pytest.param({"spec": 5j}, "what no state does: something of type complex", id="no text"),
        pytest.param({"context": {"total_steps": -1}}, "total_steps", id="context"),
        pytest.param({"context": {1: 2}}, "a dict of names", id="names"),
    ],
)
def test_what_cannot_be_kept(change, message):
    scheduler = scheduler_of("1", on_change="keep")
    with pytest.raises(lrdsl.SpecError, match=message):
        scheduler.load_state_dict({**other_state(), **change})
    assert (scheduler.last_epoch, scheduler.get_last_lr()) == (0, [1])


def test_plans_of_another_spec_are_left_out():
    state = scheduler_of("linear(base, 0, 100%)", at=500)
    state.cooldown_now(10)
    scheduler = scheduler_of("0.125")
    with pytest.warns(UserWarning, match="the plans added during the run are dropped"):
        scheduler.load_state_dict(state.state_dict())
    assert scheduler.preview(30)["lr"].tolist() == [[0.125] * 30]


@pytest.mark.parametrize("version", [1, 2, 3, 4])
def test_older_states_are_refused(version):
    scheduler = scheduler_of()
    before = scheduler.state_dict()
    with pytest.raises(lrdsl.SpecError, match=rf"has version {version}.* reads version 5"):
        scheduler.load_state_dict({**scheduler_of(at=400).state_dict(), "version": version})
    assert scheduler.state_dict() == before


# A run that began without lrdsl.


@pytest.mark.parametrize("clock", ["calls", "updates"])
def test_start_step(clock):
    scheduler = scheduler_of(start_step=400, clock=clock)
    expected = lrdsl.compile(SPEC, total_steps=1000, base_lr=0.5)
    assert (scheduler.last_epoch, scheduler.get_last_lr()) == (400, [expected(400)])
    scheduler.optimizer.step()
    if clock == "calls":
        scheduler.step()
    assert scheduler.get_last_lr() == [expected(401)]


def test_taking_over_from_a_scheduler_of_torch():
    optimizer = SGD([weight()], lr=0.5)
    theirs = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 1000)
    for _ in range(300):
        optimizer.step()
        theirs.step()
    checkpoint = optimizer.state_dict(), theirs.state_dict()
    optimizer = SGD([weight()], lr=0.5)
    optimizer.load_state_dict(checkpoint[0])
    scheduler = Scheduler(optimizer, "cosine(base, 0, 1000)")
    with pytest.raises(lrdsl.SpecError, match=r"torch's own\n.*`start_step=300`"):
        scheduler.load_state_dict(checkpoint[1])
    scheduler = Scheduler(optimizer, "cosine(base, 0, 1000)", start_step=300)
    assert scheduler.get_last_lr() == pytest.approx(theirs.get_last_lr())
