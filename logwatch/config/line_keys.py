"""One entry of `lines` in `tests:`, as it is written: a text with its time, or a map."""

import re
from collections.abc import Mapping
from typing import Annotated, ClassVar

from msgspec import Meta

from logwatch.config.key_forms import Keys, Pieces
from logwatch.units import Duration

MOST_TIMES = 10_000
"""How often one entry of `lines` may stand for a line."""
_AFTER = re.compile(r"(\+\s*\d\S*)(?:\s(.*))?", re.DOTALL)


class LineKeys(Keys, frozen=True):
    """One entry of `lines` in `tests:`."""

    required: ClassVar = ("text",)
    examples: ClassVar = {
        "at": "+5m",
        "text": "'started job=db'",
        "source": "app",
        "fields": "{_SYSTEMD_UNIT: ssh.service}",
        "times": "50",
        "every": "1s",
    }

    at: str | None = None
    text: str = ""
    source: str | None = None
    fields: dict[str, str] | None = None
    times: Annotated[int, Meta(ge=1, le=MOST_TIMES)] | None = None
    every: Duration = 0.0

    @classmethod
    def from_text(cls, text: str) -> Pieces:
        """`+5m started job=db`, or the text alone, at the time of the line before."""
        found = _AFTER.fullmatch(text)
        if found is None:
            return {"text": (0, text)}
        rest = (found.start(2), found[2]) if found[2] is not None else (len(text), "")
        return {"at": (0, found[1]), "text": rest}


def numbered(
    number: int | None, text: str, fields: Mapping[str, str] | None
) -> tuple[str, Mapping[str, str] | None]:
    """Both with `number` for each `{n}`, where there is one."""
    if number is None:
        return text, fields
    written = str(number)
    given = fields and {name: value.replace("{n}", written) for name, value in fields.items()}
    return text.replace("{n}", written), given
