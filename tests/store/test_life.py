"""What the store knows of the life of an episode."""

from __future__ import annotations

from contextlib import closing

import pytest
from doubles.alerts import alert

from logwatch.records import Group, Member, StateChange
from logwatch.store.life import Delivery, LifeReader
from logwatch.store.outgoing import DeadLetter, Postponed
from logwatch.store.reader import StoreReader
from logwatch.store.writer import Addressed, Transaction


@pytest.fixture
def reader(store, tmp_path):
    made = LifeReader(tmp_path)
    yield made
    made.close()


def commit(store, **what) -> None:
    store.commit(Transaction(**what), now=1.0)


def progress(reader, prefix="") -> list[dict[str, str]]:
    """For each message its sinks and how far they are."""
    return [{each.sink: each.progress for each in one.deliveries} for one in reader.life(prefix)]


def test_a_parcel_tells_which_of_its_messages_are_done_with(store, reader):
    """In their order, also where a sink gets but some of them."""
    sinks = [("chat", "mail"), ("chat",), ("chat", "mail")]
    told = [Addressed(alert(id=f"{n}"), 1.0, names) for n, names in enumerate(sinks)]
    commit(store, alerts=told)
    assert progress(reader)[1] == {"chat": "waiting"}
    commit(store, taken={("mail", 1): 1, ("chat", 1): 2})
    assert progress(reader) == [
        {"chat": "delivered", "mail": "delivered"},
        {"chat": "delivered"},
        {"chat": "waiting", "mail": "waiting"},
    ]
    commit(store, taken={("mail", 1): 2, ("chat", 1): 3})
    assert progress(reader) == [{}, {}, {}]


def test_what_failed_tells_why_and_when_it_is_tried_again(store, reader):
    """And what waits behind it; and what no sink will take."""
    messages = [alert(seq=1), alert(seq=2, status="resolved"), alert(id="c1")]
    commit(store, alerts=[Addressed(one, 1.0, ("chat",)) for one in messages])
    name = messages[0].id
    commit(
        store,
        taken={("chat", 1): 3},
        postponed=[
            Postponed("chat", 1, name, 90.0, "HTTP 429"),
            Postponed("chat", 2, name, 0.0, None, tried=False),
        ],
        dead=[DeadLetter("chat", 3, 1, "HTTP 404")],
    )
    first, second = reader.life(name[:4])
    assert first.deliveries == (
        Delivery(
            sink="chat", progress="postponed", attempts=1, next_try_at=90.0, reason="HTTP 429"
        ),
    )
    assert [each.progress for each in second.deliveries] == ["held"]
    (dead,) = reader.life("c1")
    assert (dead.deliveries[0].progress, dead.deliveries[0].reason) == ("dead", "HTTP 404")
    assert dead.alert == messages[2]


def test_who_was_told_is_known_while_it_burns(store, reader):
    """Afterwards nobody needs to know."""
    one = alert()
    commit(store, alerts=[Addressed(one, 1.0, (), burns=True, told=("chat",))])
    assert reader.told(one.id) == ("chat",)
    commit(store, alerts=[Addressed(alert(seq=2, status="resolved"), 2.0, ())])
    assert reader.told(one.id) is None


def test_who_is_told_later_is_known_too(store, reader):
    """As where a silence held the beginning back: the one that is told of it hears of the end."""
    one, other = alert(id="a1"), alert(id="b1")
    commit(store, alerts=[Addressed(each, 1.0, (), burns=True) for each in (one, other)])
    commit(store, told={one.id: ("chat", "mail")})
    assert reader.told(one.id) == ("chat", "mail")
    assert [each.told for each in store.burning()] == [("chat", "mail"), ()]


def test_the_firing_before_is_of_the_same_rule_and_key(store, reader):
    """And of another episode."""
    before = [
        alert(id="a1"),
        alert(id="a1", seq=2, status="resolved"),
        alert(id="b1", key={"ip": "other"}),
        alert(id="c1", rule="other"),
    ]
    commit(store, alerts=[Addressed(one, 1.0, ()) for one in before])
    found = reader.firing_before(alert(id="d1"), 2e9)
    assert found is not None
    assert found.id == "a1"
    assert reader.firing_before(alert(id="d1", key={"ip": "none"}), 2e9) is None


def test_it_knows_what_is_remembered_of_a_rule(store, reader):
    """Whatever it meant then."""
    store.adopt_rules({"r": "threshold 5"})
    change = StateChange("r", "key", b"body")
    commit(store, states={("r", "key"): change})
    assert reader.remembered_rules() == {"r": "threshold 5"}
    assert reader.memory("r") == [change]
    assert reader.memory("other") == []


def test_messages_of_some_rules_come_with_their_numbers(store, reader):
    """In the order in which they were made."""
    for rule in ("a", "b", "c", "a"):
        commit(store, alerts=[Addressed(alert(rule=rule), 1.0, ())])
    found = reader.messages_of({"a", "c"})
    assert [(one.row, one.stored.rule) for one in found] == [(1, "a"), (3, "c"), (4, "a")]


def test_a_message_about_several_is_known_as_one(store, tmp_path):
    """It is in the history, and no episode that burns by itself."""
    group = Group("group", {"host": "web1"}, 2, 1, {"bad": 2}, ())
    told = [
        Addressed(alert(id="e"), 1.0, ("chat",), True, ("chat",)),
        Addressed(alert(id="g", group=group), 1.0, ("chat",), True, ("chat",)),
    ]
    commit(store, alerts=told)
    with closing(StoreReader(tmp_path)) as some:
        assert [(one.id, one.is_group) for one in some.alerts(limit=9)] == [
            ("g", True),
            ("e", False),
        ]
        assert [one.id for one in some.burning()] == ["e"]


def test_a_message_about_several_is_found_by_each_of_them(store, reader):
    """And by nothing else."""

    def member(name: str) -> Member:
        one = alert(id=name)
        return Member(**{each: getattr(one, each) for each in Member.__struct_fields__})

    group = Group("group", {}, 2, 2, {"bad": 2}, (member("a"), member("b")))
    ids = {"a": None, "b": None, "g": group}
    made = [alert(id=name) if of is None else alert(id=name, group=of) for name, of in ids.items()]
    commit(store, alerts=[Addressed(one, 1.0, ("chat",)) for one in made])
    found = {name: [one.alert.id for one in reader.about(name)] for name in ("a", "b", "g", "c")}
    assert found == {"a": ["g"], "b": ["g"], "g": [], "c": []}
