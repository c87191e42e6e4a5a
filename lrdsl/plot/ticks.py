"""Ticks of an axis: where they stand, how they are labelled, what the axis covers."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from decimal import Decimal

_LARGEST = sys.float_info.max
_SMALLEST = math.ulp(0.0)


def ticks(low: float, high: float, most: int) -> list[Decimal]:
    """Round numbers from `low` to `high`, evenly spaced, at most `most` of them.

    >>> [str(tick) for tick in ticks(0, 900, 6)]
    ['0', '200', '400', '600', '800']
    """
    first, last = Decimal(repr(float(low))), Decimal(repr(float(high)))  # 0.1 is a tenth
    exponent = (last - first).adjusted() - 2
    while True:
        for digit in (1, 2, 5):
            step = Decimal(digit).scaleb(exponent)
            lowest, highest = math.ceil(first / step), math.floor(last / step)
            if highest - lowest < most:
                return [(i * step).normalize() + 0 for i in range(lowest, highest + 1)]
        exponent += 1


def labels(values: Sequence[Decimal]) -> list[str]:
    """Short names for the ticks of one axis, all in the same notation.

    >>> labels([Decimal("0"), Decimal("0.5"), Decimal("1.0")])
    ['0', '0.5', '1']
    >>> labels([Decimal("0"), Decimal("0.0005"), Decimal("0.0010")])
    ['0', '5e-4', '1e-3']
    >>> labels([Decimal(0), Decimal(20_000)])
    ['0', '20k']
    """
    largest = max((abs(value) for value in values), default=Decimal(0))
    size = largest.adjusted()
    if largest and not -2 <= size < 12:
        return [f"{x.normalize():e}".replace("+", "") if x else "0" for x in values]
    sizes = ((9, 9, "B"), (6, 6, "M"), (4, 3, "k"))
    power, letter = next(((p, name) for least, p, name in sizes if size >= least), (0, ""))
    return [f"{value.scaleb(-power).normalize():f}{letter}" if value else "0" for value in values]


def axis_limits(low: float, high: float) -> tuple[float, float]:
    """The range of a vertical axis: the values, from 0 where that is near, never empty."""
    if high - low <= 1e-12 * max(abs(low), abs(high)):
        far = max(-_LARGEST, min(2 * low, _LARGEST))
        return (min(0.0, far), max(0.0, far)) if low else (-1.0, 1.0)
    if 0 < low < 0.2 * high:
        return 0.0, high
    if 0 > high > 0.2 * low:
        return low, 0.0
    return low, high


def share(value: float, low: float, high: float) -> float:
    """How far a value lies from the low end of an axis, 0, to the high one, 1.

    >>> share(0.2, 0.0, 0.8), share(1e308, -1.5e308, 1.5e308)
    (0.25, 0.8333333333333334)
    """
    if math.isinf(high - low):  # halves keep the difference of the largest floats finite
        value, low, high = value / 2, low / 2, high / 2
    return (value - low) / (high - low)


def log_limits(low: float, high: float) -> tuple[float, float]:
    """The range of a logarithmic axis for values above 0, never empty."""
    if high > low * (1 + 1e-9):
        return low, high
    return max(low / 2, _SMALLEST), min(high * 2, _LARGEST)


def log_ticks(low: float, high: float, most: int) -> list[Decimal]:
    """Ticks of a logarithmic axis, at most `most`: powers of ten, or round numbers between them.

    >>> [str(tick) for tick in log_ticks(0.001, 1, 8)]
    ['0.001', '0.01', '0.1', '1']
    >>> [str(tick) for tick in log_ticks(0.03, 1, 8)]
    ['0.05', '0.1', '0.2', '0.5', '1']
    >>> [str(tick) for tick in log_ticks(0.3, 0.6, 4)]
    ['0.3', '0.4', '0.5', '0.6']
    """
    first, last = Decimal(repr(float(low))), Decimal(repr(float(high)))
    powers = range(first.adjusted(), last.adjusted() + 1)
    for digits in ((1, 2, 5), (1,)):
        found = [Decimal(x).scaleb(power) for power in powers for x in digits]
        found = [tick for tick in found if first <= tick <= last]
        if len(found) <= most:
            break
    else:
        found = found[:: -(-len(found) // most)]
    # Within a decade three of them would say little.
    return found if len(found) > 3 or high > 10 * low else ticks(low, high, most)


def log_labels(values: Sequence[Decimal]) -> list[str]:
    """Short names for the ticks of a logarithmic axis: each in the notation that suits it.

    >>> log_labels([Decimal("1e-5"), Decimal("0.001"), Decimal("1"), Decimal("2e6")])
    ['1e-5', '0.001', '1', '2e6']
    """
    return [
        f"{x.normalize():e}".replace("+", "") if not -4 < x.adjusted() < 5 else f"{x.normalize():f}"
        for x in values
    ]
