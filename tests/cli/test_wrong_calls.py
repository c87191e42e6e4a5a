"""Calls that a newcomer gets wrong: each says what to write instead, with exit code 2."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from lrdsl.cli.main import cli, main


def call(*arguments, stdin=None):
    return CliRunner().invoke(cli, arguments, input=stdin, prog_name="lrdsl")


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "train.yaml").write_text("lr: linear(1, 0, 90)\n", encoding="utf-8")
    (tmp_path / "half.lr").write_text("def half(a) = a / 2\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(["shwo", "1"], "did you mean `show`?", id="a command mistyped"),
        pytest.param(["help"], "`lrdsl --help` lists them", id="help as a command"),
        pytest.param(["linear(1, 0, 9)"], "`lrdsl show SPEC` shows", id="a spec as a command"),
        pytest.param(["show", "'linear(1, 0)'"], "which this shell keeps", id="quotes that stay"),
        pytest.param(["show", "conf/train.yaml:lr"], "write `conf/train.yaml::lr`", id="a colon"),
        pytest.param(["show", "1", "--json"], "write --format json", id="an old option"),
        pytest.param(["show", "1", "--log", "--format", "json"], "json has none", id="log in json"),
        pytest.param(["show", "0", "--log"], "no value is above 0", id="log of nothing"),
        pytest.param(["values", "1", "--format", "table"], "not one of 'text'", id="an old format"),
        pytest.param(["values", "1", "--at", "1", "--steps", "0:4"], "not by both", id="both"),
        pytest.param(["plot", "1"], "or --format svg, png or pdf", id="a picture to nowhere"),
        pytest.param(["plot", "1", "-o", "a.svg", "--format", "svg"], "one of the two", id="twice"),
        pytest.param(["plot", "-o", "a.svg"], "Missing argument 'SPEC…'", id="nothing to plot"),
        pytest.param(["lint", "linear(1, 0)"], "a spec goes after -e", id="lint of a spec"),
        pytest.param(["fmt", "a >> b"], "a spec goes after -e", id="fmt of a spec"),
        pytest.param(["lint", "conf/train.yaml::lr"], "name the file alone", id="lint of a key"),
        pytest.param(
            ["convert", "--to", "yaml", "linear(1, 0)"], "goes after -e", id="convert of a spec"
        ),
        pytest.param(
            ["convert", "--to", "text", "conf/train.yaml"],
            "`lr` is nothing that can be called",
            id="convert of a config",
        ),
        pytest.param(["shapes", "STEPLR"], "did you mean `torch.StepLR`?", id="torch's name"),
        pytest.param(["shapes", "cosine(1, 0)"], "did you mean `cosine`?", id="a call to shapes"),
        pytest.param(["presets", "WSD"], "did you mean `wsd`?", id="a preset in capitals"),
        pytest.param(["rules", "joint"], "did you mean `joint-jump`?", id="half a rule"),
        pytest.param(["rules", "--next-code", "LR801"], "takes no NAME", id="the next code of one"),
        pytest.param(["compare", "conf"], "--file NAME is for logs of another name", id="no runs"),
    ],
)
def test_a_wrong_call(arguments, said):
    done = call(*arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_the_command_alone_shows_its_help(capsys):
    with pytest.raises(SystemExit) as caught:
        main([])
    assert caught.value.code == 2
    assert capsys.readouterr().err.startswith("Usage: lrdsl [OPTIONS] COMMAND")


def test_nothing_is_said_to_be_fine_that_was_not_read():
    done = call("lint", "nowhere.yaml")
    assert (done.exit_code, done.stdout) == (2, "Nothing was checked: 1 file could not be read.\n")


@pytest.mark.parametrize("name", ["wsd", "schedule@lr=wsd", "wsd.yaml"])
def test_a_preset_as_it_is_written_elsewhere(name):
    assert call("presets", name).stdout.startswith("schedule@lr=wsd\n")


def test_the_beginning_of_a_code_lists_its_rules():
    lines = call("rules", "LR85").stdout.splitlines()
    assert len(lines) > 2
    assert all(line.startswith("LR85") for line in lines)


@pytest.mark.parametrize("command", ["shapes", "rules", "presets"])
@pytest.mark.parametrize("form", ["json", "csv", "markdown"])
def test_lists_in_other_formats(command, form):
    done = call(command, "--format", form)
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith({"json": "[\n", "csv": "", "markdown": "| "}[form])
    assert len(done.stdout.splitlines()) > 20
