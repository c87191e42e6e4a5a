"""Programs: several numbers driven at once, group by group."""

import io
import json
import re
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import OmegaConf

import lrdsl
from lrdsl.language.language import Language
from lrdsl.schedule.program_entries import parse_program

torch = pytest.importorskip("torch")

from torch.optim import SGD, Adam, AdamW, RMSprop  # noqa: E402

from lrdsl.torch import Scheduler  # noqa: E402


def weight():
    return torch.nn.Parameter(torch.zeros(1))


def groups(*names, **options):
    """A group for each name; None is a group without one."""
    return [
        {"params": [weight()], **({} if name is None else {"name": name}), **options}
        for name in names
    ]


def sgd(*names, **options):
    return SGD(groups(*names or (None,)), **{"lr": 0.1, "momentum": 0.9, **options})


def adam(*names, **options):
    return AdamW(groups(*names or (None,)), **{"lr": 0.1, **options})


def read(optimizer, key="lr"):
    return [group[key] for group in optimizer.param_groups]


def snapshot(optimizer):
    """All that a Scheduler could change in an optimizer."""
    shown = [{k: (id(v), repr(v)) for k, v in group.items()} for group in optimizer.param_groups]
    return shown, repr(optimizer.defaults), dict(vars(optimizer)).keys(), optimizer.step


def saved(state):
    """The state after a trip through a checkpoint file."""
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


# What is driven.


@pytest.mark.parametrize(
    ("make", "key", "found"),
    [
        pytest.param(sgd, "momentum", lambda g: g["momentum"], id="SGD momentum"),
        pytest.param(sgd, "weight_decay", lambda g: g["weight_decay"], id="weight decay"),
        pytest.param(sgd, "dampening", lambda g: g["dampening"], id="dampening"),
        pytest.param(adam, "eps", lambda g: g["eps"], id="eps"),
        pytest.param(adam, "betas[0]", lambda g: g["betas"][0], id="betas[0]"),
        pytest.param(adam, "betas[1]", lambda g: g["betas"][1], id="betas[1]"),
        pytest.param(adam, "momentum", lambda g: g["betas"][0], id="Adam's momentum"),
        pytest.param(
            lambda: RMSprop([weight()], momentum=0.5), "alpha", lambda g: g["alpha"], id="alpha"
        ),
    ],
)
def test_any_number_of_a_group(make, key, found):
    optimizer = make()
    before = {k: v for k, v in optimizer.param_groups[0].items() if k != "params"}
    scheduler = Scheduler(optimizer, {key: "linear(0.5, 1, 10)"})
    for t in range(13):
        [group] = optimizer.param_groups
        assert found(group) == scheduler.driven[key][0](t) == lrdsl.compile("linear(0.5,1,10)")(t)
        optimizer.step()
        scheduler.step()
    touched = key.partition("[")[0].replace("momentum", "betas" if "betas" in before else key)
    for other in before.keys() - {touched}:
        assert optimizer.param_groups[0][other] == before[other]
    assert scheduler.get_last_lr() == scheduler.get_lr() == [group["lr"]]


def test_betas_together():
    optimizer = adam(None, None)
    scheduler = Scheduler(optimizer, {"betas[0]": "linear(base, 0.5, 10)", "betas[1]": 0.95})
    scheduler.step(10)
    assert read(optimizer, "betas") == [(0.5, 0.95), (0.5, 0.95)]
    assert read(optimizer, "initial_betas") == [(0.9, 0.999)] * 2


def test_a_lists_entry():
    optimizer = adam()
    optimizer.param_groups[0]["betas"] = OmegaConf.create([0.9, 0.99])
    Scheduler(optimizer, {"momentum": "0.5 * base"})
    assert tuple(optimizer.param_groups[0]["betas"]) == (0.45, 0.99)


def test_tensor_betas_are_filled_in_place():
    betas = torch.tensor(0.9), torch.tensor(0.99)
    optimizer = Adam(groups(None, None), lr=torch.tensor(0.1), betas=betas, capturable=True)
    assert optimizer.param_groups[1]["betas"][0] is betas[0]
    scheduler = Scheduler(optimizer, {"momentum": {0: "0.5 * base", 1: "base"}})
    first, second = read(optimizer, "betas")
    before = [first[0], second[0]]
    scheduler.step(1)
    assert [first[0].item(), second[0].item()] == pytest.approx([0.45, 0.9])
    assert [group["betas"][0] for group in optimizer.param_groups] == before
    assert optimizer.defaults["betas"][0].item() == pytest.approx(0.9)


