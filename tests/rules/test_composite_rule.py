"""Kind 12: composite."""

from __future__ import annotations

from doubles.alerts import alert
from doubles.examples import examples
from doubles.rules import START, Bench, checkpoint, told
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from logwatch.alerts.route import Router
from logwatch.clock import Moment
from logwatch.dispatch import Dispatch
from logwatch.pipeline import Pipeline
from logwatch.records import Alert, AlertLine, Batch, Match, Record, encode_alert
from logwatch.rules import make_rule
from logwatch.rules.base import RuleSettings, Threshold
from logwatch.rules.composite import CompositeRule
from logwatch.rules.composite_parts import MOST_EPISODES
from logwatch.rules.kinds import Composite
from logwatch.store.writer import Burning


class Parts(Bench):
    """A bench with a composite of the rules a, b and c."""

    def __init__(
        self,
        *,
        needed: int = 2,
        rules: tuple[str, ...] = ("a", "b"),
        within: float = 300.0,
        absorbs: bool = False,
        max_keys: int = 100_000,
        **changes,
    ) -> None:
        kind = Composite(rules=rules, needed=needed, within=within, absorbs=absorbs)
        super().__init__(
            RuleSettings(**{"name": "outage", "kind": kind, "cooldown": 0.0} | changes),
            max_keys=max_keys,
        )

    def news(
        self, at: float, rule: str, status: str = "firing", ident: str = "", *, burns=True, **key
    ) -> list[Alert]:
        """An alert of `rule` at `at` seconds after the start."""
        return self.heard(
            at,
            alert(
                rule=rule,
                status=status,
                id=ident or f"{rule}-1",
                key=key,
                fields={},
                message=f"{rule} is bad",
                lines=[AlertLine("/var/log/app.log", 7, "2026-01-05T00:00:00.000Z", f"{rule}!")],
            ),
            burns=burns,
        )

    def absorbs(self, rule: str, status: str = "firing", ident: str = "", **key) -> bool:
        """Whether the alert of `rule` that was heard just now is absorbed."""
        assert isinstance(self.rule, CompositeRule)
        return self.rule.absorbs_now(
            alert(rule=rule, status=status, id=ident or f"{rule}-1", key=key, fields={})
        )


def test_all_of_fires_when_the_last_rule_does_and_resolves_when_the_first_is_over():
    """Two episodes that burn together are one outage, however long ago the first began."""
    bench = Parts()
    assert bench.news(0, "a") == []
    (fired,) = bench.news(5000, "b")
    assert (fired.status, fired.seq, fired.count) == ("firing", 1, 2)
    assert fired.message == "2 of 2 rules within 5m: a: a is bad; b: b is bad"
    assert [line.text for line in fired.lines] == ["a!", "b!"]
    assert (fired.first, fired.last) == ("2026-01-05T00:00:00.000Z", "2026-01-05T01:23:20.000Z")
    (over,) = bench.news(6000, "a", "resolved")
    assert (over.status, over.seq, over.id) == ("resolved", 2, fired.id)
    assert over.message.startswith("resolved after 1h40m: b still burning, of 2 of 2 rules")
    assert bench.news(6001, "b", "resolved") == []


def test_any_of_fires_with_the_first_rule_and_says_when_another_joins():
    """A further rule is news, once; the outage ends with the last of them."""
    bench = Parts(needed=1)
    bench.news(0, "a")
    bench.news(10, "b")
    bench.news(20, "b", "resolved")
    bench.news(30, "b", ident="b-2")
    bench.news(40, "a", "resolved")
    bench.news(50, "b", "resolved", ident="b-2")
    assert told(bench.alerts) == [("firing", 1, 1), ("updated", 2, 2), ("resolved", 3, 2)]
    assert bench.alerts[1].message == "2 of 2 rules within 5m: a: a is bad; b: b is bad"


def test_an_event_counts_for_within_and_not_at_its_end():
    """A plain match has no episode: it holds in [t, t + within)."""
    for at, fires in ((299.0, True), (300.0, False)):
        bench = Parts()
        bench.news(0, "a", burns=False)
        assert bool(bench.news(at, "b")) == fires


def test_an_outage_of_events_resolves_by_timer():
    """Nobody resolves an event, so the composite does when it is older than `within`."""
    bench = Parts()
    bench.news(0, "a", burns=False)
    bench.news(100, "b", burns=False)
    (over,) = bench.until(1000)
    assert (over.status, over.message[:17]) == ("resolved", "resolved after 5m")
    bench.restart()
    assert bench.stored == {}


