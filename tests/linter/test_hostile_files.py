"""Files that are none: whatever stands in the place of one ends in words, at once, and unread."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from lrdsl.cli.main import cli
from tests.support.counting import bounded

SECRET = "top secret, of another folder"


def link(path: Path, target: str | Path) -> None:
    path.symlink_to(target)


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 30)


KINDS = {
    "a pipe": lambda path: os.mkfifo(path),
    "an endless device": lambda path: link(path, "/dev/zero"),
    "a gigabyte of nothing": sparse,
    "a folder": lambda path: path.mkdir(),
    "a link out": lambda path: link(path, path.parents[2] / "secret.txt"),
    "a link to itself": lambda path: link(path, path.name),
    "a broken link": lambda path: link(path, "nowhere"),
    "nulls": lambda path: path.write_bytes(b"lr: cosine(1,\x000, 9)\n"),
    "a surrogate": lambda path: path.write_bytes(b'lr: "\xed\xa0\x80"\n'),
    "another encoding": lambda path: path.write_text("lr: cosine(1)\n", encoding="utf-16"),
    "brackets": lambda path: path.write_text("[" * 100_000, encoding="utf-8"),
}
SPEC, LOG, CONFIG = "lr: cosine(1, 0, 9)\n", "step,lr\n0,1\n", "lr: hold()\n"
PLACES = {
    "a config": ("a/a.yaml", "lint .", {}),
    "a config that is named": ("a/a.yaml", "lint a/a.yaml", {}),
    "Python": ("a/a.py", "lint a/a.py", {}),
    "a page": ("a/a.md", "lint a/a.md", {}),
    "a library": ("a/a.lr", "lint .", {}),
    "definitions": ("a/x.lr", "lint a/c.yaml",
                    {"a/c.yaml": "lr: {spec: f(1), definitions: x.lr}\n"}),
    "--library": ("a/x.lr", "lint --library a/x.lr -e hold()", {}),
    "settings": ("a/pyproject.toml", "lint a", {"a/c.yaml": SPEC}),
    "ignored files": ("a/.gitignore", "lint a", {"a/c.yaml": SPEC}),
    "what is formatted": ("a/a.yaml", "fmt a", {}),
    "what is fixed": ("a/a.yaml", "lint --fix a", {}),
    "a log": ("r/lr.csv", "compare .", {"r/.hydra/config.yaml": CONFIG}),
    "a run's config": ("r/.hydra/config.yaml", "compare .", {"r/lr.csv": LOG}),
    "a run's overrides": ("r/.hydra/overrides.yaml", "compare .", {"r/lr.csv": LOG}),
}  # fmt: skip


@pytest.mark.skipif(os.name == "nt", reason="there are no pipes and devices among files")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", PLACES)
def test_a_hostile_file(
    place: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret.txt").write_text(SECRET, encoding="utf-8")
    name, command, others = PLACES[place]
    folder = tmp_path / "work"
    for each, text in others.items():
        (folder / each).parent.mkdir(parents=True, exist_ok=True)
        (folder / each).write_text(text, encoding="utf-8")
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    KINDS[kind](folder / name)
    monkeypatch.chdir(folder)
    with bounded():
        done = CliRunner().invoke(cli, command.split())
    assert isinstance(done.exception, (SystemExit, type(None))), done.exception
    assert done.exit_code in (0, 1, 2)
    assert SECRET not in done.output
    assert "lrdsl fails" not in done.output
    assert (tmp_path / "secret.txt").read_text(encoding="utf-8") == SECRET
