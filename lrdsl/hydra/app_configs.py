"""The configs of a Hydra app: what a command line makes of them, before Hydra starts."""

from __future__ import annotations

import argparse
import os
import warnings
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.utils import (
    create_automatic_config_search_path,
    detect_calling_file_or_module_from_task_function,
)
from hydra.core.config_search_path import SearchPathQuery
from hydra.types import RunMode, TaskFunction
from omegaconf import DictConfig, OmegaConf

from lrdsl.hydra.spec_options import PROBE

_UNNAMED = "hydra.job.name=lrdsl"
"""The job's own name is not known before Hydra starts."""


class ChosenOption(NamedTuple):
    """An option of a config group, where its config is placed, and what of it is lost again.

    `lost_to` is the first config after it that has a schedule at that place; "" if there is none.
    """

    path: str
    package: str
    config: DictConfig
    lost_to: str


class AppConfigs:
    """The configs that an app finds, by Hydra's own loader."""

    def __init__(
        self, make_loader: Callable[[], ConfigLoaderImpl], config_name: str | None
    ) -> None:
        self._make_loader = make_loader
        self.config_name = config_name

    @classmethod
    def of_main(
        cls,
        task: TaskFunction,
        config_path: str | None,
        config_name: str | None,
        options: argparse.Namespace,
    ) -> AppConfigs:
        """The configs of an app as `hydra.main` finds them, with the options of a command line."""

        def loader() -> ConfigLoaderImpl:
            file, module = detect_calling_file_or_module_from_task_function(task)
            root = options.config_path or config_path
            path = create_automatic_config_search_path(file, module, root)
            if options.config_dir is not None:
                folder = f"file://{os.path.abspath(options.config_dir)}"
                path.prepend("command-line", folder, SearchPathQuery(provider="schema"))
            return ConfigLoaderImpl(path)

        return cls(loader, options.config_name or config_name)

    @cached_property
    def loader(self) -> ConfigLoaderImpl | None:
        """Hydra's loader; None where there is nothing to load from, of which Hydra will tell."""
        try:
            return self._make_loader()
        except Exception:  # of a config path that is wrong, or of another plugin
            return None

    def takes_schedules(self, key: str) -> bool:
        """Whether the key of an override is that of a config group with schedules."""
        group = key.lstrip("+~").partition("@")[0]
        if "." in group or self.loader is None:
            return False
        found = self.loader.repository
        try:
            return found.group_exists(group) and found.config_exists(f"{group}/{PROBE}")
        except Exception:  # of another plugin's source
            return False

    def compose(self, overrides: Sequence[str]) -> DictConfig | None:
        """The config of a single job; None if it cannot be made."""
        try:
            return self.composed(overrides)
        except Exception:  # YAML's, Hydra's, OmegaConf's, and those of plugins
            return None

    def composed(self, overrides: Sequence[str]) -> DictConfig | None:
        """The config of a single job, or Hydra's error."""
        if self.loader is None:
            return None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Hydra warns of them as well
            return self.loader.load_configuration(
                self.config_name, [*overrides, _UNNAMED], RunMode.RUN, from_shell=False
            )

    def chosen(self, overrides: Sequence[str], key: str) -> ChosenOption | None:
        """The option that a job has by the key of a choice, `schedule@lr`; None if it has none."""
        try:
            return self._chosen(overrides, key)
        except Exception:  # as above
            return None

    def _chosen(self, overrides: Sequence[str], key: str) -> ChosenOption | None:
        if self.loader is None:
            return None
        configs = self.loader.compute_defaults_list(
            self.config_name, list(overrides), RunMode.RUN
        ).defaults
        at = next((i for i, each in enumerate(configs) if each.override_key == key), None)
        if at is None or configs[at].config_path is None or not configs[at].package:
            return None
        path, package = str(configs[at].config_path), str(configs[at].package)
        own, lost_to = {path}, ""
        for other in configs[at + 1 :]:
            name = str(other.config_path)
            if other.parent in own:
                own.add(name)
            elif not lost_to and _says(self.config(name), other.package or "", package):
                lost_to = name
        return ChosenOption(path, package, self.config(path), lost_to)

    def config(self, path: str) -> DictConfig:
        """A config as its file has it; an empty one where there is none."""
        found = None if self.loader is None else self.loader.repository.load_config(path)
        return OmegaConf.create() if found is None else found.config  # type: ignore[return-value]


def _says(config: DictConfig, package: str, place: str) -> bool:
    """Whether a config at a package has a schedule at a place."""
    if place == package or place.startswith(f"{package}." if package else ""):
        rest = place[len(package) :].lstrip(".")
        node = _raw(config, rest) if rest else OmegaConf.to_container(config, resolve=False)
        return node is not None and (not isinstance(node, dict) or "spec" in node)
    return package == f"{place}.spec" or package.startswith(f"{place}.spec.")


def _raw(config: DictConfig, key: str) -> Any:
    """The value at a dotted key, its references not resolved; None where there is none."""
    node: Any = OmegaConf.to_container(config, resolve=False)
    for name in key.split("."):
        if not isinstance(node, dict) or name not in node:
            return None
        node = node[name]
    return node
