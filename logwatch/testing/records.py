"""Lines of a test -> records of several lines, as the source of each puts them together.

A record comes when its first line does. Between two lines of it there may be less time than the
source's `timeout`; lines of other sources may stand between them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec.structs import replace

from logwatch.config.rule_tests import TimedLine
from logwatch.tailer.multiline import Framer
from logwatch.tailer.settings import SourceSettings


def records_of(
    lines: Sequence[TimedLine], sources: Mapping[str, SourceSettings]
) -> Sequence[TimedLine]:
    """`lines` in their order, where those of one record are one, with newlines in its text."""
    framers = {name: one.framer for name, one in sources.items() if one.framer is not None}
    if framers.keys().isdisjoint(line.source for line in lines):
        return lines
    by_source: dict[str, list[tuple[int, TimedLine]]] = {}
    for number, line in enumerate(lines):
        by_source.setdefault(line.source, []).append((number, line))
    found: list[tuple[int, TimedLine]] = []
    for source, own in by_source.items():
        framer, encoding = framers.get(source), sources[source].matched_as
        if framer is None:
            found += own
            continue
        for together in _without_gaps(own, framer.timeout):
            found += _joined(together, framer, encoding)
    return [line for _, line in sorted(found, key=_number)]


def _number(numbered: tuple[int, TimedLine]) -> int:
    return numbered[0]


def _without_gaps(
    lines: Iterable[tuple[int, TimedLine]], timeout: float
) -> Iterator[list[tuple[int, TimedLine]]]:
    together: list[tuple[int, TimedLine]] = []
    for number, line in lines:
        if together and line.at - together[-1][1].at >= timeout:
            yield together
            together = []
        together.append((number, line))
    if together:
        yield together


def _joined(
    lines: Sequence[tuple[int, TimedLine]], framer: Framer, encoding: str
) -> Iterator[tuple[int, TimedLine]]:
    texts = [line.text.encode(encoding, "replace") for _, line in lines]
    data = b"".join(text + b"\n" for text in texts)
    at = first = 0
    for record in framer.frame(data, final=True).joined.split(b"\n")[:-1]:
        count = data.count(b"\n", at, at + len(record) + 1)
        number, line = lines[first]
        text = "\n".join(one.text for _, one in lines[first : first + count])
        yield number, replace(line, text=text)
        at, first = at + len(record) + 1, first + count
