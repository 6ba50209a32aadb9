"""Alertmanager, against a local one that takes, merges and ends alerts as the real one does.

The real one is in tests/stress/test_real_alertmanager.py.
"""

from __future__ import annotations

import json
import re

import msgspec
import pytest
from doubles import golden
from doubles.alertmanager import Served
from hypothesis import given
from hypothesis import strategies as st

from logwatch.clock import ManualClock
from logwatch.records import (
    Delivered,
    Group,
    Notification,
    Rejected,
    Retry,
    decode_alert,
    encode_alert,
)
from logwatch.sinks.alertmanager import KIND, AlertmanagerSettings, AlertmanagerSink
from logwatch.sinks.alertmanager_alert import label_name, label_value, labels_of, postable
from logwatch.sinks.plain_text import visible
from logwatch.stamps import rfc3339
from logwatch.telemetry import telemetry


class World:
    """A sink, its peers, and the store's view of what burns."""

    def __init__(self, make_alert, peers=1, **settings):
        self.clock = ManualClock()
        self.peers = [Served(self.clock) for _ in range(peers)]
        self._make = make_alert
        self._settings = settings
        self.burning = {}
        self.start()

    def start(self):
        urls = tuple(each.url for each in self.peers)
        settings = AlertmanagerSettings(urls=urls, timeout=5.0, **self._settings)
        self.sink = AlertmanagerSink(settings, self.clock)

    def alert(self, **changes):
        now = rfc3339(self.clock.wall())
        changes = {"first": now, "at": now, "last": now, "id": changes.get("rule", "r")} | changes
        return self._make(**changes)

    def tell(self, burns=True, **changes):
        """As the consumer commits an alert, and the deliverer hands it on."""
        alert = self.alert(**changes)
        if alert.status == "resolved":
            self.burning.pop(alert.id, None)
        elif burns:
            self.burning[alert.id] = alert
        return self.sink.deliver([Notification(1, encode_alert(alert))])

    def remind(self):
        return self.sink.remind(list(self.burning.values()))

    def live(self, seconds):
        """Time passes; the sink is asked when it wants to be."""
        end = self.clock.steady() + seconds
        while self.clock.steady() < end:
            self.clock.advance(min(self.remind(), end - self.clock.steady()))
        self.remind()

    def seen(self, peer=0):
        return self.peers[peer].peer.burning(self.clock.wall())

    def close(self):
        self.sink.close()
        for each in self.peers:
            each.close()


@pytest.fixture
def world(alert):
    made = []

    def make(**settings):
        made.append(World(alert, **settings))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_what_burns_burns_there_until_it_is_over(world):
    one = world()
    assert isinstance(one.tell(rule="disk", severity="error"), Delivered)
    for _ in range(10):
        one.live(300)
        assert one.seen() == {"disk": "error"}
    one.tell(rule="disk", severity="error", seq=2, status="resolved")
    assert one.seen() == {}
    one.live(3000)
    assert one.seen() == {}
    assert set(one.peers[0].lines) == {"POST /api/v2/alerts HTTP/1.1"}


def test_what_burns_is_told_again_after_a_restart_of_logwatch(world):
    one = world()
    one.tell(rule="disk")
    one.sink.close()
    one.clock.advance(200)
    one.start()
    assert one.remind() == 60
    one.clock.advance(200)
    assert one.seen() == {"disk": "warning"}
    one.tell(rule="disk", seq=2, status="resolved")
    assert one.seen() == {}


def test_what_burns_is_told_again_after_a_restart_of_alertmanager(world):
    one = world()
    one.tell(rule="disk")
    one.tell(rule="event", burns=False)
    one.peers[0].peer.known.clear()
    one.live(60)
    assert one.seen() == {"disk": "warning", "event": "warning"}


def test_without_logwatch_it_ends_by_itself(world):
    one = world(event_lasts=600.0)
    one.tell(rule="disk")
    one.clock.advance(599)
    assert one.seen() == {"disk": "warning"}
    one.clock.advance(2)
    assert one.seen() == {}


