"""Modifiers that react to a metric: pure functions of the update and of the metrics so far."""

from __future__ import annotations

import copy
import json
import math
import pickle
from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lrdsl
from lrdsl.compiler.context import Context
from lrdsl.schedule.compile import compile_in
from lrdsl.schedule.schedule import Schedule

NAN, INF = math.nan, math.inf


def after(schedule: Schedule, metrics: Iterable[tuple[int, object]]) -> Schedule:
    for update, metric in metrics:
        schedule = schedule.observe(update, metric)
    return schedule


def run(text: str, metrics: Iterable[object], **context: Any) -> list[float]:
    """The value in force after each metric, one of them after each update."""
    schedule, found = lrdsl.compile(text, **context), []
    for update, metric in enumerate(metrics, 1):
        schedule = schedule.observe(update, metric)
        found.append(schedule(update))
    return found


# The rules.


def of_torch(lr: float, metrics: list[float], **options: Any) -> list[float]:
    torch = pytest.importorskip("torch")
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=lr)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, **options)
    found = []
    for metric in metrics:
        scheduler.step(metric)
        found.append(optimizer.param_groups[0]["lr"])
    return found


def written(options: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in options.items())


@given(
    lr=st.floats(1e-6, 10),
    metrics=st.lists(
        st.one_of(st.integers(-3, 3), st.floats(-10, 10), st.just(NAN)), min_size=1, max_size=60
    ),
    options=st.fixed_dictionaries(
        {},
        optional={
            "factor": st.floats(0, 0.99),
            "patience": st.integers(0, 4),
            "mode": st.sampled_from(["min", "max"]),
            "threshold": st.one_of(st.floats(-0.5, 0.5), st.sampled_from([0, 1, 2])),
            "threshold_mode": st.sampled_from(["rel", "abs"]),
            "cooldown": st.integers(0, 4),
            "min_lr": st.one_of(st.just(0), st.floats(1e-5, 1)),
            "eps": st.one_of(st.just(0.0), st.floats(1e-8, 1e-1)),
        },
    ),
)
def test_plateau_is_that_of_torch(lr, metrics, options):
    want = of_torch(lr, metrics, **options)
    assert run(f"{lr!r} | plateau({written(options)})", metrics) == pytest.approx(want, rel=1e-9)


def test_plateau_by_position_and_with_words_in_quotes():
    text = "1 | plateau(0.5, 1, 'max', 0.1, abs, 2, 0.3, 0.05)"
    metrics = [1, 1.05, 1.05, 1.05, 1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 3, 2, 2]
    want = of_torch(1.0, metrics, factor=0.5, patience=1, mode="max", threshold=0.1,
                    threshold_mode="abs", cooldown=2, min_lr=0.3, eps=0.05)  # fmt: skip
    assert run(text, metrics) == pytest.approx(want)
    assert min(want) == 0.3


@pytest.mark.parametrize(
    ("text", "metrics", "want"),
    [
        pytest.param("1 | newbob()", [10, 2, 2.5], [1, 1, 0.5], id="printed"),
        pytest.param("1 | newbob()", [10, 9.98, 9.5], [1, 0.5, 0.5], id="threshold"),
        pytest.param("1 | newbob(patience=1)", [4, 4, 4, 4, 4], [1, 1, 0.5, 0.5, 0.25], id="wait"),
        pytest.param("1 | newbob(patience=1)", [4, 4, 3, 3], [1, 1, 1, 0.5], id="wait goes on"),
        pytest.param("1 | newbob()", [0, 5, 1], [1, 0.5, 0.5], id="zero gains nothing"),
        pytest.param("1 | newbob(threshold=0)", [0, 5, 5], [1, 1, 1], id="nothing is enough"),
        pytest.param("1 | newbob()", [-1, -2, -1], [1, 0.5, 0.5], id="negative metrics"),
        pytest.param("1 | newbob(0.1, 0.5)", [8, 5, 2], [1, 0.1, 0.1], id="by position"),
        pytest.param(
            "1 | anchor(0.5, 2, 1, 0.25)", [10, 11, 13, 14], [1, 1, 1, 0.5], id="printed anchor"
        ),
        pytest.param(
            "1 | anchor(patience=0, grace=2)",
            [5, 9, 8, 8.5, 9, 8],
            [1, 1, 1, 0.5, 0.25, 0.25],
            id="the last of the grace is the anchor",
        ),
        pytest.param(
            "1 | anchor(patience=0, grace=0, min_lr=0.4)", [5, 6, 6], [1, 0.5, 0.4], id="min_lr"
        ),
        pytest.param("1 | anchor(patience=0)", [1, *[9] * 65], [*[1] * 65, 1], id="the grace"),
    ],
)
def test_rules(text, metrics, want):
    assert run(text, metrics) == pytest.approx(want)


