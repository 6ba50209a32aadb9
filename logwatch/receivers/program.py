"""`exec`: what a program writes to its stdout, line by line.

No shell is involved. Its stderr goes to our log. When it ends it is started again after 1 s, then
2 s, up to a minute; one that ran for a minute was well and is started again after 1 s. At the end
it is asked to end (SIGTERM), and with all of its process group it is killed a moment later. In a
single run it is run once, to its end.
"""

from __future__ import annotations

import select
from collections.abc import Mapping, Sequence

from logwatch import telemetry
from logwatch.clock import Moment
from logwatch.receivers.back_off import BackOff
from logwatch.receivers.child import Child, StartError
from logwatch.receivers.stream_settings import ExecSettings
from logwatch.receivers.streams import StreamReceiver
from logwatch.records import Checkpoint
from logwatch.tailer.settings import SourceSettings

ENDING_SECONDS = 0.15
"""How long it may take to end when it is asked to."""
STILL_SECONDS = 1.0
"""How long one that closed its stdout may go on."""
_POLL_SECONDS = 0.05


class ExecReceiver(StreamReceiver):
    """See the module."""

    def __init__(self, source: SourceSettings, known: Sequence[Checkpoint]) -> None:
        super().__init__(source, known)
        assert isinstance(source.origin, ExecSettings)
        self._command = source.origin.command
        self._child: Child | None = None
        self._closed_at: float | None = None
        """Steady time since which its stdout is closed, though it goes on."""
        self._runs = 0
        self._is_over = False
        self._back_off = BackOff()
        self._say("following")

    @property
    def ended(self) -> bool:
        """See `Receiver.ended`."""
        return self.once and self._is_over and not self._lines.waiting

    def descriptors(self) -> Mapping[int, int]:
        """See `Receiver.descriptors`."""
        if self._child is None:
            return {}
        return dict.fromkeys(self._child.descriptors, select.POLLIN)

    def next_look(self, now: Moment) -> float | None:
        """See `Receiver.next_look`."""
        times = [super().next_look(now)]
        if self._child is None and not self._is_over:
            times.append(self._back_off.again_at)
        if self._closed_at is not None:
            times.append(now.steady + _POLL_SECONDS)
        known = [each for each in times if each is not None]
        return min(known) if known else None

    def close(self) -> None:
        """See `Receiver.close`."""
        if self._child is not None:
            self._child.ask_to_end()
            self._child.await_end(ENDING_SECONDS)
            self._child.end()
            self._child = None

    def _more(self, now: Moment) -> bytes:
        if self._child is None and not self._start(now):
            return b""
        assert self._child is not None
        chunk = self._child.read()
        for line in self._child.said():
            telemetry.info("receivers.program_said", source=self.path, line=line)
        return chunk

    def _is_at_end(self, now: Moment) -> bool:
        """Whether it has ended; then the next one is due after a while."""
        child = self._child
        if child is None or not child.output_ended:
            return False
        if not child.is_over():
            self._closed_at = now.steady if self._closed_at is None else self._closed_at
            if now.steady - self._closed_at < STILL_SECONDS:
                return False
        how = child.how_it_ended()
        self._child, self._closed_at = None, None
        child.end()
        self._after(how, now, well=child.status == 0)
        return True

    def _start(self, now: Moment) -> bool:
        if self._is_over or now.steady < self._back_off.again_at:
            return False
        try:
            self._child = Child(self._command)
        except StartError as problem:
            self._after(str(problem), now, well=False)
            return False
        self._runs += 1
        self._back_off.began(now.steady)
        self._say("following", f"run {self._runs:,}" if self._runs > 1 else "")
        return True

    def _after(self, how: str, now: Moment, *, well: bool) -> None:
        """It has ended, or could not be started."""
        if self.once:
            self._is_over = True
        else:
            self._back_off.failed(now.steady)
        level: telemetry.Level = "info" if well else "warning"
        telemetry.telemetry.emit(
            level,
            "receivers.program_ended",
            source=self.path,
            reason=how,
            again_in_seconds=None if self.once else round(self._back_off.again_at - now.steady),
        )
        self._say("waiting" if well else "error", how)