def test_an_alert_without_an_end_lasts_as_long_as_is_configured(world):
    one = world(event_lasts=300.0)
    one.tell(rule="event", burns=False)
    one.live(290)
    assert one.seen() == {"event": "warning"}
    one.live(20)
    assert one.seen() == {}


def test_an_event_of_long_ago_is_told_all_the_same(world):
    one = world()
    one.tell(rule="event", burns=False, first=rfc3339(one.clock.wall() - 86_400))
    assert one.seen() == {"event": "warning"}


def test_an_event_whose_stamp_is_in_the_future_is_taken(world):
    one = world()
    assert isinstance(
        one.tell(rule="event", burns=False, first=rfc3339(one.clock.wall() + 86_400)), Delivered
    )
    assert one.seen() == {"event": "warning"}


def test_a_short_episode_burns_long_enough_for_alertmanager_to_tell(world):
    """Even when both its messages come in one batch after an hour without Alertmanager."""
    one = world(shortest=60.0)
    batch = [
        Notification(1, encode_alert(one.alert(rule="disk"))),
        Notification(2, encode_alert(one.alert(rule="disk", seq=2, status="resolved"))),
    ]
    assert isinstance(one.sink.deliver(batch), Delivered)
    assert one.seen() == {"disk": "warning"}
    assert one.remind() == 60
    one.live(59)
    assert one.seen() == {"disk": "warning"}
    one.live(2)
    assert one.seen() == {}


def test_an_end_that_is_the_first_that_is_told_burns_so_long_too(world):
    one = world(shortest=60.0)
    one.tell(rule="disk", status="resolved")
    assert one.seen() == {"disk": "warning"}
    one.live(61)
    assert one.seen() == {}


def test_a_severity_that_rises_ends_the_alert_under_the_old_one(world):
    one = world()
    one.tell(rule="disk", severity="warning")
    one.tell(rule="disk", severity="critical", seq=2, status="updated")
    labels = [dict(each.labels) for each in one.peers[0].peer.open(one.clock.wall())]
    assert [each["severity"] for each in labels] == ["critical"]
    one.live(600)
    one.tell(rule="disk", severity="warning", seq=3, status="resolved")
    assert one.seen() == {}


def test_an_episode_that_burns_again_at_once_is_not_ended_by_the_one_before(world):
    one = world()
    one.tell(rule="disk", id="a")
    one.tell(rule="disk", id="a", seq=2, status="resolved")  # waits for its minute
    one.tell(rule="disk", id="b")
    one.live(600)
    assert one.seen() == {"disk": "warning"}


def test_so_too_where_all_of_it_comes_in_one_batch(world):
    one = world()
    story = [("a", 1, "firing"), ("a", 2, "resolved"), ("b", 1, "firing")]
    alerts = [
        one.alert(rule="disk", id=name, seq=seq, status=status) for name, seq, status in story
    ]
    one.burning["b"] = alerts[-1]
    one.sink.deliver([Notification(1, encode_alert(each)) for each in alerts])
    assert one.remind() == 60  # no end is due sooner
    for _ in range(20):
        one.live(10)
        assert one.seen() == {"disk": "warning"}


def test_two_episodes_with_the_same_labels_end_with_the_last(world):
    one = world()
    one.tell(rule="disk", id="a")
    one.tell(rule="disk", id="b")
    one.live(120)
    one.tell(rule="disk", id="a", seq=2, status="resolved")
    assert one.seen() == {"disk": "warning"}
    one.tell(rule="disk", id="b", seq=2, status="resolved")
    assert one.seen() == {}


def group(**changes):
    values = {
        "kind": "group",
        "by": {"rule": "disk", "host": "db1"},
        "alerts": 3,
        "burning": 2,
        "rules": {"disk": 3},
        "members": (),
    }
    return Group(**values | changes)


def test_a_group_burns_until_its_last_message(world):
    one = world()
    one.tell(rule="disk", id="g", burns=False, group=group())
    one.live(1200)
    assert one.seen() == {"disk": "warning"}
    one.tell(rule="disk", id="g", seq=2, status="resolved", group=group(burning=0))
    one.live(60)
    assert one.seen() == {}


def test_each_alert_goes_to_every_peer(world):
    one = world(peers=3)
    one.tell(rule="disk")
    assert [one.seen(peer) for peer in range(3)] == [{"disk": "warning"}] * 3


