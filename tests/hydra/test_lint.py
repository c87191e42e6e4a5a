"""Linting composed configs: which specs are found, the callback in runs and sweeps, all options."""

from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import setup_globals
from hydra.types import RunMode
from omegaconf import OmegaConf

import lrdsl
from lrdsl.hydra import LintCallback, lint_hydra
from lrdsl.hydra.resolve import plain
from lrdsl.hydra.sweeps import MAX_JOBS, sweep_of
from lrdsl.linter import Settings
from lrdsl.linter.config import Project
from lrdsl.linter.lint_source import lint_source
from lrdsl.linter.read_source import read_file
from lrdsl.linter.sources.resolved_config import config_specs
from lrdsl.util.resources import folder
from tests.support.composed import lint_config
from tests.support.counting import bounded
from tests.support.processes import python
from tests.support.warm import warm_python

OURS = "lrdsl.torch.Scheduler"
GOOD, LONG, BAD = "cosine(1, 0, 30)", "cosine(1, 0, 3000)", "cosin(1, 0, 30)"


def found_in(config, **options):
    return [(key, found.name) for key, found in lint_config(config, **options)]


@pytest.mark.parametrize(
    ("config", "keys"),
    [
        pytest.param({"spec": BAD}, ["spec"], id="spec"),
        pytest.param({"spec": 0.1}, ["spec"], id="a number under spec"),
        pytest.param({"lr": BAD}, ["lr"], id="text under lr"),
        pytest.param({"lr": {"spec": BAD}}, ["lr.spec"], id="spec under lr"),
        pytest.param({"optimizer": {"lr": 0.1}}, [], id="an optimizer's number"),
        pytest.param({"a": {"b": [GOOD, {"c": GOOD}]}}, ["a.b[0]", "a.b[1].c"], id="by its call"),
        pytest.param({"a": "wsd(1, 10, 20, 30)"}, ["a"], id="a call of a definition"),
        pytest.param({"a": "torch.StepLR(30)"}, ["a"], id="a call of a dialect"),
        pytest.param({"note": "cosine (see the paper) is best"}, [], id="a sentence"),
        pytest.param({"name": "cosine", "f": "print(1)"}, [], id="no call of a shape"),
        pytest.param({"spec": {"containers": 3}}, [], id="another tool's spec"),
        pytest.param({"definitions": "def f() = hold(3)"}, [], id="definitions"),
        pytest.param({"s": {"_target_": OURS, "spec": BAD}}, ["s.spec"], id="of an object"),
        pytest.param({"s": {"_target_": OURS, "spec": {"spec": BAD}}}, ["s.spec.spec"], id="its"),
        pytest.param(
            {"s": {"_target_": OURS, "spec": {"lr": BAD, "momentum": {"a*": GOOD, "*": 0.9}}}},
            ["s.spec.lr", "s.spec.momentum.a*", "s.spec.momentum.*"],
            id="a program",
        ),
        pytest.param(
            {"lr": {"spec": BAD}, "s": {"_target_": OURS, "spec": BAD, "total_steps": 9}},
            ["lr.spec"],
            id="once, where it is written",
        ),
        pytest.param({"s": {"_target_": OURS, "spec": None}}, [], id="what is missing"),
        pytest.param({}, [], id="an empty config"),
        pytest.param(
            {
                "_target_": OURS,
                "spec": BAD,
                "total_steps": {"a": [1]},
                "definitions": [{}],
                3: {4: 5},
            },
            ["spec"],
            id="nonsense beside it",
        ),
    ],
)
def test_specs_are_found_by_their_place(config, keys):
    assert [place.origin.key for place in config_specs(config)] == keys


@pytest.mark.parametrize(
    ("config", "known"),
    [
        pytest.param(
            {"_target_": OURS, "spec": GOOD, "total_steps": 9, "peak": 0.1, "_partial_": True},
            {"total_steps": 9, "peak": 0.1},
            id="an object's arguments",
        ),
        pytest.param(
            {"_target_": OURS, "spec": GOOD, "last_epoch": 3, "metric_reduction": "max"},
            {},
            id="arguments that are no context",
        ),
        pytest.param({"spec": GOOD, "total_steps": 9, "peak": 1}, {"total_steps": 9}, id="beside"),
        pytest.param({"a": {"spec": GOOD}, "total_steps": 9}, {"total_steps": 9}, id="around"),
        pytest.param({"a": {"spec": GOOD}, "base_lr": 9}, {}, id="another's learning rate"),
        pytest.param(
            {"_target_": OURS, "spec": {"spec": GOOD, "definitions": "def b() = 2"},
             "definitions": ["def a() = 1"]},
            {"definitions": ("def a() = 1", "def b() = 2")},
            id="definitions",
        ),
        pytest.param(
            {"spec": GOOD, "definitions": "def a() = 1"}, {"definitions": ("def a() = 1",)},
            id="definitions beside it",
        ),
    ],
)  # fmt: skip
def test_what_stands_beside_a_spec_is_known(config, known):
    [place] = config_specs(config)
    definitions = place.origin.definitions
    assert {**place.context, **({"definitions": definitions} if definitions else {})} == known


