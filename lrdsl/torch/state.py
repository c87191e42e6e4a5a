"""A Scheduler's state: what is read from a checkpoint, and how it differs from what is there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lrdsl import diagnostics as d
from lrdsl.compiler.context import Context
from lrdsl.diagnostics import SpecError, fail
from lrdsl.signal import LAST_STEP
from lrdsl.syntax.spec import Spec, parse

STATE_VERSION = 1
_STATE_KEYS = {"version", "spec", "context", "updates"}


def checked(state: object) -> int:
    """The update count of a state; `SpecError` if it is not one of a Scheduler."""
    if not isinstance(state, Mapping):
        raise fail(d.BAD_STATE, f"a state is a dict, not a {type(state).__name__}")
    if not _STATE_KEYS.issubset(state):
        last = state.get("last_epoch")
        fix = "pass what `state_dict()` of a lrdsl.torch.Scheduler gave"
        if isinstance(last, int):
            fix = f"to take over from another scheduler, call `step({last})` instead"
        raise fail(d.BAD_STATE, "this is not the state of a lrdsl.torch.Scheduler", fix=fix)
    if state["version"] != STATE_VERSION:
        message = f"the state has version {state['version']!r}; this lrdsl reads {STATE_VERSION}"
        raise fail(d.BAD_STATE, message, fix="use the lrdsl that the checkpoint was written with")
    made = state["updates"]
    plain = isinstance(made, int) and not isinstance(made, bool)
    if not plain or not -LAST_STEP <= made <= LAST_STEP:
        raise fail(d.BAD_STATE, f"`updates` of the state is a whole number, not {made!r}")
    if not isinstance(state["context"], Mapping):
        raise fail(d.BAD_STATE, f"`context` of the state is a dict, not {state['context']!r}")
    return int(made)


def difference(state: Mapping[str, Any], spec: Spec, context: Context) -> str:
    """What a state says otherwise than this spec and context, for the user; empty if nothing."""
    found = []
    if not _same(state["spec"], spec):
        found.append(f"the spec {state['spec']!r} instead of {str(spec)!r}")
    saved, now = state["context"], context.to_dict()
    found += [
        f"{name}={saved.get(name)!r} instead of {now.get(name)!r}"
        for name in sorted({*saved, *now}, key=str)
        if saved.get(name) != now.get(name)
    ]
    return ", ".join(found)


def _same(text: object, spec: Spec) -> bool:
    try:
        return isinstance(text, str) and parse(text) == spec
    except SpecError:
        return False
