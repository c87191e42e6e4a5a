from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from lrdsl.diagnostics import Severity
from lrdsl.linter.context import LintContext
from lrdsl.linter.origin import SpecOrigin
from lrdsl.linter.rule import Case, Rule, Violation, case, rule


@rule
class UnquotedOverride(Rule):
    """A spec without quotes in a Hydra override, which Hydra reads otherwise or not at all.

    Brackets are calls of Hydra's own functions there, commas make a sweep, and `>` cannot be
    written at all: "Unknown function 'warmup'". The shell takes the first pair of quotes away, so
    that two are needed; `lrdsl quote` writes them, and an app of `lrdsl.hydra.main` puts Hydra's in
    itself. NVIDIA/cloudai#557 and IDEA-Research/detrex#309 are overrides that Hydra could not read.
    It is reported only for overrides on a command line.
    """

    code: ClassVar[str] = "LR848"
    name: ClassVar[str] = "unquoted-override"
    severity: ClassVar[Severity] = "error"
    needs_schedule: ClassVar[bool] = False

    invalid: ClassVar[tuple[Case, ...]] = (
        case("warmup(100) >> cosine(1, 0, 800)", origin=SpecOrigin(is_override=True)),
        case("cosine(0.1, 0)", origin=SpecOrigin(is_override=True)),
        case("points[0:0, 100:1]", origin=SpecOrigin(is_override=True)),
        case("0.1 if total > 500 else 0.2", origin=SpecOrigin(is_override=True)),
    )
    valid: ClassVar[tuple[Case, ...]] = (
        case("0.1", origin=SpecOrigin(is_override=True)),
        case("base / 2", origin=SpecOrigin(is_override=True)),
        case("peak if true else 1", origin=SpecOrigin(is_override=True)),
        case("cosine(0.1, 0)"),
        case("cosine(0.1, 0)", origin=SpecOrigin(is_override=False)),
    )

    def check(self, context: LintContext) -> Iterator[Violation]:
        if not context.origin.is_override:
            return
        if any([sign in context.source for sign in UNREADABLE]):
            message = "Hydra cannot read a spec that stands in an override without quotes"
            fix = (
                "put double quotes around it, and single ones around all: `'key=\"…\"'`, or use "
                "`lrdsl.hydra.main` in the app"
            )
            yield Violation(message, context.tree.span, fix)


UNREADABLE = "()[]{},#<>=!"
"""What Hydra's overrides do not know, or know for something else, where no quotes are."""
