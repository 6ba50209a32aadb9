"""What a sink with a rate is sent now and what later, in virtual time."""

from __future__ import annotations

from collections import Counter

import pytest
from doubles.alerts import alert
from doubles.examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET

from logwatch.alerts.groups import Groups
from logwatch.alerts.rates import Rates, SinkPace
from logwatch.alerts.route import RouteSettings
from logwatch.alerts.timers import RouteTimers
from logwatch.clock import Moment
from logwatch.records import StateChange, encode_alert
from logwatch.units import Rate

START = 1_767_571_200.0


class Scene:
    """Rates under a clock, and all that a sink was sent."""

    def __init__(self, rate: Rate | None = None, *, for_people: bool = False, live: bool = True):
        self.paces = {"chat": SinkPace(rate=rate, for_people=for_people)}
        self.time = START
        self.rows: dict[str, bytes] = {}
        self.sent: list[tuple[float, object]] = []
        self.rates = Rates(self.paces, host="web1")
        self.rates.begin()
        self.live = live
        if live:
            assert list(self.rates.go_live(self.now)) == []

    @property
    def now(self) -> Moment:
        return Moment(self.time, self.time + 5.0)

    def offer(self, one, burns=False, sinks=("chat",)):
        """An alert comes; the sinks that are told at once."""
        told = self.rates.gate(one, sinks, burns, self.now)
        if "chat" in told:
            self.sent.append((self.time - START, one))
        return told

    def event(self, number, **values):
        return self.offer(alert(id=f"e{number}", count=1, **values))

    def pass_time(self, seconds):
        """Let every deadline within `seconds` take effect at its time."""
        end = self.time + seconds
        while (wait := self.rates.deadline(self.now)) is not None and self.time + wait <= end:
            self.time += wait
            self.expire()
        self.time = end

    def expire(self):
        self._note(self.rates.expire(self.now))

    def go_live(self):
        self.live = True
        self._note(self.rates.go_live(self.now))

    def _note(self, outgoing):
        for one in outgoing:
            assert one.sinks == ("chat",)
            self.sent.append((self.time - START, one.alert))

    def commit(self):
        """As the store keeps the state."""
        for change in self.rates.changes():
            assert change.rule == "logwatch.rates"
            if change.body is None:
                self.rows.pop(change.key, None)
            else:
                self.rows[change.key] = change.body

    def restart(self):
        """Nothing is known but what was committed."""
        self.commit()
        self.rates = Rates(self.paces, host="web1")
        for key, body in self.rows.items():
            self.rates.restore(StateChange("logwatch.rates", key, body))
        self.rates.begin()
        if self.live:
            self._note(self.rates.go_live(self.now))

    @property
    def summary(self):
        """When what was sent: the id of one alert, or how many a digest stands for."""
        return [
            (when, one.id if one.group is UNSET else one.group.alerts) for when, one in self.sent
        ]


# -- the rate ------------------------------------------------------------------------------------


def test_without_a_rate_everything_goes_at_once():
    scene = Scene()
    assert [scene.event(n) for n in range(100)] == [("chat",)] * 100
    assert scene.rates.deadline(scene.now) is None


def test_a_sink_that_is_not_listed_has_no_rate():
    scene = Scene(Rate(1, 60.0))
    assert scene.offer(alert(id="a"), sinks=("chat", "file")) == ("chat", "file")
    assert scene.offer(alert(id="b"), sinks=("chat", "file")) == ("file",)


def test_what_comes_beyond_the_rate_is_one_digest_in_the_last_slot():
    """Three of four go singly; the digest waits for a quarter of the minute."""
    scene = Scene(Rate(4, 60.0))
    for number in range(10):
        scene.event(number)
    scene.pass_time(59)
    assert scene.summary == [(0, "e0"), (0, "e1"), (0, "e2"), (15, 7)]
    digest = scene.sent[-1][1]
    assert (digest.group.kind, digest.status, digest.count) == ("storm", "firing", 7)
    assert digest.group.rules == {"ssh-guessing": 7}


