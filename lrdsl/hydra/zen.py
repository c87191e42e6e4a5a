"""hydra-zen's functions for configs, which here take specs and schedules as well.

`hydra_zen.builds` takes a spec as text; these take it in Python too, what `lrdsl.parse` and the
builder make, and a `Schedule`. In a config a spec becomes its text, so that it can be read and
overridden there; for `just` it becomes a call of `lrdsl.parse`. hydra-zen is not installed with
lrdsl.
"""

from __future__ import annotations

from typing import Any

from hydra_zen import BuildsFn

import lrdsl
from lrdsl.schedule.schedule import Schedule
from lrdsl.syntax.spec import Spec


class LrdslBuilds(BuildsFn[Any]):  # type: ignore[misc, unused-ignore]
    """hydra-zen's way to teach it further types; for a `BuildsFn` of your own to inherit from."""

    @classmethod
    def _make_hydra_compatible(cls, value: object, *, field_name: str = "", **options: Any) -> Any:
        """A value as a config can hold it."""
        if type(value) in (list, dict):
            value = _with_texts(value)  # a program, say
        if isinstance(value, Spec):
            return str(value) if field_name else cls.builds(lrdsl.parse, str(value))
        if isinstance(value, Schedule):
            context = {k: x for k, x in value.context.to_dict().items() if x is not None}
            return cls.builds(lrdsl.compile, spec=str(value.spec), **context)
        return super()._make_hydra_compatible(value, field_name=field_name, **options)

    @classmethod
    def make_config(cls, *fields: Any, **values: Any) -> Any:
        """A config of values, and hydra-zen's own options beside them."""
        texts = {name: _with_texts(value) for name, value in values.items()}
        return super().make_config(*fields, **texts)


def _with_texts(value: Any) -> Any:
    """A list or a mapping with the texts of the specs in it."""
    if type(value) is dict:
        return {name: _with_texts(each) for name, each in value.items()}
    if type(value) is list:
        return [_with_texts(each) for each in value]
    return str(value) if isinstance(value, Spec) else value


builds = LrdslBuilds.builds
just = LrdslBuilds.just
kwargs_of = LrdslBuilds.kwargs_of
make_config = LrdslBuilds.make_config
