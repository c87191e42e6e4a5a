"""What the linter of a Hydra app does not know: the environment, open references, definitions."""

import pytest
from click.testing import CliRunner
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from lrdsl.cli.main import cli
from lrdsl.hydra import LintCallback, lint_hydra

SECRET = "hunter2(7)"
BROKEN = "def mine(n = hold(n"


def facts(found):
    return [(each.path, fact.option) for each in found.unchecked for fact in each.missing]


def linted(folder, monkeypatch, text, *overrides, **options):
    monkeypatch.setenv("LRDSL_SECRET", SECRET)
    monkeypatch.chdir(folder)
    (folder / "app.yaml").write_text(text)
    return lint_hydra(folder, "app", overrides, **options)


OPEN = "overrides KEY=VALUE"


@pytest.mark.parametrize(
    ("text", "unchecked"),
    [
        pytest.param("lr: cosine(${oc.env:LRDSL_SECRET}, 0, 9)\ntotal_steps: 9",
                     [("app lr", OPEN)], id="a part of a spec"),
        pytest.param("lr: ${oc.env:LRDSL_SECRET}", [("app lr", OPEN)], id="a spec"),
        pytest.param("lr: {spec: '${oc.env:LRDSL_SECRET}'}", [("app lr.spec", OPEN)], id="a node"),
        pytest.param("x: ${oc.env:LRDSL_SECRET}\nlr: ${x}\nbase_lr: ${lr}", [("app lr", OPEN)],
                     id="by way of another key"),
        pytest.param("a: {_target_: lrdsl.compile, spec: '${oc.decode:${oc.env:LRDSL_SECRET}}'}",
                     [("app a.spec", OPEN)], id="decoded"),
        pytest.param("s: {_target_: lrdsl.torch.Scheduler, spec: '${p}', total_steps: 9}\n"
                     "p: {lr: 'cosine(1, 0)', weight_decay: '${oc.env:LRDSL_SECRET}'}",
                     [("app p.weight_decay", OPEN)], id="a number of a program"),
        pytest.param("lr: {lr: 'cosine(1, 0, 9)', momentum: {a: '${x}', '*': '0.9'}}\n"
                     "total_steps: 9", [("app lr.momentum.a", OPEN)], id="for some groups"),
        pytest.param("lr: ???", [("app lr", OPEN)], id="what must be given"),
        pytest.param("lr: ${mine:3}", [("app lr", OPEN)], id="the app's own resolver"),
        pytest.param("lr: mine(3)\ndefinitions: ${oc.env:LRDSL_SECRET}\ntotal_steps: 3",
                     [("app lr", "--library FILE")], id="definitions"),
        pytest.param("lr: cosine(1, 0)\ntotal_steps: ${oc.env:LRDSL_SECRET}",
                     [("app lr", "--total-steps")], id="the length of the run"),
        pytest.param("x: '${hydra:job.env_set.LRDSL_SECRET}'\nlr: 'cosine(${x}, 0, 9)'\n"
                     "total_steps: 9\nhydra: {job: {env_copy: [LRDSL_SECRET]}}", [("app lr", OPEN)],
                     id="Hydra's copy"),
    ],
)  # fmt: skip
def test_the_environment_is_not_read(tmp_path, monkeypatch, text, unchecked):
    found = linted(tmp_path, monkeypatch, text)
    assert list(found) == []
    assert facts(found) == unchecked
    assert "hunter2" not in repr(found.unchecked)


def test_the_default_of_a_variable_counts(tmp_path, monkeypatch):
    text = "lr: cosin(${oc.env:LRDSL_SECRET,0.5}, 0, 9)"
    [found] = linted(tmp_path, monkeypatch, text)
    assert found.diagnostic.source == "cosin(0.5, 0, 9)"


def test_the_environment_is_read_again_afterwards(tmp_path, monkeypatch):
    linted(tmp_path, monkeypatch, "lr: ${oc.env:LRDSL_SECRET}")
    assert OmegaConf.create({"a": "${oc.env:LRDSL_SECRET}"}).a == SECRET


def test_an_override_checks_it(tmp_path, monkeypatch):
    text = "lr: ${oc.env:LRDSL_SECRET}\ntotal_steps: 9"
    found = linted(tmp_path, monkeypatch, text, "lr=cosin(1)")
    assert (len(found), facts(found)) == (1, [])
    assert linted(tmp_path, monkeypatch, text, exclude=["lr"]).unchecked == ()


