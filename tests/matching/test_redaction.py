"""What is hidden of a line, and what is left as it is."""

from __future__ import annotations

import re
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch.clock import thread_seconds
from logwatch.matching import searches
from logwatch.matching.redaction import MASK, WITHHELD, Redactor, hidden
from logwatch.matching.stock_secrets import STOCK_PATTERNS

STOCK = Redactor(STOCK_PATTERNS)


@pytest.mark.parametrize(
    ("line", "secret"),
    [
        ("login failed password=hunter2 user=bob", "hunter2"),
        ("DB_PASSWORD='with some space' started", "with some space"),
        ('{"user": "bob", "api_key": "k-1\\"23", "n": 1}', 'k-1\\"23'),
        ("GET /?token=abc123&x=1 HTTP/1.1", "abc123"),
        ("Authorization: Bearer abcDEF123", "abcDEF123"),
        ("sent header bearer 0123456789abcdef0123", "0123456789abcdef0123"),
        ("connecting to postgres://app:s3cret@db/prod", "s3cret"),
        ("using AKIAIOSFODNN7EXAMPLE now", "AKIAIOSFODNN7EXAMPLE"),
        ("push with ghp_0123456789012345678901234567890123456 ok", "ghp_0123456789"),
        ("jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.sig-na_ture end", "eyJhbGciOiJIUzI1NiJ9"),
        ("client_secret=0f9e8d7c; retry", "0f9e8d7c"),
    ],
)
def test_what_looks_like_a_secret_is_hidden(line, secret):
    shown = STOCK.text(line)
    assert secret not in shown
    assert MASK in shown


@pytest.mark.parametrize(
    "line",
    [
        "Failed password for root from 203.0.113.7 port 22",
        "token expired for user bob",
        "password: incorrect",
        "pam_unix(sshd:auth): authentication failure; uid=0",
        "https://example.org/path?x=1 took 3 ms",
        "compass=north bypass ok",
    ],
)
def test_what_only_speaks_of_secrets_is_left(line):
    assert STOCK.text(line) == line


