"""Durations and sizes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch.units import (
    Rate,
    format_duration,
    parse_duration,
    parse_rate,
    parse_share,
    parse_size,
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("2m", 120), ("1h30m", 5400), ("7d", 604_800), ("250ms", 0.25), ("0", 0)],
)
def test_durations_are_read_as_people_write_them(text, seconds):
    """Units may be strung together."""
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "5", "2min", "m", "-5m", "1 h", "5:30", "1h 30m", "५m"])
def test_what_is_no_duration_is_refused_with_a_remedy(text):
    """A number without a unit is a guess."""
    with pytest.raises(ValueError, match="write 30s, 5m, 1h30m or 7d"):
        parse_duration(text)


@given(st.integers(0, 10**12))
def test_a_formatted_duration_reads_back(milliseconds):
    """To the millisecond."""
    text = format_duration(milliseconds / 1000)
    assert round(parse_duration(text) * 1000) == milliseconds


@pytest.mark.parametrize(
    ("text", "size"), [("4096", 4096), ("256KiB", 262_144), ("10MB", 10_000_000), ("1 GiB", 2**30)]
)
def test_sizes_know_both_kinds_of_units(text, size):
    """KiB and KB."""
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "1XB", "KiB", "-1", "1.5MiB"])
def test_what_is_no_size_is_refused_with_a_remedy(text):
    """As for durations."""
    with pytest.raises(ValueError, match="write 4096, 256KiB or 10MB"):
        parse_size(text)


@pytest.mark.parametrize(("text", "share"), [("1%", 0.01), ("0.5 %", 0.005), ("0", 0.0)])
def test_a_share_is_a_percentage(text, share):
    """With or without a space."""
    assert parse_share(text) == share


@pytest.mark.parametrize("text", ["", "0.01", "1", "-1%", "%", "1%%", "ten"])
def test_what_is_no_share_is_refused_with_a_remedy(text):
    """A bare number could mean either."""
    with pytest.raises(ValueError, match="write 1%"):
        parse_share(text)


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("10/min", Rate(10, 60.0)),
        ("1/s", Rate(1, 1.0)),
        ("100/h", Rate(100, 3600.0)),
        ("500 / d", Rate(500, 86400.0)),
        ("3/30m", Rate(3, 1800.0)),
        ("7/day", Rate(7, 86400.0)),
    ],
)
def test_a_rate_is_so_many_in_a_span(text, rate):
    assert parse_rate(text) == rate
    assert parse_rate(str(rate)) == rate


@pytest.mark.parametrize("text", ["", "10", "0/min", "10/0s", "10/year", "-1/s", "1/min/s", "x/s"])
def test_what_is_no_rate_is_refused_with_a_remedy(text):
    with pytest.raises(ValueError, match="write 10/min"):
        parse_rate(text)
