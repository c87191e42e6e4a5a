"""Where definitions are kept: files, the process, a call, a config, a spec."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf

import lrdsl
from lrdsl import SpecError


@pytest.fixture
def mine(tmp_path: Path, forgotten: None) -> Path:
    return tmp_path / "mine.lr"


def test_a_loaded_file_is_known_to_all_specs(mine: Path) -> None:
    mine.write_text("# Half.\ndef my.half(a) = a / 2\ndef my.quarter(a) = my.half(my.half(a))")
    assert lrdsl.load(mine) == ("my.half", "my.quarter")
    assert lrdsl.load(str(mine)) == ("my.half", "my.quarter")
    assert lrdsl.compile("my.quarter(8)")(0) == 2


def test_a_file_is_read_again_after_it_has_changed(mine: Path) -> None:
    mine.write_text("def f(a) = a\ndef gone(a) = a")
    lrdsl.load(mine)
    before = lrdsl.compile("f(1)")
    mine.write_text("def f(a, b=5) = a + b")
    lrdsl.load(mine)
    assert lrdsl.compile("f(1)")(0) == 6
    assert before(0) == 1
    assert pickle.loads(pickle.dumps(before))(0) == 1
    with pytest.raises(SpecError, match="there is no shape `gone`"):
        lrdsl.compile("gone(1)")


def test_a_file_with_a_mistake_changes_nothing(mine: Path) -> None:
    mine.write_text("def f(a) = a")
    lrdsl.load(mine)
    mine.write_text("def f(a) = 2 * a\ndef g(a) = b")
    with pytest.raises(SpecError, match=r"LR301.*\n  in mine\.lr:"):
        lrdsl.load(mine)
    assert lrdsl.compile("f(1)")(0) == 1
    with pytest.raises(SpecError, match="LR201"):
        lrdsl.compile("g(1)")


def test_two_files_cannot_define_the_same(mine: Path) -> None:
    other = mine.with_name("other.lr")
    mine.write_text("def f(a) = a")
    other.write_text("def g(a) = a\ndef f(a) = 2 * a")
    lrdsl.load(mine)
    with pytest.raises(SpecError, match=r"LR701.*`f` has been defined already: .*mine\.lr"):
        lrdsl.load(other)
    with pytest.raises(SpecError, match="LR201"):
        lrdsl.compile("g(1)")
    other.write_text("def g(a) = a\ndef f(a) = a  # the same")
    assert lrdsl.load(other) == ("g", "f")


def test_files_use_those_loaded_before(mine: Path) -> None:
    other = mine.with_name("other.lr")
    mine.write_text("def f(a) = a / 2")
    other.write_text("def g(a) = f(a) + 1")
    with pytest.raises(SpecError, match="there is no shape `f`"):
        lrdsl.load(other)
    lrdsl.load(mine)
    lrdsl.load(other)
    assert lrdsl.compile("g(4)")(0) == 3


@pytest.mark.parametrize(
    ("make", "match"),
    [
        pytest.param(lambda path: None, "No such file", id="missing"),
        pytest.param(lambda path: path.mkdir(), "LR705", id="a folder"),
        pytest.param(lambda path: path.write_bytes(b"\xff\xfe"), "no UTF-8", id="no text"),
    ],
)
def test_a_file_that_cannot_be_read(make: Any, match: str, mine: Path) -> None:
    make(mine)
    with pytest.raises(SpecError, match=match) as caught:
        lrdsl.load(mine)
    assert caught.value.diagnostics[0].code == "LR705"


def test_an_empty_file_defines_nothing(mine: Path) -> None:
    mine.write_text("# Nothing yet.\n")
    assert lrdsl.load(mine) == ()


def test_define_may_be_repeated_and_changed(forgotten: None) -> None:
    assert lrdsl.define("def f(a) = a") == ("f",)
    assert lrdsl.define("def f(a) = 3 * a") == ("f",)
    assert lrdsl.compile("f(1)")(0) == 3


def test_definitions_of_a_call_come_before_those_of_the_process(forgotten: None) -> None:
    lrdsl.define("def f(a) = a")
    assert lrdsl.compile("f(1)", definitions="def f(a) = 2 * a")(0) == 2
    assert lrdsl.compile("f(1)")(0) == 1


def test_definitions_of_a_call_may_use_those_of_the_process(forgotten: None) -> None:
    lrdsl.define("def f(a) = a + 1")
    schedule = lrdsl.compile("g(1)", definitions="def g(a) = 2 * f(a)")
    lrdsl.define("def f(a) = 100 * a")
    assert schedule(0) == 4
    assert pickle.loads(pickle.dumps(schedule))(0) == 4


def test_an_earlier_definition_that_comes_to_use_a_later_one(forgotten: None) -> None:
    lrdsl.define("def f(a) = a")
    lrdsl.define("def g(a) = 2 * a")
    lrdsl.define("def f(a) = g(a) + 1")
    schedule = lrdsl.compile("f(1)")
    assert pickle.loads(pickle.dumps(schedule))(0) == 3


def test_definitions_that_come_to_call_each_other_are_refused(forgotten: None) -> None:
    lrdsl.define("def f(a) = a")
    lrdsl.define("def g(a) = f(a)")
    with pytest.raises(SpecError, match="LR"):
        lrdsl.define("def f(a) = g(a)")
    assert lrdsl.compile("g(1)")(0) == 1


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(lambda path: path, id="path"),
        pytest.param(str, id="name of a file"),
        pytest.param(lambda path: [str(path), "def g(a) = f(a)"], id="list"),
        pytest.param(lambda path: path.read_text(), id="text"),
    ],
)
def test_definitions_come_with_a_spec(given: Any, mine: Path) -> None:
    mine.write_text("def f(a) = a / 2")
    assert lrdsl.compile("f(1)", definitions=given(mine))(0) == 0.5
    assert lrdsl.compile({"spec": "f(1)", "definitions": given(mine)})(0) == 0.5


def test_definitions_stand_in_a_config(mine: Path) -> None:
    mine.write_text("def f(a) = a / 2")
    node = {"spec": "g(${peak})", "definitions": [str(mine), "def g(a) = f(a) + ${peak}"]}
    config = OmegaConf.create({"peak": 4, "lr": node})
    schedule = lrdsl.compile(config.lr)
    mine.unlink()
    assert schedule(0) == 6
    assert pickle.loads(pickle.dumps(schedule))(0) == 6


def test_definitions_beside_a_spec_add_to_those_of_the_call() -> None:
    node = {"spec": "g(1)", "definitions": "def g(a) = f(a) * 3"}
    assert lrdsl.compile(node, definitions="def f(a) = a + 1")(0) == 6


def test_definitions_of_the_wrong_type() -> None:
    with pytest.raises(SpecError, match=r"LR705.*not int"):
        lrdsl.compile("1", definitions=5)  # type: ignore[arg-type]


def test_a_schedule_carries_what_it_uses(mine: Path) -> None:
    mine.write_text(
        "def unused(a) = a\ndef f(a) = a / 2\ndef g(a) = f(a)\ndef p(a) = {lr: a, m: g(a)}\n"
        "def cuts[e] = | interval[e]\n"
    )
    lrdsl.load(mine)
    schedule = lrdsl.compile("g(1) + p.m(4) | cuts[5:*0.5]")
    text = schedule.context.definitions
    assert "unused" not in text
    script = "import pickle, sys; print(pickle.load(sys.stdin.buffer)([0, 5]).tolist())"
    mine.unlink()
    done = subprocess.run(
        [sys.executable, "-c", script], input=pickle.dumps(schedule), capture_output=True,
        check=True,
    )  # fmt: skip
    assert done.stdout.decode().strip() == "[2.5, 1.25]"
