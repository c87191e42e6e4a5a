"""The files at the top of the repository agree with each other and with the code."""

from __future__ import annotations

import importlib.metadata
import itertools
import re
import sys
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import lrdsl
from tests.support.paths import ROOT

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def project() -> dict[str, Any]:
    table: dict[str, Any] = tomllib.loads(read("pyproject.toml"))["project"]
    return table


def requirements() -> list[Requirement]:
    """What lrdsl and its extras ask for."""
    extras = project()["optional-dependencies"].values()
    texts = [*project()["dependencies"], *itertools.chain(*extras)]
    return [each for each in map(Requirement, texts) if each.name != "lrdsl"]


def test_the_version_is_in_one_place() -> None:
    assert "version" not in project()
    assert importlib.metadata.version("lrdsl") == lrdsl.__version__


def test_the_license_is_declared() -> None:
    assert (project()["license"], project()["license-files"]) == ("Apache-2.0", ["LICENSE"])
    assert "Apache License\n                           Version 2.0, January 2004" in read("LICENSE")


@pytest.mark.parametrize("file", ["constraints.txt", "constraints-ray.txt"])
def test_pins_are_plain(file: str) -> None:
    lines = [line for line in read(file).splitlines() if not line.lstrip().startswith("#")]
    assert [line for line in lines if not re.match(r"[\w.-]+==[\w.]+( ; .+)?$", line)] == []
    assert "torch==2.13.0" in lines
    assert "nox -s pins" in read(file)


def test_everything_that_is_asked_for_is_pinned() -> None:
    files = ("constraints.txt", "constraints-ray.txt")
    lines = "\n".join([read(file) for file in files]).splitlines()
    pinned = {line.partition("==")[0] for line in lines}
    missing = {canonicalize_name(each.name) for each in requirements()} - pinned
    assert missing == set()


@pytest.mark.parametrize("extra", ["examples", "dev"])
def test_the_commands_of_the_readme_install_the_pins(extra: str) -> None:
    start = "python3 -m venv .venv && .venv/bin/pip install -c constraints.txt"
    assert f"\n{start} -e '.[{extra}]' && .venv/bin/" in read("README.md")


def paths_in(text: str) -> list[str]:
    """What stands in backticks and looks like a path."""
    words = re.findall(r"`([\w./-]+)`", text)
    return sorted({word for word in words if "/" in word or re.search(r"\.(md|txt|toml)$", word)})


@pytest.mark.parametrize("path", paths_in(read("CONTRIBUTING.md")))
def test_a_path_in_the_recipes_exists(path: str) -> None:
    folder, _, name = path.rpartition("/")
    if "NAME" in name:
        stem, suffix = name.split("NAME")
        assert list((ROOT / folder).glob(f"{stem}*{suffix}"))
    else:
        assert (ROOT / path).exists()


def test_each_session_is_in_the_table_of_commands() -> None:
    pattern = r"^@nox\.session.*\ndef (\w+)"
    names = [name.replace("_", "-") for name in re.findall(pattern, read("noxfile.py"), re.M)]
    assert re.findall(r"^\| `nox -s ([\w-]+)` \|", read("CONTRIBUTING.md"), re.M) == names


def test_our_hooks_run_the_tools_of_the_environment() -> None:
    [repository] = yaml.safe_load(read(".pre-commit-config.yaml"))["repos"]
    assert repository["repo"] == "local"
    tools = {hook["entry"].split()[0] for hook in repository["hooks"]}
    known = {"ruff", "lrdsl", "lint-imports", "mypy"}
    assert tools == {f".venv/bin/{tool}" for tool in known}
