"""Schedules, Schedulers, programs and losses out of a config; pickled, printed and replayed."""

from __future__ import annotations

import math
import pickle
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize
from hydra.core.config_store import ConfigStore
from hydra.errors import HydraException, InstantiationException
from hydra.utils import instantiate
from omegaconf import MISSING, OmegaConf
from omegaconf.errors import OmegaConfBaseException

import lrdsl
from lrdsl.hydra.configs import (
    CONFIGS,
    AttachConf,
    CompileConf,
    ScheduleConf,
    ScheduledLossConf,
    SchedulerConf,
)
from tests.support.warm import warm_python

torch = pytest.importorskip("torch")

HEADLINE = "warmup(linear,10) >> cosine(1,1e-3,80) | interval[60:*0.5]"

COMPILE = {"_target_": "lrdsl.compile"}
SCHEDULER = {"_target_": "lrdsl.torch.Scheduler", "_partial_": True}
ATTACH = {"_target_": "lrdsl.torch.attach", "_partial_": True}


def optimizer():
    weight = torch.nn.Parameter(torch.zeros(1))
    return torch.optim.SGD([weight], lr=0.5, momentum=0.9, weight_decay=0.1)


def made(node, **config):
    return instantiate(OmegaConf.create({**config, "node": node}).node)


FORMS = [
    pytest.param(HEADLINE, id="text"),
    pytest.param({"spec": HEADLINE}, id="a node"),
    pytest.param(0.25, id="a float"),
    pytest.param(1, id="an int"),
    pytest.param({"spec": 0.25}, id="a node with a number"),
    pytest.param({"spec": "f(1)", "definitions": "def f(x) = cosine(x, 0, 50)"}, id="definitions"),
]


@pytest.mark.parametrize("form", FORMS)
def test_a_schedule(form):
    schedule = made({**COMPILE, "spec": "${lr}", "total_steps": 90}, lr=form)
    assert schedule == lrdsl.compile(form, total_steps=90)
    assert pickle.loads(pickle.dumps(schedule)) == schedule


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", [SCHEDULER, ATTACH], ids=["Scheduler", "attach"])
def test_a_scheduler(form, kind):
    partial = made({**kind, "spec": "${lr}", "total_steps": "${steps}"}, lr=form, steps=90.0)
    partial = pickle.loads(pickle.dumps(partial))
    scheduler = partial(optimizer())
    expected = lrdsl.compile(form, total_steps=90, base_lr=0.5)
    for step in range(20):
        assert scheduler.get_last_lr() == [expected(step)]
        scheduler.optimizer.step()
        if kind is SCHEDULER:
            scheduler.step()


def test_the_arguments_beside_a_spec():
    node = {**COMPILE, "spec": "cosine(peak, 0, 5ep)", "steps_per_epoch": 10, "peak": "${lr}"}
    assert made(node, lr=3)(25) == 1.5


def test_a_list_of_definitions():
    definitions = ["def f(x) = x / 2", "def g(x) = f(x) / 2"]
    assert made({**COMPILE, "spec": "g(1)", "definitions": definitions})(0) == 0.25


PROGRAM = {
    "lr": {"spec": "cosine(base, 0)"},
    "weight_decay": "0.1 * lr",
    "momentum": {"head": 0.8, "*": "linear(0.9, 0.5)"},
}


@pytest.mark.parametrize("kind", [SCHEDULER, ATTACH], ids=["Scheduler", "attach"])
def test_a_program(kind):
    partial = made({**kind, "spec": PROGRAM, "total_steps": 100})
    groups = [{"params": [torch.nn.Parameter(torch.zeros(1))], "name": n} for n in ("a", "head")]
    driven = torch.optim.SGD(groups, lr=0.5, momentum=0.9, weight_decay=0.1)
    scheduler = pickle.loads(pickle.dumps(partial))(driven)
    for _ in range(50):
        driven.step()
        if kind is SCHEDULER:
            scheduler.step()
    found = [[group[key] for key in PROGRAM] for group in driven.param_groups]
    assert found == [pytest.approx([0.25, 0.025, 0.7]), pytest.approx([0.25, 0.025, 0.8])]
    pickle.dumps(scheduler.state_dict())


