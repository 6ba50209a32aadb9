"""What a condition on a field means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch.conditions import (
    Comparison,
    Condition,
    ConditionError,
    compile_where,
    parse_test,
    written,
)
from logwatch.quantities import quantity


def holds(test, value, **others):
    """Whether a record with `value` in field `x` passes `test`, one or a list."""
    texts = [test] if isinstance(test, str) else test
    where = (Condition("x", tuple(parse_test(text) for text in texts)),)
    fields = {} if value is None else {"x": value}
    return compile_where(where, **others)(fields)


@pytest.mark.parametrize(
    ("test", "passing", "failing"),
    [
        ("error", ["error"], ["Error", "errors", " error", ""]),
        ("= error", ["error"], ["ERROR"]),
        ("''", ["''"], [""]),
        ("", [""], ["x"]),
        ("500", ["500", "500.0", "5e2", "0500", "+500"], ["5000", "500ms", "x500", "50"]),
        ("1.1", ["1.1", "1.10"], ["1.1.0", "1"]),
        ("800ms", ["800ms", "0.8s", "0.8", "800 ms"], ["800", "800MB", "0.8 B"]),
        ("true", ["true"], ["True", "1"]),
        ("10.0.0.1", ["10.0.0.1"], ["10.0.0.10"]),
        ("web*", ["web", "web1", "web\n1"], ["aweb", "Web1"]),
        ("*.log", ["a.log", ".log"], ["alog", "a.log.1"]),
        ("5??", ["503", "5xx"], ["50", "5030"]),
        ("a[b]*", ["a[b]c"], ["ab", "abc"]),
        ("*", ["", "anything"], []),
        ("!= debug", ["info", ""], ["debug"]),
        ("!= web*", ["db1"], ["web1"]),
        ("!= 500", ["501"], ["500", "500.0"]),
        ("~ ^/checkout", ["/checkout/1"], ["/cart/checkout", "/Checkout"]),
        ("~ (?i)error", ["An ERROR"], ["eror"]),
        ("!~ ^/health", ["/"], ["/health", "/healthz"]),
        (">= 500", ["500", "503", "500.0", "1e3", "1 kB", "1h"], ["499", "499.9", "", "high", "-"]),
        ("> 500", ["501", "500.1"], ["500", "500.0"]),
        ("< 500", ["499", "-3", "0.5", ".5", "1ms"], ["500", "x", "1h"]),
        ("<= 0", ["0", "-0", "-1"], ["0.1"]),
        (
            "> 800ms",
            ["801ms", "1s", "1.2", "1m3.5s", "0.9 s", "900000us"],
            ["800ms", "0.8", "1MiB"],
        ),
        ("in 10.0.0.0/8", ["10.1.2.3", "::ffff:10.0.0.7", "10.0.0.7:22"], ["11.0.0.1", "x", ""]),
        ("in 127.0.0.0/8, ::1", ["127.0.0.1", "::1", "[::1]:80"], ["10.0.0.1", "::2"]),
        ("!in 10.0.0.0/8 ::1", ["11.0.0.1", "x", ""], ["10.0.0.1", "::1"]),
        ("! in 10.0.0.7", ["10.0.0.8"], ["10.0.0.7"]),
        ("not in 10.0.0.7", ["10.0.0.8"], ["10.0.0.7"]),
        ("in # office\n10.0.0.0/8 # all\n\n#::1\n::2", ["10.0.0.1", "::2"], ["::1"]),
        ("in # nobody\n", [], ["::1", "in"]),
        ("in progress", ["in progress"], ["progress"]),
        ("not in use", ["not in use"], ["in use"]),
        ("= in 10.0.0.7", ["in 10.0.0.7"], ["10.0.0.7"]),
        ("> 3MiB", ["4MiB", "3146000", "4 MB", "1G"], ["3MiB", "3.1MB", "4s", "3000k"]),
    ],
)
def test_each_operator(test, passing, failing):
    """On values as logs write them."""
    for value in passing:
        assert holds(test, value), value
    for value in failing:
        assert not holds(test, value), value


@pytest.mark.parametrize("test", ["error", "*", "~ .", ">= 0", "< 5", "", "in ::/0"])
def test_a_missing_field_fails_a_test(test):
    """There is nothing to compare."""
    assert not holds(test, None)


@pytest.mark.parametrize("test", ["!= debug", "!~ ^debug", "!in 0.0.0.0/0"])
def test_a_missing_field_passes_a_negative_test(test):
    """What is not there is not debug."""
    assert holds(test, None)


def test_any_test_of_a_list_and_every_condition_must_hold():
    """`[any, of]`, and all entries."""
    assert holds(["error", "fatal"], "fatal")
    assert not holds(["error", "fatal"], "info")
    where = (Condition("a", (parse_test("1"),)), Condition("b.c", (parse_test("2"),)))
    assert compile_where(where)({"a": "1", "b.c": "2"})
    assert not compile_where(where)({"a": "1"})
    assert not compile_where(where)({"a": "1", "b.c": "3"})


def test_a_search_that_runs_out_of_time_finds_nothing():
    """The same as for `match` and `unless`."""

    def make_search(_pattern):
        def search(_value):
            raise TimeoutError

        return search

    assert not holds("~ x", "x", make_search=make_search)
    assert holds("!~ x", "x", make_search=make_search)


@pytest.mark.parametrize(
    ("text", "position", "length", "said"),
    [
        ("== 5", 0, 2, "did you mean '='?"),
        ("=~ x", 0, 2, "did you mean '~'?"),
        (" =< 5", 1, 2, "did you mean '<='?"),
        ("<> 5", 0, 2, "did you mean '!='?"),
        (">>> 5", 0, 3, "choose: ="),
        ("> soon", 2, 4, "write a number"),
        ("<nil>", 1, 4, "for the text itself '= <nil>'"),
        ("~", 0, 1, "write '~ ^/api/'"),
        (
            "in 10.0.0.0/8 127.0.0.1/8",
            14,
            11,
            "write 127.0.0.0/8 for the network, or 127.0.0.1 for",
        ),
        ("in 10.0.0.0/33", 3, 11, "for the text itself '= in 10.0.0.0/33'"),
        ("!in office", 4, 6, "write one: 10.0.0.7, 10.0.0.0/8 or 2001:db8::/32"),
    ],
)
def test_what_is_no_condition_is_told_with_its_place(text, position, length, said):
    """And with what to type."""
    with pytest.raises(ConditionError) as caught:
        parse_test(text)
    assert (caught.value.position, caught.value.length) == (position, length)
    assert said in caught.value.remedy


@given(
    st.sampled_from([">", ">=", "<", "<="]),
    st.decimals(-(10**12), 10**12, places=6),
    st.sampled_from(["", "ms", "s", "h", "kB", "MiB"]),
    st.decimals(-1, 1, places=9),
)
def test_numbers_are_compared_to_the_last_digit(operator, number, unit, difference):
    """Whatever the first look at them was."""
    bound = quantity(f"{number:f}{unit}")
    value = f"{number + difference:f}{unit}"
    exact = quantity(value).value
    expected = {
        ">": exact > bound.value,
        ">=": exact >= bound.value,
        "<": exact < bound.value,
        "<=": exact <= bound.value,
    }
    assert holds(f"{operator} {number:f}{unit}", value) == expected[operator]


@given(st.sampled_from(["=", "!=", "~", "!~"]), st.text(min_size=1, max_size=20))
def test_a_test_is_read_back_as_it_was(operator, operand):
    """`written` is for people and for `check --canonical`."""
    test = Comparison(operator, operand.strip() or "x")
    assert parse_test(written(test)) == test


@pytest.mark.parametrize("text", ["in 10.0.0.0/8 ::1", "!in 10.0.0.7", "= in 10.0.0.7", "in use"])
def test_what_asks_for_addresses_is_told_from_a_text_when_it_is_read_back(text):
    """Only where it must be is a text told by its `=`."""
    assert written(parse_test(text)) == text


@given(st.text(max_size=20), st.text(max_size=20))
def test_a_text_is_equal_to_itself_and_its_opposite_is_the_opposite(operand, value):
    """For any text that is no operator."""
    where = (Condition("x", (Comparison("=", operand),)),)
    unlike = (Condition("x", (Comparison("!=", operand),)),)
    assert compile_where(where)({"x": operand})
    assert compile_where(where)({"x": value}) != compile_where(unlike)({"x": value})


def test_one_negative_test_of_several_lets_a_missing_field_pass():
    """Any of them is enough, so a line without the field cannot be left out."""
    assert holds(["error", "!= debug"], None)
    assert holds(["!~ ^debug", "> 5"], None)
    assert not holds(["error", "> 5"], None)
