"""The learning-rate range test: what it finds, and that it leaves no trace."""

import copy
import functools
import importlib.util
import itertools
import random
import signal
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from hydra.utils import instantiate  # noqa: E402
from hypothesis import example, given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from omegaconf import OmegaConf  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402
from torch.utils.data import DataLoader, TensorDataset  # noqa: E402

import lrdsl  # noqa: E402
from lrdsl import SpecError  # noqa: E402
from lrdsl.torch import RangeTest, ScheduledLoss, Scheduler, range_test  # noqa: E402
from lrdsl.torch.lr_finder.snapshot import Kept  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent

pytestmark = pytest.mark.usefixtures("one_thread")

GENERATOR = torch.Generator().manual_seed(3)
INPUTS = torch.randn(64, 8, generator=GENERATOR)
TARGETS = INPUTS.abs().sum(dim=1, keepdim=True)
BATCHES = [(INPUTS[i : i + 16], TARGETS[i : i + 16]) for i in range(0, 64, 16)]


def mse(model, batch):
    inputs, targets = batch
    return F.mse_loss(model(inputs), targets)


def network():
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))


def sgd(model, lr=0.1, **options):
    return torch.optim.SGD(model.parameters(), lr=lr, **options)


# What it finds.


@pytest.mark.parametrize(
    ("options", "spec"),
    [
        pytest.param({}, "exponential(1e-7, 10, 100, closed=true)", id="the defaults"),
        pytest.param(
            {"low": 1e-3, "high": 0.1, "steps": 25},
            "exponential(1e-3, 0.1, 25, closed=true)",
            id="a range",
        ),
        pytest.param(
            {"low": 0, "high": 0.1, "steps": np.int64(25), "mode": "linear"},
            "linear(0, 0.1, 25, closed=true)",
            id="linear",
        ),
    ],
)
def test_the_rates_are_a_schedule_and_the_losses_those_of_training_at_them(options, spec):
    model = network()
    optimizer = sgd(model)
    found = range_test(model, optimizer, mse, BATCHES, diverge=None, **options)
    assert (
        lrdsl.compile(found.spec).values(100).tolist() == lrdsl.compile(spec).values(100).tolist()
    )
    rates = lrdsl.compile(spec).values(int(options.get("steps", 100)))[: len(found.rates)]
    assert found.rates.tolist() == rates.tolist()

    by_hand = []
    for rate, batch in zip(rates, itertools.cycle(BATCHES)):
        optimizer.param_groups[0]["lr"] = float(rate)
        loss = mse(model, batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        by_hand.append(loss.item())
    assert found.losses.tolist() == by_hand


@pytest.mark.parametrize("smoothing", [0, 0.5, 0.98])
def test_smoothing_is_the_bias_corrected_exponential_mean(smoothing):
    model = network()
    found = range_test(model, sgd(model), mse, BATCHES, smoothing=smoothing, high=1e-2)
    for i in (0, 1, 50, 99):
        weights = smoothing ** np.arange(i, -1, -1.0)
        mean = float(weights @ found.losses[: i + 1] / weights.sum())
        assert found.smoothed[i] == pytest.approx(mean, rel=1e-12)


def test_the_result_is_frozen():
    model = network()
    found = range_test(model, sgd(model), mse, BATCHES)
    for array in (found.rates, found.losses, found.smoothed):
        assert array.dtype == np.float64
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    with pytest.raises(AttributeError, match="cannot assign"):
        found.suggestion = 1
    assert len(found.rates) == len(found.losses) == len(found.smoothed)


def scripted(losses):
    """A loss function with the values of a list; its gradient is 1 and harmless."""
    values = iter(losses)
    return lambda model, batch: next(values) + 0 * model.weight.sum()


def script(losses, **options):
    model = nn.Linear(1, 1).double()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return range_test(model, sgd(model), scripted(losses), [None], steps=len(losses), **options)


FALL = [2.0] * 12 + list(np.linspace(2, 0.5, 12))


@pytest.mark.parametrize(
    ("losses", "options", "made", "stop", "why"),
    [
        pytest.param(FALL, {}, 24, "completed", "all 24 steps were made", id="to the end"),
        pytest.param(
            [*FALL, 1.9, 2.1, 2.2], {"smoothing": 0}, 26, "diverged",
            "the loss diverged at step 26 of 27, at a learning rate of 4.9", id="diverged",
        ),
        pytest.param(
            [*FALL, 1.9, 2.1], {"smoothing": 0, "diverge": 4.3}, 26, "completed", "26", id="factor",
        ),
        pytest.param(
            [*FALL, 1e30], {"smoothing": 0, "diverge": None}, 25, "completed", "25", id="no factor",
        ),
        pytest.param(
            [*FALL, float("nan"), 1.0], {}, 24, "not finite",
            "the loss was nan at step 25 of 26, at a learning rate of 4.8", id="nan",
        ),
        pytest.param(
            [*FALL, float("inf")], {"diverge": None}, 24, "not finite", "inf", id="infinite",
        ),
        pytest.param([x - 3 for x in FALL], {}, 24, "completed", "24", id="losses below 0"),
        pytest.param(
            [x - 3 for x in FALL] + [6.0], {"smoothing": 0}, 25, "diverged", "25", id="up again",
        ),
    ],
)  # fmt: skip
def test_why_it_stops(losses, options, made, stop, why):
    found = script(losses, **options)
    assert (len(found.losses), found.stop) == (made, stop)
    assert why in found.why
    assert np.isfinite(found.losses).all()


def test_suggestions_of_a_known_curve():
    """The loss 1 - 1/(1 + 1/x) in x = lr/0.01 falls fastest over log(lr) at x = 1."""
    rates = np.geomspace(1e-6, 10, 701)
    losses = 1 / (1 + rates / 0.01)
    losses[rates > 1] = 3
    found = RangeTest.of(rates, losses, losses, stop="completed", why="")
    assert found.steepest == pytest.approx(0.01, rel=0.03)
    assert found.minimum == pytest.approx(0.1, rel=0.03)
    assert found.suggestion == pytest.approx(np.sqrt(found.steepest * found.minimum))
    assert found.note is None


def test_the_first_tenth_and_what_follows_the_minimum_are_not_the_steepest():
    losses = [9.0, 5.0, 3.0, *[2.0] * 27, *np.linspace(2, 1, 10), 3.5, 1.2]
    found = script(losses, smoothing=0)
    assert 30 <= found.rates.tolist().index(found.steepest) < 40


NOISE = np.random.default_rng(0).normal(2, 0.3, 60)


@pytest.mark.parametrize(
    ("losses", "note"),
    [
        pytest.param([2.0] * 40, "stayed the same: raise `high`", id="flat"),
        pytest.param([2 - 1e-9 * i for i in range(40)], "stayed the same", id="too low"),
        pytest.param(list(np.linspace(1, 2, 40)), "only rose: lower `low`", id="only up"),
        pytest.param(list(NOISE), "by more than its own noise", id="noise"),
        pytest.param([2.0, float("nan"), *[2.0] * 20], "lower `low`", id="broken at once"),
        pytest.param([float("nan"), *[2.0] * 20], "lower `low`", id="nothing finite"),
    ],
)
def test_no_suggestion_is_better_than_nonsense(losses, note):
    found = script(losses)
    assert (found.steepest, found.minimum, found.suggestion) == (None, None, None)
    assert note in found.note
    assert f"no suggestion: {found.note}" in str(found)
    assert note in found.plot().axes[0].get_title(loc="left")


@pytest.mark.parametrize("smoothing", [0, 0.5, 0.9, 0.98])
def test_noise_makes_no_suggestion(smoothing):
    made = 0
    for seed in range(20):
        noise = list(np.random.default_rng(seed).normal(2, 0.3, 60))
        made += script(noise, smoothing=smoothing, diverge=None).suggestion is not None
    assert made <= 1


def test_a_fall_shows_through_noise():
    for seed in range(20):
        noise = np.random.default_rng(seed).normal(0, 0.3, 60)
        losses = noise + np.repeat([4.0, 3.0, 2.0, 6.0], [30, 8, 12, 10])
        found = script(list(losses), diverge=None)
        assert 25 <= np.searchsorted(found.rates, found.steepest) < 52


def test_a_fall_to_the_end_is_told():
    model = network()
    found = range_test(model, sgd(model), mse, BATCHES, high=0.02)
    assert found.stop == "completed"
    assert "may lie above `high`" in found.note
    assert f"note: {found.note}" in str(found)


def test_batches_run_out():
    """A list begins again, an iterator is spent."""
    model = network()
    again = range_test(model, sgd(model), mse, BATCHES, steps=40, high=0.03)
    spent = range_test(model, sgd(model), mse, iter(BATCHES * 5), steps=40, high=0.03)
    assert (len(again.losses), again.stop) == (40, "completed")
    assert (len(spent.losses), spent.stop) == (20, "no more batches")
    assert spent.why == "the batches ran out after 20 of 40 steps"
    assert spent.losses.tolist() == again.losses[:20].tolist()


def test_batches_without_end_are_not_read_ahead():
    taken = itertools.count()
    model = network()
    range_test(model, sgd(model), mse, ((next(taken), *BATCHES[0])[1:] for _ in iter(int, 1)),
               steps=12, diverge=None)  # fmt: skip
    assert next(taken) == 12


# Learning rates of the groups.


def rates_seen(optimizer, model, **options):
    """The learning rate of every group at every step."""
    seen = []

    def loss_fn(model, batch):
        seen.append([float(group["lr"]) for group in optimizer.param_groups])
        return mse(model, batch)

    found = range_test(model, optimizer, loss_fn, BATCHES, 1e-6, 1e-3, 10, **options)
    return found.rates, np.array(seen)


def groups(model, *settings):
    return [{"params": p, **more} for p, more in zip(model.parameters(), settings, strict=True)]


@pytest.mark.parametrize(
    ("settings", "shares"),
    [
        pytest.param([{"lr": 0.1}] * 4, [1, 1, 1, 1], id="one rate"),
        pytest.param(
            [{"lr": 0.1}, {"lr": 0.01}, {"lr": 0.05}, {"lr": 0}], [1, 0.1, 0.5, 0], id="ratios"
        ),
        pytest.param([{"lr": 0.0}] * 4, [1, 1, 1, 1], id="all 0"),
        pytest.param(
            [{"lr_scale": 0.5}, {"lr_scale": 2}, {}, {"lr": 0.2, "lr_scale": 0.25}],
            [0.25, 1, 0.5, 0.25],
            id="lr_scale",
        ),
        pytest.param(
            [{"lr": 0.0, "initial_lr": 0.1}, {"lr": 0.0, "initial_lr": 0.2}, {}, {}],
            [0.5, 1, 0.5, 0.5],
            id="driven by a scheduler",
        ),
    ],
)
@pytest.mark.parametrize("tensor", [False, True], ids=["float", "Tensor"])
def test_groups_keep_their_ratios(settings, shares, tensor):
    model = network()
    if tensor:
        settings = [
            {k: torch.tensor(v, dtype=torch.float64) if "lr" in k else v for k, v in s.items()}
            for s in settings
        ]
    default = torch.tensor(0.1, dtype=torch.float64) if tensor else 0.1
    optimizer = torch.optim.SGD(groups(model, *settings), lr=default)
    before = [group["lr"] for group in optimizer.param_groups]
    rates, seen = rates_seen(optimizer, model)
    np.testing.assert_allclose(seen, np.outer(rates, shares), rtol=1e-15)
    after = [group["lr"] for group in optimizer.param_groups]
    assert all(a is b for a, b in zip(after, before, strict=True))


def test_the_rates_are_those_that_a_scheduler_with_the_same_spec_sets():
    model = network()
    settings = [{"lr": 0.1, "lr_scale": 0.5}, {"lr": 0.02}, {}, {}]
    optimizer = torch.optim.SGD(groups(model, *settings), lr=0.1)
    _, seen = rates_seen(optimizer, model)
    scheduler = Scheduler(optimizer, "exponential(1e-6, 1e-3, 10, closed=true) * base / 0.1")
    for expected in seen:
        np.testing.assert_allclose(scheduler.get_last_lr(), expected, rtol=1e-12)
        optimizer.step()
        scheduler.step()


def test_a_tensor_learning_rate_is_filled_in_place():
    model = network()
    lr = torch.tensor(0.1)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    seen = []

    def loss_fn(model, batch):
        seen.append((optimizer.param_groups[0]["lr"] is lr, lr.item()))
        return mse(model, batch)

    range_test(model, optimizer, loss_fn, BATCHES, steps=10)
    assert optimizer.param_groups[0]["lr"] is lr
    assert lr.item() == pytest.approx(0.1)
    assert seen[0][1] == pytest.approx(0.1), "the default is the same Tensor: the group has its own"


# No trace.


class Restless(nn.Module):
    """Everything that a forward may change."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(8, 16)
        self.norm = nn.BatchNorm1d(16)
        self.dropout = nn.Dropout(0.3)
        self.last = nn.Linear(16, 1)
        self.frozen = nn.Linear(16, 1).requires_grad_(False)
        self.register_buffer("wide", torch.zeros(1, 3).expand(4, 3))
        self.register_buffer("swapped", torch.zeros(2))
        self.register_buffer("later", None)
        self.register_buffer("odd", torch.tensor([float("nan"), -0.0, float("inf")]))
        self.calls, self.seen, self.hidden = 0, [1], torch.zeros(16)
        self.cache, self.array = {"a": {"b": [torch.ones(2)]}}, np.zeros(3)
        self.generator, self.generators = torch.Generator(), (np.random.default_rng(1),)
        self.mersenne = random.Random(4)
        self.last.eval()

    def forward(self, x):
        self.calls += 1
        self.seen.append(self.calls)
        self.hidden.add_(1)
        self.swapped = self.swapped + 1
        self.later = torch.ones(3)
        self.odd.fill_(3)
        self.cache["a"]["b"][0].mul_(2)
        self.cache[self.calls] = x
        self.array += 1
        self.made = nn.Linear(1, 1)
        self.register_buffer("lazy", torch.ones(1))
        self.last.train()
        if self.calls == 5:  # in the test, not before it
            self.frozen.requires_grad_(True)
        self.last.register_forward_hook(lambda *_: None)
        noise = torch.rand(1, generator=self.generator) + self.generators[0].random()
        noise = noise + self.mersenne.random() + random.random() + np.random.rand()
        x = self.dropout(self.norm(self.linear(x))).relu()
        return self.last(x) + self.frozen(x) + 1e-9 * noise


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.there = nn.Linear(8, 1, bias=False)
        self.back = nn.Linear(8, 1, bias=False)
        self.back.weight = self.there.weight
        whole = torch.randn(3, 8)
        self.rows = nn.ParameterList([nn.Parameter(whole[:2]), nn.Parameter(whole[1:])])

    def forward(self, x):
        return (
            self.there(x) + self.back(x) + (x @ self.rows[0].T @ self.rows[1] * x).sum(1)[:, None]
        )


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(8, 4, num_layers=2, dropout=0.2)
        self.last = nn.utils.parametrizations.weight_norm(nn.Linear(4, 1))

    def forward(self, x):
        return self.last(self.lstm(x)[0])


def old_weight_norm():
    """Its weight is no leaf: after a forward it cannot be deep-copied."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        model = nn.Sequential(nn.utils.weight_norm(nn.Linear(8, 16)), nn.Linear(16, 1))
    model(INPUTS)
    with pytest.raises(RuntimeError, match="deepcopy"):
        copy.deepcopy(model)
    return model


MODELS = {
    "restless": Restless,
    "tied": Tied,
    "recurrent": Recurrent,
    "weight_norm": old_weight_norm,
    "spectral_norm": lambda: nn.utils.parametrizations.spectral_norm(nn.Linear(8, 1)),
    "eval mode": lambda: Restless().eval(),
    "bfloat16": lambda: network().to(torch.bfloat16),
}


def shared_lr(model):
    lr = torch.tensor(0.01)
    return torch.optim.Adam([{"params": [p]} for p in model.parameters()], lr=lr, capturable=False)


OPTIMIZERS = {
    "SGD": lambda model: sgd(model, 0.01, momentum=0.9),
    "AdamW": lambda model: torch.optim.AdamW(model.parameters(), lr=1e-3, amsgrad=True),
    "Tensor": shared_lr,
    "Adagrad": lambda model: torch.optim.Adagrad(model.parameters(), lr=1e-3),
    "RMSprop": lambda model: torch.optim.RMSprop(model.parameters(), lr=1e-3, centered=True),
    "Adafactor": lambda model: torch.optim.Adafactor(model.parameters()),
    "LBFGS": lambda model: torch.optim.LBFGS(
        [p for p in model.parameters() if p.requires_grad], lr=0.1, max_iter=3
    ),
}


def portrait(*things):
    """All that objects hold, as plain data: which object stands where, and every bit of it."""
    seen, lines, waiting = set(), [], [("", thing) for thing in things]
    held = []
    while waiting:
        path, thing = waiting.pop()
        held.append(thing)
        lines.append((path, type(thing).__name__, id(thing)))
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        if isinstance(thing, torch.Tensor):
            data = thing.detach()
            bits = (
                data.contiguous().flatten().view(torch.uint8)
                if data.numel() and data.dim()
                else data.reshape(1).view(torch.uint8)
            )
            lines.append((path, bits.numpy().tobytes(), tuple(thing.shape), thing.stride(),
                          thing.data_ptr(), thing.requires_grad, str(thing.dtype)))  # fmt: skip
            if thing.is_leaf:
                waiting.append((path + ".grad", thing.grad))
        elif isinstance(thing, np.ndarray):
            lines.append((path, thing.tobytes()))
        elif isinstance(thing, torch.Generator):
            lines.append((path, thing.get_state().numpy().tobytes()))
        elif isinstance(thing, np.random.Generator):
            lines.append((path, str(thing.bit_generator.state)))
        elif isinstance(thing, random.Random):
            lines.append((path, thing.getstate()))
        elif isinstance(thing, dict):
            waiting += [(f"{path}[{i}]", x) for i, pair in enumerate(thing.items()) for x in pair]
        elif isinstance(thing, (list, tuple)):
            waiting += [(f"{path}[{i}]", x) for i, x in enumerate(thing)]
        elif isinstance(thing, (nn.Module, torch.optim.Optimizer)):
            waiting.append((path + ".", vars(thing)))
        else:
            lines.append((path, repr(thing)))
    rng = np.random.get_state()
    lines.append(
        (random.getstate(), rng[1].tobytes(), rng[2:], torch.get_rng_state().numpy().tobytes())
    )
    return lines, held


def lines(*things):
    return portrait(*things)[0]


def trained(model_name, optimizer_name):
    """A model and an optimizer in the middle of training."""
    torch.manual_seed(5)
    model = MODELS[model_name]()
    optimizer = OPTIMIZERS[optimizer_name](model)
    dtype = next(model.parameters()).dtype

    def loss_fn(model, batch):
        inputs, targets = batch
        return F.mse_loss(model(inputs.to(dtype)), targets.to(dtype))

    for batch in BATCHES[:3]:

        def closure(batch=batch):
            optimizer.zero_grad()
            loss = loss_fn(model, batch)
            loss.backward()
            return loss

        optimizer.step(closure)
    if model_name == "eval mode":
        model.eval()
    return model, optimizer, loss_fn


@pytest.mark.parametrize("model_name", MODELS)
@pytest.mark.parametrize("optimizer_name", ["SGD", "AdamW", "Tensor"])
def test_no_trace_in_models(model_name, optimizer_name):
    model, optimizer, loss_fn = trained(model_name, optimizer_name)
    before, _held = portrait(model, optimizer)
    found = range_test(model, optimizer, loss_fn, BATCHES, steps=30)
    assert len(found.losses) > 10
    assert lines(model, optimizer) == before


@pytest.mark.parametrize("optimizer_name", OPTIMIZERS)
@pytest.mark.parametrize("is_new", [True, False], ids=["new", "with state"])
def test_no_trace_in_optimizers(optimizer_name, is_new):
    if is_new:
        model, loss_fn = network(), mse
        optimizer = OPTIMIZERS[optimizer_name](model)
    else:
        model, optimizer, loss_fn = trained("tied", optimizer_name)
    before, _held = portrait(model, optimizer)
    found = range_test(model, optimizer, loss_fn, BATCHES, steps=30)
    assert len(found.losses) > 10
    assert lines(model, optimizer) == before
    if is_new:
        fresh = {key for group in optimizer.param_groups for key in group}
        assert "initial_lr" not in fresh


def test_an_optimizer_that_asks_for_a_closure_is_tested_with_one():
    model = network()
    found = range_test(model, OPTIMIZERS["LBFGS"](model), mse, BATCHES[:1], steps=40)
    assert found.suggestion is not None


class Stop(Exception):
    pass


@settings(max_examples=60)
@given(
    model_name=st.sampled_from(sorted(MODELS)),
    optimizer_name=st.sampled_from(["SGD", "AdamW", "Tensor"]),
    error=st.sampled_from([KeyboardInterrupt, Stop, SystemExit]),
    where=st.sampled_from(["before the loss", "after the loss", "backward", "batches", "step"]),
    at=st.integers(1, 12),
)
@example("restless", "Tensor", KeyboardInterrupt, "batches", 1)
def test_no_trace_after_an_interrupt(model_name, optimizer_name, error, where, at):
    model, optimizer, loss_fn = trained(model_name, optimizer_name)
    calls = itertools.count(1)

    def strike(*_):
        if next(calls) == at:
            raise error("struck")

    def loss(model, batch):
        if where == "before the loss":
            strike()
        found = loss_fn(model, batch)
        if where == "after the loss":
            strike()
        if where == "backward":
            found.register_hook(strike)
        return found

    def batches():
        for batch in itertools.cycle(BATCHES):
            if where == "batches":
                strike()
            yield batch

    if where == "step":  # in the midst of the optimizer's step, after some parameters

        class Struck(type(optimizer)):
            def step(self, closure=None):
                super().step(closure)
                strike()

        optimizer.__class__ = Struck
    before, _held = portrait(model, optimizer)
    with pytest.raises(error, match="struck"):
        range_test(model, optimizer, loss, batches(), steps=14, diverge=None, high=1e-3)
    assert lines(model, optimizer) == before


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs a timer")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # in a callback
def test_no_trace_after_ctrl_c_at_any_moment():
    """A signal comes between any two lines, also while things are noted and put back."""
    model, optimizer, loss_fn = trained("restless", "AdamW")
    before, _held = portrait(model, optimizer)
    struck = 0
    draw = random.Random(7)

    def handler(*_):
        signal.setitimer(signal.ITIMER_REAL, 0)
        raise KeyboardInterrupt

    previous = signal.signal(signal.SIGALRM, handler)
    try:
        for _ in range(60):
            try:
                signal.setitimer(signal.ITIMER_REAL, draw.uniform(1e-4, 0.03))
                range_test(model, optimizer, loss_fn, BATCHES, steps=15, diverge=None)
                signal.setitimer(signal.ITIMER_REAL, 0)
            except KeyboardInterrupt:
                struck += 1
            assert lines(model, optimizer) == before
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
    assert struck > 10


@pytest.mark.parametrize("nth", [1, 2, 10, 40])
def test_ctrl_c_while_things_are_put_back_waits(nth):
    model, optimizer, loss_fn = trained("restless", "AdamW")
    before, _held = portrait(model, optimizer)
    noted = Kept(model, optimizer)
    calls = itertools.count(1)

    def interrupted(undo):
        undo()
        if next(calls) == nth:
            raise KeyboardInterrupt("struck")

    noted._undo[:] = [functools.partial(interrupted, undo) for undo in noted._undo]
    loss_fn(model, BATCHES[0]).backward()
    optimizer.step()
    with pytest.raises(KeyboardInterrupt, match="struck"):
        noted.restore()
    assert lines(model, optimizer) == before


def test_the_parameters_gone_elsewhere_come_back():
    """`p.data = …` and a resized storage, as some optimizers and wrappers do it."""
    model, optimizer, loss_fn = trained("tied", "SGD")
    before, _held = portrait(model, optimizer)

    def loss(model, batch):
        for p in model.parameters():
            p.data = p.data.clone()
        return loss_fn(model, batch)

    range_test(model, optimizer, loss, BATCHES, steps=10)
    assert lines(model, optimizer) == before


def test_the_second_test_finds_the_same_as_the_first():
    data = TensorDataset(INPUTS, TARGETS)
    for generator in (None, torch.Generator().manual_seed(9)):  # the global one, and its own
        loader = DataLoader(data, 16, shuffle=True, generator=generator)
        model, optimizer, loss_fn = trained("restless", "SGD")
        first = range_test(model, optimizer, loss_fn, loader, steps=30)
        again = range_test(model, optimizer, loss_fn, loader, steps=30)
        assert first.losses.tolist() == again.losses.tolist()


def test_what_the_loss_function_uses_is_put_back():
    model = network()
    optimizer = sgd(model)

    def used(make):
        loss = ScheduledLoss([(nn.MSELoss(), 3), (nn.L1Loss(), None)])
        range_test(model, optimizer, make(loss), BATCHES, steps=12, diverge=None)
        return loss.calls

    def by_argument(loss, model, batch):
        return loss(model(batch[0]), batch[1])

    class Criterion:
        def __init__(self, loss):
            self.loss = loss

    assert used(lambda loss: lambda model, batch: loss(model(batch[0]), batch[1])) == 0
    assert used(lambda loss: functools.partial(by_argument, loss)) == 0

    class Both(nn.Module):
        def __init__(self, loss):
            super().__init__()
            self.loss = loss

        def forward(self, model, batch):
            return self.loss(model(batch[0]), batch[1])

        def method(self, model, batch):
            return self(model, batch)

    assert used(Both) == 0
    assert used(lambda loss: Both(loss).method) == 0


# Schedulers and hooks.


@pytest.mark.filterwarnings("ignore:.*has been overridden")
def test_no_scheduler_counts_and_no_hook_is_called():
    model = network()
    optimizer = sgd(model)
    called = []
    optimizer.register_step_pre_hook(lambda *_: called.append("pre"))
    optimizer.register_step_post_hook(lambda *_: called.append("post"))
    ours = Scheduler(optimizer, "warmup(10) >> cosine(_, 0, 90)")
    theirs = torch.optim.lr_scheduler.StepLR(optimizer, 3)
    plain_step = optimizer.step

    def counted(*arguments):
        called.append("patch")
        return plain_step(*arguments)

    optimizer.step = counted
    before, _held = portrait(model, optimizer)
    states = ours.state_dict(), theirs.state_dict()
    range_test(model, optimizer, mse, BATCHES, steps=20)
    assert called == []
    assert lines(model, optimizer) == before
    assert (ours.state_dict(), theirs.state_dict()) == states
    assert not hasattr(optimizer, "_opt_called")

    mse(model, BATCHES[0]).backward()
    optimizer.step()
    ours.step()
    assert called == ["patch", "pre", "post"]
    assert ours.last_epoch == 1


@pytest.mark.parametrize("clock", ["calls", "updates"])
def test_a_run_with_a_range_test_in_its_midst_is_the_run_without(clock):
    def run(tests):
        torch.manual_seed(0)
        model, optimizer, _ = trained("restless", "AdamW")
        scheduler = Scheduler(optimizer, "warmup(5) >> cosine(_, 0, 20)", clock=clock)
        losses = []
        for step, batch in enumerate(BATCHES * 5):
            if step in tests:
                range_test(model, optimizer, mse, BATCHES, steps=15)
            loss = mse(model, batch)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if clock == "calls":
                scheduler.step()
            losses.append((loss.item(), scheduler.get_last_lr()))
        return losses

    assert run([0, 7, 12]) == run([])


def test_it_trains_a_model_in_eval_mode_and_under_no_grad():
    model = nn.Sequential(nn.BatchNorm1d(8), nn.Linear(8, 1)).eval()
    modes = []

    def loss_fn(model, batch):
        modes.append(model[0].training)
        return mse(model, batch)

    with torch.no_grad():
        found = range_test(model, sgd(model), loss_fn, BATCHES)
    assert found.suggestion is not None
    assert all(modes)
    assert not model.training
    assert not model[0].training


def test_a_submodule_in_eval_mode_stays_so():
    model = nn.Sequential(nn.BatchNorm1d(8), nn.Linear(8, 1))
    model[0].eval()
    modes = []
    range_test(
        model,
        sgd(model),
        lambda model, batch: modes.append(model[0].training) or mse(model, batch),
        BATCHES,
        steps=10,
    )
    assert modes == [False] * len(modes)


# Mistakes.


def is_lazy(thing):
    """Whether there is something in it that has no bits to look at."""
    parameters = thing.parameters() if isinstance(thing, nn.Module) else ()
    if isinstance(thing, torch.optim.Optimizer):
        parameters = [p for group in thing.param_groups for p in group["params"]]
    return any(nn.parameter.is_lazy(p) for p in parameters)


def range_of(**changed):
    model = changed.pop("model", None) or network()
    arguments = {
        "model": model,
        "optimizer": sgd(model if isinstance(model, nn.Module) else network()),
        "loss_fn": mse,
        "batches": BATCHES,
        **changed,
    }
    watched = [x for x in (arguments["model"], arguments["optimizer"]) if not is_lazy(x)]
    before, _held = portrait(*watched)
    try:
        return range_test(**arguments)
    finally:
        assert lines(*watched) == before


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        pytest.param({"low": 1, "high": 0.1}, r"to 0.1\n.*`low=0.1, high=1.0`", id="down"),
        pytest.param({"low": 1, "high": 1}, "not from 1.0 to 1.0", id="no range"),
        pytest.param({"low": 0}, "`low` is a learning rate above 0", id="a logarithm of 0"),
        pytest.param({"low": -1, "mode": "linear"}, "above 0, not -1", id="below 0"),
        pytest.param({"high": float("nan")}, "`high` is a finite number, not nan", id="nan"),
        pytest.param({"low": "1e-7"}, "`low` is a finite number, not '1e-7'", id="text"),
        pytest.param({"steps": 9}, "10 or more, not 9", id="too few steps"),
        pytest.param({"steps": 20.5}, "`steps` is a whole number", id="half a step"),
        pytest.param({"steps": True}, "`steps` is a whole number", id="a truth value"),
        pytest.param({"mode": "exponental"}, r"not 'exponental'\n.*`exponential`", id="mode"),
        pytest.param({"mode": 3}, "exponential or linear, not 3", id="no mode"),
        pytest.param({"smoothing": 1}, "at least 0 and below 1, not 1", id="smoothing"),
        pytest.param({"diverge": 1}, "above 1, not 1", id="diverge"),
        pytest.param({"batches": []}, "there are no batches", id="empty"),
        pytest.param({"batches": iter([])}, "there are no batches", id="a spent iterator"),
        pytest.param({"batches": 3}, "an iterable of batches, not a int", id="no iterable"),
        pytest.param({"batches": BATCHES[0]}, r"not a single one\n.*\[\(inputs", id="one batch"),
        pytest.param(
            {"batches": TensorDataset(INPUTS, TARGETS)}, r"not a TensorDataset\n.*Loader", id="data"
        ),
        pytest.param({"loss_fn": None}, "`loss_fn` is a function of the model", id="no loss"),
        pytest.param({"loss_fn": nn.MSELoss()}, r"targets\n.*lambda model", id="a module"),
        pytest.param({"loss_fn": F.mse_loss}, r"not outputs and targets", id="a function"),
        pytest.param(
            {"loss_fn": lambda m, b: (m(b[0]) - b[1]).square()},
            r"scalar Tensor, not one of shape \(16, 1\)(.|\n)*loss.mean\(\)",
            id="not reduced",
        ),
        pytest.param({"loss_fn": lambda m, b: mse(m, b).item()}, r"not a float\n.*item", id="item"),
        pytest.param({"loss_fn": lambda m, b: None}, r"not None\n.*return loss", id="nothing"),
        pytest.param({"loss_fn": lambda m, b: mse(m, b).detach()}, "no gradient", id="detached"),
        pytest.param({"optimizer": sgd(network())}, "none of the parameters", id="another's"),
        pytest.param({"optimizer": "sgd"}, "not a str", id="no optimizer"),
        pytest.param({"model": "net"}, "a torch.nn.Module, not a str", id="no model"),
        pytest.param({"model": network().requires_grad_(False)}, "to train", id="frozen"),
        pytest.param(
            {"model": nn.Sequential(nn.LazyLinear(4), nn.Linear(4, 1))}, "a shape", id="lazy"
        ),
    ],
)  # fmt: skip
def test_mistakes_are_told_and_change_nothing(changed, message):
    with pytest.raises(SpecError, match=message):
        range_of(**changed)


