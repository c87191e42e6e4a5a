"""A Scheduler's state: what is read from a checkpoint, and how it differs from what is there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lrdsl import diagnostics as d
from lrdsl.compiler.context import Context
from lrdsl.diagnostics import SpecError, fail
from lrdsl.signal import LAST_STEP
from lrdsl.syntax.spec import parse
from lrdsl.torch.metrics import Log

STATE_VERSION = 2
_READ = (1, STATE_VERSION)
_KEYS = frozenset({"version", "spec", "context", "updates"})


def checked(state: object) -> tuple[int, Log]:
    """The update count of a state and its metrics; `SpecError` if it is not one of a Scheduler."""
    if not isinstance(state, Mapping):
        raise fail(d.BAD_STATE, f"a state is a dict, not a {type(state).__name__}")
    if not _KEYS.issubset(state):
        last = state.get("last_epoch")
        fix = "pass what `state_dict()` of a lrdsl.torch.Scheduler gave"
        if isinstance(last, int):
            fix = f"to take over from another scheduler, call `step({last})` instead"
        raise fail(d.BAD_STATE, "this is not the state of a lrdsl.torch.Scheduler", fix=fix)
    if state["version"] not in _READ:
        message = f"the state has version {state['version']!r}; this lrdsl reads up to {_READ[-1]}"
        raise fail(d.BAD_STATE, message, fix="use the lrdsl that the checkpoint was written with")
    made = state["updates"]
    if not _is_count(made):
        raise fail(d.BAD_STATE, f"`updates` of the state is a whole number, not {made!r}")
    if not isinstance(state["context"], Mapping):
        raise fail(d.BAD_STATE, f"`context` of the state is a dict, not {state['context']!r}")
    return int(made), Log.of(state)


def difference(state: Mapping[str, Any], spec: Any, context: Context) -> str:
    """What a state says otherwise than this spec and context, for the user; empty if nothing."""
    saved_specs, specs = _specs(state["spec"]), _specs(spec)
    found = []
    if set(saved_specs) != set(specs):
        found.append(f"the spec {state['spec']!r} instead of {spec!r}")
    else:
        for (key, pattern), text in specs.items():
            saved = saved_specs[key, pattern]
            if not _same(saved, text):
                where = "" if isinstance(spec, str) else f" for `{key}`"
                where += "" if pattern == "*" else f" of `{pattern}`"
                found.append(f"the spec {saved!r} instead of {text!r}{where}")
    was, now = state["context"], context.to_dict()
    found += [
        f"{name}={was.get(name)!r} instead of {now.get(name)!r}"
        for name in sorted({*was, *now}, key=str)
        if was.get(name) != now.get(name)
    ]
    return ", ".join(found)


def _specs(program: Any) -> dict[tuple[Any, Any], Any]:
    """What drives what, flat: a single spec is a program with `lr` alone."""
    keyed = program if isinstance(program, Mapping) else {"lr": program}
    return {
        (key, pattern): text
        for key, spec in keyed.items()
        for pattern, text in (spec if isinstance(spec, Mapping) else {"*": spec}).items()
    }


def _same(saved: object, text: object) -> bool:
    if saved == text:
        return True
    try:
        return isinstance(saved, str) and isinstance(text, str) and parse(saved) == parse(text)
    except SpecError:
        return False


def _is_count(value: object) -> bool:
    return type(value) is int and -LAST_STEP <= value <= LAST_STEP
