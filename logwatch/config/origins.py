"""What stands in the place of `path` in a source -> where its lines come from, if from no file."""

from __future__ import annotations

from collections.abc import Mapping

from logwatch.config.found import Found
from logwatch.config.keys import SourceKeys
from logwatch.config.origin_keys import ORIGINS
from logwatch.config.problems import Report
from logwatch.config.references import References
from logwatch.tailer.settings import Origin
from logwatch.tailer.text_encoding import matched_as

_FOR_FILES = ("exclude", "archives")
_NOT_FOR: dict[str, tuple[str, ...]] = {
    "journald": ("encoding", "multiline", "time", "time_format"),
    "syslog": ("multiline", "start"),
    "stdin": ("start",),
    "pipe": ("start",),
    "exec": ("start",),
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
    from logwatch.config.origin_kinds import KINDS  # noqa: PLC0415 - most sources are files

    return KINDS[key](found, references, report)


def format_of(found: Found[SourceKeys]) -> str:
    """What its texts are: as written, else what is usual where they come from."""
    is_given = "format" in found.given
    return "syslog" if origin_key(found) == "syslog" and not is_given else found.value.format


def fits_encoding(found: Found[SourceKeys], encoding: str, report: Report) -> bool:
    """Whether texts in `encoding` can be read from there: those of files can be."""
    if origin_key(found) is None or matched_as(encoding) == encoding:
        return True
    report.error(
        found.place("encoding"),
        "not-supported",
        f"{encoding!r} is read from files only",
        "let the sender write UTF-8",
    )
    return False


def check_together(origins: Mapping[str, Found[SourceKeys]], report: Report) -> None:
    """Report what two sources cannot both have."""
    first: str | None = None
    for name, found in origins.items():
        if origin_key(found) != "stdin":
            continue
        if first is not None:
            report.error(
                found.key("stdin"),
                "bad-value",
                f"source {first!r} reads stdin already",
                "there is one; let rules name it twice",
            )
        first = first or name


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
