r"""Output in an encoding that has not all characters: plain marks stand for ours.

One character stands for one, so that columns and carets stay where they were. What has no stand-in
is written as Python would write it, `\u4e2d`: nothing is lost, and nothing raises.
"""

from __future__ import annotations

import codecs
import io
import sys
from typing import Final

HANDLER: Final = "logwatch"
_STAND_INS: Final = str.maketrans(
    "…→←·•●◐○▲△▼✓✗✘┆│├└─▏▁▂▃▄▅▆▇█░␛"
    "\u2013\u2014\u2039\u203a\u2018\u2019\u201c\u201d\u00d7\u2212",  # dashes, quotes, signs
    "~><.**oo^^v+xx||+`-|_..--==#.^--<>''\"\"x-",
)


def take_every_character() -> None:
    """Let stdout and stderr take any text, whatever the locale says."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=HANDLER)


def _stand_in(problem: UnicodeError) -> tuple[str, int]:
    if not isinstance(problem, UnicodeEncodeError):
        raise problem
    text = problem.object[problem.start : problem.end]
    return "".join(map(_plain, text)), problem.end


def _plain(character: str) -> str:
    plain = character.translate(_STAND_INS)
    return plain if plain.isascii() else plain.encode("ascii", "backslashreplace").decode()


codecs.register_error(HANDLER, _stand_in)