def test_base_is_the_numbers_own():
    optimizer = SGD(
        [{"params": [weight()], "momentum": m} for m in (0.8, 0.5)], lr=0.1, weight_decay=0.01
    )
    program = {"lr": "base", "momentum": "linear(base, 0, 10)", "weight_decay": "2 * base"}
    scheduler = Scheduler(optimizer, program)
    scheduler.step(5)
    assert read(optimizer, "momentum") == [0.4, 0.25]
    assert read(optimizer, "weight_decay") == [0.02, 0.02]
    assert read(optimizer) == [0.1, 0.1]
    assert read(optimizer, "initial_momentum") == [0.8, 0.5]


def test_a_program_of_lr_alone_is_the_single_spec():
    one, other = sgd(), sgd()
    schedulers = Scheduler(one, "linear(base, 0, 9)"), Scheduler(other, {"lr": "linear(base,0,9)"})
    for scheduler in schedulers:
        scheduler.step(4)
    assert read(one) == read(other)
    assert schedulers[0].state_dict()["spec"] == "linear(base, 0, 9)"
    assert schedulers[1].state_dict()["spec"] == '{"lr": "linear(base, 0, 9)"}'
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        schedulers[0].load_state_dict(schedulers[1].state_dict())
        schedulers[1].load_state_dict(schedulers[0].state_dict())


@pytest.mark.parametrize(
    "program",
    [
        pytest.param(OmegaConf.create({"lr": 1, "momentum": {"spec": "0.5"}}), id="DictConfig"),
        pytest.param({"lr": lrdsl.parse("hold(3) >> 1") * 0 + 1, "momentum": 0.5}, id="Spec"),
    ],
)
def test_forms(program):
    optimizer = sgd()
    Scheduler(optimizer, program)
    assert (read(optimizer), read(optimizer, "momentum")) == ([1.0], [0.5])


def test_definitions_reach_every_spec():
    program = {"lr": {"a": "x()", "b": {"spec": "y()"}}, "momentum": 0.5, "definitions": "def …"}
    entries = parse_program(program, Language()).entries
    assert [(each.key, each.pattern, each.with_definitions()) for each in entries] == [
        ("lr", "a", {"spec": "x()", "definitions": ["def …"]}),
        ("lr", "b", {"spec": "y()", "definitions": ["def …"]}),
        ("momentum", None, {"spec": 0.5, "definitions": ["def …"]}),
    ]
    single = {"spec": "x()", "definitions": "def …"}
    ((key, _, spec, definitions),) = parse_program(single, Language()).entries
    assert (key, spec, definitions) == ("lr", single, ())


# Who is driven by what.


@pytest.mark.parametrize(
    ("names", "patterns", "expected"),
    [
        pytest.param(
            ("backbone.0", "backbone.1", "head"),
            {"backbone*": 1, "*": 2},
            [1, 1, 2],
            id="glob and the rest",
        ),
        pytest.param(("a", "b"), {"a": 1, "b": 2}, [1, 2], id="names"),
        pytest.param((None, None), {0: 1, 1: 2}, [1, 2], id="indices"),
        pytest.param((None, None), {"0": 1, "1": 2}, [1, 2], id="indices as text"),
        pytest.param((None, "a", None), {"a": 1, "*": 2}, [2, 1, 2], id="unnamed ones are *"),
        pytest.param(("a1", "a2"), {"a[!1]": 1, "a?": 2}, [2, 1], id="the first match wins"),
        pytest.param(("a[1]", "b"), {"a[1]": 1, "*": 2}, [1, 2], id="a name that looks a glob"),
        pytest.param(("A", "a"), {"A": 1, "a": 2}, [1, 2], id="case counts"),
        pytest.param((7, "x"), {"7": 1, "x": 2}, [1, 2], id="a name that is a number"),
        pytest.param((None,), {"*": 1}, [1], id="all"),
        pytest.param((None,), {0: {"spec": "1"}}, [1], id="a mapping for a spec"),
    ],
)
def test_patterns(names, patterns, expected):
    optimizer = sgd(*names)
    scheduler = Scheduler(optimizer, {"lr": patterns})
    assert read(optimizer) == expected
    text = json.loads(scheduler.state_dict()["spec"])["lr"]
    assert text == {str(p): "1" if s == {"spec": "1"} else str(s) for p, s in patterns.items()}


