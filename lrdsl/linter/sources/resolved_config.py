"""Specs in a config that Hydra has composed: which values they are, and what is wrong with them.

A config is plain data here: mappings, lists, text and numbers, every reference resolved.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lrdsl.compiler.context import PARTS
from lrdsl.diagnostics import Diagnostic, SpecError
from lrdsl.linter.engine import Settings, lint
from lrdsl.linter.program_context import facts_of
from lrdsl.linter.sources.heuristics import (
    called,
    calls_schedule,
    is_spec_key,
    looks_like_program,
    looks_like_spec,
)
from lrdsl.syntax.grammar import NAME
from lrdsl.syntax.spec import as_number
from lrdsl.tree.coerce import spec_text
from lrdsl.tree.keywords import is_data, is_tree

_RUN = PARTS - {"spec", "definitions"}
_NOT_VARIABLES = frozenset({"optimizer", "last_epoch", "metric_reduction"})
"""What lrdsl's own objects take beside a spec, its context and its variables."""
_GIVEN = re.compile(r"\(?given_\w+(?: \* 1[\w%]+\)?)?")
"""What `holes.fill` writes for a reference that the config does not resolve."""

Known = tuple[tuple[str, Any], ...]
"""What is known of the run: the keyword arguments of `lint`, in an order, so that it hashes."""


@dataclass(frozen=True)
class Place:
    """A spec in a config: its key, its text, and what the config says of its run."""

    key: str
    text: str
    known: Known = ()
    is_used: bool = False
    """Whether it stands where an object of lrdsl takes it."""
    facts: Known = ()
    """What else its place tells, for `Subject.facts`."""
    mistakes: tuple[Diagnostic, ...] = ()
    """What keeps a tree from having a text."""

    def within(self, context: Mapping[str, Any]) -> Place:
        """The same with what else is known of the run; what the config says goes before."""
        own = dict(self.known)
        both = _listed(context.get("definitions")) + _listed(own.get("definitions"))
        together = {"definitions": both} if both else {}
        facts = dict(self.facts)
        if context.get("definitions"):
            facts.pop("definitions_used_elsewhere", None)  # others use those of the project
        known = _ordered({**context, **own, **together})
        return replace(self, known=known, facts=_ordered(facts))


def lint_place(place: Place, settings: Settings | None = None) -> list[Diagnostic]:
    """What is wrong with one spec, or with what the config says of its run.

    >>> [place] = places_in({"lr": "warmup(100) >> cosin(1, 0, 800)", "seed": 0})
    >>> [found.fix for found in lint_place(place)]
    ['did you mean `cosine`?']
    """
    settings = settings or Settings()
    if place.mistakes:
        return [found for found in place.mistakes if settings.uses(found.code, found.name)]
    facts = {"key": place.key, **dict(place.facts)}
    try:
        found = lint(place.text, settings=settings, facts=facts, **dict(place.known))
    except SpecError as error:  # of the context
        found = [x for x in error.diagnostics if settings.uses(x.code, x.name)]
    return [x for x in found if not _is_about_the_unknown(x)]


def _is_about_the_unknown(found: Diagnostic) -> bool:
    """Whether a complaint comes of what is known only in the run."""
    return _GIVEN.fullmatch(_named(found)) is not None


def _named(found: Diagnostic) -> str:
    return found.source[found.span.start : found.span.stop]


def places_in(
    config: Mapping[str, Any],
    exclude: Sequence[str] = (),
    presets: frozenset[str] = frozenset(),
) -> tuple[Place, ...]:
    """The specs in a config, in its order; those whose key matches a glob in `exclude` left out.

    They are what stands under `spec` of an object of lrdsl (a `_target_` in `lrdsl.`), programs
    among it; a number, or text that looks like a spec, under any other key `spec`; such text under
    `lr` and `…_lr`; and any text that is a spec by itself and calls a shape. What stands beside
    them, or around them, under the names of the context is what is known of the run. A spec that an
    object takes from elsewhere in the config has the key of that other place. A mapping under
    `spec`, `lr` or `…_lr` may be a program. `presets` are names of configs, which are no specs.

    >>> config = {"lr": {"spec": "cosine()"}, "steps": 900, "scheduler": {
    ...     "_target_": "lrdsl.torch.Scheduler", "spec": "cosine()", "total_steps": 900}}
    >>> [place] = places_in(config)
    >>> place.key, place.text, place.known
    ('lr.spec', 'cosine()', (('total_steps', 900),))
    """
    found = list(_walk(config, "", {}, presets))
    first: dict[tuple[str, tuple[Diagnostic, ...]], str] = {}
    for place in found:
        if not place.is_used:
            first.setdefault((place.text, place.mistakes), place.key)
    used = {(place.text, place.mistakes) for place in found if place.is_used}
    kept = [
        replace(place, key=first.get((place.text, place.mistakes), place.key))
        if place.is_used
        else place
        for place in found
        if place.is_used or (place.text, place.mistakes) not in used
    ]
    wanted = [
        place
        for place in dict.fromkeys(kept)
        if not any([fnmatch.fnmatchcase(place.key, pattern) for pattern in exclude])
    ]
    return tuple(_with_uses([_with_presets(place, presets) for place in wanted]))


def _with_presets(place: Place, presets: frozenset[str]) -> Place:
    """The place, told the names of the configs if it holds nothing but a name."""
    if not presets or not NAME.fullmatch(place.text.strip()):
        return place
    return replace(place, facts=(*place.facts, ("preset_names", tuple(sorted(presets)))))


