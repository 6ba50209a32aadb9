"""Whether to print in colour."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TextIO


def wants_color(choice: str, stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Whether to print in colour: the choice, then NO_COLOR, FORCE_COLOR, TERM, the terminal.

    Sources: no-color.org, force-color.org: set and not empty counts.
    """
    if choice != "auto":
        return choice == "always"
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return environment.get("TERM") != "dumb" and stream.isatty()
