"""lrdsl and Hydra: specs as overrides, and the linter before the jobs of a run or a sweep.

A spec on Hydra's command line stands in double quotes, and the whole override in the shell's single
quotes: `python train.py 'lr="warmup(100) >> cosine(1, 0, 800)"'`. `override` writes it for sweeps
and for Hydra's compose API. `LintCallback` stops a run whose specs are wrong; `lint_hydra` lints a
config with every option of its group `schedule`.
"""

from __future__ import annotations

from lrdsl.hydra.callback import LintCallback
from lrdsl.hydra.compositions import Composed, lint_hydra
from lrdsl.hydra.overrides import override
from lrdsl.hydra.resolvers import register
from lrdsl.hydra.slugs import slug

__all__ = ["Composed", "LintCallback", "lint_hydra", "override", "slug"]

register()
