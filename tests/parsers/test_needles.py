"""Wherever a condition holds on the fields of a line, its needle is in the line.

Lines are written in every way that their format allows, escapes included; conditions are made of
what is in the line and of what nearly is.
"""

import re
from datetime import UTC

import pytest
from doubles.examples import examples
from hypothesis import assume, event, given
from hypothesis import strategies as st
from parsers import where_campaign
from parsers.where_campaign import parsed_condition

from logwatch.conditions import Condition, compile_where, parse_test
from logwatch.parsers import FORMATS, RECEIVED, field_names, make_parser, needle
from logwatch.parsers.base import ParserSettings
from logwatch.parsers.json_lines import escapes
from logwatch.parsers.literals import required_literals
from logwatch.parsers.needles import NEVER, one_of_digits

NOW = 1_767_571_200.0
OWN = r"(?P<level>\S*) n=(?P<n>[^|]*)\|(?P<rest>.*)"
"""A format of the configuration's own."""
PARSERS = {name: make_parser(name, ParserSettings(tz=UTC)) for name in (*FORMATS, OWN)}

WORDS = ["error", "true", "false", "warn", "a/b", "/api/v1", "503", "5e2", "500.0", "-0", "0", ".5"]
WORDS += [
    "812ms",
    "1m3.5s",
    "3MiB",
    "007",
    "a b",
    'say "x"',
    "it's",
    "a\\b",
    "é",
    "日本",
    "\U0001f600",
]
WORDS += ["x\n", "\t", "[a]", "a]b", "a=b", "", "-", "*", "10.0.0.1", "1e-3", "+7", "99", "1000"]
texts = st.one_of(
    st.sampled_from(WORDS),
    st.text(st.sampled_from("aeorEO015.-+e/\\\"' []=?*|éM"), max_size=6),
    st.integers(0, 10**6).map(str),
    st.floats(0, 1e4).map(str),
)
names = st.sampled_from(["level", "log", "a.b", "http.status", "t/x", "0", "tags.1", "é", 'q"', ""])