def test_a_peer_that_was_away_hears_of_beginnings_and_ends_with_the_next_resend(world):
    one = world(peers=2)
    one.tell(rule="old")
    one.live(120)
    one.peers[1].status = 503
    outcome = one.tell(rule="new")
    assert isinstance(outcome, Delivered)
    assert "1 of 2" in outcome.detail
    one.tell(rule="old", seq=2, status="resolved")
    assert one.seen(1) == {"old": "warning"}
    one.peers[1].status = None
    one.live(60)
    assert one.seen(0) == one.seen(1) == {"new": "warning"}


def test_it_is_tried_again_only_where_no_peer_took_it(world):
    one = world(peers=2)
    one.peers[0].status = one.peers[1].status = 503
    assert isinstance(one.tell(rule="disk"), Retry)
    one.peers[1].status = None
    assert isinstance(one.tell(rule="disk"), Delivered)


def test_a_peer_that_is_down_is_left_alone_while_another_is_up(world, capsys):
    one = world(peers=2)
    one.peers[0].status = 503
    for number in range(20):
        one.tell(rule=f"r{number}")
    assert len(one.peers[0].lines) == 1
    assert len(one.peers[1].lines) == 20
    assert capsys.readouterr().err.count("alertmanager.peer_down") == 1


def test_a_reminder_that_no_peer_takes_is_made_good_later(world):
    one = world()
    one.tell(rule="disk")
    one.peers[0].status = 503
    one.live(3600)
    one.peers[0].status = None
    one.live(60)
    assert one.seen() == {"disk": "warning"}


def test_clocks_that_differ_a_little_do_not_keep_an_alert_burning(alert):
    one = World(alert)
    one.peers[0].close()
    one.peers = [Served(one.clock, skew=-5.0)]
    one.start()
    one.tell(rule="disk")
    one.live(120)
    one.tell(rule="disk", seq=2, status="resolved")
    one.live(60)
    one.close()
    assert one.peers[0].peer.burning(one.clock.wall() - 5) == {}


def test_what_is_refused_is_refused(world):
    one = world()
    one.peers[0].status = 400
    assert isinstance(one.tell(rule="disk"), Rejected)


def test_of_a_batch_that_is_refused_each_is_tried_by_itself(world):
    one = world()
    one.peers[0].status = 400
    batch = [
        Notification(number, encode_alert(one.alert(rule=f"r{number}"))) for number in range(3)
    ]
    size = one.sink.batch_size
    assert isinstance(one.sink.deliver(batch), Retry)
    assert one.sink.batch_size == 1
    assert isinstance(one.sink.deliver(batch[:1]), Rejected)
    one.peers[0].status = None
    assert isinstance(one.sink.deliver(batch[1:2]), Delivered)
    assert isinstance(one.sink.deliver(batch[2:]), Delivered)
    assert one.sink.batch_size == size


def test_of_very_many_the_oldest_are_no_more_told_again(world, monkeypatch):
    monkeypatch.setattr("logwatch.sinks.alertmanager_memory.MOST_KEPT", 10)
    one = world()
    before = telemetry.counters["alertmanager.forgotten"]
    for number in range(30):
        one.tell(rule=f"r{number}", burns=number < 5)
    one.peers[0].peer.known.clear()
    one.live(60)
    seen = one.seen()
    assert {f"r{number}" for number in range(5)} <= seen.keys()
    assert "r29" in seen
    assert len(seen) <= 20
    assert telemetry.counters["alertmanager.forgotten"] > before


def test_headers_and_labels_of_ones_own_are_sent(world):
    one = world(headers={"Authorization": "Bearer t0ken-of-ours"}, labels={"cluster": "eu1"})
    one.tell(rule="disk")
    assert one.peers[0].headers[0]["authorization"] == "Bearer t0ken-of-ours"
    (known,) = one.peers[0].peer.known
    assert ("cluster", "eu1") in known