@pytest.mark.parametrize(
    "part",
    [
        *("-eyJ", "-eyJ0123456789", "-eyJ0123456789.0123456789", "eyJ0123456789.", "-sk-"),
        *("password=", 'password="', "password='", 'password=\\"', 'password="\\', "-xoxb-"),
        *('"password":"\\\\', "'password': ", "-ghp_", "authorization: ", "bearer "),
        *("://:", "://a:b", "://", ":", "a", "\\"),
    ],
)
def test_no_line_takes_the_stock_patterns_more_than_its_length(part):
    """Whoever can write to a log could hold up whoever reads it: for a minute, with `-eyJ-eyJ`."""
    before = thread_seconds()
    STOCK.text(part * (64_000 // len(part)))
    assert thread_seconds() - before < 1.0


def test_a_token_is_hidden_wherever_it_begins():
    token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl"
    assert STOCK.text(f"eyJ-eyJ {token} x-{token}") == f"eyJ-eyJ {MASK} x-{MASK}"


def test_groups_say_what_is_hidden_and_without_one_it_is_all():
    assert Redactor([r"card=(\d{4})\d+"]).text("card=123456 ok") == f"card={MASK}56 ok"
    assert Redactor([r"\d+"]).text("card=123456 ok") == f"card={MASK} ok"
    assert Redactor([r"a(b)?c"]).text("ac abc") == f"ac a{MASK}c"


def test_what_overlaps_is_hidden_once():
    assert Redactor(["abcd", "cdef"]).text("xabcdefx") == f"x{MASK}x"


def test_values_lose_the_secrets_of_their_line():
    """A short one only where it is all there is: it is in anything."""
    _, secrets = Redactor([r"p=(\S+)", r"q=(\S+)"]).split("p=hunter2 q=no")
    values = {"p": "hunter2", "q": "no", "url": "/x?p=hunter2", "note": "nothing"}
    assert hidden(values, secrets) == {
        "p": MASK,
        "q": MASK,
        "url": f"/x?p={MASK}",
        "note": "nothing",
    }


@given(st.text(max_size=60), st.text("abc123", min_size=4, max_size=9), st.text(max_size=60))
def test_no_secret_is_left_whatever_is_around_it(before, secret, after):
    """And what is around is as it was, where it has nothing of the kind."""
    redactor = Redactor([r"<<(\w+)>>"])
    shown = redactor.text(f"{before}<<{secret}>>{after}")
    assert f"<<{secret}>>" not in shown
    if "<" not in before + after:
        assert shown == f"{before}<<{MASK}>>{after}"


EVIL = "id=((?:a|aa)+)(?!.)"
SLOW = "id=" + "a" * 100_000 + "!"
QUADRATIC = r"(?i)Kunde\s*(\w+)\s+ok"


def told(redactor):
    return [(one.kind, one.rule, one.pattern) for one in redactor.troubles()]


def test_a_text_whose_secrets_take_too_long_to_find_is_withheld_and_told_once():
    """Better none of it than a secret; other texts are told as ever."""
    redactor = Redactor([EVIL, r"card=(\d+)"])
    assert redactor.split(SLOW) == (WITHHELD, None)
    assert redactor.text(f"{SLOW} card=1234") == WITHHELD
    assert redactor.text("id=aa") == f"id={MASK}"
    assert redactor.text("card=1234 is fine") == f"card={MASK} is fine"
    assert told(redactor) == [("withheld", None, EVIL)]
    assert told(redactor) == []


def test_what_was_found_in_a_withheld_text_is_withheld_too():
    assert hidden({"a": "x", "b": ""}, None) == {"a": WITHHELD, "b": WITHHELD}


def test_a_pattern_that_used_up_its_time_hides_in_short_texts_what_it_finds(monkeypatch):
    """And withholds long ones without a search; but not those that have nothing for it."""
    monkeypatch.setattr(searches, "BURST_SECONDS", 0.0)
    redactor = Redactor([QUADRATIC], clock=lambda: 0.0)
    long = "kunde " + "x" * 5_000
    assert redactor.text(f"{long} ok") == f"kunde {MASK} ok"
    assert [one.message.count("used up") for one in redactor.troubles()] == [1]
    assert redactor.text(long) == WITHHELD
    assert redactor.text("x" * 5_000) == "x" * 5_000
    assert redactor.text("Kunde Meier ok") == f"Kunde {MASK} ok"


def test_a_pattern_may_use_time_for_ever_where_the_log_is_large():
    ticks = count()
    redactor = Redactor([QUADRATIC], clock=lambda: next(ticks) * 0.3)
    line = "Kunde Meier ok" + "." * 50
    for _ in range(9):
        redactor.scanned(3_000_000)
        redactor.text(line)
    assert told(redactor) == []
    for _ in range(4):
        redactor.text(line)
    assert told(redactor) == [("withheld", None, QUADRATIC)]


def test_a_pattern_that_takes_no_longer_than_usual_may_be_searched_for_in_every_line():
    """Of a log of which every line is looked at several times, or is on a screen."""
    ticks = count()
    redactor = Redactor([QUADRATIC], clock=lambda: next(ticks) * 5e-6)
    for _ in range(250_000):
        redactor._searches.every(0, "y" * 60, unless=lambda *_: False)
    assert told(redactor) == []


@pytest.mark.parametrize("text", [r"p=(\S+)", STOCK_PATTERNS[0]])
def test_a_text_that_python_itself_fails_in_is_withheld(monkeypatch, text):
    """The thread that reads the log goes on."""
    redactor = Redactor([text])

    class Broken:
        search = None

        def finditer(self, line: str) -> object:
            if "poison" in line:
                raise SystemError("The span of capturing group is wrong")
            return re.finditer("p=(.*)", line)

    redactor._stock = dict.fromkeys(redactor._stock, Broken())
    monkeypatch.setattr(searches, "compile_pattern", lambda _text: Broken())
    assert redactor.text("p=1") == f"p={MASK}"
    assert redactor.text("poison p=1") == WITHHELD
    [trouble] = redactor.troubles()
    assert trouble.kind == "withheld"
    assert "failed in one line" in trouble.message


TEXTS = [
    "kunde a ok, KUNDE \u017fb  ok \nKunde\vc\nok Kunde d no",
    "\u212aunde k ok; kunde \xe4\xd6\u1e9e ok",
    "a:b=c;;x'y' <<z>> aaa--aaa \u0130\u0131",
]


@pytest.mark.parametrize(
    "text",
    [
        QUADRATIC,
        r"(?i)(kunde)(?=\s)",
        r"\b\w(?=:)|;|(<<)\w*(>>)",
        r"(a)*-|(?:b|=)(c)?",
        r"(?s)K.nde.*?ok",
        r"(?m)^\w+ (\w)$",
    ],
)
@pytest.mark.parametrize("around", TEXTS)
def test_long_texts_hide_what_python_finds_in_them(text, around):
    """Though they are searched by another engine, and not at all where words are missing."""
    for filling in ("-", "x", " ", "\n", "\xdf"):
        long = around + filling * 6_000 + around
        expected = Redactor([])
        expected._spans = lambda line: {
            match.span(group)
            for match in re.finditer(text, line)
            for group in (range(1, match.re.groups + 1) or (0,))
            if match.span(group)[1] > match.span(group)[0] >= 0
        }
        assert Redactor([text]).split(long) == expected.split(long)
