"""`torch.…`: torch's schedulers by name, against torch stepping a real optimizer.

Left out, mostly because there torch itself goes wrong or leaves its documented range:

* `MultiStepLR` without milestones, which ours has no use for;
* `OneCycleLR` after its last update; `CosineAnnealingLR` in a `ChainedScheduler` after T_max;
* `OneCycleLR` with pct_start * total_steps == 1, where torch divides by zero;
* `SequentialLR`: a `MultiplicativeLR` that is not first, a `CyclicLR` that is, a `OneCycleLR`, a
  `SequentialLR`, a `ChainedScheduler` that is not first or whose parts do not begin by a factor;
* `ChainedScheduler` of what sets the lr instead of multiplying it, also at a milestone;
* infinite metrics, which torch remembers.
"""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

import lrdsl
from lrdsl import SpecError
from lrdsl.compiler.check_definitions import check_definitions
from lrdsl.compiler.expand import fields
from lrdsl.language.language import Language
from lrdsl.language.library import shipped
from lrdsl.syntax import ast
from lrdsl.syntax.unparse import unparse

torch = pytest.importorskip("torch")
lrs = torch.optim.lr_scheduler

UPDATES = 500
RUN: dict[str, Any] = {"total_steps": 1000, "steps_per_epoch": 50, "base_lr": 1}
FEW = settings(max_examples=settings().max_examples // 4)

NAMES = sorted(name for name in lrs.__all__ if name != "LRScheduler")
OWN = [name for name in shipped() if name.startswith("torch.")]


class Function(NamedTuple):
    """The same function of the update for lrdsl and for torch."""

    text: str
    compute: Callable[[float], float]


class Scheduler(NamedTuple):
    """A scheduler of torch's with its arguments; what is left out has its default."""

    name: str
    arguments: Mapping[str, Any]

    @property
    def text(self) -> str:
        """Its call as a spec."""
        return self.call()

    def call(self, field: str = "") -> str:
        inside = ", ".join([f"{key}={_written(value)}" for key, value in self.arguments.items()])
        return f"torch.{self.name}{field}({inside})"

    def make(self, optimizer: Any) -> Any:
        """The scheduler itself, its children made before it, in their order."""
        given = {key: _made(value, optimizer) for key, value in self.arguments.items()}
        if self.name == "ChainedScheduler":
            return lrs.ChainedScheduler(**given, optimizer=optimizer)
        return getattr(lrs, self.name)(optimizer, **given)


def _written(value: Any) -> str:
    match value:
        case None | bool():
            return str(value).lower()
        case str():
            return repr(value)
        case list():
            return f"[{', '.join(map(_written, value))}]"
        case Function(text=text) | Scheduler(text=text):
            return text
    return repr(value)


def _made(value: Any, optimizer: Any) -> Any:
    match value:
        case Function(compute=compute):
            return compute
        case Scheduler():
            return value.make(optimizer)
        case list():
            return [_made(each, optimizer) for each in value]
    return value


def run(scheduler: Scheduler, base: float, updates: int = UPDATES) -> tuple[list[float], ...]:
    """What torch has the optimizer use, update by update: its lr, and its momentum."""
    weight = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([weight], lr=base, momentum=0.9)
    found: tuple[list[float], ...] = ([], [])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns of what its own composites do
        made = scheduler.make(optimizer)
        optimizer.step()
        for update in range(updates):
            if update > 0:
                made.step()
            found[0].append(float(optimizer.param_groups[0]["lr"]))
            found[1].append(float(optimizer.param_groups[0]["momentum"]))
    return found


def agree(text: str, expected: list[float], base: float, absolute: float = 1e-15) -> None:
    found = lrdsl.compile(text, base_lr=base).values(len(expected))
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=absolute, err_msg=text)


# --- drawing --------------------------------------------------------------------------------------

