"""lrdsl and Hydra: specs as overrides, and the linter before the jobs of a run or a sweep.

With `lrdsl.hydra.main` in the place of `hydra.main`, the shell's own quotes are enough for a spec:
`python train.py lr='warmup(100) >> cosine(1, 0, 800)'`. `quote` writes what plain Hydra takes, for
its compose API, for sweeps and for a shell. `LintCallback` stops a run whose specs are wrong;
`lint_hydra` lints a config with every option of its group `schedule`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import hydra_plugins.lrdsl_resolvers  # noqa: F401  # a replay loads no plugins
from lrdsl.util.forks import late_names

if TYPE_CHECKING:
    from lrdsl.hydra.callback import LintCallback
    from lrdsl.hydra.compose_all import Composed, lint_hydra
    from lrdsl.hydra.main_decorator import main
    from lrdsl.hydra.quoting import quote
    from lrdsl.hydra.slugs import slug

_HOME = {
    "Composed": "lrdsl.hydra.compose_all",
    "LintCallback": "lrdsl.hydra.callback",
    "lint_hydra": "lrdsl.hydra.compose_all",
    "main": "lrdsl.hydra.main_decorator",
    "quote": "lrdsl.hydra.quoting",
    "slug": "lrdsl.hydra.slugs",
}

__all__ = ["Composed", "LintCallback", "lint_hydra", "main", "quote", "slug"]

__getattr__ = late_names(__name__, _HOME)


def __dir__() -> list[str]:
    return sorted(__all__)