def test_a_slot_is_free_a_span_after_it_was_used_and_no_sooner():
    scene = Scene(Rate(2, 60.0))
    scene.event(1)
    scene.pass_time(59.999)
    assert scene.event(2) == ()
    scene.pass_time(0.001)
    assert scene.summary == [(0, "e1")]
    scene.pass_time(60)
    assert [(round(when, 3), what) for when, what in scene.summary] == [(0, "e1"), (89.999, 1)]


def test_a_storm_that_goes_on_is_one_rolling_message():
    """Its id stays and its seq grows; after a calm another begins."""
    scene = Scene(Rate(2, 60.0))
    for number in range(200):
        scene.event(number)
        scene.pass_time(1)
    digests = [one for _, one in scene.sent if one.group is not UNSET]
    assert len({one.id for one in digests}) == 1
    assert [one.seq for one in digests] == list(range(1, len(digests) + 1))
    assert [one.status for one in digests] == ["firing"] + ["updated"] * (len(digests) - 1)
    scene.pass_time(600)
    for number in range(200, 203):
        scene.event(number)
    scene.pass_time(600)
    assert scene.sent[-1][1].seq == 1
    assert scene.sent[-1][1].id != digests[0].id


def test_a_rate_of_one_lets_the_first_through_and_digests_the_rest():
    scene = Scene(Rate(1, 3600.0))
    for number in range(5):
        scene.event(number)
    scene.pass_time(7200)
    assert scene.summary == [(0, "e0"), (3600, 4)]


def test_the_end_of_what_was_told_of_waits_for_a_slot_of_its_own():
    """It is no part of a digest, and a digest takes its turn with several."""
    scene = Scene(Rate(3, 60.0))
    scene.offer(alert(id="a"), burns=True)
    scene.offer(alert(id="b"), burns=True)
    for number in range(5):
        scene.event(number)
    scene.offer(alert(id="a", seq=2, status="resolved"))
    scene.offer(alert(id="b", seq=2, status="resolved"))
    scene.pass_time(300)
    assert scene.summary == [(0, "a"), (0, "b"), (20, 5), (60, "a"), (60, "b")]
    assert [one.status for _, one in scene.sent[-2:]] == ["resolved", "resolved"]


def test_ends_are_not_starved_by_a_storm_that_goes_on():
    scene = Scene(Rate(3, 60.0))
    scene.offer(alert(id="a"), burns=True)
    for number in range(600):
        scene.event(number)
        scene.pass_time(1)
        if number == 90:
            scene.offer(alert(id="a", seq=2, status="resolved"))
    when = next(when for when, one in scene.sent if one.status == "resolved")
    assert 90 < when <= 91 + 60


def test_updates_and_the_end_that_wait_of_one_episode_are_its_newest():
    """With the sum of what was suppressed."""
    scene = Scene(Rate(2, 60.0))
    scene.offer(alert(id="a", count=5), burns=True)
    scene.offer(alert(id="a", seq=2, status="updated", count=9, suppressed=2), burns=True)
    scene.offer(alert(id="b"))
    scene.offer(alert(id="a", seq=3, status="resolved", count=11, suppressed=3))
    scene.pass_time(120)
    ((_, end),) = [each for each in scene.sent if each[1].id == "a" and each[1].seq > 1]
    assert (end.seq, end.status, end.count, end.suppressed) == (3, "resolved", 11, 5)


def test_messages_of_a_group_that_wait_become_one_that_tells_what_each_would_have():
    """Also of what was over in between, of which the newest says nothing."""
    scene = Scene(Rate(2, 60.0))
    groups = Groups(host="web1")
    route = RouteSettings(to=("chat",), timers=RouteTimers(group=()))

    def tell(name, status):
        one = alert(id=name, seq=1, status=status, rule=f"r{name}", count=1, key={"k": name})
        groups.add(route, one, status != "resolved", scene.now)
        for out in groups.expire(scene.now):
            scene.offer(out.alert, burns=out.alert.group.burning > 0)

    for name, status in ("a+", "b+", "c+", "a-", "d+", "b-", "c-", "d-"):
        tell(name, "firing" if status == "+" else "resolved")
    scene.pass_time(300)
    first, last = (one for _, one in scene.sent)
    assert (first.seq, first.group.rules) == (1, {"ra": 1})
    assert (last.seq, last.status) == (8, "resolved")
    assert last.group.rules == {"ra": 1, "rb": 1, "rc": 1, "rd": 1}
    assert (last.group.alerts, last.group.burning, last.count) == (4, 0, 3)
    assert sorted(each.id for each in last.group.members) == ["a", "b", "c", "d"]
    assert last.message.startswith("4 alerts: ra 1, rb 1, rc 1, rd 1; newest: ")
    assert (last.rule, last.key) == ("<several>", {})


