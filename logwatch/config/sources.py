"""`sources:` -> what the tailer follows: absolute paths; formats, zones, encodings that exist."""

from __future__ import annotations

import codecs
import re
from glob import has_magic, iglob
from itertools import islice
from pathlib import Path

from yaml import ScalarNode

from logwatch import parsers
from logwatch.config.archives import build_archives, look_for_archives
from logwatch.config.document import child
from logwatch.config.found import Found
from logwatch.config.keys import DefaultKeys, SourceKeys
from logwatch.config.multiline import problem_of
from logwatch.config.names import distinct
from logwatch.config.origins import build_origin, fits_encoding, format_of, origin_key
from logwatch.config.patterns import remedy, warn_of_scalar
from logwatch.config.problems import Place, Report, shown, suggestion
from logwatch.config.references import References
from logwatch.tailer.multiline import MultilineSettings
from logwatch.tailer.settings import SourceSettings
from logwatch.tailer.text_encoding import is_wide

_PATTERNLIKE = re.compile(r"[\\^$(){}%]").search
_OWN = r"a pattern of your own names its fields: '(?P<client>\S+) (?P<status>\d+)'"
_TIME_FIELD_FORMATS = ("json", "logfmt")

# Bytes below 0x80 that one stateful or transforming codec or another does not read as ASCII.
_ASCII = b"Az09 \\x41 \\u0041 +AGE- ~{VPJ~} \x1b(B\n\t&%"
_NAMES_LOOKED_AT = 2000
LOGS = Path("/var/log")
JOURNALS = (Path("/run/systemd/journal"), LOGS / "journal")


def build_source(
    name: str,
    found: Found[SourceKeys],
    references: References,
    defaults: DefaultKeys,
    report: Report,
) -> SourceSettings | None:
    """The settings of one source; None after reporting why it cannot be."""
    keys = found.value
    origin = build_origin(found, references, report)
    is_file = origin_key(found) is None
    paths = _paths(found, references, report) if is_file else ()
    archives = build_archives(found, paths, references, report)
    checks = (
        bool(paths) or origin is not None or (is_file and not found.sound("path")),
        _check_format(found, report),
        _check_time(found, report),
        _check_time_format(found, report),
        _check_zone(found, report),
        _check_nul(found, "exclude", keys.exclude, report),
        _check_multiline(found, report),
    )
    encoding = _encoding(found, report)
    if encoding is not None and not fits_encoding(found, encoding, report):
        encoding = None
    if not all(checks) or encoding is None or archives is None or found.broken:
        return None
    return SourceSettings(
        name=name,
        defined_at=found.place().short,
        origin=origin,
        paths=paths,
        exclude=tuple(_exclusion(text, references) for text in keys.exclude),
        archives=archives,
        format=format_of(found),
        time=keys.time,
        time_format=keys.time_format,
        tz=keys.tz,
        encoding=encoding,
        start=keys.start,
        max_line=keys.max_line,
        multiline=_multiline(keys),
        tags=distinct(keys.tags),
        late=defaults.late if keys.late is None else keys.late,
        quiet_after=keys.quiet_after,
        max_skew=keys.max_skew,
    )


def look_for_files(found: Found[SourceKeys], source: SourceSettings, report: Report) -> None:
    """Warn when nothing on this machine fits `source` now, and of paths that look mistyped.

    Where one path of several fits, the others are alternatives, unless a much alike name exists.
    """
    if source.origin is not None:
        return
    missing = [
        (number, path)
        for number, path in enumerate(source.paths)
        if not _is_there(path, found.place("path", number), report)
    ]
    look_for_archives(found, source, report)
    if source.time_format or parsers.is_own(source.format):
        from logwatch.config.time_formats import look_at_lines  # noqa: PLC0415 - few have one

        look_at_lines(found, source, report)
    if len(missing) == len(source.paths):
        _warn_of_missing(found, missing[0], 0.7, report)
        return
    for entry in missing:
        _warn_of_missing(found, entry, 0.8, report)


def _is_there(path: str, place: Place, report: Report) -> bool:
    if Path(path).is_dir():
        report.warning(place, "no-match", "this is a folder, not a file", f"write {path}/*.log")
        return True
    return any(True for _ in iglob(path, recursive=True))  # noqa: PTH207  # absolute


