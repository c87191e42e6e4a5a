"""`values=`: numbers that no optimizer holds, on the clock of the optimizer's schedule."""

import copy
import csv
import io
import json
import pickle
import warnings

import numpy as np
import pytest
from hydra.utils import instantiate
from hypothesis import given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf

import lrdsl
from lrdsl.hydra.configs import AttachConf, SchedulerConf
from tests.support.counting import calls

torch = pytest.importorskip("torch")

from lrdsl.torch import (  # noqa: E402
    Scheduler,
    attach,
    log_to_csv,
    log_to_tensorboard,
    log_to_text,
)

VALUES = {
    "ema": "cosine(0.996, 1)",
    "warm": "linear(0, 1, 10)",
    "weight": "ema * warm",
}


def sgd(*lrs, **options):
    groups = [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": lr} for lr in lrs or (0.1,)]
    return torch.optim.SGD(groups, **options)


def made(spec="linear(base, 0, 100) * warm", values=VALUES, *, lrs=(0.1,), **options):
    return Scheduler(sgd(*lrs), spec, values=values, **{"total_steps": 100, **options})


def saved(state):
    """The state after a trip through a checkpoint file."""
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


def expected(name, t, total=100):
    references = {"ema": "cosine(0.996, 1)", "warm": "linear(0, 1, 10)"}
    references["weight"] = "cosine(0.996, 1) * linear(0, 1, 10)"
    return lrdsl.compile(references[name], total_steps=total)(t)


@pytest.mark.parametrize("make", [Scheduler, attach], ids=["by calls", "by updates"])
def test_values_are_those_of_the_next_update(make):
    optimizer = sgd(1.0, 0.5)
    scheduler = make(optimizer, "linear(base, 0, 100) * warm", values=VALUES, total_steps=100)
    values = scheduler.values  # stays the present one
    for t in range(120):
        assert dict(values) == {name: expected(name, t) for name in VALUES}
        whole = lrdsl.compile("linear(0.5, 0, 100) * linear(0, 1, 10)")
        assert optimizer.param_groups[1]["lr"] == whole(t)
        optimizer.step()
        if make is Scheduler:
            scheduler.step()
        if t == 99:
            warnings.simplefilter("ignore")
    assert not hasattr(values, "__setitem__")


def test_everything_shows_values(tmp_path):
    scheduler = made(lrs=(1.0, 0.5))
    assert {name: rows.shape for name, rows in scheduler.preview(5).items()} == {
        "lr": (2, 5),
        "ema": (1, 5),
        "warm": (1, 5),
        "weight": (1, 5),
    }
    rows = scheduler.preview(5)["weight"]
    assert rows.tolist() == [[expected("weight", t) for t in range(5)]]
    assert scheduler.driven["ema"][0](50) == expected("ema", 50)
    assert "ema=cosine(0.996, 1)" in repr(scheduler)
    assert "ema" in scheduler._repr_html_()

    seen, lines, points = [], [], []

    class Writer:
        def add_scalar(self, tag, value, step):
            points.append((tag, value, step))

    scheduler.on_update(lambda update, values: seen.append((update, dict(values))))
    log_to_text(scheduler, lines.append)
    log_to_tensorboard(scheduler, Writer())
    end = log_to_csv(scheduler, tmp_path / "log.csv")
    for _ in range(3):
        scheduler.optimizer.step()
        scheduler.step()
    end()
    assert seen[1][1]["ema"] == (expected("ema", 1),)
    assert lines[0] == (
        "update 0: lr[0]=0 lr[1]=0 values[ema]=0.996 values[warm]=0 values[weight]=0"
    )
    assert ("values/warm", 0.1, 1) in points
    with open(tmp_path / "log.csv", newline="") as file:
        rows = [*csv.DictReader(file)]
    assert [float(row["values[ema]"]) for row in rows] == [expected("ema", t) for t in range(3)]


def test_numbers_and_values_speak_of_each_other():
    optimizer = sgd(1.0, 1.0, weight_decay=0.5)
    scheduler = Scheduler(
        optimizer,
        {"lr": "linear(base, 0, 4) * gate", "weight_decay": "base * share"},
        values={"share": "lr / 2", "gate": "constant(1, 2) >> constant(0.5)"},
    )
    found = []
    for _ in range(4):
        found.append((*scheduler.values.values(), optimizer.param_groups[1]["weight_decay"]))
        scheduler.step()
    assert found == [
        (0.5, 1, 0.25),
        (0.375, 1, 0.1875),
        (0.125, 0.5, 0.0625),
        (0.0625, 0.5, 0.03125),
    ]


# A reference has no say in lengths, as a plain number has none: here all are of one length.
specs = st.sampled_from(
    [
        "cosine(1, 0.1, 30)",
        "warmup(linear, 5, 0, 2) >> constant(2, 25)",
        "linear(2, 1, 30)",
        "constant(0.5, 7) >> poly(0.5, 0.1, 23)",
    ]
)


@settings(max_examples=40, deadline=None)
@given(
    one=specs, two=specs, bases=st.lists(st.sampled_from([0.5, 1.0, 2.0]), min_size=1, max_size=5)
)
def test_a_name_is_what_it_stands_for(one, two, bases):
    """A schedule that names values has the numbers of one in which their specs are written out."""
    values = {"a": one, "b": f"a * ({two})"}
    scheduler = Scheduler(sgd(*bases), "base * b + a", values=values, on_end="hold")
    written = [
        lrdsl.compile(f"base * (({one}) * ({two})) + ({one})", base_lr=base) for base in bases
    ]
    shown = scheduler.preview(40)
    t = np.arange(40)
    np.testing.assert_allclose(shown["lr"], [each(t) for each in written], rtol=1e-14)
    np.testing.assert_array_equal(shown["a"][0], lrdsl.compile(one)(t))


@pytest.mark.parametrize(
    ("values", "match"),
    [
        pytest.param(
            {"ema": "base * 2"}, r"LR602.*`ema`: `base` is.*\n.*\n.*write the number", id="base"
        ),
        pytest.param({"ema": "warmup(10)"}, "what is left out here is `base`", id="base left out"),
        pytest.param({"ema": "lr"}, "`ema` refers to `lr`, which has different", id="lr of groups"),
        pytest.param({"lr": "1"}, "`lr`: the optimizer's own", id="a driven number"),
        pytest.param({"t": "1"}, "`t`: it has a meaning of its own", id="a reserved word"),
        pytest.param({"if": "1"}, "`if`: it has a meaning of its own", id="a word of the grammar"),
        pytest.param({"a b": "1"}, "`a b`: it is not a name", id="no name"),
        pytest.param({"definitions": "1"}, "`definitions`: it is not a name", id="an argument"),
        pytest.param({3: "1"}, "called 3: it is not a name", id="a number for a name"),
        pytest.param({"a": "b", "b": "2 * a"}, "circle: `a` -> `b` -> `a`", id="a circle"),
        pytest.param({"a": "1 + a"}, "`a` is what this spec is for$", id="itself"),
        pytest.param({"a": "cosin(1, 0, 9)"}, "`a`: there is no shape `cosin`", id="a mistake"),
        pytest.param({"a": {"head": "1", "*": "2"}}, "a mapping for a schedule", id="patterns"),
        pytest.param("ema", "must be a mapping", id="no mapping"),
        pytest.param({"ema": None}, "`ema`", id="nothing"),
    ],
)
def test_mistakes(values, match):
    optimizer = sgd(1.0, 0.5)
    before = [dict(group) for group in optimizer.param_groups]
    with pytest.raises(lrdsl.SpecError, match=match):
        Scheduler(optimizer, "linear(base, 0, 100)", values=values)
    assert [dict(group) for group in optimizer.param_groups] == before


def test_a_circle_through_a_driven_number_is_refused():
    with pytest.raises(lrdsl.SpecError, match="circle: `lr` -> `a` -> `lr`"):
        Scheduler(sgd(), "hold(5) * a", values={"a": "lr"})


def test_a_variable_has_no_name_of_a_value():
    with pytest.raises(lrdsl.SpecError, match="one of `values`, and a variable too"):
        Scheduler(sgd(), "0.1 * ema", values={"ema": 1}, ema=3)


def test_a_variable_of_a_value():
    assert Scheduler(sgd(), "0.1", values={"ema": "peak / 2"}, peak=3).values["ema"] == 1.5


def test_groups_that_come_later_must_share_what_a_value_names():
    optimizer = sgd(1.0)
    scheduler = Scheduler(optimizer, "linear(base, 0, 9)", values={"a": "2 * lr"})
    scheduler.step()
    optimizer.add_param_group({"params": [torch.nn.Parameter(torch.zeros(1))], "lr": 0.25})
    with pytest.raises(lrdsl.SpecError, match="different schedules"):
        scheduler.step()
    optimizer.param_groups[1]["initial_lr"] = 1.0
    scheduler.step()
    assert scheduler.values["a"] == 2 * lrdsl.compile("linear(1, 0, 9)")(2)


# Plans, metrics, states.


def test_plans():
    scheduler = made("linear(base, 0, 100)")
    scheduler.step(50)
    scheduler.replan("linear(_, 0, 10)")
    scheduler.step(60)
    assert scheduler.values["ema"] == expected("ema", 60)
    scheduler.replan(values={"ema": "linear(_, 1, 10)"})  # `weight` follows it
    assert scheduler.values["ema"] == expected("ema", 60)
    scheduler.step(65)
    middle = (expected("ema", 60) + 1) / 2
    assert dict(scheduler.values) == pytest.approx({"ema": middle, "warm": 1, "weight": middle})
    with pytest.raises(lrdsl.SpecError, match="`ema` would jump from"):
        scheduler.replan(values={"ema": "0.5"})
    with pytest.raises(lrdsl.SpecError, match="driven so far, `lr`, `ema`, `warm`, `weight`, not"):
        scheduler.replan(values={"other": "0.5"})
    assert scheduler.values["ema"] == pytest.approx(middle)


def test_extend():
    scheduler = made("linear(base, 0)", {"ema": "linear(0, 1)"})
    scheduler.step(50)
    scheduler.extend(total_steps=150)
    scheduler.step(100)
    assert scheduler.values["ema"] == 0.75


@pytest.mark.parametrize("keep_metrics", [False, True])
def test_metrics(keep_metrics):
    values = {"temperature": "1 | plateau(0.5, patience=0)", "half": "temperature / 2"}
    scheduler = made("0.1 * temperature", values, keep_metrics=keep_metrics, total_steps=None)
    for loss in (1.0, 2.0, 3.0):
        scheduler.step(loss)
    assert dict(scheduler.values) == {"temperature": 0.25, "half": 0.125}
    assert scheduler.get_last_lr() == [0.025]
    other = made("0.1 * temperature", values, keep_metrics=keep_metrics, total_steps=None)
    other.load_state_dict(saved(scheduler.state_dict()))
    assert dict(other.values) == dict(scheduler.values)
    other.step(4.0)
    assert other.values["temperature"] == 0.125


def test_a_state_continues_them():
    scheduler = made()
    scheduler.step(30)
    scheduler.replan(values={"ema": "linear(_, 1, 10) * 1"})
    scheduler.step(33)
    state = scheduler.state_dict()
    assert json.loads(state["values"])["ema"]["spec"] == "cosine(0.996, 1)"
    other = made()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        other.load_state_dict(saved(state))
    assert {k: v.tolist() for k, v in other.preview(80).items()} == {
        k: v.tolist() for k, v in scheduler.preview(80).items()
    }
    assert other.state_dict() == state


def test_a_plan_that_names_numbers_of_others_is_loaded():
    optimizer = sgd(weight_decay=0.1)
    scheduler = Scheduler(optimizer, {"lr": "linear(1, 0, 9)", "weight_decay": "lr / 10"})
    scheduler.step(3)
    scheduler.replan({"weight_decay": "lr / 10 * linear(1, 0, 6)"})
    state = saved(scheduler.state_dict())
    other = Scheduler(sgd(weight_decay=0.1), {"lr": "linear(1, 0, 9)", "weight_decay": "lr / 10"})
    other.load_state_dict(state)
    assert (
        other.preview(9)["weight_decay"].tolist() == scheduler.preview(9)["weight_decay"].tolist()
    )


@pytest.mark.parametrize(
    ("values", "match"),
    [
        pytest.param(
            {**VALUES, "ema": "cosine(0.9, 1)"},
            r"'cosine\(0.996, 1\)' instead of 'cosine\(0.9, 1\)' for `ema` \(ema at update 40:",
            id="another spec",
        ),
        pytest.param(
            {"warm": VALUES["warm"]}, "the values {'ema'.* instead of {'warm'", id="fewer"
        ),
        pytest.param(
            {**VALUES, "more": 1}, "instead of .*more at update 40: not driven", id="more"
        ),
    ],
)
@pytest.mark.parametrize("on_change", ["warn", "error", "keep"])
def test_other_values_than_the_state_has(values, match, on_change):
    scheduler = made()
    scheduler.step(40)
    state = saved(scheduler.state_dict())
    other = made(values=values, on_change=on_change)
    if on_change == "warn":
        with pytest.warns(UserWarning, match=match):
            other.load_state_dict(state)
        assert dict(other.values).keys() == values.keys()
    elif on_change == "error":
        before = dict(other.values)
        with pytest.raises(lrdsl.SpecError, match=match):
            other.load_state_dict(state)
        assert dict(other.values) == before
    else:
        other.load_state_dict(state)
        assert dict(other.values) == dict(scheduler.values)


@pytest.mark.parametrize(
    "wrong",
    ["[]", "{", '{"a": 1}', '{"a": {"spec": "1"}}', '{"a": {"spec": "1", "value": "x"}}', 3],
)
def test_malformed_values_of_a_state(wrong):
    scheduler = made()
    state = {**scheduler.state_dict(), "values": wrong}
    with pytest.raises(lrdsl.SpecError, match="LR6"):
        scheduler.load_state_dict(state)


@pytest.mark.parametrize(
    "copied",
    [copy.deepcopy, copy.copy, lambda x: pickle.loads(pickle.dumps(x))],
    ids=["deepcopy", "copy", "pickle"],
)
def test_copies_have_their_own(copied):
    scheduler = made()
    scheduler.step(7)
    other = copied(scheduler)
    assert dict(other.values) == dict(scheduler.values)
    other.step()
    assert other.values["warm"] == 0.8
    assert scheduler.values["warm"] == 0.7


# Configs, and what steps cost.


@pytest.mark.parametrize("conf", [SchedulerConf, AttachConf])
def test_configs(conf):
    values = {"ema": "cosine(0.996, ${last})", "b": {"spec": "f(2)", "definitions": "def f(x) = x"}}
    node = OmegaConf.create({"last": 1, "node": OmegaConf.structured(conf(spec="0.1"))})
    node.node.values = values
    node.node.total_steps = 10
    scheduler = instantiate(node.node)(sgd())
    assert dict(scheduler.values) == {"ema": 0.996, "b": 2}
    assert instantiate(OmegaConf.structured(conf(spec="0.1")))(sgd()).values == {}


@pytest.mark.parametrize("clock", ["calls", "updates"])
def test_a_step_with_values_calls_no_more_functions(clock):
    def cost(values):
        optimizer = sgd()
        scheduler = Scheduler(
            optimizer, "linear(base, 0)", values=values, clock=clock, total_steps=100
        )
        optimizer.step()
        step = scheduler.step if clock == "calls" else optimizer.step
        for _ in range(9):
            step()
        return calls(step)

    assert cost(VALUES) == cost(None)
