"""One Scheduler for several optimizers: one clock, one state, one preview."""

import copy
import io
import pickle
import warnings

import pytest
from hydra.utils import instantiate
from hypothesis import given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf

import lrdsl

torch = pytest.importorskip("torch")

from lrdsl.torch import Scheduler, attach, attached, log_to_text  # noqa: E402

LR = {"muon/*": "warmup(5) >> cosine(_, 0)", "adamw/*": "linear(base, 0)"}


def matrix():
    return torch.nn.Parameter(torch.ones(2, 2))


def muon(lr=0.02, **options):
    return torch.optim.Muon([matrix()], lr=lr, **options)


def adamw(*names, lr=0.001, **options):
    groups = [
        {"params": [matrix()], **({} if name is None else {"name": name})}
        for name in names or (None,)
    ]
    return torch.optim.AdamW(groups, lr=lr, **options)


def both(*names):
    return {"muon": muon(), "adamw": adamw(*names)}


def update(optimizers):
    for each in optimizers.values():
        for group in each.param_groups:
            for parameter in group["params"]:
                parameter.grad = torch.ones_like(parameter)
        each.step()


def rates(optimizers, key="lr"):
    return [group[key] for each in optimizers.values() for group in each.param_groups]


def saved(state):
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


specs = st.sampled_from(
    ["cosine(base, 0)", "warmup(5) >> linear(_, 0)", "base / 2", "linear(base, 0, 9) | repeat()"]
)


@settings(max_examples=25, deadline=None)
@given(
    one=specs,
    two=specs,
    sizes=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    make=st.sampled_from([Scheduler, attach]),
    scale=st.sampled_from([None, 0.5]),
)
def test_they_have_the_numbers_of_schedulers_of_their_own(one, two, sizes, make, scale):
    """Differential: each optimizer beside one that a Scheduler drives alone."""

    def optimizers():
        found = {}
        for name, size, lr in (("a", sizes[0], 0.5), ("b", sizes[1], 0.25)):
            groups = [{"params": [matrix()], "lr": lr * (i + 1)} for i in range(size)]
            if scale is not None:
                groups[-1]["lr_scale"] = scale
            found[name] = torch.optim.SGD(groups, momentum=0.9)
        return found

    joint, apart = optimizers(), optimizers()
    program = {"lr": {"a/*": one, "b/*": two}, "momentum": "lr / 2"}
    scheduler = make(joint, program, total_steps=20)
    others = [
        make(apart[name], {"lr": spec, "momentum": "lr / 2"}, total_steps=20)
        for name, spec in (("a", one), ("b", two))
    ]
    shown = scheduler.preview(20)
    for t in range(20):
        for key in ("lr", "momentum"):
            assert rates(joint, key) == rates(apart, key) == shown[key][:, t].tolist()
        update(joint)
        update(apart)
        for each in (scheduler, *others):
            if make is Scheduler:
                each.step()


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        pytest.param({"muon/*": "1", "adamw/*": "2"}, [1, 2, 2, 2], id="all of each"),
        pytest.param({"muon/*": "1", "*": "2"}, [1, 2, 2, 2], id="all others"),
        pytest.param({"adamw/head": "3", "*": "2"}, [2, 2, 3, 2], id="a group of one"),
        pytest.param({"head": "3", "*": "2"}, [2, 2, 3, 2], id="a group by its name alone"),
        pytest.param({0: "1", "*": "2"}, [1, 1, 2, 2], id="the first group of each"),
        pytest.param({"adamw/0": "1", "adamw/2": "4", "*": "2"}, [2, 1, 2, 4], id="by index"),
        pytest.param({"a*/he*": "1", "m*/*": "3", "*/*": "2"}, [3, 2, 1, 2], id="globs"),
        pytest.param({"adamw/a/b": "7", "*": "2"}, [2, 2, 2, 7], id="a name with a stroke"),
    ],
)
def test_patterns(program, expected):
    optimizers = both("body", "head", "a/b")
    Scheduler(optimizers, {"lr": program})
    assert rates(optimizers) == expected


def test_names_of_a_list():
    optimizers = [muon(), adamw("x", None)]
    scheduler = Scheduler(optimizers, {"lr": {"0/*": "1", "1/x": "2", "1/1": "3"}})
    assert scheduler.get_last_lr() == [1, 2, 3]
    assert [*scheduler.optimizers] == ["0", "1"]
    assert scheduler.optimizer is optimizers[0]
    assert Scheduler(muon(), "1").optimizers.keys() == {"0"}


