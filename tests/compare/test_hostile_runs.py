"""Folders of runs that somebody else has prepared: nothing hangs, grows, leaks or is run."""

import csv
import io
import os

import pytest
from click.testing import CliRunner

from lrdsl.cli.main import cli
from lrdsl.compare import read_runs
from lrdsl.compare.hydra_output import read_hydra_output
from lrdsl.compare.read_log import MAX_LINE
from tests.support.logged_runs import job, jobs, log, write

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")


def spec_of(folder, config):
    write(folder, {"config.yaml": config})
    return read_hydra_output(folder).spec


@pytest.mark.parametrize(
    "reference",
    ["oc.env:LRDSL_SECRET", "oc.env:LRDSL_SECRET,1", "oc.decode:${oc.env:LRDSL_SECRET}",
     "oc.deprecated:secret", "hydra:runtime.cwd", "lrdsl.values:secret"],
)  # fmt: skip
@pytest.mark.parametrize(
    "config",
    [
        pytest.param("lr: cosine(${@}, 0, 9)\nsecret: ${oc.env:LRDSL_SECRET}", id="in the spec"),
        pytest.param("lr: cosine(${a}, 0, 9)\na: ${b.c}\nb: {c: '${@}'}", id="far away"),
        pytest.param("lr: {spec: 'cosine(${.a}, 0, 9)', a: '${@}'}", id="beside it"),
        pytest.param("lr: {cosine: {start: '${@}', end: 0, steps: 9}}", id="in a tree"),
    ],
)
def test_the_environment_of_the_reader_is_its_own(tmp_path, monkeypatch, reference, config):
    monkeypatch.setenv("LRDSL_SECRET", "0.31337")
    spec = spec_of(tmp_path, config.replace("@", reference))
    assert (spec or "").startswith(("cosine(given_", "None")) or spec is None
    assert "31337" not in str(spec)


@pytest.mark.parametrize(
    ("config", "spec"),
    [
        ("lr: cosine(${a.b}, 0, ${n})\na: {b: 0.5}\nn: 9", "cosine(0.5, 0, 9)"),
        ("lr: {spec: 'cosine(${.p}, 0, ${..n})', p: 0.5}\nn: 9", "cosine(0.5, 0, 9)"),
        ("o: {lr: 'hold(${..n})', more: {spec: '${..lr}'}}\nn: 9", "hold(9)"),
        ("n: [8, 9]\nlr: hold(${n.1})", "hold(9)"),
        ("n: [8, 9]\nlr: hold(${n[1]})", "hold(9)"),
        ("s: {_target_: lrdsl.torch.Scheduler, spec: '${..lr}'}\nlr: hold(9)", "hold(9)"),
    ],
)
def test_references_within_the_file_are_followed(tmp_path, config, spec):
    assert spec_of(tmp_path, config) == spec


def levels(first, pattern, count=40):
    lines = [f"a{i + 1}: &a{i + 1} {pattern.replace('@', f'*a{i}')}" for i in range(count)]
    return "\n".join([f"a0: &a0 {first}", *lines, f"spec: *a{count}", "lr: hold(9)"])


@pytest.mark.parametrize(
    "config",
    [
        pytest.param(levels("[hold(1)]", "[@, @, @, @, @, @]"), id="lists"),
        pytest.param(levels("{hold: 9}", "{a: @, b: @, c: @}"), id="mappings"),
        pytest.param(levels("{k: 1}", "{<<: [@, @, @, @]}"), id="merges"),
        pytest.param(levels("'x'", "'${.a0}${.a0}${a1}${a1}'"), id="texts"),
        pytest.param("lr: &a [*a, *a]", id="in itself"),
        pytest.param("lr: ${lr}", id="a circle"),
        pytest.param("lr: hold(${a})\na: ${b}\nb: ${a}", id="a longer circle"),
        pytest.param("a: " + "[" * 400 + "]" * 400 + "\nlr: hold(9)", id="deep"),
    ],
)
def test_a_small_file_stays_small(tmp_path, config):
    spec = spec_of(tmp_path, config)
    assert spec is None or len(spec) < 1000


@posix
@pytest.mark.parametrize("name", [".hydra/config.yaml", ".hydra/overrides.yaml", "lr.csv"])
@pytest.mark.parametrize(
    "make",
    [
        pytest.param(os.mkfifo, id="a pipe"),
        pytest.param(lambda path: path.symlink_to("/dev/zero"), id="endless"),
        pytest.param(lambda path: os.truncate(os.open(path, os.O_CREAT | os.O_RDWR), 2**42),
                     id="sparse"),
        pytest.param(lambda path: path.symlink_to("/etc/passwd"), id="another's"),
        pytest.param(os.mkdir, id="a folder"),
    ],
)  # fmt: skip
def test_files_that_are_none(tmp_path, name, make):
    write(tmp_path, {key: text for key, text in job(["a=1"]).items() if key != name})
    make(tmp_path / name)
    [run] = read_runs([tmp_path])
    assert len(run.problems) == 1
    assert "root:" not in run.problems[0]


def test_a_line_without_an_end(tmp_path):
    write(tmp_path, {"lr.csv": log() + "9," * MAX_LINE})
    [run] = read_runs([tmp_path])
    assert run.problems == ("lr.csv: a line has more than 1,048,576 characters: it ends there",)
    assert run.record.updates == 3


FORMULAS = ["=1+1", "+1+cmd|' /C calc'!A0", "-1+1", "@SUM(A1)", "＝1", "  =1", "\t=1", "\r=1"]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_is_a_formula(tmp_path, text):
    runs = [job([f"x={text}", f"{text}=1"]), job(["x=1"])]
    jobs(tmp_path, *runs)
    done = CliRunner().invoke(cli, ["compare", str(tmp_path), "--format", "csv", "--no-picture"])
    cells = [cell for row in csv.reader(io.StringIO(done.stdout)) for cell in row]
    assert any([text.strip()[1:] in cell for cell in cells])
    assert not any([cell.strip()[:1] in "=+-@＝＋－＠" for cell in cells if cell.strip()])


@pytest.mark.parametrize("number", ["-0.5", "+3", "-1e-3", "-.5"])
def test_numbers_are_no_formulas(tmp_path, number):
    jobs(tmp_path, job([f"x={number}"]), job(["x=1"]))
    done = CliRunner().invoke(cli, ["compare", str(tmp_path), "--format", "csv", "--no-picture"])
    assert f",{number}," in done.stdout


@posix
def test_the_picture_follows_no_link(tmp_path):
    victim = tmp_path / "victim.png"
    victim.write_bytes(b"mine")
    jobs(tmp_path / "runs", job())
    (tmp_path / "runs" / "compare.png").symlink_to(victim)
    done = CliRunner().invoke(cli, ["compare", str(tmp_path / "runs")])
    assert (done.exit_code, "is a link" in done.stderr) == (0, True)
    assert victim.read_bytes() == b"mine"
