"""Snippets: the specs that the finder found in a document, as the linter takes them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from lrdsl.linter.source_file import Snippet
from lrdsl.linter.sources.document import Document
from lrdsl.linter.sources.found_spec import FoundSpec
from lrdsl.linter.sources.heuristics import called
from lrdsl.linter.sources.spec_finder import SpecFinder
from lrdsl.linter.sources.spec_text import text_of_node
from lrdsl.syntax.grammar import NAME


def snippets_of(*documents: Document) -> list[Snippet]:
    """The specs and the definitions in the documents of a file, in the order of the file.

    A node that is in several documents is one spec; what the first says of it goes before.
    """
    found: dict[int, tuple[Document, FoundSpec]] = {}
    for document in documents:
        for each in SpecFinder(document).find():
            first, known = found.get(id(each.node), (document, each))
            found[id(each.node)] = (first, known.or_else(each))
    every = [_snippet(*each) for each in found.values()]
    return sorted([each for each in every if each is not None], key=lambda each: each.start)


def _snippet(document: Document, found: FoundSpec) -> Snippet | None:
    """The snippet of a spec that was found; None if it has no text that can be linted."""
    made, origin = text_of_node(document, found.node), found.origin
    if made is None:
        return None
    if found.role == "spec" and NAME.fullmatch(made.text.strip()):
        origin = replace(origin, preset_names=tuple(sorted(document.presets())))
    context, role = found.context, found.role
    return replace(made, origin=origin, context=context, role=role, is_used=found.is_used)


def with_uses(snippets: Iterable[Snippet]) -> tuple[Snippet, ...]:
    """The snippets; for a spec with definitions, the names that other specs call are added.

    Only the first spec with the same definitions gets them, so that each is reported once.
    """
    every = [*snippets]
    left = {each.text for each in every if each.role == "definitions"}
    if not left:
        return tuple(every)
    calls = [called(each.text) if each.role == "spec" else frozenset() for each in every]
    for i, each in enumerate(every):
        own = left.intersection(each.origin.definitions)
        if own and each.role == "spec":
            left -= own
            others = tuple(sorted(frozenset().union(*calls[:i], *calls[i + 1 :])))
            origin = replace(each.origin, definitions_used_elsewhere=others)
            every[i] = replace(each, origin=origin)
    return tuple(every)
