"""What a silence would hide, seen in what burns and in the last week; and what it surely misses.

Alerts that are hidden anyway count on neither side, nor do messages about several.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from msgspec import UNSET

from logwatch import parsers
from logwatch.alerts.conditions import OWN_FIELDS, RANKED, compile_alert_where
from logwatch.conditions import Condition, Where, compile_tests
from logwatch.config.loader import load
from logwatch.config.model import Config
from logwatch.config.search import find_config
from logwatch.config.state_place import state_folder
from logwatch.errors import ConfigError, StoreError
from logwatch.matching.searches import guarded_search
from logwatch.records import Alert, decode_alert
from logwatch.store.reader import StoreReader

WEEK = 7 * 86_400.0
OURS = "logwatch."
"""How the names of rules about logwatch itself begin."""

_KEYS_OF_OURS = ("sink",)
"""Fields of alerts about logwatch itself, beside those that every alert has."""

_CAPTURES = re.compile(r"\(\?P<(\w+)>")


class Preview(NamedTuple):
    """What it hides."""

    firing: tuple[str, ...]
    """Ids of the alerts that burn now and that it hides."""
    last_7_days: int
    """Alerts of the last 7 days that it would have hidden."""
    of: int
    """All alerts of the last 7 days that somebody was told of, or was to be."""
    problem: str = ""
    """Why nobody knows: the store cannot be read."""


class Look(NamedTuple):
    """What was found out about the conditions of a silence."""

    preview: Preview
    warnings: tuple[str, ...]
    """Conditions that, by the configuration and the last week, no alert fulfils."""
    impossible: tuple[str, ...] = ()
    """Conditions on fields that no alert can have, by the configuration and the whole history."""


class _Known:
    """Names that alerts have."""

    def __init__(self, config: Config | None) -> None:
        """`config` is None where it is broken, which must not stand in the way."""
        self.fields = {*OWN_FIELDS, *_KEYS_OF_OURS}
        self.rules: set[str] = set()
        self.sources: set[str] = set()
        self._formats = {source.format for source in config.sources} if config else set()
        self._is_complete = config is not None
        if config is None:
            return
        self.sources.update(source.name for source in config.sources)
        for rule in config.rules:
            self.rules.add(rule.name)
            self.fields.update(rule.labels, rule.by)
            for selector in rule.selectors():
                for pattern in selector.match:
                    self.fields.update(_CAPTURES.findall(pattern))
                self.fields.update(condition.field for condition in selector.where)
        for form in self._formats:
            self.fields.update(parsers.field_names(form) or ())

    def learn(self, alert: Alert) -> None:
        """Take note of the names of an alert that there was."""
        self.rules.add(alert.rule)
        self.fields.update(alert.labels, alert.key, alert.fields)

    def warnings(self, where: Where) -> Iterator[str]:
        """See `Look.warnings`."""
        values: dict[str, Collection[str]] = {
            "rule": self.rules,
            "source": self.sources,
            **RANKED,
        }
        for condition in where:
            field = condition.field
            if not self._is_complete and field not in RANKED:
                if field not in self.fields and (hint := _near(field, self.fields)):
                    yield f"no alert that is known here has a field {field!r}{hint}"
                continue
            if field not in self.fields:
                if self._may_come(field):
                    yield f"no rule, and no stored alert, has a field {field!r}"
            elif names := values.get(field):
                yield from _no_match(condition, names)

    def strange(self, where: Where) -> set[str]:
        """Fields in `where` that nothing known so far has."""
        if not self._is_complete:
            return set()
        return {condition.field for condition in where} - self.fields

    def impossible(self, where: Where) -> Iterator[str]:
        """See `Look.impossible`."""
        for field in sorted(self.strange(where)):
            if not self._may_come(field):
                yield f"no alert can have a field {field!r}{_near(field, self.fields)}"

    def _may_come(self, field: str) -> bool:
        """Whether a line may bring a field of which nothing speaks, and which is no slip."""
        can_have = any(parsers.can_have(form, field) for form in self._formats)
        return can_have and not _near(field, self.fields)


def look_at(where: Where, config: str | None, now: float) -> Look:
    """What a silence with `where` hides at wall time `now`.

    Raises ConfigError where there is no configuration; a broken one is none that counts.
    """
    path = find_config(config)
    known = _Known(_written(path))
    reader = _reader(path)
    if isinstance(reader, str):
        return _look(Preview((), 0, 0, reader), known, where)
    try:
        preview = _preview(where, reader, known, now)
        for one in chain(reader.burning(), reader.history()):
            if not known.strange(where):
                break
            known.learn(decode_alert(one.body))
    finally:
        reader.close()
    return _look(preview, known, where)


def _look(preview: Preview, known: _Known, where: Where) -> Look:
    return Look(preview, tuple(known.warnings(where)), tuple(known.impossible(where)))


def _reader(path: Path) -> StoreReader | str:
    """The store, or why nobody can look into it."""
    try:
        state = state_folder(path)
    except ConfigError as problem:
        return str(problem).partition("\n")[0]
    try:
        return StoreReader(state)
    except StoreError as problem:
        return str(problem) if state.exists() else "there is no store: no daemon has run yet"


def _preview(where: Where, reader: StoreReader, known: _Known, now: float) -> Preview:
    holds = compile_alert_where(where, guarded_search)
    burning = [decode_alert(each.body) for each in reader.burning()]
    told: set[str] = set()
    hidden: set[str] = set()
    for one in reader.history(since=now - WEEK):
        alert = decode_alert(one.body)
        if _counts(alert):
            known.learn(alert)
            told.add(alert.id)
            if holds(alert):
                hidden.add(alert.id)
    return Preview(
        firing=tuple(each.id for each in burning if _counts(each) and holds(each)),
        last_7_days=len(hidden),
        of=len(told),
    )


def _no_match(condition: Condition, names: Collection[str]) -> Iterator[str]:
    (test,) = condition.tests
    if condition.field in RANKED and test.operator not in ("=", "~"):
        return
    if test.operand.startswith(OURS) or any(
        map(compile_tests(condition.tests, guarded_search), names)
    ):
        return
    yield f"no {condition.field} is {test.operand!r}{_near(test.operand, names)}"


def _near(name: str, names: Iterable[str]) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - for what is misspelt

    close = get_close_matches(name.strip("*"), sorted(names), 1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _counts(alert: Alert) -> bool:
    """Whether it is an alert of its own that nothing hides."""
    return alert.muted_by is UNSET and alert.group is UNSET and alert.status != "resolved"


def _written(path: Path) -> Config | None:
    try:
        return load(path, sends=False)
    except ConfigError:
        return None
