"""YAML as located documents. Nothing is recursive, so that no file can exhaust the stack."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from lrdsl.diagnostics import SpecError
from lrdsl.language.library.files import text_of
from lrdsl.linter.source_file import Malformed, Style
from lrdsl.linter.sources.document import (
    Document,
    DottedKey,
    Mapping,
    Node,
    Scalar,
    ScalarKind,
    Sequence,
)
from lrdsl.linter.sources.heuristics import is_number
from lrdsl.linter.sources.placeholders import MAX_CHARACTERS, Placeholder
from lrdsl.linter.sources.yaml_offsets import offsets_of
from lrdsl.tree.interpolations import after_interpolation

_STYLES: dict[str | None, Style] = {
    "'": "single",
    '"': "double",
    "|": "literal",
    ">": "folded",
}
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

_REFERENCE = re.compile(r"\$\{([^${}]*)\}")

MAX_YAML_DEPTH = 500
"""Levels of the deepest nesting that is read; the work that libyaml has grows with its square.

Half of the 1000 levels at which libyaml itself gives up from 0.2.6 on, so that the message does not
depend on which version is installed.
"""

MAX_MERGED_PAIRS = 100_000
"""Pairs that merge keys (`<<`) may add to the mappings of a document; more are left out."""

MAX_REFERENCE_DEPTH = 10
"""References to references that are followed."""


class YamlDocument(Document):
    """A YAML document. A reference stands for what the document itself has at that key."""

    kind = "yaml"

    def __init__(self, text: str, root: Node, folder: str = "") -> None:
        self.text = text
        self.root = root
        self.folder = folder
        self._values: dict[str, str | None] = {}
        """The values of references; None also for one that is being followed."""

    def placeholders(self, scalar: Scalar) -> tuple[Placeholder, ...]:
        text = scalar.text
        if "${" not in text:
            return ()
        found: list[Placeholder] = []
        at = 0
        while (start := text.find("${", at)) >= 0:
            at = after_interpolation(text, start)
            inside = text[start + 2 : at - 1]
            found.append(Placeholder(start, at, inside, self._known(text[start:at], 0)))
        return tuple(found)

    def offsets(self, scalar: Scalar) -> tuple[int, ...] | None:
        if scalar.stop - scalar.start > 2 * MAX_CHARACTERS:
            return None
        return offsets_of(self.text, scalar.start, scalar.stop, scalar.text, scalar.style)

    def referent(self, scalar: Scalar) -> Node:
        found = _REFERENCE.fullmatch(scalar.text.strip())
        return (self._at(found[1]) if found else None) or scalar

    def definitions(self, text: str) -> str | None:
        if not text.strip().endswith(".lr"):
            return text
        try:
            return text_of(os.path.join(self.folder, text.strip()))
        except SpecError:
            return None

    def _known(self, text: str, depth: int) -> str | None:
        """A text with its references followed; None if the document does not show them all."""
        parts: list[str] = []
        done = 0
        for found in _REFERENCE.finditer(text):
            value = self._value_of(found[1], depth)
            if value is None:
                return None
            parts += [text[done : found.start()], value]
            done = found.end()
        whole = "".join([*parts, text[done:]])
        return None if "${" in whole or len(whole) > MAX_CHARACTERS else whole

    def _value_of(self, reference: str, depth: int) -> str | None:
        """The text that a reference stands for, looked up once."""
        if reference not in self._values and depth < MAX_REFERENCE_DEPTH:
            self._values[reference] = None
            node = self._at(reference)
            if isinstance(node, Scalar) and node.value is not None:
                self._values[reference] = self._known(node.text, depth + 1)
        return self._values.get(reference)

    def _at(self, reference: str) -> Node | None:
        """The node that a plain reference such as `optimizer.lr` is to."""
        if reference.startswith(".") or ":" in reference:
            return None
        node: Node | None = self.root
        for name in re.findall(r"[^.\[\]]+", reference):
            if isinstance(node, Mapping):
                node = node.get(name)
            elif isinstance(node, Sequence) and name.isdecimal():
                node = node.items[int(name)] if int(name) < len(node.items) else None
            else:
                return None
        return node


def read_yaml(text: str, folder: str = "") -> list[YamlDocument]:
    """The documents in a YAML text. Raises Malformed.

    `folder` is where the files lie that the text names.

    >>> (document,) = read_yaml("lr: 0.1")
    >>> scalar = document.root["lr"]
    >>> scalar.kind, scalar.start, str(scalar.key)
    ('number', 4, 'lr')
    """
    import yaml

    shift = 1 if text.startswith("\ufeff") else 0
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text[shift:])
    try:
        # All are read before the first is used: a file is YAML to its end, or is not.
        return [YamlDocument(text, root, folder) for root in _Reader(loader, shift, yaml).roots()]
    except yaml.YAMLError as error:
        raise _not_yaml(error) from None
    finally:
        loader.dispose()


def _not_yaml(error: Any) -> Malformed:
    """An error of PyYAML as a line of ours."""
    mark = getattr(error, "problem_mark", None)
    why = getattr(error, "problem", None) or getattr(error, "reason", None) or "it is malformed"
    if mark is None:
        return Malformed("YAML", why)
    if "nesting" in why:  # its scanner is ahead of the events, and met its own limit first
        return _too_deep(mark)
    return Malformed("YAML", f"line {mark.line + 1}, column {mark.column + 1}: {why}")


def _too_deep(mark: Any) -> Malformed:
    return Malformed(
        "YAML", f"line {mark.line + 1}: it is nested deeper than {MAX_YAML_DEPTH} levels"
    )


@dataclass
class _Open:
    """A mapping or a sequence whose end has not come yet."""

    start: int
    key: DottedKey | None
    anchor: str | None
    is_mapping: bool
    items: list[Node] = field(default_factory=list)
    """Of a mapping its keys and its values in turn."""

    def next_key(self) -> DottedKey | None:
        """The dotted key of the next node in it."""
        if not self.is_mapping:
            return DottedKey(self.key, len(self.items))
        if len(self.items) % 2 == 0:
            return None
        name = self.items[-1]
        return DottedKey(self.key, name.text if isinstance(name, Scalar) else "")


class _Reader:
    """Builds nodes from the events of PyYAML, each when it is complete."""

    def __init__(self, loader: Any, shift: int, yaml: Any) -> None:
        self.loader = loader
        self.shift = shift
        self.yaml = yaml
        self.resolver = yaml.SafeLoader("")
        self.anchors: dict[str, Node] = {}
        self.open: list[_Open] = []
        self.merged = 0

    def roots(self) -> Iterator[Node]:
        yaml = self.yaml
        while (event := self.loader.get_event()) is not None:
            node: Node
            if isinstance(event, yaml.ScalarEvent):
                node = self._scalar(event)
                if event.anchor is not None:
                    self.anchors[event.anchor] = node
            elif isinstance(event, yaml.CollectionStartEvent):
                self._begin(event)
                continue
            elif isinstance(event, yaml.AliasEvent):
                node = self._alias(event)
            elif isinstance(event, yaml.CollectionEndEvent):
                node = self._end(event)
            elif isinstance(event, yaml.DocumentStartEvent):
                self.anchors, self.merged = {}, 0
                continue
            elif isinstance(event, yaml.StreamEndEvent):
                return
            else:
                continue
            if not self.open:
                yield node
            else:
                self.open[-1].items.append(node)

    def _begin(self, event: Any) -> None:
        if len(self.open) >= MAX_YAML_DEPTH:
            raise _too_deep(event.start_mark)
        start = event.start_mark.index + self.shift
        is_mapping = isinstance(event, self.yaml.MappingStartEvent)
        self.open.append(_Open(start, self._next_key(), event.anchor, is_mapping))
        if event.anchor is not None:
            # Until its end has come: a collection in itself is not a schedule, whatever it holds.
            self.anchors[event.anchor] = Scalar(None, "unknown", start, start, "plain")

    def _end(self, event: Any) -> Node:
        this = self.open.pop()
        stop = event.end_mark.index + self.shift
        node: Node
        if this.is_mapping:
            pairs = self._pairs(this.items)
            node = Mapping(pairs, this.start, stop, this.key)
        else:
            node = Sequence(tuple(this.items), this.start, stop, this.key)
        if this.anchor is not None:
            self.anchors[this.anchor] = node
        return node

    def _pairs(self, items: list[Node]) -> tuple[tuple[Scalar, Node], ...]:
        """The pairs of a mapping, and behind them those that its merge keys bring."""
        own: list[tuple[Scalar, Node]] = []
        others: list[Mapping] = []
        for key, value in zip(items[::2], items[1::2], strict=True):
            if not isinstance(key, Scalar):
                key = Scalar("", "unknown", key.start, key.stop, "plain")
            if key.value == "<<" and not isinstance(value, Scalar):
                every = value.items if isinstance(value, Sequence) else [value]
                others += [each for each in every if isinstance(each, Mapping)]
            else:
                own.append((key, value))
        names = {key.value for key, _ in own}
        for other in others:
            more = [pair for pair in other.pairs if pair[0].value not in names]
            self.merged += len(other.pairs)
            if self.merged > MAX_MERGED_PAIRS:
                break
            own += more
            names |= {key.value for key, _ in more}
        return tuple(own)

    def _alias(self, event: Any) -> Node:
        if event.anchor not in self.anchors:
            line = event.start_mark.line + 1
            raise Malformed("YAML", f"line {line}: there is no anchor `{event.anchor}` above")
        return self.anchors[event.anchor]

    def _next_key(self) -> DottedKey | None:
        return self.open[-1].next_key() if self.open else None

    def _scalar(self, event: Any) -> Scalar:
        tag = event.tag
        if tag is None or tag == "!":
            implicit = event.implicit if tag is None else (False, True)
            tag = self.resolver.resolve(self.yaml.ScalarNode, event.value, implicit)
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
        return Scalar(
            value,
            kind,
            event.start_mark.index + self.shift,
            event.end_mark.index + self.shift,
            _STYLES.get(event.style, "plain"),
            self._next_key(),
        )
