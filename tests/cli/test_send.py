"""`logwatch send`: what came back, what would be sent, and dead letters once more."""

from __future__ import annotations

import json

import pytest
from doubles import shell
from doubles.messages import make_alert
from doubles.scripted_server import ScriptedServer, answer

from logwatch.clock import ManualClock
from logwatch.config.loader import load
from logwatch.store.outgoing import DeadLetter
from logwatch.store.reader import StoreReader
from logwatch.store.writer import Addressed, Store, Transaction

KEY = "0123456789abcdef0123456789abcdef"
CONFIG = """\
state: state
sources: {{app: {{path: app.log}}}}
rules: [{{name: err, match: 'ERROR'}}]
sinks:
  chat: {{slack: {{url: '{url}/services/T0000/B0000/sssssecret'}}}}
  hook: {{webhook: {{url: '{url}/path-of-mine', headers: {{Authorization: 'Bearer tokentoken'}}}}}}
  pager: {{pagerduty: {{routing_key: {key}, url: '{url}'}}}}
  mail: {{smtp: {{to: ops@example.org, host: 127.0.0.1}}}}
"""


@pytest.fixture
def server():
    made = ScriptedServer([answer(200, body=b"ok")])
    yield made
    made.close()


@pytest.fixture
def folder(tmp_path, monkeypatch, server):
    """A configuration whose sinks all lead to one server."""
    (tmp_path / "logwatch.yaml").write_text(CONFIG.format(url=server.url("").rstrip("/"), key=KEY))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("logwatch.daemon.control_wire.SERVICE_FOLDER", tmp_path / "run")
    monkeypatch.setattr("logwatch.cli.looker.PATIENCE_SECONDS", 0.1)
    return tmp_path


@pytest.fixture
def dead(folder):
    """A store in which `hook` gave up two messages, and `chat` one."""
    store = Store(folder / "state")
    now = ManualClock().wall()
    alerts = [make_alert(id=name * 16, seq=1) for name in "ab"]
    sinks = ("hook", "chat")
    store.commit(Transaction(alerts=[Addressed(each, now, sinks) for each in alerts]), now=now)
    letters = [DeadLetter("hook", 1, 3, "HTTP 400"), DeadLetter("hook", 2, 1, "HTTP 413")]
    store.commit(Transaction(taken={("hook", 1): 2}, dead=letters), now=now)
    store.close()
    return folder


def typed(capsys, *words: str) -> tuple[int, str, str]:
    """As `shell.logwatch`."""
    return shell.logwatch(capsys, *words, "-c", "logwatch.yaml")


def test_what_came_back_is_said(folder, capsys, server):
    """Without the path, which is a secret."""
    status, _, err = typed(capsys, "send", "chat", "hello")
    assert status == 0
    assert f"POST http://127.0.0.1:{server.port}/… → 200 OK in " in err
    assert "marked [TEST]" in err
    assert "secret" not in err
    assert "[TEST]" in json.loads(server.requests[0].body)["text"]


def test_a_refusal_is_exit_1_with_its_reason(folder, capsys, server):
    """And what is not now, too."""
    server.answers[:] = [answer(404, body=b"no_service")]
    status, _, err = typed(capsys, "send", "chat")
    assert (status, "→ 404 Not Found in " in err, "refused: 404" in err) == (1, True, True)
    server.answers[:] = [answer(503)]
    status, _, err = typed(capsys, "send", "hook")
    assert (status, "→ 503 Service Unavailable" in err, "not now" in err) == (1, True, True)


def test_show_prints_the_body_and_sends_nothing(folder, capsys, server):
    """It can be piped into jq; the rest is said beside it, and no secret anywhere."""
    for name in ("chat", "hook", "pager"):
        status, out, err = typed(capsys, "send", name, "hello", "--show")
        assert status == 0
        assert json.loads(out)
        assert "[TEST]" in out
        assert "hello" in out
        assert f"POST http://127.0.0.1:{server.port}/…  (not sent)" in err
        for secret in (KEY, "sssssecret", "tokentoken", "path-of-mine"):
            assert secret not in out + err
    assert server.requests == []


