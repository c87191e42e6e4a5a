"""`${…}` in texts: kept as they are while specs become trees, and trees specs.

What an interpolation stands for is not known here, so it is taken for a number: a variable stands
in its place until the end.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from lrdsl import diagnostics as diag
from lrdsl.diagnostics import spec_error
from lrdsl.syntax.grammar import MAX_DEPTH
from lrdsl.tree.decode import MAX_PARTS
from lrdsl.tree.keywords import is_data

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
        return _Changing(self._hidden).of(value, 0)

    def show(self, value: Any) -> Any:
        """The same with the interpolations where they were."""
        return _Changing(self._shown).of(value, 0)

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


class _Changing:
    """Changes all texts in a tree, within the bounds for trees."""

    def __init__(self, change: Callable[[str], str]) -> None:
        self.change = change
        self.left = MAX_PARTS

    def of(self, value: Any, depth: int) -> Any:
        self.left -= 1
        if depth > MAX_DEPTH or self.left < 0:
            raise spec_error(diag.TOO_DEEP, "the tree is too large, or nested too deep")
        if isinstance(value, str):
            return self.change(value)
        if isinstance(value, Mapping):
            pairs = [(self.of(k, depth + 1), self.of(v, depth + 1)) for k, v in value.items()]
            return dict(pairs)
        return [self.of(each, depth + 1) for each in value] if is_data(value) else value


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
