"""Each format: lines as programs write them, and the fields that they have."""

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from logwatch.parsers import FORMATS, make_parser
from logwatch.parsers.base import Parsed, ParserSettings

NOW = 1_767_571_200.0  # 2026-01-05T00:00:00Z
AT_ONE = NOW + 3600


def parse(format_name, text, time_field=None):
    """One line, in UTC."""
    parser = make_parser(format_name, ParserSettings(tz=UTC, time_field=time_field))
    return parser.parse(text, AT_ONE)


def test_an_unknown_format_is_a_key_error():
    """The configuration checks names before."""
    assert "xml" not in FORMATS
    with pytest.raises(KeyError):
        make_parser("xml", ParserSettings(tz=UTC))


def test_plain_lines_have_no_fields():
    """Only a stamp at the very beginning is a time."""
    assert parse("plain", "ERROR at 2026-01-05T01:00:00Z") == Parsed(None, {})
    assert parse("plain", "[2026-01-05T01:00:00Z] ERROR") == Parsed(AT_ONE, {})


@pytest.mark.parametrize(
    ("rest", "fields"),
    [
        (
            "web1 sshd[811]: msg: x",
            {"host": "web1", "program": "sshd", "pid": "811", "message": "msg: x"},
        ),
        ("web1 sudo:   bob : x", {"host": "web1", "program": "sudo", "message": "  bob : x"}),
        (
            "web1 postfix/smtpd[7]: x",
            {"host": "web1", "program": "postfix/smtpd", "pid": "7", "message": "x"},
        ),
        (
            "combo su(pam_unix)[9]: x",
            {"host": "combo", "program": "su(pam_unix)", "pid": "9", "message": "x"},
        ),
        (
            "web1 kernel: [ 1.5] eth0: up",
            {"host": "web1", "program": "kernel", "message": "[ 1.5] eth0: up"},
        ),
        (
            "web1 CRON[1]: (root) CMD (x)",
            {"host": "web1", "program": "CRON", "pid": "1", "message": "(root) CMD (x)"},
        ),
        ("myapp[12]: hi", {"program": "myapp", "pid": "12", "message": "hi"}),
        ("myapp: hi", {"program": "myapp", "message": "hi"}),
        (
            "web1 last message repeated 2 times",
            {"host": "web1", "message": "last message repeated 2 times"},
        ),
        ("web1 http://x is down", {"host": "web1", "message": "http://x is down"}),
        ("2001:db8::1 app: x", {"host": "2001:db8::1", "program": "app", "message": "x"}),
        ("web1 app:", {"host": "web1", "program": "app"}),
        ("web1", {"host": "web1"}),
        ("", {}),
    ],
)
@pytest.mark.parametrize("stamp", ["Jan  5 01:00:00", "2026-01-05T01:00:00.000+00:00"])
@pytest.mark.parametrize("priority", ["", "<165>"])
def test_syslog_parts_of_a_line(priority, stamp, rest, fields):
    """Tag and host may be missing, with either stamp, with and without a priority."""
    if priority:
        fields = fields | {"priority": "165", "facility": "local4", "severity": "notice"}
    line = f"{priority}{stamp} {rest}".rstrip(" ") if not rest else f"{priority}{stamp} {rest}"
    assert parse("syslog", line) == Parsed(AT_ONE, fields)


