"""Suggestions: what a mistyped word may have been meant to be, as data."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from lrdsl.util.near_names import near


class Suggestion(NamedTuple):
    """A mistyped word, and the names among which what was meant is looked for.

    Nothing is searched until `find` is called, which is where a mistake becomes a diagnostic.
    `form` is what to write, with `{}` in place of the name. `alike` is how much a near name has in
    common with the word at least, from 0 to 1. Where no candidate is near, the search goes on with
    `otherwise`. `texts` has what to write instead of a candidate, where that is not its name.

    >>> Suggestion("cosin", ["linear", "cosine"], "{}()").find()
    'cosine()'
    """

    word: str
    candidates: Collection[str]
    form: str = "{}"
    otherwise: Suggestion | None = None
    alike: float = 0.6
    texts: Mapping[str, str] | None = None

    def find(self) -> str | None:
        """The text to write instead of the word; None where nothing is near."""
        name = near(self.word, self.candidates, self.alike)
        if name is not None:
            return self.form.format(name if self.texts is None else self.texts[name])
        return None if self.otherwise is None else self.otherwise.find()

    def before(self, advice: str) -> str:
        """The question whether a near name was meant, if there is one, and then other advice.

        >>> Suggestion("hed", ["head"]).before("there are `head` and `body`")
        'did you mean `head`? There are `head` and `body`'
        """
        meant = self.find()
        return advice if meant is None else f"{ask(meant)} {advice[0].upper()}{advice[1:]}"


def ask(meant: str) -> str:
    """The question whether a text was meant, which is the fix for what stands in its place.

    >>> ask("cosine")
    'did you mean `cosine`?'
    """
    return f"did you mean `{meant}`?"
