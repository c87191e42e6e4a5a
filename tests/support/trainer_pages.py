"""Running the code that the pages in docs/trainers show, and seeing what it trains with."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch.optim import Optimizer

import lrdsl
from tests.support import ranks
from tests.support.paths import ROOT

FOLDER = ROOT / "docs" / "trainers"
_FENCE = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def code(page: str) -> str:
    """All Python that a page shows, in its order."""
    return "\n".join(_FENCE.findall((FOLDER / f"{page}.md").read_text(encoding="utf-8")))


def by_calls(text: str) -> str:
    """A page's code, changed as the page says for the clock of calls."""
    text = text.replace("import attach", "import Scheduler").replace("attach(", "Scheduler(")
    text, count = re.subn(
        r"^( *)optimizer\.step\(\)$", r"\g<0>\n\1scheduler.step()", text, flags=re.MULTILINE
    )
    assert count
    return text


def module(text: str, name: str = "page") -> ModuleType:
    """A page's code as a module. As `__main__` it runs as a script too."""
    made = ModuleType(name)
    exec(compile(text, name, "exec"), made.__dict__)
    return made


def trained(text: str, kind: type[Optimizer], folder: Path) -> tuple[ModuleType, list[Any]]:
    """A page's code, run to its last line in a folder, and the learning rates of its updates."""
    with pytest.MonkeyPatch.context() as patch, updates_of(kind) as made:
        patch.chdir(folder)
        return module(text), made


@contextmanager
def updates_of(kind: type[Optimizer], key: str = "lr") -> Iterator[list[Any]]:
    """The number that each update of such optimizers is made with, as the update itself finds it.

    It is read inside all hooks. Where that number is not 0 and no parameter changes, it is None.
    Schedulers are made inside: torch's base class has an optimizer keep the `step` that it had.
    """
    hooked = kind.step
    step = hooked.__wrapped__ if hasattr(hooked, "hooked") else hooked
    made: list[Any] = []

    def watched(self: Optimizer, *args: Any, **kwargs: Any) -> Any:
        parameters = [p for group in self.param_groups for p in group["params"]]
        numbers = {float(group[key]) for group in self.param_groups}
        before = [p.detach().clone() for p in parameters]
        result = step(self, *args, **kwargs)
        is_same = all(
            [torch.equal(_own(p), _own(old)) for p, old in zip(parameters, before, strict=True)]
        )
        [number] = numbers
        made.append(None if is_same and number else number)
        return result

    kind.step = Optimizer.profile_hook_step(watched)
    kind.step.hooked = True
    try:
        yield made
    finally:
        kind.step = hooked


def _own(parameter: torch.Tensor) -> torch.Tensor:
    """What this rank has of it."""
    return parameter.to_local() if hasattr(parameter, "to_local") else parameter


def expected(spec: str, count: int, **context: float) -> list[float]:
    """What a spec says that so many updates are made with."""
    schedule = lrdsl.compile(spec, **context)
    return [schedule(step) for step in range(count)]


_START = '''
from pathlib import Path
from torch import distributed as dist
from tests.support.trainer_pages import by_calls, code, expected, module, updates_of

def broken_off(train, *arguments):
    """Train as far as the first checkpoint, after which the ranks wait for each other."""
    barrier = dist.barrier
    def stop():
        barrier()
        raise KeyboardInterrupt
    dist.barrier = stop
    try:
        train(*arguments)
    except KeyboardInterrupt:
        return
    finally:
        dist.barrier = barrier
    raise AssertionError("no checkpoint was written")
'''


def on_ranks(folder: Path, script: str) -> list[dict[str, Any]]:
    """What `found` holds in the end on each of two ranks, started as torchrun would do it."""
    text = _START + textwrap.dedent(script)
    return ranks.on_ranks(folder, text, meet=False, ACCELERATE_USE_CPU="1")
