"""Kind 8: new value."""

from __future__ import annotations

import msgspec
import pytest
from doubles.examples import examples
from doubles.rules import START, Bench, checkpoint, told
from hypothesis import given, settings
from hypothesis import strategies as st

from logwatch.records import Alert, Batch, Match, Record, StateChange, encode_alert
from logwatch.rules.base import Hit, RuleSettings
from logwatch.rules.kinds import NewValue
from logwatch.rules.new_value import KEPT_LONGER_SECONDS, NewValueRule


class Values(Bench):
    """A bench with a rule for new values of `who`."""

    rule: NewValueRule

    def __init__(
        self, *, value=("who",), learn=0.0, forget=None, max_keys: int = 100_000, **changes
    ) -> None:
        kind = NewValue(value=value, learn=learn, forget=forget)
        super().__init__(
            RuleSettings(**{"name": "new-sudo", "kind": kind, "cooldown": 0.0} | changes),
            max_keys=max_keys,
        )

    def sees(self, at: float, who: str, **more) -> list[Alert]:
        """A line of `who`."""
        return self.line(at, f"sudo: {who}", who=who, **more)

    def teach(self, at: float, who: str) -> bool:
        """A line of an old file, to learn from."""
        batch = Batch(
            source="app",
            checkpoint=checkpoint(),
            start=0,
            end=9,
            arrival=START,
            last_time=START + at,
        )
        return self.rule.learn(Hit(batch, Record(0, who, START + at), Match(0, 0, {"who": who})))


def test_the_first_sight_of_a_value_is_an_event():
    """It is told once; the value is in its fields and in its words."""
    bench = Values()
    (fired,) = bench.sees(0, "alice")
    assert (fired.status, fired.seq, fired.count) == ("firing", 1, 1)
    assert fired.message == "new who=alice: sudo: alice"
    assert fired.fields == {"who": "alice"}
    assert [line.text for line in fired.lines] == ["sudo: alice"]
    assert list(bench.rule.burning()) == []
    assert bench.sees(1, "alice") == []
    assert bench.sees(10**8, "alice") == []
    (other,) = bench.sees(10**8, "bob")
    assert other.id != fired.id


def test_several_fields_are_one_value_together():
    """Alice as root is not alice as postgres; what is missing of it reads <none>."""
    bench = Values(value=("who", "as"))
    for who, other in (("alice", "root"), ("alice", "postgres"), ("bob", "root")):
        assert len(bench.line(0, who=who, **{"as": other})) == 1
        assert bench.line(0, who=who, **{"as": other}) == []
    (fired,) = bench.line(0, who="alice")
    assert fired.message == "new who=alice, as=<none>: boom"


def test_values_with_the_separator_in_them_are_not_mixed_up():
    """Whoever writes the log must not be able to hide a value behind another."""
    bench = Values(value=("who", "as"))
    assert len(bench.line(0, who="a\x1fb", **{"as": "c"})) == 1
    assert len(bench.line(0, who="a", **{"as": "b\x1fc"})) == 1
    bench = Values()
    for who in ("learn", "value\x1fx", "told\x1f", "x"):
        assert len(bench.sees(0, who)) == 1
    bench.restart()
    assert bench.sees(1, "learn") == bench.sees(1, "value\x1fx") == []


def test_a_record_without_the_field_is_no_sight_of_anything():
    """Nor does it begin the time of learning."""
    bench = Values(learn=10.0)
    assert bench.line(0, "no field") == []
    assert list(bench.rule.changes()) == []
    assert bench.line(100, "field", fields={"who": "alice"}) == []
    assert len(bench.line(110, "field", fields={"who": "bob"})) == 1


def test_each_key_has_its_own_values():
    """`by` scopes what is known."""
    bench = Values(by=("host",))
    for host in ("web1", "web2"):
        (fired,) = bench.line(0, who="alice", host=host)
        assert fired.key == {"host": host}
        assert fired.message.startswith(f"{host}: new who=alice")
    assert bench.line(1, who="alice", host="web1") == []


def test_nothing_fires_while_it_learns():
    """From its first record on, up to and without `learn`; a restart does not begin it anew."""
    bench = Values(learn=100.0)
    bench.until(5000)
    bench.sees(5000, "alice")
    bench.restart()
    bench.sees(5099, "bob")
    assert bench.alerts == []
    assert [each.fields["who"] for each in bench.sees(5100, "carol")] == ["carol"]
    for who in ("alice", "bob", "carol"):
        assert bench.sees(6000, who) == []


