"""The checks of definitions, made when they are read, before any call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from lrdsl import diagnostics as diag
from lrdsl.compiler.evaluate import decide
from lrdsl.compiler.expand import expand
from lrdsl.compiler.resolve_names import resolve_names
from lrdsl.compiler.substitute import Budget
from lrdsl.diagnostics import Mistakes, Reporter, Span, SpecError
from lrdsl.language.curves import CURVES
from lrdsl.language.functions import FUNCTIONS
from lrdsl.language.language import Language
from lrdsl.language.library import Definitions, is_shipped
from lrdsl.language.reserved import RESERVED, WORDS, complaint_if_taken
from lrdsl.syntax import ast
from lrdsl.syntax.definition import Definition
from lrdsl.syntax.parser import parse_library
from lrdsl.util.forks import no_fork
from lrdsl.util.registry import did_you_mean


def check_definitions(text: str, language: Language, file: str = "") -> Mapping[str, Definition]:
    """The definitions in a text, checked; `SpecError` with every mistake found.

    They may call what is in the language, and those that stand before them.

    >>> list(check_definitions("def half(a) = a / 2", Language()))
    ['half']
    """
    return language.kept(_checked, text, file)


@no_fork
def _checked(language: Language, text: str, file: str) -> Mapping[str, Definition]:
    parsed = parse_library(text, file).checked()
    reporter = Reporter(text, file)
    checked = _Checker(parsed.value, language, reporter).check()
    if reporter.diagnostics:
        raise SpecError(reporter.diagnostics)
    return MappingProxyType(checked)


class _Checker:
    def __init__(
        self, definitions: Iterable[Definition], language: Language, reporter: Reporter
    ) -> None:
        self.definitions = tuple(definitions)
        self.language = language
        self.reporter = reporter
        # Their names are taken, by themselves.
        self.is_shipped = is_shipped(reporter.source)
        self.known: dict[str, Definition] = {}
        """The definitions before the one that is being checked."""
        self.budget = Budget()
        self.unsound: set[str] = set()
        self.enough = False
        """Whether a definition was too much: those below that call it would be as well."""

    def check(self) -> Mapping[str, Definition]:
        """The definitions by name, the sound ones."""
        for definition in self.definitions:
            self._name(definition)
            self._parameters(definition)
            self._names_in(definition)
            self._calls_in(definition)
            self.known[definition.name] = definition
        return self.known

    def _name(self, definition: Definition) -> None:
        name = definition.name
        message = self._taken(name)
        if message is not None:
            self.reporter.report(
                diag.DUPLICATE_NAME, message, definition.span, fix="choose another name"
            )
        elif name in self.known:
            message = f"`{name}` is defined twice"
            self.reporter.report(
                diag.DUPLICATE_NAME, message, definition.span, fix="rename one of them"
            )
        elif name in (known := Definitions(self.known)) and known.owner_name(name) != name:
            message = f"`{name}` is a field of the program `{name.rpartition('.')[0]}`"
            self.reporter.report(
                diag.DUPLICATE_NAME, message, definition.span, fix="choose another name"
            )
        self._fields(definition)

    def _taken(self, name: str) -> str | None:
        """The complaint that a name is taken; the user's own definitions can be made anew."""
        if self.is_shipped:
            return None
        return complaint_if_taken(name, replace(self.language, definitions=Definitions()))

    def _fields(self, definition: Definition) -> None:
        """Each field of a program has its own name, which nothing else may have."""
        earlier: set[str] = set()
        for field in () if definition.program is None else definition.program.names:
            if field.id in earlier:
                message = f"there are two fields `{field.id}`"
                self.reporter.report(diag.DUPLICATE_NAME, message, field.span)
            elif f"{definition.name}.{field.id}" in self.known:
                message = f"`{definition.name}.{field.id}` is defined already"
                self.reporter.report(diag.DUPLICATE_NAME, message, field.span)
            earlier.add(field.id)

    def _parameters(self, definition: Definition) -> None:
        earlier: set[str] = set()
        for parameter in definition.parameters:
            name = parameter.name
            # What is called and what stands alone are never mistaken for each other.
            reserved = (name in RESERVED and name not in FUNCTIONS) or name in WORDS
            if reserved or "." in name:
                message = f"no parameter can be called `{name}`"
                fix = None if "." in name else "it has a meaning of its own"
                self.reporter.report(diag.DUPLICATE_NAME, message, parameter.name_span, fix=fix)
            elif name in earlier:
                message = f"there are two parameters `{name}`"
                self.reporter.report(diag.DUPLICATE_NAME, message, parameter.name_span)
            elif not any([name in _names(root) for root in definition.expressions]):
                message = f"`{definition.name}` never uses its parameter `{name}`"
                self.reporter.report(
                    diag.UNUSED_PARAMETER, message, parameter.name_span, fix="leave it out"
                )
            if parameter.default is not None and not parameter.words:
                self._bound(parameter.default, earlier)
            earlier.add(name)

    def _names_in(self, definition: Definition) -> None:
        """Names in the body must be parameters: the caller's variables are not seen there."""
        self._bound(definition.body, {parameter.name for parameter in definition.parameters})

    def _bound(self, root: ast.Node, parameters: set[str]) -> None:
        known = [*parameters, *RESERVED]
        for node, _ in ast.walk(root):
            if isinstance(node, ast.Name) and node.id not in known and node.id not in CURVES:
                message = f"`{node.id}` is no parameter of this definition"
                near = did_you_mean(node.id, [*known, *CURVES])
                fix = f"make it one, or write the word in quotes: '{node.id}'"
                self.reporter.report(diag.UNBOUND, message, node.span, suggestion=near, fix=fix)

    def _calls_in(self, definition: Definition) -> None:
        """Look at the body as a call would have it, its arguments taken for right."""
        if self.enough or self._leads_round(definition) or self._is_spoilt(definition):
            self.unsound.add(definition.name)
            return
        unknown = tuple([ast.Argument(ast.Faulty()) for _ in definition.parameters])
        call: ast.Node = ast.Call(ast.Name(definition.name), unknown)
        entries = (ast.Entry(ast.Faulty(), None, False, ast.Faulty()),)
        if definition.bracket:
            call = ast.Bracket(ast.Name(definition.name), entries)
        if definition.is_modifier:
            call = ast.Pipe((ast.Faulty(), call))
        scratch = Reporter(self.reporter.source)
        language = self.language.with_own({**self.known, definition.name: definition})
        expanded = expand(call, language.definitions, scratch, self.budget)
        try:
            self._check_conditions(expanded, scratch)
            resolve_names(expanded, scratch, language)
        except RecursionError:
            message = "too much of the definition is nested in each other"
            scratch.report(diag.TOO_DEEP, message, definition.span)
        for found in scratch.diagnostics:
            place = Span(*_place(found.span, definition))
            if place in [other.span for other in self.reporter.diagnostics]:
                continue  # of a mistyped name one complaint is enough
            self.reporter.report(found.problem, found.message, place, fix=found.fix)
            self.enough = self.enough or found.problem == diag.TOO_DEEP
            self.unsound.add(definition.name)

    def _is_spoilt(self, definition: Definition) -> bool:
        """Whether a call of it would only lead to what has been complained about already."""
        names = [parameter.name for parameter in definition.parameters]
        calls = {node.name.id for node in _calls(definition)}
        twice = len(set(names)) < len(names)
        return twice or self._taken(definition.name) is not None or bool(calls & self.unsound)

    def _check_conditions(self, tree: ast.Node, reporter: Reporter) -> None:
        """Complain about conditions that no call can decide."""
        for node, _ in ast.walk(tree):
            if isinstance(node, ast.If):
                mistakes = Mistakes("", [])
                decide(node.condition, None, mistakes)
                reporter.report_all([x for x in mistakes.found if x.problem == diag.BAD_CONDITION])

    def _leads_round(self, definition: Definition) -> bool:
        below = {other.name for other in self.definitions} - set(self.known)
        calls = [node.name for node in _calls(definition) if node.name.id in below]
        for name in calls:
            if name.id == definition.name:
                message = f"`{name.id}` calls itself, and definitions cannot recurse"
                fix = "write cycles with `repeat`"
                self.reporter.report(diag.RECURSION, message, name.span, fix=fix)
            else:
                message = (
                    f"`{name.id}` is defined below, and a definition can only use earlier ones"
                )
                self.reporter.report(diag.NOT_DEFINED_YET, message, name.span, fix="move it above")
        return bool(calls)


def _calls(definition: Definition) -> list[ast.Call | ast.Bracket]:
    """The calls in the body and the defaults."""
    nodes = [node for root in definition.expressions for node, _ in ast.walk(root)]
    return [node for node in nodes if isinstance(node, (ast.Call, ast.Bracket))]


def _names(root: ast.Node) -> set[str]:
    return {node.id for node, _ in ast.walk(root) if isinstance(node, ast.Name)}


def _place(span: Span, definition: Definition) -> tuple[int, int]:
    """Where in the text of the definition a complaint about its call belongs."""
    if span.sites:
        return span.sites[0].start, span.sites[0].stop
    return definition.span.start, definition.span.stop
