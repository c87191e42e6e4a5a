"""Substitution: the arguments of one call are put into the body of a definition."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from lrdsl.diagnostics import Span
from lrdsl.language.binding import Arguments
from lrdsl.language.functions import FUNCTIONS
from lrdsl.syntax import ast
from lrdsl.syntax.definition import Definition
from lrdsl.syntax.rebuild import move_to, rebuild

MAX_EXPANDED_NODES = 50_000
"""Definitions of definitions can grow exponentially; this bounds what a spec grows to."""

_ELSEWHERE = frozenset({"prev", "next", "rest"})
"""Names whose meaning depends on the place."""

CYCLE = "cycle"
"""The name of the number of a round, which is meant where it is written."""


class Budget:
    """The number of nodes that may still be made. Going beyond raises `TooMuch`."""

    def __init__(self) -> None:
        self.left = MAX_EXPANDED_NODES

    def spend(self) -> None:
        """Make a node."""
        self.left -= 1
        if self.left < 0:
            raise TooMuch


class TooMuch(Exception):
    """The definitions make more of a spec than is allowed."""


@dataclass(eq=False)
class Substitution:
    """Puts the arguments of one call into the body of a definition."""

    definition: Definition
    call: Span
    bound: Arguments
    budget: Budget
    simplify: Callable[[ast.Node], ast.Node]
    given: dict[str, tuple[ast.Node, bool]] = field(default_factory=dict)
    """The arguments by the parameter, and whether they depend on the place."""
    applied: dict[str, ast.Node] = field(default_factory=dict)
    """The defaults for this call, by the parameter."""
    reaches_out: bool = False
    """Whether an argument is meant from outside."""

    def __post_init__(self) -> None:
        self.defaults = {each.name: each.default for each in self.definition.parameters}

    def apply(self, node: ast.Node) -> ast.Node:
        """A part of the body for this call."""
        self.budget.spend()
        if isinstance(node, ast.Name) and node.id in self.defaults:
            given, default = self.bound.get(node.id), self.defaults[node.id]
            if isinstance(given, ast.Node):
                return self._argument(node.id, given, node.span)
            if given is None and default is not None:
                # However often it is named: there it is the same, down to its place.
                if node.id not in self.applied:
                    self.applied[node.id] = self.simplify(self.apply(default))
                return self.applied[node.id]
        if isinstance(node, ast.Bracket):
            entries = tuple([each for entry in node.entries for each in self._entries(entry)])
            return ast.Bracket(self._moved(node.name), entries, span=self._here(node.span))
        return rebuild(node, self.apply, self._here)

    def _here(self, span: Span) -> Span:
        """The place of a part of the body: at the call, with where it stands."""
        site = self.definition.site(span)
        return Span(self.call.start, self.call.stop, (*self.call.sites, site))

    def _moved(self, name: ast.Name) -> ast.Name:
        return move_to(name, self._here(name.span))

    def _entries(self, entry: ast.Entry | ast.Name) -> tuple[ast.Entry | ast.Name, ...]:
        """An entry in the body, or the entries of the call that a name there stands for."""
        if isinstance(entry, ast.Entry):
            return (self.apply(entry),)  # type: ignore[return-value]
        given = self.bound.get(entry.id)
        return given if isinstance(given, tuple) else (self._moved(entry),)

    def _argument(self, name: str, given: ast.Node, parameter: Span) -> ast.Node:
        """An argument in the place of its parameter, its own names left as they are."""
        if name not in self.given:
            self.given[name] = self.simplify(given), _depends_on_place(given)
        simple, depends = self.given[name]
        site = self.definition.site(parameter)

        def place(span: Span) -> Span:
            return Span(span.start, span.stop, (*span.sites, site))

        # A modifier's own arguments are meant where its call stands, which is where it stands.
        is_modifier = self.definition.is_modifier

        def move(node: ast.Node, depends: bool) -> ast.Node:
            """A part of the argument, in which values may depend on where the call stands."""
            self.budget.spend()
            depends = depends and _depends_on_place(node)
            moved = rebuild(node, lambda child: move(child, depends), place)
            name = node.id if isinstance(node, ast.Name) else ""
            if is_modifier or not (name == CYCLE or (depends and name in _ELSEWHERE)):
                return moved
            self.reaches_out = True
            return ast.Outer(moved, span=moved.span)

        return move(simple, depends)


def _depends_on_place(node: ast.Node) -> bool:
    """Whether the value or the duration that a node stands for depends on where it stands.

    A schedule's `prev` is what stands before it where it is put, whoever wrote it.
    """
    match node:
        case ast.Name(id=name):
            return name in _ELSEWHERE
        case ast.Call(name=ast.Name(id=name)) if name not in FUNCTIONS:
            return False
        case ast.Bracket() | ast.Chain() | ast.Pipe() | ast.Outer():
            return False
    return any([_depends_on_place(child) for child in node.children])
