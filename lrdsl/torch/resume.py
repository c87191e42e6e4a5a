"""Resuming a run: what its checkpoint and a Scheduler disagree about, and which is followed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from lrdsl.diagnostics import BAD_STATE, SpecError, spec_error
from lrdsl.schedule.program_entries import GroupName
from lrdsl.syntax.spec import parse
from lrdsl.torch.metric_record import MetricRecord
from lrdsl.torch.options import OnChange
from lrdsl.torch.param_groups import DrivenGroups
from lrdsl.torch.run_metrics import Log, other_modifiers
from lrdsl.torch.state_dict import GroupState, SchedulerState, plan_state
from lrdsl.torch.timeline import Timeline
from lrdsl.torch.warn import shown_pair

MAX_LISTED = 4
"""Parameter groups that a message names."""


class Resumed(NamedTuple):
    """How a run goes on."""

    timeline: Timeline
    bases: Sequence[Mapping[str, float]] = ()
    """The bases that the checkpoint decides, by group."""
    scales: Sequence[float] = ()
    """The `lr_scale` of each group that the checkpoint decides."""
    differences: Sequence[str] = ()
    """How the checkpoint differs, where the Scheduler is followed."""
    drops_plans: bool = False
    groups: Sequence[GroupState | None] = ()
    """The groups of the checkpoint that are those of several optimizers; empty for one."""


def resume(
    state: SchedulerState,
    driven: DrivenGroups,
    scales: Sequence[float],
    on_change: OnChange,
    keeps_metrics: bool,
) -> Resumed:
    """The way a run goes on from a state, for the groups that are driven now.

    If the state was written under another spec, context or optimizer, `on_change` selects what is
    followed. `keeps_metrics` says whether the metrics themselves are kept. Raises `SpecError` if
    the metrics of the state cannot be followed.
    """
    own = driven.timeline
    plans = [plan_state(own, plan) for plan in own.plans]
    in_plans = _plans_difference(state.plans, plans)
    log = None if state.log is None or not keeps_metrics else [*state.log]
    is_alike = len(state.plans) == len(own.plans) and log == own.metrics.log
    if not in_plans and is_alike and state.record == own.metrics.settled_record():
        resumed = own  # which is compiled
    elif not in_plans and _is_same(state.plans[0], plans[0]):
        resumed = Timeline([own.plans[0], *state.timeline().plans[1:]], state.record, log)
    elif not in_plans or on_change == "keep":
        resumed = Timeline(state.timeline().plans, state.record, log)
    else:
        resumed = Timeline([own.plans[0]], *_carried_metrics(state, own))
    groups = _matched(state.groups, driven)
    named = groups if isinstance(driven.full_names[0], GroupName) else ()
    if on_change == "keep":
        bases = [{} if each is None else each.base for each in groups]
        kept = [x if each is None else each.scale for each, x in zip(groups, scales, strict=True)]
        return Resumed(resumed, bases, kept, groups=named)
    differences = [*in_plans, *_groups_difference(state.groups, driven, scales)]
    drops_plans = len(resumed.plans) < max(len(state.plans), len(own.plans))
    return Resumed(resumed, (), (), differences, drops_plans, named)


def disagreement(
    state: SchedulerState,
    resumed: Resumed,
    values: Mapping[str, Sequence[float]],
    on_change: OnChange,
) -> str:
    """The warning about what a state disagrees about, "" if there is nothing to tell.

    `values` are those with which the run goes on: where they are not those of the state, something
    has changed, whether it is recorded or not. Raises `SpecError` if changes are errors.
    """
    changes, t = _changes(state, resumed.groups, values), max(0, state.updates)
    if resumed.differences:
        message = f"the checkpoint was written with {', '.join(resumed.differences)}"
        message += f" ({', '.join(changes) or f'no number changes at update {t}'})"
        follows = "the spec, the context and the `base` of this Scheduler"
    elif changes:
        message = (
            f"the checkpoint was written at other values ({', '.join(changes)}): something that it "
            "does not record is different, such as a function or a shape that the spec calls, or "
            "the order of the groups"
        )
        follows = "the values of this Scheduler"
    else:
        return ""
    if on_change == "error":
        fix = 'pass what it was written with, or `on_change="keep"`'
        raise spec_error(BAD_STATE, message, fix=fix)
    dropped = "; the plans added during the run are dropped" if resumed.drops_plans else ""
    return f"{message}; continuing at update {state.updates} with {follows}{dropped}"


def _carried_metrics(state: SchedulerState, own: Timeline) -> tuple[MetricRecord, Log | None]:
    """The metrics of a state for the first plan of a Scheduler, which is another one.

    Without the metrics themselves, modifiers go on that are the same; `SpecError` if others, or a
    plan that has come since, have taken the metrics.
    """
    record = state.record
    if state.log is not None or not record.total:
        return MetricRecord(record.total, record.last), [*(state.log or ())]
    wanted = [family for family in own.metrics.record.families if family[0][0] == 0]
    known = {family: record.families[family] for family in wanted if family in record.families}
    if len(known) < len(wanted) or (wanted and len(state.plans) > 1):
        saved = [text for _, modifiers in record.families for text in modifiers]
        here = [text for _, modifiers in wanted for text in modifiers]
        raise other_modifiers(saved, here)
    return record._replace(families=known), None


def facts_of(state: SchedulerState) -> set[object]:
    """The keys of warnings that repeat what is told of a state: bases, Tensors, scales."""
    found: set[object] = set()
    for i, group in enumerate(state.groups):
        found |= {("base", name, i, float(base)) for name, base in group.base.items()}
        found |= {("kind", name, i) for name in group.base}
        found.add(("scale", i, float(group.scale)))
    return found


def _changes(
    state: SchedulerState,
    named: Sequence[GroupState | None],
    values: Mapping[str, Sequence[float]],
) -> list[str]:
    """The numbers that are not those of a state, before and after.

    `named` are the groups of several optimizers: those that have come or gone are left out.
    """
    places = [i for i, group in enumerate(named) if group is not None and group.values]
    saved = [x.values for x in named or state.groups if x is not None and x.values]
    if not saved:
        return []
    found = []
    for name in dict.fromkeys([*values, *saved[0], *state.values]):
        old = [own[name] for own in (*saved, state.values) if name in own]
        new = values.get(name, ())
        if named and name in saved[0]:
            new = [new[i] for i in places if i < len(new)]
        if len(old) != len(new) or not all(map(_is_near, old, new)):
            shown = " → ".join([each or "not driven" for each in _shown(old, new)])
            found.append(f"{name} at update {max(0, state.updates)}: {shown}")
    return found


def _is_near(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=1e-6, abs_tol=1e-15)  # a Tensor has few digits


def _shown(before: Sequence[float], after: Sequence[float]) -> tuple[str, str]:
    """The distinct values of a number over the groups, before and after, as text."""
    old, new = [*dict.fromkeys(before)], [*dict.fromkeys(after)]
    if len(old) == len(new) == 1:
        return shown_pair(old[0], new[0])
    if len({*before}) != len(before) or len(old) > MAX_LISTED:
        old, new = old[:MAX_LISTED], new[:MAX_LISTED]
    return ", ".join([f"{x:g}" for x in old]), ", ".join([f"{x:g}" for x in new])


def _plans_difference(
    saved: Sequence[Mapping[str, Any]], own: Sequence[Mapping[str, Any]]
) -> list[str]:
    """How the plans of a state differ from those of a Scheduler; empty if they do not.

    A run that was replanned or extended, and is resumed with the spec and the context that it has
    come to, goes on unchanged. A Scheduler that has plans of its own must have the same.
    """
    found = _difference(saved[0], own[0])
    if found and (len(saved) == 1 or _difference(_present(saved), own[0])):
        return found
    if len(own) > 1 and not (
        len(own) == len(saved)
        and all(_is_same(one, other) for one, other in zip(saved[1:], own[1:], strict=True))
    ):
        return [f"{len(saved) - 1} plans added during the run instead of {len(own) - 1} others"]
    return []


def _present(plans: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The spec and the context that a run has come to."""
    spec: Any = plans[0]["spec"]
    values = plans[0]["values"]
    for plan in plans[1:]:
        values = {**values, **plan["values"]}
        later = plan["spec"]
        if isinstance(later, Mapping) and later.keys() != {"lr"} and isinstance(spec, Mapping):
            spec = {**spec, **later}
        elif later is not None:
            spec = {**spec, "lr": later} if isinstance(spec, Mapping) else later
    return {"spec": spec, "values": values, "context": plans[-1]["context"]}


