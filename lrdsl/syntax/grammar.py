"""The words of the grammar and the limits of its texts and trees."""

from __future__ import annotations

import re

KEYWORDS = frozenset({"none", "true", "false", "inf"})
PYTHON_KEYWORDS = {"None": "none", "True": "true", "False": "false"}
"""Python's spellings of keywords; users paste calls from Python."""

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
"""A name without dots, which a variable or a parameter may have."""

MULTIPLIERS = {"": 0, "k": 3, "M": 6, "B": 9, "T": 12}
"""The powers of ten that a number's letter stands for."""
UNITS = {
    "ba": "optimizer updates",
    "ep": "epochs",
    "%": "percent of the run",
    "dur": "share of the run",
    "sp": "samples",
    "tok": "tokens",
}

CLOSING_BRACKETS = {"(": ")", "[": "]", "{": "}"}

MAX_CHARACTERS = 64 * 1024
MAX_CACHED_CHARACTERS = 4096
"""Parsed and compiled specs of longer texts are not cached: they take too much memory."""
MAX_DEPTH = 200
"""Levels of brackets, operators and calls."""
MAX_NODE_DEPTH = 2 * MAX_DEPTH + 1
"""Levels of nodes: a call and its argument are two nodes, but one level of the text."""
MAX_PENDING_TOKENS = 10 * MAX_DEPTH
"""Tokens and nodes on the parser's stack during error recovery; each level has a few."""
MAX_SYNTAX_ERRORS = 20
"""Syntax errors after which recovery stops."""
MAX_INDENT_LEVELS = 40
"""Levels of indentation in formatted text; deeper nodes stay on one line."""
MAX_BLANK_LINES = 2
"""Consecutive blank lines that the formatter keeps between definitions."""
MAX_QUOTED_CHARACTERS = 40
"""Characters of a spec that a message quotes."""
