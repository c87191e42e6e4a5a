"""`noise`: random numbers that depend on a seed and an update alone."""

from __future__ import annotations

import numpy as np
import pytest

import lrdsl
from lrdsl import SpecError
from lrdsl.language.pointwise.philox import philox, standard_noise


def word(x: int) -> np.ndarray:
    return np.array([x], dtype=np.uint64)


@pytest.mark.parametrize(
    ("counter", "seed", "expected"),
    [
        ((0, 0, 0, 0), 0, "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
        ((2**32 - 1,) * 4, 2**64 - 1, "408f276d 41c83b0e a20bc7c6 6d5451fd"),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            0x299F31D0A4093822,
            "d16cfe09 94fdcceb 5001e420 24126ea1",
        ),
    ],
    ids=["zeros", "ones", "digits of pi"],
)
def test_known_answers(counter: tuple[int, ...], seed: int, expected: str) -> None:
    """The authors of Philox4x32-10 publish them."""
    a, b, c, d = map(word, counter)
    assert " ".join(f"{found[0]:08x}" for found in philox((a, b, c, d), seed)) == expected


def test_distribution() -> None:
    values = standard_noise(np.arange(200_000.0), 3)
    assert abs(values.mean()) < 0.01
    assert values.std() == pytest.approx(1, abs=0.01)
    assert np.abs(values).max() < 6
    assert abs(np.corrcoef(values[:-1], values[1:])[0, 1]) < 0.01
    assert abs(np.corrcoef(values, standard_noise(np.arange(200_000.0), 4))[0, 1]) < 0.01


def test_a_value_depends_on_its_update_alone() -> None:
    schedule = lrdsl.compile("noise(7, 0.1)")
    all_at_once = schedule(np.arange(10_000))
    assert [schedule(t) for t in (0, 1, 4095, 4096, 9999)] == [
        all_at_once[t] for t in (0, 1, 4095, 4096, 9999)
    ]
    assert schedule(10**12) == schedule(np.array([10**12]))[0]
    shifted = lrdsl.compile("hold(100) >> noise(7, 0.1)", base_lr=1)
    assert shifted(100 + 4096) == all_at_once[4096]


def test_every() -> None:
    each, third = lrdsl.compile("noise(7, 1)"), lrdsl.compile("noise(7, 1, every=3)")
    assert [third(t) for t in range(9)] == [each(t // 3) for t in range(9)]


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("cosine(1, 0, 10) * (1 + noise(7, 0.1))", 10),
        ("noise(1, 1) + linear(1, 0, 30) >> hold(5)", 35),
        ("noise(1, 1) | take(5)", 5),
        ("noise(1, 1)", np.inf),
    ],
)
def test_noise_has_no_say_in_lengths(text: str, length: float) -> None:
    schedule = lrdsl.compile(text)
    assert schedule.length == length
    if np.isfinite(length):  # past its end a schedule holds
        assert schedule(int(length)) == schedule(int(length) + 7)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("noise(1.5, 1)", "LR209"),
        ("noise(-1, 1)", "LR210"),
        ("noise(inf, 1)", "LR210"),
        ("noise(9007199254740992, 1)", "LR210"),
        ("noise(1, -1)", "LR210"),
        ("noise(1)", "LR205"),
        ("noise(1, 1, every=0)", "LR210"),
    ],
)
def test_mistakes(text: str, code: str) -> None:
    with pytest.raises(SpecError, match=code):
        lrdsl.compile(text)
