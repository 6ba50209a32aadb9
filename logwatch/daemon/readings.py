"""How each file is read: its parser, and the matcher of the rules that look at it.

Files with the same sources share one reading, readings with the same rules one matcher, and
matchers with the same patterns one engine. What a reading compiles it compiles when it is first
asked for, unless `prepare` did that before.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from logwatch import parsers, telemetry
from logwatch.conditions import compile_where
from logwatch.config.model import Config
from logwatch.daemon.reading import Reading
from logwatch.daemon.surroundings import Nearness
from logwatch.matching.engine_names import Engine
from logwatch.matching.engines import Engines
from logwatch.matching.field_searches import FieldSearches
from logwatch.matching.known_patterns import CACHE_FOLDER
from logwatch.matching.matcher import Matcher, RulePatterns
from logwatch.matching.prefilter import Compiling
from logwatch.matching.redaction import Redactor
from logwatch.parsers import make_parser
from logwatch.parsers.base import ParserSettings
from logwatch.parsers.event_time import ELSEWHERE, EventClock
from logwatch.parsers.needles import NEVER
from logwatch.parsers.selection import Selection
from logwatch.rules.base import Selector, parts_of
from logwatch.rules.context import longest, wanted_by_part
from logwatch.schedule import zone_of
from logwatch.tailer.settings import SourceSettings

if TYPE_CHECKING:
    from logwatch.tailer.discovery import Discovery, Scan

LOOK_SECONDS = 5.0
"""How long the files of a new configuration are looked for: a disk or server may not answer."""
_NAMES_OF_UTC = ("UTC", "UCT", "Universal", "Zulu")
"""Of files of the IANA database, whatever folder they are in."""
MANY_RULES = 500
"""So many take seconds to compile, for which the thread that finds a file has no time."""


def engines_beside(config: Config) -> Engines:
    """For a command beside the daemon: what is compiled stays in memory, and nothing is written."""
    return Engines(config.engine, proof=config.state / CACHE_FOLDER)


class Readings:
    """One compiled matcher for each set of rules that looks at the same files.

    Raises EngineError where the engine cannot be had.
    """

    def __init__(
        self,
        config: Config,
        engine: Engine,
        compiling: Compiling,
        engines: Engines | None = None,
    ) -> None:
        """`engines`: where what is compiled is kept; None: beside the store, for the next start."""
        self._config = config
        self.compiling = compiling
        """Who was told of the compiling of patterns."""
        self._engines = engines or Engines(engine, config.state / CACHE_FOLDER, compiling)
        self._engines.choose(())
        self._by_sources: dict[tuple[str, ...], Reading] = {}
        self._matchers: dict[tuple[tuple[int, ...], str, int, str, bool], Matcher] = {}
        self._fields: dict[tuple[int, str | None], FieldSearches] = {}
        """By their matcher's identity, which lives as long, and the pattern of an own format."""
        self._parts = parts_of(config.rules)
        self._contexts = wanted_by_part(config.rules)
        self._said: set[str] = set()
        self._redactor = Redactor(config.redact) if config.redact else None

    def all(self) -> list[Reading]:
        """One for each set of sources that takes a file; callable from any thread."""
        return list(self._by_sources.values())

    def of(self, names: tuple[str, ...]) -> Reading:
        """How to read a file that the sources `names` take; the first one's format counts."""
        if names not in self._by_sources:
            self._by_sources[names] = self._make(names)
        return self._by_sources[names]

    def prepare(self) -> None:
        """Compile now what the files that there are will need."""
        scans: list[Scan] = []
        looking = threading.Thread(
            target=lambda: scans.append(self._discovery().scan()),
            name="looking for files",
            daemon=True,
        )
        looking.start()
        looking.join(LOOK_SECONDS)
        for names in {names for scan in scans for names in scan.files.values()}:
            self.of(names)
        for source in self._config.sources:
            if source.origin is not None:
                self.of((source.name,))
        self.prepare_sources()

    def _discovery(self) -> Discovery:
        from logwatch.tailer.discovery import Discovery  # noqa: PLC0415 - who is told a file has none
        from logwatch.tailer.links import LinkRule  # noqa: PLC0415

        links = LinkRule(self._config.allowed_roots)
        return Discovery(self._config.sources, links=links)

    def prepare_sources(self) -> None:
        """Compile now what the first file of each source will need, where that takes seconds."""
        if len(self._config.rules) >= MANY_RULES:
            for source in self._config.sources:
                self._matcher(self._numbers((source.name,)), source)

    def _numbers(self, names: tuple[str, ...]) -> tuple[int, ...]:
        """The parts of rules that look at one of these sources."""
        return tuple(
            number
            for number, part in enumerate(self._parts)
            if part.selector.sources is None or set(names).intersection(part.selector.sources)
        )

    def _selectors(self, numbers: tuple[int, ...]) -> list[Selector]:
        return [self._parts[number].selector for number in numbers]

    def _make(self, names: tuple[str, ...]) -> Reading:
        source = next(each for each in self._config.sources if each.name == names[0])
        numbers = self._numbers(names)
        selectors = self._selectors(numbers)
        matcher = self._matcher(numbers, source)
        own = parsers.inner(source.format) if parsers.is_own(source.format) else None
        fields = self._fields_of(matcher, selectors, own)
        settings = ParserSettings(
            tz=_zone(source),
            time_field=source.time,
            time_format=source.time_format,
            make_search=fields.search,
            source=source.name,
        )
        elsewhere = replace(settings, tz=ELSEWHERE, source="")
        events = EventClock(
            make_parser(source.format, settings),
            source=source.name,
            max_skew=source.max_skew,
            tz=settings.tz,
            elsewhere=None if settings.tz is UTC else make_parser(source.format, elsewhere),
        )
        return Reading(
            source=source.name,
            matcher=matcher,
            rules=numbers,
            events=events,
            selection=_selection(events, selectors, fields),
            fields=fields,
            names=tuple(self._config.rules[self._parts[number].rule].name for number in numbers),
            nearness=self._nearness(numbers, source, events),
            redactor=self._redactor,
            framer=source.text_framer,
            wrapping=source.unwrapping,
            is_spanned=source.quiet_after is not None,
            beside=_beside(source),
        )

    def _nearness(
        self, numbers: tuple[int, ...], source: SourceSettings, events: EventClock
    ) -> Nearness | None:
        """What the rules among these with `context` need of `source`."""
        wanted = [number for number in numbers if number in self._contexts]
        if not wanted:
            return None
        most = longest(self._contexts[number].context for number in wanted)
        return Nearness(
            before=most.before,
            after=most.after,
            parts=frozenset(wanted),
            encoding=source.matched_as,
            max_line=source.max_line,
            events=events,
            framer=source.text_framer,
            redactor=self._redactor,
        )

    def _fields_of(
        self, matcher: Matcher, selectors: Sequence[Selector], own: str | None
    ) -> FieldSearches:
        """`own`: the pattern that finds the fields themselves."""
        key = id(matcher), own
        if key not in self._fields:
            patterns = [_field_patterns(each) for each in selectors]
            self._fields[key] = FieldSearches(patterns, own=own)
        return self._fields[key]

    def _matcher(self, numbers: tuple[int, ...], source: SourceSettings) -> Matcher:
        selectors = self._selectors(numbers)
        needled = source.told_as if any(each.where for each in selectors) else ""
        records = source.joins
        key = (numbers, source.matched_as, source.max_line, needled, records)
        if key not in self._matchers:
            matcher = Matcher(
                [
                    RulePatterns(match=_scanned(each, source), unless=each.unless_found)
                    for each in selectors
                ],
                encoding=source.matched_as,
                max_line=source.max_line,
                engines=self._engines,
                audit=self._config.audit,
                records=records,
            )
            self._matchers[key] = matcher
            if matcher.engine_reason not in self._said:
                self._said.add(matcher.engine_reason)
                telemetry.info("matching.engine", name=matcher.engine, reason=matcher.engine_reason)
        return self._matchers[key]


