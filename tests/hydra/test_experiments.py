"""Schedules on the command line over groups and experiment files: they replace what is there."""

import functools

import pytest
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.utils import create_config_search_path
from omegaconf import OmegaConf

import lrdsl
from lrdsl.hydra import lint_hydra
from lrdsl.hydra.advice import advice_on
from lrdsl.hydra.app_configs import AppConfigs
from lrdsl.hydra.fit_overrides import jobs_of, prepare_overrides, read_overrides
from lrdsl.hydra.spec_options import as_option
from lrdsl.tree.coerce import spec_text
from tests.support.warm import warm_python

BASE = "cosine(1, 0, 900)"
FILES = {
    "group.yaml": "defaults: [schedule: base, _self_]\npeak: 0.3\ntags: [a]\nmodel: {linear: 1}\n",
    "placed.yaml": "defaults: [schedule@optim.lr: base, _self_]\npeak: 0.3\n",
    "own.yaml": "defaults: [sched@lr: base, _self_]\npeak: 0.3\n",
    "plain.yaml": "schedule: hold(1)\n",
    "null.yaml": "defaults: [schedule@lr: base, _self_]\nlr: null\n",
    "nested.yaml": "defaults: [optim: sgd, _self_]\npeak: 0.3\n",
    "optim/sgd.yaml": "defaults: [/schedule@sched: base]\nlr: 0.1\n",
    "optim/adam.yaml": "defaults: [/schedule@sched: mine]\nlr: 0.01\n",
    "scheduler.yaml": "lr: {_target_: lrdsl.torch.Scheduler, spec: {cosine: {end: 0}}}\n",
    "inside.yaml": "defaults: [model/schedule: base, _self_]\n",
    "model/schedule/base.yaml": "spec: cosine(1, 0, 900)\n",
    "none.yaml": "peak: 0.3\n",
    "sweep.yaml": "lr: 1\nhydra: {sweeper: {params: {lr: 'choice(\"hold(1)\", 2)'}}}\n",
    "after.yaml": "defaults: [schedule@lr: base, _self_]\nlr: {spec: hold(3)}\n",
}
OPTUNA = """
import lrdsl.hydra

@lrdsl.hydra.main(version_base="1.3", config_path="conf", config_name="app")
def app(config):
    print("ran", config.lr)
    return 1

app()
"""
PLACES = {"group": ("schedule", "schedule"), "placed": ("schedule@optim.lr", "optim.lr"),
          "own": ("sched@lr", "lr"), "after": ("schedule@lr", "lr"), "null": ("schedule@lr", "lr"),
          "nested": ("schedule@optim.sched", "optim.sched"), "none": ("schedule@lr", "lr"),
          "inside": ("model/schedule", "model.schedule"), "scheduler": ("", "lr.spec")}  # fmt: skip
"""For each app the key of its choice, and the place of its schedule."""

OPTIONS = {
    "base": f"spec: {BASE}\n",
    "mine": "spec: step(${peak}, 0.5, 30)\n",
    "tree": "spec: {linear: {start: 1, end: 0, steps: 9}}\n",
    "defined": "spec: twice(1)\ndefinitions: 'def twice(x) = 2 * x'\n",
}
EXPERIMENTS = {
    "text": "hold(7)",
    "node": "{spec: hold(7)}",
    "tree": "{spec: {cosine: {start: 1, end: 0.5, steps: 7}}}",
    "list": "{spec: [{warmup: 7}, {hold: 7}]}",
    "number": "0.7",
}
MINE, TREE = "step(0.3, 0.5, 30)", "linear(1, 0, 9)"
LIST = "[{warmup: 9}, {cosine: {end: 0}}]"


@functools.cache
def loader(folder):
    return ConfigLoaderImpl(create_config_search_path(f"file://{folder}"))


