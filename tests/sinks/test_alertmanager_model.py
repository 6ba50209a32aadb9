"""Whatever happens in whatever order: what burns here burns there, and nothing else for long."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec
from doubles.alertmanager import Alertmanager
from doubles.alerts import alert
from doubles.examples import examples
from hypothesis import example, given, settings
from hypothesis import strategies as st

from logwatch.records import Alert
from logwatch.sinks.alertmanager_memory import ENDS_KEPT, Memory
from logwatch.stamps import rfc3339

RESEND, LASTS, SHORTEST = 60.0, 300.0, 45.0
SEVERITIES = ("info", "warning", "error", "critical")

steps = st.one_of(
    st.tuples(st.just("begin"), st.sampled_from("abc")),
    st.tuples(st.just("rise"), st.sampled_from("abc")),
    st.tuples(st.just("end"), st.sampled_from("abc")),
    st.tuples(st.just("event"), st.sampled_from("de")),
    st.tuples(st.just("wait"), st.integers(1, 200)),
    st.tuples(st.just("down"), st.booleans()),
    st.tuples(st.just("restart"), st.sampled_from(["logwatch", "alertmanager"])),
)


@dataclass
class World:
    """The store, the outbox, the sink's memory, and one Alertmanager that may be down."""

    now: float = 1_767_571_200.0
    peer: Alertmanager = field(default_factory=Alertmanager)
    down: bool = False
    outbox: list[Alert] = field(default_factory=list)
    burning: dict[str, Alert] = field(default_factory=dict)
    """By key, as the store has it."""
    episodes: int = 0
    remind_at: float = 0.0

    def __post_init__(self) -> None:
        self.begin_anew()

    def begin_anew(self) -> None:
        self.memory = Memory({}, event_lasts=LASTS, shortest=SHORTEST)
        self.remind_at = self.now

    def tell(self, key: str, status: str, severity: str, *, burns: bool = True) -> None:
        before = self.burning.get(key)
        self.episodes += before is None
        one = alert(
            id=before.id if before else str(self.episodes),
            seq=before.seq + 1 if before else 1,
            status=status,
            severity=severity,
            rule=key,
            key={},
            first=before.first if before else rfc3339(self.now),
            at=rfc3339(self.now),
        )
        if status == "resolved":
            del self.burning[key]
        elif burns:
            self.burning[key] = one
        self.outbox.append(one)
        self.deliver()

    def post(self, posted) -> bool:
        if not self.down and posted:
            assert self.peer.post(msgspec.json.decode(msgspec.json.encode(posted)), self.now) == 200
        return not self.down

    def deliver(self) -> None:
        while self.outbox:
            plan = self.memory.plan(self.outbox[:1], self.now)
            if not self.post(plan.post):
                return
            self.memory.commit(plan)
            del self.outbox[0]

    def remind(self) -> None:
        plan = self.memory.reminder(list(self.burning.values()), self.now)
        if self.post([*plan.again, *plan.post]):
            self.memory.commit(plan)
        due = self.memory.next_due(self.now)
        self.remind_at = self.now + (RESEND if due is None else min(max(due, 1.0), RESEND))

    def live(self, seconds: float) -> None:
        end = self.now + seconds
        while self.remind_at <= end:
            self.now = max(self.now, self.remind_at)
            self.remind()
            self.deliver()
        self.now = end

    def there(self) -> set[tuple[str, str]]:
        """Name and severity of all that burns; after a restart one may burn in two severities."""
        labels = [dict(one.labels) for one in self.peer.open(self.now)]
        return {(each["alertname"], each["severity"]) for each in labels}

    def here(self) -> set[tuple[str, str]]:
        return {(key, one.severity) for key, one in self.burning.items()}


def take(world: World, step: tuple[str, object]) -> None:
    match step:
        case ("begin", str(key)) if key not in world.burning:
            world.tell(key, "firing", "info")
        case ("rise", str(key)) if key in world.burning:
            severity = world.burning[key].severity
            world.tell(key, "updated", SEVERITIES[min(SEVERITIES.index(severity) + 1, 3)])
        case ("end", str(key)) if key in world.burning:
            world.tell(key, "resolved", world.burning[key].severity)
        case ("event", str(key)):
            world.tell(key, "firing", "info", burns=False)
        case ("wait", int(seconds)):
            world.live(seconds)
        case ("down", bool(down)):
            world.down = down
        case ("restart", "logwatch"):
            world.begin_anew()
        case ("restart", "alertmanager"):
            world.peer.known.clear()


@settings(max_examples=examples(150), deadline=None)
@given(st.lists(steps, max_size=40))
@example(
    [
        ("begin", "b"),
        ("rise", "b"),
        ("end", "b"),
        ("restart", "logwatch"),
        ("begin", "b"),
    ]
)
def test_in_the_end_both_sides_agree(story):
    world = World()
    for step in story:
        take(world, step)
        if not world.down and step == ("wait", 200):
            assert world.here() <= world.there()
    world.down = False
    world.live(RESEND)
    assert world.here() <= world.there()
    world.live(LASTS + RESEND)
    assert world.there() == world.here()
    assert len(list(world.peer.open(world.now))) == len(world.here())
    world.live(2 * ENDS_KEPT)
    assert world.there() == world.here()
    assert len(world.memory._told) == len(world.here())
    assert len(world.memory._recent) == len(world.here())


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(steps, max_size=30))
def test_each_that_burns_does_so_long_enough_to_be_told(story):
    """From the first time that it was taken until its end was, whatever was down meanwhile."""
    world = World()
    first: dict[str, float] = {}
    for step in [*story, ("down", False), ("wait", 200)]:
        take(world, step)
        names = {name for name, _ in world.there()}
        for name in names:
            first.setdefault(name, world.now)
        for name in list(first.keys() - names):
            began = first.pop(name)
            if ("restart", "alertmanager") not in story:
                assert world.now - began >= SHORTEST - 1 or ("restart", "logwatch") in story
