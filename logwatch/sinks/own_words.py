"""Templates of one's own for the messages of a sink that people read.

`title:` and `text:` are written in the language of `say`. A `text` stands for all that is below the
title. A template that cannot be written out for an alert, or gives nothing, is replaced by the
stock words: the message says so, and the log does once. What the values hold comes from logs, so it
is made visible and short before it meets a template.
"""

from __future__ import annotations

from typing import Final

from msgspec import UNSET, structs

from logwatch import telemetry
from logwatch.records import Alert
from logwatch.say import Say, TemplateError
from logwatch.sinks.base import SinkSettings
from logwatch.sinks.plain_text import fit, visible
from logwatch.sinks.wording import (
    LONGEST_TEXT,
    LONGEST_TITLE,
    TEST_MARK,
    Fact,
    Words,
    blocks,
    words,
)

NAMES: Final = (
    *("title", "message", "mark", "rule", "severity", "status", "source", "path", "host", "key"),
    *("count", "suppressed", "first", "last", "at", "duration", "id", "seq", "alerts_count"),
    *("lines", "alerts", "facts", "runbook", "silence", "see"),
)
"""What a template may use for every alert, beside the fields, keys and labels that it has."""

_LONGEST_VALUE = 1000
_ALIKE = 0.85


class PeopleSettings(SinkSettings, frozen=True, kw_only=True):
    """Settings that sinks for people have in common."""

    title: str | None = None
    """Template for the title, instead of the stock one."""
    text: str | None = None
    """Template for all that is below the title, instead of the stock parts."""

    def __post_init__(self) -> None:
        """Refuse templates that can never be written out. Raises ValueError."""
        for name in ("title", "text"):
            template = getattr(self, name)
            if template is not None:
                _check(name, template)


def _check(key: str, template: str) -> None:
    try:
        say = Say(template)
    except TemplateError as error:
        raise ValueError(f"{key}: {error}") from None
    if not template.strip():
        raise ValueError(f"{key} is empty; leave it out for the stock one")
    for name, _ in say.placeholders:
        if name in NAMES:
            continue
        from difflib import get_close_matches  # noqa: PLC0415 - for what may be misspelt

        near = get_close_matches(name, NAMES, 1, _ALIKE)
        if near and name.rstrip("s") != near[0].rstrip("s"):
            raise ValueError(f"{key}: {{{name}}} is no field of alerts; did you mean {near[0]!r}?")


class Writer:
    """Makes the words of one sink's messages."""

    def __init__(self, settings: PeopleSettings, sink: str) -> None:
        self._sink = sink
        self._title = None if settings.title is None else Say(settings.title)
        self._text = None if settings.text is None else Say(settings.text)
        self._complained: set[str] = set()

    def words(self, alert: Alert) -> Words:
        """What the sink tells of `alert`."""
        said = words(alert)
        if self._title is None and self._text is None:
            return said
        values = _values(alert, said)
        changes: dict[str, object] = {}
        notes: list[Fact] = []
        for name, say in (("title", self._title), ("text", self._text)):
            if say is None:
                continue
            written = self._written(name, say, values, alert)
            if written is None:
                notes.append(Fact("note", f"its template for {name!r} failed; these are others"))
            elif name == "title":
                line = fit(" ".join(written.split()), LONGEST_TITLE, said.how_to_see)
                marked = said.test and not line.startswith(TEST_MARK)
                changes["title"] = f"{TEST_MARK}{line}" if marked else line
            else:
                changes |= {"text": fit(written, LONGEST_TEXT, said.how_to_see), "own": True}
        return structs.replace(said, **changes, facts=(*said.facts, *notes))

    def _written(self, name: str, say: Say, values: dict[str, object], alert: Alert) -> str | None:
        """The template written out; None after saying why it cannot be."""
        try:
            text = say.render(values).strip()
        except (ValueError, ArithmeticError) as error:
            reason = str(error)
        else:
            if text:
                return text
            reason = "it gives nothing"
        if name not in self._complained:
            self._complained.add(name)
            telemetry.warning(
                "sink.template_failed",
                sink=self._sink,
                template=name,
                rule=visible(alert.rule),
                reason=visible(reason),
            )
        return None


def _values(alert: Alert, said: Words) -> dict[str, object]:
    """What the names in a template stand for; names of ours go before those of fields."""
    given: dict[str, object] = {
        name: visible(fit(value, _LONGEST_VALUE, said.how_to_see))
        for part in (alert.labels, alert.fields, alert.key)
        for name, value in part.items()
    }
    known = {fact.label: fact.value for fact in said.facts}
    parts = {block.name: "\n".join(block.lines) for block in blocks(said)}
    ours: dict[str, object] = {
        "title": said.title,
        "message": said.text,
        "mark": said.mark,
        "count": alert.count,
        "suppressed": alert.suppressed,
        "seq": alert.seq,
        "alerts_count": 1 if alert.group is UNSET else alert.group.alerts,
        "key": visible(fit(", ".join(f"{k}={v}" for k, v in alert.key.items()), _LONGEST_VALUE)),
        "duration": known.get("lasted"),
        "lines": "\n\n".join(parts[name] for name in ("line", "lines") if name in parts),
        "alerts": parts.get("alerts", ""),
        "facts": "\n".join(f"{fact.label}: {fact.value}" for fact in said.facts_and_captures),
        "runbook": said.runbook or None,
        "silence": said.how_to_silence or None,
        "see": said.how_to_see,
    }
    for name in ("rule", "severity", "status", "source", "path", "host", "first", "last", "at"):
        ours[name] = visible(fit(getattr(alert, name), _LONGEST_VALUE))
    ours["id"] = visible(alert.id)
    return {**given, **ours}
