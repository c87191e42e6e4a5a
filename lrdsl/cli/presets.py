"""`lrdsl presets`: the options of Hydra's group `schedule`, as a list, or one with its curve."""

from __future__ import annotations

import sys

import click

from lrdsl.cli.console import plain, reflowed, table, terminal_size, writes
from lrdsl.cli.formats import listed, with_format
from lrdsl.cli.options import as_misuse
from lrdsl.diagnostics import UNKNOWN_NAME, Suggestion, spec_error
from lrdsl.language.presets import Preset, files, read


@click.command(epilog="\b\nExamples:\n  lrdsl presets\n  lrdsl presets wsd")
@click.argument("name", required=False)
@with_format("text", "json", "csv", "markdown")
def presets(name: str | None, form: str) -> None:
    """List the schedule presets for Hydra apps, or show one.

    An app chooses the preset NAME with the override schedule@lr=NAME; `lrdsl show NAME` shows it in
    a run of your own.
    """
    if name is None and form == "text":
        click.echo(plain("\n".join(table([(known, read(known).summary) for known in files()]))))
        return
    name = None if name is None else name.rpartition("=")[2].removesuffix(".yaml")
    if name is not None and name not in files():
        meant, fix = Suggestion(name, files()), "`lrdsl presets` lists all there are"
        with as_misuse():
            raise spec_error(UNKNOWN_NAME, f"no preset is called `{name}`", meant=meant, fix=fix)
    if form == "text":
        click.echo(plain(_about(read(name or ""))))
        return
    facts = [
        {
            "name": each.name,
            "summary": each.summary,
            "keys": list(each.keys),
            "spec": each.bare,
            "defaults": each.defaults,
            "source": each.source,
        }
        for each in map(read, files() if name is None else [name])
    ]
    click.echo(plain(listed(form, facts, ("name", "summary", "spec"))))


def _about(preset: Preset) -> str:
    """All there is to say about a preset, and what it does without any of its keys."""
    from lrdsl.docsgen.presets import STEPS, shown
    from lrdsl.plot import sample
    from lrdsl.plot.drawing import draw_curve

    width, _ = terminal_size()
    sampled = sample(shown(preset), STEPS)
    curve = draw_curve(sampled, width=min(width, 72), height=8, ascii=not writes("⣀"))
    texts = (preset.summary, preset.defaults, preset.bare)
    parts = (f"schedule@lr={preset.name}", *[reflowed(text, sys.stdout) for text in texts])
    return "\n\n".join([*parts, curve, reflowed(preset.source, sys.stdout)])
