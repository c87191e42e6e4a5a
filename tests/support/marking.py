"""Which tests start a process or train a model, told from their code and not by hand.

A test has a mark when its function, or a fixture of it, leads to one of the mark's modules: the
names in it are followed through the functions and classes of the tests.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any

import pytest

_MODULES = {
    "process": {"subprocess", "multiprocessing"},
    "training": {"tests.support.trainer_pages", "lightning", "transformers", "accelerate"},
}
"""The marks, with the modules that lead to them."""


def marks_of(item: pytest.Item) -> list[str]:
    """The marks that a test has by its code, its fixtures and its parameters."""
    if not isinstance(item, pytest.Function):
        return []
    parameters = item.callspec.params.values() if hasattr(item, "callspec") else ()
    fixtures = [last.func for *_, last in item._fixtureinfo.name2fixturedefs.values()]
    reached: set[str] = set().union(
        *map(_modules, _followed([item.function, *fixtures, *parameters]))
    )
    return [mark for mark, modules in _MODULES.items() if reached & modules]


def _followed(values: list[Any]) -> Iterator[FunctionType]:
    """The functions of the tests among some values, wherever they are wrapped."""
    for value in values:
        if isinstance(value, functools.partial):
            value = value.func
        value = inspect.unwrap(value) if callable(value) else value
        if isinstance(value, type):
            yield from _followed(list(vars(value).values()))
        elif isinstance(value, FunctionType) and value.__module__.startswith("tests."):
            yield value


@functools.cache
def _modules(function: FunctionType) -> frozenset[str]:
    """The modules that a function leads to, itself or by the functions that it names."""
    found, waiting, seen = set(), [function], {function}
    while waiting:
        each = waiting.pop()
        found.add(each.__module__)
        names = set(_names(each.__code__))
        values = [each.__globals__[name] for name in names if name in each.__globals__]
        found |= names  # an import inside of a function
        found |= {
            x.__name__ if isinstance(x, ModuleType) else getattr(x, "__module__", "")
            for x in values
        }
        fresh = [x for x in _followed(values) if x not in seen]
        seen.update(fresh)
        waiting += fresh
    return frozenset(found)


def _home(value: Any) -> str:
    """The name of a module, or of the one that a function or a class was made in."""
    if isinstance(value, ModuleType):
        return value.__name__
    return str(getattr(value, "__module__", ""))


def _names(code: CodeType) -> Iterator[str]:
    """The names in a function, and in the functions inside of it."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
