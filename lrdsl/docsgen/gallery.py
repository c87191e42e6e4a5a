"""All presets on a page and in a picture.

python -m lrdsl.docsgen.gallery > docs/presets.md
python -m lrdsl.docsgen.gallery docs/presets.svg
"""

from __future__ import annotations

import hashlib
import math
import re
import sys
from pathlib import Path

import numpy as np

from lrdsl.language.presets import Preset, files, presets
from lrdsl.plot.style import COLOURS, INK, blank_figure, image_format, write_image
from lrdsl.schedule.schedule import Schedule, compile

STEPS = 1000
"""Updates of the run that the picture shows."""

_COLUMNS = 5
_URL = re.compile(r"https://[^\s,;]*[^\s,;.:]")

_INTRODUCTION = """\
# Presets

The options of the config group `schedule`, in any Hydra app once lrdsl is installed:
[hydra.md](hydra.md#presets) tells how they are used. `lrdsl presets` lists them in the terminal,
and `lrdsl presets wsd` shows one.

A preset goes by the keys `peak`, `steps` and `warmup` at the top of the app's config, as far as the
table says and the config has them: the highest learning rate, and two numbers of updates. Without
`peak` it is the optimizer's own learning rate, without `steps` the run's `total_steps`, without
`warmup` a share of the run; with `warmup=0` there is none. A key that is there must have a value:
`null` is none.

The numbers of a paper are shares of its run here, so that they hold in a run of any length. What is
taken from a paper is the shape of its schedule; its height is yours to choose.

![Each preset in a run of 1000 updates without any of the keys](presets.svg)

| preset | what it is | follows | source |
|---|---|---|---|
"""

_END = """
This page is made by `python -m lrdsl.docsgen.gallery > docs/presets.md`, its picture by
`python -m lrdsl.docsgen.gallery docs/presets.svg`.
"""


def shown(preset: Preset) -> Schedule:
    """A preset as the picture has it: without the keys, in a run of 1000 updates, from a base of 1.

    >>> from lrdsl.language.presets import read
    >>> shown(read("cosine"))(500)
    0.5
    """
    return compile(preset.bare, total_steps=STEPS, base_lr=1)


def page() -> str:
    """docs/presets.md."""
    rows = []
    for preset in presets():
        keys = " ".join([f"`{key}`" for key in preset.keys])
        rows.append(
            f"| [{preset.name}](#{preset.name}) | {preset.summary} | {keys} | {_links(preset)} |"
        )
    return "\n".join([_INTRODUCTION + "\n".join(rows), *map(_section, presets()), _END.strip(), ""])


def _links(preset: Preset) -> str:
    """The addresses of the sources, named by their last part."""
    found = [match[0] for match in _URL.finditer(preset.source)]
    return ", ".join([f"[{_label(url)}]({url})" for url in found])


def _label(url: str) -> str:
    place, _, rest = url.removeprefix("https://").partition("/")
    return f"arXiv:{rest.rpartition('/')[2]}" if place == "arxiv.org" else place


def _section(preset: Preset) -> str:
    source = _URL.sub(lambda match: f"<{match[0]}>", preset.source)
    text = f"\n## {preset.name}\n\n{preset.summary} {preset.defaults}\n\n{source}\n"
    return f"{text}\n```text\n{preset.bare}\n```\n"


def digest() -> str:
    """What the picture is made of, to tell whether it is still that of the presets."""
    texts = "".join([path.read_text(encoding="utf-8") for path in files().values()])
    return hashlib.sha256(texts.encode("utf-8")).hexdigest()


def draw(path: str) -> Path:
    """Write the picture of all presets, a curve beside the other, to an SVG, PNG or PDF file.

    An SVG ends with the digest of what it shows. Raises `ValueError` for another extension,
    `OSError` where the file cannot be written.
    """
    every = presets()
    rows = math.ceil(len(every) / _COLUMNS)
    picture = blank_figure(1.15 * rows)
    grid = picture.subplots(rows, _COLUMNS, sharex=True, sharey=True)
    steps = np.append(np.arange(0, STEPS, 2), STEPS - 1)
    for axes, preset in zip(grid.flat, every, strict=False):
        axes.plot(steps, shown(preset)(steps), color=COLOURS[0], linewidth=1.4)
        axes.set_title(preset.name, fontsize=8, family="monospace", color=INK, pad=3)
    for axes in grid.flat:
        axes.set(xticks=[], yticks=[], xlim=(0, STEPS), ylim=(-0.05, 1.08))
        axes.spines[["top", "right"]].set_visible(False)
    for axes in list(grid.flat)[len(every) :]:
        axes.set_visible(False)
    target = write_image(picture, path)
    if image_format(path) == "svg":
        with target.open("a", encoding="utf-8") as file:
            file.write(f"<!-- presets: {digest()} -->\n")
    return target


def main() -> None:
    """Print the page, or draw the picture into the file that is named."""
    if len(sys.argv) > 1:
        draw(sys.argv[1])
    else:
        sys.stdout.buffer.write(page().encode("utf-8"))


if __name__ == "__main__":
    main()