rates = st.floats(1e-4, 1)
gammas = st.floats(0.8, 1) | st.sampled_from([0.1, 0.5, 1.0])
factors = st.floats(0.05, 1)
steps = st.integers(1, 300)
falling = st.floats(0.5, 0.999)

functions = st.one_of(
    falling.map(lambda a: Function(f"{a!r} ** t", lambda t: a**t)),
    falling.map(lambda a: Function(f"1 / (1 + {a!r} * t)", lambda t: 1 / (1 + a * t))),
    steps.map(lambda k: Function(f"1 - t / ({k} + t)", lambda t: 1 - t / (k + t))),
    st.builds(
        lambda g, k: Function(f"step(1, {g!r}, {k})", lambda t: g ** (t // k)), falling, steps
    ),
    st.builds(
        lambda b, k: Function(f"linear(1, {b!r}, {k})", lambda t: 1 + (b - 1) * min(t / k, 1)),
        factors,
        steps,
    ),
)

SIMPLE: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "StepLR": ({"step_size": steps}, {"gamma": gammas}),
    "MultiStepLR": (
        {"milestones": st.lists(st.integers(0, 500), min_size=1, max_size=6).map(sorted)},
        {"gamma": gammas},
    ),
    "ExponentialLR": ({"gamma": gammas}, {}),
    "LambdaLR": ({"lr_lambda": functions}, {}),
    "MultiplicativeLR": ({"lr_lambda": functions}, {}),
    "ConstantLR": ({}, {"factor": factors, "total_iters": steps}),
    "LinearLR": (
        {},
        {"start_factor": factors, "end_factor": factors | st.just(0.0), "total_iters": steps},
    ),
    "PolynomialLR": ({}, {"total_iters": steps, "power": st.floats(0.2, 4)}),
    "CosineAnnealingLR": ({"T_max": st.integers(1, 900)}, {"eta_min": st.floats(0, 1e-4)}),
    "CosineAnnealingWarmRestarts": (
        {"T_0": st.integers(1, 200)},
        {"T_mult": st.integers(1, 3), "eta_min": st.floats(0, 1e-4)},
    ),
    "CyclicLR": (
        {"base_lr": st.floats(0, 0.1), "max_lr": st.floats(0.1, 1)},
        {
            "step_size_up": steps,
            "step_size_down": st.none() | steps,
            "mode": st.sampled_from(["triangular", "triangular2", "exp_range"]),
            "gamma": st.floats(0.95, 1),
            "scale_fn": st.none() | functions,
            "scale_mode": st.sampled_from(["cycle", "iterations"]),
            "base_momentum": st.floats(0.1, 0.85),
            "max_momentum": st.floats(0.85, 0.99),
        },
    ),
}  # fmt: skip
"""The arguments that each takes, the required ones and the others, within the documented range."""

ROUNDED = {"LinearLR", "CosineAnnealingLR", "CyclicLR"}
"""What torch finds near 0 as the difference of larger numbers: an error relative to those."""


def simple(name: str) -> st.SearchStrategy[Scheduler]:
    required, optional = SIMPLE[name]
    arguments = st.fixed_dictionaries(required, optional=optional)
    return arguments.map(lambda drawn: Scheduler(name, drawn))


def any_of(*names: str) -> st.SearchStrategy[Scheduler]:
    return st.one_of([simple(name) for name in names])


def chained(children: st.SearchStrategy[Scheduler]) -> st.SearchStrategy[Scheduler]:
    some = st.lists(children, min_size=1, max_size=3)
    return some.map(lambda drawn: Scheduler("ChainedScheduler", {"schedulers": drawn}))


cosines_to_0 = st.builds(
    lambda T_max: Scheduler("CosineAnnealingLR", {"T_max": T_max}), st.integers(UPDATES, 900)
)
multiplying = cosines_to_0 | any_of(
    "StepLR", "MultiStepLR", "ExponentialLR", "MultiplicativeLR", "ConstantLR", "LinearLR",
    "PolynomialLR",
)  # fmt: skip
chains = chained(multiplying | chained(multiplying))

anywhere = any_of(
    "StepLR", "MultiStepLR", "ExponentialLR", "LambdaLR", "ConstantLR", "LinearLR", "PolynomialLR",
    "CosineAnnealingLR", "CosineAnnealingWarmRestarts",
)  # fmt: skip
only_first = st.one_of(
    simple("MultiplicativeLR"),
    chained(any_of("StepLR", "MultiStepLR", "ConstantLR", "LinearLR")),
)
only_later = simple("CyclicLR").map(
    lambda drawn: Scheduler("CyclicLR", {**drawn.arguments, "cycle_momentum": False})
)


@st.composite
def sequences(draw: st.DrawFn) -> Scheduler:
    milestones = sorted(draw(st.sets(st.integers(1, UPDATES - 1), max_size=3)))
    schedulers = [draw(anywhere | only_first)]
    schedulers += [draw(anywhere | only_later) for _ in milestones]
    return Scheduler("SequentialLR", {"schedulers": schedulers, "milestones": milestones})


@st.composite
def one_cycles(draw: st.DrawFn) -> Scheduler:
    lengths = draw(
        st.fixed_dictionaries({"total_steps": st.integers(1, UPDATES)})
        | st.fixed_dictionaries({"epochs": st.integers(1, 20), "steps_per_epoch": steps})
    )
    optional = {
        "pct_start": st.floats(0, 1),
        "anneal_strategy": st.sampled_from(["cos", "linear"]),
        "base_momentum": st.floats(0.1, 0.85),
        "max_momentum": st.floats(0.85, 0.99),
        "div_factor": st.floats(1, 100),
        "final_div_factor": st.floats(1, 1e5),
        "three_phase": st.booleans(),
    }
    required = {"max_lr": rates, **{key: st.just(value) for key, value in lengths.items()}}
    return Scheduler("OneCycleLR", draw(st.fixed_dictionaries(required, optional=optional)))


# --- the numbers ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SIMPLE)
@FEW
@given(st.data(), rates)
def test_as_torch(name: str, data: st.DataObject, base: float) -> None:
    scheduler = data.draw(simple(name))
    lr, momentum = run(scheduler, base)
    agree(scheduler.text, lr, base, absolute=1e-12 if name in ROUNDED else 1e-15)
    if name == "CyclicLR":
        agree(scheduler.call(".momentum"), momentum, base)


@FEW
@given(st.integers(1, UPDATES), rates, st.floats(0, 1e-4))
def test_cosine_annealing(T_max: int, base: float, eta_min: float) -> None:
    """Beyond T_max too, where it rises again."""
    scheduler = Scheduler("CosineAnnealingLR", {"T_max": T_max, "eta_min": eta_min})
    lr, _ = run(scheduler, base, 3 * T_max + 2)
    agree(scheduler.text, lr, base, absolute=1e-12)


def test_what_follows_a_cosine_annealing_needs_its_end() -> None:
    text = "torch.CosineAnnealingLR(20) >> hold(5)"
    with pytest.raises(SpecError, match=r"(?s)LR403.*\| take\(steps\)"):
        lrdsl.compile(text, base_lr=0.1)
    schedule = lrdsl.compile("(torch.CosineAnnealingLR(20) | take(20)) >> hold(5)", base_lr=0.1)
    assert [schedule(t) for t in (0, 10, 20, 25)] == pytest.approx([0.1, 0.05, 0, 0])


@FEW
@given(one_cycles(), rates)
@example(Scheduler("OneCycleLR", {"max_lr": 1.0, "total_steps": 10, "pct_start": 0.25}), 1.0)
@example(Scheduler("OneCycleLR", {"max_lr": 1.0, "total_steps": 10, "pct_start": 0.0}), 1.0)
@example(Scheduler("OneCycleLR", {"max_lr": 1.0, "total_steps": 10, "pct_start": 1.0}), 1.0)
@example(
    Scheduler(
        "OneCycleLR", {"max_lr": 1.0, "total_steps": 10, "pct_start": 0.12, "three_phase": True}
    ),
    1.0,
)
@example(
    # 0.3333333333333333 * 39 is 13 in floats, and a little less in exact arithmetic.
    Scheduler("OneCycleLR", {"max_lr": 1.0, "total_steps": 39, "pct_start": 0.3333333333333333}),
    1.0,
)
@example(
    # 0.29 * 100 is a little less than 29 in floats.
    Scheduler("OneCycleLR", {"max_lr": 1.0, "total_steps": 100, "pct_start": 0.29}),
    1.0,
)
def test_one_cycle(scheduler: Scheduler, base: float) -> None:
    known = scheduler.arguments
    total = known.get("total_steps") or known["epochs"] * known["steps_per_epoch"]
    share = known.get("pct_start", 0.3)
    # Where a phase is next to nothing, torch's value there is its rounding.
    assume(abs(share * total - 1) > 1e-9 and not 0 < 1 - share < 1e-9)
    lr, momentum = run(scheduler, base, min(total, UPDATES))
    agree(scheduler.text, lr, base)
    agree(scheduler.call(".momentum"), momentum, base)


@FEW
@given(sequences(), rates)
def test_sequence(scheduler: Scheduler, base: float) -> None:
    agree(scheduler.text, run(scheduler, base)[0], base, absolute=1e-12)


@FEW
@given(chains, rates)
def test_chained(scheduler: Scheduler, base: float) -> None:
    agree(scheduler.text, run(scheduler, base)[0], base, absolute=1e-12)


@FEW
@given(sequences(), rates)
def test_a_sequence_in_a_chain_of_one(inner: Scheduler, base: float) -> None:
    scheduler = Scheduler("ChainedScheduler", {"schedulers": [inner]})
    agree(scheduler.text, run(scheduler, base)[0], base, absolute=1e-12)


@FEW
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "mode": st.sampled_from(["min", "max"]),
            "factor": st.floats(0.05, 0.95),
            "patience": st.integers(0, 4),
            "threshold": st.floats(0, 0.5),
            "threshold_mode": st.sampled_from(["rel", "abs"]),
            "cooldown": st.integers(0, 4),
            "min_lr": st.floats(0, 0.5),
            "eps": st.sampled_from([0.0, 1e-8, 0.05]),
        },
    ),
    rates,
    st.lists(st.floats(-10, 10) | st.integers(-2, 2), max_size=60),
)
def test_reduce_on_plateau(arguments: dict[str, Any], base: float, metrics: list[float]) -> None:
    scheduler = Scheduler("ReduceLROnPlateau", arguments)
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=base)
    made, expected = scheduler.make(optimizer), [base]
    schedule = lrdsl.compile(f"base | {scheduler.text}", base_lr=base)
    for update, metric in enumerate(metrics, start=1):
        made.step(metric)
        expected.append(optimizer.param_groups[0]["lr"])
        schedule = schedule.observe(update, metric)
    found = schedule.values(len(expected))
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-15, err_msg=scheduler.text)


