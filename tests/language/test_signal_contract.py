"""The contract of signals holds for all that can be called, and finds modifiers that break it."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import lrdsl
from lrdsl import SpecError
from lrdsl.language import catalog
from lrdsl.language.modifiers import MODIFIERS, Modifier
from lrdsl.language.modifiers.base import Filter, Length
from lrdsl.language.pointwise.times import Array, Times
from lrdsl.language.signal import LeafSignal, Signal, TimelineSegment
from lrdsl.language.wrapped_signal import WrappedSignal
from tests.support.signal_contract import check_modifier, check_signal

ENTRIES = [
    pytest.param(entry, id=f"{entry.group}-{entry.name}")
    for entry in catalog.entries()
    if entry.group != catalog.OWN
]
CYCLES = "linear(1, 0, 7) | repeat(9)"
LONG = "linear(1, 0, 7) | repeat(99)"
"""63 updates, and 693, of which every seventh ends a cycle."""


def compiled(spec: str, **context: Any) -> lrdsl.Schedule:
    return lrdsl.compile(spec, **{**catalog.EXAMPLE_RUN, **context})


def modified(call: str, source: str = CYCLES) -> tuple[Signal, Signal, Length]:
    """A modifier's signal, the signal that it modifies, and its length."""
    schedule = compiled(f"({source}) | {call}")
    return schedule._signal, compiled(source)._signal, schedule.length


@pytest.mark.parametrize("entry", ENTRIES)
def test_everything_in_the_catalog_keeps_the_contract(entry: catalog.Entry) -> None:
    schedule = compiled(entry.doc.example)
    check_signal(schedule._signal, schedule.length)


@pytest.mark.parametrize("entry", ENTRIES)
@settings(max_examples=5, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.data())
def test_so_does_everything_with_other_numbers(entry: catalog.Entry, data: st.DataObject) -> None:
    """The whole numbers of the example, the run and the epoch are drawn; some are refused."""

    def redrawn(found: re.Match[str]) -> str:
        return str(max(int(int(found[0]) * data.draw(st.floats(0.02, 2))), 1))

    spec = re.sub(r"(?<![\w.])\d{2,}(?![\w.%])", redrawn, entry.doc.example)
    around = data.draw(st.sampled_from(["{}", "({}) | stretch(1.7)", "({}) | every(2.5ep)"]))
    run = {"total_steps": data.draw(st.integers(20, 900)), "steps_per_epoch": 3.3}
    try:
        schedule = compiled(around.format(spec), **run)
    except SpecError:
        return
    check_signal(schedule._signal, schedule.length)


@pytest.mark.parametrize("name", sorted(MODIFIERS))
def test_every_modifier_keeps_the_contract(name: str) -> None:
    (entry,) = [each for each in catalog.find(name) if each.kind == "modifier"]
    call = entry.doc.example.rpartition(" | ")[2]
    cycles = CYCLES if MODIFIERS[name].makes_cycles else LONG
    for source in (cycles, f"constant(0.5, 13) >> ({cycles})", "0.25 | take(210)"):
        signal, inside, length = modified(call, source)
        check_modifier(MODIFIERS[name], signal, inside, length)


@pytest.mark.parametrize(
    "call",
    [
        *(
            "skip(5)",
            "skip(0.05ep)",
            "take(30)",
            "take(0.33ep)",
            "take(99)",
            "stretch(3)",
            "stretch(0.3)",
        ),
        *("every(4)", "every(0.07ep)", "clip(0.2, 0.7)", "repeat(2)", "repeat(2, stretch=1.5)"),
        *("interval[5:*0.5, 20:*2]", "cumulative()", "plateau()", "newbob()", "anchor()"),
    ],
)
def test_modifiers_with_other_arguments_keep_it(call: str) -> None:
    name = re.split(r"[(\[]", call)[0]
    signal, inside, length = modified(call)
    check_modifier(MODIFIERS[name], signal, inside, length)


