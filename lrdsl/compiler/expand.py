"""Expansion: calls of definitions are replaced by what they stand for.

A tree goes in, a tree without definitions comes out. Arguments are put in as they are written.
Conditions that are decided by then, about words and literal numbers, are gone as well, and
arithmetic over numbers that comes to a whole one is that number. What stands in the place of a call
has the span of the call, or of the argument it was, and the places in the definitions as
`Span.sites`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from graphlib import TopologicalSorter
from typing import TypeAlias

from lrdsl import diagnostics as d
from lrdsl.compiler.conditions import word_of
from lrdsl.compiler.evaluate import decide
from lrdsl.compiler.fold_constants import folded
from lrdsl.diagnostics import NOWHERE, Reporter, Span
from lrdsl.language.functions import FUNCTIONS
from lrdsl.language.library import Library
from lrdsl.language.list_functions import LISTS, of_lists
from lrdsl.syntax import ast as n
from lrdsl.syntax.definition import DefinedParameter, Definition
from lrdsl.util.registry import did_you_mean

MOST_NODES = 50_000
"""Definitions of definitions can grow exponentially; this bounds what a spec grows to."""

MOST_LEVELS = 50
"""Definitions within definitions."""

_ELSEWHERE = frozenset({"prev", "next", "rest"})
"""Names whose meaning depends on the place."""


class Budget:
    """How many nodes may still be made. Going beyond raises `_TooMuch`."""

    def __init__(self, nodes: int = MOST_NODES) -> None:
        self.left = nodes

    def spend(self) -> None:
        """Make a node."""
        self.left -= 1
        if self.left < 0:
            raise _TooMuch


class _TooMuch(Exception):
    """The definitions make more of a spec than is allowed."""


def expand(
    tree: n.Node, library: Library, reporter: Reporter, budget: Budget | None = None
) -> n.Node:
    """The tree without calls of definitions; what is wrong with them is reported."""
    if not _has_calls(tree, library):
        return tree
    expander = _Expander(library, reporter, Budget() if budget is None else budget)
    try:
        return expander.expand(tree, 0)
    except (_TooMuch, RecursionError):
        reporter.report(d.TOO_DEEP, "the definitions make too much of this", expander.call)
        return n.Faulty(span=tree.span)


def fields(tree: n.Node, library: Library) -> Mapping[str, n.Node]:
    """What a call of a program drives: the call of each field by its name; else nothing.

    Fields that come to `none` are left out.
    """
    definition = library.find(tree.name.id) if isinstance(tree, n.Call) else None
    if definition is None or definition.program is None or not isinstance(tree, n.Call):
        return {}
    found: dict[str, n.Node] = {}
    for key in definition.program.names:
        name = n.Name(f"{definition.name}.{key.id}", span=tree.name.span)
        call = n.Call(name, tree.arguments, span=tree.span)
        if expand(call, library, Reporter("")) != n.Keyword("none"):
            found[key.id] = call
    return found


def own_text(tree: n.Node, library: Library) -> str:
    """The user's definitions that a tree leads to, as text, each after those that it uses."""
    if not library.has_user:
        return ""
    uses: dict[str, list[str]] = {}
    waiting = _own_calls([tree], library)
    while waiting:
        name = waiting.pop()
        definition = library.find(name)
        if definition is not None and name not in uses:
            uses[name] = _own_calls(definition.roots, library)
            waiting += uses[name]
    ordered = TopologicalSorter({name: uses[name] for name in library if name in uses})
    return "\n".join([str(library.find(name)) for name in ordered.static_order()])


def _own_calls(roots: Iterable[n.Node], library: Library) -> list[str]:
    """The names of the user's definitions that are called in some trees."""
    calls = [
        library.whole(node.name.id)
        for root in roots
        for node, _ in n.walk(root)
        if isinstance(node, (n.Call, n.Bracket)) and node.name.id in library
    ]
    return [name for name in dict.fromkeys(calls) if library.is_user(name)]


