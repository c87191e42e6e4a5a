"""Specs in a config that Hydra has composed: which values they are, and what is wrong with them.

A config is plain data here: mappings, lists, text and numbers, every reference resolved.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lrdsl.diagnostics import Diagnostic
from lrdsl.linter.diagnose import diagnose
from lrdsl.linter.engine import Settings
from lrdsl.linter.origin import NO_ORIGIN, SpecOrigin
from lrdsl.linter.source_file import Snippet
from lrdsl.linter.sources.config_document import ConfigDocument
from lrdsl.linter.sources.snippets import origins_with_uses, snippet_of
from lrdsl.linter.sources.spec_finder import SpecFinder
from lrdsl.linter.sources.spec_text import unknown_in
from lrdsl.linter.suppressions import Suppressions

Known = tuple[tuple[str, Any], ...]
"""What is known of the run: the keyword arguments of `lint`, in an order, so that it hashes."""


@dataclass(frozen=True)
class ConfigSpec:
    """A spec in a config: its key, its text, and what the config says of its run."""

    key: str
    text: str
    known: Known = ()
    is_used: bool = False
    """Whether an entry point of lrdsl takes it."""
    origin: SpecOrigin = NO_ORIGIN
    mistakes: tuple[Diagnostic, ...] = ()
    """The mistakes of a tree that keep it from having a text, which is "" then."""

    def within(self, context: Mapping[str, Any]) -> ConfigSpec:
        """The same with what else is known of the run; what the config says goes before."""
        own = dict(self.known)
        both = _listed(context.get("definitions")) + _listed(own.get("definitions"))
        together = {"definitions": both} if both else {}
        origin = self.origin
        if context.get("definitions"):  # other specs of the project use them
            origin = replace(origin, definitions_used_elsewhere=None)
        return replace(self, known=_ordered({**context, **own, **together}), origin=origin)


def lint_config_spec(place: ConfigSpec, settings: Settings | None = None) -> list[Diagnostic]:
    """The diagnostics of one spec of a config, and of what the config says of its run.

    >>> [place] = config_specs({"lr": "warmup(100) >> cosin(1, 0, 800)", "seed": 0})
    >>> [found.fix for found in lint_config_spec(place)]
    ['did you mean `cosine`?']
    """
    text = place.text
    snippet = Snippet(
        text,
        tuple(range(len(text) + 1)),
        "config",
        "text",
        place.origin,
        dict(place.known),
        unknown=unknown_in(text),
        mistakes=place.mistakes,
    )
    return diagnose(snippet, settings or Settings())


def config_specs(
    config: Mapping[str, Any],
    exclude: Sequence[str] = (),
    presets: frozenset[str] = frozenset(),
) -> tuple[ConfigSpec, ...]:
    """The specs in a config, in its order; those whose key matches a glob in `exclude` left out.

    What stands under the names of the context beside them, or around them, is what is known of the
    run. A spec that an object takes from elsewhere in the config has the key of that other place.
    `presets` are names of configs, which are no specs.

    >>> config = {"lr": {"spec": "cosine()"}, "steps": 900, "scheduler": {
    ...     "_target_": "lrdsl.torch.Scheduler", "spec": "cosine()", "total_steps": 900}}
    >>> [place] = config_specs(config)
    >>> place.key, place.text, place.known
    ('lr.spec', 'cosine()', (('total_steps', 900),))
    """
    places = _at_their_first_keys(_every_spec(config, presets))
    wanted = [
        place
        for place in dict.fromkeys(places)
        if not any([fnmatch.fnmatchcase(place.key, pattern) for pattern in exclude])
    ]
    files = [text for place in wanted for text in place.origin.definitions]
    definitions = {text for text in files if not text.strip().endswith(".lr")}
    origins = origins_with_uses([(place.text, place.origin) for place in wanted], definitions)
    return tuple(
        [replace(place, origin=origin) for place, origin in zip(wanted, origins, strict=True)]
    )


def _every_spec(config: Mapping[str, Any], presets: frozenset[str]) -> list[ConfigSpec]:
    document = ConfigDocument(config)
    no_comments = Suppressions("")
    places = []
    for found in SpecFinder(document, lambda: presets).find():
        snippet = snippet_of(document, found, no_comments, lambda: presets)
        if snippet is None or snippet.role != "spec":
            continue
        origin = snippet.origin
        known: dict[str, Any] = dict(found.context)
        if origin.definitions:
            known["definitions"] = origin.definitions
        places.append(
            ConfigSpec(
                origin.key, snippet.text, _ordered(known), found.is_used, origin, snippet.mistakes
            )
        )
    return places


def _at_their_first_keys(places: Sequence[ConfigSpec]) -> list[ConfigSpec]:
    """The specs, those that an object takes from elsewhere in the config once, at that place."""
    first: dict[tuple[str, tuple[Diagnostic, ...]], str] = {}
    for place in places:
        if not place.is_used:
            first.setdefault((place.text, place.mistakes), place.key)
    used = {(place.text, place.mistakes) for place in places if place.is_used}
    kept = []
    for place in places:
        written = (place.text, place.mistakes)
        if place.is_used:
            key = first.get(written, place.key)
            kept.append(replace(place, key=key, origin=replace(place.origin, key=key)))
        elif written not in used:
            kept.append(place)
    return kept


def _listed(definitions: Any) -> tuple[str, ...]:
    """Definitions as texts and files, none for what is neither."""
    found = definitions if isinstance(definitions, (list, tuple)) else (definitions,)
    return tuple(found) if all([isinstance(each, str) for each in found]) else ()


def _ordered(known: Mapping[str, Any]) -> Known:
    pairs = [(name, tuple(x) if isinstance(x, list) else x) for name, x in known.items()]
    return tuple(sorted(pairs))
