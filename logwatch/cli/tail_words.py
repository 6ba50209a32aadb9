"""The command line of `logwatch tail`, as GNU tail and POSIX write it, in words for argparse.

Values that begin with a dash or a plus, options put together (`-qn5`), and the old forms `-5`,
`+5`, `-5f`, `-2c` are all spelled out. Sources: POSIX.1-2017 `tail`, its utility syntax guidelines,
and the manual of GNU coreutils 9.1, sections "tail invocation" and "Standards conformance".
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence

_OLD = re.compile(r"([-+])(\d*)([bcl]?)(f?)")
_LONG_OF = {"c": "--bytes", "n": "--lines", "s": "--sleep-interval"}
_WITH_VALUE = {**_LONG_OF, "m": "--match", "x": "--exclude", "l": "--level", "o": "--output"}
_ALONE = "fFqvzh"
_FOLLOW = "--follow=descriptor"
"""Its value is optional, and never the next word."""
_LONG_WITH_VALUE = (
    *(*_WITH_VALUE.values(), "--pid", "--max-unchanged-stats", "--where", "--since", "--until"),
    *("--label", "--config", "--to", "--cooldown", "--as-rule", "--color"),
)
_OURS = ("--no-follow", "--raw", "--full", "--poll")
"""Flags that do not count where GNU tail counts words."""


def in_full(words: Sequence[str], environment: Mapping[str, str] = os.environ) -> list[str]:
    """The words with each short option as a long one and each value joined to its option.

    An option that can stand nowhere here ends the program with 1, as it does GNU's.
    """
    return list(_spelled_out(_without_old_form(list(words), environment)))


def _without_old_form(words: list[str], environment: Mapping[str, str]) -> list[str]:
    """The words, where the first of them is an option of before 1992 with that spelled out."""
    rest = [word for word in words if word not in _OURS]
    if not rest or not _is_old_command_line(rest):
        return words
    found = _OLD.fullmatch(rest[0])
    version = _posix_version(environment)
    if found is None or len(rest[0]) == 1 or rest[0] == "-f":
        return words
    sign, number, unit, follow = found.groups()
    if sign == "+" and 200112 <= version < 200809:
        return words
    if sign == "-" and rest[0] == "-c" and version >= 200112:
        return words  # -c has a value now
    amount = int(number) if number else 10
    amount *= 512 if unit == "b" else 1
    flag = "--bytes" if unit in ("b", "c") and unit else "--lines"
    spelled = [f"{flag}={'+' if sign == '+' else ''}{amount}", *([_FOLLOW] if follow else [])]
    at = words.index(rest[0])
    return [*words[:at], *spelled, *words[at + 1 :]]


def _is_old_command_line(words: Sequence[str]) -> bool:
    """Whether there is one option at most, and one file at most."""
    if len(words) in (2, 3) and words[1] == "--":
        return True
    return len(words) == 1 or (len(words) == 2 and (words[1] == "-" or words[1][:1] != "-"))


def _posix_version(environment: Mapping[str, str]) -> int:
    text = environment.get("_POSIX2_VERSION", "")
    return int(text) if text.isascii() and text.isdigit() else 200809


def _spelled_out(words: Sequence[str]) -> Iterator[str]:
    rest = iter(words)
    for word in rest:
        if word == "--":
            yield from (word, *rest)
        elif word.startswith("---"):
            yield from _undocumented(word)
        elif word.startswith("--"):
            yield _with_value(word, rest)
        elif word.startswith("-") and word != "-":
            yield from _cluster(word[1:], rest)
        else:
            yield word


def _undocumented(word: str) -> Iterator[str]:
    """What the tests of GNU tail ask for: polling, and nothing taken for a file that can seek."""
    if "---disable-inotify".startswith(word):
        yield "--poll"
    elif not "---presume-input-pipe".startswith(word):
        yield word


def _with_value(word: str, rest: Iterator[str]) -> str:
    if "=" in word:
        return word
    if len(word) > len("--f") and "--follow".startswith(word):
        return _FOLLOW
    meant = [each for each in _LONG_WITH_VALUE if each.startswith(word)]
    if word in meant or len(meant) == 1:
        value = next(rest, None)
        return word if value is None else f"{word}={value}"
    return word


def _cluster(letters: str, rest: Iterator[str]) -> Iterator[str]:
    """`qn5` as `-q`, `--lines=5`."""
    for place, letter in enumerate(letters):
        if letter in _WITH_VALUE:
            value = letters[place + 1 :] or next(rest, None)
            flag = _flag_of(letter, value)
            # argparse throws a value away that is two dashes; one dash is no number either.
            yield flag if value is None else f"{flag}={value if value != '--' else '-'}"
            return
        if letter.isdigit():
            print(f"tail: option used in invalid context -- {letter}", file=sys.stderr)
            raise SystemExit(1)
        if letter not in _ALONE:
            yield f"-{letters[place:]}"
            return
        yield f"-{letter}" if letter != "f" else _FOLLOW


def _flag_of(letter: str, value: str | None) -> str:
    """`-c` is the configuration of every verb, and bytes where it is no path."""
    if letter == "c" and value and ("/" in value or value.endswith((".yaml", ".yml"))):
        return "--config"
    return _WITH_VALUE[letter]