@st.composite
def spelled(draw, text):
    """`text` between the quotes of JSON, each character in one of its spellings."""
    out = []
    for char in text:
        ways = []
        if char not in '"\\' and char >= " ":
            ways.append(char)
        short = {'"': '\\"', "\\": "\\\\", "/": "\\/", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
        if char in short:
            ways.append(short[char])
        units = char.encode("utf-16-be")
        lower = "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
        ways += [lower, lower.upper().replace("\\U", "\\u")] if draw(st.integers(0, 7)) == 0 else []
        out.append(draw(st.sampled_from(ways or [lower])))
    return "".join(out)


@st.composite
def json_values(draw):
    """A value as it is written."""
    if draw(st.booleans()):
        return f'"{draw(spelled(draw(texts)))}"'
    return draw(
        st.one_of(
            st.sampled_from(["true", "false", "null", "500", "5e2", "500.0", "-0", "0", "1E2"]),
            st.integers(-(10**20), 10**20).map(str),
            st.floats(allow_nan=False, allow_infinity=False).map(repr),
        )
    )


@st.composite
def json_lines(draw):
    """An object with odd blanks, nested and flat names, lists, and keys that stand twice."""
    blank = st.sampled_from(["", "", "", " ", " ", "  ", "\t", "\r"])

    def value(depth):
        kind = draw(st.integers(0, 5)) if depth else 5
        if kind == 0:
            return members(depth - 1)
        if kind == 1:
            items = [value(depth - 1) for _ in range(draw(st.integers(0, 3)))]
            return f"[{draw(blank)}{f'{draw(blank)},{draw(blank)}'.join(items)}]"
        return draw(json_values())

    def members(depth):
        parts = [
            f'{draw(blank)}"{draw(spelled(draw(names)))}"{draw(blank)}:{draw(blank)}{value(depth)}'
            for _ in range(draw(st.integers(1, 3)))
        ]
        return f"{{{','.join(parts)}{draw(blank)}}}"

    return members(2)


@st.composite
def logfmt_lines(draw):
    """Pairs, bare keys and quoted values, sometimes without a blank between them."""
    parts = []
    for _ in range(draw(st.integers(1, 4))):
        key = draw(st.sampled_from(["level", "a.b", "é", "true", "t/x"]))
        value = draw(texts)
        way = draw(st.integers(0, 4))
        quoted = {
            0: key,
            1: f"{key}=",
            2: f'{key}="{draw(spelled(value))}"',
            3: f"{key}='{value}'",
            4: f"{key}={value}",
        }[way]
        parts.append(quoted + draw(st.sampled_from([" ", " ", " ", "", "  ", "\t"])))
    return "".join(parts)


@st.composite
def syslog_lines(draw):
    """The three forms."""
    pri = draw(
        st.one_of(st.just(""), st.integers(0, 999).map(lambda n: f"<{n}>"), st.just("<007>"))
    )
    word = st.one_of(st.sampled_from(["web1", "sshd", "-", "811", "a/b", "a:b", "x[1"]), texts)
    if draw(st.booleans()):
        value = draw(texts)
        for char in '\\"]':
            value = value.replace(char, "\\" + char if draw(st.booleans()) else char)
        data = draw(st.sampled_from(["-", f'[o.x ip="{value}" n="1"]', f'[o ip="{value}"]']))
        words = [draw(word) for _ in range(4)]
        stamp = draw(st.sampled_from(["2026-01-05T01:00:00Z", "-"]))
        return f"{pri or '<34>'}1 {stamp} {' '.join(words)} {data} {draw(texts)}"
    stamp = draw(st.sampled_from(["Jan  5 01:00:00", "2026-01-05T01:00:00.5Z"]))
    tag = draw(st.sampled_from(["{}[{}]:", "{}:", "{} {}:", "{}"])).format(draw(word), draw(word))
    return f"{pri}{stamp} {draw(word)} {tag} {draw(texts)}"


@st.composite
def combined_lines(draw):
    """With and without a virtual host, with requests that are none."""
    word = st.one_of(st.sampled_from(["10.0.0.1", "::1", "-", "alice", "web.example"]), texts)
    host = draw(st.sampled_from(["", "web.example:80 ", "a.b "]))
    path = draw(st.one_of(st.sampled_from(["/", "/api/v1?x=1", "/a b", "*"]), texts))
    request = draw(st.sampled_from(["GET {} HTTP/1.1", "POST {} HTTP/2.0", "{}", "-"])).format(path)
    status = draw(st.one_of(st.integers(0, 999).map(lambda n: f"{n:03}"), st.just("-")))
    size = draw(st.one_of(st.integers(0, 10**7).map(str), st.sampled_from(["-", "007", "0"])))
    column = draw(st.sampled_from([" 0.123", ' "1.500"', " rt=12.000", " x 0.5", ' "-" 0.800 7']))
    agent = f' "{draw(texts)}" "{draw(texts)}"{column}'
    rest = draw(st.sampled_from(["", f' "{draw(texts)}"', agent]))
    return (
        f"{host}{draw(word)} {draw(word)} {draw(word)} [05/Jan/2026:01:00:00 +0100]"
        f' "{request}" {status} {size}{rest}'
    )


@st.composite
def own_lines(draw):
    """As OWN has them, and some that it does not take."""
    return f"{draw(texts)}{draw(st.sampled_from([' n=', 'n=']))}{draw(texts)}|{draw(texts)}"


LINES = {
    OWN: own_lines(),
    "json": json_lines(),
    "logfmt": logfmt_lines(),
    "syslog": syslog_lines(),
    "combined": combined_lines(),
}


@st.composite
def near_tests(draw, value):
    """A text of a configuration that may well hold on `value`."""
    near = draw(st.sampled_from([value, value[:3], value[-3:], value[1:], draw(texts)]))
    number = draw(st.sampled_from(["0", "1", "500", "99", "1000", "0.5", "800ms", "3MiB", "-1"]))
    return draw(
        st.sampled_from(
            [
                *(near, f"= {near}", f"{near}*", f"*{near}", f"*{near}*", f"{near[:1]}?*", "*"),
                *(f"~ {re.escape(near)}", f"~ ^{re.escape(near)}", f"~ {re.escape(near)}$"),
                *(f"~ ^(?:zzz|{re.escape(near)})$", f"~ {near}", f"~ zzz|{re.escape(near)}"),
                *(
                    f"~ (?i){re.escape(near)}",
                    f"~ {re.escape(near)}?x*",
                    f"~ (?:q)?{re.escape(near)}",
                ),
                *(f">= {number}", f"> {number}", f"<= {number}", f"< {number}", number),
                *(f">= {value}", f"!= {near}", f"!~ {re.escape(near)}"),
            ]
        )
    )


def is_in(found, text):
    """Whether a line is stopped at for a needle."""
    return any(re.search(pattern, text) for pattern in found.patterns)


@pytest.mark.parametrize("name", LINES)
@given(data=st.data())
def test_a_condition_never_holds_where_its_needle_is_not(name, data):
    """For every format."""
    text = data.draw(LINES[name])
    fields = PARSERS[name].parse(text, NOW).fields
    assume(fields)
    field = data.draw(st.sampled_from(sorted(fields)))
    written = [data.draw(near_tests(fields[field])) for _ in range(data.draw(st.integers(1, 2)))]
    condition = parsed_condition(field, written)
    assume(condition is not None)
    holds = compile_where((condition,))(fields)
    found = needle(name, (condition,))
    event(f"holds: {holds}, needle: {found is not None}")
    if holds and found is not None:
        assert is_in(found, text), (condition, found, text, fields[field])


@pytest.mark.filterwarnings("ignore:Possible:FutureWarning")  # of `[[`, which may be drawn
@pytest.mark.parametrize("name", where_campaign.LINES)
def test_conditions_by_the_thousand_never_hold_where_their_needle_is_not(name):
    """Several at once and several tests of one, a seed each."""
    made = [where_campaign.case(seed, name) for seed in range(examples(3_000))]
    cases = [one for one in made if one is not None]
    held = [one for one in cases if one.holds and one.needle is not None]
    assert [one for one in held if not one.is_found] == []
    assert len(held) > len(made) / 6
    assert sum(not one.is_found for one in cases) > len(made) / 12, "needles leave lines out"


@pytest.mark.parametrize(
    ("name", "field", "test", "line"),
    [
        # A number in JSON may be written with a minus that the value has not.
        ("json", "n", "0*", '{"n":-0}'),
        # Any character may be an escape: of a number, of a name, beyond the first plane.
        ("json", "n", ">= 500", r'{"n":"\u0035\u0030\u0030"}'),
        ("json", "n", "500", r'{"n":"5\u00300"}'),
        ("json", "level", "error", r'{"l\u0065vel":"error"}'),
        ("json", "é", ">= 5", r'{"é":"\u0036"}'),
        ("json", "é", "日", r'{"\u00e9":"日"}'),
        ("json", "<", "日", r'{"\u003c":"日"}'),
        ("json", "x", "\U0001f600", r'{"x":"\ud83d\ude00"}'),
        ("json", "x", "\U0001f600*", r'{"x":"\uD83D\uDE00!"}'),
        # A backslash that begins no escape.
        ("json", "x", r"caf\xe9", r'{"x":"caf\xe9"}'),
        ("json", "x", r"~ caf\\xe9", r'{"x":"caf\xe9"}'),
        ("json", "x", r"\ud83d*", r'{"x":"\ud83d!"}'),
        ("logfmt", "x", r"caf\xe9", r'x="caf\xe9"'),
        ("json", "path", "/a/b", r'{"path":"\/a\/b"}'),
        ("json", "path", "~ ^/api/v1", r'{"path":"\/api\/v1\/x"}'),
        # Blanks, of which no two programs agree.
        ("json", "n", "500", '{"n"\t:\t500}'),
        ("json", "n", "500", '{"n":\t500}'),
        ("json", "n", "500", '{"n":  500}'),
        ("json", "n", "500", '{"n" :500}'),
        ("json", "ok", "t*", '{"ok":true}'),
        ("json", "ok", "f*", '{"ok": false}'),
        ("json", "tags.0", "a", '{"tags":["a"]}'),
        ("json", "tags.1", "5", '{"tags":["a",\t5]}'),
        ("json", "log", "error", r'{"log":"error\n","stream":"stdout"}'),
        ("json", "log", "*error", r'{"log":"an error\n","stream":"stdout"}'),
        # Other spellings of a number.
        ("json", "n", "500", '{"n":5e2}'),
        ("json", "n", "500", '{"n":500.0}'),
        ("json", "n", "500", '{"n":"0500"}'),
        ("json", "n", "500", '{"n":"+500"}'),
        ("json", "n", ">= 500", '{"n":1e3}'),
        ("json", "n", ">= 500", '{"n":"0501"}'),
        ("json", "n", ">= 500", '{"n":"9m"}'),
        ("json", "n", "800ms", '{"n":"0.8s"}'),
        ("json", "n", "60s", '{"n":"1m"}'),
        ("json", "n", "1kB", '{"n":"1000 B"}'),
        ("json", "n", "0.5", '{"n":".5"}'),
        ("logfmt", "n", "500", "n=5e2"),
        ("logfmt", "n", ">= 500", 'n="501"'),
        ("logfmt", "n", ">= 500", "n='501'"),
        ("logfmt", "n", ">= 500", r'n="\u0035\u0030\u0031"'),
        ("logfmt", "n", "800ms", "n=0.8s"),
        ("logfmt", "retry", "true", "a=b retry"),
        ("logfmt", "retry", "t*", "retry a=b"),
        ("logfmt", "msg", "a/b", r'msg="a\/b"'),
        ("combined", "path", "/a", 'h - - [05/Jan/2026:01:00:00 +0100] "GET /a?b HTTP/1.1" 200 1'),
        ("combined", "status", "5*", 'h - - [05/Jan/2026:01:00:00 +0100] "-" 503 -'),
        ("combined", "bytes", "7", 'h - - [05/Jan/2026:01:00:00 +0100] "-" 503 007'),
        ("syslog", "severity", "err", "<3>Jan  5 01:00:00 h app: x"),
        ("syslog", "severity", "err", "<003>Jan  5 01:00:00 h app: x"),
        ("syslog", "severity", "err", "<11>Jan  5 01:00:00 h app: x"),
        ("syslog", "facility", "user", "<11>Jan  5 01:00:00 h app: x"),
        ("syslog", "o.x", "a]b", r'<34>1 - h app 1 id [o x="a\]b"] hi'),
        ("syslog", "o.x", "a]b", '<34>1 - h app 1 id [o x="a]b"] hi'),
        ("syslog", "o.x", 'a"b', r'<34>1 - h app 1 id [o x="a\"b"] hi'),
        ("syslog", "host", "h", "2026-01-05T01:00:00Z h"),
    ],
)
def test_an_odd_way_to_write_a_value_is_reckoned_with(name, field, test, line):
    """Each of them is read, so that each has to be looked for."""
    asked = (Condition(field, (parse_test(test),)),)
    assert compile_where(asked)(PARSERS[name].parse(line, NOW).fields)
    found = needle(name, asked)
    assert found is not None
    assert is_in(found, line)


def test_a_condition_of_which_one_test_has_no_needle_has_none():
    """It holds where that test alone does."""
    either = (Condition("message", (parse_test("= error"), parse_test("~ ^.$"))),)
    assert needle("syslog", either) is None
    assert needle("syslog", (Condition("message", either[0].tests[:1]),)) is not None


@pytest.mark.parametrize("code", [*range(128), 0xB5, 0xE9, 0x20AC, 0xFFFF, 0x1F600])
def test_every_escape_of_a_character_is_looked_for(code):
    """In small digits and in large ones."""
    units = chr(code).encode("utf-16-be")
    for digits in (units[:2].hex(), units[:2].hex().upper()):
        assert any(re.search(pattern, f"\\u{digits}") for pattern in escapes(chr(code)))
    assert not any(re.search(pattern, r"\u003c\u0026\u00e8") for pattern in escapes("error"))


@given(st.sets(st.integers(0, 9999).map(str), min_size=1, max_size=60))
def test_a_pattern_of_digits_matches_just_these(some):
    """Whatever their lengths."""
    pattern = re.compile(one_of_digits(some))
    assert all(
        (pattern.fullmatch(str(number)) is not None) == (str(number) in some)
        for number in range(10_000)
    )


@given(
    st.text(st.sampled_from("abc|()[]^$.*+?{2}\\dx-"), max_size=12),
    st.text(st.sampled_from("abc2d-x|"), max_size=12),
)
def test_a_required_literal_is_in_every_match(pattern, text):
    """Of any pattern that compiles."""
    try:
        compiled = re.compile(pattern)
    except (re.error, FutureWarning):
        return
    literals = required_literals(pattern)
    if literals is not None and compiled.search(text):
        assert any(literal in text for literal in literals), (pattern, text, literals)


@pytest.mark.parametrize(
    ("pattern", "literals"),
    [
        ("^/checkout", ("/checkout",)),
        ("^(?:timeout|refused)$", ("timeout", "refused")),
        ("timeout|refused", ("timeout", "refused")),
        (r"^10\.0\.\d+", ("10.0.",)),
        ("conn(?:ection)? refused", (" refused",)),
        ("abc+d", ("abc",)),
        ("abcd*", ("abc",)),
        ("(?i)error", None),
        ("a|(b|c)", None),
        (r"\x41bcd", None),
        ("(?!never)", None),
        ("ab", None),
    ],
)
def test_literals_of_usual_patterns_are_found(pattern, literals):
    """And none where one is not sure."""
    assert required_literals(pattern) == literals


def where(**conditions):
    """Conditions as a configuration has them, `__` for a dot."""
    return tuple(
        Condition(
            name.replace("__", "."),
            tuple(parse_test(text) for text in ([value] if isinstance(value, str) else value)),
        )
        for name, value in conditions.items()
    )


@pytest.mark.parametrize(
    ("name", "conditions", "matching", "other"),
    [
        ("json", where(level="error"), '{"level": "error"}', '{"level": "info", "was": "errors"}'),
        ("json", where(level="error"), '{"level":"error"}', '{"level":"errors"}'),
        ("json", where(status="500"), '{"status":500}', '{"status":5001}'),
        (
            "json",
            where(http__status=">= 500"),
            '{"http":{"status":503}}',
            '{"http":{"status":404}}',
        ),
        ("json", where(path="~ ^/checkout"), '{"path":"/checkout"}', '{"path":"/cart"}'),
        ("logfmt", where(level=["error", "fatal"]), "a=1 level=fatal", "level=info error=fatal"),
        ("logfmt", where(retry="true"), 'msg="x" retry', "retrying=true"),
        ("syslog", where(severity=["err", "crit"]), "<11>x", "<14>x err crit"),
        ("syslog", where(program="sshd"), "x sshd[1]: y", "x cron[1]: sshd-session"),
        ("combined", where(status=">= 500"), '"GET / HTTP/1.1" 503 5', '"GET / HTTP/1.1" 404 503'),
        ("combined", where(method="POST"), 'x "POST / HTTP/1.1"', 'x "GET / HTTP/1.1"'),
        (OWN, where(level="error"), "error n=5|", "warn n=error|"),
        (OWN, where(n="503"), "x n=503|", "503 n=5|"),
        (OWN, where(n=">= 500"), "x n=503|999", "503 n=55|999"),
        (OWN, where(rest="a*"), "x n=5|abc", "a n=a|"),
        (f"(?i){OWN}", where(level="error"), "error N=5|", "warn N=5|"),
        (f"{RECEIVED}{OWN}", where(level="error"), "error n=5|", "warn n=5|"),
    ],
)
def test_a_needle_tells_what_it_can(name, conditions, matching, other):
    """It is there to keep lines from being parsed."""
    found = needle(name, conditions)
    assert found is not None
    assert is_in(found, matching)
    assert not is_in(found, other)


@pytest.mark.parametrize(
    ("name", "line", "field"),
    [
        ("json", '{"size": "12 kB"}', "size"),
        ("logfmt", 'size="12 kB"', "size"),
        ("syslog", '<34>1 2026-01-05T01:00:00Z h app 1 id [x@1 size="12 kB"] hi', "x@1.size"),
        ("syslog", "2026-01-05T01:00:00Z h app: 12 kB", "message"),
        (
            "combined",
            '1.2.3.4 - - [05/Jan/2026:01:00:00 +0100] "GET / HTTP/1.1" 200 5 "12 kB" "x"',
            "referer",
        ),
    ],
)
def test_a_blank_before_a_unit_is_reckoned_with(name, line, field):
    """Wherever a value may hold one."""
    wanted = (Condition(field, (parse_test(">= 500"),)),)
    assert compile_where(wanted)(PARSERS[name].parse(line, NOW).fields)
    assert is_in(needle(name, wanted), line)


def test_the_rarest_condition_gives_the_needle():
    """Any one that must hold will do."""
    found = needle("json", where(level="error", event="payment_failed", took="> 800ms"))
    assert found == needle("json", where(event="payment_failed"))


@pytest.mark.parametrize("name", [name for name in FORMATS if field_names(name) is None])
@pytest.mark.parametrize("test", ["!= debug", "!~ ^debug", "!in 10.0.0.0/8"])
def test_what_a_missing_field_passes_has_no_needle(name, test):
    """No line could be left out."""
    assert needle(name, where(level=test)) is None


@pytest.mark.parametrize("name", ["plain", "combined"])
def test_a_field_that_a_format_never_has_is_never_looked_for(name):
    """Where other sources of the rule have it."""
    assert needle(name, where(level="error")).patterns == (NEVER,)
    assert needle(name, where(level="!= error")) is None


def test_a_value_that_cannot_be_is_never_looked_for():
    """No status is that high."""
    assert needle("combined", where(status=">= 1000")).patterns == (NEVER,)
