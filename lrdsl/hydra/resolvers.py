"""Numbers out of a schedule in a config, and names of folders: OmegaConf's resolvers of lrdsl.

    peak: ${lrdsl.peak:${lr},${steps}}              # the highest value
    half: ${lrdsl.at:${lr},450,${steps}}            # the value at an update
    steps: ${lrdsl.length:${lr}}                    # updates until the final value
    hydra: {sweep: {subdir: "${lrdsl.slug:${hydra:job.override_dirname}}"}}

They are known in every Hydra app once lrdsl is installed, elsewhere as soon as `lrdsl.hydra` is
imported. The first argument is a schedule in any of its forms, or the node of an object of lrdsl,
whose own context then counts: `${lrdsl.at:${scheduler},100}`. What is known of the run can be given
behind it: the number of its updates, or a mapping with what `lrdsl.compile` takes, variables too.
The rest is read where the linter reads it: `total_steps`, `steps_per_epoch` and so on, beside the
resolver or further out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextvars import ContextVar, copy_context
from typing import Any

from omegaconf import Container, DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from lrdsl import diagnostics as diag
from lrdsl.compiler.context import PARTS, SIZES, told_over
from lrdsl.diagnostics import spec_error
from lrdsl.language.signal import LAST_STEP
from lrdsl.linter.sources.resolved_config import config_specs
from lrdsl.schedule.compile import compile
from lrdsl.schedule.schedule import Schedule
from lrdsl.syntax.spec import as_number

_RUN = sorted(PARTS - {"spec", "base_lr"})
"""The keys that are read around a resolver; a learning rate may be that of another optimizer."""

_reading: ContextVar[bool] = ContextVar("reading", default=False)


def at(schedule: Any, step: Any, context: Any = None, *, _parent_: Any = None) -> float:
    """The value of a schedule at an update, counted from 0.

    >>> at("cosine(1, 0, 50%)", 250, 1000)
    0.5
    """
    number = as_number(step)
    if isinstance(number, float) and number.is_integer():
        number = int(number)  # `${n}` of `n: 1e3` is a float
    return float(_schedule(schedule, context, _parent_)(step if number is None else number))


def length(schedule: Any, context: Any = None, *, _parent_: Any = None) -> int | float:
    """Updates until a schedule has its final value; `inf` for one that never ends.

    >>> length("warmup(100) >> cosine(1, 0, 800)")
    900
    """
    return _schedule(schedule, context, _parent_).length


def peak(schedule: Any, context: Any = None, *, _parent_: Any = None) -> float:
    """The highest value of a schedule, in the run if its length is known.

    >>> peak("warmup(100) >> cosine(base, 0)", {"total_steps": 1000, "base_lr": 0.3})
    0.3
    """
    found = _schedule(schedule, context, _parent_)
    stop: int | None = found.context.total_steps
    if stop is None and math.isinf(found.length):
        stop = LAST_STEP
    return found.bounds(0, stop)[1]


def _schedule(node: Any, context: Any, parent: Any) -> Schedule:
    known = told_over(_around(parent), _given(context))
    target = node.get("_target_") if isinstance(node, Mapping) else None
    if not isinstance(target, str):
        return compile(node, **known)
    places = config_specs(OmegaConf.to_container(node, resolve=True))  # type: ignore[arg-type]
    used = [place for place in places if place.is_used]
    if len(used) != 1:
        what = "has no `spec`" if not used else f"has {len(used)} specs"
        message = f"a schedule is asked for, and the object `{target}` {what}"
        raise spec_error(diag.BAD_SPEC, message, fix="name one spec of the config")
    own = {**used[0].context, "definitions": used[0].origin.definitions or known.get("definitions")}
    return compile(used[0].text, **{**known, **own})


def _given(context: Any) -> dict[str, Any]:
    """The context given behind the schedule: a number of updates, or a mapping."""
    if context is None:
        return {}
    if isinstance(context, Mapping):
        return {str(key): context[key] for key in context}
    if as_number(context) is None:
        message = f"what is known of the run is `total_steps`, or a mapping, not {context!r}"
        fix = "write `${steps}`, or `{total_steps: ${steps}}`"
        raise spec_error(diag.BAD_CONTEXT, message, fix=fix)
    return {"total_steps": context}


def _around(parent: Any) -> dict[str, Any]:
    """The parts of the run beside a resolver in the config and further out, the nearest first.

    A value there may need a resolver of its own, `total_steps: ${lrdsl.length:${lr}}`: that one
    looks no further, or the two would wait for each other.
    """
    return {} if _reading.get() else copy_context().run(_read_around, parent)


def _read_around(parent: Any) -> dict[str, Any]:
    _reading.set(True)
    found: dict[str, Any] = {}
    while isinstance(parent, Container):
        if isinstance(parent, DictConfig):
            for name in _RUN:
                if name not in found and (value := _at(parent, name)) is not None:
                    found[name] = value
        parent = parent._get_parent()
    return found


def _at(node: DictConfig, name: str) -> Any:
    """The value of a key that can be of use; None for what is not there or cannot be resolved."""
    try:
        value = node.get(name)
    except (OmegaConfBaseException, RecursionError):
        return None
    if name == "definitions":
        return OmegaConf.to_container(value) if OmegaConf.is_config(value) else value
    if name in SIZES and isinstance(value, str) and as_number(value) is None:
        return value
    return as_number(value)
