"""An empty segment is empty: lengths may come to 0, and cover no update then."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lrdsl
from lrdsl import SpecError
from tests.support.reference import RUN, exactly

SAME = [
    pytest.param("warmup(0) >> cosine()", "cosine()", id="no warmup"),
    pytest.param("warmup(n) >> cosine()", "cosine()", id="a variable"),
    pytest.param("warmup(0%) >> cosine()", "cosine()", id="a share"),
    pytest.param("warmup(2*n) >> cosine(1, 0)", "cosine(1, 0)", id="arithmetic"),
    pytest.param("warmed_up(0, cosine(1, 0))", "cosine(1, 0)", id="warmed_up"),
    pytest.param("cosine(1, 0, 90) >> hold(0)", "cosine(1, 0, 90)", id="an empty hold at the end"),
    pytest.param("hold(0) >> cosine(1, 0, 90)", "cosine(1, 0, 90)", id="an empty hold first"),
    pytest.param("hold(0) >> linear(_, 0, 90)", "linear(_, 0, 90)", id="leaning on an empty hold"),
    pytest.param(
        "warmup(50) >> hold(0) >> linear(2, 0, 9)", "warmup(50) >> linear(2, 0, 9)", id="next"
    ),
    pytest.param(
        "warmup(50) >> (hold(0) >> hold(0)) >> linear(2, 0, 9)",
        "warmup(50) >> linear(2, 0, 9)",
        id="next past an empty chain",
    ),
    pytest.param(
        "warmup(50) >> (hold(0) | clip(0, 1)) >> linear(2, 0, 9)",
        "warmup(50) >> linear(2, 0, 9)",
        id="next past what is modified",
    ),
    pytest.param("warmup(50) >> hold(0)", "warmup(50)", id="next past the last"),
    pytest.param("onecycle(1, 100, warmup=0)", "cosine(1, 1 / 25e4, 100)", id="onecycle"),
    pytest.param(
        "wsd(1, 100, 700, 0)", "warmup(100) >> constant(1, 700) >> linear(1, 0, 0)", id="wsd"
    ),
    pytest.param(
        "wsd(1, 0, 700, 100)", "constant(1, 700) >> linear(1, 0, 100)", id="wsd, no warmup"
    ),
    pytest.param("wsd(1, 100, 0, 100)", "warmup(100) >> linear(1, 0, 100)", id="wsd, no plateau"),
    pytest.param("warmup(100%) >> constant()", "linear(0, 0.1, 1000)", id="no rest"),
    pytest.param("1 | interval[5..5:7]", "1 + 0 * t", id="an empty range"),
    pytest.param("1 | interval[5..5:*7, 9:2]", "1 | interval[9:2]", id="an empty factor"),
    pytest.param("1 | interval[5:7, 5:2]", "1 | interval[5:2]", id="two entries at once"),
    pytest.param("1 | interval[5:7, 5:*2]", "1 | interval[5:14]", id="an entry and a factor"),
    pytest.param("1 | interval[5:*7, 5:*2]", "1 | interval[5:*14]", id="two factors at once"),
    pytest.param("cosine(1, 0, 90) | skip(0)", "cosine(1, 0, 90)", id="skip nothing"),
    pytest.param(
        "sequence([hold(9), constant(2), constant(3)], [4, 4])",
        "hold(4) >> constant(3)",
        id="milestones at once",
    ),
    pytest.param("sequence([hold(9), constant(3)], [0])", "constant(3)", id="a milestone at 0"),
    pytest.param("multistep(1, 0.5, at=[0, 9, 9])", "multistep(0.5, 0.25, at=[9])", id="multistep"),
    pytest.param(
        "(linear(1, 0, 9) | repeat(0)) >> linear(2, 1, 5)", "linear(2, 1, 5)", id="repeat(0)"
    ),
    pytest.param(
        "(hold(0) | repeat(3, stretch=2)) >> linear(2, 1, 5)", "linear(2, 1, 5)", id="repeated"
    ),
    pytest.param(
        "(warmup(n) >> linear(1, 0, 9)) | repeat(3)", "linear(1, 0, 9) | repeat(3)", id="in"
    ),
    pytest.param("torch.LinearLR(0.5, 0.8, 0)", "0.05", id="torch.LinearLR"),
    pytest.param("torch.LinearLR(0.5, 0.8, 0ep)", "0.05", id="torch.LinearLR, in epochs"),
    pytest.param("torch.ConstantLR(0.5, 0)", "0.05", id="torch.ConstantLR"),
    pytest.param("torch.PolynomialLR(0)", "0.1", id="torch.PolynomialLR"),
]


@pytest.mark.parametrize(("spec", "other"), SAME)
def test_it_covers_nothing(spec: str, other: str) -> None:
    found, expected = (lrdsl.compile(text, **RUN, n=0) for text in (spec, other))
    assert found.values(1100).tolist() == expected.values(1100).tolist()


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        pytest.param("hold(0)", {0: 0.1, 9: 0.1}, id="hold"),
        pytest.param("linear(1, 0.25, 0)", {0: 0.25, 9: 0.25}, id="a ramp"),
        pytest.param("linear(1, 0.25, 0, closed=true)", {0: 0.25}, id="a closed ramp"),
        pytest.param("linear(1, 0.25, 1, closed=true)", {0: 0.25}, id="a closed ramp of one"),
        pytest.param("linear(1, 0.25, until=0)", {0: 0.25}, id="until at the start"),
        pytest.param("linear(1, 0.25, 9) | take(0)", {0: 1, 9: 1}, id="take"),
        pytest.param("linear(1, 0.25, 9) | skip(9)", {0: 0.25, 9: 0.25}, id="skip of all"),
        pytest.param("linear(1, 0.25, 9) | skip(50)", {0: 0.25, 9: 0.25}, id="skip of more"),
        pytest.param("linear(1, 0.25, 9) | repeat(0)", {0: 0.25, 9: 0.25}, id="repeat(0)"),
        pytest.param("linear(1, 0.25, 9) | repeat(0, scale=0.5)", {0: 0.25}, id="scale, no round"),
        pytest.param("constant(1, 0) | repeat(3, scale=0.5)", {0: 0.25, 9: 0.25}, id="scale"),
        pytest.param("constant(1, 0) | repeat(3, 2, 0.5, about=2)", {0: 1.75}, id="about"),
        pytest.param(
            "(constant(1, 0) | repeat(3, scale=0.5)) >> hold(5)", {0: 0.25, 4: 0.25}, id="held on"
        ),
        pytest.param("(1 | take(0)) >> hold(0)", {0: 1, 9: 1}, id="a chain"),
        pytest.param("points[0:1, 0:2]", {0: 2, 9: 2}, id="points"),
    ],
)
def test_a_whole_of_no_length_is_its_end(spec: str, expected: dict[int, float]) -> None:
    schedule = lrdsl.compile(spec, base_lr=0.1)
    assert {t: schedule(t) for t in expected} == expected
    assert sum(segment.stop - segment.start for segment in schedule.segments) == schedule.length
    assert schedule.bounds() == (min(expected.values()), max(expected.values()))
    assert schedule.cycle_ends() == ()


def test_what_follows_leans_on_the_end_of_an_empty_part() -> None:
    exactly("linear(1, 0.5, 9) >> linear(3, 2, 0) >> hold(5)", {8: 1 - 4 / 9, 9: 2, 13: 2})
    exactly("hold(9) >> warmup(0, end=3) >> hold(5)", {8: 0.1, 9: 3}, base_lr=0.1)
    exactly("(linear(1, 0.5, 9) | repeat(0)) >> hold(5)", {0: 0.5, 4: 0.5})
    exactly("warmup(100) >> linear(5, 2, 0) >> cosine(_, 0, 100)", {50: 1, 100: 2})


def test_two_points_at_one_update_are_a_jump() -> None:
    spec = "points[0:0, 10:1, 10:0.5, 20:0]"
    schedule = lrdsl.compile(spec)
    assert [schedule(t) for t in (0, 5, 9, 10, 15)] == [0, 0.5, 0.9, 0.5, 0.25]
    assert schedule(np.arange(25)).tolist() == [schedule(t) for t in range(25)]
    assert schedule.bounds() == (0, 0.9)
    assert lrdsl.compile("hold(3) >> points[0:0, 10:1, 10:0.5]", base_lr=1)(13) == 0.5


@pytest.mark.parametrize(
    ("spec", "code", "match"),
    [
        pytest.param("linear(1, 0, -5)", "LR404", "-5 updates", id="a negative length"),
        pytest.param("linear(1, 0, n)", "LR404", "-5 updates", id="a negative variable"),
        pytest.param("hold(50) >> hold(until=20)", "LR404", "starts at update 50", id="until"),
        pytest.param("hold(2000) >> linear(1, 0)", "LR405", "1000 too many", id="negative rest"),
        pytest.param("hold(9) | take(-1)", "LR210", "at least 0, not -1", id="take"),
        pytest.param("hold(9) | skip(-1)", "LR210", "at least 0, not -1", id="skip"),
        pytest.param("hold(9) | repeat(-1)", "LR210", "at least 0, not -1", id="repeat(-1)"),
        pytest.param("hold(0) | repeat()", "LR210", "without updates", id="repeat of nothing"),
        pytest.param("hold(0) | repeat(stretch=2)", "LR210", "without updates", id="with stretch"),
        pytest.param("1 | interval[9..4:1]", "LR211", "before it starts", id="a range"),
        pytest.param("1 | interval[9:1, 4:1]", "LR211", "in order", id="entries"),
        pytest.param("1 | every(0)", "LR210", "at least 1", id="every"),
        pytest.param("hold(9) | stretch(0)", "LR210", "above 0", id="stretch"),
        pytest.param("step(1, 0.5, 0)", "LR210", "at least 1", id="step"),
        pytest.param("step(1, half_life=0)", "LR210", "above 0", id="half_life"),
        pytest.param("exponential_decay(1, 0.5, every=0)", "LR210", "above 0", id="decay"),
        pytest.param("inverse_sqrt(1, warmup=0)", "LR210", "at least 1", id="inverse_sqrt"),
        pytest.param("noam(512, 0)", "LR501", "division by zero", id="noam"),
        pytest.param(
            "torch.CosineAnnealingLR(0)", "LR210", "without updates", id="torch.CosineAnnealingLR"
        ),
        pytest.param("torch.StepLR(0)", "LR210", "at least 1", id="torch.StepLR"),
        pytest.param("torch.CyclicLR(0.1, 0.3, 0)", "LR501", "zero", id="torch.CyclicLR"),
        pytest.param("torch.OneCycleLR(1, total_steps=0)", "LR501", "zero", id="torch.OneCycleLR"),
        pytest.param(
            "torch.CosineAnnealingWarmRestarts(0)", "LR210", "without updates", id="WarmRestarts"
        ),
        pytest.param("mxnet.PolyScheduler(0)", "LR501", "zero", id="mxnet.PolyScheduler"),
        pytest.param("mxnet.CosineScheduler(5, warmup_steps=5)", "LR501", "zero", id="mxnet"),
        pytest.param("speechbrain.LinearScheduler(1, 0, 0)", "LR501", "zero", id="speechbrain"),
    ],
)
def test_what_cannot_be_empty(spec: str, code: str, match: str) -> None:
    with pytest.raises(SpecError, match=match) as caught:
        lrdsl.compile(spec, **RUN, n=-5)
    assert [found.code for found in caught.value.diagnostics] == [code]


PARTS = [
    "linear(1, 0.3, 7)",
    "cosine(0.2, 1, 3ep)",
    "constant(0.7, 5/2)",
    "(step(1, 0.5, 4) | take(9))",
    "(linear(1, 0, 5) | repeat(2))",
    "(linear(1, 0, 9) | every(4))",
    "warmup(7, end=0.4)",
    "points[0:1, 6:0.1]",
]
EMPTY = [
    "hold(0)",
    "linear(3, 2, n)",
    "warmup(0%)",
    "(hold(7) | take(0))",
    "(linear(1, 5, 7) | skip(7))",
    "(linear(1, 5, 7) | repeat(0))",
    "(linear(1, 5, 0) | repeat(3))",
    "(hold(0) >> linear(1, 5, 0))",
    "(linear(1, 5, 0) | interval[0..0:9])",
    "points[0:9]",
    "linear(1, 5, 0) * cosine(1, 5, 0)",
]


@given(
    st.lists(
        st.tuples(st.sampled_from(PARTS), st.lists(st.sampled_from(EMPTY), max_size=3)), min_size=1
    )
)
def test_inserting_empty_segments_changes_nothing(parts: list[tuple[str, list[str]]]) -> None:
    """Where nothing leans on them, before each part of a chain."""
    run: dict[str, Any] = {**RUN, "steps_per_epoch": 3.3, "n": 0}
    plain = lrdsl.compile(" >> ".join([part for part, _ in parts]), **run)
    filled = lrdsl.compile(
        " >> ".join([text for part, empty in parts for text in (*empty, part)]), **run
    )
    count = int(plain.length) + 20
    assert filled.values(count).tolist() == plain.values(count).tolist()
    assert (filled.length, filled.boundaries) == (plain.length, plain.boundaries)
    assert filled.cycle_ends() == plain.cycle_ends()
    assert filled.bounds() == plain.bounds()
