"""One YAML file as a tree of nodes, each with its place.

`parse` never raises for what the text holds: it answers with a tree or with one problem. Nothing is
made from YAML tags, depth and size are bounded, and scalars stay text until the walker knows what
they are for, so `no`, `on` and `1:30` are read as they are written (YAML 1.2).
"""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from yaml import MappingNode, Node, ScalarNode, SequenceNode
from yaml._yaml import CParser

from logwatch.config.problems import LINE_BREAK, Place, Report

LARGEST_FILE = 16 * 1024 * 1024
"""Bytes of one configuration file."""

DEEPEST = 50
"""Levels of nesting; the C parser recurses, so depth must be bounded before the stack is."""

_NO_TAG = ""
PLAIN_TAGS = (
    _NO_TAG,
    "!",
    *(f"tag:yaml.org,2002:{name}" for name in ("str", "seq", "map", "int", "float", "bool")),
)
"""None, and those that say what YAML would read anyway."""
_DOUBLE_QUOTED = re.compile(r"\\x..|\\u.{4}|\\U.{8}|\\.|.", re.DOTALL)

# What libyaml says -> what a person is told, and what to do.
_SINGLE_QUOTES = "put the value in single quotes: '...'"
_REMEDIES = (
    ("found unknown escape character", "an escape that YAML does not know, in double quotes",
     "write patterns in single quotes, where a backslash is only a backslash"),
    ("found undefined alias", "'*' at the start of a value means an alias", _SINGLE_QUOTES),
    ("did not find expected alphabetic", "'*' or '&' at the start of a value means an alias",
     _SINGLE_QUOTES),
    ("found duplicate anchor", "an anchor is defined twice", "give each anchor its own name"),
    ("mapping values are not allowed", "a ':' where no key can be",
     "quote a value that holds ': ', and indent keys of one map alike"),
    ("found unexpected end of stream", "a quote that is opened and never closed",
     "close it; inside single quotes a quote is written twice: ''"),
    ("found unexpected document indicator", "a quote that is opened and never closed",
     "close it before the line ---"),
    ("did not find expected ',' or ']'", "a list that is opened with [ and not closed",
     "close it with ]; a pattern that begins with [ must be in single quotes"),
    ("did not find expected ',' or '}'", "a map that is opened with { and not closed",
     "close it with }; a text that begins with { must be in single quotes"),
    ("but found another document", "a second document after ---", "use one file for each"),
    ("did not find expected '-' indicator", "a line that is no item of the list above it",
     "begin it with '- ', or indent it under the item it belongs to"),
    ("block sequence entries are not allowed", "a '-' where no list can be",
     "put the list on lines of its own, below its key"),
    ("could not find expected ':'", "a line that is no 'key: value'",
     "write 'key: value', with a space after the colon"),
    ("found undefined tag handle", "'!' at the start of a value means a tag", _SINGLE_QUOTES),
    ("while scanning a tag", "'!' at the start of a value means a tag", _SINGLE_QUOTES),
    ("while parsing a tag", "'!' at the start of a value means a tag", _SINGLE_QUOTES),
    ("while scanning a directive", "'%' at the start of a line means a directive", _SINGLE_QUOTES),
    ("did not find expected comment or line break", "text after '|' or '>'",
     "put the text on the next line, indented; a pattern belongs in single quotes"),
    ("did not find expected key", "a line that does not fit the map it stands in",
     "indent keys of one map alike; quote a value that begins with a quote, [ or {"),
    ("did not find expected <document start>", "a line that is indented less than the first",
     "indent keys of one map alike"),
    ("did not find expected node content", "a value is missing",
     "write one; what begins with a ':', as '::1' does, is quoted inside of [ ] and { }"),
    ("found unexpected ':'", "a ':' that ends a value inside of [ ] or { }",
     "put the value in single quotes: '...'"),
    ("found incompatible YAML document", "a YAML version that is not 1.1 or 1.2",
     "remove the line that begins with %YAML"),
)  # fmt: skip


class _TooDeepError(yaml.YAMLError):
    """Raised inside the parser when nesting passes `DEEPEST`."""


class _Composer(CParser):
    """libyaml's composer with a resolver that resolves nothing, which also halves its time."""

    def __init__(self, text: str) -> None:
        CParser.__init__(self, text)
        self._depth = 0

    def resolve(self, _kind: Any, _value: Any, _implicit: Any) -> str:
        return _NO_TAG

    def descend_resolver(self, _parent: Any, _index: Any) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            raise _TooDeepError

    def ascend_resolver(self) -> None:
        self._depth -= 1


