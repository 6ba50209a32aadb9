"""Whether there is a configuration, at less cost than loading what reads it."""

from __future__ import annotations

import os


def config_is_near(named: str | None) -> bool:
    """Whether one is named or lies where one is looked for."""
    if named is not None or os.environ.get("LOGWATCH_CONFIG"):
        return True
    home = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")  # noqa: PTH111 - a string
    places = ("logwatch.yaml", f"{home}/logwatch/logwatch.yaml", "/etc/logwatchd/logwatch.yaml")
    return any(map(os.path.lexists, places))
