"""Templates of one's own for titles and texts."""

from __future__ import annotations

import pytest
from doubles.alerts import alert
from doubles.hostile import TEXTS, alert_of

from logwatch.sinks.own_words import NAMES, PeopleSettings, Writer
from logwatch.sinks.wording import as_text, words
from logwatch.telemetry import telemetry


def said(made=None, **templates):
    return Writer(PeopleSettings(**templates), "slack").words(made or alert())


def test_without_templates_the_words_are_the_stock_ones():
    assert said() == words(alert())


def test_a_title_of_ones_own_leaves_the_rest_as_it_is():
    one = said(title="{mark} {rule}: {ip} {user|-} {missing|none} {count:,} {absent}")
    assert one.title == "▲ ssh-guessing: 203.0.113.9 root none 5 <none>"
    assert one.facts == words(alert()).facts
    assert "5 failed logins from" in as_text(one, 4000)


def test_a_text_of_ones_own_is_all_that_is_below_the_title():
    one = said(text="{message}\n\n{lines}\n{silence|}\n")
    assert one.title == words(alert()).title
    assert as_text(one, 4000) == (
        "5 failed logins from 203.0.113.9, last user root\n\n"
        "/var/log/auth.log:1234\n    Failed …\n"
        "logwatch silence rule=ssh-guessing ip=203.0.113.9 --for 2h"
    )
    assert len(as_text(one, 50)) <= 50


def test_a_title_is_one_line_and_short():
    assert said(title="a\nb  c").title == "a b c"
    assert len(said(title="{message}" * 20, text="{message}").title) <= 200


def test_every_name_that_is_promised_stands_for_something():
    resolved = alert(status="resolved", message="resolved after 5s: x", labels={"runbook": "r"})
    template = "|".join(f"{{{name}}}" for name in NAMES)
    for value, name in zip(said(resolved, text=template).text.split("|"), NAMES, strict=False):
        assert (value != "<none>") or name == "silence"


def test_a_test_stays_marked_as_one():
    test = alert(labels={"test": "true"}, message="[TEST] hello")
    assert said(test, title="x").title == "[TEST] x"
    assert said(test, title="{title}").title == words(test).title


def test_a_template_that_gives_nothing_gives_way_to_the_stock_words_and_says_so_once(capsys):
    before = telemetry.counters["sink.template_failed"]
    writer = Writer(PeopleSettings(title="{nothing|}", text="{nothing|}"), "slack")
    for _ in range(3):
        one = writer.words(alert())
        assert one.title == words(alert()).title
        assert one.text == words(alert()).text
        assert one.facts[-2:] == (
            ("note", "its template for 'title' failed; these are others"),
            ("note", "its template for 'text' failed; these are others"),
        )
    assert telemetry.counters["sink.template_failed"] == before + 2
    assert "it gives nothing" in capsys.readouterr().err


def test_a_template_that_cannot_be_written_out_gives_way_too(capsys):
    """A number beyond what a float holds, with a format for floats."""
    one = said(alert(count=10**400), title="{count:.1f}")
    assert one.title == words(alert(count=10**400)).title
    assert "sink.template_failed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("templates", "message"),
    [
        ({"title": "{rule"}, "title: a lone '{'"),
        ({"text": "{x.__class__!r}"}, "text: 'x.__class__!r' is not a field name"),
        ({"title": "{count:99999}"}, "title: '99999' is not a format"),
        ({"title": "  "}, "title is empty"),
        ({"title": "{severty}"}, "did you mean 'severity'"),
        ({"text": "{mesage}"}, "did you mean 'message'"),
    ],
)
def test_a_template_that_can_never_be_right_is_refused_at_the_start(templates, message):
    with pytest.raises(ValueError, match=message.replace("(", r"\(")):
        PeopleSettings(**templates)


def test_a_field_with_a_name_like_one_of_ours_can_be_used():
    assert said(alert(fields={"hosts": "3"}), title="{hosts}").title == "3"


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_hostile_values_stay_text(name):
    one = said(alert_of(TEXTS[name]), title="{user}", text="{message}\n{key}\n{lines}\n{team}")
    assert one.title.isprintable()
    assert all(line.isprintable() for line in one.text.split("\n"))
    assert len(as_text(one, 4096, title=True)) <= 4096
