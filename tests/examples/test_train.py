"""examples/train.py, run as a user runs it."""

import csv
import math
import re

import pytest

import lrdsl
from tests.support.paths import ROOT
from tests.support.warm import warm_python

for needed in ("torch", "sklearn", "matplotlib", "tqdm"):
    pytest.importorskip(needed)

HEADLINE = "warmup(linear,100) >> cosine(1,1e-3,800) | interval[600:*0.5]"

pytestmark = pytest.mark.slow


def train(folder, *arguments):
    """Run the example; its run folders are `folder` and, in a sweep, `folder`/0, `folder`/1, …"""
    multirun = ["-m"] if "-m" in arguments else []
    overrides = [f"hydra.run.dir={folder}", f"hydra.sweep.dir={folder}"]
    rest = [argument for argument in arguments if argument != "-m"]
    line = ["examples/train.py", *multirun, *overrides, *rest]
    return warm_python(*line, folder=ROOT, HYDRA_FULL_ERROR="1")


def learning_rates(folder):
    with (folder / "lr.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["step", "lr", "loss", "result"]
    assert [bool(row["result"]) for row in rows] == [False] * (len(rows) - 1) + [True]
    assert [int(row["step"]) for row in rows] == list(range(len(rows)))
    assert all(float(row["loss"]) > 0 for row in rows)
    return [float(row["lr"]) for row in rows]


def is_picture(path):
    return path.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def accuracies(done):
    return [float(x) for x in re.findall(r"^test accuracy: ([\d.]+)$", done.stdout, re.MULTILINE)]


@pytest.mark.parametrize(
    ("arguments", "spec", "steps", "least"),
    [
        pytest.param([], "warmup(100) >> cosine(0.5, 0.5 / 1000, 800)", 900, 0.9, id="no argument"),
        pytest.param([f"lr={HEADLINE}"], HEADLINE, 900, 0.9, id="a spec"),
        pytest.param(
            ['lr="cosine(1, 0, 40)"', "steps=40"],
            "cosine(1, 0, 40)",
            40,
            0.1,
            id="quoted for Hydra",
        ),
        pytest.param(["lr=1", "steps=300"], "1", 300, 0.8, id="an int"),
        pytest.param(["lr=0.1", "steps=40"], "0.1", 40, 0.1, id="a float"),
        pytest.param(
            ["schedule@lr=wsd_by_hand", "steps=60", "warmup=10"],
            "warmup(10) >> constant(0.5) >> cooldown(sqrt, 20%)",
            60,
            0.1,
            id="a preset",
        ),
        pytest.param(
            ["+experiment=text", "steps=60"],
            "warmup(10%) >> constant(0.5, 70%) >> cooldown(sqrt, 20%)",
            60,
            0.1,
            id="an experiment with text",
        ),
        pytest.param(
            ["+experiment=tree", "steps=60"],
            "warmup(10%) >> cosine(0.5, 0.5 / 100)",
            60,
            0.1,
            id="an experiment with a tree",
        ),
        pytest.param(
            ["+experiment=program", "steps=60", "warmup=10"],
            "warmup(10) >> cosine(0.5, 0.5 / 1000, 50)",
            60,
            0.1,
            id="an experiment with a program",
        ),
        pytest.param(
            ["+experiment=tree", "schedule@lr=linear", "steps=60", "warmup=10"],
            "warmup(10) >> linear(0.5, 0, 50)",
            60,
            0.1,
            id="a preset over an experiment",
        ),
        pytest.param(
            ["+experiment=program", "lr=linear(1, 0, 60)", "steps=60", "warmup=9"],
            "linear(1, 0, 60)",
            60,
            0.1,
            id="a spec over an experiment",
        ),
        pytest.param(
            ["lr.spec=linear(1, 0, 90)", "steps=50"],
            "linear(1, 0, 90)",
            50,
            0.1,
            id="a spec inside the group",
        ),
        pytest.param(
            ["peak=0.3", "steps=400"],
            "warmup(100) >> cosine(0.3, 0.3 / 1000, 300)",
            400,
            0.9,
            id="the variables of a preset",
        ),
        pytest.param(
            ["optimizer=adamw", "steps=200"],
            "warmup(100) >> cosine(0.003, 0.003 / 1000, 100)",
            200,
            0.8,
            id="AdamW",
        ),
        pytest.param(
            ["lr=torch.OneCycleLR(0.3, total_steps=total)", "steps=80"],
            "torch.OneCycleLR(0.3, total_steps=total)",
            80,
            0.1,
            id="a dialect",
        ),
        pytest.param(
            ['lr="up(0.2)"', 'definitions="def up(x) = warmup(20, 0, x) >> cosine(x)"', "steps=80"],
            "warmup(20, 0, 0.2) >> cosine(0.2)",
            80,
            0.1,
            id="a definition in the config",
        ),
    ],
)
def test_trains_under_the_schedule(tmp_path, arguments, spec, steps, least):
    done = train(tmp_path, *arguments)
    assert done.returncode == 0, done.stderr
    schedule = lrdsl.compile(spec, total_steps=steps)
    assert learning_rates(tmp_path) == schedule.values(steps).tolist()
    assert is_picture(tmp_path / "lr.png")
    [accuracy] = accuracies(done)
    assert accuracy > least
    assert f"{steps}/{steps}" in done.stderr, "the progress bar"
    note = f"note: the schedule is {schedule.length} updates long, the run {steps}"
    assert (note in done.stdout) == (schedule.length not in (steps, math.inf))


@pytest.mark.parametrize(
    ("sweep", "specs"),
    [
        pytest.param(
            "schedule@lr=warmup_cosine,wsd_by_hand",
            [
                "warmup(10) >> cosine(0.5, 0.5 / 1000, 20)",
                "warmup(10) >> constant(0.5) >> cooldown(sqrt, 20%)",
            ],
            id="presets",
        ),
        pytest.param(
            "lr=cosine(1,0,30), linear(1,0,30)", ["cosine(1,0,30)", "linear(1,0,30)"], id="specs"
        ),
    ],
)
def test_sweeps(tmp_path, sweep, specs):
    done = train(tmp_path, "-m", sweep, "steps=30", "warmup=10")
    assert done.returncode == 0, done.stderr
    for job, spec in enumerate(specs):
        expected = lrdsl.compile(spec, total_steps=30).values(30)
        assert learning_rates(tmp_path / str(job)) == expected.tolist()
        assert is_picture(tmp_path / str(job) / "lr.png")
    assert len(accuracies(done)) == len(specs)


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        pytest.param(
            "lr=warmup(linear,100) >> cosin(1,1e-3,800) | intervall[600:*0.5]",
            [
                "error[LR201]: there is no shape `cosin`",
                "^^^^^ did you mean `cosine`?",
                "error[LR201]: there is no modifier `intervall`",
            ],
            id="two mistakes",
        ),
        pytest.param("lr=wsd", ["schedule@lr=wsd"], id="a preset as a spec"),
    ],
)
def test_a_bad_spec_is_explained_before_training(tmp_path, argument, said):
    done = train(tmp_path, argument)
    assert done.returncode == 1
    assert [line for line in said if line not in done.stderr] == []
    assert "Traceback" not in done.stderr
    assert "training" not in done.stderr + done.stdout
    assert not (tmp_path / "lr.csv").exists()


