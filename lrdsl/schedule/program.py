"""Programs: the specs that drive each number of each parameter group."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from typing import Any, Protocol, TypeVar

from lrdsl import diagnostics as diag
from lrdsl.compiler.check_definitions import check_definitions
from lrdsl.compiler.expand import fields
from lrdsl.diagnostics import Diagnostic, Span, SpecError, Suggestion
from lrdsl.language.language import Language, current
from lrdsl.language.library.files import text_of
from lrdsl.language.python_functions import FunctionSpec
from lrdsl.schedule.program_entries import (
    ProgramEntry,
    checked_values,
    definitions_in,
    matches,
    parse_program,
    unwrapped,
)
from lrdsl.syntax.ast import Name, walk
from lrdsl.syntax.grammar import MAX_CACHED_CHARACTERS
from lrdsl.syntax.spec import parse
from lrdsl.syntax.unparse import unparse
from lrdsl.tree.coerce import coerce_spec, spec_text
from lrdsl.util.forks import lazy_property

RATE = "lr"
"""The number that a single spec drives, and that `base_lr` is of."""

_GLOB = frozenset("*?[")
MAX_LISTED_GROUPS = 8
"""Parameter groups that a message lists."""


@dataclass(frozen=True, eq=False)
class Choice:
    """A spec of a program: what it drives, in the groups that its pattern matches.

    `pattern` is None where all groups have the spec. `names` are the other numbers of the program
    that the spec speaks of, with where it first does so in `source`.
    """

    key: str
    pattern: str | None
    spec: Any
    names: Mapping[str, Span]
    source: str
    is_value: bool = False
    """Whether no optimizer holds the number, which has no `base` then."""

    @lazy_property
    def text(self) -> str:
        """The spec as canonical text; of a Python function, its name."""
        spec = coerce_spec(self.spec).content
        if isinstance(spec, FunctionSpec) or len(spec) > MAX_CACHED_CHARACTERS:
            return str(spec if isinstance(spec, FunctionSpec) else parse(spec))
        return current().kept(_canonical, spec)


def _program(language: Language, spec: str, definitions: str) -> Program:
    return Program(spec, definitions)


def _canonical(language: Language, text: str) -> str:
    return str(parse(text))


class Program:
    """The specs that drive each number: `{name: spec}`, `{name: {pattern: spec}}`, or one spec.

    >>> program = Program({"lr": "cosine(1, 0, 9)", "weight_decay": {0: "0.1 * lr", "*": 0}})
    >>> [choice.pattern for choice in program.of("weight_decay", ["head", "body"])]
    ['0', '*']

    `others` are numbers that are driven beside, which its specs may name too. `values` are specs of
    numbers that no optimizer holds, by name, and `other_values` the names of others. These two are
    named in all specs, and name all numbers.
    """

    def __init__(
        self,
        spec: object,
        definitions: str = "",
        others: Collection[str] = (),
        *,
        values: object = None,
        other_values: Collection[str] = (),
    ) -> None:
        entries: tuple[ProgramEntry, ...] = ()
        is_single = False
        if spec is not None or values is None:
            around, inner = unwrapped(spec, lambda spec: spec)
            own = definitions_in([*around, inner])
            language = language_of([definitions, *own])
            entries, is_single, _ = parse_program(spec, language)
            if is_single:
                entries += _fields_beside(spec, own, language)
        keys = [*dict.fromkeys([entry.key for entry in entries])]
        own_values = {} if values is None else checked_values(values, {*keys, *others})
        beside = [*own_values, *other_values]
        # A single spec speaks of nothing but its variables, which may have any name, and values.
        known = frozenset(beside if is_single else [*keys, *others, *beside])
        choices: dict[str, list[Choice]] = {key: [] for key in keys}
        for entry in entries:
            one = entry.with_definitions()
            choices[entry.key].append(Choice(entry.key, entry.pattern, one, *names_in(one, known)))
        known = frozenset([*keys, *others, *beside])
        for name, one in own_values.items():
            choices[name] = [Choice(name, None, one, *names_in(one, known), is_value=True)]
        self.choices = {key: tuple(own) for key, own in choices.items()}
        self.is_single = is_single and len(entries) == 1
        self.numbers = tuple(keys)
        """The names of the numbers that are driven in parameter groups."""
        self.values = tuple(own_values)
        """The names of the values."""

    @classmethod
    def of_spec(cls, spec: object, definitions: str = "") -> Program:
        """The program that a spec means; that of a text is kept for the next time.

        >>> Program.of_spec("cosine(1, 0, 9)") is Program.of_spec("cosine(1, 0, 9)")
        True
        """
        if type(spec) is str and len(spec) <= MAX_CACHED_CHARACTERS:
            return current().kept(_program, spec, definitions)
        return cls(spec, definitions)

    @property
    def texts(self) -> str | dict[str, Any] | None:
        """The program as canonical text: of one spec, or by number, or by number and pattern.

        The values are not in it; it is None if there is nothing else.

        >>> Program({"lr": "cosine( 1,0,9 )", "momentum": {"head": 0.9, "*": 0.8}}).texts
        {'lr': 'cosine(1, 0, 9)', 'momentum': {'head': '0.9', '*': '0.8'}}
        """
        texts = {
            key: choices[0].text
            if choices[0].pattern is None
            else {choice.pattern: choice.text for choice in choices}
            for key, choices in self.choices.items()
            if key in self.numbers
        }
        return texts["lr"] if self.is_single else texts or None  # type: ignore[return-value]

    @property
    def value_texts(self) -> dict[str, str]:
        """The specs of the values as canonical text.

        >>> Program("cosine(1, 0, 9)", values={"ema": "1-0.1*lr"}).value_texts
        {'ema': '1 - 0.1 * lr'}
        """
        return {name: self.choices[name][0].text for name in self.values}

    def of(self, key: str, names: Sequence[object]) -> list[Choice | None]:
        """The choice that drives `key` in each group with these names; None where none does."""
        own = self.choices[key]
        if own[0].pattern is None:
            return [own[0]] * len(names)
        return [
            next((choice for choice in own if matches(choice.pattern, i, name)), None)
            for i, name in enumerate(names)
        ]

    def check(self, names: Sequence[object]) -> None:
        """`SpecError` if a group has no spec, or a pattern no group to itself.

        >>> Program({"lr": {"hed": 1, "*": 0.1}}).check(["body", "head"])
        Traceback (most recent call last):
        lrdsl.diagnostics.SpecError: error[LR604]: `hed` of `lr` matches no parameter group
          = did you mean `head`? There are parameter groups 0 `body`, 1 `head`
        """
        found = []
        for key, choices in self.choices.items():
            chosen = self.of(key, names)
            used = set(chosen)
            found += [self._unused(choice, names) for choice in choices if choice not in used]
            without = [(i, names[i]) for i, choice in enumerate(chosen) if choice is None]
            if without:
                message = f"nothing drives `{key}` in {_listed(without)}"
                patterns = ", ".join(f"`{choice.pattern}`" for choice in choices)
                fix = f'add a spec for "*", which is all other groups, after {patterns}'
                found.append(Diagnostic(diag.BAD_GROUP, message, fix=fix))
        if found:
            raise SpecError(found)

    def _unused(self, choice: Choice, names: Sequence[object]) -> Diagnostic:
        if any([matches(choice.pattern, i, name) for i, name in enumerate(names)]):
            return never_applies(choice)
        pattern = choice.pattern or ""
        fix = f"there are {_listed([*enumerate(names)])}"
        if not _GLOB.intersection(pattern):
            named = [str(name) for name in names if name is not None]
            fix = Suggestion(pattern, named).before(fix)
        return Diagnostic(
            diag.BAD_GROUP, f"`{pattern}` of `{choice.key}` matches no parameter group", fix=fix
        )


class _HasPattern(Protocol):
    @property
    def pattern(self) -> str | None: ...


T = TypeVar("T", bound=_HasPattern)


def group_sorts(choices: Mapping[str, Sequence[T]]) -> dict[str | None, dict[str, T]]:
    """The choice for each number in each sort of group that the patterns tell apart.

    It is what groups named as the patterns are driven by: which groups there are, a program does
    not know. The sorts are found by these names; without patterns there is one, by None.

    >>> program = Program({"lr": {"head": 1, "*": 0.1}, "weight_decay": "0.1 * lr"})
    >>> for name, sort in group_sorts(program.choices).items():
    ...     print(name, [choice.spec for choice in sort.values()])
    head [1, '0.1 * lr']
    * [0.1, '0.1 * lr']
    """
    patterns = dict.fromkeys([each.pattern for own in choices.values() for each in own])
    patterns.pop(None, None)
    found: dict[str | None, dict[str, T]] = {}
    for name in patterns or (None,):
        sort = {}
        for key, own in choices.items():
            # No group has the index -1, so that the name alone decides.
            choice = next((each for each in own if matches(each.pattern, -1, name)), None)
            if choice is not None:
                sort[key] = choice
        if sort not in found.values():
            found[name] = sort
    return found


def language_of(definitions: Sequence[object]) -> Language:
    """The definitions in reach of specs; faulty ones are reported when they are used.

    >>> "half" in language_of(["def half(a) = a / 2", None])
    True
    """
    language = current()
    if not any(definitions):
        return language
    try:
        text = text_of([each for each in definitions if each])
        return language.with_own(check_definitions(text, language))
    except SpecError:
        return language


def _fields_beside(spec: Any, own: tuple[Any, ...], language: Language) -> tuple[ProgramEntry, ...]:
    """Entries for what else a single spec drives: none, unless it calls a defined program.

    `torch.OneCycleLR`, for one, drives the momentum as well.
    """
    try:
        found = fields(parse(spec_text(spec)).node, language)
    except SpecError:
        return ()  # compiling it says what is wrong
    return tuple(
        [ProgramEntry(key, None, unparse(call), own) for key, call in found.items() if key != "lr"]
    )


def names_in(spec: Any, known: frozenset[str]) -> tuple[dict[str, Span], str]:
    """The known names that a spec speaks of, each with where it first does so, and its text."""
    if not known or callable(spec):
        return {}, ""
    try:
        source = spec_text(spec)
        tree = parse(source).node
    except SpecError:
        return {}, ""  # compiling it says what is wrong, and more
    names: dict[str, Span] = {}
    for node, _ in walk(tree):
        if isinstance(node, Name) and node.id in known:
            names.setdefault(node.id, node.span)
    return names, source


def ordered(choices: Mapping[str, Choice]) -> tuple[Choice, ...]:
    """The choices of a group, each after those it speaks of; `SpecError` if there is a circle.

    What they speak of besides is left to the caller.

    >>> program = Program({"weight_decay": "0.1 * lr", "lr": "hold()"})
    >>> [choice.key for choice in ordered(group_sorts(program.choices)[None])]
    ['lr', 'weight_decay']
    """
    uses = {key: [name for name in each.names if name in choices] for key, each in choices.items()}
    if not any(uses.values()):
        return tuple(choices.values())
    try:
        return tuple([choices[key] for key in TopologicalSorter(uses).static_order()])
    except CycleError as error:
        raise _cycle(error.args[1][:0:-1], choices) from None


def never_applies(choice: Choice) -> Diagnostic:
    """The mistake of a pattern whose groups all have another spec."""
    own = f"`{choice.pattern}` of `{choice.key}`"
    message = f"{own} never applies: what stands before it takes all of its groups"
    return Diagnostic(diag.BAD_GROUP, message, fix="write the wider pattern last")


def located(choice: Choice, found: Iterable[Diagnostic]) -> list[Diagnostic]:
    """The diagnostics of a spec in a program of several: each names its number, and its place."""
    key = f"values.{choice.key}" if choice.is_value else choice.key
    key = key if choice.pattern is None else f"{key}.{choice.pattern}"
    return [
        replace(
            each,
            message=f"`{choice.key}`: {each.message}",
            place=f"{key}{'' if each.place.startswith('[') else '.'}{each.place}"
            * bool(each.place),
        )
        for each in found
    ]


def _cycle(ring: list[str], choices: Mapping[str, Choice]) -> SpecError:
    """The mistake of specs each of which refers to the next one, and the last to the first."""
    first = ring.index(next(key for key in choices if key in ring))
    ring = ring[first:] + ring[:first]
    name, last = ring[0], choices[ring[-1]]
    shown = " -> ".join(f"`{key}`" for key in [*ring, name])
    message = f"the specs of a program refer to each other in a circle: {shown}"
    fix = f"write what `{name}` is without `{last.key}`"
    if name == last.key:
        fix = f"`{name}` is what this spec is for"
        fix += "" if last.is_value else "; its own initial value is `base`"
    return SpecError([Diagnostic(diag.BAD_SPEC, message, last.names[name], last.source, fix=fix)])


def _listed(groups: Sequence[tuple[int, object]]) -> str:
    shown = [str(i) if name is None else f"{i} `{name}`" for i, name in groups[:MAX_LISTED_GROUPS]]
    more = f" and {len(groups) - MAX_LISTED_GROUPS} more" if len(groups) > MAX_LISTED_GROUPS else ""
    return f"parameter group{'s' * (len(groups) > 1)} {', '.join(shown)}{more}"