@pytest.fixture(scope="module")
def conf(tmp_path_factory):
    """The configs of the apps, `plain` in a folder of its own."""
    root = tmp_path_factory.mktemp("conf")
    files = {name: text for name, text in FILES.items() if name != "plain.yaml"}
    for name, text in OPTIONS.items():
        files |= {f"schedule/{name}.yaml": text, f"sched/{name}.yaml": text}
    for app in ("group", "placed", "own"):
        place = PLACES[app][1]
        *above, last = place.split(".")
        for name, text in EXPERIMENTS.items():
            node = "".join([f"{key}: {{" for key in above]) + f"{last}: {text}" + "}" * len(above)
            files[f"{app}_exp/{name}.yaml"] = f"# @package _global_\n{node}\n"
    files["group_exp/preset.yaml"] = "# @package _global_\ndefaults: [override /schedule: linear]\n"
    files["group_exp/spec.yaml"] = (
        "# @package _global_\ndefaults:\n  - override /schedule: cosine(\\${peak}, 0, 9)\n"
    )
    files["group_exp/bare.yaml"] = "# @package _global_\nschedule: [{warmup: 7}, {hold: 7}]\n"
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def prepared(conf, app, *typed):
    configs = AppConfigs(lambda: loader(conf), app)
    fitted, notes = prepare_overrides(typed, configs)
    assert notes == []
    return configs, fitted.every


def composed(conf, app, *typed):
    """What stands at the place of an app's schedule, its references resolved."""
    configs, overrides = prepared(conf, app, *typed)
    config = configs.composed(overrides)
    found = OmegaConf.select(config, PLACES[app][1])
    return OmegaConf.to_container(found, resolve=True) if OmegaConf.is_config(found) else found


TYPED = [
    pytest.param("{choice}=mine", MINE, id="an option"),
    pytest.param("{choice}=tree", TREE, id="an option with a tree"),
    pytest.param("{choice}=hold(5)", "hold(5)", id="text for an option"),
    pytest.param("{choice}=hold(${{peak}})", "hold(0.3)", id="a reference for an option"),
    pytest.param("{choice}=0.1", 0.1, id="a number for an option"),
    pytest.param("{choice}=" + LIST.replace("{", "{{").replace("}", "}}"),
                 "warmup(9) >> cosine(_, 0)", id="a list for an option"),
    pytest.param("{place}={{cosine: {{end: 0}}}}", "cosine(_, 0)", id="a tree"),
    pytest.param("{place}.spec=hold(5)", "hold(5)", id="the spec"),
    pytest.param("{place}.spec=0.1", 0.1, id="the spec as a number"),
    pytest.param("{place}.spec=" + LIST.replace("{", "{{").replace("}", "}}"),
                 "warmup(9) >> cosine(_, 0)", id="the spec as a list"),
    pytest.param("{place}.spec={{cosine: {{end: 0}}}}", "cosine(_, 0)", id="the spec as a tree"),
    pytest.param("{place}={{spec: hold(5)}}", "hold(5)", id="a node"),
]  # fmt: skip


@pytest.mark.parametrize(("typed", "spec"), TYPED)
@pytest.mark.parametrize("experiment", [None, *EXPERIMENTS])
@pytest.mark.parametrize("app", ["group", "placed"])
def test_what_is_typed_replaces_what_the_files_have(conf, app, experiment, typed, spec):
    if app == "placed" and experiment not in (None, "text"):
        return  # as in the other app
    choice, place = PLACES[app]
    chosen = [f"+{app}_exp={experiment}"] if experiment else []
    found = composed(conf, app, *chosen, typed.format(choice=choice, place=place))
    assert spec_text(found) == spec_text(spec)


