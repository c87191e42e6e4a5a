"""Sweeps for real: every launcher and sweeper that docs/sweeps.md shows, linted, run, compared."""

import importlib.util
import json
import re
import shlex

import pytest
import yaml
from click.testing import CliRunner

from lrdsl.cli.main import cli
from tests.support.paths import ROOT
from tests.support.processes import python
from tests.support.warm import warm_python

PLUGINS = {
    "joblib": "hydra-joblib-launcher",
    "submitit_local": "hydra-submitit-launcher",
    "ray": "hydra-ray-launcher",
    "optuna": "hydra-optuna-sweeper",
}
"""The packages of launchers and sweepers, by the names of their configs."""

LAUNCHERS = ["basic", "joblib", "submitit_local", "ray"]
ON_THIS_MACHINE = {
    "RAY_AUTH_MODE": "disabled",  # which would leave a token in the home directory
    "RAY_USAGE_STATS_ENABLED": "0",
}
LOOPBACK = [
    "+hydra.launcher.ray.init.num_cpus=2",
    "+hydra.launcher.ray.init.include_dashboard=false",
    "+hydra.launcher.ray.init._node_ip_address=127.0.0.1",
]


def need(*names):
    """Skip the test where the package of a launcher or a sweeper is not installed."""
    for name in names:
        package = PLUGINS.get(name)
        module = f"hydra_plugins.{(package or '').replace('-', '_')}"
        if package is not None and importlib.util.find_spec(module) is None:
            extra = "ray" if name == "ray" else "sweeps"
            pytest.skip(f"needs {package}: pip install 'lrdsl[{extra}]'")


def start(script, folder, *arguments):
    # The other launchers start processes of their own, which they need a cold one for.
    others = [f"hydra/launcher={name}" for name in LAUNCHERS if name != "basic"]
    run = warm_python if set(others).isdisjoint(arguments) else python
    return run(script, *arguments, folder=folder, **ON_THIS_MACHINE, HYDRA_FULL_ERROR="1")


APP = """
import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import OmegaConf

import json
from pathlib import Path

@hydra.main(version_base="1.3", config_path="conf", config_name="app")
def main(config):
    told = OmegaConf.to_container(config, resolve=True)
    Path(HydraConfig.get().runtime.output_dir, "told.json").write_text(json.dumps(told))
    return float(config.peak)

if __name__ == "__main__":
    main()
"""
CONF = """
hydra: {run: {dir: out}, sweep: {dir: out}}
steps: 900
warmup: 10
peak: 1
lr: cosine(${peak}, 0, ${steps} - ${warmup})
"""


@pytest.fixture
def app(tmp_path):
    """An app without torch; called with its arguments, it is swept with the callback."""
    (tmp_path / "conf" / "sweep").mkdir(parents=True)
    (tmp_path / "conf" / "app.yaml").write_text(CONF)
    (tmp_path / "app.py").write_text(APP)

    def sweep(*arguments, launcher="basic"):
        need(launcher)
        known = LOOPBACK if launcher == "ray" else []
        options = ["-m", "+hydra/callbacks=[lrdsl]", f"hydra/launcher={launcher}", *known]
        done = start("app.py", tmp_path, *options, *arguments)
        told = {int(path.parent.name): path for path in (tmp_path / "out").glob("*/told.json")}
        done.jobs = [json.loads(told[number].read_text()) for number in sorted(told)]
        done.folder = tmp_path / "out"
        return done

    return sweep


TEN = [f"cosine(1, 0, {9 + i})" for i in range(10)]
WITH_A_MISTAKE = [*TEN[:7], "cosin(1, 0, 16)", *TEN[8:]]


def listed(specs):
    return ",".join(f'"{spec}"' for spec in specs)


def says_job_7(done):
    assert (done.returncode, done.jobs) == (1, [])
    assert done.stderr.startswith("lrdsl: `lr` of job 7 (lr="), done.stderr
    assert "did you mean `cosine`?" in done.stderr
    assert done.stderr.endswith("lrdsl: 1 error: no job was started\n")
    assert not done.folder.exists()


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_a_broken_spec_in_job_7_of_10_starts_none_of_them(app, launcher):
    says_job_7(app(f"lr={listed(WITH_A_MISTAKE)}", launcher=launcher))


def test_so_it_is_with_a_sweep_in_a_file(app, tmp_path):
    params = {"hydra": {"sweeper": {"params": {"lr": listed(WITH_A_MISTAKE)}}}}
    text = f"# @package _global_\n{yaml.safe_dump(params)}"
    (tmp_path / "conf" / "sweep" / "ten.yaml").write_text(text)
    says_job_7(app("+sweep=ten"))


def test_so_it_is_with_a_mistake_that_a_variable_makes(app):
    done = app("warmup=range(0,1000,100)", "steps=650")
    assert (done.returncode, done.jobs) == (1, [])
    for job, left in {7: -50, 8: -150, 9: -250}.items():
        assert f"lrdsl: `lr` of job {job} (warmup={job}00 steps=650)" in done.stderr
        assert f"the segment has {left} updates, but it needs 0 or more" in done.stderr
    assert "of job 6" not in done.stderr


def test_so_it_is_in_batches(app):
    says_job_7(app(f"lr={listed(WITH_A_MISTAKE)}", "hydra.sweeper.max_batch_size=2"))


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_a_launcher_hands_on_what_was_written(app, launcher):
    """Specs are pickled on the way to a job, with commas, quotes, references and all."""
    specs = ["warmup(2) >> cosine(1, 1e-3, 8) | interval[6:*0.5]", "linear(${peak}, 0, ${steps})"]
    done = app(f"lr={listed(specs)}", "peak=3", launcher=launcher)
    assert done.returncode == 0, done.stderr
    assert [job["lr"] for job in done.jobs] == [specs[0], "linear(3, 0, 900)"]
    for number, spec in enumerate(specs):
        overrides = (done.folder / str(number) / ".hydra" / "overrides.yaml").read_text()
        assert yaml.safe_load(overrides) == [f'lr="{spec}"', "peak=3"]


