"""examples/snapshot_ensemble.py, run as a user runs it."""

import re
import shlex

import pytest

from tests.support.paths import ROOT
from tests.support.warm import warm_python

for needed in ("torch", "sklearn"):
    pytest.importorskip(needed)


pytestmark = pytest.mark.slow


def run(*arguments):
    return warm_python("examples/snapshot_ensemble.py", *arguments, folder=ROOT)


def results(done):
    """The update and the accuracy of each snapshot, and the ensemble's accuracy."""
    assert done.returncode == 0, done.stderr
    found = re.findall(r"^snapshot at update (\d+): ([\d.]+)$", done.stdout, re.MULTILINE)
    [(count, ensemble)] = re.findall(r"^ensemble of (\d+): ([\d.]+)$", done.stdout, re.MULTILINE)
    assert int(count) == len(found)
    return [int(at) for at, _ in found], [float(acc) for _, acc in found], float(ensemble)


def test_the_ensemble_is_at_least_as_accurate_as_its_members():
    """The commands that the README shows; the first is the default."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    [first, *others] = re.findall(r"^python examples/snapshot_ensemble.py(.*)$", readme, re.M)
    assert shlex.split(first, comments=True) == []
    ends, members, ensemble = results(run())
    assert ends == [112, 224, 336, 448, 560, 672]
    assert ensemble >= max(members)
    assert ensemble > 0.95
    for command in others:
        _, members, ensemble = results(run(*shlex.split(command, comments=True)))
        assert ensemble >= sum(members) / len(members)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        pytest.param(["--spec", "cosine(1, 0, 9"], r"LR104(.|\n)*\^", id="a mistake in the spec"),
        pytest.param(["--spec", "cosine(.1, 0)", "--cycles", "1"], "repeat", id="no cycles"),
        pytest.param(["--epochs", "0"], "1 or more", id="no epochs"),
    ],
)
def test_mistakes_are_told(arguments, match):
    done = run(*arguments)
    assert done.returncode != 0
    assert re.search(match, done.stderr)
    assert "Traceback" not in done.stderr
