"""The difference of two configurations, as `logwatch reload` prints it."""

from __future__ import annotations

import pytest

from logwatch.config.changes import changes
from logwatch.config.loader import from_text

BEFORE = """\
state: /tmp/x
sources:
  auth: {path: /var/log/auth.log, format: syslog}
  web: {path: /var/log/web.log}
rules:
- {name: ssh-guessing, match: 'Failed', by: ip, when: 5 in 2m, cooldown: 15m}
- {name: old-cron, match: 'cron'}
sinks:
  pager: {webhook: {url: 'https://example.org/secret-one'}}
routes: [{to: pager}]
"""


def told(before: str, after: str) -> list[str]:
    return [str(each) for each in changes(from_text(before), from_text(after))]


def rewritten(*pairs: tuple[str, str]) -> str:
    text = BEFORE.replace("match: 'Failed', by: ip", "match: 'Failed (?P<ip>x)', by: ip")
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return text


def test_the_diff_of_the_manual():
    """What came, what is another one, what went; a secret is never quoted."""
    after = rewritten(
        ("cooldown: 15m", "cooldown: 30m"),
        ("- {name: old-cron, match: 'cron'}", "- {name: port-scan, match: 'SYN'}"),
        ("secret-one", "secret-two"),
    )
    assert told(rewritten(), after) == [
        "+ rule port-scan",
        "~ rule ssh-guessing (cooldown 15m → 30m, keeps its state)",
        "- rule old-cron",
        "~ sink pager (url)",
    ]


def test_nothing_is_told_where_only_places_differ():
    """Comments, empty lines and the order of entries that have names."""
    first, second = (
        "  auth: {path: /var/log/auth.log, format: syslog}\n",
        "  web: {path: /var/log/web.log}\n",
    )
    moved = rewritten((first + second, f"\n# a comment\n{second}{first}"))
    assert told(rewritten(), moved) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("when: 5 in 2m", "when: 9 in 2m", "~ rule ssh-guessing (count 5 → 9, keeps its state)"),
        ("when: 5 in 2m", "when: 5 in 9m", "~ rule ssh-guessing (in 2m → 9m, starts anew)"),
        ("when: 5 in 2m, ", "", "~ rule ssh-guessing (kind, starts anew)"),
        (
            "match: 'cron'",
            "match: 'crond'",
            "~ rule old-cron (match cron → crond, keeps its state)",
        ),
        (
            "path: /var/log/web.log",
            "path: /srv/w.log",
            "~ source web (path /var/log/web.log → /srv/w.log)",
        ),
        (
            "path: /var/log/web.log",
            "path: [/a, /b]",
            "~ source web (path /var/log/web.log → [/a, /b])",
        ),
        ("state: /tmp/x", "state: /tmp/x\naudit: 2%", "~ audit (0.01 → 0.02)"),
        ("state: /tmp/x", "state: /tmp/x\nengine: reference", "~ engine (auto → reference)"),
        ("state: /tmp/x", "state: /tmp/x\nheartbeat: 'https://h/1'", "+ heartbeat"),
        ("routes: [{to: pager}]", "routes: [{to: pager, also: true}]", "~ routes"),
        ("routes: [{to: pager}]", "mutes: [{name: m}]\nroutes: [{to: pager}]", "+ mute m"),
        ("webhook: {url:", "ntfy: {topic: t, url:", "~ sink pager (kind)"),
    ],
)
def test_each_change_is_one_line(old, new, said):
    """With the value before and after where it is short."""
    assert told(rewritten(), rewritten((old, new))) == [said]


def test_a_value_that_steers_terminals_or_is_long_is_not_quoted():
    """The key is named all the same."""
    for value in ('"a\\u001bcb"', "'" + "x" * 50 + "'"):
        after = rewritten(("match: 'cron'", f"match: {value}"))
        assert told(rewritten(), after) == ["~ rule old-cron (match, keeps its state)"]
