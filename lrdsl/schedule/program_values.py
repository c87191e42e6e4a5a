"""The values of a program: numbers with specs that no optimizer holds."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from lrdsl.compiler.context import PARTS
from lrdsl.diagnostics import BAD_SPEC, NEEDS_CONTEXT, Diagnostic, spec_error
from lrdsl.language.reserved import RESERVED, WORDS
from lrdsl.syntax.grammar import NAME


def checked_values(values: object, driven: Collection[str]) -> Mapping[str, Any]:
    """The specs of values by name; `SpecError` if there is a name that no value can have.

    `driven` are the names of the numbers that optimizers hold.

    >>> checked_values({"ema": "cosine(0.996, 1)"}, ["lr"])
    {'ema': 'cosine(0.996, 1)'}
    """
    if not isinstance(values, Mapping):
        message = f"`values` must be a mapping of names to specs, not a {type(values).__name__}"
        raise spec_error(BAD_SPEC, message, fix='pass `values={"ema": "cosine(0.996, 1)"}`')
    for name in values:
        fix = None
        if name in driven:
            message = f"no value can be called `{name}`: the optimizer's own `{name}` is driven"
            fix = "give it another name"
        elif name in RESERVED or name in WORDS:
            message = f"no value can be called `{name}`: it has a meaning of its own"
        elif name in PARTS or not isinstance(name, str) or not NAME.fullmatch(name):
            message = f"no value can be called {_shown(name)}: it is not a name in a spec"
        else:
            continue
        raise spec_error(BAD_SPEC, message, fix=fix)
    return values


def of_value(found: Diagnostic) -> Diagnostic:
    """A diagnostic of a value's spec: a value has no `base`, which nobody can pass either."""
    fix = found.fix
    if found.problem is NEEDS_CONTEXT and "base_lr" in found.message:
        is_written = found.message.startswith("`base`")
        what = "`base` is" if is_written else "what is left out here is `base`,"
        message = f"{what} a parameter group's first number, and one of `values` has none"
        return replace(found, problem=BAD_SPEC, message=message, fix="write the number")
    if fix is not None:
        fix = fix.replace("write `base`, or give it", "give it")
    return replace(found, fix=fix)


def _shown(name: object) -> str:
    return f"`{name}`" if isinstance(name, str) else repr(name)
