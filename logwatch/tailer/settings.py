"""What a source says about the files it follows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, ClassVar, Final, Literal, TypeAlias

from msgspec import Struct

from logwatch.tailer.multiline import Framer, MultilineSettings, framer_of
from logwatch.tailer.text_encoding import matched_as

if TYPE_CHECKING:
    from logwatch.tailer.container_lines import ContainerFramer

Wrapping: TypeAlias = Literal["docker", "cri"]
WRAPPINGS: Final[tuple[Wrapping, ...]] = ("docker", "cri")
"""What wraps lines of programs in lines of its own; container_lines.py takes it off."""


class Origin(Struct, frozen=True, kw_only=True):
    """Where lines come from that are in no file; receivers/ has one kind of these for each."""

    kind: ClassVar[str]
    joins: ClassVar[bool] = False
    """Whether its records are entries: of several lines, whatever `multiline` says, and with fields
    beside their text."""

    def entry(
        self,
        text: str,
        fields: Mapping[str, str],
        at: float,
        format: str,  # noqa: A002 - the name in YAML
    ) -> tuple[float | None, Mapping[str, str]]:
        """Event time and fields of an entry that somebody wrote by hand, which comes at `at`.

        No time: the text's own stamp counts, where its `format` has one.
        """
        del text, at, format
        return None, fields

    def told_as(self, format: str) -> str:  # noqa: A002 - the name in YAML
        """What `parsers` calls the fields of its records, whose texts are of `format`."""
        return format


class HeldLimits(Struct, frozen=True, kw_only=True):
    """How much may be kept of deleted files that are not read to their end."""

    longest: float = 86_400.0
    """Seconds since it was deleted."""
    most: int = 10 << 30
    """Bytes of disk that all of them keep together."""


class SourceSettings(Struct, frozen=True, kw_only=True):
    """One entry of `sources:`."""

    name: str
    defined_at: str = ""
    """`file:line` of the entry."""
    origin: Origin | None = None
    """None: files; else there are no paths."""
    paths: tuple[str, ...]
    """Absolute paths and globs (`*`, `?`, `[...]`, `**`)."""
    exclude: tuple[str, ...] = ()
    """Globs; one without a slash is compared with the file's name, else with the whole path."""
    archives: tuple[str, ...] = ()
    """Folders in which rotated files lie, relative to that of each log; may have wildcards."""
    format: str = "plain"
    """A name in `logwatch.parsers.FORMATS`, or a pattern with named groups; perhaps wrapped."""
    time: str | None = None
    """Field with the event time (json, logfmt, patterns)."""
    time_format: tuple[str, ...] = ()
    """How stamps are written, by the directives of `strptime`; empty: as is usual."""
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
    def address(self) -> str:
        """What stands for the path where the source is no file: `journald:system`."""
        return self.name if self.origin is None else f"{self.origin.kind}:{self.name}"

    @property
    def told_as(self) -> str:
        """What `parsers` calls the fields of its records: the format, or that and more."""
        return self.format if self.origin is None else self.origin.told_as(self.format)

    @property
    def joins(self) -> bool:
        """Whether a record may have several lines."""
        return self.multiline is not None or (self.origin is not None and self.origin.joins)

    @property
    def wrapping(self) -> Wrapping | None:
        """What its lines are wrapped in; None: they are as the program wrote them."""
        outer = self.format.partition("+")[0]
        return next((each for each in WRAPPINGS if each == outer), None)

    @property
    def framer(self) -> Framer | None:
        """What puts the lines of its files together; None: each line is a record."""
        return self.unwrapping or self.text_framer

    @property
    def unwrapping(self) -> ContainerFramer | None:
        """What takes its lines out of what they are wrapped in; None: they are not."""
        if self.wrapping is None:
            return None
        from logwatch.tailer.container_lines import container_framer  # noqa: PLC0415 - in few sources

        return container_framer(self.wrapping, self.text_framer, self.max_line)

    @property
    def text_framer(self) -> Framer | None:
        """What puts the lines of the program together; None: each line is a record."""
        if self.multiline is None:
            return None
        return framer_of(self.multiline, self.matched_as, self.max_line)

    @property
    def matched_as(self) -> str:
        """The encoding in which its lines are handed out and matched: no UTF-16."""
        return matched_as(self.encoding)


def is_excluded(path: str, exclude: Iterable[str]) -> bool:
    """Whether any of the patterns `exclude` is for `path`; without a slash, it is for its name."""
    name = path.rpartition("/")[2]
    return any(fnmatchcase(path if "/" in each else name, each) for each in exclude)
