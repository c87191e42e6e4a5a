"""The `state_dict` of a Scheduler: writes it, and checks it.

Its keys are always the same, and what varies in shape is JSON text: torch.distributed.checkpoint
makes a key of its own of each entry of a mapping, and loads only what has the same keys.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lrdsl.compiler.context import Context
from lrdsl.diagnostics import BAD_STATE, SpecError, spec_error
from lrdsl.language.failures import reason_of
from lrdsl.language.signal import LAST_STEP
from lrdsl.schedule.program import Program
from lrdsl.syntax.unparse import shorten
from lrdsl.torch.metric_record import MetricRecord
from lrdsl.torch.metrics import read_log
from lrdsl.torch.param_groups import DrivenGroups
from lrdsl.torch.plan import Plan
from lrdsl.torch.run_metrics import Log
from lrdsl.torch.state_data import decoded, is_finite, shown
from lrdsl.torch.timeline import Timeline

STATE_VERSION = 5
_KEYS = frozenset(
    {"version", "spec", "values", "context", "updates", "replans", "groups", "drives"}
)
_METRIC_KEYS = frozenset({"reactions", "metric_updates", "metrics"})
_PLAN_KEYS = frozenset({"update", "metrics", "spec", "values", "context"})

MAX_PLANS = 100_000
"""The most plans that a state may have."""


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
    """The specs, as text, and the context of each plan, the update and the metrics before it.

    The specs of its values are apart.
    """
    record: MetricRecord
    log: Log | None
    groups: Sequence[GroupState]
    values: Mapping[str, float]
    """The values, which no group has."""
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
            found = f"{shown(version)}, and this lrdsl reads version {STATE_VERSION}"
            fix = "use the lrdsl that the checkpoint was written with"
            raise spec_error(BAD_STATE, f"the state has version {found}", fix=fix)
        missing = sorted({*_KEYS, *_METRIC_KEYS} - {*state})
        if missing:
            raise spec_error(BAD_STATE, f"the state has no `{missing[0]}`")
        if not _is_count(state["updates"]) or state["updates"] < -1:
            message = (
                f"`updates` of the state must be a whole number, not {shown(state['updates'])}"
            )
            raise spec_error(BAD_STATE, message)
        context = decoded(state["context"])
        if not _is_context(context):
            message = (
                f"`context` of the state must be a dict of names, not {shorten(repr(context))}"
            )
            raise spec_error(BAD_STATE, message)
        replans = decoded(state["replans"])
        is_list = isinstance(replans, Sequence) and not isinstance(replans, str)
        if not is_list or len(replans) > MAX_PLANS or not all(map(_is_replan, replans)):
            raise spec_error(BAD_STATE, "`replans` of the state must be a list of plans")
        spec = decoded(state["spec"], is_spec=True)
        values = _values(state["values"])
        specs = {name: each["spec"] for name, each in values.items()}
        first = {"spec": spec, "values": specs, "context": context, "update": 0, "metrics": 0}
        later = [{**plan, "spec": decoded(plan["spec"], is_spec=True)} for plan in replans]
        plans = [first, *later]
        updates = [plan["update"] for plan in plans]
        if spec is None or updates != sorted(updates):
            message = "`replans` of the state must follow a first spec, in order"
            raise spec_error(BAD_STATE, message)
        groups, drives = _groups(state["groups"]), state["drives"]
        if type(drives) is not bool:
            raise spec_error(
                BAD_STATE, f"`drives` of the state must be a bool, not {shown(drives)}"
            )
        record = MetricRecord.from_json(state["reactions"])
        log = read_log(state)
        if log and len(log) != record.total:
            raise spec_error(BAD_STATE, "`metrics` and `reactions` of the state disagree")
        kept = log if log or not record.total else None
        present = {name: each["value"] for name, each in values.items()}
        return cls(state["updates"], plans, record, kept, groups, present, drives)

    def timeline(self) -> Timeline:
        """The timeline of the state; `SpecError` if one of its plans is none."""
        log = None if self.log is None else [*self.log]
        first = read_plan(self.plans[0])
        plans = [first, *[read_plan(plan, first.program) for plan in self.plans[1:]]]
        timeline = Timeline(plans, self.record, log)
        for plan in timeline.plans:
            for name in () if plan.program is None else plan.program.choices:
                if name not in (*timeline.names, *timeline.value_names):
                    message = f"a plan of the state drives `{name}`, and its first plan does not"
                    raise spec_error(BAD_STATE, message)
        return timeline


def read_plan(plan: Mapping[str, Any], first: Program | None = None) -> Plan:
    """A plan of a state, of which `first` is that of the first plan; `SpecError` if it is none."""
    try:
        context = Context.of(**plan["context"])
        spec, values = plan["spec"], plan.get("values") or None
        others = ((), ()) if first is None else (first.numbers, first.values)
        program = None
        if spec is not None or values is not None:
            program = Program(
                spec, context.definitions, others[0], values=values, other_values=others[1]
            )
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
            "values": {name: values[name][i] for name in timeline.names},
        }
        for i, (name, base, tensors, scale) in enumerate(
            zip(driven.full_names, driven.bases, driven.tensors, scales, strict=True)
        )
    ]
    held = {
        name: {"spec": text, "value": values[name][0]} for name, text in first["values"].items()
    }
    spec, log = first["spec"], timeline.metrics.log or ()
    return {
        "version": STATE_VERSION,
        "spec": spec if isinstance(spec, str) else json.dumps(spec),
        "values": json.dumps(held),
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
        "values": {} if plan.program is None else plan.program.value_texts,
        "context": timeline.recorded_context(plan).to_dict(),
    }


def _values(value: Any) -> Mapping[str, Mapping[str, Any]]:
    """The spec and the present number of each value."""
    found = decoded(value)
    if not isinstance(found, Mapping) or not all(
        [
            isinstance(name, str)
            and isinstance(each, Mapping)
            and isinstance(each.get("spec"), str)
            and is_finite(each.get("value"))
            for name, each in found.items()
        ]
    ):
        raise spec_error(BAD_STATE, "`values` of the state must be a dict of specs and numbers")
    return found


def _groups(value: Any) -> list[GroupState]:
    found = decoded(value)
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
        and is_finite(value["scale"])
    )


def _is_numbers(value: object) -> bool:
    return isinstance(value, Mapping) and all(
        [isinstance(name, str) and is_finite(number) for name, number in value.items()]
    )


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
        and all([_is_context(value[key]) for key in ("context", "values")])
    )


def _is_context(value: object) -> bool:
    return isinstance(value, Mapping) and all([isinstance(name, str) for name in value])


def _is_count(value: object) -> bool:
    return type(value) is int and -LAST_STEP < value < LAST_STEP
