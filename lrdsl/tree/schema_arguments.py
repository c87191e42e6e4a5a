"""The JSON Schema of arguments: the values that a parameter takes, as an editor explains them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Any, NamedTuple, TypeAlias

from pydantic.fields import FieldInfo

from lrdsl.language.curves import CURVES
from lrdsl.language.parameters import Kind, Parameter
from lrdsl.syntax import ast
from lrdsl.syntax.definition import Definition
from lrdsl.syntax.unparse import unparse

Schema: TypeAlias = "dict[str, Any]"

SCHEDULE: Schema = {"$ref": "#/$defs/schedule"}
_VALUE: Schema = {"$ref": "#/$defs/value"}
_DURATION: Schema = {"$ref": "#/$defs/duration"}

_COMPUTED = r"\$\{|\bif\b|^\s*_\s*$|^\s*[\"']"
"""Text that is no plain word: an interpolation, a conditional, `_`, or a word in quotes."""

NOT_A_SCHEDULE = r"^(?!.*(>>|\|)).*\S"
"""Text of a value or a duration: no chain and nothing modified, whatever else it may be."""

_BOUNDS = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}

_NUMBER: Schema = {"type": ["number", "string", "object"]}
_LISTED: Schema = {"type": ["array", "string"], "pattern": r"\S"}
_KINDS: Mapping[str, Schema] = {
    Kind.VALUE.value: {**_NUMBER, **_VALUE},
    Kind.COUNT.value: {**_NUMBER, **_VALUE},
    Kind.UPDATES.value: {**_NUMBER, **_DURATION},
    Kind.STEPS.value.strip(", "): {**_NUMBER, **_DURATION},
    Kind.VALUES.value: {
        "type": ["number", "string", "array"],
        "pattern": NOT_A_SCHEDULE,
        "items": _VALUE,
    },
    Kind.FLAG.value: {"type": ["boolean", "string"], "pattern": rf"^(true|false)$|{_COMPUTED}"},
    Kind.WORD.value: {"type": "string", "pattern": r"\S"},
    Kind.LIST.value: {**_LISTED, "items": _VALUE},
    Kind.MILESTONES.value: {**_LISTED, "items": _DURATION},
    Kind.PERIODS.value: {**_LISTED, "items": _DURATION},
    "a list of schedules": {**_LISTED, "items": SCHEDULE, "minItems": 1},
}
"""The arguments of a kind, named as in messages. Text that comes to a number is for lrdsl to judge.
"""

_ANYTHING: Schema = {
    "type": ["number", "string", "object", "array", "boolean", "null"],
    "pattern": r"\S",
    "if": {"type": "object"},
    "then": SCHEDULE,
}
"""A value or a schedule, or what a definition makes of either."""


class Argument(NamedTuple):
    """An argument of a call: the schema of its values, and how it can be given."""

    name: str
    schema: Schema
    required: bool = False
    positional: bool = True


def explained(schema: Schema, meaning: str, default: str = "") -> Schema:
    """The schema with a description: the meaning, and the default if there is one."""
    end = f"; default `{default}`." if default else "."
    return {**schema, "description": f"{meaning[:1].upper()}{meaning[1:]}{end}"}


def _of_kind(kind: str, words: tuple[str, ...] = ()) -> Schema:
    if words or kind == Kind.MODE.value:
        return one_of(words or CURVES)
    return _KINDS.get(kind, _ANYTHING)


def one_of(words: Iterable[str]) -> Schema:
    """One of some words; `examples` are what an editor completes."""
    known = list(words)
    alone = "|".join([word.replace(".", r"\.") for word in known])
    return {"type": "string", "pattern": rf"^\s*({alone})\s*$|{_COMPUTED}", "examples": known}


def built_in_arguments(
    parameters: Iterable[Parameter], fields: Mapping[str, FieldInfo]
) -> Iterator[Argument]:
    """The arguments of a shape, a curve or a modifier; `fields` are those of its model."""
    # A shape made of a function has fields with names of their own, and the parameters' as aliases.
    known = {field.alias or name: field for name, field in fields.items()}
    for p in parameters:
        bounds = _bounds(known[p.name]) if p.name in known else {}
        if p.kind in (Kind.STEPS, Kind.UPDATES, Kind.COUNT):
            bounds["multipleOf"] = 1
        if p.kind is Kind.STEPS or (p.kind is Kind.UPDATES and len(bounds) == 1):
            bounds["exclusiveMinimum"] = 0
        kind = p.kind.value.strip(", ")
        schema = explained({**_of_kind(kind, p.words), **bounds}, kind, str(p).partition("=")[2])
        yield Argument(p.name, schema, p.required, p.positional)


def _bounds(field: FieldInfo) -> Schema:
    """The bounds of a number, in the words of JSON Schema."""
    found: Schema = {}
    for word, keyword in _BOUNDS.items():
        for limit in [getattr(each, word, None) for each in field.metadata]:
            if isinstance(limit, (int, float, Fraction)) and math.isfinite(limit):
                found[keyword] = int(limit) if float(limit).is_integer() else float(limit)
    return found


def defined_arguments(definition: Definition, kinds: Mapping[str, str]) -> Iterator[Argument]:
    """The arguments of a definition; their kinds are found out from its body."""
    may_be_none = _none_parameters(definition)
    for p in definition.parameters:
        kind = kinds[p.name]
        schema = _of_kind(kind, p.words)
        if p.name in may_be_none:
            schema = {"if": {"not": {"type": "null"}}, "then": schema}
        default = "" if p.default is None else unparse(p.default)
        yield Argument(p.name, explained(schema, kind, default), p.default is None)


def _none_parameters(definition: Definition) -> frozenset[str]:
    """The parameters that are `none` by default, or that are asked whether they are."""
    none = ast.Keyword("none")
    found = {p.name for p in definition.parameters if p.default == none}
    for root in definition.expressions:
        for node, _ in ast.walk(root):
            if isinstance(node, ast.Compare) and none in (node.left, node.right):
                found |= {side.id for side in (node.left, node.right) if isinstance(side, ast.Name)}
    return frozenset(found)


def listed_arguments(names: Iterable[str]) -> Iterator[Argument]:
    """The arguments of a function of lists."""
    for name in names:
        kind = Kind.MILESTONES.value if name == "milestones" else "a list of schedules"
        yield Argument(name, explained(_of_kind(kind), kind), required=True)
