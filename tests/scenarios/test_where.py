"""Conditions on fields, through the whole daemon: each format, each way to write a condition."""

from __future__ import annotations

import pytest
from doubles.forked import run_once
from doubles.process import alerts_in

CONFIG = """\
sources:
  app: {path: FOLDER/app.log, format: json, tz: UTC, start: beginning}
  go: {path: FOLDER/go.log, format: logfmt, tz: UTC, start: beginning}
  sys: {path: FOLDER/sys.log, format: syslog, tz: UTC, start: beginning}
  web: {path: FOLDER/web.log, format: combined, tz: UTC, start: beginning}
  txt: {path: FOLDER/txt.log, start: beginning}
defaults: {cooldown: 0}
rules:
- {name: rule, RULE}
sinks: {out: {jsonl_file: {path: FOLDER/alerts.jsonl}}}
"""
STAMP = '"time": "2026-01-05T01:00:00Z"'
LINES = {
    "app": f"""\
{{{STAMP}, "level": "error", "msg": "one", "http": {{"status": 503, "route": "/pay"}}}}
{{{STAMP},"level":"error","msg":"two error","took":"1.5s","http":{{"status":404}}}}
{{{STAMP}, "l\\u0065vel" : "\\u0065rror", "msg": "three"}}
{{{STAMP}, "level": "info", "msg": "error: four", "took": 0.9, "retry": true, "user": null}}
{{{STAMP}, "level": "info", "msg": "five", "took": 0.1}}
{{"level": "error", "msg": "six, cut off
""",
    "go": """\
ts=2026-01-05T01:00:00Z level=error msg="one" took=812ms path=/pay
ts=2026-01-05T01:00:00Z level="\\u0065rror" msg=two took=1m3.5s path=/health
ts=2026-01-05T01:00:00Z level=info msg="three level=error" retry
""",
    "sys": """\
<35>Jan  5 01:00:00 web1 sshd[811]: one Failed password for bob from 192.0.2.1
Jan  5 01:00:00 web1 sshd[811]: two Failed password for eve from 192.0.2.1
Jan  5 01:00:00 web1 su[811]: three Failed password for eve from 192.0.2.1 sshd
<165>1 2026-01-05T01:00:00Z web2 shop 7 ID47 [o@1 ip="192.0.2.9"] four
""",
    "web": """\
192.0.2.1 - - [05/Jan/2026:01:00:00 +0000] "GET /pay?one HTTP/1.1" 503 15 "-" "curl/8.5.0"
192.0.2.1 - eve [05/Jan/2026:01:00:00 +0000] "POST /cart?two HTTP/1.1" 200 4194304
192.0.2.2 - - [05/Jan/2026:01:00:00 +0000] "three" 400 500 "-" "-"
""",
    "txt": "2026-01-05T01:00:00Z level=error one\n",
}
WORDS = ("one", "two", "three", "four", "five", "six")


def told(folder, rule):
    """The sources and the words of the lines that the rule told of, and its last alert."""
    for name, text in LINES.items():
        (folder / f"{name}.log").write_text(text)
    config = CONFIG.replace("FOLDER", str(folder)).replace("RULE", rule)
    done = run_once(folder, config)
    assert (done.returncode, done.stderr) == (0, "")
    alerts = alerts_in(folder / "alerts.jsonl")
    texts = [alert["lines"][0]["text"] for alert in alerts]
    words = [next(word for word in WORDS if word in text) for text in texts]
    return sorted(zip((a["source"] for a in alerts), words, strict=True)), alerts[-1]


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("in: app, where: {level: error}", "one two three"),
        ("in: app, where: {level: error}, unless: two", "one three"),
        ("in: app, where: {level: error}, match: 'tw(?P<x>o)'", "two"),
        ("in: app, where: {level: '!= error'}", "five four six"),
        ("in: app, where: {http.status: '>= 500', level: err*}", "one"),
        ("in: app, where: {http.status: [404, 503]}", "one two"),
        ("in: app, where: {took: '> 800ms'}", "four two"),
        ("in: app, where: {retry: true}", "four"),
        ("in: app, where: {user: '*'}", ""),
        ("in: app, where: {msg: '~ ^error'}", "four"),
        ("in: go, where: {level: error}", "one two"),
        ("in: go, where: {took: '> 800ms', path: '!~ ^/health'}", "one"),
        ("in: go, where: {took: '>= 812ms'}", "one two"),
        ("in: go, where: {retry: true}", "three"),
        ("in: sys, where: {program: sshd}", "one two"),
        ("in: sys, where: {severity: [err, crit]}", "one"),
        ("in: sys, where: {o@1.ip: '192.0.2.*'}", "four"),
        ("in: web, where: {status: '>= 500'}", "one"),
        ("in: web, where: {bytes: '> 3MiB'}", "two"),
        ("in: web, where: {method: '!= GET'}", "three two"),
        ("in: web, where: {path: /pay}", "one"),
        ("in: web, where: {ip: in 192.0.2.2/31}", "three"),
        ("in: web, where: {ip: '!in 192.0.2.2/31 ::/0'}", "one two"),
        ("in: app, where: {level: error}, unless: {http.status: '>= 500'}", "two three"),
        ("in: app, match: error, unless: [{level: info}, two, {http.status: 503}]", "six"),
        ("in: sys, match: 'for (?P<who>.+) from', unless: {who: eve, program: sshd}", "one three"),
        ("in: sys, match: 'for (?P<program>.+) from', unless: {program: eve}", "one"),
        ("in: sys, match: ['for (?P<a>bob)', '.'], unless: {a: '*'}", "two three four"),
        ("in: txt, match: 'level=(?P<a>.).* (?P<b>one)', unless: [{a: x}, {a: e, b: two}]", "one"),
    ],
)
def test_a_line_is_told_where_every_condition_holds(tmp_path, rule, words):
    """Lines of the same words that do not fulfil it are not."""
    if not words:
        with pytest.raises(IndexError):
            told(tmp_path, rule)
        return
    found, _ = told(tmp_path, rule)
    assert [word for _, word in found] == sorted(words.split())


