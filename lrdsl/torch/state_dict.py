"""The `state_dict` of a Scheduler: writes it, checks it, and resolves it against a Scheduler."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from lrdsl import diagnostics as diag
from lrdsl.compiler.context import Context
from lrdsl.diagnostics import SpecError, spec_error
from lrdsl.language.signal import LAST_STEP
from lrdsl.schedule.program import Program
from lrdsl.syntax.spec import parse
from lrdsl.torch.metrics import MetricLog
from lrdsl.torch.param_groups import ParamGroups
from lrdsl.torch.plan import Plan
from lrdsl.torch.step_table import ParamTarget
from lrdsl.torch.timeline import Timeline

ON_CHANGE = ("warn", "error", "keep")
"""The ways to treat a checkpoint that was written under another spec or context."""

STATE_VERSION = 3
_READABLE_VERSIONS = (1, 2, STATE_VERSION)
_KEYS = frozenset({"version", "spec", "context", "updates"})


@dataclass(frozen=True)
class SchedulerState:
    """A checked `state_dict`: updates made, the first plan's spec and context, metrics.

    `replans` are the later plans, as `make_state` writes them.
    """

    updates: int
    spec: Any
    context: Mapping[str, Any]
    replans: Sequence[Mapping[str, Any]]
    log: MetricLog

    @classmethod
    def of(cls, state: object) -> SchedulerState:
        """Check a `state_dict`; `SpecError` if it is not that of a Scheduler."""
        if not isinstance(state, Mapping):
            raise spec_error(
                diag.BAD_STATE, f"a state must be a dict, not a {type(state).__name__}"
            )
        if not _KEYS.issubset(state):
            raise _foreign_state(state)
        if state["version"] not in _READABLE_VERSIONS:
            latest = _READABLE_VERSIONS[-1]
            message = f"the state has version {state['version']!r}; this lrdsl reads up to {latest}"
            fix = "use the lrdsl that the checkpoint was written with"
            raise spec_error(diag.BAD_STATE, message, fix=fix)
        updates = state["updates"]
        if not _is_count(updates):
            message = f"`updates` of the state must be a whole number, not {updates!r}"
            raise spec_error(diag.BAD_STATE, message)
        if not _is_context(state["context"]):
            message = f"`context` of the state must be a dict of names, not {state['context']!r}"
            raise spec_error(diag.BAD_STATE, message)
        replans = state.get("replans", [])
        if not isinstance(replans, Sequence) or not all([_is_replan(each) for each in replans]):
            raise spec_error(diag.BAD_STATE, "`replans` of the state must be a list of plans")
        return cls(updates, state["spec"], state["context"], replans, MetricLog.of(state))

    def later_plans(self) -> list[Plan]:
        """The plans after the first."""
        return [
            _plan(each["spec"], each["context"], each["update"], each["metrics"])
            for each in self.replans
        ]

    def plans(self) -> list[Plan]:
        """All plans; `SpecError` if their specs or contexts have mistakes."""
        return [_plan(self.spec, self.context), *self.later_plans()]


def make_state(timeline: Timeline, updates: int) -> dict[str, Any]:
    """Write a `state_dict`: the canonical spec and the context of every plan, the metrics."""
    first, *later = timeline.plans
    return {
        "version": STATE_VERSION,
        **_spec_and_context(timeline, first),
        "updates": updates,
        "replans": [
            {"update": plan.start, "metrics": plan.metrics, **_spec_and_context(timeline, plan)}
            for plan in later
        ],
        **timeline.log.to_dict(),
    }


class Resolved(NamedTuple):
    """How to resume: the updates made, the timeline with its targets, a warning for the user."""

    updates: int
    timeline: Timeline
    targets: tuple[ParamTarget, ...]
    warning: str


def resolve_state(state_dict: object, groups: ParamGroups, on_change: str) -> Resolved:
    """Compile the timeline that a `state_dict` resumes, for a Scheduler's parameter groups.

    If it was written under another spec or context, `on_change` selects which ones are followed.
    Changes nothing. Raises `SpecError` if the state is malformed or refused.
    """
    state = SchedulerState.of(state_dict)
    first = groups.timeline.plans[0]
    assert first.program is not None
    recorded = groups.timeline.recorded_context(first)
    difference = _difference(state, first.program.texts, recorded)
    if difference and on_change == "keep":
        plans, difference = state.plans(), ""
    else:
        plans = [first] if difference else [first, *state.later_plans()]
    timeline = Timeline(plans, state.log)
    targets = groups.targets_for(timeline)
    if not difference:
        return Resolved(state.updates, timeline, targets, "")
    message = f"the checkpoint was written with {difference}{_changes(state, groups, targets)}"
    if on_change == "error":
        fix = 'pass the spec and context that it was written with, or `on_change="keep"`'
        raise spec_error(diag.BAD_STATE, message, fix=fix)
    dropped = "; the plans added during the run are dropped" if state.replans else ""
    warning = (
        f"{message}; continuing at update {state.updates} with the spec and context of this "
        f"Scheduler{dropped}"
    )
    return Resolved(state.updates, timeline, targets, warning)


def _changes(state: SchedulerState, groups: ParamGroups, targets: Sequence[ParamTarget]) -> str:
    """The numbers that have other values in a state than by these targets, for a message."""
    t = max(0, state.updates)
    try:
        saved = groups.targets_for(Timeline(state.plans(), state.log))
        before = _shown_values(groups, saved, t)
    except SpecError:  # the state's plans do not compile here, for lack of a definition, say
        return ""
    after = _shown_values(groups, targets, t)
    changed = [
        f"{name} at update {t}: {before[name]} → {after[name]}"
        for name in after
        if name in before and before[name] != after[name]
    ]
    return f" ({', '.join(changed)})" if changed else f" (no number changes at update {t})"


def _shown_values(groups: ParamGroups, targets: Sequence[ParamTarget], t: int) -> dict[str, str]:
    """The distinct values of each number over the groups, as text."""
    return {
        target.name: ", ".join([f"{value:g}" for value in dict.fromkeys(values)])
        for target, values in zip(targets, groups.values_of(targets, t), strict=True)
    }


def _spec_and_context(timeline: Timeline, plan: Plan) -> dict[str, Any]:
    texts = None if plan.program is None else plan.program.texts
    return {"spec": texts, "context": timeline.recorded_context(plan).to_dict()}


def _plan(spec: Any, context: Mapping[str, Any], start: int = 0, metrics: int = 0) -> Plan:
    known = Context.of(**context)
    program = None if spec is None else Program(spec, known.definitions)
    return Plan(program, known, start, metrics)


def _foreign_state(state: Mapping[Any, Any]) -> SpecError:
    """The error of a state that another class has written."""
    last = state.get("last_epoch")
    if not isinstance(last, int):
        fix = "pass the `state_dict()` of a lrdsl.torch.Scheduler"
        message = "this is not the state of a lrdsl.torch.Scheduler"
        return spec_error(diag.BAD_STATE, message, fix=fix)
    message = "this is the state of another scheduler, such as torch's own"
    fix = f"to continue from there, make the Scheduler with `start_step={last}`"
    return spec_error(diag.BAD_STATE, message, fix=fix)


def _difference(state: SchedulerState, spec: Any, context: Context) -> str:
    """How a state differs from a spec and a context, for a message; empty if it does not."""
    saved_specs, specs = _flat_specs(state.spec), _flat_specs(spec)
    found = []
    if set(saved_specs) != set(specs):
        found.append(f"the spec {state.spec!r} instead of {spec!r}")
    else:
        for (name, pattern), text in specs.items():
            saved = saved_specs[name, pattern]
            if not _are_equal(saved, text):
                where = "" if isinstance(spec, str) else f" for `{name}`"
                where += "" if pattern == "*" else f" of `{pattern}`"
                found.append(f"the spec {saved!r} instead of {text!r}{where}")
    before, now = state.context, context.to_dict()
    found += [
        f"{name}={before.get(name)!r} instead of {now.get(name)!r}"
        for name in sorted({*before, *now}, key=str)
        if before.get(name) != now.get(name)
    ]
    return ", ".join(found)


def _flat_specs(program: Any) -> dict[tuple[Any, Any], Any]:
    """The specs by name of the number and pattern; a single spec is a program with `lr` alone."""
    keyed = program if isinstance(program, Mapping) else {"lr": program}
    return {
        (name, pattern): text
        for name, spec in keyed.items()
        for pattern, text in (spec if isinstance(spec, Mapping) else {"*": spec}).items()
    }


def _are_equal(saved: object, text: object) -> bool:
    """Whether two specs have the same tree."""
    if saved == text:
        return True
    try:
        return isinstance(saved, str) and isinstance(text, str) and parse(saved) == parse(text)
    except SpecError:
        return False


def _is_replan(value: object) -> bool:
    return (
        isinstance(value, Mapping)
        and {"update", "metrics", "spec", "context"} <= set(value)
        and all([_is_count(value[key]) and value[key] >= 0 for key in ("update", "metrics")])
        and _is_context(value["context"])
    )


def _is_context(value: object) -> bool:
    return isinstance(value, Mapping) and all([isinstance(name, str) for name in value])


def _is_count(value: object) -> bool:
    return type(value) is int and -LAST_STEP <= value <= LAST_STEP
