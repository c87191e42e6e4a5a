"""`lint`: a spec against the rules. No file is read or written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from lrdsl import diagnostics as diag
from lrdsl.compiler.context import Context
from lrdsl.compiler.frontend import Analysis, analyse
from lrdsl.diagnostics import Diagnostic, Reporter, Severity, SpecError, in_order
from lrdsl.linter.program_context import RATE, Beside, References, besides
from lrdsl.linter.rule import RULES, Finding, Rule
from lrdsl.linter.subject import Subject
from lrdsl.schedule.schedule import Schedule, schedule_of, with_definitions
from lrdsl.tree.coerce import spec_text

UNKNOWN = (diag.UNBOUND, diag.NEEDS_CONTEXT)
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

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """The rules that are used, with their options."""
        used = [RULES[name] for name in RULES if self.uses(RULES[name].code, name)]
        return tuple([rule(**self.options.get(rule.name, {})) for rule in used])


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
    settings = settings or _usual(RULES.loaded)
    run = with_definitions(spec, Context.of(**context))
    source, known = spec_text(spec), dict(facts or {})
    around = besides(source, run.base_lr, known)
    if known.get("drives", RATE) != RATE:
        run = replace(run, base_lr=None)  # it is another number's
    found: dict[Diagnostic, None] = {}
    for beside in around:
        diagnostics, subject = _mistakes_and_subject(source, run, known, beside)
        found.update(dict.fromkeys(diagnostics))
        if subject is not None:
            found.update(dict.fromkeys(_findings(subject, settings)))
    kept = [x for x in found if settings.uses(x.code, x.name)]
    return in_order(kept)


@lru_cache(maxsize=1)
def _usual(rules: frozenset[str]) -> Settings:
    """The settings where none are given, kept for as long as there are no more rules than these."""
    return Settings()


def _mistakes_and_subject(
    source: str, context: Context, facts: Mapping[str, Any], beside: Beside
) -> tuple[list[Diagnostic], Subject | None]:
    """The mistakes that keep a spec from being compiled, and what the rules look at."""
    references = beside.references(context)
    try:
        analysis = analyse(source, context.definitions, references.schedules)
    except SpecError as error:
        return list(error.diagnostics), None
    schedule, mistakes = _compiled(analysis, context, references)
    base_is_known = schedule is not None or bool(mistakes) or context.base_lr is not None
    if not base_is_known:
        # Ratios can be looked at whatever the base is.
        schedule, mistakes = _compiled(analysis, replace(context, base_lr=1.0), references)
    base_is_known = base_is_known and references.base_is_known
    known = schedule if references.are_known else None
    subject = Subject(analysis, context, known, base_is_known, facts, beside)
    return [*beside.circle, *mistakes], subject


def _compiled(
    analysis: Analysis, context: Context, references: References
) -> tuple[Schedule | None, list[Diagnostic]]:
    """The schedule, or the mistakes that keep it from being one; neither if it is unknown."""
    try:
        return schedule_of(analysis, context, references.schedules), []
    except SpecError as error:
        found = error.diagnostics
    kept = [x for x in found if x.problem not in UNKNOWN or _is_typing_error(x)]
    if len(kept) < len(found):  # what is unknown was among those that are only counted, too
        kept = [x for x in kept if x.problem is not diag.TOO_MANY_MISTAKES]
    return None, kept


def _is_typing_error(found: Diagnostic) -> bool:
    """Whether an unknown name is much like a known one: then it is hardly a variable."""
    return found.problem is diag.UNBOUND and found.replacement is not None


def _findings(subject: Subject, settings: Settings) -> list[Diagnostic]:
    with np.errstate(all="ignore"):
        found = [
            diagnostic
            for rule in settings.rules
            if not _is_quiet(rule, subject)
            for diagnostic in _found_by(rule, subject, settings)
        ]
    return list(dict.fromkeys(found))


def _is_quiet(rule: Rule, subject: Subject) -> bool:
    """Whether a rule needs what is not known, or is about something else."""
    return (
        (rule.needs_schedule and subject.schedule is None)
        or (rule.needs_total and subject.total is None)
        or (rule.needs_values and not subject.base_is_known)
        or (rule.needs_rate and subject.facts.get("drives", RATE) != RATE)
    )


def _found_by(rule: Rule, subject: Subject, settings: Settings) -> list[Diagnostic]:
    findings: list[Finding] = []
    failed: list[Diagnostic] = []
    try:
        findings.extend(rule.check(subject))  # those before an error are kept
    except SpecError as error:
        # There is no value at some update; or it is too far away to look at.
        failed = [x for x in error.diagnostics if x.problem is diag.NOT_FINITE]
    if not findings:  # as it mostly is
        return failed
    reporter = Reporter(subject.source)
    for finding in findings:
        reporter.report(
            rule.problem(settings.severities.get(rule.name)),
            finding.message,
            finding.span,
            fix=finding.fix,
            replacement=finding.replacement,
        )
    return [*failed, *reporter.diagnostics]