@pytest.mark.parametrize(
    ("names", "patterns", "said"),
    [
        pytest.param(
            ("body", "head"), {"hed": 1, "*": 2}, "did you mean `head`", id="a mistyped name"
        ),
        pytest.param(
            ("body", None),
            {"x*": 1, "*": 2},
            "there are parameter groups 0 `body`, 1",
            id="what there is",
        ),
        pytest.param((None,), {1: 1, "*": 2}, "`1` of `lr` matches no", id="an index too many"),
        pytest.param(
            ("a", "b"), {"a": 1}, "nothing drives `lr` in parameter group 1 `b`", id="unmatched"
        ),
        pytest.param((None,) * 20, {3: 1}, "groups 0, 1, 2, 4, 5, 6, 7, 8 and 11 more", id="many"),
        pytest.param((None,), {"a*": 1}, "nothing drives `lr` in parameter group 0", id="unnamed"),
        pytest.param(("a",), {"*": 1, "a": 2}, "`a` of `lr` never applies", id="shadowed"),
    ],
)
def test_patterns_that_do_not_fit(names, patterns, said):
    optimizer = sgd(*names)
    before = snapshot(optimizer)
    with pytest.raises(lrdsl.SpecError, match=re.escape(said)) as caught:
        Scheduler(optimizer, {"lr": patterns})
    assert {x.code for x in caught.value.diagnostics} == {"LR604"}
    assert snapshot(optimizer) == before


def test_all_misfits_come_in_one_go():
    with pytest.raises(lrdsl.SpecError) as caught:
        Scheduler(sgd("a", "b"), {"lr": {"x": 1}, "momentum": {"a": 1, "y": 2}})
    assert len(caught.value.diagnostics) == 4


def test_added_groups_are_matched():
    scheduler = Scheduler(sgd("a"), {"lr": {"a": 1, "0": 2}} | {"lr": {"a*": 1}})
    scheduler.optimizer.add_param_group({"params": [weight()], "name": "a2"})
    scheduler.step(1)
    assert read(scheduler.optimizer) == [1, 1]
    scheduler.optimizer.add_param_group({"params": [weight()], "name": "b"})
    before = snapshot(scheduler.optimizer)
    with pytest.raises(lrdsl.SpecError, match="nothing drives `lr` in parameter group 2 `b`"):
        scheduler.step(2)
    assert snapshot(scheduler.optimizer) == before
    assert scheduler.last_epoch == 1


def test_loaded_groups_keep_their_names():
    scheduler = Scheduler(sgd("a", "b"), {"lr": {"a": 1, "b": 2}})
    scheduler.optimizer.load_state_dict(sgd(None, None).state_dict())
    scheduler.step(1)
    assert read(scheduler.optimizer) == [1, 2]


@pytest.mark.parametrize(("on_change", "lrs"), [("warn", [1, 2]), ("keep", [2, 2])])
def test_loaded_groups_may_have_other_names(on_change, lrs):
    scheduler = Scheduler(sgd("a", "b"), {"lr": {"a": 1, "*": 2}}, on_change=on_change)
    state = scheduler.state_dict()
    scheduler.optimizer.load_state_dict(sgd("b", "c").state_dict())
    scheduler.step(epoch=0)
    assert read(scheduler.optimizer) == lrs
    assert {**scheduler.state_dict(), "groups": state["groups"]} == state


# Numbers that follow each other.


def test_the_other_numbers_are_schedules():
    optimizer = sgd(None, weight_decay=0.5)
    program = {"weight_decay": "0.1 * lr", "lr": "linear(1, 0, 10)", "momentum": "1 - weight_decay"}
    scheduler = Scheduler(optimizer, program)
    for t in range(15):
        [lr] = read(optimizer)
        assert lr == lrdsl.compile("linear(1, 0, 10)")(t)
        assert read(optimizer, "weight_decay") == [0.1 * lr]
        assert read(optimizer, "momentum") == [1 - 0.1 * lr]
        optimizer.step()
        scheduler.step()


def test_a_number_follows_that_of_its_own_group():
    optimizer = SGD(
        [{"params": [weight()], "lr": lr, "name": n} for lr, n in [(1.0, "a"), (0.5, "b")]],
        lr=0.1,
    )
    scheduler = Scheduler(
        optimizer,
        {
            "lr": {"a": "linear(base, 0, 10)", "b": "base"},
            "weight_decay": {"b": 0.25, "*": "0.1 * lr"},
        },
    )
    scheduler.step(5)
    assert read(optimizer) == [0.5, 0.5]
    assert read(optimizer, "weight_decay") == pytest.approx([0.05, 0.25])


