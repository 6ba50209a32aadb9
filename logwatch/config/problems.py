"""What is wrong with a configuration, and how a person is shown it.

A problem is a value with a place; nothing here raises. `render` prints every problem with its
source line and a caret, and one sum line. What looks like a password or a token is hidden in the
source lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple
from unicodedata import category, east_asian_width

from msgspec import Struct

from logwatch.errors import ConfigError
from logwatch.sinks.plain_text import visible, visible_lines

Level = Literal["error", "warning", "note"]
Words = Mapping[str, Sequence[str]]
"""What is written elsewhere -> what it is called here; the first that there is."""
NO_WORDS: Words = {}

CODES: dict[str, str] = {
    "bad-yaml": "The file is not YAML, or uses a part of YAML that is refused here.",
    "duplicate-key": "A key or a name stands twice; YAML would silently keep the last one.",
    "unknown-key": "A key that logwatch does not know, most often a typing error.",
    "missing-key": "A key that must be there is not.",
    "bad-type": "The value has the wrong form: a list where text belongs, or nothing at all.",
    "bad-value": "The value has the right form but cannot be used.",
    "bad-pattern": "A regular expression that does not compile.",
    "unknown-name": "A source, sink, rule, format or kind that is defined nowhere.",
    "unknown-field": "A field that the pattern does not capture and the format does not give.",
    "not-supported": "A key or value that is planned and not there yet; it is never ignored.",
    "unreadable": "A file that is missing, or that this user or the service's may not read.",
    "empty": "Nothing to do: no rules, no sources, or nothing in the file.",
    "no-match": "A path or a condition that nothing fits now (a warning).",
    "unused": "Something that can never have an effect (a warning).",
    "never-fires": "An `unless` that is in whatever `match` finds: the rule is mute (a warning).",
    "missing-program": "A program that a sink is to run is not there (a warning).",
    "feeds-itself": "A source that takes in the file to which a sink writes alerts (a warning).",
    "no-end": "A mute that hides alerts for ever (a warning).",
    "yaml-trap": "YAML reads this in a way that the writer hardly meant (a warning).",
    "other-dialect": "Written as for fail2ban, grep, Perl or SEC: other text here (a warning).",
    "risky-pattern": "A pattern that can take very long on some line (a warning).",
    "every-line": "A rule for which every line must be parsed, or searched by Python (a note).",
    "open-secret": "A file with a secret that every user may read (a warning).",
    "plain-secret": "A secret in plain text; use ${env:NAME} or ${file:PATH} (a warning).",
}
"""Every code with its meaning, for `logwatch help CODE`."""

LINE_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
"""What YAML counts as the end of a line."""

_HEADER_WIDTH = 88
_EXCERPT_WIDTH = 90
_SECRETS = (
    r"(?<=://)([^/@\s:'\"]*:)([^/@\s'\"]+)(?=@)",
    r"(?i)([?&](?:token|api_?key|key|secret|sig|password|access_token)=)([^&\s'\"}]+)",
    (
        r"(://(?:hooks\.slack\.com/services/|hc-ping\.com/"
        r"|(?:\w+\.)?discord(?:app)?\.com/api/webhooks/\d+/))"
        r"([^\s'\"}?]+)"
    ),
    # Of services that apprise knows, tokens are nearly all that there is of a URL.
    r"(\b(?!https?://)[a-z][a-z0-9+.-]*://)([^\s'\",}\]]+)",
    (
        r"(?i)((?:^|[{,])\s*['\"]?"
        r"(?:authorization|password|secret|token|routing_key|pagerduty|(?:x-)?api[-_]?key)['\"]?\s*:\s)"
        r"('(?:[^'$]|'')*'|\"[^\"$]*\"|[^\s'\"${\[][^,}\]]*)"
    ),
)
"""`re` compiles them at their first use: most configurations have no problem to be shown."""


class Problem(Struct, frozen=True, kw_only=True, rename={"column": "col", "end_column": "end_col"}):
    """One mistake and its place; lines and columns count from 1 in characters.

    Line 0 means the file as a whole.
    """

    file: str
    line: int
    column: int
    end_column: int
    """Just past the last character, so that `end_column - column` carets mark it."""
    level: Level
    code: str
    """A key of `CODES`; it never changes its meaning."""
    message: str
    help: str | None = None
    """What to type instead."""


class Place(NamedTuple):
    """A stretch of one line of one file, counted as in `Problem`."""

    file: str
    line: int
    column: int
    end_column: int

    @property
    def short(self) -> str:
        """`file:line`."""
        return f"{self.file}:{self.line}"


class InvalidConfigError(ConfigError):
    """Raised when a configuration has errors: its text is all of them, rendered."""

    def __init__(self, text: str, problems: Sequence[Problem]) -> None:
        super().__init__(text)
        self.problems: tuple[Problem, ...] = tuple(problems)


class Report:
    """Where problems are collected."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.secrets: set[str] = set()
        """Values that came through references; shown as `…` in every message."""

    def error(self, place: Place, code: str, message: str, remedy: str | None = None) -> None:
        """Note an error: the configuration cannot be used."""
        self._add(place, "error", code, message, remedy)

    def warning(self, place: Place, code: str, message: str, remedy: str | None = None) -> None:
        """Note a warning: the configuration can be used."""
        self._add(place, "warning", code, message, remedy)

    def note(self, place: Place, code: str, message: str, remedy: str | None = None) -> None:
        """Note what is worth knowing and nothing wrong."""
        self._add(place, "note", code, message, remedy)

    @property
    def failed(self) -> bool:
        """Whether there is any error."""
        return any(problem.level == "error" for problem in self.problems)

    def in_order(self, files: Sequence[str]) -> list[Problem]:
        """Each problem once, in the order of `files` and of their lines."""
        rank = {name: number for number, name in enumerate(files)}
        return sorted(
            dict.fromkeys(self.problems),
            key=lambda problem: (rank.get(problem.file, len(rank)), problem.line, problem.column),
        )

    def _add(self, place: Place, level: Level, code: str, message: str, remedy: str | None) -> None:
        self.problems.append(
            Problem(
                file=place.file,
                line=place.line,
                column=place.column,
                end_column=max(place.end_column, place.column + 1),
                level=level,
                code=code,
                message=self._redacted(message),
                help=None if remedy is None else self._redacted(remedy),
            )
        )

    def _redacted(self, text: str) -> str:
        for secret in sorted(self.secrets, key=len, reverse=True):
            # A very short value would also be found inside our own words.
            text = text.replace(repr(secret), "'…'")
            if len(secret) > 3:
                text = text.replace(secret, "…")
        return text


