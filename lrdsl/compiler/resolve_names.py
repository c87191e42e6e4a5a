"""Name resolution: tree to terms. Looks names up and binds arguments, whatever the run is."""

from __future__ import annotations

from collections.abc import Collection

from lrdsl import diagnostics as diag
from lrdsl.compiler.ir import (
    Apply,
    Called,
    Choice,
    Clock,
    EntryTerm,
    InUpdates,
    Modify,
    Poison,
    Reference,
    Scalar,
    Sequence,
    ShapeCall,
    Term,
)
from lrdsl.compiler.name_mistakes import NameMistakes
from lrdsl.diagnostics import Reporter
from lrdsl.language.binding import Binding, bind, function_mistake
from lrdsl.language.language import Language
from lrdsl.language.modifiers import Modifier
from lrdsl.language.shapes import ShapeSignature
from lrdsl.syntax import ast
from lrdsl.syntax.unparse import unparse_short


def resolve_names(
    node: ast.Node,
    reporter: Reporter,
    language: Language,
    schedules: Collection[str] = frozenset(),
    bindings: dict[int, Binding] | None = None,
) -> Term:
    """The term of a schedule's tree; what cannot be understood is reported and poisoned.

    The calls of the language's definitions have been expanded. `schedules` are the names of the
    other schedules of the program. How the calls of shapes and modifiers were bound is added to
    `bindings`, by the identity of their nodes.
    """
    found = {} if bindings is None else bindings
    return NameResolver(reporter, language, schedules, found).term(node)


