"""Trees in a config as text, which replaces what it is merged with."""

from __future__ import annotations

from lrdsl.diagnostics import SpecError
from lrdsl.hydra.spec_options import as_option
from lrdsl.tree.data import is_data


def tree_text(value: object) -> str | None:
    """The text of a tree, with its references; None for what is no tree, or a wrong one.

    >>> tree_text([{"warmup": 100}, {"cosine": {"start": "${peak}"}}])
    'warmup(100) >> cosine(${peak})'
    >>> tree_text({"lr": 0.1}), tree_text("cosine()"), tree_text(["a", "b"])
    (None, None, None)
    """
    if not is_data(value):
        return None
    from lrdsl.tree.coerce import spec_text  # few schedules are trees
    from lrdsl.tree.interpolations import Interpolations
    from lrdsl.tree.keywords import is_tree

    if not is_tree(value) or (isinstance(value, list) and not any(map(_is_part, value))):
        return None
    kept = Interpolations()
    try:
        return str(kept.show(str(spec_text(kept.hide(value)))))
    except SpecError:
        return None


def _is_part(value: object) -> bool:
    """Whether an element of a list shows that it is a chain, and no list of words or numbers."""
    return is_data(value) or (isinstance(value, str) and isinstance(as_option(value), str))
