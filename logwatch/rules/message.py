"""How a rule turns what it knows into an `Alert`: names of episodes, times, and words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from hashlib import blake2b
from itertools import islice

from logwatch.records import MISSING, SCHEMA, Alert, AlertLine, Record, Severity
from logwatch.rules.base import Hit, RuleSettings
from logwatch.say import Say
from logwatch.stamps import rfc3339
from logwatch.units import format_duration

LONGEST_HEADLINE = 300
"""Characters of the line that an alert is headed with."""
LONGEST_QUOTE = 4096
"""Characters of one line that an alert quotes."""

LONGEST_FIELD = 1024
"""Characters of one field of a long line that are kept."""
MOST_FIELDS = 100
"""Fields of a long line that are kept."""

_BETWEEN = "\x1f"
"""Stands between the values of a key with several fields, and so in none of them."""

_SPREAD = 0x9E3779B97F4A7C15
"""2^64 over the golden ratio: multiplying by it spreads neighbouring offsets over all 64 bits, and
no two to the same place (Knuth, The Art of Computer Programming, 6.4, multiplicative hashing)."""
_SIXTY_FOUR_BITS = (1 << 64) - 1

NO_KEY: dict[str, str] = {}
"""What alerts of a rule without `by` have in common."""


def episode_id(rule: str, key: str, identity: str, offset: int) -> str:
    """Name of the episode that began with the record at `offset`: the same for the same input.

    A hash of the place (rule, key, generation of the file), and within it a different name for
    each offset.
    """
    number = (_place(rule, key, identity) ^ offset * _SPREAD) & _SIXTY_FOUR_BITS
    return number.to_bytes(8, "big").hex()  # a format specification takes twice as long


@lru_cache(maxsize=1024)
def _place(rule: str, key: str, identity: str) -> int:
    text = f"{rule}\0{key}\0{identity}"
    digest = blake2b(text.encode(errors="backslashreplace"), digest_size=8).digest()
    return int.from_bytes(digest, "big")


def quote(path: str, record: Record, stamp: str | None = None) -> AlertLine:
    """A line of the file `path` as an alert quotes it; `stamp` is its time, if that is known."""
    text = record.text
    if len(text) > LONGEST_QUOTE:
        text = cut(text)
    return AlertLine(path, record.offset, stamp or rfc3339(record.time), text)


def cut(text: str) -> str:
    """`text`, or its two ends where it is longer than what an alert quotes of a line."""
    if len(text) <= LONGEST_QUOTE:
        return text
    over = len(text) - LONGEST_QUOTE
    return f"{text[: LONGEST_QUOTE // 2]}[… {over} characters …]{text[-LONGEST_QUOTE // 2 :]}"


def about_logwatch(
    rule: str,
    message: str,
    *,
    id: str,  # noqa: A002 - the field's name
    severity: Severity,
    wall: float,
    host: str,
    source: str = "logwatch",
    path: str = "",
    labels: Mapping[str, str] | None = None,
) -> Alert:
    """An alert that no log line brought about: `rule` is `logwatch.<what>`."""
    stamp = rfc3339(wall)
    return Alert(
        schema=SCHEMA,
        id=id,
        seq=1,
        status="firing",
        rule=rule,
        severity=severity,
        message=message,
        source=source,
        path=path,
        host=host,
        key={"path": path} if path else {},
        fields={},
        count=1,
        suppressed=0,
        first=stamp,
        last=stamp,
        at=stamp,
        late=False,
        lines=[],
        labels=dict(labels or {}),
    )


class Keyed:
    """The `by` of a rule: which key a hit belongs to."""

    def __init__(self, by: tuple[str, ...]) -> None:
        self._by = by
        self._only = by[0] if len(by) == 1 else None

    @property
    def names(self) -> tuple[str, ...]:
        """The fields whose values make up a key."""
        return self._by

    def key(self, hit: Hit) -> str:
        """The key as text; a missing field is a bucket of its own."""
        only = self._only
        if only is not None:  # nearly always, and a threshold asks for each line
            key = hit.match.captures.get(only) or hit.record.fields.get(only) or MISSING
            if len(key) <= LONGEST_FIELD and _BETWEEN not in key:
                return key
        elif not self._by:
            return ""
        captures, fields = hit.match.captures, hit.record.fields
        return self.joined(captures.get(name) or fields.get(name) for name in self._by)

    @staticmethod
    def joined(values: Iterable[str | None]) -> str:
        """The key of which these are the values, in the order of the fields; None is missing."""
        parts = [_short(value or MISSING) for value in values]
        key = _BETWEEN.join(parts)
        if key.count(_BETWEEN) < len(parts):
            return key
        return _BETWEEN.join(part.replace(_BETWEEN, "␟") for part in parts)

    def named(self, key: str) -> dict[str, str]:
        """The key as a map from field to value."""
        if not self._by:
            return NO_KEY
        values = key.split(_BETWEEN, len(self._by) - 1)
        return dict(zip(self._by, values, strict=True))


def _short(value: str) -> str:
    """`value` as part of a key: a long one by its beginning and a digest of all of it."""
    if len(value) <= LONGEST_FIELD:
        return value
    digest = blake2b(value.encode(errors="backslashreplace"), digest_size=8).hexdigest()
    return f"{value[:200]}…{digest}"


class Wording:
    """Says what an alert says."""

    def __init__(self, settings: RuleSettings) -> None:
        self._settings = settings
        self._say = Say(settings.say) if settings.say is not None else None

    def message(self, stock: str, values: Mapping[str, object]) -> str:
        """The rule's own words for `values`, else `stock`."""
        return self._say.render(values) if self._say is not None else stock

    @property
    def own(self) -> bool:
        """Whether the rule brings its own words."""
        return self._say is not None

    def labels(self) -> dict[str, str]:
        """The rule's labels, its runbook among them."""
        runbook = self._settings.runbook
        return {**self._settings.labels, **({"runbook": runbook} if runbook else {})}


