"""Specs in YAML: Hydra's configs, and any other file that has them.

A value is a spec by its place (`spec`, `lr`, `*_lr`, what a lrdsl `_target_` takes) or by what it
says: it calls a shape. `${…}` is what the same file says it is, else a variable that is not known.
A sequence of documents is read one by one; the root key `hydra`, and `defaults`, hold no specs.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from lrdsl.compiler.context import PARTS
from lrdsl.diagnostics import SpecError
from lrdsl.language.library.files import text_of
from lrdsl.language.presets import GROUP
from lrdsl.language.reserved import RESERVED
from lrdsl.linter.program_context import facts_of
from lrdsl.linter.source_file import Role, Snippet
from lrdsl.linter.sources import yaml_nodes, yaml_trees
from lrdsl.linter.sources.heuristics import (
    calls_schedule,
    is_number,
    is_spec_key,
    looks_like_program,
    looks_like_spec,
)
from lrdsl.linter.sources.placeholders import LONGEST, Hole, fill
from lrdsl.linter.sources.suppressions import Control
from lrdsl.linter.sources.yaml_nodes import Scalar
from lrdsl.linter.sources.yaml_offsets import offsets_of
from lrdsl.syntax.grammar import NAME
from lrdsl.tree.interpolations import after_interpolation

_REFERENCE = re.compile(r"\$\{([^${}]*)\}")
_DEF = re.compile(r"^[ \t]*def\s+([A-Za-z][\w.]*)", re.MULTILINE)
_DEEP = 10
"""So many references to references are followed."""

_NO_VARIABLES = PARTS | RESERVED | {"last_epoch", "metric_reduction", "optimizer"}
"""What a lrdsl `_target_` takes that is no variable of the spec."""


@dataclass
class _Tree:
    """A mapping or a list that is a spec, and what its place tells."""

    node: yaml_nodes.Node
    path: str
    context: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass
class _Place:
    """A scalar that is a spec, and what its place tells."""

    scalar: Scalar
    path: str
    role: Role
    number: bool
    """Whether it is meant as a number, which YAML takes for text."""
    context: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)


def snippets(
    text: str,
    control: Control,
    folder: str = "",
    presets: Callable[[], frozenset[str]] = frozenset,
) -> Iterator[Snippet]:
    """The specs in a YAML text. Raises NotYaml.

    `control` has the comments for the linter; `folder` is where files named in the text lie,
    `presets` gives the names of the configs of its groups.

    >>> text = "lr: {spec: 'wsd(0.1, 9, 80, 9)'}"
    >>> [snippet.text for snippet in snippets(text, Control(text))]
    ['wsd(0.1, 9, 80, 9)']
    """
    # All are read before the first is handed out: a file is YAML to its end, or is not.
    for document in list(yaml_nodes.documents(text)):
        yield from _Document(text, document, control, folder, presets).snippets()


class _Document:
    def __init__(
        self,
        text: str,
        root: yaml_nodes.Node,
        control: Control,
        folder: str,
        presets: Callable[[], frozenset[str]],
    ) -> None:
        self.text = text
        self.root = root
        self.control = control
        self.folder = folder
        self.presets = presets
        self.values: dict[str, str | None] = {}
        """What references stand for; None also for one that is being followed."""
        self.places: dict[int, _Place] = {}
        """By the identity of the scalar, in the order of the text."""
        self.trees: dict[int, _Tree] = {}
        """By the identity of the node; what is below them is no spec by itself."""

    def snippets(self) -> Iterator[Snippet]:
        self._walk()
        for place in sorted(self.places.values(), key=lambda each: each.scalar.start):
            snippet = self._snippet(place)
            if snippet is not None:
                yield snippet
        for tree in self.trees.values():
            snippet = self._tree_snippet(tree)
            if snippet is not None:
                yield snippet

    def _walk(self) -> None:
        """Look at every value once: anchors may lead to a value in many ways, or in circles."""
        seen: set[int] = set()
        left: list[tuple[yaml_nodes.Node, str]] = [(self.root, "")]
        # Elsewhere the one key of a file may well be a name that lrdsl knows by chance.
        is_preset = os.path.basename(os.path.abspath(self.folder)) == GROUP
        if is_preset and yaml_trees.is_one(self.root, False, self._holes):
            self._add_tree(self.root, "", {}, {})
        while left:
            node, path = left.pop()
            if id(node) in self.trees:
                seen |= {id(each) for each in yaml_trees.within(node)}
                continue
            if id(node) in seen or isinstance(node, Scalar):
                continue
            seen.add(id(node))
            if isinstance(node, yaml_nodes.Sequence):
                for i, item in enumerate(node.items):
                    left.append((item, f"{path}[{i}]"))
                    self._value(None, item, f"{path}[{i}]", {}, {})
                continue
            target = node.text("_target_") or ""
            context, facts = self._beside(node, target)
            if target.startswith("lrdsl."):
                self._argument(node.get("spec"), f"{path}.spec".lstrip("."), context, facts)
            for key, value in node.pairs:
                name = key.value if isinstance(key, Scalar) else ""
                if not path and name in ("hydra", "defaults"):
                    continue
                inner = f"{path}.{name}".lstrip(".")
                left.append((value, inner))
                by_place = is_spec_key(name)
                own = context if by_place else {}
                if by_place and not target and self._is_program(value):
                    self._argument(value, inner, own, facts)
                self._value(name, value, inner, own, facts)

        for tree in self.trees.values():  # one may be seen to be a tree after what is below it
            for below in yaml_trees.within(tree.node):
                self.places.pop(id(below), None)

    def _beside(
        self, node: yaml_nodes.Mapping, target: str
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """What the keys of a mapping tell of the run, and other facts."""
        context: dict[str, Any] = {}
        facts: dict[str, Any] = {}
        ours = target.startswith("lrdsl.")
        for name, value in node.items():
            if not isinstance(value, Scalar) or name == "spec":
                continue
            if name == "definitions":
                found = self._definitions(value)
                if found is None:
                    facts["definitions_unknown"] = True
                elif found:
                    context["definitions"] = found
            elif name in PARTS or (ours and NAME.fullmatch(name) and name not in _NO_VARIABLES):
                if name == "base_lr" and target.endswith(".Scheduler"):
                    continue
                number = self._number(value)
                if number is not None:
                    context[name] = number
        return context, facts

    def _definitions(self, value: Scalar) -> str | None:
        """The text of definitions; None if it is not known."""
        if value.tag == "null":
            return ""
        text = self._known(value.value)
        if text is None or not text.strip().endswith(".lr"):
            return text
        try:
            return text_of(os.path.join(self.folder, text.strip()))
        except SpecError:
            return None

    def _number(self, value: Scalar) -> float | None:
        text = self._known(value.value)
        if text is None or value.style != "plain" or not is_number(text):
            return None
        number = float(text)
        return int(number) if number.is_integer() else number

    def _argument(
        self,
        node: yaml_nodes.Node | None,
        path: str,
        context: dict[str, Any],
        facts: dict[str, Any],
    ) -> None:
        """What a lrdsl `_target_` takes: a spec, a mapping with one, or a program of them."""
        if isinstance(node, Scalar):
            found = _REFERENCE.fullmatch(node.value.strip())
            if found is not None and (aim := self._at(found[1])) is not None:
                node, path = aim, found[1]
        if isinstance(node, Scalar):
            self._add(node, path, "spec", context, facts)
        elif node is not None and yaml_trees.is_one(node, True, self._holes):
            self._add_tree(node, path, context, facts)
            return
        if not isinstance(node, yaml_nodes.Mapping):
            return
        inner, more = self._beside(node, "")
        context, facts = {**context, **inner}, {**facts, **more}
        if node.get("spec") is not None:
            self._one(node.get("spec"), f"{path}.spec", context, facts)
            return
        told = facts_of(self._plain(node))
        for name, value in node.items():
            if name == "definitions":
                continue
            is_tree = yaml_trees.is_one(value, True, self._holes)
            if isinstance(value, yaml_nodes.Mapping) and not is_tree and value.get("spec") is None:
                for pattern, one in value.items():  # by parameter group
                    own = told.get((name, pattern), {})
                    self._one(one, f"{path}.{name}.{pattern}", context, {**facts, **own})
            else:
                own = told.get((name, None), {})
                self._one(value, f"{path}.{name}", context, {**facts, **own})

    def _one(
        self,
        node: yaml_nodes.Node | None,
        path: str,
        context: dict[str, Any],
        facts: dict[str, Any],
    ) -> None:
        """A spec of a program, which may have definitions of its own beside it."""
        if node is not None and yaml_trees.is_one(node, True, self._holes):
            self._add_tree(node, path, context, facts)
            return
        if isinstance(node, yaml_nodes.Mapping):
            inner, more = self._beside(node, "")
            context, facts = {**context, **inner}, {**facts, **more}
            node = node.get("spec")
        if isinstance(node, Scalar):
            self._add(node, path, "spec", context, facts)

    def _plain(self, node: yaml_nodes.Mapping, deep: int = 0) -> dict[str, Any]:
        """The specs of a program, None for what is not known."""
        found: dict[str, Any] = {}
        for name, value in node.items():
            if name == "definitions" and not deep:
                continue  # they are in the context of each
            found[name] = None
            if isinstance(value, Scalar) and value.tag != "null":
                found[name] = self._known(value.value)
            elif yaml_trees.is_one(value, True, self._holes):
                made = yaml_trees.text_of(value, self._holes)
                found[name] = None if made is None else made.text
            elif isinstance(value, yaml_nodes.Mapping) and deep < 2:
                found[name] = self._plain(value, deep + 1)
        return found

    def _value(
        self,
        name: str | None,
        node: yaml_nodes.Node,
        path: str,
        context: dict[str, Any],
        facts: dict[str, Any],
    ) -> None:
        """A value anywhere: a spec by its key, or by what it says."""
        if not isinstance(node, Scalar):
            by_name = name is not None and is_spec_key(name)
            if by_name and (id(node) in self.trees or yaml_trees.is_one(node, False, self._holes)):
                self._add_tree(node, path, context, facts)
            return
        if name == "definitions" and _DEF.search(node.value):
            self._add(node, path, "definitions", {}, {})
        elif name is not None and is_spec_key(name):
            if self._is_one_by_place(node, name):
                number = node.style == "plain" and is_number(node.value)
                self._add(node, path, "spec", context, facts, number and name != "spec")
        elif node.tag == "str" and "(" in node.value and calls_schedule(self._sketch(node.value)):
            self._add(node, path, "spec", context, facts)

    def _is_one_by_place(self, node: Scalar, name: str) -> bool:
        if node.tag != "str":
            return False
        if is_number(node.value.strip()):  # a constant; elsewhere it is for YAML to read
            return name == "spec" or node.style == "plain"
        return looks_like_spec(node.value) or (
            NAME.fullmatch(node.value.strip()) is not None
            and looks_like_spec(node.value, self.presets())
        )

    def _is_program(self, node: yaml_nodes.Node) -> bool:
        return isinstance(node, yaml_nodes.Mapping) and looks_like_program(self._sketched(node))

    def _sketched(self, node: yaml_nodes.Mapping, deep: int = 0) -> dict[str, Any]:
        """A mapping as data, with names in the place of the references in it."""
        return {
            name: self._sketch(value.value)
            if isinstance(value, Scalar)
            else self._sketched(value, deep + 1)
            if isinstance(value, yaml_nodes.Mapping) and deep < 1
            else None
            for name, value in node.items()
        }

    @staticmethod
    def _sketch(value: str) -> str:
        """The text with names in the place of its references, to see what it calls."""
        return _REFERENCE.sub("x", value) if "${" in value else value

    def _add(
        self,
        scalar: Scalar,
        path: str,
        role: Role,
        context: dict[str, Any],
        facts: dict[str, Any],
        number: bool = False,
    ) -> None:
        place = self.places.setdefault(id(scalar), _Place(scalar, path, role, number))
        place.number = place.number and number
        place.context = {**context, **place.context}
        place.facts = {**facts, **place.facts}

    def _add_tree(
        self, node: yaml_nodes.Node, path: str, context: dict[str, Any], facts: dict[str, Any]
    ) -> None:
        tree = self.trees.setdefault(id(node), _Tree(node, path))
        tree.context = {**context, **tree.context}
        tree.facts = {**facts, **tree.facts}

    def _tree_snippet(self, tree: _Tree) -> Snippet | None:
        found = yaml_trees.text_of(tree.node, self._holes)
        if found is None:
            return None
        first, last = min(found.offsets), max(found.offsets)
        return Snippet(
            found.text,
            found.offsets,
            "yaml",
            "plain",
            {**tree.facts, "key": tree.path},
            tree.context,
            self.control.within(first, last),
            writable=False,
            unknown=found.unknown,
        )

    def _snippet(self, place: _Place) -> Snippet | None:
        scalar = place.scalar
        offsets = None
        if scalar.stop - scalar.start <= 2 * LONGEST:
            offsets = offsets_of(self.text, scalar.start, scalar.stop, scalar.value, scalar.style)
        writable = offsets is not None
        if offsets is None:  # every character stands where the scalar begins
            offsets = (*[scalar.start] * len(scalar.value), scalar.stop)
        text = scalar.value
        unknown: tuple[tuple[int, int], ...] = ()
        if "${" in text:
            filled = fill(text, offsets, self._holes(text))
            if filled is None:
                return None
            text, offsets, unknown = filled
            writable = False
        facts = {**place.facts, "key": place.path}
        if place.number:
            facts["yaml_text_number"] = True
        if NAME.fullmatch(text.strip()):
            facts["preset_names"] = tuple(sorted(self.presets()))
        context = place.context if place.role == "spec" else {}
        return Snippet(
            text,
            offsets,
            "yaml",
            scalar.style,
            facts,
            context,
            self.control.within(scalar.start, scalar.stop),
            writable,
            place.role,
            unknown,
        )

    def _holes(self, text: str) -> Iterator[Hole]:
        at = 0
        while (start := text.find("${", at)) >= 0:
            at = after_interpolation(text, start)
            inside = text[start + 2 : at - 1]
            value = self._known(text[start:at])
            yield Hole(start, at, inside, value)

    def _known(self, text: str, deep: int = 0) -> str | None:
        """The text with its references followed; None if the file does not tell them all."""
        parts: list[str] = []
        done = 0
        for found in _REFERENCE.finditer(text):
            value = self._value_of(found[1], deep)
            if value is None:
                return None
            parts += [text[done : found.start()], value]
            done = found.end()
        whole = "".join([*parts, text[done:]])
        return None if "${" in whole or len(whole) > LONGEST else whole

    def _value_of(self, reference: str, deep: int) -> str | None:
        """What a reference stands for, looked up once."""
        if reference not in self.values and deep < _DEEP:
            self.values[reference] = None
            node = self._at(reference)
            if isinstance(node, Scalar) and node.tag != "null":
                self.values[reference] = self._known(node.value, deep + 1)
        return self.values.get(reference)

    def _at(self, reference: str) -> yaml_nodes.Node | None:
        """The node that a plain reference such as `optimizer.lr` is to."""
        node: yaml_nodes.Node | None = self.root
        for name in re.findall(r"[^.\[\]]+", reference):
            if isinstance(node, yaml_nodes.Mapping):
                node = node.get(name)
            elif isinstance(node, yaml_nodes.Sequence) and name.isdecimal():
                node = node.items[int(name)] if int(name) < len(node.items) else None
            else:
                return None
        return None if reference.startswith(".") or ":" in reference else node


def preset_names(folder: str) -> frozenset[str]:
    """The names of the configs in the folders of a folder: the options of Hydra's groups."""
    found = set()
    try:
        groups = [each.path for each in os.scandir(folder or ".") if each.is_dir()]
        for group in groups:
            for name in os.listdir(group):
                stem, extension = os.path.splitext(name)
                if extension in (".yaml", ".yml"):
                    found.add(stem)
    except OSError:
        return frozenset(found)
    return frozenset(found)
