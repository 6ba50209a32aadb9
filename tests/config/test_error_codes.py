"""Each code of an error: an example that triggers it alone, and where its caret stands."""

from __future__ import annotations

import pytest

from logwatch.config.keys import FileKeys, RouteKeys, SourceKeys
from logwatch.config.problems import CODES

DRAWINGS = [
    # -- bad-yaml
    ("bad-yaml", "a ':' where no key can be", r"""
        rules:
          - {name: a, match: x}
        state: a: b
                ^
    """),
    ("bad-yaml", "an escape that YAML does not know", r"""
        rules:
          - name: a
            match: "failed \w+"
                           ^
    """),
    ("bad-yaml", "alias", r"""
        sources: {a: *.log}
                      ^
    """),
    ("bad-yaml", "alias", r"""
        rules: *none
               ^
    """),
    ("bad-yaml", "a list that is opened", r"""
        rules:
          - name: a
            match: [x
                   ^
    """),
    ("bad-yaml", "a value is missing", r"""
        sources: {app: {path: [::1, /a]}}
                               ^
    """),
    ("bad-yaml", "a ':' that ends a value inside of [ ]", r"""
        sources: {app: {path: [1::, /a]}}
                                 ^
    """),
    ("bad-yaml", "a quote that is opened", r"""
        state: 'folder
               ^
    """),
    ("bad-yaml", "a value cannot begin with '@'", r"""
        state: @folder
               ^
    """),
    ("bad-yaml", "YAML tags are refused: '!vault'", r"""
        state: !vault folder
               ^^^^^^^^^^^^^
    """),
    ("bad-yaml", "merge keys", r"""
        sources:
          a: &a {path: /dev/null}
          b:
            <<: *a
            ^^
            path: /dev/null
    """),
    ("bad-yaml", "a second document", r"""
        state: /tmp
        ---
        ^
    """),
    # -- duplicate-key
    ("duplicate-key", "key 'match' stands twice in rule 'a'", r"""
        rules:
          - name: a
            match: x
            match: y
            ^^^^^
    """),
    ("duplicate-key", "key 'app' stands twice in 'sources'", r"""
        sources:
          app: /dev/null
          app: /dev/zero
          ^^^
    """),
    ("duplicate-key", "rule 'a' is defined twice", r"""
        rules:
          - {name: a, match: x}
          - {name: a, match: y}
                   ^
    """),
    # -- unknown-key
    ("unknown-key", "unknown key 'coldown' in rule 'a'", r"""
        rules:
          - name: a
            match: x
            coldown: 15m
            ^^^^^^^
    """),
    ("unknown-key", "unknown key 'rule' in the file", r"""
        rule: []
        ^^^^
    """),
    ("unknown-key", "unknown key 'fmt' in source 'app'", r"""
        sources: {app: {path: /dev/null, fmt: json}}
                                         ^^^
    """),
    ("unknown-key", "unknown key 'uri' in sink 'out' (webhook)", r"""
        sinks: {out: {webhook: {url: http://localhost/, uri: x}}}
                                                        ^^^
    """),
    # -- a misspelt key is not missing as well
    ("unknown-key", "unknown key 'nam' in rule 1", r"""
        rules: [{nam: a, match: x}]
                 ^^^
    """),
    ("unknown-key", "unknown key 'mach' in rule 'a'", r"""
        rules: [{name: a, mach: '(?P<ip>x)', by: ip}]
                          ^^^^
    """),
    ("unknown-key", "unknown key 'sequense' in rule 'a'", r"""
        rules: [{name: a, sequense: [{match: x}, {match: y}], within: 5m}]
                          ^^^^^^^^
    """),
    ("unknown-key", "unknown key 'wen' in rule 'a'", r"""
        rules: [{name: a, match: x, wen: 5 in 2m, levels: {error: 9}}]
                                    ^^^
    """),
    ("unknown-key", "unknown key 'pat' in source 'app'", r"""
        sources: {app: {pat: /dev/null}}
                        ^^^
    """),
    ("unknown-key", "unknown key 'ulr' in sink 'out' (webhook)", r"""
        sinks: {out: {webhook: {ulr: 'http://localhost/'}}}
                                ^^^
    """),
    ("unknown-key", "unknown key 'too' in route 1", r"""
        routes: [{too: out}]
                  ^^^
    """),
    ("unknown-key", "unknown key 'off' in 'unique'", r"""
        rules: [{name: a, match: '(?P<k>x)', unique: {off: k, above: 3, in: 1m}}]
                                                      ^^^
    """),
    # -- missing-key
    ("missing-key", "rule 'a' has no 'match'", r"""
        rules:
          - name: a
            ^^^^
            by: ip
    """),
    ("missing-key", "rule 2 has no 'name'", r"""
        rules:
          - {name: a, match: x}
          - {match: x}
            ^^^^^^^^^^
    """),
    ("missing-key", "source 'app' has no 'path'", r"""
        sources: {app: {format: json}}
                       ^^^^^^^^^^^^^^
    """),
    ("missing-key", "sink 'out' (webhook) has no 'url'", r"""
        sinks: {out: {webhook: {}}}
                               ^^
    """),
    ("missing-key", "'when' has no 'in'", r"""
        rules: [{name: a, match: x, when: {count: 5}}]
                                          ^^^^^^^^^^
    """),
    ("missing-key", "'levels' needs 'when'", r"""
        rules: [{name: a, match: x, levels: {warning: 5}}]
                                    ^^^^^^
    """),
    ("missing-key", "sink 'out' has no kind", r"""
        sinks: {out: {rate: 10/min}}
                     ^^^^^^^^^^^^^^
    """),
    ("missing-key", "'fallback' has no 'to'", r"""
        sinks: {out: {console: {}, fallback: {after: 5m}}}
                                             ^^^^^^^^^^^
    """),
    ("missing-key", "sink 'out' has no kind", r"""
        sinks: {out: {}}
                     ^^
    """),
    # -- bad-type
    ("bad-type", "'match' must be text, or a list of texts, not a map", r"""
        rules:
          - name: a
            match: {x: y}
                   ^^^^^^
    """),
    ("bad-type", "'match' has no value", r"""
        rules:
          - name: a
            match:
            ^^^^^^
    """),
    ("bad-type", "'say' must be text, not a list", r"""
        rules:
          - {name: a, match: x, say: [b, c]}
                                     ^^^^^^
    """),
    ("bad-type", "'rules' must be a list, not a map", r"""
        rules: {a: {match: x}}
               ^^^^^^^^^^^^^^^
    """),
    ("bad-type", "'sources' must be a map, not a list", r"""
        sources: [/dev/null]
                 ^^^^^^^^^^^
    """),
    ("bad-type", "rule 1 must be a map, not 'ERROR'", r"""
        rules: [ERROR]
                ^^^^^
    """),
    ("bad-type", "'also' must be true or false, not 'yes'", r"""
        routes: [{to: out, if: {severity: error}, also: yes}]
                                                        ^^^
    """),
    ("bad-type", "'fsync' must be true or false, not 'on'", r"""
        sinks: {out: {jsonl_file: {path: /tmp/x, fsync: on}}}
                                                        ^^
    """),
    ("bad-type", "'version' must be a whole number, not 'one'", r"""
        version: one
                 ^^^
    """),
    ("bad-type", "'count' must be a whole number, not 'five'", r"""
        rules: [{name: a, match: x, when: five in 2m}]
                                          ^^^^
    """),
    ("bad-type", "sink 'out' must be a map from its kind to its settings", r"""
        sinks: {out: console}
                     ^^^^^^^
    """),
    ("bad-type", "'argv' must be a list, not 'notify --now'", r"""
        sinks: {out: {command: {argv: notify --now}}}
                                      ^^^^^^^^^^^^
    """),
    # -- bad-value
    ("bad-value", "'2min' is not a duration", r"""
        rules:
          - name: a
            match: x
            when: 5 in 2min
                       ^^^^
    """),
    ("bad-value", "'2min' is not a duration", r"""
        rules: [{name: a, match: x, when: {count: 5, in: 2min}}]
                                                         ^^^^
    """),
    ("bad-value", "is not COUNT in DURATION", r"""
        rules: [{name: a, match: x, when: often}]
                                          ^^^^^
    """),
    ("bad-value", "'5x' is not a duration", r"""
        defaults: {cooldown: 5x}
                             ^^
    """),
    ("bad-value", "is longer than ten years", r"""
        rules: [{name: a, match: x, cooldown: 99999999999w}]
                                              ^^^^^^^^^^^^
    """),
    ("bad-value", "'huge' is not a size", r"""
        sources: {app: {path: /dev/null, max_line: huge}}
                                                   ^^^^
    """),
    ("bad-value", "'max_line' must be at least 16", r"""
        sources: {app: {path: /dev/null, max_line: 3}}
                                                   ^
    """),
    ("bad-value", "'warn' is no 'severity'", r"""
        rules: [{name: a, match: x, severity: warn}]
                                              ^^^^
    """),
    ("bad-value", "'middle' is no 'start'", r"""
        sources: {app: {path: /dev/null, start: middle}}
                                                ^^^^^^
    """),
    ("bad-value", "'warn' is no 'levels'", r"""
        rules: [{name: a, match: x, when: 5 in 2m, levels: {warn: 5}}]
                                                            ^^^^
    """),
    ("bad-value", "'count' must be at least 1", r"""
        rules: [{name: a, match: x, when: 0 in 2m}]
                                          ^
    """),
    ("bad-value", "'in' must be more than 0", r"""
        rules: [{name: a, match: x, when: 5 in 0s}]
                                               ^^
    """),
    ("bad-value", "critical begins at 5, not above warning at 5", r"""
        rules: [{name: a, match: x, when: 5 in 2m, levels: {warning: 5, critical: 5}}]
                                                                                  ^
    """),
    ("bad-value", "'levels' begin at 3, but 'when' fires at 5", r"""
        rules: [{name: a, match: x, when: 5 in 2m, levels: {warning: 3, critical: 9}}]
                                                                     ^
    """),
    ("bad-value", "'severity' is info, but 'levels' begin with warning", r"""
        rules: [{name: a, match: x, severity: info, when: 5 in 2m, levels: {warning: 5}}]
                                              ^^^^
    """),
    ("bad-value", "'clear' is looser than 'when'", r"""
        rules: [{name: a, match: x, when: 5 in 2m, clear: 5 in 2m}]
                                                          ^^^^^^^
    """),
    ("bad-value", "'clear' is looser than 'when'", r"""
        rules: [{name: a, match: x, when: 5 in 10m, clear: 4 in 1m}]
                                                           ^^^^^^^
    """),
    ("bad-value", "'unless' excludes everything", r"""
        rules: [{name: a, match: [x, y], unless: [z, x]}]
                                                     ^
    """),
    ("bad-value", "'a b' cannot name a rule", r"""
        rules: [{name: a b, match: x}]
                       ^^^
    """),
    ("bad-value", "'-x' cannot name a source", r"""
        sources: {-x: /dev/null}
                  ^^
    """),
    ("bad-value", "'logwatch.lost' cannot name a rule", r"""
        rules: [{name: logwatch.lost, match: x}]
                       ^^^^^^^^^^^^^
    """),
    ("bad-value", "version 2 is not known here", r"""
        version: 2
                 ^
    """),
    ("bad-value", "a lone '{'", r"""
        rules: [{name: a, match: x, say: 'lost {'}]
                                               ^
    """),
    ("bad-value", "is not a field name", r"""
        rules: [{name: a, match: 'x(?P<y>.)', say: 'lost {y[0]}'}]
                                                          ^
    """),
    ("bad-value", "sink 'out' (webhook): mode 'odd' is not known", r"""
        sinks: {out: {webhook: {url: http://localhost/, mode: odd}}}
                                                              ^^^
    """),
    ("bad-value", "is of two kinds", r"""
        sinks: {out: {console: {}, jsonl_file: {path: /tmp/x}}}
                                   ^^^^^^^^^^
    """),
    ("bad-value", "sink 'out' cannot stand in for itself", r"""
        sinks: {out: {console: {}, fallback: out}}
                                             ^^^
    """),
    ("bad-value", "the fallbacks lead in a circle: b -> c -> b", r"""
        sinks:
          a: {console: {}, fallback: b}
          b: {console: {}, fallback: {to: c}}
                                          ^
          c: {console: {}, fallback: b}
    """),
    ("bad-value", "'10 a minute' is no rate", r"""
        sinks: {out: {console: {}, rate: 10 a minute}}
                                         ^^^^^^^^^^^
    """),
    ("bad-value", "'0/min' is no rate", r"""
        sinks: {out: {console: {}, rate: 0/min}}
                                         ^^^^^
    """),
    ("bad-value", "'5 days' is not a duration", r"""
        sinks: {out: {console: {}, max_age: 5 days}}
                                            ^^^^^^
    """),
    ("bad-value", "'to' names no sink", r"""
        routes: [{to: []}]
                  ^^
    """),
    ("bad-value", "'in' names no source", r"""
        rules: [{name: a, match: x, in: []}]
                                    ^^
    """),
    ("bad-value", "'match' holds no pattern", r"""
        rules: [{name: a, match: []}]
                          ^^^^^
    """),
    ("bad-value", "'path' names no file", r"""
        sources: {app: {path: []}}
                        ^^^^
    """),
    ("bad-value", "'critcal' is no 'severity'", r"""
        routes: [{if: {severity: critcal}, to: out}]
                                 ^^^^^^^
    """),
    ("bad-value", "the environment has no 'HOOK'", r"""
        sinks: {out: {webhook: {url: 'https://${env:HOOK}/'}}}
                                              ^^^^^^^^^^^
    """),
    ("bad-value", "in a fixed place, not in a field", r"""
        sources: {app: {path: /dev/null, format: syslog, time: ts}}
                                                         ^^^^
    """),
    ("bad-value", "a path cannot hold a NUL", r"""
        sources: {app: "/dev/\0"}
                       ^^^^^^^^^
    """),
    # -- bad-pattern
    ("bad-pattern", "missing ), unterminated subpattern", r"""
        rules:
          - name: a
            match: 'Failed \w+ for (?P<user>\S+ from (?P<ip>\S+)'
                                   ^
    """),
    ("bad-pattern", "nothing to repeat", r"""
        rules: [{name: a, match: x, unless: ['it''s', 'don''t (*)']}]
                                                               ^
    """),
    ("bad-pattern", "bad escape \\q", r"""
        rules: [{name: a, match: "é\\\\ \\q"}]
                                        ^^
    """),
    ("bad-pattern", "unterminated character set", r"""
        rules:
          - name: a
            match: |
              x
              yz[a
                ^
    """),
    ("bad-pattern", "nothing to repeat", r"""
        rules:
          - name: a
            match: '*x'
                    ^
    """),
    # -- unknown-name
    ("unknown-name", "there is no source 'auht'", r"""
        sources: {auth: /dev/null}
        rules: [{name: a, in: auht, match: x}]
                              ^^^^
    """),
    ("unknown-name", "there is no sink 'pgaer'", r"""
        rules: [{name: a, match: x, to: [out, pgaer]}]
                                              ^^^^^
        sinks: {pager: {console: {}}, out: {console: {}}}
    """),
    ("unknown-name", "there is no sink 'nobody'", r"""
        routes: [{to: nobody}]
                      ^^^^^^
    """),
    ("unknown-name", "there is no format 'jsonn'", r"""
        sources: {app: {path: /dev/null, format: jsonn}}
                                                 ^^^^^
    """),
    ("unknown-name", "there is no sink 'ops-mial'", r"""
        sinks: {out: {console: {}, fallback: {to: ops-mial}}}
                                                  ^^^^^^^^
    """),
    ("unknown-name", "there is no kind of sink 'fallbak'", r"""
        sinks: {out: {console: {}, fallbak: out}}
                                   ^^^^^^^
    """),
    ("unknown-name", "there is no kind of sink 'webhok'", r"""
        sinks: {out: {webhok: {url: http://localhost/}}}
                      ^^^^^^
    """),
    ("unknown-name", "there is no time zone 'Europe/Pariss'", r"""
        sources: {app: {path: /dev/null, format: syslog, tz: Europe/Pariss}}
                                                             ^^^^^^^^^^^^^
    """),
    ("unknown-name", "Python knows no encoding 'latin-15'", r"""
        sources: {app: {path: /dev/null, encoding: latin-15}}
                                                   ^^^^^^^^
    """),
    ("unknown-name", "there is no rule 'anny'", r"""
        routes: [{if: {rule: anny}, to: out}]
                             ^^^^
    """),
    ("unknown-name", "'heartbeat' is no sink, but a key beside 'sinks'", r"""
        sinks: {out: {heartbeat: {url: http://localhost/}}}
                      ^^^^^^^^^
    """),
    # -- unknown-field
    ("unknown-field", "'say' uses {jbo}, which 'match' does not capture", r"""
        rules:
          - name: a
            match: 'job=(?P<job>\S+)'
            say: 'job {jbo} not finished'
                       ^^^
    """),
    ("unknown-field", "'say' uses {ip}, which pattern 2 of 'match' does not capture", r"""
        rules: [{name: a, match: ['x(?P<ip>.)', 'y'], say: 'from {ip}'}]
                                                                  ^^
    """),
    ("unknown-field", "'by' uses 'user', which 'match' does not capture", r"""
        rules: [{name: a, match: 'x(?P<ip>.)', by: [ip, user]}]
                                                        ^^^^
    """),
    ("unknown-field", "no alert has a field 'taem'", r"""
        rules: [{name: a, match: x, labels: {team: web}}]
        routes: [{if: {taem: web}, to: out}]
                       ^^^^
    """),
    # -- never-fires
    ("never-fires", "'unless' is in every line that 'match' finds", r"""
        rules:
          - name: a
            match: ['port (\w+) failed', '^failed']
            unless: ['b', 'fail']
                          ^^^^^^
    """),
    # -- not-supported
    ("not-supported", "encoding 'utf-32' is not supported yet", r"""
        sources: {app: {path: /dev/null, encoding: utf-32}}
                                                   ^^^^^^
    """),
    # -- unreadable
    ("unreadable", "'/nowhere/pager.url' does not exist", r"""
        sinks: {out: {webhook: '${file:/nowhere/pager.url}'}}
                                ^^^^^^^^^^^^^^^^^^^^^^^^^^
    """),
    ("unreadable", "there is no such file", r"""
        include: [rules.yaml]
                  ^^^^^^^^^^
    """),
    # -- warnings
    ("no-match", "no file matches now", r"""
        sources: {app: {path: [/nowhere/*.log]}}
                               ^^^^^^^^^^^^^^
    """),
    ("no-match", "no file matches now", r"""
        include: rules.d/*.yaml
                 ^^^^^^^^^^^^^^
    """),
    ("no-match", "no rule is named like this", r"""
        routes: [{if: {rule: 'zzz*'}, to: out}]
                             ^^^^^^
    """),
    ("unused", "sink 'pager' is never reached by a route", r"""
        sinks:
          out: {console: {}}
          pager: {console: {}}
          ^^^^^
        routes: [{to: out}]
    """),
    ("unused", "this route is never reached", r"""
        routes:
          - {to: out}
          - {if: {severity: error}, to: out}
            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    """),
    ("no-end", "mute 'a' never ends", """
        mutes: [{name: a, if: {rule: any}}]
                       ^
    """),
    ("no-end", "mute 'a' never ends, once it has begun", """
        mutes: [{name: a, from: 2026-01-05T00:00:00Z, every: Mon-Sun}]
                                                             ^^^^^^^
    """),
    ("yaml-trap", "in double quotes YAML makes a backspace of \\b", r"""
        rules: [{name: a, match: "\\w \\\\fail\b"}]
                                              ^^
    """),
    ("yaml-trap", "to YAML this is a comment", r"""
        rules:
          - name: a
            match: error #42
                         ^^^
    """),
    ("yaml-trap", "to YAML this is a list, so the pattern is 'a-z'", r"""
        rules: [{name: a, match: [a-z]}]
                                 ^^^^^
    """),
    ("other-dialect", "<HOST> is not replaced here", r"""
        rules: [{name: a, match: 'from <HOST>$'}]
                                       ^^^^^^
    """),
    ("risky-pattern", "can take very long", r"""
        rules: [{name: a, match: '(a+)+$'}]
                                 ^^^^^^^^
    """),
    ("every-line", "nothing in a line of 'app' tells whether this holds", r"""
        sources: {app: {path: /dev/null, format: json}}
        rules: [{name: a, where: {level: '!= debug'}}]
                          ^^^^^
    """),
    ("every-line", "every line is searched for '(?:warning )?'", r"""
        rules: [{name: a, match: [ERROR, '(?:warning )?']}]
                                         ^^^^^^^^^^^^^^^
    """),
    ("open-secret", "every user of this machine may read /proc/sys/kernel/ostype", r"""
        sinks: {out: {webhook: 'http://localhost/${file:/proc/sys/kernel/ostype}'}}
                                                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    """),
    ("plain-secret", "a secret stands in the file", r"""
        sinks: {out: {webhook: 'https://bot:hunter2@example.org/'}}
                                            ^^^^^^^
    """),
    ("plain-secret", "a secret stands in the file", r"""
        sinks: {out: {webhook: {url: http://localhost/, headers: {Authorization: Bearer abc}}}}
                                                                                 ^^^^^^^^^^
    """),
]  # fmt: skip


