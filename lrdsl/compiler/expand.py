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

from lrdsl import diagnostics as diag
from lrdsl.compiler.conditions import word_of
from lrdsl.compiler.evaluate import decide
from lrdsl.compiler.fold_constants import folded
from lrdsl.diagnostics import NOWHERE, Mistakes, Reporter, Span
from lrdsl.language.functions import FUNCTIONS
from lrdsl.language.library import Library
from lrdsl.language.list_functions import LISTS, of_lists
from lrdsl.syntax import ast
from lrdsl.syntax.definition import DefinedParameter, Definition
from lrdsl.syntax.rebuild import move_to, rebuild
from lrdsl.util.registry import did_you_mean

MAX_EXPANDED_NODES = 50_000
"""Definitions of definitions can grow exponentially; this bounds what a spec grows to."""

MAX_LEVELS = 50
"""Definitions within definitions."""

_ELSEWHERE = frozenset({"prev", "next", "rest"})
"""Names whose meaning depends on the place."""


class Budget:
    """How many nodes may still be made. Going beyond raises `_TooMuch`."""

    def __init__(self, nodes: int = MAX_EXPANDED_NODES) -> None:
        self.left = nodes

    def spend(self) -> None:
        """Make a node."""
        self.left -= 1
        if self.left < 0:
            raise _TooMuch


class _TooMuch(Exception):
    """The definitions make more of a spec than is allowed."""


def expand(
    tree: ast.Node, library: Library, reporter: Reporter, budget: Budget | None = None
) -> ast.Node:
    """The tree without calls of definitions; what is wrong with them is reported."""
    if not _has_calls(tree, library):
        return tree
    expander = _Expander(library, reporter, Budget() if budget is None else budget)
    try:
        return expander.expand(tree, 0)
    except (_TooMuch, RecursionError):
        reporter.report(diag.TOO_DEEP, "the definitions make too much of this", expander.call)
        return ast.Faulty(span=tree.span)


def fields(tree: ast.Node, library: Library) -> Mapping[str, ast.Node]:
    """What a call of a program drives: the call of each field by its name; else nothing.

    Fields that come to `none` are left out.
    """
    definition = library.find(tree.name.id) if isinstance(tree, ast.Call) else None
    if definition is None or definition.program is None or not isinstance(tree, ast.Call):
        return {}
    found: dict[str, ast.Node] = {}
    for key in definition.program.names:
        name = ast.Name(f"{definition.name}.{key.id}", span=tree.name.span)
        call = ast.Call(name, tree.arguments, span=tree.span)
        if expand(call, library, Reporter("")) != ast.Keyword("none"):
            found[key.id] = call
    return found


def own_text(tree: ast.Node, library: Library) -> str:
    """The user's definitions that a tree leads to, as text, each after those that it uses."""
    if not library.has_user:
        return ""
    uses: dict[str, list[str]] = {}
    waiting = _own_calls([tree], library)
    while waiting:
        name = waiting.pop()
        definition = library.find(name)
        if definition is not None and name not in uses:
            uses[name] = _own_calls(definition.expressions, library)
            waiting += uses[name]
    ordered = TopologicalSorter({name: uses[name] for name in library if name in uses})
    return "\n".join([str(library.find(name)) for name in ordered.static_order()])


def _own_calls(roots: Iterable[ast.Node], library: Library) -> list[str]:
    """The names of the user's definitions that are called in some trees."""
    calls = [
        library.owner_name(node.name.id)
        for root in roots
        for node, _ in ast.walk(root)
        if isinstance(node, (ast.Call, ast.Bracket)) and node.name.id in library
    ]
    return [name for name in dict.fromkeys(calls) if library.is_user(name)]


def _has_calls(tree: ast.Node, library: Library, *, or_choices: bool = True) -> bool:
    """Whether there are calls of definitions in a tree, or conditions: work for the expander."""
    names: set[str] = set()
    for node in itertools.chain.from_iterable(ast.levels(tree)):
        if isinstance(node, (ast.Call, ast.Bracket)):
            names.add(node.name.id)
        elif or_choices and isinstance(node, ast.If):
            return True
    return any([name in LISTS or name in library for name in names])