def test_another_event_of_the_same_rule_keeps_it_burning():
    """`within` counts from the latest."""
    bench = Parts()
    bench.news(0, "a", burns=False)
    bench.news(0, "b")
    bench.news(200, "a", burns=False, ident="a-2")
    assert bench.until(499) == []
    assert [each.status for each in bench.until(500)] == ["resolved"]


def test_an_episode_that_was_over_before_counts_as_an_event():
    """all_of is over episodes within a time of one another, also short ones."""
    bench = Parts()
    bench.news(0, "a")
    bench.news(10, "a", "resolved")
    (fired,) = bench.news(200, "b")
    assert fired.status == "firing"
    assert [each.status for each in bench.until(300)] == ["resolved"]


def test_a_long_episode_that_was_over_before_is_over():
    """It fired longer ago than `within`."""
    bench = Parts()
    bench.news(0, "a")
    bench.news(400, "a", "resolved")
    assert bench.news(400, "b") == []


def test_equal_times_in_either_order_fire_once():
    """A tie is no order."""
    for names in (("a", "b"), ("b", "a")):
        bench = Parts()
        for name in names:
            bench.news(10, name, burns=False)
        assert told(bench.alerts) == [("firing", 1, 2)]
        assert bench.alerts[0].message == "2 of 2 rules within 5m: a: a is bad; b: b is bad"


def test_news_out_of_order_fires_as_in_order():
    """What counts is when it fired, not when it was heard of."""
    bench = Parts(within=5.0)
    bench.news(103, "b", burns=False)
    (fired,) = bench.news(100, "a", burns=False)
    assert fired.first == "2026-01-05T00:01:40.000Z"
    bench = Parts(within=5.0)
    bench.news(105, "b", burns=False)
    assert bench.news(100, "a", burns=False) == []


def test_outages_of_the_same_moment_are_two_where_another_episode_made_each():
    """Both have the part that burns on; a sink that knows the first would drop the second."""
    bench = Parts()
    bench.news(0, "a")
    (first,) = bench.news(10, "b")
    bench.news(10, "b", "resolved")
    (second,) = bench.news(10, "b", ident="b-2")
    assert first.status == second.status == "firing"
    assert first.id != second.id


def test_one_rule_that_fires_twice_is_one_rule():
    """`needed` different rules."""
    bench = Parts()
    bench.news(0, "a", ip="1")
    assert bench.news(1, "a", ident="a-2", ip="2") == []


def test_without_by_a_rule_burns_while_one_key_of_it_does():
    """The keys of the parts need not be the same."""
    bench = Parts()
    bench.news(0, "a", ip="1")
    bench.news(0, "a", ident="a-2", ip="2")
    (fired,) = bench.news(0, "b", path="/x")
    assert fired.message == "2 of 2 rules within 5m: a (2 episodes): a is bad; b: b is bad"
    assert bench.news(10, "a", "resolved", ip="1") == []
    assert [each.status for each in bench.news(20, "a", "resolved", ident="a-2")] == ["resolved"]


def test_by_joins_the_parts_by_their_key_else_by_their_fields():
    """What has no such field is a bucket of its own."""
    bench = Parts(by=("host",))
    bench.news(0, "a", host="web1")
    assert bench.news(0, "b", ident="b-1", host="web2") == []
    assert bench.news(0, "b", ident="b-2") == []
    (fired,) = bench.heard(0, alert(rule="b", id="b-3", key={}, fields={"host": "web1"}))
    assert fired.key == {"host": "web1"}
    assert fired.message.startswith("web1: 2 of 2 rules")


def test_a_composite_hears_a_composite():
    """An alert of a composite is news like any other."""
    bench = Parts(rules=("outage-1", "b"))
    bench.news(0, "outage-1")
    assert told(bench.news(0, "b")) == [("firing", 1, 2)]


def test_an_update_of_a_part_is_quoted_and_fires_nothing():
    """Nor does an alert of an episode whose beginning was not heard."""
    bench = Parts()
    bench.news(0, "a", "updated")
    bench.news(0, "a", "resolved")
    assert list(bench.rule.changes()) == []
    bench.news(0, "a")
    bench.heard(1, alert(rule="a", id="a-1", status="updated", key={}, message="a is worse"))
    (fired,) = bench.news(2, "b")
    assert "a: a is worse" in fired.message


