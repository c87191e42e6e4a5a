"""What Hydra wrote beside a run: its overrides, and its config, in which the spec stands."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from lrdsl.linter.source_file import Snippet

_KEY = re.compile(r"[+~]*(?P<key>[^=]*)=?(?P<value>.*)", re.S)
_OF_RATE = re.compile(r"(?:.*\.)?lr(?:\.spec)?(?:\..*)?", re.S)
_QUOTED = re.compile(r"(?P<quote>[\"'])(?P<text>.*)(?P=quote)", re.S)


@dataclass(frozen=True)
class HydraOutput:
    """A run's overrides by key, without quotes; its spec, resolved, and the key that it stands at.

    `problems` are sentences about what could not be read.
    """

    overrides: dict[str, str] = field(default_factory=dict)
    spec: str | None = None
    key: str | None = None
    problems: tuple[str, ...] = ()


def read_hydra_output(folder: Path) -> HydraOutput:
    """Read `overrides.yaml` and `config.yaml` in a run's folder `.hydra`, as far as they are there.

    The spec is that of the learning rate, where the config has several; a reference that the config
    does not resolve by itself is a variable in it, `given_…`.
    """
    problems: list[str] = []
    overrides = _overrides(_loaded(folder / "overrides.yaml", problems))
    place = _place(folder / "config.yaml", problems)
    if place is None:
        return HydraOutput(overrides, problems=tuple(problems))
    return HydraOutput(overrides, " ".join(place.text.split()), place.origin.key, tuple(problems))


def _overrides(listed: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in listed if isinstance(listed, list) else []:
        match = _KEY.fullmatch(str(each))
        if match is not None:
            found[match["key"]] = _unquoted(match["value"])
    return found


def _unquoted(text: str) -> str:
    quoted = _QUOTED.fullmatch(text.strip())
    if quoted is None:
        return text
    return quoted["text"].replace(f"\\{quoted['quote']}", quoted["quote"])


def _loaded(path: Path, problems: list[str]) -> Any:
    try:
        return yaml.safe_load(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError, yaml.YAMLError):
        problems.append(f"{path.name} cannot be read")
        return None


def _place(path: Path, problems: list[str]) -> Snippet | None:
    from omegaconf import DictConfig, OmegaConf

    from lrdsl.hydra.resolve import plain
    from lrdsl.linter.sources.resolved_config import config_specs

    try:
        config = OmegaConf.load(path)
        places = config_specs(plain(config)) if isinstance(config, DictConfig) else ()
    except FileNotFoundError:
        return None
    except Exception:  # of YAML, OmegaConf and resolvers: the run is compared all the same
        problems.append(f"{path.name} cannot be read")
        return None
    of_rate = [place for place in places if _OF_RATE.fullmatch(place.origin.key)]
    return next(iter([*of_rate, *places]), None)
