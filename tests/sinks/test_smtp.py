"""Mail to real servers on the loopback, well and badly behaved."""

from __future__ import annotations

import gc
import ssl
import subprocess
import sys
from pathlib import Path

import pytest
from doubles.mail_server import ENCRYPT, HANG, HANG_UP, RESET, MailServer, RudeMailServer
from msgspec.structs import replace

from logwatch.clock import SystemClock
from logwatch.errors import SinkError
from logwatch.records import Delivered, Rejected, Retry
from logwatch.sinks import sink_from_url, smtp_client
from logwatch.sinks.settled import MOST_TRIES
from logwatch.sinks.smtp import SmtpSettings, SmtpSink, _our_name, encryption_of, parse_mailbox

CERTIFICATE = Path(__file__).with_name("loopback.pem")
OPS, BOSS, DUTY = "ops@example.org", "boss@example.org", "duty@example.org"


class LateClock(SystemClock):
    """The machine's clock, and then some."""

    ahead = 0.0

    def steady(self):
        return super().steady() + self.ahead


@pytest.fixture
def mail_server():
    made = []

    def make(parameters=None, **settings):
        made.append(MailServer(**settings))
        made[-1].listen(**(parameters or {}))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def rude():
    made = []

    def make(*script, context=None):
        made.append(RudeMailServer(list(script), context))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def sink():
    made = []

    def make(server, clock=None, **settings):
        values = {"to": (OPS,), "host": "127.0.0.1", "sender": "logwatch@web1.example.org"}
        values |= {"port": server.port, "timeout": 5.0} | settings
        made.append(SmtpSink(SmtpSettings(**values), clock or SystemClock()))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def context():
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(CERTIFICATE)
    return made


# The server warns that a password would go in the clear, which is what these tests want.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")


# -- a mail ------------------------------------------------------------------------------------


def test_a_mail_comes_whole(mail_server, sink, notification):
    server = mail_server()
    assert sink(server).deliver([notification(message="€ and\n.\nQUIT")]) == Delivered()
    (mail,) = server.mails
    assert (mail.sender, mail.recipients) == ("logwatch@web1.example.org", [OPS])
    assert mail.options[0].upper() == f"SIZE={len(mail.content)}"
    assert "€ and␊.␊QUIT" in mail.message["Subject"]
    assert "€ and␊.␊QUIT" in mail.message.get_body(("plain",)).get_content()


def test_a_line_of_one_dot_does_not_end_the_mail(mail_server, sink, notification, alert):
    server = mail_server()
    line = alert().lines[0]
    lines = [type(line)(line.path, 0, "", "one\n.\n..\nthree")]
    sink(server).deliver([notification(lines=lines)])
    (mail,) = server.mails
    text = mail.message.get_body(("plain",)).get_content().replace("\r\n", "\n")
    assert "one\n    .\n    ..\n    three" in text


def test_a_connection_serves_many_and_is_tried_before_each(mail_server, sink, notification):
    server = mail_server()
    mailer = sink(server)
    for seq in range(1, 4):
        mailer.deliver([notification(seq=seq)])
    assert server.connections == 1
    assert server.commands.count("RSET") == 2
    server.answers["RSET"] = "421 closing"
    assert mailer.deliver([notification(seq=4)]) == Delivered()
    assert (server.connections, len(server.mails)) == (2, 4)


def test_a_connection_that_was_idle_is_not_trusted(mail_server, sink, notification):
    server = mail_server()
    clock = LateClock()
    mailer = sink(server, clock)
    mailer.deliver([notification()])
    clock.ahead = 31
    mailer.deliver([notification(seq=2)])
    assert server.connections == 2
    assert "RSET" not in server.commands


def test_a_server_that_went_away_meanwhile_is_met_again(mail_server, sink, notification):
    server = mail_server()
    mailer = sink(server)
    mailer.deliver([notification()])
    server.hang_up()
    assert mailer.deliver([notification(seq=2)]) == Delivered()
    assert server.connections == 2


# -- recipients --------------------------------------------------------------------------------


