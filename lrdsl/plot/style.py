"""The look that all figures share, and how they are written to files."""

from __future__ import annotations

import io
import math
import os
import re
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrdsl.plot.ticks import labels, log_labels, log_limits, log_ticks
from lrdsl.util import atomic_write

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMATS = ("svg", "png", "pdf")
"""The file formats of `save`."""

COLOURS = ("#1f5fa8", "#c8442f", "#2b8a57", "#d98a12", "#7a4ca0", "#4f5d68")
"""Of curves: blue, red, green, amber, purple, grey."""

INK = "#333333"
"""Of text."""

_GRID = "#e4e7ea"

_DARK = {
    "#ffffff": "#0d1117",
    INK: "#d1d7de",
    _GRID: "#262c34",
    "#9aa2aa": "#6b747e",
    **dict(
        zip(
            COLOURS, ("#6aa5e8", "#f08a76", "#66c795", "#edb95e", "#b796dc", "#a9b4bd"), strict=True
        )
    ),
}
"""The colours of a picture on a dark page, by those on a white one."""


def darkened(svg: bytes) -> bytes:
    """A picture, as an SVG, in the colours for a dark page.

    >>> darkened(b'<path style="fill: #ffffff"/>')
    b'<path style="fill: #0d1117"/>'
    """
    text = svg.decode("utf-8")
    return re.sub("#[0-9a-f]{6}", lambda found: _DARK.get(found[0], found[0]), text).encode("utf-8")


def image_format(path: str | os.PathLike[str]) -> str:
    """The kind of picture that a path names; `ValueError` if it is none.

    >>> image_format("runs/lr.SVG")
    'svg'
    """
    kind = Path(path).suffix.lower().removeprefix(".")
    if kind not in FORMATS:
        raise ValueError(f"a picture is .svg, .png or .pdf, not {os.fspath(path)!r}")
    return kind


def write_image(picture: Figure, path: str | os.PathLike[str]) -> Path:
    """Write a figure to a file, of the same bytes each time; see `save`."""
    atomic_write.write(path, image_of(picture, image_format(path)))
    return Path(path)


def image_of(picture: Figure, kind: str) -> bytes:
    """A figure in a format of pictures, of the same bytes each time."""
    import matplotlib

    image = io.BytesIO()
    # Ids of SVG elements come from the salt, else from chance; dates would differ each time.
    undated: dict[str, dict[str, None]] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
    with matplotlib.rc_context({"svg.hashsalt": "lrdsl"}):
        picture.savefig(image, format=kind, dpi=200, metadata=undated.get(kind))
    return image.getvalue()


def blank_figure(height: float) -> Figure:
    """An empty figure in the look of all of them, so many inches high.

    Raises `ModuleNotFoundError`, with the command that installs it, where there is no matplotlib.
    """
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        message = "a figure needs matplotlib: pip install 'lrdsl[plot]'"
        raise ModuleNotFoundError(message, name=error.name) from error
    picture = Figure(figsize=(7.2, height), facecolor="white")
    picture.set_layout_engine("constrained", w_pad=0.1, h_pad=0.08)
    return picture


def style_axes(axes: Axes, x: str, y: str) -> None:
    """Give axes their names and the look of all figures."""
    axes.set_xlabel(x, color=INK)
    axes.set_ylabel(y, color=INK)
    axes.grid(color=_GRID, linewidth=0.8, zorder=0)
    axes.set_axisbelow(True)
    axes.tick_params(colors=INK, labelsize=9, length=3, width=0.8)
    axes.tick_params(which="minor", length=0)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set(color="#9aa2aa", linewidth=0.8)


def style_update_axis(axes: Axes, y: str) -> None:
    """Give axes over updates their names, round ticks, and the look of all figures."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(nbins=9, integer=True, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: labels([Decimal(x)])[0]))
    style_axes(axes, "update", y)


def style_log_axis(axes: Axes, low: float, high: float) -> None:
    """Give axes a logarithmic scale for values that are all above 0, with ticks in any range."""
    from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

    low, high = log_limits(low, high)
    found = log_ticks(low, high, 8)
    axes.set_yscale("log", nonpositive="mask")
    axes.yaxis.set_major_locator(FixedLocator([float(tick) for tick in found]))
    axes.yaxis.set_major_formatter(FixedFormatter(log_labels(found)))
    axes.yaxis.set_minor_locator(NullLocator())
    margin = 10 ** (0.04 * (math.log10(high) - math.log10(low)))
    axes.set_ylim(max(low / margin, 5e-324), min(high, 1.7e308 / margin) * margin)


def powers_of_ten(axes: Axes) -> None:
    """Write very large and very small values with a power of ten at the top of the axis."""
    axes.ticklabel_format(axis="y", style="sci", scilimits=(-2, 4), useMathText=True)


def legend_above(axes: Axes, *what: Any, size: float, title: str | None) -> None:
    """A legend above: of all that is drawn, or of `what` alone, the handles and their texts.

    A title, if there is one, stands above all of the figure.
    """
    if title:
        axes.figure.suptitle(escape_tex(title), fontsize=11, color=INK)
    axes.legend(
        *what,
        loc="lower center",
        bbox_to_anchor=(0.5, 1.0),
        frameon=False,
        prop={"family": "monospace", "size": size},
        labelcolor=INK,
    )


def escape_tex(text: str) -> str:
    """The text, safe from being read as TeX by matplotlib."""
    return text.replace("$", r"\$")