WEB1 = {"host": "web1", "program": "sshd", "pid": "7", "message": "x"}
LINK = {"program": "%LINK-3-UPDOWN", "message": "x"}
FW1 = {"host": "fw1", "program": "%ASA-6-302013", "message": "x"}


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        ("Jan 5 01:00:00 web1 sshd[7]: x", WEB1),
        ("Jan  5 01:00:00 web1 auth.info sshd[7]: x", WEB1),
        ("Jan  5 01:00:00 web1 kern.warn kernel: x", {
            "host": "web1", "program": "kernel", "message": "x"}),
        ("Mon Jan  5 01:00:00 2026 auth.info sshd[7]: x", {
            "program": "sshd", "pid": "7", "message": "x"}),
        ("Mon Jan  5 01:00:00 2026 [1767574800.000] kern.err kernel: x", {
            "program": "kernel", "message": "x"}),
        ("Mon 2026-01-05 01:00:00 UTC web1 sshd[7]: x", WEB1),
        ("Mon 2026-01-05 01:00:00 CET web1 sshd[7]: x", WEB1),
        ("1767574800.000000 web1 sshd[7]: x", WEB1),
        ("2026 Jan  5 01:00:00 web1 sshd[7]: x", WEB1),
        ("Jan  5 01:00:00.000 2026  web1 sshd[7]: x", WEB1),
        ("Jan  5 01:00:00 2026  web1 sshd[7]: x", WEB1),
        ("Jan 05 2026 01:00:00: %ASA-6-302013: x", {k: FW1[k] for k in ("program", "message")}),
        ("Jan 05 2026 01:00:00 fw1 : %ASA-6-302013: x", FW1),
        ("2026-01-05T01:00:00Z fw1 : %ASA-6-302013: x", FW1),
        ("Jan  5 01:00:00 fw1 Jan 05 2026 01:00:00: %ASA-6-302013: x", FW1),
        ("*Jan  5 01:00:00.000: %LINK-3-UPDOWN: x", LINK),
        ("000045: *Jan  5 01:00:00.000 UTC: %LINK-3-UPDOWN: x", LINK),
        ("45: Jan  5 01:00:00: %LINK-3-UPDOWN: x", LINK),
        ("45: 000045: rtr1: *Jan  5 01:00:00.000: %LINK-3-UPDOWN: x", LINK),
        ("45: Jan  5 2026 01:00:00.000 CET: %LINK-3-UPDOWN: x", LINK),
        (": 2026 Jan  5 01:00:00 UTC: %LINK-3-UPDOWN: x", LINK),
        ("Jan  5 01:00:00 UTC: %LINK-3-UPDOWN: x", LINK),
        ("Jan  5 01:00:00 rtr1 45: *Jan  5 00:59:59.123: %LINK-3-UPDOWN: x",
         {"host": "rtr1", **LINK}),
        ("2026-01-05T01:00:00Z rtr1 45: Jan  5 00:59:59.123 UTC: %LINK-3-UPDOWN: x",
         {"host": "rtr1", **LINK}),
        ("RP/0/RSP0/CPU0:Jan  5 01:00:00.000 UTC: config[7]: %A: x",
         {"program": "config", "pid": "7", "message": "%A: x"}),
        ("Jan  5 01:00:00 web1 45: x", {"host": "web1", "program": "45", "message": "x"}),
        ("Jan  5 01:00:00 web1 2026 is here", {"host": "web1", "message": "2026 is here"}),
        ("Jan  5 01:00:00 UTC: x", {"program": "UTC", "message": "x"}),
        ("Jan  5 01:00:00 web1 auth.info", {"host": "web1", "message": "auth.info"}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("priority", ["", "<165>"])
def test_syslog_of_network_devices_busybox_and_journalctl(priority, line, fields):
    """A year, the name of a zone, a level or a number stand in places of their own."""
    if priority:
        fields = fields | {"priority": "165", "facility": "local4", "severity": "notice"}
    assert parse("syslog", priority + line) == Parsed(AT_ONE, fields)
    parser = make_parser("syslog", ParserSettings(tz=UTC))
    assert parser.time(priority + line, AT_ONE) == AT_ONE


def test_a_year_and_utc_in_a_syslog_stamp_count():
    """An old log is of its year, whatever the source's zone."""
    parser = make_parser("syslog", ParserSettings(tz=ZoneInfo("Europe/Paris")))
    for line in ("Jan  5 01:00:00.250 2016  web1 x", "Mon Jan  5 01:00:00.250 2016 web1 x"):
        assert parser.time(line, AT_ONE) == datetime(2016, 1, 5, tzinfo=UTC).timestamp() + 0.25
    assert parser.time("*Jan  5 01:00:00.250 UTC: %A: x", AT_ONE) == AT_ONE + 0.25
    assert parser.time("Jan 05 2026 01:00:00 CET: %A: x", AT_ONE) == NOW


@pytest.mark.parametrize(
    ("rest", "fields"),
    [
        ("- - - - - -", {}),
        ("- - - - - - x", {"message": "x"}),
        (
            "web1 app 7 ID47 - \ufeffx",
            {"host": "web1", "program": "app", "pid": "7", "msgid": "ID47", "message": "x"},
        ),
        (
            'web1 app - - [a@1 b="c"][d] x',
            {"host": "web1", "program": "app", "a@1.b": "c", "message": "x"},
        ),
        (r'- - - - [a b="\"\\\]\n" c="]"] x', {"a.b": r'"\]\n', "a.c": "]", "message": "x"}),
        ("- - - - [broken x", {"message": "[broken x"}),
        ("- - - - -", {}),
    ],
)
def test_syslog_of_the_newer_rfc(rest, fields):
    """RFC 5424: nil values are no fields, parameters are unescaped, broken data is message."""
    stamp = (
        "" if rest == "- - - - - -" or rest.startswith("- - - - - - ") else "2026-01-05T01:00:00Z "
    )
    priority = {"priority": "34", "facility": "auth", "severity": "crit"}
    expected = Parsed(AT_ONE if stamp else None, priority | fields)
    assert parse("syslog", f"<34>1 {stamp}{rest}") == expected


@pytest.mark.parametrize(
    "line",
    [
        "no stamp here",
        "<34>no stamp",
        "<34>1 yesterday web1 app - - - x",
        "<3x4>Jan  5 01:00:00 a b",
    ],
)
def test_a_line_without_a_syslog_stamp_is_not_syslog(line):
    """It has no fields, and rules still see its text."""
    assert parse("syslog", line) == Parsed(None, {})


def test_structured_data_is_bounded():
    """200 parameters are told, and a facility that has no name is not."""
    many = "".join(f'[e{number} a="1" b="2"]' for number in range(1000))
    one = "[e " + " ".join(f'p{number}="1"' for number in range(1000)) + "]"
    for data in (many, one):
        parsed = parse("syslog", f"<999>1 - - - - - {data} x")
        assert sum("." in name for name in parsed.fields) == 200
        assert parsed.fields["message"] == "x"
        assert "facility" not in parsed.fields


@pytest.mark.parametrize(
    ("record", "fields"),
    [
        ({"a": {"b": {"c": 1}}}, {"a.b.c": "1"}),
        ({"a": ["x", {"y": None}, False]}, {"a.0": "x", "a.2": "false"}),
        ({"a": {}, "b": [], "": "e"}, {"": "e"}),
        ({"a.b": 1, "n": -2}, {"a.b": "1", "n": "-2"}),
        ({"log": "x\n"}, {"log": "x\n"}),
        ({"log": "x\n", "stream": "stderr"}, {"log": "x", "stream": "stderr"}),
    ],
)
def test_json_becomes_flat_text(record, fields):
    """Dotted names, lists by index, null is absent; Docker's newline goes."""
    assert parse("json", json.dumps(record)) == Parsed(None, fields)


def test_json_numbers_keep_their_spelling():
    """A price of 1.50 stays 1.50, and no float rounds it."""
    line = '{"a": 1.50, "b": 1e400, "c": 123456789012345678901234567890}'
    fields = {"a": "1.50", "b": "1e400", "c": "123456789012345678901234567890"}
    assert parse("json", line).fields == fields


@pytest.mark.parametrize(
    ("written", "value"),
    [
        (r"caf\xe9", r"caf\xe9"),  # a byte that is not in the source's encoding reads so
        (r"C:\dir", r"C:\dir"),
        (r"cut in half \ud83d", r"cut in half \ud83d"),
        (r"\ude00\ud83d", r"\ude00\ud83d"),
        (r"\ud83d\ud83d\ude00", r"\ud83d😀"),
        (r"\\xe9 \xe9", r"\xe9 \xe9"),
        (r"\u12 \" \n \q", '\\u12 " \n \\q'),
    ],
)
@pytest.mark.parametrize(("name", "line"), [("json", '{"m":"%s","n":1}'), ("logfmt", 'm="%s" n=1')])
def test_a_backslash_that_begins_no_escape_stands_for_itself(name, line, written, value):
    """No one byte of a line, which may be a stranger's, hides the rest of it."""
    assert parse(name, line % written).fields == {"m": value, "n": "1"}


def test_json_is_bounded_in_depth_and_number():
    """Eight levels, two hundred fields."""
    deep = '{"a":' * 9 + "1" + "}" * 9
    assert parse("json", '{"x": 1, "d": ' + deep + "}").fields == {"x": "1"}
    assert parse("json", deep[5:-1]).fields == {".".join("a" * 8): "1"}
    assert len(parse("json", json.dumps({str(number): 1 for number in range(999)})).fields) == 200


@pytest.mark.parametrize(
    "line", ["[1]", '"x"', "1", "null", '{"a": 1', '{"a": 1} x', "{'a': 1}", ""]
)
def test_what_is_no_whole_object_has_no_fields(line):
    """Lists, scalars, broken and quoted wrongly."""
    assert parse("json", line) == Parsed(None, {})


@pytest.mark.parametrize(
    ("record", "field", "expected"),
    [
        ({"time": "2026-01-05T01:00:00Z"}, None, AT_ONE),
        ({"ts": AT_ONE}, None, AT_ONE),
        ({"ts": AT_ONE * 1000}, None, AT_ONE),
        ({"@timestamp": "2026-01-05T01:00:00.000Z"}, None, AT_ONE),
        ({"time": "soon", "eventTime": "2026-01-05T01:00:00Z"}, None, AT_ONE),
        ({"t": {"$date": "2026-01-05T01:00:00.000+00:00"}}, None, AT_ONE),
        ({"__REALTIME_TIMESTAMP": "1767574800000000"}, None, AT_ONE),
        ({"meta": {"when": "2026-01-05T01:00:00Z"}}, "meta.when", AT_ONE),
        ({"meta.when": "2026-01-05T01:00:00Z"}, "meta.when", AT_ONE),
        ({"meta": ["2026-01-05T01:00:00Z"]}, "meta.0", AT_ONE),
        ({"meta": 1}, "meta.when", None),
        ({"time": "2026-01-05T01:00:00Z"}, "when", None),
        ({"time": True}, None, None),
        ({"time": ["2026-01-05T01:00:00Z"]}, None, None),
    ],
)
def test_json_event_time(record, field, expected):
    """The field that the source names and no other, else the usual names in order."""
    assert parse("json", json.dumps(record), field).time == expected


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        ("a=1 b=two", {"a": "1", "b": "two"}),
        ("  a=1\tb", {"a": "1", "b": "true"}),
        ("a= b=", {"a": "", "b": ""}),
        (r'msg="a \"b\"\n\u00e9 c" x=1', {"msg": 'a "b"\né c', "x": "1"}),
        ("msg='a \"b\" \\' x=1", {"msg": 'a "b" \\', "x": "1"}),
        ('msg="" x=1', {"msg": "", "x": "1"}),
        ('msg="tab\there \\"q\\""', {"msg": 'tab\there "q"'}),
        ('url=/a?b=c&d="e" x=1', {"url": '/a?b=c&d="e"', "x": "1"}),
        ("a=1 a=2", {"a": "2"}),
        ("a.b=1 ключ=да", {"a.b": "1", "ключ": "да"}),
        ('a=1 msg="no end', {"a": "1"}),
        (r'a=1 msg="bad \x escape" b=2', {"a": "1", "msg": r"bad \x escape", "b": "2"}),
        ("a=1 =2 b=3", {"a": "1"}),
        ('a=1 "quoted" b=3', {"a": "1"}),
        ('a=1 b"c d=3', {"a": "1"}),
        ('a="b"c=1', {"a": "b", "c": "1"}),
        ("=x", {}),
        ("", {}),
    ],
)
def test_logfmt_pairs(line, fields):
    """As go-logfmt reads them, and kinder to bare values."""
    assert parse("logfmt", line) == Parsed(None, fields)