def test_who_is_refused_keeps_it_from_nobody_else(mail_server, sink, notification, capsys):
    server = mail_server(answers={BOSS: "550 5.1.1 no such user"})
    mailer = sink(server, to=(OPS, BOSS, DUTY))
    outcome = mailer.deliver([notification()])
    assert outcome == Delivered("but not to boss@example.org: 550 5.1.1 no such user")
    assert server.mails[0].recipients == [OPS, DUTY]
    mailer.deliver([notification(seq=2)])
    logged = capsys.readouterr().err
    assert logged.count("sink.recipient_refused") == 1  # until it changes
    assert BOSS in logged


def test_where_all_are_refused_so_is_the_mail(mail_server, sink, notification):
    server = mail_server(answers={BOSS: "550 no such user", OPS: "550 no such user"})
    outcome = sink(server, to=(OPS, BOSS)).deliver([notification()])
    assert outcome == Rejected("mail server: ops@example.org, boss@example.org: 550 no such user")
    assert server.mails == []


def test_only_who_was_put_off_is_tried_again(mail_server, sink, notification):
    server = mail_server(
        answers={DUTY: ["451 4.7.1 greylisted", "451 4.7.1 greylisted"], BOSS: "550 no such user"}
    )
    mailer = sink(server, to=(OPS, BOSS, DUTY))
    for _ in range(2):
        outcome = mailer.deliver([notification()])
        reason = "mail server: duty@example.org: 451 4.7.1 greylisted"
        assert outcome == Retry(reason, partly=True)
    assert isinstance(mailer.deliver([notification()]), Delivered)
    assert [mail.recipients for mail in server.mails] == [[OPS], [DUTY]]
    assert server.mails[0].message["Message-ID"] == server.mails[1].message["Message-ID"]
    assert server.mails[1].message["To"] == f"{OPS}, {BOSS}, {DUTY}"
    assert server.commands.count(f"RCPT {BOSS}") == 1


def test_who_puts_it_off_for_ever_is_given_up_where_others_have_it(
    mail_server, sink, notification, capsys
):
    server = mail_server(answers={DUTY: "452 mailbox full"})
    mailer = sink(server, to=(OPS, DUTY))
    one = notification()
    for attempts in range(MOST_TRIES):
        outcome = mailer.deliver([replace(one, attempts=attempts)])
        assert isinstance(outcome, Retry)
        assert outcome.partly
    outcome = mailer.deliver([replace(one, attempts=MOST_TRIES)])
    assert outcome == Delivered("but not to duty@example.org: 452 mailbox full")
    assert len(server.mails) == 1
    assert "sink.recipient_refused" in capsys.readouterr().err


def test_nobody_is_given_up_where_nobody_has_it(mail_server, sink, notification):
    server = mail_server(answers={"RCPT": "452 mailbox full"})
    outcome = sink(server).deliver([replace(notification(), attempts=1000)])
    assert outcome == Retry("mail server: ops@example.org: 452 mailbox full")


def test_an_address_that_is_named_twice_gets_one_mail(mail_server, sink, notification):
    server = mail_server()
    sink(server, to=(OPS, f"Ops <{OPS}>")).deliver([notification()])
    assert server.mails[0].recipients == [OPS]


def test_another_mail_goes_to_all_while_one_waits_for_some(mail_server, sink, notification):
    server = mail_server(answers={DUTY: ["452 too many"]})
    mailer = sink(server, to=(OPS, DUTY))
    assert isinstance(mailer.deliver([notification()]), Retry)
    assert isinstance(mailer.deliver([notification(id="other")]), Delivered)
    assert server.mails[1].recipients == [OPS, DUTY]


# -- refusals ----------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("answer", ["451 later", "452 full", "550 never", "552 too big"])
def test_four_is_later_and_five_is_never(mail_server, sink, notification, command, answer):
    kind = Retry if answer.startswith("4") else Rejected
    server = mail_server(answers={command: [answer]})
    mailer = sink(server)
    assert mailer.deliver([notification()]) == kind(f"mail server: {OPS}: {answer}")
    assert isinstance(mailer.deliver([notification(seq=2)]), Delivered)
    assert len(server.mails) == 1


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
def test_a_server_that_closes_is_met_again(mail_server, sink, notification, command):
    server = mail_server(answers={command: ["421 4.3.2 shutting down"]})
    mailer = sink(server)
    assert mailer.deliver([notification()]) == Retry(f"mail server: {OPS}: 421 4.3.2 shutting down")
    assert isinstance(mailer.deliver([notification()]), Delivered)
    assert server.connections == 2


