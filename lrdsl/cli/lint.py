"""`lrdsl lint` and `lrdsl rules`: mistakes in specs, and the rules that find them.

`[tool.lrdsl.lint]` in a pyproject.toml, of this folder or the nearest one above, holds the same
settings; options win over it.

\b
Examples:
  lrdsl lint conf/ train.py README.md
  lrdsl lint -e "warmup(100) >> cosine(1, 0, 800)" --total-steps 600
  lrdsl lint conf/ --select joint-jump,LR801 --max-lr 0.1 --format sarif
  lrdsl lint conf/ --fix --diff
  lrdsl lint --hydra conf --config-name train peak=0.1

Exit codes: 0 no findings but hints; 1 findings; 2 a wrong call, or a file that cannot be read.
"""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from lrdsl.cli.console import colourful, difference, plain, reflowed, table, wrapped, wrapped_report
from lrdsl.cli.formats import listed, with_format
from lrdsl.cli.options import (
    as_misuse,
    flag,
    help_end,
    number_of,
    read_sources,
    with_context,
    with_sources,
)
from lrdsl.diagnostics import counted

if TYPE_CHECKING:
    from lrdsl.compiler.context import Context
    from lrdsl.linter.config import Project
    from lrdsl.linter.result import LintResult


def _as_words(
    context: click.Context, parameter: click.Parameter, texts: tuple[str, ...]
) -> tuple[str, ...]:
    """Names and codes of rules, several in one option by commas."""
    return tuple([word.strip() for text in texts for word in text.split(",")])


_rules = partial(click.option, metavar="RULE,…", multiple=True, callback=_as_words)
_limit = partial(click.option, metavar="LR", type=number_of)


def _explain(context: click.Context, parameter: click.Parameter, word: str | None) -> None:
    if word is not None:
        click.echo(plain(_explained(word)))
        context.exit(0)


@as_misuse()
def _explained(word: str) -> str:
    from lrdsl.docsgen.rules import explain

    return reflowed(explain(word), sys.stdout)


@click.command(epilog=help_end(__doc__))
@with_sources
@click.option(
    "--hydra",
    "config_dir",
    metavar="CONFIG_DIR",
    help="Check a Hydra config of this folder, with each schedule preset; PATH… are overrides.",
)
@click.option("--config-name", metavar="NAME", help="The name of the config for --hydra.")
@_rules("--select", help="Use only these rules: names, codes or the beginnings of codes.")
@_rules("--ignore", help="Leave out these rules.")
@flag("--continuous", default=None, help="Require that no value jumps.")
@_limit("--bounds", nargs=2, metavar="LOW HIGH", help="Require that all values are between these.")
@_limit("--max-lr", "max", help="Require that no value is above this.")
@_limit("--min-lr", "min", help="Require that no value is below this.")
@_limit("--final", help="Require that the run ends at this value.")
@_limit("--reaches", help="Require that this value is reached.")
@flag("--fix", "fixing", help="Fix in the files what is safe to fix.")
@flag("--diff", help="With --fix: print the changes, and change nothing.")
@with_format("text", "json", "sarif", "github")
@flag("--no-color", help="Print without colour.")
@click.option(
    "--explain",
    metavar="RULE",
    callback=_explain,
    expose_value=False,
    is_eager=True,
    help="Explain a rule, named by its code or name, and do nothing else.",
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
    context: Context,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    **contracts: Any,
) -> None:
    """Check schedules for mistakes before a run.

    Reports what cannot be compiled, and what compiles but is probably not meant.

    PATH is a YAML, Python, Markdown or .lr file, or a folder of them; a single - is a spec from
    standard input. What a file says of its run is known, and options win over it: --total-steps
    1000 asks how all of the schedules do in a run of 1000 updates. The settings fill in what files
    leave open. Rules that need to know more of the run than is known report nothing.
    """
    from lrdsl.linter.config import Project
    from lrdsl.linter.result import LintResult
    from lrdsl.linter.runner import check_files, check_text

    low, high = contracts["bounds"] or (0, 0)
    if low > high:
        raise click.UsageError(f"the lower bound, {low:g}, is above the upper, {high:g}")
    with as_misuse():
        project = Project.load(".").with_options(
            select=select or None,
            ignore=ignore,
            typed=context.to_dict(),
            contracts={name: value for name, value in contracts.items() if value is not None},
        )
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
    files, texts = read_sources(paths, specs)
    if diff and not fixing:
        raise click.UsageError("--diff shows what --fix would change: give both")
    if fixing and texts:
        raise click.UsageError("--fix changes files: there is nothing to change in a spec given")
    fixes, failed = _fix(files, project, diff, colour) if fixing else (0, ())
    outcomes = [check_text(text, name, project) for name, text in texts.items()]
    if files:
        outcomes.append(check_files(files, project))
    outcome = LintResult.of([*outcomes, LintResult(unreadable=failed)])
    if form == "sarif":
        from lrdsl.linter.autofix import available_fixes

        outcome = available_fixes(outcome, project)
    _write(outcome, form, colour, aside=diff)
    if fixing:
        click.echo(f"{fixes} {'can be' if diff else 'were'} fixed.", err=diff or form != "text")
    ctx.exit(max(outcome.exit_code, 1 if diff and fixes else 0))


