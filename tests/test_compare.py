"""`lrdsl compare`: runs are found, read however they ended, ranked, tabled and drawn."""

import csv
import io
import json
import math
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from counting import bounded
from hypothesis import given
from hypothesis import strategies as st
from processes import python

import lrdsl
from lrdsl.cli.main import cli
from lrdsl.compare import Columns, Record, Run, Series, differing, figure, ranked, read_runs, save
from lrdsl.compare.hydra_output import HydraOutput, read_hydra_output
from lrdsl.compare.read_log import read_record
from lrdsl.compare.smoothing import smooth, thin

GOLDEN = Path(__file__).parent / "golden" / "compare.txt"


def call(*arguments):
    return CliRunner().invoke(cli, ["compare", *map(str, arguments)], prog_name="lrdsl")


def write(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return root


def log(result=None, rate=0.1, loss=2.0, rows=3):
    """A log whose loss falls from `loss` to half of it."""
    lines = [f"{t},{rate},{loss * (1 - t / rows / 2)}," for t in range(rows)]
    return (
        "step,lr,loss,result\n" + "\n".join(lines) + ("" if result is None else f"{result}") + "\n"
    )


def job(overrides=(), config="lr: {spec: 'cosine(1, 0, 9)'}\n", text=None, **options):
    """The files of a run's folder, as Hydra and the app leave them."""
    listed = "".join(f"- {json.dumps(each)}\n" for each in overrides) or "[]\n"
    files = {".hydra/overrides.yaml": listed, ".hydra/config.yaml": config}
    return {**files, "lr.csv": log(**options) if text is None else text}


def jobs(root, *runs):
    for number, files in enumerate(runs):
        write(root / str(number), files)
    return root


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


# The log of a run


@pytest.mark.parametrize(
    ("text", "rates", "loss", "result", "problems"),
    [
        pytest.param("step,lr,loss,result\n0,1,4,\n1,0.5,2,3\n", {"lr": [1, 0.5]}, [4, 2], 3, [],
                     id="all columns"),
        pytest.param("update,lr[0],lr[head],weight_decay[0]\n0,1,2,3\n4,5,6,7\n",
                     {"lr[0]": [1, 5], "lr[head]": [2, 6]}, [], None, [], id="a Scheduler's log"),
        pytest.param("loss,lr-SGD,step\n4,1,0\n", {"lr-SGD": [1]}, [4], None, [],
                     id="columns in another order"),
        pytest.param("Step,Learning_Rate,lrx,lr_scheduler\n0,1,2,3\n",
                     {"Learning_Rate": [1], "lr_scheduler": [3]}, [], None, [], id="their names"),
        pytest.param("step,lr,loss\r\n0,1,4\r\n1,1,3\r\n", {"lr": [1, 1]}, [4, 3], None, [],
                     id="Windows"),
        pytest.param("\ufeffstep,lr\n0,1\n", {"lr": [1]}, [], None, [], id="a byte order mark"),
        pytest.param("step,lr,loss\n0,1,\n0,,4\n1,0.5,\n", {"lr": [1, 0.5]}, [4], None, [],
                     id="an update in two rows"),
        pytest.param("step,loss\n0,4\n1,3\n2,9\nstep,loss\n1,2\n2,1\n", {}, [4, 2, 1], None, [],
                     id="resumed, with the header again"),
        pytest.param("step,loss\n2,1\n0,4\n1,2\n", {}, [4, 2, 1], None, [], id="not in order"),
        pytest.param("step,loss,result\n0,4,9\n1,2,\n2,1,nan\n", {}, [4, 2, 1], math.nan, [],
                     id="the last result counts"),
        pytest.param("step,loss\n0,4\n\n1,inf\n", {}, [4, math.inf], None, [], id="an empty line"),
        pytest.param("step,loss,result\n0,4,\n1,3,0.12", {}, [4], None,
                     ["the last line is unfinished"], id="an unfinished line"),
        pytest.param("step,loss\n0,4\n1\n2,3\n", {}, [4, 3], None,
                     ["a row cannot be read, line 3"], id="a short row"),
        pytest.param("loss,lr,step\n4,1,0\n3\n", {"lr": [1]}, [4], None,
                     ["a row cannot be read, line 3"], id="a row without its step"),
        pytest.param("step,loss\n0,4\n1,3,9\nx,2\n2,tensor(3)\n3,1\n", {}, [4, 1], None,
                     ["3 rows cannot be read, line 3 first"], id="rows that are none"),
        pytest.param("step,loss\n0,4\n1,\0\x003\n", {}, [4, 3], None, [], id="NUL"),
        pytest.param(b"step,loss\n0,4\n\xff,\xfe\n1,3\n", {}, [4, 3], None,
                     ["a row cannot be read, line 3"], id="bytes that are no text"),
        pytest.param("step,loss\n0,4\n1,\"" + "x" * 200_000 + "\n", {}, [4], None,
                     ["line 3 and what follows cannot be read: "
                      "field larger than field limit (131072)"],
                     id="an open quote"),
        pytest.param("", {}, [], None, ["it is empty"], id="empty"),
        pytest.param("\n\n", {}, [], None, ["it is empty"], id="empty lines"),
        pytest.param("step,loss\n", {}, [], None, [], id="the header alone"),
        pytest.param("st", {}, [], None, ["it is empty", "the last line is unfinished"],
                     id="an unfinished header"),
        pytest.param("epoch,loss\n0,4\n", {}, [], None, ["it has no column `step` or `update`"],
                     id="no counter"),
    ],
)  # fmt: skip
def test_a_log_is_read_however_it_ended(tmp_path, text, rates, loss, result, problems):
    path = write(tmp_path, {"lr.csv": text}) / "lr.csv"
    record = read_record(path)
    assert {name: series.values.tolist() for name, series in record.rates.items()} == rates
    assert record.loss.values.tolist() == loss
    assert record.result == result or (math.isnan(result) and math.isnan(record.result))
    assert list(record.problems) == problems


def test_other_columns(tmp_path):
    text = "step,lr,lr_loss,val_acc\n0,1,2,3\n1,1,1,4\n"
    path = write(tmp_path, {"metrics.csv": text}) / "metrics.csv"
    record = read_record(path, Columns(loss="lr_loss", result="val_acc"))
    assert record.loss.values.tolist() == [2, 1]
    assert (list(record.rates), record.result, record.updates) == (["lr"], 4, 2)


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo], ids=["folder", "pipe"])
def test_a_log_that_is_no_file(tmp_path, make):
    make(tmp_path / "lr.csv")
    assert read_record(tmp_path / "lr.csv").problems == ("it is no file",)


