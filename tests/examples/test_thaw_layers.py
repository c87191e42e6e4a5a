"""examples/thaw_layers.py, run as a user runs it."""

import re
import shlex

import pytest

from tests.support.paths import ROOT
from tests.support.warm import warm_python

for needed in ("torch", "sklearn"):
    pytest.importorskip(needed)


pytestmark = pytest.mark.slow


def run(*arguments):
    return warm_python("examples/thaw_layers.py", *arguments, folder=ROOT)


def commands():
    """The commands that the example itself shows."""
    text = (ROOT / "examples" / "thaw_layers.py").read_text(encoding="utf-8")
    return re.findall(r"^    python examples/thaw_layers.py(.*)$", text, re.MULTILINE)


@pytest.mark.parametrize(
    ("command", "ends"),
    [*zip(commands(), [[168, 336, 840], [336, 420, 840]], strict=True)],
    ids=["as it is", "other lengths"],
)
def test_layers_learn_from_the_head_down(command, ends):
    done = run(*shlex.split(command))
    assert done.returncode == 0, done.stderr
    rows = re.findall(
        r"update (\d+), lower moved (.*), middle moved (.*), head moved (.*)", done.stdout
    )
    assert [int(row[0]) for row in rows] == ends
    learns = [[float(moved) > 0 for moved in row[1:]] for row in rows]
    assert learns == [[False, False, True], [False, True, True], [True, True, True]]
    accuracies = [float(x) for x in re.findall(r"digits \d to \d: ([\d.]+)", done.stdout)]
    assert len(accuracies) == 2
    assert min(accuracies) > 0.95


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        pytest.param(["--head", "6e"], r"entry 0: `e` is not a unit(.|\n)*\^", id="a unit"),
        pytest.param(["--middle", "-1"], r"must be 0 or more updates, not -1", id="below 0"),
    ],
)
def test_mistakes_are_told(arguments, match):
    done = run(*[f"{arguments[0]}={arguments[1]}"])
    assert done.returncode != 0
    assert re.search(match, done.stderr)
    assert "Traceback" not in done.stderr
