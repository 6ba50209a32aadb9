"""What each code of `logwatch check` means, for `logwatch help CODE`.

An example is part of a configuration with carets below what is wrong; a test puts each into a file
and looks that `check` says so there. Nothing is imported here that takes time.
"""

from __future__ import annotations

from typing import NamedTuple


class Explanation(NamedTuple):
    """One code, explained."""

    level: str
    """`error`: it cannot be used; `warning`: `check --strict` fails; `note`: no problem."""
    text: str
    """What it is, why it matters, and what to do; a paragraph."""
    example: str
    """Lines of a configuration, and carets."""
    better: str
    """The same, as it should be."""


EXPLANATIONS: dict[str, Explanation] = {
    "bad-yaml": Explanation(
        "error",
        "The file is not YAML, or uses a part of YAML that is refused here: tags, merge keys, a"
        " second document. Most often a value begins with a character that means something to"
        " YAML, or holds ': '. Put it in single quotes, where a backslash stays one.",
        """\
        rules:
          - name: a
            match: "failed \\w+"
                           ^
        """,
        "match: 'failed \\w+'",
    ),
    "duplicate-key": Explanation(
        "error",
        "A key or a name stands twice. YAML itself would keep the last one and say nothing, so"
        " that half of a rule is lost. Remove one of them.",
        """\
        rules:
          - name: a
            match: x
            match: y
            ^^^^^
        """,
        "match: [x, y]",
    ),
    "unknown-key": Explanation(
        "error",
        "A key that logwatch does not know, most often a typing error. It is never skipped: a rule"
        " without its cooldown is another rule. docs/config.md lists every key, and an editor"
        " that knows the schema completes them (logwatch check --schema).",
        """\
        rules:
          - name: a
            match: x
            coldown: 15m
            ^^^^^^^
        """,
        "cooldown: 15m",
    ),
    "missing-key": Explanation(
        "error",
        "A key that must be there is not. The help line has an example of it.",
        """\
        rules:
          - {match: x}
            ^^^^^^^^^^
        """,
        "- {name: errors, match: x}",
    ),
    "bad-type": Explanation(
        "error",
        "The value has the wrong form: a list where text belongs, text where a map belongs, or"
        " nothing at all.",
        """\
        rules: {name: a, match: x}
               ^^^^^^^^^^^^^^^^^^^
        """,
        "rules: [{name: a, match: x}]",
    ),
    "bad-value": Explanation(
        "error",
        "The value has the right form but cannot be used: a duration without a unit, a number"
        " beyond its bounds, two keys that contradict each other.",
        """\
        rules:
          - name: a
            match: x
            cooldown: 2min
                      ^^^^
        """,
        "cooldown: 2m",
    ),
    "bad-pattern": Explanation(
        "error",
        "A regular expression that does not compile. Patterns are those of Python's re. Try one"
        " with: logwatch try 'PATTERN' FILE.",
        """\
        rules:
          - name: a
            match: 'Failed (?P<user>\\S+ from'
                           ^
        """,
        "match: 'Failed (?P<user>\\S+) from'",
    ),
    "unknown-name": Explanation(
        "error",
        "A source, sink, rule, format, zone or kind that is defined nowhere; in tests also a rule"
        " that is no longer there.",
        """\
        rules:
          - {name: a, match: x, to: pager}
                                    ^^^^^
        """,
        "sinks: {pager: {console: {}}}",
    ),
    "unknown-field": Explanation(
        "error",
        "A field that the pattern does not capture and the format of the source does not give, so"
        " that a text would have a hole and `by` would put everything under one key.",
        """\
        rules:
          - name: a
            match: 'job (?P<job>\\w+)'
            say: 'job {jbo} failed'
                       ^^^
        """,
        "say: 'job {job} failed'",
    ),
    "not-supported": Explanation(
        "error",
        "Something that is understood and not there, or not there yet. It is refused by name and"
        " never ignored; the help line says what to do instead.",
        """\
        sources: {app: {path: /dev/null, encoding: utf-7}}
                                                   ^^^^^
        """,
        "encoding: utf-8",
    ),
    "unreadable": Explanation(
        "error",
        "A file that is missing, or that may not be read: one of the configuration, or one that"
        " holds a secret. As a warning: a log that the user of the installed service may not read,"
        " though you may; where none is installed, one that you may not read. The help line gives"
        " the right.",
        """\
        include: /nowhere/rules.yaml
                 ^^^^^^^^^^^^^^^^^^^
        """,
        "include: rules.d/*.yaml",
    ),
    "empty": Explanation(
        "error",
        "There is nothing to do: no rules, no sources, or nothing in the file. A check that checked"
        " nothing must not look like success. Without a sink it is a warning: nobody is told.",
        """\
        sources: {}
        """,
        "sources: {app: /var/log/app.log}",
    ),
    "no-match": Explanation(
        "warning",
        "A path, or a condition, that nothing fits now. The daemon waits for the file and says so;"
        " but most often it is a typing error, and then it waits for ever. Where a file with"
        " nearly that name is there, it is named.",
        """\
        sources: {app: {path: /nowhere/app.log}}
                              ^^^^^^^^^^^^^^^^
        """,
        "sources: {app: {path: /var/log/app.log}}",
    ),
    "unused": Explanation(
        "warning",
        "Something that can never have an effect: a route behind one that takes everything, a sink"
        " that no route names, a mute that is over.",
        """\
        routes:
          - to: out
          - if: {severity: critical}
            ^^
            to: out
        """,
        "routes: [{if: {severity: critical}, to: out}, {to: out}]",
    ),
    "never-fires": Explanation(
        "warning",
        "Whatever `match` finds has what `unless` excludes in it, so no line is ever let through"
        " and the rule is mute. logwatch try RULE FILE shows the lines and what excludes them.",
        """\
        rules:
          - name: a
            match: 'Failed password for (?P<user>\\w+)'
            unless: 'Failed'
                    ^^^^^^^^
        """,
        "unless: 'for backup'",
    ),
    "missing-program": Explanation(
        "warning",
        "The program that a command sink is to run is not there, or may not be run. Each alert"
        " would fail, and go to the fallback where there is one.",
        """\
        sinks: {out: {command: {argv: [/nowhere/page-me]}}}
                                       ^^^^^^^^^^^^^^^^
        """,
        "sinks: {out: {command: {argv: [/usr/local/bin/page-me]}}}",
    ),
    "feeds-itself": Explanation(
        "warning",
        "A source takes in the file to which a sink writes alerts. An alert that a rule of this"
        " source matches is told again, and that again, without end.",
        """\
        sources:
          all: {path: '/dev/nul?'}
                      ^^^^^^^^^^^
        sinks: {out: {jsonl_file: {path: /dev/null}}}
        """,
        "sources: {all: {path: '/var/log/*.log', exclude: alerts.log}}",
    ),
    "no-end": Explanation(
        "warning",
        "A mute without an end and without hours hides its alerts for ever. For one evening:"
        " logwatch silence, which ends by itself.",
        """\
        mutes:
          - {name: quiet, if: {severity: info}}
                   ^^^^^
        """,
        "mutes: [{name: quiet, if: {severity: info}, until: 2030-01-05T04:00:00Z}]",
    ),
    "yaml-trap": Explanation(
        "warning",
        "YAML reads this in a way that the writer hardly meant: \\b in double quotes is a"
        " backspace, a # after a space begins a comment, [a-z] is a list. Put patterns in single"
        " quotes.",
        """\
        rules:
          - name: a
            match: "\\berror"
                    ^^
        """,
        "match: '\\berror'",
    ),
    "other-dialect": Explanation(
        "warning",
        "A pattern or a 'say' that is written as for another program, and looks for other text"
        " here: <HOST> and %(__prefix_line)s of fail2ban, [[:digit:]] and error\\|fatal of grep,"
        " /error/i of Perl, $1 of SEC and swatchdog, 10.0.0.0/8 without 'in'. For that very text"
        " write \\<HOST> or [|].",
        """\
        rules:
          - name: a
            match: 'Failed password from <HOST>'
                                         ^^^^^^
        """,
        "match: 'Failed password from (?P<ip>\\S+)'",
    ),
    "risky-pattern": Explanation(
        "warning",
        "A pattern for which some line makes Python's re try practically for ever: repeats that"
        " can share the same text out in many ways. The daemon survives such a line (it gives up"
        " after a time, and says so), but the line is not matched. The help line has one on which"
        " it hangs, where one was found.",
        """\
        rules:
          - name: a
            match: 'x=(\\w+\\s?)*$'
                   ^^^^^^^^^^^^^^
        """,
        "match: 'x=[\\w\\s]*$'",
    ),
    "every-line": Explanation(
        "note",
        "No engine can look for this pattern, because no character is sure to be in every line"
        " that it matches; so Python searches every line of the source. No problem at a hundred"
        " lines a second. Where not all lines are meant, add a word that each of them has.",
        """\
        rules: [{name: a, match: '.*'}]
                                 ^^^^
        """,
        "rules: [{name: a, match: 'ERROR.*'}]",
    ),
    "open-secret": Explanation(
        "warning",
        "The secret is outside of the configuration, in a file that every user of this machine may"
        " read. Let the service read it by a group of its own, or have systemd pass it on with"
        " LoadCredential=, which leaves the file to root alone.",
        """\
        sinks:
          out: {webhook: 'http://localhost/${file:/proc/sys/kernel/ostype}'}
                                           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        """,
        "chmod 640 FILE && chgrp logwatchd FILE",
    ),
    "plain-secret": Explanation(
        "warning",
        "A password or a token stands in the file, and so in backups, diffs and version control."
        " Keep it outside: '${file:/etc/logwatchd/NAME}' reads a file, '${env:NAME}' the"
        " environment. What logwatch prints never shows it.",
        """\
        sinks:
          out: {webhook: {url: http://localhost/, headers: {Authorization: Bearer abc}}}
                                                                           ^^^^^^^^^^
        """,
        "headers: {Authorization: '${file:/etc/logwatchd/token}'}",
    ),
}
