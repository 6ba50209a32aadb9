"""Bundles: several alerts in one message, with exact totals."""

from __future__ import annotations

from typing import Any

import pytest
from doubles.alerts import alert
from doubles.examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from logwatch.alerts.bundle import MOST_DETAILS, MOST_MEMBERS, Bundle
from logwatch.alerts.bundle_state import encode
from logwatch.records import (
    UNSET,
    Alert,
    AlertContext,
    AlertLine,
    Group,
    Status,
    decode_alert,
    encode_alert,
)


def message(bundle: Bundle, **changes: Any) -> Alert:
    """What `bundle` says, as a storm digest."""
    values: dict[str, Any] = {
        "kind": "storm",
        "id": "storm-1",
        "seq": 1,
        "status": "firing",
        "by": {"sink": "chat"},
        "at": 1_767_571_200.25,
        "host": "logs1",
    }
    return bundle.message(**values | changes)


def group_of(one: Alert) -> Group:
    """What a message says of its alerts."""
    assert one.group is not UNSET
    return one.group


def bundle_of(*alerts: Alert, burns: bool = False, standing: bool = False) -> Bundle:
    """A bundle with these."""
    bundle = Bundle(standing=standing)
    for one in alerts:
        bundle.add(one, burns)
    return bundle


def test_one_alert_is_told_in_its_own_words():
    """With the name of the bundle's message."""
    one = alert(context=AlertContext(before=(AlertLine("a.log", 0, "", "before"),)), late=True)
    told = message(bundle_of(one))
    assert told == replace(
        one, id="storm-1", seq=1, status="firing", at="2026-01-05T00:00:00.250Z", group=told.group
    )
    group = group_of(told)
    assert (group.kind, group.by, group.alerts, group.burning) == ("storm", {"sink": "chat"}, 1, 0)
    assert group.members[0].id == one.id


def test_several_are_told_by_their_totals_and_the_newest():
    """The sentence names the rules by number."""
    alerts = [alert(id=str(n)) for n in range(10)]
    others = [alert(id=f"d{n}", rule="disk-error", message="I/O error", count=1) for n in range(2)]
    told = message(bundle_of(*others, *alerts))
    assert told.message == (
        "12 alerts: ssh-guessing 10, disk-error 2;"
        " newest: 5 failed logins from 203.0.113.9, last user root"
    )
    assert told.count == 52
    assert group_of(told).rules == {"disk-error": 2, "ssh-guessing": 10}
    assert decode_alert(encode_alert(told)) == told


def test_many_rules_are_named_up_to_five():
    """The rest is a number."""
    told = message(
        bundle_of(*(alert(id=f"{r}{n}", rule=f"r{r}") for r in range(8) for n in range(r + 1)))
    )
    assert told.message.startswith(
        "36 alerts: r7 8, r6 7, r5 6, r4 5, r3 4, 3 other rules 6; newest:"
    )


def test_the_rule_with_the_most_alerts_is_told_first_in_whatever_order_they_came():
    """After a restart they are known in another."""
    some = [alert(id=f"{n}", rule=rule) for n, rule in enumerate(["c", "b", "a", "b"])]
    for order in (some, some[::-1]):
        assert list(group_of(message(bundle_of(*order))).rules.items()) == [
            ("b", 2),
            ("a", 1),
            ("c", 1),
        ]


def test_what_all_have_in_common_is_kept_and_no_more():
    """Rule, source, path, host, key, fields and labels; the worst severity; the whole time."""
    one = alert(id="1", labels={"team": "web", "tier": "1"}, severity="info")
    two = alert(
        id="2",
        rule="other",
        path="/var/log/auth.log.1",
        severity="error",
        key={"ip": "192.0.2.1"},
        fields={"user": "root", "ip": "192.0.2.1"},
        labels={"team": "web"},
        first="2026-01-05T00:59:00.000Z",
        last="2026-01-05T00:59:30.000Z",
    )
    told = message(bundle_of(one, two))
    assert (told.rule, told.source, told.path, told.host) == (
        "<several>",
        "auth",
        "<several>",
        "web1",
    )
    assert (told.key, told.fields, told.labels) == ({}, {"user": "root"}, {"team": "web"})
    assert told.severity == "error"
    assert (told.first, told.last) == (two.first, one.last)


def test_of_several_hosts_the_host_is_where_the_daemon_runs():
    """As for the alerts that logwatch makes about itself."""
    assert message(bundle_of(alert(id="1"), alert(id="2", host="web2"))).host == "logs1"


def test_it_is_late_where_all_are_and_reread_where_any_is():
    """`late` excuses, `reread` warns."""
    early, late = alert(id="1"), alert(id="2", late=True, reread=True)
    assert not message(bundle_of(early, late)).late
    assert message(bundle_of(late, replace(late, id="3"))).late
    assert message(bundle_of(early, late)).reread is True
    assert message(bundle_of(early, replace(early, id="3"))).reread is UNSET


