"""The user's definitions that a spec leads to, as the text that goes with it."""

from __future__ import annotations

from collections.abc import Iterable
from graphlib import TopologicalSorter

from lrdsl.language.library import Definitions
from lrdsl.syntax import ast


def own_text(tree: ast.Node, definitions: Definitions) -> str:
    """The user's definitions that a tree leads to, as text, each after those that it uses."""
    if not definitions.has_user:
        return ""
    uses: dict[str, list[str]] = {}
    waiting = _user_calls([tree], definitions)
    while waiting:
        name = waiting.pop()
        definition = definitions.get(name)
        if definition is not None and name not in uses:
            uses[name] = _user_calls(definition.expressions, definitions)
            waiting += uses[name]
    ordered = TopologicalSorter({name: uses[name] for name in definitions if name in uses})
    return "\n".join([str(definitions.get(name)) for name in ordered.static_order()])


def _user_calls(roots: Iterable[ast.Node], definitions: Definitions) -> list[str]:
    """The names of the user's definitions that are called in some trees."""
    calls = [
        definitions.owner_name(node.name.id)
        for root in roots
        for node, _ in ast.walk(root)
        if isinstance(node, (ast.Call, ast.Bracket)) and node.name.id in definitions
    ]
    return [name for name in dict.fromkeys(calls) if definitions.is_user(name)]
