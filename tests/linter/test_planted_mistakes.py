"""Mistakes planted in good specs: each is caught by the rule that is meant for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import lrdsl
from lrdsl.linter import Settings
from lrdsl.linter.origin import SpecOrigin

PLANTED = 5 * settings().max_examples
"""So many good specs get each kind of mistake: 500 in continuous integration, by hand fewer."""


@dataclass(frozen=True)
class Recipe:
    """A training run as people plan it: a warmup, a main part, perhaps a decay, in epochs."""

    warmup: int
    main: int
    epoch: int
    peak: float
    end: str

    @property
    def total(self) -> int:
        return (self.warmup + self.main) * self.epoch

    @property
    def run(self) -> dict[str, Any]:
        return {"total_steps": self.total, "steps_per_epoch": self.epoch, "base_lr": 0.05}

    @property
    def spec(self) -> str:
        return f"warmup({self.warmup}ep) >> " + self.end.format(peak=self.peak, n=f"{self.main}ep")


recipes = st.builds(
    Recipe,
    warmup=st.integers(1, 10),
    main=st.integers(15, 180),
    epoch=st.integers(700, 3000),
    peak=st.sampled_from([1e-4, 3e-4, 1e-3, 0.1, 0.4]),
    end=st.sampled_from(
        [
            "cosine({peak}, {peak} / 100, {n})",
            "linear({peak}, 0, {n})",
            "polynomial({peak}, {peak} / 10, {n}, power=0.9)",
            "constant({peak}) >> cooldown(sqrt, 10%)",
            "constant({peak}, {n}) | interval[50%:*0.1, 75%:*0.1]",
            "({peak} * exp(-3 * t / {n}) | take({n}))",
        ]
    ),
)

Plant = Callable[[Recipe], str]
PLANTS: dict[str, Plant] = {
    "interval-beyond-end": lambda r: f"({r.spec}) | interval[{r.total + 1}:*0.5]",
    "interval-without-effect": lambda r: f"({r.spec}) | interval[30%:*1]",
    "no-effect": lambda r: f"({r.spec}) * 1",
    "idle-clip": lambda r: f"({r.spec}) | clip(_, {2 * r.peak})",
    "epochs-for-updates": lambda r: (
        r.spec.replace("ep)", ")").replace("ep,", ",")
        if "cooldown" not in r.end and "exp" not in r.end and "interval" not in r.end
        else f"step({r.peak}, 0.1, {r.main})"
    ),
    "mixed-units": lambda r: f"warmup({r.warmup}) >> cosine({r.peak}, 0, {r.main}ep)",
    "absolute-beside-base": lambda r: f"warmup({r.warmup}ep, 0, base) >> linear({r.peak}, 0)",
    "groups-without-base": lambda r: r.spec,
    "cyclic-half-cycle": lambda r: f"cyclic(0.1, 0.3, {r.warmup + 10}ep)",
    "cyclic-range": lambda r: f"cyclic({r.peak / 100}, {r.peak}, 4ep)",
    "plateau-during-warmup": lambda r: f"warmup({r.warmup}ep) >> constant({r.peak}) | plateau()",
    "plateau-under-eps": lambda r: f"constant({r.peak}) | plateau(min_lr={r.peak})",
    "metric-never-given": lambda r: f"warmup({r.warmup}ep) >> (constant({r.peak}) | plateau())",
    "noam-without-model-size": lambda r: f"noam(1, {r.warmup}ep)",
    "numeric-string": lambda r: f"{r.warmup}e-3",
    "preset-as-spec": lambda r: "warmup_cosine",
    "shadowed-name": lambda r: f"warmup(rex, {r.warmup}ep) >> linear({r.peak}, 0)",
    "unused-definition": lambda r: r.spec,
    "unquoted-override": lambda r: r.spec,
    "deprecated-name": lambda r: f"half(2) * ({r.spec})",
    "percents-not-100": lambda r: f"warmup({r.warmup}%) >> linear({r.peak}, 0, {90 - r.warmup}%)",
    "reversed-ramp": lambda r: f"warmup({r.warmup}ep, {2 * r.peak}) >> linear({r.peak}, 0)",
    "constant-ramp": lambda r: f"warmup({r.warmup}ep) >> linear({r.peak}, {r.peak})",
    "growing-decay": lambda r: f"step({r.peak}, 10, {r.warmup}ep)",
    "vanishing-rate": lambda r: f"exponential_decay({r.peak}, 0.95)",
}
BESIDE: dict[str, dict[str, Any]] = {
    "groups-without-base": {"origin": SpecOrigin(group_lrs=(0.05, 0.0005))},
    "metric-never-given": {"origin": SpecOrigin(gives_metrics=False)},
    "numeric-string": {"origin": SpecOrigin(yaml_text_number=True)},
    "preset-as-spec": {"origin": SpecOrigin(preset_names=("warmup_cosine",))},
    "shadowed-name": {"rex": 3.0},
    "unused-definition": {
        "definitions": "def half(a) = a / 2",
        "origin": SpecOrigin(definitions_used_elsewhere=()),
    },
    "unquoted-override": {"origin": SpecOrigin(is_override=True)},
    "deprecated-name": {"definitions": "# Deprecated: write `a / 2`.\ndef half(a) = a / 2"},
    "percents-not-100": {"total_steps": None},
}
"""What else the place tells, by rule."""


def names(spec: str, rules: Iterable[str], **context: Any) -> set[str]:
    chosen = Settings(select=tuple(rules), options={"numeric-string": {"pyyaml": True}})
    return {found.name for found in lrdsl.lint(spec, settings=chosen, **context)}


@settings(max_examples=PLANTED // 3, deadline=None)
@given(recipe=recipes)
def test_good_specs_are_good(recipe: Recipe) -> None:
    assert names(recipe.spec, PLANTS, **recipe.run) == set()


@settings(max_examples=PLANTED, deadline=None)
@given(recipe=recipes)
def test_what_is_planted_is_found(recipe: Recipe) -> None:
    for rule, plant in PLANTS.items():
        found = names(plant(recipe), [rule], **{**recipe.run, **BESIDE.get(rule, {})})
        assert found == {rule}, plant(recipe)
