"""Student's t: the quantile that a confidence interval of a mean needs, and the probability of a test.

What belongs here: the distribution for whole degrees of freedom. What does not: means (counting.py). A statistics library would
bring this too, and a hundred megabytes that nothing else here needs.
"""

from __future__ import annotations

import math

#: Degrees of freedom above which the expansion around the normal quantile is exact to better than 1e-9.
_LARGE = 2000


def quantile(share: float, df: int) -> float:
    """The t below which lies this share (0.5 to 1, exclusive) of Student's distribution with `df` degrees of freedom.

    Exact up to rounding: the finite series of Abramowitz and Stegun 26.7.3 (odd df) and 26.7.4 (even df), inverted by halving
    the angle; above 2,000 degrees of freedom their expansion 26.7.5. Raises ValueError outside of these ranges.
    """
    if not 0.5 < share < 1 or df < 1:
        raise ValueError("the share lies between 0.5 and 1, and df is at least 1")
    if df > _LARGE:
        return _expansion(share, df)
    low, high = 0.0, math.pi / 2
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if _two_sided(middle, df) < 2 * share - 1 else (low, middle)
    return math.sqrt(df) * math.tan((low + high) / 2)


def beyond(t: float, df: int) -> float:
    """The probability of a value as far from 0 as `t` or farther, on either side; normal above 2,000 degrees of freedom."""
    from statistics import NormalDist

    if df < 1:
        raise ValueError("df is at least 1")
    if math.isinf(t):
        return 0.0
    if df > _LARGE:
        return 2 * NormalDist().cdf(-abs(t))
    return max(0.0, 1 - _two_sided(math.atan(abs(t) / math.sqrt(df)), df))


def _two_sided(angle: float, df: int) -> float:
    """The probability between -t and t, where t = sqrt(df) * tan(angle)."""
    sine, cosine = math.sin(angle), math.cos(angle)
    if df == 1:
        return 2 * angle / math.pi
    term, total = (cosine, cosine) if df % 2 else (1.0, 1.0)
    for k in range(2 if df % 2 == 0 else 3, df - 1, 2):
        term *= (k - 1) / k * cosine * cosine
        total += term
    return 2 / math.pi * (angle + sine * total) if df % 2 else sine * total


def _expansion(share: float, df: int) -> float:
    from statistics import NormalDist

    x = NormalDist().inv_cdf(share)
    first = (x**3 + x) / 4
    second = (5 * x**5 + 16 * x**3 + 3 * x) / 96
    third = (3 * x**7 + 19 * x**5 + 17 * x**3 - 15 * x) / 384
    return x + first / df + second / df**2 + third / df**3
