"""What a source says about the files it follows."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from logwatch.tailer.multiline import Framer, MultilineSettings, framer_of
from logwatch.tailer.text_encoding import matched_as


class SourceSettings(Struct, frozen=True, kw_only=True):
    """One entry of `sources:`."""

    name: str
    defined_at: str = ""
    """`file:line` of the entry."""
    paths: tuple[str, ...]
    """Absolute paths and globs (`*`, `?`, `[...]`, `**`)."""
    exclude: tuple[str, ...] = ()
    """Globs; one without a slash is compared with the file's name, else with the whole path."""
    format: str = "plain"
    """A name in `logwatch.parsers.FORMATS`."""
    time: str | None = None
    """Field with the event time (json, logfmt)."""
    tz: str | None = None
    """IANA name of the zone of stamps that name none; None: the machine's."""
    encoding: str = "utf-8"
    """Of files that do not begin with a byte order mark."""
    start: Literal["end", "beginning"] = "end"
    """Where to begin in a file that was there before logwatch first saw it."""
    max_line: int = 262_144
    """Longest line in bytes; what is over is cut and marked."""
    multiline: MultilineSettings | None = None
    """How lines are put together to records; None: each line is one."""
    tags: tuple[str, ...] = ()
    late: float = 120.0
    """Seconds that a line may be behind the newest by its own stamp, and still find its window."""
    quiet_after: float | None = None
    """Seconds without any line after which the source is told of; None: never."""
    max_skew: float = 86_400.0
    """Seconds that a stamp may be ahead of the clock, or behind a live file, and still be taken."""

    @property
    def framer(self) -> Framer | None:
        """What puts its lines together; None: each line is a record."""
        if self.multiline is None:
            return None
        return framer_of(self.multiline, self.matched_as, self.max_line)

    @property
    def matched_as(self) -> str:
        """The encoding in which its lines are handed out and matched: no UTF-16."""
        return matched_as(self.encoding)
