"""What a source may say of where its lines come from, and what each mistake is told."""

from __future__ import annotations

import pytest

from logwatch.config.loader import from_text
from logwatch.errors import ConfigError
from logwatch.receivers.addresses import Address
from logwatch.receivers.journal import JournaldSettings, Match
from logwatch.receivers.stream_settings import ExecSettings, PipeSettings, StdinSettings
from logwatch.receivers.syslog_settings import SyslogSettings, TlsSettings

REST = "rules: [{name: r, match: x}]\nsinks: {out: {console: {}}}\n"


def source(text: str):
    (found,) = from_text(f"sources: {{s: {{{text}}}}}\n{REST}").sources
    return found


def problems(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        source(text)
    return str(caught.value)


@pytest.mark.parametrize("text", ["all", "{}", "true"])
def test_all_of_the_journal(text):
    assert source(f"journald: {text}").origin == JournaldSettings()


def test_a_unit_alone():
    assert source("journald: sshd.service").origin == JournaldSettings(units=("sshd.service",))


def test_everything_about_the_journal():
    found = source(
        "journald: {units: [a, b], identifiers: sudo, priority: err, boot: current,"
        " match: {_UID: ['0', '1'], _TRANSPORT: kernel}, directory: /j}, start: beginning"
    )
    assert found.origin == JournaldSettings(
        units=("a", "b"),
        identifiers=("sudo",),
        priority="err",
        boot="current",
        matches=(Match("_UID", ("0", "1")), Match("_TRANSPORT", ("kernel",))),
        directory="/j",
    )
    assert (found.paths, found.start, found.address) == ((), "beginning", "journald:s")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("format: json", "source 's' has no 'path' or 'journald'"),
        ("journald: all, path: /x", "this one has 'journald' and 'path'"),
        ("journald: all, exclude: x", "'exclude' means nothing for 'journald'"),
        ("journald: all, multiline: java", "'multiline' means nothing for 'journald'"),
        ("journald: {unit: x}", "unknown key 'unit' in 'journald'"),
        ("journald: {priority: error}", "you mean 'err'?"),
        ("journald: {match: {unit: x}}", "is no name of a field of the journal"),
        ("journald: {match: {_UID: []}}", "'_UID' is compared with nothing"),
        ("journald: {units: ['']}", "'units': a text is empty"),
        ("stdin: false", "'stdin: false' is no source"),
        ("stdin: true, start: end", "'start' means nothing for 'stdin'"),
        ("stdin: true, encoding: utf-16", "is read from files only"),
        ("pipe: ''", "'pipe': a text is empty"),
        ("exec: []", "'exec' names no program"),
        ("exec: dmesg --follow", "write exec: [dmesg, --follow]"),
        ("exec: [./run]", "depends on the working folder"),
        ('exec: [a, "\\0"]', "cannot hold a NUL"),
        ("syslog: {}", "'syslog' says not where to listen"),
        ("syslog: 514", "'514' is no address"),
        ("syslog: {udp: ['x:1', '1']}", "'1' is no address"),
        ("syslog: {udp: ':1', mode: rw}", "'rw' is no mode"),
        ("syslog: {udp: ':1', allow: here}", "'here' is no address and no network"),
        ("syslog: {tls: ':1', key: /k}", "'tls' needs 'certificate'"),
        ("syslog: {udp: ':1'}, start: end", "'start' means nothing for 'syslog'"),
        ("syslog: {upd: ':1'}", "did you mean 'udp'?"),
        ('journald: {units: ["a\\nb"]}', "holds a NUL or a line break"),
    ],
)
def test_each_mistake_is_told(text, message):
    assert message in problems(text)


def test_all_mistakes_are_told_at_once():
    """As everywhere."""
    told = problems("journald: {match: {unit: x}, units: ['']}, tz: Nowhere")
    assert "is no name of a field" in told
    assert "a text is empty" in told
    assert "no time zone" in told


def test_an_address_alone_is_heard_over_udp_and_tcp():
    """And the format is syslog, where no other is named."""
    found, here = source("syslog: 127.0.0.1:1514"), (Address("127.0.0.1", 1514),)
    assert found.origin == SyslogSettings(udp=here, tcp=here)
    assert found.format == "syslog"
    assert source("syslog: ':1', format: json").format == "json"


