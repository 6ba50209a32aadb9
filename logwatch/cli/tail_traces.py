"""Stack traces in a stream of lines, put together so that one line stands for them.

A trace begins where a line says so (`Traceback`, `at com.example.Class.method(`, `goroutine 1`).
Indented lines that belong to no trace are left as they are: they may be all that there is to read.
Only what is shown is folded, never what is matched. Sources: see `tailer/traces.py`.
"""

from __future__ import annotations

import re

MOST_LINES = 2_000
"""Lines after which a trace is taken for something else, and ends."""

_BEGINS = re.compile(
    r"Traceback \(most recent call last\):|\s+at [\w.$<>/]+[\w.$<>/ ]*\(|goroutine \d+ \["
    r"|\s*\+ Exception Group Traceback|\s+File \".{1,300}\", line \d+"
)
_GOES_ON = re.compile(
    r"\s|$|Caused by: |Suppressed: |\.\.\. \d+ more|During handling of the above exception"
    r"|The above exception was the direct cause|Traceback \(most recent call last\):"
    r"|goroutine \d+ \[|created by |exit status \d|[\w./~-]+\.[\w.()*]+\(.{0,300}\)$"
)
_LAST = re.compile(r"[A-Za-z_][\w.]*(?:Error|Exception|Warning|Exit|Interrupt|Failure|\w)(?::|$)")
_TELLS = re.compile(r"Caused by: ")


class Trace:
    """Lines of one trace, as they come."""

    def __init__(self, first: str) -> None:
        self.first = first.strip()
        self.ending = ""
        """The line that tells most: the exception of Python, the last cause of Java."""
        self.lines = 1
        self._in_frames = first.lstrip().startswith("Traceback")
        self._may_end = self._in_frames

    def takes(self, line: str) -> bool:
        """Whether `line` belongs to it; then it is in it."""
        if self.lines >= MOST_LINES:
            return False
        if _GOES_ON.match(line):
            if _TELLS.match(line):
                self.ending = line.strip()
            self._in_frames = "Traceback" in line or (self._in_frames and line[:1] in " \t")
            self._may_end |= self._in_frames
        elif self._may_end and _LAST.match(line):
            # One line after the frames names what was raised.
            self.ending, self._may_end = line.strip(), False
        else:
            return False
        self.lines += 1
        return True


def begins(line: str) -> bool:
    """Whether a trace begins with this line."""
    return _BEGINS.match(line) is not None
