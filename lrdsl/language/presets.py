"""The presets that come with lrdsl: `conf/schedule/*.yaml`, options of Hydra's group `schedule`.

They are read here as the text that they are, so that whoever asks for a name imports nothing heavy.
`lrdsl.docsgen.presets` shows them all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from lrdsl.util.guarded_read import read_text
from lrdsl.util.resources import folder

GROUP = "schedule"
"""The config group that they are options of, and the folder that they lie in."""

_INNERMOST = re.compile(r"\$\{oc\.select:(\w+),([^${}]*)\}")
"""A reference to a key of the app's config, with what stands for it where there is none."""


class Preset(NamedTuple):
    """A preset: what it does, where it is from, and its spec as it stands in the file."""

    name: str
    summary: str
    source: str
    defaults: str
    """Which keys of the config set it, and what it does without them."""
    spec: str

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of the app's config that it follows, where the config has them.

        >>> read("wsd").keys
        ('peak', 'steps', 'warmup')
        """
        return tuple(sorted(set(re.findall(r"\$\{oc\.select:(\w+)", self.spec))))

    @property
    def bare(self) -> str:
        """The spec as it is in an app that has none of the keys.

        >>> read("cosine").bare
        'warmed_up(0, cosine(base, 0, until=total))'
        """
        return self.within({})

    def within(self, values: Mapping[str, float]) -> str:
        """The spec as it is in an app whose config has these values.

        >>> read("linear").within({"peak": 0.3, "warmup": 100})
        'warmed_up(100, linear(0.3, 0, until=total))'
        """
        return with_keys(self.spec, values)


_PLAIN = re.compile(r"\$\{(\w+)\}")


def with_keys(text: str, values: Mapping[str, float]) -> str:
    """A text with its references to keys of the app's config replaced, as far as that goes.

    A reference with a default, `${oc.select:peak,base}`, is that where there is no such key.

    >>> with_keys("cosine(${oc.select:peak,base}, 0, ${steps})", {"steps": 900})
    'cosine(base, 0, 900)'
    """
    text = _PLAIN.sub(lambda found: _written(values, found[1], found[0]), text)
    count = 1
    while count:
        text, count = _INNERMOST.subn(lambda found: _written(values, found[1], found[2]), text)
    return text


def _written(values: Mapping[str, float], name: str, otherwise: str) -> str:
    return repr(values[name]) if name in values else otherwise


@cache
def files() -> MappingProxyType[str, Path]:
    """The file of each preset by its name, in the order of the names.

    >>> files()["wsd"].name
    'wsd.yaml'
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


def read(name: str) -> Preset:
    """The preset of this name; `KeyError` if there is none.

    >>> read("constant").summary
    'The same learning rate throughout.'
    """
    comment, _, spec = read_text(files()[name]).partition("spec:")
    lines = [line.removeprefix("#").strip() for line in comment.splitlines()]
    summary, source, defaults = "\n".join(lines).strip().split("\n\n")
    parts = [" ".join(part.split()) for part in (summary, source, defaults, spec)]
    return Preset(name, *parts)


def presets() -> list[Preset]:
    """All presets, by name."""
    return [read(name) for name in files()]
