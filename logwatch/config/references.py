"""`${env:NAME}` and `${file:PATH}` in the values of a configuration; `$${` is a plain `${`.

What is put in is never expanded again, and is remembered as a secret by the report, which hides it
in every message. A file loses one newline at its end. Who sends nothing needs no secrets: for them
another text stands in for one that cannot be had.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from logwatch.config.problems import shown
from logwatch.sinks.plain_text import can_encode

STAND_IN = "https://secret.invalid"
"""Is a text, and an address that leads nowhere (RFC 2606)."""
LARGEST_FILE = 64 * 1024
"""Bytes of a file named by `${file:...}`."""

_ENV = re.compile(r"\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}")
_REFERENCE = re.compile(
    r"\$(?P<escape>\$)\{"
    r"|\$\{env:(?P<env>[^{}]*)\}"
    r"|\$\{file:(?P<file>(?:\$\{env:[A-Za-z0-9_]*\}|[^{}])*)\}"
)
_SHELL = re.compile(r"(?<!\$)\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


class UnresolvedError(ValueError):
    """Raised for a reference that leads nowhere; `position` is its offset in the value."""

    def __init__(
        self, message: str, remedy: str, *, position: int, length: int, code: str = "bad-value"
    ) -> None:
        super().__init__(message)
        self.remedy = remedy
        self.position = position
        self.length = length
        self.code = code


class References:
    """Looks up what references name, in one environment, relative to one folder."""

    def __init__(self, environ: Mapping[str, str], folder: Path, secrets: set[str]) -> None:
        self._environ = environ
        self._folder = folder
        self._secrets = secrets
        self._stand_in: str | None = None
        """What to use in place of what cannot be had; None raises UnresolvedError."""

    @contextmanager
    def needed(self, needed: bool) -> Iterator[None]:  # noqa: FBT001 - its name says it
        """Within the block; unless `needed` something stands for what cannot be had.

        For who shows or checks what others send, and need not have their secrets.
        """
        self._stand_in = None if needed else STAND_IN
        try:
            yield
        finally:
            self._stand_in = None

    def expand(self, text: str) -> str:
        """`text` with its references replaced. Raises UnresolvedError."""
        if "${" not in text:
            return text
        return _REFERENCE.sub(self._value, text)

    def path(self, text: str) -> Path:
        """`text` as an absolute path: `~` is home, else relative to the file that names it."""
        return self._folder / expand_home(text, self._environ)

    def open_files(self, text: str) -> Iterator[tuple[int, int, Path]]:
        """Of the files that `text` refers to, those that every user may read.

        Each with the offset and the length of its reference. What cannot be looked at is left out.
        """
        for found in _REFERENCE.finditer(text):
            if found["file"] is None:
                continue
            with suppress(UnresolvedError, OSError, ValueError):
                path = self.path(_ENV.sub(partial(self._inner, found), found["file"]))
                if path.stat().st_mode & stat.S_IROTH and _is_reachable(path):
                    yield found.start(), len(found[0]), path

    def _inner(self, outer: re.Match[str], inner: re.Match[str]) -> str:
        return self._env(inner[1], outer)

    def _value(self, found: re.Match[str]) -> str:
        if found["escape"]:
            return "${"
        try:
            value = (
                self._file(found) if found["file"] is not None else self._env(found["env"], found)
            )
        except UnresolvedError:
            if self._stand_in is None:
                raise
            return self._stand_in
        self._secrets.add(value)
        self._secrets.discard("")
        return value

    def _env(self, name: str, found: re.Match[str]) -> str:
        value = self._environ.get(name)
        if value is None:
            from difflib import get_close_matches  # noqa: PLC0415 - for what is misspelt

            close = get_close_matches(name, self._environ, n=1, cutoff=0.75)
            remedy = (
                f"did you mean {close[0]!r}?" if close else f"set {name or 'it'} before the start"
            )
            raise _unresolved(found, f"the environment has no {shown(name)}", remedy)
        if not can_encode(value, "utf-8"):
            raise _unresolved(found, f"{name} in the environment is not UTF-8", "set it anew")
        return value

    def _file(self, found: re.Match[str]) -> str:
        path = self.path(_ENV.sub(partial(self._inner, found), found["file"]))
        try:
            return _content(path)
        except UnicodeDecodeError:
            reason, remedy = "is not UTF-8", "save it as UTF-8 text"
        except PermissionError:
            reason = "may not be read by this user"
            remedy = f"let {_user()} read it: chown or chmod g+r {path}"
        except FileNotFoundError:
            reason, remedy = "does not exist", "write the secret into it, or correct the path"
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            remedy = "name a small regular file"
        raise _unresolved(found, f"{shown(str(path), 200)} {reason}", remedy, code="unreadable")


def shell_reference(text: str) -> re.Match[str] | None:
    """A `${NAME}` as a shell would write it, which is not looked up here."""
    return _SHELL.search(text) if "${" in text else None


def expand_home(text: str, environ: Mapping[str, str]) -> str:
    """`text` with a leading `~` or `~user` replaced."""
    if text == "~" or text.startswith("~/"):
        home = environ.get("HOME")
        return home + text[1:] if home else str(Path(text).expanduser())
    return os.path.expanduser(text) if text.startswith("~") else text  # noqa: PTH111  # a glob too


def _is_reachable(path: Path) -> bool:
    """Whether every user may pass all folders on the way to `path`."""
    return all(each.stat().st_mode & stat.S_IXOTH for each in path.absolute().parents)


def _content(path: Path) -> str:
    if not stat.S_ISREG(path.stat().st_mode):
        raise ValueError("is not a regular file")
    with path.open("rb") as file:
        data = file.read(LARGEST_FILE + 1)
    if len(data) > LARGEST_FILE:
        raise ValueError(f"is larger than {LARGEST_FILE} bytes")
    return data.decode().removesuffix("\n").removesuffix("\r")


def _unresolved(
    found: re.Match[str], message: str, remedy: str, code: str = "bad-value"
) -> UnresolvedError:
    return UnresolvedError(message, remedy, position=found.start(), length=len(found[0]), code=code)


def _user() -> str:
    return os.environ.get("USER") or f"user {os.getuid()}"
