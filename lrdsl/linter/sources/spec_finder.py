"""The spec finder: which nodes of a document are specs, and what is known of their runs.

A value is a spec by its place (`spec`, `lr`, `…_lr`, what an entry point of lrdsl takes), or by
what it says: it calls a shape and nothing unknown. A mapping in the place of a spec is a program,
or a tree. What describes the run is looked for beside a spec, and outward through the mappings
around it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from lrdsl.diagnostics import SpecError
from lrdsl.linter.origin import SiblingSpec, SpecOrigin
from lrdsl.linter.program_context import program_origins
from lrdsl.linter.sources.document import (
    Document,
    Mapping,
    Node,
    Scalar,
    Sequence,
    nodes_within,
)
from lrdsl.linter.sources.entry_points import RUN, EntryPoint, entry_point
from lrdsl.linter.sources.found_spec import FoundSpec, Scope
from lrdsl.linter.sources.heuristics import (
    calls_schedule,
    defines,
    is_number,
    is_spec_key,
    looks_like_program,
    looks_like_spec,
)
from lrdsl.linter.sources.spec_text import NotATree, text_of_node, tree_data
from lrdsl.schedule.program import ProgramEntry, language_of, parse_program
from lrdsl.syntax.grammar import NAME
from lrdsl.syntax.spec import as_number
from lrdsl.tree.keywords import is_tree

_HYDRAS_OWN = frozenset({"hydra", "defaults"})
_AROUND = RUN | {"base_lr"}
_NO_PRESETS: frozenset[str] = frozenset()


class SpecFinder:
    """Finds the specs in a document.

    `presets` gives the names of configs, which are no specs. `is_preset` says that the document is
    such a config itself, and may be a tree as a whole.

    >>> from lrdsl.linter.sources.yaml_document import read_yaml
    >>> (document,) = read_yaml("total_steps: 9\\nlr: {head: 'cosine()', '*': 'hold()'}\\nx: hm")
    >>> [(found.origin.key, found.context) for found in SpecFinder(document).find()]
    [('lr.head', {'total_steps': 9}), ('lr.*', {'total_steps': 9})]
    """

    def __init__(
        self,
        document: Document,
        presets: Callable[[], frozenset[str]] = lambda: _NO_PRESETS,
        is_preset: bool = False,
    ) -> None:
        self.document = document
        self.presets = presets
        self.is_preset = is_preset
        self.specs: dict[int, FoundSpec] = {}
        """By the identity of the node."""

    def find(self) -> list[FoundSpec]:
        """The specs, in the order in which they were found."""
        root = self.document.root
        if self.is_preset and self._is_tree(root):
            self._add(Scope().found(root, False))
        self._walk(root)
        for tree in [each.node for each in self.specs.values()]:
            if not isinstance(tree, Scalar):  # what is below it is no spec by itself
                for below in nodes_within(tree):
                    if below is not tree:
                        self.specs.pop(id(below), None)
        return list(self.specs.values())

    def _walk(self, root: Node) -> None:
        """Look at every node once: anchors may lead to one in many ways."""
        seen: set[int] = set()
        left: list[tuple[Node, Scope]] = [(root, Scope())]
        while left:
            node, scope = left.pop()
            if isinstance(node, Scalar):
                if not self.document.holds_calls:
                    self._by_content(node, scope)
            elif id(node) not in seen and not self._is_found_tree(node):
                seen.add(id(node))
                if isinstance(node, Mapping):
                    inner = self._mapping(node, scope)
                else:
                    inner = [(each, scope) for each in node.items]
                left += reversed(inner)

    def _is_found_tree(self, node: Node) -> bool:
        return id(node) in self.specs

    def _mapping(self, node: Mapping, outer: Scope) -> list[tuple[Node, Scope]]:
        """Find the specs among the values of a mapping; what is to be looked at below it."""
        target = node.get("_target_")
        entry = entry_point(target.text) if isinstance(target, Scalar) else None
        scope = self._scope(node, outer, entry)
        inherited = scope.inherited()
        inner: list[tuple[Node, Scope]] = []
        for key, value in node.pairs:
            name = key.text
            if node.key is None and name in _HYDRAS_OWN:
                continue
            if entry is not None and name == entry.spec:
                self._argument(value, scope, entry)
            elif name == "definitions" and not isinstance(value, Mapping):
                self._definitions_snippet(value, is_used=entry is not None)
            elif entry is not None and name in entry.context:
                continue
            elif not (is_spec_key(name) and self._by_key(name, value, scope)):
                inner.append((value, inherited))
        return inner

    def _scope(self, node: Mapping, outer: Scope, entry: EntryPoint | None) -> Scope:
        """The scope of the specs in a mapping: its own entries over those around it."""
        context, origin = self.document.surroundings(node)
        context = {**outer.context, **context}
        for name, value in node.items() if entry is not None else _only(node, _AROUND):
            if not isinstance(value, Scalar) or name == "definitions":
                continue
            if entry is None:
                found = self._number(value)
            else:
                found = self._argument_value(name, value, entry) if entry.takes(name) else None
            if found is not None:
                context[name] = found
        scope = Scope(context, outer.definitions, outer.definitions_unknown, origin)
        return self._with_definitions(scope, node.get("definitions"))

    def _argument_value(self, name: str, value: Scalar, entry: EntryPoint) -> Any:
        """An argument of an entry point: a number, or text where no text can be of use."""
        number = self._number(value)
        is_context = name in entry.context
        if number is not None or not is_context:
            return number if is_context or NAME.fullmatch(name) else None
        if value.kind == "text" and not self.document.placeholders(value):
            return value.value if not is_number(value.value) else None
        return None

    def _with_definitions(self, scope: Scope, node: Node | None) -> Scope:
        """The scope with the definitions that a node holds: text, or a list of texts."""
        every = node.items if isinstance(node, Sequence) else () if node is None else (node,)
        found: list[str] = []
        for each in every:
            if not isinstance(each, Scalar) or each.kind == "number" or each.kind == "bool":
                return scope  # the definitions of something else
            if each.value is None:  # none at all; a composed config has no other word for it
                continue
            known = self.document.known_text(each) if each.kind == "text" else None
            text = None if known is None else self.document.definitions(known)
            if text is None:
                return scope.with_definitions(None)
            found.append(text)
        return scope.with_definitions(tuple([text for text in found if text]))

    def _definitions_snippet(self, node: Node | None, is_used: bool) -> None:
        """Note the texts of definitions that are written in the document."""
        for each in node.items if isinstance(node, Sequence) else [node]:
            if not isinstance(each, Scalar) or each.kind != "text":
                continue
            if not each.value.strip().endswith(".lr") and (is_used or defines(each.value)):
                self._add(FoundSpec(each, "definitions", origin=SpecOrigin(key=str(each.key))))

    def _number(self, value: Scalar) -> int | float | None:
        """The number that a scalar is, as far as the document shows it."""
        if value.kind == "number" and not isinstance(value.value, str):
            return as_number(value.value)
        text = self.document.known_text(value)
        if text is None or value.style != "plain" or not is_number(text):
            return None
        number = float(text)
        return int(number) if number.is_integer() else number

    # What an entry point takes.

    def _argument(self, node: Node, scope: Scope, entry: EntryPoint) -> None:
        """Read the spec of an entry point: text, a mapping with `spec`, a tree, or a program."""
        if entry.role != "spec":
            if isinstance(node, Scalar) and node.kind == "text":
                key = str(node.key or "")
                origin = SpecOrigin(key, definitions_unknown=scope.origin.definitions_unknown)
                self._add(FoundSpec(node, entry.role, {}, origin, is_used=True))
            return
        self._program(self._referent(node), scope, is_used=True)

    def _program(self, node: Node, scope: Scope, is_used: bool) -> None:
        """A single spec, or every spec of a program, in the place of a spec."""
        entries, is_single = parse_program(node, language_of(scope.definitions))
        if is_single:
            self._single(node, scope, is_used)
            return
        own = node.get("definitions") if isinstance(node, Mapping) else None
        self._definitions_snippet(own, is_used)
        origins = program_origins([(each, self._sibling(each)) for each in entries])
        for entry, told in zip(entries, origins, strict=True):
            has_own = isinstance(entry.spec, Mapping) and "definitions" in entry.spec
            inner = scope if has_own else self._with_definitions(scope, own)
            origin = replace(
                scope.origin, drives=told.drives, pattern=told.pattern, siblings=told.siblings
            )
            self._single(entry.spec, replace(inner, origin=origin), is_used)

    def _sibling(self, entry: ProgramEntry) -> SiblingSpec:
        """A spec of a program as the others see it."""
        node: Node = entry.spec
        own: tuple[str, ...] = ()
        if isinstance(node, Mapping) and "spec" in node:
            own = self._with_definitions(Scope(), node.get("definitions")).definitions
            node = node["spec"]
        node = self._referent(node)
        if isinstance(node, Scalar):
            is_known = node.kind in ("text", "number")
            text = self.document.known_text(node) if is_known else None
        else:
            found = text_of_node(self.document, node)
            text = None if found is None or found.mistakes else found.text
        return SiblingSpec(entry.key, text, "\n".join(own))

    def _single(self, node: Node, scope: Scope, is_used: bool) -> None:
        """One spec, which may have definitions of its own beside it."""
        node = self._referent(node)
        while isinstance(node, Mapping) and "spec" in node:
            scope = self._with_definitions(scope, node.get("definitions"))
            self._definitions_snippet(node.get("definitions"), is_used)
            node = self._referent(node["spec"])
        if not isinstance(node, Scalar) or node.kind in ("text", "number"):
            self._add(scope.found(node, is_used))

    def _referent(self, node: Node) -> Node:
        return self.document.referent(node) if isinstance(node, Scalar) else node

    # What is a spec by its key, or by what it says.

    def _by_key(self, name: str, node: Node, scope: Scope) -> bool:
        """A value at a key that is for specs; whether it is one, or a program."""
        if isinstance(node, Scalar):
            if not self._looks_meant(name, node):
                return False
            is_number_text = node.style == "plain" and is_number(node.text)
            is_mistaken = node.kind == "text" and is_number_text and name != "spec"
            self._add(scope.found(node, False, yaml_text_number=is_mistaken))
            return True
        if self._is_tree(node):
            self._add(scope.found(node, False))
            return True
        if isinstance(node, Mapping) and looks_like_program(self._sketched(node)):
            self._program(node, scope, is_used=False)
            return True
        return False

    def _looks_meant(self, name: str, scalar: Scalar) -> bool:
        """Whether a scalar at a key for specs is meant as one."""
        if scalar.kind == "number":
            # A number under `lr` may well be an optimizer's, which is not a schedule.
            return self.document.is_config and name == "spec"
        if scalar.kind != "text":
            return False
        text = scalar.value.strip()
        if is_number(text):  # a constant; elsewhere it is for YAML to read
            return name == "spec" or scalar.style in ("plain", "text")
        return looks_like_spec(text) or (
            NAME.fullmatch(text) is not None and looks_like_spec(text, self.presets())
        )

    def _by_content(self, scalar: Scalar, scope: Scope) -> None:
        may_call = scalar.kind == "text" and ("(" in scalar.value or "[" in scalar.value)
        if may_call and calls_schedule(self.document.sketch(scalar)):
            self._add(scope.found(scalar, False))

    def _is_tree(self, node: Node) -> bool:
        """Whether a mapping or a list at a key for specs is a tree that calls a schedule."""
        if isinstance(node, Scalar) or not is_tree(node):
            return False
        if isinstance(node, Mapping) and "spec" in node:
            return False
        try:
            return calls_schedule(tree_data(self.document, node))
        except NotATree:
            return False
        except SpecError:
            # Its key names something that can be called; elsewhere that may be chance.
            return self.document.is_config and isinstance(node, Mapping)

    def _sketched(self, node: Node, depth: int = 0) -> Any:
        """A program as plain data, with names in the place of its references."""
        if isinstance(node, Scalar):
            return self.document.sketch(node) if node.kind == "text" else node.value
        if isinstance(node, Mapping) and depth < 2:
            return {name: self._sketched(each, depth + 1) for name, each in node.items()}
        return None

    def _add(self, found: FoundSpec) -> None:
        known = self.specs.get(id(found.node))
        self.specs[id(found.node)] = found if known is None else known.seen_again(found)


def _only(node: Mapping, names: Iterable[str]) -> Iterator[tuple[str, Node]]:
    """The pairs of a mapping whose keys are among some names."""
    return ((name, node[name]) for name in names if name in node)
