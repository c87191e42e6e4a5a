"""`lint`: a spec against the rules. No file is read or written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from lrdsl import diagnostics as diag
from lrdsl.compiler.batches import run_context
from lrdsl.compiler.context import Context
from lrdsl.compiler.frontend import Analysis, analyse
from lrdsl.diagnostics import Diagnostic, Mistake, Reporter, Severity, Span, SpecError, in_order
from lrdsl.language.failures import ENDINGS, failure_of
from lrdsl.language.language import current
from lrdsl.language.signal import at_most
from lrdsl.linter.context import LintContext
from lrdsl.linter.driven_number import drives_rate
from lrdsl.linter.origin import NO_ORIGIN, SpecOrigin
from lrdsl.linter.program_context import References, program_contexts
from lrdsl.linter.rule import RULES, Need, Rule, Violation
from lrdsl.linter.unchecked import Findings, Missing, missing_facts, missing_needs
from lrdsl.schedule.compile import schedule_of
from lrdsl.schedule.program import RATE
from lrdsl.schedule.program_entries import of_value
from lrdsl.schedule.schedule import Schedule
from lrdsl.tree.coerce import coerce_spec

MAX_EVALUATED = 4_000_000
"""More updates than this are not evaluated one by one for a rule."""

UNKNOWN = (diag.UNBOUND, diag.NEEDS_CONTEXT)
"""The errors about values that the run will supply."""

OTHER_BASES = (1e-5, 10.0)
"""Values of an unknown `base` beside 1: what is found at each of them does not depend on it."""


@dataclass(frozen=True)
class Settings:
    """The rules that are used, with their options and severities.

    `select` and `ignore` hold codes, their beginnings (`LR8`), or names; `select` None is every
    rule. `options` are those of the rules by rule name, `severities` replace the rules' own.
    """

    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    severities: Mapping[str, Severity] = field(default_factory=dict)

    def uses(self, code: str, name: str) -> bool:
        """Whether a rule, or any other kind of diagnostic, is wanted."""
        if any([matches(word, code, name) for word in self.ignore]):
            return False
        return self.select is None or any([matches(word, code, name) for word in self.select])

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """The rules that are used, with their options."""
        used = [RULES[name] for name in RULES if self.uses(RULES[name].code, name)]
        return tuple([rule(**self.options.get(rule.name, {})) for rule in used])


def matches(word: str, code: str, name: str) -> bool:
    """Whether a word means a kind of diagnostic: it is its name, or its code begins with it."""
    return word == name or code.startswith(word)


def lint(
    spec: Any, *, settings: Settings | None = None, origin: SpecOrigin | None = None, **context: Any
) -> Findings:
    """The mistakes in a spec, and what the lint rules report about it.

    `spec` and the other keyword arguments are those of `lrdsl.compile`. What is unknown of the run
    does not count as a mistake: rules that need it are quiet, and `missing` of the list that is
    returned says which facts would let the spec be checked in full. `settings` choose the rules;
    `origin` says where the spec was found. Reads and writes no file.

    >>> for found in lint("warmup(100) >> cosine(1, 0, 800)", total_steps=600):
    ...     print(found.name)
    longer-than-run
    """
    source = coerce_spec(spec)
    run = run_context(**context).with_definitions(source.definitions)
    return lint_text(source.text, run, settings or _usual(RULES.loaded), origin or NO_ORIGIN)


@at_most(MAX_EVALUATED)
def lint_text(source: str, run: Context, settings: Settings, origin: SpecOrigin) -> Findings:
    """`lint` for the text of a spec in a run."""
    try:
        return _lint_text(source, run, settings, origin)
    except ENDINGS as error:  # of a function or a shape that the spec calls
        return Findings([_failed(source, Span(0, len(source)), error)])


def _lint_text(source: str, run: Context, settings: Settings, origin: SpecOrigin) -> Findings:
    language = current()
    programs = program_contexts(source, run, origin, language)
    if (origin.drives or RATE) != RATE or origin.is_value:
        run = replace(run, base_lr=None)  # it is another number's
    found: dict[Diagnostic, None] = {}
    missing: list[Missing] = []
    for program in programs:
        references = program.references(run)
        try:
            analysis = analyse(language, source, run.definitions, references.schedules)
        except SpecError as error:
            found.update(dict.fromkeys(error.diagnostics))
            continue
        schedule, mistakes, unknown = _compiled(analysis, run, references)
        if origin.is_value:
            mistakes, unknown = _without_base([*mistakes, *unknown])
        base_is_known = schedule is not None or bool(mistakes) or run.base_lr is not None
        base_is_known = base_is_known or origin.is_value
        if not base_is_known:
            schedule, mistakes, unknown = _compiled_at_any_base(analysis, run, references)
        known = schedule if references.are_known else None
        base_is_known = base_is_known and references.base_is_known
        context = LintContext(analysis, run, known, base_is_known, origin, program)
        violations = [*_violations(context, settings)]
        for other in () if base_is_known or not violations else OTHER_BASES:
            if (elsewhere := context.compiled(base=other)) is not None:
                assumed = replace(run, base_lr=other)
                context_there = replace(context, schedule=elsewhere, run=assumed)
                there = {(x.code, x.span[:2]) for x in _violations(context_there, settings)}
                violations = [x for x in violations if (x.code, x.span[:2]) in there]
        found.update(dict.fromkeys([*program.cycle, *mistakes, *violations]))
        missing += missing_facts(unknown)
        if schedule is not None:
            missing += missing_needs(settings.rules, _lacking(context), origin)
    used = in_order([x for x in found if settings.uses(x.code, x.name)])
    return Findings(used, missing)


@lru_cache(maxsize=1)
def _usual(rules: frozenset[str]) -> Settings:
    """The settings where none are given, kept for as long as there are no more rules than these."""
    return Settings()


def _compiled(
    analysis: Analysis, context: Context, references: References
) -> tuple[Schedule | None, list[Diagnostic], list[Diagnostic]]:
    """The schedule, or the mistakes that keep it from being one, and the errors about unknowns."""
    try:
        return schedule_of(analysis, context, references.schedules), [], []
    except SpecError as error:
        found = error.diagnostics
    # An unknown name that is much like a known one is hardly a variable.
    meant = [x for x in found if x.problem is diag.UNBOUND and x.replacement is not None]
    kept = [x for x in found if x.problem not in UNKNOWN or x in meant]
    if len(kept) < len(found):  # what is unknown was among those that are only counted, too
        kept = [x for x in kept if x.problem is not diag.TOO_MANY_MISTAKES]
    return None, kept, [x for x in found if x.problem in UNKNOWN and x not in meant]


def _without_base(found: list[Diagnostic]) -> tuple[list[Diagnostic], list[Diagnostic]]:
    """The mistakes of a value, to which `base` belongs, and the errors about unknowns."""
    told = [of_value(each) for each in found]
    unknown = [x for x in told if x.problem in UNKNOWN and x.replacement is None]
    return [x for x in told if x not in unknown], unknown


def _compiled_at_any_base(
    analysis: Analysis, run: Context, references: References
) -> tuple[Schedule | None, list[Diagnostic], list[Diagnostic]]:
    """`_compiled` where the base is not known: a mistake is one that there is at any base."""
    found = _compiled(analysis, replace(run, base_lr=1.0), references)
    for base in OTHER_BASES:
        if found[1] and _compiled(analysis, replace(run, base_lr=base), references)[0] is not None:
            return None, [], []
    return found


def _violations(context: LintContext, settings: Settings) -> Iterator[Diagnostic]:
    """The violations found by the rules that apply to such a spec and have all that they need."""
    missing = _lacking(context)
    with np.errstate(all="ignore"):
        for rule in settings.rules:
            if missing.isdisjoint(rule.needs):
                yield from _violations_of(rule, context, settings)


def _lacking(context: LintContext) -> set[Need]:
    """The needs of rules that are not met."""
    is_known: dict[Need, bool] = {
        "schedule": context.schedule is not None,
        "total": context.total is not None,
        "values": context.base_is_known,
        "rate": drives_rate(context.origin),
    }
    return {need for need, is_there in is_known.items() if not is_there}


def _failed(source: str, span: Span, error: BaseException) -> Diagnostic:
    """The diagnostic of a spec that raises an error where its values are asked for."""
    problem, message = failure_of("the spec", error)
    return Diagnostic(problem, message, span, source)


def _violations_of(rule: Rule, context: LintContext, settings: Settings) -> list[Diagnostic]:
    violations: list[Violation] = []
    failed: list[Diagnostic] = []
    try:
        violations.extend(rule.check(context))  # those before an error are kept
    except SpecError as error:
        # There is no value at some update, or it is too far away to look at.
        failed = [x for x in error.diagnostics if x.problem is not diag.BAD_STEP]
    except (Exception, *ENDINGS) as error:
        failed = [_failed(context.source, context.tree.span, error)]
    if not violations:  # as it mostly is
        return failed
    problem = rule.problem(settings.severities.get(rule.name))
    mistakes = [
        Mistake(problem, x.message, x.span, fix=x.fix, replacement=x.replacement)
        for x in violations
    ]
    return [*failed, *Reporter(context.source).report_all(mistakes).diagnostics]
