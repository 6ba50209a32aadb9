"""What of a text is a quantity."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch.quantities import quantity


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("1h30m", "5400", "time"),
        ("1m3.5s", "63.5", "time"),
        ("-2s", "-2", "time"),
        ("150\u00b5s", "0.00015", "time"),
        ("10 min", "600", "time"),
        ("12 kB", "12000", "size"),
        ("64KiB", "65536", "size"),
        ("5B", "5", "size"),
        ("1e3", "1000", ""),
    ],
)
def test_quantities_as_programs_write_them(text, value, unit):
    """In seconds or bytes."""
    assert quantity(text) == (Decimal(value), unit)


@pytest.mark.parametrize("text", ["", "-", "ms", "B", "0x10", "1,5", "1.2.3", "٣", "1" * 100, "5%"])
def test_other_texts_are_no_quantity(text):
    """And are never compared."""
    assert quantity(text) is None


@given(st.text(max_size=30))
def test_any_text_is_a_number_or_none(text):
    """Nothing raises."""
    found = quantity(text)
    assert found is None or isinstance(found.value, Decimal)
