"""The presets that come with lrdsl: `conf/schedule/*.yaml`, options of Hydra's group `schedule`.

Only their names and their texts are known here, so that whoever asks imports nothing heavy.
`lrdsl.hydra.gallery` shows them.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from types import MappingProxyType

from lrdsl.resources import folder

GROUP = "schedule"
"""The config group that they are options of, and the folder that they lie in."""


@cache
def files() -> MappingProxyType[str, Path]:
    """The file of each preset by its name, in the order of the names.

    >>> files()["wsd"].read_text(encoding="utf-8").startswith("# Warmup, stable, decay")
    True
    """
    found = sorted((folder("conf") / GROUP).glob("*.yaml"))
    return MappingProxyType({path.stem: path for path in found})


def is_preset(name: str) -> bool:
    """Whether a preset has this name; False where an installation lacks its files.

    >>> is_preset("cosine"), is_preset("cosin")
    (True, False)
    """
    try:
        return name in files()
    except FileNotFoundError:  # a mistake in a spec is told without them as well
        return False
