"""Snippets: the specs that the finder found in a document, as the linter takes them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Any

from lrdsl.linter.origin import SpecOrigin
from lrdsl.linter.source_file import Snippet
from lrdsl.linter.sources.document import Document, Scalar
from lrdsl.linter.sources.found_spec import FoundSpec
from lrdsl.linter.sources.heuristics import called
from lrdsl.linter.sources.spec_finder import SpecFinder
from lrdsl.linter.sources.spec_text import text_of_node
from lrdsl.linter.suppressions import Suppressions
from lrdsl.syntax.grammar import NAME


def no_presets() -> frozenset[str]:
    """The names of configs where there are none."""
    return frozenset()


def snippets_of(
    document: Document,
    suppressions: Suppressions,
    presets: Callable[[], frozenset[str]] = no_presets,
    is_preset: bool = False,
) -> list[Snippet]:
    """The specs and the definitions in a document of a file, in the order of the file."""
    found = SpecFinder(document, presets, is_preset).find()
    every = [snippet_of(document, each, suppressions, presets) for each in found]
    return sorted([each for each in every if each is not None], key=lambda each: each.start)


def snippet_of(
    document: Document,
    found: FoundSpec,
    suppressions: Suppressions,
    presets: Callable[[], frozenset[str]],
) -> Snippet | None:
    """The snippet of a spec that was found; None if it has no text that can be linted."""
    node = found.node
    made = text_of_node(document, node)
    if made is None:
        return None
    origin, context = found.origin, found.context
    if found.role == "spec":
        context = with_definitions(context, origin)
        if NAME.fullmatch(made.text.strip()):
            origin = replace(origin, preset_names=tuple(sorted(presets())))
    is_scalar = isinstance(node, Scalar)
    first, last = (node.start, node.stop) if is_scalar else (min(made.offsets), max(made.offsets))
    return Snippet(
        made.text,
        made.offsets,
        document.kind,
        node.style if isinstance(node, Scalar) else "plain",
        origin,
        context,
        suppressions.in_range(first, last),
        made.is_writable,
        found.role,
        made.unknown,
        made.mistakes,
    )


def with_definitions(context: dict[str, Any], origin: SpecOrigin) -> dict[str, Any]:
    """What is known of the run, with the definitions of the spec's place."""
    if not origin.definitions:
        return context
    return {**context, "definitions": "\n".join(origin.definitions)}


def with_uses(snippets: Sequence[Snippet]) -> tuple[Snippet, ...]:
    """The snippets of a file; each definitions' first user is told which names the others call."""
    own = {each.text for each in snippets if each.role == "definitions"}
    specs = [each for each in snippets if each.role == "spec"]
    origins = origins_with_uses([(each.text, each.origin) for each in specs], own)
    told = dict(zip(map(id, specs), origins, strict=True))
    return tuple(
        [
            each if id(each) not in told else replace(each, origin=told[id(each)])
            for each in snippets
        ]
    )


def origins_with_uses(
    specs: Sequence[tuple[str, SpecOrigin]], definitions: Collection[str]
) -> list[SpecOrigin]:
    """The origins of specs, those with `definitions` told what the other specs call of them.

    Only the first spec with the same definitions is told, so that each is reported once.
    """
    if not definitions:
        return [origin for _, origin in specs]
    left = set(definitions)
    calls = [called(text) for text, _ in specs]
    found = []
    for i, (_, origin) in enumerate(specs):
        own = left.intersection(origin.definitions)
        if own:
            left -= own
            others = frozenset().union(*calls[:i], *calls[i + 1 :])
            origin = replace(origin, definitions_used_elsewhere=tuple(sorted(others)))
        found.append(origin)
    return found
