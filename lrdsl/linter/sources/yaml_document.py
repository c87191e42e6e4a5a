"""YAML as located documents. Nothing is recursive, so that no file can exhaust the stack."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from lrdsl.diagnostics import SpecError
from lrdsl.language.library.files import text_of
from lrdsl.language.presets import GROUP
from lrdsl.linter.source_file import Malformed, Snippet, Style
from lrdsl.linter.sources.config_document import ConfigDocument
from lrdsl.linter.sources.document import Mapping, Node, Scalar, ScalarKind, Sequence
from lrdsl.linter.sources.heuristics import is_number
from lrdsl.linter.sources.placeholders import MAX_CHARACTERS
from lrdsl.linter.sources.snippets import snippets_of, with_uses
from lrdsl.linter.sources.yaml_loaders import is_read_by_omegaconf
from lrdsl.linter.sources.yaml_offsets import offsets_of

_STYLES: dict[str | None, Style] = {"'": "single", '"': "double", "|": "literal", ">": "folded"}
_KINDS: dict[str, ScalarKind] = {
    "str": "text",
    "int": "number",
    "float": "number",
    "bool": "bool",
    "null": "null",
}
_BOOLEANS = {"true": True, "false": False}
MISSING = "???"
"""The value of a key in Hydra's configs that is to be given later."""

SIGNS = ("lrdsl", "definitions:", '"definitions":', "'definitions':")
"""Words by which a file says that lrdsl reads it."""

MAX_YAML_DEPTH = 500
"""Levels of the deepest nesting that is read; the work that libyaml has grows with its square.

Half of the 1000 levels at which libyaml itself gives up from 0.2.6 on, so that the message does not
depend on which version is installed.
"""

MAX_MERGED_PAIRS = 100_000
"""Pairs that merge keys (`<<`) may add to the mappings of a document; more are left out."""


@dataclass(frozen=True, eq=False)
class YamlDocument(ConfigDocument):
    """A YAML document."""

    text: str = ""
    folder: str | None = None
    """The folder of the files that the text names, if it is known."""

    def offsets(self, scalar: Scalar) -> tuple[int, ...] | None:
        if scalar.stop - scalar.start > 2 * MAX_CHARACTERS:
            return None
        return offsets_of(self.text, scalar.start, scalar.stop, scalar.text, scalar.style)

    def definitions(self, text: str) -> str | None:
        if self.folder is None or not text.strip().endswith(".lr"):
            return super().definitions(text)
        try:
            return text_of(os.path.join(self.folder, text.strip()))
        except SpecError:
            return None


def snippets(text: str, path: str = "") -> tuple[Snippet, ...]:
    """The specs in a YAML text: one of Hydra's configs, or any other. Raises Malformed.

    `path` is that of the file: others that the text names lie in the same folder.

    >>> [snippet.text for snippet in snippets("lr: {spec: 'wsd(0.1, 9, 80, 9)'}")]
    ['wsd(0.1, 9, 80, 9)']
    """
    documents = read_yaml(text, os.path.dirname(path))
    return with_uses([found for each in documents for found in snippets_of(each)])


def preset_names(folder: str) -> frozenset[str]:
    """The names of the configs in the folders of a folder: the options of Hydra's groups."""
    inside = Path(folder).glob("*/*")
    return frozenset([path.stem for path in inside if path.suffix in (".yaml", ".yml")])


def read_yaml(text: str, folder: str = "") -> list[YamlDocument]:
    """The documents in a YAML text. Raises Malformed.

    `folder` is where the files lie that the text names.

    >>> (document,) = read_yaml("lr: 0.1")
    >>> scalar = document.root["lr"]
    >>> scalar.kind, scalar.start
    ('number', 4)
    """
    shift = 1 if text.startswith("\ufeff") else 0
    try:
        loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text[shift:])
    except UnicodeEncodeError as error:
        raise Malformed("YAML", f"character {error.start + shift} is half of one") from None
    try:
        # All are read before the first is used: a file is YAML to its end, or is not.
        roots = list(_Reader(shift).roots(loader))
    except yaml.YAMLError as error:
        raise _not_yaml(error) from None
    finally:
        loader.dispose()
    # Elsewhere the one key of a file may well be a name that lrdsl knows by chance.
    is_preset = os.path.basename(os.path.abspath(folder)) == GROUP
    presets = partial(preset_names, folder)
    reader = partial(is_read_by_omegaconf, text, folder)
    document = partial(
        YamlDocument,
        is_preset=is_preset,
        is_foreign=not (is_preset or any([word in text for word in SIGNS])),
        by_omegaconf=reader,
        presets=presets,
    )
    return [document("yaml", root, text=text, folder=folder) for root in roots]


