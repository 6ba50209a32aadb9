"""What is accepted and refused beyond the table of error codes, section by section."""

from __future__ import annotations

import os
from encodings.aliases import aliases
from random import Random

import pytest

from logwatch.config.loader import from_text, load
from logwatch.config.model import Fallback
from logwatch.config.problems import InvalidConfigError, Problem, Report, render
from logwatch.config.references import References, UnresolvedError
from logwatch.sinks.base import PEOPLE_RATE, SinkKind, SinkSettings
from logwatch.units import Rate

# -- references ----------------------------------------------------------------------------------


def test_secrets_come_from_the_environment_and_from_files(bench):
    """A file loses the newline at its end, and only one."""
    bench.environ |= {"HOST": "example.org", "FOLDER": str(bench.folder)}
    (bench.folder / "token").write_text("s3cret\n\n")
    config = bench.load("""
        sinks:
          out:
            webhook:
              url: 'https://${env:HOST}/x$${env:HOST}'
              headers: {Authorization: 'Bearer ${file:${env:FOLDER}/token}', Other: '${file:token}'}
    """)
    settings = config.sinks[0].settings
    assert settings.url == "https://example.org/x${env:HOST}"
    assert settings.headers == {"Authorization": "Bearer s3cret\n", "Other": "s3cret\n"}


def test_every_kind_of_value_may_hold_a_reference(bench):
    """Numbers, durations and patterns too."""
    bench.environ |= {"WAIT": "2m", "N": "7", "WORD": "fail(ed)?"}
    config = bench.load("""
        rules: [{name: a, match: 'x ${env:WORD}', when: '${env:N} in ${env:WAIT}'}]
        sinks: {out: {webhook: {url: http://localhost/, port: '${env:N}', timeout: '${env:WAIT}'}}}
    """)
    assert config.rules[0].match == ("x fail(ed)?",)
    assert (config.rules[0].kind.count, config.rules[0].kind.window) == (7, 120.0)
    assert (config.sinks[0].settings.port, config.sinks[0].settings.timeout) == (7, 120.0)


def test_what_a_reference_put_in_is_never_shown_or_expanded(bench):
    """Neither in messages nor in source lines, which are the file's own."""
    bench.environ["TOKEN"] = "hunter2-${env:HOME}"
    problem = bench.one("sinks: {out: {webhook: {url: http://localhost/, mode: '${env:TOKEN}'}}}")
    found = bench.examine()
    assert problem.message == "sink 'out' (webhook): mode '…' is not known"
    assert "hunter2" not in found.text
    assert "mode: '${env:TOKEN}'" in found.text


def test_a_bad_pattern_from_a_reference_is_marked_as_a_whole(bench):
    """The position inside it means nothing in the file."""
    bench.environ["PATTERN"] = "abcdefghij("
    bench.check_drawing(
        """
        rules: [{name: a, match: '${env:PATTERN}'}]
                                 ^^^^^^^^^^^^^^^^
        """,
        "bad-pattern",
    )


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: path.write_bytes(b"\xff"), "is not UTF-8"),
        (lambda path: path.mkdir(), "is not a regular file"),
        (lambda path: path.write_bytes(b"x" * 70_000), "is larger than"),
        (os.mkfifo, "is not a regular file"),
    ],
)
def test_a_file_that_holds_no_secret_is_told(bench, make, reason):
    """A pipe must not hang the check."""
    make(bench.folder / "token")
    problem = bench.one("sinks: {out: {webhook: '${file:token}'}}")
    assert problem.code == "unreadable"
    assert reason in problem.message


def test_a_file_that_may_not_be_read_names_its_remedy(tmp_path, monkeypatch):
    """The path, and what to let whom do."""

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.stat", refuse)
    references = References({}, tmp_path, set())
    with pytest.raises(UnresolvedError, match="may not be read by this user") as caught:
        references.expand("${file:token}")
    assert "chmod g+r" in caught.value.remedy
    assert caught.value.code == "unreadable"


def test_an_environment_that_is_not_text_is_refused(tmp_path):
    """Undecodable bytes would break every alert later."""
    references = References({"X": "a\udcff"}, tmp_path, set())
    with pytest.raises(UnresolvedError, match="not UTF-8"):
        references.expand("${env:X}")


