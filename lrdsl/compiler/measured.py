"""Terms with their lengths, before they are placed in the run."""

from __future__ import annotations

from typing import NamedTuple

from lrdsl.compiler.environment import Environment
from lrdsl.compiler.ir import Term
from lrdsl.language.length import Length
from lrdsl.language.modifiers import Modifier
from lrdsl.language.signal import Exact
from lrdsl.syntax import ast


class Measured(NamedTuple):
    """A term with its length, in an environment.

    `length` is None for a term that fills the rest of the run. A plain number has no length at all
    and lets the others decide (`is_number`). `fixed` is the part of the length that is known of a
    chain that fills the rest. A term that never ends only for want of a total (`by_default`) would
    rather fill the rest when something follows. `cause` is the node that sets the length.

    A term that is not `is_sound` has a mistake, which has been reported, and no length.
    """

    term: Term
    environment: Environment
    cause: ast.Node
    is_sound: bool = True
    length: Length | None = None
    is_number: bool = False
    by_default: bool = False
    fixed: Exact = 0
    parts: tuple[Measured, ...] = ()
    """The terms inside; of a modifier the source, then the values of its entries."""
    starts: tuple[Exact | None, ...] = ()
    """Where the entries in brackets start."""
    modifier: Modifier | None = None
    """The modifier with its parameters; its entries have lengths, but no signals yet."""
