"""What logwatch says about itself: named events with fields, counted by the same call.

Events go to stderr through structlog: key=value for a person, JSON with a syslog priority prefix
under systemd. structlog is imported at the first event, so that commands which say nothing do not
pay for it. An event is a change of state, said once, by the edge that knows.

Where stderr does not take it (a full disk, a reader that has gone) an event is lost and counted as
`telemetry.lost`: whoever has something to say must not fail for having said it.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any, Literal, TextIO, cast

Level = Literal["debug", "info", "warning", "error", "critical"]

# sd-daemon(3): the prefix by which journald knows the priority of a line on stderr.
_PRIORITY = {"debug": "<7>", "info": "<6>", "warning": "<4>", "error": "<3>", "critical": "<2>"}
_RANK: dict[str, int] = {"debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50}


class Telemetry:
    """The process's event log and its counters."""

    def __init__(self) -> None:
        self.counters: Counter[str] = Counter()
        """How often each event was said, and whatever else was counted, by name."""
        self._lock = Lock()  # held for one addition, and while the logger is made; takes no other
        self._threshold = _RANK["info"]
        self._json: bool | None = None
        self._logger: Any = None

    def configure(self, level: Level = "info", *, json: bool | None = None) -> None:
        """Choose the least level said, and the form: JSON, key=value, or by where stderr goes."""
        self._threshold = _RANK[level]
        self._json = json
        self._logger = None

    def load(self) -> None:
        """Import now what the first event needs: later there may be no descriptor left for it."""
        with self._lock:
            if self._logger is None:
                self._logger = _make_logger(json=self._json)

    def count(self, name: str, amount: int = 1) -> None:
        """Add `amount` to the counter `name`."""
        with self._lock:
            self.counters[name] += amount

    def emit(self, level: Level, event: str, **fields: Any) -> None:
        """Say that `event` ("stage.what_happened") took place, and count it."""
        self.count(event)
        if _RANK[level] < self._threshold:
            return
        self.load()
        getattr(self._logger, level)(event, **fields)


def _make_logger(*, json: bool | None) -> Any:
    import structlog  # noqa: PLC0415 - see the module's docstring

    under_systemd = "JOURNAL_STREAM" in os.environ
    as_json = under_systemd if json is None else json
    renderer: Any
    if as_json:
        renderer = structlog.processors.JSONRenderer(default=str)
    else:
        renderer = structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty() and "NO_COLOR" not in os.environ,
            exception_formatter=structlog.dev.plain_traceback,
        )
    processors: list[Any] = [
        _keep if as_json else _harmless,
        structlog.processors.add_log_level,
        structlog.processors.format_exc_info if as_json else _keep,
        _event_first,
        renderer,
    ]
    if under_systemd:  # journald stamps lines itself
        processors.append(_with_priority)
    else:
        processors.insert(0, structlog.processors.TimeStamper(fmt="iso", utc=False))
    # Bound once: else each event makes a logger that refers to itself, and waits for the collector.
    return structlog.wrap_logger(
        structlog.PrintLogger(file=cast("TextIO", _Stderr())),
        processors=processors,
        wrapper_class=structlog.BoundLogger,
        context_class=dict,
    ).bind()


class _Stderr:
    """Whatever sys.stderr is when something is said: it may have been replaced since."""

    @staticmethod
    def write(text: str) -> int:
        say(text)
        return len(text)

    @staticmethod
    def flush() -> None:
        with _losing():
            sys.stderr.flush()


def say(text: str) -> None:
    """Write `text` to stderr as it is, or lose it where that is impossible."""
    with _losing():
        sys.stderr.write(text)


@contextmanager
def _losing() -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError):  # ValueError: it was closed
        count("telemetry.lost")


def _harmless(_logger: Any, _method: str, event_dict: dict[str, Any]) -> dict[str, Any]:
    """Names of files and words of receivers must not steer the terminal of whoever reads on."""
    return {
        name: _escaped(value) if isinstance(value, str) and not value.isprintable() else value
        for name, value in event_dict.items()
    }


def _escaped(text: str) -> str:
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )


def _keep(_logger: Any, _method: str, event_dict: dict[str, Any]) -> dict[str, Any]:
    return event_dict


def _event_first(_logger: Any, _method: str, event_dict: dict[str, Any]) -> dict[str, Any]:
    return {"event": event_dict.pop("event"), **event_dict}


def _with_priority(_logger: Any, method: str, rendered: str) -> str:
    return _PRIORITY.get(method, "<6>") + rendered


telemetry = Telemetry()
"""The process has one stderr, hence one of these."""


def debug(event: str, **fields: Any) -> None:
    """Say something that only a developer wants to know."""
    telemetry.emit("debug", event, **fields)


def info(event: str, **fields: Any) -> None:
    """Say that ordinary life went on."""
    telemetry.emit("info", event, **fields)


def warning(event: str, **fields: Any) -> None:
    """Say that something needs a look, soon."""
    telemetry.emit("warning", event, **fields)


def error(event: str, **fields: Any) -> None:
    """Say that something failed; pass `exc_info=True` for the traceback."""
    telemetry.emit("error", event, **fields)


def count(name: str, amount: int = 1) -> None:
    """Add to a counter without saying anything."""
    telemetry.count(name, amount)
