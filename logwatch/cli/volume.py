"""How much a command says beside its data: `-q` and `-v`, the same for all of them.

Set once, by whoever reads the command line. What went wrong is not asked about here: it is said.
"""

from __future__ import annotations

import sys
from typing import Literal

Level = Literal["debug", "info", "warning", "error", "critical"]

_chosen: dict[str, bool] = {"quiet": False, "verbose": False}


def choose(*, quiet: bool, verbose: bool) -> None:
    """From now on."""
    _chosen.update(quiet=quiet, verbose=verbose)


def is_quiet() -> bool:
    """Whether progress and notes are left out."""
    return _chosen["quiet"]


def least_level(usual: Level = "warning") -> Level:
    """The least level of logwatch's own events that is logged."""
    if _chosen["verbose"]:
        return "debug"
    return "error" if _chosen["quiet"] else usual


def note(text: str) -> None:
    """Say on stderr what is good to know, unless nobody wants it."""
    if not is_quiet():
        print(text, file=sys.stderr)
