"""Optimizers whose `step` calls that of their base class: an update counts once."""

import pytest

torch = pytest.importorskip("torch")

from torch.optim import SGD, Adam, NAdam  # noqa: E402

from lrdsl.torch import Scheduler, attach  # noqa: E402


def weight():
    parameter = torch.nn.Parameter(torch.zeros(1))
    parameter.grad = torch.ones(1)
    return parameter


class Forwards(NAdam):
    def step(self, closure=None):
        return super().step(closure)


class Deeper(Forwards):
    def step(self, closure=None):
        return super().step(closure)


class Twice(SGD):
    """Makes two steps of its base class in one update, as sharpness-aware optimizers do."""

    def step(self, closure=None):
        super().step()
        return super().step(closure)


class Retries(Adam):
    """Catches the exception of a first try."""

    def step(self, closure=None):
        def fails():
            raise FloatingPointError

        try:
            super().step(fails)
        except FloatingPointError:
            super().step(closure)


class GivesUp(Adam):
    """Catches the exception of its only try."""

    def step(self, closure=None):
        def fails():
            raise FloatingPointError

        try:
            super().step(fails)
        except FloatingPointError:
            return None


class Other(torch.optim.Optimizer):
    """Updates by an optimizer of another class, which it holds."""

    def __init__(self, params, lr):
        super().__init__(params, {"lr": lr})
        self.inner = SGD(self.param_groups, lr=lr)

    def step(self, closure=None):
        return self.inner.step(closure)


@pytest.mark.parametrize("made", [Forwards, Deeper, Twice, Retries, GivesUp, Other])
@pytest.mark.parametrize("bases_are_hooked", [False, True])
def test_an_update_counts_once(made, bases_are_hooked):
    if bases_are_hooked:
        for base in (NAdam, SGD, Adam, Forwards):
            base([weight()], lr=0.1)
    scheduler = attach(made([weight()], lr=1.0), "linear(1, 0, 10)")
    for count in range(1, 4):
        scheduler.optimizer.step()
        assert scheduler.last_epoch == count
        assert scheduler.optimizer.param_groups[0]["lr"] == pytest.approx(1 - count / 10)


@pytest.mark.parametrize("failing", ["outer", "inner", "closure"])
def test_an_exception_in_a_step_leaves_the_count_right(failing):
    class Fails(Forwards):
        fails = False

        def step(self, closure=None):
            if self.fails and failing == "outer":
                raise FloatingPointError
            result = super().step(closure)
            if self.fails and failing == "inner":
                raise FloatingPointError
            return result

    def closure():
        raise FloatingPointError

    NAdam([weight()])
    Forwards([weight()])
    scheduler = attach(Fails([weight()], lr=1.0), "linear(1, 0, 10)")
    scheduler.optimizer.step()
    for _ in range(2):
        scheduler.optimizer.fails = True
        with pytest.raises(FloatingPointError):
            scheduler.optimizer.step(closure if failing == "closure" else None)
        scheduler.optimizer.fails = False
        assert scheduler.last_epoch == 1
    for count in range(2, 5):
        scheduler.optimizer.step()
        assert scheduler.last_epoch == count


def test_by_the_clock_of_calls_a_nested_step_counts_nothing():
    NAdam([weight()])
    scheduler = Scheduler(Forwards([weight()], lr=1.0), "linear(1, 0, 10)")
    for count in range(1, 4):
        scheduler.optimizer.step()
        scheduler.step()
        assert scheduler.last_epoch == count


def test_an_update_of_one_optimizer_inside_that_of_another_counts_for_each():
    inner = attach(SGD([weight()], lr=1.0), "linear(1, 0, 10)")
    outer = attach(SGD([weight()], lr=1.0), "linear(1, 0, 10)")

    def closure():
        inner.optimizer.step()

    for count in range(1, 4):
        outer.optimizer.step(closure)
        assert (outer.last_epoch, inner.last_epoch) == (count, count)
