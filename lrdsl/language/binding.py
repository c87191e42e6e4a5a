"""Binding: which argument of a call belongs to which parameter.

Calls of shapes and modifiers and calls of definitions are bound alike. A shape's `mode` brings the
parameters of a curve; a definition may be given entries in brackets.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeAlias

from lrdsl import diagnostics as diag
from lrdsl.diagnostics import Mistake, Suggestion, counted
from lrdsl.language.curves import CURVES, Curve
from lrdsl.language.functions import FUNCTIONS
from lrdsl.language.parameters import REQUIRED, Kind, Parameter
from lrdsl.syntax import ast
from lrdsl.syntax.definition import DefinedParameter, Definition, number_of
from lrdsl.util.near_names import near

Arguments: TypeAlias = "dict[str, ast.Node | tuple[ast.Entry | ast.Name, ...]]"
"""The nodes that a call of a definition gives for each parameter; entries in brackets are many."""


_LENGTHS = ("steps", "every", "period", "total_iters", "T_max", "step_size")
_LAST = ("end", "eta_min", "final_lr", "final_value")
_FIRST = ("start", "max", "peak", "max_lr", "base_lr", "initial_value")
_OTHER_NAMES = {
    **dict.fromkeys(["n", "length", "duration", "T_max", "T_0", "period", "iters"], _LENGTHS),
    **dict.fromkeys(["total_steps", "num_steps", "decay_steps", "total_iters"], _LENGTHS),
    **dict.fromkeys(["warmup_steps", "num_warmup_steps", "warmup_iters", "step_size"], _LENGTHS),
    **dict.fromkeys(["stop", "to", "final", "min", "min_lr", "lr_min", "eta_min"], _LAST),
    **dict.fromkeys(["initial", "from", "max_lr", "lr", "peak", "initial_lr", "base_lr"], _FIRST),
    **dict.fromkeys(["decay_rate", "decay", "rate", "decay_factor", "gamma"], ("gamma", "rate")),
}
"""Names of parameters in other libraries, and here: the first that a call has is meant."""


class Binding(NamedTuple):
    """The arguments of a call by parameter, the curve that its `mode` names, and the mistakes."""

    arguments: dict[str, ast.Node]
    curve: type[Curve] | None
    mistakes: tuple[Mistake, ...]
    sound: bool
    """Whether the call is without mistakes, and so are its arguments as far as they are parsed."""


def bind(
    call: ast.Call, parameters: tuple[Parameter, ...], curve: type[Curve] | None = None
) -> Binding:
    """Give each argument of `call` its parameter; `curve` is what the name itself stands for."""
    binder = _Binder(call, parameters, curve)
    mistakes = [*binder.read_mode(), *binder.place_positional(), *binder.place_named()]
    mistakes += binder.clashes()
    sound = not mistakes and not any([isinstance(a.value, ast.Faulty) for a in call.arguments])
    if sound:
        mistakes += binder.missing()
    arguments = binder.given
    if binder.mode is not None:
        arguments.pop(binder.mode.name, None)
    return Binding(arguments, binder.curve, tuple(mistakes), sound and not mistakes)


def bind_definition(
    node: ast.Call | ast.Bracket, definition: Definition
) -> tuple[Arguments, list[Mistake]]:
    """The arguments by parameter, and the mistakes where they do not fit."""
    if isinstance(node, ast.Bracket) and definition.bracket:
        return {definition.parameters[0].name: node.entries}, []
    if isinstance(node, ast.Bracket) or definition.bracket:
        kind = "square" if definition.bracket else "round"
        message = f"`{definition.name}` takes {kind} brackets"
        fix = f"write `{definition.signature}`"
        return {}, [Mistake(diag.WRONG_PLACE, message, node.span, fix=fix)]
    binder = _Binder(node, parameters_of(definition), None)
    mistakes = [*binder.place_positional(), *binder.place_named()]
    given = binder.given
    for parameter in definition.parameters:
        argument, words = given.get(parameter.name), parameter.words
        if parameter.limits is not None and argument is not None:
            number = number_of(argument)
            if number is None:  # it is known later, if it is a number at all
                given[parameter.name] = _bounded(argument, parameter, definition)
            elif not parameter.limits[0] <= number <= parameter.limits[1]:
                bounded = _bounded(argument, parameter, definition)
                mistakes.append(bounds_mistake(bounded, number))
            continue
        if not words and isinstance(parameter.default, ast.Keyword):
            words = _TRUTHS if parameter.default.word in _TRUTHS else ()
        is_mode = isinstance(parameter.default, ast.Name) and parameter.default.id in CURVES
        if argument is None or isinstance(argument, ast.Faulty) or not (words or is_mode):
            continue
        word = word_of(argument)
        if word not in words if words else not isinstance(argument, _WORDS):
            known = ", ".join([f"`{each}`" for each in words])
            wanted = f"is one of {known}" if parameter.words else "is `true` or `false`"
            wanted = wanted if words else "takes the name of a curve"
            message = f"{_named(argument, parameter, definition)} {wanted}"
            meant = None if word is None else Suggestion(word, parameter.words)
            mistakes.append(Mistake(diag.WRONG_KIND, message, argument.span, meant))
    for parameter in () if mistakes else definition.parameters:
        if parameter.name not in given and parameter.default is None:
            message = f"`{definition.name}` needs `{parameter.name}`"
            mistakes.append(Mistake(diag.MISSING_ARGUMENT, message, node.span, fix=binder.fix))
    return {**given}, mistakes


def _bounded(node: ast.Node, parameter: DefinedParameter, definition: Definition) -> ast.Bounded:
    assert parameter.limits is not None
    named = _named(node, parameter, definition)
    return ast.Bounded(*parameter.limits, named, node, span=node.span)


def _named(node: ast.Node, parameter: DefinedParameter, definition: Definition) -> str:
    """The parameter that an argument was given for in the call that the spec itself makes."""
    return node.span.parameter or f"`{parameter.name}` of `{definition.name}`"


def bounds_mistake(node: ast.Bounded, number: float) -> Mistake:
    """The mistake of a number that does not lie within bounds."""
    if node.low == -math.inf:
        wanted = f"of at most {node.high:g}"
    elif node.high == math.inf:
        wanted = f"of at least {node.low:g}"
    else:
        wanted = f"from {node.low:g} to {node.high:g}"
    message = f"{node.parameter} is a number {wanted}, not {number:g}"
    return Mistake(diag.OUT_OF_RANGE, message, node.span)


def parameters_of(definition: Definition) -> tuple[Parameter, ...]:
    """The parameters of a definition as those of a shape, as far as their place in a call goes.

    >>> from lrdsl.syntax.parser import parse_definitions
    >>> [str(each) for each in parameters_of(parse_definitions("def half(a, n=5) = a / n")[0])]
    ['a', 'n=5']
    """
    kinds = {ast.Keyword: Kind.FLAG, ast.List: Kind.LIST}
    return tuple(
        [
            Parameter(p.name, kinds.get(type(p.default), Kind.VALUE), p.default or REQUIRED)
            for p in definition.parameters
        ]
    )


_TRUTHS = ("true", "false")
_WORDS = (ast.Name, ast.String, ast.If)


def word_of(node: ast.Node) -> str | None:
    """The word that a node is, bare or quoted; None if it is no word.

    >>> word_of(ast.String("cos")), word_of(ast.Name("cos")), word_of(ast.Number(1.0))
    ('cos', 'cos', None)
    """
    match node:
        case ast.Name(id=word) | ast.String(value=word) | ast.Keyword(word=word):
            return word
        case ast.Outer(argument=argument):
            return word_of(argument)
    return "_" if isinstance(node, ast.Default) else None


_OPTIMIZERS = ("optimizer", "optim", "opt", "self.optimizer")
"""Names that an optimizer has where it is the first argument of a scheduler of torch."""


class _Binder:
    """Binds the arguments of one call. The methods are its stages, and yield what is wrong."""

    def __init__(
        self, call: ast.Call, parameters: tuple[Parameter, ...], curve: type[Curve] | None
    ) -> None:
        self.call = call
        self.name = call.name.id
        self.parameters = {parameter.name: parameter for parameter in parameters}
        self.order = [parameter.name for parameter in parameters if parameter.positional]
        self.curve = curve
        self.mode = next((each for each in parameters if each.kind is Kind.MODE), None)
        self.skipped = 0
        """The number of positional parameters that are left out in front."""
        self.positional = [a for a in call.arguments if a.name is None]
        self.bound: dict[str, ast.Node] = {}

    @property
    def given(self) -> dict[str, ast.Node]:
        """The arguments that are not left out."""
        return {k: node for k, node in self.bound.items() if not isinstance(node, ast.Default)}

    @property
    def fix(self) -> str:
        """The full call, as a message shows it."""
        shown = ", ".join([str(self.parameters[name]) for name in self.order])
        return f"the full call is `{self.name}({shown})`"

    @property
    def knows_all_parameters(self) -> bool:
        """Whether those of the curve are known, too."""
        return self.mode is None or self.curve is not None

    def read_mode(self) -> Iterator[Mistake]:
        """Read the mode before all else, because the curve brings parameters of its own.

        A mode that has a default may be left out in front: `warmup(100)` is `warmup(linear, 100)`.
        """
        mode = self.mode
        if mode is not None:
            given = next((a.value for a in self.call.arguments if a.name == mode.name), None)
            if self.positional and self.order[0] == mode.name:
                first = self.positional[0].value
                if not mode.required and not self._is_mode(first):
                    self.skipped = 1
                elif given is None:
                    given = first
            if given is not None and not isinstance(given, (ast.Default, ast.Faulty)):
                yield from self._read_curve(given)
            elif not mode.required:
                self.curve = CURVES[mode.default]
        if mode is not None and self.curve is not None:
            for parameter in self.curve.parameters():
                self.parameters.setdefault(parameter.name, parameter)
                if parameter.positional:
                    self.order.append(parameter.name)

    def _is_mode(self, node: ast.Node) -> bool:
        """Whether a first argument is meant for `mode`: a curve's name, right or mistyped."""
        if not isinstance(node, ast.Name) or node.id in CURVES:
            return isinstance(node, (ast.Name, ast.String, ast.Default, ast.Faulty))
        # `warmup(linaer, 100)`: much like a curve's name, and followed by something else.
        # But `warmup(linear_steps, 0.1)` begins with a variable.
        meant = near(node.id, CURVES) if len(self.call.arguments) > 1 else None
        return meant is not None and abs(len(node.id) - len(meant)) <= 2

    def _read_curve(self, node: ast.Node) -> Iterator[Mistake]:
        match node:
            case ast.Name(id=word) | ast.String(value=word):
                self.curve = CURVES.get(word)
                if self.curve is None:
                    message, meant = f"there is no curve `{word}`", Suggestion(word, CURVES)
                    yield Mistake(diag.UNKNOWN_NAME, message, node.span, meant, _curves())
            case ast.If() if any([isinstance(part, ast.Faulty) for part, _ in ast.walk(node)]):
                pass
            case _:
                message = f"`mode` of `{self.name}` takes the name of a curve"
                yield Mistake(diag.WRONG_KIND, message, node.span, fix=_curves())

    def place_positional(self) -> Iterator[Mistake]:
        """Bind the arguments without names, in their order."""
        first = self.positional[0].value if self.positional else None
        if isinstance(first, ast.Name) and first.id in _OPTIMIZERS:
            message = "a spec takes no optimizer: that is given to `Scheduler(optimizer, spec)`"
            yield Mistake(diag.WRONG_KIND, message, first.span, fix="leave it out")
            del self.positional[0]
        order = self.order[self.skipped :]
        for name, argument in zip(order, self.positional, strict=False):
            self.bound[name] = argument.value
        if len(self.positional) > len(order) and self.knows_all_parameters:
            most, given = len(self.order), len(self.positional) + self.skipped
            count = f"at most {most} argument{'s' * (most > 1)}" if most else "no arguments"
            message = f"`{self.name}` takes {count}, not {given}"
            span = self.positional[len(order)].span
            fix = _DECIMAL if _has_decimal_comma(self.positional) else self.fix
            yield Mistake(diag.TOO_MANY_ARGUMENTS, message, span, fix=fix)

    def clashes(self) -> Iterator[Mistake]:
        """The mistakes of arguments that do not go with each other, or come in a wrong order."""
        named = False
        for argument in self.call.arguments:
            named = named or argument.name is not None
            if named and argument.name is None:
                message = "an argument without a name follows one with a name"
                fix = "name it, or move it in front"
                yield Mistake(diag.WRONG_PLACE, message, argument.span, fix=fix)
        if "steps" in self.bound and "until" in self.bound:
            message, span = "`steps` and `until` both set the length", self.bound["until"].span
            yield Mistake(diag.CONFLICTING_ARGUMENTS, message, span, fix="give one of them")

    def place_named(self) -> Iterator[Mistake]:
        """Bind the arguments with names."""
        for argument in self.call.arguments:
            name = argument.name
            if name is None:
                continue
            if name in self.bound:
                message = f"`{name}` is given twice"
                yield Mistake(diag.REPEATED_ARGUMENT, message, argument.span, fix="leave one out")
            elif name in self.parameters:
                self.bound[name] = argument.value
            elif self.knows_all_parameters:
                message = f"`{self.name}` has no parameter `{name}`"
                span = argument.name_span
                other = next((x for x in _OTHER_NAMES.get(name, ()) if x in self.parameters), None)
                known = self.parameters if other is None else (other,)
                meant = Suggestion(name if other is None else other, known)
                yield Mistake(diag.UNKNOWN_PARAMETER, message, span, meant, self.fix)

    def missing(self) -> Iterator[Mistake]:
        """The mistakes of a call that lacks arguments."""
        for name, parameter in self.parameters.items():
            if not parameter.required:
                continue
            given = self.bound.get(name)
            if given is None:
                message = f"`{self.name}` needs `{name}`, {parameter.kind.value.strip(', ')}"
                yield Mistake(diag.MISSING_ARGUMENT, message, self.call.span, fix=self.fix)
            elif isinstance(given, ast.Default):
                message = f"`{name}` of `{self.name}` has no default"
                yield Mistake(diag.MISSING_ARGUMENT, message, given.span, fix="give a value")


