"""The `state_dict` of a Scheduler: writes it, and checks it.

Its keys are always the same, and what varies in shape is JSON text: torch.distributed.checkpoint
makes a key of its own of each entry of a mapping, and loads only what has the same keys.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lrdsl.compiler.context import Context
from lrdsl.diagnostics import BAD_STATE, SpecError, spec_error
from lrdsl.language.failures import reason_of
from lrdsl.language.signal import LAST_STEP
from lrdsl.schedule.program import Program
from lrdsl.syntax.spec import as_number
from lrdsl.syntax.unparse import shorten
from lrdsl.torch.metric_record import MetricRecord
from lrdsl.torch.metrics import read_log
from lrdsl.torch.param_groups import DrivenGroups
from lrdsl.torch.plan import Plan
from lrdsl.torch.run_metrics import Log
from lrdsl.torch.timeline import Timeline

STATE_VERSION = 5
_KEYS = frozenset({"version", "spec", "context", "updates", "replans", "groups", "drives"})
_METRIC_KEYS = frozenset({"reactions", "metric_updates", "metrics"})
_PLAN_KEYS = frozenset({"update", "metrics", "spec", "context"})

MAX_PLANS = 100_000
"""The most plans that a state may have."""

MAX_TEXT = 64 * 2**20
"""The most characters of a text in a state."""

MAX_NESTING = 100
"""Levels of the deepest data in a state."""

MAX_VALUES = 100_000
"""The most values of data in a state that is not JSON text."""

MAX_SHOWN = 80
"""Characters of the longest text of a state that a message repeats."""


@dataclass(frozen=True)
class GroupState:
    """A parameter group in a checkpoint."""

    name: str | None
    base: Mapping[str, float]
    """The `base` of each number."""
    tensors: Sequence[str]
    """The numbers that were Tensors."""
    scale: float
    """The `lr_scale`, 1 if it had none."""
    values: Mapping[str, float]
    """The values of the numbers."""


@dataclass(frozen=True)
class SchedulerState:
    """A checked `state_dict`: the updates made, the plans, the metrics, the parameter groups."""

    updates: int
    plans: Sequence[Mapping[str, Any]]
    """The specs, as text, and the context of each plan, the update and the metrics before it."""
    record: MetricRecord
    log: Log | None
    groups: Sequence[GroupState]
    drives: bool
    """Whether the numbers were what the Scheduler had set."""

    @classmethod
    def of(cls, state: object) -> SchedulerState:
        """Check a `state_dict`; `SpecError` if it is not that of a Scheduler.

        Nothing of it is used but plain data, so that no object in it can act later.
        """
        try:
            return cls._of(state)
        except SpecError:
            raise
        except Exception as error:  # a malformed state has a kind that no reader has thought of
            raise spec_error(BAD_STATE, f"the state cannot be read: {reason_of(error)}") from None

    @classmethod
    def _of(cls, state: object) -> SchedulerState:
        if not isinstance(state, Mapping):
            raise spec_error(BAD_STATE, f"a state must be a dict, not a {type(state).__name__}")
        if not {"version", "spec", "updates"}.issubset(state):
            raise _foreign_state(state)
        version = state["version"]
        if type(version) is not int or version != STATE_VERSION:
            shown = f"{_shown(version)}, and this lrdsl reads version {STATE_VERSION}"
            fix = "use the lrdsl that the checkpoint was written with"
            raise spec_error(BAD_STATE, f"the state has version {shown}", fix=fix)
        missing = sorted({*_KEYS, *_METRIC_KEYS} - {*state})
        if missing:
            raise spec_error(BAD_STATE, f"the state has no `{missing[0]}`")
        if not _is_count(state["updates"]) or state["updates"] < -1:
            message = (
                f"`updates` of the state must be a whole number, not {_shown(state['updates'])}"
            )
            raise spec_error(BAD_STATE, message)
        context = _decoded(state["context"])
        if not _is_context(context):
            message = (
                f"`context` of the state must be a dict of names, not {shorten(repr(context))}"
            )
            raise spec_error(BAD_STATE, message)
        replans = _decoded(state["replans"])
        is_list = isinstance(replans, Sequence) and not isinstance(replans, str)
        if not is_list or len(replans) > MAX_PLANS or not all(map(_is_replan, replans)):
            raise spec_error(BAD_STATE, "`replans` of the state must be a list of plans")
        spec = _decoded(state["spec"], is_spec=True)
        first = {"spec": spec, "context": context, "update": 0, "metrics": 0}
        later = [{**plan, "spec": _decoded(plan["spec"], is_spec=True)} for plan in replans]
        plans = [first, *later]
        updates = [plan["update"] for plan in plans]
        if spec is None or updates != sorted(updates):
            message = "`replans` of the state must follow a first spec, in order"
            raise spec_error(BAD_STATE, message)
        groups, drives = _groups(state["groups"]), state["drives"]
        if type(drives) is not bool:
            raise spec_error(
                BAD_STATE, f"`drives` of the state must be a bool, not {_shown(drives)}"
            )
        record = MetricRecord.from_json(state["reactions"])
        log = read_log(state)
        if log and len(log) != record.total:
            raise spec_error(BAD_STATE, "`metrics` and `reactions` of the state disagree")
        kept = log if log or not record.total else None
        return cls(state["updates"], plans, record, kept, groups, drives)

    def timeline(self) -> Timeline:
        """The timeline of the state; `SpecError` if one of its plans is none."""
        log = None if self.log is None else [*self.log]
        timeline = Timeline(map(read_plan, self.plans), self.record, log)
        for plan in timeline.plans:
            for name in () if plan.program is None else plan.program.choices:
                if name not in timeline.names:
                    message = f"a plan of the state drives `{name}`, and its first plan does not"
                    raise spec_error(BAD_STATE, message)
        return timeline


def read_plan(plan: Mapping[str, Any]) -> Plan:
    """A plan of a state; `SpecError` if it is none."""
    try:
        context = Context.of(**plan["context"])
        spec = plan["spec"]
        program = None if spec is None else Program(spec, context.definitions)
        if program is None and context.total_steps is None:
            raise spec_error(BAD_STATE, "a plan of the state that extends the run needs its length")
        return Plan(program, context, plan["update"], plan["metrics"])
    except SpecError:
        raise
    except Exception as error:  # a malformed state has a kind that no reader has thought of
        message = f"a plan of the state cannot be read: {reason_of(error)}"
        raise spec_error(BAD_STATE, message) from None


def make_state(
    driven: DrivenGroups,
    updates: int,
    scales: Sequence[float],
    values: Mapping[str, Sequence[float]],
    *,
    drives: bool,
) -> dict[str, Any]:
    """Write a `state_dict`: the canonical specs and the context of every plan, and so on."""
    timeline = driven.timeline
    first, *later = [plan_state(timeline, plan) for plan in timeline.plans]
    groups = [
        {
            "name": None if name is None else str(name),
            "base": base,
            "tensors": tensors,
            "scale": scale,
            "values": {name: own[i] for name, own in values.items()},
        }
        for i, (name, base, tensors, scale) in enumerate(
            zip(driven.names, driven.bases, driven.tensors, scales, strict=True)
        )
    ]
    spec, log = first["spec"], timeline.metrics.log or ()
    return {
        "version": STATE_VERSION,
        "spec": spec if isinstance(spec, str) else json.dumps(spec),
        "context": json.dumps(first["context"]),
        "updates": updates,
        "replans": json.dumps(later),
        "reactions": timeline.metrics.settled_record().to_json(),
        "metric_updates": [update for update, _ in log],
        "metrics": [metric for _, metric in log],
        "groups": json.dumps(groups),
        "drives": drives,
    }


def plan_state(timeline: Timeline, plan: Plan) -> dict[str, Any]:
    """A plan as text and numbers."""
    return {
        "update": plan.start,
        "metrics": plan.metrics,
        "spec": None if plan.program is None else plan.program.texts,
        "context": timeline.recorded_context(plan).to_dict(),
    }


def _decoded(value: Any, *, is_spec: bool = False) -> Any:
    """A value that is JSON text, or was not in older versions; a spec may be text itself."""
    if not isinstance(value, str):
        return _plain(value)
    value = str.__str__(value)  # that of a subclass may do anything
    if is_spec and not value.startswith("{"):
        return value
    try:
        if len(value) > MAX_TEXT:
            raise ValueError
        return json.loads(value)
    except (ValueError, RecursionError):
        if is_spec:
            return value  # compiling it says what is wrong
        raise spec_error(BAD_STATE, "a text of the state is no JSON") from None


def _plain(value: Any) -> Any:
    """A copy of mappings, lists and values, all of them of Python's own types."""
    copied = 0

    def copy(value: Any, depth: int) -> Any:
        nonlocal copied
        copied += 1  # a list can be in another many times
        if depth > MAX_NESTING or copied > MAX_VALUES:
            raise spec_error(BAD_STATE, "the state is nested too deep, or has too many values")
        if isinstance(value, Mapping):
            return {copy(key, depth + 1): copy(value[key], depth + 1) for key in value}
        if isinstance(value, (list, tuple)):
            return [copy(each, depth + 1) for each in value]
        if isinstance(value, str):
            return str.__str__(value)
        is_number = isinstance(value, (int, float)) and (type(value) is float or _is_finite(value))
        if value is None or isinstance(value, bool) or is_number:
            return value
        raise spec_error(BAD_STATE, f"the state holds what no state does: {_shown(value)}")

    return copy(value, 0)