def _beside(source: SourceSettings) -> Callable[[str, float], Mapping[str, str]] | None:
    """See `Reading.beside`."""
    origin = source.origin
    if origin is None or not origin.joins:
        return None
    return lambda text, at: origin.entry(text, {}, at, source.format)[1]


def _scanned(selector: Selector, source: SourceSettings) -> tuple[str, ...]:
    """The patterns by which the lines of a selector are found, () for all lines of the source."""
    found = parsers.needle(source.told_as, selector.where) if selector.where else None
    if found is not None and (not selector.match or found.patterns == (NEVER,)):
        if not source.joins:
            return found.patterns
        return tuple(map(_of_first_line, found.patterns))
    return selector.match


_END = re.compile(r"(?<!\\)((?:\\\\)*)\\Z")


def _of_first_line(needle: str) -> str:
    """A needle for one line, for a record of which that is the first."""
    return r"(?!)" if needle == NEVER else _END.sub(r"\1(?:\\Z|(?=\\r?\\n))", needle)


def _field_patterns(selector: Selector) -> dict[str, bool]:
    """What is searched for in fields, and whether the selector takes records without it."""
    patterns = {}
    for where, unwanted in ((selector.where, "!~"), *((one, "~") for one in selector.unless_so)):
        for test in (test for condition in where for test in condition.tests):
            if test.operator in ("~", "!~"):
                patterns[test.operand] = test.operator == unwanted
    return patterns


def _selection(
    events: EventClock, selectors: Sequence[Selector], fields: FieldSearches
) -> Selection | None:
    """The conditions of `selectors`; None where there are none."""
    if not any(selector.where or selector.unless_so for selector in selectors):
        return None
    return Selection(
        events,
        [
            compile_where(selector.where, fields.search) if selector.where else None
            for selector in selectors
        ],
        {
            number: [compile_where(each, fields.search) for each in selector.unless_so]
            for number, selector in enumerate(selectors)
            if selector.unless_so
        },
    )


def _zone(source: SourceSettings) -> tzinfo:
    if source.tz is not None:
        return zone_of(source.tz)
    local = Path("/etc/localtime")
    if local.resolve().name in _NAMES_OF_UTC:
        return UTC
    from zoneinfo import ZoneInfo  # noqa: PLC0415 - it looks for its data, and servers are in UTC

    try:
        with local.open("rb") as file:
            return ZoneInfo.from_file(file, key=time.tzname[0])
    except (OSError, ValueError):
        return UTC
