"""`main`, which stands in the place of `hydra.main`."""

from __future__ import annotations

import functools
import sys
import warnings
from collections.abc import Callable
from typing import Any

import hydra
from hydra import version
from hydra._internal.utils import get_args_parser
from hydra.types import TaskFunction
from omegaconf import DictConfig

from lrdsl.hydra.advice import advice_on
from lrdsl.hydra.app_configs import AppConfigs
from lrdsl.hydra.fit_overrides import prepare_overrides
from lrdsl.hydra.overrides import quote_override

_LEFT_OUT: Any = object()


def main(
    config_path: str | None = _LEFT_OUT,
    config_name: str | None = None,
    version_base: str | None = _LEFT_OUT,
) -> Callable[[TaskFunction], Any]:
    """`hydra.main`, for an app whose command line takes specs in the shell's quotes alone.

        python train.py lr='warmup(100) >> cosine(1, 0, 800)'
        python train.py -m lr='cosine(1, 0, 800), linear(1, 0, 800), 0.1' model.lr=0.3

    The parameters are those of `hydra.main`, and all that Hydra reads keeps its meaning. Where
    Hydra cannot read an override, each value in it that lrdsl reads as a spec is put in Hydra's
    quotes: alone, between the commas of a sweep, inside `choice(…)`, a list or a mapping. The app
    receives the text as it was typed, references resolved. A spec with mistakes goes to the app as
    well, where lrdsl explains them; what is no spec at all is left for Hydra to complain about.

    A config group with schedules takes them in the place of an option's name, `schedule=0.1`. A
    schedule on the command line replaces that of the files, whatever they have there, and whichever
    of them comes last.

    While the app runs, `sys.argv` and Hydra's record of the overrides are what Hydra was given, so
    that they work with plain Hydra too.

    >>> @main(version_base="1.3", config_path=None)
    ... def app(cfg):
    ...     return cfg.lr
    >>> app(DictConfig({"lr": "cosine(1, 0, 800)"}))
    'cosine(1, 0, 800)'
    """
    given = {"config_path": config_path, "version_base": version_base}
    given = {name: value for name, value in given.items() if value is not _LEFT_OUT}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        decorate = hydra.main(config_name=config_name, **given)
    for each in caught:  # so that they name the line of the app
        warnings.warn(each.message, stacklevel=2)

    def decorate_with_quotes(task_function: TaskFunction) -> Any:
        decorated = decorate(task_function)

        @functools.wraps(task_function)
        def run(cfg_passthrough: DictConfig | None = None) -> Any:
            if cfg_passthrough is not None:
                return decorated(cfg_passthrough)
            before = sys.argv
            app, given, sys.argv = _prepared(before, task_function, config_path, config_name)
            try:
                return decorated()
            except SystemExit as end:
                if end.code == 1 and (said := advice_on(app, given)):
                    print(f"lrdsl: {said}", file=sys.stderr)
                raise
            finally:
                sys.argv = before

        return run

    return decorate_with_quotes


def _prepared(
    arguments: list[str], task: TaskFunction, config_path: str | None, config_name: str | None
) -> tuple[AppConfigs, list[str], list[str]]:
    """The configs of an app, and the overrides and the command line as Hydra is to receive them.

    What the user should know goes to standard error.
    """
    options, others = get_args_parser().parse_known_args(arguments[1:])  # no values of options
    if config_path is _LEFT_OUT:
        config_path = None if version.base_at_least("1.2") else "."
    app = AppConfigs.of_main(task, config_path, config_name, options)
    fitted, notes = prepare_overrides(options.overrides, app)
    aside = {text: quote_override(text) for text in others}  # no options of Hydra's: it says so
    for note in [*notes, *[f"{text}: {each.note}" for text, each in aside.items() if each.note]]:
        print(f"lrdsl: {note}", file=sys.stderr)
    kept = dict(zip(options.overrides, fitted.kept, strict=True))
    at = next((i for i, text in enumerate(arguments) if text in kept), 0)
    found = [kept.get(text, text) for text in arguments]
    line = [text for text in [*found[:at], *fitted.added, *found[at:]] if text is not None]
    return app, fitted.every, line
