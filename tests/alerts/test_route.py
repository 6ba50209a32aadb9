"""Routes: who is told."""

from __future__ import annotations

from typing import Any

import pytest
from doubles.alerts import alert
from doubles.conditions import asking

from logwatch.alerts.conditions import field_of
from logwatch.alerts.route import Router, RouteSettings, Unmet
from logwatch.alerts.timers import RouteTimers


def router(*routes: RouteSettings, **to_by_rule: tuple[str, ...]) -> Router:
    """A router with three sinks."""
    return Router(routes, sinks=("pager", "chat", "mail"), to_by_rule=to_by_rule)


def test_without_routes_everything_goes_to_every_sink():
    """The minimal configuration."""
    assert router().sinks_for(alert()) == ("pager", "chat", "mail")


def test_the_first_route_that_fits_is_the_only_one():
    """Later routes are not looked at."""
    routes = router(
        RouteSettings(to=("pager",), condition=asking(severity="critical")),
        RouteSettings(to=("chat",)),
        RouteSettings(to=("mail",)),
    )
    assert routes.sinks_for(alert(severity="critical")) == ("pager",)
    assert routes.sinks_for(alert(severity="info")) == ("chat",)


def test_also_goes_on_to_the_next_and_nobody_is_told_twice():
    """Each sink once, in the order of the routes."""
    routes = router(
        RouteSettings(to=("mail",), also=True),
        RouteSettings(to=("pager", "mail"), condition=asking(rule="ssh-*"), also=True),
        RouteSettings(to=("chat",)),
    )
    assert routes.sinks_for(alert(rule="ssh-guessing")) == ("mail", "pager", "chat")
    assert routes.sinks_for(alert(rule="oom")) == ("mail", "chat")


def test_where_no_route_fits_nobody_is_told():
    """The alert is in the history all the same."""
    assert router(RouteSettings(to=("pager",), condition=asking(rule="x"))).sinks_for(alert()) == ()


def test_a_rules_own_to_comes_before_any_route():
    """The short cut in the rule."""
    routes = router(RouteSettings(to=("chat",)), **{"ssh-guessing": ("pager",)})
    assert routes.sinks_for(alert()) == ("pager",)
    assert routes.sinks_for(alert(rule="other")) == ("chat",)


@pytest.mark.parametrize(
    ("condition", "fits"),
    [
        ({"source": ("auth",)}, True),
        ({"source": ("web", "auth")}, True),
        ({"source": ("web",)}, False),
        ({"host": ("web*",)}, True),
        ({"host": ("WEB*",)}, False),
        ({"ip": ("203.0.113.*",)}, True),
        ({"user": ("root",)}, True),
        ({"team": ("ops",)}, True),
        ({"nothing": ("*",)}, False),
        ({"source": ("auth",), "severity": ("critical",)}, False),
        ({"path": ("/var/log/*",)}, True),
    ],
)
def test_conditions_look_at_the_alert_its_labels_its_key_and_its_fields(condition, fits):
    """Every condition must hold; any of its globs will do."""
    one = alert(labels={"team": "ops"})
    told = router(RouteSettings(to=("chat",), condition=asking(**condition))).sinks_for(one)
    assert told == (("chat",) if fits else ())


@pytest.mark.parametrize(("name", "is_asked"), [("host", True), ("path", True), ("rule", False)])
def test_the_host_of_a_key_is_meant_rather_than_this_machine(name, is_asked):
    """`by: host` tells of many machines' logs; no key stands for the rule, say."""
    routes = router(RouteSettings(to=("pager",), condition=asking(**{name: "db7"})))
    assert bool(routes.sinks_for(alert(key={name: "db7"}))) is is_asked


def test_each_route_says_why_it_takes_an_alert_or_not():
    """The words of `logwatch why` come from here."""
    routes = router(
        RouteSettings(to=("pager",), condition=asking(severity="critical", team="db")),
        RouteSettings(to=("mail",), also=True),
        RouteSettings(to=("chat",), condition=asking(rule="ssh-*")),
        RouteSettings(to=("pager",)),
    )
    verdicts = [verdict for _, verdict in routes.explain(alert())]
    assert [each.outcome for each in verdicts] == ["refuses", "takes", "takes", "not-asked"]
    assert verdicts[0].unmet == (
        Unmet("severity", ("critical",), "warning"),
        Unmet("team", ("db",), None),
    )