@pytest.mark.parametrize("name", sorted(MODIFIERS))
def test_what_needs_an_end_says_why(name: str) -> None:
    needs_end = MODIFIERS[name].needs_end
    if needs_end is None:
        return
    with pytest.raises(SpecError, match=rf"LR\d+.*never ends, {needs_end}"):
        compiled(f"step(1, 0.5, 9) | {name}()")


# --- three modifiers that break it ----------------------------------------------------------------


class Halved(Modifier):
    """A modifier whose signal says for itself that it has no parts, and so forgets the cycles."""

    name: ClassVar[str] = "halved"

    def apply(self, source: Signal, length: Length, end: float, text: str) -> Signal:
        return HalvedSignal(source)


class HalvedSignal(LeafSignal):
    def __init__(self, source: Signal) -> None:
        self.source = source

    def values(self, t: Times) -> Array:
        return self.source.values(t) / 2

    def segments(self, stop: float) -> tuple[TimelineSegment, ...]:
        return self.source.segments(stop)


class FloatStops(Modifier):
    """A modifier that hands out floats as the stops of its segments."""

    name: ClassVar[str] = "float_stops"

    def apply(self, source: Signal, length: Length, end: float, text: str) -> Signal:
        return FloatStopSignal(source, text)


class FloatStopSignal(WrappedSignal):
    def segments(self, stop: float) -> tuple[TimelineSegment, ...]:
        return tuple([replace(s, stop=float(s.stop)) for s in self.source.segments(stop)])


class Mute(Filter):
    """A modifier that needs an end and does not say why."""

    name: ClassVar[str] = "mute"
    needs_end: ClassVar[Any] = True


class Borrowed(Filter):
    """A modifier that needs an end for a reason that is another's."""

    name: ClassVar[str] = "borrowed"
    needs_end: ClassVar[str | None] = MODIFIERS["repeat"].needs_end


def check(cls: type[Modifier]) -> None:
    source = compiled(CYCLES)
    length = Fraction(source.length)
    signal = cls().apply(source._signal, length, float(length), f"{cls.name}()")
    check_modifier(cls, signal, source._signal, length)


@pytest.mark.parametrize(
    ("cls", "clause"),
    [
        pytest.param(Halved, r"^cycle ends inside survive: \[\]: \[7, 14, 21", id="cycle_ends"),
        pytest.param(FloatStops, r"^segments have ints: \[0, 1.0\]", id="a float as a stop"),
        pytest.param(Mute, "^needs_end is a message: True", id="no message"),
        pytest.param(Borrowed, "^needs_end is a message of its own: .*repeat", id="another's"),
    ],
)
def test_the_contract_finds_broken_modifiers(cls: type[Modifier], clause: str) -> None:
    with pytest.raises(AssertionError, match=clause):
        check(cls)


def test_a_signal_with_a_source_cannot_leave_cycle_ends_out() -> None:
    class Forgetful(Signal):
        def values(self, t: Times) -> Array:
            return np.zeros(t.size)

        def segments(self, stop: float) -> tuple[TimelineSegment, ...]:
            return (TimelineSegment(0, stop, "0", self),)

    with pytest.raises(TypeError, match=r"abstract method '?cycle_ends"):
        Forgetful()  # type: ignore[abstract]


def test_a_filter_that_says_nothing_keeps_all_that_its_source_knows() -> None:
    class Same(Filter):
        name: ClassVar[str] = "same"

    check(Same)
    source = compiled(CYCLES)._signal
    signal = Same().apply(source, Fraction(63), 63.0, "same()")
    assert list(signal.cycle_ends(0, 30)) == [7, 14, 21, 28]
    assert signal.min_max(0, 63) == source.min_max(0, 63)
    (before, *_), (after, *_) = source.segments(math.inf), signal.segments(math.inf)
    assert after.description == f"{before.description} | same()"
