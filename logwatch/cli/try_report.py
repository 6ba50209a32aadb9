"""What `logwatch try` tells: hits as they come, then near misses, what said no, and the sums."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from logwatch.cli.figures import number
from logwatch.cli.json_lines import encoded
from logwatch.cli.marking import DIM, LONGEST_SHOWN, Screen
from logwatch.cli.try_firing import Firing
from logwatch.cli.try_scan import Sample, Sampled
from logwatch.cli.try_subject import Subject
from logwatch.cli.verdict_text import (
    SCHEMA,
    as_json,
    explained,
    headline,
    mark_of,
    reason_of,
)
from logwatch.cli.verdicts import Verdict, Verdicts, readings_for
from logwatch.clock import SystemClock
from logwatch.matching.engines import Engines
from logwatch.sinks.plain_text import shorten, visible

FEW = 3
MORE = 20
PROMISE = "same engine and config as `run`"
PROMISE_OF_A_PATTERN = "same engine as `run`"


class Judged(NamedTuple):
    """A line with the verdict that comes nearest."""

    where: Sampled
    text: str
    verdict: Verdict

    @property
    def place(self) -> str:
        """`auth.log:1201`."""
        part = f"  part {self.verdict.part}" if self.verdict.part else ""
        return f"{visible(self.where.label)}:{self.where.finding.line_number}{part}"


class _Stops(NamedTuple):
    """Near misses that stop at the same place of the pattern, furthest first."""

    first: Judged
    alike: int


class Report(ABC):
    """Counts what is found, and tells it."""

    def __init__(
        self,
        subject: Subject,
        screen: Screen,
        engines: Engines,
        *,
        verbose: bool,
        only_missed: bool,
    ) -> None:
        self.lines = self.taken = self.excluded = 0
        self.blind = False
        """Whether there was nothing to know near misses by."""
        self.firing: Firing | None = None
        """When the rule would have fired; None where there is no rule, or no file to replay."""
        self._subject = subject
        self._screen = screen
        self._engines = engines
        self._verbose = verbose
        self._only_missed = only_missed
        self._untold = 0
        """Lines that were taken and not shown."""
        self._near = Sample()
        self._excluded: list[Sampled] = []
        self._verdicts: dict[str, Verdicts] = {}
        self._clock = SystemClock()
        self._most = MORE if verbose or only_missed else FEW

    @property
    def near(self) -> int:
        """Lines that were nearly taken."""
        return self._near.offered

    def take(self, found: Sampled) -> None:
        """One line that was found in a file, in the order of the file."""
        match found.finding.role:
            case "taken":
                self.taken += 1
                if self._only_missed or (self.taken > FEW and not self._verbose):
                    self._untold += 1
                else:
                    self._tell_taken(self._judged(found))
            case "excluded":
                self.excluded += 1
                if len(self._excluded) < self._most:
                    self._excluded.append(found)
            case "near":
                self._near.offer(found)

    def let_see(self) -> None:
        """Whatever was told so far is to be seen now."""
        self._screen.flush()

    def explain(self, line: Sampled) -> None:
        """One line that was asked about by itself."""
        judged = self._judged(line)
        self.lines += 1
        match judged.verdict.outcome:
            case "taken":
                self.taken += 1
            case "missed":
                if judged.verdict.is_near:
                    self._near.offered += 1
            case "excluded" | "refused" | "given-up":
                self.excluded += 1
        self._tell_line(judged)

    def _judged(self, found: Sampled) -> Judged:
        verdicts = self._verdicts_of(found)
        line = found.finding.data
        best = max(verdicts.of(line, self._clock.wall()), key=lambda one: one.nearness)
        return Judged(found, verdicts.text_of(line), best)

    def _verdicts_of(self, found: Sampled) -> Verdicts:
        source, subject = found.source, self._subject
        if source.name not in self._verdicts:
            alone = subject.alone(source)
            readings = readings_for(alone, [way.selector for way in subject.ways], self._engines)
            reading = readings.of((source.name,))
            self._verdicts[source.name] = Verdicts(reading, source, subject.ways)
        return self._verdicts[source.name]

    def _stops(self) -> list[_Stops]:
        """The sampled near misses, furthest first, those that stop alike as one."""
        judged = [self._judged(each) for each in self._near.kept]
        judged.sort(key=lambda one: -one.verdict.nearness)
        alike: dict[object, _Stops] = {}
        for one in judged:
            key = _stop_of(one.verdict)
            before = alike.get(key)
            alike[key] = _Stops(before.first, before.alike + 1) if before else _Stops(one, 1)
        return list(alike.values())

    def _shown_near(self) -> tuple[Sequence[_Stops], int]:
        """Those that are told, and how many are not."""
        stops = self._stops()
        return stops[: self._most], len(stops) - self._most

    @abstractmethod
    def begin(self) -> None:
        """Before the first line."""

    @abstractmethod
    def end(self) -> None:
        """After the last line."""

    @abstractmethod
    def _tell_taken(self, judged: Judged) -> None: ...

    @abstractmethod
    def _tell_line(self, judged: Judged) -> None: ...


def _stop_of(verdict: Verdict) -> object:
    miss = verdict.near_miss
    if miss is None:
        return verdict.part, tuple(one.field for one in verdict.refusals)
    return verdict.part, verdict.pattern, miss.stop


class TextReport(Report):
    """For people."""

    def begin(self) -> None:
        """See `Report.begin`."""
        headline_ = visible(self._subject.headline())
        said = PROMISE if self._subject.is_configured else PROMISE_OF_A_PATTERN
        room = self._screen.columns - len(headline_) - len(said)
        promise = self._screen.paint(DIM, said)
        if room >= 2:
            self._screen.write(f"{headline_}{' ' * min(room, 8)}{promise}")
        else:
            self._screen.write(headline_, f"    {promise}")
        self._screen.flush()

    def end(self) -> None:
        """See `Report.end`."""
        screen = self._screen
        if self._untold and not self._only_missed:
            self._write(f"{screen.marks.taken} {screen.marks.cut} {self._untold:,} more (-v)")
        if self._near.kept:
            self._tell_near_misses()
        for each in self._excluded:
            judged = self._judged(each)
            mark = mark_of(judged.verdict, screen)
            self._write(f"{mark} {judged.place}  {reason_of(judged.verdict)}")
        if (rest := self.excluded - len(self._excluded)) and self._excluded:
            how = "" if self._most == MORE else " (-v)"
            self._write(f"{screen.marks.refused} {screen.marks.cut} {rest:,} more{how}")
        self._write(*self._sums())
        if self.firing is not None:
            self._write(self.firing.sentence())
        screen.flush()

    def _write(self, *lines: str) -> None:
        self._screen.write(*lines)

    def _tell_taken(self, judged: Judged) -> None:
        line = self._screen.captured(judged.text, judged.verdict.captures)
        self._write(f"{mark_of(judged.verdict, self._screen)} {judged.place}  {line}")

    def _tell_line(self, judged: Judged) -> None:
        verdict, screen = judged.verdict, self._screen
        self._write(headline(verdict, screen, judged.place))
        shown = list(explained(verdict, judged.text, screen))
        self._write(*(shown or [f"    {visible(shorten(judged.text, LONGEST_SHOWN))}"]))

    def _tell_near_misses(self) -> None:
        shown, hidden = self._shown_near()
        self._write("near misses, furthest first")
        for stops in shown:
            self._tell_near(stops)
        if hidden > 0:
            places = number(hidden, "other place", "other places")
            how = "" if self._most == MORE else " (--only-missed)"
            cut = self._screen.marks.cut
            self._write(f"{self._screen.marks.missed} {cut} {places} where it stops{how}")

    def _tell_near(self, stops: _Stops) -> None:
        judged, screen = stops.first, self._screen
        verdict = judged.verdict
        mark = mark_of(verdict, screen)
        if verdict.near_miss is None:
            text = visible(shorten(judged.text, LONGEST_SHOWN))
            self._write(f"{mark} {judged.place}  {text}")
            self._write(f"      {reason_of(verdict)}")
        else:
            self._write(*_pointed(verdict, judged, screen))
        if stops.alike > 1:
            self._write(screen.paint(DIM, f"      {stops.alike - 1:,} more like it"))

    def _sums(self) -> Iterable[str]:
        dot = f" {self._screen.marks.dot} "
        parts = [
            number(self.lines, "line"),
            f"{self.taken:,} matched",
            f"{self.excluded:,} excluded",
            number(self.near, "near miss", "near misses"),
        ]
        yield dot.join(parts)
        if len(self._near.kept) < self.near and self._near.kept:
            yield (
                f"near misses are ranked over {len(self._near.kept):,} of these {self.near:,},"
                " evenly taken"
            )
        if self.blind and not self.taken:
            yield "near misses are not known: the pattern has no word of three letters to go by"


class JsonReport(Report):
    """For programs: one object a line that is told of, and one with the sums."""

    def begin(self) -> None:
        """See `Report.begin`: there is nothing to tell yet."""

    def _tell_taken(self, judged: Judged) -> None:
        self._tell("taken", judged)

    def _tell_line(self, judged: Judged) -> None:
        self._tell("line", judged)

    def end(self) -> None:
        """See `Report.end`."""
        for stops in self._shown_near()[0]:
            self._tell("near", stops.first, stops.alike)
        for each in self._excluded:
            self._tell("excluded", self._judged(each))
        sums = {
            "kind": "sum",
            "schema": SCHEMA,
            "rule": self._subject.rule.name,
            "lines": self.lines,
            "matched": self.taken,
            "excluded": self.excluded,
            "near_misses": self.near,
            "near_misses_ranked": len(self._near.kept),
            "firing": None if self.firing is None else self.firing.as_json(),
        }
        self._screen.write(encoded(sums))
        self._screen.flush()

    def _tell(self, kind: str, judged: Judged, alike: int = 1) -> None:
        told: dict[str, Any] = {
            "kind": kind,
            "file": judged.where.label,
            "line_number": judged.where.finding.line_number,
            "line": judged.text,
            **as_json(judged.verdict, judged.text),
        }
        if alike > 1:
            told["alike"] = alike
        self._screen.write(encoded(told))


def _pointed(verdict: Verdict, judged: Judged, screen: Screen) -> Iterable[str]:
    """As `explained`, with the place before the line."""
    mark = screen.marks.missed
    indent = f"{mark} {judged.place}  "
    lines = list(explained(verdict, judged.text, screen, indent)) or [indent + visible(judged.text)]
    lines[0] = mark_of(verdict, screen) + lines[0].removeprefix(mark)
    return lines