def test_a_loss():
    entries = [
        {"loss_fn": {"_target_": "torch.nn.MSELoss"}, "steps": "${switch}"},
        {"loss_fn": {"_target_": "torch.nn.L1Loss"}},
    ]
    loss = made({"_target_": "lrdsl.torch.ScheduledLoss", "schedule": entries}, switch=2)
    again = pickle.loads(pickle.dumps(loss))
    x, y = torch.zeros(1), torch.full((1,), 0.5)
    assert [again(x, y).item() for _ in range(4)] == [0.25, 0.25, 0.5, 0.5]
    assert [type(each).__name__ for each in again.children()] == ["MSELoss", "L1Loss"]


@pytest.mark.parametrize(
    ("node", "said"),
    [
        pytest.param(
            {**COMPILE, "spec": "cosin(1, 0, 9) >> hold(-1)"},
            ["\n  | cosin(1, 0, 9) >> hold(-1)\n  | ^^^^^ did you mean `cosine`?\n", "hold(-1)"],
            id="a spec",
        ),
        pytest.param({**COMPILE, "spec": "cosine(1, 0)"}, ["pass total_steps"], id="a context"),
        pytest.param({**COMPILE, "spec": "wsd"}, ["`schedule@lr=wsd`"], id="a preset"),
        pytest.param({**COMPILE, "spec": {"x": 1}}, ["there is no shape `x`"], id="a mapping"),
        pytest.param({**COMPILE, "spec": None}, ["not NoneType"], id="nothing"),
        pytest.param({**COMPILE, "spec": True}, ["not bool"], id="a truth value"),
        pytest.param(
            {"_target_": "lrdsl.torch.ScheduledLoss", "schedule": [{"steps": 3}]},
            ["an entry must have the keys `loss_fn` and `steps`"], id="a loss",
        ),
    ],
)  # fmt: skip
def test_the_carets_stand_under_their_words_in_hydras_own_error(node, said):
    with pytest.raises(InstantiationException, match="full_key: node") as caught:
        made(node)
    assert [part for part in said if part not in str(caught.value)] == []
    assert "\\n" not in str(caught.value)
    assert isinstance(caught.value.__cause__, lrdsl.SpecError)


@dataclass
class App:
    defaults: list[Any] = field(
        default_factory=lambda: [
            "_self_",
            {"schedule@lr": "wsd"},
            {"schedule@typed": "cosine"},
            {"lrdsl@stored": "scheduler"},
        ]
    )
    steps: int = 100
    lr: Any = MISSING
    typed: ScheduleConf = MISSING
    stored: Any = MISSING
    compiled: CompileConf = field(
        default_factory=lambda: CompileConf(spec="${lr}", total_steps="${steps}", base_lr=0.5)
    )
    scheduler: SchedulerConf = field(
        default_factory=lambda: SchedulerConf(spec="${typed}", total_steps="${steps}")
    )
    attached: AttachConf = field(
        default_factory=lambda: AttachConf(
            spec={"lr": "cosine(base, 0)", "momentum": 0.8}, total_steps=100
        )
    )
    loss: ScheduledLossConf = field(
        default_factory=lambda: ScheduledLossConf(
            schedule=[{"loss_fn": {"_target_": "torch.nn.L1Loss"}}]
        )
    )


@pytest.fixture
def app():
    """Composes a config that is written in Python."""
    store = ConfigStore.instance()
    store.store(name="structured_app", node=App)
    with initialize(version_base="1.3", config_path=None):
        yield lambda *overrides: compose("structured_app", overrides=list(overrides))
    del store.repo["structured_app.yaml"]