@pytest.mark.parametrize(
    ("line", "field", "expected"),
    [
        ("ts=2026-01-05T01:00:00Z a=1", None, AT_ONE),
        ("time=soon t=1767574800.0", None, AT_ONE),
        ('when="2026-01-05 01:00:00" ts=1', "when", AT_ONE),
        ("ts=2026-01-05T01:00:00Z", "when", None),
    ],
)
def test_logfmt_event_time(line, field, expected):
    """The field that the source names and no other, else the usual names in order."""
    assert parse("logfmt", line, field).time == expected


def test_logfmt_fields_are_bounded():
    """Two hundred, and repetitions count."""
    assert parse("logfmt", "a=1 " * 300 + "b=1").fields == {"a": "1"}
    assert len(parse("logfmt", " ".join(f"k{number}" for number in range(999))).fields) == 200


STAMP = "[05/Jan/2026:01:00:00 +0000]"
HEAD = {"remote_addr": "203.0.113.9", "ip": "203.0.113.9", "time_local": STAMP[1:-1]}


@pytest.mark.parametrize(
    ("tail", "fields"),
    [
        (
            ' "GET /a?b=c HTTP/1.1" 200 12',
            "request=GET /a?b=c HTTP/1.1|method=GET|path=/a|protocol=HTTP/1.1|status=200|bytes=12",
        ),
        (
            ' "GET /a b HTTP/1.1" 400 -',
            "request=GET /a b HTTP/1.1|method=GET|path=/a b|protocol=HTTP/1.1|status=400",
        ),
        (' "-" 408 0 "-" "-"', "status=408|bytes=0"),
        (r' "\x16\x03" 400 0 "-" "-"', r"request=\x16\x03|status=400|bytes=0"),
        (
            r' "GET /\"x HTTP/1.1" 200 1 "r\"r" "a \"b\" c"',
            (
                r"request=GET /\"x HTTP/1.1|method=GET|path=/\"x|protocol=HTTP/1.1"
                r"|status=200|bytes=1|referer=r\"r|user_agent=a \"b\" c"
            ),
        ),
        (
            ' "GET / HTTP/2.0" 200 1 "-" "curl" 0.012 "up" more',
            (
                "request=GET / HTTP/2.0|method=GET|path=/|protocol=HTTP/2.0|status=200|bytes=1"
                "|user_agent=curl|request_time=0.012"
            ),
        ),
        (' "GET / HTTP/1.1', ""),
        ("", ""),
    ],
)
def test_access_log_lines(tail, fields):
    """Common and combined, odd requests, more columns, cut lines."""
    expected = HEAD | dict(pair.split("=", 1) for pair in fields.split("|") if pair)
    assert parse("combined", f"203.0.113.9 - - {STAMP}{tail}") == Parsed(AT_ONE, expected)


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (" 0.123", "0.123"),
        (' "0.123"', "0.123"),
        (" rt=0.123", "0.123"),
        (' rt="0.123" urt="0.120"', "0.123"),
        (" request_time=12.000", "12.000"),
        (' "10.0.0.1, 10.0.0.2" 0.123 0.120 .', "0.123"),  # the first
        (' urt="0.120" uct=0.000 "-"  rt=0.123', "0.123"),
        (" 345 0.123 [shop-80] 10.0.0.1:80 612 0.122 200", "0.123"),  # ingress-nginx
        (' "3.29"', None),  # a ratio of gzip
        (' "as 0.123 says"', None),  # sent by a client
        (r' "a \" 0.123"', None),
        (' "0.123 "', None),
        (' "0.123', None),
        (" 0.123s 10.0.0.123 0.1234 -0.123 1e0.123 12 - rt=-", None),
        (' "unclosed 0.123', None),
        ("0.123", None),
        (" ٠.١٢٣", None),
        ("", None),
    ],
)
@pytest.mark.parametrize("request_line", ["GET / HTTP/2.0", r"GET /\" HTTP/2.0", "-"])
def test_a_column_behind_the_user_agent_may_be_the_time_of_the_request(
    request_line, columns, expected
):
    """As nginx writes `$request_time`, in the usual lines and in odd ones."""
    line = f'203.0.113.9 - - {STAMP} "{request_line}" 200 1 "0.001" "0.002 x"{columns}'
    assert parse("combined", line).fields.get("request_time") == expected


