"""The JSON Schema of trees accepts what lrdsl does, and nothing near it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from typing import Annotated, Any, NamedTuple

import jsonschema
import pytest
import yaml
from hydra import compose, initialize_config_dir
from hypothesis import given
from pydantic import Field

import lrdsl
from lrdsl.diagnostics import SpecError
from lrdsl.language.catalog import entries
from lrdsl.language.language import Language
from lrdsl.syntax.parser import parse_definitions
from lrdsl.tree import from_tree, json_schema, to_tree
from lrdsl.tree.interpolations import Interpolations
from tests.support import strategies as s
from tests.support.paths import ROOT
from tests.support.tree_forms import TREE, schema, validator

CONF = ROOT / "conf"
PRESETS = sorted((CONF / "schedule").glob("*.yaml"))


def _accepts(tree: Any) -> bool:
    return bool(validator().is_valid(json.loads(json.dumps(tree))))


def test_the_schema_is_one() -> None:
    assert schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema.Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize(
    "example",
    [pytest.param(e.doc.example, id=f"{e.kind} {e.name}") for e in entries() if e.doc.example],
)
def test_the_schema_accepts_every_example(example: str) -> None:
    assert _accepts(to_tree(example))
    assert _accepts({"spec": to_tree(example), "definitions": None})


@given(s.specs)
def test_the_schema_accepts_what_lrdsl_does(text: str) -> None:
    assert _accepts(to_tree(text))


@pytest.mark.parametrize(
    "tree",
    [
        pytest.param(0.1, id="number"),
        pytest.param("cosine(${peak}, 0)", id="text"),
        pytest.param({"cosine": None}, id="nothing below a name"),
        pytest.param({"warmup": ["linear", 100]}, id="a list of arguments"),
        pytest.param({"warmup": 100}, id="the only argument"),
        pytest.param({"warmup": {"mode": "${mode}", "steps": 9, "power": 2}}, id="any mode"),
        pytest.param({"warmup": {"mode": "poly", "steps": 9, "power": 2}}, id="alias of a mode"),
        pytest.param({"linear": {"closed": "${closed}"}}, id="any flag"),
        pytest.param({"constant": {"value": {"max": [0.1, "peak"]}}}, id="a value that is a tree"),
        pytest.param({"spec": TREE, "definitions": ["a.lr", "b.lr"]}, id="definitions"),
        pytest.param({"pipe": ["hold(5)", "clip(0, 1)"]}, id="texts in a pipe"),
    ],
)
def test_the_schema_accepts(tree: Any) -> None:
    assert _accepts(tree)


def test_every_name_is_explained() -> None:
    defs = schema()["$defs"]
    calls = [name for name in defs if name.startswith(("call.", "modifier."))]
    assert {name.partition(".")[2] for name in calls} >= set(Language().definitions)
    for name in calls:
        assert defs[name]["description"], name
        for parameter, kind in defs[name].get("properties", {}).items():
            assert kind["description"], f"{name}: {parameter}"


def test_the_schema_knows_own_definitions() -> None:
    own = parse_definitions("# Half of a.\ndef half(a) = a / 2")
    schema = json_schema(Language().with_own({each.name: each for each in own}))
    validator = jsonschema.Draft202012Validator(schema)
    assert validator.is_valid({"half": {"a": 1}})
    assert not validator.is_valid({"half": {"b": 1}})
    assert schema["$defs"]["call.half"]["description"].startswith("Half of a.")


def test_shapes_of_ones_own_are_in_it() -> None:
    @lrdsl.shape
    def sawtooth(
        t: int,
        low: float = 0.0,
        high: Annotated[float, Field(gt=0)] = 1.0,
        *,
        period: int = 100,
        sort: str = "up",
        heights: list[float] = [1.0],  # noqa: B006
        round: bool = False,
    ) -> float:
        """From low to high, again and again."""
        return low + (high - low) * (t % period) / period

    tree = {"sawtooth": {"high": 2, "period": 50, "sort": "up", "heights": [1, 2], "round": True}}
    text = "sawtooth(high=2, period=50, sort=up, heights=[1, 2], round=true)"
    assert str(from_tree(tree)) == text
    assert to_tree(text) == tree
    validator = jsonschema.Draft202012Validator(json_schema())
    assert validator.is_valid(tree)
    for name, wrong in {"high": 0, "period": 2.5, "heights": 1, "round": 1, "low": []}.items():
        assert not validator.is_valid({"sawtooth": {name: wrong}}), name
        with pytest.raises(SpecError, match=f"at sawtooth.{name}"):
            lrdsl.compile({"sawtooth": {name: wrong}}, total_steps=100)


@pytest.fixture(scope="module")
def presets() -> dict[str, Any]:
    """The trees of the presets, as they are and with their variables' values."""
    found: dict[str, Any] = {}
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("train")
    for file in PRESETS:
        kept = Interpolations()
        text = yaml.safe_load(file.read_text(encoding="utf-8"))["spec"]
        found[f"{file.stem} ${{}}"] = kept.show(to_tree(kept.hide(text)))
        config.lr.spec = text
        found[file.stem] = to_tree(str(config.lr.spec))
    return found