def test_a_mistyped_variable_is_suggested(bench):
    """As names are."""
    bench.environ["SLACK_URL"] = "http://localhost/"
    assert (
        bench.one("sinks: {out: {webhook: '${env:SLAK_URL}'}}").help == "did you mean 'SLACK_URL'?"
    )


@pytest.mark.parametrize(
    "text",
    ["webhook: '${SLACK_URL}'", "webhook: {url: 'http://${HOST}/'}", "jsonl_file: '${DIR}/x'"],
)
def test_a_reference_as_a_shell_writes_it_is_refused_in_sinks(bench, text):
    """It would be sent as it stands."""
    problem = bench.one(f"sinks: {{out: {{{text}}}}}")
    assert problem.code == "bad-value"
    assert "${env:" in problem.help


# -- sources -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "codec"),
    [
        ("utf-8", "utf-8"), ("UTF8", "utf-8"), ("ascii", "ascii"), ("latin-1", "iso8859-1"),
        ("cp1252", "cp1252"), ("koi8-r", "koi8-r"), ("iso-8859-15", "iso8859-15"),
    ],
)  # fmt: skip
def test_encodings_of_one_byte_a_character_are_taken(bench, written, codec):
    """And UTF-8."""
    config = bench.load(f"sources: {{app: {{path: /x, encoding: {written}}}}}")
    assert config.sources[0].encoding == codec


@pytest.mark.parametrize(
    ("name", "encoding", "matched_as"),
    [
        ("utf-16", "utf-16", "utf-8"),
        ("UTF-16LE", "utf-16-le", "utf-8"),
        ("utf_16_be", "utf-16-be", "utf-8"),
        ("utf-8-sig", "utf-8", "utf-8"),
        ("latin-1", "iso8859-1", "iso8859-1"),
    ],
)
def test_text_in_utf_16_is_matched_as_utf_8(bench, name, encoding, matched_as):
    """A byte order mark is looked for in any case."""
    config = bench.load(f"sources: {{app: {{path: /dev/null, encoding: {name}}}}}")
    source = config.sources[0]
    assert (source.encoding, source.matched_as) == (encoding, matched_as)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "utf-32",
            "utf-7",
            "gbk",
            "shift_jis",
            "euc-jp",
            "hz",
        ),
        *("iso2022_jp", "cp037", "rot13", "base64", "hex", "zlib", "idna", "punycode"),
        *("unicode_escape", "raw_unicode_escape", "undefined", "bz2", "big5", "johab", "quopri"),
    ],
)
def test_encodings_whose_bytes_are_no_characters_are_not_supported(bench, name):
    """Lines are cut as bytes, so each byte below 0x80 must be itself."""
    problem = bench.one(f"sources: {{app: {{path: /dev/null, encoding: {name}}}}}")
    assert problem.code == "not-supported"


def test_lines_of_every_encoding_that_is_taken_can_be_cut_as_bytes(bench):
    """All others are refused, whatever their decoders raise; some are for no text, or Windows."""
    data, taken = Random(7).randbytes(20_000), set()
    for name in sorted(set(aliases.values())):
        found = bench.examine(f"sources: {{app: {{path: /dev/null, encoding: {name}}}}}")
        if found.config is None:
            assert {*found.codes} <= {"not-supported", "unknown-name"}, name
            continue
        encoding = found.config.sources[0].matched_as
        taken.add(encoding)
        lines = [line.decode(encoding, "replace") for line in data.split(b"\n")]
        assert data.decode(encoding, "replace").split("\n") == lines, name
    assert taken > {"utf-8", "cp1252"}


def test_the_nearest_existing_name_is_told(bench):
    """Of the first part of the path that is not there."""
    (bench.folder / "nginx").mkdir()
    (bench.folder / "nginx" / "access.log").touch()
    folder = bench.folder
    assert bench.one(f"sources: {{a: {folder}/ngnix/x.log}}").help == f"near: {folder}/nginx"
    assert bench.one("sources: {a: nginx/acces.log}").help == "near: nginx/access.log"


