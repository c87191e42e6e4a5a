"""The front end of the compiler: a spec's text becomes a term, whatever the run."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from lrdsl import diagnostics as diag
from lrdsl.compiler.check_definitions import check_definitions
from lrdsl.compiler.expand import expand
from lrdsl.compiler.ir import Poison, Term
from lrdsl.compiler.resolve_names import resolve_names
from lrdsl.diagnostics import Mistake, Reporter, SpecError
from lrdsl.language.binding import Binding
from lrdsl.language.failures import failure_of
from lrdsl.language.language import Language
from lrdsl.syntax import ast
from lrdsl.syntax.parser import parse_spec
from lrdsl.util.forks import no_fork


@dataclass(frozen=True)
class Analysis:
    """The result of the front end: all that is known of a spec before its run is.

    `tree` is as written, `expanded` without definitions; `language` is what it can call. What is
    wrong so far is in `mistakes`. `term` is poison where calls of definitions are wrong. `bindings`
    are those of calls in `expanded`, by the identity of their nodes. `definitions` is the text of
    the user's definitions that the spec leads to.
    """

    source: str
    tree: ast.Node
    expanded: ast.Node
    term: Term
    language: Language
    mistakes: tuple[Mistake, ...]
    bindings: Mapping[int, Binding]
    definitions: str


@no_fork
def analyse(
    language: Language,
    source: str,
    definitions: str = "",
    schedules: Collection[str] = frozenset(),
) -> Analysis:
    """A spec's text, read and expanded, with its names resolved.

    `definitions` are the text of those that come with the spec, `schedules` the names of the other
    schedules of its program. Raises `SpecError` where nothing is known for sure: of text with
    syntax errors, of definitions with mistakes, of what is nested too deep.

    >>> [found.message for found in analyse(Language(), "cosin(1, 0, 9)").mistakes]
    ['there is no shape `cosin`']
    """
    parsed = parse_spec(source)
    tree = parsed.value
    if tree is None:
        raise SpecError(parsed.diagnostics)
    if definitions:
        language = language.with_own(check_definitions(definitions, language))
    with failures_reported(tree, source, parsed.mistakes):
        expanded, mistakes = expand(tree, language)
        resolved = resolve_names(expanded, source, language, schedules)
    own = language.definitions.user_text(tree)
    if not (parsed.mistakes or mistakes):
        term, bindings, mistakes = resolved
        return Analysis(source, tree, expanded, term, language, mistakes, bindings, own)
    # Of a tree with mistakes only names can be told to be wrong: the rest may be guesses.
    names = (diag.UNKNOWN_NAME, diag.UNKNOWN_PARAMETER)
    mistakes += tuple([found for found in resolved.mistakes if found.problem in names])
    if parsed.mistakes:
        raise SpecError(Reporter(source).report_all([*parsed.mistakes, *mistakes]).diagnostics)
    return Analysis(source, tree, expanded, Poison(tree), language, mistakes, {}, own)


@contextmanager
def failures_reported(
    node: ast.Node, source: str, mistakes: Iterable[Mistake] = ()
) -> Iterator[None]:
    """Report endless recursion, and values that fail, with the mistakes so far."""
    try:
        yield
    except SpecError:
        raise
    except RecursionError:
        message = "the parts of the spec are nested, or refer to each other, too deeply"
        found = Mistake(diag.TOO_DEEP, message, node.span)
    except Exception as error:
        found = Mistake(*failure_of("the spec", error), node.span)
    else:
        return
    Reporter(source).report_all([*mistakes, found]).check()
