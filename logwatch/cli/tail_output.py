"""Bytes to standard output, at once and as they are; a banner where another file speaks.

There is no buffer: what was written has left the process. Where the reader has gone, the process
ends as SIGPIPE would end it.
"""

from __future__ import annotations

import os
import select
import stat
import sys
from typing import Protocol

from logwatch.cli.tail_request import refuse, shown


class Sheet(Protocol):
    """Where what was read is put."""

    def name(self, name: str) -> None:
        """A file is there: what follows is the beginning of it, though it may be empty."""
        ...

    def write(self, name: str, data: bytes) -> None:
        """Put down what was read of the file called `name`."""
        ...


class Output:
    """Standard output as a descriptor."""

    fd = 1  # whatever stands in the place of sys.stdout: bytes go to the descriptor

    def __init__(self) -> None:
        """Exits with 1 where there is no standard output."""
        if sys.stdout is None:
            refuse("standard output: Bad file descriptor")
        sys.stdout.flush()

    def write(self, data: bytes) -> None:
        """Write all of it. Raises BrokenPipeError; exits with 1 where it cannot be written."""
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[os.write(self.fd, rest) :]
            except BlockingIOError:
                self._await_room()
            except BrokenPipeError:
                raise
            except OSError as error:
                refuse(f"write error: {error.strerror}")

    def _await_room(self) -> None:
        """Somebody has made the descriptor non-blocking, perhaps for an end of it of their own."""
        waiting = select.poll()
        waiting.register(self.fd, select.POLLOUT)
        waiting.poll()

    @property
    def is_pipe(self) -> bool:
        """Whether its reader may go."""
        return stat.S_ISFIFO(os.fstat(self.fd).st_mode) or stat.S_ISSOCK(os.fstat(self.fd).st_mode)


class PlainSheet:
    """The bytes as they are, with the banners of GNU tail."""

    def __init__(self, output: Output, *, headers: bool) -> None:
        self._output = output
        self._headers = headers
        self._last: str | None = None

    def name(self, name: str) -> None:
        """See `Sheet.name`."""
        if self._headers:
            gap = b"\n" if self._last is not None else b""
            banner = b"==> " + os.fsencode(shown(name)) + b" <==\n"
            self._output.write(gap + banner)
        self._last = name

    def write(self, name: str, data: bytes) -> None:
        """See `Sheet.write`."""
        if name != self._last:
            self.name(name)
        self._output.write(data)
