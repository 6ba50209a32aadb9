"""Mutes, silences and inhibition against a naive model, with a restart anywhere.

The model knows every alert and looks at everything anew each time; the real one may be killed after
any step. Episodes count nothing here and events 1, so that sums of `count` are numbers of events.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from doubles.alerts import alert
from doubles.conditions import asking
from doubles.examples import examples
from doubles.muting import Scene, at, inhibit, mute
from hypothesis import given, settings
from hypothesis import strategies as st

from logwatch.alerts.conditions import compile_alert_where
from logwatch.alerts.mutes import Released
from logwatch.alerts.silences import SilenceError
from logwatch.records import Alert

MUTES = (
    mute("hold", "Mon 02:00-04:00", condition=asking(host="h1")),
    mute("sum", "Mon 03:00-05:00", condition=asking(rule="r1"), then="summarise"),
    mute("drop", "Mon 01:00-02:30", then="drop"),
    mute("late", "Mon 03:30-06:00", condition=asking(severity=">= error")),
)
INHIBIT = inhibit(asking(rule="r0"), asking(rule="r1"), "host")
LAST_HOUR = 9.0

_STEPS = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.sampled_from(["episode", "episode", "resolve", "event", "silence", "ack", "unsilence"]),
        st.integers(0, 3),
        st.sampled_from(["warning", "error"]),
    ),
    max_size=40,
)
"""Quarters of an hour that pass, what happens then, to whom, and how grave it is."""


class Model:
    """What should be told."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.owed: dict[str, Alert] = {}
        self.told: set[str] = set()
        self.events = 0
        """Events that are told sooner or later."""

    def muting(self, one: Alert, hour: float) -> set[str]:
        """Everything that hides an alert, by what becomes of it."""
        wall = at(hour).wall
        found: set[str] = {
            each.then
            for each in MUTES
            if each.covers(wall) and compile_alert_where(each.condition)(one)
        }
        for silence in self.scene.mutes.silences.listed(at(hour)):
            if silence.in_force(wall) and compile_alert_where(silence.where)(one):
                found.add("hold")
        for other in self.scene.burning.values():
            if (other.rule, one.rule) == ("r0", "r1") and other.host == one.host:
                found.add("inhibit")
        return found

    def event(self, one: Alert, hour: float) -> bool:
        found = self.muting(one, hour)
        self.events += not found or bool(found & {"hold", "summarise"})
        return not found

    def episode(self, one: Alert, hour: float) -> bool:
        """Whether it is told now."""
        found = self.muting(one, hour)
        if not found:
            self.owed.pop(one.id, None)
            self.told.add(one.id)
        elif found != {"drop"} or one.id in self.owed:
            self.owed[one.id] = one
        return not found

    def resolved(self, one: Alert) -> bool:
        self.owed.pop(one.id, None)
        was_told = one.id in self.told
        self.told.discard(one.id)
        return was_told

    def expire(self, hour: float) -> set[tuple[str, int]]:
        due = {one.id: one.seq for one in self.owed.values() if not self.muting(one, hour)}
        for name in due:
            del self.owed[name]
        self.told.update(due)
        return set(due.items())


def one_alert(name: str, number: int, seq: int, **others: Any) -> Alert:
    """An alert of two rules on two hosts."""
    own = {"rule": f"r{number % 2}", "host": f"h{number // 2}", "count": 0}
    return alert(**({"id": name, "seq": seq} | own | others))


