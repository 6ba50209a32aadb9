"""What stands in the place of `path` in a source -> where its lines come from."""

from __future__ import annotations

import re

from logwatch.config.document import child
from logwatch.config.found import Found
from logwatch.config.keys import SourceKeys
from logwatch.config.origin_keys import ORIGINS
from logwatch.config.problems import Report, shown
from logwatch.config.references import References
from logwatch.receivers.journal import JournaldSettings, Match
from logwatch.tailer.settings import Origin

_FIELD = re.compile(r"_{0,2}[A-Z][A-Z0-9_]{0,62}").fullmatch
_FOR_FILES = ("exclude",)
_NOT_FOR = {
    "journald": ("encoding", "multiline", "time"),
}
"""Keys that mean nothing for a kind, beside those that only files have."""


def origin_key(found: Found[SourceKeys]) -> str | None:
    """Which key says where the lines come from; None: they are in files."""
    return next((name for name in ORIGINS if name in found.given), None)


def build_origin(found: Found[SourceKeys], references: References, report: Report) -> Origin | None:
    """Where the lines come from, if that is no file; None also after reporting why it cannot be."""
    key = origin_key(found)
    if key is None or not _is_alone(found, key, report):
        return None
    if not _fits(found, key, report) or not found.sound(key):
        return None
    return _journald(found, references, report)


def _is_alone(found: Found[SourceKeys], key: str, report: Report) -> bool:
    others = [name for name in ("path", *ORIGINS) if name in found.given and name != key]
    for other in others:
        report.error(
            found.key(other),
            "bad-value",
            f"a source has one origin, and this one has {key!r} and {other!r}",
            "make two sources of it; give both a tag to name them together",
        )
    return not others


def _fits(found: Found[SourceKeys], key: str, report: Report) -> bool:
    odd = [name for name in (*_FOR_FILES, *_NOT_FOR[key]) if name in found.given]
    for name in odd:
        report.error(
            found.key(name), "bad-value", f"{name!r} means nothing for {key!r}", "leave it out"
        )
    return not odd


def _journald(
    found: Found[SourceKeys], references: References, report: Report
) -> JournaldSettings | None:
    keys = found.value.journald
    assert keys is not None
    checks = [
        _check_text(found, ("journald", word, number), text, report)
        for word, texts in (("units", keys.units), ("identifiers", keys.identifiers))
        for number, text in enumerate(texts)
    ]
    checks += [_check_match(found, name, values, report) for name, values in keys.match.items()]
    if keys.directory is not None:
        checks.append(_check_text(found, ("journald", "directory"), keys.directory, report))
    if not all(checks):
        return None
    return JournaldSettings(
        units=keys.units,
        identifiers=keys.identifiers,
        priority=keys.priority,
        matches=tuple(Match(name, values) for name, values in keys.match.items()),
        boot=keys.boot,
        directory=None if keys.directory is None else str(references.path(keys.directory)),
    )


def _check_match(
    found: Found[SourceKeys], name: str, values: tuple[str, ...], report: Report
) -> bool:
    if not _FIELD(name):
        report.error(
            found.key("journald", "match", name),
            "bad-value",
            f"{shown(name)} is no name of a field of the journal",
            "they are as in systemd.journal-fields(7): _SYSTEMD_UNIT, _UID, SYSLOG_IDENTIFIER",
        )
        return False
    if not values:
        place = found.key("journald", "match", name)
        report.error(place, "bad-value", f"{name!r} is compared with nothing", "write one value")
        return False
    checks = [
        _check_text(found, ("journald", "match", name, number), text, report)
        for number, text in enumerate(values)
    ]
    return all(checks)


def _check_text(
    found: Found[SourceKeys], path: tuple[str | int, ...], text: str, report: Report
) -> bool:
    """Whether it says something, and nothing that no program can be told."""
    if text.strip() and "\0" not in text and "\n" not in text:
        return True
    node = child(found.node, *path)
    place = found.document.place(node)
    what = "is empty" if not text.strip() else "holds a NUL or a line break"
    report.error(place, "bad-value", f"{path[1]!r}: a text {what}", "write it, or leave it out")
    return False
