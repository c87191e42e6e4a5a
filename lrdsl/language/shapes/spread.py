from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from lrdsl.language.parameters import REST, Kind, ParameterError, Steps
from lrdsl.language.pointwise.functions import Operand, PointwiseFunctions
from lrdsl.language.shapes.base import Shape, shape


@shape
class Spread(Shape):
    """The values of a list one after the other, each for an equal share of `steps` updates.

    The k-th value begins at update k·⌈steps/n⌉ for a list of n: the last one may be shorter.

    Example: `spread(900, [0.1, 0.01, 0.001])`

    Corresponds to fvcore's MultiStepParamScheduler without milestones.
    """

    is_stepped = True
    steps: Annotated[Steps, Field(ge=0)] = REST
    levels: Annotated[tuple[float, ...], Kind.LIST, Field(min_length=1)]

    def model_post_init(self, context: Any) -> None:
        unused = len(self.levels) + (-self.steps // self.share)
        if self.steps > 0 and unused > 0:
            message = f"{len(self.levels)} values for {self.steps} updates, {self.share} for each"
            fix = "give fewer values, or more updates"
            raise ParameterError("levels", f"{message}: no update is left for the last", fix)

    def values(self, t: Operand, xp: PointwiseFunctions) -> Operand:
        last = len(self.levels) - 1
        return xp.take(self.levels, xp.minimum(xp.floor(t / self.share), last))

    @property
    def share(self) -> int:
        """The updates that each value lasts, at least 1."""
        return max(1, -(-self.steps // len(self.levels)))

    @property
    def extrema_steps(self) -> tuple[int, ...] | None:
        return tuple([k * self.share for k in range(1, len(self.levels))])
