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
from typing import NamedTuple

from lrdsl import diagnostics as diag
from lrdsl.compiler.context import NO_RUN, Inputs
from lrdsl.compiler.environment import Environment
from lrdsl.compiler.evaluate import decide, duration, value
from lrdsl.compiler.substitute import Budget, Substitution, TooMuch
from lrdsl.diagnostics import NOWHERE, Mistake, Span
from lrdsl.language.binding import bind_definition
from lrdsl.language.functions import FUNCTIONS
from lrdsl.language.language import Language
from lrdsl.language.list_functions import LIST_FUNCTIONS, expand_list_call
from lrdsl.language.signal import LAST_STEP
from lrdsl.syntax import ast
from lrdsl.syntax.definition import Definition
from lrdsl.syntax.literals import number_to_node
from lrdsl.syntax.rebuild import move_to, rebuild

MAX_LEVELS = 50
"""Definitions within definitions."""


class Expanded(NamedTuple):
    """A tree without calls of definitions, and the mistakes of those calls."""

    tree: ast.Node
    mistakes: tuple[Mistake, ...] = ()


def expand(tree: ast.Node, language: Language, budget: Budget | None = None) -> Expanded:
    """The tree with calls of the language's definitions replaced; `budget` bounds its size."""
    if not _has_calls(tree, language.definitions):
        return Expanded(tree)
    expander = _Expander(language, Budget() if budget is None else budget)
    try:
        expanded = expander.expand(tree, 0)
    except (TooMuch, RecursionError):
        message = "this is too large once its definitions are filled in"
        expander.mistakes.append(Mistake(diag.TOO_DEEP, message, expander.call))
        expanded = ast.Faulty(span=tree.span)
    return Expanded(expanded, tuple(expander.mistakes))


def fields(tree: ast.Node, language: Language) -> Mapping[str, ast.Node]:
    """The calls of the fields of a program that a tree calls, by name; none of other trees.

    Fields that come to `none` are left out.
    """
    definition = language.definitions.get(tree.name.id) if isinstance(tree, ast.Call) else None
    if definition is None or definition.program is None or not isinstance(tree, ast.Call):
        return {}
    found: dict[str, ast.Node] = {}
    for key in definition.program.names:
        name = ast.Name(f"{definition.name}.{key.id}", span=tree.name.span)
        call = ast.Call(name, tree.arguments, span=tree.span)
        if expand(call, language).tree != ast.Keyword("none"):
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
    def __init__(self, language: Language, budget: Budget) -> None:
        self.definitions = language.definitions
        self.nothing = Inputs(NO_RUN, language)
        self.budget = budget
        self.mistakes: list[Mistake] = []
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
                return expand_list_call(inside, self.mistakes)
            case ast.Call() | ast.Bracket():
                definition = self.definitions.get(node.name.id)
                if definition is not None:
                    body = self._body(node, definition, level)
                    if not isinstance(body, ast.Modifiers):
                        return body
                    # A modifier by itself modifies what there is: the group's own value.
                    base = ast.Name("base", span=node.span)
                    return _piped((base, *body.parts), node.span)
            case ast.Pipe(parts=(first, *others)):
                parts = (self.expand(first, level), *self._modifiers(others, level))
                return _piped(parts, node.span)
            case ast.Modifiers(parts=parts):
                found = [self._going_on(part, level) for part in parts]
                flat = tuple(itertools.chain.from_iterable(found))
                return ast.Modifiers(flat, span=node.span)
            case ast.If():
                return self._choose(node, level)
        inside = self._rebuilt(node, level)
        return inside if level == 0 else folded(inside)

    def _rebuilt(self, node: ast.Node, level: int) -> ast.Node:
        return rebuild(node, partial(self.expand, level=level), None)

    def _choose(self, node: ast.If, level: int) -> ast.Node:
        condition = self.expand(node.condition, level)
        decided = decide(condition, Environment(self.nothing, []))
        if decided is not None:
            return self.expand(node.then if decided else node.otherwise, level)
        then, otherwise = self.expand(node.then, level), self.expand(node.otherwise, level)
        return ast.If(then, condition, otherwise, span=node.span)

    def _modifiers(self, nodes: Iterable[ast.Node], level: int) -> tuple[ast.Node, ...]:
        found = [self._modifier(node, level) for node in nodes]
        parts = [each.parts if isinstance(each, ast.Modifiers) else (each,) for each in found]
        return tuple(itertools.chain.from_iterable(parts))

    def _going_on(self, node: ast.Node, level: int) -> tuple[ast.Node, ...]:
        """Expand a part of a definition's modifiers, which a chain may follow."""
        if not isinstance(node, ast.Chain):
            return self._modifiers((node,), level)
        first, *others = node.parts
        *before, last = self._modifiers((first,), level)
        begin = last.parts[0].children if isinstance(last, ast.Modifiers) else (last,)
        chain = (*begin, *[self.expand(other, level) for other in others])
        return (*before, ast.Modifiers((ast.Chain(chain, span=node.span),), span=node.span))

    def _modifier(self, node: ast.Node, level: int) -> ast.Node:
        """Expand a node that stands right of a `|`."""
        if not isinstance(node, (ast.Call, ast.Bracket)) or node.name.id not in self.definitions:
            return self.expand(node, level)
        definition = self.definitions[node.name.id]
        if not definition.is_modifier:
            message = f"`{definition.name}` is a schedule, and a modifier belongs after `|`"
            fix = "segments are joined by `>>`"
            self.mistakes.append(Mistake(diag.WRONG_PLACE, message, node.span, fix=fix))
            return ast.Faulty(span=node.span)
        return self._body(node, definition, level)

    def _body(self, node: ast.Call | ast.Bracket, definition: Definition, level: int) -> ast.Node:
        if level == 0:
            self.call = node.span
        if level >= MAX_LEVELS:
            raise TooMuch
        bound, mistakes = bind_definition(node, definition)
        self.mistakes += mistakes
        if mistakes:
            if isinstance(node, ast.Call):
                for argument in node.arguments:
                    self.expand(argument.value, level)
            return ast.Faulty(span=node.span)
        body = definition.body
        if isinstance(body, ast.Program):
            # Where one schedule belongs a program is that of `lr`.
            names = [name.id for name in body.names]
            body = body.values[names.index("lr") if "lr" in names else 0]
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