@pytest.mark.parametrize(
    ("make", "program", "match"),
    [
        pytest.param(lambda: {"a/b": muon()}, "1", "without `/`, not 'a/b'", id="a stroke"),
        pytest.param(lambda: {3: muon()}, "1", "without `/`, not 3", id="no text"),
        pytest.param(
            lambda: {"a": 3}, "1", "`a` must be a torch.optim.Optimizer, not a int", id="3"
        ),
        pytest.param(dict, "1", "and there is none", id="none"),
        pytest.param(lambda: [muon()] * 2, "1", "given twice", id="twice"),
        pytest.param(lambda: "muon", "1", "or several, not a str", id="text"),
        pytest.param(
            both, {"lr": {"muon/*": 1}}, "nothing drives `lr` in .* 1 `adamw/0`", id="left"
        ),
        pytest.param(both, {"lr": {"mon/*": 1, "*": 1}}, "`mon/\\*` of `lr` matches no", id="typo"),
        pytest.param(both, {"lr": 1, "betas[1]": 0.9}, "0 has no `betas", id="another's number"),
    ],
)
def test_mistakes(make, program, match):
    optimizers = make()
    with pytest.raises(lrdsl.SpecError, match=match):
        Scheduler(optimizers, program)


def test_momentum_is_that_of_each():
    optimizers = both()
    Scheduler(optimizers, {"lr": "base", "momentum": {"muon/*": 0.8, "adamw/*": 0.7}})
    assert optimizers["muon"].param_groups[0]["momentum"] == 0.8
    assert optimizers["adamw"].param_groups[0]["betas"] == (0.7, 0.999)


def test_the_last_counts():
    optimizers = both()
    scheduler = attach(optimizers, {"lr": LR}, total_steps=20, values={"ema": "linear(0, 1)"})
    optimizers["muon"].step()
    assert (scheduler.last_epoch, scheduler.values["ema"]) == (0, 0)
    optimizers["muon"].step()  # a second one, as of a discriminator
    assert scheduler.last_epoch == 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        optimizers["adamw"].step()
    assert (scheduler.last_epoch, scheduler.values["ema"]) == (1, 0.05)


def test_an_order_that_is_not_the_named_one_is_told():
    optimizers = both()
    scheduler = attach(optimizers, {"lr": LR}, total_steps=20)
    with pytest.warns(UserWarning, match="`adamw` has stepped, .* before `muon`: name"):
        optimizers["adamw"].step()
    assert scheduler.last_epoch == 1


def test_groups_come_and_are_loaded():
    optimizers = both()
    scheduler = attach(optimizers, {"lr": LR}, total_steps=20)
    for _ in range(4):
        update(optimizers)
    optimizers["muon"].add_param_group({"params": [matrix()], "lr": 0.01, "initial_lr": 0.01})
    optimizers["adamw"].load_state_dict(saved(optimizers["adamw"].state_dict()))
    update(optimizers)
    warm, linear = lrdsl.compile("warmup(5) >> cosine(_, 0)", total_steps=20, base_lr=0.02)(5), 0.75
    assert rates(optimizers) == [warm, warm / 2, 0.001 * linear]
    assert scheduler.preview(1)["lr"].shape == (3, 1)


def test_a_new_group_takes_the_default_of_its_optimizer():
    optimizers = both()
    scheduler = attach(optimizers, {"lr": "linear(base, 0, 10)"})
    update(optimizers)
    optimizers["adamw"].add_param_group({"params": [matrix()]})
    update(optimizers)
    assert scheduler.base_lrs == [0.02, 0.001, 0.001]


def test_tensors():
    optimizers = {"a": adamw(lr=torch.tensor(0.5)), "b": adamw(lr=torch.tensor(0.25))}
    scheduler = attach(optimizers, "linear(base, 0, 4)")
    before = rates(optimizers)
    update(optimizers)
    assert [rate.item() for rate in rates(optimizers)] == [0.375, 0.1875]
    assert all(one is other for one, other in zip(rates(optimizers), before, strict=True))
    assert scheduler.base_lrs == [0.5, 0.25]


# Ownership, copies, logs.


def test_ownership():
    optimizers = both()
    scheduler = attach(optimizers, {"lr": LR}, total_steps=20)
    assert attached(optimizers["muon"]) == attached(optimizers["adamw"]) == (scheduler,)
    for each in (optimizers, optimizers["adamw"], [muon(), optimizers["muon"]]):
        with pytest.raises(lrdsl.SpecError, match="already driven by"):
            attach(each, "0.1")
    attach(optimizers["adamw"], {"weight_decay": "linear(base, 0, 9)"})
    scheduler.detach()
    attach(optimizers["muon"], "0.1")
    update(optimizers)
    assert scheduler.last_epoch == 0


def test_a_second_writer_is_told():
    optimizers = both()
    attach(optimizers, {"lr": LR}, total_steps=20)
    for each in optimizers.values():
        each.param_groups[0]["lr"] = 0.5
    with pytest.warns(UserWarning, match="something else writes it too"):
        update(optimizers)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
