"""Orders: the consumer carries them out between batches, and who asked hears of it afterwards."""

from __future__ import annotations

import os
import pwd

import msgspec
import pytest
from doubles.alerts import alert
from doubles.daemon import Bench, batch
from doubles.rules import START
from hypothesis import given
from hypothesis import strategies as st

from logwatch.alerts.conditions import compile_alert_where, parse_matcher, written_matcher
from logwatch.alerts.silence_orders import EndSilence, NewSilence
from logwatch.alerts.silences import NAME, Silence, SilenceError
from logwatch.daemon import order_verbs, silencing
from logwatch.daemon.consumer import GATHER_SECONDS
from logwatch.daemon.control_wire import Request
from logwatch.daemon.intake import Intake, Order
from logwatch.daemon.order_wire import Ordered
from logwatch.daemon.orders import Orders
from logwatch.matching.searches import guarded_search
from logwatch.rules import fingerprint
from logwatch.rules.base import RuleSettings, Threshold
from logwatch.rules.instructions import Instruction, Lesson, Taught
from logwatch.rules.kinds import NewValue
from logwatch.store.reader import StoreReader

RULE = RuleSettings(name="who", kind=NewValue(value=("who",)))
LESSON = Instruction(rule="who", lessons=(Lesson("app", 5.0, {"who": "bob"}),))
BURNS = RuleSettings(
    name="burns", kind=Threshold(count=1, window=60.0), match=("boom",), cooldown=0.0
)
ME = pwd.getpwuid(os.geteuid()).pw_name


def asked(orders: Orders, read=order_verbs.learn, **what):
    """What the control thread answers."""
    arguments = msgspec.to_builtins(Ordered(**what))
    request = Request(version=1, verb="any", arguments=arguments, user=os.geteuid())
    return orders.verb(read)(request)


def ordered(read, order, *, user: int | None = None) -> Order:
    """The message that the consumer gets."""
    who = os.geteuid() if user is None else user
    return Order(read(msgspec.to_builtins(order), Request(version=1, verb="any", user=who)))


def done(bench: Bench, read, order, *, user: int | None = None):
    """What came of an order that the consumer carried out and committed."""
    message = ordered(read, order, user=user)
    bench.take(message)
    assert message.committed.is_set()
    return message.outcome[0]


@pytest.fixture
def bench(tmp_path):
    """A consumer with one rule for new values."""
    made = Bench(tmp_path, RULE)
    yield made
    made.store.close()


@pytest.fixture
def burning(tmp_path):
    """A consumer with one rule whose alerts burn."""
    made = Bench(tmp_path, BURNS)
    made.take()
    yield made
    made.store.close()


def stored(bench, rule: str, print_: str = "") -> dict[str, bytes]:
    """The states that are in the store."""
    reader = StoreReader(bench.folder)
    states = reader.states(rule, print_)
    reader.close()
    return {change.key: change.body for change in states}


def test_what_is_taught_is_in_the_store_before_anybody_hears_of_it(bench):
    """And it is committed at once."""
    taught = done(bench, order_verbs.learn, LESSON)
    assert (taught.known_before, taught.known) == (0, 1)
    assert "value\x1fbob" in stored(bench, "who", fingerprint(RULE))


def test_while_a_backlog_is_read_it_is_learned_all_the_same(tmp_path):
    """And committed with what else is gathered then."""
    bench = Bench(tmp_path, RULE, awaited=("/var/log/app.log",))
    order = ordered(order_verbs.learn, LESSON)
    bench.take(order)
    bench.clock.advance(GATHER_SECONDS)
    bench.take()
    assert order.committed.is_set()
    assert "value\x1fbob" in stored(bench, "who", fingerprint(RULE))
    bench.store.close()


def test_a_rule_that_is_not_there_is_said(bench):
    """The configuration of who asks may be a newer one."""
    taught = done(bench, order_verbs.learn, Instruction(rule="gone"))
    assert "is it reloaded?" in taught.problem


def test_who_asks_gets_a_ticket_until_it_is_done(bench, monkeypatch):
    """So that the thread that answers never waits for long."""
    monkeypatch.setattr("logwatch.daemon.orders.WAIT_SECONDS", 0.0)
    orders = Orders(bench.intake)
    progress = asked(orders, order=LESSON)
    assert not progress.result
    assert not asked(orders, ticket=progress.ticket).result
    bench.take(bench.intake.get())
    taught = asked(orders, ticket=progress.ticket)
    assert msgspec.json.decode(taught.result, type=Taught).known == 1
    assert "nobody knows" in asked(orders, ticket=progress.ticket).problem


def test_a_full_queue_is_said_and_not_waited_for():
    """It is sent again."""
    intake = Intake(limit_bytes=1)
    intake.tell(ordered(order_verbs.learn, LESSON))
    assert asked(Orders(intake), order=LESSON).busy


def test_forgotten_tickets_do_not_pile_up(monkeypatch):
    """Of those that nobody asks for the oldest go."""
    monkeypatch.setattr("logwatch.daemon.orders.WAIT_SECONDS", 0.0)
    orders = Orders(Intake())
    for _ in range(100):
        asked(orders, order=LESSON)
    assert len(orders._tickets) == 64