Bound: TypeAlias = "dict[str, ast.Node | tuple[ast.Entry | ast.Name, ...]]"
"""What a call gives for each parameter; entries in brackets are many nodes."""


class _Expander:
    def __init__(self, library: Library, reporter: Reporter, budget: Budget) -> None:
        self.library = library
        self.reporter = reporter
        self.budget = budget
        self.call = NOWHERE
        """The call in the spec itself that is being expanded."""

    def expand(self, node: ast.Node, level: int) -> ast.Node:
        """A node of the spec, or of what a call stands for, with its calls replaced."""
        self.budget.spend()
        match node:
            case ast.Call() if node.name.id in LISTS:
                if level == 0:
                    self.call = node.span
                inside = self._rebuilt(node, level)
                assert isinstance(inside, ast.Call)
                return of_lists(inside, self.reporter)
            case ast.Call() | ast.Bracket():
                definition = self.library.find(node.name.id)
                if definition is not None:
                    return self._replace(node, definition, level)
            case ast.Pipe(parts=(first, *others)):
                parts = (self.expand(first, level), *self._modifiers(others, level))
                return ast.Pipe(parts, span=node.span)
            case ast.Modifiers(parts=parts):
                return ast.Modifiers(self._modifiers(parts, level), span=node.span)
            case ast.If():
                return self._choose(node, level)
        inside = self._rebuilt(node, level)
        return inside if level == 0 else folded(inside)

    def _rebuilt(self, node: ast.Node, level: int) -> ast.Node:
        return rebuild(node, partial(self.expand, level=level), None)

    def _choose(self, node: ast.If, level: int) -> ast.Node:
        condition = self.expand(node.condition, level)
        decided = decide(condition, None, Mistakes("", []))
        if decided is not None:
            return self.expand(node.then if decided else node.otherwise, level)
        then, otherwise = self.expand(node.then, level), self.expand(node.otherwise, level)
        return ast.If(then, condition, otherwise, span=node.span)

    def _modifiers(self, nodes: Iterable[ast.Node], level: int) -> tuple[ast.Node, ...]:
        found = [self._modifier(node, level) for node in nodes]
        parts = [each.parts if isinstance(each, ast.Modifiers) else (each,) for each in found]
        return tuple(itertools.chain.from_iterable(parts))

    def _modifier(self, node: ast.Node, level: int) -> ast.Node:
        """What stands right of a `|`."""
        name = node.name.id if isinstance(node, (ast.Call, ast.Bracket)) else None
        definition = None if name is None else self.library.find(name)
        if definition is None or not isinstance(node, (ast.Call, ast.Bracket)):
            return self.expand(node, level)
        if not definition.is_modifier:
            message = f"`{name}` is a schedule, and a modifier belongs after `|`"
            fix = "segments are joined by `>>`"
            self.reporter.report(diag.WRONG_PLACE, message, node.span, fix=fix)
            return ast.Faulty(span=node.span)
        return self._body(node, definition, level)

    def _replace(
        self, node: ast.Call | ast.Bracket, definition: Definition, level: int
    ) -> ast.Node:
        """What a call stands for where a schedule belongs."""
        body = self._body(node, definition, level)
        if isinstance(body, ast.Modifiers):
            # A modifier by itself modifies what there is: the group's own value.
            return ast.Pipe((ast.Name("base", span=node.span), *body.parts), span=node.span)
        return body

    def _body(self, node: ast.Call | ast.Bracket, definition: Definition, level: int) -> ast.Node:
        if level == 0:
            self.call = node.span
        if level >= MAX_LEVELS:
            raise _TooMuch
        bound = self._bind(node, definition)
        if bound is None:
            if isinstance(node, ast.Call):
                for argument in node.arguments:
                    self.expand(argument.value, level)
            return ast.Faulty(span=node.span)
        body = definition.body
        if isinstance(body, ast.Program):
            body = self._field(body)
        simplify = partial(self._simplified, level=level + 1)
        substitution = _Substitution(definition, node.span, bound, self.budget, simplify)
        # Arguments are expanded where they are put: a part that is not chosen never matters.
        inside = self.expand(substitution.apply(body), level + 1)
        return ast.Scope(inside, span=node.span) if substitution.reaches_out else inside

    def _simplified(self, node: ast.Node, level: int) -> ast.Node:
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

    def _field(self, program: ast.Program) -> ast.Node:
        """The schedule that a program is where one schedule belongs: that of `lr`."""
        names = [name.id for name in program.names]
        return program.values[names.index("lr") if "lr" in names else 0]

    def _bind(self, node: ast.Call | ast.Bracket, definition: Definition) -> Bound | None:
        """The arguments by parameter; None, and complaints, when they do not fit."""
        if definition.bracket != isinstance(node, ast.Bracket):
            kind = "square" if definition.bracket else "round"
            self.reporter.report(
                diag.WRONG_PLACE,
                f"`{definition.name}` takes {kind} brackets",
                node.span,
                fix=f"write `{definition.signature}`",
            )
            return None
        if isinstance(node, ast.Bracket):
            return {definition.parameters[0].name: node.entries}
        return self._bind_call(node, definition)

    def _bind_call(self, call: ast.Call, definition: Definition) -> Bound | None:
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
                    self.reporter.report(diag.TOO_MANY_ARGUMENTS, message, argument.span, fix=fix)
                    return None
            else:
                parameter = parameters.get(name)
            if parameter is None:
                message = f"`{definition.name}` has no parameter `{name}`"
                near = did_you_mean(str(name), parameters)
                span = argument.name_span
                self.reporter.report(
                    diag.UNKNOWN_PARAMETER, message, span, suggestion=near, fix=fix
                )
                sound = False
            elif parameter.name in bound or parameter.name in left_out:
                message = f"`{parameter.name}` is given twice"
                self.reporter.report(
                    diag.REPEATED_ARGUMENT, message, argument.span, fix="leave one out"
                )
                sound = False
            elif isinstance(argument.value, ast.Default):
                left_out.add(parameter.name)
            else:
                bound[parameter.name] = argument.value
                sound = self._fits(parameter, argument.value, definition) and sound
        for parameter in definition.parameters if sound else ():
            if parameter.name not in bound and parameter.default is None:
                message = f"`{definition.name}` needs `{parameter.name}`"
                self.reporter.report(diag.MISSING_ARGUMENT, message, call.span, fix=fix)
                sound = False
        return bound if sound else None

    def _fits(self, parameter: DefinedParameter, node: ast.Node, definition: Definition) -> bool:
        """Whether an argument is one of the parameter's words, or a truth value where one is."""
        default = parameter.default
        where = f"`{parameter.name}` of `{definition.name}`"
        if isinstance(node, ast.Faulty):
            return True
        if parameter.words:
            word = word_of(node)
            if word in parameter.words:
                return True
            known = ", ".join(f"`{each}`" for each in parameter.words)
            near = None if word is None else did_you_mean(word, parameter.words)
            message = f"{where} is one of {known}"
            self.reporter.report(diag.WRONG_KIND, message, node.span, suggestion=near)
            return False
        if isinstance(default, ast.Keyword) and default.word in ("true", "false"):
            if word_of(node) in ("true", "false"):
                return True
            self.reporter.report(diag.WRONG_KIND, f"{where} is `true` or `false`", node.span)
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
        simplify: Callable[[ast.Node], ast.Node],
    ) -> None:
        self.definition = definition
        self.call = call
        self.bound = bound
        self.budget = budget
        self.defaults = {parameter.name: parameter.default for parameter in definition.parameters}
        self.simplify = simplify
        self.given: dict[str, tuple[ast.Node, bool]] = {}
        """The arguments by the parameter, and whether they depend on the place."""
        self.applied: dict[str, ast.Node] = {}
        """The defaults for this call, by the parameter."""
        self.reaches_out = False
        """Whether an argument is meant from outside."""

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
            (applied,) = [self.apply(entry)]
            assert isinstance(applied, ast.Entry)
            return (applied,)
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

        def move(node: ast.Node) -> ast.Node:
            self.budget.spend()
            return rebuild(node, move, place)

        moved = move(simple)
        # A modifier's own arguments are meant where its call stands, which is where it stands.
        if self.definition.is_modifier or not depends:
            return moved
        self.reaches_out = True
        return ast.Outer(moved, span=moved.span)


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
