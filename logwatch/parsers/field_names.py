"""The names of what each format gives: what a configuration is checked against, parser or no."""

from __future__ import annotations

from typing import Final

# RFC 5424 tables 1 and 2, by number.
FACILITIES: Final = (
    *("kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news"),
    *("uucp", "cron", "authpriv", "ftp", "ntp", "audit", "alert", "clock"),
    *("local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"),
)
SEVERITIES: Final = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")

FIELDS: Final[dict[str, tuple[str, ...] | None]] = {
    "plain": (),
    # Beside structured data, as `sdid.param`.
    "syslog": ("host", "program", "pid", "message", "priority", "facility", "severity", "msgid"),
    # `ip` is another name for `remote_addr`.
    "combined": (
        *("remote_addr", "ip", "ident", "user", "time_local", "request", "method", "path"),
        *("protocol", "status", "bytes", "referer", "user_agent", "vhost", "request_time"),
    ),
    "json": None,
    "logfmt": None,
}
"""Format -> the names that its fields can have; None where the lines decide."""

VALUES: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "syslog": {"severity": SEVERITIES, "facility": FACILITIES},
    "journald": {"severity": SEVERITIES},
}
"""Format -> fields that can have no other values."""