def test_a_mail_that_is_too_big_for_the_server_is_refused(mail_server, sink, notification):
    server = mail_server({"data_size_limit": 1000})
    outcome = sink(server).deliver([notification()])
    assert isinstance(outcome, Rejected)
    assert "552" in outcome.reason


def test_no_server_is_worth_another_try(rude, sink, notification):
    server = rude()
    port = server.port
    server.close()

    class Gone:
        def __init__(self):
            self.port = port

    gc.collect()
    gc.disable()
    try:
        outcome = sink(Gone()).deliver([notification()])
        left = [each for each in gc.get_objects() if type(each) is smtp_client._Connection]
    finally:
        gc.enable()
    assert outcome == Retry(f"mail server at 127.0.0.1:{port}: Connection refused")
    assert not left  # nor the mail: garbage is looked for after hundreds of tries


RUDENESS = {
    HANG: "no answer within 300ms",
    HANG_UP: "the connection was closed",
    RESET: "Connection reset by peer",
    "nonsense": "what it says is not SMTP",
}
GREETED = ("220 hello", "250 rude", "250 sender ok", "250 recipient ok", "354 go on")


@pytest.mark.parametrize("after", range(5))
@pytest.mark.parametrize("rudeness", RUDENESS)
def test_a_conversation_that_breaks_off_is_begun_again(rude, sink, notification, after, rudeness):
    server = rude(*GREETED[:after], rudeness)
    # Who answers, however badly, must not be taken for one that hangs by a machine that does.
    mailer = sink(server, timeout=0.3 if rudeness == HANG else 60.0)
    outcome = mailer.deliver([notification()])
    assert isinstance(outcome, Retry)
    assert outcome.reason.startswith(f"mail server at 127.0.0.1:{server.port}: ")
    # A reset may come in place of what was sent, and nonsense for EHLO counts as no server.
    assert RUDENESS[rudeness] in outcome.reason or (
        rudeness in (RESET, "nonsense") and outcome.reason.endswith("the connection was closed")
    )


def test_an_answer_that_does_not_end_is_not_read_to_its_end(rude, sink, notification):
    server = rude("\r\n".join(["220-" + "x" * 1000] * 200))
    outcome = sink(server).deliver([notification()])
    assert isinstance(outcome, Retry)
    assert outcome.reason.endswith("its answer does not end")


def test_an_answer_that_hides_something_is_shown(rude, sink, notification):
    server = rude("220 hello", "250 rude", "550 \x1b[2Jno\r\n")
    outcome = sink(server).deliver([notification()])
    assert outcome == Rejected(f"mail server: {OPS}: 550 ␛[2Jno")


def test_a_server_that_knows_only_helo_will_do(rude, sink, notification):
    server = rude(
        "220 hello", "502 what?", "250 rude", "250 ok", "250 ok", "354 go on", *["250 ok"] * 60
    )
    mailer = sink(server, timeout=60.0)
    mailer.deliver([notification()])
    assert [line.split()[0] for line in server.lines[:4]] == ["ehlo", "helo", "mail", "rcpt"]
    assert "size=" not in server.lines[2]


# -- addresses ---------------------------------------------------------------------------------


def test_an_address_beyond_ascii_goes_to_a_server_that_takes_it(mail_server, sink, notification):
    server = mail_server({"enable_SMTPUTF8": True})
    outcome = sink(server, to=(OPS, "jürgen@example.org")).deliver([notification()])
    assert outcome == Delivered()
    assert server.mails[0].recipients == [OPS, "jürgen@example.org"]
    assert "SMTPUTF8" in server.mails[0].options


def test_and_is_refused_where_the_server_does_not(mail_server, sink, notification):
    server = mail_server()
    outcome = sink(server, to=(OPS, "jürgen@example.org")).deliver([notification()])
    assert isinstance(outcome, Delivered)
    assert "jürgen@example.org: 5.6.7 the server takes no address" in outcome.detail
    assert server.mails[0].recipients == [OPS]
    outcome = sink(server, sender="jürgen@example.org").deliver([notification()])
    assert isinstance(outcome, Rejected)


# -- TLS and login -----------------------------------------------------------------------------


