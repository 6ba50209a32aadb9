"""An Alertmanager that does with alerts what the real one does, on a clock of the test.

From prometheus/alertmanager: `postAlertsHandler` of api/v2/api.go (what is refused, what is taken
all the same, default times), `Alerts.Put` of provider/mem/mem.go (when two overlap) and
`Alert.Merge` of types/types.go (whose end counts).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import NamedTuple

from doubles.process import ended

RESOLVE_TIMEOUT = 300.0
_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")

Labels = frozenset[tuple[str, str]]


class Known(NamedTuple):
    """One alert that was taken."""

    labels: Labels
    annotations: dict[str, str]
    starts: float
    ends: float
    timeout: bool
    """Whether nobody stated the end."""


class Alertmanager:
    """What one peer knows."""

    def __init__(self) -> None:
        self.known: dict[Labels, Known] = {}
        self.requests = 0

    def post(self, body: object, now: float) -> int:
        """Take what is valid of a request; the status that answers it."""
        self.requests += 1
        if not isinstance(body, list):
            return 400
        refused = False
        for alert in body:
            one = _read(alert, now)
            if one is None:
                refused = True
            else:
                self._put(one, now)
        return 400 if refused else 200

    def burning(self, now: float) -> dict[str, str]:
        """`alertname` and severity of what burns, as a person would see it."""
        return {
            dict(one.labels)["alertname"]: dict(one.labels)["severity"] for one in self.open(now)
        }

    def open(self, now: float) -> Iterator[Known]:
        """What burns."""
        return (one for one in self.known.values() if one.ends > now)

    def _put(self, new: Known, now: float) -> None:
        old = self.known.get(new.labels)
        if old is not None and (
            old.starts < new.ends < old.ends or old.starts < new.starts < old.ends
        ):
            new = _merged(old, new, now)
        self.known[new.labels] = new


def _merged(old: Known, new: Known, now: float) -> Known:
    ends = new.ends
    if new.ends <= now:
        if old.ends <= now:
            ends = max(new.ends, old.ends)
    elif old.ends > new.ends and not old.timeout:
        ends = old.ends
    return new._replace(starts=min(new.starts, old.starts), ends=ends)


def _read(alert: dict, now: float) -> Known | None:
    labels = {name: value for name, value in alert["labels"].items() if value}
    annotations = alert.get("annotations", {})
    starts, ends = _time(alert.get("startsAt")), _time(alert.get("endsAt"))
    starts = starts if starts is not None else now if ends is None else ends
    one = Known(
        frozenset(labels.items()),
        annotations,
        starts,
        now + RESOLVE_TIMEOUT if ends is None else ends,
        ends is None,
    )
    names = [*labels, *annotations]
    valid = labels and one.ends >= one.starts and all(_NAME.fullmatch(name) for name in names)
    return one if valid else None


def _time(text: str | None) -> float | None:
    return None if text is None else datetime.fromisoformat(text).timestamp()


class Served:
    """An `Alertmanager` behind HTTP on loopback; `status` answers every request instead."""

    def __init__(self, clock, skew: float = 0.0) -> None:
        self.peer = Alertmanager()
        self.status: int | None = None
        self.lines: list[str] = []
        self.headers: list[dict[str, str]] = []
        served = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                served.lines.append(self.requestline)
                served.headers.append({k.lower(): v for k, v in self.headers.items()})
                status = served.status or served.peer.post(json.loads(body), clock.wall() + skew)
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        ended(self._thread)
        self._server.server_close()
