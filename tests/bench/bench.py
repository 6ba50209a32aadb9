"""What logwatch costs, measured here: `make bench`, or run this file with --help.

Prints Markdown tables, and appends one JSON object a line to --out for every figure in them.
"""

from __future__ import annotations

import sys
from pathlib import Path

# In place of this folder, whose bench.py would hide the package `bench` that it belongs to.
sys.path[0] = str(Path(__file__).resolve().parents[1])

from bench.command import main  # noqa: E402 - the path comes first

if __name__ == "__main__":
    sys.exit(main())
