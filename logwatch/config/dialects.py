"""What is written as for another program, and so looks for other text here.

These are habits of fail2ban, grep, sed, Perl, SEC and swatchdog that Python's `re` takes without a
word. Each is named only where hardly anybody can mean what stands there: a warning that is wrong
now and then is soon not read any more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from logwatch.config.fields import BUILTINS, Fields
from logwatch.config.found import Found
from logwatch.config.keys import RuleKeys
from logwatch.config.problems import Place, Report
from logwatch.matching.pattern import PatternError, compile_pattern

CODE: Final = "other-dialect"
_LONGEST = 60


class Habit(NamedTuple):
    """One stretch of a text that was meant otherwise."""

    start: int
    length: int
    message: str
    remedy: str

    def warn(self, place: Place, report: Report) -> None:
        """Tell of it at `place`."""
        report.warning(place, CODE, self.message, self.remedy)


# Of an XML tag there is mostly the end, too; a name in (?P<HOST>...) is a group.
_TAG = re.compile(
    r"(?<!\\)(?<!\(\?P)<(HOST|ADDR|CIDR|SUBNET|IP4|IP6|SKIPLINES|F-[A-Z][A-Z0-9_]*)/?>"
)
_INTERPOLATION = re.compile(r"(?<!\\)%\([A-Za-z_][\w/<>-]*\)s")
_POSIX = re.compile(
    r"(?<!\\)\[:(alpha|digit|alnum|space|upper|lower|punct|xdigit|word|blank|cntrl|print|graph):\]"
)
_SETS = {
    "alpha": "a-zA-Z",
    "digit": r"\d",
    "alnum": "a-zA-Z0-9",
    "space": r"\s",
    "upper": "A-Z",
    "lower": "a-z",
    "punct": r"!-/:-@\[-`{-~",
    "xdigit": "0-9a-fA-F",
    "word": r"\w",
    "blank": r" \t",
    "cntrl": r"\x00-\x1f\x7f",
    "print": " -~",
    "graph": "!-~",
}
# Without flags, or with a slash within, it may well be a path.
_DELIMITED = re.compile(r"/((?:[^/\\]|\\.)+)/(?:i|gi|ig)")
_WORDS = r"[A-Za-z]{3,}(?: [A-Za-z]+)*"
_ALTERNATIVES = re.compile(rf"{_WORDS}(?:\\\|{_WORDS})+")
_VARIABLE = re.compile(r"(?<![\w$\\])\$(?:\+\{(\w+)\}|([A-Za-z_]\w*)|([1-9])(?![\d%]|[.,]\d))")


def habits(text: str) -> Iterator[Habit]:
    """What of the pattern `text` is written as for another program."""
    yield from _tags(text)
    for found in _INTERPOLATION.finditer(text):
        message = f"{found[0]} is not replaced here: this looks for '%', the name and 's'"
        remedy = "write what it stands for"
        if found[0] == "%(__prefix_line)s":
            remedy = "leave it out, and a ^ before it: what stands there need not be matched"
        yield Habit(found.start(), len(found[0]), message, remedy)
    yield from _posix_classes(text)
    delimited = _DELIMITED.fullmatch(text)
    if delimited:
        inner = delimited[1].replace(r"\/", "/")
        message = "the slashes and what follows them are looked for, too"
        yield Habit(0, len(text), message, f"write (?i){_cut(inner)}")
    if _ALTERNATIVES.fullmatch(text):
        parts = text.split(r"\|")
        if len({(part[0].isupper(), part.isupper()) for part in parts}) == 1:
            message = r"\| is the bar itself, so all of this must be in one line"
            remedy = f"write {_cut('|'.join(parts))}; for the bar itself [|]"
            yield Habit(text.index(r"\|"), 2, message, remedy)
    if "/" in text:
        yield from _networks(text)


def warn_of_variables(found: Found[RuleKeys], fields: Fields | None, report: Report) -> None:
    """Warn of `$1` and `$name` in `say` where they were meant to be what was found."""
    say = found.value.say
    if say is None or not found.sound("say"):
        return
    groups = _groups(found.value.match)
    names = {*BUILTINS, *found.value.by, *(fields.all() if fields else ())}
    for variable in _VARIABLE.finditer(say):
        name = variable[1] or variable[2]
        if variable[3]:
            number = int(variable[3])
            if number > len(groups):
                continue
            name = groups[number - 1]
        elif name not in names:
            continue
        habit = Habit(
            variable.start(),
            len(variable[0]),
            f"{variable[0]} is not replaced in 'say'",
            f"write {{{name}}}"
            if name
            else "give the group a name, as in (?P<user>...), and write {user}",
        )
        place = found.inside(("say",), habit.start, habit.length)
        habit.warn(place, report)


def _networks(text: str) -> Iterator[Habit]:
    from logwatch.networks import address, around  # noqa: PLC0415 - of few patterns

    words = [word for word in re.findall(r"[^\s,]+", text) if word not in ("in", "!in")]
    meant = [around(word) or (word if address(word) is not None else "") for word in words]
    if any(map(around, words)) and all(meant):
        message = "this is looked for as a text, not as addresses"
        remedy = f"write unless: [{{ip: in {_cut(' '.join(meant))}}}], and capture it: (?P<ip>...)"
        yield Habit(0, len(text), message, remedy)


def _tags(text: str) -> Iterator[Habit]:
    seen = set()
    for found in _TAG.finditer(text):
        tag = found[1]
        is_field = tag.startswith("F-")
        rest = text[found.end() :]
        if tag in seen or (not is_field and re.search(rf"<\\?/{tag}>", rest)):
            continue
        seen.add(tag)
        remedy = r"write (?P<ip>\S+)"
        if is_field:
            name = tag[2:].lower()
            inner, closed, _ = rest.partition(f"</{tag}>")
            if not closed:
                inner = r"\S+"
            remedy = f"write (?P<{name}>{_cut(inner)})"
        elif tag == "SKIPLINES":
            remedy = "leave it out: 'sequence' is for what spans lines"
        message = f"<{tag}> is not replaced here: this looks for that very text"
        yield Habit(found.start(), len(found[0]), message, remedy)


def _posix_classes(text: str) -> Iterator[Habit]:
    seen = set()
    for found in _POSIX.finditer(text):
        if found[1] in seen:
            continue
        seen.add(found[1])
        inner = _SETS[found[1]]
        start, end = found.span()
        before = re.search(r"(?<!\\)\[\^?$", text[:start])
        written, instead = found[0], inner
        if before and text.startswith("]", end):
            start, end = before.start(), end + 1
            written = text[start:end]
            instead = f"{before[0]}{inner}]"
        elif text[:start].count("[") == text[:start].count("]"):
            instead = f"[{inner}]"
        short = re.fullmatch(r"\[(\^?)\\([dsw])\]", instead)
        if short:
            instead = f"\\{short[2].upper() if short[1] else short[2]}"
        message = f"{found[0]} is no class here, but a set of these letters"
        yield Habit(start, end - start, message, f"write {instead} for {written}")


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _groups(texts: tuple[str, ...]) -> list[str]:
    """The name of each group of the only pattern, empty where it has none."""
    if len(texts) != 1:
        return []
    try:
        pattern = compile_pattern(texts[0])
    except PatternError:
        return []
    names = {number: name for name, number in pattern.groupindex.items()}
    return [names.get(number, "") for number in range(1, pattern.groups + 1)]
