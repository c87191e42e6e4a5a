"""`ParamKey`: the location of a driven number in an optimizer's parameter groups."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any, NamedTuple

from torch import Tensor

from lrdsl.diagnostics import BAD_GROUP, Problem, Suggestion, spec_error
from lrdsl.syntax.spec import as_number

INITIAL_PREFIX = "initial_"
"""The prefix of the group key that keeps a number's first value, as in torch's `initial_lr`."""

_OTHER_NAMES = {
    ("lr",): "learningrate eta alpha0 lr0 baselr maxlr peaklr rate steplength stepsize",
    ("weight_decay",): "wd decay l2 lambda weightdecays wdecay decoupledweightdecay lambda0",
    ("momentum", "betas[0]"): "mom mu moment beta beta1 b1 adambeta1 momentumdecay",
    ("betas[1]", "alpha", "rho"): "beta2 b2 adambeta2 rho alpha smoothing smoothingconstant",
    ("betas[2]",): "beta3 b3",
    ("eps",): "epsilon adamepsilon adameps",
}
"""The names of a number, of which an optimizer has one, and what others call it."""

_CALLED = {word: names for names, words in _OTHER_NAMES.items() for word in words.split()}

_ENTRY = re.compile(r"([A-Za-z_]\w*)\[(\d{1,3})\]")


class ParamKey(NamedTuple):
    """A number in a parameter group: the value of a key, `lr`, or an entry of it, `betas[0]`."""

    group_key: str
    entry: int | None = None

    def __str__(self) -> str:
        return self.group_key if self.entry is None else f"{self.group_key}[{self.entry}]"

    @property
    def initial(self) -> ParamKey:
        """The location of this number's first value in the same group."""
        return _initial(self.group_key, self.entry)

    def get(self, group: Mapping[str, Any]) -> Any:
        """Return the value in a group, None if the group has none."""
        value: Any = group.get(self.group_key)
        if self.entry is None:
            return value
        return value[self.entry] if _is_sequence(value) and self.entry < len(value) else None

    def assign(self, group: MutableMapping[str, Any], value: Any) -> None:
        """Set the number in a group; a Tensor stays the same object and is filled in place."""
        old = group[self.group_key]
        if self.entry is not None:
            old = old[self.entry]
        if type(old) is not float and isinstance(old, Tensor):
            old.fill_(value)
        else:
            self.rebind(group, value)

    def rebind(self, group: MutableMapping[str, Any], value: Any) -> None:
        """Put another object at this location, in a new tuple: groups may share the old one."""
        if self.entry is not None:
            entries = [*group[self.group_key]]
            entries[self.entry] = value
            value = tuple(entries)
        group[self.group_key] = value


@functools.lru_cache
def _initial(group_key: str, entry: int | None) -> ParamKey:
    return ParamKey(INITIAL_PREFIX + group_key, entry)


@functools.lru_cache
def _named(name: str) -> ParamKey:
    """The location of a number by its own name: the same object for all groups."""
    indexed = _ENTRY.fullmatch(name)
    return ParamKey(name) if indexed is None else ParamKey(indexed[1], int(indexed[2]))


def find_param_key(name: str, index: int, group: Mapping[str, Any]) -> ParamKey:
    """Return the location of the number that a program calls `name` in the group at `index`.

    `momentum` is `betas[0]` in a group with betas and without momentum: Adam's first beta is the
    momentum of other optimizers. Raises `SpecError` if the group has no such number.
    """
    key = _named(name)
    if name == "momentum" and "momentum" not in group and "betas" in group:
        key = ParamKey("betas", 0)
    found = key.get(group)
    if type(found) is float and -math.inf < found < math.inf and not _is_reserved(key.group_key):
        return key
    is_missing = found is None and (key.group_key not in group or key.entry is not None)
    is_reserved = _is_reserved(key.group_key)
    if is_reserved or is_missing:
        known = _numeric_names(group)
        fix = "the group has " + (", ".join(f"`{name}`" for name in known) or "no numbers")
        if is_reserved:
            raise spec_error(BAD_GROUP, f"a program cannot drive `{name}`", fix=fix)
        called = _CALLED.get(re.sub(r"[_\W]", "", name).lower(), ())
        meant = next((each for each in called if each in known), name)
        fix = Suggestion(meant, known).before(fix)
        raise spec_error(BAD_GROUP, f"parameter group {index} has no `{name}`", fix=fix)
    if _is_sequence(found):
        message = f"`{name}` of parameter group {index} is {len(found)} numbers, not one"
        raise spec_error(BAD_GROUP, message, fix=f"drive one entry, for example `{name}[0]`")
    read_number(key, index, group)
    return key


def read_number(key: ParamKey, index: int, group: Mapping[str, Any]) -> float:
    """Return the number at a location of a group; `SpecError` if the value is not a number."""
    found = key.get(group)
    if type(found) is float and -math.inf < found < math.inf:
        return found  # as most are: the sentence is not made
    return finite_number(found, f"parameter group {index} needs a number as its `{key}`")


def finite_number(value: object, requirement: str, code: Problem = BAD_GROUP) -> float:
    """Return a finite number, or a Tensor of one, as a float.

    Raises `SpecError` with the message `requirement` for any other value.
    """
    if type(value) is float and -math.inf < value < math.inf:
        return value
    number = as_number(to_python(value))
    if number is None or not math.isfinite(number):
        raise spec_error(code, f"{requirement}, not {to_python(value)!r}")
    return float(number)


def to_python(value: object) -> object:
    """Convert a Tensor to a number or to lists of numbers; return any other value unchanged."""
    if isinstance(value, Tensor):
        if value.is_meta:
            return f"a Tensor of {value.numel()} on the meta device, which has no value"
        return value.item() if value.numel() == 1 else value.tolist()
    return value


def clone_value(value: Any) -> Any:
    """Copy a Tensor, alone or in a sequence, so that no other holder can fill the copy."""
    if type(value) is float:
        return value
    if isinstance(value, Tensor):
        return value.detach().clone()
    return tuple([clone_value(item) for item in value]) if _is_sequence(value) else value


def _is_sequence(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _is_reserved(group_key: str) -> bool:
    """Whether a group key belongs to torch or to the Scheduler, not to the optimizer's numbers."""
    is_ours = group_key.startswith(INITIAL_PREFIX)
    return is_ours or group_key in ("params", "param_names", "name", "lr_scale")


def _numeric_names(group: Mapping[str, Any]) -> list[str]:
    """The names of a group's numbers, as a program writes them."""
    entries = [
        (f"{key}[{i}]", item)
        for key, value in group.items()
        for i, item in enumerate(value if _is_sequence(value) and not _is_reserved(key) else ())
    ]
    return [
        name
        for name, value in [*group.items(), *entries]
        if not _is_reserved(name) and as_number(to_python(value)) is not None
    ]
