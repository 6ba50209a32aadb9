"""Whatever a log holds, what is printed of it is harmless and complete."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch.sinks.plain_text import shorten, visible

# Prepended concatenation marks: format characters with a shape that people see.
SHAPED = {
    *range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD,
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J\x1b]0;title\x07", "␛[2J␛]0;title␇"),
        ("a\0b\tc\r\nd\x7f", "a␀b␉c␍␊d␡"),
        ("\x9b31m", "<U+009B>31m"),
        ("user\u202egnp.exe", "user<U+202E>gnp.exe"),
        ("pay\u200bpal\ufeff", "pay<U+200B>pal<U+FEFF>"),
        ("\U000e0041", "<U+E0041>"),
        ("one\u2028two", "one<U+2028>two"),
        ("\ud800", "<U+D800>"),
    ],
)
def test_what_steers_or_hides_is_shown(text, shown):
    assert visible(text) == shown


@pytest.mark.parametrize(
    "text", ["", "plain ASCII", "naïve café", "日本語", "Москва", "😀", "a\u00a0b", "�"]
)
def test_ordinary_text_of_any_script_is_left_alone(text):
    assert visible(text) == text


def test_clean_text_costs_no_copy():
    text = "Failed password for root"
    assert visible(text) is text


def test_every_control_format_surrogate_and_separator_character_is_shown():
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        category = unicodedata.category(character)
        if category in ("Cc", "Cf", "Cs", "Zl", "Zp") and code not in SHAPED:
            assert visible(character) != character, hex(code)


@given(st.text(st.characters()))
def test_what_is_shown_stays_so_and_can_be_encoded(text):
    shown = visible(text)
    assert visible(shown) == shown
    assert not set(shown) & {chr(code) for code in (*range(32), *range(127, 160))}
    shown.encode()


def test_long_text_keeps_both_ends_and_says_how_much_is_missing():
    assert shorten("a" * 60 + "b" * 40, 30) == "a" * 20 + "[… 70 characters …]" + "b" * 10


@given(st.text(), st.integers(1, 50))
def test_text_within_the_limit_is_not_shortened(text, longest):
    assert (shorten(text, longest) == text) == (len(text) <= longest)
