"""Binding: which argument of a call belongs to which parameter."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from lrdsl import diagnostics as diag
from lrdsl.diagnostics import Mistake
from lrdsl.language.curves import CURVES, Curve
from lrdsl.language.functions import FUNCTIONS
from lrdsl.language.parameters import Kind, Parameter
from lrdsl.syntax.ast import Call, Default, Faulty, If, Name, Node, String, walk
from lrdsl.util.registry import did_you_mean, near


class Binding(NamedTuple):
    """The arguments of a call by parameter, the curve that its `mode` names, and the mistakes."""

    arguments: dict[str, Node]
    curve: type[Curve] | None
    mistakes: tuple[Mistake, ...]
    sound: bool
    """Whether the call is without mistakes, and so are its arguments as far as they are parsed."""


def bind(
    call: Call, parameters: tuple[Parameter, ...], curve: type[Curve] | None = None
) -> Binding:
    """Give each argument of `call` its parameter; `curve` is what the name itself stands for."""
    binder = _Binder(call, parameters, curve)
    mistakes = [*binder.read_mode(), *binder.place_positional(), *binder.place_named()]
    sound = not mistakes and not any([isinstance(a.value, Faulty) for a in call.arguments])
    if sound:
        mistakes += binder.missing()
    arguments = {
        name: value
        for name, value in binder.bound.items()
        if not isinstance(value, Default) and binder.parameters[name] is not binder.mode
    }
    return Binding(arguments, binder.curve, tuple(mistakes), sound and not mistakes)


class _Binder:
    """Binds the arguments of one call. The methods are its stages, and yield what is wrong."""

    def __init__(
        self, call: Call, parameters: tuple[Parameter, ...], curve: type[Curve] | None
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
        self.bound: dict[str, Node] = {}

    @property
    def signature(self) -> str:
        """The call as a message shows it."""
        return f"`{self.name}({', '.join([str(self.parameters[name]) for name in self.order])})`"

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
            if given is not None and not isinstance(given, (Default, Faulty)):
                yield from self._read_curve(given)
            elif not mode.required:
                self.curve = CURVES[mode.default]
        if mode is not None and self.curve is not None:
            for parameter in self.curve.parameters():
                self.parameters.setdefault(parameter.name, parameter)
                self.order.append(parameter.name)

    def _is_mode(self, node: Node) -> bool:
        """Whether a first argument is meant for `mode`: a curve's name, right or mistyped."""
        if not isinstance(node, Name) or node.id in CURVES:
            return isinstance(node, (Name, String, Default, Faulty))
        # `warmup(linaer, 100)`: much like a curve's name, and followed by something else.
        # But `warmup(linear_steps, 0.1)` begins with a variable.
        meant = near(node.id, CURVES) if len(self.call.arguments) > 1 else None
        return meant is not None and abs(len(node.id) - len(meant)) <= 2

    def _read_curve(self, node: Node) -> Iterator[Mistake]:
        match node:
            case Name(id=word) | String(value=word):
                self.curve = CURVES.get(word)
                if self.curve is None:
                    message, suggestion = f"there is no curve `{word}`", did_you_mean(word, CURVES)
                    yield Mistake(diag.UNKNOWN_NAME, message, node.span, suggestion, _curves())
            case If() if any([isinstance(part, Faulty) for part, _ in walk(node)]):
                pass
            case _:
                message = f"`mode` of `{self.name}` takes the name of a curve"
                yield Mistake(diag.WRONG_KIND, message, node.span, fix=_curves())

    def place_positional(self) -> Iterator[Mistake]:
        """Bind the arguments without names, in their order."""
        order = self.order[self.skipped :]
        for name, argument in zip(order, self.positional, strict=False):
            self.bound[name] = argument.value
        if len(self.positional) > len(order) and self.knows_all_parameters:
            most, given = len(self.order), len(self.positional) + self.skipped
            count = f"at most {most} argument{'s' * (most > 1)}" if most else "no arguments"
            message, span = (
                f"`{self.name}` takes {count}, not {given}",
                self.positional[len(order)].span,
            )
            yield Mistake(
                diag.TOO_MANY_ARGUMENTS, message, span, fix=f"the full call is {self.signature}"
            )
        named = False
        for argument in self.call.arguments:
            named = named or argument.name is not None
            if named and argument.name is None:
                message = "an argument without a name follows one with a name"
                fix = "name it, or move it in front"
                yield Mistake(diag.WRONG_PLACE, message, argument.span, fix=fix)

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
                meant, fix = (
                    did_you_mean(name, self.parameters),
                    f"the full call is {self.signature}",
                )
                yield Mistake(diag.UNKNOWN_PARAMETER, message, argument.name_span, meant, fix)
        if "steps" in self.bound and "until" in self.bound:
            message, span = "`steps` and `until` both set the length", self.bound["until"].span
            yield Mistake(diag.CONFLICTING_ARGUMENTS, message, span, fix="give one of them")

    def missing(self) -> Iterator[Mistake]:
        """The mistakes of a call that lacks arguments."""
        for name, parameter in self.parameters.items():
            if not parameter.required:
                continue
            given = self.bound.get(name)
            if given is None:
                message = f"`{self.name}` needs `{name}`, {parameter.kind.value.strip(', ')}"
                fix = f"the full call is {self.signature}"
                yield Mistake(diag.MISSING_ARGUMENT, message, self.call.span, fix=fix)
            elif isinstance(given, Default):
                message = f"`{name}` of `{self.name}` has no default"
                yield Mistake(diag.MISSING_ARGUMENT, message, given.span, fix="give a value")


def _curves() -> str:
    return f"choose one of {', '.join([f'`{name}`' for name in CURVES])}"


def function_mistake(node: Call) -> Mistake | None:
    """The mistake of a function's call that has a named argument, or too many or too few."""
    function = FUNCTIONS[node.name.id]
    for argument in node.arguments:
        if argument.name is not None:
            message = f"`{function.name}` takes its arguments without names"
            return Mistake(diag.UNKNOWN_PARAMETER, message, argument.name_span)
    count = len(node.arguments)
    if count >= function.least and (function.most is None or count <= function.most):
        return None
    wanted = "1 argument" if function.most else f"at least {function.least} arguments"
    problem = diag.MISSING_ARGUMENT if count < function.least else diag.TOO_MANY_ARGUMENTS
    return Mistake(problem, f"`{function.name}` takes {wanted}, not {count}", node.span)
