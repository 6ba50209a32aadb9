"""One file and a pipeline around it: read in any blocks, restarted anywhere, without a thread."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from doubles.rules import START, checkpoint
from logwatch.alerts.route import Router
from logwatch.clock import Moment
from logwatch.daemon.reading import Reading
from logwatch.daemon.surroundings import Nearness
from logwatch.dispatch import Dispatch
from logwatch.matching.matcher import Matcher, RulePatterns
from logwatch.parsers import make_parser
from logwatch.parsers.base import ParserSettings
from logwatch.parsers.event_time import EventClock
from logwatch.pipeline import Pipeline
from logwatch.records import Alert, Batch, Block, StateChange, Stretch
from logwatch.rules import fingerprints, make_rule
from logwatch.rules.anchors import REACH
from logwatch.rules.base import ContextSettings, PlainMatch, RuleSettings, parts_of
from logwatch.rules.context import longest, wanted_by_part
from logwatch.stamps import rfc3339
from logwatch.store.writer import Addressed, Burning, Transaction

ARRIVAL = START + 1.0

THREE_TWO = ContextSettings(before=3, after=2, max_wait=2.0)
EVERY = RuleSettings(
    name="every", kind=PlainMatch(), match=("ERROR",), cooldown=0.0, context=THREE_TWO
)


def reading_for(rules: Sequence[RuleSettings], *, max_line: int = 262_144) -> Reading:
    """How a plain log is read for these rules."""
    events = EventClock(make_parser("plain", ParserSettings(tz=ZoneInfo("UTC"))), source="app")
    parts = parts_of(rules)
    wanted = wanted_by_part(rules)
    most = longest(each.context for each in wanted.values())
    nearness = Nearness(
        before=most.before,
        after=most.after,
        parts=frozenset(wanted),
        encoding="utf-8",
        max_line=max_line,
        events=events,
    )
    patterns = [RulePatterns(match=part.selector.match) for part in parts]
    return Reading(
        source="app",
        matcher=Matcher(patterns, engine="reference", max_line=max_line),
        rules=tuple(range(len(parts))),
        events=events,
        nearness=nearness if wanted else None,
    )


class Follower:
    """Reads `data` as the daemon reads a file; what it has told is in `told`."""

    def __init__(
        self,
        data: bytes = b"",
        rules: Sequence[RuleSettings] = (EVERY,),
        *,
        live: bool = False,
        virtual: bool = False,
        max_line: int = 262_144,
        identity: str = "1.2.0",
        wall: float = ARRIVAL,
    ) -> None:
        self.data = data
        self.rules = rules
        self.identity = identity
        self.now = Moment(START, wall)
        self.told: list[Alert] = []
        self.offset = 0
        self.burning: dict[str, Burning] = {}
        self.states: dict[tuple[str, str], StateChange] = {}
        self._live, self._virtual, self._max_line = live, virtual, max_line
        self.start()

    def start(self, rules: Sequence[RuleSettings] | None = None) -> None:
        """Begin with what was committed, nothing else is known."""
        self.rules = self.rules if rules is None else rules
        self.reading = reading_for(self.rules, max_line=self._max_line)
        self.surroundings = self.reading.surroundings(self.read_back)
        made = [make_rule(each, host="web1") for each in self.rules]
        router = Router((), sinks=["chat"], to_by_rule={})
        self.pipeline = Pipeline(
            made, Dispatch(router, host="web1"), host="web1", virtual=self._virtual
        )
        known = fingerprints(self.rules)
        self.pipeline.restore([each for each in self.states.values() if each.rule in known])
        self.pipeline.resume(self.burning.values(), self.now)
        self.pipeline.begin(self.now)
        if self._live:
            self.pipeline.go_live(self.now)

    def read_back(self, _identity: str, start: int, end: int) -> Stretch:
        """As a tail does it."""
        return Stretch(data=self.data[start:end], start=start)

    def batch(self, end: int, *, closed: bool = False) -> Batch:
        """What is found in the block up to `end`."""
        block = Block(
            path="/var/log/app.log",
            data=self.data[self.offset : end],
            start=self.offset,
            end=end,
            checkpoint=replace(checkpoint(end, self.identity), closed=closed),
            backlog=not self._live,
        )
        batch = self.reading.batch(block, self.now.wall)
        return batch if self.surroundings is None else self.surroundings.add(block, batch)

    def read(self, end: int | None = None, *, closed: bool = False, commit: bool = True) -> None:
        """One block, up to `end`."""
        batch = self.batch(len(self.data) if end is None else end, closed=closed)
        self.pipeline.take(batch, self.now)
        self.offset = batch.end
        if commit:
            self.commit()

    def write(self, text: str) -> None:
        """Lines that come now, as one block."""
        self.data += text.encode()
        self.read()

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now = Moment(self.now.steady + seconds, self.now.wall + seconds)
        self.pipeline.expire(self.now)
        self.commit()

    def commit(self) -> Transaction:
        """As the store does it."""
        transaction = self.pipeline.drain()
        for key, change in transaction.states.items():
            if change.body is None:
                self.states.pop(key, None)
            else:
                self.states[key] = change
        for one in transaction.alerts:
            self._keep(one)
        for each in transaction.checkpoints.values():
            self.offset = each.offset
        return transaction

    def _keep(self, one: Addressed) -> None:
        self.told.append(one.alert)
        if one.burns:
            self.burning[one.alert.id] = Burning(one.alert, one.told)
        elif one.alert.status == "resolved":
            self.burning.pop(one.alert.id, None)

    def finish(self) -> list[Alert]:
        """The file has ended; all that was told, in an order that no cut changes."""
        self.pipeline.run_until(self.now.wall)
        self.commit()
        return sorted(self.told, key=lambda alert: (alert.id, alert.seq))


def texts(alert: Alert) -> tuple[list[str], list[str]]:
    """The lines around the one that an alert is about."""
    context = alert.context
    return [line.text for line in context.before], [line.text for line in context.after]


def expected(
    lines: Sequence[tuple[float | None, str]], number: int, wanted: ContextSettings
) -> tuple[list[str], list[str]]:
    """The context of a line of a file, by its definition; the lines have their own stamps."""
    written = [text for _, text in lines]
    offsets = [sum(len(text.encode()) + 1 for text in written[:each]) for each in range(len(lines))]
    near = range(max(0, number - wanted.before), number)
    before = [written[each] for each in near if offsets[each] >= offsets[number] - REACH]
    own = lines[number][0]
    limit = (ARRIVAL if own is None else own) + wanted.max_wait
    after: list[str] = []
    for each in range(number + 1, min(len(lines), number + 1 + wanted.after)):
        stamp, text = lines[each]
        if (stamp is not None and stamp > limit) or offsets[each] > offsets[number + 1] + REACH:
            break
        after.append(text)
    return before, after


def stamped(time: float, text: str) -> str:
    """A line with its own stamp."""
    return f"{rfc3339(time)} {text}"


def ends_of(data: bytes) -> list[int]:
    """Where the lines of a file end."""
    ends: list[int] = []
    at = 0
    while (at := data.find(b"\n", at) + 1) > 0:
        ends.append(at)
    return ends


def told_by(follower: Follower, ends: Iterable[int]) -> list[Alert]:
    """What is told of the whole file, read in blocks that end there."""
    for end in ends:
        follower.read(end)
    return follower.finish()