def test_a_path_beside_one_that_fits_is_an_alternative(bench):
    """One source may name the places of several distributions; a slip is still told."""
    (bench.folder / "messages").touch()
    assert bench.examine("sources: {a: {path: [messages, nothing-alike]}}").problems == []
    assert bench.one("sources: {a: {path: [messages, mesages]}}").code == "no-match"
    both = bench.one("sources: {a: {path: [x1, y2]}}")
    assert both.message == "there is no such file now, nor any of the other paths"


def test_a_folder_as_a_path_is_told(bench):
    """With the glob that was meant."""
    assert bench.one("sources: {a: .}").help == f"write {bench.folder}/*.log"


# -- rules ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("format_", "field", "sound"),
    [
        ("json", "anything", True), ("logfmt", "a.b", True), ("plain", "host", False),
        ("syslog", "program", True), ("syslog", "id@1.key", True), ("syslog", "status", False),
        ("combined", "status", True), ("combined", "program", False),
    ],
)  # fmt: skip
def test_the_format_decides_which_fields_there_are(bench, format_, field, sound):
    """JSON and logfmt may have any; the others' are known."""
    found = bench.examine(f"""
        sources: {{app: {{path: /dev/null, format: {format_}}}}}
        rules: [{{name: a, match: x, by: '{field}'}}]
    """)
    assert found.codes == ([] if sound else ["unknown-field"])


def test_say_may_use_what_every_rule_has(bench):
    """And a field with a default that only one pattern captures."""
    found = bench.examine(r"""
        rules:
          - name: a
            match: ['x(?P<ip>.)', 'y']
            say: >-
              {count:,} {key} {rule} {source} {path} {host} {first} {last} {duration} {suppressed}
              {severity} {ip|nobody}
    """)
    assert found.problems == []


def test_several_keys_in_one_text_are_told_apart(bench):
    """`by: ip, user` is one text in YAML."""
    problem = bench.one("rules: [{name: a, match: 'x(?P<ip>.)(?P<user>.)', by: 'ip, user'}]")
    assert problem.help == "write a list: by: [ip, user]"


def test_a_broken_pattern_is_not_asked_about_its_captures(bench):
    """No follow-on errors; the template's own form is still looked at."""
    text = "rules: [{name: a, match: '(?P<ip>', by: ip, say: '{ip} {'}]"
    assert bench.examine(text).codes == ["bad-pattern", "bad-value"]


@pytest.mark.parametrize("clear", ["0 in 1s", "0 in 30m", "4 in 2m", "4 in 10m", "1 in 1m"])
def test_a_clear_stricter_than_when_is_taken(bench, clear):
    """Fewer lines, and at a lower rate."""
    config = bench.load(f"rules: [{{name: a, match: x, when: 5 in 2m, clear: {clear}}}]")
    assert config.rules[0].kind.clear_window is not None


@pytest.mark.parametrize(
    "match",
    [r"'\bfail\b'", r'"\\bfail"', r'"a\tb\n"', "error  # a remark", "[a, b]", "[fail]", "'[a-z]'"],
)
def test_patterns_that_yaml_reads_as_meant_are_no_trap(bench, match):
    """A warning that is wrong is soon not read."""
    assert bench.examine(f"rules:\n  - name: a\n    match: {match}\n").problems == []


# -- sinks and routes ----------------------------------------------------------------------------


def test_a_sink_may_be_short(bench):
    """A bare scalar, or nothing where nothing is needed."""
    config = bench.load("sinks: {a: {jsonl_file: /x}, b: {console: }, c: {console: {lines: 5}}}")
    assert [sink.settings.__class__.__name__ for sink in config.sinks] == [
        "FileSettings", "ConsoleSettings", "ConsoleSettings",
    ]  # fmt: skip
    assert config.sinks[2].settings.lines == 5


@pytest.mark.parametrize(
    "settings",
    [
        "webhook: 'http://localhost/?user=a'",
        "webhook: 'https://${env:HOME}:${env:HOME}@localhost/'",
        "webhook: {url: http://localhost/, headers: {Authorization: '${env:HOME}'}}",
        "webhook: {url: http://bot@localhost/}",
    ],
)
def test_a_secret_that_is_kept_outside_is_none(bench, settings):
    """Nor is a user's name."""
    assert bench.examine(f"sinks: {{out: {{{settings}}}}}").problems == []


