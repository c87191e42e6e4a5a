"""Starting up: a process that imports lrdsl, or runs its commands, beside one that does nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import lrdsl
from benchmarks.rows import Goal, Row, compared
from benchmarks.timing import Contender, Effort, calls, contest

_SPEC = "warmup(linear, 100) >> cosine(1, 1e-3, 800)"
_NOTHING = "python -c pass"
_LIBRARIES = "import numpy, pydantic, lark, click"
_PYPLOT = "import matplotlib.pyplot"
_TORCH = "import torch"
_PLAIN_APP = "one without lrdsl"

_APP = """{before}
import {module} as hydra

@hydra.main(version_base=None, config_path=".", config_name="config")
def app(cfg):
    print(cfg.lr)

app()
"""
_WITHOUT = """
import os
import hydra_plugins
kept = [path for path in hydra_plugins.__path__ if not os.path.exists(f"{path}/lrdsl_presets.py")]
hydra_plugins.__path__ = kept
"""
"""As if lrdsl were not installed: Hydra does not find its plugins."""


def rows(effort: Effort) -> Iterator[Row]:
    """Processes in turn, their bytecode being cached."""
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, f"{i}.yaml") for i in range(3)]
        for i, file in enumerate(files):
            file.write_text(f'lr: "warmup({i + 1}) >> cosine(1, 0, 800)"\n', encoding="utf-8")
        picture = str(Path(folder, "x.svg"))
        contenders = {
            _NOTHING: process("-c", "pass"),
            "lrdsl": process("-c", "import lrdsl"),
            _LIBRARIES: process("-c", _LIBRARIES),
            "show": process("-m", "lrdsl", "show", _SPEC),
            "lint": process("-m", "lrdsl", "lint", "-e", _SPEC),
            "files": process("-m", "lrdsl", "lint", *map(str, files)),
            _PYPLOT: process("-c", _PYPLOT),
            "plot": process("-m", "lrdsl", "plot", _SPEC, "-o", picture),
            _TORCH: process("-c", _TORCH),
            "lrdsl.torch": process("-c", "import lrdsl.torch"),
            _PLAIN_APP: _app(folder, "plain.py", "hydra", _WITHOUT),
            "app": _app(folder, "app.py", "hydra"),
            "main": _app(folder, "main.py", "lrdsl.hydra"),
        }
        times = contest(contenders, effort.but(rounds=9))
    yield compared("start", "import lrdsl", times, _NOTHING, goal=Goal(3))
    for name, what, over, goal in (
        ("show", "lrdsl show", _LIBRARIES, 1.35),
        ("lint", "lrdsl lint -e", _LIBRARIES, 1.35),
        ("files", "lrdsl lint of three files", _LIBRARIES, 2),
        ("plot", "lrdsl plot -o x.svg", _PYPLOT, 1.5),
        ("lrdsl.torch", "import lrdsl.torch", _TORCH, 1.1),
        ("app", "an app of Hydra, --cfg job, lrdsl being installed", _PLAIN_APP, 1.05),
        ("main", "an app with lrdsl.hydra.main, --cfg job", _PLAIN_APP, 1.15),
    ):
        yield compared("start", what, times, over, ours=name, goal=Goal(goal))


def _app(folder: str, name: str, module: str, before: str = "") -> Contender:
    """An app of Hydra that prints its config."""
    file = Path(folder, name)
    file.write_text(_APP.format(module=module, before=before), encoding="utf-8")
    file.with_name("config.yaml").write_text("lr: 0.1\nseed: 3\n", encoding="utf-8")
    return process(str(file), "--cfg", "job")


def process(*arguments: str) -> Contender:
    """A Python process from its start to its end."""
    # What is run first writes the bytecode that the others find, as after an installation.
    hidden = ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH")
    env = {name: value for name, value in os.environ.items() if name not in hidden}
    home = str(Path(lrdsl.__file__).parent.parent)
    env["PYTHONPATH"] = os.pathsep.join(filter(None, [home, os.environ.get("PYTHONPATH")]))
    command = [sys.executable, *arguments]

    def run() -> None:
        subprocess.run(command, env=env, check=True, stdout=subprocess.DEVNULL)

    return calls(run)
