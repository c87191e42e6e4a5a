"""What Hydra wrote beside a run: its overrides, and its config, in which the spec stands."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from lrdsl.linter.source_file import Malformed
from lrdsl.linter.sources.document import Mapping, Scalar, Sequence
from lrdsl.linter.sources.resolved_config import specs_of_document
from lrdsl.linter.sources.yaml_document import YamlDocument, read_yaml
from lrdsl.util.guarded_read import CannotRead, read_text

MAX_HYDRA_BYTES = 2**20
"""The size of the largest file of Hydra's that is read."""

_PYTHON = "tag:yaml.org,2002:python/"
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
        except CannotRead as error:
            if error.missing:
                return None
        except (Malformed, yaml.YAMLError):
            pass
        problems.append(f"{name} cannot be read")  # the run is compared all the same
        return None

    overrides = read("overrides.yaml", _overrides) or {}
    spec, key = read("config.yaml", _spec) or (None, None)
    return HydraOutput(overrides, spec, key, tuple(problems))


def _overrides(path: Path) -> dict[str, str]:
    document = _document(path)
    listed = document.root if document and isinstance(document.root, Sequence) else ()
    parted = [each.text.partition("=") for each in listed if isinstance(each, Scalar)]
    return {key.lstrip("+~"): _unquoted(value) for key, _, value in parted}


def _document(path: Path) -> YamlDocument | None:
    """A file as Hydra writes it: one document or none, and nothing that only Python can read.

    A reference in it is followed within the file; the environment is the reader's own. Aliases
    can make a small file endless, so that they are nodes seen once and never written out.
    """
    text = read_text(path, MAX_HYDRA_BYTES)
    documents = read_yaml(text, str(path.parent))  # first, as it limits how deep a text is nested
    tags = [getattr(event, "tag", None) for event in yaml.parse(text, Loader=yaml.SafeLoader)]
    if any([tag and tag.startswith(_PYTHON) for tag in tags]) or len(documents) > 1:
        raise CannotRead("this is not what Hydra writes")
    return documents[0] if documents else None


def _unquoted(text: str) -> str:
    quoted = _QUOTED.fullmatch(text.strip())
    if quoted is None:
        return text
    return quoted["text"].replace(f"\\{quoted['quote']}", quoted["quote"])


def _spec(path: Path) -> tuple[str, str] | None:
    """The spec in a config and its key, that of the learning rate where there are several."""
    document = _document(path)
    if document is None or not isinstance(document.root, Mapping):
        return None
    places = specs_of_document(replace(document, kind="config", is_config=True))
    of_rate = [place for place in places if _OF_RATE.fullmatch(place.origin.key)]
    chosen = [(" ".join(x.text.split()), x.origin.key) for x in (*of_rate, *places)]
    return chosen[0] if chosen else None
