"""YAML as a tree with places. Nothing is recursive, so that no file can exhaust the stack."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from lrdsl.linter.source_file import Style

_STYLES: dict[str | None, Style] = {
    "'": "single",
    '"': "double",
    "|": "literal",
    ">": "folded",
}


MAX_YAML_DEPTH = 500
"""Levels of the deepest nesting that is read; the work that libyaml has grows with its square.

Half of the 1000 levels at which libyaml itself gives up from 0.2.6 on, so that the message does not
depend on which version is installed.
"""

_READ_AHEAD = 1024
"""Characters that the scanner of libyaml may be ahead of the events."""


class NotYaml(Exception):
    """Text that is no YAML; the message says why, and where."""


@dataclass(eq=False)
class Scalar:
    """A scalar at `start` to `stop` of the text, quotes and block header included."""

    value: str
    start: int
    stop: int
    style: Style
    tag: str = ""
    """The kind that YAML takes it for, `str` or `float` for example."""


@dataclass(eq=False)
class Sequence:
    """A list."""

    items: list[Node] = field(default_factory=list)


@dataclass(eq=False)
class Mapping:
    """A mapping, its own pairs in order."""

    pairs: list[tuple[Node, Node]] = field(default_factory=list)

    def items(self) -> Iterator[tuple[str, Node]]:
        """Keys that are scalars with their values: its own, then those of merge keys (`<<`)."""
        names: set[str] = set()
        seen: set[int] = set()
        left: list[Mapping] = [self]
        while left:
            each = left.pop(0)
            if id(each) in seen:
                continue
            seen.add(id(each))
            for key, value in each.pairs:
                if not isinstance(key, Scalar):
                    continue
                if key.value == "<<":
                    merged = value.items if isinstance(value, Sequence) else [value]
                    left += [other for other in merged if isinstance(other, Mapping)]
                elif key.value not in names:
                    names.add(key.value)
                    yield key.value, value

    def get(self, key: str) -> Node | None:
        """The value at a key."""
        return next((value for name, value in self.items() if name == key), None)

    def text(self, key: str) -> str | None:
        """The text of the scalar at a key, None if there is none."""
        found = self.get(key)
        return found.value if isinstance(found, Scalar) else None


Node = Scalar | Sequence | Mapping


def documents(text: str) -> Iterator[Node]:
    """The documents in a text. Raises NotYaml.

    >>> (document,) = documents("lr: 0.1")
    >>> document.get("lr").tag, document.get("lr").start
    ('float', 4)
    """
    import yaml

    shift = 1 if text.startswith("\ufeff") else 0
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text[shift:])
    try:
        yield from _documents(loader, shift, yaml)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        if mark is not None and _nested_ahead(text[: mark.index + shift]):
            raise _too_deep(mark.line) from None
        where = "" if mark is None else f"line {mark.line + 1}, column {mark.column + 1}: "
        why = getattr(error, "problem", None) or getattr(error, "reason", None) or "it is malformed"
        raise NotYaml(f"{where}{why}") from None
    finally:
        loader.dispose()


def _nested_ahead(scanned: str) -> bool:
    """Whether the scanner met libyaml's own limit, in brackets for which no event was made yet."""
    ahead = scanned[-_READ_AHEAD:]
    opened = ahead.count("[") + ahead.count("{")
    return opened - ahead.count("]") - ahead.count("}") >= MAX_YAML_DEPTH


def _too_deep(line: int) -> NotYaml:
    return NotYaml(f"line {line + 1}: it is nested deeper than {MAX_YAML_DEPTH} levels")


def _documents(loader: Any, shift: int, yaml: Any) -> Iterator[Node]:
    resolver = yaml.SafeLoader("")
    anchors: dict[str, Node] = {}
    stack: list[Sequence | Mapping] = []
    keys: list[Node | None] = []
    """For each mapping on the stack the key that waits for its value."""
    while (event := loader.get_event()) is not None:
        if isinstance(event, yaml.StreamEndEvent):
            return
        node: Node
        if isinstance(event, yaml.ScalarEvent):
            node = _scalar(event, shift, resolver, yaml)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = Sequence()
        elif isinstance(event, yaml.MappingStartEvent):
            node = Mapping()
        elif isinstance(event, yaml.AliasEvent):
            if event.anchor not in anchors:
                line = event.start_mark.line + 1
                raise NotYaml(f"line {line}: there is no anchor `{event.anchor}` above")
            node = anchors[event.anchor]
        elif isinstance(event, (yaml.SequenceEndEvent, yaml.MappingEndEvent)):
            stack.pop()
            keys.pop()
            continue
        else:
            if isinstance(event, yaml.DocumentStartEvent):
                anchors = {}
            continue
        if not isinstance(event, yaml.AliasEvent) and event.anchor is not None:
            anchors[event.anchor] = node
        if not stack:
            yield node
        elif isinstance(parent := stack[-1], Sequence):
            parent.items.append(node)
        elif keys[-1] is None:
            keys[-1] = node
        else:
            parent.pairs.append((keys[-1], node))
            keys[-1] = None
        if isinstance(event, yaml.CollectionStartEvent) and not isinstance(node, Scalar):
            if len(stack) >= MAX_YAML_DEPTH:
                raise _too_deep(event.start_mark.line)
            stack.append(node)
            keys.append(None)


def _scalar(event: Any, shift: int, resolver: Any, yaml: Any) -> Scalar:
    tag = event.tag
    if tag is None or tag == "!":
        implicit = event.implicit if tag is None else (False, True)
        tag = resolver.resolve(yaml.ScalarNode, event.value, implicit)
    start, stop = event.start_mark.index + shift, event.end_mark.index + shift
    style = _STYLES.get(event.style, "plain")
    return Scalar(event.value, start, stop, style, tag.rpartition(":")[2])
