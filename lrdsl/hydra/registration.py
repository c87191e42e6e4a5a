"""OmegaConf's knowing `${lrdsl.at:…}`, `length`, `peak` and `slug`, which `resolvers` describes.

What they need is imported when one is used: every Hydra app registers them as it starts.
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


def register() -> None:
    """Make the resolvers known to OmegaConf.

    >>> register()
    >>> OmegaConf.create({"lr": "linear(1, 0, 9)", "n": "${lrdsl.length:${lr}}"}).n
    9
    """
    for name, resolver in RESOLVERS.items():
        OmegaConf.register_new_resolver(f"lrdsl.{name}", resolver, replace=True)
