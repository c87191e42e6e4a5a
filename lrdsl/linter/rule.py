"""What a lint rule is: a file with a check, its reasons, and examples that make its tests."""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar, NamedTuple, TypeVar, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, create_model

from lrdsl.diagnostics import Problem, Severity, Span
from lrdsl.linter.context import LintContext
from lrdsl.util.registry import Registry


class Violation(NamedTuple):
    """What a rule has to say: a sentence, where, and what to write instead.

    `fix` is advice; `replacement`, where given, is put in place of the span by `--fix`: only what
    never changes a value that was meant.
    """

    message: str
    span: Span
    fix: str | None = None
    replacement: str | None = None


class Case(NamedTuple):
    """An example of a rule: a spec, the context that it is linted in, the rule's options."""

    spec: str
    context: dict[str, Any]
    options: dict[str, Any]


def case(spec: str, options: dict[str, Any] | None = None, **context: Any) -> Case:
    """An example of a rule; the keyword arguments are those of `lrdsl.lint`."""
    return Case(spec, context, options or {})


class Rule(ABC):
    """A lint rule. What is annotated in its class, but for `ClassVar`, are its options.

    Each option has a default. The docstring says what the rule finds (first sentence), why that
    hurts, with the report of a case where there is one; BAD and GOOD examples follow from `invalid`
    and `valid`.
    """

    code: ClassVar[str]
    name: ClassVar[str]
    severity: ClassVar[Severity] = "warning"

    needs_schedule: ClassVar[bool] = True
    """Whether it looks at values, and is quiet where the spec cannot be compiled."""
    needs_total: ClassVar[bool] = False
    """Whether it needs the run's length, and is quiet where that is not known."""
    needs_values: ClassVar[bool] = False
    """Whether it needs values themselves, not their ratios: `base` must be known, if it is used."""
    needs_rate: ClassVar[bool] = False
    """Whether it is about learning rates, and quiet for what else a program drives."""

    invalid: ClassVar[tuple[Case, ...]]
    valid: ClassVar[tuple[Case, ...]]

    def __init__(self, **options: Any) -> None:
        if options:
            self.__dict__.update(self.model()(**options))

    @classmethod
    @functools.cache
    def model(cls) -> type[BaseModel]:
        """The options with their types; pydantic's `ValidationError` says what is no use.

        It is made when it is asked for: most rules are used as they are, and a model takes a while.
        """
        fields: dict[str, Any] = {
            name: (hint, getattr(cls, name))
            for name, hint in get_type_hints(cls).items()
            if get_origin(hint) is not ClassVar
        }
        return create_model(cls.__name__, __config__=ConfigDict(extra="forbid"), **fields)

    @abstractmethod
    def check(self, subject: LintContext) -> Iterator[Violation]:
        """What is found."""

    @classmethod
    def problem(cls, severity: Severity | None = None) -> Problem:
        """The rule as a kind of diagnostic."""
        return Problem(cls.code, cls.name, severity or cls.severity)


RULES: Registry[type[Rule]] = Registry("rule", "lrdsl.linter.rules")
"""The rules by name; a module of `lrdsl.linter.rules` is named after its rule, with `_` for `-`."""

R = TypeVar("R", bound=type[Rule])


def rule(cls: R) -> R:
    """Register a rule under its `name`."""
    RULES.add(cls.name, cls)
    return cls