def test_no_route_is_asked_where_the_rule_says_who_is_told():
    """Nor where there is none."""
    assert (
        router(RouteSettings(to=("chat",)), **{"ssh-guessing": ("pager",)}).explain(alert()) == []
    )
    assert router().explain(alert()) == []


# -- conditions ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "texts", "fits"),
    [
        ("severity", ">= warning", True),
        ("severity", "> warning", False),
        ("severity", "<= warning", True),
        ("severity", "!= info", True),
        ("severity", ("info", ">= critical"), False),
        ("severity", "w*", True),
        ("severity", "~ ^warn", True),
        ("status", "firing", True),
        ("status", "!= resolved", True),
        ("rule", "~ ^(ssh|su)-", True),
        ("rule", "!~ ^ssh-", False),
        ("ip", "!= 10.*", True),
        ("nothing", "!= x", True),
        ("nothing", "!~ x", True),
        ("nothing", "~ x", False),
        ("size", ">= 3MiB", True),
        ("size", "< 3000kB", False),
        ("took", "> 800ms", True),
        ("user", ">= 5", False),
    ],
)
def test_conditions_are_in_the_language_of_where(field, texts, fits):
    """Globs, patterns, comparisons; severities compare by rank."""
    one = alert(fields={"user": "root", "size": "4MiB", "took": "1.2s"})
    told = router(RouteSettings(to=("chat",), condition=asking(**{field: texts}))).sinks_for(one)
    assert told == (("chat",) if fits else ())


def test_a_label_comes_before_the_key_and_the_key_before_a_field():
    """What people wrote by hand is what they ask for."""
    one = alert(
        labels={"a": "label"}, key={"a": "key", "b": "key"}, fields={"b": "x", "c": "field"}
    )
    for field, value in (("a", "label"), ("b", "key"), ("c", "field")):
        assert field_of(one, field) == value


def test_a_search_that_takes_too_long_counts_as_not_found():
    """A log line must not hold up the routes."""

    def hopeless(_pattern: str) -> Any:
        def search(_value: str) -> Any:
            raise TimeoutError

        return search

    routes = Router(
        (RouteSettings(to=("chat",), condition=asking(user="~ (a+)+$")),),
        sinks=("chat",),
        to_by_rule={},
        make_search=hopeless,
    )
    assert routes.sinks_for(alert()) == ()


# -- routes with timers --------------------------------------------------------------------------


def test_without_timers_every_sink_is_told_at_once():
    """The fast path."""
    routes = router(RouteSettings(to=("chat", "mail")))
    assert not routes.has_timers
    assert routes.paths(alert()) == (("chat", "mail"), ())


def test_a_sink_that_two_routes_lead_to_is_told_by_the_first():
    """At once or together with others."""
    timers = RouteTimers(wait=30.0)
    now = RouteSettings(to=("pager",), condition=asking(severity=">= error"), also=True)
    grouped = RouteSettings(to=("pager", "chat"), timers=timers, also=True)
    digest = RouteSettings(to=("chat", "mail"), timers=RouteTimers(digest="daily 08:00"))
    routes = router(now, grouped, digest)
    assert routes.has_timers
    assert routes.paths(alert(severity="critical")) == (
        ("pager",),
        ((grouped, ("chat",)), (digest, ("mail",))),
    )
    assert routes.paths(alert()) == ((), ((grouped, ("pager", "chat")), (digest, ("mail",))))
    assert routes.sinks_for(alert()) == ("pager", "chat", "mail")


def test_a_rules_own_to_waits_for_nothing():
    """It is past all routes."""
    routes = router(
        RouteSettings(to=("chat",), timers=RouteTimers(wait=30.0)), **{"ssh-guessing": ("pager",)}
    )
    assert routes.paths(alert()) == (("pager",), ())
