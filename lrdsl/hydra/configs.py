"""Structured configs: lrdsl's nodes as dataclasses, for apps that write their config in Python.

A node that takes a schedule is typed `Any`, as `lr` here: it may be a number, text, or a mapping.
`Union[float, str]` would refuse `lr=1`, and `ScheduleConf` would refuse `lr=0.1`.

    @dataclass
    class App:
        defaults: list[Any] = field(default_factory=lambda: ["_self_", {"schedule@lr": "wsd"}])
        steps: int = 900
        lr: Any = MISSING
        scheduler: SchedulerConf = field(
            default_factory=lambda: SchedulerConf(spec="${lr}", total_steps="${steps}")
        )

`_self_` comes first: what is chosen is then checked against the types. Each is in Hydra's
ConfigStore too, once this module is imported, as an option of the group `lrdsl`:
`defaults: [lrdsl@scheduler: scheduler]`. The variables of a spec are fields of a class of your own:
`class MyScheduler(SchedulerConf): peak: float = 0.1`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hydra.core.config_store import ConfigStore
from omegaconf import MISSING


@dataclass
class ScheduleConf:
    """An option of the group `schedule`: a spec, and definitions that it can call.

    >>> from omegaconf import OmegaConf
    >>> config = OmegaConf.structured(ScheduleConf(spec="warmup(100) >> cosine(1, 0, 800)"))
    >>> import lrdsl
    >>> lrdsl.compile(config).length
    900
    """

    spec: Any = MISSING
    definitions: Any = None


@dataclass
class _Run:
    """The arguments of `lrdsl.compile`, which all objects that take a spec share."""

    spec: Any = MISSING
    total_steps: Any = None
    steps_per_epoch: Any = None
    samples_per_step: Any = None
    tokens_per_step: Any = None
    tokens_per_sample: Any = None
    samples_per_epoch: Any = None
    total_samples: Any = None
    total_tokens: Any = None
    definitions: Any = None


@dataclass
class CompileConf(_Run):
    """A `Schedule`, as `lrdsl.compile` makes it.

    >>> from hydra.utils import instantiate
    >>> instantiate(CompileConf(spec="cosine(base, 0)", total_steps=100, base_lr=1))(50)
    0.5
    """

    _target_: str = "lrdsl.compile"
    base_lr: Any = None


@dataclass
class SchedulerConf(_Run):
    """A `lrdsl.torch.Scheduler`, but for its optimizer: `instantiate(config.scheduler)(optimizer)`.

    `spec` may be a program, `{"lr": …, "weight_decay": …}`; `values` are specs of numbers that no
    optimizer holds, `{"ema": …}`.
    """

    _target_: str = "lrdsl.torch.Scheduler"
    _partial_: bool = True
    values: Any = None


@dataclass
class AttachConf(_Run):
    """A Scheduler that counts the optimizer's own updates, but for its optimizer."""

    _target_: str = "lrdsl.torch.attach"
    _partial_: bool = True
    values: Any = None


@dataclass
class ScheduledLossConf:
    """A `lrdsl.torch.ScheduledLoss`: in each entry a `loss_fn`, and `steps` but in the last."""

    _target_: str = "lrdsl.torch.ScheduledLoss"
    schedule: list[Any] = field(default_factory=list)


CONFIGS = {
    "schedule": ScheduleConf,
    "compile": CompileConf,
    "scheduler": SchedulerConf,
    "attach": AttachConf,
    "scheduled_loss": ScheduledLossConf,
}

for _name, _config in CONFIGS.items():
    ConfigStore.instance().store(group="lrdsl", name=_name, node=_config, provider="lrdsl")
