"""The `say` template."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch.say import Say, TemplateError, placeholders


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{count} from {ip}", "5 from ::1"),
        ("{user|nobody}", "nobody"),
        ("{user}", "<none>"),
        ("{user|}", ""),
        ("{big:,}", "1,234,567"),
        ("{text:,}", "1,234"),
        ("{half:,}", "1,234.5"),
        ("{text:.1f}", "1234.0"),
        ("{ip:,}", "::1"),
        ("{ip:>6}|", "   ::1|"),
        ("{ip:>6,}|", "   ::1|"),
        ("{ip:>6.1f}|", "   ::1|"),
        ("{text:>6}|", "  1234|"),
        ("{pid:>6}|", "   007|"),
        ("{hash:>6}|", "   1e5|"),
        ("{big:.1f}", "1234567.0"),
        ("{{literally}}", "{literally}"),
        ("", ""),
    ],
)
def test_it_renders_names_defaults_and_numbers(template, expected):
    """The whole language."""
    values = {"count": 5, "ip": "::1", "big": 1_234_567, "text": "1234"}
    values |= {"half": "1234.5", "pid": "007", "hash": "1e5"}
    assert Say(template).render(values) == expected


@pytest.mark.parametrize(
    ("template", "position"),
    [
        ("{a.b!r}", 1),
        ("{a[0]}", 1),
        ("{}", 1),
        ("x { y", 2),
        ("x } y", 2),
        ("{n:999999999}", 3),
        ("{n:{w}}", 0),
        ("{__class__.__mro__ }", 1),
    ],
)
def test_it_refuses_what_could_reach_python_or_memory(template, position):
    """No attributes, no indexes, no wide widths; the error knows where."""
    with pytest.raises(TemplateError) as refused:
        Say(template)
    assert refused.value.position == position


def test_a_dotted_name_is_a_name_and_no_attribute():
    """`{http.status}` is the field of that name."""
    assert Say("{http.status} {real}").render({"http.status": "502"}) == "502 <none>"


def test_it_tells_its_names_with_their_places():
    """For `check`, which proves them against the pattern's captures."""
    assert placeholders("{a} and {b|x}") == [("a", 1), ("b", 9)]


@given(st.text(), st.dictionaries(st.text(), st.text()))
def test_any_text_is_a_template_or_an_error(template, values):
    """Nothing but TemplateError is ever raised."""
    try:
        say = Say(template)
    except TemplateError:
        return
    assert isinstance(say.render(values), str)
