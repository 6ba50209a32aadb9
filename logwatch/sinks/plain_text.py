"""Log text made safe to print: what would steer a terminal or hide is shown as a picture.

What comes out holds no control character, no bidirectional override, no zero-width character and
no lone surrogate, so it stays on one line, in its own order, and can be encoded. Nothing is left
out: every hidden character becomes a visible one (`␛[2J`, `␊`, `<U+202E>`).

Sources: Unicode block Control Pictures (U+2400); "Trojan Source" (Boucher and Anderson, USENIX
Security 2023) for the bidirectional controls; Unicode general categories Cc, Cf, Cs, Zl and Zp.
The only Cf characters let through are those that have a visible shape (U+0600 and its kin).
"""

from __future__ import annotations

import re
from collections.abc import Callable

_HIDDEN = (
    "[\x00-\x1f\x7f-\x9f"  # C0, DEL, C1
    "\u00ad\u061c\u180e"  # soft hyphen, Arabic letter mark, Mongolian vowel separator
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"  # zero-width, separators, bidi controls
    "\ufff9-\ufffb\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e007f"  # language tags, which are invisible ASCII
    "\ud800-\udfff]"
)
"""`re` compiles it at its first use: most texts hold nothing of it."""


def visible(text: str) -> str:
    """`text` with every hidden or steering character shown; the same object where there is none.

    Even a tab is shown, as `␉`, for it may not line up as the writer of a log meant.
    """
    if text.isprintable():
        return text
    return re.sub(_HIDDEN, _picture, text)


def _picture(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    return f"<U+{code:04X}>"


def escaped(text: str) -> str:
    """JSON in which every hidden or steering character is written by its number: it means the same.

    JSON itself does so with those below U+0020 only.
    """
    return text if text.isprintable() else re.sub(_HIDDEN, _number, text)


def _number(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[start : start + 4]}" for start in range(0, len(units), 4))


def escaped_in_yaml(text: str) -> str:
    """YAML whose hidden characters, all of them in double quotes, are written by their numbers."""
    return re.sub(_HIDDEN, lambda found: _break_or_number(found[0]), text)


def _break_or_number(character: str) -> str:
    return character if character == "\n" else f"\\U{ord(character):08X}"


def visible_lines(text: str) -> str:
    """As `visible`, for a text of several lines."""
    return "\n".join(map(visible, text.split("\n")))


def shorten(text: str, longest: int) -> str:
    """`text`, or its two ends around a note of how many characters are left out of its middle."""
    if len(text) <= longest:
        return text
    head = longest * 2 // 3
    tail = longest - head
    return f"{text[:head]}[… {len(text) - longest:,} characters …]{text[len(text) - tail :]}"


def fit(text: str, room: int, note: str = "", size: Callable[[str], int] = len) -> str:
    """`text`, or its two ends around a note of what is left out, with a `size` of at most `room`.

    `size` must be additive: characters, bytes, UTF-16 units, or either of them once escaped. `note`
    is put behind the number of characters left out. Where there is no room even for that, what is
    left is the beginning of `text`, or nothing.
    """
    if len(text) <= room and size(text) <= room:
        return text
    left_out = f"[… {len(text):,} characters{', ' if note else ''}{note}]"
    rest = room - size(left_out)
    if rest < _FEWEST_AROUND_A_NOTE:
        return text[: _fitting(text, room, size)]
    head = _fitting(text, rest * 2 // 3, size)
    ending = text[max(head, len(text) - room) :][::-1]
    tail = _fitting(ending, rest - size(text[:head]), size)
    left_out = left_out.replace(f"{len(text):,}", f"{len(text) - head - tail:,}", 1)
    return f"{text[:head]}{left_out}{text[len(text) - tail :]}"


_FEWEST_AROUND_A_NOTE = 24


def _fitting(text: str, room: int, size: Callable[[str], int]) -> int:
    """How many characters from the beginning of `text` have a size of at most `room`."""
    low, high = 0, min(len(text), max(room, 0))
    while low < high:
        middle = (low + high + 1) // 2
        if size(text[:middle]) <= room:
            low = middle
        else:
            high = middle - 1
    return low


def can_encode(text: str, encoding: str) -> bool:
    """Whether there is such an encoding, and it has every character of `text`."""
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True