class Document:
    """One configuration file: its name as shown, its folder, its text and its root node."""

    def __init__(self, name: str, text: str, folder: Path, path: Path | None = None) -> None:
        self.name = name
        self.path = path
        """The file itself; None for a text that was handed over."""
        self.text = text.removeprefix("\ufeff")
        self.folder = folder
        """What relative paths in it are relative to."""
        self.root: Node | None = None

    @cached_property
    def lines(self) -> list[str]:
        """The lines as YAML counts them."""
        return LINE_BREAK.split(self.text)

    @property
    def start(self) -> Place:
        """The first character."""
        return Place(self.name, 1, 1, 2)

    def parse(self, report: Report) -> bool:
        """Fill `root`; False after reporting why it cannot be."""
        try:
            composer = _Composer(self.text)
            try:
                self.root = composer.get_single_node()
            finally:
                composer.dispose()
        except UnicodeEncodeError as error:
            self._unfit(report, error.start, "a lone surrogate is no character")
        except yaml.reader.ReaderError as error:
            self._unfit(report, error.position, f"{error.reason}: U+{_code_point(error):04X}")
        except _TooDeepError:
            report.error(
                self.start, "bad-yaml", f"lists and maps are nested more than {DEEPEST} deep"
            )
        except yaml.MarkedYAMLError as error:
            self._syntax(report, error)
        else:
            return True
        return False

    def place(self, node: Node) -> Place:
        """Where `node` stands; of a map its first key, of several lines the first."""
        while isinstance(node, MappingNode | SequenceNode) and node.value and not node.flow_style:
            node = node.value[0][0] if isinstance(node, MappingNode) else node.value[0]
        start, end = node.start_mark, node.end_mark
        last = end.column if end.line == start.line else len(self._line(start.line).rstrip())
        return Place(self.name, start.line + 1, start.column + 1, last + 1)

    def inside(self, node: Node, offset: int, length: int = 1) -> Place:
        """Where character `offset` of a scalar's value stands, else where the scalar does."""
        place = self.place(node)
        if not isinstance(node, ScalarNode) or offset < 0:
            return place
        if node.style == "|":
            return self._inside_block(node, offset, length) or place
        columns = self._columns_inside(node)
        if offset + length >= len(columns) and offset >= len(columns):
            return place
        end = columns[min(offset + max(length, 1), len(columns) - 1)]
        return Place(self.name, place.line, columns[offset] + 1, end + 1)

    def raw(self, node: Node) -> str:
        """The source text of `node` where it is one line, else nothing."""
        start, end = node.start_mark, node.end_mark
        return self._line(start.line)[start.column : end.column] if start.line == end.line else ""

    def rest_of_line(self, node: Node) -> str:
        """What follows `node` on its line."""
        return self._line(node.end_mark.line)[node.end_mark.column :]

    def _line(self, number: int) -> str:
        return self.lines[number] if number < len(self.lines) else ""

    def _columns_inside(self, node: ScalarNode) -> list[int]:
        """Column of each character of a one-line scalar's value, and of its end."""
        raw, column = self.raw(node), node.start_mark.column
        if not raw:
            return []
        if node.style == "'":
            pieces = re.findall("''|.", raw[1:-1], re.DOTALL)
            column += 1
        elif node.style == '"':
            pieces = _DOUBLE_QUOTED.findall(raw[1:-1])
            column += 1
        else:
            pieces = list(raw)
        if len(pieces) != len(node.value):
            return []
        columns = [column]
        for piece in pieces:
            columns.append(columns[-1] + len(piece))
        return columns

    def _inside_block(self, node: ScalarNode, offset: int, length: int) -> Place | None:
        before = node.value[:offset]
        line = node.start_mark.line + 1 + before.count("\n")
        text = node.value.split("\n")[before.count("\n")]
        indent = self._line(line).find(text) if text else -1
        if indent < 0:
            return None
        column = indent + offset - (before.rfind("\n") + 1)
        return Place(self.name, line + 1, column + 1, column + max(length, 1) + 1)

    def _unfit(self, report: Report, position: int, reason: str) -> None:
        before = LINE_BREAK.split(self.text[:position])
        column = len(before[-1]) + 1
        report.error(
            Place(self.name, len(before), column, column + 1),
            "bad-yaml",
            f"a character that YAML does not allow ({reason})",
            "remove it; in a pattern write it as an escape such as \\x1b",
        )

    def _syntax(self, report: Report, error: yaml.MarkedYAMLError) -> None:
        mark = error.problem_mark or error.context_mark
        said = f"{error.context or ''} {error.problem or ''}"
        if "found character that cannot start any token" in said:
            message, remedy = self._bad_start(mark)
        else:
            message, remedy = next(
                ((message, remedy) for words, message, remedy in _REMEDIES if words in said),
                (said.strip(), "check the indentation and the quotes"),
            )
        if "opened" in message and error.context_mark is not None:
            mark = error.context_mark
        line, column = (mark.line, mark.column) if mark else (0, 0)
        while line > 0 and not self._line(line).strip():  # never at the blank end of the file
            line -= 1
            column = len(self._line(line).rstrip())
        report.error(
            Place(self.name, line + 1, column + 1, column + 2), "bad-yaml", message, remedy
        )

    def _bad_start(self, mark: Any) -> tuple[str, str]:
        char = self._line(mark.line)[mark.column : mark.column + 1] if mark else ""
        if char == "\t":
            return "a tab in the indentation", "indent with spaces; YAML refuses tabs"
        return f"a value cannot begin with {char!r}", _SINGLE_QUOTES


def is_null(node: Node) -> bool:
    """Whether `node` is nothing at all: empty, `~` or `null`."""
    return (
        isinstance(node, ScalarNode)
        and not node.style
        and node.value in ("", "~", "null", "Null", "NULL")
    )


def child(node: Node, *path: str | int) -> Node:
    """The node under `node` by keys and positions, as far down as it goes."""
    for step in path:
        if isinstance(node, MappingNode):
            node = next((value for key, value in node.value if key.value == step), node)
        elif isinstance(node, SequenceNode) and isinstance(step, int):
            node = node.value[step]
        else:
            break
    return node


def _code_point(error: yaml.reader.ReaderError) -> int:
    return error.character if isinstance(error.character, int) else ord(error.character)
