"""Expansion: calls of definitions are replaced by what they stand for.

A tree goes in, a tree without definitions comes out. Arguments are put in as they are written.
Conditions that are decided by then, about words and literal numbers, are gone as well, and
arithmetic over numbers that comes to a whole one is that number. What stands in the place of a call
has the span of the call, or of the argument it was, and the places in the definitions as
`Span.sites`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from functools import partial

from lrdsl import diagnostics as diag
from lrdsl.compiler.bind_definition import bind_definition
from lrdsl.compiler.evaluate import decide
from lrdsl.compiler.fold_constants import folded
from lrdsl.compiler.substitute import Budget, Substitution, TooMuch
from lrdsl.diagnostics import NOWHERE, Mistakes, Reporter
from lrdsl.language.list_functions import LIST_FUNCTIONS, expand_list_call
from lrdsl.syntax import ast
from lrdsl.syntax.definition import Definition
from lrdsl.syntax.rebuild import rebuild

MAX_LEVELS = 50
"""Definitions within definitions."""


def expand(
    tree: ast.Node,
    definitions: Mapping[str, Definition],
    reporter: Reporter,
    budget: Budget | None = None,
) -> ast.Node:
    """The tree without calls of definitions; what is wrong with them is reported."""
    if not _has_calls(tree, definitions):
        return tree
    expander = _Expander(definitions, reporter, Budget() if budget is None else budget)
    try:
        return expander.expand(tree, 0)
    except (TooMuch, RecursionError):
        reporter.report(
            diag.TOO_DEEP, "this is too large once its definitions are filled in", expander.call
        )
        return ast.Faulty(span=tree.span)


def fields(tree: ast.Node, definitions: Mapping[str, Definition]) -> Mapping[str, ast.Node]:
    """What a call of a program drives: the call of each field by its name; else nothing.

    Fields that come to `none` are left out.
    """
    definition = definitions.get(tree.name.id) if isinstance(tree, ast.Call) else None
    if definition is None or definition.program is None or not isinstance(tree, ast.Call):
        return {}
    found: dict[str, ast.Node] = {}
    for key in definition.program.names:
        name = ast.Name(f"{definition.name}.{key.id}", span=tree.name.span)
        call = ast.Call(name, tree.arguments, span=tree.span)
        if expand(call, definitions, Reporter("")) != ast.Keyword("none"):
            found[key.id] = call
    return found


def _has_calls(
    tree: ast.Node, definitions: Mapping[str, Definition], *, or_choices: bool = True
) -> bool:
    """Whether there are calls of definitions in a tree, or conditions: work for the expander."""
    names: set[str] = set()
    for node in itertools.chain.from_iterable(ast.levels(tree)):
        if isinstance(node, (ast.Call, ast.Bracket)):
            names.add(node.name.id)
        elif or_choices and isinstance(node, ast.If):
            return True
    return any([name in LIST_FUNCTIONS or name in definitions for name in names])


class _Expander:
    def __init__(
        self, definitions: Mapping[str, Definition], reporter: Reporter, budget: Budget
    ) -> None:
        self.definitions = definitions
        self.reporter = reporter
        self.budget = budget
        self.call = NOWHERE
        """The call in the spec itself that is being expanded."""

    def expand(self, node: ast.Node, level: int) -> ast.Node:
        """A node of the spec, or of what a call stands for, with its calls replaced."""
        self.budget.spend()
        match node:
            case ast.Call() if node.name.id in LIST_FUNCTIONS:
                if level == 0:
                    self.call = node.span
                inside = self._rebuilt(node, level)
                assert isinstance(inside, ast.Call)
                return expand_list_call(inside, self.reporter)
            case ast.Call() | ast.Bracket():
                definition = self.definitions.get(node.name.id)
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
        definition = None if name is None else self.definitions.get(name)
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
            raise TooMuch
        bound = bind_definition(node, definition, self.reporter)
        if bound is None:
            if isinstance(node, ast.Call):
                for argument in node.arguments:
                    self.expand(argument.value, level)
            return ast.Faulty(span=node.span)
        body = definition.body
        if isinstance(body, ast.Program):
            body = self._field(body)
        simplify = partial(self._simplified, level=level + 1)
        substitution = Substitution(definition, node.span, bound, self.budget, simplify)
        # Arguments are expanded where they are put: a part that is not chosen never matters.
        inside = self.expand(substitution.apply(body), level + 1)
        return ast.Scope(inside, span=node.span) if substitution.reaches_out else inside

    def _simplified(self, node: ast.Node, level: int) -> ast.Node:
        """An argument with what is plain arithmetic in it done, before it is put in many times.

        What calls a definition is left as it is: there may be something wrong with the call, which
        does not matter where the argument is in a part that is not chosen.
        """
        if _has_calls(node, self.definitions, or_choices=False):
            return node
        left = self.budget.left  # nothing that was not there before
        simple = self.expand(node, level)
        self.budget.left = left
        return simple

    def _field(self, program: ast.Program) -> ast.Node:
        """The schedule that a program is where one schedule belongs: that of `lr`."""
        names = [name.id for name in program.names]
        return program.values[names.index("lr") if "lr" in names else 0]
