"""Groups against a model that keeps everything, with restarts at any point."""

from __future__ import annotations

from typing import Any, NamedTuple

from doubles.examples import examples
from doubles.groups import GroupScene, group_of
from hypothesis import given, settings
from hypothesis import strategies as st

from logwatch.records import Alert

GRAVER = {"info": 0, "warning": 1, "error": 2, "critical": 3}
NAMES = st.integers(0, 3)
RECORDS = st.integers(0, 9)
SEVERITY = st.sampled_from(["info", "warning", "critical"])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("change"), NAMES, RECORDS, SEVERITY),
        st.tuples(st.just("resolve"), NAMES, RECORDS),
        st.tuples(st.just("event"), NAMES, RECORDS, SEVERITY),
        st.tuples(st.just("pass"), st.sampled_from([1, 7, 10, 30, 45, 100])),
        st.just(("restart",)),
    ),
    max_size=40,
)
MOST_GROUPS = st.sampled_from([2, 10_000])
TIMERS = st.fixed_dictionaries(
    {"wait": st.sampled_from([0.0, 10.0, 30.0])},
    optional={
        "updates": st.sampled_from([0.0, 7.0, 60.0]),
        "remind": st.sampled_from([45.0, 100.0]),
    },
)


def perform(scene: GroupScene, steps: list[tuple[Any, ...]], *, restarts: bool) -> list[Alert]:
    """Do what the steps say; all alerts that came, in order."""
    burning: dict[int, Alert] = {}
    came: list[Alert] = []
    for step in steps:
        match step:
            case ("change", name, more, severity) if name in burning:
                count = burning[name].count + more
                burning[name] = scene.follow(burning[name], count=count, severity=severity)
                came.append(burning[name])
            case ("change", name, more, severity):
                burning[name] = scene.fire(
                    key={"name": str(name)}, count=more, severity=severity, suppressed=more
                )
                came.append(burning[name])
            case ("resolve", name, more) if name in burning:
                one = burning.pop(name)
                came.append(scene.resolve(one, count=one.count + more, suppressed=0))
            case ("event", name, more, severity):
                one = scene.event(key={"name": str(name)}, count=more, severity=severity)
                came.append(one)
            case ("pass", seconds):
                scene.pass_time(seconds)
            case ("restart",) if restarts:
                scene.restart()
    came.extend(scene.resolve(one, suppressed=0) for one in burning.values())
    scene.pass_time(100_000)
    return came


def total(alerts: list[Alert]) -> int:
    """How many records there are in all: of each episode, what its last message says."""
    return sum({one.id: one.count for one in alerts}.values())


@settings(max_examples=examples(200), deadline=None)
@given(STEPS, TIMERS, st.sampled_from([(), ("severity",), None]), MOST_GROUPS)
def test_totals_are_exact_and_ends_are_told_and_nothing_stays(
    steps: list[tuple[Any, ...]],
    timers: dict[str, Any],
    group: tuple[str, ...] | None,
    most_groups: int,
):
    """Whatever comes, and whatever the timers."""
    scene = GroupScene(group=group, most_groups=most_groups, **timers)
    came = perform(scene, steps, restarts=False)
    assert sum(message.count for message in scene.messages) == total(came)
    first = {one.id: one for one in reversed(came)}
    assert sum(message.suppressed for message in scene.messages) == sum(
        one.suppressed for one in came
    )
    ended = {
        member.id
        for message in scene.messages
        for member in group_of(message).members
        if member.status == "resolved"
    }
    assert ended == {one.id for one in came if one.status == "resolved"}
    assert {m.id for message in scene.messages for m in group_of(message).members} == set(first)
    assert len(scene.groups) == 0
    assert not scene.groups.burning()
    assert scene.stored == {}
    last = {message.id: message for message in scene.messages}
    assert all(group_of(message).burning == 0 for message in last.values())


