"""What the user of this command may read."""

from __future__ import annotations

import os

from logwatch.accounts import group_name, user_name

JOURNAL_GROUPS = frozenset({"systemd-journal", "adm", "wheel"})
"""Those who are in one of them see entries of others. Source: journalctl(1)."""


def sees_journal() -> bool:
    """Whether this process sees what others told the journal."""
    return os.geteuid() == 0 or not JOURNAL_GROUPS.isdisjoint(map(group_name, os.getgroups()))


def own_name() -> str:
    """Who this is."""
    return user_name(os.geteuid())
