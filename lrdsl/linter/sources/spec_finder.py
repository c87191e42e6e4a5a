"""The spec finder: which nodes of a document are specs, and what is known of their runs.

A value is a spec by its place (`spec`, `lr`, `…_lr`, what an entry point of lrdsl takes), or by
what it says: it calls a shape and nothing unknown. A mapping in the place of a spec is a program,
or a tree. What describes the run is looked for beside a spec, and outward through the mappings
around it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeAlias

from lrdsl.compiler.context import told_over
from lrdsl.diagnostics import SpecError
from lrdsl.linter.origin import SiblingSpec, SpecOrigin
from lrdsl.linter.program_context import siblings_by_sort
from lrdsl.linter.sources import heuristics
from lrdsl.linter.sources.document import Document, Mapping, Node, Scalar, Sequence, nodes_within
from lrdsl.linter.sources.entry_points import RUN, EntryPoint, entry_point
from lrdsl.linter.sources.found_spec import FoundSpec, Scope
from lrdsl.linter.sources.spec_text import NotATree, listed, sketched, text_of_node, tree_data
from lrdsl.schedule.batch_size import BATCH_SIZE, as_size
from lrdsl.schedule.program import language_of
from lrdsl.schedule.program_entries import ONE_SPEC, ProgramEntry, parse_program
from lrdsl.syntax.grammar import NAME
from lrdsl.syntax.spec import as_number
from lrdsl.tree.keywords import is_tree

_HYDRAS_OWN = frozenset({"hydra", "defaults"})
_AROUND = RUN | {"base_lr"}
_NO_NUMBERS = _AROUND | {"definitions", "spec"}

_Waiting: TypeAlias = "tuple[Node, Scope, str | int | None]"
"""A node to be looked at, the scope of the node above, and the last part of its key."""


_Values: TypeAlias = tuple[tuple[ProgramEntry, Scope], ...]
"""The specs of numbers that no optimizer holds, each with the scope of its place."""


class SpecFinder:
    """Finds the specs in a document.

    >>> from lrdsl.linter.sources.yaml_document import read_yaml
    >>> (document,) = read_yaml("total_steps: 9\\nlr: {head: 'cosine()', '*': 'hold()'}\\nx: hm")
    >>> [(found.origin.key, found.context) for found in SpecFinder(document).find()]
    [('lr.head', {'total_steps': 9}), ('lr.*', {'total_steps': 9})]
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self.specs: dict[int, FoundSpec] = {}
        """By the identity of the node."""

    def find(self) -> list[FoundSpec]:
        """The specs, in the order in which they were found."""
        root = self.document.root
        if self.document.is_spec:
            scope = Scope()
            if isinstance(root, Mapping) and "spec" in root:
                scope = self._scope(root, scope, None)
            self._program(root, scope, is_used=True)
        else:
            if self.document.is_preset and self._is_tree(root):
                self._spec(root, Scope())
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
        left: list[_Waiting] = [(root, Scope(), None)]
        while left:
            node, scope, part = left.pop()
            if isinstance(node, Scalar):
                if not self.document.holds_calls and self._calls_schedule(node):
                    self._spec(node, scope.at(part))
            elif id(node) not in seen and id(node) not in self.specs:
                seen.add(id(node))
                scope = scope.at(part)
                if isinstance(node, Mapping):
                    left += reversed(self._mapping(node, scope))
                else:
                    is_root = node is root and self.document.holds_calls  # calls have no keys
                    inner = [(x, scope, None if is_root else i) for i, x in enumerate(node.items)]
                    left += reversed(inner)

    def _mapping(self, node: Mapping, outer: Scope) -> list[_Waiting]:
        """Find the specs among the values of a mapping; what is to be looked at below it."""
        target = node.get("_target_")
        entry = entry_point(target.text) if isinstance(target, Scalar) else None
        scope = self._scope(node, outer, entry)
        # Further inside, a learning rate may be another's.
        run = {name: value for name, value in scope.context.items() if name in RUN}
        around = scope.origin.inherited()
        inner: list[_Waiting] = []
        members = self._members(node) if target is None else frozenset()
        if members:
            own = [pair for pair in node.pairs if pair[0].text in members | {"definitions"}]
            self._program(replace(node, pairs=tuple(own)), scope, is_used=False)
        for key, value in node.pairs:
            name = key.text
            if name in members or (not scope.key and name in _HYDRAS_OWN):
                continue
            if entry is not None and name == entry.spec:
                self._argument(value, scope.at(name), entry, self._values(node, scope, entry))
            elif entry is not None and entry.takes_values and name == "values":
                if entry.spec not in node:
                    self._value_specs(self._values(node, scope, entry), ())
            elif name == "definitions" and not isinstance(value, Mapping):
                self._definitions_snippet(value, scope, is_used=entry is not None)
            elif entry is not None and name in entry.context:
                continue
            elif not (heuristics.is_spec_key(name) and self._by_key(name, value, scope.at(name))):
                inner.append((value, Scope(run, around, scope.key), name))
        return inner

    def _members(self, node: Mapping) -> frozenset[str]:
        """The keys of a mapping that make a program, as its texts name each other's numbers."""
        names = {key.text for key, _ in node.pairs}
        texts = [x.value for _, x in node.pairs if isinstance(x, Scalar) and x.kind == "text"]
        if self.document.holds_calls or not any(heuristics.may_reckon(x, names) for x in texts):
            return frozenset()
        values = {
            name: each for name, each in sketched(self.document, node).items() if each is not None
        }
        own = {name: each for name, each in values.items() if name not in _NO_NUMBERS}
        return heuristics.program_members(own)

    def _scope(self, node: Mapping, outer: Scope, entry: EntryPoint | None) -> Scope:
        """The scope of the specs in a mapping: its own entries over those around it."""
        own = {**node.context}
        for key, value in reversed(node.pairs):
            name = key.text
            if not isinstance(value, Scalar) or name == "definitions":
                continue
            if entry is not None and entry.takes(name):
                found = self._argument_value(name, value, entry)
            else:
                found = self._number(value) if entry is None and name in _AROUND else None
            if found is not None:
                own[name] = found
        scope = Scope(told_over(outer.context, own), node.origin.or_else(outer.origin), outer.key)
        return self._with_definitions(scope, node.get("definitions"))

    def _argument_value(self, name: str, value: Scalar, entry: EntryPoint) -> Any:
        """An argument of an entry point: a number, or text where no text can be of use."""
        number = self._number(value)
        if name not in entry.context:
            return number if NAME.fullmatch(name) else None
        is_text = value.kind == "text" and not self.document.placeholders(value)
        if number is None and is_text and not heuristics.is_number(value.value):
            return value.value
        return number

    def _with_definitions(self, scope: Scope, node: Node | None) -> Scope:
        """The scope with the definitions that a node holds: text, or a list of texts."""
        found: list[str] = []
        for each in listed(node):
            if not isinstance(each, Scalar) or each.kind in ("number", "bool"):
                return scope  # the definitions of something else
            if each.value is None:  # none at all; a composed config has no other word for it
                continue
            known = self.document.known_text(each) if each.kind == "text" else None
            text = None if known is None else self.document.definitions(known)
            if text is None:
                return scope.told(definitions_unknown=True, unread_definitions=each.text)
            found += [text] if text else []
        return scope.told(definitions=(*scope.origin.definitions, *found)) if found else scope

    def _definitions_snippet(self, node: Node | None, scope: Scope, is_used: bool) -> None:
        """Note the texts of definitions that are written in the document."""
        origin = SpecOrigin(key=scope.at("definitions").key)
        for each in listed(node):
            if not isinstance(each, Scalar) or each.kind != "text":
                continue
            is_file = each.value.strip().endswith(".lr")
            if not is_file and (is_used or heuristics.defines(each.value)):
                self._add(FoundSpec(each, "definitions", origin=origin))

    def _number(self, value: Scalar) -> int | float | None:
        """The number that a scalar is, as far as the document shows it."""
        if value.kind == "number" and not isinstance(value.value, str):
            return as_number(value.value)
        # A reference alone is what it refers to, also in quotes, which a flow mapping needs.
        is_plain = value.style == "plain" or heuristics.is_reference(value.value)
        text = self.document.known_text(value) if is_plain else None
        return None if text is None else heuristics.as_text_number(text)

    # Specs among the arguments of an entry point.

    def _argument(self, node: Node, scope: Scope, entry: EntryPoint, values: _Values) -> None:
        """Read the spec of an entry point: text, a mapping with `spec`, a tree, or a program."""
        if entry.takes_several and isinstance(node, Sequence):
            for i, each in enumerate(node.items):
                self._single(*self._followed(each, scope.at(i)), is_used=True)
        elif entry.role == "spec":
            self._program(*self._followed(node, scope), is_used=True, values=values)
        elif isinstance(node, Scalar) and node.kind == "text":
            unknown = scope.origin.definitions_unknown
            origin = SpecOrigin(scope.key, definitions_unknown=unknown)
            self._add(FoundSpec(node, entry.role, {}, origin, is_used=True))

    def _values(self, node: Mapping, scope: Scope, entry: EntryPoint) -> _Values:
        """The specs of numbers that no optimizer holds, beside the spec of an entry point."""
        if not entry.takes_values or "values" not in node:
            return ()
        values, place = self._followed(node["values"], scope.at("values"))
        place = place.told(is_value=not entry.is_method)  # in a later plan `_` is what was reached
        pairs = values.pairs if isinstance(values, Mapping) else ()
        return tuple([(ProgramEntry(x.text, None, each), place.at(x.text)) for x, each in pairs])

    def _value_specs(self, values: _Values, beside: tuple[SiblingSpec, ...]) -> None:
        """Note the specs of numbers that no optimizer holds, and those of the program `beside`."""
        own = tuple([self._sibling(entry) for entry, _ in values])
        for sibling, (entry, place) in zip(own, values, strict=True):
            others = siblings_by_sort(sibling, (*beside, *own))
            self._single(entry.spec, place.told(drives=sibling.key, siblings=others), is_used=True)

    def _program(self, node: Node, scope: Scope, is_used: bool, values: _Values = ()) -> None:
        """A single spec, or every spec of a program, in the place of a spec, and the `values`."""
        language = language_of(scope.origin.definitions)
        program = parse_program(node, language, lambda each: self.document.referent(each)[0])
        if program.is_single and not values:
            self._single(node, scope, is_used)
            return
        around = scope.origin
        for i, mapping in enumerate(program.mappings):
            self._definitions_snippet(mapping.get("definitions"), scope, is_used)
            scope = self._with_definitions(scope, mapping.get("definitions"))
            if i < len(program.mappings) - 1:
                _, scope = self._followed(mapping["spec"], scope.at("spec"))
        own = tuple([self._sibling(entry) for entry in program.entries])
        siblings = (*own, *[self._sibling(entry) for entry, _ in values])
        sizes = [each.text for each in own if each.key == BATCH_SIZE and each.text is not None]
        if sizes and len(own) > 1:  # it tells the others what an update takes
            size = {"samples_per_step": as_size(sizes[0])}
            scope = scope._replace(context=told_over(scope.context, size))
        for entry, sibling in zip(program.entries, own, strict=True):
            has_own = isinstance(entry.spec, Mapping) and "definitions" in entry.spec
            inner = scope._replace(origin=around) if has_own else scope
            others = siblings_by_sort(sibling, siblings)
            place = inner.told(drives=sibling.key, pattern=sibling.pattern, siblings=others)
            place = place if program.is_single else place.at(entry.key).at(entry.pattern)
            self._single(entry.spec, place, is_used)
        self._value_specs(values, own)

    def _sibling(self, entry: ProgramEntry) -> SiblingSpec:
        """A spec of a program as the others see it."""
        node: Node = entry.spec
        own: tuple[str, ...] = ()
        if isinstance(node, Mapping) and "spec" in node:
            alone = self._with_definitions(Scope(), node.get("definitions"))
            own, node = alone.origin.definitions, node["spec"]
        node, _ = self.document.referent(node)
        if isinstance(node, Scalar):
            is_known = node.kind in ("text", "number")
            text = self.document.known_text(node) if is_known else None
        else:
            found = text_of_node(self.document, node)
            text = None if found is None or found.mistakes else found.text
        return SiblingSpec(entry.key, text, "\n".join(own), entry.pattern)

    def _single(self, node: Node, scope: Scope, is_used: bool) -> None:
        """One spec, which may have definitions of its own beside it."""
        node, scope = self._followed(node, scope)
        while isinstance(node, Mapping) and "spec" in node:
            if is_used and "_target_" not in node and not ONE_SPEC.issuperset(node):
                break  # which is a mistake, as the text of the node will say
            scope = self._with_definitions(scope, node.get("definitions"))
            self._definitions_snippet(node.get("definitions"), scope, is_used)
            node, scope = self._followed(node["spec"], scope.at("spec"))
        if not isinstance(node, Scalar) or node.kind in ("text", "number"):
            self._spec(node, scope, is_used)

    def _followed(self, node: Node, scope: Scope) -> tuple[Node, Scope]:
        """The node that a reference is to, and its place."""
        referent, key = self.document.referent(node)
        return referent, scope if key is None else scope._replace(key=key)

    # Specs that are known by their key or by their text.

    def _by_key(self, name: str, node: Node, scope: Scope) -> bool:
        """A value at a key that is for specs; whether it is one, or a program."""
        if isinstance(node, Scalar):
            if not self._looks_meant(name, node):
                return False
            is_number_text = node.style == "plain" and heuristics.is_number(node.text)
            is_mistaken = node.kind == "text" and is_number_text and name != "spec"
            is_mistaken = is_mistaken and not self.document.by_omegaconf()
            self._spec(node, scope.told(yaml_text_number=is_mistaken))
        elif self._is_tree(node):
            self._spec(node, scope)
        elif isinstance(node, Mapping) and self._looks_like_program(node):
            self._program(node, scope, is_used=False)
        else:
            return False
        return True

    def _looks_like_program(self, node: Mapping) -> bool:
        """Whether a mapping at a key for specs is a program."""
        if not heuristics.looks_like_program(sketched(self.document, node)):
            return False
        texts = [x.text for x in nodes_within(node) if isinstance(x, Scalar)]
        return not self.document.is_foreign or any(map(heuristics.is_surely_meant, texts))

    def _looks_meant(self, name: str, scalar: Scalar) -> bool:
        """Whether a scalar at a key for specs is meant as one."""
        if scalar.kind == "number":
            # A number under `lr` may well be an optimizer's, which is not a schedule.
            return self.document.is_config and name == "spec"
        if scalar.kind != "text":
            return False
        text = scalar.value.strip()
        is_number = heuristics.is_number(text)
        words = heuristics.called(text)
        if self.document.is_foreign and (words or ">>" in text) and not is_number:
            return heuristics.is_surely_meant(self.document.sketch(scalar))
        if is_number:  # a constant; elsewhere it is for YAML to read
            return name == "spec" or scalar.style in ("plain", "text")
        return heuristics.looks_like_spec(text) or (
            NAME.fullmatch(text) is not None
            and heuristics.looks_like_spec(text, self.document.presets())
        )

    def _calls_schedule(self, scalar: Scalar) -> bool:
        """Whether a scalar is a spec by what it says."""
        may_call = scalar.kind == "text" and ("(" in scalar.value or "[" in scalar.value)
        return may_call and heuristics.calls_schedule(self.document.sketch(scalar))

    def _is_tree(self, node: Node) -> bool:
        """Whether a mapping or a list at a key for specs is a tree that calls a schedule."""
        if isinstance(node, Scalar) or not is_tree(node) or "spec" in node:
            return False
        try:
            return heuristics.calls_schedule(tree_data(self.document, node))
        except NotATree:
            return False
        except SpecError:
            # Its key names something that can be called; elsewhere that may be chance.
            return self.document.is_config and isinstance(node, Mapping)

    def _spec(self, node: Node, scope: Scope, is_used: bool = False) -> None:
        """Note a spec that stands in a scope."""
        origin = replace(scope.origin, key=scope.key)
        self._add(FoundSpec(node, "spec", scope.context, origin, is_used))

    def _add(self, found: FoundSpec) -> None:
        known = self.specs.get(id(found.node))
        self.specs[id(found.node)] = found if known is None else known.or_else(found)
