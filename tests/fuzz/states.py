"""States of a Scheduler that something has changed: loading one ends with a SpecError, or works."""

from __future__ import annotations

import contextlib
import copy
import json
import warnings
from typing import Any

from lrdsl import SpecError
from tests.fuzz.choices import Choices
from tests.fuzz.specs import SpecWriter

ODD: tuple[Any, ...] = (
    None, 0, -1, 2**53, 2**63, 10**400, 0.5, float("nan"), float("inf"), True, "", "hold(5)", "{",
    [], {}, [[]], {"a": 1}, b"x", (), "cosine(", "[1]", '{"a": 1}', {"spec": None}, [10**400],
)  # fmt: skip


def check_state(choices: Choices) -> None:
    """A state is loaded or refused, and a refused one changes nothing."""
    import torch

    from lrdsl.torch import Scheduler

    def scheduler() -> Any:
        group = {"params": [torch.nn.Parameter(torch.zeros(1))], "lr": 0.5}
        return Scheduler(torch.optim.SGD([group]), spec, total_steps=100)

    spec = choices.pick(
        ("linear()", "hold() | plateau(0.5, patience=1)", SpecWriter(choices).spec(2))
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            saved, loaded = scheduler(), scheduler()
            for _ in range(choices.below(5)):
                saved.optimizer.step()
                saved.step()
                with contextlib.suppress(SpecError):
                    saved.observe(choices.pick((0.5, 0.7, float("nan"))))
            if choices.chance(50):
                saved.replan(SpecWriter(choices).spec(1))
        except SpecError:
            return
        state = changed(choices, copy.deepcopy(saved.state_dict()))
        before = loaded.state_dict()
        try:
            loaded.load_state_dict(state)
        except SpecError:
            assert loaded.state_dict() == before, "a state that was refused has changed something"
            return
        loaded.optimizer.step()
        loaded.step()
        loaded.state_dict()


def changed(choices: Choices, state: Any) -> Any:
    """A state with something odd in one or two places, also inside of what is JSON text."""
    texts = {key: json.loads(value) for key, value in state.items() if is_json(value)}
    state = {**state, **texts}
    for _ in choices.some(1, 2):
        node, depth = state, choices.below(7)
        while isinstance(node, (dict, list)) and node:
            keys = list(node) if isinstance(node, dict) else list(range(len(node)))
            key = choices.pick(keys)
            if depth == 0 or not isinstance(node[key], (dict, list)):
                if choices.chance(20) and isinstance(node, dict):
                    del node[key]
                else:
                    node[key] = choices.pick(ODD)
                break
            node, depth = node[key], depth - 1
    for key in texts:
        with contextlib.suppress(KeyError, TypeError, ValueError):
            state[key] = json.dumps(state[key])
    return state


def is_json(value: object) -> bool:
    """Whether a value of a state is a JSON object or list as text."""
    return isinstance(value, str) and value[:1] in ("{", "[")
