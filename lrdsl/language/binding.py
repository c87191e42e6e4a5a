"""Binding: which argument of a call belongs to which parameter."""

from __future__ import annotations

from typing import NamedTuple

from lrdsl import diagnostics as diag
from lrdsl.diagnostics import Mistake, Reporter
from lrdsl.language.curves import CURVES, Curve
from lrdsl.language.functions import FUNCTIONS
from lrdsl.language.parameters import Kind, Parameter
from lrdsl.syntax.ast import Call, Default, Faulty, If, Name, Node, String, walk
from lrdsl.util.registry import did_you_mean, near


class Binding(NamedTuple):
    """The outcome: arguments by parameter, and the curve that a `mode` named."""

    arguments: dict[str, Node]
    curve: type[Curve] | None
    sound: bool


def bind(
    call: Call, parameters: tuple[Parameter, ...], curve: type[Curve] | None, reporter: Reporter
) -> Binding:
    """Give each argument of `call` its parameter; complain about those that have none."""
    return _Binder(call, parameters, curve, reporter).bind()


class _Binder:
    def __init__(
        self,
        call: Call,
        parameters: tuple[Parameter, ...],
        curve: type[Curve] | None,
        reporter: Reporter,
    ) -> None:
        self.call = call
        self.reporter = reporter
        self.curve = curve
        self.parameters = {parameter.name: parameter for parameter in parameters}
        self.order = [parameter.name for parameter in parameters if parameter.positional]
        self.shown = list(self.order)
        """The positional parameters as a message shows them, left-out ones included."""
        self.bound: dict[str, Node] = {}
        self.positional = [argument for argument in call.arguments if argument.name is None]
        self.named = [argument for argument in call.arguments if argument.name is not None]
        self.sound = not any([isinstance(a.value, Faulty) for a in call.arguments])
        modes = [parameter for parameter in parameters if parameter.kind is Kind.MODE]
        self.mode = modes[0] if modes else None

    def bind(self) -> Binding:
        if self.mode is not None:
            self._find_curve(self.mode)
        self._positional()
        if self.named:
            self._named()
        self._missing()
        if self.mode is not None:
            self.bound.pop(self.mode.name, None)
        arguments = {k: v for k, v in self.bound.items() if not isinstance(v, Default)}
        return Binding(arguments, self.curve, self.sound)

    def _complain(
        self,
        problem: diag.Problem,
        message: str,
        node: Node,
        suggestion: tuple[str, str] | None = None,
        fix: str | None = None,
    ) -> None:
        self.sound = False
        self.reporter.report(problem, message, node.span, suggestion=suggestion, fix=fix)

    def _signature(self) -> str:
        inside = ", ".join(str(self.parameters[name]) for name in self.shown)
        return f"`{self.call.name.id}({inside})`"

    def _find_curve(self, mode: Parameter) -> None:
        """Read the mode before all else, because the curve brings parameters of its own.

        A mode that has a default may be left out in front: `warmup(100)` is `warmup(linear, 100)`.
        """
        named = [argument.value for argument in self.named if argument.name == mode.name]
        given = named[0] if named else None
        first = self.positional[0].value if self.positional else None
        if self.order[0] == mode.name and first is not None:
            if not mode.required and not self._is_mode(first):
                self.order.remove(mode.name)
            elif given is None:
                given = first
        if given is None or isinstance(given, (Default, Faulty)):
            if not mode.required:
                self.curve = CURVES[mode.default]
        else:
            self.curve = self._curve(given)
        if self.curve is not None:
            for parameter in self.curve.parameters():
                self.parameters.setdefault(parameter.name, parameter)
                self.order.append(parameter.name)
                self.shown.append(parameter.name)

    def _is_mode(self, node: Node) -> bool:
        """Whether a first argument is meant for `mode`: a curve's name, right or mistyped."""
        match node:
            case Name(id=id):
                if id in CURVES:
                    return True
                # `warmup(linaer, 100)`: much like a curve's name, and followed by something else.
                # But `warmup(linear_steps, 0.1)` begins with a variable.
                meant = near(id, CURVES) if len(self.call.arguments) > 1 else None
                return meant is not None and abs(len(id) - len(meant)) <= 2
            case String() | Default() | Faulty():
                return True
        return False

    def _curve(self, node: Node) -> type[Curve] | None:
        match node:
            case Name(id=word) | String(value=word):
                found = CURVES.get(word)
                if found is None:
                    message = f"there is no curve `{word}`"
                    known = ", ".join(f"`{name}`" for name in CURVES)
                    self._complain(
                        diag.UNKNOWN_NAME,
                        message,
                        node,
                        did_you_mean(word, CURVES),
                        f"choose one of {known}",
                    )
                return found
            case If() if any([isinstance(part, Faulty) for part, _ in walk(node)]):
                return None
        message = f"`mode` of `{self.call.name.id}` takes the name of a curve"
        known = ", ".join(f"`{name}`" for name in CURVES)
        self._complain(diag.WRONG_KIND, message, node, fix=f"choose one of {known}")
        return None

    def _positional(self) -> None:
        arguments = self.positional
        for name, argument in zip(self.order, arguments, strict=False):
            self.bound[name] = argument.value
        if len(arguments) > len(self.order) and self._curve_known():
            extra = arguments[len(self.order)]
            most = len(self.shown)
            count = "no arguments" if most == 0 else f"at most {most} argument{'s' * (most > 1)}"
            given = len(arguments) + most - len(self.order)
            message = f"`{self.call.name.id}` takes {count}, not {given}"
            self._complain(
                diag.TOO_MANY_ARGUMENTS, message, extra, fix=f"the full call is {self._signature()}"
            )
        named = False
        for argument in self.call.arguments if self.named else ():
            named = named or argument.name is not None
            if named and argument.name is None:
                message = "an argument without a name follows one with a name"
                self._complain(
                    diag.WRONG_PLACE, message, argument, fix="name it, or move it in front"
                )

    def _curve_known(self) -> bool:
        return self.mode is None or self.curve is not None

    def _named(self) -> None:
        for argument in self.named:
            name = argument.name
            assert name is not None
            if name in self.bound:
                message = f"`{name}` is given twice"
                self._complain(diag.REPEATED_ARGUMENT, message, argument, fix="leave one out")
            elif name in self.parameters:
                self.bound[name] = argument.value
            elif self._curve_known():
                message = f"`{self.call.name.id}` has no parameter `{name}`"
                self.sound = False
                self.reporter.report(
                    diag.UNKNOWN_PARAMETER,
                    message,
                    argument.name_span,
                    suggestion=did_you_mean(name, self.parameters),
                    fix=f"the full call is {self._signature()}",
                )
        if "steps" in self.bound and "until" in self.bound:
            message = "`steps` and `until` both set the length"
            self._complain(
                diag.CONFLICTING_ARGUMENTS, message, self.bound["until"], fix="give one of them"
            )

    def _missing(self) -> None:
        if not self.sound:
            return
        call = self.call.name.id
        for name, parameter in self.parameters.items():
            if not parameter.required:
                continue
            given = self.bound.get(name)
            if given is None:
                kind = parameter.kind.value.strip(", ")
                message = f"`{call}` needs `{name}`, {kind}"
                fix = f"the full call is {self._signature()}"
                self._complain(diag.MISSING_ARGUMENT, message, self.call, fix=fix)
            elif isinstance(given, Default):
                message = f"`{name}` of `{call}` has no default"
                self._complain(diag.MISSING_ARGUMENT, message, given, fix="give a value")


def check_function(node: Call, reporter: Reporter) -> bool:
    """Whether a function's call has the right number of arguments, none of them named."""
    mistake = function_mistake(node)
    if mistake is not None:
        reporter.report_all([mistake])
    return mistake is None


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