@pytest.mark.parametrize("read", [order_verbs.learn, order_verbs.silence, order_verbs.send_again])
@pytest.mark.parametrize(
    "arguments",
    [
        {"order": 5},
        {"order": {"lessons": []}},
        {"order": {"what": "new", "matchers": "rule=x"}},
        {"order": {"what": "drop"}},
        {"ticket": "x"},
        {},
        {"ticket": 7},
    ],
)
def test_nonsense_is_answered(arguments, read):
    """Whoever may write to the socket may write anything."""
    request = Request(version=1, verb="any", arguments=arguments)
    assert Orders(Intake()).verb(read)(request).problem


# -- silences ------------------------------------------------------------------------------------


def silence(**what) -> NewSilence:
    """An order for one that hides the rule, for an hour."""
    return NewSilence(**{"matchers": ("rule=burns",), "until": START + 1e9} | what)


def test_a_silence_is_in_force_and_in_the_store_before_anybody_hears_of_it(burning):
    """Its author is whoever the kernel says is at the other end."""
    made = done(burning, order_verbs.silence, silence(comment="pen test"))
    assert (made.number, made.author, made.comment) == (1, ME, "pen test")
    decoded = msgspec.msgpack.decode(stored(burning, NAME)["1"], type=Silence)
    assert decoded == made
    burning.take(batch("boom"))
    assert burning.due() == []


def test_the_end_of_a_silence_tells_what_burns(burning):
    """At once, in the transaction that ends it."""
    done(burning, order_verbs.silence, silence())
    burning.take(batch("boom"))
    assert burning.due() == []
    over = done(burning, order_verbs.silence, EndSilence(number=1))
    assert (over.ended_by, over.hid) == (ME, 1)
    assert len(burning.due()) == 1


def test_what_burns_only_since_a_moment_ago_ends_it_too(burning):
    """The alert and the order are taken in one step, before anything is committed."""
    order = ordered(order_verbs.silence, silence(until=None, until_resolved=True))
    burning.take(batch("boom"), order)
    (made,) = order.outcome
    assert len(made.episodes) == 1


@pytest.mark.parametrize(
    ("order", "said"),
    [
        (silence(until=1.0), "past"),
        (silence(until=None), "must have an end"),
        (silence(until=None, until_resolved=True), "nothing burns now"),
        (silence(matchers=()), "what it hides"),
        (EndSilence(number=7), "no silence #7"),
    ],
)
def test_what_cannot_be_done_is_said_and_changes_nothing(burning, order, said):
    """The consumer goes on."""
    assert said in str(done(burning, order_verbs.silence, order))
    assert stored(burning, NAME) == {}
    burning.take(batch("boom"))
    assert len(burning.due()) == 1


@pytest.mark.parametrize(
    ("matcher", "said"),
    [
        ("rule", "names no field"),
        ("severity>=eror", "one of info, warning"),
        ("ip=~(", "no regular expression"),
        ("ip=~(a+)+$", "very long"),
        ("x" * 50_000, "names no field"),
    ],
)
def test_a_matcher_that_could_break_or_hold_up_the_consumer_never_reaches_it(matcher, said):
    """It is refused in the thread that was asked."""
    intake = Intake()
    progress = asked(Orders(intake), order_verbs.silence, order=silence(matchers=(matcher,)))
    assert said in progress.problem
    assert intake.empty()


def test_an_end_that_no_calendar_has_is_refused():
    """It could not be shown afterwards."""
    progress = asked(Orders(Intake()), order_verbs.silence, order=silence(until=1e18))
    assert "beyond what a calendar has" in progress.problem


FIELDS = st.sampled_from(["rule", "severity", "status", "ip", "count", "host", ""])
SIGNS = st.sampled_from(["=", "!=", "=~", "~", "!~", ">", ">=", "<", "<=", "==", "=>", " "])
VALUES = st.one_of(
    st.sampled_from(["error", "1e999", "-1", "5m", "*", "[a", "(?P<x", "\\", "2 h", "[[!"]),
    st.text(max_size=12),
)


@given(st.lists(st.tuples(FIELDS, SIGNS, VALUES).map("".join), max_size=3))
def test_whatever_is_typed_is_refused_or_can_be_asked_of_any_alert(matchers):
    """Nothing that reaches the consumer fails there."""
    order = NewSilence(matchers=tuple(matchers), until=1.0)
    try:
        where = silencing.where_of(order)
    except SilenceError:
        return
    holds = compile_alert_where(where, guarded_search)
    for one in (alert(), alert(key={"ip": "192.0.2.1", "count": "7"}, severity="critical")):
        assert holds(one) in (True, False)
    assert tuple(map(parse_matcher, map(written_matcher, where))) == where


def test_root_may_say_for_whom_it_acts_and_nobody_else_may():
    """`sudo` makes everybody root."""
    assert silencing.author_of(0, "ann") == "ann (root)"
    assert silencing.author_of(0, "") == "root"
    nobody = pwd.getpwnam("nobody").pw_uid
    assert silencing.author_of(nobody, "ann") == "nobody"
    assert silencing.author_of(3_999_999_999, "ann") == "user 3999999999"