@pytest.mark.parametrize(
    ("override", "spec"),
    [
        pytest.param("steps=100", "warmed_up(0.01 * 100, constant(base, until=0.9 * 100)) "
                     ">> exponential(_, prev / 10, until=100)", id="a preset"),
        pytest.param("schedule@lr=linear", "warmed_up(0, linear(base, 0, until=100))",
                     id="another"),
        pytest.param("lr=1", "1", id="an int"),
        pytest.param("lr=0.1", "0.1", id="a float"),
        pytest.param('lr="cosine(1,0,9)"', "cosine(1,0,9)", id="text"),
        pytest.param("lr.spec=2", "2", id="a number in the node"),
        pytest.param("lr={spec: 0.5}", "0.5", id="a node"),
    ],
)  # fmt: skip
def test_structured_configs_take_every_form(app, override, spec):
    expected = lrdsl.compile(spec, total_steps=100, base_lr=0.5)
    assert instantiate(app(override).compiled) == expected


@pytest.mark.parametrize(
    ("override", "spec"),
    [
        pytest.param("schedule@typed=linear", "warmed_up(0, linear(base, 0, until=100))",
                     id="a preset"),
        pytest.param("typed.spec=1", "1", id="an int"),
        pytest.param("typed.spec=0.1", "0.1", id="a float"),
        pytest.param('typed.spec="cosine(1,0,9)"', "cosine(1,0,9)", id="text"),
    ],
)  # fmt: skip
def test_a_typed_node(app, override, spec):
    config = app(override)
    assert OmegaConf.get_type(config.typed) is ScheduleConf
    scheduler = instantiate(config.scheduler)(optimizer())
    assert scheduler.spec == lrdsl.parse(spec)


def test_a_typed_node_is_a_mapping(app):
    with pytest.raises(HydraException, match="typed"):
        app("typed=1")


def test_the_other_structured_configs(app):
    config = app("stored.spec=0.1")
    assert instantiate(config.stored)(optimizer()).get_last_lr() == [0.1]
    assert instantiate(config.attached)(optimizer()).get_last_lr() == [0.5]
    assert instantiate(config.loss)(torch.ones(1), torch.zeros(1)).item() == 1
    assert {f"{name}.yaml" for name in CONFIGS} == set(ConfigStore.instance().repo["lrdsl"])


def test_a_spec_must_be_given():
    with pytest.raises((OmegaConfBaseException, InstantiationException), match="spec"):
        instantiate(CompileConf())


TRAIN = """
import pickle, sys
import hydra, torch
from hydra.utils import instantiate
import lrdsl.hydra  # for the resolvers, in a replay

@hydra.main(version_base="1.3", config_path="conf", config_name="app")
def main(config):
    assert pickle.loads(pickle.dumps(config)) == config
    torch.manual_seed(0)
    model = torch.nn.Linear(8, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    scheduler = instantiate(config.scheduler)(optimizer)
    for _ in range(config.updates):
        optimizer.zero_grad()
        model(torch.randn(16, 8)).square().mean().backward()
        optimizer.step()
        scheduler.step()
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
    torch.save(state, config.checkpoint)
    print("half", config.half, "rate", scheduler.get_last_lr()[0])

main()
"""
CONF = """
defaults: [schedule@lr: cosine, _self_]
steps: 200
updates: 50
peak: 0.25
half: "${lrdsl.at:${lr},100,{total_steps: 200, base_lr: 0.1}}"
checkpoint: checkpoint.pt
scheduler:
  _target_: lrdsl.torch.Scheduler
  _partial_: true
  spec: ${lr}
  total_steps: ${steps}
hydra:
  callbacks: {save: {_target_: hydra.experimental.callbacks.PickleJobInfoCallback}}
  run: {dir: out}
  job_logging: {root: {level: WARNING}}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("train")
    (made / "conf" / "schedule").mkdir(parents=True)
    (made / "conf" / "app.yaml").write_text(CONF)
    (made / "conf" / "schedule" / "flat.yaml").write_text("spec: 0.05\n")
    (made / "train.py").write_text(TRAIN)
    return made


def train(folder: Path, *arguments):
    done = warm_python("train.py", *arguments, folder=folder, HYDRA_FULL_ERROR="0")
    done.said = done.stdout.strip().splitlines()[-1:]
    return done


def same(one: Any, other: Any) -> bool:
    """Whether two states are equal to the last bit."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all([same(one[key], other[key]) for key in one])
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    return torch.equal(one, other) if isinstance(one, torch.Tensor) else one == other


