"""What the service's own unit says of its surroundings."""

from __future__ import annotations

from pathlib import Path

UNIT = Path(__file__).parents[2] / "systemd" / "logwatchd.service"


def environment() -> dict[str, str]:
    """The variables with which the service runs."""
    lines = UNIT.read_text(encoding="utf-8").splitlines()
    set_ = [line.removeprefix("Environment=") for line in lines if line.startswith("Environment=")]
    return dict(each.split("=", 1) for each in set_)
