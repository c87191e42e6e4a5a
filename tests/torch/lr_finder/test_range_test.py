"""The learning-rate range test: what it finds, and its mistakes."""

import copy
import importlib.util
import itertools

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from hydra.utils import instantiate  # noqa: E402
from omegaconf import OmegaConf  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402
from torch.utils.data import DataLoader, TensorDataset  # noqa: E402

import lrdsl  # noqa: E402
from lrdsl import SpecError  # noqa: E402
from lrdsl.torch import RangeTest, Scheduler, range_test  # noqa: E402
from tests.support.paths import ROOT  # noqa: E402
from tests.support.small_regression import (  # noqa: E402
    BATCHES,
    FALL,
    INPUTS,
    TARGETS,
    lines,
    mse,
    network,
    portrait,
    script,
    sgd,
)

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
        pytest.param({"low": 0}, "`low` must be a learning rate above 0", id="a logarithm of 0"),
        pytest.param({"low": -1, "mode": "linear"}, "above 0, not -1", id="below 0"),
        pytest.param({"high": float("nan")}, "`high` must be a finite number, not nan", id="nan"),
        pytest.param({"low": "1e-7"}, "`low` must be a finite number, not '1e-7'", id="text"),
        pytest.param({"steps": 9}, "10 or more, not 9", id="too few steps"),
        pytest.param({"steps": 20.5}, "`steps` must be a whole number", id="half a step"),
        pytest.param({"steps": True}, "`steps` must be a whole number", id="a truth value"),
        pytest.param({"mode": "exponental"}, r"not 'exponental'\n.*`exponential`", id="mode"),
        pytest.param({"mode": 3}, '"exponential", "linear", not 3', id="no mode"),
        pytest.param({"smoothing": 1}, "at least 0 and below 1, not 1", id="smoothing"),
        pytest.param({"diverge": 1}, "above 1, not 1", id="diverge"),
        pytest.param({"batches": []}, "`batches` is empty", id="empty"),
        pytest.param({"batches": iter([])}, "`batches` is empty", id="a spent iterator"),
        pytest.param({"batches": 3}, "an iterable of batches, not a int", id="no iterable"),
        pytest.param({"batches": BATCHES[0]}, r"not a single one\n.*\[\(inputs", id="one batch"),
        pytest.param(
            {"batches": TensorDataset(INPUTS, TARGETS)}, r"not a TensorDataset\n.*Loader", id="data"
        ),
        pytest.param({"loss_fn": None}, "`loss_fn` must be a function of the model", id="no loss"),
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
            {"model": nn.Sequential(nn.LazyLinear(4), nn.Linear(4, 1))}, "has lazy", id="lazy"
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