def test_members_are_those_that_burn_and_then_the_newest():
    """At most twenty; and the lines of the newest three."""
    bundle = Bundle()
    for number in range(30):
        line = AlertLine("a.log", number, "", f"line {number}")
        bundle.add(alert(id=f"e{number}", lines=[line]), number < 5)
    told = message(bundle)
    names = [member.id for member in group_of(told).members]
    assert names == [f"e{n}" for n in (4, 3, 2, 1, 0, *range(29, 14, -1))]
    assert [line.text for line in told.lines] == ["line 27", "line 28", "line 29"]


def test_an_update_counts_only_what_is_new_in_it():
    """Over several messages, and within one."""
    bundle = bundle_of(alert(count=5), burns=True)
    assert message(bundle).count == 5
    bundle.told()
    bundle.add(alert(seq=2, status="updated", count=9), True)
    bundle.add(alert(seq=3, status="resolved", count=12), False)
    told = message(bundle)
    assert (told.count, group_of(told).alerts, group_of(told).burning) == (7, 1, 0)
    assert told.status == "firing"  # as the caller says
    assert not bundle.burning


def test_what_was_told_elsewhere_is_not_counted():
    """The beginning of an episode went out by itself."""
    bundle = Bundle()
    bundle.add(alert(seq=2, status="updated", count=9), True, known=5)
    bundle.add(alert(seq=3, status="resolved", count=12), False, known=5)
    assert message(bundle).count == 7


def test_a_closing_note_is_about_an_event_that_was_counted():
    """It adds what it says was suppressed."""
    bundle = bundle_of(alert(count=1))
    bundle.add(alert(seq=2, status="updated", count=18, suppressed=17, message="17 more"), False)
    told = message(bundle)
    assert (told.count, told.suppressed, group_of(told).alerts) == (18, 17, 1)
    assert told.message == "17 more"


def test_notes_alone_are_counted_as_alerts():
    """For something is told of."""
    note = alert(seq=2, status="updated", count=18, suppressed=17)
    bundle = bundle_of(note, replace(note, id="2"))
    assert (bundle.alerts, bundle.rules) == (2, {"ssh-guessing": 2})
    assert message(bundle).count == 34


def test_a_standing_bundle_tells_also_of_what_burns_on():
    """Another tells of what came since the last message."""
    for standing, numbers in ((True, (3, 3)), (False, (1, 1))):
        bundle = bundle_of(alert(id="1"), alert(id="2"), burns=True, standing=standing)
        bundle.told()
        assert not bundle
        bundle.add(alert(id="3"), True)
        group = group_of(message(bundle))
        assert (group.alerts, group.burning) == numbers
        assert set(bundle.burning) == {"1", "2", "3"}


def test_nothing_to_tell_is_an_error():
    """Of the caller: there is no such message."""
    bundle = bundle_of(alert(), burns=True)
    bundle.told()
    with pytest.raises(ValueError, match="add one first"):
        message(bundle)


def test_a_message_about_several_may_be_one_of_several():
    """A storm may hold back what a group tells: the totals are those of the alerts."""
    inner = bundle_of(alert(id="1"), alert(id="2"), alert(id="3", rule="x"), burns=True)
    group_message = message(inner, kind="group", id="group-1")
    storm = bundle_of(group_message, burns=True)
    assert message(storm).message == group_message.message
    storm.add(alert(id="4"), False)
    told = message(storm)
    assert (told.count, group_of(told).alerts, group_of(told).burning) == (20, 4, 3)
    assert group_of(told).rules == {"ssh-guessing": 3, "x": 1}


def test_a_message_about_several_is_no_closing_note():
    """Though it may say `updated` and be over: the end of a mute with what came meanwhile."""
    inner = bundle_of(alert(id="1"), alert(id="2"))
    summary = message(inner, kind="mute", id="mute-1", status="updated")
    outer = bundle_of(summary)
    assert (outer.alerts, message(outer).count) == (2, 10)


def test_two_messages_of_one_group_count_each_alert_once():
    """The second one tells again of what burns on."""
    inner = bundle_of(alert(id="1"), alert(id="2"), burns=True, standing=True)
    first = message(inner, kind="group", id="group-1")
    inner.told()
    inner.add(alert(id="2", seq=2, status="resolved"), False)
    inner.add(alert(id="3"), True)
    second = message(inner, kind="group", id="group-1", seq=2, status="updated")
    assert group_of(second).alerts == 3
    storm = bundle_of(first, second, burns=True)
    assert (storm.alerts, storm.burning_alerts, message(storm).count) == (3, 2, 15)


def test_beyond_the_details_kept_what_burns_is_still_counted():
    """Its members are not quoted, its end is known."""
    bundle = Bundle(standing=True)
    for number in range(MOST_DETAILS + 50):
        bundle.add(alert(id=str(number)), True)
    for number in range(MOST_DETAILS):
        bundle.add(alert(id=str(number), seq=2, status="resolved"), False)
    bundle.told()
    told = message(bundle)
    assert (group_of(told).alerts, group_of(told).burning) == (50, 50)
    assert group_of(told).members == ()


