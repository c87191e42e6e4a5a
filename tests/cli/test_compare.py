"""`lrdsl compare`: the table, the picture and what is said of mistakes."""

import csv
import io
import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from lrdsl.cli.main import cli
from lrdsl.compare import Record, Run, Series, figure, ranked, read_runs, save
from tests.support.counting import bounded
from tests.support.logged_runs import job, jobs, log, write
from tests.support.paths import ROOT
from tests.support.processes import python


def run(name="a", loss=(), result=None, **overrides):
    values = np.array(loss, dtype=float)
    record = Record({}, Series(np.arange(float(len(values))), values), result, len(values))
    return Run(name, Path(name), record, overrides)


@pytest.fixture
def sweep(tmp_path):
    """Five jobs: two with a result, one without, one that failed, one that diverged."""
    conf = "peak: {}\nlr: {{spec: 'warmup(2) >> cosine(${{peak}}, 0, 9)'}}\n"
    return jobs(
        tmp_path / "sweep",
        job(["peak=0.5", "seed=1"], conf.format(0.5), result=0.75),
        job(["peak=0.1", "seed=1"], conf.format(0.1), result=0.5),
        job(["peak=0.2", "seed=1"], conf.format(0.2)),
        {k: v for k, v in job(["peak=-3", "seed=1"], conf.format(-3)).items() if k != "lr.csv"},
        job(
            ["peak=9", "seed=1"], conf.format(9), text="step,lr,loss,result\n0,9,2,\n1,9,nan,nan\n"
        ),
    )


def call(*arguments):
    return CliRunner().invoke(cli, ["compare", *map(str, arguments)], prog_name="lrdsl")


GOLDEN = ROOT / "tests" / "golden" / "compare.txt"


# The command


NOTE = (
    "note: 1 run has no lr.csv: `lrdsl.torch.log_to_csv` writes one, and --file NAME reads a log "
    "of another name\n"
)


def test_the_remedy_for_a_missing_log_names_what_is_there(tmp_path):
    write(tmp_path, {"a/.hydra/config.yaml": "", "a/metrics.csv": "step,lr\n0,1\n"})
    done = call(tmp_path, "--no-picture")
    assert done.stderr == NOTE.replace("another name", "another name, such as metrics.csv")
    assert "note:" not in call(tmp_path, "--no-picture", "--file", "metrics.csv").stderr


def test_markdown_is_the_table(sweep):
    head, line, *rows = call(sweep, "--format", "markdown", "--no-picture").stdout.splitlines()
    assert head.startswith("| run | result | loss | best | updates | peak |")
    assert (set(line), len(rows)) == ({"|", "-"}, 5)


def test_the_table(sweep):
    done = call(sweep, "--no-picture")
    assert done.exit_code == 0
    assert done.stderr == NOTE
    if os.environ.get("LRDSL_UPDATE_GOLDEN"):
        GOLDEN.write_text(done.stdout, encoding="utf-8")
    assert done.stdout == GOLDEN.read_text(encoding="utf-8")


