"""docs/hydra-app.md: its files are made and its commands run, word for word."""

import os
import re
import shlex

import pytest
from click.testing import CliRunner

from lrdsl.cli.main import cli
from tests.support.paths import ROOT
from tests.support.warm import warm_python

pytest.importorskip("torch")

PAGE = ROOT / "docs" / "hydra-app.md"
FILE = re.compile(
    r"^`([\w/.]+)`[^`]*(?:`[^`\n]+`[^`]*)*:\n\n```(?:py|yaml)\n(.*?)^```", re.M | re.S
)
COMMAND = re.compile(r"^\$ (.*)\n((?:(?!\$|```).*\n)*)", re.M)
UPDATES = os.environ.get("LRDSL_UPDATE_GOLDEN") == "1"


def run(line, folder, monkeypatch):
    """What a command prints, without the lines of Hydra's own log."""
    program, *arguments = shlex.split(line)
    if program == "lrdsl":
        monkeypatch.chdir(folder)
        done = CliRunner().invoke(cli, arguments)
        return done.output
    assert program == "python"
    said = warm_python(*arguments, folder=folder, is_merged=True).stdout
    return "".join([x for x in said.splitlines(True) if not re.match(r"\[\d{4}-.*\]\[HYDRA\]", x)])


def test_the_page_is_short():
    files = FILE.findall(PAGE.read_text(encoding="utf-8"))
    assert [name for name, _ in files] == [
        "train.py",
        "conf/app.yaml",
        "conf/schedule/mine.yaml",
        "conf/experiment/short.yaml",
    ]
    lines = [line for _, text in files for line in text.splitlines() if line.strip()]
    assert len(lines) <= 40


def test_the_page_is_true(tmp_path, monkeypatch):
    text = PAGE.read_text(encoding="utf-8")
    for name, content in FILE.findall(text):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    commands = COMMAND.findall(text)
    assert len(commands) >= 6
    found = {line: run(line, tmp_path, monkeypatch) for line, _ in commands}
    if UPDATES:
        new = COMMAND.sub(lambda each: f"$ {each[1]}\n{found[each[1]]}", text)
        PAGE.write_text(new, encoding="utf-8")
        return
    assert found == dict(commands)