@pytest.mark.parametrize(
    ("text", "metrics", "want"),
    [
        pytest.param("plateau(0.5, 1)", [1, NAN, INF, 0.5], [1, 1, 0.5, 0.5], id="plateau"),
        pytest.param("plateau(0.5, 0)", [-INF, -5, -6], [0.5, 0.5, 0.5], id="none is the best"),
        pytest.param("plateau(0.5, 0, max)", [INF, 5, 6], [0.5, 0.5, 0.5], id="none is, max"),
        pytest.param("newbob(patience=1)", [4, NAN, NAN, 2], [1, 1, 0.5, 0.5], id="newbob"),
        pytest.param("newbob()", [INF, NAN, 4, 5], [1, 1, 1, 0.5], id="newbob at first"),
        pytest.param("anchor(0.5, 0, 2)", [4, NAN, 4, -INF], [1, 1, 1, 0.5], id="anchor"),
        pytest.param("plateau(0.5, 0)", [1, 10**400, 0.5], [1, 0.5, 0.5], id="a huge integer"),
    ],
)
def test_no_finite_number_is_no_improvement_and_is_not_remembered(text, metrics, want):
    assert run(f"1 | {text}", metrics) == want


@pytest.mark.parametrize("source", ["0", "-1", "0 * t", "linear(1, -1, 4)", "5e-324"])
@pytest.mark.parametrize(
    "text", ["plateau(0.5, 0)", "plateau(0, 0, min_lr=-1, eps=0)", "newbob()", "anchor(0.1, 0, 0)"]
)
def test_values_of_all_signs(source, text):
    found = run(f"({source}) | {text}", [3, 2, 2, 5, 5, 5, NAN, 5])
    assert np.isfinite(found).all()


# Where they stand.

MIDDLE = "warmup(linear, 10) >> (hold(20) | plateau(0.5, patience=0)) >> linear(_, 0, 10)"


def middle(text: str = MIDDLE) -> Schedule:
    return lrdsl.compile(text, base_lr=1, total_steps=40)


def test_the_part_after_starts_where_the_plateau_left_off():
    text = "warmup(linear, 10) >> (hold() | plateau(0.5, patience=0)) >> linear(_, 0, 10)"
    for schedule in (middle(), middle(text)):
        found = after(schedule, [(5, 1), (6, 9), (12, 1), (15, 2), (25, 3), (32, 4), (39, 5)])
        assert found.values(15).tolist() == schedule.values(15).tolist()
        assert found([15, 24, 25, 29, 30, 35, 40]).tolist() == [0.5, 0.5, *[0.25] * 3, 0.125, 0]
        assert found.histories[0].updates == (15, 25)
        assert found.histories[0].factors == (0.5, 0.25)


@pytest.mark.parametrize(
    ("text", "reacting"),
    [
        ("1 | plateau(0.5, 0)", range(100)),
        ("constant(1, 20) | plateau(0.5, 0)", range(20)),
        ("constant(1, 20) >> (1 | plateau(0.5, 0))", range(20, 100)),
        ("constant(1, 20) >> (constant(1, 30) | plateau(0.5, 0)) >> 1", range(20, 50)),
        ("(1 | plateau(0.5, 0)) | take(30)", range(30)),
        ("(constant(1, 20) >> (1 | plateau(0.5, 0))) | skip(5)", range(15, 100)),
        ("constant(1, 9) >> ((constant(1, 5) | plateau(0.5, 0)) | skip(3))", range(9, 11)),
        ("constant(1, 9) >> ((constant(1, 5) | plateau(0.5, 0)) | skip(0.5ep))", range(9, 14)),
        ("1 | interval[30..60: 1 | plateau(0.5, 0)]", range(30, 60)),
        ("1 | interval[30..60: *(1 | plateau(0.5, 0))]", range(30, 60)),
        ("(1 | plateau(0.5, 0)) + constant(1, 10)", range(10)),
        ("2 * (constant(1, 10) | plateau(0.5, 0)) + constant(1, 20)", range(10)),
        ("1 | plateau(0.5, 0) | clip(0, 9) | every(10)", range(100)),
    ],
)
def test_only_metrics_of_its_own_part_count(text, reacting):
    schedule = lrdsl.compile(text, steps_per_epoch=1)
    seen = [u for u in range(100) if schedule.observe(u, 1).histories != schedule.histories]
    assert seen == list(reacting)


