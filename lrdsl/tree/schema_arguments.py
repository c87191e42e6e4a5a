"""The JSON Schema of arguments: the values that a parameter takes, as an editor explains them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import Any, TypeAlias

from pydantic.fields import FieldInfo

from lrdsl.language.curves import CURVES
from lrdsl.language.parameters import CallableModel, Kind, Parameter
from lrdsl.syntax import ast
from lrdsl.syntax.definition import DefinedParameter, Definition
from lrdsl.syntax.unparse import unparse

Schema: TypeAlias = "dict[str, Any]"

_COMPUTED = r"\$\{|\bif\b|^\s*_\s*$|^\s*[\"']"
"""Text that is no plain word: an interpolation, a conditional, `_`, or a word in quotes."""

NOT_A_SCHEDULE = r"^(?!.*(>>|\|)).*\S"
"""Text of a value or a duration: no chain and nothing modified, whatever else it may be."""

_BOUNDS = {
    "ge": "minimum",
    "gt": "exclusiveMinimum",
    "le": "maximum",
    "lt": "exclusiveMaximum",
}


def kind_schema(kind: str, bounds: Mapping[str, Any] = MappingProxyType({})) -> Schema:
    """The arguments of a kind, named as in messages; bounds are for those that are numbers.

    Text that comes to a number is for lrdsl to judge.
    """
    number = {"type": ["number", "string", "object"], **bounds}
    text = {"pattern": r"\S"}
    match kind.strip(", "):
        case Kind.VALUE.value | Kind.COUNT.value:
            return {**number, "$ref": "#/$defs/value"}
        case Kind.UPDATES.value | "a duration, the length of the segment":
            return {**number, "$ref": "#/$defs/duration"}
        case Kind.VALUES.value:
            types = ["number", "string", "array"]
            found = {"type": types, "pattern": NOT_A_SCHEDULE, "items": {"$ref": "#/$defs/value"}}
            return {**found, **bounds}
        case Kind.FLAG.value:
            return {"type": ["boolean", "string"], "pattern": rf"^(true|false)$|{_COMPUTED}"}
        case Kind.MODE.value:
            return _word(CURVES)
        case Kind.WORD.value:
            return {"type": "string", **text}
        case Kind.LIST.value:
            return {"type": ["array", "string"], **text, "items": {"$ref": "#/$defs/value"}}
        case Kind.MILESTONES.value:
            return {"type": ["array", "string"], **text, "items": {"$ref": "#/$defs/duration"}}
        case "a list of schedules":
            items = {"$ref": "#/$defs/schedule"}
            return {"type": ["array", "string"], **text, "items": items, "minItems": 1}
    # A value or a schedule, or what a definition makes of either.
    types = ["number", "string", "object", "array", "boolean", "null"]
    schedule = {"if": {"type": "object"}, "then": {"$ref": "#/$defs/schedule"}}
    return {"type": types, **text, **schedule}


def parameter_schemas(
    parameters: Iterable[Parameter], cls: type[CallableModel]
) -> dict[str, Schema]:
    """The arguments of a shape, a curve or a modifier, by parameter."""
    # A shape made of a function has fields with names of their own, and the parameters' as aliases.
    fields = {field.alias or name: field for name, field in cls.model_fields.items()}
    return {p.name: _parameter_schema(p, fields.get(p.name)) for p in parameters}


def _parameter_schema(parameter: Parameter, field: FieldInfo | None) -> Schema:
    bounds = {} if field is None else _bounds(field.metadata)
    match parameter.kind:
        case Kind.STEPS:
            bounds |= {"exclusiveMinimum": 0, "multipleOf": 1}
        case Kind.UPDATES:
            bounds = {**(bounds or {"exclusiveMinimum": 0}), "multipleOf": 1}
        case Kind.COUNT:
            bounds["multipleOf"] = 1
    kind = parameter.kind.value
    found = _word(parameter.words) if parameter.words else kind_schema(kind, bounds)
    return explained(found, kind.strip(", "), str(parameter).partition("=")[2])


def _bounds(metadata: Iterable[object]) -> dict[str, Any]:
    """The bounds of the number of a pydantic field, in the words of JSON Schema."""
    found: dict[str, Any] = {}
    for each in metadata:
        for word, keyword in _BOUNDS.items():
            limit = getattr(each, word, None)
            if isinstance(limit, (int, float, Fraction)) and math.isfinite(limit):
                found[keyword] = int(limit) if float(limit).is_integer() else float(limit)
    return found


def defined_schemas(definition: Definition, kinds: Mapping[str, str]) -> dict[str, Schema]:
    """The arguments of a definition, by parameter; their kinds are found out from its body."""
    none = _none_parameters(definition)
    return {p.name: _defined(p, kinds[p.name], p.name in none) for p in definition.parameters}


def _defined(parameter: DefinedParameter, kind: str, may_be_none: bool) -> Schema:
    found = _word(parameter.words) if parameter.words else kind_schema(kind)
    if may_be_none:
        found = {"if": {"not": {"type": "null"}}, "then": found}
    default = "" if parameter.default is None else unparse(parameter.default)
    return explained(found, kind, default)


def _none_parameters(definition: Definition) -> frozenset[str]:
    """The parameters that are `none` by default, or that are asked whether they are."""
    none = ast.Keyword("none")
    found = {p.name for p in definition.parameters if p.default == none}
    for root in definition.expressions:
        for node, _ in ast.walk(root):
            if isinstance(node, ast.Compare) and none in (node.left, node.right):
                found |= {side.id for side in (node.left, node.right) if isinstance(side, ast.Name)}
    return frozenset(found)


def explained(schema: Schema, meaning: str, default: str = "") -> Schema:
    """The schema with a description: the meaning, and the default if there is one."""
    meaning = f"{meaning[:1].upper()}{meaning[1:]}"
    return {
        **schema,
        "description": f"{meaning}; default `{default}`." if default else f"{meaning}.",
    }


def _word(words: Iterable[str]) -> Schema:
    """One of some words; `examples` are what an editor completes."""
    known = list(words)
    alone = "|".join([word.replace(".", r"\.") for word in known])
    return {"type": "string", "pattern": rf"^\s*({alone})\s*$|{_COMPUTED}", "examples": known}


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
