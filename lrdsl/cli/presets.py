"""`lrdsl presets`: the options of Hydra's group `schedule`, as a list, or one with its curve."""

from __future__ import annotations

import click

from lrdsl.cli.console import plain, writes
from lrdsl.diagnostics import UNKNOWN_NAME, Suggestion, spec_error
from lrdsl.language.presets import Preset, files, read


@click.command(epilog="\b\nExamples:\n  lrdsl presets\n  lrdsl presets wsd")
@click.argument("name", required=False)
def presets(name: str | None) -> None:
    """List the schedule presets for Hydra apps, or show one.

    An app chooses the preset NAME with the override schedule@lr=NAME.
    """
    if name is None:
        wide = max(map(len, files()))
        lines = [f"{known:<{wide}}  {read(known).summary}" for known in files()]
        click.echo(plain("\n".join(lines)))
        return
    if name not in files():
        meant, fix = Suggestion(name, files()), "`lrdsl presets` lists all there are"
        raise spec_error(UNKNOWN_NAME, f"no preset is called `{name}`", meant=meant, fix=fix)
    click.echo(plain(_about(read(name))))


def _about(preset: Preset) -> str:
    """All there is to say about a preset, and what it does without any of its keys."""
    from lrdsl.docsgen.presets import STEPS, shown
    from lrdsl.plot import sample
    from lrdsl.plot.drawing import draw_curve

    curve = draw_curve(sample(shown(preset), STEPS), width=72, height=8, ascii=not writes("⣀"))
    parts = (f"schedule@lr={preset.name}", preset.summary, preset.defaults, preset.bare)
    return "\n\n".join([*parts, curve, preset.source])
