"""The JSON Schema of trees, made from what can be called: for editors, and for checks of files.

Every keyword of a node of the schema is for one type of value, so that no `anyOf` stands between an
editor and the names that it can complete.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lrdsl.language.catalog import Entry, find
from lrdsl.language.infer_kinds import kinds_of
from lrdsl.language.language import Language, current
from lrdsl.language.parameters import UNTIL, Kind, Parameter
from lrdsl.language.shapes import ShapeSignature
from lrdsl.syntax.definition import Definition
from lrdsl.tree.keywords import CONDITIONAL, OPERATORS, WORDS
from lrdsl.tree.schema_arguments import (
    NOT_A_SCHEDULE,
    Schema,
    add_curve_parameters,
    defined_parameter_schema,
    explained,
    list_schema,
    none_parameters,
    parameter_schema,
    parameter_schemas,
)

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema(language: Language | None = None) -> Schema:
    """The schema, of draft 2020-12, of files that hold a schedule.

    Such a file holds a tree itself, or a mapping with the key `spec`; its keys are what can be
    called in `language`, by default that of the process, and the words of the tree form. Text in a
    tree is checked roughly: what it says is for lrdsl to judge.

    >>> schema = json_schema()
    >>> sorted(schema["$defs"]["call.cosine"]["properties"])
    ['closed', 'end', 'start', 'steps', 'until']
    """
    return _Maker(current() if language is None else language).schema()


class _Maker:
    def __init__(self, language: Language) -> None:
        self.language = language
        made = [*language.shapes, *language.functions, *language.list_functions]
        self.modifiers = [name for name in language.modifiers if name not in WORDS]
        self.schedules = [name for name in made if name not in WORDS]
        for name in [name for name in language.definitions if name not in WORDS]:
            modifies = language.definitions[name].is_modifier
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
        names = [*self.language.functions, *OPERATORS, "count", "power", "negative", *CONDITIONAL]
        every = self._schedule()
        return {
            "type": ["number", "string", "object"],
            "properties": {name: every["properties"][name] for name in names},
            "additionalProperties": False,
            "minProperties": 1,
            "dependentRequired": every["dependentRequired"],
            "allOf": every["allOf"],
            "pattern": NOT_A_SCHEDULE,
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
        shape, definition = self.language.shapes.get(name), self.language.definitions.get(name)
        if definition is not None:
            return self._defined(definition, entry)
        if shape is not None:
            return self._shape(shape, entry)
        if name in self.language.list_functions:
            lists = self.language.list_functions[name].parameters
            schedules = {**list_schema({"$ref": "#/$defs/schedule"}), "minItems": 1}
            kinds = {each: explained(schedules, "a list of schedules", "") for each in lists}
            if "milestones" in kinds:
                durations = list_schema({"$ref": "#/$defs/duration"})
                kinds["milestones"] = explained(durations, Kind.MILESTONES.value, "")
            return _body(entry, kinds, list(kinds), list(kinds))
        function = self.language.functions[name]
        found = _described({"type": ["array", "number", "string"], "pattern": r"\S"}, entry)
        found.update(items={"$ref": "#/$defs/schedule"}, minItems=function.least)
        if function.most is not None:
            found["maxItems"] = function.most
        if function.least > 1:
            found["type"] = "array"
        return found

    def _modifier(self, name: str) -> Schema:
        definition, modifier = (
            self.language.definitions.get(name),
            self.language.modifiers.get(name),
        )
        entry = self._about(name, ("modifier", "definition"))
        if definition is not None:
            return self._defined(definition, entry)
        assert modifier is not None
        if modifier.bracket:
            return _entries(entry, {"$ref": "#/$defs/entry"})
        kinds = parameter_schemas(modifier.parameters(), modifier)
        return self._parametrised(modifier.parameters(), kinds, entry)

    def _about(self, name: str, kinds: Iterable[str]) -> Entry:
        return next(entry for entry in find(name, self.language) if entry.kind in kinds)

    def _shape(self, shape: ShapeSignature, entry: Entry) -> Schema:
        if shape.bracket:
            return _entries(entry, {"$ref": "#/$defs/value"})
        parameters = shape.parameters
        kinds = parameter_schemas(parameters, shape.cls)
        if shape.curve is not None:
            kinds.update(parameter_schemas(shape.curve.parameters(), shape.curve))
        if shape.has(Kind.STEPS):
            kinds["until"] = parameter_schema(UNTIL, {})
            kinds["until"]["description"] = "The update of the chain at which the segment ends."
        found = self._parametrised(parameters, kinds, entry)
        if "until" in kinds:
            found["dependentSchemas"] = {"until": {"properties": {"steps": False}}}
        modes = [p for p in parameters if p.kind is Kind.MODE]
        if modes:
            add_curve_parameters(found, modes[0].name)
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
        words = kinds_of(definition, self.language)
        none = none_parameters(definition)
        kinds = {
            p.name: defined_parameter_schema(p, words[p.name], p.name in none)
            for p in definition.parameters
        }
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