def test_no_column_of_the_common_format_is_the_time_of_the_request():
    """What stands there is the referrer, or nobody knows."""
    for rest in ("0.123", '"0.123"', '"-" 0.123'):
        line = f'203.0.113.9 - - {STAMP} "GET / HTTP/1.1" 200 1 {rest}'
        assert "request_time" not in parse("combined", line).fields


def test_columns_without_end_are_read_in_no_time():
    """Quotes and backslashes too, each of which a search could begin at again."""
    for columns in (r" \"" * 100_000, ' "a' * 100_001, " 0.12" * 100_000, ' "' + r"\"" * 100_000):
        line = f'203.0.113.9 - - {STAMP} "GET / HTTP/1.1" 200 1 "-" "x"{columns} 0.123'
        found = parse("combined", line).fields.get("request_time")
        assert found == ("0.123" if columns.startswith(" 0.12") else None)


@pytest.mark.parametrize(
    ("head", "fields"),
    [
        ("2001:db8::9 - -", {"remote_addr": "2001:db8::9"}),
        ("203.0.113.9 - alice", {"remote_addr": "203.0.113.9", "user": "alice"}),
        ("203.0.113.9 - alice b. c", {"remote_addr": "203.0.113.9", "user": "alice b. c"}),
        ("203.0.113.9 id -", {"remote_addr": "203.0.113.9", "ident": "id"}),
        (
            "shop.example:443 203.0.113.9 - al",
            {"vhost": "shop.example:443", "remote_addr": "203.0.113.9", "user": "al"},
        ),
        ("shop 2001:db8::9 - -", {"vhost": "shop", "remote_addr": "2001:db8::9"}),
        ("localhost - -", {"remote_addr": "localhost"}),
    ],
)
def test_who_asked(head, fields):
    """Addresses of both kinds, names, users with blanks, a virtual host in front."""
    expected = fields | {"ip": fields["remote_addr"], "time_local": STAMP[1:-1]}
    assert parse("combined", f"{head} {STAMP}").fields == expected


@pytest.mark.parametrize(
    "line", ["x", "1.2.3.4 - - [yesterday, about at noon] x", "1.2.3.4 [x] y z"]
)
def test_what_is_no_access_line_has_no_fields(line):
    """Error pages, banners, other formats."""
    assert parse("combined", line) == Parsed(None, {})


def test_a_logfmt_line_without_a_field_for_its_time_may_begin_with_it():
    """As auditd's do, and those behind which somebody put a stamp; not where a field is named."""
    audit = "type=LOGIN msg=audit(1767571200.250:42): pid=8 msg='op=x res=failed'"
    for line in (audit, "2026-01-05T00:00:00.25Z level=info msg=x"):
        assert parse("logfmt", line).time == 1_767_571_200.25
        assert parse("logfmt", line, time_field="when").time is None
    assert parse("logfmt", "2026-01-05T00:00:00Z time=2026-01-05T00:00:07Z").time == 1_767_571_207.0
