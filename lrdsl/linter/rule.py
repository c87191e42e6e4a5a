"""The base of lint rules: a file each, with a check, its reasons, and examples as tests."""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, Literal, NamedTuple, TypeVar, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, create_model

from lrdsl.diagnostics import Problem, Severity, Span
from lrdsl.linter.context import LintContext
from lrdsl.util.registry import Registry

Need = Literal["schedule", "total", "values", "rate"]
"""Something that a rule cannot do without.

A spec that can be compiled; the run's length; absolute values, so that a `base` in the spec must be
known; a spec that drives a learning rate.
"""


class Violation(NamedTuple):
    """A violation of a rule: a sentence, the place in the spec, and a fix.

    `fix` is advice; `replacement`, where given, is put in place of the span by `--fix`: only what
    never changes a value that was meant.
    """

    message: str
    span: Span
    fix: str | None = None
    replacement: str | None = None


Violations = Iterator[Violation]
"""The result of a rule's `check`, a generator."""


class Case(NamedTuple):
    """An example of a rule: a spec, the context that it is linted in, the rule's options."""

    spec: str
    context: dict[str, Any]
    options: dict[str, Any]


def case(spec: str, options: dict[str, Any] | None = None, **context: Any) -> Case:
    """An example of a rule; the keyword arguments are those of `lrdsl.lint`."""
    return Case(spec, context, options or {})


class Rule(ABC):
    """A lint rule. The annotated attributes of its class are its options, except for `ClassVar`.

    Each option has a default. The docstring says what the rule finds (first sentence) and why that
    hurts, with the report of a case where there is one. `invalid` and `valid` are its examples.
    """

    code: ClassVar[str]
    name: ClassVar[str]
    severity: ClassVar[Severity] = "warning"
    needs: ClassVar[tuple[Need, ...]] = ("schedule",)

    invalid: ClassVar[tuple[Case, ...]]
    valid: ClassVar[tuple[Case, ...]]

    def __init__(self, **options: Any) -> None:
        if options:
            self.__dict__.update(self.model()(**options))

    @classmethod
    @functools.cache
    def model(cls) -> type[BaseModel]:
        """The options with their types; pydantic's `ValidationError` explains a wrong option.

        The model is made when it is needed: most rules have no options set, and making it is slow.
        """
        fields: dict[str, Any] = {
            name: (hint, getattr(cls, name))
            for name, hint in get_type_hints(cls).items()
            if get_origin(hint) is not ClassVar
        }
        return create_model(cls.__name__, __config__=ConfigDict(extra="forbid"), **fields)

    @abstractmethod
    def check(self, context: LintContext) -> Violations:
        """The violations in a spec."""

    @classmethod
    def problem(cls, severity: Severity | None = None) -> Problem:
        """The kind of diagnostic that the rule reports."""
        return Problem(cls.code, cls.name, severity or cls.severity)


RULES: Registry[type[Rule]] = Registry("rule", "lrdsl.linter.rules")
"""The rules by name; a module of `lrdsl.linter.rules` is named after its rule, with `_` for `-`."""

R = TypeVar("R", bound=type[Rule])


def rule(
    code: str, name: str, severity: Severity = "warning", *, needs: tuple[Need, ...] = ("schedule",)
) -> Callable[[R], R]:
    """Register a rule under its `name`, with the severity that it has unless a project changes it.

    A rule is not run where it lacks what it needs.
    """

    def register(cls: R) -> R:
        cls.code, cls.name, cls.severity, cls.needs = code, name, severity, needs
        RULES.add(name, cls)
        return cls

    return register
