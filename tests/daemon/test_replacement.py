"""What is said where the store of this run is not that of the last one."""

from __future__ import annotations

from pathlib import Path

from logwatch.daemon.replacement import replacement_report
from logwatch.store.replacing import Replaced


def test_who_begins_anew_beside_a_damaged_backup_is_not_told_that_there_was_none():
    replaced = Replaced("state.db.corrupt-20260105-0", "quick_check: a page")
    report = replacement_report(Path("/s/state.db"), replaced)
    assert "there was no sound backup" in report.message
    assert "is now at /s/state.db.corrupt-20260105-0" in report.message
