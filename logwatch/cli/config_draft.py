"""A proposed configuration as YAML: every text quoted as it needs, every comment harmless.

What stands in a log may be anything: in a comment it is shown, never obeyed, and cannot end the
comment; as a value it is written so that a YAML reader gives back the same text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import yaml

from logwatch.sinks.plain_text import escaped_in_yaml, shorten, visible

LONGEST_COMMENT = 180
LONGEST_IN_LINE = 60
"""A map with more characters has a line for each key."""
LONGEST_IN_ROW = 30
"""A list of longer texts has a line for each."""

# YAML 1.2, 5.1: what a stream may not hold. `visible` lets these through, which are no characters.
_UNPRINTABLE = re.compile("[\ufffe\uffff]")


class InLines(dict[str, Any]):
    """A map that has a line for each key."""


class Entry(NamedTuple):
    """One entry of a section, and the comments above it."""

    comments: Sequence[str]
    value: Mapping[str, Any]


class _Quoted(str):
    """A text that is written in single quotes, where that can be."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    """Writes lists within one line, and patterns in quotes."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - as PyYAML has it
        """Indent lists in maps."""
        return super().increase_indent(flow, False)  # noqa: FBT003 - as PyYAML has it


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    """Characters that are not seen are written as escapes; that takes double quotes."""
    style = None if text.isprintable() else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _quoted(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    style = "'" if text.isprintable() else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style=style)


def _mapped(dumper: yaml.SafeDumper, entries: Mapping[str, Any]) -> yaml.Node:
    """A small map of scalars stands in one line; the outermost is marked by its class."""
    small = all(isinstance(one, str | int | float) for one in entries.values())
    short = sum(len(str(one)) for pair in entries.items() for one in pair) <= LONGEST_IN_LINE
    flow = small and short and not isinstance(entries, InLines)
    return dumper.represent_mapping("tag:yaml.org,2002:map", entries.items(), flow_style=flow)


def _listed(dumper: yaml.SafeDumper, items: Sequence[Any]) -> yaml.Node:
    long = any(len(str(item)) > LONGEST_IN_ROW for item in items)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=not long)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(_Quoted, _quoted)
_Dumper.add_representer(list, _listed)
_Dumper.add_representer(dict, _mapped)
_Dumper.add_representer(InLines, _mapped)

_SECRETS = """\
# Hides what looks like a password or a key before a line is stored or sent. Whoever reads alerts
# need not be allowed to read the logs; but what is hidden cannot be told apart by a rule's `by`.
# redact: stock
"""

_PATTERNS = frozenset({"match", "unless", "where", "say", "description"})


def as_yaml(
    head: Sequence[str], sources: Iterable[Entry], rules: Iterable[Entry], sinks: Mapping[str, Any]
) -> str:
    """The whole file; `sources` have one key each, the name."""
    parts = ["".join(map(comment, head)), "version: 1\n", _SECRETS, "\nsources:\n"]
    parts += [indented(entry, "  ") for entry in sources]
    parts.append("\nsinks:\n" + _indent(dumped(sinks), "  "))
    parts.append("\nrules:\n")
    for entry in rules:
        parts.append(_as_item(entry))
    return "".join(parts)


def comment(text: str) -> str:
    """One comment line, whatever `text` holds."""
    shown = visible(shorten(text, LONGEST_COMMENT))
    shown = _UNPRINTABLE.sub(lambda found: f"<U+{ord(found[0]):04X}>", shown)
    return f"# {shown}".rstrip() + "\n"


def dumped(value: Mapping[str, Any]) -> str:
    """`value` as YAML in blocks."""
    text: str = yaml.dump(
        InLines(_marked(value)),
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=1_000_000,
        default_flow_style=False,
    )
    return escaped_in_yaml(text)


def indented(entry: Entry, margin: str) -> str:
    """An entry of a map."""
    return _indent("".join(map(comment, entry.comments)) + dumped(entry.value), margin)


def _as_item(entry: Entry) -> str:
    """An entry of a list, with a line between it and the one before."""
    comments = _indent("".join(map(comment, entry.comments)), "  ")
    body = _indent(dumped(entry.value), "    ")
    return f"{comments}  - {body[4:]}\n"


def _indent(text: str, margin: str) -> str:
    return "".join(f"{margin}{line}\n" if line else "\n" for line in text.split("\n")[:-1])


def _marked(value: Any, key: str = "") -> Any:
    """The same with texts under the keys of patterns marked for quotes."""
    match value:
        case Mapping():
            quoted = key if key in _PATTERNS else ""
            marked = {name: _marked(each, quoted or str(name)) for name, each in value.items()}
            return InLines(marked) if isinstance(value, InLines) else marked
        case list() | tuple():
            return [_marked(each, key) for each in value]
        case str() if key in _PATTERNS:
            return _Quoted(value)
        case _:
            return value