@pytest.mark.parametrize("name", ["missing.lr", "broken.lr", "folder.lr"])
@pytest.mark.parametrize("where", ["beside", "object", "node"])
@pytest.mark.parametrize("hydra", [True, False], ids=["--hydra", "a file"])
def test_definitions_that_cannot_be_read(tmp_path, monkeypatch, name, where, hydra):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "broken.lr").write_text(BROKEN)
    (tmp_path / "folder.lr").mkdir()
    spec = "{spec: mine(9), definitions: NAME}"
    texts = {
        "beside": "lr: mine(9)\ndefinitions: NAME\ntotal_steps: 9\n",
        "object": f"a: {{_target_: lrdsl.torch.Scheduler, total_steps: 9, {spec[1:]}\n",
        "node": f"lr: {spec}\ntotal_steps: 9\n",
    }
    (tmp_path / "app.yaml").write_text(texts[where].replace("NAME", name))
    arguments = ["--hydra", ".", "--config-name", "app"] if hydra else ["app.yaml"]
    done = CliRunner().invoke(cli, ["lint", *arguments])
    assert "No problems" not in done.output
    assert (done.exit_code == 1) == (hydra or name == "broken.lr"), done.output


def test_a_library_stands_in_for_definitions_that_cannot_be_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "app.yaml").write_text("lr: mine(9)\ndefinitions: missing.lr\ntotal_steps: 9\n")
    (tmp_path / "mine.lr").write_text("def mine(n) = cosine(1, 0, n)\n")
    done = CliRunner().invoke(cli, ["lint", "app.yaml", "--library", "mine.lr"])
    assert (done.output, done.exit_code) == ("No problems in 1 file.\n", 0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("lr: cosine(1, 0, 900)",
                     "lrdsl: not checked in full: `lr`, for what depends on the run's length "
                     "(+hydra.callbacks.lrdsl.context.total_steps=…)\n", id="the length"),
        pytest.param("lr: cosine(1, 0, 5ep)\ntotal_steps: 9",
                     "`lr`, for `5ep` (+hydra.callbacks.lrdsl.context.steps_per_epoch=…)\n",
                     id="an epoch"),
        pytest.param("a: {lr: 'cosine(1, 0, 9)'}\nb: {spec: 'hold(9) >> linear(_, 0, 9)'}",
                     "`a.lr`, `b.spec`, for what depends on the run's length", id="two"),
        pytest.param("lr: ${mine:1}", "lrdsl: not checked in full: `lr`, for `${mine:1}` "
                     "(which the config leaves open)\n", id="a reference"),
        pytest.param("lr: cosine(1, 0, 9)\ntotal_steps: 9", "", id="nothing"),
    ],
)  # fmt: skip
def test_the_callback_says_what_it_could_not_check(capsys, text, said):
    LintCallback().on_run_start(OmegaConf.create(text))
    found = capsys.readouterr().err
    assert said in found
    assert bool(said) == bool(found)


def test_what_is_given_need_not_be_said(capsys):
    config = OmegaConf.create("lr: cosine(1, 0, 900)")
    LintCallback(context={"total_steps": 900}).on_run_start(config)
    assert capsys.readouterr().err == ""


FILES = {
    "app.yaml": "defaults: [schedule@lr: one, _self_]\ntotal_steps: 9\n",
    "schedule/one.yaml": "spec: cosine(1, 0, 9)\n",
    "schedule/two.yaml": "spec: linear(1, 0, 9)\n",
    "experiment/text.yaml": "# @package _global_\nlr: linear(0.9, 0, 9)\n",
    "experiment/choice.yaml": "# @package _global_\ndefaults: [override /schedule@lr: one]\n",
}
LOST = (
    "lrdsl: `schedule@lr=two` changes nothing, since `experiment/text` has another schedule at "
    "`lr`: give `lr={spec: …}` instead, or let that file choose its schedule by "
    "`override /schedule@lr: …`\nlrdsl: 1 error: the job was not started\n"
)


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        pytest.param(["+experiment=text", "schedule@lr=two"], LOST, id="lost"),
        pytest.param(["+experiment=text"], "", id="not typed"),
        pytest.param(["+experiment=choice", "schedule@lr=two"], "", id="a choice over a choice"),
        pytest.param(["+experiment=text", "schedule@lr=two", "lr=1"], "", id="a value beside"),
        pytest.param(["schedule@lr=two"], "", id="no experiment"),
    ],
)
def test_the_callback_stops_a_choice_that_is_lost(tmp_path, capsys, overrides, said):
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    with initialize_config_dir(str(tmp_path), version_base="1.3"):
        config = compose("app", overrides, return_hydra_config=True)
        if said:
            with pytest.raises(SystemExit):
                LintCallback().on_run_start(config)
        else:
            LintCallback().on_run_start(config)
    assert capsys.readouterr().err == said
