"""The kinds of mistakes, each with its stable code."""

from __future__ import annotations

from typing import Literal, NamedTuple

Severity = Literal["error", "warning", "hint"]


class Problem(NamedTuple):
    """A kind of mistake. Its code is stable; its name is for reading."""

    code: str
    name: str
    severity: Severity = "error"


# Text that is no spec.
EMPTY = Problem("LR101", "empty")
STRAY_CHARACTER = Problem("LR102", "stray-character")
UNEXPECTED = Problem("LR103", "unexpected")
UNCLOSED = Problem("LR104", "unclosed-bracket")
UNOPENED = Problem("LR105", "unopened-bracket")
INCOMPLETE = Problem("LR106", "incomplete")
BAD_NUMBER = Problem("LR107", "bad-number")
TOO_LONG = Problem("LR108", "too-long")
TOO_DEEP = Problem("LR109", "too-deep")
TOO_MANY_MISTAKES = Problem("LR110", "too-many-mistakes")

# Names and arguments.
UNKNOWN_NAME = Problem("LR201", "unknown-name")
BARE_NAME = Problem("LR202", "bare-name")
WRONG_PLACE = Problem("LR203", "wrong-place")
TOO_MANY_ARGUMENTS = Problem("LR204", "too-many-arguments")
MISSING_ARGUMENT = Problem("LR205", "missing-argument")
UNKNOWN_PARAMETER = Problem("LR206", "unknown-parameter")
REPEATED_ARGUMENT = Problem("LR207", "repeated-argument")
CONFLICTING_ARGUMENTS = Problem("LR208", "conflicting-arguments")
WRONG_KIND = Problem("LR209", "wrong-kind")
OUT_OF_RANGE = Problem("LR210", "out-of-range")
UNSORTED = Problem("LR211", "unsorted")

# What the context must supply.
UNBOUND = Problem("LR301", "unbound-variable")
NEEDS_CONTEXT = Problem("LR302", "needs-context")
BAD_CONTEXT = Problem("LR303", "bad-context")

# Lengths.
NO_LENGTH = Problem("LR401", "no-length")
TWO_OPEN = Problem("LR402", "two-open-segments")
NEVER_ENDS = Problem("LR403", "never-ends")
BAD_LENGTH = Problem("LR404", "bad-length")
NO_REST = Problem("LR405", "no-rest")
FRACTIONAL = Problem("LR406", "fractional-updates")

# Arithmetic.
DIVISION_BY_ZERO = Problem("LR501", "division-by-zero")
OVERFLOW = Problem("LR502", "overflow")
NOT_FINITE = Problem("LR503", "not-finite")
BAD_ARITHMETIC = Problem("LR504", "bad-arithmetic")

# Definitions. LR6xx are about the use from Python.
DUPLICATE_NAME = Problem("LR701", "duplicate-name")
RECURSION = Problem("LR702", "recursion")
UNUSED_PARAMETER = Problem("LR703", "unused-parameter")
NOT_DEFINED_YET = Problem("LR704", "not-defined-yet")
BAD_FILE = Problem("LR705", "bad-file")
BAD_CONDITION = Problem("LR706", "bad-condition")

# Use from Python.
BAD_STEP = Problem("LR601", "bad-step")
BAD_SPEC = Problem("LR602", "bad-spec")
BAD_STATE = Problem("LR603", "bad-state")
BAD_GROUP = Problem("LR604", "bad-parameter-group")
BAD_METRIC = Problem("LR605", "bad-metric")
BAD_SHAPE = Problem("LR606", "bad-shape")
BAD_SETTING = Problem("LR607", "bad-setting")
BAD_CONFIG = Problem("LR608", "bad-config")
BAD_LOG = Problem("LR609", "bad-log")

# A mistake of lrdsl itself.
INTERNAL = Problem("LR901", "internal")
