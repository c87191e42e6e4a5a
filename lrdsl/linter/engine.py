"""`lint`: a spec against the rules. No file is read or written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from lrdsl import diagnostics as d
from lrdsl.compiler.check import read_own
from lrdsl.compiler.context import Context
from lrdsl.compiler.expand import expand
from lrdsl.diagnostics import Diagnostic, Reporter, Severity, SpecError
from lrdsl.library import Library
from lrdsl.linter.base import RULES, Rule
from lrdsl.linter.subject import Subject
from lrdsl.schedule import Schedule, compile_in, with_definitions
from lrdsl.syntax.parser import read
from lrdsl.tree.taken import source_of

UNKNOWN = (d.UNBOUND, d.NEEDS_CONTEXT)
"""What is wrong for want of something that the run will supply."""


@dataclass(frozen=True)
class Settings:
    """Which rules are used and how.

    `select` and `ignore` hold codes, their beginnings (`LR8`), or names; `select` None is every
    rule. `options` are those of the rules by rule name, `severities` replace the rules' own.
    """

    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    severities: Mapping[str, Severity] = field(default_factory=dict)

    def uses(self, code: str, name: str) -> bool:
        """Whether a rule, or any other kind of diagnostic, is wanted."""
        if any([_meant(word, code, name) for word in self.ignore]):
            return False
        return self.select is None or any([_meant(word, code, name) for word in self.select])

    def rules(self) -> Iterable[Rule]:
        """The rules that are used, with their options."""
        for name in RULES:
            rule = RULES[name]
            if self.uses(rule.code, rule.name):
                yield rule(**self.options.get(name, {}))


def _meant(word: str, code: str, name: str) -> bool:
    return word == name or code.startswith(word)


def lint(
    spec: Any,
    *,
    settings: Settings | None = None,
    facts: Mapping[str, Any] | None = None,
    **context: Any,
) -> list[Diagnostic]:
    """What is wrong with a spec, and what is likely to be: errors and lint findings.

    `spec` and the other keyword arguments are those of `lrdsl.compile`. What is not known of the
    run does not count as a mistake: rules that need it are quiet. `settings` choose the rules;
    `facts` are what is known of the place where the spec stands. Reads and writes no file.

    >>> for found in lint("warmup(100) >> cosine(1, 0, 800)", total_steps=600):
    ...     print(found.name)
    longer-than-run
    """
    settings = settings or Settings()
    source = source_of(spec)
    run = with_definitions(spec, Context.of(**context))
    diagnostics, subject = _mistakes_and_subject(spec, source, run, dict(facts or {}))
    if subject is not None:
        diagnostics += _findings(subject, settings)
    kept = [x for x in diagnostics if settings.uses(x.code, x.name)]
    return sorted(kept, key=lambda x: (*x.span[:2], x.code))


def _mistakes_and_subject(
    spec: Any, source: str, context: Context, facts: Mapping[str, Any]
) -> tuple[list[Diagnostic], Subject | None]:
    """The mistakes that keep a spec from being compiled, and what the rules look at."""
    reporter = Reporter(source)
    tree = read(source, reporter)
    try:
        library = Library(read_own(context.definitions))
    except SpecError as error:
        return list(error.diagnostics), None
    if tree is None or reporter.diagnostics:
        return _compiled(spec, context)[1], None
    expanded = expand(tree, library, reporter)
    schedule, mistakes, base_is_known = _schedule(spec, context)
    subject = Subject(source, tree, expanded, context, schedule, base_is_known, facts)
    return mistakes, subject


def _compiled(spec: Any, context: Context) -> tuple[Schedule | None, list[Diagnostic]]:
    """The schedule, or the mistakes that keep it from being one; neither if it is unknown."""
    try:
        return compile_in(spec, context), []
    except SpecError as error:
        found = error.diagnostics
    return None, [x for x in found if x.problem not in UNKNOWN or _is_typing_error(x)]


def _is_typing_error(found: Diagnostic) -> bool:
    """Whether an unknown name is much like a known one: then it is hardly a variable."""
    return found.problem is d.UNBOUND and found.replacement is not None


def _schedule(spec: Any, context: Context) -> tuple[Schedule | None, list[Diagnostic], bool]:
    """The schedule if it can be known, the mistakes, and whether its `base` is known."""
    schedule, mistakes = _compiled(spec, context)
    if schedule is None and not mistakes and context.base_lr is None:
        # Ratios can be looked at whatever the base is.
        return *_compiled(spec, replace(context, base_lr=1.0)), False
    return schedule, mistakes, True


def _findings(subject: Subject, settings: Settings) -> list[Diagnostic]:
    found: list[Diagnostic] = []
    for rule in settings.rules():
        if rule.needs_schedule and subject.schedule is None:
            continue
        if rule.needs_total and subject.total is None:
            continue
        if rule.needs_values and not subject.base_is_known:
            continue
        problem = rule.problem(settings.severities.get(rule.name))
        reporter = Reporter(subject.source)
        try:
            with np.errstate(all="ignore"):
                for finding in rule.check(subject):
                    reporter.report(
                        problem,
                        finding.message,
                        finding.span,
                        fix=finding.fix,
                        replacement=finding.replacement,
                    )
        except SpecError as error:
            # There is no value at some update; or it is too far away to look at.
            found += [x for x in error.diagnostics if x.problem is d.NOT_FINITE]
        found += reporter.diagnostics
    return list(dict.fromkeys(found))
