from lrdsl.linter.context import LintContext
from lrdsl.linter.origin import SpecOrigin
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule


@rule("LR848", "unquoted-override", "error", needs=())
class UnquotedOverride(Rule):
    """A spec in a Hydra override has no quotes, so that Hydra misreads it or fails.

    In an override brackets call Hydra's own functions, commas make a sweep, and `>` cannot be
    written at all: "Unknown function 'warmup'". The shell takes the first pair of quotes away, so
    that two are needed; `lrdsl quote` writes them, and an app of `lrdsl.hydra.main` puts Hydra's in
    itself. NVIDIA/cloudai#557 and IDEA-Research/detrex#309 are overrides that Hydra could not read.
    It is reported only for overrides on a command line.
    """

    invalid = (
        case("warmup(100) >> cosine(1, 0, 800)", origin=SpecOrigin(is_override=True)),
        case("cosine(0.1, 0)", origin=SpecOrigin(is_override=True)),
        case("points[0:0, 100:1]", origin=SpecOrigin(is_override=True)),
        case("0.1 if total > 500 else 0.2", origin=SpecOrigin(is_override=True)),
    )
    valid = (
        case("0.1", origin=SpecOrigin(is_override=True)),
        case("base / 2", origin=SpecOrigin(is_override=True)),
        case("peak if true else 1", origin=SpecOrigin(is_override=True)),
        case("cosine(0.1, 0)"),
        case("cosine(0.1, 0)", origin=SpecOrigin(is_override=False)),
    )

    def check(self, context: LintContext) -> Violations:
        if context.origin.is_override and any([sign in context.source for sign in UNREADABLE]):
            message = "Hydra cannot read a spec without quotes in an override"
            fix = (
                "put double quotes around the spec and single quotes around the override,"
                " `'key=\"…\"'`, or use `lrdsl.hydra.main` in the app"
            )
            yield Violation(message, context.tree.span, fix)


UNREADABLE = "()[]{},#<>=!"
"""Characters that Hydra's overrides do not know, or use for something else, outside quotes."""
