"""Reads one scalar as what its field wants, and says so where it is not.

Scalars are read as YAML 1.2 and by the field's type: text stays as it is written (`no`, `1:30`,
`007`), and only `true` and `false` are truths. References are put in here, so that every value may
hold them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

from msgspec import inspect
from yaml import MappingNode, Node, ScalarNode, SequenceNode

from logwatch.config.document import PLAIN_TAGS, Document, is_null
from logwatch.config.problems import Place, Report, shown, split_remedy, suggestion
from logwatch.config.references import References, UnresolvedError
from logwatch.units import parse_duration, parse_share, parse_size

LONGEST_DURATION = 3660 * 86400.0
"""About ten years."""

BROKEN: Final[Any] = object()
"""Stands for a value that was reported."""

_TRUE, _FALSE = ("true", "True", "TRUE"), ("false", "False", "FALSE")
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}", re.ASCII)
_NUMBER = re.compile(
    r"[-+]?(?:[0-9]{1,30}(?:\.[0-9]{0,30})?|\.[0-9]{1,30})(?:[eE][-+]?[0-9]{1,2})?", re.ASCII
)
_LONGEST_UNIT = 40
_UNITS: dict[str, Callable[[str], float]] = {
    "duration": parse_duration,
    "size": parse_size,
    "share": parse_share,
}
_FORMS = {"a map": "{key: value}", "a list": "[one, two]", "text": "'one'"}


class Scalar(NamedTuple):
    """A text with its provenance: all of a node's value, or a piece of it."""

    text: str
    node: Node
    offset: int | None
    """Where the text begins in the node's value; None where a reference was put in."""


Item: TypeAlias = Node | Scalar


class Slot(NamedTuple):
    """What a value is called, and what a good one looks like."""

    label: str
    example: str = ""

    @property
    def remedy(self) -> str | None:
        """What to type."""
        return f"write {self.label}: {self.example}" if self.example else None