def _composed(
    config_dir: str, config_name: str, overrides: tuple[str, ...], project: Project
) -> LintResult:
    """Lint a Hydra config, and the config with every schedule in reach."""
    from lrdsl.hydra import lint_hydra
    from lrdsl.linter.result import LintResult
    from lrdsl.linter.source_file import LocatedDiagnostic, Snippet, SourceFile

    with as_misuse():
        every = lint_hydra(
            config_dir,
            config_name,
            overrides,
            settings=project.settings_for(config_dir),
            context=project.context,
            typed=project.typed,
            exclude=project.exclude,
        )
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
    return LintResult(tuple(found), files, configs=1, unchecked=every.unchecked)


def _fix(
    files: list[str], project: Project, diff: bool, colour: bool
) -> tuple[int, tuple[str, ...]]:
    """Fix what can be fixed, or show it; how much that is, and what went wrong in writing."""
    from lrdsl.linter.autofix import check_place, fixed_files, write
    from lrdsl.linter.source_file import Unreadable

    fixes = 0
    failed: list[str] = []
    for file, fixed in fixed_files(files, project):
        try:
            check_place(file, files)
            if diff:
                shown = difference(file.path, file.text, fixed.text)
                click.echo(plain(shown), color=colour, nl=False)
            else:
                write(file, fixed.text)
            fixes += fixed.fixes
        except Unreadable as error:
            failed.append(str(error))
    return fixes, tuple(failed)


def _write(outcome: LintResult, form: str, colour: bool, aside: bool) -> None:
    """The report, on standard error if it is `aside`; what could not be read is always there."""
    from lrdsl.linter.reports import report

    said = [f"Error: {line}" for line in outcome.unreadable]
    said += [f"Note: {plain(line)}" for line in outcome.notes]
    if outcome.overruled:
        specs = counted(outcome.overruled, "spec")
        said.append(f"Note: options win over what the files say of the runs of {specs}.")
    for line in said:
        click.echo(wrapped(line, sys.stderr, "  "), err=True)
    text = report(outcome, form)
    if form == "text":
        text = wrapped_report(text, sys.stderr if aside else sys.stdout)
    if text:
        click.echo(plain(text), color=colour, err=aside)


@click.command()
@click.argument("name", required=False)
@with_format("text", "json", "csv", "markdown")
@flag("--next-code", help="Print the code for a new rule of lrdsl itself.")
def rules(name: str | None, form: str, next_code: bool) -> None:
    """List all lint rules, or explain one, named by its name or code.

    The beginning of a code, such as LR80, lists those that have it.
    """
    from lrdsl.docsgen import rules as pages

    if next_code:
        if name is not None or form != "text":
            raise click.UsageError("--next-code takes no NAME and no --format")
        click.echo(pages.next_code())
    elif form == "text":
        several = pages.listing("LR" if name is None else name) if len(name or "") < 5 else []
        lines = table(several) if several else [_explained(name or "")]
        click.echo(plain("\n".join(lines)))
    else:
        with as_misuse():
            facts = pages.facts(name)
        click.echo(plain(listed(form, facts, ("code", "name", "severity", "summary"))))
