"""The schedules of one spec at several bases are those that each base has alone, bit for bit."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import example, given

import lrdsl
from lrdsl.compiler.context import Context
from lrdsl.diagnostics import SpecError
from lrdsl.language.pointwise.times import Range
from lrdsl.schedule.batch import BatchedSchedule, compile_batch
from lrdsl.schedule.compile import compile_in
from tests.support.strategies import CONTEXT, specs

RUN = {name: value for name, value in CONTEXT.items() if name != "base_lr"}
BASES = [0.1, 0.3, 1e-5, 2.5, 0.07]

TOGETHER = [
    "base",
    "cosine()",
    "warmup(100) >> cosine(base, 1e-3 * base, 800)",
    "warmup(linear, 100, 1e-3 * base) >> cosine(_, 0)",
    "cosine(base, base / 10, 100000)",
    "cosine(base, base / 10, 1e8)",
    "cosine(base, 0, 40, exponent=2, k_decay=0.5) | repeat(3, scale=0.5)",
    "cosine(base, 0, 201ba / 2) | repeat(9, stretch=2)",
    "exponential(base, 1e-4 * base, 800)",
    "exponential(-base, -1e-4 * base, 800)",
    "polynomial(base, 0, 800, power=0.9) + 1e-3",
    "tanh(base, 0, 800) | clip(0.1 * base, base)",
    "inverse_sqrt(base, 100) | skip(5)",
    "step(base, 0.5, 100) | stretch(1.7)",
    "exponential_decay(base, 0.99, every=3, staircase=true)",
    "time_based(base, 0.01) * sqrt(base)",
    "multistep(base, 0.1, at=[30, 60])",
    "points[0:0, 100:base, 900:base**2]",
    "cosine(base, 0, 40) * 0.5**cycle | repeat(9)",
    "(noise(7, 0.1) + 1) * base",
    "linear(base, 0, 800) | interval[600:*0.5, 700..710:0]",
    "linear(max(base, 0.2), 0, 800)",
    "0.1 * base / (1 + 0.05 * t) | take(500)",
    "torch.CosineAnnealingLR(T_max=100)",
    "torch.OneCycleLR(max_lr=10 * base)",
]


def batch_of(spec, bases=BASES, **run):
    return compile_batch(spec, Context.of(**{**RUN, **run}), bases)


def alone(spec, base, **run):
    return lrdsl.compile(spec, base_lr=base, **{**RUN, **run})


def check(batch, spec):
    for t in (Range(0.0, 1500), Range(7.0, 1), np.array([3.0, 900.0, 12.0, 12.0, 5000.0])):
        values = batch.values(t)
        assert values is not None
        for row, base in zip(values, BASES, strict=True):
            one = alone(spec, base)(np.asarray(t).astype(np.int64))
            assert row.tobytes() == one.tobytes()


@pytest.mark.parametrize("spec", TOGETHER)
def test_values_are_those_of_each_base(spec):
    batch = batch_of(spec)
    assert batch is not None
    check(batch, spec)


@given(specs)
@example("linear(1, 0, 10) >> cosine(base, 0, 10)")
def test_whatever_the_spec_is(spec):
    batch = batch_of(spec)
    if batch is not None:
        check(batch, spec)


APART = {
    "a condition": "linear(1, 0, 9) if base > 0.2 else cosine(1, 0, 9)",
    "what reacts to metrics": "base | plateau()",
    "a running product": "(1 - 1e-3 * base) | cumulative()",
    "a mistake of one base": "exponential(base - 0.1, 1e-3, 100)",
    "an unknown name": "linear(base, 0, 9) >> linaer(1, 0, 9)",
    "a syntax error": "linear(base, 0",
    "an overflow of one base": "10 ** (400 * base)",
}


@pytest.mark.parametrize("spec", APART.values(), ids=APART)
def test_what_is_compiled_for_each_base_by_itself(spec):
    assert batch_of(spec) is None


def test_few_bases_are_compiled_by_themselves():
    assert batch_of("linear(base, 0, 9)", BASES[:3]) is None


def test_a_batched_schedule_is_as_one_of_its_own():
    spec = "warmup(100) >> cosine(base, 0, 800) | interval[600:*0.5]"
    batch = batch_of(spec)
    for base, schedule in zip(BASES, batch.schedules, strict=True):
        one = compile_in(spec, Context.of(**RUN, base_lr=base))
        assert isinstance(schedule, BatchedSchedule)
        assert schedule == one
        assert hash(schedule) == hash(one)
        assert repr(schedule) == repr(one)
        assert schedule.length == one.length
        assert schedule.bounds() == one.bounds()
        assert schedule.segments == one.segments
        assert schedule.boundaries == one.boundaries
        assert schedule(37) == one(37)
        assert schedule.values().tobytes() == one.values().tobytes()
        assert schedule.observe(3, 0.5) is schedule
        assert not schedule.is_reactive
        for again in (pickle.loads(pickle.dumps(schedule)), copy.deepcopy(schedule)):
            assert again == one
            assert again(700) == one(700)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = batch.schedules[0].nothing


def test_a_later_overflow_is_told_by_the_base_that_has_it():
    spec = "base * 1.01 ** t"
    batch = batch_of(spec, total_steps=100)
    assert batch is not None
    assert batch.values(Range(0.0, 50)) is not None
    assert batch.values(Range(71000.0, 600)) is None
    with pytest.raises(SpecError, match="no finite value at update"):
        batch.schedules[3](np.arange(71000, 71600))
