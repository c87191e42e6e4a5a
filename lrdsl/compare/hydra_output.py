"""What Hydra wrote beside a run: its overrides, and its config, in which the spec stands."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import yaml

_OF_RATE = re.compile(r"(?:.*\.)?lr(?:\.spec)?(?:\..*)?", re.S)
_QUOTED = re.compile(r"(?P<quote>[\"'])(?P<text>.*)(?P=quote)", re.S)


class HydraOutput(NamedTuple):
    """The overrides of a run by key, without quotes; its spec, resolved, and the spec's key.

    `problems` are sentences about what could not be read.
    """

    overrides: dict[str, str]
    spec: str | None
    spec_key: str | None
    problems: tuple[str, ...]


def read_hydra_output(folder: Path) -> HydraOutput:
    """Read `overrides.yaml` and `config.yaml` in a run's folder `.hydra`, as far as they are there.

    The spec is that of the learning rate, where the config has several; a reference that the config
    does not resolve by itself is a variable in it, `given_…`.
    """
    problems: list[str] = []

    def read(name: str, reader: Callable[[Path], Any]) -> Any:
        try:
            return reader(folder / name)
        except FileNotFoundError:
            return None
        except Exception:  # of YAML, OmegaConf and resolvers: the run is compared all the same
            problems.append(f"{name} cannot be read")
            return None

    overrides = read("overrides.yaml", _overrides) or {}
    spec, key = read("config.yaml", _spec) or (None, None)
    return HydraOutput(overrides, spec, key, tuple(problems))


def _overrides(path: Path) -> dict[str, str]:
    listed = yaml.safe_load(path.read_bytes())
    parted = [str(each).partition("=") for each in (listed if isinstance(listed, list) else ())]
    return {key.lstrip("+~"): _unquoted(value) for key, _, value in parted}


def _unquoted(text: str) -> str:
    quoted = _QUOTED.fullmatch(text.strip())
    if quoted is None:
        return text
    return quoted["text"].replace(f"\\{quoted['quote']}", quoted["quote"])


def _spec(path: Path) -> tuple[str, str] | None:
    """The spec in a config and its key, that of the learning rate where there are several."""
    from omegaconf import DictConfig, OmegaConf

    from lrdsl.hydra.resolve import plain
    from lrdsl.linter.sources.resolved_config import config_specs

    config = OmegaConf.load(path)
    places = config_specs(plain(config)) if isinstance(config, DictConfig) else ()
    of_rate = [place for place in places if _OF_RATE.fullmatch(place.origin.key)]
    chosen = [(" ".join(x.text.split()), x.origin.key) for x in (*of_rate, *places)]
    return chosen[0] if chosen else None
