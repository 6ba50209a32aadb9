"""Memory that is free in this process goes back to the machine.

The C library keeps what lies between pieces that are in use, for ever: after the start, after a
burst, after a copy of the store. Once a minute whole pages of it are given back, which takes half a
millisecond. Source: malloc_trim(3), of glibc; where there is none, nothing is done.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable

from logwatch.clock import Moment

GIVE_BACK_SECONDS = 60.0


def giving_back() -> Callable[[Moment], None]:
    """A job for the scheduler."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)

    def give_back(_now: Moment) -> None:
        if trim is not None:
            trim(ctypes.c_size_t(0))

    return give_back