def _piped(parts: tuple[ast.Node, ...], span: Span) -> ast.Node:
    """A schedule under modifiers, as far as the next one that a chain follows, and so on.

    Such a modifier with its chain is an `ast.Modifiers` among the parts.
    """
    pending: list[ast.Node] = []
    for part in parts:
        if isinstance(part, ast.Modifiers):
            first, *others = part.parts[0].children
            modified = ast.Pipe((*pending, first), span=span)
            pending = [ast.Chain((modified, *others), span=span)]
        else:
            pending.append(part)
    return ast.Pipe(tuple(pending), span=span) if len(pending) > 1 else pending[0]


def folded(node: ast.Node) -> ast.Node:
    """The whole number that a node comes to as a value and as a duration alike, else the node.

    Others are left as they are: a fraction of an update may be calculated, but not written.

    >>> from lrdsl.syntax.parser import parse_tree
    >>> folded(parse_tree("0.3 * 1000 - 1"))
    Number(value=299.0, unit='', text='299')
    """
    is_arithmetic = isinstance(node, (ast.Arithmetic, ast.Power)) or _is_function(node)
    if not is_arithmetic or not all([_is_plain(part) for part, _ in ast.walk(node)]):
        return node
    nowhere = Environment(_NOTHING, [])
    updates = duration(node, "", nowhere)
    if updates is None or updates.denominator != 1 or abs(updates.numerator) > LAST_STEP:
        return node
    if updates != value(node, "", nowhere):
        return node
    return move_to(number_to_node(int(updates)), node.span)


_NOTHING = Inputs(NO_RUN, Language())


def _is_function(node: ast.Node) -> bool:
    return isinstance(node, ast.Call) and node.name.id in FUNCTIONS


def _is_plain(node: ast.Node) -> bool:
    if isinstance(node, ast.Number):
        return node.unit == ""
    operators = (ast.Arithmetic, ast.Power, ast.Negative, ast.Argument)
    return isinstance(node, operators) or _is_function(node)
