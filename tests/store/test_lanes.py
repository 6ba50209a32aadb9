"""Old and fresh messages of a sink that has fallen behind."""

from __future__ import annotations

import random

import pytest
from doubles.alerts import alert
from doubles.examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from logwatch.store.due import taken
from logwatch.store.forwarding import Forwarded
from logwatch.store.lanes import MANY, Episodes
from logwatch.store.outgoing import Postponed
from logwatch.store.reader import StoreReader
from logwatch.store.writer import Addressed, Store, Transaction


@pytest.fixture
def store(tmp_path):
    made = Store(tmp_path, durability="off")
    yield made
    made.close()


def commit(store, *alerts, sinks=("chat",)) -> None:
    told = [Addressed(one, 1.0, sinks) for one in alerts]
    store.commit(Transaction(alerts=told), now=1.0)


def take(store, reader, limit=10, sink="chat") -> list[str]:
    """What the sink takes in one round."""
    rows = reader.due(sink, now=1.0, limit=limit)
    done = {(sink, parcel): count for parcel, count in taken(rows).items()}
    store.commit(Transaction(taken=done), now=1.0)
    return [one.idempotency_key for one in rows]


def fall_behind(store, number=MANY + 1) -> None:
    commit(store, *(alert(id=f"old{n}") for n in range(number)))


def test_a_few_that_wait_are_taken_in_their_order(store, reader):
    commit(store, *(alert(id=f"a{n}") for n in range(30)))
    commit(store, alert(id="b"))
    assert take(store, reader, 30)[0] == "a0:1"
    assert take(store, reader) == ["b:1"]


def test_fresh_ones_take_turns_with_many_old_ones(store, reader):
    """Neither starves."""
    fall_behind(store)
    assert take(store, reader) == [f"old{n}:1" for n in range(10)]
    commit(store, *(alert(id=f"new{n}") for n in range(20)))
    assert take(store, reader) == [
        name for n in range(5) for name in (f"old{n + 10}:1", f"new{n}:1")
    ]
    assert len([one for one in take(store, reader) if "new" in one]) == 5


def test_a_sink_that_takes_many_at_once_gets_them_in_their_order(store, reader):
    """Whatever it was given while it was tried with single ones; a file is not shuffled."""
    fall_behind(store)
    take(store, reader, 1)
    commit(store, alert(id="new"))
    failed = Postponed("chat", 2, "old1", 0.5, "no space")
    store.commit(Transaction(taken={("chat", 1): 2}, postponed=[failed]), now=1.0)
    told = take(store, reader, 5000)
    assert told == [*(f"old{n}:1" for n in range(1, MANY + 1)), "new:1"]


def test_once_the_old_ones_are_told_there_is_one_lane_again(store, reader):
    fall_behind(store)
    take(store, reader)
    commit(store, alert(id="new"))
    told = [one for _ in range(30) for one in take(store, reader)]
    assert len(told) == MANY + 2 - 10
    commit(store, alert(id="x"), alert(id="x", seq=2))
    assert take(store, reader) == ["x:1", "x:2"]


def test_no_fresh_message_overtakes_an_old_one_of_its_episode(store, reader):
    fall_behind(store)
    take(store, reader)
    commit(store, alert(id="old200", seq=2), alert(id="other"))
    commit(store, alert(id="other", seq=2), alert(id="third"))
    commit(store, alert(id="told", seq=7))
    assert take(store, reader)[1::2][:1] == ["told:7"]
    told = [one for _ in range(30) for one in take(store, reader)]
    assert told.index("old200:1") < told.index("old200:2") < told.index("other:1")
    assert told.index("other:1") < told.index("other:2")


def test_many_fresh_ones_become_old_ones(store, reader):
    """Or the newest would wait behind them."""
    fall_behind(store)
    take(store, reader)
    commit(store, *(alert(id=f"new{n}") for n in range(MANY + 1)))
    take(store, reader)
    commit(store, alert(id="newest"), alert(id="new150", seq=2))
    assert "newest:1" in take(store, reader)
    assert "new150:2" not in take(store, reader)


def test_what_came_from_another_sink_is_not_overtaken(store, reader):
    """Though nobody knew of it when fresh ones got their lane."""
    commit(store, alert(id="moved"), sinks=("pager",))
    fall_behind(store)
    take(store, reader)
    commit(store, alert(id="x", seq=2))
    assert take(store, reader)[1] == "x:2"
    moved = Forwarded("pager", "chat", 1, "moved")
    store.commit(Transaction(taken={("pager", 1): 1}, forwarded=[moved]), now=1.0)
    commit(store, alert(id="moved", seq=2))
    assert take(store, reader)[0] == "moved:1"


def test_a_set_of_episodes_never_forgets_one():
    """And says few that are not in it."""
    episodes = Episodes()
    for number in range(100_000):
        episodes.add(f"{number:016x}")
    assert all(f"{number:016x}" in episodes for number in range(0, 100_000, 97))
    others = sum(f"{number:016x}" in episodes for number in range(200_000, 210_000))
    assert others < 300


@settings(max_examples=examples(40))
@given(st.integers(0, 2**32), st.integers(2, 60))
def test_whatever_the_order_of_rounds_and_commits_episodes_are_told_in_order(
    tmp_path_factory, seed, episodes
):
    """And everything is told once."""
    chance = random.Random(seed)
    folder = tmp_path_factory.mktemp("lanes")
    store = Store(folder, durability="off")
    reader = StoreReader(folder)
    seqs = dict.fromkeys(range(episodes), 0)
    made: list[str] = []
    told: list[str] = []
    for _ in range(chance.randrange(8)):
        some = []
        for _ in range(chance.choice([1, 3, 150, 400])):
            which = chance.randrange(episodes)
            seqs[which] += 1
            some.append(alert(id=f"{which}", seq=seqs[which], lines=[]))
        commit(store, *some)
        made += [f"{one.id}:{one.seq}" for one in some]
        for _ in range(chance.randrange(6)):
            told += take(store, reader, chance.choice([1, 7, 50]))
    while some_more := take(store, reader, 50):
        told += some_more
    reader.close()
    store.close()
    assert sorted(told) == sorted(made)
    for which in range(episodes):
        own = [int(one.split(":")[1]) for one in told if one.split(":")[0] == str(which)]
        assert own == sorted(own)
