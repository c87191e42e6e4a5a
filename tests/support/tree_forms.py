"""A tree of YAML nodes, and the JSON Schema of trees."""

from __future__ import annotations

import functools
import json
from typing import Any

import jsonschema

from lrdsl.tree import json_schema

# --- wherever a spec belongs ----------------------------------------------------------------------

TREE = [{"warmup": {"mode": "linear", "steps": 10}}, {"cosine": {"start": 1, "end": 0.001}}]


# --- the schema -----------------------------------------------------------------------------------


@functools.cache
def schema() -> Any:
    return json.loads(json.dumps(json_schema()))


@functools.cache
def validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(schema())
