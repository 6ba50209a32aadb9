"""The patterns of a rule: each compiles, means what was written, and cannot take for ever."""

from __future__ import annotations

import re
from collections.abc import Iterator
from time import process_time
from typing import TYPE_CHECKING, Any, NamedTuple

from yaml import Node, ScalarNode, SequenceNode

from logwatch.config.document import Document, child
from logwatch.config.fields import Fields
from logwatch.config.found import Found
from logwatch.config.kind_keys import SelectorKeys
from logwatch.config.problems import Place, Report, shown, split_remedy, suggestion
from logwatch.matching.known_patterns import KnownPatterns, Names
from logwatch.matching.pattern import PatternError, risk
from logwatch.rules import references

if TYPE_CHECKING:
    from logwatch.matching.hanging import Hang

# What `re` says of a pattern -> what to type.
_REMEDIES = (
    ("missing ), unterminated", "opened here; a literal one is \\("),
    ("unbalanced parenthesis", "never opened; a literal one is \\)"),
    ("unterminated character set", "opened here; a literal one is \\["),
    ("nothing to repeat", "there is nothing before it to repeat; a literal one is written with \\"),
    ("multiple repeat", "two repeats on one thing; a literal one is written with \\"),
    (
        "bad escape \\Q",
        r"there is no \Q...\E: write \ before . * + ? ( ) [ { | ^ $ in a literal text",
    ),
    (
        "bad escape \\E",
        r"there is no \Q...\E: write \ before . * + ? ( ) [ { | ^ $ in a literal text",
    ),
    ("bad escape \\z", r"write \Z, which is the very end here"),
    ("bad escape \\h", r"write [ \t]"),
    ("bad escape \\H", r"write [^ \t]"),
    ("bad escape \\R", r"write \r?\n"),
    ("bad escape \\e", r"write \x1b"),
    ("bad escape \\K", "leave it out, and put what is wanted into (?P<name>...)"),
    ("bad escape \\p", r"write [^\W\d_] for \p{L}, \d for \p{N}, [A-Z] for \p{Lu}"),
    ("bad escape \\P", r"write [\W\d_] for \P{L}, \D for \P{N}"),
    ("bad escape \\k", "a group is repeated with (?P=name)"),
    ("bad escape \\g", r"a group is repeated with \1 or (?P=name)"),
    ("bad escape", "Python's re does not know this escape"),
    ("unknown extension ?<", "a named group is written (?P<name>...)"),
    ("unknown extension ?'", "a named group is written (?P<name>...)"),
    ("unknown extension ?|", "write (?:...), and give each group within its own name"),
    ("unknown extension ?R", "a pattern cannot call itself: write it out"),
    ("unknown extension ?&", "a pattern cannot call a group: write it out"),
    ("unknown extension ?P>", "a pattern cannot call a group: write it out"),
    ("unknown extension", "Python's re does not know this group"),
    ("redefinition of group name", "give each group its own name"),
    ("look-behind requires fixed-width", "(?<=...) must have one length in Python's re"),
    ("global flags not at the start", "move (?i) and the like to the start"),
    ("bad character range", "put '-' at the end of the set, or write \\-"),
    ("missing group name", "write (?P<name>...)"),
    ("unknown group name", "it refers to a group that is not there"),
    ("invalid group reference", "it refers to a group that is not there"),
)

# The escapes of YAML's double quotes that mean something else in a pattern.
_EATEN = re.compile(r"(?<!\\)(?:\\\\)*(\\[be_NLP])")
_EATEN_AS = {
    "\\b": "a backspace",
    "\\e": "the escape character",
    "\\_": "a no-break space",
    "\\N": "a line break",
    "\\L": "a line break",
    "\\P": "a line break",
}
_COMMENT = re.compile(r"[ \t]+#(?=\S).*")
_BRACES = re.compile(r"(?<!\\)(?<!\\N)\{([^\W\d]\w*)\}")
_CLASS = re.compile(r"\^?(?:\\?\w-\\?\w|\\[wdsWDS])+")