def test_what_a_digest_told_of_ends_in_a_digest():
    scene = Scene(Rate(2, 60.0))
    scene.event(1)
    scene.offer(alert(id="a", count=5), burns=True)
    scene.pass_time(300)
    assert scene.sent[-1][1].group.burning == 1
    scene.offer(alert(id="a", seq=2, status="resolved", count=8))
    scene.pass_time(300)
    digest = scene.sent[-1][1]
    assert (digest.group.alerts, digest.group.burning, digest.count) == (1, 0, 3)
    scene.commit()
    assert not any("digest" in key for key in scene.rows)


@pytest.mark.parametrize("restart", [False, True])
def test_a_digest_is_resolved_by_the_same_id_once_all_that_it_told_of_is_over(restart):
    """However late: a receiver that files by id must see the end of what it opened."""
    scene = Scene(Rate(2, 60.0))
    scene.event(1)
    for name in "ab":
        scene.offer(alert(id=name, seq=1), burns=True)
    scene.pass_time(1000)
    if restart:
        scene.restart()
    scene.offer(alert(id="a", seq=2, status="resolved"))
    scene.pass_time(1000)
    scene.offer(alert(id="b", seq=2, status="resolved"))
    scene.pass_time(1000)
    digests = [one for _, one in scene.sent if one.id not in {"e1", "a", "b"}]
    assert [(one.seq, one.status) for one in digests] == [
        (1, "firing"),
        (2, "updated"),
        (3, "resolved"),
    ]
    assert len({one.id for one in digests}) == 1
    for number in (2, 3, 4):
        scene.event(number)
    scene.pass_time(1000)
    another = scene.sent[-1][1]
    assert (another.seq, another.status) == (1, "firing")
    assert another.id not in {one.id for one in digests}


def test_a_digest_with_events_is_not_resolved_though_an_episode_is_over():
    scene = Scene(Rate(2, 60.0))
    scene.event(1)
    scene.offer(alert(id="a", seq=1), burns=True)
    scene.offer(alert(id="a", seq=2, status="resolved"))
    scene.event(2)
    scene.pass_time(1000)
    assert [one.status for _, one in scene.sent] == ["firing", "firing"]


def test_what_waits_for_a_sink_that_has_no_rate_any_more_goes_out():
    """After a reload; so it does where the sink itself is gone, for the outbox to keep."""
    scene = Scene(Rate(1, 3600.0))
    for number in range(3):
        scene.event(number)
    scene.offer(alert(id="x", status="resolved", seq=2))
    scene.paces = {}
    scene.restart()
    assert [what for _, what in scene.summary] == ["e0", 2, "x"]
    scene.commit()
    assert scene.rows == {}


def test_a_clock_that_was_set_back_while_nobody_ran_makes_no_long_wait():
    scene = Scene(Rate(2, 60.0))
    scene.event(1)
    scene.event(2)
    scene.commit()
    scene.time -= 86_400
    scene.restart()
    scene.pass_time(60)
    assert len(scene.sent) == 2


def test_a_storm_of_many_is_bounded_and_exact():
    """Of a hundred thousand alerts in a second, with a commit every 500."""
    scene = Scene(Rate(30, 60.0))
    for number in range(100_000):
        scene.event(number % 65_536, rule=f"rule-{number % 7}")
        scene.time += 1e-5
        if number % 500 == 0:
            scene.commit()
    scene.pass_time(60)
    scene.commit()
    assert len(scene.sent) == 30
    assert sum(one.count for _, one in scene.sent) == 100_000
    assert len(encode_alert(scene.sent[-1][1])) < 20_000
    assert sum(map(len, scene.rows.values())) < 20_000


# -- the backlog ---------------------------------------------------------------------------------