def test_say_may_use_the_parts_their_names_and_their_fields():
    """`parts` and `rules` are the words of a composite."""
    bench = Parts(say="{rules} on {zone}, rule {rule}: {parts}")
    bench.heard(
        0, alert(rule="a", id="1", key={}, fields={"zone": "z1", "rule": "no"}, message="A")
    )
    (fired,) = bench.heard(0, alert(rule="b", id="2", key={}, fields={}, message="B"))
    assert fired.message == "a, b on z1, rule outage: a: A; b: B"
    assert fired.fields == {"zone": "z1", "rule": "no"}


def test_hold_keeps_it_burning():
    """A part that comes back within `hold` goes on with the same episode."""
    bench = Parts(hold=60.0)
    bench.news(0, "a")
    bench.news(0, "b")
    assert bench.news(10, "a", "resolved") == []
    assert bench.news(20, "a", ident="a-2") == []
    assert bench.until(59) == []
    assert bench.news(100, "b", "resolved") != []
    bench = Parts(hold=60.0)
    bench.news(0, "a")
    bench.news(0, "b")
    bench.news(10, "a", "resolved")
    assert [each.status for each in bench.until(60)] == ["resolved"]


def test_what_the_cooldown_holds_back_is_told_when_it_ends_if_it_still_holds():
    """A composite has no lines of its own to wait for."""
    bench = Parts(cooldown=60.0)
    bench.news(0, "a")
    bench.news(0, "b")
    bench.news(10, "b", "resolved")
    assert bench.news(20, "b", ident="b-2") == []
    bench.restart()
    (fired,) = bench.until(60)
    assert (fired.status, fired.suppressed) == ("firing", 0)
    bench.news(70, "b", "resolved", ident="b-2")
    bench.news(80, "b", ident="b-3")
    bench.news(90, "b", "resolved", ident="b-3")
    assert bench.until(200) == []
    (fired,) = bench.news(200, "b", ident="b-4")
    assert (fired.status, fired.suppressed) == ("firing", 1)


def test_absorbs_mutes_the_parts_while_it_burns_with_the_one_that_made_it_fire():
    """One message for the whole; what was told before of a part ends for whoever was told."""
    bench = Parts(absorbs=True)
    bench.news(0, "a")
    assert not bench.absorbs("a")
    bench.news(1, "b")
    assert bench.absorbs("b")
    bench.news(2, "a", "updated")
    assert bench.absorbs("a", "updated")
    bench.news(3, "a", "resolved")
    assert not bench.absorbs("a", "resolved")  # its firing was told
    bench.restart()
    bench.news(4, "b", "resolved")
    assert bench.absorbs("b", "resolved")  # nobody was told that it began
    bench.news(400, "a", ident="a-2")
    assert not bench.absorbs("a", ident="a-2")


def test_without_absorbs_and_in_shadow_nothing_is_muted():
    """A rule that is only tried out must not silence others."""
    for changes in ({"absorbs": False}, {"absorbs": True, "shadow": True}):
        bench = Parts(**changes)
        bench.news(0, "a")
        bench.news(1, "b")
        assert not bench.absorbs("b")


def test_more_episodes_than_are_known_by_name_are_counted():
    """A part with very many keys still ends with the last of them."""
    bench = Parts(needed=1, within=1.0)
    for number in range(MOST_EPISODES + 10):
        bench.news(0, "a", ident=f"a-{number}")
    for number in range(MOST_EPISODES + 9):
        assert bench.news(10, "a", "resolved", ident=f"a-{number}") == []
    (over,) = bench.news(20, "a", "resolved", ident=f"a-{MOST_EPISODES + 9}")
    assert over.status == "resolved"


def test_a_key_too_many_ends_the_oldest():
    """What burns and must be forgotten is resolved."""
    bench = Parts(needed=1, by=("host",), max_keys=2)
    for number in range(3):
        bench.news(number, "a", ident=f"a-{number}", host=f"web{number}")
    assert [(each.status, each.key["host"]) for each in bench.alerts] == [
        ("firing", "web0"),
        ("firing", "web1"),
        ("resolved", "web0"),
        ("firing", "web2"),
    ]
    assert bench.news(9, "a", "resolved", ident="a-0", host="web0") == []


