"""The fuzzer finds what is wrong, says how to see it again, and finds nothing at the moment."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

import lrdsl
from tests.fuzz import __main__ as fuzz
from tests.fuzz.choices import ByteChoices, Choices
from tests.fuzz.specs import SpecWriter, broken


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["fuzz", *arguments])
    return fuzz.main()


def test_a_few_inputs(monkeypatch, capsys):
    assert run(monkeypatch, "--inputs", "60", "--seed", "3", "--slowest", "60") == 0
    assert "60 inputs in" in capsys.readouterr().out


def test_jobs_share_the_inputs():
    # as people start it: what a package's `__main__` defines is not there in other processes
    options = [
        "--target",
        "spec",
        "--seed",
        "3",
        "--jobs",
        "2",
        "--slowest",
        "60",
        "--inputs",
        "30",
    ]
    command = [sys.executable, "-m", "tests.fuzz", *options]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stderr) == (0, "")
    assert "30 inputs in" in done.stdout


def test_the_same_seed_makes_the_same_inputs():
    def texts(seed):
        return [SpecWriter(Choices((seed, i))).spec() for i in range(20)]

    assert texts(1) == texts(1) != texts(2)


def test_inputs_from_bytes():
    text = SpecWriter(ByteChoices(bytes(range(256)) * 4)).spec()
    assert text == SpecWriter(ByteChoices(bytes(range(256)) * 4)).spec()
    assert SpecWriter(ByteChoices(b"")).spec()
    assert broken(ByteChoices(b""), text)


BROKEN = {
    "a traceback": (lambda *_, **__: 1 / 0, "ZeroDivisionError"),
    "a law": (lambda text, *_: f"{text} ", "formatting"),
    "time": (lambda text, *_: _slow(text), "it takes"),
}


def _slow(text):
    end = time.process_time() + 0.25
    while time.process_time() < end:
        pass
    return text


@pytest.mark.parametrize(("replacement", "words"), BROKEN.values(), ids=BROKEN)
def test_what_is_wrong_is_told(monkeypatch, capsys, replacement, words):
    monkeypatch.setattr(lrdsl, "format", replacement)
    slowest = "0.2" if words == "it takes" else "60"  # no time fails the others
    options = ["--target", "spec", "--seed", "3", "--slowest", slowest]
    assert run(monkeypatch, *options, "--inputs", "40") == 1
    said = capsys.readouterr().out
    assert words in said
    number = said.split("--only ")[1].split()[0]
    assert run(monkeypatch, *options, "--only", number) == 1