# -- what is posted ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("firing", {"labels": {"team": "ops", "runbook": "https://wiki.example.org/ssh"}}),
        ("several", {"rule": "<several>", "host": "<several>", "key": {}, "group": group(by={})}),
    ],
)
def test_an_alert_is_as_it_was(alert, name, changes):
    made = postable(alert(**changes), {"cluster": "eu1"}, now=1767575000.0, until=1767575300.0)
    text = json.dumps(msgspec.to_builtins(made), indent=1, ensure_ascii=False)
    golden.check(f"alertmanager-{name}.json", text + "\n")


def test_labels_are_what_does_not_change_while_it_burns(alert):
    one = alert()
    later = alert(
        seq=2, status="updated", count=99, message="other", path="/x", source="y", fields={"a": "b"}
    )
    assert labels_of(one) == labels_of(later)
    assert labels_of(alert(key={"ip": "203.0.113.10"})) != labels_of(one)


def test_a_key_with_the_name_of_a_label_of_ours_has_another(alert):
    labels = labels_of(alert(key={"host": "other", "severity": "x"}, labels={"alertname": "y"}))
    assert labels["host"] == "web1"
    assert labels["key_host"] == "other"
    assert labels["key_severity"] == "x"
    assert labels["key_alertname"] == "y"
    assert labels["alertname"] == "ssh-guessing"


@given(st.text())
def test_every_name_becomes_a_name_of_a_label(name):
    assert re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_]*", label_name(name))


@given(st.text(max_size=3), st.text(max_size=3), st.integers(0, 3000))
def test_long_values_stay_different_and_short(one, other, length):
    values = ["x" * length + one, "x" * length + other]
    made = [label_value(value) for value in values]
    assert all(len(value) <= 213 and value == visible(value) for value in made)
    if length > 800:
        assert (made[0] == made[1]) == (one == other)


def test_hostile_text_is_bounded_and_visible(alert):
    text = "\x1b\n\u202e" * 50_000
    made = postable(
        alert(rule=text, host=text, message=text, key={text[:9]: text}, labels={"a" * 999: text}),
        {},
        now=0.0,
        until=1.0,
    )
    body = msgspec.json.encode(made)
    assert len(body) < 40_000
    for value in made.labels.values():
        assert value.isprintable()


def test_an_alert_whose_times_are_none_is_sent_all_the_same(alert):
    made = postable(alert(first="never"), {}, now=10.0, until=20.0)
    assert made.startsAt == "1970-01-01T00:00:10.000Z"


# -- settings ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "settings",
    [
        {"urls": []},
        {"urls": ["secret"]},
        {"urls": ["http://h:9093?token=secret"]},
        {"urls": ["http://h:9093"], "resend": 200.0},
        {"urls": ["http://h:9093"], "resend": 0.0},
        {"urls": ["http://h:9093"], "shortest": -1.0},
        {"urls": ["http://h:9093"], "labels": {"a-b": "x"}},
        {"urls": ["http://h:9093"], "headers": {"X": "secret\n"}},
        {"urls": ["http://h:9093"], "tls": {}},
        {"urls": ["http://h:9093"], "timeout": 0.0},
    ],
)
def test_settings_that_cannot_be_are_refused_without_repeating_a_secret(settings):
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert(settings, AlertmanagerSettings)
    assert "secret" not in str(caught.value)


def test_no_secret_shows():
    settings = AlertmanagerSettings(
        urls=("https://u:s3cr3t@h:9093/s3cr3t",), headers={"X": "s3cr3t"}
    )
    assert repr(settings) == "AlertmanagerSettings(urls=['https://h:9093/…'])"


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("", "/api/v2/alerts"),
        ("/", "/api/v2/alerts"),
        ("/prefix/", "/prefix/api/v2/alerts"),
        ("/api/v2/alerts", "/api/v2/alerts"),
    ],
)
def test_the_path_of_the_api_is_added(server, notification, url, target):
    receiver = server(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    sink = KIND.make(KIND.from_url(f"alertmanager+http://127.0.0.1:{receiver.port}{url}"))
    assert isinstance(sink.deliver([notification()]), Delivered)
    sink.close()
    assert receiver.requests[0].line == f"POST {target} HTTP/1.1"
    (posted,) = json.loads(receiver.requests[0].body)
    assert posted["labels"] == labels_of(decode_alert(notification().body))