def render(
    problems: Iterable[Problem], sources_text: Mapping[str, str], *, counted: str = ""
) -> str:
    """All `problems` in the order given, each with its line and a caret, then one sum line.

    `sources_text` holds the text of each file by its name; `counted` says what was read ("1 file,
    2 rules ...") and opens the sum line.
    """
    problems = list(problems)
    lines_of = {name: LINE_BREAK.split(text) for name, text in sources_text.items()}
    blocks = [_rendered(problem, lines_of.get(problem.file, [])) for problem in problems]
    return "\n".join([*blocks, sum_line(problems, counted)])


def sum_line(problems: Sequence[Problem], counted: str = "") -> str:
    """`3 files, 14 rules: 4 errors, 2 warnings`."""
    errors = sum(problem.level == "error" for problem in problems)
    warnings = sum(problem.level == "warning" for problem in problems)
    verdict = ", ".join(
        plural(number, noun)
        for number, noun in ((errors, "error"), (warnings, "warning"))
        if number
    )
    return f"{counted}: {verdict or 'no problem'}" if counted else verdict or "no problem"


def plural(number: int, noun: str) -> str:
    """`1 rule`, `2 rules`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def suggestion(
    word: str, known: Iterable[str], *, of: str = "known", elsewhere: Words = NO_WORDS
) -> str:
    """`did you mean 'x'?` and, when there are few, all that would do."""
    names = sorted(known)
    close = nearest(word, names, elsewhere)
    parts = [f"did you mean {close[0]!r}?"] if close else []
    rest = [name for name in names if name not in close]
    if rest and (len(rest) <= 12 or not close):
        parts.append(f"{'also' if close else of}: {' '.join(rest[:12])}{' …' * (len(rest) > 12)}")
    return "  ".join(parts) or f"there is no {of} yet"


def nearest(word: str, names: Iterable[str], elsewhere: Words = NO_WORDS) -> list[str]:
    """The one of `names` that `word` was meant to be, where one of them is near it.

    `elsewhere` has what other programs call them.
    """
    from difflib import get_close_matches  # noqa: PLC0415 - for what is misspelt

    names = list(names)
    same = [name for name in elsewhere.get(word.lower(), ()) if name in names]
    if same:
        return same[:1]
    return get_close_matches(word, names, n=1, cutoff=0.6) or [
        name for name in names if name.lower() == word.lower()
    ]


def split_remedy(text: str) -> tuple[str, str | None]:
    """Message and remedy of an error that says "... is wrong; write this"."""
    message, found, remedy = text.rpartition("; write ")
    return (message, f"write {remedy}") if found else (text, None)


def shown(text: str, limit: int = 60) -> str:
    """`text` in quotes, cut and with control characters escaped, fit for a message."""
    return repr(text if len(text) <= limit else f"{text[: limit - 1]}…")


def _rendered(problem: Problem, lines: Sequence[str]) -> str:
    where = f":{problem.line}:{problem.column}" if problem.line else ""
    header = visible(f"{problem.file}{where}: {problem.level}: {problem.message}")
    block = [f"{header:<{_HEADER_WIDTH}}  [{problem.code}]"]
    remedy = problem.help and visible_lines(problem.help)
    if 0 < problem.line <= len(lines) and lines[problem.line - 1].strip():
        block += _excerpt(problem, lines[problem.line - 1])
        if remedy and len(block[-1]) + len(remedy) < _EXCERPT_WIDTH + 20:
            block[-1] += f"  {remedy}"
            remedy = None
    if remedy:
        block.append(f"      | {remedy}" if len(block) > 1 else f"        {remedy}")
    return "\n".join(block)


def _excerpt(problem: Problem, raw: str) -> list[str]:
    line = raw
    for secret in _SECRETS:
        line = re.sub(secret, lambda found: found[1] + "…" * len(found[2]), line)
    start, end = problem.column - 1, min(problem.end_column - 1, max(len(line), problem.column))
    left = max(0, start - _EXCERPT_WIDTH * 2 // 3) if len(line) > _EXCERPT_WIDTH else 0
    right = min(len(line), left + _EXCERPT_WIDTH)
    before = "…" * (left > 0) + line[left:start]
    visible = before + line[start:right] + "…" * (right < len(line))
    carets = max(1, _columns(line[start : min(end, right)]))
    return [
        f"{problem.line:>5} | {_neutral(visible)}",
        f"      | {' ' * _columns(before)}{'^' * carets}",
    ]


def _neutral(text: str) -> str:
    """`text` without anything that a terminal obeys, one character for one."""
    return "".join(
        " " if char == "\t" else "\ufffd" if category(char) in ("Cc", "Cf", "Cs") else char
        for char in text
    )


def _columns(text: str) -> int:
    """Columns that `text` takes on a terminal."""
    return sum(
        0 if category(char) in ("Mn", "Me") else 2 if east_asian_width(char) in "WF" else 1
        for char in text
    )
