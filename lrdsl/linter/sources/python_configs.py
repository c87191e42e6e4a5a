"""The configs in a Python module, as Hydra and OmegaConf take them.

They are what `OmegaConf.create` and its like are given, nodes of Hydra's ConfigStore, and dicts
and dataclasses with something of lrdsl as their `_target_`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from lrdsl.language.presets import GROUP
from lrdsl.linter.source_file import Malformed, Snippet
from lrdsl.linter.sources.config_document import ConfigDocument
from lrdsl.linter.sources.document import Mapping, Node, Scalar
from lrdsl.linter.sources.entry_points import (
    CONFIG_CLASSES,
    CONFIG_MAKERS,
    CONFIG_STORE,
    PREFIX,
    ConfigMaker,
)
from lrdsl.linter.sources.python_values import PythonValues
from lrdsl.linter.sources.snippets import snippets_of
from lrdsl.linter.sources.yaml_document import read_yaml


def configs_of(values: PythonValues) -> tuple[list[ConfigDocument], list[Snippet]]:
    """The configs of a module, larger ones first, and the specs in those that are YAML texts."""
    module = values.module
    is_foreign = "lrdsl" not in module.text
    configs: list[ConfigDocument] = []
    texts: list[Snippet] = []
    for given, group in _made(values):
        is_preset = group.rpartition("/")[2] == GROUP
        literal = module.literal(module.value(given))
        if literal is None:
            node = values.node(given)
            configs.append(config_of(node, is_preset, is_foreign and not is_preset))
        else:
            texts += _in_yaml(literal, is_foreign)
    configs += [config_of(node) for node in _with_target(values)]
    return configs, texts


def config_of(node: Node, is_preset: bool = False, is_foreign: bool = False) -> ConfigDocument:
    """A value of Python as a config."""
    return ConfigDocument("python", node, is_preset=is_preset, is_foreign=is_foreign)


def _made(values: PythonValues) -> Iterator[tuple[ast.expr, str]]:
    """The configs that the makers are given, each with the name of its group."""
    module = values.module
    for call in module.calls:
        maker = CONFIG_MAKERS.get(_maker(call, values))
        if maker is None or call in module.meant_to_fail:
            continue
        given = _given(call, maker, values)
        group = module.literal(module.value(given["group"])) if "group" in given else None
        if not maker.config:
            yield from [(each, "") for each in call.args]
        elif maker.config in given:
            yield given[maker.config], "" if group is None else group.text


def _given(call: ast.Call, maker: ConfigMaker, values: PythonValues) -> dict[str, ast.expr]:
    given = dict(zip(maker.parameters, call.args, strict=False))
    for each in call.keywords:
        given |= {each.arg: each.value} if each.arg else values.pairs(each.value) or {}
    return given


def _maker(call: ast.Call, values: PythonValues) -> str:
    """The full name of a function; of a method of Hydra's ConfigStore, by its class."""
    module, function = values.module, call.func
    if not isinstance(function, ast.Attribute):
        return module.dotted(function)
    owner = function.value
    made = module.assigned.get(owner.id, []) if isinstance(owner, ast.Name) else [owner]
    functions = {module.dotted(x.func) if isinstance(x, ast.Call) else "" for x in made}
    if functions == {CONFIG_STORE}:
        return f"{CONFIG_STORE.rpartition('.')[0]}.{function.attr}"
    return module.dotted(function)


def _with_target(values: PythonValues) -> Iterator[Mapping]:
    """The dicts, the classes and their objects that have something of lrdsl as `_target_`."""
    module = values.module
    for node in ast.walk(module.tree):
        if node in module.meant_to_fail:
            continue
        match node:
            case ast.Dict(keys=keys):
                names = [key.value for key in keys if isinstance(key, ast.Constant)]
                found = values.node(node) if "_target_" in names else None
            case ast.Call() if module.dotted(node.func) in CONFIG_CLASSES:
                found = values.node(node)
            case ast.ClassDef():
                found = values.node(node)
            case _:
                continue
        target = found.get("_target_") if isinstance(found, Mapping) else None
        is_ours = isinstance(target, Scalar) and target.text.startswith(PREFIX)
        if isinstance(found, Mapping) and (is_ours or isinstance(node, ast.Call)):
            yield found


def _in_yaml(literal: Scalar, is_foreign: bool) -> list[Snippet]:
    """The specs in a text that is YAML, at their places in the file."""
    places = literal.offsets
    if places is None or literal.placeholders:
        return []
    try:
        documents = read_yaml(literal.value)
    except Malformed:
        return []
    found = [
        each
        for document in documents
        for each in snippets_of(
            replace(
                document,
                folder=None,
                is_foreign=is_foreign,
                is_preset=False,
                by_omegaconf=lambda: True,
                presets=frozenset,
            )
        )
    ]
    return [_moved(each, places) for each in found]


def _moved(snippet: Snippet, places: tuple[int, ...]) -> Snippet:
    """A snippet of a text in a file, at its place in the file."""
    extent = snippet.extent and (places[snippet.extent[0]], places[snippet.extent[1]])
    offsets = tuple([places[at] for at in snippet.offsets])
    return replace(snippet, offsets=offsets, extent=extent, kind="python", writable=False)
