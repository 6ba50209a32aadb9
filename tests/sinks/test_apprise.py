"""Apprise itself, through its own plugin for JSON, against a server on the loopback."""

from __future__ import annotations

import socket
import subprocess
import sys

import msgspec
import pytest
from doubles.examples import examples
from doubles.messages import make_alert
from hypothesis import given, settings
from hypothesis import strategies as st

from logwatch.config.loader import examine
from logwatch.errors import SinkError
from logwatch.records import AlertLine, Delivered, Rejected, Retry
from logwatch.sinks import sink_from_url
from logwatch.sinks.apprise import (
    LONGEST_BODY,
    MISSING,
    AppriseSettings,
    AppriseSink,
    _fitted,
    problems,
    shown,
)
from logwatch.sinks.settled import MOST_TRIES
from logwatch.sinks.wording import words

# A plugin of Apprise's own imports it.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
SECRET = "s3cret-token"


def refusal(status, *headers):
    head = "".join(f"{header}\r\n" for header in headers)
    return f"HTTP/1.1 {status} No\r\n{head}Content-Length: 0\r\n\r\n".encode()


def url(server):
    return f"json://127.0.0.1:{server.port}/{SECRET}"


@pytest.fixture
def sink():
    made = []

    def make(*servers, **values):
        urls = tuple(url(each) for each in servers)
        made.append(AppriseSink(AppriseSettings(urls=urls, **{"timeout": 5.0} | values)))
        return made[-1]

    yield make
    for one in made:
        one.close()


def bodies(server):
    return [msgspec.json.decode(request.body) for request in server.requests]


def test_a_message_comes_with_its_title_its_text_and_its_type(server, sink, notification):
    receiver = server(OK)
    assert sink(receiver).deliver([notification()]) == Delivered()
    (body,) = bodies(receiver)
    assert body["title"] == (
        "▲ WARNING ssh-guessing on web1/auth: 5 failed logins from 203.0.113.9 (5 times)"
    )
    assert "/var/log/auth.log:1234\n    Failed" in body["message"].replace("\r", "")
    assert "logwatch silence rule=ssh-guessing ip=203.0.113.9 --for 2h" in body["message"]
    assert body["type"] == "warning"
    assert receiver.requests[0].headers["user-agent"] == "logwatch"


def test_the_type_is_of_the_severity(server, sink, notification):
    receiver = server(OK)
    mailer = sink(receiver)
    for severity in ("info", "warning", "error", "critical"):
        mailer.deliver([notification(severity=severity)])
    mailer.deliver([notification(severity="critical", status="resolved")])
    types = [body["type"] for body in bodies(receiver)]
    assert types == ["info", "warning", "failure", "failure", "success"]


def test_words_of_ones_own_are_used(server, sink, notification):
    receiver = server(OK)
    sink(receiver, title="{rule}!", text="{ip} did it").deliver([notification()])
    assert bodies(receiver)[0]["title"] == "ssh-guessing!"
    assert bodies(receiver)[0]["message"] == "203.0.113.9 did it"


def test_nothing_in_a_text_is_interpreted(server, sink, notification):
    receiver = server(OK)
    hostile = r":smile: \n \t <b>&amp;{ip}%0a ${HOME} *bold*"
    sink(receiver).deliver([notification(message=hostile)])
    assert hostile in bodies(receiver)[0]["title"]


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 301])
def test_what_may_pass_is_tried_again(server, sink, notification, status):
    receiver = server(refusal(status, "Retry-After: 7"), OK)
    mailer = sink(receiver)
    outcome = mailer.deliver([notification()])
    assert isinstance(outcome, Retry)
    assert outcome.after is None
    assert (
        outcome.reason
        == (f"json://… (URL 1): Failed to send JSON POST notification: error={status}.")
        or str(status) in outcome.reason
    )
    assert len(receiver.requests) == 1  # no retries of its own, no redirects
    assert mailer.deliver([notification()]) == Delivered()


@pytest.mark.parametrize("status", [401, 403])
def test_credentials_are_tried_again_slowly(server, sink, notification, status):
    outcome = sink(server(refusal(status))).deliver([notification()])
    assert isinstance(outcome, Retry)
    assert outcome.after == 300.0