def test_the_picture_lies_in_the_folder(sweep):
    done = call(sweep)
    assert (done.exit_code, done.stderr) == (0, f"{NOTE}{sweep / 'compare.png'} shows them\n")
    assert (sweep / "compare.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    for form in ([], ["--format", "json"], ["--format", "csv"]):
        done = call(sweep, *form)
        assert "shows them" in done.stderr
        assert done.stdout == call(sweep, *form, "--no-picture").stdout


@pytest.mark.parametrize("kind", ["svg", "png", "pdf", "SVG"])
def test_the_picture_goes_elsewhere(sweep, tmp_path, kind):
    target = tmp_path / f"runs.{kind}"
    done = call(sweep, "-o", target, "--log", "--title", "Mine $x_1")
    assert (done.exit_code, done.stderr) == (0, f"{NOTE}{target} shows them\n")
    assert not (sweep / "compare.png").exists()
    first = target.read_bytes()
    call(sweep, "-o", target, "--log", "--title", "Mine $x_1")
    assert target.read_bytes() == first


def test_json_has_it_all(sweep):
    def refuse(token):
        raise AssertionError(token)

    data = json.loads(call(sweep, "--format", "json", "--no-picture").stdout, parse_constant=refuse)
    assert data["differing"] == ["peak"]
    assert [run["run"] for run in data["runs"]] == ["1", "0", "2", "3", "4"]
    best, *_, failed, lost = data["runs"]
    assert best == {
        "run": "1", "folder": str(sweep / "1"), "result": 0.5, "loss": 2.0 * (1 - 1 / 3),
        "best": 2.0 * (1 - 1 / 3), "updates": 3, "diverged": False,
        "spec": "warmup(2) >> cosine(0.1, 0, 9)", "overrides": {"peak": "0.1", "seed": "1"},
        "problems": [],
    }  # fmt: skip
    assert failed["problems"] == ["there is no lr.csv"]
    assert (lost["result"], lost["loss"], lost["best"], lost["diverged"]) == (None, None, 2.0, True)


def test_csv_has_full_precision(sweep):
    rows = list(csv.DictReader(io.StringIO(call(sweep, "--format", "csv", "--no-picture").stdout)))
    assert [row["run"] for row in rows] == ["1", "0", "2", "3", "4"]
    assert [row["peak"] for row in rows] == ["0.1", "0.5", "0.2", "-3", "9"]
    assert float(rows[0]["loss"]) == 2.0 * (1 - 1 / 3)
    assert rows[2]["result"] == ""
    assert rows[4]["result"] == "nan"


def test_specs_are_not_listed_twice(tmp_path):
    specs = ["cosine(1, 0, 9)", "linear(1, 0, 9)"]
    runs = [job([f'lr="{spec}"'], f"lr: {spec}", result=i) for i, spec in enumerate(specs)]
    done = call(jobs(tmp_path, *runs), "--no-picture")
    assert [line.split("  ")[-1] for line in done.stdout.splitlines()] == ["spec", *specs]


def test_another_log(tmp_path):
    for name, accuracy in {"a": 0.7, "b": 0.9}.items():
        text = f"step,lr-SGD,train_loss,val_acc\n0,1,2,\n1,1,1.5,{accuracy}\n"
        write(tmp_path, {f"{name}/metrics.csv": text})
    names = ["--file", "metrics.csv", "--loss", "train_loss", "--result", "val_acc"]
    done = call(tmp_path, *names, "--maximize", "--no-picture")
    assert [line.split() for line in done.stdout.splitlines()] == [
        ["run", "result", "loss", "best", "updates"],
        ["b", "0.9", "1.5", "1.5", "2"],
        ["a", "0.7", "1.5", "1.5", "2"],
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param([], "Missing argument 'RUN_FOLDER…'", id="no folder"),
        pytest.param(["nowhere"], "there is no folder", id="no such folder"),
        pytest.param(["."], "there is no run in '.': no folder with lr.csv", id="no run"),
        pytest.param(["sweep", "-o", "x.jpg"], "a picture is .svg, .png or .pdf", id="a jpg"),
        pytest.param(["sweep", "-o", "no/x.png"], "'no/x.png': No such file", id="no folder there"),
        pytest.param(["sweep", "-o", "x.png", "--no-picture"], "goes without", id="picture or not"),
    ],
)
def test_misuse(tmp_path, monkeypatch, arguments, said):
    monkeypatch.chdir(write(tmp_path, {"empty/x.txt": ""}))
    if "sweep" in arguments:
        jobs(tmp_path / "sweep", job())
    else:
        monkeypatch.chdir(tmp_path / "empty")
    done = call(*arguments)
    assert done.exit_code == 2
    assert said in " ".join(done.stderr.split())
    assert isinstance(done.exception, SystemExit)


