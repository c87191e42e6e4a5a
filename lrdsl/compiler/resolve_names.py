"""Elaboration: tree to terms. Looks names up and binds arguments; knows nothing of the run."""

from __future__ import annotations

from collections.abc import Collection, Iterable

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
from lrdsl.diagnostics import Reporter, Span
from lrdsl.language.binding import UNTIL, Binding, bind, check_function
from lrdsl.language.functions import FUNCTIONS
from lrdsl.language.modifiers import MODIFIERS, Modifier
from lrdsl.language.parameters import Kind
from lrdsl.language.presets import is_preset
from lrdsl.language.shapes import SHAPES, Form
from lrdsl.syntax import ast
from lrdsl.syntax.unparse import unparse, unparse_short
from lrdsl.util.registry import did_you_mean


def resolve_names(
    node: ast.Node,
    reporter: Reporter,
    defined: Iterable[str] = (),
    schedules: Collection[str] = frozenset(),
    bindings: dict[int, Binding] | None = None,
) -> Term:
    """The term of a schedule's tree; what cannot be understood is reported and poisoned.

    `defined` are the names of definitions, whose calls have been expanded: a name that stands
    without its brackets, or is mistyped, may be one of them. `schedules` are the names of the
    other schedules of the program. How the calls of shapes and modifiers were bound is added to
    `bindings`, by the identity of their nodes.
    """
    found = {} if bindings is None else bindings
    return NameResolver(reporter, defined, schedules, found).term(node)