def test_nothing_is_remembered_when_all_is_over():
    """Neither of an outage nor of a part that stayed alone."""
    bench = Parts(cooldown=60.0)
    bench.news(0, "a")
    bench.news(1, "b")
    bench.news(2, "b", "resolved")
    bench.news(3, "a", "resolved")
    bench.until(1000)
    bench.news(1000, "a", burns=False)
    bench.until(3000)
    bench.restart()
    assert bench.stored == {}
    assert bench.rule.due() is None


# -- models --------------------------------------------------------------------------------------

WITHIN = 7

step = st.tuples(
    st.integers(0, 4),  # seconds since the last
    st.sampled_from("abc"),
    st.integers(0, 1),  # which of two keys of the part
    st.sampled_from(["toggle", "toggle", "event"]),
)


def news_of(steps):
    """Well-formed news: (time, rule, id, what), an episode resolved only where one burns."""
    now, burning = 0, {}
    for serial, (wait, rule, key, what) in enumerate(steps):
        now += wait
        if what == "event":
            yield now, rule, f"e{serial}", "event"
        elif (open_one := burning.pop((rule, key), None)) is not None:
            yield now, rule, open_one, "resolved"
        else:
            burning[rule, key] = f"i{serial}"
            yield now, rule, f"i{serial}", "firing"


def naive(news, needed: int) -> list[tuple[int, str]]:
    """When a composite without cool-down fires and resolves, second by second."""
    out: list[tuple[int, str]] = []
    burning: dict[str, set[str]] = {name: set() for name in "abc"}
    until = dict.fromkeys("abc", -1)
    fires = False

    def holding(at: int) -> int:
        return sum(bool(burning[name]) or at < until[name] for name in "abc")

    for at in range(max((each[0] for each in news), default=0) + WITHIN + 2):
        if fires and holding(at) < needed:
            fires = False
            out.append((at, "resolved"))
        for _, rule, id_, what in [each for each in news if each[0] == at]:
            if what == "resolved":
                burning[rule].discard(id_)
                if fires and not burning[rule]:
                    until[rule] = at
            else:
                until[rule] = at + WITHIN
                if what == "firing":
                    burning[rule].add(id_)
            if fires != (holding(at) >= needed):
                fires = not fires
                out.append((at, "firing" if fires else "resolved"))
    return out


@settings(max_examples=examples(150))
@given(st.lists(step, max_size=25), st.integers(1, 3))
def test_it_fires_and_resolves_when_the_naive_model_does(steps, needed):
    """Second by second, with nothing that the rule knows of deadlines."""
    bench = Parts(rules=("a", "b", "c"), needed=needed, within=float(WITHIN))
    news, out = list(news_of(steps)), []
    for at, rule, id_, what in news:
        out += spoken(bench.until(at))
        status = "firing" if what == "event" else what
        out += spoken(bench.news(at, rule, status, id_, burns=what != "event"), at)
    last = news[-1][0] if news else 0
    while (due := bench.rule.due()) is not None and due <= START + last + WITHIN + 2:
        out += spoken(bench.until(due - START), round(due - START))
    expected = naive(news, needed)
    assert [status for _, status in out] == [status for _, status in expected]
    assert [at for at, _ in out if at >= 0] == [
        at for (at, _), (mine, _) in zip(expected, out, strict=True) if mine >= 0
    ]


def spoken(alerts: list[Alert], at: int = -1) -> list[tuple[int, str]]:
    """What the model knows of: not who joined."""
    return [(at, each.status) for each in alerts if each.status != "updated"]


@settings(max_examples=examples(100))
@given(
    st.lists(st.tuples(step, st.booleans(), st.integers(-6, 0)), max_size=25),
    st.integers(1, 2),
    st.sampled_from([0.0, 5.0]),
    st.sampled_from([0.0, 3.0]),
    st.integers(1, 3),
)
def test_restarts_change_no_byte(steps, needed, cooldown, hold, max_keys):
    """With late news, cool-downs, hold, and keys too many."""
    made = []
    for restarts in (False, True):
        bench = Parts(
            needed=needed,
            rules=("a", "b", "c"),
            within=float(WITHIN),
            absorbs=True,
            by=("host",),
            cooldown=cooldown,
            hold=hold,
            max_keys=max_keys,
        )
        absorbed = []
        for (at, rule, id_, what), (each, restart, late) in zip(
            news_of(each for each, _, _ in steps), steps, strict=True
        ):
            if restart and restarts:
                bench.restart()
            status, host = "firing" if what == "event" else what, f"web{each[2]}"
            bench.until(at)
            bench.news(at + late, rule, status, id_, burns=what != "event", host=host)
            absorbed.append(bench.absorbs(rule, status, id_, host=host))
        bench.until(100_000)
        made.append((absorbed, [encode_alert(each) for each in bench.alerts]))
    assert made[0] == made[1]