def captured(
    found: Found[SelectorKeys], key: str, known: KnownPatterns, report: Report
) -> list[Names] | None:
    """What each pattern under `match` or `unless` captures; None when one of them was reported."""
    if not found.sound(key):
        return None
    if not getattr(found.value, key):
        if key not in found.given:
            return []
        report.error(
            found.key(key), "bad-value", f"{key!r} holds no pattern", f"write {key}: 'ERROR'"
        )
        return None
    captures: list[Names | None] = []
    for number, text in written(found, key):
        try:
            captures.append(known.names(text))
        except PatternError as error:
            captures.append(None)
            place = _at(found, key, number, text, error.position)
            report.error(place, "bad-pattern", f"bad pattern: {error.message}", remedy(error))
    return None if None in captures else [each for each in captures if each is not None]


def written(found: Found[SelectorKeys], key: str) -> Iterator[tuple[int, str]]:
    """The patterns under `match` or `unless`, each with its place in the list."""
    for number, text in enumerate(getattr(found.value, key)):
        if isinstance(text, str):
            yield number, text


class Joined(NamedTuple):
    """Patterns that refer to what an earlier record had."""

    texts: tuple[str, ...]
    references: tuple[str, ...]


def with_references(found: Found[SelectorKeys], earlier: Fields, report: Report) -> Joined | None:
    """The patterns of `match` with each `{name}` made a group; None after reporting one."""
    texts: list[str] = []
    names: dict[str, None] = {}
    sound = True
    for number, text in enumerate(found.value.match):
        known = []
        for braces in _BRACES.finditer(text):
            if earlier.given(braces[1]) or braces[1] in earlier.somewhere:
                known.append(braces[1])
                continue
            report.error(
                _at(found, "match", number, text, braces.start(1), len(braces[1])),
                "unknown-field",
                f"{braces[0]} refers to what no earlier record has",
                suggestion(braces[1], earlier.all(), of="known")
                + "  for the braces themselves write \\{",
            )
            sound = False
        try:
            joined, used = references.with_references(text, known)
        except ValueError as error:
            message, remedy = split_remedy(str(error))
            report.error(_at(found, "match", number, text, None), "bad-pattern", message, remedy)
            sound = False
            continue
        texts.append(joined)
        names |= dict.fromkeys(used)
    return Joined(tuple(texts), tuple(names)) if sound else None


def warn_of_traps(found: Found[SelectorKeys], key: str, report: Report) -> None:
    """Warn of patterns that YAML read in a way that was hardly meant."""
    node = child(found.node, key)
    if node is found.node:
        return
    if isinstance(node, SequenceNode):
        _warn_of_class(found.document, node, report)
        for item in node.value:
            warn_of_scalar(found.document, item, report)
    else:
        warn_of_scalar(found.document, node, report)


def warn_of_habits(found: Found[SelectorKeys], key: str, report: Report) -> None:
    """Warn of patterns that are written as for another program."""
    from logwatch.config.dialects import habits  # noqa: PLC0415 - for `check`, as those below

    for number, text in written(found, key):
        for habit in habits(text):
            habit.warn(_at(found, key, number, text, habit.start, habit.length), report)


def warn_of_risks(found: Found[SelectorKeys], key: str, report: Report) -> None:
    """Warn of patterns that can take very long on some line."""
    from logwatch.matching.hanging import hanging_line  # noqa: PLC0415 - for `check`, as those below

    for number, text in written(found, key):
        reason = risk(text)
        if reason:
            line = hanging_line(text, process_time)
            warn_of_risk(found.place(key, number), reason, report, line)


def note_every_line(found: Found[SelectorKeys], report: Report) -> None:
    """Note the patterns of `match` that no engine can look for."""
    from logwatch.matching.outline import outline  # noqa: PLC0415

    texts = found.value.match
    for number, reason in outline(texts)[1].items():
        report.note(
            found.place("match", number),
            "every-line",
            f"every line is searched for {shown(texts[number])}: {reason}",
            "a second or two for each million lines; where not all are meant, add a word that each"
            " of them has, outside of (?=...)",
        )


