"""`${…}` in texts: kept as they are while specs become trees, and trees specs.

The value of an interpolation is not known here, so it is taken for a number: a variable stands in
its place until the end.
"""

from __future__ import annotations

import re
from typing import Any

from lrdsl import diagnostics as diag
from lrdsl.diagnostics import spec_error
from lrdsl.tree.data import plain_data

_GLUED = re.compile(r"[\w.]\Z")
_STAND_IN = "interpolated_{}_"
_FOUND = re.compile(r"interpolated_(\d+)_")


class Interpolations:
    """The interpolations of one config, and the variables in their places.

    >>> kept = Interpolations()
    >>> kept.hide("cosine(${peak}, 0, ${a.${b}})")
    'cosine(interpolated_0_, 0, interpolated_1_)'
    >>> kept.show({"hold": {"steps": "interpolated_1_ - 5"}})
    {'hold': {'steps': '${a.${b}} - 5'}}
    """

    def __init__(self) -> None:
        self._found: list[str] = []

    def hide(self, value: Any) -> Any:
        """A text, or all texts in a tree, with variables for interpolations.

        Raises `SpecError` where one is a part of a word, so that nothing can be said of it.
        """
        return plain_data(value, self._hidden)

    def show(self, value: Any) -> Any:
        """The same with the interpolations where they were."""
        return plain_data(value, self._shown)

    def _hidden(self, text: str) -> str:
        parts: list[str] = []
        done = 0
        while (start := text.find("${", done)) >= 0:
            stop = after_interpolation(text, start)
            if _GLUED.search(text[done:start]) or re.match(r"[\w.(\[]", text[stop:]):
                message = f"`{text[start:stop]}` is a part of a word, which cannot be converted"
                raise spec_error(diag.BAD_SPEC, message, fix="let it stand for a whole number")
            parts += [text[done:start], _STAND_IN.format(len(self._found))]
            self._found.append(text[start:stop])
            done = stop
        return "".join([*parts, text[done:]])

    def _shown(self, text: str) -> str:
        return _FOUND.sub(lambda found: self._found[int(found[1])], text)


def after_interpolation(text: str, start: int) -> int:
    """Past the `}` of the `${` at `start`; the end of the text if there is none.

    >>> after_interpolation("${a.${b}} - 5", 0)
    9
    """
    depth = 0
    for at in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        if text[at] == "}" and depth == 0:
            return at + 1
    return len(text)
