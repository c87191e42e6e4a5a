"""`lrdsl lint` and `lrdsl rules`: arguments, files, exit codes.

0: clean, hints aside. 1: there are findings. 2: the call is at fault, or a file cannot be read.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from lrdsl.cli.console import colourful, difference, plain
from lrdsl.cli.options import as_number, context_of, text_of, with_context
from lrdsl.diagnostics import SpecError

if TYPE_CHECKING:
    from lrdsl.linter.config import Project
    from lrdsl.linter.result import LintResult

_FORMATS = ("text", "json", "sarif", "github")  # those of lrdsl.linter.reports, not to import it
_CONTRACTS = {
    "max_lr": "max",
    "min_lr": "min",
    "bounds": "bounds",
    "final": "final",
    "continuous": "continuous",
    "reaches": "reaches",
}
"""The contracts by the names of their options."""


def _as_bounds(
    context: click.Context, parameter: click.Parameter, texts: tuple[str, str] | None
) -> tuple[float, float] | None:
    if texts is None:
        return None
    low, high = (as_number(context, parameter, text) for text in texts)
    assert low is not None
    assert high is not None
    if low > high:
        raise click.BadParameter(f"the lower bound, {texts[0]}, is above the upper, {texts[1]}")
    return low, high


def _as_words(
    context: click.Context, parameter: click.Parameter, texts: tuple[str, ...]
) -> tuple[str, ...]:
    """Names and codes of rules, several in one option by commas."""
    return tuple([word.strip() for text in texts for word in text.split(",")])


def _with_contracts(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options for what every schedule is to keep to."""
    for name, text in reversed(
        {
            "--max-lr": "No value is above this.",
            "--min-lr": "No value is below this.",
            "--final": "The value that the run ends at.",
            "--reaches": "A value that is reached.",
        }.items()
    ):
        command = click.option(name, metavar="LR", callback=as_number, help=text)(command)
    command = click.option(
        "--bounds",
        nargs=2,
        metavar="LOW HIGH",
        callback=_as_bounds,
        help="Every value is between these.",
    )(command)
    return click.option("--continuous", is_flag=True, default=None, help="The value never jumps.")(
        command
    )


_EPILOG = """\
`[tool.lrdsl.lint]` in the pyproject.toml of this folder, or of the nearest above it that has one,
holds the same settings; what is given here comes first.

\b
Examples:
  lrdsl lint conf/ train.py README.md
  lrdsl lint -e "warmup(100) >> cosine(1, 0, 800)" --total-steps 600
  lrdsl lint conf/ --select joint-jump,LR801 --max-lr 0.1 --format sarif
  lrdsl lint conf/ --fix --diff
  lrdsl lint --hydra conf --config-name train peak=0.1

Exit codes: 0 clean, hints aside; 1 findings; 2 misuse, or a file that cannot be read.
"""


def _explain(context: click.Context, parameter: click.Parameter, word: str | None) -> None:
    if word is not None:
        click.echo(plain(_explained(word)))
        context.exit(0)


def _explained(word: str) -> str:
    from lrdsl.docsgen.rules import explain

    try:
        return explain(word)
    except SpecError as error:
        raise _misuse(error) from error


@click.command(epilog=_EPILOG)
@click.argument("paths", metavar="PATH…", nargs=-1)
@click.option(
    "--hydra",
    "config_dir",
    metavar="CONFIG_DIR",
    help="Compose a Hydra config of this folder, with every schedule; PATH… are overrides then.",
)
@click.option("--config-name", metavar="NAME", help="The config for --hydra.")
@click.option("-e", "specs", metavar="SPEC", multiple=True, help="A spec itself; repeat for more.")
@click.option(
    "--select",
    metavar="RULE,…",
    multiple=True,
    callback=_as_words,
    help="Use these rules alone: names, codes or their beginnings.",
)
@click.option(
    "--ignore", metavar="RULE,…", multiple=True, callback=_as_words, help="Leave these rules out."
)
@_with_contracts
@click.option("--fix", "fixing", is_flag=True, help="Apply the safe fixes to the files.")
@click.option("--diff", is_flag=True, help="With --fix: show what would change, change nothing.")
@click.option(
    "--format",
    "form",
    type=click.Choice(_FORMATS),
    default="text",
    show_default=True,
    help="github: annotations of a workflow.",
)
@click.option("--no-color", is_flag=True, help="No colour, on a terminal either.")
@click.option(
    "--explain",
    metavar="RULE",
    callback=_explain,
    expose_value=False,
    is_eager=True,
    help="Explain a rule, by code or name, and do nothing else.",
)
@with_context
@click.pass_context
def lint(
    ctx: click.Context,
    /,
    paths: tuple[str, ...],
    config_dir: str | None,
    config_name: str | None,
    specs: tuple[str, ...],
    fixing: bool,
    diff: bool,
    form: str,
    no_color: bool,
    **options: Any,
) -> None:
    """Find what is wrong with schedules, and what is likely to be, before a run.

    PATH is a YAML, Python, Markdown or .lr file, or a folder of them; a single - is a spec from
    standard input. What is not known of the run is no mistake: rules that need it are quiet.
    """
    project = _project(options)
    colour = colourful(sys.stdout) and not no_color
    if config_dir is not None or config_name is not None:
        if config_dir is None or config_name is None or specs or fixing or diff:
            raise click.UsageError(
                "--hydra CONFIG_DIR and --config-name NAME go together, with overrides and no "
                "-e, --fix or --diff"
            )
        outcome = _composed(config_dir, config_name, paths, project)
        _write(outcome, form, colour, aside=False)
        ctx.exit(outcome.exit_code)
    _check_call(paths, specs, fixing, diff)
    texts = _texts(paths, specs)
    files = [path for path in paths if path != "-"]
    fixes, failed = _fix(files, project, diff, colour) if fixing else (0, ())
    outcome = _outcome(files, texts, project, failed)
    if form == "sarif":
        from lrdsl.linter.autofix import available_fixes

        outcome = available_fixes(outcome, project)
    _write(outcome, form, colour, aside=diff)
    if fixing:
        click.echo(f"{fixes} {'can be' if diff else 'were'} fixed.", err=diff or form != "text")
    ctx.exit(max(outcome.exit_code, 1 if diff and fixes else 0))