def _warn_of_missing(
    found: Found[SourceKeys], entry: tuple[int, str], alike: float, report: Report
) -> None:
    number, path = entry
    near = nearest(Path(path), alike)
    if near is None and alike > 0.7:
        return
    others = len(found.value.path) > 1 and near is None
    message = "no file matches now" if has_magic(path) else "there is no such file now"
    report.warning(
        found.place("path", number),
        "no-match",
        f"{message}, nor any of the other paths" if others else message,
        f"near: {_as_written(near, found, number)}" if near else _instead(found),
    )


def _instead(found: Found[SourceKeys]) -> str:
    """What to do where there is no file, and none that is called alike."""
    keys = found.value
    of_syslog = keys.format == "syslog" and all(Path(each).parent == LOGS for each in keys.path)
    if of_syslog and any(each.is_dir() for each in JOURNALS):
        return (
            "where no rsyslog writes it, it is in the journal: journald: all in the place of path"
        )
    return "correct the path, or let it wait for the file"


def _as_written(near: Path, found: Found[SourceKeys], number: int) -> Path:
    """Relative where the path that it is to replace is."""
    folder = found.document.folder
    relative = not found.value.path[number].startswith(("/", "~"))
    return near.relative_to(folder) if relative and near.is_relative_to(folder) else near


def nearest(path: Path, alike: float = 0.7) -> Path | None:
    """What exists and is named most like the first part of `path` that does not.

    `alike` is the least likeness that counts, from 0 to 1.
    """
    base = Path(path.anchor)
    for part in path.parts[1:]:
        if part == path.name or has_magic(part) or not (base / part).exists():
            return _most_alike(base, part, alike)
        base /= part
    return None


def _most_alike(folder: Path, name: str, alike: float) -> Path | None:
    from difflib import get_close_matches  # noqa: PLC0415  # only a warning needs it

    try:
        there = [entry.name for entry in islice(folder.iterdir(), _NAMES_LOOKED_AT)]
    except OSError:
        return None
    close = get_close_matches(name, there, n=1, cutoff=alike)
    return folder / close[0] if close else None


def _paths(found: Found[SourceKeys], references: References, report: Report) -> tuple[str, ...]:
    texts = found.value.path
    if not texts and found.sound("path"):
        report.error(
            found.key("path"), "bad-value", "'path' names no file", "write path: /var/log/*.log"
        )
    for number, text in enumerate(texts):
        if not text.strip():
            report.error(
                found.place("path", number),
                "bad-value",
                "an empty path",
                "write path: /var/log/*.log",
            )
            return ()
    if not _check_nul(found, "path", texts, report):
        return ()
    return tuple(str(references.path(text)) for text in texts)


def _exclusion(text: str, references: References) -> str:
    """A glob with a slash is compared with the whole path, so it must be a whole path."""
    return text if "/" not in text or text.startswith("*") else str(references.path(text))


def _check_nul(found: Found[SourceKeys], key: str, texts: tuple[str, ...], report: Report) -> bool:
    for number, text in enumerate(texts):
        if "\0" in text:
            report.error(
                found.place(key, number), "bad-value", "a path cannot hold a NUL", "remove it"
            )
            return False
    return True


def _check_format(found: Found[SourceKeys], report: Report) -> bool:
    name = found.value.format
    if parsers.is_own(name):
        from logwatch.config.own_formats import check_own_format  # noqa: PLC0415 - few have one

        return check_own_format(found, report)
    if parsers.inner(name) in parsers.FORMATS:
        return True
    from logwatch.config.other_words import FORMATS  # noqa: PLC0415 - for a mistake only

    known = (*parsers.FORMATS, *parsers.WRAPPINGS)
    report.error(
        found.place("format"),
        "unknown-name",
        f"there is no format {shown(name)}",
        _OWN if _PATTERNLIKE(name) else suggestion(name, known, of="format", elsewhere=FORMATS),
    )
    return False


def _check_time_format(found: Found[SourceKeys], report: Report) -> bool:
    if not found.value.time_format:
        return True
    from logwatch.config.time_formats import check_time_format  # noqa: PLC0415 - few have it

    return check_time_format(found, report)