def late(number, rule="err", **values):
    return alert(id=f"{rule}{number}", rule=rule, late=True, count=1, **values)


def test_a_few_late_alerts_of_a_rule_go_out_singly_once_the_backlog_is_read():
    scene = Scene(for_people=True, live=False)
    for number in range(20):
        assert scene.offer(late(number)) == ()
    scene.pass_time(100)
    assert scene.sent == []
    scene.go_live()
    assert [what for _, what in scene.summary] == [f"err{n}" for n in range(20)]


@pytest.mark.parametrize("restart", [False, True])
def test_many_of_a_rule_are_one_digest_and_others_are_not(restart):
    scene = Scene(for_people=True, live=False)
    for number in range(500):
        scene.offer(late(number))
        if restart and number in (10, 21, 400):
            scene.restart()
    scene.offer(late(1, rule="disk"))
    if restart:
        scene.restart()
    scene.go_live()
    assert [what for _, what in scene.summary] == ["disk1", 500]
    digest = scene.sent[-1][1]
    assert (digest.group.kind, digest.group.by, digest.count) == ("backlog", {"rule": "err"}, 500)
    scene.commit()
    assert scene.rows == {}


@pytest.mark.parametrize("restart", [False, True])
def test_the_ends_of_what_a_digest_of_the_backlog_told_of_are_a_digest_too(restart):
    scene = Scene(Rate(30, 60.0), for_people=True, live=False)
    for number in range(50):
        scene.offer(alert(id=f"a{number}", count=1, late=True), burns=True)
    scene.go_live()
    scene.pass_time(100)
    if restart:
        scene.restart()
    for number in range(50):
        scene.offer(alert(id=f"a{number}", seq=2, status="resolved", count=1, late=True))
    scene.pass_time(100)
    (_, told), (_, ends) = scene.sent
    assert (told.group.kind, told.group.alerts, told.group.burning) == ("backlog", 50, 50)
    assert (ends.status, ends.group.alerts, ends.group.burning) == ("resolved", 50, 0)
    assert (told.count, ends.count) == (50, 0)
    scene.commit()
    assert not any("digest" in key for key in scene.rows)


def test_what_is_not_late_and_the_end_of_what_was_told_before_are_not_held():
    scene = Scene(for_people=True, live=False)
    assert scene.offer(alert(id="a")) == ("chat",)
    assert scene.offer(late(1, status="resolved", seq=2)) == ("chat",)
    assert scene.offer(late(2), burns=True) == ()
    assert scene.offer(late(2, status="resolved", seq=2)) == ()


def test_once_it_is_live_a_late_alert_goes_at_once():
    scene = Scene(for_people=True)
    assert scene.offer(late(1)) == ("chat",)


def test_a_sink_that_does_not_write_for_people_gets_each():
    scene = Scene(Rate(1000, 1.0), live=False)
    assert [scene.offer(late(n)) for n in range(50)] == [("chat",)] * 50


def test_the_backlog_keeps_to_the_rate():
    scene = Scene(Rate(5, 60.0), for_people=True, live=False)
    for rule in "abc":
        for number in range(30):
            scene.offer(late(number, rule=rule))
    for number in range(10):
        scene.offer(late(number, rule="d"))
    scene.go_live()
    assert [what for _, what in scene.summary] == ["d0", "d1", "d2", "d3"]
    scene.pass_time(300)
    kinds = Counter(one.group.kind for _, one in scene.sent if one.group is not UNSET)
    assert kinds == {"backlog": 3, "storm": 1}
    assert sum(one.count for _, one in scene.sent) == 100


# -- against a naive model -----------------------------------------------------------------------

_steps = st.lists(
    st.one_of(
        st.tuples(st.just("event"), st.integers(0, 5), st.booleans()),
        st.tuples(st.just("note"), st.integers(0, 5), st.integers(1, 9)),
        st.tuples(st.just("fire"), st.integers(0, 5), st.booleans()),
        st.tuples(st.just("update"), st.integers(0, 5), st.integers(0, 9)),
        st.tuples(st.just("resolve"), st.integers(0, 5), st.integers(0, 9)),
        st.tuples(st.just("wait"), st.sampled_from([0.0, 0.5, 1.0, 7.0, 10.0, 30.0]), st.none()),
        st.just(("restart", None, None)),
    ),
    max_size=120,
)


