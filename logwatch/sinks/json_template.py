r"""A body of one's own for JSON: a JSON text with placeholders of alerts' values.

A placeholder is written as in a rule's `say`: `{name}`, `{name|default}`, `{name:,}`. Inside quotes
it becomes text, escaped for JSON; outside it becomes a JSON value: a number, an object, a text with
its quotes, null where the alert has no such value. All other braces are JSON's own. So whatever a
log holds, the result is JSON, and none of its structure comes from a log line. To write `{name}`
itself, write `\u007bname}`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import msgspec

from logwatch.records import MISSING, Alert
from logwatch.say import Say
from logwatch.sinks.blocks import as_text
from logwatch.sinks.wording import LONGEST_TEXT, words

_PLACEHOLDER = re.compile(r'\{([\w.\-@]+)(?::([^{}|"\\]*))?(?:\|([^{}"\\]*))?\}')
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode

_HOSTILE = 'a "b" \\ \n {c} \u2028 \x1b'


class _Placeholder(NamedTuple):
    name: str
    format: Say | None
    default: str | None
    quoted: bool
    """Whether it stands inside a text."""


class JSONTemplate:
    """One compiled template."""

    def __init__(self, template: str) -> None:
        """Raises ValueError where `template`, filled with anything, is no JSON."""
        self._parts = tuple(_parts(template))
        for values in ({}, dict.fromkeys(self._names(), _HOSTILE), dict.fromkeys(self._names(), 1)):
            try:
                _decode(self.render(values))
            except msgspec.DecodeError as error:
                raise ValueError(_complaint(error, template)) from None

    def render(self, values: Mapping[str, object]) -> bytes:
        """The JSON for `values`."""
        text = "".join(
            part if isinstance(part, str) else _filled(part, values) for part in self._parts
        )
        return text.encode()

    def render_alert(self, alert: Alert) -> bytes:
        """The JSON for `alert`."""
        return self.render(values_of(alert))

    def _names(self) -> Iterator[str]:
        return (part.name for part in self._parts if isinstance(part, _Placeholder))


def values_of(alert: Alert) -> dict[str, object]:
    """What a template may name: the alert's own values and the words that sinks for people have.

    Then its labels, key and fields.
    """
    own: dict[str, object] = msgspec.to_builtins(alert)
    said = words(alert)
    told = {
        "title": said.title,
        "text": as_text(said, LONGEST_TEXT),
        "silence": said.how_to_silence,
        "see": said.how_to_see,
    }
    return {**alert.fields, **alert.key, **alert.labels, **told, **own, "alert": own}


def _parts(template: str) -> Iterator[str | _Placeholder]:
    end, quoted = 0, False
    for found in _PLACEHOLDER.finditer(template):
        between = template[end : found.start()]
        quoted ^= _turns(between)
        yield between
        form = Say(f"{{{found[1]}:{found[2]}}}") if found[2] else None
        yield _Placeholder(found[1], form, found[3], quoted)
        end = found.end()
    yield template[end:]


def _turns(text: str) -> bool:
    """Whether a text begins or ends within `text` an odd number of times."""
    return re.sub(r"\\.", "", text, flags=re.DOTALL).count('"') % 2 == 1


def _filled(part: _Placeholder, values: Mapping[str, object]) -> str:
    value = values.get(part.name)
    if value is None:
        return _default(part)
    if part.format is not None:
        value = part.format.render(values)
    if not part.quoted:
        return _encode(value).decode()
    return _escaped(value if isinstance(value, str) else _encode(value).decode())


def _default(part: _Placeholder) -> str:
    if part.quoted:
        return _escaped(MISSING if part.default is None else part.default)
    if part.default is None:
        return "null"
    try:
        _decode(part.default)
    except msgspec.DecodeError:
        return _encode(part.default).decode()
    return part.default


def _escaped(text: str) -> str:
    return _encode(text).decode()[1:-1]


def _complaint(error: msgspec.DecodeError, template: str) -> str:
    found = re.search(r"\(byte (\d+)\)", str(error))
    near = f" near {template[max(0, int(found[1]) - 10) :][:20]!r}" if found else ""
    return (
        f"body is not JSON once it is filled{near}; write a JSON object whose texts stand in double"
        ' quotes, such as {"text": "{message}", "count": {count}}'
    )