def test_show_needs_no_secret(folder, capsys):
    """Whoever may not read the key may look at what is sent."""
    text = (folder / "logwatch.yaml").read_text()
    (folder / "logwatch.yaml").write_text(text.replace("Bearer tokentoken", "${file:/none}"))
    assert "[TEST]" in typed(capsys, "send", "hook", "--show")[1]


def test_show_of_a_mail_is_the_mail(folder, capsys):
    """As it goes over the wire."""
    status, out, err = typed(capsys, "send", "mail", "--show")
    assert status == 0
    assert "Subject: [TEST]" in out
    assert "To: ops@example.org" in out
    assert "to 127.0.0.1  (not sent)" in err


def test_an_alert_that_there_was_is_sent_as_a_test(dead, capsys, server):
    """Under another id, so that the alert itself is nobody's business."""
    status, _, _ = typed(capsys, "send", "hook", "--alert", "aaaa")
    assert status == 0
    sent = json.loads(server.requests[0].body)
    assert sent["message"].startswith("[TEST] ")
    assert sent["labels"]["test"] == "true"
    assert sent["id"] != "a" * 16
    assert typed(capsys, "send", "hook", "--alert", "cccc")[0] == 2
    assert typed(capsys, "send", "hook", "words", "--alert", "aaaa")[0] == 2


def test_dead_letters_are_listed_with_their_reasons(dead, capsys):
    """The newest last, as everything is that scrolls."""
    status, out, _ = typed(capsys, "alerts", "--dead")
    assert status == 0
    assert out.index("HTTP 400") < out.index("HTTP 413")
    assert "hook  aaaaaa:1 firing  given up after 3 tries: HTTP 400" in out
    assert "once more: logwatch send hook --dead" in out
    first, second = map(json.loads, typed(capsys, "alerts", "--dead", "-o", "json")[1].splitlines())
    assert (first["sink"], first["reason"], first["attempts"]) == ("hook", "HTTP 400", 3)
    assert second["alert"]["id"] == "b" * 16
    assert typed(capsys, "alerts", "--dead", "--exit-code")[0] == 1


def test_dead_letters_are_sent_again_with_the_next_start(dead, capsys):
    """All of a sink's, where no daemon runs; then there is none any more."""
    status, out, _ = typed(capsys, "send", "hook", "--dead")
    assert (status, "2 dead letters back in the outbox" in out) == (0, True)
    assert "the next start sends them" in out
    reader = StoreReader(dead / "state")
    assert reader.number_waiting("hook") == 2
    reader.close()
    status, _, err = typed(capsys, "send", "hook", "--dead")
    assert (status, "there is no dead letter" in err) == (1, True)
    assert "no dead letters" in typed(capsys, "alerts", "--dead")[1]


def test_the_dead_letters_of_one_alert_are_sent_again(dead, capsys):
    status, out, _ = typed(capsys, "send", "hook", "--dead", "--alert", "bbbb")
    assert (status, "1 dead letter back" in out) == (0, True)
    assert "HTTP 400" in typed(capsys, "alerts", "--dead")[1]
    assert typed(capsys, "send", "hook", "--dead", "--alert", "bbbb")[0] == 1


@pytest.mark.parametrize(
    "words", [("nobody", "--dead"), ("hook", "text", "--dead"), ("hook", "--dead", "--show")]
)
def test_dead_letters_are_those_of_a_sink_and_no_test(dead, capsys, words):
    assert typed(capsys, "send", *words)[0] == 2


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
def test_a_service_that_apprise_knows_is_sent_to_by_its_own_url(folder, capsys, server):
    """Without `apprise:` before it."""
    status, _, err = typed(capsys, "send", f"json://127.0.0.1:{server.port}/x", "hello")
    assert status == 0
    assert "apprise: delivered in" in err
    assert len(server.requests) == 1


def test_a_sink_that_a_route_names_by_url_has_a_name_to_send_to(folder, capsys, server):
    """The one that `check` and `status` show."""
    path = folder / "logwatch.yaml"
    path.write_text(path.read_text() + f"routes: [{{to: '{server.url()}'}}]\n")
    (sink,) = [each for each in load(path).sinks if each.name.startswith("http-")]
    assert typed(capsys, "send", sink.name, "hello")[0] == 0
    assert len(server.requests) == 1