@pytest.mark.parametrize("status", [400, 404, 410, 413, 422])
def test_a_plain_refusal_is_never(server, sink, notification, status):
    outcome = sink(server(refusal(status))).deliver([notification()])
    assert isinstance(outcome, Rejected)
    assert outcome.reason.startswith("json://… (URL 1): ")
    assert f"error={status}" in outcome.reason


def test_only_the_services_that_failed_are_tried_again(server, sink, notification):
    good, late, bad = server(OK), server(refusal(503), refusal(503), OK), server(refusal(400))
    mailer = sink(good, late, bad)
    for _ in range(2):
        outcome = mailer.deliver([notification()])
        assert isinstance(outcome, Retry)
        assert outcome.partly
        assert outcome.reason.startswith("json://… (URL 2): ")
        assert "URL 1" not in outcome.reason
    outcome = mailer.deliver([notification()])
    assert isinstance(outcome, Delivered)
    assert outcome.detail.startswith("but json://… (URL 3): ")
    assert [len(each.requests) for each in (good, late, bad)] == [1, 3, 1]
    mailer.deliver([notification(seq=2)])
    assert [len(each.requests) for each in (good, late, bad)] == [2, 4, 2]


def test_a_service_that_fails_for_ever_is_given_up_where_another_has_it(
    server, sink, notification, capsys
):
    good, bad = server(OK), server(refusal(503))
    mailer = sink(good, bad)
    one = notification()
    assert isinstance(mailer.deliver([one]), Retry)
    outcome = mailer.deliver([msgspec.structs.replace(one, attempts=MOST_TRIES)])
    assert isinstance(outcome, Delivered)
    assert "URL 2" in outcome.detail
    assert len(good.requests) == 1
    assert "sink.service_refused" in capsys.readouterr().err
    outcome = sink(bad).deliver([msgspec.structs.replace(one, attempts=1000)])
    assert isinstance(outcome, Retry)
    assert not outcome.partly


def test_a_service_that_hangs_holds_up_only_for_its_time_out(server, sink, notification):
    hanging = server(lambda connection: hanging.stop.wait(10))
    good = server(OK)
    outcome = sink(hanging, good, timeout=0.3).deliver([notification()])
    assert isinstance(outcome, Retry)
    assert outcome.reason.startswith("json://… (URL 1): ")
    assert "did not finish" in outcome.reason
    assert len(good.requests) == 1
    hanging.stop.set()  # Apprise leaves a thread behind until it has its answer


def test_nobody_there_is_worth_another_try(notification):
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    sink = AppriseSink(AppriseSettings(urls=(f"json://127.0.0.1:{port}/{SECRET}",)))
    outcome = sink.deliver([notification()])
    assert isinstance(outcome, Retry)
    assert SECRET not in outcome.reason


def test_a_retry_in_the_url_is_ours_to_make(server, notification):
    receiver = server(refusal(503))
    sink = AppriseSink(AppriseSettings(urls=(f"{url(receiver)}?retry=3&wait=0",), timeout=5.0))
    assert isinstance(sink.deliver([notification()]), Retry)
    assert len(receiver.requests) == 1


def test_a_url_that_apprise_refuses_keeps_nobody_else_from_it(server, notification, capsys):
    receiver = server(OK)
    urls = (f"bogus://{SECRET}", url(receiver), f"tgram://{SECRET}")
    sink = AppriseSink(AppriseSettings(urls=urls, timeout=5.0))
    assert sink.deliver([notification()]) == Delivered()
    logged = capsys.readouterr().err
    assert logged.count("sink.url_refused") == 2
    assert SECRET not in logged
    assert problems(AppriseSettings(urls=urls)) == [
        f"apprise does not take URL {number}, {scheme}://…; write it as"
        " https://appriseit.com/services/ says"
        for number, scheme in ((1, "bogus"), (3, "tgram"))
    ]
    assert problems(AppriseSettings(urls=(url(receiver),))) == []


