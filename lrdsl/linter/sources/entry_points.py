"""The calls and `_target_`s of lrdsl that take a spec: where they take it, and what beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from lrdsl.linter.source_file import Role

RUN = frozenset({"total_steps", "steps_per_epoch", "samples_per_step", "tokens_per_step"})
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
    | {"metric_reduction", "keep_metrics", "base_lr"},
    drives_optimizer=True,
)
_PIECE = EntryPoint(role="piece", context=frozenset(), has_variables=False)
_TEXT = replace(_PIECE, parameters=("text",), spec="text")
_ANY = EntryPoint(options=_SCHEDULER.options - {"base_lr"} | {"optimizer"})
"""Any other object of lrdsl: what one of these takes, and is no variable there, is none here."""

ENTRY_POINTS: Mapping[str, EntryPoint] = {
    "lrdsl.compile": EntryPoint(),
    "lrdsl.lint": EntryPoint(options=frozenset({"settings", "origin"})),
    "lrdsl.parse": _PIECE,
    "lrdsl.format": replace(_TEXT, options=frozenset({"width"})),
    "lrdsl.define": replace(_TEXT, role="definitions"),
    "lrdsl.hydra.quote": replace(_TEXT, role="spec", options=frozenset({"key", "shell"})),
    "lrdsl.torch.Scheduler": _SCHEDULER,
    "lrdsl.torch.attach": _SCHEDULER,
    # Its clock begins when it is called: the run's length does not say how long it is to be.
    "lrdsl.torch.Scheduler.replan": EntryPoint(
        context=RUN - {"total_steps"} | {"definitions"},
        options=frozenset({"jump", "total_steps", "base_lr"}),
        is_method=True,
    ),
}
"""The arguments of each function, by its public name."""

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
