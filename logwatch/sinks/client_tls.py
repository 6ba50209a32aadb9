"""Whom a sink trusts, and who it says it is: the `tls:` settings of sinks that connect by TLS.

The server's certificate is always verified, and so is its name; there is no way to turn that off.
Files are read when the sink is made, so that a wrong one is found at the start, and again when a
connection is made after one of them has changed on disk: a certificate that was renewed needs no
restart. A changed file that cannot be used is logged once, and the one before it stays in use.

Sources: RFC 8446 section 4.4.2 (client certificates); Python's ssl module on `load_cert_chain`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from logwatch import telemetry
from logwatch.errors import SinkError
from logwatch.sinks.base import SinkSettings
from logwatch.sinks.plain_text import visible

if TYPE_CHECKING:
    from ssl import SSLContext


_ENOUGH = 262_144  # bytes of a file in which a key is to be found


class TLSSettings(SinkSettings, frozen=True, kw_only=True):
    """Settings of `tls`: files in PEM form, relative to the configuration file."""

    files: ClassVar[tuple[str, ...]] = ("ca", "cert", "key")

    ca: str | None = None
    """Authorities to trust for this sink, instead of the system's."""
    cert: str | None = None
    """Certificate of logwatch itself, with the chain up to its authority."""
    key: str | None = None
    """Its private key, not encrypted; without it the key is in `cert`."""
    server_name: str | None = None
    """The name that the server's certificate must have, where it is not the URL's host."""

    def __post_init__(self) -> None:
        """Refuse what has no meaning. Raises ValueError."""
        if self.key is not None and self.cert is None:
            raise ValueError("tls has a key but no cert; write both")
        for name in ("ca", "cert", "key", "server_name"):
            value = getattr(self, name)
            if value is not None and (not value or "\0" in value):
                raise ValueError(f"tls: {name} must not be empty")


class TLSIdentity:
    """Makes TLS contexts from `settings`, and makes them anew when the files have changed."""

    def __init__(self, settings: TLSSettings) -> None:
        """Raises SinkError where a file cannot be used."""
        self._settings = settings
        self._seen = self._signature()
        self._complained = self._seen
        self._context = _context(settings)

    @property
    def server_name(self) -> str | None:
        """The name that the server's certificate must have; None: the URL's host."""
        return self._settings.server_name

    def context(self) -> SSLContext:
        """What the next connection is made with."""
        signature = self._signature()
        if signature not in (self._seen, self._complained):
            self._complained = signature
            try:
                self._context = _context(self._settings)
            except SinkError as error:  # half written, or a key without its certificate yet
                telemetry.warning("sink.tls_file_unusable", reason=str(error))
            else:
                self._seen = signature
        return self._context

    def _signature(self) -> tuple[object, ...]:
        """What changes when a file is written or replaced."""
        settings = self._settings
        return tuple(_stamp(path) for path in (settings.ca, settings.cert, settings.key) if path)


def unusable_files(settings: TLSSettings | None) -> Iterator[str]:
    """Why a file of `settings` cannot be used, where one cannot."""
    if settings is not None:
        try:
            TLSIdentity(settings)
        except SinkError as error:
            yield str(error)


def _stamp(path: str) -> object:
    try:
        found = os.stat(path)  # noqa: PTH116 - text is what the settings hold
    except OSError as error:
        return error.errno
    return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size


def _context(settings: TLSSettings) -> SSLContext:
    import ssl  # noqa: PLC0415 - 15 ms that only sinks with TLS need

    try:
        context = ssl.create_default_context(cafile=settings.ca)
    except (OSError, ValueError) as error:
        raise SinkError(_about("ca", settings.ca, error)) from None
    if settings.cert is not None:
        for name, path in (("cert", settings.cert), ("key", settings.key)):
            _check_readable(name, path)
        try:
            # Without a password OpenSSL would ask the terminal for one.
            context.load_cert_chain(settings.cert, settings.key, password="")
        except (OSError, ValueError) as error:
            which = "key" if settings.key is not None else "cert"
            raise SinkError(_about(which, settings.key or settings.cert, error)) from None
    return context


def _check_readable(name: str, path: str | None) -> None:
    """OpenSSL does not say which of its files it could not open, nor that a key is encrypted."""
    if path is None:
        return
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - text is what the settings hold
            beginning = file.read(_ENOUGH)
    except (OSError, ValueError) as error:
        raise SinkError(_about(name, path, error)) from None
    if b"ENCRYPTED" in beginning:
        raise SinkError(
            f"tls: {name}: {visible(path)}: the key is encrypted, and nobody is there to ask for"
            " the password"
        )


def _about(name: str, path: str | None, error: OSError | ValueError) -> str:
    """A sentence on a file that cannot be used; `key` stands for it and `cert` together."""
    reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or "unusable"
    if reason == "KEY_VALUES_MISMATCH":
        words = "the key does not belong to the certificate"
    elif reason in ("NO_START_LINE", "PEM_LIB", "NO_CERTIFICATE_OR_CRL_FOUND") or "PEM" in reason:
        words = "it holds no such thing in PEM form"
    else:
        words = str(reason)
    return f"tls: {name}: {visible(str(path))}: {words}"