def warn_of_covering(found: Found[SelectorKeys], report: Report) -> None:
    """Warn of an `unless` that excludes whatever `match` finds."""
    from logwatch.matching.covering import covers  # noqa: PLC0415

    match = found.value.match
    for number, text in written(found, "unless"):
        if match and text not in match and all(covers(text, each) for each in match):
            report.warning(
                found.place("unless", number),
                "never-fires",
                "'unless' is in every line that 'match' finds: nothing is let through",
                "make it narrower, or remove it",
            )


def warn_of_pattern(
    found: Found[Any], path: tuple[str | int, ...], pattern: str, report: Report
) -> None:
    """Warn of `pattern`, with which the text under `path` ends, as of one of `match`."""
    from logwatch.config.dialects import habits  # noqa: PLC0415 - of few, as above

    node = child(found.node, *path)
    warn_of_scalar(found.document, node, report)
    text = node.value if isinstance(node, ScalarNode) else ""
    for habit in habits(pattern):
        start = len(text) - len(pattern) + habit.start
        is_as_written = text.endswith(pattern)
        place = found.inside(path, start, habit.length) if is_as_written else found.place(*path)
        habit.warn(place, report)
    if reason := risk(pattern):
        warn_of_risk(found.place(*path), reason, report)


def warn_of_risk(place: Place, reason: str, report: Report, hang: Hang | None = None) -> None:
    """Warn of the pattern at `place`, with a line on which it hangs where one is known."""
    such = f"it hangs on {hang}; " if hang is not None else ""
    report.warning(
        place,
        "risky-pattern",
        f"this pattern can take very long on some line: {reason}",
        f"{such}make the repeats exclude each other: [^,]* instead of .*",
    )


def warn_of_scalar(document: Document, node: Node, report: Report) -> None:
    """Warn of one pattern that YAML read in a way that was hardly meant."""
    if not isinstance(node, ScalarNode):
        return
    if node.style == '"':
        eaten = _EATEN.search(document.raw(node))
        if eaten:
            place = document.place(node)
            column = place.column + eaten.start(1)
            report.warning(
                Place(place.file, place.line, column, column + len(eaten[1])),
                "yaml-trap",
                f"in double quotes YAML makes {_EATEN_AS[eaten[1]]} of {eaten[1]}",
                "put patterns in single quotes, where a backslash stays one",
            )
    elif not node.style:
        rest = document.rest_of_line(node)
        comment = _COMMENT.match(rest)
        if comment:
            place = document.place(node)
            column = place.end_column + len(rest) - len(rest.lstrip())
            report.warning(
                Place(place.file, place.line, column, place.end_column + len(comment[0].rstrip())),
                "yaml-trap",
                "to YAML this is a comment, not part of the pattern",
                "put patterns in single quotes",
            )


def _warn_of_class(document: Document, node: SequenceNode, report: Report) -> None:
    if not node.flow_style or len(node.value) != 1:
        return
    item = node.value[0]
    if isinstance(item, ScalarNode) and not item.style and _CLASS.fullmatch(item.value):
        report.warning(
            document.place(node),
            "yaml-trap",
            f"to YAML this is a list, so the pattern is {shown(item.value)}",
            f"a set of characters needs quotes: '[{item.value}]'",
        )


def _at(  # noqa: PLR0917 - a place needs them all
    found: Found[SelectorKeys],
    key: str,
    number: int,
    text: str,
    position: int | None,
    length: int = 1,
) -> Place:
    """The fault's own place, unless a reference put other text in."""
    node = child(found.node, key, number)
    if position is None or not isinstance(node, ScalarNode) or node.value != text:
        return found.place(key, number)
    return found.document.inside(node, min(position, max(len(text) - 1, 0)), length)


def remedy(error: PatternError) -> str:
    """What to type instead of what `re` refuses."""
    return next(
        (remedy_ for words, remedy_ in _REMEDIES if words in error.message),
        "patterns are Python's re: docs.python.org/3/library/re.html",
    )
