"""Driving torch optimizers by specs.

scheduler = lrdsl.torch.Scheduler(optimizer, "warmup(100) >> cosine(1, 1e-3, 800)")
for batch in batches:
    loss(model, batch).backward()
    optimizer.step()
    scheduler.step()
    optimizer.zero_grad()
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrdsl.util.forks import late_names

try:
    import torch  # noqa: F401
except ModuleNotFoundError as error:
    if error.name != "torch":
        raise
    message = "lrdsl.torch drives PyTorch's optimizers and needs torch: pip install lrdsl[torch]"
    raise ImportError(message, name="torch") from error

if TYPE_CHECKING:
    from lrdsl.torch.attaching import attach, attached
    from lrdsl.torch.loggers import log_to_csv, log_to_tensorboard, log_to_text
    from lrdsl.torch.losses import ScheduledLoss
    from lrdsl.torch.lr_finder.range_test import range_test
    from lrdsl.torch.lr_finder.result import RangeTest
    from lrdsl.torch.options import Clock, MetricReduction, OnChange, OnEnd
    from lrdsl.torch.scheduler import Scheduler
    from lrdsl.torch.set_lr import update_learning_rate
    from lrdsl.torch.transformers_updates import trainer_updates

_HOME = {
    "Clock": "lrdsl.torch.options",
    "MetricReduction": "lrdsl.torch.options",
    "OnChange": "lrdsl.torch.options",
    "OnEnd": "lrdsl.torch.options",
    "RangeTest": "lrdsl.torch.lr_finder.result",
    "ScheduledLoss": "lrdsl.torch.losses",
    "Scheduler": "lrdsl.torch.scheduler",
    "attach": "lrdsl.torch.attaching",
    "attached": "lrdsl.torch.attaching",
    "log_to_csv": "lrdsl.torch.loggers",
    "log_to_tensorboard": "lrdsl.torch.loggers",
    "log_to_text": "lrdsl.torch.loggers",
    "range_test": "lrdsl.torch.lr_finder.range_test",
    "trainer_updates": "lrdsl.torch.transformers_updates",
    "update_learning_rate": "lrdsl.torch.set_lr",
}

__all__ = [
    "Clock",
    "MetricReduction",
    "OnChange",
    "OnEnd",
    "RangeTest",
    "ScheduledLoss",
    "Scheduler",
    "attach",
    "attached",
    "log_to_csv",
    "log_to_tensorboard",
    "log_to_text",
    "range_test",
    "trainer_updates",
    "update_learning_rate",
]

__getattr__ = late_names(__name__, _HOME)


def __dir__() -> list[str]:
    return sorted(__all__)
