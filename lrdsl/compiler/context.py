"""The context of a spec: the run's length, the size of an epoch, `base`, the variables."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple

from lrdsl import diagnostics as diag
from lrdsl.diagnostics import spec_error
from lrdsl.language.language import Language
from lrdsl.language.length import decimal_fraction
from lrdsl.language.library.files import text_of
from lrdsl.language.reserved import RESERVED
from lrdsl.language.signal import LAST_STEP, Signal
from lrdsl.language.uneven_clock import UnevenClock
from lrdsl.syntax.grammar import NAME
from lrdsl.syntax.spec import as_number, nearest_float

SIZES = ("samples_per_step", "tokens_per_sample", "tokens_per_step")
"""The parts of a context that are a number, or the text of a spec where they change in a run."""

RUN = ("total_steps", "steps_per_epoch", "samples_per_epoch", *SIZES, "base_lr")
"""The parts of a context that are one number each, or one text."""

TOTALS = {"total_samples": "sp", "total_tokens": "tok"}
"""The ways to say how long a run is by what it consumes, with the units that they count."""

PARTS = frozenset({"spec", *RUN, *TOTALS, "definitions"})
"""The names that functions which take variables use for their own arguments."""


@dataclass(frozen=True)
class Context:
    """The parts of a run that a spec may need. Any of them may be unknown; that is a mistake then.

    >>> Context.of(total_steps=1000, peak=3e-4).total_steps
    1000
    """

    total_steps: int | None = None
    steps_per_epoch: float | None = None
    samples_per_epoch: float | None = None
    samples_per_step: float | str | None = None
    tokens_per_sample: float | str | None = None
    tokens_per_step: float | str | None = None
    base_lr: float | None = None
    variables: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    definitions: str = ""
    """The text of definitions that come with the spec, before those of the process."""
    base_follows: bool = field(default=False, compare=False, repr=False)
    """Whether `base_lr` is only left out for now, so that none may ask if it is known."""

    @classmethod
    def of(cls, /, *, definitions: object = None, **values: object) -> Context:
        """A context from what a caller passes: parts of the run, and variables.

        `SpecError` names what is no use, and what contradicts another part.
        """
        given = {name: values.pop(name, None) for name in RUN}
        run = {name: _part(name, value) for name, value in given.items() if value is not None}
        variables = {name: _variable(name, value) for name, value in values.items()}
        context = cls(
            **run,  # type: ignore[arg-type]
            variables=MappingProxyType(variables),
            definitions=text_of(definitions),
        )
        _check_together(context)
        return context

    def to_dict(self) -> dict[str, Any]:
        """The known parts, as the keyword arguments that make the context again."""
        known = self.__dict__  # `getattr` takes longer, and every hash comes by here
        parts = {name: known[name] for name in RUN}
        parts |= {**self.variables, "definitions": self.definitions or None}
        return {name: value for name, value in parts.items() if value is not None}

    def __repr__(self) -> str:
        parts = ", ".join([f"{name}={value!r}" for name, value in self.to_dict().items()])
        return f"Context({parts})"

    def __hash__(self) -> int:
        return hash(tuple(sorted(self.to_dict().items())))

    def __reduce__(self) -> tuple[object, tuple[()]]:
        return partial(Context.of, **self.to_dict()), ()

    def with_definitions(self, definitions: object) -> Context:
        """The context with more definitions: text, the name of a `.lr` file, or a list of these.

        >>> Context().with_definitions("def f(x) = x").definitions
        'def f(x) = x'
        """
        added = text_of(definitions).strip() if definitions else ""
        if not added:
            return self
        return replace(self, definitions="\n".join([self.definitions, added]).strip())

    @property
    def epoch(self) -> Fraction | None:
        """Updates in an epoch; None if that is unknown, or where epochs differ."""
        if self.steps_per_epoch is not None:
            return decimal_fraction(self.steps_per_epoch)
        if self.samples_per_epoch is None or not isinstance(self.samples_per_step, (int, float)):
            return None
        return decimal_fraction(self.samples_per_epoch) / decimal_fraction(self.samples_per_step)

    @property
    def is_even(self) -> bool:
        """Whether all updates are alike: the size of a batch is a number and no spec."""
        sizes = self.samples_per_step, self.tokens_per_sample, self.tokens_per_step
        return str not in map(type, sizes)

    def per_step(self, unit: str) -> tuple[Fraction | None, str]:
        """Samples or tokens in an update, None if unknown, and the name of what tells them."""
        samples, tokens = self.samples_per_step, self.tokens_per_step
        if unit == "sp" or tokens is not None or self.tokens_per_sample is None:
            known = samples if unit == "sp" else tokens
            name = "samples_per_step" if unit == "sp" else "tokens_per_step"
            is_number = isinstance(known, (int, float))
            return (decimal_fraction(known) if is_number else None), name
        if isinstance(samples, (int, float)) and isinstance(self.tokens_per_sample, (int, float)):
            per_sample = decimal_fraction(self.tokens_per_sample)
            return decimal_fraction(samples) * per_sample, ""
        return None, "samples_per_step"

    def updates_per(self, unit: str) -> tuple[Fraction | None, str]:
        """Updates that one of a unit makes, None if unknown, and the name of what tells it.

        >>> Context.of(samples_per_step=256).updates_per("sp")
        (Fraction(1, 256), 'samples_per_step')
        """
        if unit in ("", "ba"):
            return Fraction(1), ""
        if unit in ("%", "dur"):
            total = self.total_steps
            share = Fraction(1, 100) if unit == "%" else Fraction(1)
            return None if total is None else total * share, "total_steps"
        if unit == "ep":
            return self.epoch, "steps_per_epoch"
        per_step, name = self.per_step(unit)
        return None if per_step is None else 1 / per_step, name


_SAME = (
    {"steps_per_epoch", "samples_per_epoch"},
    {"tokens_per_step", "tokens_per_sample"},
    {"total_steps", *TOTALS},
)
"""Parts of a run that say one thing in different ways."""


def told_over(outer: Mapping[str, Any], inner: Mapping[str, Any]) -> dict[str, Any]:
    """What is told of a run at two places, the inner one over the outer.

    >>> told_over({"total_steps": 1000, "steps_per_epoch": 10}, {"total_tokens": 1e9})
    {'steps_per_epoch': 10, 'total_tokens': 1000000000.0}
    """
    without = {name for same in _SAME if not same.isdisjoint(inner) for name in same}
    if isinstance(inner.get("samples_per_step"), str):
        without.add("steps_per_epoch")
    return {**{name: value for name, value in outer.items() if name not in without}, **inner}


NO_RUN = Context()
"""The context while the run is not known yet: conditions that ask for it cannot be decided."""


class Inputs(NamedTuple):
    """The surroundings of a spec's terms: run, language, text, the rest of the program."""

    context: Context
    language: Language
    source: str = ""
    """The text of the spec, for messages."""
    schedules: Mapping[str, Signal] = MappingProxyType({})
    """The other schedules of the program, by name."""
    bases: Any = None
    """The `base` of several groups in rows, where the spec is compiled for all of them at once."""
    clocks: Mapping[str, UnevenClock] = MappingProxyType({})
    """The units that updates differ in, where the size of a batch changes in the run."""


