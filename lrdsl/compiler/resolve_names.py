"""Name resolution: tree to terms. Looks names up and binds arguments, whatever the run is."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from lrdsl import diagnostics as diag
from lrdsl.compiler import ir, name_mistakes
from lrdsl.compiler.ir import EntryTerm, Poison, Scalar, ShapeCall, Term
from lrdsl.compiler.substitute import CYCLE
from lrdsl.diagnostics import Mistake, Span
from lrdsl.language.binding import Binding, bind, function_mistake
from lrdsl.language.language import Language
from lrdsl.syntax import ast
from lrdsl.syntax.unparse import unparse_short


class Resolved(NamedTuple):
    """The term of a tree, and how its calls of shapes and modifiers were bound.

    A node with a mistake is poisoned in the term. `bindings` are by the identity of the nodes.
    """

    term: Term
    bindings: Mapping[int, Binding]
    mistakes: tuple[Mistake, ...]


def resolve_names(
    tree: ast.Node, source: str, language: Language, schedules: Collection[str] = frozenset()
) -> Resolved:
    """The term of a schedule's tree, in which the calls of definitions have been expanded.

    `source` is the text of the spec, `schedules` the names of the program's other schedules.
    """
    resolver = _Resolver(source, language, schedules)
    term = resolver.term(tree)
    return Resolved(term, resolver.bindings, tuple(resolver.mistakes))


class _Resolver:
    """Resolves the names in the parts of one spec."""

    def __init__(self, source: str, language: Language, schedules: Collection[str]) -> None:
        self.whole = Span(0, len(source.strip()))
        self.language = language
        self.schedules = schedules
        self.repeats: list[ast.Node | None] = [None]
        """The innermost repetition around, in the spec and in each definition that it is in."""
        self.counting: list[ast.Node] = []
        """The repetitions in which `cycle` stands."""
        self.mistakes: list[Mistake] = []
        self.bindings: dict[int, Binding] = {}

    def _poison(self, node: ast.Node, mistake: Mistake, *parts: Term) -> Poison:
        """The term of a node with a mistake."""
        self.mistakes.append(mistake)
        return Poison(node, parts)

    def term(self, node: ast.Node, region: list[ast.Node] | None = None) -> Term:
        """The term of a node that stands where a schedule belongs.

        `region` collects the durations of the arithmetic that the node is part of: they have a
        meaning only in a formula, that is, if a `t` stands there too.
        """
        match node:
            case ast.Number(unit="") | ast.Name(id="base" | "prev" | "next" | "pi"):
                return Scalar(node)
            case ast.Number() | ast.Name(id="total" | "epoch" | "rest"):
                if region is None:
                    return self._poison(node, name_mistakes.duration(node))
                region.append(node)
                return ir.InUpdates(node)
            case ast.Name():
                return self._name(node)
            case ast.Call() if node.name.id in self.language.functions:
                return self._function(node, region)
            case ast.Call() | ast.Bracket():
                return self._shape(node)
            case ast.Chain(parts=parts):
                return ir.Sequence(node, tuple([self.term(part) for part in parts]))
            case ast.Pipe(parts=(first, *modifiers)):
                return self._pipe(node, first, modifiers)
            case ast.Arithmetic(operators=operators, parts=parts):
                return self._apply(node, operators, parts, region)
            case ast.Negative(operand=operand):
                return self._apply(node, ("negative",), (operand,), region)
            case ast.Power(base=base, exponent=exponent):
                return self._apply(node, ("**",), (base, exponent), region)
            case ast.If(then=then, condition=condition, otherwise=otherwise):
                branches = self.term(then, region), self.term(otherwise, region)
                if all([isinstance(branch, Scalar) for branch in branches]):
                    return Scalar(node)
                return ir.Choice(node, condition, *branches)
            case ast.Scope(body=body):
                self.repeats.append(None)
                inner = self.term(body, region)
                self.repeats.pop()
                return ir.Called(node, inner)
            case ast.Bounded(operand=operand):
                term = self.term(operand)
                return Scalar(node) if isinstance(term, Scalar) else term
            case ast.Error():  # it counts only where it is chosen
                return Scalar(node)
            case ast.Outer():
                # Only arithmetic over values and durations is meant from outside.
                faulty = [self._cycle(name, level) for name, level in _cycles(node, 0)]
                return Poison(node) if False in faulty else Scalar(node)
            case ast.Faulty():
                return Poison(node)
        message = f"`{unparse_short(node)}` is not a schedule"
        return self._poison(node, Mistake(diag.WRONG_KIND, message, node.span))

    def _name(self, node: ast.Name) -> Term:
        if node.id == "t":
            return ir.Clock(node)
        if node.id == CYCLE:
            return Scalar(node) if self._cycle(node, 0) else Poison(node)
        mistake = name_mistakes.bare_name(node, self.language, node.span == self.whole)
        if mistake is not None:
            return self._poison(node, mistake)
        return ir.Reference(node, node.id) if node.id in self.schedules else Scalar(node)

    def _cycle(self, node: ast.Node, level: int) -> bool:
        """Whether `cycle` stands in a repetition, as seen from so many definitions further out."""
        repeat = self.repeats[-1 - level] if level < len(self.repeats) else None
        if repeat is not None:
            self.counting.append(repeat)
            return True
        message = "`cycle` is the number of a round, and nothing is repeated here"
        fix = "it scales what a `repeat` repeats: `cosine(1, 0, 100) * 0.5**cycle | repeat()`"
        self.mistakes.append(Mistake(diag.WRONG_PLACE, message, node.span, fix=fix))
        return False

    def _pipe(self, pipe: ast.Pipe, first: ast.Node, modifiers: Sequence[ast.Node]) -> Term:
        """The source under its modifiers, of which each repeats what stands left of it."""
        around = [self.repeats[-1]]
        for each in reversed(modifiers):
            cls = self.language.modifiers.get(each.name.id) if isinstance(each, ast.Call) else None
            around.append(each if cls is not None and cls.makes_cycles else around[-1])
        self.repeats[-1] = around.pop()
        term = self.term(first)
        for each in modifiers:
            self.repeats[-1] = around.pop()
            term = self._modify(pipe, term, each)
        return term

    def _apply(
        self,
        node: ast.Node,
        operators: tuple[object, ...],
        operands: tuple[ast.Node, ...],
        region: list[ast.Node] | None,
    ) -> Term:
        """Arithmetic over schedules; over values alone it is a value."""
        durations: list[ast.Node] = [] if region is None else region
        parts = tuple([self.term(operand, durations) for operand in operands])
        if region is None and durations and not any(map(has_clock, parts)):
            self.mistakes += map(name_mistakes.duration, durations)
            return Poison(node, parts)
        if all([isinstance(part, Scalar) for part in parts]):
            return Scalar(node)
        return ir.Apply(node, operators, parts)  # type: ignore[arg-type]

    def _function(self, node: ast.Call, region: list[ast.Node] | None) -> Term:
        mistake = function_mistake(node)
        if mistake is not None:
            return self._poison(node, mistake)
        operands = tuple([argument.value for argument in node.arguments])
        function = self.language.functions[node.name.id]
        # Of any number of operands each is joined to those before it, as by an operator.
        functions = (function,) * (len(operands) - 1 if function.most is None else 1)
        return self._apply(node, functions, operands, region)

    def _shape(self, node: ast.Call | ast.Bracket) -> Term:
        name = node.name.id
        shape = self.language.shapes.get(name)
        match node:
            case ast.Bracket() if shape is not None and shape.bracket:
                entries = self._entries(node, values_only=True)
                return ShapeCall(node, name, {}, entries, True, shape, None)
            case ast.Call() if shape is not None and not shape.bracket:
                found = self._bound(node, bind(node, shape.accepted, shape.curve))
                return ShapeCall(node, name, found.arguments, (), found.sound, shape, found.curve)
        if shape is not None:
            example = f"{name}[0:0, 100:1]" if shape.bracket else f"{name}(…)"
            return self._poison(node, name_mistakes.brackets(node, example))
        poison = self._poison(node, name_mistakes.no_shape(node, self.language))
        for argument in node.arguments if isinstance(node, ast.Call) else ():
            # Find mistakes where they are plain enough.
            if isinstance(argument.value, (ast.Call, ast.Chain, ast.Pipe, ast.Bracket)):
                self.term(argument.value)
        return poison

    def _modify(self, pipe: ast.Pipe, source: Term, right: ast.Node) -> Term:
        """The source under what stands right of a `|`."""
        if isinstance(right, ast.Faulty):
            return Poison(pipe, (source,))
        modifiers = self.language.modifiers
        if not isinstance(right, (ast.Call, ast.Bracket)) or right.name.id not in modifiers:
            return self._poison(pipe, name_mistakes.no_modifier(right, self.language), source)
        cls = modifiers[right.name.id]
        match right:
            case ast.Bracket() if cls.bracket:
                entries = self._entries(right, values_only=False)
                return ir.Modify(right, cls.name, {}, entries, True, pipe, source, cls)
            case ast.Call() if not cls.bracket:
                arguments, _, _, sound = self._bound(right, bind(right, cls.parameters()))
                counts = any([each is right for each in self.counting])
                return ir.Modify(right, cls.name, arguments, (), sound, pipe, source, cls, counts)
        example = f"{cls.name}[600:*0.5]" if cls.bracket else f"{cls.name}(…)"
        return self._poison(pipe, name_mistakes.brackets(right, example), source)

    def _bound(self, call: ast.Call, binding: Binding) -> Binding:
        """Keep how a call was bound, and the mistakes in it."""
        self.mistakes += binding.mistakes
        self.bindings[id(call)] = binding
        return binding

    def _entries(self, node: ast.Bracket, values_only: bool) -> tuple[EntryTerm, ...]:
        entries: list[EntryTerm] = []
        for entry in node.entries:
            if isinstance(entry, ast.Name):
                message = f"`{entry.id}` is no entry of `{node.name.id}`"
                fix = "an entry is an update and a value: `600:0.5`"
                self.mistakes.append(Mistake(diag.WRONG_KIND, message, entry.span, fix=fix))
                continue
            if values_only and (entry.factor or entry.stop is not None):
                message = f"an entry of `{node.name.id}` is `update:value`"
                fix = "write `100:0.1`"
                self.mistakes.append(Mistake(diag.WRONG_KIND, message, entry.span, fix=fix))
            entries.append(EntryTerm(entry, None if values_only else self.term(entry.value)))
        return tuple(entries)


def _cycles(node: ast.Node, level: int) -> Iterator[tuple[ast.Node, int]]:
    """Each `cycle` in an argument, with the number of definitions that it is meant outside of."""
    if isinstance(node, ast.Name) and node.id == CYCLE:
        yield node, level
    for child in node.children:
        yield from _cycles(child, level + isinstance(node, ast.Outer))


def has_clock(term: Term) -> bool:
    """Whether a `t` stands in this arithmetic."""
    return (
        isinstance(term, ir.Clock)
        or (isinstance(term, ir.Called) and has_clock(term.inner))
        or (isinstance(term, ir.Apply) and any([has_clock(part) for part in term.parts]))
        or (isinstance(term, ir.Choice) and (has_clock(term.then) or has_clock(term.otherwise)))
    )
