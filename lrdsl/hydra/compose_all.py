"""`lint_hydra`: a config with every option of its group `schedule`, composed and linted."""

from __future__ import annotations

import fnmatch
import functools
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, NamedTuple

from hydra import compose, initialize_config_dir
from hydra.core.config_loader import ConfigLoader
from hydra.core.global_hydra import GlobalHydra
from hydra.core.object_type import ObjectType
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, OmegaConf, open_dict

from lrdsl import diagnostics as diag
from lrdsl.diagnostics import Diagnostic, SpecError, spec_error
from lrdsl.hydra.advice import advice_on_error
from lrdsl.hydra.app_configs import AppConfigs
from lrdsl.hydra.check_configs import check_configs
from lrdsl.hydra.environment import unread_environment
from lrdsl.hydra.fit_overrides import prepare_overrides
from lrdsl.hydra.resolve import plain
from lrdsl.language.presets import GROUP
from lrdsl.linter.engine import Settings
from lrdsl.linter.lint_source import lint_snippet
from lrdsl.linter.source_file import Snippet
from lrdsl.linter.sources.heuristics import is_spec_key
from lrdsl.linter.sources.resolved_config import config_specs
from lrdsl.linter.unchecked import OPEN, REFERENCE, Missing, UncheckedSpec


class ComposedFindings(list["Composed"]):
    """What was found, and the specs that were not checked in full."""

    def __init__(self, found: Iterable[Composed], unchecked: Iterable[UncheckedSpec] = ()) -> None:
        super().__init__(found)
        self.unchecked = tuple(unchecked)


class Composed(NamedTuple):
    """A diagnostic about a composed config.

    `config` is the config's name; `option` the override that chose an option of a group,
    `schedule@lr=wsd`, "" for what comes out without one; `key` that of the spec, "" where the
    option could not be composed.
    """

    config: str
    option: str
    key: str
    diagnostic: Diagnostic

    @property
    def place(self) -> str:
        """Where it is, as it is read: `train schedule@lr=wsd lr.spec`."""
        return " ".join([part for part in (self.config, self.option, self.key) if part])


def lint_hydra(
    config_dir: str | os.PathLike[str],
    config_name: str,
    overrides: Sequence[str] = (),
    *,
    settings: Settings | None = None,
    context: Mapping[str, Any] | None = None,
    typed: Mapping[str, Any] | None = None,
    exclude: Sequence[str] = (),
) -> ComposedFindings:
    """Lint the specs of a Hydra config, and of it with every option of its groups `schedule`.

    The config is composed as the app would do it, with the overrides; then once more with every
    option of each group that is called `schedule` or placed at a key `schedule`, unless an override
    chooses one. What is found with several options has the first. `context` is what is known of the
    run beside what the config says, `typed` what counts whatever the config says; `exclude` are
    globs of keys that are no specs. The app's own resolvers are not known here: what needs them
    counts as unknown.

    Raises `SpecError` if the config cannot be composed at all.

    >>> from lrdsl.util.resources import folder
    >>> lint_hydra(folder("conf"), "train", ["peak=0.1"])
    []
    """
    folder = os.path.abspath(config_dir)
    if not os.path.isdir(folder):
        raise spec_error(diag.BAD_CONFIG, f"there is no folder {folder}")
    check_configs(folder)
    lint = functools.cache(functools.partial(lint_snippet, settings=settings or Settings()))
    found: dict[tuple[str, Diagnostic], Composed] = {}
    unchecked: dict[tuple[str, str], UncheckedSpec] = {}
    with (
        unread_environment(),
        _no_other_hydra(),
        initialize_config_dir(folder, version_base=None),
    ):
        loader = GlobalHydra.instance().config_loader()
        app = AppConfigs(lambda: loader, config_name)  # type: ignore[arg-type, return-value]
        fitted, notes = prepare_overrides(overrides, app)
        overrides = fitted.every
        base = _composed(app, overrides, notes)
        for option in ["", *_options(base, overrides)]:
            try:
                config = _composed(app, [*overrides, option]) if option else base
            except SpecError as error:
                [each] = error.diagnostics
                found["", each] = Composed(config_name, option, "", each)
                continue
            specs = specs_of(config, context or {}, exclude, typed or {})
            facts: list[tuple[str, str, tuple[Missing, ...]]] = [*specs.open]
            for snippet in specs.snippets:
                key = snippet.origin.key
                every = lint(snippet)
                facts.append((key, snippet.text, every.missing))
                for each in every:
                    found.setdefault((key, each), Composed(config_name, option, key, each))
            for key, text, missing in facts:
                if missing:
                    place = " ".join(filter(None, [config_name, option, key]))
                    spec = UncheckedSpec(place, 1, 1, text, tuple(map(_by_override, missing)))
                    unchecked.setdefault((key, text), spec)
    return ComposedFindings(found.values(), unchecked.values())


