"""Overrides of schedules, fitted to the configs that they change.

Hydra merges: an option chosen on the command line loses to a file that comes after it, a mapping
is added to the one that is there, a list cannot take a mapping's place, and `lr.spec` is no key
where a file has put text at `lr`. A schedule on the command line is to replace that of the files.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from lrdsl.hydra.app_configs import AppConfigs, ChosenOption
from lrdsl.hydra.overrides import quote_override
from lrdsl.hydra.quoting import in_quotes
from lrdsl.hydra.sweeps import in_turn, values_of
from lrdsl.hydra.tree_text import tree_text

MAX_JOBS = 20
"""So many jobs of a sweep are looked at."""

_SHOWN = 60
"""So many characters of an override are repeated in a note."""

_SPEC = ".spec"
Jobs = Sequence[Sequence[str]]


class LostChoice(NamedTuple):
    """An override that chooses a schedule by its name, which a later config replaces in some job.

    `options` are those that the jobs choose.
    """

    override: Override
    options: tuple[ChosenOption, ...]


def prepare_overrides(typed: Sequence[str], app: AppConfigs) -> tuple[FittedOverrides, list[str]]:
    """The overrides of a command line as Hydra is to receive them, and notes for the user."""
    quoted = [quote_override(text, app.takes_schedules) for text in typed]
    notes = [
        f"{text if len(text) <= _SHOWN else f'{text[: _SHOWN - 3]}...'}: {each.note}"
        for text, each in zip(typed, quoted, strict=True)
        if each.note
    ]
    return fit_overrides([each.text for each in quoted], app), list(dict.fromkeys(notes))


class FittedOverrides(NamedTuple):
    """Overrides to put before all others, and what becomes of each that was given."""

    added: list[str]
    kept: list[str | None]

    @property
    def every(self) -> list[str]:
        return [*self.added, *[text for text in self.kept if text is not None]]


def fit_overrides(overrides: Sequence[str], app: AppConfigs) -> FittedOverrides:
    """The overrides of a command line, so that each schedule in them replaces the one in the files.

    They stay as they are where Hydra can read or compose nothing.
    """
    parsed = read_overrides(overrides, app)
    jobs = jobs_of(parsed)
    fitted: dict[str, str | None] = {
        str(each.input_line): _fitted(each, jobs, app) for each in parsed if _sets_spec(each)
    }
    added = []
    for lost in lost_choices(parsed, jobs, app):
        nodes = ",".join([_literal(_node(option.config)) for option in lost.options])
        added.append(f"{lost.options[0].package}={nodes}")
        choice = str(lost.override.input_line)
        # In a sweep each job has its own node; a tree may not even merge with what comes after it.
        if lost.override.is_sweep_override() or all([app.compose(job) is None for job in jobs]):
            fitted[choice] = None
    return FittedOverrides(added, [fitted.get(text, text) for text in overrides])


def lost_choices(parsed: Sequence[Override], jobs: Jobs, app: AppConfigs) -> Iterator[LostChoice]:
    """The choices of schedules that a later config replaces in some job."""
    for each in parsed:
        key = each.get_key_element().lstrip("+")
        if each.is_delete() or not app.takes_schedules(key):
            continue
        if any([isinstance(value, dict) for value in _values(each)]):  # no choice
            continue
        options: dict[str, ChosenOption] = {}
        for job in jobs:
            option = app.chosen(job, key)
            if option is not None and "spec" in option.config:
                known = options.get(option.path, option)
                options[option.path] = known if known.lost_to else option
        if any([option.lost_to for option in options.values()]):
            yield LostChoice(each, tuple(options.values()))


def read_overrides(overrides: Sequence[str], app: AppConfigs) -> list[Override]:
    """The overrides as Hydra reads them; none if it cannot read one."""
    try:
        return OverridesParser.create(app.loader).parse_overrides(list(overrides))
    except (HydraException, OmegaConfBaseException, RecursionError):
        return []


def jobs_of(parsed: Sequence[Override]) -> Jobs:
    """The overrides of single jobs, in which each value occurs."""
    return list(itertools.islice(in_turn([values_of(each) for each in parsed]), MAX_JOBS))


def _sets_spec(override: Override) -> bool:
    """Whether an override of a key may be a schedule that does not fit what is there."""
    key = override.get_key_element()
    if override.package is not None or key[:1] == "~" or key.lstrip("+").startswith("hydra."):
        return False
    return key.endswith(_SPEC) or any([tree_text(value) for value in _values(override)])


def _fitted(override: Override, jobs: Jobs, app: AppConfigs) -> str:
    """An override of a schedule's key that fits what the files have there."""
    key = override.get_key_element()
    name = key.lstrip("+")
    wants_node = wants_text = False
    for job in dict.fromkeys([tuple([x for x in job if _key(x) != key]) for job in jobs]):
        config = app.compose(job)
        if config is None:  # Hydra says why
            continue
        node = _at(config, name)
        above = _at(config, name.removesuffix(_SPEC)) if name.endswith(_SPEC) else None
        wants_node |= above is not None and not isinstance(above, DictConfig)
        wants_text |= _is_place(name, node) and isinstance(node, (DictConfig, ListConfig))
    if not (wants_node or wants_text):
        return str(override.input_line)
    values = [tree_text(value) or value for value in _values(override)]
    if not wants_node:
        return f"{key}={','.join(map(_literal, values))}"
    return f"{key.removesuffix(_SPEC)}={','.join([_literal({'spec': value}) for value in values])}"


def _is_place(key: str, node: Any) -> bool:
    """Whether a schedule stands at a key."""
    from lrdsl.language.presets import GROUP
    from lrdsl.linter.sources.heuristics import is_spec_key

    name = key.rpartition(".")[2]
    return name == GROUP or is_spec_key(name) or (isinstance(node, DictConfig) and "spec" in node)


def _values(override: Override) -> list[Any]:
    """The value of an override, or those of its sweep; none for an interval, which has no end."""
    if not override.is_sweep_override():
        return [override.value()]
    if override.is_interval_sweep():
        return []
    read = [OverridesParser.create().parse_override(text) for text in values_of(override)]
    return [each.value() for each in read]


def _key(override: str) -> str:
    return override.partition("=")[0]


def _at(config: DictConfig, key: str) -> Any:
    """The node at a dotted key, not resolved; None where there is none."""
    node: Any = config
    for name in key.split("."):
        if not isinstance(node, DictConfig) or name not in node:
            return None
        node = node._get_node(name)
    return node if node is None or OmegaConf.is_config(node) else node._value()


def _node(config: DictConfig) -> dict[str, Any]:
    """An option as an override can have it: a tree as text, which replaces all of another one."""
    node: dict[str, Any] = OmegaConf.to_container(config, resolve=False)  # type: ignore[assignment]
    return {**node, "spec": tree_text(node["spec"]) or node["spec"]}


def _literal(value: Any) -> str:
    """A value as Hydra reads it on the command line."""
    if isinstance(value, str):
        return in_quotes(value)
    if isinstance(value, Mapping):
        return "{" + ",".join([f"{name}:{_literal(each)}" for name, each in value.items()]) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_literal, value)) + "]"
    return {None: "null", True: "true", False: "false"}.get(value) or repr(value)