def test_the_first_value_of_a_part_stays_where_a_warmup_has_led():
    schedule = lrdsl.compile("warmup(10) >> (1 | plateau(0.5, 0))")
    found = after(schedule, [(10, 1), (10, 2)])
    assert found([5, 10, 11]).tolist() == [0.5, 1, 0.5]
    assert after(lrdsl.compile("1 | plateau(0.5, 0)"), [(0, 1), (0, 2)])(0) == 0.5


def test_what_stands_in_an_entry_starts_where_the_plateau_is():
    schedule = lrdsl.compile("1 | plateau(0.5, 0) | interval[20: linear(prev, 0, 10), 40: *0.1]")
    found = after(schedule, [(5, 1), (10, 2)])
    assert found([9, 10, 20, 25]).tolist() == [1, 0.5, 0.5, 0.25]


def test_several_react_one_after_the_other():
    text = "0.1 | plateau(0.5, 0, min_lr=0.04) | plateau(0.5, 0, min_lr=0.04)"
    schedule = lrdsl.compile(text)
    found = after(schedule, [(1, 1), (2, 1)])
    # The outer one knows what the inner one has done, so that min_lr holds.
    assert found(2) == pytest.approx(0.04)
    assert [history.factors for history in found.histories] == [(0.5,), pytest.approx((0.8,))]
    both = "2 * (1 | plateau(0.5, 0)) * (1 | newbob(0.1, patience=1)) | anchor(0.5, 9, 0)"
    found = after(lrdsl.compile(both), [(1, 1), (2, 1), (3, 1)])
    assert found([1, 2, 3]) == pytest.approx([2, 1, 0.05])


def test_a_spec_that_refers_to_one_that_reacted():
    lr = lrdsl.compile("1 | plateau(0.5, 0)")
    later = after(lr, [(5, 1), (10, 1)])
    decay = compile_in("0.1 * lr | newbob(0.5)", Context.of(), {"lr": later})
    assert after(decay, [(3, 1), (20, 1)])([9, 10, 20]) == pytest.approx([0.1, 0.05, 0.025])


SPECS = [
    "1 | plateau(0.5, 0) | newbob(0.9)",
    MIDDLE,
    "warmup(5) >> (constant(2, 10) | newbob(0.5, 0)) >> warmup(polynomial, 5) >> "
    "(linear(1, 0.5, 20) | plateau(0.3, 1))",
    "(warmup(5) >> cosine(1, 0.1, 30) | plateau(0.5, 0)) * (2 | newbob(0.7)) | clip(0.3, _)",
    "((warmup(5) >> (2 | plateau(0.5, 0))) | skip(3)) | take(25)",
    "constant(1, 6) >> ((warmup(3.5ep) >> (2 | plateau(0.5, 0))) | skip(2.5ep) | take(25))",
    "1 | plateau(0.5, 0) | interval[8: prev / 2 | newbob(0.8), 12..20: 3, 30: linear(prev, 0, 9)]",
    "1 + t / 10 | plateau(0.5, 0) | every(7)",
]
METRICS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 3)), max_size=20).map(
    lambda pairs: sorted(pairs, key=lambda pair: pair[0])
)


@given(spec=st.sampled_from(SPECS), metrics=METRICS)
def test_earlier_values_never_change(spec, metrics):
    schedule = lrdsl.compile(spec, base_lr=1, total_steps=40, steps_per_epoch=1)
    for update, metric in metrics:
        before, schedule = schedule, schedule.observe(update, metric)
        assert schedule.values(60)[:update].tolist() == before.values(60)[:update].tolist()


@given(spec=st.sampled_from(SPECS), metrics=METRICS, start=st.integers(0, 40))
def test_segments_and_bounds_of_what_has_reacted(spec, metrics, start):
    schedule = lrdsl.compile(spec, base_lr=1, total_steps=40, steps_per_epoch=1)
    found = after(schedule, metrics)
    values = found.values(60)
    low, high = found.bounds(start, 60)
    assert (low, high) == pytest.approx((values[start:].min(), values[start:].max()), rel=1e-12)
    assert [s.stop for s in found.segments[:-1]] == [s.start for s in found.segments[1:]]
    assert set(schedule.boundaries) <= set(found.boundaries)
    for segment in found.segments:
        assert segment.first == values[segment.start]


@given(spec=st.sampled_from(SPECS), metrics=METRICS)
def test_state_is_all_there_is(spec, metrics):
    schedule = lrdsl.compile(spec, base_lr=1, total_steps=40, steps_per_epoch=1)
    found = after(schedule, metrics)
    again = pickle.loads(pickle.dumps(found))
    assert again == found == after(schedule, metrics)
    assert hash(again) == hash(found)
    assert again.histories == found.histories
    assert again.observed == found.observed
    assert again.values(60).tolist() == found.values(60).tolist()
    more = [(40, 1), (40, 3), (50, 3)]
    assert after(again, more) == after(found, more)
    assert json.loads(json.dumps(found.histories)) is not None


