"""The `state_dict` of a Scheduler: writes it, checks it, and resolves it against a Scheduler."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lrdsl.compiler.context import Context
from lrdsl.diagnostics import BAD_STATE, SpecError, spec_error
from lrdsl.language.signal import LAST_STEP
from lrdsl.schedule.program import Program
from lrdsl.syntax.spec import parse
from lrdsl.torch.metrics import read_log
from lrdsl.torch.plan import Plan
from lrdsl.torch.timeline import Timeline

ON_CHANGE = ("warn", "error", "keep")
"""The ways to treat a checkpoint that was written under another spec or context."""

STATE_VERSION = 3
_READABLE_VERSIONS = (1, 2, STATE_VERSION)
_KEYS = frozenset({"version", "spec", "context", "updates"})

Values = Mapping[str, Sequence[float]]
"""The values of each number at one update, one per group."""


@dataclass(frozen=True)
class SchedulerState:
    """A checked `state_dict`: the updates made, the spec and context of each plan, the metrics."""

    updates: int
    plans: Sequence[Mapping[str, Any]]
    log: Sequence[tuple[int, float]]

    @classmethod
    def of(cls, state: object) -> SchedulerState:
        """Check a `state_dict`; `SpecError` if it is not that of a Scheduler."""
        if not isinstance(state, Mapping):
            raise spec_error(BAD_STATE, f"a state must be a dict, not a {type(state).__name__}")
        if not _KEYS.issubset(state):
            raise _foreign_state(state)
        if state["version"] not in _READABLE_VERSIONS:
            shown = f"{state['version']!r}; this lrdsl reads up to {STATE_VERSION}"
            fix = "use the lrdsl that the checkpoint was written with"
            raise spec_error(BAD_STATE, f"the state has version {shown}", fix=fix)
        if not _is_count(state["updates"]):
            message = f"`updates` of the state must be a whole number, not {state['updates']!r}"
            raise spec_error(BAD_STATE, message)
        if not _is_context(state["context"]):
            message = f"`context` of the state must be a dict of names, not {state['context']!r}"
            raise spec_error(BAD_STATE, message)
        replans = state.get("replans", [])
        if not isinstance(replans, Sequence) or not all([_is_replan(each) for each in replans]):
            raise spec_error(BAD_STATE, "`replans` of the state must be a list of plans")
        first = {"spec": state["spec"], "context": state["context"], "update": 0, "metrics": 0}
        return cls(state["updates"], [first, *replans], read_log(state))


def make_state(timeline: Timeline, updates: int) -> dict[str, Any]:
    """Write a `state_dict`: the canonical spec and the context of every plan, the metrics."""
    first, *later = [
        {
            "update": plan.start,
            "metrics": plan.metrics,
            "spec": None if plan.program is None else plan.program.texts,
            "context": timeline.recorded_context(plan).to_dict(),
        }
        for plan in timeline.plans
    ]
    return {
        "version": STATE_VERSION,
        "spec": first["spec"],
        "context": first["context"],
        "updates": updates,
        "replans": later,
        "metric_updates": [update for update, _ in timeline.log],
        "metrics": [metric for _, metric in timeline.log],
    }


def resume(
    state: SchedulerState, timeline: Timeline, on_change: str, values: Callable[[Timeline], Values]
) -> tuple[Timeline, str]:
    """The timeline that resumes a state, and a warning for the user, which may be empty.

    `timeline` is the Scheduler's own. If the state was written under another spec or context,
    `on_change` selects which ones are followed. `values` returns the values by a timeline at the
    state's update. Raises `SpecError` if the state is refused.
    """
    first, *_ = timeline.plans
    assert first.program is not None
    recorded = timeline.recorded_context(first)
    difference = _difference(state.plans[0], first.program.texts, recorded)
    if not difference:
        if len(state.plans) == len(timeline.plans) == 1 and state.log == timeline.log:
            return timeline, ""  # which is compiled
        return Timeline([first, *map(_plan, state.plans[1:])], state.log), ""
    if on_change == "keep":
        return Timeline(map(_plan, state.plans), state.log), ""
    own = Timeline([first], state.log)
    t = max(0, state.updates)
    after = _shown(values(own))
    try:
        before = _shown(values(Timeline(map(_plan, state.plans), state.log)))
    except SpecError:  # the state's plans do not compile here, for lack of a definition, say
        changes = ""
    else:
        changed = [
            f"{name} at update {t}: {before[name]} → {after[name]}"
            for name in after
            if name in before and before[name] != after[name]
        ]
        changes = f" ({', '.join(changed) or f'no number changes at update {t}'})"
    message = f"the checkpoint was written with {difference}{changes}"
    if on_change == "error":
        fix = 'pass the spec and context that it was written with, or `on_change="keep"`'
        raise spec_error(BAD_STATE, message, fix=fix)
    dropped = "; the plans added during the run are dropped" if len(state.plans) > 1 else ""
    return own, (
        f"{message}; continuing at update {state.updates} with the spec and context of this "
        f"Scheduler{dropped}"
    )


def _shown(values: Values) -> dict[str, str]:
    """The distinct values of each number over the groups, as text."""
    return {
        name: ", ".join([f"{value:g}" for value in dict.fromkeys(own)])
        for name, own in values.items()
    }


def _plan(plan: Mapping[str, Any]) -> Plan:
    context = Context.of(**plan["context"])
    spec = plan["spec"]
    program = None if spec is None else Program(spec, context.definitions)
    return Plan(program, context, plan["update"], plan["metrics"])


def _foreign_state(state: Mapping[Any, Any]) -> SpecError:
    """The error of a state that another class has written."""
    last = state.get("last_epoch")
    if not isinstance(last, int):
        fix = "pass the `state_dict()` of a lrdsl.torch.Scheduler"
        return spec_error(BAD_STATE, "this is not the state of a lrdsl.torch.Scheduler", fix=fix)
    message = "this is the state of another scheduler, such as torch's own"
    fix = f"to continue from there, make the Scheduler with `start_step={last}`"
    return spec_error(BAD_STATE, message, fix=fix)


def _difference(plan: Mapping[str, Any], spec: Any, context: Context) -> str:
    """How the plan of a state differs from a spec and a context; empty if it does not."""
    saved_specs, specs = _flat_specs(plan["spec"]), _flat_specs(spec)
    found = []
    if set(saved_specs) != set(specs):
        found.append(f"the spec {plan['spec']!r} instead of {spec!r}")
    else:
        for (name, pattern), text in specs.items():
            saved = saved_specs[name, pattern]
            if saved != text and _tree(saved) != _tree(text):
                where = "" if isinstance(spec, str) else f" for `{name}`"
                where += "" if pattern == "*" else f" of `{pattern}`"
                found.append(f"the spec {saved!r} instead of {text!r}{where}")
    before, now = plan["context"], context.to_dict()
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


def _tree(spec: object) -> object:
    """The tree of a spec that is text; any other spec as it is."""
    try:
        return parse(spec) if isinstance(spec, str) else spec
    except SpecError:
        return spec


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