class NameResolver:
    """Resolves the names in the parts of one spec."""

    def __init__(
        self,
        reporter: Reporter,
        language: Language,
        schedules: Collection[str],
        bindings: dict[int, Binding],
    ) -> None:
        self.reporter = reporter
        self.language = language
        self.mistakes = NameMistakes(language, reporter)
        self.schedules = schedules
        self.bindings = bindings

    def term(self, node: ast.Node, region: list[ast.Node] | None = None) -> Term:
        """The term of a node that stands where a schedule belongs.

        `region` collects the durations of the arithmetic that the node is part of: they have a
        meaning only in a formula, that is, if a `t` stands there too.
        """
        match node:
            case ast.Number(unit="") | ast.Name(id="base" | "prev" | "next" | "pi"):
                return Scalar(node)
            case ast.Number() | ast.Name(id="total" | "epoch" | "rest"):
                return self._duration(node, region)
            case ast.Name():
                return self._name(node)
            case ast.Call():
                return self._call(node, region)
            case ast.Chain(parts=parts):
                return Sequence(node, tuple([self.term(part) for part in parts]))
            case ast.Pipe(parts=(first, *modifiers)):
                term = self.term(first)
                for each in modifiers:
                    term = self._modify(node, term, each)
                return term
            case ast.Bracket():
                return self._bracket(node)
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
                return Choice(node, condition, *branches)
            case ast.Scope(body=body):
                return Called(node, self.term(body, region))
            case ast.Outer():
                # Only arithmetic over values and durations is meant from outside.
                return Scalar(node)
            case ast.Faulty():
                return Poison(node)
        self.mistakes.report(diag.WRONG_KIND, f"`{unparse_short(node)}` is not a schedule", node)
        return Poison(node)

    def _duration(self, node: ast.Node, region: list[ast.Node] | None) -> Term:
        if region is None:
            self.mistakes.duration(node)
            return Poison(node)
        region.append(node)
        return InUpdates(node)

    def _name(self, node: ast.Name) -> Term:
        if node.id == "t":
            return Clock(node)
        if self.mistakes.bare_name(node):
            return Poison(node)
        return Reference(node, node.id) if node.id in self.schedules else Scalar(node)

    def _apply(
        self,
        node: ast.Node,
        operators: tuple[object, ...],
        operands: tuple[ast.Node, ...],
        region: list[ast.Node] | None,
    ) -> Term:
        """Arithmetic over schedules; over values alone it is a value."""
        outermost = region is None
        durations: list[ast.Node] = [] if region is None else region
        parts = tuple([self.term(operand, durations) for operand in operands])
        if outermost and durations and not any(map(has_clock, parts)):
            for duration in durations:
                self.mistakes.duration(duration)
            return Poison(node, parts)
        if all([isinstance(part, Scalar) for part in parts]):
            return Scalar(node)
        return Apply(node, operators, parts)  # type: ignore[arg-type]

    def _call(self, node: ast.Call, region: list[ast.Node] | None) -> Term:
        name = node.name.id
        function = self.language.functions.get(name)
        if function is not None:
            mistake = function_mistake(node)
            if mistake is not None:
                self.reporter.report_all([mistake])
                return Poison(node)
            operands = tuple([argument.value for argument in node.arguments])
            return self._apply(node, (function,), operands, region)
        shape = self.language.shapes.get(name)
        if shape is not None:
            return self._shape(node, shape)
        self.mistakes.no_shape(node)
        for argument in node.arguments:
            self._look_inside(argument.value)
        return Poison(node)

    def _look_inside(self, node: ast.Node) -> None:
        """Find mistakes in the arguments of an unknown call, where they are plain enough."""
        if isinstance(node, (ast.Call, ast.Chain, ast.Pipe, ast.Bracket)):
            self.term(node)

    def _shape(self, node: ast.Call, shape: ShapeSignature) -> Term:
        if shape.bracket:
            self.mistakes.brackets(node, f"{shape.name}[0:0, 100:1]")
            return Poison(node)
        binding = self._bound(node, bind(node, shape.accepted, shape.curve))
        return ShapeCall(node, shape, binding.arguments, binding.curve, (), binding.sound)

    def _bracket(self, node: ast.Bracket) -> Term:
        name = node.name.id
        shape = self.language.shapes.get(name)
        if shape is None:
            self.mistakes.no_shape(node)
            return Poison(node)
        if not shape.bracket:
            self.mistakes.brackets(node, f"{name}(…)")
            return Poison(node)
        return ShapeCall(node, shape, {}, None, self._entries(node, values_only=True))

    def _modify(self, node: ast.Pipe, source: Term, right: ast.Node) -> Term:
        """The source under what stands right of a `|`."""
        if isinstance(right, ast.Faulty):
            return Poison(node, (source,))
        if not isinstance(right, (ast.Call, ast.Bracket)):
            self.mistakes.no_modifier(right)
            return Poison(node, (source,))
        name = right.name.id
        modifier = self.language.modifiers.get(name)
        if modifier is None:
            self.mistakes.no_modifier(right)
            return Poison(node, (source,))
        if modifier.bracket != isinstance(right, ast.Bracket):
            self.mistakes.brackets(right, f"{name}[600:*0.5]" if modifier.bracket else f"{name}(…)")
            return Poison(node, (source,))
        return self._modified(node, source, modifier, right)

    def _modified(
        self, pipe: ast.Pipe, source: Term, cls: type[Modifier], right: ast.Call | ast.Bracket
    ) -> Term:
        parameters = cls.parameters()
        if isinstance(right, ast.Bracket):
            entries = self._entries(right, values_only=False)
            return Modify(right, pipe, source, cls, parameters, {}, entries)
        binding = self._bound(right, bind(right, parameters))
        return Modify(right, pipe, source, cls, parameters, binding.arguments, (), binding.sound)

    def _bound(self, call: ast.Call, binding: Binding) -> Binding:
        """Keep how a call was bound, and report what is wrong with it."""
        self.reporter.report_all(binding.mistakes)
        self.bindings[id(call)] = binding
        return binding

    def _entries(self, node: ast.Bracket, values_only: bool) -> tuple[EntryTerm, ...]:
        entries: list[EntryTerm] = []
        for entry in node.entries:
            if isinstance(entry, ast.Name):
                message = f"`{entry.id}` is no entry of `{node.name.id}`"
                fix = "an entry is an update and a value: `600:0.5`"
                self.mistakes.report(diag.WRONG_KIND, message, entry, fix=fix)
                continue
            if values_only and (entry.factor or entry.stop is not None):
                message = f"an entry of `{node.name.id}` is `update:value`"
                self.mistakes.report(diag.WRONG_KIND, message, entry, fix="write `100:0.1`")
            value = entry.value if values_only else self.term(entry.value)
            entries.append(EntryTerm(entry, entry.start, entry.stop, entry.factor, value))
        return tuple(entries)


def has_clock(term: Term) -> bool:
    """Whether a `t` stands in this arithmetic."""
    return (
        isinstance(term, Clock)
        or (isinstance(term, Called) and has_clock(term.inner))
        or (isinstance(term, Apply) and any([has_clock(part) for part in term.parts]))
        or (isinstance(term, Choice) and (has_clock(term.then) or has_clock(term.otherwise)))
    )