@pytest.mark.parametrize(
    "preset", [name for file in PRESETS for name in (f"{file.stem} ${{}}", file.stem)]
)
def test_the_schema_accepts_the_presets(preset: str, presets: dict[str, Any]) -> None:
    assert _accepts(presets[preset])
    assert _accepts({"spec": presets[preset]})


class Spot(NamedTuple):
    """A mapping or a list, a key of it, and the call whose arguments the mapping holds."""

    holder: Any
    key: Any
    call: str | None


def _spots(tree: Any, call: str | None = None) -> Iterator[Spot]:
    """Every place in a tree."""
    pairs = tree.items() if isinstance(tree, dict) else enumerate(tree)
    for key, value in list(pairs):
        spot = Spot(tree, key, call)
        yield spot
        if isinstance(value, (dict, list)):
            yield from _spots(value, key if _is_call(spot) else None)


CALLS = frozenset([entry.name for entry in entries()])
DEFINITIONS = frozenset(Language().definitions)


def _is_call(spot: Spot) -> bool:
    return spot.call is None and isinstance(spot.holder, dict) and spot.key in CALLS


def _is_argument(spot: Spot) -> bool:
    """Whether it is an argument by name: a key below a call, no entry."""
    return (
        spot.call is not None
        and isinstance(spot.holder, dict)
        and isinstance(spot.key, str)
        and spot.key.isidentifier()
    )


def _is_value(spot: Spot) -> bool:
    """Whether it is an argument that a schema knows to be one thing.

    What a definition makes of its arguments no schema can say; two may be lists of anything.
    """
    return _is_argument(spot) and spot.call not in DEFINITIONS and spot.key not in ("gamma", "at")


def _is_duration(spot: Spot) -> bool:
    return _is_value(spot) and spot.key in ("steps", "n", "every", "period")


def _is_chain(spot: Spot) -> bool:
    return spot.call is None and isinstance(spot.holder[spot.key], list)


def _names(body: Any) -> bool:
    """Whether the keys of a call's body are names of parameters."""
    return all(isinstance(key, str) and key.isidentifier() for key in body)


def _rename(spot: Spot) -> None:
    spot.holder[f"{spot.key}x"] = spot.holder.pop(spot.key)


def _put(value: Any) -> Callable[[Spot], None]:
    def put(spot: Spot) -> None:
        spot.holder[spot.key] = value

    return put


def _beside(spot: Spot) -> None:
    spot.holder["hold"] = 5


def _added(spot: Spot) -> None:
    body = spot.holder[spot.key]
    body["colour"] = "blue"


MUTATIONS: dict[str, tuple[Callable[[Spot], bool], Callable[[Spot], None], str]] = {
    "misspelt name": (_is_call, _rename, "schema"),
    "misspelt parameter": (_is_argument, _rename, "schema"),
    "unknown parameter": (
        lambda x: _is_call(x) and isinstance(x.holder[x.key], dict) and _names(x.holder[x.key]),
        _added,
        "schema",
    ),
    "a second key": (lambda x: _is_call(x) and x.key != "hold", _beside, "schema"),
    "a mapping for an argument": (_is_argument, _put({"nothing": 1}), "schema"),
    "a list for an argument": (_is_value, _put([1]), "schema"),
    "nothing for an argument": (_is_value, _put(None), "schema"),
    "true for an argument": (_is_value, _put(True), "schema"),
    "a chain for an argument": (_is_value, _put("hold(5) >> hold(6)"), "schema"),
    "true for all arguments": (_is_call, _put(True), "schema"),
    "too many arguments": (_is_call, _put([1] * 12), "schema"),
    "a length below 0": (_is_duration, _put(-5), "schema"),
    "a length that is broken": (
        lambda x: _is_duration(x) and x.key != "every",
        _put(2.5),
        "schema",
    ),
    "an unknown curve": (lambda x: x.key == "mode", _put("curvy"), "schema"),
    "an empty list": (_is_chain, _put([]), "schema"),
    "an unknown unit": (_is_duration, _put("5parsec"), "lrdsl"),
    "broken text": (lambda x: _is_argument(x) and x.key != "mode", _put("1 +"), "lrdsl"),
    "an unbound variable": (
        lambda x: _is_argument(x) and x.key != "mode",
        _put("unheard_of"),
        "lrdsl",
    ),
    "an unknown call in text": (_is_duration, _put("halve(5)"), "lrdsl"),
}


def _mutants(tree: Any, mutation: str) -> Iterator[Any]:
    fits, change, _ = MUTATIONS[mutation]
    for i, spot in enumerate(_spots(tree)):
        if fits(spot):
            mutant = copy.deepcopy(tree)
            change(list(_spots(mutant))[i])
            yield mutant


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_every_mutant_of_the_presets_is_rejected(mutation: str, presets: dict[str, Any]) -> None:
    judge = MUTATIONS[mutation][2]
    found = 0
    for name, tree in presets.items():
        for mutant in _mutants(tree, mutation):
            found += 1
            assert _accepts(mutant) is (judge == "lrdsl"), (name, mutant)
            if "$" not in name:
                with pytest.raises(SpecError, match="LR"):
                    lrdsl.compile(mutant, total_steps=900, base_lr=0.1)
    assert found, "no preset has such a place"