def test_memory_does_not_grow_with_events():
    """Nor what is stored."""
    bundle = Bundle()
    for number in range(2000):
        bundle.add(alert(id=str(number)), False)
    small = len(dump(bundle))
    for number in range(20_000):
        bundle.add(alert(id=str(number)), False)
    assert len(dump(bundle)) < small + 50
    assert bundle.alerts == 22_000


EPISODES = st.integers(0, 5)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("change"), EPISODES, st.integers(0, 9)),
        st.tuples(st.just("resolve"), EPISODES, st.integers(0, 9)),
        st.tuples(st.just("event"), EPISODES, st.integers(0, 9)),
        st.tuples(st.just("note"), EPISODES, st.integers(1, 9)),
        st.just(("tell",)),
        st.just(("store",)),
    ),
    max_size=60,
)


class Naive:
    """Every alert is kept, and counted when it is told of."""

    def __init__(self) -> None:
        self.came: list[tuple[Alert, int]] = []
        """With how many records are new in it."""
        self.burning: dict[str, Alert] = {}
        self.standing: list[str] = []

    def add(self, one: Alert, new: int, *, burns: bool) -> None:
        """Take an alert."""
        self.came.append((one, new))
        self.burning.pop(one.id, None)
        if burns:
            self.burning[one.id] = one

    def expected(self, *, standing: bool) -> tuple[int, int, int, int]:
        """Alerts, burning, records, suppressed of the next message."""
        ids = {one.id for one, _ in self.came if not one.message.startswith("note")}
        notes = [one for one, _ in self.came if one.message.startswith("note")]
        alerts = len(ids)
        if not ids:
            alerts = len(notes)
        if standing:
            alerts += len(set(self.burning) - ids)
        burning = len(self.burning) if standing else len(set(self.burning) & ids)
        return (
            alerts,
            burning,
            sum(new for _, new in self.came),
            sum(one.suppressed for one, _ in self.came),
        )


@settings(max_examples=examples(150), deadline=None)
@given(STEPS, st.booleans())
def test_totals_are_exact_whatever_comes_and_is_told_in_between(
    steps: list[tuple[Any, ...]], standing: bool
):
    """Against a model that keeps everything; a bundle that is stored and read back is the same."""
    bundle, naive = Bundle(standing=standing), Naive()
    stored: dict[str, bytes] = {}
    counts: dict[str, int] = {}
    lives: dict[int, int] = {}
    number = 0
    for step in steps:
        number += 1
        if step[0] in ("change", "resolve"):
            name = f"episode-{step[1]}-{lives.get(step[1], 0)}"
            burns = step[0] == "change"
            if not burns and name not in naive.burning:
                continue
            fresh = name not in naive.burning
            before = 0 if fresh else counts[name]
            counts[name] = before + step[2]
            status: Status = "resolved" if not burns else "firing" if fresh else "updated"
            suppressed = step[2] if fresh else 0
            lives[step[1]] = lives.get(step[1], 0) + (not burns)
            one = alert(
                id=name, seq=number, status=status, count=counts[name], suppressed=suppressed
            )
            bundle.add(one, burns)
            naive.add(one, step[2], burns=burns)
        elif step[0] == "event":
            one = alert(id=f"event-{number}", count=step[2])
            bundle.add(one, False)
            naive.add(one, step[2], burns=False)
        elif step[0] == "note":
            one = alert(
                id=f"noted-{number}",
                seq=2,
                status="updated",
                count=step[2] + 1,
                suppressed=step[2],
                message="note",
            )
            bundle.add(one, False)
            naive.add(one, step[2], burns=False)
        elif step[0] == "tell":
            bundle.told()
            naive.came = []
        else:
            bundle = through_parts(bundle, stored, standing=standing)
        alerts, burning, records, suppressed = naive.expected(standing=standing)
        assert bool(bundle) == bool(naive.came)
        assert bundle.alerts == alerts
        assert bundle.burning_alerts == burning
        assert list(bundle.burning) == list(naive.burning)
        if alerts:
            told = message(bundle)
            assert (told.count, told.suppressed) == (records, suppressed)
            assert group_of(told).alerts == alerts
            assert sum(group_of(told).rules.values()) == alerts
            assert len(group_of(told).members) <= MOST_MEMBERS


def dump(bundle: Bundle) -> bytes:
    """All that it keeps."""
    return encode((bundle._head, bundle._episodes))


def through_parts(bundle: Bundle, stored: dict[str, bytes], *, standing: bool) -> Bundle:
    """Store what changed, and make the bundle anew from all that is stored."""
    for part, body in bundle.changes():
        if body is None:
            stored.pop(part, None)
        else:
            stored[part] = body
    copy = Bundle(standing=standing)
    for part in sorted(stored):
        copy.restore(part, stored[part])
    copy.begin()
    assert dump(copy) == dump(bundle)
    return copy
