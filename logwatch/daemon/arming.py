"""One watch of the kernel for a directory, or the reason why there is none, said once."""

from __future__ import annotations

import itertools
import os

from watchdog.observers.inotify_c import CallbackId

from logwatch import telemetry
from logwatch.daemon.event_reader import MASK, DirectoryWatch, Reader, explain
from logwatch.daemon.lookup import filesystem_without_events


class Arming:
    """For one thread at a time."""

    def __init__(self) -> None:
        self.reason = "not started"
        """Why there is no reader of events, where that is so."""
        self.remedy = ""
        self._numbers = itertools.count(1)
        self._without_events: dict[int, str | None] = {}
        self._warned: set[str] = set()

    def arm(self, directory: DirectoryWatch, reader: Reader | None) -> None:
        """Watch it from now on; else it says itself why that cannot be."""
        kind = self._kind_without_events(directory.identity[0])
        if reader is None:
            directory.reason, directory.remedy = self.reason, self.remedy
        elif kind is not None:
            directory.reason, directory.remedy = f"{kind} does not tell of every write", ""
        else:
            self._add_watch(reader, directory)

    def disarm(self, directory: DirectoryWatch, reader: Reader | None) -> None:
        """Watch it no more."""
        wd, directory.wd = directory.wd, None
        if wd is not None and reader is not None:
            reader.remove_callbacks([(wd, directory.number)])

    def warn(self, directory: DirectoryWatch) -> bool:
        """Say that it is not watched; whether that is news.

        Once a directory; once in all where it is one limit that stops many.
        """
        subject = directory.remedy if directory.remedy.startswith("sysctl") else directory.path
        if subject in self._warned:
            return False
        self._warned |= {subject, directory.path}
        telemetry.warning(
            "waker.directory_polled",
            directory=directory.path,
            reason=directory.reason,
            remedy=directory.remedy,
        )
        return True

    def forget_kinds(self) -> None:
        """File systems may have been mounted since."""
        self._without_events.clear()

    def _add_watch(self, reader: Reader, directory: DirectoryWatch) -> None:
        directory.number = CallbackId(next(self._numbers))
        try:
            wd = reader.add_callback(os.fsencode(directory.path), MASK, directory, directory.number)
        except OSError as error:
            directory.reason, directory.remedy = explain(error)
            return
        if wd == -1:  # watchdog swallows EACCES and files all such callbacks under one watch
            reader.remove_callbacks([(wd, directory.number)])
            directory.reason = "permission denied"
            directory.remedy = f"give the service's user read access to {directory.path}"
            return
        directory.wd = wd
        if directory.reason and directory.path in self._warned:
            telemetry.info("waker.directory_watched", directory=directory.path)
        self._warned -= {directory.path, directory.remedy}
        directory.reason = directory.remedy = ""

    def _kind_without_events(self, device: int) -> str | None:
        if device not in self._without_events:
            self._without_events[device] = filesystem_without_events(device)
        return self._without_events[device]
