"""Full-jitter exponential back-off: how long to wait before one more try.

Source: Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015: a delay drawn
evenly from nothing to the exponential ceiling spreads retries best and finishes the work soonest.
"""

from __future__ import annotations

from collections.abc import Callable

BASE = 0.5
"""Ceiling of the first delay, in seconds."""

CAP = 60.0
"""No back-off is longer, in seconds."""

_MOST_DOUBLINGS = 64  # far past any cap; 2.0 ** 1024 would overflow


def delay(
    attempts: int, *, random: Callable[[], float], base: float = BASE, cap: float = CAP
) -> float:
    """Seconds to wait after `attempts` failed attempts (1 after the first), in [0, cap].

    `random` returns numbers in [0, 1). The ceiling is `base` after the first failure and doubles
    with each further one up to `cap`.
    """
    doublings = min(max(attempts - 1, 0), _MOST_DOUBLINGS)
    return random() * min(cap, base * 2.0**doublings)
