from __future__ import annotations

from lrdsl.language.parameters import ContextDefault, Value, default_from
from lrdsl.language.shapes.base import shape
from lrdsl.language.shapes.constant import Constant


@shape
class Hold(Constant):
    """The value where the previous segment ends, for `steps` updates; `base` if none precedes.

    Example: `linear(0, 1, 100) >> hold(200)`
    """

    positional = ("steps",)

    value: Value = default_from(ContextDefault.PREV)
