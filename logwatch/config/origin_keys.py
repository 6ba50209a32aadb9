"""The keys of sources that are no files: one struct for each kind of them."""

from __future__ import annotations

from typing import ClassVar, Literal

from msgspec import field

from logwatch.config.key_forms import Keys, OneOrMany, Pieces
from logwatch.receivers.journal import Priority

ORIGINS = ("journald",)
"""Keys of a source of which it has one in the place of `path`."""

_ALL = ("all", "true", "yes", "on")


class JournaldKeys(Keys, frozen=True):
    """`journald: all`, `journald: sshd.service`, or a map of what is wanted."""

    examples: ClassVar = {
        "units": "[sshd.service, 'nginx*']",
        "identifiers": "sudo",
        "priority": "warning",
        "match": "{_UID: '0'}",
        "boot": "current",
        "directory": "/var/log/journal/remote",
    }

    units: OneOrMany = ()
    identifiers: OneOrMany = ()
    priority: Priority | None = None
    match: dict[str, OneOrMany] = field(default_factory=dict)
    boot: Literal["all", "current"] = "all"
    directory: str | None = None

    @classmethod
    def from_text(cls, text: str) -> Pieces:
        """`sshd.service`, or `all`."""
        return {} if text in _ALL else {"units": (0, text)}
