"""What Slack, Teams, Discord, Telegram and ntfy get, and that nothing of it is more than text."""

from __future__ import annotations

import re

import msgspec
import pytest
from doubles.alerts import alert
from doubles.hostile import TEXTS, alert_of, as_stored
from doubles.scripted_server import answer
from hypothesis import given
from hypothesis import strategies as st

from logwatch.clock import ManualClock
from logwatch.records import Delivered, Notification, Rejected, Retry, encode_alert
from logwatch.sinks import chat, discord, ntfy, slack, teams, telegram
from logwatch.sinks.endpoint import Endpoint
from logwatch.sinks.own_words import PeopleSettings, Writer
from logwatch.sinks.plain_text import visible
from logwatch.sinks.wording import words

TELEGRAM = telegram.TelegramSettings(token="1:a", chat_id=-100)
NTFY = ntfy.NtfySettings(topic="ops")


def strings(value, key=""):
    """Every text in a payload, with the key that it stands under."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from strings(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner, key)


def check_slack(said):
    payload = slack.payload(said, None)
    assert len(payload["blocks"]) <= 50
    for block in payload["blocks"]:
        text = block["text"]["text"]
        assert 0 < len(text) <= (150 if block["type"] == "header" else 3000)
        bare = re.sub(r"\A<https?://[!-~]+?\|runbook>\n", "", text)
        assert not re.search(r"[<>]|&(?!amp;|lt;|gt;)", bare)
        if block["text"]["type"] == "mrkdwn":
            assert re.fullmatch(r"```\n.*\n```", bare, re.DOTALL)
            assert "```" not in bare[3:-3]
    assert not re.search(r"[<>]|&(?!amp;|lt;|gt;)", payload["text"])


def check_discord(said):
    payload = discord.payload(said, None)
    assert payload["allowed_mentions"] == {"parse": []}
    assert 0 < units(payload["content"]) <= 2000
    description = payload["embeds"][0]["description"] if "embeds" in payload else ""
    assert units(description) <= 4096
    assert units(payload["content"]) + units(description) <= 6000
    outside = re.sub(r"```\n.*?\n```", "", description, flags=re.DOTALL)
    outside = re.sub(r"^runbook: <https?://[!-~]+>$", "", outside, flags=re.MULTILINE)
    for text in (payload["content"], outside):
        left = re.sub(r"\\[^0-9A-Za-z\s]", "·", text)
        assert not re.search(r"[\\*~`|<\[\]]|://|@everyone|@here", left)
        assert not re.search(r"(?<![0-9A-Za-z])_|_(?![0-9A-Za-z])", left)
        assert not re.search(r"^\s*(?:[#>+\-]|\d+\.)", left, re.MULTILINE)


def check_teams(said):
    payload = teams.payload(said, None)
    assert len(msgspec.json.encode(payload)) <= 21_000
    (attachment,) = payload["attachments"]
    for line in attachment["content"]["body"]:
        assert line["type"] == "RichTextBlock"
        assert [run["type"] for run in line["inlines"]] == ["TextRun"]


def check_telegram(said):
    payload = telegram.payload(said, TELEGRAM)
    assert 0 < units(payload["text"]) <= 4096
    assert payload["text"] == payload["text"].strip("\n")
    assert "parse_mode" not in payload
    assert len(payload["entities"]) <= 100
    encoded = payload["text"].encode("utf-16-le")
    for entity in reversed(payload["entities"]):
        begin, length = 2 * entity["offset"], 2 * entity["length"]
        assert encoded[begin : begin + length].decode("utf-16-le").strip()
        encoded = encoded[:begin] + encoded[begin + length :]
    bare = encoded.decode("utf-16-le").replace(f"runbook: {said.runbook}", "", 1)
    assert not re.search(r"[@/#:](?<!runbook:)(?<!silence:)(?<!all of it:)", bare)


def check_ntfy(said):
    payload = ntfy.payload(said, NTFY)
    assert len(payload["title"].encode()) <= 1024
    assert 0 < len(payload["message"].encode()) <= 4096
    assert len(msgspec.json.encode(payload)) <= 8192
    assert "\n" not in payload["title"]


def units(text):
    return len(text.encode("utf-16-le")) // 2


def check_all(said):
    for payload in (
        slack.payload(said, None),
        discord.payload(said, None),
        teams.payload(said, None),
        telegram.payload(said, TELEGRAM),
        ntfy.payload(said, NTFY),
    ):
        assert msgspec.json.decode(msgspec.json.encode(payload)) == payload
        for _, text in strings(payload):
            plain = text.replace("\n", "")
            assert visible(plain) == plain
    check_slack(said)
    check_discord(said)
    check_teams(said)
    check_telegram(said)
    check_ntfy(said)


@pytest.mark.parametrize("group", [False, True])
@pytest.mark.parametrize("name", sorted(TEXTS))
def test_hostile_text_is_text_and_within_every_limit(name, group):
    check_all(words(as_stored(alert_of(TEXTS[name], group=group))))


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_hostile_text_in_templates_of_ones_own_is_no_more(name):
    writer = Writer(PeopleSettings(title="{message}", text="{user}\n{message}\n{lines}"), "slack")
    check_all(writer.words(as_stored(alert_of(TEXTS[name]))))


@given(st.text(max_size=300), st.text(max_size=50), st.booleans())
def test_any_text_is_text_and_within_every_limit(text, name, group):
    made = alert_of(text * 20, group=group)
    labels = {"runbook": f"https://wiki/{name}"}
    changed = {f: getattr(made, f) for f in made.__struct_fields__} | {"labels": labels}
    check_all(words(as_stored(type(made)(**changed))))


SPECIAL = alert(message="a <b> & *c* _d_ https://e", labels={"runbook": "https://wiki/x?a=1&b=2|c"})


def test_slack_shows_the_runbook_as_a_link_and_commands_in_a_fence():
    last = slack.payload(words(SPECIAL), None)["blocks"][-1]
    assert last["text"]["text"] == (
        "<https://wiki/x?a=1&amp;b=2%7Cc|runbook>\n```\n"
        "silence: logwatch silence rule=ssh-guessing ip=203.0.113.9 --for 2h\n"
        "all of it: logwatch why b4c1f0aa55aa55aa\n```"
    )


def test_discord_shows_the_same_text_with_its_markup_dead():
    assert discord.payload(words(SPECIAL), None)["content"] == (
        r"▲ WARNING ssh-guessing on web1/auth: a \<b> & \*c\* \_d\_ https:/\/e (5 times)"
    )


def test_discord_waits_for_its_message_to_be_kept():
    assert discord.waiting("https://host/api/1/x") == "https://host/api/1/x?wait=true"
    assert (
        discord.waiting("https://host/x?wait=false&thread_id=7")
        == "https://host/x?thread_id=7&wait=true"
    )


def test_teams_opens_the_runbook_by_a_button():
    card = teams.payload(words(SPECIAL), None)["attachments"][0]["content"]
    assert card["actions"] == [
        {"type": "Action.OpenUrl", "title": "runbook", "url": "https://wiki/x?a=1&b=2|c"}
    ]
    assert "actions" not in teams.payload(words(alert()), None)["attachments"][0]["content"]


def test_telegram_shows_as_code_all_but_the_runbook():
    payload = telegram.payload(words(SPECIAL), TELEGRAM)
    encoded = payload["text"].encode("utf-16-le")
    shown = [
        (one["type"], encoded[2 * one["offset"] :][: 2 * one["length"]].decode("utf-16-le"))
        for one in payload["entities"]
    ]
    assert shown[0] == ("code", words(SPECIAL).title)
    assert shown[1] == ("pre", "/var/log/auth.log:1234\n    Failed …")
    assert shown[-2:] == [
        ("code", "logwatch silence rule=ssh-guessing ip=203.0.113.9 --for 2h"),
        ("code", "logwatch why b4c1f0aa55aa55aa"),
    ]
    assert "\n\nrunbook: https://wiki/x?a=1&b=2|c\nsilence: logwatch" in payload["text"]


@pytest.mark.parametrize(("severity", "silent"), [("info", True), ("warning", False)])
def test_telegram_is_silent_where_it_may_be(severity, silent):
    payload = telegram.payload(words(alert(severity=severity)), TELEGRAM)
    assert payload.get("disable_notification", False) is silent


def test_telegram_writes_into_a_topic():
    settings = telegram.TelegramSettings(token="1:a", chat_id="@ops", thread_id=7)
    payload = telegram.payload(words(alert()), settings)
    assert (payload["chat_id"], payload["message_thread_id"]) == ("@ops", 7)


@pytest.mark.parametrize(
    ("changes", "priority", "tags"),
    [
        ({"severity": "info"}, 2, ["information_source", "logwatch"]),
        ({"severity": "warning"}, 3, ["warning", "logwatch"]),
        ({"severity": "error"}, 4, ["x", "logwatch"]),
        ({"severity": "critical"}, 5, ["rotating_light", "logwatch"]),
        ({"severity": "critical", "status": "resolved"}, 2, ["white_check_mark", "logwatch"]),
    ],
)
def test_ntfy_is_as_loud_as_the_alert_is_grave(changes, priority, tags):
    payload = ntfy.payload(
        words(alert(**changes)), ntfy.NtfySettings(topic="ops", tags=("logwatch",))
    )
    assert (payload["priority"], payload["tags"]) == (priority, tags)


def test_a_tap_on_ntfy_opens_the_runbook():
    assert ntfy.payload(words(SPECIAL), NTFY)["click"] == "https://wiki/x?a=1&b=2|c"
    other = alert(labels={"runbook": "javascript:alert(1)"})
    assert "click" not in ntfy.payload(words(other), NTFY)


def test_ntfy_is_told_who_we_are(server):
    receiver = server(answer(200))
    settings = ntfy.NtfySettings(topic="ops", url=receiver.url(""), token="tk_x")
    sink = ntfy.KIND.make(settings)
    assert isinstance(sink.deliver([notification()]), Delivered)
    sink.close()
    assert receiver.requests[0].line == "POST / HTTP/1.1"
    assert receiver.requests[0].headers["authorization"] == "Bearer tk_x"


def notification(**changes):
    return Notification(1, encode_alert(alert(**changes)))


@pytest.fixture
def paced(server):
    made = []

    def make(*answers):
        receiver, clock = server(*answers), ManualClock()
        endpoint = Endpoint(receiver.url(), timeout=5, connect_timeout=5, clock=clock)
        writer = Writer(PeopleSettings(), "discord")
        pair = {"read": discord.read, "pause": discord.pause}
        made.append(chat.ChatSink(endpoint, writer, discord.payload, clock=clock, **pair))
        return made[-1], receiver, clock

    yield make
    for one in made:
        one.close()


def test_discord_is_left_alone_until_its_bucket_is_filled_again(paced):
    last = answer(200, "X-RateLimit-Remaining: 0", "X-RateLimit-Reset-After: 1.5")
    sink, receiver, clock = paced(last, answer(200, "X-RateLimit-Remaining: 4"))
    assert isinstance(sink.deliver([notification()]), Delivered)
    early = sink.deliver([notification()])
    assert isinstance(early, Retry)
    assert early.after == 1.5
    assert len(receiver.requests) == 1
    clock.advance(1.5)
    assert isinstance(sink.deliver([notification()]), Delivered)
    assert isinstance(sink.deliver([notification()]), Delivered)
    assert len(receiver.requests) == 3


@pytest.mark.parametrize("seconds", ["soon", "-1", "nan", "", "1e999"])
def test_a_pause_that_is_no_number_is_none(paced, seconds):
    last = answer(200, "X-RateLimit-Remaining: 0", f"X-RateLimit-Reset-After: {seconds}")
    sink, _, _ = paced(last)
    for _ in range(2):
        assert isinstance(sink.deliver([notification()]), Delivered)


def test_a_batch_stops_at_the_first_that_is_not_taken(paced):
    sink, receiver, _ = paced(answer(200), answer(400))
    assert isinstance(sink.deliver([notification()] * 3), Rejected)
    assert len(receiver.requests) == 2


def test_the_new_number_of_a_group_of_telegram_is_told(server):
    body = b'{"ok":false,"error_code":400,"parameters":{"migrate_to_chat_id":-1009}}'
    receiver = server(answer(400, body=body))
    settings = telegram.TelegramSettings(token="1:a", chat_id=-1, url=receiver.url(""))
    sink = telegram.KIND.make(settings)
    outcome = sink.deliver([notification()])
    sink.close()
    assert isinstance(outcome, Rejected)
    assert "the group is now chat_id -1009" in outcome.reason
    assert receiver.requests[0].line == "POST /bot1:a/sendMessage HTTP/1.1"


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (telegram, {"token": "secret", "chat_id": 1}),
        (telegram, {"token": "1:secret", "chat_id": "ops"}),
        (telegram, {"token": "1:secret", "chat_id": 1, "silent": ["loud"]}),
        (ntfy, {"topic": "a/b"}),
        (ntfy, {"topic": "a", "token": "secret\r\nX: y"}),
        (ntfy, {"topic": "a", "tags": ["a,b"]}),
        (slack, {"url": "https://host/sec ret"}),
        (slack, {"url": "https://host/secret", "timeout": 0}),
        (teams, {"url": "secret"}),
        (discord, {"url": "https:///secret"}),
        (discord, {"url": "https://host/secret", "title": "{"}),
    ],
)
def test_settings_that_cannot_work_are_refused_without_repeating_a_secret(kind, values):
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert(values, kind.KIND.settings)
    assert "secret" not in str(caught.value)
