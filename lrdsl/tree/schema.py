"""The JSON Schema of trees, made from what can be called: for editors, and for checks of files.

Every keyword of a node of the schema is for one type of value, so that no `anyOf` stands between an
editor and the names that it can complete.
"""

from __future__ import annotations

from collections.abc import Mapping

from lrdsl.language.catalog import find
from lrdsl.language.curves import Curve
from lrdsl.language.functions import Function
from lrdsl.language.infer_kinds import kinds_of
from lrdsl.language.language import Language, current
from lrdsl.language.parameters import UNTIL, CallableModel, Kind, Parameter
from lrdsl.tree.keywords import CONDITIONAL, LIST_FORMS, OPERATORS, WORDS
from lrdsl.tree.schema_arguments import (
    NOT_A_SCHEDULE,
    Schema,
    add_curve_parameters,
    defined_schemas,
    explained,
    kind_schema,
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


_SCHEDULE: Schema = {"$ref": "#/$defs/schedule"}

_ONE_SCHEDULE = {
    "negative": "The schedule times -1.",
    "spec": "A schedule: text, a number, or a tree.",
    "then": "The schedule where the condition holds.",
    "else": "The schedule where the condition does not hold.",
}
"""The words that take one schedule."""

_ONE_KEY: Schema = {
    "if": {"required": ["if"]},
    "then": {"maxProperties": 3},
    "else": {"maxProperties": 1},
}
"""One key alone, or those of a conditional."""


class _Maker:
    def __init__(self, language: Language) -> None:
        self.language = language
        modifies = {name: each.is_modifier for name, each in language.definitions.items()}
        modifies |= dict.fromkeys(language.modifiers, True)
        names = [name for names in language.callables for name in names if name not in WORDS]
        self.modifiers = [name for name in names if modifies.get(name)]
        self.schedules = [name for name in names if not modifies.get(name)]

    def schema(self) -> Schema:
        return {
            "$schema": DIALECT,
            "title": "A learning-rate schedule of lrdsl",
            "$ref": "#/$defs/file",
            "$defs": {
                "file": self._file(),
                "schedule": self._schedule(),
                "modifier": self._modifier(),
                "value": self._value("A value: a number, or text such as `peak / 10`."),
                "duration": self._value("A duration: updates, or text such as `5%` and `2ep`."),
                "entry": self._entry(),
                **{f"call.{name}": self._call(name) for name in self.schedules},
                **{f"modifier.{name}": self._call(name) for name in self.modifiers},
            },
        }

    def _file(self) -> Schema:
        found = self._schedule()
        meaning = "Definitions that the spec can call: text, or the name of a .lr file"
        text = {"type": ["string", "array", "null"], "items": {"type": "string"}}
        found["properties"]["definitions"] = explained(text, meaning)
        found["dependentRequired"]["definitions"] = ["spec"]
        beside = {"required": ["definitions"]}
        found["allOf"] = [{"if": beside, "then": {"maxProperties": 2}, "else": _ONE_KEY}]
        return found

    def _schedule(self) -> Schema:
        """A schedule: one key, a list that is a chain, text, or a number."""
        words: dict[str, Schema] = {}
        for name, form in LIST_FORMS.items():
            words[name] = {"type": "array", "items": _SCHEDULE, "minItems": form.least}
            if form.most is not None:
                words[name]["maxItems"] = form.most
            words[name]["description"] = form.meaning
        words["pipe"] |= {"prefixItems": [_SCHEDULE], "items": {"$ref": "#/$defs/modifier"}}
        for name, meaning in _ONE_SCHEDULE.items():
            words[name] = {**_SCHEDULE, "description": meaning}
        condition = {"type": ["string", "boolean"], "pattern": r"\S"}
        words["if"] = explained(condition, "A condition such as `total > 500`, decided once")
        return {
            "type": ["object", "array", "string", "number"],
            "properties": {**_references("call", self.schedules), **words},
            "additionalProperties": False,
            "minProperties": 1,
            "dependentRequired": {
                key: [other for other in CONDITIONAL if other != key] for key in CONDITIONAL
            },
            "items": _SCHEDULE,
            "minItems": 1,
            "pattern": r"\S",
            "allOf": [_ONE_KEY],
        }

    def _modifier(self) -> Schema:
        return {
            "type": ["object", "string"],
            "properties": _references("modifier", self.modifiers),
            "additionalProperties": False,
            "minProperties": 1,
            "maxProperties": 1,
            "pattern": r"\S",
        }

    def _value(self, description: str) -> Schema:
        """A number or what comes to one; a tree of functions and operators may."""
        names = [*self.language.functions, *OPERATORS, "count", "power", "negative", *CONDITIONAL]
        every = self._schedule()
        kept = ("additionalProperties", "minProperties", "dependentRequired", "allOf")
        return {
            **{keyword: every[keyword] for keyword in kept},
            "type": ["number", "string", "object"],
            "properties": {name: every["properties"][name] for name in names},
            "pattern": NOT_A_SCHEDULE,
            "description": description,
        }

    def _entry(self) -> Schema:
        """The value of an entry: a schedule, or `{times: …}` and `"*0.5"`."""
        found = self._schedule()
        meaning = "The schedule by which the value until then is multiplied"
        found["properties"]["times"] = explained(_SCHEDULE, meaning)
        return found

    def _call(self, name: str) -> Schema:
        """The arguments of a call, and what the call does."""
        *_, entry = [each for each in find(name, self.language) if each.kind != "curve"]
        shape, modifier = self.language.shapes.get(name), self.language.modifiers.get(name)
        if entry.bracket:
            found = _entries("entry" if shape is None else "value")
        elif entry.definition is not None:
            kinds = defined_schemas(entry.definition, kinds_of(entry.definition, self.language))
            required = [p.name for p in entry.definition.parameters if p.default is None]
            found = _body(kinds, list(kinds), required)
        elif shape is not None:
            found = _built_in(shape.parameters, shape.cls, shape.curve)
        elif modifier is not None:
            found = _built_in(modifier.parameters(), modifier, None)
        elif name in self.language.functions:
            found = _function(self.language.functions[name])
        else:
            found = _list_function(self.language.list_functions[name].parameters)
        lines = [entry.doc.summary, f"`{entry.signature}`"]
        return {**found, "description": "\n\n".join([line for line in lines if line])}


def _references(kind: str, names: list[str]) -> dict[str, Schema]:
    return {name: {"$ref": f"#/$defs/{kind}.{name}"} for name in names}


def _entries(value: str) -> Schema:
    """Entries: updates, or stretches of them, each with its value."""
    found: Schema = {"type": "object", "minProperties": 1, "propertyNames": {"pattern": r"\S"}}
    return {**found, "additionalProperties": {"$ref": f"#/$defs/{value}"}}


def _function(function: Function) -> Schema:
    found: Schema = {"type": "array", "items": _SCHEDULE, "minItems": function.least}
    if function.most is not None:
        found["maxItems"] = function.most
    if function.least <= 1:
        found |= {"type": ["array", "number", "string"], "pattern": r"\S"}
    return found


def _list_function(names: tuple[str, ...]) -> Schema:
    kinds: dict[str, Schema] = {}
    for name in names:
        kind = Kind.MILESTONES.value if name == "milestones" else "a list of schedules"
        kinds[name] = explained(kind_schema(kind), kind)
    return _body(kinds, list(names), list(names))


def _built_in(
    parameters: tuple[Parameter, ...], cls: type[CallableModel], curve: type[Curve] | None
) -> Schema:
    """The arguments of a shape or a modifier."""
    kinds = parameter_schemas(parameters, cls)
    if curve is not None:
        kinds |= parameter_schemas(curve.parameters(), curve)
    is_segment = any([p.kind is Kind.STEPS for p in parameters])
    if is_segment:
        meaning = "The update of the chain at which the segment ends"
        kinds[UNTIL.name] = explained(kind_schema(UNTIL.kind.value), meaning)
    order = [p.name for p in parameters if p.positional]
    required = [p.name for p in parameters if p.required]
    modes = [p for p in parameters if p.kind is Kind.MODE]
    found = _body(kinds, order, required, any([not mode.required for mode in modes]))
    if is_segment:
        found["dependentSchemas"] = {"until": {"properties": {"steps": False}}}
    if modes:
        add_curve_parameters(found, modes[0].name)
    return found


def _body(
    kinds: Mapping[str, Schema],
    order: list[str],
    required: list[str],
    skips: bool = False,
) -> Schema:
    """The data below the name of a call: arguments by name, or a list of them, or the only one.

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
    return {**found, "type": types if len(types) > 1 else types[0]}


def _types(kind: Schema) -> list[str]:
    if "$ref" in kind:
        return ["number", "string"]
    found = kind.get("type", [])
    return [found] if isinstance(found, str) else list(found)
