"""The JSON Schema of arguments: what may be given for a parameter, as an editor explains it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any, TypeAlias

from lrdsl.language.curves import CURVES
from lrdsl.language.parameters import CallableModel, Kind, Parameter
from lrdsl.syntax import ast
from lrdsl.syntax.definition import DefinedParameter, Definition
from lrdsl.syntax.unparse import unparse

Schema: TypeAlias = "dict[str, Any]"

_COMPUTED = r"\$\{|\bif\b|^\s*_\s*$|^\s*[\"']"
"""Text that is no plain word: an interpolation, a conditional, `_`, or a word in quotes."""

_TEXT: Schema = {"type": "string", "pattern": r"\S"}
NOT_A_SCHEDULE = r"^(?!.*(>>|\|)).*\S"
"""Text of a value or a duration: no chain and nothing modified, whatever else it may be."""

_BOUNDS = {
    "ge": "minimum",
    "gt": "exclusiveMinimum",
    "le": "maximum",
    "lt": "exclusiveMaximum",
}


def parameter_schemas(
    parameters: Iterable[Parameter], cls: type[CallableModel]
) -> dict[str, Schema]:
    """What may be given for each parameter of a shape, a curve or a modifier."""
    # A shape made of a function has fields with names of their own, and the parameters' as aliases.
    fields = {field.alias or name: field for name, field in cls.model_fields.items()}
    return {
        p.name: parameter_schema(p, _bounds(fields[p.name].metadata) if p.name in fields else {})
        for p in parameters
    }


def _bounds(metadata: Iterable[object]) -> dict[str, Any]:
    """What a pydantic field asks of its number, in the words of JSON Schema."""
    found: dict[str, Any] = {}
    for each in metadata:
        for word, keyword in _BOUNDS.items():
            limit = getattr(each, word, None)
            if isinstance(limit, (int, float, Fraction)) and math.isfinite(limit):
                found[keyword] = int(limit) if float(limit).is_integer() else float(limit)
    return found


def parameter_schema(parameter: Parameter, bounds: Mapping[str, Any]) -> Schema:
    """What may be given for a parameter."""
    kind = parameter.kind
    if kind in (Kind.STEPS, Kind.UPDATES):
        least = {} if kind is Kind.UPDATES and bounds else {"exclusiveMinimum": 0}
        found = _number("duration", {**bounds, **least, "multipleOf": 1})
    elif kind is Kind.WORD:
        found = _word(parameter.words) if parameter.words else dict(_TEXT)
    elif kind is Kind.DURATION:
        found = _number("duration", bounds)
    elif kind is Kind.VALUE:
        found = _number("value", bounds)
    elif kind is Kind.COUNT:
        found = _number("value", {**bounds, "multipleOf": 1})
    elif kind is Kind.VALUES:
        found = {"type": ["number", "string", "array"], "pattern": NOT_A_SCHEDULE, **bounds}
        found["items"] = {"$ref": "#/$defs/value"}
    else:
        found = _KINDS[kind.value]()
    default = str(parameter).partition("=")[2]
    what = parameter.kind.value.strip(", ")
    return explained(found, what, default)


def defined_parameter_schema(parameter: DefinedParameter, what: str, may_be_none: bool) -> Schema:
    """What may be given for a parameter of a definition, found out from its body."""
    by_name = {
        Kind.VALUE.value: lambda: _number("value", {}),
        Kind.UPDATES.value: lambda: _number("duration", {}),
        Kind.COUNT.value: lambda: _number("value", {}),
        Kind.VALUES.value: lambda: {
            "type": ["number", "string", "array"],
            "pattern": r"\S",
            "items": {"$ref": "#/$defs/value"},
        },
        **_KINDS,
    }
    if parameter.words:
        found = _word(parameter.words)
    else:
        found = by_name[what]() if what in by_name else _anything()
    if may_be_none:
        found = {"if": {"not": {"type": "null"}}, "then": found}
    default = "" if parameter.default is None else unparse(parameter.default)
    return explained(found, what, default)


def none_parameters(definition: Definition) -> frozenset[str]:
    """The parameters that are `none` by default, or that are asked whether they are."""
    none = ast.Keyword("none")
    found = {p.name for p in definition.parameters if p.default == none}
    for root in definition.expressions:
        for node, _ in ast.walk(root):
            if isinstance(node, ast.Compare) and none in (node.left, node.right):
                found |= {side.id for side in (node.left, node.right) if isinstance(side, ast.Name)}
    return frozenset(found)


def explained(schema: Schema, what: str, default: str) -> Schema:
    """The schema with a description of what is meant, and of the default if there is one."""
    what = f"{what[:1].upper()}{what[1:]}"
    return {**schema, "description": f"{what}; default `{default}`." if default else f"{what}."}


def _number(of: str, bounds: Mapping[str, Any]) -> Schema:
    """A number within bounds; text that comes to one is for lrdsl to judge."""
    return {"type": ["number", "string", "object"], **bounds, "$ref": f"#/$defs/{of}"}


def _flag() -> Schema:
    return {"type": ["boolean", "string"], "pattern": rf"^(true|false)$|{_COMPUTED}"}


def _word(words: Iterable[str]) -> Schema:
    """One of some words; `examples` are what an editor completes."""
    known = list(words)
    alone = "|".join([word.replace(".", r"\.") for word in known])
    return {"type": "string", "pattern": rf"^\s*({alone})\s*$|{_COMPUTED}", "examples": known}


def list_schema(items: Any) -> Schema:
    """A list of such items, or text of one."""
    return {"type": ["array", "string"], "pattern": r"\S", "items": items}


def _anything() -> Schema:
    """A value or a schedule, or what a definition makes of either."""
    found = {"type": ["number", "string", "object", "array", "boolean", "null"], "pattern": r"\S"}
    return {**found, "if": {"type": "object"}, "then": {"$ref": "#/$defs/schedule"}}


_KINDS: dict[str, Any] = {
    Kind.FLAG.value: _flag,
    Kind.MODE.value: lambda: _word(CURVES),
    Kind.LIST.value: lambda: list_schema({"$ref": "#/$defs/value"}),
    Kind.MILESTONES.value: lambda: list_schema({"$ref": "#/$defs/duration"}),
    "a list of schedules": lambda: list_schema({"$ref": "#/$defs/schedule"}),
}


def add_curve_parameters(schema: Schema, mode: str) -> None:
    """Let the parameters of a curve stand where `mode` names it, or says something unknown."""
    rules = schema.setdefault("dependentSchemas", {})
    is_required = mode in schema.get("required", [])
    for name in dict.fromkeys([CURVES[name].name for name in CURVES]):
        curve = CURVES[name]
        for parameter, kind in parameter_schemas(curve.parameters(), curve).items():
            schema["properties"].setdefault(parameter, kind)
            words = _word([curve.name, *curve.aliases])
            rule: Schema = {"properties": {mode: {"type": "string", "pattern": words["pattern"]}}}
            if not is_required:
                rule["required"] = [mode]
            rules[parameter] = rule
    if "maxItems" in schema:
        schema["maxItems"] += max([len(CURVES[name].parameters()) for name in CURVES])
        schema.pop("prefixItems", None)
        schema.pop("items", None)
