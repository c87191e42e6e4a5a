"""The language: everything that a spec can call, by name.

A `Language` never changes. `lrdsl.shape`, `lrdsl.define` and `lrdsl.load` put another one in its
place, so that whoever holds one goes on with what it has, and results that are kept with it are
never out of date.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, ClassVar, Concatenate, Final, ParamSpec, TypeVar

from lrdsl.language.curves import CURVES, Curve
from lrdsl.language.functions import FUNCTIONS, Function
from lrdsl.language.library import Definitions
from lrdsl.language.list_functions import LIST_FUNCTIONS, ListFunction
from lrdsl.language.modifiers import MODIFIERS, Modifier
from lrdsl.language.shapes import SHAPES, ShapeSignature
from lrdsl.language.shapes.ramp import shipped_shape
from lrdsl.syntax.definition import Definition
from lrdsl.util.entry_points import EntryPointGroup
from lrdsl.util.forks import no_fork

P = ParamSpec("P")
T = TypeVar("T")

MAX_KEPT = 64
"""Results of one function that a language keeps; the least recently used one goes first."""

INSTALLED = EntryPointGroup("lrdsl.shapes")
"""The shapes that installed packages bring."""


class Shapes(Mapping[str, ShapeSignature]):
    """The shapes: lrdsl's, those made by `lrdsl.shape`, and those of installed packages.

    A package is imported when the name of its shape is otherwise unknown.
    """

    def __init__(self, own: Mapping[str, ShapeSignature] = MappingProxyType({})) -> None:
        self.own: Final = own
        """The shapes made by `lrdsl.shape`."""

    def registered(self, name: str) -> ShapeSignature | None:
        """The shape of that name, or None; no package is imported for it."""
        return shipped_shape(name) or self.own.get(name)

    def why_broken(self, name: str) -> str | None:
        """Why an installed shape that was looked up cannot be used; None if nothing is wrong."""
        return INSTALLED.broken.get(name)

    def __getitem__(self, name: str) -> ShapeSignature:
        # A package calls `lrdsl.shape`, so that its shape is in the current language.
        found = self.registered(name) or INSTALLED.load(
            name, lambda: current().shapes.own.get(name)
        )
        if found is None:
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[str]:
        curves = [name for name in CURVES if CURVES[name].is_shape]
        return iter(sorted({*SHAPES, *curves, *self.own, *INSTALLED.names}))

    def __len__(self) -> int:
        return len(list(iter(self)))


@dataclass(frozen=True, eq=False)
class Language:
    """Everything that specs can call. Two languages are the same only if they are one object.

    >>> language = Language()
    >>> "cosine" in language.shapes, "wsd" in language.definitions, "clip" in language.shapes
    (True, True, False)
    """

    shapes: Shapes = field(default_factory=Shapes)
    definitions: Definitions = field(default_factory=Definitions)
    curves: ClassVar[Mapping[str, type[Curve]]] = CURVES
    modifiers: ClassVar[Mapping[str, type[Modifier]]] = MODIFIERS
    functions: ClassVar[Mapping[str, Function]] = FUNCTIONS
    list_functions: ClassVar[Mapping[str, ListFunction]] = LIST_FUNCTIONS
    _caches: dict[object, Callable[..., Any]] = field(default_factory=dict, init=False, repr=False)

    @property
    def callables(self) -> tuple[Mapping[str, object], ...]:
        """All that a spec can call, by kind."""
        made = (self.shapes, self.modifiers, self.definitions)
        return self.functions, self.list_functions, *made

    def __contains__(self, name: str) -> bool:
        return any([name in names for names in self.callables])

    def takes_entries(self, name: str) -> bool | None:
        """Whether a call is written in square brackets, `interval[600:*0.5]`; None if unknown.

        >>> language = Language()
        >>> [language.takes_entries(name) for name in ("interval", "clip", "clap")]
        [True, False, None]
        """
        for names in (self.shapes, self.modifiers, self.definitions):
            found = names.get(name)
            if found is not None:
                return found.bracket
        return None

    def with_shape(self, shape: ShapeSignature) -> Language:
        """The language with a shape made by `lrdsl.shape`, in place of one of the same name."""
        own = MappingProxyType({**self.shapes.own, shape.name: shape})
        return replace(self, shapes=Shapes(own))

    def with_own(self, definitions: Mapping[str, Definition]) -> Language:
        """The language of a spec that brings definitions with it; they come before all others."""
        return replace(self, definitions=self.definitions.with_own(definitions))

    def kept(
        self, make: Callable[Concatenate[Language, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Call a function with the language and other values; keep its result for the next time.

        >>> def count(language, start): return len(start)
        >>> Language().kept(count, "abc")
        3
        """
        cache = self._caches.get(make)
        if cache is None:
            made = functools.lru_cache(MAX_KEPT)(functools.partial(make, self))
            cache = self._caches.setdefault(make, made)
        found: T = cache(*args, **kwargs)
        return found


_current = Language()
_replacing = threading.Lock()


def current() -> Language:
    """The language of this process at the moment."""
    return _current


def change(make: Callable[[Language], Language]) -> None:
    """Replace the current language by what a function makes of it.

    The function is called again if another thread has replaced the language meanwhile.
    """
    global _current
    while True:
        before = _current
        after = make(before)
        with no_fork, _replacing:
            if _current is before:
                _current = after
                return


@contextmanager
def use(language: Language) -> Iterator[Language]:
    """Make a language the current one of this process, for a while: what is made known in this time
    is unknown afterwards.

    >>> with use(Language()):
    ...     change(lambda language: language.with_own({}))
    """
    before = _current
    change(lambda _: language)
    try:
        yield language
    finally:
        change(lambda _: before)