@pytest.mark.parametrize(
    ("config", "context", "found"),
    [
        pytest.param({"lr": BAD}, {}, [("lr", "unknown-name")], id="an error"),
        pytest.param({"lr": LONG}, {}, [], id="no length known"),
        pytest.param({"lr": LONG}, {"total_steps": 900}, [("lr", "longer-than-run")], id="known"),
        pytest.param({"lr": LONG, "total_steps": 3000}, {"total_steps": 9}, [], id="config first"),
        pytest.param(
            {"_target_": OURS, "spec": GOOD, "total_steps": "soon"},
            {},
            [("spec", "bad-context")],
            id="a bad context",
        ),
        pytest.param(
            {"_target_": OURS, "lrs": 2, "spec": {"lr": "hold(5)", "weight_decay": "0.1 * lr"}},
            {},
            [],
            id="the other numbers of a program",
        ),
        pytest.param(
            {"lr": "twice(1)", "definitions": "def twice(x) = constant(2 * x)"},
            {},
            [],
            id="its own definitions",
        ),
        pytest.param(
            {"_target_": OURS, "spec": BAD, "definitions": None},
            {},
            [("spec", "unknown-name")],
            id="no definitions at all",
        ),
        pytest.param(
            {"lr": BAD, "definitions": [None]}, {}, [("lr", "unknown-name")], id="none in a list"
        ),
        pytest.param({"lr": "wsd"}, {}, [("lr", "bare-name")], id="a preset as a spec"),
    ],
)
def test_what_is_wrong_with_a_config(config, context, found):
    settings = Settings(select=("LR1", "LR2", "LR3", "LR4", "longer-than-run"))
    assert found_in(config, settings=settings, context=context) == found


def test_definitions_of_the_context_and_of_the_config_go_together():
    config = {"lr": "one() + two()", "definitions": "def two() = hold(2)"}
    assert lint_config(config, context={"definitions": "def one() = hold(1)"}) == []


def test_a_definition_that_no_spec_of_the_config_uses_is_told_once():
    own = "def a(n) = hold(n) \ndef b(n) = hold(n) \ndef c(n) = hold(n)"
    config = {"_target_": OURS, "definitions": own, "spec": {"lr": "a(5)", "momentum": "b(5)"}}
    [(key, found)] = lint_config(config)
    assert (key, found.name) == ("spec.lr", "unused-definition")
    assert "`c`" in found.message
    assert lint_config(config, context={"definitions": "def d(n) = hold(n)"}) == []


def test_settings_choose():
    assert found_in({"lr": BAD}, settings=Settings(ignore=("LR201",))) == []


def test_keys_can_be_left_out():
    config = {"a": {"lr": BAD}, "b": {"lr": BAD}}
    assert [place.origin.key for place in config_specs(config, ["a.*"])] == ["b.lr"]


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        pytest.param({"a": 1, "b": "${a}"}, {"a": 1, "b": 1}, id="a reference"),
        pytest.param({"a": "f(${b})", "b": "???"}, {"a": "f(given_b)", "b": None}, id="missing"),
        pytest.param(
            {"a": "f(${oops:1}, ${c})", "c": 2}, {"a": "f(given_oops_1, 2)", "c": 2}, id="own"
        ),
        pytest.param({"a": "${oops:1}"}, {"a": None}, id="nothing but a reference"),
        pytest.param({"a": {"b": "${..c}"}, "c": [1]}, {"a": {"b": [1]}, "c": [1]}, id="relative"),
        pytest.param({"a": None, "b": {}, "c": []}, {"a": None, "b": {}, "c": []}, id="empty"),
        pytest.param({"a": "${a}"}, {"a": None}, id="itself"),
        pytest.param(
            {"a": "x + ${b}", "b": "${a}"}, {"a": "x + given_b", "b": None}, id="in a circle"
        ),
        pytest.param({"hydra": {"x": 7}, "a": "${hydra:x}"}, {"a": 7}, id="Hydra's own"),
    ],
)
def test_plain(config, expected):
    setup_globals()  # Hydra's resolvers
    before = HydraConfig.instance().cfg
    assert plain(OmegaConf.create(config)).data == expected
    assert HydraConfig.instance().cfg is before


