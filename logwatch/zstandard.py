"""Zstandard (RFC 8878): a module of Python itself from 3.14 on, and the same one for those before.

To import it takes some milliseconds, so that whoever may do without imports this when it is needed.
"""

from __future__ import annotations

import sys

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

__all__ = ["zstd"]