@pytest.mark.parametrize(
    "settings",
    [
        "webhook: 'https://bot:hunter2@example.org/'",
        "webhook: 'https://example.org/?a=b&token=hunter2'",
        "webhook: {url: http://localhost/, headers: {Authorization: Bearer hunter2, X-Team: web}}",
        "webhook: {url: http://localhost/, headers: {'Authorization': 'Bearer hunter2'}}",
        'webhook: {url: http://localhost/, headers: {"x-api-key": "hunter2"}}',
    ],
)
def test_a_secret_is_not_printed_in_the_source_line(bench, settings):
    """Reports of `check` end up in tickets, also when another problem is in the same line."""
    found = bench.examine(f"sinks: {{out: {{{settings}, colour: 1}}}}")
    assert sorted(found.codes) == ["plain-secret", "unknown-name"]
    assert "hunter2" not in found.text
    assert "…" in found.text


@pytest.mark.parametrize(
    "text",
    [
        "sinks: {out: {pagerduty: {routing_key: hunter2hunter2}}}",
        "sinks: {out: {pagerduty: hunter2, rate: 3}}",
        "sinks: {out: {apprise: 'tgram://hunter2'}}",
        "sinks: {out: {apprise: 'tgram://123456789:hunter2/42', rate: 3}}",
        "sinks: {out: {apprise: {urls: ['gotify://example.org/hunter2']}, rate: 3}}",
        "heartbeat: {url: 'https://hc-ping.com/hunter2', every: 1}",
    ],
)
def test_a_secret_is_not_printed_with_what_is_wrong_about_it(bench, text):
    found = bench.examine(text)
    assert found.codes, "so the line is shown"
    assert "hunter2" not in found.text


def test_what_holds_for_any_sink_stands_beside_its_kind(bench):
    """Its rate, who stands in for it, and when a message is too old."""
    config = bench.load("""
        sinks:
          pager: {webhook: http://localhost/, rate: 3/30m, fallback: {to: mail, after: 5m}}
          chat: {webhook: http://localhost/, rate: 10/min, fallback: mail, max_age: 1d}
          mail: {jsonl_file: /x}
    """)
    pager, chat, mail = config.sinks
    assert (pager.rate, chat.rate, mail.rate) == (Rate(3, 1800.0), Rate(10, 60.0), None)
    assert pager.fallback == Fallback(to="mail", after=300.0)
    assert chat.fallback == Fallback(to="mail", after=60.0)
    assert (pager.max_age, chat.max_age) == (None, 86_400.0)


@pytest.mark.parametrize(
    ("beside", "rate"),
    [("", Rate(30, 60.0)), (", rate: none", None), (", rate: 5/s", Rate(5, 1.0))],
)
def test_a_kind_that_writes_for_people_has_a_rate_of_its_own(tmp_path, beside, rate):
    """It may be another, or none."""
    chat = SinkKind(
        name="chat",
        settings=SinkSettings,
        make=lambda _: None,
        for_people=True,
        rate=PEOPLE_RATE,
    )
    text = f"""
        sources: {{app: /dev/null}}
        rules: [{{name: any, match: x}}]
        sinks: {{out: {{chat: {{}}{beside}}}}}
    """
    config = from_text(text, environ={"HOME": "/"}, kinds={"chat": chat}, folder=tmp_path)
    assert config.sinks[0].rate == rate


def test_a_sink_that_stands_in_for_another_is_reached(bench):
    """No route need name it."""
    found = bench.examine("""
        sinks: {pager: {console: {}, fallback: mail}, mail: {console: {}}}
        routes: [{to: pager}]
    """)
    assert found.problems == []


def test_sinks_are_reached_without_routes(bench):
    """Everything goes everywhere, unless each rule says where to."""
    two = "sinks: {out: {console: {}}, other: {console: {}}}"
    assert bench.examine(two).problems == []
    assert bench.examine(f"rules: [{{name: a, match: x, to: out}}]\n{two}").codes == ["unused"]
    text = f"rules: [{{name: a, match: x, to: out}}]\nroutes: [{{to: other}}]\n{two}"
    assert bench.examine(text).problems == []


