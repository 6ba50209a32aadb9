"""What every sink that speaks HTTP makes of what a receiver, or a network, does to it.

A kind joins with one line in `SPOKEN`; where its receiver has ways of its own, that line says so.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterator
from email.utils import formatdate
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from doubles.messages import make_notification
from doubles.scripted_server import ScriptedServer, answer, reset, silence

from logwatch.records import Delivered, Outcome, Rejected, Retry
from logwatch.sinks import KINDS
from logwatch.telemetry import telemetry

SECRET = "s3cr3t-t0ken"
CERTIFICATE = Path(__file__).parents[1] / "sinks/loopback.pem"


class Spoken(NamedTuple):
    """How one kind is set up, and how its receiver speaks."""

    settings: Callable[[str], dict[str, Any]]
    """Settings that send to a server at this root URL; with SECRET where there is a secret."""
    yes: tuple[bytes, ...] = (answer(200), answer(204), answer(202, body=b"{}"))
    """Answers that deliver."""
    no: tuple[bytes, ...] = ()
    """Answers of its own that refuse for ever, beside the statuses of HTTP."""
    later: tuple[tuple[bytes, float], ...] = ()
    """Answers of its own that put off, with the seconds that they name."""
    forbidden: type[Outcome] = Retry
    """What a 403 is."""
    unauthorized: type[Outcome] = Retry
    """What a 401 is."""
    passing: tuple[int, ...] = (408, 425, 429, 500, 502, 503, 504)
    """Statuses that put off."""
    refusing: tuple[int, ...] = (400, 413, 422)
    """Statuses that refuse for ever."""
    tells_of_itself: bool = False
    """Whether it logs, for one outcome cannot tell of several receivers."""


def by_url(url: str) -> dict[str, Any]:
    return {"url": f"{url}/hooks/{SECRET}"}


TELEGRAM_YES = answer(200, body=b'{"ok":true,"result":{"message_id":7}}')
CONNECTOR = (
    b"Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error "
)

SPOKEN = {
    "webhook": Spoken(by_url),
    "otlp": Spoken(
        lambda url: {"url": f"{url}/{SECRET}", "compression": "none"},
        forbidden=Rejected,
        unauthorized=Rejected,
        passing=(429, 502, 503, 504),
        refusing=(400, 408, 413, 422, 425, 500),
    ),
    "alertmanager": Spoken(lambda url: {"urls": [f"{url}/{SECRET}"]}, tells_of_itself=True),
    "pagerduty": Spoken(lambda url: {"routing_key": "0" * 32, "url": f"{url}/{SECRET}"}),
    "slack": Spoken(
        by_url,
        yes=(answer(200, body=b"ok"), answer(200, body=b"ok\n")),
        no=(
            answer(200),
            answer(200, body=b"no_service"),
            answer(200, "Content-Type: text/html", body=b"<h1>log in to the hotel's net</h1>"),
            answer(404, body=b"channel_not_found"),
            answer(410, body=b"channel_is_archived"),
        ),
    ),
    "teams": Spoken(
        by_url,
        yes=(answer(202), answer(200, body=b"1"), answer(200, body=b"accepted")),
        no=(answer(200, body=CONNECTOR + b"413 with ContextId x"),),
        later=((answer(200, "Retry-After: 4", body=CONNECTOR + b"429 with ContextId x"), 4.0),),
    ),
    "discord": Spoken(
        by_url,
        no=(answer(404, body=b'{"message": "Unknown Webhook", "code": 10015}'),),
        later=(
            (answer(429, "Retry-After: 65", body=b'{"retry_after": 64.57}'), 64.57),
            (answer(429, "Retry-After: 7", body=b'{"retry_after": "soon"}'), 7.0),
            (answer(429, "Retry-After: 7", body=b"<html>banned"), 7.0),
            (answer(429, body=b'{"retry_after": 1e300}'), 3600.0),
            (answer(429, body=b'{"retry_after": -1}'), 0.0),
        ),
    ),
    "telegram": Spoken(
        lambda url: {"token": f"1:{SECRET}", "chat_id": -100, "url": url},
        yes=(TELEGRAM_YES,),
        no=(
            answer(200),
            answer(200, body=b'{"ok":false}'),
            answer(200, body=b"<h1>log in to the hotel's net</h1>"),
            answer(400, body=b'{"ok":false,"description":"Bad Request: chat not found"}'),
            answer(400, body=b'{"ok":false,"parameters":{"migrate_to_chat_id":-1009}}'),
        ),
        later=(
            (answer(429, body=b'{"ok":false,"parameters":{"retry_after":33}}'), 33.0),
            (answer(429, "Retry-After: 5", body=b'{"ok":false,"parameters":[]}'), 5.0),
            (answer(404, body=b'{"ok":false,"description":"Not Found"}'), 300.0),
        ),
        forbidden=Rejected,
    ),
    "ntfy": Spoken(
        lambda url: {"topic": "alerts", "token": SECRET, "url": url},
        later=((answer(429, body=b'{"code":42908,"http":429}'), 3600.0),),
    ),
}

every_kind = pytest.mark.parametrize("name", sorted(SPOKEN))


@pytest.fixture
def server() -> Iterator[Callable[..., ScriptedServer]]:
    made = []

    def make(*answers, context=None):
        made.append(ScriptedServer(list(answers), context))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def deliver() -> Iterator[Callable[..., Outcome]]:
    made = []

    def send(name: str, url: str, **settings: Any) -> Outcome:
        kind = KINDS[name]
        values = {"timeout": 5.0, **SPOKEN[name].settings(url), **settings}
        made.append(kind.make(msgspec.convert(values, kind.settings)))
        outcome = made[-1].deliver([make_notification()])
        assert SECRET not in repr(outcome)
        if isinstance(outcome, Retry | Rejected):
            assert outcome.reason.isprintable()
        return outcome

    yield send
    for one in made:
        one.close()


def each(part: str) -> pytest.MarkDecorator:
    """One case for each kind and each of its answers of one sort."""
    cases = [
        pytest.param(name, one, id=f"{name}-{one if isinstance(one, int) else number}")
        for name, spoken in sorted(SPOKEN.items())
        for number, one in enumerate(getattr(spoken, part))
    ]
    return pytest.mark.parametrize(("name", "said"), cases)


def test_every_kind_with_a_url_is_here():
    """A new one must join."""
    with_url = {
        name
        for name, kind in KINDS.items()
        if {"url", "urls"} & set(kind.settings.__struct_fields__)
        and "connect_timeout" in kind.settings.__struct_fields__
    }
    assert with_url == set(SPOKEN)


@each("yes")
def test_its_yes_delivers_with_one_request(name, said, server, deliver):
    receiver = server(said)
    assert isinstance(deliver(name, receiver.url("")), Delivered)
    assert len(receiver.requests) == 1
    (request,) = receiver.requests
    assert request.line.startswith("POST /")
    assert request.headers["content-type"].startswith("application/json")
    assert request.headers["user-agent"].startswith("logwatch/")
    msgspec.json.decode(request.body)


@each("no")
def test_its_no_is_for_ever(name, said, server, deliver):
    assert isinstance(deliver(name, server(said).url("")), Rejected)


@each("later")
def test_its_own_way_to_put_off_is_understood(name, said, server, deliver):
    said, seconds = said
    outcome = deliver(name, server(said).url(""))
    assert isinstance(outcome, Retry)
    assert outcome.after == pytest.approx(seconds)


@each("refusing")
def test_a_refusal_is_for_ever_and_repeats_no_secret(name, said, server, deliver):
    told = f"you sent {SECRET} \x1b[2J".encode()
    outcome = deliver(name, server(answer(said, body=told)).url(""))
    assert isinstance(outcome, Rejected)
    assert str(said) in outcome.reason


@every_kind
def test_refused_credentials_are_tried_again_slowly(name, server, deliver):
    outcome = deliver(name, server(answer(401)).url(""))
    assert isinstance(outcome, SPOKEN[name].unauthorized)
    if isinstance(outcome, Retry):
        assert outcome.after == 300


@every_kind
def test_a_403_is_what_it_means_there(name, server, deliver):
    outcome = deliver(name, server(answer(403, body=b'{"ok":false}')).url(""))
    assert isinstance(outcome, SPOKEN[name].forbidden)


@each("passing")
def test_what_may_pass_is_tried_again(name, said, server, deliver):
    assert isinstance(deliver(name, server(answer(said)).url("")), Retry)


@every_kind
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_in_seconds_is_obeyed(name, status, server, deliver):
    outcome = deliver(name, server(answer(status, "Retry-After: 41")).url(""))
    assert isinstance(outcome, Retry)
    assert outcome.after == 41


@every_kind
def test_retry_after_as_a_date_is_obeyed(name, server, deliver):
    date = formatdate(time.time() + 90, usegmt=True)
    outcome = deliver(name, server(answer(429, f"Retry-After: {date}")).url(""))
    assert isinstance(outcome, Retry)
    assert 60 < (outcome.after or 0) <= 90


@every_kind
def test_a_wish_for_more_than_an_hour_is_cut_to_one(name, server, deliver):
    outcome = deliver(name, server(answer(429, "Retry-After: 86400")).url(""))
    assert isinstance(outcome, Retry)
    assert outcome.after == 3600


@every_kind
def test_a_redirect_is_not_followed(name, server, deliver):
    other = server(answer(200))
    told = answer(302, f"Location: {other.url('/elsewhere')}")
    assert isinstance(deliver(name, server(told).url("")), Rejected)
    assert other.requests == []


@every_kind
def test_a_server_that_says_nothing_costs_the_time_out(name, server, deliver):
    outcome = deliver(name, server(silence).url(""), timeout=0.3)
    assert isinstance(outcome, Retry)
    assert "within 300ms" in outcome.reason


@every_kind
def test_a_connection_that_is_reset_is_tried_again(name, server, deliver):
    assert isinstance(deliver(name, server(reset).url("")), Retry)


@every_kind
def test_what_is_not_http_is_tried_again(name, server, deliver):
    told = b"220 mail.example.org ESMTP\r\nConnection: close\r\n\r\n"
    assert isinstance(deliver(name, server(told).url("")), Retry)


@every_kind
def test_a_port_where_nobody_listens_is_tried_again(name, deliver):
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    outcome = deliver(name, f"http://127.0.0.1:{port}")
    assert isinstance(outcome, Retry)
    assert "Connection refused" in outcome.reason


@every_kind
def test_a_certificate_that_nobody_vouches_for_is_refused(name, server, deliver):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    receiver = server(*SPOKEN[name].yes, context=context)
    outcome = deliver(name, receiver.url(""))
    assert isinstance(outcome, Retry)
    assert "certificate is not trusted" in outcome.reason
    assert receiver.requests == []


@every_kind
def test_its_settings_do_not_show_the_secret(name):
    kind = KINDS[name]
    settings = msgspec.convert(SPOKEN[name].settings("https://host"), kind.settings)
    assert SECRET not in repr(settings)


@every_kind
def test_bad_settings_are_refused_without_repeating_the_secret(name):
    kind = KINDS[name]
    values = SPOKEN[name].settings("ftp://host")
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert(values, kind.settings)
    assert SECRET not in str(caught.value)


@every_kind
def test_nothing_of_it_is_said_in_our_own_log(name, server, deliver):
    """What a receiver does is told by the outcome, once, by whoever delivers."""
    before = sum(telemetry.counters.values())
    deliver(name, server(answer(500)).url(""))
    assert (sum(telemetry.counters.values()) > before) is SPOKEN[name].tells_of_itself
