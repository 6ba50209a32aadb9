"""Random patterns out of every construct that Python's `re` knows.

Words and classes overlap on purpose: patterns that share beginnings, ends and letters are merged
by an engine that compiles them together, and that is where it can go wrong.
"""

from __future__ import annotations

import re

from matching.exactness.choices import Choices, once_in, pick

# fmt: off
WORDS = (
    "a", "error", "err", "ok", "fail", "failed", "disk", "DISK", "sda", "x,", "kiss", "K", "s",
    "timeout", "time", "out", "eth0", "=", ": ", " ", "user ", "ab", "ba", "aab", "7", "404",
    "é", "straße", "ſ", "\u212a", "İ", "ı", "µ", "ÿ", "日本", "İstanbul", "ошибка", "😀", "\x85",
    "\xa0", "\u2028", "\r", "?", "\\", "[", "x" * 33,
)
ESCAPES = (
    r"\x41", r"\u017f", r"\u212a", r"\U0001f600", r"\N{LATIN SMALL LETTER E WITH ACUTE}", r"\141",
    r"\t", r"\0", r"\n", r"\r", r"\x85", r"\x1c", r"\xff", r"\v", r"\f", r"\-",
    r"\#", r"\ ", r"\ud800",
)
CLASSES = (r"\w", r"\d", r"\s", r".", r"\S", r"\W", r"\D")
PLACES = ("^", "$", r"\b", r"\A", r"\Z", r"\B")
REPEATS = (
    "*", "+", "?", "{2}", "{1,3}", "{,2}", "{2,}", "{0,1}", "{3}", "{,}", "{1,40}", "{0}", "{5,9}",
    "{64}", *"*+?*+?", "{1,200}",
)
MEMBERS = (
    "a", "k", "s", "S", "0", " ", "é", "ß", "ſ", "\u212a", "日", "µ", "?", "-", r"\]", r"\\",
    r"\n", r"\r", r"\b", "^", "$", ".", r"\x85", r"\xa0", r"\u2028", r"\0", "İ", "ı", "Ÿ", "ÿ",
)
SPANS = (
    "a-f", "0-9", "A-Z", "a-z", "à-ý", "é-ſ", r"\x00-\x1f", r"\x00-\uffff", "I-k", "Я-а", "!-~",
    r"\x80-\xff", "日-本", r"\u0100-\U0010ffff",
)
GLOBAL_FLAGS = (
    "", "", "", "(?i)", "(?s)", "(?m)", "(?a)", "(?x)", "(?ia)", "(?ims)", "(?u)",
    "(?ix)",
)
OVER_LINES = (
    r"\n", r"\n", r"\r?\n", r"\n+", r"\n\s*", r"\x0a", r"[\n]", r"[\r\n]", r"[\x0a-\x0d]",
    r"[\x0b\n]", r"[^\x0b]", r"\x0b", r"[^x]", r"[^x]*", r"[\s\S]", r"[\s\S]*?", r"[^\S\n]",
    r"[^\S\r]+", r"(?s:.)", r"(?s:.*)", r"(?s:.+?)", r"(?-s:.)*", r"(?a:\n)", r"(?a:\s)+",
    r"(?u:[^a])", r"(?i:[^K])", r"(?m:^)", r"(?m:$)", r"(?m:$)\n(?m:^)", r"(?-m:^)", r"(?-m:$)",
    r"\A", r"\Z", "^", "$", r"(?<=\n)", r"(?<!\n)", r"(?=\n)", r"(?!\n)", r"(?<=\s)", r"(?=[^x])",
    r"(?<![^a])", r"(?=$)", r"(?!\Z)", r"(?:.*\n)", r"(?:[^\n]*\n){2}", r"(?:.*\n)*",
    r"(?:.+\n)+?", r"(?>\s*)", r"\s++", r"\W", r"\D", r"\S+$", r"\n\n", r"\b\n\b", "\n", r"\012",
    r"\v", r"\N{LINE FEED}",
)
OVER_LINES_FLAGS = (*GLOBAL_FLAGS[3:], "", "", "(?s)", "(?m)", "(?ms)", "(?mx)", "(?sx)", "(?sa)")
SCOPED_FLAGS = ("i", "s", "m", "x", "a", "u", "-i", "-s", "i-s", "ai", "s-i", "-x", "-m")
# fmt: on


def pattern(choices: Choices, size: int = 14, *, over_lines: bool = False) -> str:
    """A text that is nearly always a valid pattern, of about `size` parts at most.

    With `over_lines` newlines and the ends of lines are much on its mind.
    """
    flags = pick(choices, OVER_LINES_FLAGS if over_lines else GLOBAL_FLAGS)
    writer = _Writer(choices, size, verbose="x" in flags, over_lines=over_lines)
    return flags + writer.alternatives()


def is_valid(text: str) -> bool:
    """Whether Python accepts it."""
    try:
        re.compile(text)
    except (re.error, OverflowError, RecursionError):
        return False
    return True


