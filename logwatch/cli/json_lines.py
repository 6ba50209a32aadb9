"""One line of JSON of whatever text there is, which steers no terminal."""

from __future__ import annotations

from typing import Any

import msgspec

from logwatch.sinks.plain_text import escaped


def encoded(what: dict[str, Any]) -> str:
    """One line of JSON; what UTF-8 has no bytes for is written as it would be in Python."""
    return escaped(msgspec.json.encode(_encodable(what)).decode())


def harmless(line: bytes) -> bytes:
    """The same JSON for a terminal, which it may be shown on; without a newline."""
    plain = line.isascii() and b"\x7f" not in line
    return line if plain else escaped(line.decode()).encode()


def _encodable(what: Any) -> Any:
    match what:
        case str():
            return what.encode("utf-8", "backslashreplace").decode()
        case dict():
            return {_encodable(name): _encodable(value) for name, value in what.items()}
        case list() | tuple():
            return [_encodable(one) for one in what]
        case _:
            return what