def _with_uses(places: Sequence[Place]) -> Iterator[Place]:
    """The places, the first of those with the same definitions told what the others use of them."""
    seen: set[Any] = set()
    for place in places:
        own = dict(place.known).get("definitions", ())
        if own and own not in seen and not any([text.strip().endswith(".lr") for text in own]):
            elsewhere = set().union(*[called(x.text) for x in places if x is not place])
            used = ("definitions_used_elsewhere", tuple(sorted(elsewhere)))
            place = replace(place, facts=(*place.facts, used))
        seen.add(own)
        yield place


def _walk(
    node: Any, key: str, around: Mapping[str, Any], presets: frozenset[str]
) -> Iterator[Place]:
    if isinstance(node, Mapping):
        target = node.get("_target_")
        is_ours = isinstance(target, str) and target.startswith("lrdsl.")
        inner = {**around, **_beside(node, is_ours)}
        for name, value in node.items():
            path = f"{key}.{name}" if key else str(name)
            if is_ours and name == "spec":
                known = {**inner, **_variables(node)}
                yield from _program(value, path, known)
            elif _is_one(str(name), value, presets):
                yield _place(value, path, inner)
            elif (
                is_spec_key(str(name)) and isinstance(value, Mapping) and looks_like_program(value)
            ):
                for place in _program(value, path, inner):
                    yield replace(place, is_used=False)
            elif name != "definitions":
                yield from _walk(value, path, _inherited(inner), presets)
    elif isinstance(node, (list, tuple)):
        for i, value in enumerate(node):
            yield from _walk(value, f"{key}[{i}]", _inherited(around), presets)
    elif isinstance(node, str) and calls_schedule(node):
        yield _place(node, key, around)


def _is_one(name: str, value: Any, presets: frozenset[str]) -> bool:
    if is_data(value):
        return "spec" not in value and _is_tree(name, value)
    if isinstance(value, str):
        return is_spec_key(name) and looks_like_spec(value, presets)
    # A number under `lr` may well be an optimizer's, which is no schedule.
    return name == "spec" and as_number(value) is not None


def _is_tree(name: str, value: Any) -> bool:
    """Whether a mapping or a list at a place for a spec is one, as a tree."""
    if not is_spec_key(name) or not is_tree(value):
        return False
    try:
        return calls_schedule(spec_text(_filled(value)))
    except SpecError:
        return not isinstance(value, list)  # its key is the name of something to be called


def _filled(tree: Any) -> Any:
    """A tree with a variable in the place of what is not known."""
    if isinstance(tree, Mapping):
        fill = None if is_tree(tree) else "given_value"  # a call without arguments has none
        return {key: fill if each is None else _filled(each) for key, each in tree.items()}
    if isinstance(tree, (list, tuple)):
        return ["given_value" if each is None else _filled(each) for each in tree]
    return tree


def _place(value: Any, key: str, known: Mapping[str, Any]) -> Place:
    try:
        return Place(key, spec_text(_filled(value)), _ordered(known))
    except SpecError as error:
        return Place(key, "", _ordered(known), mistakes=error.diagnostics)


def _program(value: Any, key: str, known: Mapping[str, Any]) -> Iterator[Place]:
    """The specs that an object of lrdsl takes: one, or those of a program and its choices."""
    if not isinstance(value, Mapping) or (is_tree(value) and "spec" not in value):
        if is_data(value) or isinstance(value, str) or as_number(value) is not None:
            yield replace(_place(value, key, known), is_used=True)
        return
    own = _listed(value.get("definitions"))
    if own:
        known = {**known, "definitions": _listed(known.get("definitions", ())) + own}
    if "spec" in value:
        yield from _program(value["spec"], f"{key}.spec", known)
        return
    specs = {str(name): each for name, each in value.items() if name != "definitions"}
    for (name, pattern), told in facts_of(specs).items():
        one, path = specs[name], f"{key}.{name}"
        if pattern is not None:
            one = next(each for pattern_, each in one.items() if str(pattern_) == pattern)
            path = f"{path}.{pattern}"
        for place in _program(one, path, known):
            yield replace(place, facts=_ordered({**told, **dict(place.facts)}))


def _beside(node: Mapping[str, Any], is_ours: bool) -> dict[str, Any]:
    """What stands in a mapping under the names of the context."""
    found = {
        name: value
        for name, value in node.items()
        if name in _RUN and ((is_ours and isinstance(value, str)) or as_number(value) is not None)
    }
    definitions = _listed(node.get("definitions"))
    if definitions:
        found["definitions"] = definitions
    return found


def _variables(node: Mapping[str, Any]) -> dict[str, Any]:
    """The variables that an object of lrdsl is given beside its spec."""
    return {
        name: value
        for name, value in node.items()
        if as_number(value) is not None
        and name not in PARTS
        and name not in _NOT_VARIABLES
        and NAME.fullmatch(str(name))
    }


def _inherited(known: Mapping[str, Any]) -> dict[str, Any]:
    """What holds further inside a config: all but a learning rate, which may be another's."""
    return {name: value for name, value in known.items() if name != "base_lr"}


def _listed(definitions: Any) -> tuple[str, ...]:
    """Definitions as texts and files, none for what is neither."""
    found = definitions if isinstance(definitions, (list, tuple)) else (definitions,)
    return tuple(found) if all([isinstance(each, str) for each in found]) else ()


def _ordered(known: Mapping[str, Any]) -> Known:
    pairs = [(name, tuple(x) if isinstance(x, list) else x) for name, x in known.items()]
    return tuple(sorted(pairs))
