"""Mistyped names of driven numbers, and those by which others call them."""

import pytest

import lrdsl

torch = pytest.importorskip("torch")

from torch import optim  # noqa: E402

from lrdsl.torch import Scheduler  # noqa: E402
from tests.support.scheduler_runs import weight  # noqa: E402


@pytest.mark.parametrize(
    ("make", "name", "meant"),
    [
        pytest.param(optim.AdamW, "wd", "weight_decay", id="wd"),
        pytest.param(optim.SGD, "wd", "weight_decay", id="wd of SGD"),
        pytest.param(optim.AdamW, "WeightDecay", "weight_decay", id="in camels"),
        pytest.param(optim.AdamW, "weight-decay", "weight_decay", id="with a hyphen"),
        pytest.param(optim.AdamW, "l2", "weight_decay", id="l2"),
        pytest.param(optim.AdamW, "learning_rate", "lr", id="learning_rate"),
        pytest.param(optim.SGD, "LearningRate", "lr", id="LearningRate"),
        pytest.param(optim.AdamW, "eta", "lr", id="eta"),
        pytest.param(optim.AdamW, "beta1", "betas[0]", id="beta1"),
        pytest.param(optim.AdamW, "beta_2", "betas[1]", id="beta_2"),
        pytest.param(optim.AdamW, "adam_beta2", "betas[1]", id="transformers' beta"),
        pytest.param(optim.AdamW, "mom", "betas[0]", id="mom of Adam"),
        pytest.param(optim.SGD, "mom", "momentum", id="mom"),
        pytest.param(optim.SGD, "mu", "momentum", id="mu"),
        pytest.param(optim.SGD, "beta1", "momentum", id="beta1 of SGD"),
        pytest.param(optim.RMSprop, "rho", "alpha", id="rho of RMSprop"),
        pytest.param(optim.Adadelta, "alpha", "rho", id="alpha of Adadelta"),
        pytest.param(optim.AdamW, "epsilon", "eps", id="epsilon"),
        pytest.param(optim.AdamW, "weigth_decay", "weight_decay", id="mistyped"),
        pytest.param(optim.SGD, "eps", None, id="SGD has none"),
        pytest.param(optim.SGD, "beta2", None, id="SGD has one beta"),
        pytest.param(optim.SGD, "zzz", None, id="nothing near"),
    ],
)
@pytest.mark.parametrize("program", ["alone", "beside lr"])
def test_the_key_of_this_optimizer_is_named(make, name, meant, program):
    spec = {name: "cosine(1, 0, 9)", **({"lr": "0.1"} if program != "alone" else {})}
    with pytest.raises(lrdsl.SpecError, match=f"parameter group 0 has no `{name}`") as caught:
        Scheduler(make([weight()], lr=0.1), spec)
    [diagnostic] = caught.value.diagnostics
    assert diagnostic.fix is not None
    assert diagnostic.fix.partition("?")[0] == (
        diagnostic.fix if meant is None else f"did you mean `{meant}`"
    )
    assert "the group has" in diagnostic.fix.lower()
