"""The packages of the extra `peers`, which only some tests need."""

from __future__ import annotations

import importlib
import os
from typing import Any

import pytest


def peer(name: str) -> Any:
    """The module of a peer; without it the test is skipped.

    Where all peers must be there, in continuous integration, `LRDSL_REQUIRE_PEERS=1` makes a
    missing one an error instead.
    """
    if os.environ.get("LRDSL_REQUIRE_PEERS") == "1":
        return importlib.import_module(name)
    return pytest.importorskip(name, reason=f"needs {name}: pip install -e '.[dev,peers]'")
