"""What lay beside a log when it was last looked at, short enough to be kept with its position.

After a restart it tells what came meanwhile, whatever was done to the clock. A file is known by the
hash of its inode and birth, and what it was compressed into since by the time of its last change,
which tools that compress keep, though some of them only its seconds. More than `_MOST` files are
not kept one by one; of the older ones that are left out their births have to tell.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from logwatch.tailer.fingerprint import digest
from logwatch.tailer.siblings import Sibling

_MOST = 64
_SIGN, _PART = 8, 6
_LENGTH = _SIGN + 2 * _PART
_LEFT_OUT = "+"
_SECOND_NS = 1_000_000_000


def text_of(siblings: Iterable[Sibling]) -> str:
    """These files, which come from old to young, as a text to be kept."""
    every = tuple(siblings)
    kept = "".join(_sign(each) + "".join(_change(each)) for each in every[-_MOST:])
    return kept + _LEFT_OUT * (len(every) > _MOST)


class Remembered(Struct, frozen=True):
    """What several such texts tell together."""

    signs: frozenset[str]
    changes: frozenset[tuple[str, str]]
    seconds: frozenset[str]
    is_all: bool
    """Whether no file was left out."""

    def has(self, sibling: Sibling) -> bool:
        """Whether a file was there, or what it was compressed from."""
        if _sign(sibling) in self.signs:
            return True
        second, rest = _change(sibling)
        if sibling.compressed and sibling.modified_ns % _SECOND_NS == 0:
            return second in self.seconds
        return bool(sibling.compressed) and (second, rest) in self.changes


def remembered(texts: Iterable[str | None]) -> Remembered | None:
    """What these texts tell; None: there are none."""
    found = [each for each in texts if each is not None]
    if not found:
        return None
    pieces = [
        text[at : at + _LENGTH]
        for text in (each.removesuffix(_LEFT_OUT) for each in found)
        for at in range(0, len(text), _LENGTH)
    ]
    if not pieces:
        return _NOTHING
    changes = frozenset((each[_SIGN:-_PART], each[-_PART:]) for each in pieces)
    return Remembered(
        signs=frozenset(each[:_SIGN] for each in pieces),
        changes=changes,
        seconds=frozenset(second for second, _ in changes),
        is_all=not any(each.endswith(_LEFT_OUT) for each in found),
    )


_NOTHING = Remembered(frozenset(), frozenset(), frozenset(), is_all=True)
"""Most logs have nothing beside them, and there may be ten thousand."""


def _sign(sibling: Sibling) -> str:
    return digest(repr(sibling.sign).encode())[:_SIGN]


def _change(sibling: Sibling) -> tuple[str, str]:
    """Of the time of its last change: the second, and the rest."""
    parts = divmod(sibling.modified_ns, _SECOND_NS)
    second, rest = (digest(str(each).encode())[:_PART] for each in parts)
    return second, rest