# -- with the pipeline ---------------------------------------------------------------------------


def threshold(name: str, count: int = 1) -> RuleSettings:
    """A rule that burns for two minutes after a line."""
    return RuleSettings(
        name=name, kind=Threshold(count=count, window=60.0), match=(name,), cooldown=0.0
    )


OUTAGE = RuleSettings(
    name="outage",
    kind=Composite(rules=("a", "b"), needed=2, within=300.0, absorbs=True),
    cooldown=0.0,
)


class Piped:
    """A pipeline of rules, in virtual time, with one sink."""

    def __init__(self, *rules: RuleSettings) -> None:
        router = Router((), sinks=("out",), to_by_rule={})
        made = [make_rule(each, host="web1") for each in rules]
        self.pipeline = Pipeline(made, Dispatch(router, host="web1"), host="web1", virtual=True)

    def begin(self, before: Piped | None = None) -> Piped:
        """Begin, where `before` left off: with its state, but that of rule a, if it changed."""
        start = Moment(START, START)
        if before is not None:
            drained = before.pipeline.drain()
            burning = {each.alert.id: each for each in drained.alerts if each.burns}
            for each in drained.alerts:
                if each.alert.status == "resolved":
                    burning.pop(each.alert.id)
            self.pipeline.restore(
                each for each in drained.states.values() if each.body and each.rule != "a"
            )
            self.pipeline.resume(
                [Burning(each.alert, each.told) for each in burning.values()], start
            )
        self.pipeline.begin(start)
        return self

    def line(self, at: float, rule: int) -> None:
        """A line that rule number `rule` takes."""
        batch = Batch(
            source="app",
            checkpoint=checkpoint(round(at) + 1),
            start=round(at),
            end=round(at) + 1,
            arrival=START + at,
            last_time=START + at,
            records=[Record(round(at), "boom", START + at)],
            matches=[Match(rule, 0)],
        )
        self.pipeline.take(batch, Moment(START + at, START + at))

    def told(self) -> list[tuple[str, str, bool]]:
        """Rule and status of each alert, and whether anybody is told of it."""
        return [
            (each.alert.rule, each.alert.status, bool(each.sinks))
            for each in self.pipeline.pending.alerts
        ]


def test_parts_and_whole_do_not_both_page():
    """Whoever was told of a part before is told that it is over; of the other one nobody is."""
    piped = Piped(threshold("a"), threshold("b"), OUTAGE).begin()
    piped.line(0, 0)
    piped.line(100, 1)
    piped.pipeline.run_until(START + 1000)
    assert piped.told() == [
        ("a", "firing", True),
        ("b", "firing", False),
        ("outage", "firing", True),
        ("a", "resolved", True),
        ("outage", "resolved", True),
        ("b", "resolved", False),
    ]


def test_the_end_of_a_part_that_was_changed_is_heard():
    """Its episode is watched by nobody any more, and must not keep the whole burning for ever."""
    before = Piped(threshold("a"), threshold("b"), OUTAGE).begin()
    before.line(0, 0)
    before.line(1, 1)
    after = Piped(threshold("a", count=9), threshold("b"), OUTAGE).begin(before)
    assert after.told() == [("a", "resolved", True), ("outage", "resolved", True)]


def test_nobody_is_told_of_the_end_of_a_part_that_was_absorbed_by_what_is_no_more():
    """The composite was taken out of the configuration while it burned."""
    before = Piped(threshold("a"), threshold("b"), OUTAGE).begin()
    before.line(0, 0)
    before.line(1, 1)
    after = Piped(threshold("b")).begin(before)
    after.pipeline.run_until(START + 1000)
    assert after.told() == [
        ("a", "resolved", True),
        ("outage", "resolved", True),
        ("b", "resolved", False),
    ]


def test_the_end_of_a_rule_that_was_only_tried_out_is_told_to_nobody():
    """Nor when it burns while its rule is changed."""
    shadow = replace(threshold("a"), shadow=True)
    before = Piped(shadow, threshold("b")).begin()
    before.line(0, 0)
    after = Piped(replace(threshold("a", count=9), shadow=True), threshold("b")).begin(before)
    assert after.told() == [("a", "resolved", False)]
