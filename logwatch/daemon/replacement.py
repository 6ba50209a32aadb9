"""The alert which says that the store of the last run is not the one of this run."""

from __future__ import annotations

from pathlib import Path

from logwatch.rules.self_reports import SelfReport
from logwatch.stamps import rfc3339
from logwatch.store.replacing import Replaced


def replacement_report(path: Path, replaced: Replaced) -> SelfReport:
    """What happened to the store `path`, and what that means."""
    if replaced.aside is None:
        aside, happened = path, f"the store {path} was gone"
    else:
        aside = path.with_name(replaced.aside)
        happened = f"the store was damaged ({replaced.reason}) and is now at {aside}"
    return SelfReport(
        what="store-replaced",
        severity="critical",
        message=f"{happened}; {_meaning(replaced)}",
        path=str(aside),
        name=replaced.name,
    )


def _meaning(replaced: Replaced) -> str:
    if replaced.restored_from is None:
        return (
            "there was no sound backup: positions, open alerts and undelivered messages in it are"
            " not known to this run"
        )
    return (
        f"its backup of {rfc3339(replaced.restored_from)} took its place: what was logged since is"
        " read again, and what is told of it is marked reread"
    )
