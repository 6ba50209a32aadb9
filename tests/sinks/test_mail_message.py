"""Mails as they are made, before anybody sends them."""

from __future__ import annotations

from email import message_from_bytes, policy
from html.parser import HTMLParser

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch.records import Alert, AlertContext, AlertLine, Group, Member
from logwatch.sinks.mail_message import Mailbox, as_bytes, as_html, compose
from logwatch.sinks.own_words import PeopleSettings, Writer
from logwatch.sinks.wording import words

WALL = 1_767_574_890.0
OPS = Mailbox("ops@example.org", "Ops")


def mail(alert, recipients=(OPS,), *, wide=False):
    made = compose(
        alert,
        words(alert),
        sender=Mailbox("logwatch@web1.example.org"),
        recipients=recipients,
        wall=WALL,
    )
    return as_bytes(made, recipients, wide=wide)


def read(data):
    return message_from_bytes(data, policy=policy.default)


def part(message, kind):
    return message.get_body((kind,)).get_content()


class Page(HTMLParser):
    """Which elements a page has, where it leads to, and what it says."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.text = [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.text += data


def test_a_mail_says_the_same_in_text_and_in_html(alert):
    message = read(mail(alert(labels={"runbook": "https://wiki.example.org/ssh"})))
    assert message["Subject"] == (
        "▲ WARNING ssh-guessing on web1/auth: 5 failed logins from 203.0.113.9 (5 times)"
    )
    assert message.get_content_type() == "multipart/alternative"
    text, page = part(message, "plain"), Page(part(message, "html"))
    for said in (
        "/var/log/auth.log:1234",
        "Failed",
        "203.0.113.9",
        "2026-01-05 01:00:00 UTC",
        "https://wiki.example.org/ssh",
        "logwatch silence rule=ssh-guessing ip=203.0.113.9 --for 2h",
        "logwatch why b4c1f0",
    ):
        assert said in text
        assert said in page.text
    assert ("href", "https://wiki.example.org/ssh") in page.attributes


def test_the_headers_say_that_a_program_wrote_it(alert):
    message = read(mail(alert()))
    assert message["From"] == "logwatch@web1.example.org"
    assert message["To"] == "Ops <ops@example.org>"
    assert message["Date"].datetime.timestamp() == WALL
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Auto-Response-Suppress"] == "All"
    assert {name: value for name, value in message.items() if name.startswith("X-Logwatch")} == {
        "X-Logwatch-ID": "b4c1f0:1",
        "X-Logwatch-Rule": "ssh-guessing",
        "X-Logwatch-Status": "firing",
        "X-Logwatch-Severity": "warning",
        "X-Logwatch-Source": "auth",
        "X-Logwatch-Host": "web1",
    }


@pytest.mark.parametrize(
    ("severity", "status", "importance"),
    [("critical", "firing", "high"), ("error", "firing", None), ("critical", "resolved", None)],
)
def test_only_what_is_critical_now_is_of_high_importance(alert, severity, status, importance):
    assert read(mail(alert(severity=severity, status=status)))["Importance"] == importance


def test_an_episode_is_one_thread(alert):
    first, second, third = (
        read(mail(alert(seq=seq, status=status)))
        for seq, status in ((1, "firing"), (2, "updated"), (3, "resolved"))
    )
    assert first["Message-ID"] == "<logwatch.b4c1f0.1@web1.example.org>"
    assert first["References"] is None
    assert second["Message-ID"] == "<logwatch.b4c1f0.2@web1.example.org>"
    assert third["Message-ID"] == "<logwatch.b4c1f0.3@web1.example.org>"
    for later in (second, third):
        assert later["In-Reply-To"] == later["References"] == first["Message-ID"]


def test_the_same_message_is_the_same_mail_to_the_byte(alert):
    assert mail(alert()) == mail(alert())


def test_all_is_ascii_in_short_lines(alert):
    data = mail(alert(message="naïve €" * 500, rule="x" * 300, host="ü" * 300))
    assert data.isascii()
    assert max(map(len, data.split(b"\r\n"))) <= 78 + len("X-Logwatch-Rule: ") + 200
    assert b"\n" not in data.replace(b"\r\n", b"")


def test_no_text_becomes_a_header(alert):
    hostile = "x\r\nBcc: victim@example.org\r\n\r\n<b>"
    data = mail(alert(message=hostile, rule=hostile, host=hostile, source=hostile, id=hostile))
    message = read(data)
    assert message["Bcc"] is None
    assert b"\r\nBcc" not in data
    assert message["X-Logwatch-Rule"] == "x␍␊Bcc: victim@example.org␍␊␍␊<b>"
    assert message["Message-ID"].count("@") == 1


def test_no_text_becomes_a_part(alert):
    forged = "--=_logwatch.b4c1f0\nContent-Type: text/html\n\n<script>--=_logwatch.b4c1f0--"
    message = read(mail(alert(lines=[AlertLine("/log", 0, "", forged)])))
    assert [each.get_content_type() for each in message.iter_parts()] == ["text/plain", "text/html"]
    assert "--=_logwatch.b4c1f0\r\n    Content-Type: text/html" in part(message, "plain")


def test_no_text_becomes_html_and_nothing_is_loaded_from_elsewhere(alert):
    hostile = "<script>alert(1)</script><img src=x onerror=y>\"'&lt;</pre></td>"
    line = AlertLine(hostile, 0, "", hostile)
    texts = {hostile: hostile}
    page = as_html(
        words(
            alert(
                message=hostile, rule=hostile, host=hostile, source=hostile, path=hostile,
                key=texts, fields=texts, labels=texts | {"runbook": "javascript:alert(1)"},
                lines=[line], context=AlertContext(before=(line,), after=(line,)),
            )
        )
    )  # fmt: skip
    seen = Page(page)
    assert not {"script", "img", "a", "link", "iframe", "form"} & set(seen.tags)
    assert not {"src", "href", "onerror"} & {name for name, _ in seen.attributes}
    assert "url(" not in page
    assert hostile[:25] in seen.text


def test_a_page_suits_light_and_dark(alert):
    page = as_html(words(alert()))
    assert '<meta name="color-scheme" content="light dark">' in page
    assert "background" not in page
    assert ";color:" not in page


@pytest.mark.parametrize(
    "runbook", ["javascript:alert(1)", "https://x/ onclick=y", "//x", "ask Bob <b>", "file:///etc"]
)
def test_only_an_http_address_is_a_link(alert, runbook):
    page = Page(as_html(words(alert(labels={"runbook": runbook}))))
    assert "a" not in page.tags
    assert runbook in page.text


def group_alert(alert):
    members = tuple(
        Member(
            id=f"m{n}", seq=1, status="firing", rule="disk-error", severity="critical",
            message=f"I/O error, dev sd{n} <b>", source="kern", host="db1", key={}, count=2,
            first="", last="",
        )
        for n in range(3)
    )  # fmt: skip
    rules = {"disk-error": 10, "ssh-guessing": 2}
    group = Group(kind="group", by={}, alerts=12, burning=4, rules=rules, members=members)
    return alert(rule="<several>", message="12 alerts", group=group, key={}, fields={})


def test_a_message_of_several_lists_them(alert):
    message = read(mail(group_alert(alert)))
    for said in (part(message, "plain"), Page(part(message, "html")).text):
        assert "▲ CRITICAL disk-error on db1/kern: I/O error, dev sd2 <b> (2 times)" in said
        assert "and 9 more" in said
    assert "disk-error 10, ssh-guessing 2" in part(message, "plain")


def test_a_test_is_marked_in_the_subject(alert):
    message = read(mail(alert(message="[TEST] a test message", labels={"test": "true"})))
    assert message["Subject"].startswith("[TEST] ▲ WARNING")


def test_words_of_ones_own_stand_for_all_below_the_title(alert):
    writer = Writer(PeopleSettings(title="\x07{rule} <b>", text="<i> {ip}\nsee {see}"), "smtp")
    said = writer.words(alert(key={"ip": "<script>"}))
    made = compose(alert(), said, sender=OPS, recipients=[OPS], wall=WALL)
    message = read(made.as_bytes())
    assert message["Subject"] == "␇ssh-guessing <b>"
    assert part(message, "plain").splitlines() == ["<i> <script>", "see logwatch why b4c1f0"]
    page = Page(part(message, "html"))
    assert "<i> <script>\nsee logwatch why b4c1f0" in page.text.replace("\r", "")
    assert not {"script", "i", "b", "pre", "table"} & set(page.tags)


def test_the_largest_mail_is_bounded(alert):
    text = "<€\x1b" * 30_000
    line = AlertLine(text, 0, "", text)
    many = {f"{n}{text[:100]}": text for n in range(500)}
    big = alert(
        message=text, rule=text, host=text, source=text, path=text, key=many, fields=many,
        labels=many, lines=[line] * 500, context=AlertContext((line,) * 500, (line,) * 500),
    )  # fmt: skip
    assert len(mail(big)) < 2_000_000


@pytest.mark.parametrize("domain", ["[192.0.2.1]", "bücher.example"])
def test_a_message_id_needs_no_domain_that_is_a_name(alert, domain):
    made = compose(
        alert(),
        words(alert()),
        sender=Mailbox(f"a@{domain}"),
        recipients=[OPS],
        wall=WALL,
    )
    assert made["Message-ID"] == "<logwatch.b4c1f0.1@logwatch.invalid>"


def test_an_address_beyond_ascii_is_written_only_where_the_server_takes_it(alert):
    recipients = (OPS, Mailbox("jürgen@example.org"))
    assert read(mail(alert(), recipients))["To"] == "Ops <ops@example.org>"
    wide = mail(alert(), recipients, wide=True)
    assert "To: Ops <ops@example.org>, jürgen@example.org".encode() in wide


def test_a_user_of_the_mail_server_itself_needs_no_domain(alert):
    assert read(mail(alert(), [Mailbox("root")]))["To"] == "root"


text = st.text(st.characters(codec=None), max_size=300)


@given(text, text, text, text)
def test_whatever_the_texts_the_mail_can_be_read(message, rule, host, line):
    alert = msgspec.convert(
        {"schema": 1, "id": rule, "seq": 2, "status": "firing", "rule": rule, "severity": "error",
         "message": message, "source": host, "path": "", "host": host, "key": {"k": line},
         "fields": {line: rule}, "count": 1, "suppressed": 0, "first": "", "last": "", "at": "",
         "late": False, "lines": [AlertLine("p", 0, "", line)]},
        Alert,
    )  # fmt: skip
    found = read(mail(alert))
    assert not found.defects
    names = [name.lower() for name in found.keys()]  # noqa: SIM118 - a message is no dict
    assert len(names) == len(set(names)) == 17
    assert [each.get_content_type() for each in found.iter_parts()] == ["text/plain", "text/html"]
    assert part(found, "plain")
