from __future__ import annotations

from lrdsl.language.parameters import PREV, Value
from lrdsl.language.shapes.base import shape
from lrdsl.language.shapes.constant import Constant


@shape
class Hold(Constant):
    """The value where the previous segment ends, for `steps` updates; `base` if none precedes.

    Example: `linear(0, 1, 100) >> hold(200)`
    """

    is_stepped = True
    positional = ("steps",)

    value: Value = PREV