def _shown(value: object) -> str:
    """A value for a message: as it is written if that is short, else its type."""
    is_short = isinstance(value, str) and len(value) <= MAX_SHOWN
    is_small = type(value) is int and abs(value) < 10**MAX_SHOWN
    if is_short or is_small or value is None or isinstance(value, (bool, float)):
        return repr(value)
    return f"something of type {type(value).__name__}"


def _groups(value: Any) -> list[GroupState]:
    found = _decoded(value)
    if not isinstance(found, Sequence) or not all(map(_is_group, found)):
        raise spec_error(BAD_STATE, "`groups` of the state must be a list of parameter groups")
    return [GroupState(x["name"], x["base"], x["tensors"], x["scale"], x["values"]) for x in found]


def _is_group(value: object) -> bool:
    return (
        isinstance(value, Mapping)
        and {"name", "base", "tensors", "scale", "values"} <= set(value)
        and isinstance(value["name"], str | None)
        and isinstance(value["tensors"], list)
        and all([isinstance(name, str) for name in value["tensors"]])
        and all([_is_numbers(value[key]) for key in ("base", "values")])
        and _is_finite(value["scale"])
    )


def _is_numbers(value: object) -> bool:
    return isinstance(value, Mapping) and all(
        [isinstance(name, str) and _is_finite(number) for name, number in value.items()]
    )


def _is_finite(value: object) -> bool:
    number = as_number(value)
    return number is not None and abs(number) < math.inf and abs(number) <= 1.7e308


def _foreign_state(state: Mapping[Any, Any]) -> SpecError:
    """The error of a state that another class has written."""
    last = state.get("last_epoch")
    if not isinstance(last, int):
        fix = "pass the `state_dict()` of a lrdsl.torch.Scheduler"
        return spec_error(BAD_STATE, "this is not the state of a lrdsl.torch.Scheduler", fix=fix)
    message = "this is the state of another scheduler, such as torch's own"
    fix = f"to continue from there, make the Scheduler with `start_step={last}`"
    return spec_error(BAD_STATE, message, fix=fix)


def _is_replan(value: object) -> bool:
    return (
        isinstance(value, Mapping)
        and set(value) >= _PLAN_KEYS
        and all([_is_count(value[key]) and value[key] >= 0 for key in ("update", "metrics")])
        and _is_context(value["context"])
    )


def _is_context(value: object) -> bool:
    return isinstance(value, Mapping) and all([isinstance(name, str) for name in value])


def _is_count(value: object) -> bool:
    return type(value) is int and -LAST_STEP < value < LAST_STEP