def test_everything_about_syslog():
    found = source(
        "syslog: {udp: ':1', tcp: ':2', tls: '[::1]:3', unix: /a, unix_stream: /b, mode: '0666',"
        " allow: 10.0.0.0/8, connections: 5, idle: 1m, receive_buffer: 1MiB,"
        " certificate: /c, key: /k, client_ca: /r}"
    )
    assert found.origin == SyslogSettings(
        udp=(Address("", 1),),
        tcp=(Address("", 2),),
        tls=(Address("::1", 3),),
        unix=("/a",),
        unix_stream=("/b",),
        mode=0o666,
        allow=("10.0.0.0/8",),
        connections=5,
        idle=60.0,
        receive_buffer=1 << 20,
        certificates=TlsSettings(certificate="/c", key="/k", client_ca="/r"),
    )


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("stdin: true", StdinSettings()),
        ("pipe: /run/a.fifo", PipeSettings(place="/run/a.fifo")),
        ("exec: dmesg", ExecSettings(command=("dmesg",))),
        ("exec: [/bin/x, 'a b', '*']", ExecSettings(command=("/bin/x", "a b", "*"))),
    ],
)
def test_streams(text, origin):
    assert source(f"{text}, multiline: java").origin == origin


def test_there_is_one_stdin():
    with pytest.raises(ConfigError, match="source 'a' reads stdin already"):
        from_text(f"sources: {{a: {{stdin: true}}, b: {{stdin: true}}}}\n{REST}")


@pytest.mark.parametrize("name", ["docker", "cri", "docker+json", "cri+combined"])
def test_formats_of_containers(name):
    """Any field may be asked for: the container has some."""
    rules = "rules: [{name: r, where: {container: web}}]\nsinks: {out: {console: {}}}\n"
    (found,) = from_text(f"sources: {{s: {{path: /x, format: {name}}}}}\n{rules}").sources
    assert found.wrapping == name.partition("+")[0]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("dockr", "did you mean 'docker'?"),
        ("docker+jsn", "there is no format 'docker+jsn'"),
        ("json+docker", "there is no format 'json+docker'"),
        ("docker+docker", "there is no format 'docker+docker'"),
    ],
)
def test_formats_that_there_are_not(name, message):
    assert message in problems(f"path: /x, format: {name}")


def test_the_sender_is_a_field_of_syslog_and_of_no_file():
    """A mistyped field is told as for files."""
    rules = "rules: [{name: r, where: {peer: x, host: y}}]\nsinks: {out: {console: {}}}\n"
    assert from_text(f"sources: {{s: {{syslog: ':1'}}}}\n{rules}").rules
    for sources in ("{path: /x, format: syslog}", "{syslog: ':1'}"):
        wrong = rules if "path" in sources else rules.replace("peer", "pear")
        with pytest.raises(ConfigError, match="a field that source 's'"):
            from_text(f"sources: {{s: {sources}}}\n{wrong}")


def test_any_field_may_be_asked_for_in_the_journal():
    """What an entry has only the entry tells."""
    rules = "rules: [{name: r, where: {_ANY: x}}]\nsinks: {out: {console: {}}}\n"
    assert from_text(f"sources: {{s: {{journald: all}}}}\n{rules}").rules


@pytest.mark.parametrize("form", ["plain", "syslog"])
def test_how_grave_an_entry_is_has_the_words_of_syslog(form):
    """Any other would never hold, and nobody would be told."""
    rules = "rules: [{name: r, where: {severity: error}}]\nsinks: {out: {console: {}}}\n"
    with pytest.raises(ConfigError, match="did you mean 'err'"):
        from_text(f"sources: {{s: {{journald: all, format: {form}}}}}\n{rules}")
    assert from_text(f"sources: {{s: {{journald: all, format: json}}}}\n{rules}").rules, "of a text"


@pytest.mark.parametrize(
    ("source", "in_journal"),
    [
        ("{path: /var/log/no-such.log, format: syslog}", True),
        ("{path: [/var/log/no-such.log, /var/log/nor-such], format: syslog}", True),
        ("{path: /var/log/no-such.log}", False),
        ("{path: /srv/no-such.log, format: syslog}", False),
    ],
)
def test_where_nobody_writes_the_files_of_syslog_the_journal_is_named(
    bench, monkeypatch, tmp_path, source, in_journal
):
    """A fresh Debian 12: no file would ever come."""
    monkeypatch.setattr("logwatch.config.sources.JOURNALS", (tmp_path,))
    problem = bench.one(f"sources: {{auth: {source}}}")
    assert problem.code == "no-match"
    assert ("journald: all in the place of path" in problem.help) is in_journal
    monkeypatch.setattr("logwatch.config.sources.JOURNALS", (tmp_path / "none",))
    assert "let it wait for the file" in bench.one(f"sources: {{auth: {source}}}").help
