"""Makes `${lrdsl.at:…}`, `length`, `peak` and `slug` known to OmegaConf when a Hydra app starts.

lrdsl itself is only imported where one is used: lrdsl/hydra/resolvers.py tells what they are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from omegaconf import OmegaConf


def _at(schedule: Any, step: Any, context: Any = None, *, _parent_: Any) -> Any:
    from lrdsl.hydra.resolvers import at

    return at(schedule, step, context, _parent_=_parent_)


def _length(schedule: Any, context: Any = None, *, _parent_: Any) -> Any:
    from lrdsl.hydra.resolvers import length

    return length(schedule, context, _parent_=_parent_)


def _peak(schedule: Any, context: Any = None, *, _parent_: Any) -> Any:
    from lrdsl.hydra.resolvers import peak

    return peak(schedule, context, _parent_=_parent_)


def _slug(text: Any, *length: Any) -> str:
    from lrdsl.hydra.slugs import slug

    return slug(text, *length)


RESOLVERS: dict[str, Callable[..., Any]] = {
    "at": _at,
    "length": _length,
    "peak": _peak,
    "slug": _slug,
}

for _name, _resolver in RESOLVERS.items():
    OmegaConf.register_new_resolver(f"lrdsl.{_name}", _resolver, replace=True)
