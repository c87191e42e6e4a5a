"""The base class for shapes of your own, and the kinds that its fields are annotated with.

A class derived from `Shape` declares its parameters as fields. Its formula, `values(self, t, xp)`,
maps local times `t`, all of them at once, to values, by arithmetic and by the functions of `xp`
such as `xp.floor` and `xp.where`; `PointwiseFunctions` lists them. Times go from 0 to the field
`steps`, if there is one; from there on the value is held. The decorator `lrdsl.shape` makes the
class known to specs under its name.

>>> from typing import Annotated
>>> import lrdsl
>>> from pydantic import Field
>>> from lrdsl.shapes import Shape, Value
>>> @lrdsl.shape(name="docs.halved_every")
... class HalvedEvery(Shape):
...     peak: Value
...     period: Annotated[Value, Field(gt=0)]
...
...     def values(self, t, xp):
...         return self.peak * 0.5 ** xp.floor(t / self.period)
>>> lrdsl.compile("docs.halved_every(1, 10)")([0, 9, 10, 25])
array([1.  , 1.  , 0.5 , 0.25])
"""

from lrdsl.language.parameters import (
    Count,
    Duration,
    Flag,
    Milestones,
    Steps,
    Updates,
    Value,
    Values,
)
from lrdsl.language.pointwise.functions import PointwiseFunctions
from lrdsl.language.shapes import Shape

__all__ = [
    "Count",
    "Duration",
    "Flag",
    "Milestones",
    "PointwiseFunctions",
    "Shape",
    "Steps",
    "Updates",
    "Value",
    "Values",
]