class SpecsOfConfig(NamedTuple):
    """The specs in a composed config, each with what is known of the run.

    `open` has the key of each spec that is nothing but an open reference, the reference, and why it
    cannot be checked.
    """

    snippets: list[Snippet]
    open: list[tuple[str, str, tuple[Missing, ...]]]


def specs_of(
    config: DictConfig,
    context: Mapping[str, Any],
    exclude: Sequence[str],
    typed: Mapping[str, Any] = MappingProxyType({}),
) -> SpecsOfConfig:
    """The specs in a composed config."""
    data, left_open = plain(config)
    found = config_specs(data, exclude, _presets(config))
    programs = {each.origin.unit for each in found if each.origin.drives is not None}
    open_ones: list[tuple[str, str, tuple[Missing, ...]]] = [
        (key, text, (Missing(f"`{text}`", OPEN),))
        for key, text in left_open.items()
        if (is_spec_key(key.rpartition(".")[2]) or _is_in(key, programs))
        and not (text[2:-1] in left_open and is_spec_key(text[2:-1].rpartition(".")[2]))
        and not any([fnmatch.fnmatchcase(key, pattern) for pattern in exclude])
    ]
    return SpecsOfConfig([each.within(context, typed) for each in found], open_ones)


def _is_in(key: str, programs: set[str]) -> bool:
    """Whether a key is that of a number of a program, or of its choice for some groups."""
    program = key.rpartition(".")[0]
    return program in programs or program.rpartition(".")[0] in programs


def _by_override(fact: Missing) -> Missing:
    """A fact that no file shows, as one that an override can supply."""
    return Missing("what the config leaves open", OPEN) if fact.name == REFERENCE else fact


def _composed(app: AppConfigs, overrides: Sequence[str], notes: Sequence[str] = ()) -> DictConfig:
    try:
        config = compose(app.config_name, overrides=list(overrides), return_hydra_config=True)
    except Exception as error:  # YAML's, Hydra's, OmegaConf's, and those of plugins
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        message = " ".join(lines[:3]) or type(error).__name__
        fix = "; ".join([*notes, *filter(None, [advice_on_error(error, app)])]) or None
        raise spec_error(diag.BAD_CONFIG, message, fix=fix) from error
    with open_dict(config):
        for name in config.hydra.job.env_copy:
            config.hydra.job.env_set[name] = f"${{oc.env:{name}}}"  # and not what it is
    return config


@contextmanager
def _no_other_hydra() -> Iterator[None]:
    """While it lasts, Hydra can be set up although an app has done so."""
    instance = GlobalHydra.instance()
    before, instance.hydra = instance.hydra, None
    try:
        yield
    finally:
        GlobalHydra.instance().hydra = before  # Hydra has made another instance meanwhile


def _options(config: DictConfig, overrides: Sequence[str]) -> Iterator[str]:
    """The overrides that choose each option of the groups `schedule`, in turn."""
    loader = GlobalHydra.instance().config_loader()
    parser = OverridesParser.create()
    chosen = {each.get_key_element().lstrip("+~") for each in parser.parse_overrides([*overrides])}
    groups = _groups(config)
    for key in groups:
        if key not in chosen:
            yield from [f"{key}={name}" for name in _names(loader, key.partition("@")[0])]
    if not groups and GROUP not in chosen:
        yield from [f"+{GROUP}={name}" for name in _names(loader, GROUP)]


def _presets(config: DictConfig) -> frozenset[str]:
    """The names of the configs in the groups `schedule` of a composed config.

    There are none where Hydra has not been set up.
    """
    if not GlobalHydra.instance().is_initialized():
        return frozenset()
    loader = GlobalHydra.instance().config_loader()
    groups = [key.partition("@")[0] for key in _groups(config)]
    return frozenset([name for group in groups or [GROUP] for name in _names(loader, group)])


def _groups(config: DictConfig) -> list[str]:
    """The groups `schedule` that have been chosen from."""
    choices = OmegaConf.select(config, "hydra.runtime.choices") or {}
    return [str(key) for key in choices if _is_schedule(str(key))]


def _is_schedule(key: str) -> bool:
    """Whether a choice is of a group of that name, or is placed at a key of that name."""
    group, _, package = key.partition("@")
    return GROUP in (group.rpartition("/")[2], package.rpartition(".")[2])


def _names(loader: ConfigLoader, group: str) -> list[str]:
    """The app's own options of a group: lrdsl's presets are every app's, and linted if chosen."""
    own = [source for source in loader.get_sources() if source.provider != "lrdsl"]
    having = [source for source in own if source.is_group(group)]
    return sorted({name for source in having for name in source.list(group, ObjectType.CONFIG)})