def fields_of(record: Record, captures: dict[str, str]) -> dict[str, str]:
    """What is known of a record: its parsed fields, and over them what the pattern captured."""
    fields = {**record.fields, **captures} if record.fields else captures
    if len(record.text) <= LONGEST_QUOTE:
        return fields
    # What is remembered of a key must not be as long as a line may be.
    return {
        name: value if len(value) <= LONGEST_FIELD else f"{value[: LONGEST_FIELD - 1]}…"
        for name, value in islice(fields.items(), MOST_FIELDS)
    }


def headline(text: str, limit: int = LONGEST_HEADLINE) -> str:
    """What heads an alert about a record, short enough; the rest is quoted.

    Of several lines it is the first, and the last one that is not indented: what was raised below a
    trace of Python, the first cause below one of Java.
    """
    head, _, more = text.strip().partition("\n")
    lines = (line for line in reversed(more.split("\n")) if line[:1].strip())
    outcome = shortened(next(lines, ""), limit // 2)
    if not outcome:
        return shortened(head, limit)
    return f"{shortened(head, limit - len(outcome) - 3)} … {outcome}"


def shortened(text: str, limit: int = LONGEST_HEADLINE) -> str:
    """`text`, such as a value of a field, short enough for a headline."""
    text = text.strip()
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def as_told(
    record: Record, captures: dict[str, str], path: str, stamp: str
) -> tuple[str, dict[str, str], AlertLine]:
    """`headline`, `fields_of` and `quote` of a record, which may be asked for each line.

    Three calls cost as much as what they do for a line of usual length.
    """
    text = record.text
    if len(text) > LONGEST_HEADLINE or "\n" in text:
        return headline(text), fields_of(record, captures), quote(path, record, stamp)
    fields = {**record.fields, **captures} if record.fields else captures
    return text.strip(), fields, AlertLine(path, record.offset, stamp, text)


def lasting(seconds: float) -> str:
    """A duration for people, whole seconds once it is more than one."""
    return format_duration(seconds if seconds < 1 else round(seconds))