def test_a_log_that_may_not_be_read(tmp_path, monkeypatch):
    def refuse(*_, **options):
        raise PermissionError(13, "Permission denied")

    path = write(tmp_path, {"lr.csv": log()}) / "lr.csv"
    monkeypatch.setattr("lrdsl.compare.read_log.open", refuse, raising=False)
    assert read_record(path).problems == ("it cannot be read: Permission denied",)


def test_folders_on_different_drives(tmp_path, monkeypatch):
    def refuse(_):
        raise ValueError("Paths don't have the same drive")

    jobs(tmp_path, job(), job())
    monkeypatch.setattr("os.path.commonpath", refuse)
    assert [run.name for run in read_runs([tmp_path])] == [str(tmp_path / x) for x in "01"]


@given(st.binary(max_size=300))
def test_any_bytes_are_read(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(b"step,lr,loss,result\n0,1,2,\n" + content)
    record = read_record(path)
    assert record.updates >= 1
    assert len(record.loss.steps) == len(record.loss.values)


@given(st.data())
def test_a_log_that_is_cut_anywhere_has_a_part_of_the_whole(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "cut.csv"
    text = log(result=0.25, rows=12)
    path.write_text(text[: data.draw(st.integers(text.index("\n") + 1, len(text)))])
    record, whole = read_record(path), np.array([2 * (1 - t / 24) for t in range(12)])
    assert record.loss.values.tolist() == whole[: len(record.loss.values)].tolist()
    assert record.result in (None, 0.25)


def test_a_log_of_a_scheduler_is_read(tmp_path):
    logs = pytest.importorskip("lrdsl.torch.loggers", reason="this version writes no logs")
    torch = pytest.importorskip("torch")
    groups = [{"params": [torch.zeros(1)]}, {"params": [torch.zeros(1)], "name": "head"}]
    optimizer = torch.optim.SGD(groups, lr=1)
    scheduler = lrdsl.torch.Scheduler(optimizer, "linear(1, 0, 4)")
    end = logs.log_to_csv(scheduler, tmp_path / "lr.csv")
    for _ in range(3):
        optimizer.step()
        scheduler.step()
    end()
    record = read_record(tmp_path / "lr.csv")
    assert [series.values.tolist() for series in record.rates.values()] == [[1, 0.75, 0.5]] * 2
    assert record.problems == ()


# What is made of it


def test_a_short_loss_is_as_it_is():
    series = Series(np.arange(50.0), np.arange(50.0))
    assert smooth(series) is series


def test_a_long_loss_is_the_mean_over_a_40th():
    series = Series(np.arange(40_000.0), np.arange(40_000.0))
    steps, values = smooth(series)
    assert len(steps) == 400
    assert (steps[0], steps[-1]) == (999, 39_999)
    assert values == pytest.approx(steps - 499.5)


def test_what_is_no_number_spoils_its_own_part_alone():
    loss = np.ones(4000)
    loss[100:120] = [1e308, np.inf, -np.inf, np.nan] * 5
    values = smooth(Series(np.arange(4000.0), loss)).values
    assert not np.isfinite(values[1])
    assert set(values[21:].tolist()) == {1.0}


def test_thin_keeps_the_ends_and_the_extremes():
    values = np.sin(np.arange(10_000.0))
    values[[17, 5000]] = [-7, 7]
    steps, thinned = thin(Series(np.arange(10_000.0), values), 200)
    assert len(steps) <= 202
    assert (steps[0], steps[-1]) == (0, 9999)
    assert (thinned.min(), thinned.max()) == (-7, 7)
    assert (np.diff(steps) > 0).all()


def run(name="a", loss=(), result=None, **overrides):
    values = np.array(loss, dtype=float)
    record = Record({}, Series(np.arange(float(len(values))), values), result, len(values))
    return Run(name, Path(name), record, HydraOutput(overrides))


@pytest.mark.parametrize(
    ("maximize", "order"),
    [pytest.param(False, "cabdef", id="lowest"), pytest.param(True, "bacdef", id="highest")],
)
def test_the_best_is_first(maximize, order):
    runs = [
        run("f", [], math.nan),
        run("e", [1, 0.5]),
        run("b", [9], 3),
        run("a", [9], 2),
        run("d", [1, 0.25]),
        run("c", [9], 1),
    ]
    runs.append(run("g", [1, math.nan]))
    assert "".join(x.name for x in ranked(runs, maximize=maximize)) == order.replace("f", "") + "fg"


def test_the_best_loss_of_a_run_that_diverged():
    spoilt = run("a", [3, 1, math.inf, math.nan])
    assert spoilt.best == 1
    assert math.isnan(spoilt.loss)
    assert (run().best, run().loss) == (None, None)


def test_overrides_that_differ():
    runs = [run(peak="1", seed="0"), run(peak="2", seed="0", steps="9"), run(peak="2", seed="0")]
    assert differing(runs) == ["peak", "steps"]
    assert differing(runs[:1]) == []


# What Hydra wrote


@pytest.mark.parametrize(
    ("overrides", "config", "expected"),
    [
        pytest.param(["peak=0.1", "+x=3", "++y.z=4", "~w"], "{}",
                     ({"peak": "0.1", "x": "3", "y.z": "4", "w": ""}, None), id="signs"),
        pytest.param(['lr="a(\\"x=1\\") >> b"', "note='it''s'"], "{}",
                     ({"lr": 'a("x=1") >> b', "note": "it''s"}, None), id="quotes"),
        pytest.param(["schedule@lr=wsd"], "lr: {spec: 'cosine(${peak}, 0, 9)'}\npeak: 0.5\n",
                     ({"schedule@lr": "wsd"}, "cosine(0.5, 0, 9)"), id="a spec, resolved"),
        pytest.param([], "lr: 0.1\ns: {_target_: lrdsl.torch.Scheduler, spec: '${lr}'}\n",
                     ({}, "0.1"), id="a number"),
        pytest.param([], "s: {_target_: lrdsl.torch.Scheduler, spec: {momentum: 0.9, lr: hold(9)}}",
                     ({}, "hold(9)"), id="a program"),
        pytest.param([], "lr: 'cosine(${oops:1},\n\n  0, 9)'", ({}, "cosine(given_oops_1, 0, 9)"),
                     id="not resolved"),
        pytest.param([], "x: 1\n", ({}, None), id="no spec"),
        pytest.param([], "", ({}, None), id="an empty config"),
    ],
)  # fmt: skip
def test_what_hydra_wrote(tmp_path, overrides, config, expected):
    write(tmp_path, job(overrides, config))
    written = read_hydra_output(tmp_path / ".hydra")
    assert (written.overrides, written.spec) == expected
    assert written.problems == ()


@pytest.mark.parametrize(
    ("files", "problems"),
    [
        pytest.param({"config.yaml": "a: [\n"}, ["config.yaml"], id="a config cut short"),
        pytest.param({"config.yaml": "- a\n"}, [], id="a list"),
        pytest.param({"config.yaml": b"\xff\xfe\xff"}, ["config.yaml"], id="no text"),
        pytest.param({"overrides.yaml": "- a\n- ]"}, ["overrides.yaml"], id="overrides cut short"),
        pytest.param({"overrides.yaml": "!!python/object/apply:os.system [exit]"},
                     ["overrides.yaml"], id="a command"),
        pytest.param({"overrides.yaml": "a: 1"}, [], id="overrides of another kind"),
        pytest.param({"config.yaml": "a: " + "[" * 5000}, ["config.yaml"], id="too deep"),
        pytest.param({"config.yaml/x": ""}, ["config.yaml"], id="a folder"),
        pytest.param({}, [], id="nothing"),
    ],
)  # fmt: skip
def test_what_is_broken_in_it_is_said(tmp_path, files, problems):
    write(tmp_path, files)
    written = read_hydra_output(tmp_path)
    assert written.problems == tuple(f"{name} cannot be read" for name in problems)
    assert (written.overrides, written.spec) == ({}, None)


# Which runs there are


@pytest.mark.parametrize(
    ("files", "paths", "names"),
    [
        pytest.param(["2/lr.csv", "10/lr.csv", "1/lr.csv"], ["."], ["1", "2", "10"], id="a sweep"),
        pytest.param(["lr.csv"], ["."], ["top"], id="a run"),
        pytest.param(["a/0/lr.csv", "b/0/lr.csv"], ["a", "b"], ["a/0", "b/0"], id="two sweeps"),
        pytest.param(["0/lr.csv", "1/lr.csv"], [".", "0", "./1/"], ["0", "1"], id="given twice"),
        pytest.param(["0/.hydra/config.yaml", "1/lr.csv"], ["."], ["0", "1"], id="no log"),
        pytest.param(["lr.csv", ".hydra/config.yaml", "0/lr.csv"], ["."], ["0", "top"], id="both"),
        pytest.param(["x/lr.csv", ".git/lr.csv", "x/.old/lr.csv"], ["."], ["x"], id="hidden"),
        pytest.param(["0/.hydra/config.yaml", "0/logs/v0/lr.csv"], ["."], ["0/logs/v0"],
                     id="a log deeper in a run"),
        pytest.param(["0/my.csv", "1/my.csv"], ["0/my.csv", "1/my.csv"], ["0/my.csv", "1/my.csv"],
                     id="logs themselves"),
        pytest.param(["0/notes.txt"], ["."], [], id="none"),
    ],
)  # fmt: skip
def test_the_runs_of_folders(tmp_path, monkeypatch, files, paths, names):
    top = write(tmp_path / "top", dict.fromkeys(files, ""))
    monkeypatch.chdir(top)
    assert [run.name.replace(os.sep, "/") for run in read_runs(paths)] == names


def test_a_log_deeper_in_a_run_has_its_overrides(tmp_path):
    files = job(["peak=3"])
    files["logs/version_0/metrics.csv"] = files.pop("lr.csv")
    write(tmp_path / "0", files)
    [found] = read_runs([tmp_path], file="metrics.csv")
    assert (found.overrides, found.spec, found.record.updates) == (
        {"peak": "3"},
        "cosine(1, 0, 9)",
        3,
    )


def test_links_are_not_followed_in_circles(tmp_path):
    write(tmp_path / "0", job())
    (tmp_path / "0" / "again").symlink_to(tmp_path)
    (tmp_path / "latest").symlink_to(tmp_path / "0")
    assert [run.name for run in read_runs([tmp_path])] == ["0"]
    assert [run.name for run in read_runs([tmp_path / "latest"])] == ["latest"]


def test_no_such_folder(tmp_path):
    with pytest.raises(lrdsl.SpecError, match=r"there is no folder .*nowhere"):
        read_runs([tmp_path / "nowhere"])


# The command


def test_the_table(sweep):
    done = call(sweep, "--no-picture")
    assert done.exit_code == 0
    assert done.stderr == ""
    if os.environ.get("LRDSL_UPDATE_GOLDEN"):
        GOLDEN.write_text(done.stdout, encoding="utf-8")
    assert done.stdout == GOLDEN.read_text(encoding="utf-8")


def test_the_picture_lies_in_the_folder(sweep):
    done = call(sweep)
    assert (done.exit_code, done.stderr) == (0, f"{sweep / 'compare.png'} shows them\n")
    assert (sweep / "compare.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert call(sweep).stdout == call(sweep, "--no-picture").stdout


@pytest.mark.parametrize("kind", ["svg", "png", "pdf", "SVG"])
def test_the_picture_goes_elsewhere(sweep, tmp_path, kind):
    target = tmp_path / f"runs.{kind}"
    done = call(sweep, "-o", target, "--log", "--title", "Mine $x_1")
    assert (done.exit_code, done.stderr) == (0, f"{target} shows them\n")
    assert not (sweep / "compare.png").exists()
    first = target.read_bytes()
    call(sweep, "-o", target, "--log", "--title", "Mine $x_1")
    assert target.read_bytes() == first


def test_json_has_it_all(sweep):
    def refuse(token):
        raise AssertionError(token)

    data = json.loads(call(sweep, "--json", "--no-picture").stdout, parse_constant=refuse)
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
    rows = list(csv.DictReader(io.StringIO(call(sweep, "--csv", "--no-picture").stdout)))
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
        pytest.param(["sweep", "--json", "--csv"], "give one of them", id="two forms"),
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
    for form in ([], ["--json"], ["--csv"]):
        done = call(tmp_path, *form)
        assert done.exit_code == 0, done.output
        assert "\x1b" not in done.stdout
        assert "shows them" in done.stderr
    done = call(tmp_path, "--no-picture")
    assert len(done.stdout.splitlines()) == 3
    assert not [each for each in recwarn if "lyph" in str(each.message)]


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