class NameResolver:
    """Elaborates the parts of one spec."""

    def __init__(
        self,
        reporter: Reporter,
        defined: Iterable[str],
        schedules: Collection[str],
        bindings: dict[int, Binding],
    ) -> None:
        self.reporter = reporter
        self.defined = defined
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
        self._complain(diag.WRONG_KIND, f"`{unparse_short(node)}` is no schedule", node)
        return Poison(node)

    def _complain(
        self,
        problem: diag.Problem,
        message: str,
        node: ast.Node,
        suggestion: tuple[str, str] | None = None,
        fix: str | None = None,
    ) -> None:
        self.reporter.report(problem, message, node.span, suggestion=suggestion, fix=fix)

    def _duration(self, node: ast.Node, region: list[ast.Node] | None) -> Term:
        if region is None:
            self._no_duration(node)
            return Poison(node)
        region.append(node)
        return InUpdates(node)

    def _no_duration(self, node: ast.Node) -> None:
        message = f"`{unparse(node)}` is a duration, and a schedule or a value belongs here"
        self._complain(diag.WRONG_KIND, message, node)

    def _name(self, node: ast.Name) -> Term:
        name = node.id
        if name == "t":
            return Clock(node)
        form, cls = SHAPES.find(name), MODIFIERS.find(name)
        if form is not None:
            call = f"{name}[…]" if form.bracket else f"{name}()"
            message = f"`{name}` is the name of a shape, not a schedule"
            preset = f", or the preset `schedule@lr={name}`" if self._is_preset(node) else ""
            fix = (f"did you mean `{call}`{preset}?", call) if not form.bracket else None
            self._complain(diag.BARE_NAME, message, node, fix, f"write `{call}`")
            return Poison(node)
        if cls is not None:
            what = "write it after `|`"
            if self._is_preset(node):
                what += f", or choose the preset with `schedule@lr={name}`"
            self._complain(diag.WRONG_PLACE, f"`{name}` is a modifier", node, fix=what)
            return Poison(node)
        if name in self.defined:
            call = f"write `{name}(…)`"
            if self._is_all(node):
                call += f", or choose a preset of that name with `schedule@lr={name}`"
            self._complain(diag.BARE_NAME, f"`{name}` is the name of a definition", node, fix=call)
            return Poison(node)
        if name in FUNCTIONS:
            message = f"`{name}` is the name of a function, not a value"
            self._complain(diag.BARE_NAME, message, node, fix=f"write `{name}(…)`")
            return Poison(node)
        return Reference(node, name) if name in self.schedules else Scalar(node)

    def _is_all(self, node: ast.Node) -> bool:
        """Whether a node is the whole spec."""
        return node.span == Span(0, len(self.reporter.source.strip()))

    def _is_preset(self, node: ast.Name) -> bool:
        """Whether the whole spec is a preset's name, as `lr=cosine` makes it in Hydra."""
        return self._is_all(node) and is_preset(node.id)

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
                self._no_duration(duration)
            return Poison(node, parts)
        if all([isinstance(part, Scalar) for part in parts]):
            return Scalar(node)
        return Apply(node, operators, parts)  # type: ignore[arg-type]

    def _call(self, node: ast.Call, region: list[ast.Node] | None) -> Term:
        name = node.name.id
        function = FUNCTIONS.get(name)
        form = SHAPES.find(name) if function is None else None
        if form is not None:
            return self._shape(node, form)
        if function is not None:
            if not check_function(node, self.reporter):
                return Poison(node)
            operands = tuple([argument.value for argument in node.arguments])
            return self._apply(node, (function,), operands, region)
        if name in MODIFIERS:
            self._complain(
                diag.WRONG_PLACE,
                f"`{name}` is a modifier, not a shape",
                node,
                fix="write it after `|`",
            )
        else:
            self._unknown(node.name, "shape", [*SHAPES, *FUNCTIONS, *self.defined])
        for argument in node.arguments:
            self._look_inside(argument.value)
        return Poison(node)

    def _look_inside(self, node: ast.Node) -> None:
        """Find mistakes in the arguments of an unknown call, where they are plain enough."""
        if isinstance(node, (ast.Call, ast.Chain, ast.Pipe, ast.Bracket)):
            self.term(node)

    def _unknown(self, name: ast.Name, kind: str, known: list[str]) -> None:
        broken = SHAPES.why_broken(name.id)
        if broken is not None:
            fix = "mend, or uninstall, that package"
            self._complain(diag.BAD_SHAPE, broken, name, fix=fix)
            return
        message = f"there is no {kind} `{name.id}`"
        self._complain(diag.UNKNOWN_NAME, message, name, did_you_mean(name.id, known))

    def _shape(self, node: ast.Call, form: Form) -> Term:
        if form.bracket:
            self._complain(
                diag.WRONG_PLACE,
                f"`{form.name}` takes square brackets",
                node,
                fix=f"write `{form.name}[0:0, 100:1]`",
            )
            return Poison(node)
        parameters = form.parameters
        if form.has(Kind.STEPS):
            parameters = (*parameters, UNTIL)
        binding = bind(node, parameters, form.curve, self.reporter)
        self.bindings[id(node)] = binding
        return ShapeCall(node, form, binding.arguments, binding.curve, (), binding.sound)

    def _bracket(self, node: ast.Bracket) -> Term:
        name = node.name.id
        form = SHAPES.find(name)
        if form is None:
            if name in MODIFIERS:
                self._complain(
                    diag.WRONG_PLACE, f"`{name}` is a modifier", node, fix="write it after `|`"
                )
            else:
                self._unknown(node.name, "shape", [*SHAPES, *self.defined])
            return Poison(node)
        if not form.bracket:
            message = f"`{name}` takes round brackets"
            self._complain(diag.WRONG_PLACE, message, node, fix=f"write `{name}(…)`")
            return Poison(node)
        return ShapeCall(node, form, {}, None, self._entries(node, values_only=True))

    def _modify(self, node: ast.Pipe, source: Term, right: ast.Node) -> Term:
        """The source under what stands right of a `|`."""
        if isinstance(right, ast.Faulty):
            return Poison(node, (source,))
        if not isinstance(right, (ast.Call, ast.Bracket)):
            self._no_modifier(right)
            return Poison(node, (source,))
        name = right.name.id
        cls = MODIFIERS.find(name)
        if cls is None:
            if name in SHAPES:
                message = f"`{name}` is a shape, and a modifier belongs after `|`"
                self._complain(diag.WRONG_PLACE, message, right, fix="segments are joined by `>>`")
            else:
                self._unknown(right.name, "modifier", [*MODIFIERS, *self.defined])
            return Poison(node, (source,))
        if cls.bracket != isinstance(right, ast.Bracket):
            form = f"{name}[600:*0.5]" if cls.bracket else f"{name}(…)"
            kind = "square" if cls.bracket else "round"
            message = f"`{name}` takes {kind} brackets"
            self._complain(diag.WRONG_PLACE, message, right, fix=f"write `{form}`")
            return Poison(node, (source,))
        return self._modified(node, source, cls, right)

    def _no_modifier(self, right: ast.Node) -> None:
        if isinstance(right, ast.Name) and right.id in MODIFIERS:
            message = f"`{right.id}` is the name of a modifier"
            self._complain(diag.BARE_NAME, message, right, fix=f"write `{right.id}(…)`")
        elif isinstance(right, ast.Chain):
            message = "a modifier belongs after `|`, not a chain"
            fix = "`>>` binds tighter than `|`: put `( )` around what the modifier is for"
            self._complain(diag.WRONG_PLACE, message, right, fix=fix)
        else:
            message = f"a modifier belongs after `|`, not `{unparse_short(right)}`"
            self._complain(diag.WRONG_PLACE, message, right, fix="such as `clip(0, 1)`")

    def _modified(
        self, pipe: ast.Pipe, source: Term, cls: type[Modifier], right: ast.Call | ast.Bracket
    ) -> Term:
        parameters = cls.parameters()
        if isinstance(right, ast.Bracket):
            entries = self._entries(right, values_only=False)
            return Modify(right, pipe, source, cls, parameters, {}, entries)
        binding = bind(right, parameters, None, self.reporter)
        self.bindings[id(right)] = binding
        return Modify(right, pipe, source, cls, parameters, binding.arguments, (), binding.sound)

    def _entries(self, node: ast.Bracket, values_only: bool) -> tuple[EntryTerm, ...]:
        entries: list[EntryTerm] = []
        for entry in node.entries:
            if isinstance(entry, ast.Name):
                message = f"`{entry.id}` is no entry of `{node.name.id}`"
                fix = "an entry is an update and a value: `600:0.5`"
                self._complain(diag.WRONG_KIND, message, entry, fix=fix)
                continue
            if values_only and (entry.factor or entry.stop is not None):
                message = f"an entry of `{node.name.id}` is `update:value`"
                self._complain(diag.WRONG_KIND, message, entry, fix="write `100:0.1`")
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
