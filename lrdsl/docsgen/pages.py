"""The table of generated pages and pictures, and how each is compared and written."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lrdsl import plot
from lrdsl.docsgen import presets, reference, rules
from lrdsl.plot.style import write_image

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EXAMPLE = "warmup(linear,100) >> cosine(1,1e-3,800) | interval[600:*0.5]"
"""The schedule at the top of README.md."""


@dataclass(frozen=True)
class Page:
    """A page of Markdown; `text` makes it."""

    path: str
    text: Callable[[], str]

    def is_current(self, root: Path) -> bool:
        """Whether the file below `root` holds what the code makes."""
        return _read(root / self.path) == self.text()

    def write(self, root: Path) -> None:
        """Write the file below `root`."""
        (root / self.path).write_bytes(self.text().encode("utf-8"))


@dataclass(frozen=True)
class Picture:
    """An SVG; `figure` draws it, `source` is the text that it shows.

    The file ends with the digest of the source, which tells whether it is current: another version
    of matplotlib draws the same picture with other bytes.
    """

    path: str
    source: Callable[[], str]
    figure: Callable[[], Figure]

    def is_current(self, root: Path) -> bool:
        """Whether the file below `root` was drawn from the present source."""
        return _read(root / self.path).endswith(self._mark())

    def write(self, root: Path) -> None:
        """Draw the file below `root`."""
        path = write_image(self.figure(), root / self.path)
        with path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(self._mark())

    def _mark(self) -> str:
        digest = hashlib.sha256(self.source().encode("utf-8")).hexdigest()
        return f"<!-- drawn from {digest} -->\n"


def _read(path: Path) -> str:
    """The text of a file with plain line ends; "" where there is no file."""
    return path.read_text(encoding="utf-8") if path.is_file() else ""


PAGES: tuple[Page | Picture, ...] = (
    Page("docs/reference.md", reference.page),
    Page("docs/rules.md", rules.page),
    Page("docs/presets.md", presets.page),
    Picture("docs/presets.svg", presets.source, presets.figure),
    Picture("docs/example.svg", lambda: EXAMPLE, lambda: plot.figure(EXAMPLE)),
)
"""All that `python -m lrdsl.docsgen` makes."""


def outdated(root: Path) -> list[Page | Picture]:
    """The pages and pictures below `root` that are not what the code makes."""
    return [page for page in PAGES if not page.is_current(root)]