@settings(max_examples=examples(200), deadline=None)
@given(STEPS, TIMERS, st.sampled_from([None, None, "hourly", "daily 00:01"]), MOST_GROUPS)
def test_a_restart_at_any_point_changes_no_message(
    steps: list[tuple[Any, ...]], timers: dict[str, Any], digest: str | None, most_groups: int
):
    """The same messages, byte by byte, to the same sinks at the same times."""
    timers = ({"digest": digest} if digest else timers) | {"most_groups": most_groups}
    with_restarts, without = GroupScene(**timers), GroupScene(**timers)
    perform(with_restarts, steps, restarts=True)
    perform(without, steps, restarts=False)
    assert with_restarts.told == without.told
    assert with_restarts.stored == without.stored


class Came(NamedTuple):
    """An alert as the model keeps it."""

    at: float
    burns: bool
    rank: int
    before: int | None
    """Rank of the same episode before."""


class Model:
    """One group at a time; when it is told of is worked out anew from all that came."""

    def __init__(self, wait: float, updates: float | None = None, remind: float | None = None):
        self.wait, self.remind = wait, remind
        self.updates = wait if updates is None else updates
        self.now = 0.0
        self.burning: dict[int, int] = {}
        self.pending: list[Came] = []
        self.told: list[float] = []
        self.is_open = False
        self.worst = -1
        self.last: float | None = None

    def due(self) -> float | None:
        """When the next message goes out."""
        if not self.pending:
            burns = self.is_open and self.burning and self.remind is not None
            return self.last + (self.remind or 0) if burns and self.last is not None else None
        if not self.is_open:
            return min(self._first(one) for one in self.pending)
        assert self.last is not None
        times = [max(one.at, self.last + self.updates) for one in self.pending]
        times += [one.at for one in self.pending if self._is_graver(one)]
        if self.remind is not None:
            times.append(self.last + self.remind)
        return min(times)

    def _first(self, one: Came) -> float:
        rests = self.last is not None and self.updates > self.wait
        recent = rests and one.at < (self.last or 0) + self.updates
        began_at_rest = rests and self.pending[0].at < (self.last or 0) + self.updates
        if one.burns or not (recent or began_at_rest) or one.rank > self.worst:
            return one.at + self.wait
        return max(one.at + self.wait, (self.last or 0) + self.updates)

    def _is_graver(self, one: Came) -> bool:
        return one.rank > (self.worst if one.before is None else one.before)

    def add(self, name: int | None, rank: int, *, burns: bool) -> None:
        """Take an alert, of episode `name`."""
        before = self.burning.pop(name, None) if name is not None else None
        self.pending.append(Came(self.now, burns, rank, before))
        if burns and name is not None:
            self.burning[name] = rank
        self.run(self.now)

    def run(self, until: float) -> None:
        """Let time pass."""
        while (due := self.due()) is not None and due <= until:
            self.now = max(due, self.now)
            self.told.append(self.now)
            worst = max([one.rank for one in self.pending] + list(self.burning.values()))
            self.worst = max(self.worst, worst) if self.is_open else worst
            self.pending = []
            self.last = self.now
            self.is_open = bool(self.burning)
        self.now = until


@settings(max_examples=examples(200), deadline=None)
@given(STEPS, TIMERS)
def test_messages_go_out_when_the_model_says(steps: list[tuple[Any, ...]], timers: dict[str, Any]):
    """A group of everything, whose due time is worked out from all that came."""
    scene, model = GroupScene(group=(), **timers), Model(**timers)
    burning: dict[int, Alert] = {}
    for step in [*steps, ("pass", 500)]:
        match step:
            case ("change", name, _, severity):
                if name in burning:
                    burning[name] = scene.follow(burning[name], severity=severity)
                else:
                    burning[name] = scene.fire(severity=severity)
                model.add(name, GRAVER[severity], burns=True)
            case ("resolve", name, _) if name in burning:
                one = burning.pop(name)
                scene.resolve(one)
                model.add(name, GRAVER[one.severity], burns=False)
            case ("event", _, _, severity):
                scene.event(severity=severity)
                model.add(None, GRAVER[severity], burns=False)
            case ("pass", seconds):
                scene.pass_time(seconds)
                model.run(model.now + seconds)
    assert scene.times == model.told