def test_a_route_may_ask_for_what_alerts_have(bench):
    """Alert fields, labels, keys and captures; with JSON sources, anything."""
    text = """
        rules: [{name: a, match: 'x(?P<ip>.)', labels: {team: web}, runbook: r}]
        routes:
          - {if: {team: w*, ip: '10.*', runbook: '*', status: [firing], path: /x, host: h}, to: out}
    """
    assert bench.examine(text).problems == []
    text = """
        sources: {app: {path: /dev/null, format: json}}
        routes: [{if: {whatever: x, source: a*}, to: out}]
    """
    assert bench.examine(text).problems == []


# -- rendering -----------------------------------------------------------------------------------


def _rendered(line: str, column: int, end_column: int) -> list[str]:
    problem = Problem(
        file="f", line=1, column=column, end_column=end_column, level="error", code="c", message="m"
    )
    return render([problem], {"f": line}).splitlines()


def test_carets_stand_right_under_wide_and_combining_characters():
    """Columns of a terminal, not characters."""
    _, _, carets, _ = _rendered("日本e\u0301: x", 6, 7)
    assert carets == "      |      ^".replace("     ^", " " * 6 + "^")


def test_a_long_line_is_cut_around_its_caret():
    """JSON has all on one line."""
    _, line, carets, _ = _rendered("a" * 5000 + "BAD" + "b" * 5000, 5001, 5004)
    assert len(line) < 110
    assert line[carets.index("^") :].startswith("BAD")
    assert carets.count("^") == 3


def test_control_characters_do_not_reach_the_terminal():
    """One column each, so that carets stay in place."""
    _, line, _, _ = _rendered("\tx\x1b[31m\u202e", 2, 3)
    assert line == "    1 |  x\ufffd[31m\ufffd"


def test_short_secrets_are_hidden_only_where_they_are_quoted():
    """Else they would eat our own words."""
    report = Report()
    report.secrets |= {"e", "secret-long"}
    place = Problem(file="f", line=0, column=0, end_column=1, level="error", code="c", message="")
    report.error(place, "c", "'e' is not secret-long enough")
    assert report.problems[0].message == "'…' is not … enough"


def test_who_sends_nothing_needs_no_secrets_of_sinks(tmp_path):
    """Tests of rules run where the secrets are not; the path of a source must be known."""
    path = tmp_path / "logwatch.yaml"
    text = (
        "sources: {{app: {source}}}\nrules: [{{name: err, match: ERROR}}]\n"
        "sinks: {{chat: {{webhook: {{url: '${{env:NOT_SET}}'}}}},"
        " page: {{webhook: {{url: 'https://x.example/${{file:/nonexistent}}'}}}}}}\n"
    )
    path.write_text(text.format(source="/dev/null"))
    with pytest.raises(InvalidConfigError, match="NOT_SET"):
        load(path, environ={})
    assert len(load(path, environ={}, sends=False).sinks) == 2
    path.write_text(text.format(source="'${env:NOT_SET}/x.log'"))
    with pytest.raises(InvalidConfigError, match="NOT_SET"):
        load(path, environ={}, sends=False)


def test_a_test_may_name_a_source_by_its_tag(tmp_path):
    """So that a file of rules is tested with whatever sources there are."""
    path = tmp_path / "logwatch.yaml"
    path.write_text(
        "sources: {app: {path: /dev/null, tags: [web, php]}}\n"
        "rules: [{name: err, match: ERROR}]\nsinks: {out: {console: {}}}\n"
        "tests: [{rule: err, source: php, lines: [{at: +0s, source: web, text: x}], quiet: true}]\n"
    )
    (test,) = load(path).tests
    assert (test.source, test.lines[0].source) == ("app", "app")


def test_allowed_roots_are_folders_and_every_path_can_be_in_one(bench):
    """A glob may come to one further down."""
    (bench.folder / "logs").mkdir()
    config = bench.load(
        "allowed_roots: [logs, /var]\n"
        "sources: {app: logs/app.log, all: /var/*/x.log, every: '/*/log/y.log'}"
    )
    assert config.allowed_roots == (str(bench.folder / "logs"), "/var")
    problem = bench.one("allowed_roots: [/var]\nsources: {app: /dev/null}")
    assert (problem.code, problem.help) == ("bad-value", "add /dev to allowed_roots")
    assert bench.one("allowed_roots: ['']\nsources: {app: /dev/null}").code == "bad-value"