def _has_calls(tree: n.Node, library: Library, *, or_choices: bool = True) -> bool:
    """Whether there are calls of definitions in a tree, or conditions: work for the expander."""
    names: set[str] = set()
    for node in itertools.chain.from_iterable(n.levels(tree)):
        if isinstance(node, (n.Call, n.Bracket)):
            names.add(node.name.id)
        elif or_choices and isinstance(node, n.If):
            return True
    return any([name in LISTS or name in library for name in names])


Bound: TypeAlias = "dict[str, n.Node | tuple[n.Entry | n.Name, ...]]"
"""What a call gives for each parameter; entries in brackets are many nodes."""


class _Expander:
    def __init__(self, library: Library, reporter: Reporter, budget: Budget) -> None:
        self.library = library
        self.reporter = reporter
        self.budget = budget
        self.call = NOWHERE
        """The call in the spec itself that is being expanded."""

    def expand(self, node: n.Node, level: int) -> n.Node:
        """A node of the spec, or of what a call stands for, with its calls replaced."""
        self.budget.spend()
        match node:
            case n.Call() if node.name.id in LISTS:
                if level == 0:
                    self.call = node.span
                inside = self._rebuilt(node, level)
                assert isinstance(inside, n.Call)
                return of_lists(inside, self.reporter)
            case n.Call() | n.Bracket():
                definition = self.library.find(node.name.id)
                if definition is not None:
                    return self._replace(node, definition, level)
            case n.Pipe(parts=(first, *others)):
                parts = (self.expand(first, level), *self._modifiers(others, level))
                return n.Pipe(parts, span=node.span)
            case n.Modifiers(parts=parts):
                return n.Modifiers(self._modifiers(parts, level), span=node.span)
            case n.If():
                return self._choose(node, level)
        inside = self._rebuilt(node, level)
        return inside if level == 0 else folded(inside)

    def _rebuilt(self, node: n.Node, level: int) -> n.Node:
        return n.rebuild(node, partial(self.expand, level=level), None)

    def _choose(self, node: n.If, level: int) -> n.Node:
        condition = self.expand(node.condition, level)
        decided = decide(condition, None, Reporter(""))
        if decided is not None:
            return self.expand(node.then if decided else node.otherwise, level)
        then, otherwise = self.expand(node.then, level), self.expand(node.otherwise, level)
        return n.If(then, condition, otherwise, span=node.span)

    def _modifiers(self, nodes: Iterable[n.Node], level: int) -> tuple[n.Node, ...]:
        found = [self._modifier(node, level) for node in nodes]
        parts = [each.parts if isinstance(each, n.Modifiers) else (each,) for each in found]
        return tuple(itertools.chain.from_iterable(parts))

    def _modifier(self, node: n.Node, level: int) -> n.Node:
        """What stands right of a `|`."""
        name = node.name.id if isinstance(node, (n.Call, n.Bracket)) else None
        definition = None if name is None else self.library.find(name)
        if definition is None or not isinstance(node, (n.Call, n.Bracket)):
            return self.expand(node, level)
        if not definition.is_modifier:
            message = f"`{name}` is a schedule, and a modifier belongs after `|`"
            fix = "segments are joined by `>>`"
            self.reporter.report(d.WRONG_PLACE, message, node.span, fix=fix)
            return n.Faulty(span=node.span)
        return self._body(node, definition, level)

    def _replace(self, node: n.Call | n.Bracket, definition: Definition, level: int) -> n.Node:
        """What a call stands for where a schedule belongs."""
        body = self._body(node, definition, level)
        if isinstance(body, n.Modifiers):
            # A modifier by itself modifies what there is: the group's own value.
            return n.Pipe((n.Name("base", span=node.span), *body.parts), span=node.span)
        return body

    def _body(self, node: n.Call | n.Bracket, definition: Definition, level: int) -> n.Node:
        if level == 0:
            self.call = node.span
        if level >= MOST_LEVELS:
            raise _TooMuch
        bound = self._bind(node, definition)
        if bound is None:
            if isinstance(node, n.Call):
                for argument in node.arguments:
                    self.expand(argument.value, level)
            return n.Faulty(span=node.span)
        body = definition.body
        if isinstance(body, n.Program):
            body = self._field(body)
        simplify = partial(self._simplified, level=level + 1)
        substitution = _Substitution(definition, node.span, bound, self.budget, simplify)
        # Arguments are expanded where they are put: a part that is not chosen never matters.
        inside = self.expand(substitution.apply(body), level + 1)
        return n.Scope(inside, span=node.span) if substitution.reaches_out else inside

    def _simplified(self, node: n.Node, level: int) -> n.Node:
        """An argument with what is plain arithmetic in it done, before it is put in many times.

        What calls a definition is left as it is: there may be something wrong with the call, which
        does not matter where the argument is in a part that is not chosen.
        """
        if _has_calls(node, self.library, or_choices=False):
            return node
        left = self.budget.left  # nothing that was not there before
        simple = self.expand(node, level)
        self.budget.left = left
        return simple

    def _field(self, program: n.Program) -> n.Node:
        """The schedule that a program is where one schedule belongs: that of `lr`."""
        names = [name.id for name in program.names]
        return program.values[names.index("lr") if "lr" in names else 0]

    def _bind(self, node: n.Call | n.Bracket, definition: Definition) -> Bound | None:
        """The arguments by parameter; None, and complaints, when they do not fit."""
        if definition.bracket != isinstance(node, n.Bracket):
            kind = "square" if definition.bracket else "round"
            self.reporter.report(
                d.WRONG_PLACE,
                f"`{definition.name}` takes {kind} brackets",
                node.span,
                fix=f"write `{definition.signature}`",
            )
            return None
        if isinstance(node, n.Bracket):
            return {definition.parameters[0].name: node.entries}
        return self._bind_call(node, definition)

    def _bind_call(self, call: n.Call, definition: Definition) -> Bound | None:
        parameters = {parameter.name: parameter for parameter in definition.parameters}
        fix, sound = f"it is `{definition.signature}`", True
        bound: Bound = {}
        left_out: set[str] = set()
        order = iter(definition.parameters)
        for argument in call.arguments:
            name = argument.name
            if name is None:
                parameter = next(order, None)
                if parameter is None:
                    most, given = len(parameters), len(call.arguments)
                    count = f"at most {most} argument{'s' * (most > 1)}" if most else "no arguments"
                    message = f"`{definition.name}` takes {count}, not {given}"
                    self.reporter.report(d.TOO_MANY_ARGUMENTS, message, argument.span, fix=fix)
                    return None
            else:
                parameter = parameters.get(name)
            if parameter is None:
                message = f"`{definition.name}` has no parameter `{name}`"
                near = did_you_mean(str(name), parameters)
                span = argument.name_span
                self.reporter.report(d.UNKNOWN_PARAMETER, message, span, suggestion=near, fix=fix)
                sound = False
            elif parameter.name in bound or parameter.name in left_out:
                message = f"`{parameter.name}` is given twice"
                self.reporter.report(
                    d.REPEATED_ARGUMENT, message, argument.span, fix="leave one out"
                )
                sound = False
            elif isinstance(argument.value, n.Default):
                left_out.add(parameter.name)
            else:
                bound[parameter.name] = argument.value
                sound = self._fits(parameter, argument.value, definition) and sound
        for parameter in definition.parameters if sound else ():
            if parameter.name not in bound and parameter.default is None:
                message = f"`{definition.name}` needs `{parameter.name}`"
                self.reporter.report(d.MISSING_ARGUMENT, message, call.span, fix=fix)
                sound = False
        return bound if sound else None

    def _fits(self, parameter: DefinedParameter, node: n.Node, definition: Definition) -> bool:
        """Whether an argument is one of the parameter's words, or a truth value where one is."""
        default = parameter.default
        where = f"`{parameter.name}` of `{definition.name}`"
        if isinstance(node, n.Faulty):
            return True
        if parameter.words:
            word = word_of(node)
            if word in parameter.words:
                return True
            known = ", ".join(f"`{each}`" for each in parameter.words)
            near = None if word is None else did_you_mean(word, parameter.words)
            message = f"{where} is one of {known}"
            self.reporter.report(d.WRONG_KIND, message, node.span, suggestion=near)
            return False
        if isinstance(default, n.Keyword) and default.word in ("true", "false"):
            if word_of(node) in ("true", "false"):
                return True
            self.reporter.report(d.WRONG_KIND, f"{where} is `true` or `false`", node.span)
            return False
        return True