def test_starttls_with_an_authority_one_trusts(mail_server, sink, notification, context):
    server = mail_server({"tls_context": context, "require_starttls": True})
    mailer = sink(server, tls="starttls", ca=str(CERTIFICATE))
    for seq in (1, 2):
        assert mailer.deliver([notification(seq=seq)]) == Delivered()
    assert server.connections == 1


def test_tls_from_the_beginning(mail_server, sink, notification, context):
    server = mail_server({"ssl_context": context})
    assert sink(server, tls="tls", ca=str(CERTIFICATE)).deliver([notification()]) == Delivered()


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_a_certificate_that_nobody_vouches_for_is_refused(
    mail_server, sink, notification, context, tls
):
    parameters = {"starttls": "tls_context", "tls": "ssl_context"}[tls]
    server = mail_server({parameters: context})
    outcome = sink(server, tls=tls).deliver([notification()])
    assert isinstance(outcome, Retry)
    assert outcome.reason.endswith("its certificate is not trusted: self-signed certificate")
    assert server.mails == []


def test_a_certificate_for_another_host_is_refused(mail_server, sink, notification, context):
    server = mail_server({"tls_context": context})
    mailer = sink(server, tls="starttls", ca=str(CERTIFICATE), host="localhost")
    outcome = mailer.deliver([notification()])
    assert isinstance(outcome, Retry)
    assert "its certificate is not trusted: Hostname mismatch" in outcome.reason


def test_no_mail_goes_in_the_clear_because_the_server_has_no_starttls(
    mail_server, sink, notification
):
    server = mail_server()
    outcome = sink(server, tls="starttls", username="u", password="secret").deliver(
        [notification()]
    )
    assert isinstance(outcome, Retry)
    assert "it does not offer STARTTLS; write `tls: none`" in outcome.reason
    assert server.commands == []


def test_what_was_said_before_tls_is_forgotten(rude, sink, notification, context):
    """CVE-2011-0411 the other way round: an answer put in beforehand must not be believed."""
    server = rude(
        "220 hello", "250-rude\r\n250 STARTTLS",
        "220 go on\r\n250-forged\r\n250 AUTH PLAIN", ENCRYPT, "250 real", "250 ok", HANG_UP,
        context=context,
    )  # fmt: skip
    mailer = sink(server, tls="starttls", ca=str(CERTIFICATE), username="u", password="secret")
    outcome = mailer.deliver([notification()])
    assert isinstance(outcome, Retry)
    assert not any("AUTH" in line.upper() for line in server.lines)


def test_a_login(mail_server, sink, notification):
    server = mail_server(password="open sesame")
    mailer = sink(server, username="logwatch", password="open sesame")
    assert mailer.deliver([notification()]) == Delivered()


def test_a_login_that_is_refused_is_tried_again_slowly(mail_server, sink, notification):
    server = mail_server(password="open sesame")
    outcome = sink(server, username="logwatch", password="wrong-secret").deliver([notification()])
    assert isinstance(outcome, Retry)
    assert outcome.after == 300.0
    assert "it refuses user name and password: 535" in outcome.reason
    assert "wrong-secret" not in outcome.reason


def test_a_server_that_wants_a_login_is_asked_again_slowly(mail_server, sink, notification):
    server = mail_server(password="open sesame")
    outcome = sink(server).deliver([notification()])
    assert isinstance(outcome, Retry)
    assert outcome.after == 300.0
    assert "530" in outcome.reason


def test_a_server_that_repeats_the_password_is_not_quoted(rude, sink, notification):
    server = rude("220 hello", "250-rude\r\n250 AUTH PLAIN", "454 no hunter22 today")
    outcome = sink(server, username="u", password="hunter22").deliver([notification()])
    assert isinstance(outcome, Retry)
    assert "454 no … today" in outcome.reason


# -- settings ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("ops@example.org", ("ops@example.org", "")),
        ("Ops Team <ops@example.org>", ("ops@example.org", "Ops Team")),
        ('"Ops, Team" <ops@example.org>', ("ops@example.org", "Ops, Team")),
        ("<ops@example.org>", ("ops@example.org", "")),
        ("root", ("root", "")),
        ("ops+log@[192.0.2.1]", ("ops+log@[192.0.2.1]", "")),
        ("ops@bücher.example", ("ops@xn--bcher-kva.example", "")),
    ],
)
def test_what_an_address_means(text, meant):
    assert parse_mailbox(text) == meant