def test_a_group_without_a_learning_rate_is_told():
    model = network()
    optimizer = sgd(model)
    del optimizer.param_groups[0]["lr"]
    with pytest.raises(SpecError, match="parameter group 0 has no `lr`"):
        range_test(model, optimizer, mse, BATCHES)


# On the digits.


@pytest.fixture(scope="module")
def digits():
    """examples/train.py as a module."""
    for needed in ("sklearn", "hydra", "matplotlib", "tqdm"):
        pytest.importorskip(needed)
    spec = importlib.util.spec_from_file_location("train_example", ROOT / "examples" / "train.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("name", ["sgd", "adamw"])
def test_training_at_the_suggestion_beats_ten_times_and_a_tenth_of_it(digits, name, seed):
    """The example's network, optimizers and batches; test accuracy and loss after 3 epochs."""
    config = OmegaConf.load(ROOT / "conf" / "optimizer" / f"{name}.yaml")
    train, test = digits.load_data(seed)
    torch.manual_seed(seed)
    model = digits.make_model()
    loader = DataLoader(train, 64, shuffle=True, drop_last=True)
    optimizer = instantiate(config)(model.parameters())
    suggestion = range_test(model, optimizer, digits.loss_of, loader).suggestion

    def trained_at(lr):
        torch.manual_seed(seed)
        own = copy.deepcopy(model)
        optimizer = instantiate(config)(own.parameters(), lr=lr)
        for _ in range(3):
            for batch in loader:
                loss = digits.loss_of(own, batch)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
        return digits.accuracy(own, test), digits.test_loss(own, test)

    accuracy, loss = trained_at(suggestion)
    for other in (suggestion / 10, suggestion * 10):
        its_accuracy, its_loss = trained_at(other)
        assert accuracy > its_accuracy
        assert loss < its_loss
    assert accuracy > 0.9


# The picture.


def test_the_picture_shows_the_losses_and_the_suggestions(tmp_path):
    pytest.importorskip("matplotlib")
    model = network()
    found = range_test(model, sgd(model), mse, BATCHES)
    [axes] = found.plot(tmp_path / "range.svg").axes
    assert (tmp_path / "range.svg").read_text().startswith("<?xml")
    raw, smoothed, *marks = axes.lines
    assert axes.get_xscale() == "log"
    np.testing.assert_array_equal(raw.get_data(), [found.rates, found.losses])
    np.testing.assert_array_equal(smoothed.get_data(), [found.rates, found.smoothed])
    marked = {line.get_label().split(":")[0]: line.get_xdata()[0] for line in marks}
    assert marked["steepest descent"] == found.steepest
    assert marked["a tenth of the minimum"] == found.minimum
    assert marked["suggestion"] == found.suggestion
    first = found.smoothed[0]
    assert axes.get_ylim()[0] < found.losses.min() < first < axes.get_ylim()[1] < 2 * first


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(script([float("nan")] * 10), id="nothing finite"),
        pytest.param(script([2.0] * 10, mode="linear", low=0), id="flat, from 0"),
    ],
)
def test_a_picture_of_little(found):
    pytest.importorskip("matplotlib")
    found.plot().draw_without_rendering()


def test_another_kind_of_file_is_told_before_anything_is_drawn(tmp_path):
    pytest.importorskip("matplotlib")
    with pytest.raises(ValueError, match=r"a picture is .svg, .png or .pdf, not 'range.jpg'"):
        script(FALL).plot("range.jpg")


def test_matplotlib_is_needed_for_the_picture_alone():
    code = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "import torch; from lrdsl.torch import range_test\n"
        "m = torch.nn.Linear(1, 1); o = torch.optim.SGD(m.parameters(), lr=1)\n"
        "r = range_test(m, o, lambda m, b: m(b).square().mean(), [torch.ones(4, 1)])\n"
        "try: r.plot()\n"
        "except ModuleNotFoundError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=900)
    assert "a figure needs matplotlib: pip install 'lrdsl[plot]'" in done.stdout, done.stderr
