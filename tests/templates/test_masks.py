"""What the built-in masks take for a value, what they leave alone, and that no line is dear."""

from __future__ import annotations

import time

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch.templates import Masks, TemplateMiner


def masked(message):
    return " ".join(Masks().tokens(message))


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ("count 17 is -3 or +4.5%", "count <num> is <num> or <num>"),
        ("took 5 ms, then 1.5s and 1h30m", "took <duration>, then <duration> and <duration>"),
        ("read 512 bytes (0.5 KB) of 3MiB", "read <size> of <size>"),
        ("10.0.0.1 and 10.0.0.1:80 and 10.0.0.0/8", "<host> and <host> and <host>"),
        ("from fe80::1 or [2001:db8::7]:443 port 1", "from <host> or <host> port <num>"),
        ("open db.example.org:5432 failed", "open <host> failed"),
        ("via 1.2.3.4,5.6.7.8 to us", "via <host> to us"),
        ("card 00:1B:44:11:3A:B7 is up", "card <mac> is up"),
        ("id 123e4567-e89b-12d3-a456-426614174000.", "id <uuid>."),
        ("at 0x7fff12 of deadbeef01", "at <hex> of <hex>"),
        ("opened /var/log/app.log twice", "opened <path> twice"),
        (r"opened C:\Windows\app.exe and \\host\share\x", "opened <path> and <path>"),
        ("GET https://example.org/a?b=1 said no", "GET <url> said no"),
        ("mail from <ann@example.org> came", "mail from <<email>> came"),
        ("user 'ann lee' said \"never mind\"", "user <quoted> said <quoted>"),
        ('"POST /a/b?c=1 HTTP/1.1" 200', '"POST <path>" <num>'),
        ("2026-01-05T01:02:03.5Z ok", "<time> ok"),
        ("2026-01-05 01:02:03,123 ok", "<time> <time> ok"),
        ("Jan  5 01:02:03 web1 ok", "<time> <num> <time> web<num> ok"),
        ("[05/Jan/2026:01:02:03 +0100] ok", "[<time> <num>] ok"),
        ("blk_-38865 and job=17, eth0", "blk_-<num> and job=<num>, eth<num>"),
    ],
)
def test_a_value_becomes_a_mask(message, text):
    assert masked(message) == text


@pytest.mark.parametrize(
    "message",
    [
        "it isn't there and can't be",
        "I/O error on and/or",
        "a fine day for decade and facade",
        "org.example.app.Main failed: no such thing",
        "",
    ],
)
def test_words_stay_what_they_are(message):
    assert masked(message) == message


def test_a_wildcard_in_a_message_is_none():
    assert masked("all <*> here") == "all <star> here"
    assert Masks().template("all <*> here") == ["all", "<*>", "here"]


def test_only_the_beginning_of_a_long_message_is_looked_at():
    assert len(Masks().tokens("a " * 5000)) == 128
    assert Masks().tokens("x" * 5000) == ["x" * 1024]


def test_the_table_of_words_stays_small():
    masks = Masks()
    for n in range(20_000):
        masks.tokens(f"job-{n}")
    assert len(masks._known) <= 4096


def test_half_a_surrogate_pair_can_be_kept():
    miner = TemplateMiner()
    name = miner.learn("bad \ud800 text", 0.0).template_id
    (part,) = miner.changes()
    assert part[0] == name
    assert msgspec.json.decode(part[1])[1] == "bad ? text"


HOSTILE = [
    *("7", '"', "'", "/", "\\", ":", ".", "-", "@", "<", "a", "f"),
    *('" ', "' a", "/a:", "a.", "a@", "7:", "7.", "1-", "f7", "::f", "a7-", "http://", "\\\\a"),
    *('"GET ', "7 ", "7 s ", "(7 KB) ", "\u00e9", "a_7", "77:77:", "a.b:", "['", "0x"),
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_no_line_is_dear(piece):
    """A message of 256 KiB costs no more than its first kilobyte: far below ten milliseconds."""
    message = piece * (256 * 1024 // len(piece))
    times = []
    for _ in range(5):
        masks = Masks()
        start = time.thread_time()
        masks.tokens(message)
        times.append(time.thread_time() - start)
    assert min(times) < 0.01


@given(st.text(st.sampled_from("7af0x:/.-@\\\"'<*> ,[]%KBms"), max_size=80))
def test_the_text_of_a_message_is_again_tokens_without_wildcards(message):
    tokens = Masks().tokens(message)
    assert " ".join(tokens).split() == tokens
    assert "<*>" not in tokens
    assert tokens == Masks().tokens(message)