def test_alone_it_modifies_base() -> None:
    schedule = lrdsl.compile("torch.ReduceLROnPlateau(patience=0)", base_lr=0.5)
    assert schedule.observe(1, 1.0).observe(2, 1.0)([1, 2]).tolist() == [0.5, 0.05]


# --- durations, the run, what a program drives ----------------------------------------------------


@pytest.mark.parametrize(
    ("text", "same"),
    [
        pytest.param("torch.StepLR(2ep)", "torch.StepLR(100)", id="StepLR"),
        pytest.param("torch.MultiStepLR([1ep, 50%])", "torch.MultiStepLR([50, 500])", id="list"),
        pytest.param(
            "torch.CyclicLR(0.1, 1, 2ep, scale_fn=1/t)",
            "torch.CyclicLR(0.1, 1, 100, scale_fn=1/t)",
            id="CyclicLR",
        ),
        pytest.param(
            "torch.OneCycleLR(1, total_steps=3ep)",
            "torch.OneCycleLR(1, total_steps=150)",
            id="OneCycleLR",
        ),
        pytest.param(
            "torch.OneCycleLR(1)", "torch.OneCycleLR(1, total_steps=1000)", id="the whole run"
        ),
        pytest.param(
            "torch.OneCycleLR(1, total_steps=200, epochs=3, steps_per_epoch=9)",
            "torch.OneCycleLR(1, total_steps=200)",
            id="total_steps before epochs",
        ),
        pytest.param(
            "torch.SequentialLR([torch.ConstantLR(), torch.LinearLR()], [1ep])",
            "torch.SequentialLR([torch.ConstantLR(), torch.LinearLR()], [50])",
            id="milestones",
        ),
        pytest.param(
            "torch.CyclicLR(0.1, 1, mode=triangular2, scale_mode=cycle)",
            "torch.CyclicLR(0.1, 1, mode='triangular2', scale_mode='cycle')",
            id="bare words",
        ),
    ],
)
def test_the_same_in_other_words(text: str, same: str) -> None:
    found, expected = (lrdsl.compile(each, **RUN).values(1000) for each in (text, same))
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("text", "driven"),
    [
        pytest.param("torch.CyclicLR(0.1, 1)", {"lr", "momentum"}, id="CyclicLR"),
        pytest.param("torch.CyclicLR(0.1, 1, cycle_momentum=false)", {"lr"}, id="CyclicLR, no"),
        pytest.param("torch.OneCycleLR(0.1)", {"lr", "momentum"}, id="OneCycleLR"),
        pytest.param("torch.OneCycleLR(0.1, cycle_momentum=false)", {"lr"}, id="OneCycleLR, no"),
        pytest.param("torch.StepLR(10)", set(), id="one schedule"),
    ],
)
def test_what_a_program_drives(text: str, driven: set[str]) -> None:
    assert set(fields(lrdsl.parse(text).node, Language())) == driven


