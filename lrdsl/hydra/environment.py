"""The environment of whoever lints a config: it is neither read nor printed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from omegaconf.basecontainer import BaseContainer

_NAME = "oc.env"
_NONE: Any = object()


@contextmanager
def unread_environment() -> Iterator[None]:
    """While it lasts, `${oc.env:…}` is its own default, or it cannot be resolved.

    >>> from omegaconf import OmegaConf
    >>> with unread_environment():
    ...     OmegaConf.create({"home": "${oc.env:HOME,none}"}).home
    'none'
    """
    resolvers = BaseContainer._resolvers
    before = resolvers[_NAME]
    resolvers[_NAME] = _default
    try:
        yield
    finally:
        resolvers[_NAME] = before


def _default(config: Any, parent: Any, node: Any, arguments: Any, texts: Any) -> Any:
    if len(arguments) > 1:
        return arguments[1]
    raise LookupError(f"the environment variable {texts[0]} is not read here")