_DECIMAL = "write decimal numbers with a point: `0.1`"


def _has_decimal_comma(arguments: Sequence[ast.Argument]) -> bool:
    """Whether some numbers have only a comma between them, where others have a space too."""
    pairs = list(itertools.pairwise([each.value for each in arguments]))
    glued = [
        second.span.start == first.span.stop + 1
        for first, second in pairs
        if isinstance(first, ast.Number) and isinstance(second, ast.Number)
    ]
    return any(glued) and not (all(glued) and len(glued) == len(pairs))


def _curves() -> str:
    return f"choose one of {', '.join([f'`{name}`' for name in CURVES])}"


def function_mistake(node: ast.Call) -> Mistake | None:
    """The mistake of a function's call that has a named argument, or too many or too few."""
    function = FUNCTIONS[node.name.id]
    for argument in node.arguments:
        if argument.name is not None:
            message = f"`{function.name}` takes its arguments without names"
            return Mistake(diag.UNKNOWN_PARAMETER, message, argument.name_span)
    count = len(node.arguments)
    if count >= function.least and (function.most is None or count <= function.most):
        return None
    least = counted(function.least, "argument")
    wanted = f"at least {least}" if function.most is None else least
    problem = diag.MISSING_ARGUMENT if count < function.least else diag.TOO_MANY_ARGUMENTS
    return Mistake(problem, f"`{function.name}` takes {wanted}, not {count}", node.span)