@pytest.mark.parametrize(
    ("app", "typed", "spec"),
    [
        pytest.param("own", ["sched@lr=hold(5)"], "hold(5)", id="a group of another name"),
        pytest.param("own", ["+own_exp=text", "sched@lr=mine"], MINE, id="its options"),
        pytest.param("after", [], "hold(3)", id="the app's own config"),
        pytest.param("after", ["schedule@lr=mine"], "step(${peak}, 0.5, 30)", id="over it"),
        pytest.param("group", ["+group_exp=preset", "schedule=mine"], MINE, id="over a preset"),
        pytest.param("null", ["schedule@lr=tree"], TREE, id="an option over null"),
        pytest.param("null", ["lr.spec=hold(1)"], "hold(1)", id="the spec over null"),
        pytest.param("nested", ["optim=adam"], MINE, id="nested groups"),
        pytest.param("nested", ["optim=adam", "schedule@optim.sched=0.1"], "0.1", id="in one"),
        pytest.param("nested", ["optim.sched=hold(1)"], "hold(1)", id="a nested key"),
        pytest.param("none", ["+schedule@lr=hold(1)"], "hold(1)", id="a new one"),
        pytest.param("none", ["+lr=hold(1)"], "hold(1)", id="a new key"),
        pytest.param("none", ["++lr.spec=hold(1)"], "hold(1)", id="a new node"),
        pytest.param("inside", ["model/schedule=hold(1)"], "hold(1)", id="a group in a group"),
        pytest.param("inside", ["++model.schedule.spec=hold(1)"], "hold(1)", id="new or old"),
        pytest.param("scheduler", ["lr.spec={linear: {end: 0}}"], "linear(_, 0)", id="an object"),
        pytest.param("scheduler", ["lr.spec.cosine.end=0.1"], "cosine(_, 0.1)", id="in a tree"),
        pytest.param("scheduler", ["lr.spec=[{hold: 1},{hold: 2}]"], "hold(1) >> hold(2)",
                     id="a list for an object"),
        pytest.param("group", ["+group_exp=spec"], "cosine(0.3, 0, 9)", id="a file's choice"),
        pytest.param("group", ["+group_exp=spec", "schedule=mine"], MINE, id="over such a file"),
        pytest.param("group", ["+group_exp=text", "schedule=mine", "schedule.spec=hold(2)"],
                     "hold(2)", id="both"),
        pytest.param("group", ["schedule.spec=hold(2)", "+group_exp=text", "schedule=mine"],
                     "hold(2)", id="both, the other way round"),
    ],
)  # fmt: skip
def test_other_groups(conf, app, typed, spec):
    if "${" in spec:
        configs, overrides = prepared(conf, app, *typed)
        assert OmegaConf.to_container(configs.composed(overrides).lr) == {"spec": spec}
    else:
        assert spec_text(composed(conf, app, *typed)) == spec_text(spec)


def test_definitions_come_with_their_option(conf):
    found = composed(conf, "group", "+group_exp=text", "schedule=defined")
    assert lrdsl.compile(found)(0) == 2


@pytest.mark.parametrize(
    ("app", "typed", "jobs"),
    [
        pytest.param("group", ["schedule=mine,hold(5),0.1"], [MINE, "hold(5)", 0.1], id="options"),
        pytest.param("group", ["+group_exp=text,preset", "schedule=mine,0.1"],
                     [MINE, MINE, 0.1, 0.1], id="experiments and options"),
        pytest.param("group", ["+group_exp=text,tree", "schedule.spec=hold(1),hold(2)"],
                     ["hold(1)", "hold(2)"] * 2, id="experiments and specs"),
    ],
)  # fmt: skip
def test_sweeps(conf, app, typed, jobs):
    configs, overrides = prepared(conf, app, *typed)
    from hydra._internal.core_plugins.basic_sweeper import BasicSweeper

    [batch] = BasicSweeper.split_arguments(read_overrides(overrides, configs), None)
    nodes = [configs.composed(job).schedule for job in batch]
    found = [OmegaConf.to_container(node, resolve=True) for node in nodes]
    assert [spec_text(node) for node in found] == [spec_text(spec) for spec in jobs]


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param(["schedule=mine"], id="an option"),
        pytest.param(["schedule=cosine"], id="a preset"),
        pytest.param(["tags=[b,c]"], id="a list of words"),
        pytest.param(["model={linear: 2}"], id="a mapping that is no schedule"),
        pytest.param(["peak=1", "+x={cosine: 1}"], id="a new key"),
        pytest.param(["schedule=[mine,base]"], id="a list of options"),
        pytest.param(["schedule='mine'"], id="an option in quotes"),
        pytest.param(["+group_exp=preset", "schedule=mine"], id="an option over a choice"),
        pytest.param(["schedule=no-such", "+group_exp=text"], id="no option"),
        pytest.param(["~schedule"], id="a deletion"),
    ],
)
def test_what_fits_stays(conf, typed):
    assert prepared(conf, "group", *typed)[1] == typed


def test_null_is_no_option(conf):
    configs = AppConfigs(lambda: loader(conf), "group")
    [note] = prepare_overrides(["schedule=null"], configs)[1]
    assert note == "schedule=null: null is no option of `schedule`; `~schedule` leaves it out"