def _check_time(found: Found[SourceKeys], report: Report) -> bool:
    keys = found.value
    inner = parsers.inner(keys.format)
    if keys.time is None or inner not in parsers.FORMATS or keys.format in _TIME_FIELD_FORMATS:
        return True
    report.error(
        found.key("time"),
        "bad-value",
        f"format {keys.format!r} has its time in a fixed place, not in a field",
        "remove 'time', or set format: json or logfmt, or a pattern with such a group",
    )
    return False


def _check_zone(found: Found[SourceKeys], report: Report) -> bool:
    name = found.value.tz
    if name is None:
        return True
    import zoneinfo  # noqa: PLC0415  # few configurations name a zone

    try:
        zoneinfo.ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # a missing zone is a KeyError
        known = zoneinfo.available_timezones()
        report.error(
            found.place("tz"),
            "unknown-name",
            f"there is no time zone {shown(name)}",
            suggestion(name, known, of="zone") if known else "install tzdata",
        )
        return False
    return True


def _check_multiline(found: Found[SourceKeys], report: Report) -> bool:
    """Whether lines are put together by a preset or by patterns, and by patterns that can be."""
    keys = found.value.multiline
    if keys is None or not found.sound("multiline"):
        return True
    patterns = {name: text for name in ("start", "end") if (text := getattr(keys, name))}
    if keys.preset is None and not patterns:
        report.error(
            found.place("multiline"),
            "missing-key",
            "'multiline' says not what begins or ends a record",
            "write multiline: java, or multiline: {start: '^\\d{4}-'}",
        )
        return False
    if keys.preset is not None and patterns:
        report.error(
            found.place("multiline"),
            "bad-value",
            f"'multiline' has both a preset and {' and '.join(map(repr, patterns))}",
            "keep one of them",
        )
        return False
    sound = [_check_line_pattern(found, name, text, report) for name, text in patterns.items()]
    return all(sound)


def _check_line_pattern(found: Found[SourceKeys], name: str, text: str, report: Report) -> bool:
    node = child(found.node, "multiline", name)
    warn_of_scalar(found.document, node, report)
    problem = problem_of(text)
    if problem is None:
        return True
    at = problem.position
    place = found.place("multiline", name)
    if at is not None and isinstance(node, ScalarNode) and node.value == text:
        place = found.inside(("multiline", name), min(at, max(len(text) - 1, 0)))
    help_ = remedy(problem) if at is not None else "begin it with ^, and write [^]]* and not .*"
    report.error(place, "bad-pattern", f"bad pattern: {problem.message}", help_)
    return False


def _multiline(keys: SourceKeys) -> MultilineSettings | None:
    if keys.multiline is None:
        return None
    settings = keys.multiline
    return MultilineSettings(
        preset=settings.preset,
        start=settings.start or None,
        end=settings.end or None,
        max_lines=settings.max_lines,
        timeout=settings.timeout,
    )


def _encoding(found: Found[SourceKeys], report: Report) -> str | None:
    name = found.value.encoding
    try:
        codec = codecs.lookup(name)
        if codec.name in ("utf-8", "utf-8-sig"):  # a mark is always looked for
            return "utf-8"
        if is_wide(codec.name) or _is_single_byte(codec.name):
            return codec.name
    except (LookupError, ValueError):  # ValueError: a NUL in the name
        report.error(
            found.place("encoding"),
            "unknown-name",
            f"Python knows no encoding {shown(name)}",
            suggestion(
                name, ("utf-8", "utf-16", "latin-1", "cp1252", "ascii", "iso8859-15"), of="common"
            ),
        )
        return None
    report.error(
        found.place("encoding"),
        "not-supported",
        f"encoding {name!r} is not supported yet",
        "utf-8, utf-16 and encodings of one byte a character are, such as latin-1 and cp1252",
    )
    return None


def _is_single_byte(name: str) -> bool:
    """Whether each byte is one character and ASCII is itself, so that lines can be cut as bytes."""
    try:
        return _ASCII.decode(name, "replace") == _ASCII.decode("ascii") and all(
            len(bytes([byte, *after]).decode(name, "replace")) == 1 + len(after)
            for byte in range(256)
            for after in ((), (0x41,), (0x80,), (0xA1,))
        )
    except (LookupError, UnicodeError):  # no text encoding (hex, zlib); one that replaces nothing
        return False
