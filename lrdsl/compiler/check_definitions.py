"""The checks of definitions, made when they are read, before any call."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TypeVar

from lrdsl import diagnostics as diag
from lrdsl.compiler.context import NO_RUN, Inputs
from lrdsl.compiler.environment import Environment
from lrdsl.compiler.evaluate import decide
from lrdsl.compiler.expand import expand
from lrdsl.compiler.resolve_names import resolve_names
from lrdsl.compiler.substitute import Budget
from lrdsl.diagnostics import Mistake, Reporter, Span, Suggestion
from lrdsl.language.curves import CURVES
from lrdsl.language.functions import FUNCTIONS
from lrdsl.language.language import Language
from lrdsl.language.library import Definitions, is_shipped
from lrdsl.language.reserved import RESERVED, WORDS, complaint_if_taken
from lrdsl.syntax import ast
from lrdsl.syntax.definition import DefinedParameter, Definition, number_of
from lrdsl.syntax.parser import parse_library
from lrdsl.util.forks import no_fork

N = TypeVar("N", bound=ast.Node)


def check_definitions(text: str, language: Language, file: str = "") -> Mapping[str, Definition]:
    """The definitions in a text, checked; `SpecError` with every mistake found.

    They may call what is in the language, and those that stand before them.

    >>> list(check_definitions("def half(a) = a / 2", Language()))
    ['half']
    """
    return language.kept(_checked, text, file)


@no_fork
def _checked(language: Language, text: str, file: str) -> Mapping[str, Definition]:
    parsed: tuple[Definition, ...] = parse_library(text, file).checked().value
    checker = _Checker(text, language, [definition.name for definition in parsed])
    for definition in parsed:
        checker.check(definition)
    Reporter(text, file).report_all(checker.mistakes).check()
    return MappingProxyType(checker.known)


class _Checker:
    """Checks the definitions of a text, one after the other."""

    def __init__(self, text: str, language: Language, names: Collection[str]) -> None:
        self.text = text
        self.names = names
        """The names of all definitions of the text."""
        self.language = language
        # The names of those that come with lrdsl are taken, by themselves.
        self.is_shipped = is_shipped(text)
        self.known: dict[str, Definition] = {}
        """The definitions before the one that is being checked."""
        self.mistakes: list[Mistake] = []
        self.budget = Budget()
        self.unsound: set[str] = set()
        self.enough = False
        """Whether a definition was too much: those below that call it would be as well."""

    def check(self, definition: Definition) -> None:
        """Check a definition; those after it may call it."""
        taken = None  # the user's own definitions can be made anew
        if not self.is_shipped:
            others = replace(self.language, definitions=Definitions())
            taken = complaint_if_taken(definition.name, others)
        self.mistakes += self._name(definition, taken)
        self.mistakes += self._fields(definition)
        self.mistakes += self._parameters(definition)
        # The caller's variables are not seen in the body.
        self.mistakes += _unbound(definition.body, [each.name for each in definition.parameters])
        self.mistakes += self._calls(definition, taken is not None)
        self.known[definition.name] = definition

    def _name(self, definition: Definition, taken: str | None) -> Iterator[Mistake]:
        name, owner = definition.name, definition.name.rpartition(".")[0]
        message, fix = taken, "choose another name"
        if message is None and name in self.known:
            message, fix = f"`{name}` is defined twice", "rename one of them"
        elif message is None:
            known = Definitions(self.known)
            if name in known and known.owner_name(name) != name:
                message = f"`{name}` is a field of the program `{owner}`"
        if message is not None:
            yield Mistake(diag.DUPLICATE_NAME, message, definition.span, fix=fix)

    def _fields(self, definition: Definition) -> Iterator[Mistake]:
        """Each field of a program has its own name, which nothing else may have."""
        earlier: set[str] = set()
        for field in () if definition.program is None else definition.program.names:
            whole = f"{definition.name}.{field.id}"
            if field.id in earlier:
                message = f"there are two fields `{field.id}`"
                yield Mistake(diag.DUPLICATE_NAME, message, field.span)
            elif whole in self.known:
                yield Mistake(diag.DUPLICATE_NAME, f"`{whole}` is defined already", field.span)
            earlier.add(field.id)

    def _parameters(self, definition: Definition) -> Iterator[Mistake]:
        earlier: list[str] = []
        used = {name.id for root in definition.expressions for name in _all(root, ast.Name)}
        for parameter in definition.parameters:
            name, span = parameter.name, parameter.name_span
            # What is called and what stands alone are never mistaken for each other.
            reserved = (name in RESERVED and name not in FUNCTIONS) or name in WORDS
            if reserved or "." in name:
                fix = None if "." in name else "it has a meaning of its own"
                message = f"no parameter can be called `{name}`"
                yield Mistake(diag.DUPLICATE_NAME, message, span, fix=fix)
            elif name in earlier:
                yield Mistake(diag.DUPLICATE_NAME, f"there are two parameters `{name}`", span)
            elif name not in used:
                message = f"`{definition.name}` never uses its parameter `{name}`"
                yield Mistake(diag.UNUSED_PARAMETER, message, span, fix="leave it out")
            yield from self._bounds(definition, parameter)
            if parameter.default is not None and not parameter.words:
                yield from _unbound(parameter.default, earlier)
            earlier.append(name)

    def _bounds(self, definition: Definition, parameter: DefinedParameter) -> Iterator[Mistake]:
        """Bounds are plain numbers in their order, and the default lies between them."""
        if parameter.bounds is None or parameter.limits is None:
            return
        for bound in parameter.bounds:
            if bound is not None and number_of(bound) is None:
                message = "a bound is a number without a unit"
                yield Mistake(diag.WRONG_KIND, message, bound.span)
        (low, high), default = parameter.limits, parameter.default
        number = None if default is None else number_of(default)
        if low > high or parameter.bounds == (None, None):
            message = f"no number lies in the bounds `{parameter.domain}`"
            if low <= high:
                message = "bounds have a least or a largest number"
            yield Mistake(diag.OUT_OF_RANGE, message, parameter.span, fix="such as `0..1`, `0..`")
        elif number is not None and not low <= number <= high:
            message = f"the default of `{parameter.name}` does not lie in its bounds"
            yield Mistake(diag.OUT_OF_RANGE, message, parameter.span)

    def _calls(self, definition: Definition, is_taken: bool) -> Iterator[Mistake]:
        """Look at the body as a call would have it, its arguments taken for right."""
        nodes = [node for root in definition.expressions for node, _ in ast.walk(root)]
        called = [node.name for node in nodes if isinstance(node, (ast.Call, ast.Bracket))]
        below = [*self._calls_below(definition, called)]
        yield from below
        names = [parameter.name for parameter in definition.parameters]
        is_faulty = below or is_taken or len(set(names)) < len(names)
        if self.enough or is_faulty or not self.unsound.isdisjoint([name.id for name in called]):
            # A call of it would only lead to mistakes that have been noted already.
            self.unsound.add(definition.name)
            return
        places = {mistake.span for mistake in self.mistakes}
        for found in self._mistakes_of_call(definition):
            site = found.span.sites[0] if found.span.sites else definition.span
            place = Span(site.start, site.stop)
            if place in places:
                continue  # of a mistyped name one mistake is enough
            yield Mistake(found.problem, found.message, place, fix=found.diagnostic().fix)
            places.add(place)
            self.enough = self.enough or found.problem == diag.TOO_DEEP
            self.unsound.add(definition.name)

    def _calls_below(
        self, definition: Definition, called: Collection[ast.Name]
    ) -> Iterator[Mistake]:
        """The mistakes of calls of the definition itself, and of those that stand below it."""
        for name in called:
            if name.id not in self.names or name.id in self.known:
                continue
            problem, fix = diag.NOT_DEFINED_YET, "move it above"
            message = f"`{name.id}` is defined below, and a definition can only use earlier ones"
            if name.id == definition.name:
                problem, fix = diag.RECURSION, "write cycles with `repeat`"
                message = f"`{name.id}` calls itself, and definitions cannot recurse"
            yield Mistake(problem, message, name.span, fix=fix)

    def _mistakes_of_call(self, definition: Definition) -> list[Mistake]:
        unknown = tuple([ast.Argument(ast.Faulty()) for _ in definition.parameters])
        call: ast.Node = ast.Call(ast.Name(definition.name), unknown)
        if definition.bracket:
            entries = (ast.Entry(ast.Faulty(), None, False, ast.Faulty()),)
            call = ast.Bracket(ast.Name(definition.name), entries)
        if definition.is_modifier:
            call = ast.Pipe((ast.Faulty(), call))
        language = self.language.with_own({**self.known, definition.name: definition})
        expanded = expand(call, language, self.budget)
        found = [*expanded.mistakes]
        try:
            nowhere = Environment(Inputs(NO_RUN, language), [])
            for choice in _all(expanded.tree, ast.If):  # which no call can decide
                decide(choice.condition, nowhere)
            found += [x for x in nowhere.mistakes if x.problem == diag.BAD_CONDITION]
            found += resolve_names(expanded.tree, self.text, language).mistakes
        except RecursionError:
            message = "too much of the definition is nested in each other"
            found.append(Mistake(diag.TOO_DEEP, message, definition.span))
        return sorted(found, key=lambda mistake: (*mistake.span[:2], mistake.problem.code))


def _unbound(root: ast.Node, parameters: Collection[str]) -> Iterator[Mistake]:
    """The mistakes of names that are no parameters."""
    known = [*parameters, *RESERVED, *CURVES]
    for name in _all(root, ast.Name):
        if name.id not in known:
            message = f"`{name.id}` is no parameter of this definition"
            fix = f"make it one, or write the word in quotes: '{name.id}'"
            yield Mistake(diag.UNBOUND, message, name.span, Suggestion(name.id, known), fix)


def _all(root: ast.Node, kind: type[N]) -> list[N]:
    return [node for node, _ in ast.walk(root) if isinstance(node, kind)]
