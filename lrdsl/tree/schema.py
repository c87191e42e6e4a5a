"""The JSON Schema of trees, made from what can be called: for editors, and for checks of files.

Every keyword of a node of the schema is for one type of value, so that no `anyOf` stands between an
editor and the names that it can complete.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any, TypeAlias

from lrdsl.language.binding import UNTIL
from lrdsl.language.catalog import Entry, find
from lrdsl.language.curves import CURVES
from lrdsl.language.functions import FUNCTIONS
from lrdsl.language.infer_kinds import kinds_of
from lrdsl.language.library import Library
from lrdsl.language.list_functions import LISTS
from lrdsl.language.modifiers import MODIFIERS
from lrdsl.language.parameters import CallableModel, Kind, Parameter
from lrdsl.language.shapes import SHAPES, Form
from lrdsl.syntax import ast
from lrdsl.syntax.definition import DefinedParameter, Definition
from lrdsl.syntax.unparse import unparse
from lrdsl.tree.keywords import CONDITIONAL, OPERATORS, WORDS

Schema: TypeAlias = "dict[str, Any]"

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_COMPUTED = r"\$\{|\bif\b|^\s*_\s*$|^\s*[\"']"
"""Text that is no plain word: an interpolation, a conditional, `_`, or a word in quotes."""

_TEXT: Schema = {"type": "string", "pattern": r"\S"}
_NOT_A_SCHEDULE = r"^(?!.*(>>|\|)).*\S"
"""Text of a value or a duration: no chain and nothing modified, whatever else it may be."""

_BOUNDS = {
    "ge": "minimum",
    "gt": "exclusiveMinimum",
    "le": "maximum",
    "lt": "exclusiveMaximum",
}


def json_schema(library: Library | None = None) -> Schema:
    """The schema, of draft 2020-12, of files that hold a schedule.

    Such a file holds a tree itself, or a mapping with the key `spec`; its keys are what `library`
    defines (by default what comes with lrdsl and what was loaded), shapes, modifiers and the words
    of the tree form. Text in a tree is checked roughly: what it says is for lrdsl to judge.

    >>> schema = json_schema()
    >>> sorted(schema["$defs"]["call.cosine"]["properties"])
    ['closed', 'end', 'start', 'steps', 'until']
    """
    return _Maker(Library() if library is None else library).schema()


class _Maker:
    def __init__(self, library: Library) -> None:
        self.library = library
        self.modifiers = [name for name in MODIFIERS if name not in WORDS]
        self.schedules = [name for name in [*SHAPES, *FUNCTIONS, *LISTS] if name not in WORDS]
        for name in [name for name in library if name not in WORDS]:
            found = library.find(name)
            modifies = found is not None and found.is_modifier
            (self.modifiers if modifies else self.schedules).append(name)

    def schema(self) -> Schema:
        calls = {f"call.{name}": self._call(name) for name in self.schedules}
        changes = {f"modifier.{name}": self._modifier(name) for name in self.modifiers}
        return {
            "$schema": DIALECT,
            "title": "A learning-rate schedule of lrdsl",
            "$ref": "#/$defs/file",
            "$defs": {
                "file": self._file(),
                "schedule": self._schedule(),
                "modifier": self._modifiers(),
                "schedules": {
                    "type": "array",
                    "items": {"$ref": "#/$defs/schedule"},
                    "minItems": 2,
                },
                "value": self._value("A value: a number, or text such as `peak / 10`."),
                "duration": self._value("A duration: updates, or text such as `5%` and `2ep`."),
                "entry": self._entry(),
                **calls,
                **changes,
            },
        }

    def _file(self) -> Schema:
        found = self._schedule()
        text = {"type": ["string", "array", "null"], "items": {"type": "string"}}
        found["properties"]["definitions"] = {
            **text,
            "description": "Definitions that the spec can call: text, or the name of a .lr file.",
        }
        found["dependentRequired"]["definitions"] = ["spec"]
        beside = {"required": ["definitions"]}
        found["allOf"] = [{"if": beside, "then": {"maxProperties": 2}, "else": _ONE_KEY}]
        return found

    def _schedule(self) -> Schema:
        """A schedule: one key, a list that is a chain, text, or a number."""
        schedule = {"$ref": "#/$defs/schedule"}
        words: dict[str, Schema] = {
            "chain": {
                "type": "array",
                "items": schedule,
                "minItems": 1,
                "description": "One after the other, each from where the one before ends.",
            },
            "pipe": {
                "type": "array",
                "prefixItems": [schedule],
                "items": {"$ref": "#/$defs/modifier"},
                "minItems": 2,
                "description": "A schedule, and the modifiers that change all of it.",
            },
            "negative": {**schedule, "description": "The schedule times -1."},
            "power": {
                "$ref": "#/$defs/schedules",
                "maxItems": 2,
                "description": "The first to the power of the second, pointwise.",
            },
            "spec": {**schedule, "description": "A schedule: text, a number, or a tree."},
            "if": {
                "type": ["string", "boolean"],
                "pattern": r"\S",
                "description": "A condition such as `total > 500`, decided once.",
            },
            "then": {**schedule, "description": "What it is where the condition holds."},
            "else": {**schedule, "description": "What it is where the condition does not hold."},
        }
        for name, sign in OPERATORS.items():
            words[name] = {
                "$ref": "#/$defs/schedules",
                "description": f"Joined pointwise by `{sign}`.",
            }
        calls = {name: {"$ref": f"#/$defs/call.{name}"} for name in self.schedules}
        return {
            "type": ["object", "array", "string", "number"],
            "properties": {**calls, **words},
            "additionalProperties": False,
            "minProperties": 1,
            "dependentRequired": {
                key: [other for other in CONDITIONAL if other != key] for key in CONDITIONAL
            },
            "items": schedule,
            "minItems": 1,
            "pattern": r"\S",
            "allOf": [_ONE_KEY],
        }

    def _modifiers(self) -> Schema:
        return {
            "type": ["object", "string"],
            "properties": {name: {"$ref": f"#/$defs/modifier.{name}"} for name in self.modifiers},
            "additionalProperties": False,
            "minProperties": 1,
            "maxProperties": 1,
            "pattern": r"\S",
        }

    def _value(self, description: str) -> Schema:
        """A number or what comes to one; a tree of functions and operators may."""
        names = [*FUNCTIONS, *OPERATORS, "count", "power", "negative", *CONDITIONAL]
        every = self._schedule()
        return {
            "type": ["number", "string", "object"],
            "properties": {name: every["properties"][name] for name in names},
            "additionalProperties": False,
            "minProperties": 1,
            "dependentRequired": every["dependentRequired"],
            "allOf": every["allOf"],
            "pattern": _NOT_A_SCHEDULE,
            "description": description,
        }

    def _entry(self) -> Schema:
        """What stands there from an update on: a schedule, or `{times: …}` and `"*0.5"`."""
        found = self._schedule()
        found["properties"]["times"] = {
            "$ref": "#/$defs/schedule",
            "description": "What stands there is multiplied by this.",
        }
        return found

    # --- what is called ---------------------------------------------------------------------------

    def _call(self, name: str) -> Schema:
        entry = self._about(name, ("shape", "function", "definition"))
        form, definition = SHAPES.find(name), self.library.find(name)
        if definition is not None:
            return self._defined(definition, entry)
        if form is not None:
            return self._shape(form, entry)
        lists = LISTS[name][1] if name in LISTS else ()
        if lists:
            schedules = {**_list({"$ref": "#/$defs/schedule"}), "minItems": 1}
            kinds = {each: _explained(schedules, "a list of schedules", "") for each in lists}
            if "milestones" in kinds:
                durations = _list({"$ref": "#/$defs/duration"})
                kinds["milestones"] = _explained(durations, Kind.MILESTONES.value, "")
            return _body(entry, kinds, list(kinds), list(kinds))
        function = FUNCTIONS[name]
        found = _described({"type": ["array", "number", "string"], "pattern": r"\S"}, entry)
        found.update(items={"$ref": "#/$defs/schedule"}, minItems=function.least)
        if function.most is not None:
            found["maxItems"] = function.most
        if function.least > 1:
            found["type"] = "array"
        return found

    def _modifier(self, name: str) -> Schema:
        definition, modifier = self.library.find(name), MODIFIERS.find(name)
        entry = self._about(name, ("modifier", "definition"))
        if definition is not None:
            return self._defined(definition, entry)
        assert modifier is not None
        if modifier.bracket:
            return _entries(entry, {"$ref": "#/$defs/entry"})
        kinds = _kinds(modifier.parameters(), modifier)
        return self._parametrised(modifier.parameters(), kinds, entry)

    def _about(self, name: str, kinds: Iterable[str]) -> Entry:
        return next(entry for entry in find(name, self.library) if entry.kind in kinds)

    def _shape(self, form: Form, entry: Entry) -> Schema:
        if form.bracket:
            return _entries(entry, {"$ref": "#/$defs/value"})
        parameters = form.parameters
        kinds = _kinds(parameters, form.cls)
        if form.curve is not None:
            kinds.update(_kinds(form.curve.parameters(), form.curve))
        if form.has(Kind.STEPS):
            kinds["until"] = _kind(UNTIL, {})
            kinds["until"]["description"] = "The update of the chain at which the segment ends."
        found = self._parametrised(parameters, kinds, entry)
        if "until" in kinds:
            found["dependentSchemas"] = {"until": {"properties": {"steps": False}}}
        modes = [p for p in parameters if p.kind is Kind.MODE]
        if modes:
            _with_curves(found, modes[0].name)
        return found

    def _parametrised(
        self, parameters: tuple[Parameter, ...], kinds: Mapping[str, Schema], entry: Entry
    ) -> Schema:
        order = [p.name for p in parameters if p.positional]
        required = [p.name for p in parameters if p.required]
        skips = [p.name for p in parameters if p.kind is Kind.MODE and not p.required]
        return _body(entry, kinds, order, required, bool(skips))

    def _defined(self, definition: Definition, entry: Entry) -> Schema:
        if definition.bracket:
            return _entries(entry, {"$ref": "#/$defs/entry"})
        words = kinds_of(definition, self.library)
        none = _may_be_none(definition)
        kinds = {p.name: _of_words(p, words[p.name], p.name in none) for p in definition.parameters}
        required = [p.name for p in definition.parameters if p.default is None]
        return _body(entry, kinds, list(kinds), required)


_ONE_KEY: Schema = {
    "if": {"required": ["if"]},
    "then": {"maxProperties": 3},
    "else": {"maxProperties": 1},
}
"""One key alone, or those of a conditional."""


def _described(schema: Schema, entry: Entry) -> Schema:
    lines = [entry.doc.summary, f"`{entry.signature}`"]
    return {**schema, "description": "\n\n".join([line for line in lines if line])}


def _entries(entry: Entry, value: Schema) -> Schema:
    """What takes entries: updates, or stretches of them, with what is there."""
    found: Schema = {"type": "object", "minProperties": 1, "additionalProperties": value}
    return _described({**found, "propertyNames": {"pattern": r"\S"}}, entry)


def _body(
    entry: Entry,
    kinds: Mapping[str, Schema],
    order: list[str],
    required: list[str],
    skips: bool = False,
) -> Schema:
    """What stands below the name of a call: arguments by name, or a list of them, or the only one.

    `skips`: the first one may be left out of a list.
    """
    types = ["object"]
    found: Schema = {"properties": dict(kinds), "additionalProperties": False}
    if required:
        found["required"] = required
    else:
        types.append("null")
    if order:
        first = kinds[order[0]]
        types.append("array")
        found["maxItems"] = len(order)
        if not skips:
            found["prefixItems"] = [kinds[name] for name in order]
            found["items"] = False
        least = max([order.index(name) + 1 for name in required], default=0)
        if least:
            found["minItems"] = least
        if least <= 1:
            alone = {"number", "string"} if skips else {*_types(first)}
            types += sorted(alone & {"number", "integer", "string", "boolean"})
            found["pattern"] = r"\S"
    found["type"] = types if len(types) > 1 else types[0]
    return _described(found, entry)


def _types(kind: Schema) -> list[str]:
    if "$ref" in kind:
        return ["number", "string"]
    found = kind.get("type", [])
    return [found] if isinstance(found, str) else list(found)


# --- what an argument may be ----------------------------------------------------------------------


def _kinds(parameters: Iterable[Parameter], cls: type[CallableModel]) -> dict[str, Schema]:
    # A shape made of a function has fields with names of their own, and the parameters' as aliases.
    fields = {field.alias or name: field for name, field in cls.model_fields.items()}
    return {
        p.name: _kind(p, _bounds(fields[p.name].metadata) if p.name in fields else {})
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


def _kind(parameter: Parameter, bounds: Mapping[str, Any]) -> Schema:
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
        found = {"type": ["number", "string", "array"], "pattern": _NOT_A_SCHEDULE, **bounds}
        found["items"] = {"$ref": "#/$defs/value"}
    else:
        found = _KINDS[kind.value]()
    default = str(parameter).partition("=")[2]
    what = parameter.kind.value.strip(", ")
    return _explained(found, what, default)


def _of_words(parameter: DefinedParameter, what: str, may_be_none: bool) -> Schema:
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
    return _explained(found, what, default)


def _may_be_none(definition: Definition) -> frozenset[str]:
    """The parameters that are `none` by default, or that are asked whether they are."""
    none = ast.Keyword("none")
    found = {p.name for p in definition.parameters if p.default == none}
    for root in definition.expressions:
        for node, _ in ast.walk(root):
            if isinstance(node, ast.Compare) and none in (node.left, node.right):
                found |= {side.id for side in (node.left, node.right) if isinstance(side, ast.Name)}
    return frozenset(found)


def _explained(schema: Schema, what: str, default: str) -> Schema:
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


def _list(items: Any) -> Schema:
    return {"type": ["array", "string"], "pattern": r"\S", "items": items}


def _anything() -> Schema:
    """A value or a schedule, or what a definition makes of either."""
    found = {"type": ["number", "string", "object", "array", "boolean", "null"], "pattern": r"\S"}
    return {**found, "if": {"type": "object"}, "then": {"$ref": "#/$defs/schedule"}}


_KINDS: dict[str, Any] = {
    Kind.FLAG.value: _flag,
    Kind.MODE.value: lambda: _word(CURVES),
    Kind.LIST.value: lambda: _list({"$ref": "#/$defs/value"}),
    Kind.MILESTONES.value: lambda: _list({"$ref": "#/$defs/duration"}),
    "a list of schedules": lambda: _list({"$ref": "#/$defs/schedule"}),
}


def _with_curves(schema: Schema, mode: str) -> None:
    """Let the parameters of a curve stand where `mode` names it, or says something unknown."""
    rules = schema.setdefault("dependentSchemas", {})
    is_required = mode in schema.get("required", [])
    for name in dict.fromkeys([CURVES[name].name for name in CURVES]):
        curve = CURVES[name]
        for parameter, kind in _kinds(curve.parameters(), curve).items():
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