@pytest.mark.parametrize(
    "text",
    ["", "a b@c", "a@b@c", "a@", "@b", "a@b\r\nBcc: c@d", "x\n<a@b>", "<>", "a@b>", "a,b@c",
     "a" * 300],
)  # fmt: skip
def test_what_is_no_address_is_refused(text):
    with pytest.raises(ValueError, match=r"is no mail address; write ops@example\.org") as caught:
        parse_mailbox(text)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("settings", "meant"),
    [
        ({}, "none"),
        ({"host": "127.0.0.2"}, "none"),
        ({"host": "mail.example.org"}, "starttls"),
        ({"host": "mail.example.org", "port": 465}, "tls"),
        ({"host": "mail.example.org", "port": 25, "tls": "none"}, "none"),
        ({"tls": "starttls"}, "starttls"),
    ],
)
def test_by_itself_nothing_leaves_the_machine_in_the_clear(settings, meant):
    assert encryption_of(SmtpSettings(to=(OPS,), **settings)) == meant


@pytest.mark.parametrize(
    "settings",
    [
        {"to": ()},
        {"to": ("nobody at all",)},
        {"to": (OPS,) * 101},
        {"sender": "x y"},
        {"host": ""},
        {"host": "a/b"},
        {"host": "user@host"},
        {"port": 0},
        {"port": 65_536},
        {"username": "u"},
        {"password": "p"},
        {"username": "u", "password": "pässword"},
        {"timeout": 0.0},
    ],
)
def test_settings_that_cannot_be_are_refused(settings):
    with pytest.raises(ValueError) as caught:
        SmtpSettings(**{"to": (OPS,)} | settings)
    assert "pässword" not in str(caught.value)


def test_an_authority_that_cannot_be_read_is_found_at_the_start(tmp_path):
    with pytest.raises(SinkError, match="ca"):
        SmtpSink(SmtpSettings(to=(OPS,), ca=str(tmp_path / "none")), SystemClock())


def test_the_password_shows_nowhere():
    settings = SmtpSettings(to=(OPS,), username="user", password="hunter22")
    assert "hunter22" not in repr(settings)


@pytest.mark.parametrize(
    ("url", "settings"),
    [
        ("mailto:ops@example.org", {"to": (OPS,)}),
        ("mailto:ops@example.org,boss@example.org", {"to": (OPS, BOSS)}),
        ("smtp://mail:2525/?to=ops@example.org", {"to": (OPS,), "host": "mail", "port": 2525}),
        (
            "smtps://me%40x:p%2Fw@mail/?to=ops@example.org&from=a@b&to=boss@example.org",
            {"to": (OPS, BOSS), "sender": "a@b", "host": "mail", "tls": "tls",
             "username": "me@x", "password": "p/w"},
        ),
    ],
)  # fmt: skip
def test_a_url_names_a_mail_server(url, settings):
    assert sink_from_url(url) == ("smtp", SmtpSettings(**settings))


@pytest.mark.parametrize(
    "url",
    ["mailto:", "mailto:x y", "smtp://", "smtp://host/", "smtp://host/x?to=a@b", "smtp://host:x/?to=a@b",
     "smtp://host/?to=a@b&secret=hunter22"],
)  # fmt: skip
def test_a_url_that_names_nobody_is_refused(url):
    with pytest.raises(ValueError) as caught:
        sink_from_url(url)
    assert "hunter22" not in str(caught.value)


def test_this_machine_has_a_name_that_fits_an_address(monkeypatch):
    monkeypatch.setattr("socket.gethostname", lambda: "web 1\n")
    monkeypatch.setattr("socket.getfqdn", lambda: "web 1\n")
    assert _our_name() == "localhost"
    monkeypatch.setattr("socket.getfqdn", lambda: "web1.example.org")
    assert _our_name() == "web1.example.org"


def test_nothing_of_mail_is_loaded_before_the_first_one():
    code = (
        "import sys; from logwatch.sinks import KINDS; kind = KINDS['smtp'];"
        "kind.make(kind.settings(to=('a@b.example',)));"
        "sys.exit(bool({'smtplib', 'email', 'email.message', 'ssl'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
