"""Offers lrdsl's presets to every Hydra app as options of the group `schedule`.

An app's own files go before, option by option: the presets stand at the end of the search path,
and nothing else of lrdsl's configs is seen there. lrdsl itself is only imported when an app asks
for the group.

A schedule is an option as well, `schedule@lr="cosine(1, 0, 900)"`: its config is `{spec: …}`. That
holds for the group `schedule`, and for every group of the app whose own options have a key `spec`.

A group is not harmless to an app that knows nothing of it: where one exists, Hydra takes
`schedule=linear` on the command line for a choice of an option, even if `schedule` is a plain key
of the app's config. So the group hides from apps whose config has such a key.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from pathlib import Path

from hydra._internal.sources_registry import SourcesRegistry
from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.object_type import ObjectType
from hydra.plugins.config_source import ConfigLoadError, ConfigResult, ConfigSource
from hydra.plugins.search_path_plugin import SearchPathPlugin
from omegaconf import DictConfig, ListConfig, OmegaConf

_GROUP = "schedule"
_LOOKED_AT = 5  # options of another group, to see whether they are schedules
_FILE = re.compile(r"[\w./@ -]*")
_NUMBER = re.compile(r"/[-+]?\.?[0-9][0-9._eE+-]*\Z")


class LrdslPresets(SearchPathPlugin):
    """Puts the presets at the end of an app's search path."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        main = [each.path for each in search_path.get_path() if each.provider == "main"]
        search_path.append("lrdsl", f"lrdsl://{main[0] if main else ''}")


class PresetSource(ConfigSource):
    """The presets; its path is that of the app's own configs."""

    @staticmethod
    def scheme() -> str:
        return "lrdsl"

    def available(self) -> bool:
        return True

    def load_config(self, config_path: str) -> ConfigResult:
        file, spec = _file(config_path), self._spec(config_path)
        if file is not None:
            from lrdsl.util.guarded_read import read_text

            config = OmegaConf.create(read_text(file))
        elif spec is not None:
            config = OmegaConf.create({"spec": spec})
        else:
            raise ConfigLoadError(f"Config not found : {config_path}")
        header = {"package": None}
        return ConfigResult(
            config=config, path=self.full_path(), provider=self.provider, header=header
        )

    def is_config(self, config_path: str) -> bool:
        return _file(config_path) is not None or self._spec(config_path) is not None

    def _spec(self, config_path: str) -> str | float | None:
        """The schedule that is chosen as an option; None for what is the name of a file."""
        if _FILE.fullmatch(config_path) and not _NUMBER.search(config_path):
            return None
        from lrdsl.hydra.spec_options import as_option

        for slash in re.finditer("/", config_path):
            group, name = config_path[: slash.start()], config_path[slash.end() :]
            spec = as_option(name.removesuffix(".yaml"))
            if spec is not None and (group == _GROUP or _has_specs(self.path, group)):
                return spec
        return None

    def is_group(self, config_path: str) -> bool:
        return config_path == _GROUP and not _is_plain_key(self.path)

    def list(self, config_path: str, results_filter: ObjectType | None) -> list[str]:
        if config_path == _GROUP and results_filter in (None, ObjectType.CONFIG):
            return sorted(_names())
        if config_path == "" and results_filter in (None, ObjectType.GROUP):
            return [_GROUP] if self.is_group(_GROUP) else []
        return []


def _names() -> dict[str, Path]:
    from lrdsl.language.presets import files

    return dict(files())


def _file(config_path: str) -> Path | None:
    group, _, name = config_path.rpartition("/")
    return _names().get(name.removesuffix(".yaml")) if group == _GROUP else None


def _is_plain_key(main: str) -> bool:
    """Whether a config of the app has a key `schedule`, and no choice of the group beside it."""
    return any([_GROUP in config and not _chooses(config) for config in _configs(main, "")])


def _has_specs(main: str, group: str) -> bool:
    """Whether an option of a group of the app has a key `spec`."""
    first = itertools.islice(_configs(main, group), _LOOKED_AT)
    return any(["spec" in config for config in first])


def _configs(main: str, group: str) -> Iterator[DictConfig]:
    """The app's own configs in a group, or those outside of groups."""
    for path in [*([main] if main else []), "structured://"]:
        scheme = path.partition("://")[0] if "://" in path else "file"
        source = SourcesRegistry.instance().resolve(scheme)(provider="main", path=path)
        if not source.available() or not source.is_group(group):
            continue
        for name in source.list(group, ObjectType.CONFIG):
            try:
                config = source.load_config(f"{group}/{name}".lstrip("/")).config
            except Exception:  # of YAML that is none: Hydra says so, if the app comes to use it
                continue
            if isinstance(config, DictConfig):
                yield config


def _chooses(config: DictConfig) -> bool:
    """Whether the defaults of a config choose an option of the group, for whatever place."""
    defaults = config._get_node("defaults")
    if not isinstance(defaults, ListConfig):
        return False
    chosen = [
        str(key).split()[-1].partition("@")[0]
        for each in OmegaConf.to_container(defaults, resolve=False)
        if isinstance(each, dict)
        for key in each
        if str(key).strip()
    ]
    return _GROUP in chosen
