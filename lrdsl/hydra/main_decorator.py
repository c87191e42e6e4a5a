"""`main`, which stands in the place of `hydra.main`."""

from __future__ import annotations

import functools
import sys
import warnings
from collections.abc import Callable
from typing import Any

import hydra
from hydra._internal.utils import get_args_parser
from hydra.types import TaskFunction
from omegaconf import DictConfig

from lrdsl.hydra.overrides import QuotedOverride, quote_override

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

    While the app runs, `sys.argv` and Hydra's record of the overrides have the quotes, so that
    they work with plain Hydra too.

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
            sys.argv = [before[0], *_quoted(before[1:])] if before else before
            try:
                return decorated()
            finally:
                sys.argv = before

        return run

    return decorate_with_quotes


def _quoted(arguments: list[str]) -> list[str]:
    """The arguments with quotes around specs; what the user should know goes to standard error."""
    quoted = {argument: quote_override(argument) for argument in arguments}
    if all([each == QuotedOverride(argument) for argument, each in quoted.items()]):
        return arguments
    known, others = get_args_parser().parse_known_args(arguments)
    found: list[str] = []
    for argument in arguments:
        is_override = argument in known.overrides or argument in others  # no value of an option
        text, note = quoted[argument] if is_override else QuotedOverride(argument)
        if note:
            shown = argument if len(argument) <= _SHOWN else f"{argument[: _SHOWN - 3]}..."
            print(f"lrdsl: {shown}: {note}", file=sys.stderr)
        found.append(text)
    return found


_SHOWN = 60
"""So many characters of an override are repeated in a note."""
