"""A Scheduler's state: what is read from a checkpoint, and how it differs from what is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lrdsl import diagnostics as diag
from lrdsl.compiler.context import Context
from lrdsl.diagnostics import SpecError, spec_error
from lrdsl.language.signal import LAST_STEP
from lrdsl.schedule.program import Program
from lrdsl.syntax.spec import parse
from lrdsl.torch.metrics import Log
from lrdsl.torch.timeline import Plan, Schedules

STATE_VERSION = 3
_READ = (1, 2, STATE_VERSION)
_KEYS = frozenset({"version", "spec", "context", "updates"})


@dataclass(frozen=True)
class State:
    """What a checkpoint says: updates made, what drove the numbers, the metrics that came.

    `replans` are the plans after the first, as `written` makes them.
    """

    made: int
    spec: Any
    context: Mapping[str, Any]
    replans: Sequence[Mapping[str, Any]]
    log: Log

    @classmethod
    def of(cls, state: object) -> State:
        """What a state says; `SpecError` if it is not one of a Scheduler."""
        if not isinstance(state, Mapping):
            raise spec_error(diag.BAD_STATE, f"a state is a dict, not a {type(state).__name__}")
        if not _KEYS.issubset(state):
            raise _foreign(state)
        if state["version"] not in _READ:
            message = (
                f"the state has version {state['version']!r}; this lrdsl reads up to {_READ[-1]}"
            )
            fix = "use the lrdsl that the checkpoint was written with"
            raise spec_error(diag.BAD_STATE, message, fix=fix)
        made = state["updates"]
        if not _is_count(made):
            raise spec_error(
                diag.BAD_STATE, f"`updates` of the state is a whole number, not {made!r}"
            )
        if not _is_context(state["context"]):
            message = f"`context` of the state is a dict of names, not {state['context']!r}"
            raise spec_error(diag.BAD_STATE, message)
        replans = state.get("replans", [])
        if not isinstance(replans, Sequence) or not all([_is_replan(one) for one in replans]):
            raise spec_error(diag.BAD_STATE, "`replans` of the state are no list of plans")
        return cls(made, state["spec"], state["context"], replans, Log.of(state))

    def later_plans(self) -> list[Plan]:
        """The plans after the first."""
        return [
            _plan(one["spec"], one["context"], one["update"], one["metrics"])
            for one in self.replans
        ]

    def plans(self) -> list[Plan]:
        """All plans; `SpecError` if they cannot be made of what the state says."""
        return [_plan(self.spec, self.context), *self.later_plans()]


def written(schedules: Schedules, made: int) -> dict[str, Any]:
    """A state, of plain text and numbers.

    It holds the canonical spec and the context of the first plan, and of those that followed it.
    """
    first, *others = schedules.plans
    return {
        "version": STATE_VERSION,
        **_written(schedules, first),
        "updates": made,
        "replans": [
            {"update": plan.start, "metrics": plan.metrics, **_written(schedules, plan)}
            for plan in others
        ],
        **schedules.log.to_dict(),
    }


def _written(schedules: Schedules, plan: Plan) -> dict[str, Any]:
    texts = None if plan.program is None else plan.program.texts
    return {"spec": texts, "context": schedules.recorded(plan).to_dict()}


def _plan(spec: Any, context: Mapping[str, Any], start: int = 0, metrics: int = 0) -> Plan:
    known = Context.of(**context)
    program = None if spec is None else Program(spec, known.definitions)
    return Plan(program, known, start, metrics)


def _foreign(state: Mapping[Any, Any]) -> SpecError:
    """The state of something else."""
    last = state.get("last_epoch")
    if not isinstance(last, int):
        fix = "pass what `state_dict()` of a lrdsl.torch.Scheduler gave"
        return spec_error(
            diag.BAD_STATE, "this is not the state of a lrdsl.torch.Scheduler", fix=fix
        )
    message = "this is the state of another scheduler, such as torch's own"
    fix = f"to go on from there, make the Scheduler with `start_step={last}`"
    return spec_error(diag.BAD_STATE, message, fix=fix)


def difference(state: State, spec: Any, context: Context) -> str:
    """What a state says otherwise than this spec and context, for the user; empty if nothing."""
    saved_specs, specs = _specs(state.spec), _specs(spec)
    found = []
    if set(saved_specs) != set(specs):
        found.append(f"the spec {state.spec!r} instead of {spec!r}")
    else:
        for (key, pattern), text in specs.items():
            saved = saved_specs[key, pattern]
            if not _same(saved, text):
                where = "" if isinstance(spec, str) else f" for `{key}`"
                where += "" if pattern == "*" else f" of `{pattern}`"
                found.append(f"the spec {saved!r} instead of {text!r}{where}")
    was, now = state.context, context.to_dict()
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
