"""Configuration files as documents; why one cannot be read is a problem at whoever named it."""

from __future__ import annotations

import os
from pathlib import Path

from logwatch.config.document import LARGEST_FILE, Document
from logwatch.config.problems import Place, Report


def shown_name(path: str | Path) -> str:
    """`path` as text, also where it is not UTF-8."""
    return os.fsencode(path).decode(errors="backslashreplace")


def read_document(path: Path, name: str, place: Place, report: Report) -> Document | None:
    """The file as a document; None after reporting, at `place`, why it cannot be read."""
    try:
        str(path.absolute()).encode()  # what tells of it, the daemon's status, say, is text
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        reason, remedy = _why_unreadable(error, path)
        report.error(place, "unreadable", f"{name}: {reason}" if place.line else reason, remedy)
        return None
    if len(data) > LARGEST_FILE:
        report.error(place, "bad-value", f"{name} is larger than {LARGEST_FILE} bytes", "split it")
        return None
    text = _decoded(data, name, report)
    return None if text is None else Document(name, text, path.absolute().parent, path.absolute())


def _decoded(data: bytes, name: str, report: Report) -> str | None:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        place = Place(name, 0, 0, 1)
        report.error(place, "bad-yaml", "the file is UTF-16", "save it as UTF-8")
        return None
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = before.count(b"\n") + 1
        column = len(before[before.rfind(b"\n") + 1 :].decode()) + 1
        report.error(
            Place(name, line, column, column + 1),
            "bad-yaml",
            f"byte 0x{data[error.start]:02x} is not UTF-8",
            "save the file as UTF-8; in a pattern write the character or an escape such as \\xe9",
        )
        return None


def _why_unreadable(error: OSError | ValueError, path: Path) -> tuple[str, str]:
    match error:
        case FileNotFoundError():
            return "there is no such file", "correct the path"
        case PermissionError():
            return "this user may not read it", f"chmod g+r {path}, or run as its owner"
        case IsADirectoryError():
            return "this is a folder, not a file", f"write {path}/*.yaml in 'include'"
        case OSError():
            return f"it cannot be read: {error.strerror or error}", "correct the path"
        case UnicodeEncodeError():
            return "its name is not UTF-8", "rename it"
        case ValueError():
            return "this is no path", "correct it"
