"""The language of a process: replaced as a whole, by many threads at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import FrozenInstanceError
from typing import Any

import pytest

import lrdsl
from lrdsl.language.language import Language, current, use

THREADS = 8
ROUNDS = 15


def test_a_language_cannot_be_changed() -> None:
    language = current()
    with pytest.raises(FrozenInstanceError):
        language.shapes = None  # type: ignore[misc, assignment]
    with pytest.raises(TypeError):
        language.shapes.own["mine"] = None  # type: ignore[index]
    with pytest.raises(TypeError):
        language.definitions.shared["mine"] = None  # type: ignore[index]


@pytest.mark.parametrize("way", ["shape", "define"])
def test_what_is_made_known_is_in_a_new_language(way: str) -> None:
    before = current()
    if way == "shape":
        lrdsl.shape(name="later")(lambda t: 1.0)
    else:
        lrdsl.define("def later() = hold(5)")
    assert "later" in current()
    assert "later" not in before


def test_what_is_known_for_a_while() -> None:
    with use(Language()) as empty:
        assert current() is empty
        lrdsl.define("def brief(x) = x")
        assert lrdsl.compile("brief(3)")(0) == 3
    with pytest.raises(lrdsl.SpecError, match="there is no shape `brief`"):
        lrdsl.compile("brief(3)")


def test_a_schedule_goes_on_with_the_language_that_it_was_compiled_in() -> None:
    lrdsl.define("def level() = constant(1, 5) | plateau(0.5, patience=0)")
    lrdsl.shape(name="own.level")(lambda t: 1.0)
    schedule = lrdsl.compile("level() + own.level()")
    lrdsl.define("def level() = constant(8, 5)")
    lrdsl.shape(name="own.level")(lambda t: 4.0)
    assert schedule(0) == 2.0
    assert schedule.observe(1, 1.0).observe(2, 1.0)(3) == 1.5


def test_results_are_kept_with_the_language() -> None:
    spec = "linear(1, 0, 7)"
    first = lrdsl.compile(spec)
    assert lrdsl.compile(spec) is first
    lrdsl.define("def unrelated(x) = x")
    assert lrdsl.compile(spec) is not first
    assert lrdsl.compile(spec) == first


def _times(factor: int) -> Callable[[int], float]:
    return lambda t: float(t * factor)


def _work(thread: int) -> list[Any]:
    """What one thread makes: definitions and shapes of its own, and one that all of them make."""
    found: list[Any] = []
    for i in range(ROUNDS):
        lrdsl.define(f"def mine_{thread}_{i}(x) = linear(x, {i}, 10)")
        lrdsl.shape(name=f"mine.shape_{thread}")(_times(i))
        lrdsl.define("def all_same(x) = 2 * x")
        own = f"mine_{thread}_{i}(1) + mine.shape_{thread}() * all_same(1)"
        found.append(lrdsl.compile(own)([0, 5, 10]).tolist())
        found.append(lrdsl.compile(f"warmup(9) >> wsd({i + 1}, 5, 9, 5)")(12))
    return found


def test_threads_that_compile_define_and_call_at_once_agree() -> None:
    with use(Language()):
        alone = [_work(thread) for thread in range(THREADS)]
    with use(Language()), ThreadPoolExecutor(THREADS) as pool:
        assert list(pool.map(_work, range(THREADS))) == alone
        names = {f"mine_{thread}_{i}" for thread in range(THREADS) for i in range(ROUNDS)}
        assert set(current().definitions.shared) == {*names, "all_same"}, "none is lost"
        assert len(current().shapes.own) == THREADS
