"""`--update`: what came becomes what is expected, and nothing else in the file changes.

Only the values of `fires` and `resolves` of a test are written anew, and of these only what
differs, so that comments, order and form of all the rest stay as they are, byte for byte. A test
that says `quiet` and fires, or `fires` and is quiet, is left to a person: what it is about is gone.
A file is replaced as a whole by a rename: who reads it meanwhile sees the old one or the new one.

What it may lose: comments inside a list whose number of entries changes.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from difflib import unified_diff
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import NamedTuple

from msgspec import Struct
from yaml import MappingNode, Node, SequenceNode

from logwatch.config.document import Document, child
from logwatch.config.problems import LINE_BREAK, Report
from logwatch.config.rule_tests import ExpectedAlert, RuleTest
from logwatch.errors import Exit, LogwatchError
from logwatch.testing.comparing import aligned, value_of
from logwatch.testing.outcome import Happened, Mismatch, Outcome, Section, offset_text

LONGEST_LINE = 100
"""Characters after which a list is written with one entry a line."""
_PLAIN = re.compile(r"[A-Za-z0-9_/.+][A-Za-z0-9_/.@+%-]*")
_NOT_PLAIN = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}
_UNPRINTABLE = re.compile("[^\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]")


class RewriteError(LogwatchError):
    """Raised when a file cannot be rewritten; it is as it was."""

    exit = Exit.NO


class Rewritten(Struct, frozen=True, kw_only=True):
    """What became of one file."""

    path: Path
    before: str
    after: str
    tests: int
    """How many of its tests have changed."""

    def difference(self) -> Iterator[str]:
        """The lines of a unified diff."""
        return unified_diff(
            self.before.splitlines(),
            self.after.splitlines(),
            str(self.path),
            str(self.path),
            lineterm="",
        )


class _Edit(NamedTuple):
    """The text from `start` up to `end` becomes `text`."""

    start: int
    end: int
    text: str


def rewritten(path: Path, outcomes: Sequence[Outcome]) -> Rewritten:
    """The text of `path` in which every one of `outcomes` expects what came; nothing is written.

    Raises RewriteError where it is not the file that was loaded any more.
    """
    text, document = _read(path)
    edits: dict[_Edit, None] = {}
    for outcome in outcomes:
        edits.update(dict.fromkeys(_edits(document, outcome)))
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    after = mark + _applied(document.text, sorted(edits))
    if not Document(str(path), after, path.parent).parse(Report()):
        raise RewriteError(f"{path}: the new text would be no YAML; change it by hand")
    return Rewritten(path=path, before=text, after=after, tests=len(outcomes))


def write(change: Rewritten) -> None:
    """Put the new text in the place of the old one. Raises RewriteError."""
    path = Path(os.path.realpath(change.path))
    temporary: Path | None = None
    try:
        with NamedTemporaryFile(
            "wb", dir=path.parent, prefix=f".{path.name}.", delete=False
        ) as file:
            temporary = Path(file.name)
            file.write(change.after.encode())
            file.flush()
            os.fsync(file.fileno())
        _make_alike(temporary, path.stat())
        temporary.replace(path)
    except OSError as error:
        if temporary is not None:
            with suppress(OSError):
                temporary.unlink()
        raise RewriteError(f"{change.path} cannot be written: {error.strerror or error}") from error


def _make_alike(path: Path, old: os.stat_result) -> None:
    """Give `path` the mode of the file that it is to replace, and its owner where that may be."""
    with suppress(PermissionError):
        os.chown(path, old.st_uid, old.st_gid)
    path.chmod(stat.S_IMODE(old.st_mode))


def _read(path: Path) -> tuple[str, Document]:
    try:
        text = path.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        raise RewriteError(f"{path} cannot be read: {error}") from error
    document = Document(str(path), text, path.parent)
    if not document.parse(Report()) or document.root is None:
        raise RewriteError(f"{path} has changed since it was loaded")
    return text, document


def _applied(text: str, edits: Sequence[_Edit]) -> str:
    """`text` with all edits. Raises RewriteError where two of them are about the same place."""
    parts, at = [], 0
    for edit in edits:
        if edit.start < at:
            raise RewriteError("two tests share what must change (an alias); change it by hand")
        parts += [text[at : edit.start], edit.text]
        at = edit.end
    return "".join([*parts, text[at:]])


class _File:
    """Where nodes of a document are in its text."""

    def __init__(self, document: Document) -> None:
        text = document.text
        self.text = text
        self._starts = [0, *(found.end() for found in LINE_BREAK.finditer(text))]

    def start(self, node: Node) -> int:
        """Offset of its first character."""
        return self._starts[node.start_mark.line] + node.start_mark.column

    def end(self, node: Node) -> int:
        """Just past its last character; of a block that is where its last entry ends."""
        if isinstance(node, MappingNode | SequenceNode) and not node.flow_style and node.value:
            last = node.value[-1]
            return self.end(last[1] if isinstance(last, tuple) else last)
        end = self._starts[node.end_mark.line] + node.end_mark.column
        start = self.start(node)
        return start + len(self.text[start:end].rstrip()) if end > start else end

    @property
    def newline(self) -> str:
        """How its lines end."""
        return "\r\n" if "\r\n" in self.text else "\n"

    def source(self, node: Node) -> str:
        """The text of `node`."""
        return self.text[self.start(node) : self.end(node)]

    def column(self, node: Node) -> int:
        """How many characters stand before it on its line."""
        return int(node.start_mark.column)


def _edits(document: Document, outcome: Outcome) -> Iterator[_Edit]:
    """What must change for `outcome` to be right. Raises RewriteError."""
    file = _File(document)
    entry = _entry_of(document, outcome.test)
    changed = {one.section for one in outcome.mismatches}
    if "fires" in changed:
        value, expected = _value(entry, "fires"), outcome.test.fires
        yield from _new_list(
            file, value, expected, outcome.compared, outcome=outcome, section="fires"
        )
    if "resolves" in changed and outcome.test.resolves is not None:
        value, expected = _value(entry, "resolves"), outcome.test.resolves
        yield from _new_list(
            file, value, expected, outcome.resolved, outcome=outcome, section="resolves"
        )


def _entry_of(document: Document, test: RuleTest) -> MappingNode:
    """The entry of `tests` that was loaded as `test`."""
    assert document.root is not None
    tests = child(document.root, "tests")
    entries = tests.value if isinstance(tests, SequenceNode) else []
    for entry in entries:
        place = document.place(entry)
        if isinstance(entry, MappingNode) and place[1:] == test.place[1:]:
            return entry
    raise RewriteError(f"{test.place.short}: the test is not there any more")


def _value(entry: MappingNode, name: str) -> Node:
    """The value under `name`."""
    found: Node = next(value for key, value in entry.value if key.value == name)
    return found


def _new_list(
    file: _File,
    node: Node,
    expected: Sequence[ExpectedAlert],
    came: Sequence[Happened],
    *,
    outcome: Outcome,
    section: Section,
) -> Iterator[_Edit]:
    """What turns the list at `node` into what came."""
    test = outcome.test
    pairs = aligned(expected, came, test.start)
    entries = dict(zip(map(id, expected), _entries(node), strict=True))
    if all(wanted is not None and got is not None for wanted, got in pairs):
        mismatched = {id(one.expected): one for one in outcome.mismatches if one.section == section}
        for wanted, got in pairs:
            assert wanted is not None
            assert got is not None
            if id(wanted) in mismatched:
                yield from _new_values(file, entries[id(wanted)], mismatched[id(wanted)], test)
        return
    texts = []
    for wanted, got in pairs:
        if got is None:
            continue
        if wanted is None:
            texts.append(_as_written(got, _names_beside(expected), test))
            continue
        entry = entries[id(wanted)]
        edits = [
            _Edit(edit.start - file.start(entry), edit.end - file.start(entry), edit.text)
            for one in outcome.mismatches
            if one.expected is wanted
            for edit in _new_values(file, entry, one, test)
        ]
        texts.append(_applied(file.source(entry), sorted(edits)))
    yield _Edit(file.start(node), file.end(node), _list_like(file, node, texts))


def _entries(node: Node) -> list[Node]:
    """The nodes of the entries; of a single one that stands without a list, itself."""
    return list(node.value) if isinstance(node, SequenceNode) else [node]


def _list_like(file: _File, node: Node, texts: Sequence[str]) -> str:
    """A list of these entries, written as the one at `node` is."""
    if isinstance(node, SequenceNode) and not node.flow_style and texts:
        between = f"{file.newline}{' ' * file.column(node)}"
        return between.join(f"- {text}" for text in texts)
    return _flow(texts, file.column(node), file.newline)


def _flow(texts: Sequence[str], column: int, newline: str) -> str:
    line = f"[{', '.join(texts)}]"
    if len(texts) < 2 or ("\n" not in line and column + len(line) <= LONGEST_LINE):
        return line
    between = f",{newline}{' ' * (column + 1)}"
    return f"[{between.join(texts)}]"


def _new_values(file: _File, entry: Node, mismatch: Mismatch, test: RuleTest) -> Iterator[_Edit]:
    """What turns one entry into what came for it."""
    assert mismatch.got is not None
    if not isinstance(entry, MappingNode):
        raise RewriteError(f"{mismatch.place.short}: change it by hand")
    differing = {one.name: one.got for one in mismatch.differences}
    if None in differing.values():
        names = [key.value for key, _ in entry.value]
        kept = [name for name in names if differing.get(_meant(name), "") is not None]
        text = _as_written(mismatch.got, kept, test)
        yield _Edit(file.start(entry), file.end(entry), text)
        return
    for key, value in entry.value:
        got = differing.get(_meant(key.value))
        if got is None:
            continue
        text = (
            _time_like(value.value, mismatch.got.at, test.start)
            if key.value == "at"
            else _scalar(got, value.style)
        )
        yield _Edit(file.start(value), file.end(value), text)


def _meant(name: str) -> str:
    return "message" if name == "say" else name


def _names_beside(expected: Iterable[ExpectedAlert]) -> tuple[str, ...]:
    """What the other entries of the list name."""
    names: dict[str, None] = {}
    for each in expected:
        names.update(dict.fromkeys(each.places))
    return tuple(names)


def _as_written(got: Happened, names: Sequence[str], test: RuleTest) -> str:
    """A new entry for `got`: when, its key, and what others of the list name."""
    wanted = dict.fromkeys(names or ("at", *got.alert.key))
    parts = []
    for name in wanted:
        value = offset_text(got.at, test.start) if name == "at" else None
        if name != "at":
            value = value_of(got.alert, _meant(name))
        if value is not None:
            parts.append(f"{_scalar(name)}: {_scalar(value)}")
    return f"{{{', '.join(parts)}}}"


def _time_like(written: str, at: float, start: float) -> str:
    """`at` as a time was written: after the start, or as a date and time."""
    if written.startswith("+") and at >= start:
        return offset_text(at, start)
    text = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    return text.replace(".000", "").replace("+00:00", "Z")


def _scalar(text: str, style: str | None = None) -> str:
    """`text` in YAML, plain where that is safe anywhere, else quoted."""
    if _UNPRINTABLE.search(text):
        return '"' + _UNPRINTABLE.sub(_escape, text.replace("\\", "\\\\").replace('"', '\\"')) + '"'
    if not style and _PLAIN.fullmatch(text) and text.lower() not in _NOT_PLAIN:
        return text
    return "'" + text.replace("'", "''") + "'"


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