def test_without_matplotlib_there_is_a_table(sweep, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    done = call(sweep)
    assert done.exit_code == 0
    assert done.stdout.startswith("run ")
    assert "no picture: a figure needs matplotlib: pip install 'lrdsl[plot]'" in done.stderr
    done = call(sweep, "-o", tmp_path / "x.png")
    assert done.exit_code == 2
    assert "pip install 'lrdsl[plot]'" in done.stderr


def test_nothing_to_draw(tmp_path):
    done = call(jobs(tmp_path, job(text=""), job(text="step\n0\n")))
    assert done.exit_code == 0
    assert "there is nothing to draw" in done.stderr
    assert "lr.csv: it is empty" in done.stdout
    assert not (tmp_path / "compare.png").exists()


@pytest.mark.parametrize(
    "name",
    [
        "_hidden",
        "$x_1$ \\frac",
        "a\nb\x1b[2J",
        "名前 🙂",
        "é" * 100,
        " ",
        "a,b;\"c'",
        "-o",
        b"\xff",
    ],
    ids=["underscore", "TeX", "control", "no glyph", "long", "space", "CSV", "option", "no text"],
)
def test_odd_names(tmp_path, name, recwarn):
    folder = os.fsencode(tmp_path) + b"/" + (name if isinstance(name, bytes) else os.fsencode(name))
    for i in range(2):
        path = Path(os.fsdecode(folder + b"/%d" % i))
        write(path, {"lr.csv": log(result=i)})
        write(path, {".hydra/overrides.yaml": json.dumps([f"x={os.fsdecode(folder)[-9:]}{i}"])})
    for form in ([], ["--format", "json", "--no-picture"], ["--format", "csv", "--no-picture"]):
        done = call(tmp_path, *form)
        assert done.exit_code == 0, done.output
        assert "\x1b" not in done.stdout
        assert ("shows them" in done.stderr) == (form == [])
    done = call(tmp_path, "--no-picture")
    assert len(done.stdout.splitlines()) == 3
    assert not [each for each in recwarn if "lyph" in str(each.message)]


@pytest.mark.slow
def test_many_runs_of_many_updates(tmp_path):
    for i in range(200):
        text = log(result=i, loss=1 + i, rows=200)
        write(tmp_path / "sweep" / str(i), job([f"peak={i}"], text=text))
    for i in range(3):
        write(tmp_path / "long" / str(i), {"lr.csv": log(rows=30_000)})
    with bounded():
        runs = ranked(read_runs([tmp_path / "sweep"]))
    assert [run.name for run in runs] == [str(i) for i in range(200)]
    target = tmp_path / "runs.svg"
    assert call(tmp_path / "long", "-o", target).exit_code == 0
    assert target.stat().st_size < 3_000_000


# The picture


def drawn(runs, **options):
    above, below = figure(runs, **options).axes
    return above, below, [text.get_text() for text in above.get_legend().get_texts()]


def test_the_curves_are_those_of_the_logs(sweep):
    runs = ranked(read_runs([sweep]))
    above, below, texts = drawn(runs)
    assert texts == ["peak=0.1  0.5", "peak=0.5  0.75", "peak=0.2", "peak=9  nan"]
    rates = {tuple(line.get_ydata().tolist()) for line in above.get_lines()}
    assert rates == {(0.1,) * 4, (9.0,) * 3}
    best = below.get_lines()[-1]
    assert best.get_ydata().tolist() == runs[0].record.loss.values.tolist()
    assert best.get_color() == above.get_legend().get_lines()[0].get_color()
    assert (above.get_ylabel(), below.get_xlabel()) == ("learning rate", "update")


def test_groups_that_are_alike_are_one_curve(tmp_path):
    text = "update,lr[0],lr[1],lr[2]\n0,1,1,2\n1,1,1,2\n"
    above, _, _ = drawn(read_runs([write(tmp_path, {"lr.csv": text})]))
    assert [line.get_ydata().tolist() for line in above.get_lines()] == [[1, 1, 1], [2, 2, 2]]


def test_of_many_runs_the_best_are_told_apart(tmp_path):
    runs = [job([f"peak={i}"], result=i) for i in range(20)]
    above, _, texts = drawn(ranked(read_runs([jobs(tmp_path, *runs)])))
    assert texts == [*[f"peak={i}  {i}" for i in range(6)], "14 other runs"]
    colours = [line.get_color() for line in above.get_lines()]
    assert len(colours) == 20
    assert len(set(colours)) == 7


@pytest.mark.parametrize(
    ("losses", "scale", "top"),
    [
        pytest.param([2, 1], "linear", None, id="near"),
        pytest.param([2, 0.1], "log", None, id="far"),
        pytest.param([2, 0.1, -1], "linear", None, id="below 0"),
        pytest.param([2, 0.1, 1e30], "log", 20, id="flies off"),
    ],
)
def test_the_axis_of_the_loss(losses, scale, top):
    _, below, _ = drawn([run("a", losses)])
    assert below.get_yscale() == scale
    assert top is None or below.get_ylim()[1] == top


def test_save_returns_the_path(tmp_path):
    assert save([run("a", [2, 1])], tmp_path / "x.svg") == tmp_path / "x.svg"
    with pytest.raises(ValueError, match="there is nothing to draw"):
        save([run("a")], tmp_path / "x.svg")


def test_no_torch(sweep):
    script = (
        "import sys\nfrom lrdsl.cli.main import cli\n"
        f"cli(['compare', {str(sweep)!r}, '--no-picture'], standalone_mode=False)\n"
        "print({'torch', 'matplotlib'} & set(sys.modules))"
    )
    done = python("-c", script)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "set()"