def test_identity():
    schedule = lrdsl.compile("1 | plateau(0.5, 0)")
    one, two = schedule.observe(3, 1), schedule.observe(4, 1)
    assert schedule.observed is None
    assert one.observed == 3
    assert len({schedule, one, two, schedule.observe(3, 1), copy.deepcopy(one)}) == 3
    assert repr(one) == "lrdsl.compile('1 | plateau(0.5, 0)') after metrics up to 3"
    assert schedule(10) == 1
    with pytest.raises(AttributeError, match="immutable"):
        schedule.observed = 3


def test_segments_say_the_factor():
    found = after(middle(), [(12, 1), (15, 2)])
    assert [(s.start, s.description) for s in found.segments] == [
        (0, "warmup(linear, 10)"),
        (10, "hold(20) | plateau(0.5, patience=0)"),
        (15, "hold(20) * 0.5 | plateau(0.5, patience=0)"),
        (30, "linear(_, 0, 10)"),
    ]


def test_nothing_is_compiled_anew_while_no_factor_changes(monkeypatch):
    schedule = middle()
    monkeypatch.setattr("lrdsl.schedule.schedule.lower_or_report", None)
    found = after(schedule, [(update, -update) for update in range(40)])
    assert found.reactions[0].state.best == -29


def test_only_a_reactive_schedule_takes_metrics_in():
    schedule = lrdsl.compile("cosine(1, 0, 100)")
    assert not schedule.is_reactive
    assert schedule.histories == ()
    assert schedule.observe(5, 0.1) is schedule
    assert middle().is_reactive


# Mistakes.


@pytest.mark.parametrize("metric", [None, "0.1", True, [1.0], 1j, np.zeros(2), {}])
def test_what_is_no_number_is_no_metric(metric):
    with pytest.raises(lrdsl.SpecError, match=r"LR605.*a metric is a number, not"):
        middle().observe(15, metric)


@pytest.mark.parametrize("metric", [1, 0.5, np.float32(0.5), np.int64(3), np.array(0.5)])
def test_numbers_of_all_kinds_are_metrics(metric):
    assert middle().observe(15, metric).reactions[0].state.best == float(metric)


@pytest.mark.parametrize("update", [-1, 1.5, "3", True, 2**60])
def test_an_update_is_a_whole_number(update):
    with pytest.raises(lrdsl.SpecError, match="LR601"):
        middle().observe(update, 1.0)


def test_metrics_come_in_order():
    found = middle().observe(15, 1.0).observe(15, 1.0)
    with pytest.raises(lrdsl.SpecError, match="a metric of update 14 comes after one of update 15"):
        found.observe(14, 1.0)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("1 | plateau(mode=up)", r"LR209.*`mode` of `plateau` is `min` or `max`"),
        ("1 | plateau(mode='mix')", r"LR209(.|\n)*did you mean `min`"),
        ("1 | plateau(threshold_mode=0.1)", r"LR209.*`threshold_mode` of `plateau` is `rel` or"),
        ("1 | plateau(1)", r"LR210.*`factor` must be below 1"),
        ("1 | plateau(patience=0.5)", r"LR209.*whole number"),
        ("1 | plateau(eps=-1)", r"LR210.*`eps` must be at least 0"),
        ("1 | newbob(2)", r"LR210.*`factor` must be at most 1"),
        ("constant(1, 9) | plateau() | repeat(2)", r"LR203(.|\n)*write it after the `repeat`"),
        ("(2 >> newbob()) | stretch(2)", "modifier"),
        ("(1 | newbob() | take(9)) | skip(2) | stretch(2)", r"after the `stretch`"),
        ("1 | newbob() >> 1", "modifier"),
    ],
)
def test_mistakes_in_the_text(text, match):
    with pytest.raises(lrdsl.SpecError, match=match):
        lrdsl.compile(text)


def test_in_python():
    from lrdsl.build import hold, plateau

    spec = hold() | plateau(0.5, mode="max")
    assert str(spec) == "hold() | plateau(0.5, mode=max)"
    assert lrdsl.compile(spec, base_lr=1).is_reactive


def test_a_change_that_breaks_what_follows_is_an_error_and_leaves_all_as_it_was():
    schedule = lrdsl.compile("(constant(1, 10) | plateau(0, 0)) >> exponential(_, 0.1, 10)")
    found = schedule.observe(3, 1)
    with pytest.raises(lrdsl.SpecError):
        found.observe(5, 2)
    assert found == schedule.observe(3, 1)
    assert found(10) == 1
