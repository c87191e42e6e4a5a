"""A tree of YAML nodes, and the JSON Schema of trees."""

from __future__ import annotations

import json

import jsonschema

from lrdsl.tree import json_schema

# --- wherever a spec belongs ----------------------------------------------------------------------

TREE = [{"warmup": {"mode": "linear", "steps": 10}}, {"cosine": {"start": 1, "end": 0.001}}]


# --- the schema -----------------------------------------------------------------------------------

SCHEMA = json.loads(json.dumps(json_schema()))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