def _number(name: str, value: object) -> float:
    number = as_number(value)
    if number is None:
        shown = f"the text {value!r}" if isinstance(value, str) else repr(value)
        raise spec_error(
            diag.BAD_CONTEXT, f"`{name}` must be a number, not {shown}", fix=_advice_on(value)
        )
    found = nearest_float(number)
    if not math.isfinite(found):
        raise spec_error(diag.BAD_CONTEXT, f"`{name}` must be a finite number, not {found}")
    return found


def _advice_on(value: object) -> str | None:
    """Advice about a text that has a number in it, such as a variable of the environment."""
    if not isinstance(value, str):
        return None
    if not _is_quoted_number(value):
        return None
    return f"pass {value.strip()} without quotes; in a config, `${{oc.decode:…}}` makes it a number"


def _is_quoted_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return not text.strip()
    return True


def _by_tokens(text: str) -> str:
    """The spec of a size; a list such as `0:768 250B:1536` says from which token on which one is.

    >>> _by_tokens("0:768 250B:1536 500B:3072")
    '768 | interval[250Btok:1536, 500Btok:3072]'
    """
    parts = [part.partition(":") for part in text.split()]
    if not all([_COUNT.fullmatch(at) and _COUNT.fullmatch(size) for at, _, size in parts]):
        return text
    (begin, _, first), *others = parts
    if float(begin) if begin.isdigit() else 1:
        return text
    entries = ", ".join([f"{at}tok:{size}" for at, _, size in others])
    return f"{first} | interval[{entries}]" if entries else first


_COUNT = re.compile(r"\d+(\.\d+)?[kMBT]?", re.ASCII)


def _check_together(context: Context) -> None:
    """`SpecError` if two parts of a run say the same thing, each in its own way."""
    told = ""
    if context.steps_per_epoch is not None and context.samples_per_epoch is not None:
        told = "`steps_per_epoch` and `samples_per_epoch` both say how long an epoch is"
        fix = "leave one of them out"
    elif context.tokens_per_step is not None and context.tokens_per_sample is not None:
        told = "`tokens_per_step` and `tokens_per_sample` both say how many tokens there are"
        fix = "leave one of them out"
    elif context.steps_per_epoch is not None and isinstance(context.samples_per_step, str):
        told = "epochs have no number of updates of their own while the batch changes"
        fix = "pass samples_per_epoch=… instead of steps_per_epoch"
    if told:
        raise spec_error(diag.BAD_CONTEXT, told, fix=fix)


def _part(name: str, value: object) -> float | str:
    """A part of the run."""
    if name in SIZES and isinstance(value, str) and not _is_quoted_number(value):
        return _by_tokens(value.strip())
    number = _number(name, value)
    if name == "base_lr":
        return number
    is_total, wanted = name == "total_steps", None
    if number <= 0:
        wanted = f"above 0, not {number:g}"
    elif is_total and number != int(number):
        wanted = f"a whole number of updates, not {number}"
    elif is_total and number > LAST_STEP:
        wanted = f"at most 2**53, not {number:g}"
    if wanted is not None:
        raise spec_error(diag.BAD_CONTEXT, f"`{name}` must be {wanted}")
    return int(number) if is_total else number


def _variable(name: str, value: object) -> float:
    if name in RESERVED or name in PARTS or not NAME.fullmatch(name):
        why = "has a meaning of its own" if name in RESERVED else "is not a name in a spec"
        raise spec_error(diag.BAD_CONTEXT, f"no variable can be called `{name}`: it {why}")
    return _number(name, value)
