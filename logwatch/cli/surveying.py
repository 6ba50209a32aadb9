"""What a log holds: its form, its templates with their counts and levels, its rhythm."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from statistics import median

from msgspec import Struct, field
from msgspec.structs import replace

from logwatch.cli.log_sample import Group, Sample
from logwatch.cli.progress import unseen
from logwatch.cli.recognising import (
    Form,
    continues,
    encoding_of,
    level_of,
    parser_of,
    recognise,
)
from logwatch.parsers.base import Parser
from logwatch.tailer.multiline import MultilineSettings
from logwatch.tailer.settings import SourceSettings
from logwatch.templates import Masks, TemplateMiner

MOST_MINED = 60_000
"""Lines of one log whose templates are looked for."""
LONGEST_LINE = 4_096
MOST_EXAMPLES = 4
MOST_TEMPLATES = 2_000
LEAST_GAPS = 200
LEAST_SECONDS = 10.0
"""From the first line to the last; what was written within less tells no rate."""
STEADY_FACTOR = 30
"""A log is steady where its longest pause is not so many times the usual one."""
LONGEST_STEADY_SECONDS = 6 * 3600.0


class Kind(Struct):
    """Messages of one template and one level, and how often they came."""

    id: str
    level: str = ""
    """In small letters; empty where they have none."""
    written_level: str = ""
    """As the field of the level has it, where there is one."""
    template: str = ""
    count: int = 0
    programs: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)
    """Whole lines: the first ones, and the latest."""
    texts: list[str] = field(default_factory=list)
    """Their messages."""


class Survey(Struct, kw_only=True):
    """One log, as it was found."""

    group: Group
    samples: Sequence[Sample]
    form: Form
    name: str = ""
    lines: int = 0
    """Lines that were looked at."""
    kinds: Sequence[Kind] = ()
    levels: Counter[str] = field(default_factory=Counter)
    lines_per_second: float | None = None
    """At the end of its newest file; None where its lines have no stamps."""
    longest_pause: float | None = None
    """Seconds without a line, at most, where lines come steadily."""
    whole: bool = False
    """Whether every line of its files was looked at."""

    @property
    def blocks(self) -> list[bytes]:
        """What was read."""
        return [block for sample in self.samples for block in sample.blocks]

    @property
    def templates(self) -> int:
        """How many templates its messages have."""
        return len({kind.template for kind in self.kinds})

    def source(self) -> SourceSettings:
        """The source that follows it."""
        preset = self.form.preset
        return SourceSettings(
            name=self.name,
            paths=(self.group.path,),
            format=self.form.format,
            time=self.form.time_field,
            time_format=self.form.time_formats,
            encoding=self.form.encoding,
            multiline=None if preset is None else MultilineSettings(preset=preset),
        )


def survey(
    group: Group, samples: Sequence[Sample], did: Callable[[int], object] = unseen
) -> Survey:
    """Look at what was read of one log, newest file first; `did` is told of bytes that are done."""
    newest = samples[0]
    encoding = encoding_of(b"".join(block for one in samples for block in one.blocks))
    lines = [line for one in reversed(samples) for line in _lines(one, encoding)]
    form = recognise(lines, newest.written_at)
    form = replace(form, encoding=encoding)
    found = Survey(group=group, samples=samples, form=form, lines=len(lines))
    found.whole = all(sum(map(len, one.blocks)) >= one.size for one in samples) and len(
        samples
    ) == len(group.files)
    parser = parser_of(form)
    _mine(found, lines[-MOST_MINED:], parser, did)
    did(sum(map(len, lines[:-MOST_MINED])))
    ending = _text(newest.end, encoding)
    times = [time for line in ending if (time := parser.time(line, newest.written_at)) is not None]
    found.longest_pause = _longest_pause(times)
    found.lines_per_second = _lines_per_second(times, len(ending))
    return found


def _lines(sample: Sample, encoding: str) -> Iterator[str]:
    for block in sample.blocks:
        yield from _text(block, encoding)


def _text(block: bytes, encoding: str) -> list[str]:
    """The lines of a block as rules see them, without empty ones."""
    lines = block.decode(encoding, "backslashreplace").split("\n")
    return [line.removesuffix("\r") for line in lines if line.strip()]


def _mine(
    found: Survey, lines: Sequence[str], parser: Parser, did: Callable[[int], object]
) -> None:
    """Templates, counts and levels. An access log has one kind of message only."""
    form, now = found.form, found.samples[0].written_at
    miner = TemplateMiner(Masks(), max_templates=MOST_TEMPLATES)
    kinds: dict[tuple[str, str], Kind] = {}
    texts: dict[str, str] = {}
    for line in lines:
        did(len(line) + 1)
        if continues(line) or form.format == "combined":
            continue
        fields = parser.parse(line[:LONGEST_LINE], now).fields
        message = (fields.get(form.message) if form.message else None) or line
        seen = miner.learn(message, now)
        level = level_of(form, fields, line)
        key = seen.template_id, level
        if key not in kinds:
            written = fields.get(form.level, "") if form.level else ""
            kinds[key] = Kind(seen.template_id, level=level, written_level=written)
        kind = kinds[key]
        kind.count += 1
        texts[seen.template_id] = seen.text
        kind.programs[fields.get("program", "")] += 1
        found.levels[level] += 1
        _keep(kind, line, message)
    for kind in kinds.values():
        kind.template = texts[kind.id]
    found.kinds = list(kinds.values())


def _keep(kind: Kind, line: str, message: str) -> None:
    """Keep the first examples, and the latest in the place of the last of them."""
    if len(kind.examples) >= MOST_EXAMPLES:
        kind.examples.pop()
        kind.texts.pop()
    kind.examples.append(line)
    kind.texts.append(message)


def _lines_per_second(times: Sequence[float], lines: int) -> float | None:
    """How fast so many lines came, of which these have a time; None where that is not told."""
    seconds = max(times) - min(times) if times else 0.0
    return (lines - 1) / seconds if seconds >= LEAST_SECONDS else None


def _longest_pause(times: Sequence[float]) -> float | None:
    """The longest pause between two lines, where pauses are alike; None where they are not."""
    gaps = [late - early for early, late in pairwise(sorted(times))]
    if len(gaps) < LEAST_GAPS:
        return None
    longest = max(gaps)
    usual = max(median(gaps), sum(gaps) / len(gaps), 1.0)
    steady = 0 < longest <= min(STEADY_FACTOR * usual, LONGEST_STEADY_SECONDS)
    return longest if steady else None
