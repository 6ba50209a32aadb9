"""What the user of this command may read, and how many files at once."""

from __future__ import annotations

import os
import resource

from logwatch.accounts import group_name, user_name

JOURNAL_GROUPS = frozenset({"systemd-journal", "adm", "wheel"})
"""Those who are in one of them see entries of others. Source: journalctl(1)."""


def sees_journal() -> bool:
    """Whether this process sees what others told the journal."""
    return os.geteuid() == 0 or not JOURNAL_GROUPS.isdisjoint(map(group_name, os.getgroups()))


def allow_many_files() -> None:
    """Have as many files open as may be: outside of a service a process has but a thousand."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def own_name() -> str:
    """Who this is."""
    return user_name(os.geteuid())
