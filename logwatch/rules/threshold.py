"""Kinds 2 and 3, threshold and clear: N matches of one key within T, as one episode.

The window is a true sliding one, (t - T, t], in event time. The N-th match fires. While the
episode burns nothing fires again; a higher level raises its severity with an `updated` message.
It resolves by timer, with no line needed, when `clear` holds; without `clear`, when fewer than N
were in the window for one whole window's time. After it has resolved, the same key fires again no
sooner than `cooldown` after its last firing; what is held back is counted.

A deadline that a record's own time has passed takes effect before that record, so that a backlog
tells the same story as the live log.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from logwatch import telemetry
from logwatch.records import (
    SCHEMA,
    SEVERITIES,
    Alert,
    Severity,
    StateChange,
    Status,
)
from logwatch.rules.base import Basis, Hit, Now, RuleSettings, Threshold, Told
from logwatch.rules.deadlines import Deadlines
from logwatch.rules.explaining import burning_since, cooling_down, ends_unless_more
from logwatch.rules.live_keys import LiveKeys
from logwatch.rules.message import Keyed, Wording, episode_id, headline, lasting
from logwatch.rules.samples import QUOTED_LINES, Sample, later_than
from logwatch.rules.threshold_state import (
    KeyState,
    Tracked,
    decode_state,
    window_in_words,
)
from logwatch.stamps import rfc3339
from logwatch.windows.latest_times import LatestTimes

LATE_SECONDS = 120.0
"""How late a live record may come, by its own stamp, and still find its window."""

LOOKED_AT = 64
"""Keys, seen longest ago, among which one that does not burn is looked for when one must go."""


class ThresholdRule:
    """One threshold rule and the window of each of its keys."""

    basis: Basis = "event"

    def __init__(self, settings: RuleSettings, *, host: str) -> None:
        assert isinstance(settings.kind, Threshold)
        self.settings = settings
        self._kind = settings.kind
        self._host = host
        self._max_keys = settings.max_keys
        self._keyed = Keyed(settings.by)
        self._wording = Wording(settings)
        self._labels = self._wording.labels()
        counts = [self._kind.count, *(count for count, _ in self._kind.levels)]
        # One more than a count needs: then "the only one in its window" can be told from a count.
        self._capacity = max(*counts, (self._kind.clear_count or 0) + 1) + 1
        self._memory_seconds = max(self._kind.window, settings.cooldown) + LATE_SECONDS
        self._states = LiveKeys(Tracked.dump, self._load, _burns)
        self._turns: dict[str, int] = {}
        """Of keys that were restored, until `begin`."""
        self._deadlines = Deadlines()
        self.due = self._deadlines.first
        """See `Rule.due`; asked for after each line."""
        self._evicted = 0
        self._turn = 0

    def feed(self, hit: Hit, now: Now) -> Iterable[Alert]:
        """See `Rule.feed`."""
        key = self._keyed.key(hit)
        alerts: list[Alert] = []
        tracked = self._states.see(key)
        if tracked is None:
            if len(self._states) >= self._max_keys:
                alerts += self._evict(now)
            tracked = Tracked(KeyState(samples=[]), LatestTimes(self._capacity), [])
            self._states.add(key, tracked)
        state, times, seen = tracked
        self._turn += 1
        state.turn = self._turn
        noted = self._deadlines.at(key) if state.episode is not None else None
        if noted is not None and now.event >= noted:  # each match can only have put it off
            deadline = self._clears_at(state, times)
            if deadline is not None and now.event >= deadline:
                alerts.append(self._resolve(key, tracked, now, deadline))
        record, batch = hit.record, hit.batch
        at = record.time
        times.add(at)
        state.late = batch.backlog
        seen.append((record, batch.checkpoint.path, batch.source, hit.match.captures))
        if len(seen) > QUOTED_LINES:
            del seen[0]
        if state.episode is None:
            told = self._look(key, tracked, hit, now)
        else:
            state.count += 1
            if at > state.last:  # noqa: PLR1730 - for each line a call is much
                state.last = at
            told = self._raise(key, tracked, at, now) if self._kind.levels else None
        if told is not None:
            alerts.append(told)
        return alerts

    def hear(self, told: Told, now: Now) -> Iterable[Alert]:
        """See `Rule.hear`. It listens to nobody."""
        raise NotImplementedError

    def expire(self, now: Now) -> Iterable[Alert]:
        """See `Rule.expire`."""
        alerts = []
        while (key := self._deadlines.pop(now.event)) is not None:
            tracked = self._states[key]
            state, times, _ = tracked
            deadline = self._clears_at(state, times)
            if deadline is None:
                self._forget_if_idle(key, state, now)
            elif deadline > now.event:
                self._deadlines.put(key, deadline)
            else:
                alerts.append(self._resolve(key, tracked, now, deadline))
                self._states.changed.add(key)
            self._states.settle()
        return alerts

    def set_back(self, wall: float) -> None:
        """See `Datable.set_back`."""
        states = self._states
        for key in [each for each in states if not states.burns(each)]:
            known = states.peek(key).state
            if max(known.last, known.over) > wall:
                state, times, _ = states[key]
                times.forget_after(wall)
                state.last, state.over = min(state.last, wall), min(state.over, wall)
                state.anchor = None
                if state.fired_at is not None and state.fired_at > wall:
                    state.fired_at = None
                states.changed.add(key)
                states.settle()

    def changes(self) -> Iterable[StateChange]:
        """See `Rule.changes`."""
        for key, body in self._states.changes():
            yield StateChange(self.settings.name, key, body)

    def restore(self, change: StateChange) -> None:
        """See `Rule.restore`."""
        assert change.body is not None
        state, times, _ = self._states.restore(change.key, change.body)
        self._turns[change.key] = state.turn
        deadline = self._clears_at(state, times)
        self._deadlines.put(change.key, deadline if deadline is not None else self._idle_at(state))

    def begin(self, now: Now) -> None:
        """See `Rule.begin`. Keys come back in the order in which they were last seen."""
        turns, self._turns = self._turns, {}
        self._states.arrange(sorted(turns, key=turns.__getitem__))
        self._turn = max(turns.values(), default=self._turn)

    def burning(self) -> Iterable[str]:
        """See `Rule.burning`."""
        states = (tracked.state for tracked in self._states.burning())
        return [state.episode for state in states if state.episode is not None]

    def key_fields(self) -> tuple[str, ...]:
        """See `Explaining.key_fields`."""
        return self._keyed.names

    def known_keys(self) -> list[str]:
        """See `Explaining.known_keys`."""
        states = self._states
        last = {key: states.peek(key).state.last for key in states}
        return sorted(last, key=lambda key: (not states.burns(key), -last[key], key))

    def standing(self, now: Now) -> list[str]:
        """See `Explaining.standing`."""
        return []

    def explain(self, key: str, now: Now) -> list[str]:
        """See `Explaining.explain`."""
        if key not in self._states:
            return []
        state, times, _ = self._states.peek(key)
        window = window_in_words(self._kind, times, now)
        if state.episode is not None:
            since = burning_since(state.fired_at, state.severity, state.count, state.episode, now)
            return [since, window, *ends_unless_more(self._clears_at(state, times), now)]
        until = None if state.fired_at is None else state.fired_at + self.settings.cooldown
        return [window, *cooling_down(until, state.suppressed, now.event, now)]

    def _evict(self, now: Now) -> Iterable[Alert]:
        """Forget a key seen long ago, rather one that does not burn; one that does is resolved."""
        states = self._states
        candidates = islice(states, LOOKED_AT)
        key = next((key for key in candidates if not states.burns(key)), next(iter(states)))
        tracked = states[key]
        last, burns = tracked.state.last, tracked.state.episode is not None
        owed = (self._resolve(key, tracked, now, last),) if burns else ()
        self._forget(key)
        self._evicted += 1
        telemetry.count("rules.keys_evicted")
        if self._evicted == 1:
            telemetry.warning("rules.too_many_keys", rule=self.settings.name, max=self._max_keys)
        return owed

    def _forget(self, key: str) -> None:
        self._states.forget(key)
        self._deadlines.drop(key)

    def _load(self, body: bytes) -> Tracked:
        state = decode_state(body)
        return Tracked(state, LatestTimes(self._capacity, state.times), [])

    def _look(self, key: str, tracked: Tracked, hit: Hit, now: Now) -> Alert | None:
        """Whether the episode begins with a match that is noted; no other burns."""
        state, times, seen = tracked
        at = hit.record.time
        here = times.count(at, self._kind.window)
        if here <= 1 and at >= state.last:
            state.anchor = None
            if not state.samples and len(seen) == 1:  # a first sight: forgotten if it stays alone
                self._deadlines.put(key, at + self._memory_seconds)
        if state.anchor is None:
            state.anchor = (hit.batch.checkpoint.identity, hit.record.offset)
        state.last = max(state.last, at)
        return self._fire(key, tracked, at, here, now)

    def _fire(self, key: str, tracked: Tracked, at: float, here: int, now: Now) -> Alert | None:
        """Fire where the window of the record, in which are `here`, or one after it is full."""
        state, times, _ = tracked
        end: float | None = at
        if here < self._kind.count or at < max(now.in_order_from, state.over):
            end = self._full_at(tracked, at, self._kind.count, now)
            if end is None:
                return None
        assert end is not None
        if state.fired_at is not None and 0 <= end - state.fired_at < self.settings.cooldown:
            state.suppressed += 1
            return None
        since = end - self._kind.window
        state.first, state.count = times.after(since)
        samples = tracked.settle().samples
        state.samples = later_than(samples, since) or samples[-1:]  # times are told in milliseconds
        assert state.anchor is not None
        state.fired_at = end
        state.severity = self._level(tracked, at, now)
        state.episode = episode_id(self.settings.name, key, *state.anchor)
        state.seq = 0
        alert = self._alert(key, tracked, now, "firing")
        state.suppressed = 0
        deadline = self._clears_at(state, times)
        assert deadline is not None
        self._deadlines.put(key, deadline)
        return alert

    def _raise(self, key: str, tracked: Tracked, at: float, now: Now) -> Alert | None:
        """A higher level of the burning episode is reached, perhaps."""
        state = tracked.state
        severity = self._level(tracked, at, now)
        if SEVERITIES.index(severity) <= SEVERITIES.index(state.severity):
            return None
        state.severity = severity
        return self._alert(key, tracked, now, "updated")

    def _full_at(self, tracked: Tracked, at: float, count: int, now: Now) -> float | None:
        """When a window that a record of `at` has joined holds `count`; None where none does.

        A record that is too late joins only the window that ends now, and no window that an episode
        had already is looked at again.
        """
        state, times, _ = tracked
        window = self._kind.window
        if at >= max(now.in_order_from, state.over):
            return times.first_full(at, count, window)
        end = now.event
        is_open = at > end - window and end >= state.over
        return end if is_open and times.count(end, window) >= count else None

    def _resolve(self, key: str, tracked: Tracked, now: Now, at: float) -> Alert:
        alert = self._alert(key, tracked, now, "resolved", over_at=at)
        state = tracked.state
        state.episode = None
        state.anchor = None
        state.count = 0
        state.over = at
        self._deadlines.put(key, self._idle_at(state))
        return alert

    def _level(self, tracked: Tracked, at: float, now: Now) -> Severity:
        severity = self.settings.severity
        for count, name in self._kind.levels:
            if self._full_at(tracked, at, count, now) is not None:
                severity = name
        return severity

    def _clears_at(self, state: KeyState, times: LatestTimes) -> float | None:
        """When the burning episode resolves if nothing more comes."""
        if state.episode is None:
            return None
        kind = self._kind
        if kind.clear_window is not None:
            latest = times.latest((kind.clear_count or 0) + 1)
            calm = (latest if latest is not None else state.last) + kind.clear_window
        else:
            latest = times.latest(kind.count)
            calm = (latest if latest is not None else state.last) + 2 * kind.window
        return max(calm, (state.fired_at or calm) + self.settings.hold)

    def _idle_at(self, state: KeyState) -> float:
        calm = max(state.last, state.fired_at or 0.0) + self._memory_seconds
        return max(calm, state.over + LATE_SECONDS)

    def _forget_if_idle(self, key: str, state: KeyState, now: Now) -> None:
        """A key whose window is empty and whose cool-down is over needs no memory."""
        if self._idle_at(state) > now.event:
            self._deadlines.put(key, self._idle_at(state))
            return
        self._forget(key)

    def _alert(
        self,
        key: str,
        tracked: Tracked,
        now: Now,
        status: Status,
        over_at: float | None = None,
    ) -> Alert:
        state = tracked.settle()
        state.seq += 1
        newest = state.samples[-1]
        assert state.episode is not None
        lines = [sample.line for sample in state.samples]
        return Alert(
            schema=SCHEMA,
            id=state.episode,
            seq=state.seq,
            status=status,
            rule=self.settings.name,
            severity=state.severity,
            message=self._message(key, state, newest, status, over_at),
            source=newest.source,
            path=newest.line.path,
            host=self._host,
            key=self._keyed.named(key),
            fields=newest.fields,
            count=state.count,
            suppressed=state.suppressed,
            first=rfc3339(state.first),
            last=rfc3339(state.last),
            at=rfc3339(now.wall),
            late=state.late,
            lines=lines,
            labels=self._labels,
        )

    def _message(
        self, key: str, state: KeyState, newest: Sample, status: Status, over_at: float | None
    ) -> str:
        name = key.replace("\x1f", ", ")
        lasted = lasting(max(0.0, (over_at if over_at is not None else state.last) - state.first))
        stock = f"{state.count:,}x {headline(newest.line.text)}"
        if name:
            stock = f"{name}: {stock}"
        text = self._wording.message(
            stock,
            {
                **newest.fields,
                "count": state.count,
                "key": name,
                "rule": self.settings.name,
                "severity": state.severity,
                "source": newest.source,
                "path": newest.fields.get("path", newest.line.path),
                "log_file": newest.line.path,
                "host": newest.fields.get("host", self._host),
                "first": rfc3339(state.first),
                "last": rfc3339(state.last),
                "duration": lasted,
                "suppressed": state.suppressed,
                **{name: newest.fields[name] for name in newest.captured},
            },
        )
        return f"resolved after {lasted}: {text}" if status == "resolved" else text


def _burns(tracked: Tracked) -> bool:
    return tracked.state.episode is not None
