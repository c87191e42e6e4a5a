"""Groups with a `base` each: compiled together, and as each would be alone."""

import numpy as np
import pytest

import lrdsl
from lrdsl.diagnostics import SpecError

torch = pytest.importorskip("torch")

from lrdsl.schedule.batch import BatchedSchedule  # noqa: E402
from lrdsl.torch import Scheduler  # noqa: E402
from tests.support.counting import calls  # noqa: E402
from tests.support.scheduler_runs import lrs, run, sgd  # noqa: E402

SPEC = "warmup(5) >> cosine(base, 0.1 * base, 20) | interval[12:*0.5]"
LRS = [0.1, 0.05, 0.025, 0.0125, 0.1]


def driven(scheduler, name="lr"):
    return [source.schedule for source in scheduler._table.driven.sources[name]]


def expected(spec, count, bases=LRS, **context):
    return [[lrdsl.compile(spec, base_lr=base, **context)(t) for base in bases] for t in count]


def test_each_group_has_the_values_of_its_base():
    scheduler = Scheduler(sgd(*LRS), SPEC)
    assert all(isinstance(each, BatchedSchedule) for each in driven(scheduler))
    assert lrs(scheduler.optimizer) == expected(SPEC, [0])[0]
    for t, rates in enumerate(expected(SPEC, range(1, 25)), start=1):
        run(scheduler, 1)
        assert lrs(scheduler.optimizer) == rates, t
    assert scheduler.get_last_lr() == expected(SPEC, [24])[0]


def test_a_group_that_comes_later_has_its_own_base_too():
    scheduler = Scheduler(sgd(*LRS), SPEC)
    run(scheduler, 7)
    scheduler.optimizer.add_param_group({"params": [torch.zeros(1)], "lr": 3.0, "initial_lr": 3.0})
    run(scheduler, 1)
    assert lrs(scheduler.optimizer) == expected(SPEC, [8], [*LRS, 3.0])[0]


def test_a_resume_goes_on_with_the_same_values():
    first, again = Scheduler(sgd(*LRS), SPEC), Scheduler(sgd(*LRS), SPEC)
    run(first, 9)
    again.optimizer.load_state_dict(first.optimizer.state_dict())
    again.load_state_dict(first.state_dict())
    run(first, 5), run(again, 5)
    assert lrs(again.optimizer) == lrs(first.optimizer) == expected(SPEC, [14])[0]


def test_a_replan_goes_on_from_each_value():
    scheduler = Scheduler(sgd(*LRS), SPEC)
    run(scheduler, 9)
    before = lrs(scheduler.optimizer)
    scheduler.replan("linear(_, 0, 10)")
    assert lrs(scheduler.optimizer) == before
    run(scheduler, 10)
    assert lrs(scheduler.optimizer) == [0.0] * len(LRS)


def test_numbers_that_name_each_other_are_compiled_for_each_base():
    program = {"lr": SPEC, "weight_decay": "0.01 * lr / base"}
    optimizer = torch.optim.AdamW(
        [{"params": [torch.zeros(1)], "lr": lr, "weight_decay": 0.5} for lr in LRS]
    )
    scheduler = Scheduler(optimizer, program)
    run(scheduler, 8)
    rates = expected(SPEC, [8])[0]
    assert lrs(optimizer) == rates
    found = [group["weight_decay"] for group in optimizer.param_groups]
    np.testing.assert_allclose(found, [0.01 * lr / 0.5 for lr in rates], rtol=1e-15)


def test_metrics_change_the_factor_of_every_group():
    scheduler = Scheduler(sgd(*LRS), "base | plateau(0.5, patience=0)")
    for metric in (1.0, 2.0):
        scheduler.optimizer.step()
        scheduler.step(metric)
    assert lrs(scheduler.optimizer) == [0.5 * lr for lr in LRS]


def test_a_mistake_of_one_base_is_told():
    with pytest.raises(SpecError, match="exponential curve cannot have its start at 0"):
        Scheduler(sgd(*LRS, 0.0), "exponential(base, 1e-3, 20)")


@pytest.mark.parametrize(
    ("spec", "others"), [("linear(1, 0, 20)", 1), ("linear(base, 0, 20)", 0)], ids=["one", "own"]
)
def test_a_warning_is_told_once_for_all_groups_and_lists_few_of_them(spec, others):
    optimizer = sgd(*[0.1 + i / 1000 for i in range(100)])
    with pytest.warns(UserWarning, match="10 of the run stay at 0") as found:
        Scheduler(optimizer, spec, total_steps=30)
    listed = [str(each.message) for each in found[1:]]
    assert len(listed) == others
    assert all("0.107 and 92 others)" in each and "0.108" not in each for each in listed)


def test_more_groups_are_compiled_and_evaluated_together():
    def construct(count):
        optimizer = sgd(*[0.1 * (1 + i / 1000 + count / 1e6) for i in range(count)])
        return calls(lambda: Scheduler(optimizer, SPEC))

    construct(64)
    few, many = construct(128), construct(512)
    assert (many - few) / 384 < 300