class Story:
    """Makes alerts of steps, and knows what they add up to."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.number = 0
        self.open: dict[int, list] = {}
        """Episodes that burn: id, seq, count."""
        self.records: Counter[str] = Counter()
        """Of each episode or event, its count; of notes, what they suppressed."""
        self.suppressed = 0
        self.ended: dict[str, bool] = {}

    def take(self, what, which, value) -> None:
        """One step."""
        scene = self.scene
        if what == "wait":
            scene.pass_time(which)
        elif what == "restart":
            scene.restart()
        elif what == "event":
            self.number += 1
            scene.offer(self.made(f"e{self.number}", late=value and not scene.live))
        elif what == "note":
            self.number += 1
            name = f"n{self.number}"
            scene.offer(self.made(name, 2, "updated", count=value, suppressed=value))
        elif what == "fire" and which not in self.open:
            self.number += 1
            self.open[which] = [f"b{self.number}", 1, 1, value and not scene.live]
            scene.offer(self.made(f"b{self.number}", late=self.open[which][3]), burns=True)
        elif what in ("update", "resolve") and which in self.open:
            episode = self.open[which]
            episode[1] += 1
            episode[2] += value
            status = "updated" if what == "update" else "resolved"
            name, seq, count, is_late = episode
            one = self.made(
                name, seq, status, count=count, suppressed=value, late=is_late and not scene.live
            )
            scene.offer(one, burns=what == "update")
            if what == "resolve":
                self.ended[name] = True
                del self.open[which]

    def made(self, name, seq=1, status="firing", count=1, suppressed=0, *, late=False):
        self.records[name] = max(self.records[name], count)
        self.suppressed += suppressed
        return alert(
            id=name,
            seq=seq,
            status=status,
            count=count,
            suppressed=suppressed,
            late=late,
            rule=f"rule-{name[0]}",
        )


@settings(max_examples=examples(200), deadline=None)
@given(_steps, st.integers(1, 5), st.booleans())
def test_totals_are_exact_and_no_span_holds_more_than_the_rate(steps, messages, for_people):
    """Whatever comes, and however often the daemon is started anew."""
    span = 10.0
    scene = Scene(Rate(messages, span), for_people=for_people, live=not for_people)
    story = Story(scene)
    half = len(steps) // 2
    for number, step in enumerate(steps):
        if number == half and not scene.live:
            scene.go_live()
        story.take(*step)
    if not scene.live:
        scene.go_live()
    scene.pass_time(1e5)
    assert scene.rates.deadline(scene.now) is None
    times = [when for when, _ in scene.sent]
    for earlier, later in zip(times, times[messages:], strict=False):
        assert later - earlier >= span - 1e-6
    assert sum(one.suppressed for _, one in scene.sent) == story.suppressed
    check_records(scene, story)
    check_ends(scene, story)


def check_records(scene, story) -> None:
    """The count of an episode says all of it, that of a digest what is new in it."""
    digests = sum(one.count for _, one in scene.sent if one.group is not UNSET)
    alone: Counter[str] = Counter()
    for _, one in scene.sent:
        if one.group is UNSET:
            alone[one.id] = max(alone[one.id], one.count)
    never_alone = sum(count for name, count in story.records.items() if name not in alone)
    backlog = [one for _, one in scene.sent if one.group is not UNSET and one.late]
    if not backlog:  # of which a digest may tell, and of what comes later messages of its own
        assert all(alone[name] == story.records[name] for name in alone)
        assert digests == never_alone
    assert digests >= never_alone


def check_ends(scene, story) -> None:
    """Who was told by a message of its own that it began is told so that it ended, and in order."""
    seqs: dict[str, list[int]] = {}
    ends = set()
    for _, one in scene.sent:
        if one.group is UNSET:
            seqs.setdefault(one.id, []).append(one.seq)
            if one.status == "resolved":
                ends.add(one.id)
    for name, numbers in seqs.items():
        assert numbers == sorted(set(numbers))
        if 1 in numbers and name in story.ended:
            assert name in ends