def test_definitions_need_no_quotes(conf):
    definitions = "+schedule.definitions=def twice(x, y) = cosine(x, y, 9)"
    node = composed(conf, "group", "schedule=twice(1, 0)", definitions)
    assert lrdsl.compile(node)(0) == 1


def test_a_plain_key_is_no_group(tmp_path):
    (tmp_path / "plain.yaml").write_text(FILES["plain.yaml"])
    configs = AppConfigs(lambda: loader(tmp_path), "plain")
    assert prepare_overrides(["schedule=0.1"], configs)[0].every == ["schedule=0.1"]
    assert configs.composed(["schedule=0.1"]).schedule == 0.1


@pytest.mark.parametrize(
    ("name", "spec"),
    [
        *[pytest.param(name, None, id=name) for name in ("wsd", "a/b", "my-file", "v1.2", "a b")],
        pytest.param("1e-3", 0.001, id="a float"),
        pytest.param("1_000", 1000, id="an int"),
        pytest.param("cosin(1", "cosin(1", id="mistakes"),
        pytest.param("0.1 * base", "0.1 * base", id="a formula"),
    ],
)
def test_the_names_of_options(name, spec):
    assert as_option(name) == spec


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        pytest.param(["+group_exp=bare"],
                     "`schedule` in group_exp/bare: a list cannot replace a preset; write "
                     "`schedule: {spec: […]}`", id="a list over a preset"),
        pytest.param(['schedule="hold(${peak})"'],
                     "in the place of an option's name references are escaped: hold(\\${peak})",
                     id="a reference"),
        pytest.param(["schedule=no-such"], "", id="Hydra says it"),
    ],
)  # fmt: skip
def test_advice(conf, overrides, said):
    assert advice_on(AppConfigs(lambda: loader(conf), "group"), overrides) == said


def test_advice_on_a_sweep_in_a_file(conf):
    said = advice_on(AppConfigs(lambda: loader(conf), "sweep"), [])
    assert said == (
        "`lr` in hydra.sweeper.params: schedules in `choice(…)` lose their quotes; write "
        "`lr: '\"hold(1)\", 2'`"
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("override", "values"),
    [
        pytest.param('lr=choice("hold(5) >> hold(6)", "hold(6)")',
                     {"hold(5) >> hold(6)", "hold(6)"}, id="choice"),
        pytest.param("lr=hold(5) >> hold(6),range(1,3)", {"hold(5) >> hold(6)", "1", "2"},
                     id="range"),
        pytest.param("schedule@lr=cosine,hold(${peak})",
                     {"{'spec': 'hold(${peak})'}", "{'spec': 'cosine'}"}, id="options"),
    ],
)  # fmt: skip
def test_optuna(tmp_path, override, values):
    pytest.importorskip("hydra_plugins.hydra_optuna_sweeper")
    files = {
        "app.py": OPTUNA,
        "conf/app.yaml": "defaults: [schedule@lr: cosine, override hydra/sweeper: optuna]\n",
        "conf/schedule/cosine.yaml": "spec: cosine\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    done = warm_python("app.py", "-m", "hydra.sweeper.n_trials=6", override, folder=tmp_path)
    ran = {line.removeprefix("ran ") for line in done.stdout.splitlines() if line[:4] == "ran "}
    assert done.returncode == 0, done.stderr
    assert ran <= values
    assert len(ran) >= 1


def test_the_linter_says_it_too(conf):
    with pytest.raises(lrdsl.SpecError, match="a list cannot replace a preset; write"):
        lint_hydra(conf, "group", ["+group_exp=bare"])


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param("schedule.spec=cosin(1)", id="a spec"),
        pytest.param("schedule=cosin(1)", id="an option"),
        pytest.param("schedule=[{cosine: {end: 0}}, {cosin: 1}]", id="a list"),
        pytest.param('schedule.spec="cosin(1)"', id="in Hydra's quotes"),
    ],
)
def test_the_linter_takes_the_quotes_of_the_shell(conf, typed):
    found = lint_hydra(conf, "group", ["+group_exp=text", typed])
    assert "there is no shape `cosin`" in {each.diagnostic.message for each in found}


def test_jobs_are_bounded(conf):
    configs = AppConfigs(lambda: loader(conf), "group")
    assert len(jobs_of(read_overrides(["peak=range(1,100)"], configs))) == 20
