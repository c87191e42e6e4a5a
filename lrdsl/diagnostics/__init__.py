"""Diagnostics: the mistakes of a spec, their places, and the text to write instead.

A `Diagnostic` has a `Problem` (stable code, name, severity), one sentence, the `Span` of the
mistake and, where one exists, a fix. `SpecError` is the one exception of lrdsl; it carries all
diagnostics of a spec. A stage notes a `Mistake`, of which a `Reporter` makes the diagnostic.
"""

from lrdsl.diagnostics.diagnostic import Diagnostic, SpecError, counted, in_order, printable
from lrdsl.diagnostics.problems import *  # noqa: F403
from lrdsl.diagnostics.report import MAX_REPORTED, Mistake, Reporter, spec_error
from lrdsl.diagnostics.spans import NOWHERE, Site, SourceMappedText, Span, place_in
from lrdsl.diagnostics.suggestion import Suggestion, ask

__all__ = [
    "MAX_REPORTED",
    "NOWHERE",
    "Diagnostic",
    "Mistake",
    "Reporter",
    "Site",
    "SourceMappedText",
    "Span",
    "SpecError",
    "Suggestion",
    "ask",
    "counted",
    "in_order",
    "place_in",
    "printable",
    "spec_error",
]