class Walk:
    """One scene taken through the steps; what it tells is a list."""

    def __init__(self, *, restarts: bool) -> None:
        self.scene = Scene(*MUTES, inhibits=[INHIBIT])
        self.model = Model(self.scene)
        self.restarts = restarts
        self.output: list[Any] = []
        self.hour = 0.0
        self.seqs: dict[str, int] = {}
        self.events_told = 0
        self.number = 0

    def pass_to(self, hour: float) -> None:
        """Let time pass in quarters of an hour, which is where everything begins and ends."""
        while self.hour < hour:
            deadline = self.scene.mutes.deadline(at(self.hour))
            self.hour += 0.25
            self.expire(nothing=deadline is None or deadline > 900)

    def expire(self, *, nothing: bool = False) -> None:
        seqs = {name: one.seq for name, one in self.model.owed.items()}
        expected = self.model.expire(self.hour)
        released: Released = self.scene.expire(self.hour)
        told = {(one.id, one.seq) for one in released.alerts}
        told |= {(name, seqs[name]) for each in released.summaries for name in each.burning}
        assert told == expected
        assert not (nothing and released), "the deadline was too late"
        self.events_told += sum(each.alert.count for each in released.summaries)
        if released:
            self.output.append((self.hour, released))

    def step(self, what: str, number: int, severity: str) -> None:
        getattr(self, f"do_{what}")(number, severity)
        if self.restarts:
            self.scene.restart()
        self.expire()

    def do_episode(self, number: int, severity: str) -> None:
        name = f"e{number}"
        seq = self.seqs[name] = self.seqs.get(name, 0) + 1
        status = "updated" if name in self.scene.burning else "firing"
        self.give(one_alert(name, number, seq, status=status, severity=severity))

    def do_resolve(self, number: int, severity: str) -> None:
        name = f"e{number}"
        if name in self.scene.burning:
            self.seqs[name] += 1
            self.give(one_alert(name, number, self.seqs[name], status="resolved"))

    def do_event(self, number: int, severity: str) -> None:
        self.number += 1
        self.give(one_alert(f"x{self.number}", number, 1, severity=severity, count=1), burns=False)

    def do_silence(self, number: int, severity: str) -> None:
        self.silence(number, until=at(self.hour + 0.5 + number / 4).wall)

    def do_ack(self, number: int, severity: str) -> None:
        self.silence(number, until_resolved=True, burning=self.scene.burning.values())

    def do_unsilence(self, number: int, severity: str) -> None:
        with suppress(SilenceError):
            self.scene.mutes.silences.end(number + 1, now=at(self.hour), author="me")
        self.scene.commit()

    def silence(self, number: int, **others: Any) -> None:
        now = at(self.hour)
        with suppress(SilenceError):
            self.scene.mutes.silences.add(
                asking(host=f"h{number // 2}"), now=now, author="me", **others
            )
        self.scene.commit()

    def give(self, one: Alert, *, burns: bool | None = None) -> None:
        if one.status == "resolved":
            goes_out = self.model.resolved(one)
        elif burns is False:
            goes_out = self.model.event(one, self.hour)
        else:
            goes_out = self.model.episode(one, self.hour)
        was_told = one.id in self.scene.told
        by = self.scene.give(self.hour, one, burns=burns)
        if one.status == "resolved":
            assert goes_out == was_told
            assert by is None or not was_told, "an end that is owed must go out"
        else:
            assert (by is None) == goes_out
        self.events_told += burns is False and by is None
        self.output.append((self.hour, one.id, one.seq, by))


def walked(steps: list[tuple[int, str, int, str]], *, restarts: bool) -> Walk:
    walk = Walk(restarts=restarts)
    for quarters, what, number, severity in steps:
        walk.pass_to(walk.hour + quarters / 4)
        walk.step(what, number, severity)
    walk.pass_to(max(walk.hour, LAST_HOUR) + 2)
    for number in range(4):  # the ends of what inhibits, and of what acknowledgements wait for
        walk.step("resolve", number, "warning")
    walk.expire()
    return walk


@settings(max_examples=examples(150), deadline=None)
@given(_STEPS)
def test_what_is_told_is_what_the_model_says_however_often_it_is_killed(steps):
    """Every message once, at its time; every event that is not dropped is in one total."""
    without = walked(steps, restarts=False)
    assert without.events_told == without.model.events
    assert not [key for rule, key in without.scene.rows if rule == "logwatch.mutes"]
    assert walked(steps, restarts=True).output == without.output