class _Substitution:
    """Puts the arguments of one call into the body of a definition."""

    def __init__(
        self,
        definition: Definition,
        call: Span,
        bound: Bound,
        budget: Budget,
        simplify: Callable[[n.Node], n.Node],
    ) -> None:
        self.definition = definition
        self.call = call
        self.bound = bound
        self.budget = budget
        self.defaults = {parameter.name: parameter.default for parameter in definition.parameters}
        self.simplify = simplify
        self.given: dict[str, tuple[n.Node, bool]] = {}
        """The arguments by the parameter, and whether they depend on the place."""
        self.applied: dict[str, n.Node] = {}
        """The defaults for this call, by the parameter."""
        self.reaches_out = False
        """Whether an argument is meant from outside."""

    def apply(self, node: n.Node) -> n.Node:
        """A part of the body for this call."""
        self.budget.spend()
        if isinstance(node, n.Name) and node.id in self.defaults:
            given, default = self.bound.get(node.id), self.defaults[node.id]
            if isinstance(given, n.Node):
                return self._argument(node.id, given, node.span)
            if given is None and default is not None:
                # However often it is named: there it is the same, down to its place.
                if node.id not in self.applied:
                    self.applied[node.id] = self.simplify(self.apply(default))
                return self.applied[node.id]
        if isinstance(node, n.Bracket):
            entries = tuple([each for entry in node.entries for each in self._entries(entry)])
            return n.Bracket(self._moved(node.name), entries, span=self._here(node.span))
        return n.rebuild(node, self.apply, self._here)

    def _here(self, span: Span) -> Span:
        """The place of a part of the body: at the call, with where it stands."""
        site = self.definition.site(span)
        return Span(self.call.start, self.call.stop, (*self.call.sites, site))

    def _moved(self, name: n.Name) -> n.Name:
        return n.at(name, self._here(name.span))

    def _entries(self, entry: n.Entry | n.Name) -> tuple[n.Entry | n.Name, ...]:
        """An entry in the body, or the entries of the call that a name there stands for."""
        if isinstance(entry, n.Entry):
            (applied,) = [self.apply(entry)]
            assert isinstance(applied, n.Entry)
            return (applied,)
        given = self.bound.get(entry.id)
        return given if isinstance(given, tuple) else (self._moved(entry),)

    def _argument(self, name: str, given: n.Node, parameter: Span) -> n.Node:
        """An argument in the place of its parameter, its own names left as they are."""
        if name not in self.given:
            self.given[name] = self.simplify(given), _depends_on_place(given)
        simple, depends = self.given[name]
        site = self.definition.site(parameter)

        def place(span: Span) -> Span:
            return Span(span.start, span.stop, (*span.sites, site))

        def move(node: n.Node) -> n.Node:
            self.budget.spend()
            return n.rebuild(node, move, place)

        moved = move(simple)
        # A modifier's own arguments are meant where its call stands, which is where it stands.
        if self.definition.is_modifier or not depends:
            return moved
        self.reaches_out = True
        return n.Outer(moved, span=moved.span)


def _depends_on_place(node: n.Node) -> bool:
    """Whether the value or the duration that a node stands for depends on where it stands.

    A schedule's `prev` is what stands before it where it is put, whoever wrote it.
    """
    match node:
        case n.Name(id=name):
            return name in _ELSEWHERE
        case n.Call(name=n.Name(id=name)) if name not in FUNCTIONS:
            return False
        case n.Bracket() | n.Chain() | n.Pipe() | n.Outer():
            return False
    return any([_depends_on_place(child) for child in node.children])
