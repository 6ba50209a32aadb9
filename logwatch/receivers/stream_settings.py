"""What a source says about a stream of bytes."""

from __future__ import annotations

from typing import ClassVar

from logwatch.tailer.settings import Origin


class StdinSettings(Origin, frozen=True, kw_only=True):
    """What is written to this process."""

    kind: ClassVar[str] = "stdin"


class PipeSettings(Origin, frozen=True, kw_only=True):
    """Where a named pipe is."""

    kind: ClassVar[str] = "pipe"

    place: str
    """Absolute path."""


class ExecSettings(Origin, frozen=True, kw_only=True):
    """What to run."""

    kind: ClassVar[str] = "exec"

    command: tuple[str, ...]
    """The program, by absolute path or by a name that PATH knows, and its arguments."""
