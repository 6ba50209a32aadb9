"""What each sink for people sends, byte for byte as somebody last looked at it.

`LOGWATCH_WRITE_GOLDEN=1 pytest tests/sinks/test_golden_messages.py` writes the files anew.
"""

from __future__ import annotations

import json

import msgspec
import pytest
from doubles import golden
from doubles.alerts import alert
from doubles.golden_cases import CASES
from doubles.scripted_server import answer

from logwatch.records import Notification, encode_alert
from logwatch.sinks import KINDS

SETTINGS = {
    "slack": lambda url: {"url": url},
    "teams": lambda url: {"url": url},
    "discord": lambda url: {"url": url},
    "telegram": lambda url: {"token": "1:a", "chat_id": -100, "url": url},
    "ntfy": lambda url: {"topic": "ops", "tags": ["logwatch"], "url": url},
}


@pytest.mark.parametrize("case", sorted(CASES))
@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_a_message_is_as_it_was(name, case, server):
    receiver = server(answer(200, body=b"ok"))
    kind = KINDS[name]
    sink = kind.make(msgspec.convert(SETTINGS[name](receiver.url("")), kind.settings))
    sink.deliver([Notification(1, encode_alert(alert(**CASES[case])))])
    sink.close()
    (request,) = receiver.requests
    body = json.dumps(json.loads(request.body), indent=2, ensure_ascii=False)
    golden.check(f"{name}-{case}.json", f"{body}\n")


def test_no_file_is_left_of_what_is_not_sent():
    names = {f"{name}-{case}.json" for name in SETTINGS for case in CASES}
    ours = {path.name for path in golden.FOLDER.iterdir() if path.name.split("-")[0] in SETTINGS}
    assert ours == names
