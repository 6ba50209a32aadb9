"""The miner: stable ids, bounded memory that never takes the known for new, exact restarts."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch.templates import TemplateMiner

WORDS = ["open", "close", "user", "failed", "retry", "disk", "7", "10.0.0.1", "<*>", "/a/b"]
MESSAGES = st.lists(st.sampled_from(WORDS), max_size=5).map(" ".join)
SIZES = st.sampled_from([1, 2, 3, 50])


def small(size=50, remembered=1000, **settings):
    return TemplateMiner(max_templates=size, max_remembered=remembered, **settings)


def learned(miner, *messages):
    return [miner.learn(message, float(n)) for n, message in enumerate(messages)]


def test_the_first_message_of_a_kind_is_new_and_the_second_is_not():
    first, second = learned(small(), "took 5 ms for /var/a", "took 93 ms for /srv/b/c")
    assert (first.new, second.new) == (True, False)
    assert first.template_id == second.template_id
    assert first.text == "took <duration> for <path>"


def test_the_id_stays_while_the_text_becomes_more_general():
    first, second = learned(
        small(), "session opened for user root by uid 0", "session opened for user ann by uid 7"
    )
    assert second.text == "session opened for user <*> by uid <num>"
    assert second.template_id == first.template_id


def test_two_miners_give_the_same_message_the_same_id():
    (one,) = learned(small(), "link eth0 is down")
    *_, other = learned(small(), "something else", "first of all", "link eth0 is down")
    assert one.template_id == other.template_id


def test_what_was_evicted_is_not_new_when_it_comes_back_and_has_its_id():
    miner = small(1)
    before = learned(miner, "user ann logged in", "user bob logged in", "disk is full")[0]
    after = miner.learn("user eve logged in", 9.0)
    assert not after.new
    assert after.template_id == before.template_id
    assert after.text == "user <*> logged in"
    assert [template.count for template in miner.templates()] == [3]


def test_more_than_may_be_remembered_is_forgotten_from_the_oldest_and_counted():
    miner = small(1, remembered=2)
    learned(miner, "a", "b c", "d e f", "g h i j")
    assert miner.forgotten == 1
    assert [miner.match(text) is None for text in ("a", "b c", "d e f")] == [True, False, False]


def test_a_new_message_may_be_asked_for_without_learning_it():
    miner = small()
    assert miner.match("no such thing") is None
    assert len(miner) == 0


def test_templates_tell_their_text_count_and_times():
    miner = small()
    miner.learn("disk sda is full", 50.0)
    miner.learn("disk sdb is full", 20.0)
    (template,) = miner.templates()
    assert template.text == "disk <*> is full"
    assert (template.count, template.first_seen, template.last_seen) == (2, 20.0, 50.0)


def test_an_accepted_text_is_not_new_when_it_comes():
    miner = small()
    name = miner.accept("<*> <*> <*> <*> finished in <duration>", 0.0)
    seen = miner.learn("job nightly on web1 finished in 5s", 1.0)
    assert (seen.new, seen.template_id) == (False, name)
    (template,) = miner.templates()
    assert (template.accepted, template.count) == (True, 1)


def test_accept_takes_an_id_the_text_of_a_template_or_one_of_its_messages():
    miner = small()
    name = learned(miner, "user ann logged in", "user bob logged in")[0].template_id
    for known in (name, "user <*> logged in", "user eve logged in"):
        assert miner.accept(known, 2.0) == name
    assert [template.accepted for template in miner.templates()] == [True]
    assert miner.accept("   ", 3.0) is None


def test_accept_takes_the_id_of_what_was_evicted():
    miner = small(1)
    name = learned(miner, "user ann logged in", "disk full")[0].template_id
    assert miner.accept(name, 2.0) == name
    known = miner.match("user ann logged in")
    assert known is not None
    assert known.accepted


def test_two_first_messages_of_one_digest_get_two_ids(monkeypatch):
    monkeypatch.setattr("logwatch.templates.miner.digest_of", lambda text: f"{text.count(chr(10))}")
    one, other = learned(small(), "disk full", "all is well again")
    assert one.template_id != other.template_id


def test_a_crowded_leaf_lets_go_of_the_one_seen_least_recently():
    miner = TemplateMiner(similarity=1.0)
    messages = [f"boot {'x' * n}q {'y' * n}z" for n in range(300)]
    learned(miner, *messages)
    assert len(miner) == 256
    assert not any(seen.new for seen in learned(miner, *messages))


@pytest.mark.parametrize("settings", [{"max_templates": 0}, {"depth": 2}, {"similarity": 0.0}])
def test_settings_that_mean_nothing_are_refused(settings):
    with pytest.raises(ValueError):
        TemplateMiner(**settings)


def test_a_body_that_is_none_is_refused():
    with pytest.raises(msgspec.DecodeError):
        small().restore("abc", b'["other"]')


@given(st.lists(MESSAGES, max_size=40), SIZES, st.sampled_from([3, 4, 5]), st.integers(1, 3))
def test_what_was_learned_is_never_new_again(messages, size, depth, children):
    """The tree's routes, its eviction and its growing templates lose no message."""
    miner = small(size, depth=depth, max_children=children)
    learned(miner, *messages)
    assert not any(miner.match(message) is None for message in messages)
    assert not any(seen.new for seen in learned(miner, *messages))


@given(
    st.lists(st.tuples(st.sampled_from("llllarR"), MESSAGES), max_size=60),
    SIZES,
    st.sampled_from([0, 2, 100]),
    st.integers(1, 3),
)
def test_a_restart_at_any_point_changes_no_answer(steps, size, remembered, children):
    """Restored from `changes`, in any order, a miner answers as one that never stopped."""
    settings = {"remembered": remembered, "max_children": children}
    steady, restarted = small(size, **settings), small(size, **settings)
    kept: dict[str, bytes] = {}
    for turn, (step, message) in enumerate(steps):
        at = float(turn)
        if step == "l":
            assert steady.learn(message, at) == restarted.learn(message, at)
        elif step == "a":
            assert steady.accept(message, at) == restarted.accept(message, at)
        else:
            for key, body in restarted.changes():
                kept.pop(key, None)
                if body is not None:
                    kept[key] = body
            assert kept == restarted.dump() == steady.dump()
            restarted = small(size, **settings)
            restarted.load(sorted(kept.items(), reverse=step == "R"))
    assert steady.templates() == restarted.templates()
    assert steady.dump() == restarted.dump()


@given(st.lists(MESSAGES, max_size=30))
def test_a_smaller_miner_takes_what_a_larger_one_kept(messages):
    """With fewer places than before, the rest is remembered and still known."""
    large = small(50)
    learned(large, *messages)
    miner = small(2)
    miner.load(large.dump().items())
    assert len(miner) <= 2
    assert not any(seen.new for seen in learned(miner, *messages))
