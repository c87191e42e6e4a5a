"""The table of generated pages and pictures, and how each is compared and written."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lrdsl import plot
from lrdsl.docsgen import presets, reference, rules
from lrdsl.plot.style import darkened, image_format, image_of
from lrdsl.util import atomic_write
from lrdsl.util.guarded_read import read_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EXAMPLE = "warmup(linear,100) >> cosine(1,1e-3,800) | interval[600:*0.5]"
"""The schedule at the top of README.md."""


@dataclass(frozen=True)
class Page:
    """A generated file: a page of Markdown with a text, or a picture of a text, drawn by `figure`.

    The file of a picture, an SVG, ends with the digest of its text, which tells whether it is
    current: another version of matplotlib draws the same picture with other bytes.
    """

    path: str
    text: Callable[[], str]
    figure: Callable[[], Figure] | None = None
    is_dark: bool = False
    """Whether a picture is for a dark page."""

    def is_current(self, root: Path) -> bool:
        """Whether the file below `root` is what the code makes."""
        path = root / self.path
        written = read_text(path) if path.is_file() else ""
        return written == self.text() if self.figure is None else written.endswith(self._mark())

    def write(self, root: Path) -> None:
        """Write the file below `root`."""
        path = root / self.path
        if self.figure is None:
            atomic_write.write(path, self.text().encode("utf-8"))
        else:
            image = image_of(self.figure(), image_format(path))
            image = darkened(image) if self.is_dark else image
            atomic_write.write(path, image + self._mark().encode("utf-8"))

    def _mark(self) -> str:
        digest = hashlib.sha256(self.text().encode("utf-8")).hexdigest()
        return f"<!-- drawn from {digest} -->\n"


PAGES = (
    Page("docs/reference.md", reference.page),
    Page("docs/rules.md", rules.page),
    Page("docs/presets.md", presets.page),
    Page("docs/presets.svg", presets.source, presets.figure),
    Page("docs/example.svg", lambda: EXAMPLE, lambda: plot.figure(EXAMPLE)),
    Page("docs/example-dark.svg", lambda: EXAMPLE, lambda: plot.figure(EXAMPLE), is_dark=True),
)
"""All that `python -m lrdsl.docsgen` makes."""


def outdated(root: Path) -> list[Page]:
    """The pages and pictures below `root` that are not what the code makes."""
    return [page for page in PAGES if not page.is_current(root)]
