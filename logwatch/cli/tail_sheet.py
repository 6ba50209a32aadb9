"""From bytes as they come to whole lines: the end of a line may come later than its beginning."""

from __future__ import annotations

from collections.abc import Callable

from logwatch.cli.tail_folding import Folding

LONGEST = 1 << 20
"""Bytes after which a line without an end is shown all the same."""
Show = Callable[[str, bytes, Folding], None]


class LineSheet:
    """See `tail_output.Sheet`."""

    def __init__(self, end: bytes, show: Show, *, full: bool) -> None:
        self._end = end
        self._show = show
        self._full = full
        self._rest: dict[str, bytes] = {}
        self._foldings: dict[str, Folding] = {}

    def name(self, name: str) -> None:
        """See `Sheet.name`: each line says itself of which file it is."""

    def write(self, name: str, data: bytes) -> None:
        """See `Sheet.write`."""
        data = self._rest.pop(name, b"") + data
        end = data.rfind(self._end) + 1
        if len(data) - end < LONGEST:
            data, rest = data[:end], data[end:]
            if rest:
                self._rest[name] = rest
        if data:
            self._show_lines(name, data)

    def close(self) -> None:
        """Show the beginnings of lines that have no end."""
        for name in list(self._rest):
            self._show_lines(name, self._rest.pop(name))

    def _show_lines(self, name: str, data: bytes) -> None:
        if self._end != b"\n":
            data = data.replace(b"\n", "␊".encode()).replace(self._end, b"\n")
        folding = self._foldings.get(name)
        if folding is None:
            folding = self._foldings[name] = Folding(full=self._full)
        self._show(name, data, folding)