def _is_same(saved: Mapping[str, Any], own: Mapping[str, Any]) -> bool:
    where = [[plan.get(key, 0) for key in ("update", "metrics")] for plan in (saved, own)]
    return where[0] == where[1] and not _difference(saved, own)


def _difference(saved: Mapping[str, Any], own: Mapping[str, Any]) -> list[str]:
    """How a plan of a state differs from one of a Scheduler."""
    found = [*_spec_difference(saved["spec"], own["spec"])]
    values = own["values"]
    if set(saved["values"]) != set(values):
        found.append(f"the values {saved['values']!r} instead of {values!r}")
    else:
        found += _spec_difference(saved["values"], values)
    before, now = saved["context"], own["context"]
    found += [
        f"{name}={before.get(name)!r} instead of {now.get(name)!r}"
        for name in sorted({*before, *now}, key=str)
        if before.get(name) != now.get(name)
    ]
    return found


def _spec_difference(saved: Any, own: Any) -> Iterator[str]:
    """How the specs of a plan differ from those of another one."""
    saved_specs, specs = _flat_specs(saved), _flat_specs(own)
    if set(saved_specs) != set(specs):
        yield f"the spec {saved!r} instead of {own!r}"
        return
    for (name, pattern), text in specs.items():
        former = saved_specs[name, pattern]
        if former != text and _tree(former) != _tree(text):
            where = "" if isinstance(own, str) else f" for `{name}`"
            where += "" if pattern == "*" else f" of `{pattern}`"
            yield f"the spec {former!r} instead of {text!r}{where}"


