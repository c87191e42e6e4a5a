"""The calls and `_target_`s of lrdsl that take a spec: where they take it, and what beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from lrdsl.compiler.context import PARTS, TOTALS
from lrdsl.linter.source_file import Role

RUN = PARTS - {"spec", "base_lr", "definitions"}
"""The facts about the run that arguments of an entry point, and keys around a spec, can give."""

PREFIX = "lrdsl."


@dataclass(frozen=True)
class EntryPoint:
    """The arguments of a call of lrdsl. Those that are not listed here are variables of the spec.

    `parameters` are those that may be passed by position. `spec` names the one that is the spec,
    `role` says what it is for. `context` are the arguments that describe the run, `definitions`
    among them; `options` are all others that are no variables.
    """

    parameters: tuple[str, ...] = ("spec",)
    spec: str = "spec"
    role: Role = "spec"
    context: frozenset[str] = RUN | {"base_lr", "definitions"}
    options: frozenset[str] = frozenset()
    has_variables: bool = True
    drives_optimizer: bool = False
    """Whether it is a scheduler, which takes `base` from its optimizer."""
    takes_values: bool = False
    """Whether its argument `values` has specs too, by name, of numbers that no optimizer holds."""
    takes_several: bool = False
    """Whether a list is one of specs, each for itself, and no chain."""
    is_method: bool = False
    """Whether it is a method of what a call of `lrdsl.torch.Scheduler` or `attach` returns."""

    def takes(self, name: str) -> bool:
        """Whether an argument describes the run, or is a variable."""
        is_other = name == self.spec or name in self.options or name in self.parameters
        return name in self.context or (self.has_variables and not is_other)


_SCHEDULER = EntryPoint(
    parameters=("optimizer", "spec"),
    context=RUN | {"definitions"},
    options=frozenset({"clock", "start_step", "last_epoch", "on_change", "on_end"})
    | {"metric_reduction", "keep_metrics", "base_lr", "values"},
    drives_optimizer=True,
    takes_values=True,
)
_PIECE = EntryPoint(role="piece", context=frozenset(), has_variables=False)
_TEXT = replace(_PIECE, parameters=("text",), spec="text")
_PLOT = EntryPoint(options=frozenset({"stop", "log"}))
_FIGURE = replace(_PLOT, parameters=("specs",), spec="specs", takes_several=True)
_ANY = EntryPoint(options=_SCHEDULER.options - {"base_lr"} | {"optimizer"})
"""Any other object of lrdsl: what one of these takes, and is no variable there, is none here."""

ENTRY_POINTS: Mapping[str, EntryPoint] = {
    "lrdsl.compile": EntryPoint(),
    "lrdsl.lint": EntryPoint(options=frozenset({"settings", "origin"})),
    "lrdsl.compile_program": EntryPoint(),
    "lrdsl.lint_program": EntryPoint(options=frozenset({"settings"})),
    "lrdsl.parse": _PIECE,
    "lrdsl.format": replace(_TEXT, options=frozenset({"width"})),
    "lrdsl.define": replace(_TEXT, role="definitions"),
    "lrdsl.hydra.quote": replace(_TEXT, role="spec", options=frozenset({"key", "shell"})),
    "lrdsl.plot.figure": replace(_FIGURE, options=_PLOT.options | {"title"}),
    "lrdsl.plot.save": replace(
        _FIGURE, parameters=("specs", "path"), options=_PLOT.options | {"title"}
    ),
    "lrdsl.plot.terminal": replace(_PLOT, options=_PLOT.options | {"width", "height", "ascii"}),
    "lrdsl.plot.sample": EntryPoint(parameters=("spec", "stop"), options=frozenset({"most"})),
    "lrdsl.plot.horizon": EntryPoint(),
    "lrdsl.tree.to_tree": replace(_PIECE, options=frozenset({"language"})),
    "lrdsl.torch.Scheduler": _SCHEDULER,
    "lrdsl.torch.attach": _SCHEDULER,
    # Its clock begins when it is called: the run's length does not say how long it is to be.
    "lrdsl.torch.Scheduler.replan": EntryPoint(
        context=RUN - {"total_steps", *TOTALS} | {"definitions"},
        options=frozenset({"jump", "total_steps", *TOTALS, "base_lr", "values"}),
        is_method=True,
        takes_values=True,
    ),
}
"""The arguments of each function, by its public name."""

CONFIG_CLASSES: Mapping[str, str] = {
    "lrdsl.hydra.configs.ScheduleConf": "",
    "lrdsl.hydra.configs.CompileConf": "lrdsl.compile",
    "lrdsl.hydra.configs.SchedulerConf": "lrdsl.torch.Scheduler",
    "lrdsl.hydra.configs.AttachConf": "lrdsl.torch.attach",
}
"""The classes of structured configs, and the `_target_` that each has."""


class ConfigMaker(NamedTuple):
    """A function of another library that makes or stores a config: its parameters by position.

    `config` names the one that is the config. Where it is "", each argument may be one.
    """

    config: str
    parameters: tuple[str, ...] = ()


CONFIG_STORE = "hydra.core.config_store.ConfigStore.instance"
"""The function that returns Hydra's store, whose method `store` is listed by its class."""

CONFIG_MAKERS: Mapping[str, ConfigMaker] = {
    "omegaconf.OmegaConf.create": ConfigMaker("obj", ("obj",)),
    "omegaconf.OmegaConf.structured": ConfigMaker("obj", ("obj",)),
    "omegaconf.OmegaConf.merge": ConfigMaker(""),
    "omegaconf.DictConfig": ConfigMaker("content", ("content",)),
    "hydra.core.config_store.ConfigStore.store": ConfigMaker("node", ("name", "node", "group")),
}

CONFIG_WORDS = ("OmegaConf", "DictConfig", "ConfigStore")
"""One of these stands in each file that uses a function of `CONFIG_MAKERS`."""

MAKE_NAMES_KNOWN = frozenset({"lrdsl.shape", "lrdsl.load", "lrdsl.define"})
"""The functions that add names for all specs of a process, wherever they are called."""

SCHEDULERS = frozenset({"lrdsl.torch.Scheduler", "lrdsl.torch.attach"})
METHODS = {name.rpartition(".")[2]: name for name, entry in ENTRY_POINTS.items() if entry.is_method}


_BY_LAST_PART = {name.rpartition(".")[2]: name for name in (*ENTRY_POINTS, *MAKE_NAMES_KNOWN)}


def public_name(name: str) -> str:
    """The name that a function of lrdsl is documented under; any other name as it is.

    >>> public_name("lrdsl.torch.scheduler.attach"), public_name("re.compile")
    ('lrdsl.torch.attach', 're.compile')
    """
    last = name.rpartition(".")[2]
    return _BY_LAST_PART.get(last, name) if name.startswith(PREFIX) else name


def entry_point(target: str) -> EntryPoint | None:
    """The arguments of a `_target_`; None if it is no object of lrdsl.

    >>> entry_point("lrdsl.torch.attach").parameters, entry_point("torch.optim.SGD")
    (('optimizer', 'spec'), None)
    """
    return ENTRY_POINTS.get(public_name(target), _ANY) if target.startswith(PREFIX) else None