@pytest.mark.parametrize(
    "spec", ["warmup(${n}ep) >> cosine(${peak}, 0, ${n})", "constant(${peak}) | take(${n})", "${n}"]
)
def test_what_the_config_leaves_open_is_no_mistake(spec):
    config = plain(OmegaConf.create({"lr": spec, "n": "???", "peak": "${oops:}"})).data
    assert lint_config(config) == []


@pytest.mark.slow
def test_plain_is_bounded():
    config = OmegaConf.create({"a": {"b": "${c}"}, "c": {f"x{i}": "${a}" for i in range(4)}})
    with bounded():
        assert set(plain(config).data) == {"a", "c"}


@pytest.fixture
def sweep():
    """The sweep of overrides that are given, with another sweeper if it is named."""
    with initialize_config_dir(str(Path(folder("conf")).resolve()), version_base="1.3"):
        loader = GlobalHydra.instance().config_loader()

        def of(*overrides, sweeper=None, params=None):
            config = loader.load_configuration("train", list(overrides), RunMode.MULTIRUN)
            OmegaConf.set_struct(config, False)
            if sweeper is not None:
                config.hydra.sweeper._target_ = sweeper
            if params is not None:
                config.hydra.sweeper.params = params
            return sweep_of(config, loader)

        yield of


@pytest.mark.parametrize(
    ("overrides", "jobs"),
    [
        pytest.param(["steps=10"], [["steps=10"]], id="one job"),
        pytest.param(["seed=1,2"], [["seed=1"], ["seed=2"]], id="a list"),
        pytest.param(["seed=range(0,3)"], [["seed=0"], ["seed=1"], ["seed=2"]], id="a range"),
        pytest.param(
            ["schedule@lr=linear,poly", "seed=1,2"],
            [
                ["schedule@lr=linear", "seed=1"],
                ["schedule@lr=linear", "seed=2"],
                ["schedule@lr=poly", "seed=1"],
                ["schedule@lr=poly", "seed=2"],
            ],
            id="combinations",
        ),
        pytest.param(
            ['lr="a(1) >> b(2)","c(3)"'], [['lr="a(1) >> b(2)"'], ['lr="c(3)"']], id="specs"
        ),
        pytest.param(
            ["schedule@lr=glob(ll*)"],
            [["schedule@lr=llama2"], ["schedule@lr=llama3"]],
            id="a glob",
        ),
    ],
)
def test_the_jobs_of_a_sweep(sweep, overrides, jobs):
    found = sweep(*overrides)
    assert [list(job.overrides) for job in found.jobs] == jobs
    assert [job.number for job in found.jobs] == list(range(len(jobs)))
    assert found.notes == ()


def test_a_sweep_in_the_config(sweep):
    found = sweep("seed=3", params={"steps": "10,20"})
    assert [job.overrides for job in found.jobs] == [("steps=10", "seed=3"), ("steps=20", "seed=3")]


def test_a_huge_sweep_is_cut_and_says_so(sweep):
    with bounded():
        found = sweep("seed=range(0,1000000000)", "steps=range(1,1000000000)")
    assert len(found.jobs) == MAX_JOBS
    [note] = found.notes
    assert f"the first {MAX_JOBS} are linted" in note


def test_a_sweeper_that_chooses_for_itself(sweep):
    found = sweep(
        "peak=interval(0.1,1)", "seed=choice(1,2)", sweeper="far.Away", params={"x": ")("}
    )
    assert found.are_possible
    assert [job.overrides for job in found.jobs] == [
        ("peak=0.1", "seed=1"),
        ("peak=1.0", "seed=1"),
        ("peak=0.1", "seed=2"),
    ]
    chooses, reads, draws = found.notes
    assert "Away chooses the jobs" in chooses
    assert "`x=)(` is for Away to read" in reads
    assert "its two ends are linted" in draws


@pytest.mark.parametrize("fail_on", ["hint", "never", None])
def test_fail_on_is_one_of_two(fail_on):
    with pytest.raises(lrdsl.SpecError, match="`fail_on` is `error` or `warning`"):
        LintCallback(fail_on=fail_on)