def test_lr_scale_is_not_in_what_others_see():
    optimizer = sgd(None, None)
    optimizer.param_groups[1]["lr_scale"] = 0.5
    scheduler = Scheduler(optimizer, {"lr": "linear(1, 0, 10)", "weight_decay": "0.1 * lr"})
    scheduler.step(5)
    assert read(optimizer) == [0.5, 0.25]
    assert read(optimizer, "weight_decay") == [0.05, 0.05]


def test_groups_share_what_follows_the_same():
    optimizer = SGD([{"params": [weight()], "lr": lr} for lr in (1, 0.5, 1)], lr=0.1)
    scheduler = Scheduler(optimizer, {"lr": "linear(base, 0, 9)", "weight_decay": "0.1 * lr"})
    first, second, third = scheduler.driven["weight_decay"]
    assert first is third
    assert first(0) == 0.1
    assert second(0) == 0.05


@pytest.mark.parametrize(
    ("program", "ring"),
    [
        pytest.param({"lr": "0.5 * lr"}, "`lr` -> `lr`", id="itself"),
        pytest.param(
            {"lr": "1 - momentum", "momentum": "1 - lr"}, "`lr` -> `momentum` -> `lr`", id="two"
        ),
        pytest.param(
            {"weight_decay": "lr", "lr": "momentum", "momentum": "lr"},
            "`lr` -> `momentum` -> `lr`",
            id="a circle further on",
        ),
    ],
)
def test_circles(program, ring):
    optimizer = sgd()
    before = snapshot(optimizer)
    with pytest.raises(lrdsl.SpecError, match=re.escape(f"in a circle: {ring}")) as caught:
        Scheduler(optimizer, program)
    assert "^" in str(caught.value)
    assert snapshot(optimizer) == before


# What is wrong.


@pytest.mark.parametrize(
    ("optimizer", "program", "said"),
    [
        pytest.param(sgd(), {"momentun": 1}, "has no `momentun`", id="unknown"),
        pytest.param(sgd(), {"momentun": 1}, "did you mean `momentum`?", id="a near name"),
        pytest.param(sgd(), {"betas[0]": 1}, "the group has `lr`, `momentum`", id="what there is"),
        pytest.param(adam(), {"betas[2]": 1}, "has no `betas[2]`", id="an entry too far"),
        pytest.param(adam(), {"beta[0]": 1}, "did you mean `betas[0]`", id="a near entry"),
        pytest.param(adam(), {"betas": 1}, "drive one entry, for example `betas[0]`", id="a tuple"),
        pytest.param(sgd(), {"nesterov": 1}, "as its `nesterov`, not False", id="a truth value"),
        pytest.param(
            sgd(), {"params[0]": 1}, "a program cannot drive `params[0]`", id="a parameter"
        ),
        pytest.param(sgd(), {"foreach": 1}, "as its `foreach`, not None", id="None"),
        pytest.param(sgd(), {"lr_scale": 1}, "a program cannot drive", id="lr_scale"),
        pytest.param(sgd(), {"initial_lr": 1}, "a program cannot drive", id="initial_lr"),
        pytest.param(sgd(), {3: 1}, "has no `3`", id="a number for a name"),
        pytest.param(adam(), {"momentum": 1, "betas[0]": 1}, "the same number", id="twice"),
        pytest.param(adam(), {"betas[0]": 1, "betas[00]": 1}, "the same number", id="00"),
        pytest.param(sgd(), {"lr": {}}, "not nothing", id="no patterns"),
        pytest.param(sgd(), {"lr": {"*": {"a": 1}}}, "no shape `a`", id="too deep"),
        pytest.param(sgd(), {"lr": []}, "at least one schedule", id="an empty list"),
        pytest.param(sgd(), {"spec": 1, "end": 2}, "has `spec` and perhaps", id="more than a spec"),
        pytest.param(
            sgd(), {"lr": {"spec": 1, "*": 2}}, "has `spec` and perhaps", id="the same of lr"
        ),
        pytest.param(
            sgd(),
            {"lr": "linear(momentum, 0, 9)", "momentum": 1},
            "`momentum` is a",
            id="one value",
        ),
        pytest.param(
            sgd(), {"lr": "cosin(1, 0, 9)"}, "`lr`: there is no shape `cosin`", id="whose mistake"
        ),
    ],
)
def test_a_failed_construction_changes_nothing(optimizer, program, said):
    before = snapshot(optimizer)
    with pytest.raises(lrdsl.SpecError, match=re.escape(said)):
        Scheduler(optimizer, program)
    assert snapshot(optimizer) == before


