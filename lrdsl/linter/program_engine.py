"""`lint_program`: the specs of a program against the rules. No file is read or written."""

from __future__ import annotations

from typing import Any

from lrdsl.compiler.batches import run_context
from lrdsl.diagnostics import TOO_DEEP, Diagnostic, SpecError
from lrdsl.language.library.files import text_of
from lrdsl.language.python_functions import FunctionSpec
from lrdsl.linter.engine import Settings, lint_text
from lrdsl.linter.origin import SiblingSpec, SpecOrigin
from lrdsl.linter.program_context import siblings_by_sort
from lrdsl.linter.unchecked import Findings, Missing
from lrdsl.schedule.batch_size import taken_batch_size, with_number
from lrdsl.schedule.compiled_program import check_reads, read_program
from lrdsl.schedule.program import Choice, group_sorts, located, ordered
from lrdsl.tree.coerce import SpecSource, coerce_spec


def lint_program(spec: Any, *, settings: Settings | None = None, **context: Any) -> Findings:
    """The mistakes in the specs of a program, and what the lint rules report about them.

    `spec` and the other keyword arguments are those of `lrdsl.compile_program`, `settings` and
    the result are as in `lrdsl.lint`. Each message begins with the number that it is about. Specs
    that are Python functions are not looked at.

    >>> program = {"lr": "warmup(100) >> cosine(1, 0, 800)", "ema": "cosine(0.996, 1)"}
    >>> for found in lint_program(program, total_steps=600):
    ...     print(found.name, found.message)
    longer-than-run `lr`: the schedule is 900 updates long, but the run has only 600
    """
    try:
        sized = taken_batch_size(spec, context.get("samples_per_step"))
        run = run_context(**{**context, "samples_per_step": sized.samples_per_step})
        read = read_program(with_number(sized), run)
    except SpecError as error:
        return Findings(error.diagnostics)
    for sort in group_sorts(read.choices).values():
        try:
            check_reads(ordered(sort))
        except SpecError as error:
            if error.diagnostics[0].problem is TOO_DEEP:  # a circle is told where it closes
                return Findings(error.diagnostics)
    sources: dict[Choice, SpecSource] = {}
    siblings: dict[Choice, SiblingSpec] = {}
    found: dict[Diagnostic, None] = {}
    missing: list[Missing] = []
    for choices in read.choices.values():
        for choice in choices:
            text, own = None, ""
            try:
                sources[choice] = coerce_spec(choice.spec)
                own = text_of([x for x in sources[choice].definitions if x])
                if not isinstance(sources[choice].content, FunctionSpec):
                    text = sources[choice].text
            except SpecError as error:
                told = error.diagnostics if read.is_single else located(choice, error.diagnostics)
                found.update(dict.fromkeys(told))
            siblings[choice] = SiblingSpec(choice.key, text, own, choice.pattern)
    used = Settings() if settings is None else settings
    for choice, sibling in siblings.items():
        if sibling.text is None:
            continue
        others = siblings_by_sort(sibling, [*siblings.values()])
        origin = SpecOrigin(drives=choice.key, pattern=choice.pattern, siblings=others)
        known = run.with_definitions(sibling.definitions)
        findings = lint_text(sibling.text, known, used, origin)
        each = findings if read.is_single else located(choice, findings)
        found.update(dict.fromkeys(each))
        missing += findings.missing
    return Findings(found, missing)
