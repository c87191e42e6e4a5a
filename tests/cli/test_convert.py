"""`lrdsl convert` and `lrdsl schema`."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

import lrdsl
from lrdsl.cli.main import cli
from lrdsl.tree import to_tree
from lrdsl.tree.interpolations import Interpolations
from tests.support.paths import ROOT
from tests.support.tree_forms import schema

EXAMPLE = "warmup(linear, 100) >> cosine(1, 1e-3, 800) | interval[600:*0.5]"

CONF = ROOT / "conf"


def _lrdsl(*arguments: str, stdin: str | None = None) -> tuple[int, str]:
    outcome = CliRunner().invoke(cli, list(arguments), input=stdin)
    return outcome.exit_code, outcome.output


def test_convert_a_spec() -> None:
    code, written = _lrdsl("convert", "--to", "yaml", "-e", EXAMPLE)
    assert code == 0
    assert written == (
        "pipe:\n"
        "- chain:\n"
        "  - warmup: {mode: linear, steps: 100}\n"
        "  - cosine: {start: 1, end: 0.001, steps: 800}\n"
        "- interval: {600: '*0.5'}\n"
    )
    assert _lrdsl("convert", "--to", "text", "-e", written) == (0, f"{EXAMPLE}\n")
    assert _lrdsl("convert", "--to", "text", "-", stdin=written) == (0, f"{EXAMPLE}\n")


@pytest.mark.parametrize("file", sorted((CONF / "schedule").glob("*.yaml")), ids=lambda f: f.stem)
def test_convert_a_preset(file: Path, tmp_path: Path) -> None:
    code, written = _lrdsl("convert", "--to", "yaml", str(file))
    assert code == 0
    before = file.read_text(encoding="utf-8")
    assert re.findall("^#.*", written, re.M) == re.findall("^#.*", before, re.M)
    tree = tmp_path / "tree.yaml"
    tree.write_text(written, encoding="utf-8")
    code, again = _lrdsl("convert", "--to", "text", str(tree))
    assert code == 0
    kept, other = Interpolations(), Interpolations()
    was, now = kept.hide(yaml.safe_load(before)["spec"]), other.hide(yaml.safe_load(again)["spec"])
    assert to_tree(now) == to_tree(was)
    assert other.show(now) == kept.show(str(lrdsl.parse(now)))


@pytest.mark.parametrize(
    ("arguments", "code", "match"),
    [
        pytest.param(["--to", "yaml"], 2, "one of the two", id="nothing"),
        pytest.param(["--to", "yaml", "-e", "1", "x.yaml"], 2, "one of the two", id="both"),
        pytest.param(["-e", "1"], 2, "--to", id="to what"),
        pytest.param(["--to", "yaml", "no.yaml"], 2, "No such file", id="no file"),
        pytest.param(["--to", "text", "-e", "{a"], 2, "no YAML", id="no YAML"),
        pytest.param(["--to", "text", "-e", "[" * 3000], 2, "no YAML", id="deep YAML"),
        pytest.param(["--to", "text", "-e", "&a [*a, *a]"], 1, "LR109", id="circular YAML"),
        pytest.param(["--to", "yaml", "-e", "cosine(1"], 1, "LR104", id="syntax"),
        pytest.param(["--to", "text", "-e", "{a: 1, b: 2}"], 1, "LR602", id="no tree"),
        pytest.param(["--to", "yaml", "-e", "${form}(1)"], 1, "part of a word", id="a word"),
    ],
)
def test_convert_what_is_wrong(arguments: list[str], code: int, match: str) -> None:
    found, output = _lrdsl("convert", *arguments)
    assert (found, match in output) == (code, True), output


def test_convert_with_definitions(tmp_path: Path) -> None:
    library = tmp_path / "mine.lr"
    library.write_text("def hill(high, n) = linear(0, high, n) >> linear(high, 0, n)")
    code, written = _lrdsl(
        "convert", "--to", "yaml", "-e", "hill(1, 5ep)", "--library", str(library)
    )
    assert (code, written) == (0, "hill: {high: 1, n: 5ep}\n")


def test_schema_command() -> None:
    code, written = _lrdsl("schema")
    assert code == 0
    assert json.loads(written) == schema()