def test_the_mistakes_of_all_specs_come_in_one_go():
    program = {"lr": "cosin(1, 0, 9)", "momentum": {0: "line(1, 0)", 1: "linear(1"}}
    with pytest.raises(lrdsl.SpecError) as caught:
        Scheduler(sgd(None, None), program)
    assert [x.message.split(":")[0] for x in caught.value.diagnostics] == [
        "`lr`",
        "`momentum`",
        "`momentum`",
    ]


def test_what_blows_up_later_sets_nothing():
    scheduler = Scheduler(sgd(), {"lr": 1, "momentum": "1 / (5 - t)"})
    scheduler.step(4)
    before = snapshot(scheduler.optimizer)
    with pytest.raises(lrdsl.SpecError, match="no finite value at update 5"):
        scheduler.step()
    assert snapshot(scheduler.optimizer) == before


TEXT = st.sampled_from(["lr", "momentum", "betas[0]", "spec", "definitions", "0", "*", "a[", "["])


@given(
    st.recursive(
        st.none() | st.floats() | st.integers() | TEXT | st.sampled_from(["hold(", "1 + lr", "t"]),
        lambda inside: st.dictionaries(TEXT, inside, max_size=3) | st.lists(inside, max_size=2),
        max_leaves=8,
    )
)
def test_whatever_is_given_works_or_is_explained(program):
    optimizer = sgd("a", None)
    before = snapshot(optimizer)
    try:
        scheduler = Scheduler(optimizer, program)
    except lrdsl.SpecError:
        assert snapshot(optimizer) == before
    else:
        scheduler.step(1)
        assert scheduler.last_epoch == 1


def test_no_lr_at_all():
    class Other(torch.optim.Optimizer):
        pass

    optimizer = Other([weight()], {"rate": 0.5})
    before = snapshot(optimizer)
    with pytest.raises(lrdsl.SpecError, match="has no `lr`"):
        Scheduler(optimizer, {"rate": 1})
    assert snapshot(optimizer) == before


# Resuming.


@pytest.mark.parametrize("order", ["optimizer first", "scheduler first", "before construction"])
@pytest.mark.parametrize("kind", [float, torch.tensor])
def test_resume(order, kind):
    program = {
        "lr": {"a": "linear(base, 0, 20)", "*": "base"},
        "betas[1]": "linear(base, 1, 20)",
        "momentum": "linear(base, 0.5, 20)",
        "weight_decay": "base * 0.5",
    }

    def fresh():
        return adam("a", "b", lr=kind(0.1))

    def numbers(scheduler):
        keys = ("lr", "betas", "weight_decay")
        return [[read(scheduler.optimizer, key) for key in keys]]

    first = Scheduler(fresh(), program)
    first.step(7)
    state, of_optimizer = saved(first.state_dict()), saved(first.optimizer.state_dict())
    optimizer = fresh()
    if order == "before construction":
        optimizer.load_state_dict(of_optimizer)
    second = Scheduler(optimizer, program)
    if order == "optimizer first":
        optimizer.load_state_dict(of_optimizer)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        second.load_state_dict(state)
    if order == "scheduler first":
        optimizer.load_state_dict(of_optimizer)
    for t in range(8, 25):
        first.step(t)
        second.step(t)
        assert numbers(first) == numbers(second)
    assert read(optimizer, "weight_decay") == [0.005, 0.005]


def test_last_epoch_without_lr():
    optimizer = sgd()
    Scheduler(optimizer, {"momentum": "linear(1, 0, 10)"}, last_epoch=4)
    assert read(optimizer, "momentum") == [0.5]


def test_another_program_warns():
    state = Scheduler(sgd("a"), {"lr": {"a": "1"}, "momentum": 0.5}).state_dict()
    scheduler = Scheduler(sgd("a"), {"lr": {"a": "2"}, "momentum": 0.5})
    with pytest.warns(UserWarning, match="the spec '1' instead of '2' for `lr` of `a`"):
        scheduler.load_state_dict(state)
    with pytest.warns(UserWarning, match="instead of 'linear"):
        Scheduler(sgd("a"), "linear(1, 0, 9)").load_state_dict(state)


def test_beside_a_scheduler_of_torch():
    optimizer = sgd(None, lr=1.0)
    theirs = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
    ours = Scheduler(optimizer, {"momentum": "linear(1, 0, 4)"})
    for _ in range(2):
        optimizer.step()
        theirs.step()
        ours.step()
    assert (read(optimizer), read(optimizer, "momentum")) == ([0.25], [0.5])
    assert ours.get_last_lr() == [0.25]