def _not_yaml(error: Any) -> Malformed:
    """An error of PyYAML as a line of ours."""
    mark = getattr(error, "problem_mark", None)
    if mark is not None and "nesting" in (error.problem or ""):
        return _too_deep(mark)  # its scanner is ahead of the events, and met its own limit first
    return Malformed("YAML", yaml_mistake(error))


def yaml_mistake(error: Any) -> str:
    """The place and the reason of an error of PyYAML, without the lines of the file."""
    mark = getattr(error, "problem_mark", None)
    why = getattr(error, "problem", None) or getattr(error, "reason", None) or "it is malformed"
    return why if mark is None else f"line {mark.line + 1}, column {mark.column + 1}: {why}"


def _too_deep(mark: Any) -> Malformed:
    why = f"line {mark.line + 1}: it is nested deeper than {MAX_YAML_DEPTH} levels"
    return Malformed("YAML", why)


class _Reader:
    """Builds nodes from the events of PyYAML, each when it is complete."""

    def __init__(self, shift: int) -> None:
        self.shift = shift
        self.resolver = yaml.SafeLoader("")
        self.anchors: dict[str, Node] = {}
        self.open: list[tuple[Any, list[Node]]] = []
        """The collections whose ends have not come yet: the event, keys and values in turn."""
        self.merged = 0

    def roots(self, loader: Any) -> Iterator[Node]:
        for event in iter(loader.get_event, None):
            node: Node | None = None
            match event:
                case yaml.ScalarEvent():
                    node = self._scalar(event)
                case yaml.CollectionStartEvent():
                    self._begin(event)
                case yaml.CollectionEndEvent():
                    node = self._end(event)
                case yaml.AliasEvent():
                    node = self._alias(event)
                case yaml.DocumentStartEvent():
                    self.anchors, self.merged = {}, 0
            if node is not None and self.open:
                self.open[-1][1].append(node)
            elif node is not None:
                yield node

    def _begin(self, event: Any) -> None:
        if len(self.open) >= MAX_YAML_DEPTH:
            raise _too_deep(event.start_mark)
        self.open.append((event, []))
        # Until its end has come: a collection in itself is not a schedule, whatever it holds.
        self._name(event, Scalar(None, "unknown"))

    def _end(self, event: Any) -> Node:
        begun, items = self.open.pop()
        start, stop = begun.start_mark.index + self.shift, event.end_mark.index + self.shift
        if isinstance(begun, yaml.MappingStartEvent):
            return self._name(begun, Mapping(self._pairs(items), start, stop))
        return self._name(begun, Sequence(tuple(items), start, stop))

    def _name(self, event: Any, node: Node) -> Node:
        """A node, noted under its anchor."""
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        return node

    def _pairs(self, items: list[Node]) -> tuple[tuple[Scalar, Node], ...]:
        """The pairs of a mapping, and behind them those that its merge keys bring."""
        pairs: list[tuple[Scalar, Node]] = []
        others: list[Node] = []
        for key, value in zip(items[::2], items[1::2], strict=True):
            if not isinstance(key, Scalar):
                key = Scalar("", "unknown", key.start, key.stop, "plain")
            if key.value == "<<" and not isinstance(value, Scalar):
                others += value.items if isinstance(value, Sequence) else [value]
            else:
                pairs.append((key, value))
        names = {key.value for key, _ in pairs}
        for other in others:
            more = other.pairs if isinstance(other, Mapping) else ()
            self.merged += len(more)
            if self.merged > MAX_MERGED_PAIRS:
                break
            pairs += [pair for pair in more if pair[0].value not in names]
            names |= {key.value for key, _ in more}
        return tuple(pairs)

    def _alias(self, event: Any) -> Node:
        if event.anchor not in self.anchors:
            line = event.start_mark.line + 1
            raise Malformed("YAML", f"line {line}: there is no anchor `{event.anchor}` above")
        return self.anchors[event.anchor]

    def _scalar(self, event: Any) -> Node:
        tag = event.tag
        if tag is None or tag == "!":
            implicit = event.implicit if tag is None else (False, True)
            tag = self.resolver.resolve(yaml.ScalarNode, event.value, implicit)
        kind = _KINDS.get(tag.rpartition(":")[2], "unknown")
        value: Any = event.value
        if kind == "number" and not is_number(value):
            kind = "unknown"  # an octal number, for one: it is not what it seems to say
        elif kind == "bool":
            value = _BOOLEANS.get(value.lower(), value)
        elif kind == "null":
            value = None
        elif value == MISSING and event.style is None:
            kind, value = "unknown", None
        start, stop = event.start_mark.index + self.shift, event.end_mark.index + self.shift
        style = _STYLES.get(event.style, "plain")
        return self._name(event, Scalar(value, kind, start, stop, style))
