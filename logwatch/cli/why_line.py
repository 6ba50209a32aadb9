"""`logwatch why --line`: what each rule of the configuration says of a line.

A line does not say which source it is of: each source is asked whose format it has, and the verdict
of a rule is the best that it comes to with one of its own.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from logwatch import telemetry
from logwatch.cli.figures import number
from logwatch.cli.json_lines import encoded
from logwatch.cli.log_blocks import records_of_text
from logwatch.cli.marking import Screen, screen_of
from logwatch.cli.verdict_text import SCHEMA, as_json, dim, explained, headline
from logwatch.cli.verdicts import (
    MOST_PATTERNS_COMPILED,
    MOST_RULES_AT_ONCE,
    Verdict,
    Verdicts,
    Way,
    readings_for,
    ways_of,
)
from logwatch.cli.volume import least_level
from logwatch.cli.why_hidden import Hiding
from logwatch.clock import SystemClock
from logwatch.config.loader import find_config, load
from logwatch.config.model import Config
from logwatch.daemon.readings import engines_beside
from logwatch.errors import Exit, UsageError
from logwatch.sinks.plain_text import shorten, visible
from logwatch.tailer.multiline import Framer
from logwatch.tailer.settings import SourceSettings

MOST_SHOWN = 20
"""Near misses of one line; the furthest come first."""
NEAREST_SHOWN = 3
"""Of a line that no rule takes, and none nearly."""
PLAIN = SourceSettings(name="(any)", paths=())
"""The source of a line where the configuration has none for it."""


class Told(NamedTuple):
    """A verdict, and the source that it holds in."""

    source: str
    verdict: Verdict


class Answer(NamedTuple):
    """What was found out about one line."""

    text: str
    sources: Sequence[str]
    """Whose format it has."""
    told: Sequence[Told]
    """One for each way of each rule that looks at such a source, nearest first."""
    elsewhere: int
    """Rules that look at other sources only."""


class _Asked(NamedTuple):
    """Sources that are read alike and looked at by the same rules."""

    names: Sequence[str]
    format: str
    verdicts: Verdicts
    framer: Framer | None


class LineAsker:
    """Asks all rules of a configuration about one line after another."""

    def __init__(self, config: Config, source: str | None) -> None:
        """Raises UsageError where there is no such source, EngineError."""
        ways = [way for rule in config.rules for way in ways_of(rule)]
        self._is_named = source is not None
        self._rules = len({way.rule for way in ways})
        self._asked: list[_Asked] = []
        for alike in _alike(_sources(config, source), ways):
            settings = alike[0]
            own = [way for way in ways if _looks_at(way, settings)]
            patterns = sum(len(way.selector.match) + len(way.selector.unless) for way in own)
            engine = "reference" if patterns > MOST_PATTERNS_COMPILED else config.engine
            alone = Config(files=(), state=config.state, engine=engine, sources=(settings,))
            readings = readings_for(alone, [way.selector for way in own], engines_beside(alone))
            verdicts = Verdicts(readings.of((settings.name,)), settings, own)
            names = [each.name for each in alike]
            self._asked.append(_Asked(names, settings.format, verdicts, settings.framer))

    @property
    def framer(self) -> Framer | None:
        """What puts lines together to records; None where no source that is asked does."""
        return next((one.framer for one in self._asked if one.framer is not None), None)

    def ask(self, line: bytes, now: float) -> Answer:
        """What they say; `now` is wall time in seconds.

        `line` has no newline at its end, and one inside it only where there is a `framer`.
        """
        asked = self._asked if self._is_named else self._of_its_format(line, now)
        best: dict[tuple[str, int], Told] = {}
        for one in asked:
            for verdict in one.verdicts.of(line, now):
                key = verdict.rule, verdict.part
                if key not in best or verdict.nearness > best[key].verdict.nearness:
                    best[key] = Told(one.names[0], verdict)
        told = sorted(best.values(), key=lambda one: -one.verdict.nearness)
        elsewhere = self._rules - len({rule for rule, _ in best})
        text = asked[0].verdicts.text_of(line)
        return Answer(text, [name for one in asked for name in one.names], told, elsewhere)

    def _of_its_format(self, line: bytes, now: float) -> list[_Asked]:
        """Those whose format it has, and plain ones; all, where it has no format: it may be a part.

        Rules match the text of a line that is not of its source's format, too.
        """
        able = [one for one in self._asked if one.framer is not None or b"\n" not in line]
        parsing = [one for one in able if one.verdicts.parses(line, now)]
        plain = [one for one in able if one.format == "plain"]
        return [*parsing, *plain] if parsing else able


def _alike(
    sources: Sequence[SourceSettings], ways: Sequence[Way]
) -> Iterable[Sequence[SourceSettings]]:
    groups: dict[object, list[SourceSettings]] = {}
    for source in sources:
        own = tuple(number for number, way in enumerate(ways) if _looks_at(way, source))
        unit = source.max_line, source.multiline
        reading = (
            source.told_as,
            source.time,
            source.time_format,
            source.tz,
            source.matched_as,
            unit,
        )
        groups.setdefault((own, reading), []).append(source)
    return groups.values()


def _sources(config: Config, name: str | None) -> Sequence[SourceSettings]:
    if name is None:
        return config.sources or (PLAIN,)
    found = [source for source in config.sources if source.name == name]
    if not found:
        names = [source.name for source in config.sources]
        from difflib import get_close_matches  # noqa: PLC0415 - for what is misspelt

        near = get_close_matches(name, names, 1)
        hint = f"did you mean '{near[0]}'?" if near else f"there are: {' '.join(names)}"
        raise UsageError(f"there is no source '{name}'; {hint}")
    return found


def _looks_at(way: Way, source: SourceSettings) -> bool:
    return way.selector.sources is None or source.name in way.selector.sources


def explain(options: argparse.Namespace) -> Exit:
    """Print what each rule says of `--line`; `-` is standard input."""
    telemetry.telemetry.configure(least_level())
    config = load(find_config(options.config, working_folder=True), sends=False)
    clock = SystemClock()
    screen = screen_of()
    any_taken = False
    hiding = Hiding(config, clock.moment())
    asker = LineAsker(config, options.source)
    for count, line in enumerate(_records(_lines(options.line), asker.framer)):
        answer = asker.ask(line, clock.wall())
        any_taken |= any(one.verdict.outcome == "taken" for one in answer.told)
        if options.output == "json":
            screen.write(encoded(_as_json(answer, hiding)))
        else:
            screen.write(*([""] if count else []), *_in_words(answer, screen, config, hiding))
        screen.flush()
    return Exit.DONE if any_taken else Exit.NO


def _lines(given: str) -> Iterable[bytes]:
    if given != "-":
        return given.encode("utf-8", "surrogateescape").split(b"\n")
    return (line.removesuffix(b"\n") for line in sys.stdin.buffer)


def _records(lines: Iterable[bytes], framer: Framer | None) -> Iterable[bytes]:
    """The lines, put together where a source does so."""
    if framer is None:
        return lines
    return records_of_text(b"\n".join(lines), framer)


def _in_words(answer: Answer, screen: Screen, config: Config, hiding: Hiding) -> Iterator[str]:
    named = "  ".join(answer.sources)
    yield f"{dim(screen, 'line')}  {visible(shorten(answer.text, 4_000))}"
    yield dim(screen, f"as of  {visible(named)}")
    places = {rule.name: rule.defined_at for rule in config.rules}
    shown = _worth_telling(answer.told)
    for one in shown:
        verdict = one.verdict
        place = dim(screen, f"{visible(places[verdict.rule])}  in {visible(one.source)}")
        yield f"{headline(verdict, screen, visible(verdict.whose))}  {place}"
        yield from explained(verdict, answer.text, screen)
        if by := hiding.by(verdict, one.source, answer.text):
            yield f"    its alert would be hidden now by {visible(hiding.in_words(by))}"
    yield _sum(answer)


def _worth_telling(told: Sequence[Told]) -> list[Told]:
    """Those that took the line, or nearly; of a line that has none, the nearest."""
    taken = [one for one in told if one.verdict.outcome == "taken"]
    near = [one for one in told if one.verdict.is_near][:MOST_SHOWN]
    nearest = [one for one in told if one.verdict.nearness > 0][:NEAREST_SHOWN]
    return [*taken, *near] or nearest


def _sum(answer: Answer) -> str:
    taken = len({one.verdict.rule for one in answer.told if one.verdict.outcome == "taken"})
    near = len({one.verdict.rule for one in answer.told if one.verdict.is_near})
    rules = len({one.verdict.rule for one in answer.told})
    nearly = f", {near:,} nearly" if near else ""
    if taken:
        verb = "takes" if taken == 1 else "take"
        said = f"{taken:,} of {number(rules, 'rule')} {verb} this line{nearly}"
    else:
        said = f"no rule takes this line{nearly}; {number(rules, 'rule')} looked at it"
    if answer.elsewhere:
        said += f"; {number(answer.elsewhere, 'rule')} for other sources only"
    if len(answer.told) > MOST_RULES_AT_ONCE:
        said += f"; how nearly was asked of the {MOST_RULES_AT_ONCE} that share words with it"
    return said


def _as_json(answer: Answer, hiding: Hiding) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "line": answer.text,
        "sources": list(answer.sources),
        "taken": any(one.verdict.outcome == "taken" for one in answer.told),
        "verdicts": [
            {
                **as_json(one.verdict, answer.text),
                "source": one.source,
                "hidden_by": hiding.by(one.verdict, one.source, answer.text),
            }
            for one in answer.told
        ],
        "rules_of_other_sources": answer.elsewhere,
    }