def _check_call(paths: tuple[str, ...], specs: tuple[str, ...], fixing: bool, diff: bool) -> None:
    if not paths and not specs:
        raise click.UsageError("give files or folders, or a spec with -e")
    if [*paths, *specs].count("-") > 1:
        raise click.UsageError("standard input can be read once")
    if diff and not fixing:
        raise click.UsageError("--diff shows what --fix would change: give both")
    if fixing and (specs or "-" in paths):
        raise click.UsageError("--fix changes files: there is nothing to change in a spec given")


def _project(options: dict[str, Any]) -> Project:
    """The settings of the project, with those of the call over them."""
    from lrdsl.linter.config import Project

    given = {contract: options.pop(name) for name, contract in _CONTRACTS.items()}
    contracts = {name: value for name, value in given.items() if value is not None}
    select, ignore = options.pop("select"), options.pop("ignore")
    context_of(dict(options))  # complains of what is no use
    variables = options.pop("variables")
    known = {**{name: x for name, x in options.items() if x is not None}, **variables}
    try:
        return Project.load(".").with_options(
            select=select or None, ignore=ignore, context=known, contracts=contracts
        )
    except SpecError as error:
        raise _misuse(error) from error


def _misuse(error: SpecError) -> click.UsageError:
    found = error.diagnostics[0]
    return click.UsageError(f"{found.message}; {found.fix}" if found.fix else found.message)


def _texts(paths: tuple[str, ...], specs: tuple[str, ...]) -> dict[str, str]:
    """The specs that are given themselves, by what they are called in the report."""
    texts: dict[str, str] = {}
    for spec in [*specs, *[path for path in paths if path == "-"]]:
        number = len(texts) + 1
        name = "<stdin>" if spec == "-" else f"<spec {number}>" if number > 1 else "<spec>"
        texts[name] = text_of(spec)
    return texts


def _outcome(
    files: list[str], texts: dict[str, str], project: Project, failed: tuple[str, ...]
) -> LintResult:
    from lrdsl.linter.result import LintResult
    from lrdsl.linter.runner import check_files, check_text

    outcomes = [check_text(text, name, project) for name, text in texts.items()]
    if files:
        outcomes.append(check_files(files, project))
    return LintResult.of([*outcomes, LintResult(unreadable=failed)])


def _composed(
    config_dir: str, config_name: str, overrides: tuple[str, ...], project: Project
) -> LintResult:
    """Lint a Hydra config, and the config with every schedule in reach."""
    from lrdsl.hydra import lint_hydra
    from lrdsl.linter.result import LintResult
    from lrdsl.linter.source_file import LocatedDiagnostic, Snippet, SourceFile

    try:
        every = lint_hydra(
            config_dir,
            config_name,
            overrides,
            settings=project.settings_for(config_dir),
            context=project.context,
            exclude=project.exclude,
        )
    except SpecError as error:
        raise _misuse(error) from error
    found: list[LocatedDiagnostic] = []
    files: dict[str, SourceFile] = {}
    for each in every:
        text = each.diagnostic.source
        path = each.place
        while path in files and files[path].text != text:  # in a definition that the spec uses
            path += " definitions"
        snippet = Snippet.of_argument(text)
        files[path] = SourceFile(path, text, (snippet,))
        found.append(LocatedDiagnostic.of(path, each.diagnostic, snippet))
    return LintResult(tuple(found), files, configs=1)


def _fix(
    files: list[str], project: Project, diff: bool, colour: bool
) -> tuple[int, tuple[str, ...]]:
    """Fixes what can be fixed, or shows it; how much that is, and what went wrong in writing."""
    from lrdsl.linter.autofix import fix, write
    from lrdsl.linter.discovery import find
    from lrdsl.linter.read_source import read_file
    from lrdsl.linter.source_file import Unreadable

    fixes = 0
    failed: list[str] = []
    for path in find(files, project.exclude):
        try:
            file = read_file(path)
        except Unreadable:  # the report on what is left will say so
            continue
        fixed = fix(file, project)
        if diff and fixed.fixes:
            click.echo(plain(difference(path, file.text, fixed.text)), color=colour, nl=False)
        elif fixed.fixes:
            try:
                write(file, fixed.text)
            except Unreadable as error:
                failed.append(str(error))
                continue
        fixes += fixed.fixes
    return fixes, tuple(failed)


def _write(outcome: LintResult, form: str, colour: bool, aside: bool) -> None:
    """The report, on standard error if it is `aside`; what could not be read is always there."""
    from lrdsl.linter.reports import report

    for line in outcome.unreadable:
        click.echo(f"Error: {line}", err=True)
    text = report(outcome, form)
    if text:
        click.echo(plain(text), color=colour, err=aside)


@click.command()
@click.argument("name", required=False)
@click.option("--next-code", is_flag=True, help="Print the code for a new rule of lrdsl itself.")
def rules(name: str | None, next_code: bool) -> None:
    """List all lint rules, or explain the one that NAME, a name or a code, is."""
    from lrdsl.docsgen import rules as pages

    if next_code:
        if name is not None:
            raise click.UsageError("--next-code takes no NAME")
        click.echo(pages.next_code())
    else:
        click.echo(plain(pages.listing() if name is None else _explained(name)))
