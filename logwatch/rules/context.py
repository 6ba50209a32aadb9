"""`context:` lines around the line that an alert is about, and alerts that wait for some of them.

The first message of an event or an episode is held back until the lines behind its anchor (see
anchors.py) are there, the generation of their file has ended, or `max_wait` has passed since the
anchor was taken: by the steady clock live, and never by it while a backlog is read, for there only
lines tell the time. What follows of the same episode is held behind it and does not overtake it.
What is held is state: it goes into the store with the position of the lines that brought it about.

What may be lacking: the context of a line that was forgotten (anchors.py), which is counted, and
lines that did not come in time. At most `MOST_HELD` messages wait; beyond that the one that came
first goes out with what it has.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Generic, NamedTuple, Protocol, TypeVar

import msgspec
from msgspec import UNSET, Struct
from msgspec.structs import replace

from logwatch import telemetry
from logwatch.records import Alert, AlertLine, Batch, Match, StateChange
from logwatch.rules.anchor_memory import MOST_REMEMBERED, Memory
from logwatch.rules.anchors import Anchor, Growing, Place, anchor_in
from logwatch.rules.base import ContextSettings, RuleSettings, parts_of

NAME = "logwatch.context"
"""The rule under which the store keeps what is here."""
MOST_HELD = 1000

_HELD = "held\x1f"
_encode = msgspec.msgpack.Encoder().encode
_offset = attrgetter("offset")


class Message(Protocol):
    """Something that carries an alert on."""

    @property
    def alert(self) -> Alert:
        """The alert."""
        ...


M = TypeVar("M", bound=Message)


class Held(Struct, Generic[M], array_like=True, kw_only=True):
    """Messages of one episode that wait for the lines around the first one's anchor."""

    wanted: ContextSettings
    anchor: Anchor
    messages: list[M]
    turn: int
    """Counts what is held: the order in which it came about."""

    @property
    def until(self) -> float:
        """Steady time."""
        return self.anchor.seen + self.wanted.max_wait


