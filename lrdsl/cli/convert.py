"""`lrdsl convert` and `lrdsl schema`: specs as trees, trees as text, and the trees' JSON Schema.

FILE is YAML or JSON: a schedule as text or as a tree, by itself or under the key spec. The output
has the same form. Comments at the top of a file are kept, others are not.

\b
Examples:
  lrdsl convert --to yaml -e "warmup(100) >> cosine(1, 1e-3, 800)"
  lrdsl convert --to text -e "{cosine: {start: 1, end: 1e-3, steps: 800}}"
  lrdsl convert --to yaml conf/schedule/wsd.yaml > conf/schedule/wsd_tree.yaml

Exit codes: 0 fine, 1 a mistake in the spec, 2 a wrong call.
"""

from __future__ import annotations

import re
from typing import Any

import click

from lrdsl.cli.console import plain
from lrdsl.cli.options import check_is_path, help_end, text_of, with_library
from lrdsl.util.guarded_read import CannotRead, read_text

MAX_BYTES = 2**20
"""The size of the largest file that is converted."""

_COMMENTS = re.compile(r"(?:[ \t]*(?:#[^\n]*)?\n)*")


@click.command(epilog=help_end(__doc__))
@click.argument("file", required=False)
@click.option("-e", "spec", metavar="SPEC", help="A spec to convert: text, or the YAML of a tree.")
@click.option(
    "--to", "form", type=click.Choice(["yaml", "text"]), required=True, help="The form to print."
)
@with_library
def convert(file: str | None, spec: str | None, form: str) -> None:
    """Convert a schedule from text to a tree of YAML nodes, or back.

    Prints the schedule in FILE, or the one after -e. A single - reads standard input.
    Interpolations, ${…}, are kept.
    """
    if (file is None) == (spec is None):
        raise click.UsageError("give a file, or a spec with -e, one of the two")
    if spec is not None:
        data = spec if form == "yaml" else _yaml(spec, "-e")
        click.echo(plain(_written(_converted(data, form))))
        return
    text = text_of("-") if file == "-" else _read(file or "")
    data = _yaml(text, file or "")
    above = _COMMENTS.match(text)
    if isinstance(data, dict) and "spec" in data:
        converted: Any = {**data, "spec": _converted(data["spec"], form)}
    else:
        _check_is_tree(data)
        converted = _converted(data, form)
    click.echo(plain(above[0] if above and file != "-" else ""), nl=False)
    click.echo(plain(_written(converted)))


def _converted(data: Any, form: str) -> Any:
    """The other form of a spec, with its interpolations."""
    from lrdsl.tree import to_tree
    from lrdsl.tree.coerce import parse, spec_text
    from lrdsl.tree.interpolations import Interpolations

    kept = Interpolations()
    spec = parse(spec_text(kept.hide(data)))
    return kept.show(to_tree(spec) if form == "yaml" else str(spec))


def _check_is_tree(data: Any) -> None:
    """Raise `UsageError` for a config with one key that is no schedule's name."""
    from lrdsl.language.language import current
    from lrdsl.tree.keywords import is_tree

    if isinstance(data, dict) and len(data) == 1 and not is_tree(data, current()):
        (key,) = data
        message = f"`{key}` is nothing that can be called: FILE is a schedule, by itself or at spec"
        raise click.UsageError(message)


def _read(file: str) -> str:
    check_is_path(file)
    try:
        return read_text(file, MAX_BYTES).removeprefix("\ufeff")
    except CannotRead as error:
        raise click.BadParameter(f"{file!r}: {error.why}", param_hint="'FILE'") from error


def _yaml(text: str, name: str) -> Any:
    """The data of a YAML text as Hydra reads it: `1e-3` is a number."""
    import yaml
    from omegaconf._utils import get_yaml_loader

    from lrdsl.linter.source_file import Malformed
    from lrdsl.linter.sources.yaml_document import MAX_MERGED_PAIRS, read_yaml, yaml_mistake

    class Loader(get_yaml_loader()):  # type: ignore[misc]  # a SafeLoader
        def flatten_mapping(self, node: Any) -> None:
            super().flatten_mapping(node)
            if len(node.value) > MAX_MERGED_PAIRS:  # merge keys can make a small file endless
                raise yaml.constructor.ConstructorError(problem="its merge keys bring too much")

    try:
        read_yaml(text)  # of what is nested deep PyYAML's own scanner takes hours
        return yaml.load(text, Loader=Loader)
    except Malformed as error:
        raise click.BadParameter(f"{name!r}: {error}", param_hint="'FILE'") from error
    except Exception as error:  # a date or a number that is none can be any in PyYAML
        why = "too deep" if isinstance(error, RecursionError) else yaml_mistake(error)
        raise click.BadParameter(f"{name!r} is no YAML: {why}", param_hint="'FILE'") from error


def _written(data: Any) -> str:
    """YAML; a text alone is the text itself."""
    import yaml

    if isinstance(data, str):
        return data
    values = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    is_flat = not any([isinstance(value, (dict, list)) for value in values])
    style = False if is_flat else None  # what is innermost is on one line, in braces
    written: str = yaml.safe_dump(data, sort_keys=False, default_flow_style=style, width=100)
    return written.removesuffix("\n").removesuffix("\n...")


@click.command(
    epilog="\b\nExamples:\n  lrdsl schema > lrdsl.schema.json\n  lrdsl schema --library mine.lr"
)
@with_library
def schema() -> None:
    """Print the JSON Schema of schedules written as YAML trees.

    With it an editor completes and checks them: put the comment

    \b
      # yaml-language-server: $schema=lrdsl.schema.json

    at the top of a YAML file that holds a schedule.
    """
    import json

    from lrdsl.tree import json_schema

    click.echo(json.dumps(json_schema(), indent=1, ensure_ascii=True))
