"""`logwatch why RULE`: why a rule fired or did not, from all that can be known without a line.

What it looks at comes from the configuration; the files from the daemon, else the file system;
what it remembers from the store (why_memory.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Literal

from msgspec import Struct

from logwatch.cli.figures import epoch
from logwatch.cli.looker import Absence
from logwatch.cli.rule_words import kind_in_words, unknown_in_words
from logwatch.cli.why_memory import memory_of, settings_of, time_of
from logwatch.cli.why_sources import Source, sources_of
from logwatch.clock import Clock
from logwatch.config.model import Config
from logwatch.daemon.health import Remark, Status
from logwatch.errors import UsageError
from logwatch.records import decode_alert
from logwatch.rules.base import Now, RuleSettings
from logwatch.rules.explaining import Explaining, on_clock
from logwatch.rules.kinds import Composite
from logwatch.rules.message import Keyed
from logwatch.stamps import rfc3339
from logwatch.store.life import LifeReader
from logwatch.tailer.settings import SourceSettings

SCHEMA = 1
MOST_KEYS = 20
MOST_COMPARED = 5_000
"""Keys among which one that was nearly written is looked for."""
MOST_MESSAGES = 1_000
"""Of the history, among which the last one of a key is looked for."""


class Asked(Struct, frozen=True):
    """What was asked."""

    rule: str
    key: dict[str, str]


class Key(Struct, frozen=True, kw_only=True):
    """What is remembered of one key."""

    key: dict[str, str]
    state: tuple[str, ...]


class Last(Struct, frozen=True, kw_only=True):
    """The newest message that is kept of the rule, or of the key."""

    alert: str
    status: str
    at: str
    message: str


class Heard(Struct, frozen=True, kw_only=True):
    """A rule that this one listens to."""

    rule: str
    burning: int


class Answer(Struct, frozen=True, kw_only=True):
    """All that is known of a rule, or of one key of it."""

    schema: int = SCHEMA
    rule: str
    asked: dict[str, str]
    in_config: bool
    defined_at: str = ""
    kind: str = ""
    by: tuple[str, ...] = ()
    key_fields: tuple[str, ...] = ()
    mode: Literal["live", "shadow"] = "live"
    active: str | None = None
    """Its active hours."""
    is_active: bool = True
    """Whether they cover the present."""
    active_changes: str | None = None
    """When that changes."""
    sources: tuple[Source, ...] = ()
    hears: tuple[Heard, ...] = ()
    absorbed_by: tuple[str, ...] = ()
    """Composites that tell of it instead while they burn."""
    running: bool | None = None
    """Whether a daemon runs; None where nobody may ask."""
    daemon: str = ""
    """What is known where none answers."""
    remarks: tuple[Remark, ...] = ()
    """What the daemon says of the rule, of itself and of its configuration."""
    as_of: str | None = None
    """The time as of which the state is told; None where there is no store."""
    memory: str = ""
    """Why there is no state, or not all of it."""
    standing: tuple[str, ...] = ()
    """What it remembers that belongs to no key."""
    number_of_keys: int = 0
    """Keys of which something is remembered, of those that were asked about."""
    keys: tuple[Key, ...] = ()
    """Those that burn first, `MOST_KEYS` at most."""
    unknown: str = ""
    """What it means that nothing is remembered of the key that was asked about."""
    near: tuple[dict[str, str], ...] = ()
    """Keys that are written alike."""
    last: Last | None = None

    @property
    def known(self) -> bool:
        """Whether anything is known of the rule, or of the key that was asked about."""
        return bool(self.keys) or self.last is not None or (self.in_config and not self.asked)


def answer_of(
    asked: Asked,
    reader: LifeReader | None,
    config: Config,
    daemon: Status | Absence | str,
    clock: Clock,
    *,
    known: Sequence[str],
) -> Answer:
    """Everything about `asked`; `known`: names of rules. Raises UsageError for what cannot be."""
    settings = settings_of(asked.rule, config)
    if settings is None:
        return _removed(asked, reader, known)
    now, as_of = time_of(daemon, reader, settings, clock)
    rule, note = memory_of(settings, reader, config)
    fields = rule.key_fields()
    _check_fields(asked, fields)
    keys = [key for key in rule.known_keys() if _fits(Keyed(fields).named(key), asked.key)]
    status = daemon if isinstance(daemon, Status) else None
    wall = clock.wall()
    change = settings.active.next_change(wall) if settings.active is not None else None
    return Answer(
        rule=asked.rule,
        asked=asked.key,
        in_config=True,
        defined_at=settings.defined_at,
        kind=kind_in_words(settings.kind),
        by=settings.by,
        key_fields=fields,
        mode="shadow" if settings.shadow else "live",
        active=settings.active.text if settings.active is not None else None,
        is_active=settings.active is None or settings.active.covers(wall),
        active_changes=None if change is None else rfc3339(change),
        sources=tuple(sources_of(_looked_at(settings, config), status)),
        hears=tuple(_heard(settings, reader)),
        absorbed_by=tuple(_absorbers(settings, config)),
        running=None if isinstance(daemon, str) else isinstance(daemon, Status),
        daemon=_absence(daemon, wall),
        remarks=tuple(_remarks(asked.rule, status)),
        as_of=None if as_of is None else rfc3339(as_of),
        memory=note,
        standing=tuple(rule.standing(now)),
        number_of_keys=len(keys),
        keys=tuple(_explained(rule, keys, fields, now)),
        unknown=unknown_in_words(settings) if asked.key and not keys else "",
        near=tuple(_near(rule, asked, fields)) if asked.key and not keys else (),
        last=_last(asked, reader),
    )


def _removed(asked: Asked, reader: LifeReader | None, known: Sequence[str]) -> Answer:
    """A rule that is not in the configuration: the store may know it. Raises UsageError."""
    changes = reader.memory(asked.rule) if reader is not None else []
    last = _last(asked, reader)
    if not changes and last is None:
        known = [name for name in known if not name.startswith("logwatch.")]
        from difflib import get_close_matches  # noqa: PLC0415 - for what is misspelt

        near = get_close_matches(asked.rule, known, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are: {' '.join(known)}"
        raise UsageError(f"there is no rule {asked.rule!r}; {hint}")
    note = "its state is in the store until a daemon starts without the rule" if changes else ""
    return Answer(rule=asked.rule, asked=asked.key, in_config=False, memory=note, last=last)


def _check_fields(asked: Asked, fields: tuple[str, ...]) -> None:
    for name in asked.key:
        if name not in fields:
            from difflib import get_close_matches  # noqa: PLC0415 - for what is misspelt

            near = get_close_matches(name, fields, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"it has: {', '.join(fields)}"
            none = "it has one key for all records" if not fields else hint
            raise UsageError(f"a key of {asked.rule!r} has no field {name!r}; {none}")


def _fits(key: Mapping[str, str], asked: Mapping[str, str]) -> bool:
    return all(key.get(name) == value for name, value in asked.items())


def _explained(
    rule: Explaining, keys: Sequence[str], fields: tuple[str, ...], now: Now
) -> Iterator[Key]:
    for key in islice(keys, MOST_KEYS):
        yield Key(key=Keyed(fields).named(key), state=tuple(rule.explain(key, now)))


def _near(rule: Explaining, asked: Asked, fields: tuple[str, ...]) -> Iterator[dict[str, str]]:
    """Known keys that are written like the one that was asked about."""
    known = {
        _text(Keyed(fields).named(key)): key for key in islice(rule.known_keys(), MOST_COMPARED)
    }
    from difflib import get_close_matches  # noqa: PLC0415 - for what is misspelt

    for text in get_close_matches(_text(asked.key), known, 3):
        yield Keyed(fields).named(known[text])


def _text(key: Mapping[str, str]) -> str:
    return " ".join(f"{name}={value}" for name, value in sorted(key.items()))


def _looked_at(settings: RuleSettings, config: Config) -> Iterator[SourceSettings]:
    names = settings.looks_at()
    return (each for each in config.sources if names is None or each.name in names)


def _heard(settings: RuleSettings, reader: LifeReader | None) -> Iterator[Heard]:
    names = settings.kind.hears()
    burning = [each.rule for each in reader.burning()] if reader is not None and names else []
    for name in names:
        yield Heard(rule=name, burning=burning.count(name))


def _absorbers(settings: RuleSettings, config: Config) -> Iterator[str]:
    for rule in config.rules:
        kind = rule.kind
        absorbs = isinstance(kind, Composite) and kind.absorbs and not rule.shadow
        if absorbs and settings.name in kind.hears():
            yield rule.name


def _absence(daemon: Status | Absence | str, wall: float) -> str:
    """What is known of a daemon that does not answer."""
    if isinstance(daemon, Status):
        return ""
    if isinstance(daemon, str):
        return daemon
    if daemon.pid is not None:
        return f"it (pid {daemon.pid}) does not answer: it starts, reloads, stops, or hangs"
    if daemon.last_seen is None:
        return "none runs, and none has run with this configuration"
    return f"none runs; the store was written last at {on_clock(epoch(daemon.last_seen), wall)}"


def _remarks(name: str, status: Status | None) -> Iterable[Remark]:
    if status is None:
        return ()
    about = (f"rule {name}", "config", "store", "queue")
    return (each for each in (*status.troubles, *status.notes) if each.about in about)


def _last(asked: Asked, reader: LifeReader | None) -> Last | None:
    """The newest message of the rule, or of the key that was asked about."""
    if reader is None:
        return None
    for one in reader.alerts(limit=MOST_MESSAGES if asked.key else 1, rule=asked.rule):
        alert = decode_alert(one.body)
        if _fits({**alert.fields, **alert.key}, asked.key):
            return Last(alert=alert.id, status=alert.status, at=alert.at, message=alert.message)
    return None