def test_where_all_are_refused_alerts_wait(notification, capsys):
    sink = AppriseSink(AppriseSettings(urls=(f"bogus://{SECRET}",)))
    assert sink.deliver([notification()]) == Retry("apprise does not take bogus://…", after=300.0)
    assert SECRET not in capsys.readouterr().err


def test_without_apprise_the_remedy_is_named(monkeypatch):
    monkeypatch.setattr("logwatch.sinks.apprise.find_spec", lambda _: None)
    settings_ = AppriseSettings(urls=("json://host",))
    with pytest.raises(SinkError, match=r"pip install 'logwatchd\[apprise\]'"):
        AppriseSink(settings_)
    assert problems(settings_) == [MISSING]


class Plugin:
    """What is asked of a service of Apprise."""

    def __init__(self, body_maxlen=32768, title_maxlen=250, amalgamate=False):
        self.body_maxlen = body_maxlen
        self.title_maxlen = title_maxlen
        self.overflow_amalgamate_title = amalgamate


def test_a_service_without_titles_has_it_above_the_text(alert):
    title, body = _fitted(words(alert()), Plugin(200, 0))
    assert title == ""
    assert body.startswith("▲ WARNING ssh-guessing on web1/auth: 5 failed logins")
    assert len(body) <= 200


text = st.text(max_size=3000)


rooms = st.tuples(st.integers(60, 5000), st.integers(0, 300), st.booleans())


@given(text, text, rooms)
@settings(max_examples=examples(60))
def test_whatever_a_service_takes_it_is_given_no_more(message, line, rooms):
    said = words(make_alert(message=message, lines=[AlertLine("/log", 0, "", line)] * 3))
    body, title, merged = rooms
    for_title, for_body = _fitted(said, Plugin(*rooms))
    assert len(for_title) <= title
    room = body - (len(for_title) + 2 if merged and title else 0)
    assert 0 < len(for_body) <= min(max(room, len(said.title)), LONGEST_BODY)


@pytest.mark.parametrize(
    "values",
    [
        {"urls": ()},
        {"urls": ("json://host",) * 21},
        {"urls": (SECRET,)},
        {"urls": (f"json://{SECRET}\n",)},
        {"timeout": 0.0},
        {"title": "{rul}"},
    ],
)
def test_settings_that_cannot_be_are_refused(values):
    with pytest.raises(ValueError) as caught:
        AppriseSettings(**{"urls": ("json://host",)} | values)
    assert SECRET not in str(caught.value)


def test_no_url_shows():
    assert shown(f"TGRAM://{SECRET}") == "tgram://…"
    assert SECRET not in repr(AppriseSettings(urls=(f"tgram://{SECRET}",)))


def test_a_url_names_apprise():
    settings_ = AppriseSettings(urls=("tgram://a/b",))
    assert sink_from_url("apprise:tgram://a/b") == ("apprise", settings_)


def test_apprise_is_loaded_at_the_first_delivery():
    code = (
        "import sys; from logwatch.sinks import KINDS; kind = KINDS['apprise'];"
        "sink = kind.make(kind.settings(urls=('json://127.0.0.1:1',)));"
        "sys.exit('apprise' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def check(tmp_path, urls):
    path = tmp_path / "logwatch.yaml"
    path.write_text(
        f"sources: {{app: {{path: {tmp_path}/app.log}}}}\n"
        "rules: [{name: error, match: ERROR}]\n"
        f"sinks: {{phone: {{apprise: {urls}}}}}\n"
    )
    return [problem for problem in examine(path, environ={})[1] if problem.level == "error"]


def test_check_names_a_url_that_apprise_refuses(tmp_path):
    (problem,) = check(tmp_path, f"{{urls: ['json://host', 'tgram://{SECRET}']}}")
    assert problem.message == "sink 'phone' (apprise): apprise does not take URL 2, tgram://…"
    assert problem.help == "write it as https://appriseit.com/services/ says"
    assert check(tmp_path, "'json://host'") == []


def test_check_says_where_apprise_is_missing(tmp_path, monkeypatch):
    monkeypatch.setattr("logwatch.sinks.apprise.find_spec", lambda _: None)
    (problem,) = check(tmp_path, "'json://host'")
    assert problem.message.endswith("is not installed: pip install 'logwatchd[apprise]'")
