"""Conditions on fields beside the needles by which their lines are found: a comparison at scale.

A line is written in one of the ways that its format allows, odd ones included, and conditions are
made of what is in it and of what nearly is. Wherever all of them hold on the parsed fields, the
needle must be in the line. All of it follows from a seed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC
from typing import NamedTuple

from matching.exactness.choices import Choices, Seeded, once_in, pick

from logwatch.conditions import Condition, ConditionError, Where, compile_where, parse_test
from logwatch.parsers import FORMATS, make_parser, needle
from logwatch.parsers.base import ParserSettings
from logwatch.parsers.needles import Needle

NOW = 1_767_571_200.0
OWN = r"^(?P<level>[^;]*);(?P<log>[^;]*)(?:; n=(?P<n>\S*))?(?: (?P<a>.*))?"
"""A format of the configuration's own."""
PARSERS = {name: make_parser(name, ParserSettings(tz=UTC)) for name in (*FORMATS, OWN)}

# fmt: off
WORDS = (
    "error", "true", "false", "t", "f", "warn", "a/b", "/api/v1", "503", "5e2", "500.0", "-0", "0",
    ".5", "812ms", "1m3.5s", "3MiB", "12 kB", "500 s", "501µs", "501μs", "7\u212a", "007", "a b",
    'say "x"', "it's", "a\\b", "é", "日本", "\U0001f600", "x\n", "\n", "\t", "[a]", "a]b", "a=b",
    "", "-", "*", "10.0.0.1", "1e-3", "+7", "99", "1000", "9", "19", "99.5", "5", "50", "5000",
    "0500", "0.50", "-5", "-.5", "5.", "1E3", "1e18", "123456789012345678901", "a|b", "(x)",
    "ab|cd", "\r",
    "\x01", "\x7f", "\u2028", "a\0b", "timeout", "refused", "connection refused", "</b>&", "\b\f",
)
LETTERS = "aeorEO015.-+e/\\\"' []=?*|éM9\n"
NAMES = ("level", "log", "a.b", "http.status", "t/x", "0", "tags.1", "é", 'q"', "", "n", "stream")
LOGFMT_KEYS = ("level", "a.b", "é", "true", "t/x", "n", "a+b")
BOUNDS = (
    "0", "1", "500", "99", "1000", "0.5", "800ms", "3MiB", "-1", "9", "499", "500.5", "1e3", "12s",
    "109", "990", "1999", "0500", "+5", "4e0",
)
# fmt: on


def text(choices: Choices) -> str:
    """A value of some field."""
    kind = choices.below(8)
    if kind < 5:
        return pick(choices, WORDS)
    if kind == 5:
        return "".join(pick(choices, LETTERS) for _ in range(choices.below(7)))
    if kind == 6:
        return str(choices.below(pick(choices, (10, 1000, 10**6))))
    return f"{choices.below(10**4)}.{choices.below(100)}"


def _escaped(choices: Choices, char: str) -> str:
    units = char.encode("utf-16-be", "surrogatepass")
    digits = (units[at : at + 2].hex() for at in range(0, len(units), 2))
    return "".join("\\u" + (one.upper() if once_in(choices, 2) else one) for one in digits)


_SHORT = {
    '"': '\\"', "\\": "\\\\", "/": "\\/", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\b": "\\b",
    "\f": "\\f",
}  # fmt: skip


def between_quotes(choices: Choices, value: str) -> str:
    """`value` as JSON may have it between quotes."""
    rate = pick(choices, (4, 40, 400))
    out = []
    for char, after in zip(value, [*value[1:], '"'], strict=False):
        ways = [char] if char not in '"\\' and char >= " " else []
        if char == "\\" and after not in '"\\/bfnrtu' and after >= " ":
            ways = [char]  # it begins no escape
        ways += [_SHORT[char]] if char in _SHORT else []
        if not ways or once_in(choices, rate):
            ways = [_escaped(choices, char)]
        out.append(pick(choices, ways))
    return "".join(out)


def _json_scalar(choices: Choices) -> str:
    kind = choices.below(8)
    if kind < 4:
        return f'"{between_quotes(choices, text(choices))}"'
    if kind == 4:
        return pick(choices, ("true", "false", "null", "500", "5e2", "500.0", "-0", "0", "1E2"))
    if kind == 5:
        return str(choices.below(2_000) - 400)
    if kind == 6:
        return pick(choices, ("-0.0", "0.5", "-0.5", "1e3", "5.00e+2", "99999999999999999999"))
    return repr(choices.below(10**6) / 10 ** choices.below(8))


