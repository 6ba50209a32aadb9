"""Stage 1 beside the tailer: sources that are no files -> blocks of records.

One file for each kind of source; what they have in common is in base.py. Cutting bytes into
records, and the positions, are plain objects without input or output (lines.py, export_format.py,
syslog_framing.py, course.py); the rest reads descriptors that never block. Threads are in daemon/.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from logwatch.receivers.base import Receiver
    from logwatch.records import Checkpoint
    from logwatch.tailer.settings import SourceSettings

Make: TypeAlias = "Callable[[SourceSettings, Sequence[Checkpoint]], Receiver]"


def make_receiver(source: SourceSettings, known: Sequence[Checkpoint]) -> Receiver:
    """The receiver of a source that is no file; `known` are its positions in the store.

    Raises KeyError for an origin of no kind.
    """
    assert source.origin is not None
    return _KINDS[source.origin.kind](source, known)


def _journald(source: SourceSettings, known: Sequence[Checkpoint]) -> Receiver:
    from logwatch.receivers.journald import JournaldReceiver  # noqa: PLC0415 - few have one

    return JournaldReceiver(source, known)


def _syslog(source: SourceSettings, known: Sequence[Checkpoint]) -> Receiver:
    from logwatch.receivers.syslog import SyslogReceiver  # noqa: PLC0415 - few have one

    return SyslogReceiver(source, known)


def _stdin(source: SourceSettings, known: Sequence[Checkpoint]) -> Receiver:
    from logwatch.receivers.streams import StdinReceiver  # noqa: PLC0415 - as above

    return StdinReceiver(source, known)


def _pipe(source: SourceSettings, known: Sequence[Checkpoint]) -> Receiver:
    from logwatch.receivers.pipe import PipeReceiver  # noqa: PLC0415 - as above

    return PipeReceiver(source, known)


def _exec(source: SourceSettings, known: Sequence[Checkpoint]) -> Receiver:
    from logwatch.receivers.program import ExecReceiver  # noqa: PLC0415 - as above

    return ExecReceiver(source, known)


_KINDS: dict[str, Make] = {
    "journald": _journald,
    "syslog": _syslog,
    "stdin": _stdin,
    "pipe": _pipe,
    "exec": _exec,
}
"""How the source of each kind is read."""