class _Writer:
    def __init__(self, choices: Choices, size: int, *, verbose: bool, over_lines: bool) -> None:
        self._choices = choices
        self._left = 1 + choices.below(size)
        self._verbose = verbose
        self._opened = 0
        self._closed: list[int] = []
        self._names: dict[int, str] = {}
        self._depth = 0
        self._kinds = (
            self._word, self._word, self._word, self._class, self._class, self._set, self._gap,
            self._repeated, self._repeated, self._group, self._choice, self._place, self._named,
            self._back, self._look, self._flagged, self._escape, self._atomic, self._conditional,
            self._nested,
        )  # fmt: skip
        if over_lines:
            self._kinds = (self._word, self._over_lines, *self._kinds, *[self._over_lines] * 6)

    def alternatives(self) -> str:
        """One sequence, or several."""
        text = self._sequence()
        while self._left > 0 and once_in(self._choices, 6):
            text += "|" + self._sequence()
        return text

    def _sequence(self) -> str:
        text = self._item()
        while self._left > 0 and not once_in(self._choices, 6):
            if self._verbose and once_in(self._choices, 5):
                text += pick(self._choices, (" ", "\n", "# to the end (of [this\n"))
            text += self._item()
        return text

    def _item(self) -> str:
        self._left -= 1
        kinds = self._kinds if self._depth < 6 and self._left > 0 else self._kinds[:6]
        self._depth += 1
        text = pick(self._choices, kinds)()
        self._depth -= 1
        return text

    def _word(self) -> str:
        return re.escape(pick(self._choices, WORDS))

    def _escape(self) -> str:
        return pick(self._choices, ESCAPES)

    def _over_lines(self) -> str:
        return pick(self._choices, OVER_LINES)

    def _class(self) -> str:
        return pick(self._choices, CLASSES)

    def _place(self) -> str:
        return pick(self._choices, PLACES)

    def _gap(self) -> str:
        return pick(self._choices, (".*", ".+", ".*?", r"\S+", r"\s*", r"[^\n]*", "[^,]*", r"\w+"))

    def _set(self) -> str:
        inside = "".join(
            pick(self._choices, pick(self._choices, (MEMBERS, SPANS, CLASSES)))
            for _ in range(1 + self._choices.below(4))
        )
        return (
            f"[{pick(self._choices, ('', '^'))}{inside.removeprefix('^')}]"
            if inside != "^"
            else "[a]"
        )

    def _repeated(self) -> str:
        kind = self._choices.below(4)
        if kind == 0:
            body = self._class()
        elif kind == 1:
            body = self._set()
        else:
            body = f"(?:{self.alternatives()})"
        return body + pick(self._choices, REPEATS) + pick(self._choices, ("", "", "?", "+"))

    def _nested(self) -> str:
        inner = pick(self._choices, ("*", "+", "?", "{1,3}", "*?", "{,2}"))
        outer = pick(self._choices, ("*", "+", "?", "{2}", "{,3}", "+?"))
        return f"(?:{self._item()}(?:{self._item()}){inner},){outer}"

    def _choice(self) -> str:
        many = 60 if once_in(self._choices, 12) else 2 + self._choices.below(5)
        return "(?:" + "|".join(self._branch() for _ in range(many)) + ")"

    def _branch(self) -> str:
        return self._sequence() if once_in(self._choices, 3) else self._word()

    def _group(self) -> str:
        return self._capture("")

    def _named(self) -> str:
        name = f"n{self._opened + 1}"
        return self._capture(name)

    def _capture(self, name: str) -> str:
        self._opened += 1
        number = self._opened
        if name:
            self._names[number] = name
        text = (f"(?P<{name}>" if name else "(") + self.alternatives() + ")"
        self._closed.append(number)
        return text

    def _back(self) -> str:
        if not self._closed:
            return self._capture("n1" if not self._opened else "") + rf"\{self._closed[-1]}"
        number = pick(self._choices, self._closed)
        return f"(?P={self._names[number]})" if number in self._names else rf"(?:\{number})"

    def _conditional(self) -> str:
        first = "" if self._closed else self._capture("") + "?"
        number = pick(self._choices, self._closed)
        other = "" if once_in(self._choices, 3) else "|" + self._sequence()
        return f"{first}(?({self._names.get(number, number)}){self._sequence()}{other})"

    def _look(self) -> str:
        kind = pick(self._choices, ("?=", "?!", "?<=", "?<!"))
        if kind in {"?=", "?!"}:
            return f"({kind}{self.alternatives()})"
        inside = "".join(
            pick(self._choices, (self._class, self._set, self._place, self._letter))()
            for _ in range(1 + self._choices.below(3))
        )
        return f"({kind}{inside})"

    def _letter(self) -> str:
        return re.escape(pick(self._choices, MEMBERS[:12]))

    def _atomic(self) -> str:
        return f"(?>{self.alternatives()})"

    def _flagged(self) -> str:
        flags = pick(self._choices, SCOPED_FLAGS)
        before = self._verbose
        self._verbose = flags == "x" or (before and flags != "-x")
        text = f"(?{flags}:{self.alternatives()})"
        self._verbose = before
        return text