_BLANKS = ("", "", "", "", " ", " ", "  ", "\t", "\r", " \t")


def _json_value(choices: Choices, depth: int) -> str:
    kind = choices.below(8) if depth else 7
    if kind == 0:
        return _json_object(choices, depth - 1)
    if kind == 1:
        comma = f"{pick(choices, _BLANKS)},{pick(choices, _BLANKS)}"
        items = comma.join(_json_value(choices, depth - 1) for _ in range(choices.below(4)))
        return f"[{pick(choices, _BLANKS)}{items}]"
    return _json_scalar(choices)


def _json_object(choices: Choices, depth: int) -> str:
    parts = []
    for _ in range(1 + choices.below(3)):
        blanks = [pick(choices, _BLANKS) for _ in range(3)]
        key = between_quotes(choices, pick(choices, NAMES))
        parts.append(f'{blanks[0]}"{key}"{blanks[1]}:{blanks[2]}{_json_value(choices, depth)}')
    return f"{{{','.join(parts)}{pick(choices, _BLANKS)}}}"


def json_line(choices: Choices) -> str:
    """An object with odd blanks, nested and flat names, lists, and keys that stand twice.

    One in some is a line of Docker's, of whose `log` a newline is taken.
    """
    if once_in(choices, 8):
        inside = between_quotes(choices, text(choices))
        return f'{{"log":"{inside}\\n","stream":"{pick(choices, ("stdout", "stderr"))}"}}'
    return _json_object(choices, 2)


def logfmt_line(choices: Choices) -> str:
    """Pairs, bare keys and quoted values, sometimes without a blank between them."""
    parts = []
    for _ in range(1 + choices.below(4)):
        key, value = pick(choices, LOGFMT_KEYS), text(choices)
        parts.append(
            pick(
                choices,
                (
                    key,
                    f"{key}=",
                    f'{key}="{between_quotes(choices, value)}"',
                    f"{key}='{value}'",
                    f"{key}={value}",
                    f"{key}={value}",
                ),
            )
            + pick(choices, (" ", " ", " ", "", "  ", "\t"))
        )
    return "".join(parts)


def syslog_line(choices: Choices) -> str:
    """The three forms, with priorities of one to three digits."""

    def word() -> str:
        named = ("web1", "sshd", "-", "811", "a/b", "a:b", "x[1", "host.example")
        return pick(choices, named) if choices.below(2) else text(choices)

    digits = str(choices.below(pick(choices, (10, 100, 192, 1000))))
    priority = pick(choices, ("", f"<{digits}>", f"<{digits.zfill(3)}>", f"<{digits}>"))
    if choices.below(2):
        value = text(choices)
        for char in '\\"]':
            value = value.replace(char, "\\" + char if choices.below(2) else char)
        data = pick(choices, ("-", f'[o.x ip="{value}" n="1"]', f'[o ip="{value}"]'))
        stamp = pick(choices, ("2026-01-05T01:00:00Z", "-"))
        words = " ".join(word() for _ in range(4))
        return f"{priority or '<34>'}1 {stamp} {words} {data} {text(choices)}"
    stamp = pick(choices, ("Jan  5 01:00:00", "2026-01-05T01:00:00.5Z"))
    tag = pick(choices, ("{}[{}]:", "{}:", "{} {}:", "{}")).format(word(), word())
    return f"{priority}{stamp} {word()} {tag} {text(choices)}"


def combined_line(choices: Choices) -> str:
    """With and without a virtual host, with requests that are none."""

    def word() -> str:
        named = ("10.0.0.1", "::1", "-", "alice", "web.example", "1000", "0.123")
        return pick(choices, named) if choices.below(2) else text(choices)

    host = pick(choices, ("", "web.example:80 ", "a.b "))
    paths = ("/", "/api/v1?x=1", "/a b", "*", "/checkout?a=1?b", "1000", "/500?")
    path = pick(choices, paths) if choices.below(2) else text(choices)
    forms = ("GET {} HTTP/1.1", "POST {} HTTP/2.0", "GET {} HTTP/1.1", "{}", "-")
    request = pick(choices, forms).format(path)
    status = pick(choices, (f"{choices.below(1000):03}", "-", "500", "404"))
    size = pick(choices, (str(choices.below(10**7)), "-", "007", "0", "1000"))
    column = pick(choices, (" 0.123", ' "1.500"', " rt=12.000", " x 0.5", ' "-" 0.800 7'))
    agent = f' "{text(choices)}" "{text(choices)}"{column}'
    rest = pick(choices, ("", f' "{text(choices)}"', agent, agent))
    return (
        f"{host}{word()} {word()} {word()} [05/Jan/2026:01:00:00 +0100]"
        f' "{request}" {status} {size}{rest}'
    )


