"""Runs whose plan is changed again and again: flat, and as cheap as the first time."""

import copy
import pickle
import warnings
from fractions import Fraction

import numpy as np
import pytest

import lrdsl
from lrdsl.schedule.continued import ContinuedSchedule, rescaled
from lrdsl.schedule.rescaled import RescaledSchedule

torch = pytest.importorskip("torch")

from lrdsl.torch import Scheduler  # noqa: E402
from tests.support.counting import calls  # noqa: E402
from tests.support.scheduler_runs import sgd  # noqa: E402

TOTAL = 10**6


def scheduler_of(spec="cosine(base, 0, 1000000)", *lrs):
    scheduler = Scheduler(sgd(*lrs), spec, total_steps=TOTAL)
    scheduler.optimizer.step()
    return scheduler


def extend(scheduler):
    scheduler.extend(total_steps=TOTAL + 3 * scheduler.last_epoch)


def replan_and_extend(scheduler):
    scheduler.replan("linear(_, 0, 1000000)")
    extend(scheduler)


CHANGES = {
    "leaning": lambda s: s.replan("hold(3) >> linear(_, prev * 0.99, 5)"),
    "hold": lambda s: s.replan("hold(3)"),
    "constant": lambda s: s.replan("0.25", jump=True),
    "cooldown": lambda s: s.cooldown_now(50, end=0.99 * s.get_last_lr()[0]),
    "extend": extend,
    "replan and extend": replan_and_extend,
    "function": lambda s: s.replan(lambda t: 0.1 / (t + 1), jump=True),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("lrs", [(0.1,), (0.1, 0.2)], ids=["one group", "two groups"])
def test_the_hundredth_change_costs_what_the_first_does(change, lrs):
    scheduler = scheduler_of("cosine(base, 0, 1000000)", *lrs)
    first = []
    for _ in range(2):
        scheduler.step()
        first.append(calls(lambda: change(scheduler)))
    for _ in range(97):
        scheduler.step()
        change(scheduler)
    scheduler.step()
    assert calls(lambda: change(scheduler)) <= 1.5 * max(first)
    assert calls(lambda: scheduler.preview(5)) < 400


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_many_changes_are_copied_and_resumed(change):
    scheduler = scheduler_of()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(250):
            scheduler.step()
            change(scheduler)
        scheduler.step()
        copies = [copy.deepcopy(scheduler)]
        if change is not CHANGES["function"]:
            copies.append(pickle.loads(pickle.dumps(scheduler)))
            copies.append(scheduler_of())
            copies[-1].load_state_dict(scheduler.state_dict())
    expected = scheduler.preview(100)["lr"].tolist()
    for other in copies:
        assert other.last_epoch == 251
        assert other.preview(100)["lr"].tolist() == expected


def test_a_schedule_continued_many_times_is_flat():
    schedule = lrdsl.compile("linear(1, 0, 100000)")
    for start in range(1, 3000):
        schedule = ContinuedSchedule.of(schedule, start, lrdsl.compile(f"{start % 7}"))
    assert schedule([0, 1, 2, 2999]).tolist() == [1, 1, 2, 2999 % 7]
    assert schedule(range(3100))[2999:].tolist() == [2999 % 7] * 101
    assert pickle.loads(pickle.dumps(schedule)) == schedule
    assert hash(copy.deepcopy(schedule)) == hash(schedule)


def test_a_continuation_drops_what_it_takes_the_place_of():
    first, second, third = map(lrdsl.compile, ("1", "2", "3"))
    schedule = ContinuedSchedule.of(ContinuedSchedule.of(first, 10, second), 10, third)
    assert schedule([9, 10]).tolist() == [1, 3]
    assert schedule == ContinuedSchedule.of(first, 10, third)
    assert [segment.start for segment in schedule.segments] == [0, 10]
    assert schedule.bounds(0, 20) == (1, 3)


@pytest.mark.parametrize(
    "paces",
    [
        pytest.param([(10, Fraction(2))], id="one"),
        pytest.param([(10, Fraction(2)), (30, Fraction(1, 2))], id="two"),
        pytest.param([(10, Fraction(2)), (10, Fraction(3))], id="at once"),
        pytest.param(
            [(10, Fraction(7, 3)), (11, Fraction(5, 7)), (40, Fraction(2, 9))], id="three"
        ),
    ],
)
def test_paces_one_after_the_other_are_flat(paces):
    """The time of each is that of the nested ones, to the rounding of the time."""
    flat = source = lrdsl.compile("warmup(20, 0, 1) >> (linear(1, 0, 9) | repeat(9))")
    maps = []
    for start, k in paces:
        flat = rescaled(flat, start, k)
        maps.append(lambda t, start=start, k=k: t if t <= start else start + (t - start) / k)
    assert isinstance(flat, RescaledSchedule)
    assert flat._source is source
    for t in range(200):
        time = Fraction(t)
        for map_ in reversed(maps):
            time = map_(time)
        expected = source._signal.value_at(float(time))
        assert flat(t) == pytest.approx(expected, abs=1e-9), t
    assert flat(range(200)).tolist() == [flat(t) for t in range(200)]
    order = np.random.default_rng(0).permutation(200)
    assert flat(order).tolist() == [flat(int(t)) for t in order]
    ends = flat.cycle_ends(0, int(flat.length))
    assert len(ends) in (8, 9)  # the last one may end between two updates
    assert [*ends] == sorted(ends)


@pytest.mark.parametrize("spec", ["hold()", "linear(_, 0, 50)", "0.5 | plateau(0.5, 0)"])
def test_metrics_that_come_between_plans(spec):
    """Plans on plans, with metrics before, between and after; a resume replays them."""

    def fresh():
        return Scheduler(sgd(0.5), "hold() | plateau(0.5, patience=0)")

    scheduler = fresh()
    scheduler.optimizer.step()
    for i, loss in enumerate((0.9, 1.0, 0.8, 0.85, 0.9, 0.95)):
        scheduler.observe(loss)
        scheduler.step(scheduler.last_epoch + 1)
        if i % 2:
            scheduler.replan(spec, jump=True)
    other = fresh()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        other.load_state_dict(scheduler.state_dict())
    assert other.preview(60)["lr"].tolist() == scheduler.preview(60)["lr"].tolist()
    assert other.schedules[0](range(60)).tolist() == scheduler.schedules[0](range(60)).tolist()
