"""Golden files: what is made, beside what it was when somebody last looked at it.

To write them anew, and then look at the difference: `LOGWATCH_WRITE_GOLDEN=1 pytest PATH`.
"""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "sinks/golden"


def check(name: str, made: str) -> None:
    """Fail unless `made` is what the file `name` holds."""
    path = FOLDER / name
    if os.environ.get("LOGWATCH_WRITE_GOLDEN"):
        path.write_text(made, encoding="utf-8")
    assert made == path.read_text(encoding="utf-8"), f"see {path} and the module {__name__}"