SEARCH = ["hydra/sweeper=optuna", "hydra.sweeper.n_jobs=2"]


def test_what_a_search_can_choose_is_linted_ahead(app):
    need("optuna")
    done = app(*SEARCH, f"lr={listed(WITH_A_MISTAKE)}", "peak=interval(0.1,1)")
    assert (done.returncode, done.jobs) == (1, [])
    assert "OptunaSweeper chooses the jobs" in done.stderr
    assert '`lr` of a job that can be chosen (lr="cosin(1, 0, 16)" peak=0.1)' in done.stderr
    assert done.stderr.endswith("no job was started\n")


def test_an_interval_of_a_search_is_linted_at_its_ends(app):
    need("optuna")
    done = app(*SEARCH, "warmup=interval(10,1200)")
    assert (done.returncode, done.jobs) == (1, [])
    assert "`lr` of a job that can be chosen (warmup=1200" in done.stderr


@pytest.mark.parametrize("launcher", ["basic", "joblib"])
def test_a_mistake_of_a_combination_stops_a_search_where_it_is(app, launcher):
    need("optuna")
    grid = "hydra/sweeper/sampler=grid"
    done = app(*SEARCH, grid, "steps=choice(1000,100)", "warmup=choice(10,500)", launcher=launcher)
    assert done.returncode == 1
    assert "(steps=100 warmup=500)" in done.stderr
    assert "the segment has -400 updates, but it needs 0 or more" in done.stderr
    assert "the job was not started" in done.stderr
    assert {"steps": 100, "warmup": 500} not in [
        {key: job[key] for key in ("steps", "warmup")} for job in done.jobs
    ]
    assert "Traceback" not in done.stderr


def test_a_search_finds_the_lowest_result(app):
    need("optuna")
    done = app(*SEARCH, "hydra.sweeper.n_trials=6", "peak=tag(log,interval(0.01,1))")
    assert done.returncode == 0, done.stderr
    found = yaml.safe_load((done.folder / "optimization_results.yaml").read_text())
    tried = [job["peak"] for job in done.jobs]
    assert len(set(tried)) == 6
    assert all(0.01 <= peak <= 1 for peak in tried)
    assert found["best_value"] == found["best_params"]["peak"] == min(tried)


# The commands of docs/sweeps.md


def commands():
    page = (ROOT / "docs" / "sweeps.md").read_text(encoding="utf-8")
    for block in re.findall(r"^```bash\n(.*?)^```", page, re.M | re.S):
        for line in block.splitlines():
            if line.startswith("python examples/train.py -m "):
                yield shlex.split(line, comments=True)[2:]


def named(arguments):
    return " ".join(arguments[1:])[:60]


TRAINED = {
    # The warmup can be 200. Jobs in processes are those of the other command with joblib.
    "optuna hydra/launcher=joblib": (
        2,
        ["steps=210", "hydra.sweeper.n_trials=2", "hydra.launcher.n_jobs=1"],
    ),
    "optuna": (2, ["steps=210", "hydra.sweeper.n_trials=2"]),
    "submitit": (1, ["steps=12", "warmup=3", "peak=0.2"]),
    "launcher=": (2, ["steps=12", "warmup=3", "peak=0.2,0.5"]),
    "sweep=variables": (4, ["steps=12", "warmup=2,3", "peak=0.2,0.5"]),
    "sweep=schedules": (4, ["steps=12", "warmup=3", "peak=0.2"]),
    "sweep=specs": (3, ["steps=12", "warmup=3"]),
    "schedule@lr=": (4, ["steps=12", "warmup=3"]),
    "lr=": (2, ["steps=12"]),
}
"""How many runs a command makes, and what makes it small, by a part of it: the first that fits."""


@pytest.mark.slow
@pytest.mark.parametrize("arguments", list(commands()), ids=named)
def test_the_commands_of_the_page(tmp_path, arguments):
    for needed in ("sklearn", "matplotlib", "tqdm"):
        pytest.importorskip(needed)
    text = " ".join(arguments)
    need(*[name for name in PLUGINS if re.search(rf"[=/]{name}\b", text)])
    count, small = next(TRAINED[part] for part in TRAINED if part in text)
    done = start("examples/train.py", ROOT, *arguments, *small, f"hydra.sweep.dir={tmp_path}")
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr

    compared = CliRunner().invoke(cli, ["compare", str(tmp_path), "--format", "json"])
    assert compared.exit_code == 0, compared.output
    assert (tmp_path / "compare.png").stat().st_size > 10_000
    found = json.loads(compared.stdout)
    runs, changed = found["runs"], found["differing"]
    assert len(runs) == count
    assert [run["problems"] for run in runs] == [[]] * count
    assert {f"steps={run['updates']}" for run in runs} == {small[0]}
    results = [run["result"] for run in runs]
    assert results == sorted(results)
    assert len({(run["spec"], *map(run["overrides"].get, changed)) for run in runs}) == count
    if "optuna" in text:
        best = yaml.safe_load((tmp_path / "optimization_results.yaml").read_text())
        assert best["best_value"] == results[0]
        assert "peak" in changed


def test_every_launcher_and_sweeper_is_on_the_page():
    shown = " ".join(" ".join(arguments) for arguments in commands())
    assert [name for name in PLUGINS if name not in shown] == []
    files = sorted(path.stem for path in (ROOT / "conf" / "sweep").glob("*.yaml"))
    assert [name for name in files if f"+sweep={name}" not in shown] == []