def test_a_late_record_of_the_time_of_learning_is_learned():
    """What counts is when it was, not when it came."""
    bench = Values(learn=100.0)
    bench.sees(0, "alice")
    bench.until(110)
    assert bench.sees(99, "bob") == []
    assert len(bench.sees(100, "carol")) == 1


def test_a_value_is_new_again_when_it_was_not_seen_within_forget():
    """The window is (t - forget, t], and each sight counts."""
    bench = Values(forget=100.0)
    bench.sees(0, "alice")
    assert bench.sees(99, "alice") == []
    assert bench.sees(198, "alice") == []
    (again,) = bench.sees(298, "alice")
    assert again.message == "new who=alice (not seen for 1m40s): sudo: alice"
    bench.until(298 + 100 + KEPT_LONGER_SECONDS)
    bench.restart()
    assert [key for _, key in bench.stored] == ["learn"]
    assert len(bench.rule) == 0


def test_a_late_sight_of_a_known_value_is_nothing_new():
    """Nor does it make the value older than it is."""
    bench = Values(forget=100.0)
    bench.sees(50, "alice")
    assert bench.sees(0, "alice") == []
    assert bench.sees(149, "alice") == []


def test_a_late_first_sight_is_told():
    """As long as it is not over: a window that has closed lets nothing in."""
    bench = Values(forget=1000.0)
    bench.until(5000)
    assert len(bench.sees(4001, "alice")) == 1
    assert bench.sees(4000, "bob") == []
    bench = Values()
    bench.until(5000)
    assert len(bench.sees(0, "alice")) == 1


def test_equal_times_are_told_once():
    """A tie is the same value twice."""
    bench = Values()
    assert [len(bench.sees(0, "alice")) for _ in range(2)] == [1, 0]


def test_further_new_values_within_the_cooldown_are_named_in_one_note():
    """A flood of new values is two messages a cool-down, with the exact number."""
    bench = Values(cooldown=60.0)
    for number in range(14):
        bench.sees(number, f"u{number}")
        bench.sees(number, f"u{number}")
    assert told(bench.alerts) == [("firing", 1, 1)]
    bench.restart()
    (note,) = bench.until(60)
    assert (note.status, note.seq, note.count, note.suppressed) == ("updated", 2, 14, 13)
    assert note.id == bench.alerts[0].id
    assert note.message == (
        "13 more new values were seen since 2026-01-05T00:00:00.000Z:"
        " u1; u2; u3; u4; u5; u6; u7; u8; u9; u10 and 3 others"
    )
    assert note.last == "2026-01-05T00:00:13.000Z"
    assert len(bench.sees(60, "later")) == 1
    assert bench.until(1000) == []


def test_one_more_new_value_is_one():
    """In the singular; and a new value at the end of the cool-down fires, after the note."""
    bench = Values(cooldown=60.0)
    bench.sees(0, "a")
    bench.sees(1, "b")
    note, fired = bench.line(60, "sudo: c", backlog=True, who="c")
    assert note.message == "1 more new value was seen since 2026-01-05T00:00:00.000Z: b"
    assert fired.status == "firing"


def test_the_cooldown_is_of_each_key():
    """A flood on one host hides nothing on another."""
    bench = Values(cooldown=60.0, by=("host",))
    for host in ("web1", "web2"):
        for who in "abc":
            bench.line(0, who=who, host=host)
    bench.until(60)
    assert [(each.key["host"], each.suppressed) for each in bench.alerts] == [
        ("web1", 0),
        ("web2", 0),
        ("web1", 2),
        ("web2", 2),
    ]


def test_a_stamp_from_the_future_does_not_silence_a_key():
    """It was told by a wrong time; what comes by the right one fires."""
    bench = Values(cooldown=60.0)
    bench.sees(80_000, "future", backlog=True)
    assert len(bench.sees(1, "alice")) == 1


def test_the_value_seen_least_recently_goes_for_another_and_is_new_again(capsys):
    """The bound holds, exactly, and says so once."""
    bench = Values(max_keys=3)
    for at, who in enumerate(["a", "b", "c", "a", "d", "e"]):
        bench.sees(at, who)
    bench.alerts.clear()
    assert len(bench.rule) == 3
    assert bench.sees(10, "a") == bench.sees(10, "d") == bench.sees(10, "e") == []
    assert len(bench.sees(11, "b")) == 1
    bench.restart()
    assert sum(key.startswith("value") for _, key in bench.stored) == 3
    assert capsys.readouterr().err.count("rules.too_many_keys") == 1