@pytest.mark.parametrize("make", [Scheduler, attach])
def test_copies_have_their_own_optimizers(copied, make):
    optimizers = both("body", "head")
    scheduler = make(optimizers, {"lr": LR}, total_steps=20)
    other = copied(scheduler)
    for _ in range(3):
        update(other.optimizers)
        if make is Scheduler:
            other.step()
    assert (other.last_epoch, scheduler.last_epoch) == (3, 0)
    assert rates(other.optimizers) == other.get_last_lr() != rates(optimizers)
    same = copy.copy(scheduler)
    assert [*same.optimizers.values()] == [*optimizers.values()]


def test_logs_have_the_names_of_both():
    optimizers, lines = both("head", None), []
    scheduler = Scheduler(optimizers, {"lr": LR}, total_steps=20)
    log_to_text(scheduler, lines.append)
    update(optimizers)
    scheduler.step()
    assert lines == ["update 0: lr[muon/0]=0 lr[adamw/head]=0.001 lr[adamw/1]=0.001"]
    assert "<Scheduler of Muon, AdamW at update 1 of 20" in repr(scheduler)
    assert "lr[adamw/head, adamw/1]=linear(base, 0)" in repr(scheduler)
    assert "adamw/head" in scheduler._repr_html_()


# Plans, metrics, states.


def test_plans_and_metrics():
    optimizers = both()
    program = {"lr": {"muon/*": "hold() | plateau(0.5, 0)", "*": "linear(base, 0)"}}
    scheduler = attach(optimizers, program, total_steps=20)
    for _ in range(10):
        update(optimizers)
    scheduler.observe(1.0)
    scheduler.observe(2.0)
    assert scheduler.get_last_lr() == [0.01, 0.0005]
    scheduler.replan({"lr": {"adamw/*": "hold()", "*": "linear(_, 0, 10)"}})
    for _ in range(5):
        update(optimizers)
    assert rates(optimizers) == [0.005, 0.0005]
    again = attach(both(), program, total_steps=20)
    again.load_state_dict(saved(scheduler.state_dict()))
    assert again.preview(9)["lr"].tolist() == scheduler.preview(9)["lr"].tolist()
    assert again.state_dict() == scheduler.state_dict()


@pytest.mark.parametrize("on_change", ["warn", "error", "keep"])
@pytest.mark.parametrize("order", ["came", "went", "turned round"])
def test_an_optimizer_came_or_went(on_change, order):
    made = {"muon": muon, "adamw": adamw}
    more = {"muon": muon, "sgd": lambda: torch.optim.SGD([matrix()], lr=0.5), "adamw": adamw}
    turned = {"adamw": adamw, "muon": muon}
    pairs = {"came": (made, more), "went": (more, made), "turned round": (made, turned)}
    before, after = [{k: make() for k, make in each.items()} for each in pairs[order]]
    program = {"lr": {"adamw/*": "linear(base, 0)", "*": "cosine(base, 0)"}}
    scheduler = attach(before, program, total_steps=20)
    for _ in range(5):
        update(before)
    state = saved(scheduler.state_dict())
    other = attach(after, program, total_steps=20, on_change=on_change)
    match = r"parameter groups \(`muon/0`, .* instead of"
    if on_change == "error":
        with pytest.raises(lrdsl.SpecError, match=match):
            other.load_state_dict(state)
        return
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        other.load_state_dict(state)
    assert len(caught) == (on_change == "warn")
    cosine, t = lrdsl.compile("cosine(1, 0)", total_steps=20)(5), other.last_epoch
    rate = {"muon": 0.02 * cosine, "adamw": 0.001 * 0.75, "sgd": 0.5 * cosine}
    assert (t, rates(after)) == (5, pytest.approx([rate[name] for name in after]))


def test_kept_bases_are_those_of_the_names():
    before = {"muon": muon(lr=0.5), "adamw": adamw(lr=0.25)}
    scheduler = attach(before, "linear(base, 0, 10)")
    after = {"adamw": adamw(), "sgd": torch.optim.SGD([matrix()], lr=2.0), "muon": muon()}
    other = attach(after, "linear(base, 0, 10)", on_change="keep")
    other.load_state_dict(scheduler.state_dict())
    assert rates(after) == [0.25, 2.0, 0.5]


def test_a_config():
    node = OmegaConf.create(
        {
            "_target_": "lrdsl.torch.attach",
            "_partial_": True,
            "spec": {"lr": {"muon/*": "linear(base, 0)", "adamw/*": "cosine(base, 0)"}},
            "values": {"ema": "cosine(0.996, 1)"},
            "total_steps": 10,
        }
    )
    optimizers = both()
    scheduler = instantiate(node)(optimizers)
    for _ in range(5):
        update(optimizers)
    assert (rates(optimizers), scheduler.values["ema"]) == ([0.01, 0.0005], 0.998)