APP = """
import hydra

@hydra.main(version_base="1.3", config_path="conf", config_name="app")
def main(config):
    print("ran", config.lr)

main()
"""
CONF = """
hydra: {run: {dir: out}, sweep: {dir: out}, output_subdir: null}
steps: 900
lr: cosine(1, 0, ${steps})
"""


@pytest.fixture
def app(tmp_path):
    """An app without torch; called with its arguments, it is run with the callback."""
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "app.yaml").write_text(CONF)
    (tmp_path / "app.py").write_text(APP)

    def run(*arguments, callback="+hydra/callbacks=[lrdsl]"):
        flags = [argument for argument in arguments if argument == "-m"]
        rest = [argument for argument in arguments if argument != "-m"]
        callbacks = [callback] if callback else []
        line = ["app.py", *flags, *callbacks, *rest]
        start = warm_python if callback else python  # a warm one has imported lrdsl
        done = start(*line, folder=tmp_path, HYDRA_FULL_ERROR="1")
        done.jobs = [line for line in done.stdout.splitlines() if line.startswith("ran")]
        done.folder = tmp_path / "out"
        return done

    return run


KNOWN = "+hydra.callbacks.lrdsl.context.total_steps=${steps}"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(
            [f'lr="{BAD}"'],
            ["lrdsl: `lr`\n", "did you mean `cosine`", "1 error: the job was not started"],
            id="a run",
        ),
        pytest.param(
            ["-m", f'lr="{GOOD}","{BAD}"', "steps=10,20"],
            ["`lr` of jobs 2 and 3 (lr=", "steps=10 for the first)", "1 error: no job was started"],
            id="a sweep",
        ),
        pytest.param(
            ["-m", f'lr="{BAD}"', "+seed=1,2,3"], ["`lr` of all 3 jobs\n"], id="every job"
        ),
        pytest.param(
            [f'lr="{LONG}"', KNOWN, "hydra.callbacks.lrdsl.fail_on=warning"],
            ["warning[LR801]", "1 warning: the job was not started"],
            id="a warning is enough",
        ),
        pytest.param(
            ["-m", 'lr="linear(1, 0, 20)"', "steps=10,20,40", KNOWN,
             "hydra.callbacks.lrdsl.fail_on=warning",
             "hydra.callbacks.lrdsl.select=[longer-than-run]"],
            ["`lr` of job 0 (", "the schedule is 20 updates long, but the run has only 10"],
            id="a job's own context",
        ),
        pytest.param(["+x.spec=wsd"], ["`x.spec`\n"], id="an added spec"),
    ],
)  # fmt: skip
def test_nothing_starts(app, arguments, said):
    done = app(*arguments)
    assert done.returncode == 1
    assert done.jobs == []
    assert [part for part in said if part not in done.stderr] == [], done.stderr
    assert "Traceback" not in done.stderr
    assert not done.folder.exists()


@pytest.mark.parametrize(
    ("arguments", "jobs", "said"),
    [
        pytest.param([], 1, "", id="a run"),
        pytest.param(["-m", "steps=10,20"], 2, "", id="a sweep"),
        pytest.param([f'lr="{LONG}"', KNOWN], 1, "1 warning\n", id="a warning is said"),
        pytest.param(
            ["-m", f'lr="{LONG}"', "steps=10,20", KNOWN,
             "hydra.callbacks.lrdsl.ignore=[longer-than-run]"],
            2, "", id="a rule that is not wanted",
        ),
        pytest.param(
            [f'lr="{BAD}"', "hydra.callbacks.lrdsl.exclude=[lr]"], 1, "", id="no spec by its key"
        ),
    ],
)  # fmt: skip
def test_it_runs(app, arguments, jobs, said):
    done = app(*arguments)
    assert done.returncode == 0, done.stderr
    assert len(done.jobs) == jobs
    assert said in done.stderr
    others = [line for line in done.stderr.splitlines() if "not checked in full" not in line]
    assert bool(said) == ("lrdsl:" in "".join(others))


def test_the_settings_of_the_project_hold(app, tmp_path):
    settings = '[tool.lrdsl.lint]\nignore = ["unknown-name"]\n'
    (tmp_path / "pyproject.toml").write_text(settings)
    assert len(app(f'lr="{BAD}"').jobs) == 1
    (tmp_path / "pyproject.toml").write_text(settings.replace("ignore", "ignores"))
    done = app()
    assert done.returncode == 1
    assert done.jobs == []
    assert "there is no setting `ignores`" in done.stderr