@pytest.mark.parametrize(("code", "message", "drawing"), DRAWINGS)
def test_the_caret_stands_under_what_is_wrong(bench, code, message, drawing):
    """Nothing else is said about the example, and the help line says what to type."""
    bench.check_drawing(drawing, code, message)


def test_a_pattern_that_no_engine_can_look_for_is_told_with_cost_and_remedy(bench):
    """Each by itself, in words that are all there is; no problem."""
    found = bench.examine("rules: [{name: a, match: [x, '.*', '(?=y)'], unless: '(?=z)'}]")
    assert found.config is not None
    help_ = (
        "a second or two for each million lines; where not all are meant, add a word that each of"
        " them has, outside of (?=...)"
    )
    sure = "no character is sure to be in every line that it matches"
    seen = [
        (each.level, each.code, each.column, each.message, each.help) for each in found.problems
    ]
    assert seen == [
        ("note", "every-line", 30, f"every line is searched for '.*': {sure}", help_),
        ("note", "every-line", 36, f"every line is searched for '(?=y)': {sure}", help_),
    ]
    assert "no problem" in found.text


def test_only_a_check_looks_at_what_patterns_require(bench, monkeypatch):
    """A start must not."""
    monkeypatch.setattr("logwatch.matching.outline.outline", None)
    assert bench.load("rules: [{name: a, match: '.*'}]").rules


