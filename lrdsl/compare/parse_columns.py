"""The numbers of a table whose every row is as it should be, read at once."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lrdsl.util.forks import import_late


class Column(NamedTuple):
    """The numbers of a column, and which of its cells have one; the others are empty."""

    values: NDArray[np.float64]
    is_there: NDArray[np.bool_]


def parse_columns(
    rows: bytes, width: int, places: Sequence[int], max_line: int
) -> list[Column] | None:
    """The columns at some places of rows that are `width` cells wide, separated by commas.

    None where any row is another, has quotes or is longer than `max_line`, or where a cell is
    neither a number nor empty: then they must be read one by one. Where polars is installed it
    reads them.

    >>> parse_columns(b"0,0.5,a\\n1,0.25,b\\n", 3, [1], 99)[0].values
    array([0.5 , 0.25])
    >>> parse_columns(b"0,0.5\\n1\\n", 2, [1], 99), parse_columns(b"0,half\\n", 2, [1], 99)
    (None, None)
    """
    characters = np.frombuffer(rows, dtype=np.uint8)
    ends = np.flatnonzero(characters == ord("\n"))
    lengths = np.diff(ends, prepend=-1)
    commas = int(np.count_nonzero(characters == ord(",")))
    is_plain = commas == (width - 1) * len(ends) and not any([c in rows for c in b'"\0\r'])
    if not is_plain or not len(ends) or lengths.min() == 1 or lengths.max() > max_line:
        return None
    try:
        polars = import_late("polars")
    except ImportError:
        return _by_numpy(rows, places)
    return _by_polars(polars, rows, width, places)


def _by_polars(polars: Any, rows: bytes, width: int, places: Sequence[int]) -> list[Column] | None:
    names = [str(place) for place in range(width)]
    wanted = [names[place] for place in sorted(set(places))]
    types = {name: polars.Float64 if name in wanted else polars.String for name in names}
    content = b"%s\n%s" % (",".join(names).encode(), rows)
    try:
        table = polars.read_csv(content, columns=wanted, schema_overrides=types)
    except polars.exceptions.PolarsError:
        return None
    found = [table[names[place]] for place in places]
    all_there = np.ones(len(table), bool)
    return [
        Column(x.to_numpy(), x.is_not_null().to_numpy() if x.null_count() else all_there)
        for x in found
    ]


def _by_numpy(rows: bytes, places: Sequence[int]) -> list[Column] | None:
    try:
        table = np.loadtxt(BytesIO(rows), delimiter=",", comments=None, usecols=places, ndmin=2)
    except ValueError:
        return None
    return [Column(values, np.ones(len(values), bool)) for values in table.T]