class ScalarReader:
    """Reads the scalars of one document."""

    def __init__(self, document: Document, report: Report, references: References) -> None:
        self.document = document
        self.report = report
        self.references = references
        self._readers: dict[type[inspect.Type], Callable[[Any, Scalar, Slot], Any]] = {
            inspect.BoolType: self._boolean,
            inspect.IntType: self._integer,
            inspect.FloatType: self._number,
            inspect.LiteralType: self._literal,
            inspect.CustomType: self._path,
        }

    def read(self, info: inspect.Type, scalar: Scalar, slot: Slot, unit: str | None = None) -> Any:
        """`scalar` as `info`, or BROKEN. `unit` is a name in `_UNITS` where it has one."""
        if unit is not None:
            return self._with_unit(info, unit, scalar, slot)
        return self._readers.get(type(info), self._text)(info, scalar, slot)

    def scalar(self, item: Item, slot: Slot) -> Scalar | None:
        """The text of `item`; None after reporting that it is none."""
        if isinstance(item, Scalar):
            return item
        if not isinstance(item, ScalarNode):
            self.wrong_type(item, slot, "text")
            return None
        if not self.untagged(item):
            return None
        if not item.style and is_null(item):
            self.wrong_type(item, slot, "text")
            return None
        return self.expanded(item)

    def expanded(self, node: ScalarNode) -> Scalar | None:
        """The node's text with its references put in; None after reporting one that fails."""
        if "${" not in node.value:  # as nearly all
            return Scalar(node.value, node, 0)
        try:
            text = self.references.expand(node.value)
        except UnresolvedError as error:
            place = self.document.inside(node, error.position, error.length)
            self.report.error(place, error.code, str(error), error.remedy)
            return None
        return Scalar(text, node, 0 if text is node.value or text == node.value else None)

    def _text(self, info: Any, scalar: Scalar, slot: Slot) -> Any:
        shortest = getattr(info, "min_length", None)
        if shortest and len(scalar.text) < shortest:
            return self.bad_value(scalar, f"{slot.label!r} must not be empty", slot)
        return scalar.text

    def _boolean(self, _info: Any, scalar: Scalar, slot: Slot) -> Any:
        if scalar.text in _TRUE or scalar.text in _FALSE:
            return scalar.text in _TRUE
        return self.bad_value(
            scalar,
            f"{slot.label!r} must be true or false, not {shown(scalar.text)}; write true or false",
            code="bad-type",
        )

    def _integer(self, info: Any, scalar: Scalar, slot: Slot) -> Any:
        if not _INTEGER.fullmatch(scalar.text):
            message = f"{slot.label!r} must be a whole number, not {shown(scalar.text)}"
            return self.bad_value(scalar, message, slot, code="bad-type")
        return self._bounded(info, int(scalar.text), scalar, slot)

    def _number(self, info: Any, scalar: Scalar, slot: Slot) -> Any:
        if not _NUMBER.fullmatch(scalar.text):
            message = f"{slot.label!r} must be a number, not {shown(scalar.text)}"
            return self.bad_value(scalar, message, slot, code="bad-type")
        return self._bounded(info, float(scalar.text), scalar, slot)

    def _literal(self, info: Any, scalar: Scalar, slot: Slot) -> Any:
        for value in info.values:
            if scalar.text == str(value):
                return value
        choices = [str(value) for value in info.values]
        self.report.error(
            self.place(scalar),
            "bad-value",
            f"{shown(scalar.text)} is no {slot.label!r}",
            suggestion(scalar.text, choices, of="choose"),
        )
        return BROKEN

    def _path(self, _info: Any, scalar: Scalar, _slot: Slot) -> Any:
        return Path(scalar.text)

    def _with_unit(self, info: Any, unit: str, scalar: Scalar, slot: Slot) -> Any:
        text = scalar.text.strip()
        try:
            if len(text) > _LONGEST_UNIT:
                raise ValueError(f"{shown(text)} is not a {unit}; write 5m or 64KiB")  # noqa: TRY301  # 1 exit
            value = _UNITS[unit](text)
        except ValueError as error:
            return self.bad_value(scalar, str(error))
        if unit == "duration" and value > LONGEST_DURATION:
            return self.bad_value(
                scalar, f"{shown(text)} is longer than ten years; write 365d or less"
            )
        return self._bounded(info, value, scalar, slot)

    def _bounded(self, info: Any, value: float, scalar: Scalar, slot: Slot) -> Any:
        wrong = (
            f"at least {info.ge}" if info.ge is not None and value < info.ge
            else f"more than {info.gt}" if info.gt is not None and value <= info.gt
            else f"at most {info.le}" if info.le is not None and value > info.le
            else f"less than {info.lt}" if info.lt is not None and value >= info.lt
            else None
        )  # fmt: skip
        if wrong:
            return self.bad_value(scalar, f"{slot.label!r} must be {wrong}", slot)
        return value

    def wrong_type(self, item: Item, slot: Slot, wanted: str, remedy: str | None = None) -> None:
        """Report that `item` has not the form that is `wanted`."""
        label = slot.label if " " in slot.label or "'" in slot.label else repr(slot.label)
        node = item.node if isinstance(item, Scalar) else item
        if is_null(node):
            message = f"{label} has no value"
        else:
            message = f"{label} must be {wanted}, not {_kind(node)}"
        remedy = remedy or slot.remedy or f"write {wanted}: {_FORMS.get(wanted, '...')}"
        if wanted == "text" and isinstance(node, MappingNode | SequenceNode) and node.flow_style:
            remedy = "put a text that begins with { or [ in single quotes"
        self.report.error(self.place_or_key(node), "bad-type", message, remedy)

    def bad_value(
        self, scalar: Scalar, message: str, slot: Slot | None = None, *, code: str = "bad-value"
    ) -> Any:
        """Report a value that cannot be used. A remedy may stand in the message: "; write ..."."""
        message, remedy = split_remedy(message)
        self.report.error(
            self.place(scalar), code, message, remedy or (slot.remedy if slot else None)
        )
        return BROKEN

    def untagged(self, node: Node) -> bool:
        """Whether `node` has no tag of its own; reports one."""
        if node.tag in PLAIN_TAGS:
            return True
        self.report.error(
            self.document.place(node), "bad-yaml", f"YAML tags are refused: {shown(node.tag)}",
            "put a value that begins with ! in single quotes",
        )  # fmt: skip
        return False

    def place(self, scalar: Scalar) -> Place:
        """Where `scalar` stands."""
        whole = isinstance(scalar.node, ScalarNode) and scalar.text == scalar.node.value
        if whole or scalar.offset is None:
            return self.place_or_key(scalar.node)
        return self.document.inside(scalar.node, scalar.offset, len(scalar.text))

    def place_or_key(self, node: Node) -> Place:
        """Where `node` stands, or the key before it when it is an empty value."""
        place = self.document.place(node)
        if not isinstance(node, ScalarNode) or node.value or node.style:
            return place
        before = self.document.lines[place.line - 1][: place.column - 1].rstrip()
        word = re.search(r"[^\s:{,\[-]*\s*:?$", before)
        if not before or word is None:
            return place
        return Place(place.file, place.line, word.start() + 1, len(before) + 1)


def plain(text: str) -> bool | int | float | str:
    """An unquoted scalar as YAML 1.2 reads it where nobody says what it should be."""
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _NUMBER.fullmatch(text) else text


def _kind(node: Node) -> str:
    if isinstance(node, MappingNode):
        return "a map"
    return "a list" if isinstance(node, SequenceNode) else f"{shown(node.value)}"
