"""The learning-rate range test leaves no trace."""

import copy
import functools
import itertools
import random
import signal
import warnings

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from hypothesis import example, given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402
from torch.utils.data import DataLoader, TensorDataset  # noqa: E402

from lrdsl.torch import ScheduledLoss, Scheduler, range_test  # noqa: E402
from lrdsl.torch.lr_finder.snapshot import TrainingSnapshot  # noqa: E402
from tests.support.small_regression import (  # noqa: E402
    BATCHES,
    INPUTS,
    TARGETS,
    lines,
    mse,
    network,
    portrait,
    sgd,
)

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
    noted = TrainingSnapshot(model, optimizer)
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