def test_every_code_has_an_example():
    """`empty` has its own test, for it has no place inside a line; two others need real sinks."""
    drawn = {code for code, _, _ in DRAWINGS}
    assert drawn | {"empty", "missing-program", "feeds-itself"} == set(CODES)


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "~\n", "{}\n"])
def test_a_file_with_nothing_in_it_is_an_error(bench, text):
    """A check that checked nothing must not look like success."""
    bench.write(text)
    found = bench.examine()
    assert found.config is None
    assert set(found.codes) == {"empty"}


LATER = [(keys, key) for keys in (RouteKeys, SourceKeys, FileKeys) for key in keys.later]
_FRAMES = {
    RouteKeys: "routes: [{{to: out, {key}: 5}}]",
    SourceKeys: "sources: {{app: {{path: /dev/null, {key}: 5}}}}",
    FileKeys: "{key}: 5",
}


@pytest.mark.parametrize(("keys", "key"), LATER)
def test_a_planned_key_is_refused_by_its_name(bench, keys, key):
    """Never ignored, never called unknown, and the help line says what to do meanwhile."""
    problem = bench.one(_FRAMES[keys].format(key=key))
    assert (problem.code, problem.message) == ("not-supported", f"{key!r} is not supported yet")
    assert problem.help == keys.later[key]


def test_a_heartbeat_that_is_taken_for_a_sink_is_told_its_place(bench):
    problem = bench.one("sinks: {out: {heartbeat: {}}}")
    assert problem.help == "write heartbeat: https://host/path at the outermost level"
