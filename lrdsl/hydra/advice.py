"""What lrdsl adds to Hydra's errors about configs with schedules."""

from __future__ import annotations

import re

from omegaconf import DictConfig, OmegaConf

from lrdsl.hydra.app_configs import AppConfigs
from lrdsl.hydra.fit_overrides import jobs_of, read_overrides
from lrdsl.hydra.overrides import without_choice
from lrdsl.hydra.tree_text import tree_text

_LIST = re.compile(r"In '([^']+)': ConfigTypeError.*\bwith ListConfig", re.DOTALL)
_REFERENCE = re.compile(r"Error resolving interpolation '(.*?)'(?:, possible|\s*\Z)", re.DOTALL)


def advice_on(app: AppConfigs, overrides: list[str]) -> str:
    """What to write instead, where the jobs of a command line cannot be composed; "" if unknown."""
    for job in jobs_of(read_overrides(overrides, app)):
        try:
            config = app.composed(job)
        except Exception as error:  # Hydra's, YAML's, a plugin's
            return advice_on_error(error, app)
        if config is not None and (said := _advice_on_sweep(config)):
            return said
    return ""


def _advice_on_sweep(config: DictConfig) -> str:
    """What to write instead of a `choice` in a file, whose schedules lose their quotes."""
    params = OmegaConf.select(config, "hydra.sweeper.params")
    for name in params if isinstance(params, DictConfig) else []:
        text = params[name]
        if isinstance(text, str) and (listed := without_choice(text)) != text:
            return (
                f"`{name!s}` in hydra.sweeper.params: schedules in `choice(…)` lose their quotes; "
                f"write `{name!s}: '{listed}'`"
            )
    return ""


def advice_on_error(error: Exception, app: AppConfigs) -> str:
    """What to write instead of what Hydra complains about."""
    text = f"{error} {error.__cause__ or ''}"
    if found := _LIST.search(text):
        raw = OmegaConf.to_container(app.config(found[1]), resolve=False)
        trees = [
            str(name)
            for name, value in (raw.items() if isinstance(raw, dict) else [])
            if isinstance(value, list) and tree_text(value)
        ]
        if trees:
            where = f"`{trees[0]}` in {found[1]}"
            return f"{where}: a list cannot replace a preset; write `{trees[0]}: {{spec: […]}}`"
    if found := _REFERENCE.search(text):
        shown = found[1].replace("${", "\\${")
        return f"in the place of an option's name references are escaped: {shown}"
    return ""