class Contexts(Generic[M]):
    """What is known of lines around records, and the messages that wait for more of it."""

    def __init__(
        self,
        rules: Sequence[RuleSettings],
        *,
        decode: Callable[[bytes], Held[M]],
        with_alert: Callable[[M, Alert], M],
    ) -> None:
        """`with_alert` puts another alert into a message."""
        wanted = wanted_by_part(rules)
        self.active = bool(wanted)
        """Whether any rule asks for context; False: nothing needs to be told to this."""
        self._longest = longest(each.context for each in wanted.values())
        self._lasting = frozenset(number for number, each in wanted.items() if each.lasting)
        """Numbers of the parts whose records may be quoted later."""
        self._decode = decode
        self._with_alert = with_alert
        self.batch: Batch | None = None
        """The one that is being taken."""
        self._steady = 0.0
        self._growing = Growing(self._longest.after)
        self._held: dict[str, Held[M]] = {}
        self._waiting = 0
        """Messages in all that is held."""
        self._memory = Memory(self._growing)
        self._turn = 0
        self._changed: set[str] = set()
        self._stored: set[str] = set()

    @property
    def holding(self) -> bool:
        """Whether any message waits."""
        return bool(self._held)

    def newest(self) -> list[M]:
        """Of each episode that waits, its newest message."""
        return [held.messages[-1] for held in self._held.values()]

    def follow(self, message: M) -> None:
        """One more message of an episode that waits."""
        key = message.alert.id
        self._held[key].messages.append(message)
        self._waiting += 1
        self._changed.add(_HELD + key)

    def let_all_go(self) -> list[M]:
        """Everything that waits, as it is."""
        return self._let_go(list(self._held.values()))

    def learn(self, batch: Batch) -> list[M]:
        """Take the lines that `batch` brings; messages to send on."""
        ready: dict[str, Held[M]] = {}
        for key in self._growing.learn(batch):
            if not key.startswith(_HELD):
                self._memory.grown(key)
                continue
            self._changed.add(key)
            held = self._held[key.removeprefix(_HELD)]
            if held.anchor.is_complete(held.wanted):
                ready[key] = held
        return self._let_go(ready.values())

    def remember(self, batch: Batch, matches: Sequence[Match], steady: float) -> None:
        """These matches of `batch` are about to be taken, at steady time `steady`."""
        self.batch, self._steady = batch, steady
        if not self._lasting or batch.near is UNSET:
            return
        numbers = dict.fromkeys(each.record for each in matches if each.rule in self._lasting)
        for number in [*numbers][-MOST_REMEMBERED:]:
            record = batch.records[number]
            self._memory.add(anchor_in(batch, record, self._longest, steady))

    def hold(self, message: M, wanted: ContextSettings, at: float, *, live: bool) -> list[M]:
        """A message of a rule with context, at event time `at`; messages to send on."""
        alert = message.alert
        held = self._held.get(alert.id)
        if held is None:
            if alert.status != "firing" or not alert.lines:
                return [message]
            anchor = self._find(alert.lines[0])
            if anchor is None:
                telemetry.count("context.lines_forgotten")
                return [message]
            self._turn += 1
            held = Held(wanted=wanted, anchor=anchor, messages=[], turn=self._turn)
            if self._is_over(held, at, live=live):
                return [self._completed(held, message)]
            self._held[alert.id] = held
            self._growing.add(_HELD + alert.id, anchor)
        self.follow(message)
        sent: list[M] = []
        while self._waiting > MOST_HELD:
            sent += self._let_go([next(iter(self._held.values()))])
        return sent

    def first_deadline(self) -> float:
        """Steady time from which on `expire` has something to do, where something waits."""
        return min(held.until for held in self._held.values())

    def expire(self, steady: float) -> list[M]:
        """It is live, and steady time is `steady`; messages to send on."""
        self._steady = steady
        return self._let_go([held for held in self._held.values() if held.until <= steady])

    def changes(self) -> Iterator[StateChange]:
        """See `Rule.changes`."""
        changed, self._changed = self._changed | self._memory.changed, set()
        self._memory.changed = set()
        for key in sorted(changed):
            body = self._body(key)
            if body is not None:
                self._stored.add(key)
            elif key in self._stored:
                self._stored.remove(key)
            else:
                continue  # it came and went since the last time
            yield StateChange(NAME, key, body)

    def restore(self, change: StateChange) -> None:
        """Take back one of them. Raises ValueError or msgspec.DecodeError for what is none."""
        assert change.body is not None
        self._stored.add(change.key)
        if not change.key.startswith(_HELD):
            self._memory.restore(change.key, change.body)
            return
        held = self._decode(change.body)
        self._held[change.key.removeprefix(_HELD)] = held
        self._waiting += len(held.messages)
        self._growing.add(change.key, held.anchor)

    def begin(self, steady: float) -> None:
        """Everything was restored. What waits waits on, and no longer than it would have."""
        self._held = dict(sorted(self._held.items(), key=lambda item: item[1].turn))
        self._turn = max((held.turn for held in self._held.values()), default=0)
        for held in self._held.values():
            held.anchor.seen = min(held.anchor.seen, steady)  # the date may have been set back
        self._memory.begin(most=MOST_REMEMBERED if self.active else 0)
        self.active = self.active or self.holding

    def _find(self, line: AlertLine) -> Anchor | None:
        """The anchor at `line`, a copy of its own."""
        batch, offset = self.batch, line.offset
        if batch is not None and batch.near is not UNSET and batch.checkpoint.path == line.path:
            at = bisect_left(batch.records, offset, key=_offset)
            record = batch.records[at] if at < len(batch.records) else None
            if record is not None and record.offset == offset:
                anchor = anchor_in(batch, record, self._longest, self._steady)
                if anchor.place == Place(line.path, offset, line.time):
                    return anchor
        return self._memory.find(Place(line.path, offset, line.time))

    def _is_over(self, held: Held[M], at: float, *, live: bool) -> bool:
        """Whether nothing more is waited for."""
        anchor, wanted = held.anchor, held.wanted
        if anchor.is_complete(wanted) or at > anchor.time + wanted.max_wait:
            return True
        return live and self._steady >= held.until

    def _let_go(self, ready: Iterable[Held[M]]) -> list[M]:
        """Their messages, in the order in which they came about."""
        sent: list[M] = []
        for held in sorted(ready, key=lambda held: held.turn):
            episode = held.messages[0].alert.id
            del self._held[episode]
            self._growing.drop(_HELD + episode, held.anchor)
            self._changed.add(_HELD + episode)
            self._waiting -= len(held.messages)
            sent += [self._completed(held, held.messages[0]), *held.messages[1:]]
        return sent

    def _completed(self, held: Held[M], message: M) -> M:
        context = held.anchor.context(held.wanted)
        return self._with_alert(message, replace(message.alert, context=context))

    def _body(self, key: str) -> bytes | None:
        held = self._held.get(key.removeprefix(_HELD)) if key.startswith(_HELD) else None
        return self._memory.body(key) if held is None else _encode(held)


class Wanted(NamedTuple):
    """What is wanted around the records that one part of a rule takes."""

    context: ContextSettings
    lasting: bool
    """Whether alerts may quote them later than at once."""


def wanted_by_part(rules: Sequence[RuleSettings]) -> dict[int, Wanted]:
    """For each part whose records may be quoted with context, by its number, what is wanted.

    A rule with context that hears of others may quote their lines, and those that they quote.
    """
    if all(rule.context is None for rule in rules):
        return {}
    by_name = {rule.name: rule for rule in rules}
    contexts: dict[str, list[ContextSettings]] = defaultdict(list)
    lasting: set[str] = set()
    for rule in rules:
        if rule.context is None:
            continue
        quoted = _heard_from(rule, by_name)
        lasting |= quoted
        if rule.kind.burns or rule.kind.word:
            lasting.add(rule.name)
        for name in quoted | {rule.name}:
            contexts[name].append(rule.context)
    return {
        number: Wanted(longest(contexts[name]), name in lasting)
        for number, part in enumerate(parts_of(rules))
        if (name := rules[part.rule].name) in contexts
    }


def longest(contexts: Iterable[ContextSettings]) -> ContextSettings:
    """As many lines as any of these wants."""
    known = list(contexts)
    return ContextSettings(
        before=max((each.before for each in known), default=0),
        after=max((each.after for each in known), default=0),
    )


def _heard_from(rule: RuleSettings, by_name: Mapping[str, RuleSettings]) -> set[str]:
    """The rules that it hears of, and those that they hear of."""
    found: set[str] = set()
    waiting = [*rule.kind.hears()]
    while waiting:
        name = waiting.pop()
        if name not in found and name in by_name:
            found.add(name)
            waiting += by_name[name].kind.hears()
    return found