TREE = "{cosine: {start: 0.25, end: 0, until: 200}}"
COSINE = "warmed_up(0, cosine(0.25, 0, until=200))"

SAME = [
    pytest.param(
        {
            "group": ["schedule@lr=cosine"],
            "inline": [f'lr="{COSINE}"'],
            "node": [f'lr.spec="{COSINE}"'],
            "tree": [f"lr.spec={{warmed_up: {{steps: 0, schedule: {TREE}}}}}"],
        },
        id="half a cosine",
    ),
    pytest.param(
        {
            "group": ["schedule@lr=flat"],
            "inline": ['lr="0.05"'],
            "node": ["lr.spec=0.05"],
            "number": ["lr=0.05"],
            "tree": ["lr.spec={constant: {value: 0.05}}"],
        },
        id="a constant",
    ),
]
"""The same schedule in every form that a config can have it in; a further form is a further row."""


@pytest.mark.slow
@pytest.mark.parametrize("forms", SAME)
def test_every_form_of_a_schedule_gives_the_same_checkpoint(folder, forms):
    states = {}
    for form, overrides in forms.items():
        path = folder / f"{form}.pt"
        done = train(folder, *overrides, f"checkpoint={path}")
        assert done.returncode == 0, done.stderr
        states[form] = torch.load(path)
    first = states.pop("group")
    assert not same(first, torch.load(folder / "inline.pt")["model"])
    assert [form for form, state in states.items() if not same(first, state)] == []


@pytest.mark.slow
def test_another_schedule_gives_another_checkpoint(folder):
    paths = [folder / "one.pt", folder / "other.pt"]
    for path, rate in zip(paths, ("0.05", "0.051"), strict=True):
        assert train(folder, f"lr={rate}", f"checkpoint={path}").returncode == 0
    one, other = map(torch.load, paths)
    assert not same(one["model"], other["model"])


@pytest.mark.slow
def test_a_run_is_printed_and_replayed(folder):
    override = 'lr="warmup(linear,100) >> cosine(1,1e-3,800)"'
    printed = train(folder, "--cfg", "job", override).stdout
    assert OmegaConf.create(printed).lr == "warmup(linear,100) >> cosine(1,1e-3,800)"
    printed = train(folder, "--cfg", "job", "--resolve", override).stdout
    assert OmegaConf.create(printed).half == 1
    first = train(folder, override, "checkpoint=first.pt")
    assert first.said == ["half 1.0 rate 0.5"], first.stderr
    before = torch.load(folder / "first.pt")
    (folder / "first.pt").unlink()
    again = train(folder, "--experimental-rerun", "out/.hydra/config.pickle")
    assert again.said == first.said, again.stderr
    assert same(torch.load(folder / "first.pt"), before)


@pytest.mark.slow
def test_what_the_user_sees_of_a_mistake(folder):
    done = train(folder, 'lr="cosin(1, 0, 9)"', "half=0")
    assert done.returncode == 1
    shown = "error[LR201]: there is no shape `cosin`\n  | cosin(1, 0, 9)\n  | ^^^^^ did you mean"
    assert shown in done.stderr


def test_the_forms_differ_in_nothing_else():
    assert lrdsl.compile(COSINE)(100) == 0.125
    assert math.isinf(lrdsl.compile(0.05).length)