def test_too_many_cooldowns_end_the_first_of_them():
    """What it has held back is told."""
    bench = Values(cooldown=60.0, by=("host",), max_keys=2)
    bench.line(0, who="a", host="h0")
    bench.line(1, who="b", host="h0")
    bench.line(2, who="c", host="h1")
    note, fired = bench.line(3, who="d", host="h2")
    assert (note.status, note.key["host"], note.suppressed) == ("updated", "h0", 1)
    assert (fired.status, fired.key["host"]) == ("firing", "h2")


def test_say_may_use_the_value():
    """`value` is the word of this kind, beside the fields."""
    bench = Values(value=("who", "as"), say="{value} ({who}) on {host}, {count}")
    (fired,) = bench.line(0, who="alice", **{"as": "root"})
    assert fired.message == "alice, root (alice) on web1, 1"


def test_a_long_value_is_known_by_its_digest():
    """What is remembered is bounded, whatever a line holds."""
    bench = Values()
    assert len(bench.sees(0, "x" * 10_000)) == 1
    assert bench.sees(1, "x" * 10_000) == []
    assert len(bench.sees(2, "x" * 10_001)) == 1
    assert all(len(change.key) < 300 for change in bench.rule.changes())


def test_what_it_was_taught_is_not_new():
    """`learn RULE --from FILE` seeds it, and `learn` is reckoned from the first line of that."""
    bench = Values(learn=100.0)
    assert bench.teach(-50, "alice")
    assert not bench.teach(-60, "alice")
    assert bench.teach(-30, "bob")
    bench.restart()
    assert bench.sees(0, "alice") == bench.sees(39, "carol") == []
    assert len(bench.sees(40, "dave")) == 1
    assert bench.sees(40, "bob") == []


def test_what_was_accepted_is_not_new():
    """By its fields, those of `by` included."""
    bench = Values(value=("who", "as"), by=("host",))
    fields = {"host": "web1", "who": "alice", "as": "root"}
    assert bench.rule.accept(fields, START) == "alice, root"
    bench.restart()
    assert bench.line(1, **fields) == []
    assert len(bench.line(1, **fields | {"host": "web2"})) == 1


def test_what_is_no_state_is_refused():
    """The pipeline forgets that part, and the rule goes on without it."""
    rule = Values().rule
    for key in ("learn", "value\x1fx", "told\x1f"):
        with pytest.raises(msgspec.DecodeError):
            rule.restore(StateChange("new-sudo", key, b"\xc1"))


# -- models --------------------------------------------------------------------------------------

FORGET = 9
sight = st.tuples(st.integers(0, 6), st.sampled_from("abcdef"), st.sampled_from("xy"))


@settings(max_examples=examples(150))
@given(st.lists(sight, max_size=40), st.sampled_from([0, 12]), st.booleans())
def test_it_tells_what_a_list_of_all_sights_tells(sights, learn, forgets):
    """A naive model: every sight is kept, and each is looked up in all."""
    bench = Values(learn=float(learn), forget=float(FORGET) if forgets else None, by=("host",))
    now, seen, expected = 0, [], []
    for wait, who, host in sights:
        now += wait
        fired = bench.line(now, who=who, host=host)
        reach = FORGET if forgets else 10**9
        is_new = not any((who, host) == each and now - reach < at <= now for at, each in seen)
        seen.append((now, (who, host)))
        expected.append(is_new and now >= seen[0][0] + learn)
        assert bool(fired) == expected[-1]


@settings(max_examples=examples(100))
@given(
    st.lists(st.tuples(sight, st.booleans(), st.integers(-200, 0)), max_size=40),
    st.sampled_from([None, 20.0]),
    st.sampled_from([0.0, 5.0]),
    st.sampled_from([0.0, 4.0]),
    st.integers(1, 4),
)
def test_restarts_change_no_byte(lines, forget, learn, cooldown, max_keys):
    """With late lines, ties, cool-downs, and more values than there is room for."""
    made = []
    for restarts in (False, True):
        bench = Values(
            forget=forget, learn=learn, cooldown=cooldown, max_keys=max_keys, by=("host",)
        )
        now = 0
        for (wait, who, host), restart, late in lines:
            now += wait * 20 if late < -190 else wait
            if restart and restarts:
                bench.restart()
            bench.until(now)
            bench.line(now + min(0, late + 180), who=who, host=host)
        bench.until(now + 10_000)
        made.append([encode_alert(each) for each in bench.alerts])
    assert made[0] == made[1]