def test_hydra_without_the_callback_imports_nothing_of_lrdsl(app, tmp_path):
    (tmp_path / "app.py").write_text(APP + "import sys; print('lrdsl' in sys.modules)\n")
    done = app(callback=None)
    assert done.stdout.split()[-1] == "False"


def test_a_job_that_cannot_be_composed_stops_the_sweep(app, tmp_path):
    write(tmp_path, {"conf/schedule/good.yaml": f"spec: {GOOD}\n"})
    done = app("-m", "+schedule=good,goood", "steps=1,2", "hydra.sweeper.max_batch_size=1")
    assert (done.returncode, done.jobs) == (1, [])
    assert (
        "lrdsl: the config of jobs 2 and 3 (+schedule=goood steps=1 for the first) cannot be "
        "composed\n"
    ) in done.stderr
    assert "schedule/goood" in done.stderr
    assert done.stderr.endswith("lrdsl: 1 error: no job was started\n")


def test_a_spec_can_depend_on_the_number_of_the_job(app):
    done = app("-m", 'lr="constant(1 / (3 - ${hydra:job.num}))"', "steps=1,2,3,4,5")
    assert (done.returncode, done.jobs) == (1, [])
    assert "`lr` of job 3 (" in done.stderr
    assert "LR501" in done.stderr


def test_a_job_not_known_ahead_is_linted_when_it_starts(capsys):
    config = OmegaConf.create(
        {"hydra": {"overrides": {"task": ["seed=7"]}, "job": {"num": 4}}, "lr": BAD}
    )
    with pytest.raises(SystemExit) as stopped:
        LintCallback().on_job_start(config, task_function=None)
    assert stopped.value.code == 1
    assert "`lr` of job 4 (seed=7)" in capsys.readouterr().err


