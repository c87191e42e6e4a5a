from __future__ import annotations

import itertools
import operator
from typing import Annotated, Any

from pydantic import Field

from lrdsl.language.parameters import PREV, Milestones, ParameterError, Value, Values
from lrdsl.language.pointwise.functions import Operand, PointwiseFunctions
from lrdsl.language.shapes.base import Shape, shape


@shape
class Multistep(Shape):
    """start·gamma^k, where k of the milestones `at` have been reached. It never ends.

    Each milestone multiplies the value by gamma, or by a factor of its own where gamma is a list:
    `multistep(0.1, [0.5, 0.1], at=[30, 80])`.

    Example: `multistep(0.1, 0.1, at=[30, 80])`

    Corresponds to torch's MultiStepLR and MXNet's MultiFactorScheduler.
    """

    is_stepped = True
    level_field = "start"
    factor_field = "gamma"

    start: Value = PREV
    gamma: Values
    at: Annotated[Milestones, Field(min_length=1)]

    def model_post_init(self, context: Any) -> None:
        if self.at[0] < 0:
            raise ParameterError("at", "a milestone cannot be before update 0")
        for earlier, later in zip(self.at, self.at[1:], strict=False):
            if later < earlier:
                message = f"the milestones must increase, but {later} follows {earlier}"
                raise ParameterError("at", message, "put them in order")
        factors = self.gamma if isinstance(self.gamma, tuple) else (self.gamma,)
        for factor in factors:
            if factor <= 0:
                raise ParameterError("gamma", f"`gamma` must be above 0, not {factor:g}")
        if isinstance(self.gamma, tuple) and len(factors) != len(self.at):
            message = (
                f"`gamma` must have as many factors as `at` has milestones, {len(self.at)},"
                f" not {len(factors)}"
            )
            raise ParameterError("gamma", message, "give one factor for each, or one for all")

    def values(self, t: Operand, xp: PointwiseFunctions) -> Operand:
        passed = xp.searchsorted(self.at, t)
        if isinstance(self.gamma, tuple):
            factors = tuple(itertools.accumulate((1.0, *self.gamma), operator.mul))
            return self.start * xp.take(factors, passed)
        return self.start * xp.powers(self.gamma, passed)

    @property
    def extrema_steps(self) -> tuple[int, ...] | None:
        # Factors below and above 1 may take turns.
        return self.at if isinstance(self.gamma, tuple) else ()
