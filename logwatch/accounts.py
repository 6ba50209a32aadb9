"""Names of users and groups, as `ls` shows them."""

from __future__ import annotations

import grp
import pwd


def user_name(number: int) -> str:
    """What the user is called; the number where it has no name."""
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def group_name(number: int) -> str:
    """What the group is called; the number where it has no name."""
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)
