"""The JSON Schema of trees, made from what can be called: for editors, and for checks of files.

Every keyword of a node of the schema is for one type of value, so that no `anyOf` stands between an
editor and the names that it can complete.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic.fields import FieldInfo

from lrdsl.language.catalog import Entry, find
from lrdsl.language.curves import CURVES
from lrdsl.language.infer_kinds import kinds_of
from lrdsl.language.language import Language, current
from lrdsl.language.parameters import UNTIL, Kind, Parameter
from lrdsl.tree.keywords import CONDITIONAL, LIST_FORMS, OPERATORS, WORDS
from lrdsl.tree.schema_arguments import (
    NOT_A_SCHEDULE,
    SCHEDULE,
    Argument,
    Schema,
    built_in_arguments,
    defined_arguments,
    explained,
    listed_arguments,
    one_of,
)

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema(language: Language | None = None) -> Schema:
    """The schema, of draft 2020-12, of files that hold a schedule.

    Such a file holds a tree itself, or a mapping with the key `spec`; its keys are what can be
    called in `language`, by default that of the process, and the words of the tree form. Text in a
    tree is checked roughly: what it says is for lrdsl to judge.

    >>> schema = json_schema()
    >>> sorted(schema["$defs"]["call.cosine"]["properties"])
    ['closed', 'end', 'exponent', 'k_decay', 'start', 'steps', 'until']
    """
    return _Maker(current() if language is None else language).schema()


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
            words[name] = {**_list_of(form.least, form.most), "description": form.meaning}
        words["pipe"] |= {"prefixItems": [SCHEDULE], "items": {"$ref": "#/$defs/modifier"}}
        for name, meaning in _ONE_SCHEDULE.items():
            words[name] = {**SCHEDULE, "description": meaning}
        condition = {"type": ["string", "boolean"], "pattern": r"\S"}
        words["if"] = explained(condition, "A condition such as `total > 500`, decided once")
        return {
            "type": ["object", "array", "string", "number"],
            "properties": {**_references("call", self.schedules), **words},
            "additionalProperties": False,
            "minProperties": 1,
            "dependentRequired": {x: [y for y in CONDITIONAL if y != x] for x in CONDITIONAL},
            "items": SCHEDULE,
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
        found["properties"]["times"] = explained(SCHEDULE, meaning)
        return found

    def _call(self, name: str) -> Schema:
        """The arguments of a call, and what the call does."""
        *_, entry = [each for each in find(name, self.language) if each.kind != "curve"]
        lines = [entry.doc.summary, f"`{entry.signature}`"]
        description = "\n\n".join([line for line in lines if line])
        return {**self._arguments(name, entry), "description": description}

    def _arguments(self, name: str, entry: Entry) -> Schema:
        language = self.language
        shape, modifier = language.shapes.get(name), language.modifiers.get(name)
        if entry.bracket:
            return {
                "type": "object",
                "minProperties": 1,
                "propertyNames": {"pattern": r"\S"},
                "additionalProperties": {"$ref": f"#/$defs/{'value' if shape else 'entry'}"},
            }
        if entry.definition is not None:
            kinds = kinds_of(entry.definition, language)
            return _body([*defined_arguments(entry.definition, kinds)])
        if name in language.list_functions:
            return _body([*listed_arguments(language.list_functions[name].parameters)])
        if shape is not None:
            of_curve = {} if shape.curve is None else shape.curve.model_fields
            return _built_in(shape.accepted, {**shape.cls.model_fields, **of_curve})
        if modifier is not None:
            return _built_in(modifier.parameters(), modifier.model_fields)
        function = language.functions[name]
        found = _list_of(function.least, function.most)
        if function.least <= 1:
            found |= {"type": ["array", "number", "string"], "pattern": r"\S"}
        return found


def _list_of(least: int, most: int | None) -> Schema:
    """A list of so many schedules."""
    found: Schema = {"type": "array", "items": SCHEDULE, "minItems": least}
    return found if most is None else {**found, "maxItems": most}


def _references(kind: str, names: list[str]) -> dict[str, Schema]:
    return {name: {"$ref": f"#/$defs/{kind}.{name}"} for name in names}


def _built_in(parameters: Sequence[Parameter], fields: Mapping[str, FieldInfo]) -> Schema:
    """The arguments of a shape or a modifier."""
    modes = [p for p in parameters if p.kind is Kind.MODE]
    arguments = [*built_in_arguments(parameters, fields)]
    found = _body(arguments, skips=any([not p.required for p in modes]))
    if UNTIL in parameters:
        found["dependentSchemas"] = {"until": {"properties": {"steps": False}}}
        until = found["properties"]["until"]
        until["description"] = "The update of the chain at which the segment ends."
    for mode in modes:
        _add_curve_parameters(found, mode)
    return found


def _add_curve_parameters(schema: Schema, mode: Parameter) -> None:
    """Let the parameters of a curve stand where the mode names it, or says something unknown."""
    rules = schema.setdefault("dependentSchemas", {})
    curves = {CURVES[name].name: CURVES[name] for name in CURVES}.values()
    for curve in curves:
        words = one_of([curve.name, *curve.aliases])
        rule: Schema = {"properties": {mode.name: {k: words[k] for k in ("type", "pattern")}}}
        if not mode.required:
            rule["required"] = [mode.name]
        for each in built_in_arguments(curve.parameters(), curve.model_fields):
            schema["properties"].setdefault(each.name, each.schema)
            rules[each.name] = rule
    if "maxItems" in schema:
        schema["maxItems"] += max([len(curve.parameters()) for curve in curves])
        schema.pop("prefixItems", None)
        schema.pop("items", None)


def _body(arguments: Sequence[Argument], skips: bool = False) -> Schema:
    """The data below the name of a call: arguments by name, or a list of them, or the only one.

    `skips`: the first one may be left out of a list.
    """
    required = [each.name for each in arguments if each.required]
    order = [each for each in arguments if each.positional]
    types = ["object"] if required else ["object", "null"]
    found: Schema = {
        "properties": {each.name: each.schema for each in arguments},
        "additionalProperties": False,
    }
    if required:
        found["required"] = required
    if order:
        types.append("array")
        found["maxItems"] = len(order)
        if not skips:
            found["prefixItems"] = [each.schema for each in order]
            found["items"] = False
        least = max([i for i, each in enumerate(order, 1) if each.required], default=0)
        if least:
            found["minItems"] = least
        if least <= 1:
            first = order[0].schema.get("type", [])
            alone = {first} if isinstance(first, str) else {*first}
            alone = {"number", "string"} if skips else alone
            types += sorted(alone & {"number", "integer", "string", "boolean"})
            found["pattern"] = r"\S"
    return {**found, "type": types if len(types) > 1 else types[0]}