def test_is_repeatable(tmp_path):
    assert train(tmp_path, "-m", "seed=3,3,4", "lr=0.1", "steps=20").returncode == 0
    first, again, other = [(tmp_path / job / "lr.csv").read_text() for job in "012"]
    assert first == again != other


def test_a_plateau_reacts_to_the_test_loss(tmp_path):
    """So high a learning rate makes no progress, and is lowered after each patience."""
    done = train(tmp_path, 'lr="base | plateau(0.1, patience=0)"', "optimizer.lr=300", "steps=280")
    assert done.returncode == 0, done.stderr
    rates = learning_rates(tmp_path)
    assert rates[0] == 300
    changes = [step for step in range(1, 280) if rates[step] != rates[step - 1]]
    assert changes
    assert all(step % 22 == 0 for step in changes), "once an epoch of 22 updates"


@pytest.mark.parametrize(
    ("arguments", "least", "most"),
    [
        pytest.param([], 0.2, 1.5, id="SGD"),
        pytest.param(["optimizer=adamw"], 0.003, 0.1, id="AdamW"),
    ],
)
def test_a_range_test_suggests_a_rate_and_trains_nothing(tmp_path, arguments, least, most):
    done = train(tmp_path, "range_test=true", *arguments)
    assert done.returncode == 0, done.stderr
    [suggestion] = re.findall(r"^suggestion: ([\d.]+), ", done.stdout, re.MULTILINE)
    assert least < float(suggestion) < most
    assert is_picture(tmp_path / "range_test.png")
    assert not (tmp_path / "lr.csv").exists()
    assert "training" not in done.stderr + done.stdout


def test_a_range_test_without_batches_is_explained(tmp_path):
    done = train(tmp_path, "range_test=true", "batch_size=2000")
    assert done.returncode == 1
    assert "`batches` is empty" in done.stderr
    assert "Traceback" not in done.stderr


LINTED = "+hydra/callbacks=[lrdsl]"


def test_a_sweep_with_a_bad_spec_does_not_start(tmp_path):
    done = train(tmp_path / "out", "-m", LINTED, 'lr="cosine(1,0,30)","cosin(1,0,30)"', "steps=30")
    assert done.returncode == 1
    assert '`lr` of job 1 (lr="cosin(1,0,30)" steps=30)' in done.stderr
    assert "did you mean `cosine`" in done.stderr
    assert "no job was started" in done.stderr
    assert "Traceback" not in done.stderr
    assert "training" not in done.stderr + done.stdout
    assert not (tmp_path / "out").exists()


def test_a_good_sweep_trains_under_the_linter(tmp_path):
    done = train(tmp_path, "-m", LINTED, 'lr="cosine(1,0,30)","linear(1,0,30)"', "steps=30")
    assert done.returncode == 0, done.stderr
    assert "lrdsl:" not in done.stderr
    for job, spec in enumerate(["cosine(1,0,30)", "linear(1,0,30)"]):
        assert learning_rates(tmp_path / str(job)) == lrdsl.compile(spec).values(30).tolist()
