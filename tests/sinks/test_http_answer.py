"""How an answer is read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch.records import Delivered, Rejected, Retry
from logwatch.sinks.http_answer import (
    Answer,
    outcome_of,
    parse_retry_after,
    secrets_of,
    shown,
)

NOON = 1_767_614_400.0  # 2026-01-05T12:00:00Z
WHERE = "https://host/…"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("41", 41),
        (" 7 ", 7),
        ("1.5", 1.5),
        ("0", 0),
        ("999999999999", 3600),
        ("9" * 500, 3600),
        ("Mon, 05 Jan 2026 12:01:30 GMT", 90),
        ("Monday, 05-Jan-26 12:01:30 GMT", 90),
        ("Mon Jan  5 12:01:30 2026", 90),
        ("Mon, 05 Jan 2026 11:00:00 GMT", 0),
        ("Mon, 05 Jan 2099 12:00:00 GMT", 3600),
        ("Mon, 99 Jan 2026 12:00:00 GMT", None),
        ("soon", None),
        ("-5", None),
        ("", None),
    ],
)
def test_retry_after_is_read_in_both_forms_and_capped(value, seconds):
    assert parse_retry_after(value, NOON) == seconds


@given(st.text(max_size=40), st.floats(0, 4e9))
def test_no_retry_after_does_harm(value, wall):
    seconds = parse_retry_after(value, wall)
    assert seconds is None or 0 <= seconds <= 3600


@given(st.integers(200, 299))
def test_any_2xx_delivers(status):
    assert outcome_of(Answer(status), NOON, WHERE) == Delivered(f"{status} from {WHERE}")


@given(st.sampled_from([408, 425, 429, *range(500, 600)]))
def test_what_may_pass_is_tried_again_when_the_receiver_says(status):
    outcome = outcome_of(Answer(status, retry_after="41"), NOON, WHERE)
    assert outcome == Retry(f"{status} from {WHERE}", after=41.0)
    assert outcome_of(Answer(status), NOON, WHERE) == Retry(f"{status} from {WHERE}")


@pytest.mark.parametrize("status", [401, 403])
def test_refused_credentials_are_tried_again_slowly(status):
    outcome = outcome_of(Answer(status, excerpt="token tk_123"), NOON, WHERE)
    assert isinstance(outcome, Retry)
    assert outcome.after == 300
    assert "credentials" in outcome.reason
    assert "tk_123" not in outcome.reason


@given(st.integers(400, 499).filter(lambda status: status not in {401, 403, 408, 425, 429}))
def test_any_other_4xx_is_for_ever(status):
    outcome = outcome_of(Answer(status, excerpt="no\x1b[2J such\nroom"), NOON, WHERE)
    assert outcome == Rejected(f"{status} from {WHERE}: no␛[2J such room")


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("https://other.example/path?token=1", "other.example"),
        ("/elsewhere", "another path of the same host"),
        ("http://[", "something that is no URL"),
        (None, "nowhere"),
    ],
)
def test_a_redirect_is_refused_and_names_the_host_alone(location, target):
    outcome = outcome_of(Answer(302, location=location), NOON, WHERE)
    assert outcome == Rejected(f"302 from {WHERE}: redirects to {target}, which is not followed")


def test_a_refusal_is_quoted_without_what_is_secret_and_not_for_long():
    url = "https://user:hunter22@host/services/T0000/s3cr3tpath?key=abcdefgh"
    secrets = secrets_of(url, ["Bearer tok_12345"])
    said = "Cannot POST /services/T0000/s3cr3tpath?key=abcdefgh as user:hunter22, tok_12345 "
    outcome = outcome_of(Answer(404, excerpt=said + "x" * 500), NOON, WHERE, secrets)
    assert isinstance(outcome, Rejected)
    for secret in ("s3cr3tpath", "abcdefgh", "hunter22", "tok_12345"):
        assert secret not in outcome.reason
    assert outcome.reason.startswith(f"404 from {WHERE}: Cannot POST …")
    assert len(outcome.reason) <= 200 + len(f"404 from {WHERE}: ")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://hooks.example/services/T/B/secret", "https://hooks.example/…"),
        ("https://user:secret@hooks.example:8443/", "https://hooks.example:8443/…"),
        ("http://[::1]:80/secret?secret", "http://[::1]:80/…"),
    ],
)
def test_a_shown_url_holds_no_secret(url, expected):
    assert shown(url) == expected