def test_a_rule_for_all_sources_is_told_where_the_field_is(tmp_path):
    """Plain text has none, whatever it says."""
    found, _ = told(tmp_path, "where: {level: error}")
    expected = [("app", "one"), ("app", "three"), ("app", "two"), ("go", "one"), ("go", "two")]
    assert found == expected


def test_fields_make_keys_and_messages_and_the_needle_captures_nothing(tmp_path):
    """What found the line is not the alert's business."""
    rule = "in: sys, where: {program: sshd}, match: 'for (?P<who>\\S+)', by: host, when: 2 in 1m, "
    _, alert = told(tmp_path, rule + "say: '{count} on {host}, last {who} by {program}'")
    assert alert["status"] == "resolved"
    assert "2 on web1, last eve by sshd" in alert["message"]
    assert alert["key"] == {"host": "web1"}
    assert set(alert["fields"]) == {"host", "program", "pid", "message", "who"}


def test_a_pattern_that_hangs_in_a_field_is_given_up(tmp_path):
    """It counts as not found, and the lines after it are read."""
    long = "a" * 50 + "!"
    (tmp_path / "app.log").write_text(
        f'{{{STAMP}, "msg": "{long}"}}\n{{{STAMP}, "msg": "aaa", "n": "one"}}\n'
    )
    config = CONFIG.replace("FOLDER", str(tmp_path)).replace(
        "RULE", "in: app, where: {msg: '~ ^(?:a+)+$'}"
    )
    done = run_once(tmp_path, config)
    assert (done.returncode, done.stderr) == (0, "")
    [alert] = alerts_in(tmp_path / "alerts.jsonl")
    assert alert["fields"]["n"] == "one"


ALL_AT_ONCE = """\
- {name: a, in: app, where: {level: error}}
- {name: b, in: app, where: {http.status: [404, '>= 500']}, match: 'time'}
- {name: c, in: app, where: {level: '!= error'}}
- {name: d, in: go, where: {level: [error, fatal]}, unless: 'path=/pay'}
- {name: e, in: go, where: {took: '>= 812ms', msg: '~ ^(?:one|two)$'}}
- {name: f, in: sys, where: {severity: [err, crit], program: 'ss*'}}
- {name: g, in: web, where: {status: '>= 400', bytes: '< 100'}}
- {name: h, where: {level: error}}
"""
EXPECTED = {
    "a": ["one", "two", "three"],
    "b": ["one", "two"],
    "c": ["four", "five", "six"],
    "d": ["two"],
    "e": ["one", "two"],
    "f": ["one"],
    "g": ["one"],
    "h": ["one", "two", "three", "one", "two"],
}


@pytest.mark.parametrize("engine", ["hyperscan", "aho-corasick", "reference"])
def test_every_engine_tells_the_same(tmp_path, engine):
    """What finds the lines has no say in which of them count."""
    for name, text in LINES.items():
        (tmp_path / f"{name}.log").write_text(text)
    config = CONFIG.replace("- {name: rule, RULE}\n", ALL_AT_ONCE) + f"engine: {engine}\n"
    done = run_once(tmp_path, config.replace("FOLDER", str(tmp_path)))
    assert (done.returncode, done.stderr) == (0, "")
    told_by = {name: [] for name in EXPECTED}
    for alert in alerts_in(tmp_path / "alerts.jsonl"):
        text = alert["lines"][0]["text"]
        told_by[alert["rule"]].append(next(word for word in WORDS if word in text))
    assert {name: sorted(words) for name, words in told_by.items()} == {
        name: sorted(words) for name, words in EXPECTED.items()
    }
