"""examples/ema_teacher.py, run as a user runs it."""

import re
import shlex

import pytest

import lrdsl
from tests.support.paths import ROOT
from tests.support.warm import warm_python

for needed in ("torch", "sklearn"):
    pytest.importorskip(needed)


pytestmark = pytest.mark.slow


def run(*arguments):
    return warm_python("examples/ema_teacher.py", *arguments, folder=ROOT)


def test_the_teacher_is_better_than_the_network():
    """The commands that the README shows; the first is the default."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    [first, second] = re.findall(r"^python examples/ema_teacher.py(.*)$", readme, re.M)
    for command, ema in ((first, "cosine(0.996, 1)"), (second, "cosine(0.99, 1)")):
        done = run(*shlex.split(command))
        assert done.returncode == 0, done.stderr
        logged = re.findall(r"^update (\d+): .*values\[ema\]=([\d.]+)", done.stdout, re.MULTILINE)
        schedule = lrdsl.compile(ema, total_steps=1120)
        assert [f"{schedule(int(at)):g}" for at, _ in logged] == [shown for _, shown in logged]
        assert [int(at) for at, _ in logged] == [0, 224, 448, 672, 896]
        [student, teacher] = re.findall(r"^(?:student|teacher): ([\d.]+)$", done.stdout, re.M)
        assert float(teacher) > max(0.94, float(student))


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        pytest.param(["--ema", "cosine(1, 0, 9"], r"`ema`: (.|\n)*\^", id="a mistake in a value"),
        pytest.param(["--ema", "base"], r"one of `values` has none", id="a base"),
        pytest.param(["--epochs", "0"], "1 or more", id="no epochs"),
    ],
)
def test_mistakes_are_told(arguments, match):
    done = run(*arguments)
    assert done.returncode != 0
    assert re.search(match, done.stderr)
    assert "Traceback" not in done.stderr