def _groups_difference(
    saved: Sequence[GroupState], driven: DrivenGroups, scales: Sequence[float]
) -> list[str]:
    """How the parameter groups of a state differ from those that are driven now."""
    found = []
    names = [None if name is None else str(name) for name in driven.full_names]
    gone = [group.name for group in saved]
    if len(saved) != len(names) or (gone != names and None not in (*gone, *names)):
        found.append(f"{_listed(gone)} instead of {_listed(names)}")
    bases, tensors = driven.bases, driven.tensors
    for i, (group, base) in enumerate(zip(_matched(saved, driven), bases, strict=True)):
        if group is None:
            continue
        where = f" in parameter group {i}" if len(bases) > 1 else ""
        for name in base:
            has_kind = (name in group.tensors) == (name in tensors[i])
            if name in group.base and not _is_same_base(group.base[name], base[name], has_kind):
                before, now = shown_pair(float(group.base[name]), base[name])
                found.append(f"{before} instead of {now} as the `base` of `{name}`{where}")
            if name in group.base and not has_kind:
                kinds = ["a Tensor", "a float"]
                before, now = kinds if name in group.tensors else kinds[::-1]
                found.append(f"{before} instead of {now} as `{name}`{where}")
        if "lr" in base and group.scale != scales[i]:
            found.append(f"{group.scale:g} instead of {scales[i]:g} as the `lr_scale`{where}")
    more = len(found) - MAX_LISTED
    return found if more <= 0 else [*found[:MAX_LISTED], f"and {more} more in the parameter groups"]


def _matched(saved: Sequence[GroupState], driven: DrivenGroups) -> list[GroupState | None]:
    """The group of a state that is each of those driven now; None where there is none.

    Of several optimizers one may have come or gone: their groups have names.
    """
    if not isinstance(driven.full_names[0], GroupName):
        return [*saved, *[None] * len(driven.groups)][: len(driven.groups)]
    named = {group.name: group for group in saved}
    return [named.get(str(name)) for name in driven.full_names]


def _is_same_base(saved: float, own: float, has_kind: bool) -> bool:
    """Whether two bases are the same; a Tensor and a float may differ by the Tensor's rounding."""
    return saved == own or (not has_kind and math.isclose(saved, own, rel_tol=1e-6))


def _listed(names: Sequence[str | None]) -> str:
    known = [f"`{name}`" for name in names if name is not None][:MAX_LISTED]
    groups = f"{len(names)} parameter group{'s' * (len(names) != 1)}"
    return f"{groups} ({', '.join(known)})" if known else groups


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