def own_line(choices: Choices) -> str:
    """As OWN has them; what is behind a newline in them is none."""
    number = pick(choices, (str(choices.below(2_000)), text(choices)))
    form = pick(choices, ("{};{}; n={}", "{};{}; n={} {}", "{};{}; n={} {}", "{};{}"))
    return form.format(text(choices), text(choices), number, text(choices))


LINES: dict[str, Callable[[Choices], str]] = {
    "json": json_line,
    "logfmt": logfmt_line,
    "syslog": syslog_line,
    "combined": combined_line,
    OWN: own_line,
}


def written_test(choices: Choices, value: str) -> str:
    """A text of a configuration that may well hold on `value`."""
    near = pick(
        choices,
        (value, value, value, value[:1], value[:3], value[-3:], value[1:], text(choices)),
    )
    kind, plain = choices.below(6), re.escape(near)
    if kind == 0:
        return pick(choices, (near, f"= {near}", near))
    if kind == 1:
        globs = (
            f"{near}*",
            f"*{near}",
            f"*{near}*",
            f"{near[:1]}?*",
            "*",
            f"{near[:2]}*{near[2:]}",
        )
        return pick(choices, globs)
    if kind == 2:
        return "~ " + pick(
            choices,
            (
                plain, f"^{plain}", f"{plain}$", f"^(?:zzz|{plain})$", near, f"zzz|{plain}",
                f"(?i){plain}", f"{plain}?x*", f"(?:q)?{plain}", f"{plain}{{0}}", f"[{plain}]",
                f"{plain}+", f"(?:{plain})?", f"^{plain}|zzz$", f"(?i:{plain.upper()})",
            ),
        )  # fmt: skip
    if kind == 3:
        return f"{pick(choices, ('>=', '>', '<=', '<'))} {pick(choices, (*BOUNDS, value))}"
    if kind == 4:
        return pick(choices, BOUNDS)
    return pick(choices, (f"!= {near}", f"!~ {plain}", f"!= {text(choices)}", f"in {near}"))


def condition(choices: Choices, fields: dict[str, str]) -> Condition | None:
    """About one of `fields`, seldom another; None where what was made is no condition."""
    field = pick(choices, sorted(fields)) if not once_in(choices, 12) else pick(choices, NAMES)
    value = fields.get(field, "error")
    written = [written_test(choices, value) for _ in range(pick(choices, (1, 1, 2, 3)))]
    return parsed_condition(field, written)


def parsed_condition(field: str, written: Sequence[str]) -> Condition | None:
    """The condition, or None where it is none."""
    try:
        tests = tuple(parse_test(one) for one in written)
        for test in tests:
            if test.operator in ("~", "!~"):
                re.compile(test.operand)
    except (ConditionError, re.error):
        return None
    return Condition(field, tests)


class Case(NamedTuple):
    """One line, what is asked of it, and what is looked for."""

    format: str
    line: str
    where: Where
    fields: dict[str, str]
    needle: Needle | None

    @property
    def holds(self) -> bool:
        return compile_where(self.where)(self.fields)

    @property
    def is_found(self) -> bool:
        """Whether the line is stopped at."""
        return self.needle is None or any(
            re.search(pattern, self.line) for pattern in self.needle.patterns
        )


def case(seed: int, name: str) -> Case | None:
    """What a seed gives for a format; None where that is no line of it, or no condition."""
    choices = Seeded(seed)
    line = LINES[name](choices)
    fields = PARSERS[name].parse(line, NOW).fields
    if not fields:
        return None
    made = [condition(choices, fields) for _ in range(pick(choices, (1, 1, 1, 2)))]
    where = tuple(one for one in made if one is not None)
    return Case(name, line, where, fields, needle(name, where)) if where else None
