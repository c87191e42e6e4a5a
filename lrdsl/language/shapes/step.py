from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction
from typing import Annotated, Any

from pydantic import Field

from lrdsl import diagnostics as diag
from lrdsl.language.parameters import PREV, Kind, ParameterError, Value
from lrdsl.language.pointwise.functions import Operand, PointwiseFunctions
from lrdsl.language.shapes.base import Shape, shape


@shape
class Step(Shape):
    """start·gamma^⌊t/every⌋: multiplied by gamma after each `every` updates. It never ends.

    A multiple of `every` that falls between two updates is rounded half up. `half_life`
    instead of gamma and every makes it fall at every update, as start·2^(-t/half_life), so that it
    is halved in that time: `step(0.1, half_life=500)`.

    Example: `step(0.1, 0.5, 30)`

    Corresponds to torch's StepLR and, with `half_life`, to SpeechBrain's StepScheduler.
    """

    is_stepped = True
    positional = ("start", "gamma", "every")
    keywords = ("half_life",)
    start_field = "start"
    level_field = "start"
    factor_field = "gamma"

    start: Value = PREV
    gamma: Annotated[float | None, Kind.VALUE, Field(gt=0)] = None
    every: Annotated[Fraction | None, Kind.DURATION, Field(ge=1)] = None
    half_life: Annotated[Fraction | None, Kind.DURATION, Field(gt=0)] = None
    phase: Fraction = Fraction(0)

    @classmethod
    def stair(cls, given: Collection[str]) -> str | None:
        return "every" if "every" in given else None

    def model_post_init(self, context: Any) -> None:
        given = [name for name in ("gamma", "every") if getattr(self, name) is not None]
        if self.half_life is not None and given:
            message = f"`half_life` and `{given[0]}` both say how fast it falls"
            fix = "give `half_life`, or `gamma` and `every`"
            raise ParameterError("half_life", message, fix, diag.CONFLICTING_ARGUMENTS)
        if self.half_life is None and len(given) < 2:
            missing = "every" if given == ["gamma"] else "gamma"
            message = f"`step` needs `{missing}`"
            fix = "give `gamma` and `every`, or `half_life`"
            raise ParameterError(missing, message, fix, diag.MISSING_ARGUMENT)

    def values(self, t: Operand, xp: PointwiseFunctions) -> Operand:
        if self.half_life is not None:
            return self.start * xp.powers(0.5, t, self.half_life)
        assert self.gamma is not None and self.every is not None
        passed = xp.last_multiple(t, self.every, self.phase)
        return self.start * xp.powers(self.gamma, passed)