def write(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


OPTIONS = {
    "app.yaml": "defaults: [schedule@lr: good, _self_]\nsteps: 30\n",
    "schedule/good.yaml": f"spec: {GOOD}\n",
    "schedule/bad.yaml": f"spec: {BAD}\n",
    "schedule/var.yaml": "spec: cosine(1, 0, ${steps}) | klip(0, 1)\n",
}


@pytest.mark.parametrize(
    ("files", "overrides", "found"),
    [
        pytest.param(
            OPTIONS,
            [],
            [("schedule@lr=bad", "lr.spec"), ("schedule@lr=var", "lr.spec")],
            id="every option",
        ),
        pytest.param(OPTIONS, ["schedule@lr=bad"], [("", "lr.spec")], id="the chosen one"),
        pytest.param(
            {"app.yaml": "a: 1\n", "schedule/bad.yaml": f"spec: {BAD}\n"},
            [],
            [("+schedule=bad", "schedule.spec")],
            id="a group without a default",
        ),
        pytest.param(
            {"app.yaml": "defaults: [sub/x@opt.schedule: a]\n", "sub/x/a.yaml": f"spec: {GOOD}\n",
             "sub/x/b.yaml": f"spec: {BAD}\n"},
            [], [("sub/x@opt.schedule=b", "opt.schedule.spec")], id="by its package",
        ),
        pytest.param(
            {**OPTIONS, "schedule/bad.yaml": "a: [\n", "schedule/var.yaml": f"spec: {GOOD}\n"},
            [], [("schedule@lr=bad", "")], id="an option that is no YAML",
        ),
        pytest.param(
            {**OPTIONS, "app.yaml": OPTIONS["app.yaml"] + "x: {spec: wsd}\n"},
            ["schedule@lr=good"], [("", "x.spec")], id="a spec beside",
        ),
    ],
)  # fmt: skip
def test_lint_hydra(tmp_path, files, overrides, found):
    results = lint_hydra(write(tmp_path, files), "app", overrides)
    assert [(each.option, each.key) for each in results] == found
    assert all(each.place.startswith("app") for each in results)


def test_the_name_of_an_option_in_the_place_of_a_spec(tmp_path):
    files = {**OPTIONS, "app.yaml": "defaults: [schedule@lr: good, _self_]\nx: {spec: var}\n"}
    [found] = lint_hydra(write(tmp_path, files), "app", ["schedule@lr=good"])
    assert (found.key, found.diagnostic.name) == ("x.spec", "preset-as-spec")


def test_a_finding_of_every_option_is_there_once(tmp_path):
    files = {**OPTIONS, "app.yaml": OPTIONS["app.yaml"] + "x: {spec: wsd}\n"}
    places = [each.place for each in lint_hydra(write(tmp_path, files), "app")]
    assert places == ["app x.spec", "app schedule@lr=bad lr.spec", "app schedule@lr=var lr.spec"]


PROGRAM = f"{{lr: '{LONG}', weight_decay: 0.1 * lr}}"
RUN = "scheduler: {_target_: lrdsl.torch.Scheduler, total_steps: 30, spec: "
MERGED = [
    pytest.param(f"lr: {PROGRAM}", "${lr}", [], "longer-than-run", id="a reference"),
    pytest.param(f"a: {{b: {PROGRAM}}}", "${..a.b}", [], "longer-than-run", id="a relative one"),
    pytest.param(
        f"lr: {PROGRAM}", "${oc.select:program,${lr}}", [], "longer-than-run", id="select"
    ),
    pytest.param(f"a: [1, {PROGRAM}]", "${a[1]}", [], "longer-than-run", id="in a list"),
    pytest.param(
        f"p: {PROGRAM}\na: ${{p}}\nb: ${{a}}", "${b}", [], "longer-than-run", id="a chain"
    ),
    pytest.param(f"n: x\np: {{x: {PROGRAM}}}", "${p.${n}}", [], "longer-than-run", id="a choice"),
    pytest.param(f"a: ${{b}}\nb: {{x: {PROGRAM}}}", "${a.x}", [], "longer-than-run", id="through"),
    pytest.param("lr: 0.1", "${lr}", ["+lr.lr=cosin()"], "unknown-name", id="over a number"),
    pytest.param(f"lr: {{spec: {PROGRAM}}}", "${lr}", [], "longer-than-run", id="below a spec"),
    pytest.param(
        "lr: {spec: hold()}", "${lr}", ["++lr.spec={lr: cosin()}"], "unknown-name", id="a preset's"
    ),
    pytest.param("lr: {spec: hold()}", "${lr}", ["+lr.lr=hold()"], "bad-spec", id="beside a spec"),
    pytest.param(
        "lr: {spec: hold()}", "{lr: '${lr}', momentum: 1}", ["+lr.end=0"], "bad-spec", id="a field"
    ),
]


@pytest.mark.parametrize(("text", "spec", "overrides", "rule"), MERGED)
def test_a_program_that_comes_from_elsewhere_is_linted(tmp_path, text, spec, overrides, rule):
    written = spec if spec.startswith("{") else f'"{spec}"'
    app = write(tmp_path, {"app.yaml": f"{text}\n{RUN}{written}}}\n"})
    assert {each.diagnostic.name for each in lint_hydra(app, "app", overrides)} == {rule}
    if not overrides and "," not in spec:  # the file alone says so as well
        found = lint_source(read_file(str(app / "app.yaml")), Project())
        assert rule in {each.diagnostic.name for each in found}


@pytest.mark.parametrize(
    ("name", "overrides"),
    [
        pytest.param("nothing", [], id="no such config"),
        pytest.param("app", ["nothing=1"], id="no such key"),
        pytest.param("app", ["steps=1,2"], id="a sweep"),
        pytest.param("app", ["steps=a(1"], id="what nobody reads"),
    ],
)
def test_what_cannot_be_composed_is_said(tmp_path, name, overrides):
    with pytest.raises(lrdsl.SpecError, match="LR608"):
        lint_hydra(write(tmp_path, OPTIONS), name, overrides)


def test_no_folder(tmp_path):
    with pytest.raises(lrdsl.SpecError, match="there is no folder"):
        lint_hydra(tmp_path / "none", "app")


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_the_configs_that_ship_are_clean(optimizer):
    assert lint_hydra(folder("conf"), "train", [f"optimizer={optimizer}"]) == []


@pytest.mark.parametrize("name", ["text", "tree", "program"])
def test_the_experiments_that_ship_are_clean(name):
    found = lint_hydra(folder("conf"), "train", [f"+experiment={name}", "schedule@lr=linear"])
    assert (found, found.unchecked) == ([], ())
    names = {path.stem for path in (folder("conf") / "experiment").glob("*.yaml")}
    assert names == {"text", "tree", "program"}


def test_another_hydra_goes_on_after_it(tmp_path):
    other = write(tmp_path / "other", {"train.yaml": f"lr: {GOOD}\n"})
    with initialize_config_dir(str(write(tmp_path / "here", OPTIONS)), version_base="1.3"):
        assert lint_hydra(other, "train") == []
        assert compose("app").steps == 30