def test_one_cycle_holds_its_end() -> None:
    schedule = lrdsl.compile("torch.OneCycleLR(1, total_steps=100)")
    assert schedule.length == 100
    assert schedule([99, 100, 5000]).tolist() == pytest.approx([4e-6] * 3, rel=1e-9)


# --- the file -------------------------------------------------------------------------------------


def _value(default: ast.Node | None) -> Any:
    """A parameter's default as Python has it."""
    match default:
        case None:
            return inspect.Parameter.empty
        case ast.Keyword(word=word):
            return {"none": None, "true": True, "false": False}[word]
        case ast.Name(id=word):
            return word
    return lrdsl.compile(unparse(default))(0)


@pytest.mark.parametrize("name", NAMES)
def test_parameters(name: str) -> None:
    definition = Language().definitions[f"torch.{name}"]
    assert definition is not None, "torch has a scheduler without a definition"
    taken = list(inspect.signature(getattr(lrs, name)).parameters.values())
    expected = {p.name: p.default for p in taken if p.name not in ("optimizer", "last_epoch")}
    found = {p.name: _value(p.default) for p in definition.parameters}
    assert list(found.items()) == list(expected.items())


@pytest.mark.parametrize("name", OWN)
def test_doc(name: str) -> None:
    definition = Language().definitions[name]
    assert definition is not None
    assert re.match(r"\S.*?[.:,]", definition.doc, re.DOTALL)
    (call,) = re.findall(r"^Example: `(.+)`$", definition.doc, re.MULTILINE)
    assert name in call
    assert np.isfinite(lrdsl.compile(call, **RUN).values(1000)).all()


def test_checked() -> None:
    """The definitions pass the checks that the user's have to pass."""
    file = shipped()["torch.StepLR"].file
    assert list(check_definitions(file.read_text("utf-8"), Language(), file.name)) == OWN
