"""The stage of `logwatch demo`: logs of a small web shop that grow, and a bad half minute in them.

The story, stretched or squeezed to the time it is given: one address guesses SSH passwords; the
kernel runs out of memory and kills the shop; nginx answers 502, and its access log is rotated in
the middle of that; the shop comes back and finds the database full of its old connections; then
all is well again. What was written depends on the seed and the times alone. `step` loses nothing:
what is due is written by the first call at or after its time.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import NamedTuple

GUESSER = "203.0.113.9"
_ROTATE = "rotate"
_STAMP = "<stamp>"

_CLIENTS = ("198.51.100.7", "198.51.100.23", "192.0.2.44", "192.0.2.118", "2001:db8::17")
_PAGES = ("/", "/cart", "/product/17", "/product/23", "/search?q=tea", "/static/shop.css", "/login")
_AGENTS = ("Mozilla/5.0 (X11; Linux x86_64)", "Mozilla/5.0 (iPhone)", "curl/8.5.0")
_NAMES = ("root", "admin", "oracle", "test", "ubuntu", "git", "deploy")


class _Event(NamedTuple):
    """One line that is due, or the rotation of its file, and perhaps a word to the audience."""

    due: float
    """Share of the whole time, 0 to 1."""
    log: str
    text: str
    tell: str = ""


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")


def _clf(moment: datetime) -> str:
    return moment.strftime("%d/%b/%Y:%H:%M:%S +0000")


def _nginx(moment: datetime) -> str:
    return moment.strftime("%Y/%m/%d %H:%M:%S")


def _postgres(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond // 1000:03} UTC"


_LOGS: dict[str, tuple[str, Callable[[datetime], str]]] = {
    "auth": ("auth.log", _iso),
    "kernel": ("kern.log", _iso),
    "access": ("nginx/access.log", _clf),
    "error": ("nginx/error.log", _nginx),
    "app": ("shop/app.log", _iso),
    "postgres": ("postgresql/postgresql.log", _postgres),
}
"""Log -> its file, and how it writes a moment."""


class Scene:
    """The logs below `folder`, made at once and empty; the story takes `seconds`."""

    def __init__(self, folder: Path, *, seed: int, seconds: float) -> None:
        self._folder = folder
        self._seconds = seconds
        random = Random(seed)  # noqa: S311 - a story, no secret
        self._events = sorted(_events(random, seconds), key=lambda event: event.due)
        self._next = 0
        for name, _ in _LOGS.values():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).touch()

    def step(self, elapsed: float, wall: float) -> list[str]:
        """Write all that is due `elapsed` seconds after the start, stamped `wall`; tell of it."""
        told = []
        moment = datetime.fromtimestamp(wall, UTC)
        while not self.over and self._events[self._next].due * self._seconds <= elapsed:
            event = self._events[self._next]
            self._next += 1
            self._play(event, moment)
            if event.tell:
                told.append(event.tell)
        return told

    @property
    def over(self) -> bool:
        """Whether everything has been written."""
        return self._next == len(self._events)

    def _play(self, event: _Event, moment: datetime) -> None:
        name, stamp = _LOGS[event.log]
        path = self._folder / name
        if event.text == _ROTATE:
            path.rename(path.with_name(path.name + ".1"))
            path.touch()
            return
        with path.open("a", encoding="utf-8") as file:
            file.write(event.text.replace(_STAMP, stamp(moment)) + "\n")


def demo_config(folder: Path, rules_dir: Path) -> str:
    """YAML for the demo: the scene's logs below `folder`, the rules of `rules_dir`, the terminal.

    The stock rules also name sources that the scene has not; its own answer to those as tags.
    """
    sources = {
        "auth": ("auth.log", "syslog", []),
        "system": ("kern.log", "syslog", ["messages", "cron", "haproxy"]),
        "nginx-access": ("nginx/access.log", "combined", ["access"]),
        "nginx-error": ("nginx/error.log", "plain", ["messages", "web", "apache-error", "php"]),
        "app": ("shop/app.log", "json", ["messages", "apps", "docker"]),
        "postgresql": ("postgresql/postgresql.log", "plain", ["messages", "mysql"]),
    }
    # JSON is YAML, and quotes any path.
    lines = [f"include: {json.dumps([str(rules_dir / '*.yaml')])}", "sources:"]
    for name, (file, form, tags) in sources.items():
        entry = {"path": str(folder / file), "format": form, "tz": "UTC", "tags": tags}
        lines.append(f"  {name}: {json.dumps(entry)}")
    lines.append("sinks: {terminal: {console: {}}}")
    return "\n".join(lines) + "\n"


def _events(random: Random, seconds: float) -> Iterator[_Event]:
    yield from _ordinary(random, seconds)
    yield from _guessing(random)
    yield from _out_of_memory()
    yield from _bad_gateway(random)
    yield from _recovery(random)


def _spread(random: Random, count: int, start: float, end: float) -> Iterator[float]:
    """`count` moments between `start` and `end`, in order, never two at once for long."""
    width = (end - start) / count
    for number in range(count):
        yield start + width * (number + random.random())


def _ordinary(random: Random, seconds: float) -> Iterator[_Event]:
    """What is there on a good day."""
    for due in _spread(random, int(6 * seconds), 0.0, 1.0):
        status = random.choices((200, 304, 404), (90, 8, 2))[0]
        yield _request(random, due, status)
    for due in _spread(random, int(2 * seconds), 0.0, 1.0):
        order = {"order": random.randrange(10_000, 99_999), "took_ms": random.randrange(8, 90)}
        yield _app(due, "info", "order placed", **order)
    for due in _spread(random, max(2, int(seconds / 6)), 0.0, 1.0):
        pid = random.randrange(1000, 9999)
        session = "pam_unix(cron:session): session opened for user www-data(uid=33) by (uid=0)"
        yield _Event(due, "auth", f"{_STAMP} web1 CRON[{pid}]: {session}")
    for due in _spread(random, max(2, int(seconds / 5)), 0.0, 1.0):
        buffers = random.randrange(10, 400)
        text = f"checkpoint complete: wrote {buffers} buffers (0.{buffers}%)"
        yield _Event(due, "postgres", f"{_STAMP} [702] LOG:  {text}")
    yield _Event(
        0.02,
        "auth",
        f"{_STAMP} web1 sshd-session[4011]: Accepted publickey for deploy from 198.51.100.7"
        " port 50122 ssh2: ED25519 SHA256:Zk3v0Zt5c1pS0u3d1qk8",
        "the shop is open: six logs grow, nobody is hurt",
    )
    yield _Event(0.04, "kernel", _kernel("usb 1-1: new high-speed USB device number 4"))


def _guessing(random: Random) -> Iterator[_Event]:
    tell = f"sshd: {GUESSER} begins to guess passwords"
    for due in _spread(random, 30, 0.12, 0.28):
        name, pid = random.choice(_NAMES), random.randrange(10_000, 30_000)
        invalid = "" if name in ("root", "deploy") else "invalid user "
        yield _Event(
            due,
            "auth",
            f"{_STAMP} web1 sshd-session[{pid}]: Failed password for {invalid}{name}"
            f" from {GUESSER} port {random.randrange(32_768, 61_000)} ssh2",
            tell,
        )
        tell = ""


def _out_of_memory() -> Iterator[_Event]:
    yield _Event(0.37, "kernel", _kernel("java invoked oom-killer: gfp_mask=0x140cca, order=0"))
    yield _Event(
        0.38,
        "kernel",
        _kernel(
            "Out of memory: Killed process 4242 (java) total-vm:8123456kB, anon-rss:6123456kB,"
            " file-rss:0kB, shmem-rss:0kB, UID:998 pgtables:14320kB oom_score_adj:0"
        ),
        "kernel: out of memory, the shop's java is killed",
    )


def _bad_gateway(random: Random) -> Iterator[_Event]:
    tell = "nginx: the shop does not answer, clients get 502"
    for number, due in enumerate(_spread(random, 60, 0.39, 0.62)):
        request = _request(random, due, 502)
        yield request._replace(tell=tell)
        tell = ""
        client = request.text.split(" ", 1)[0]
        if number % 3 == 0:
            yield _Event(
                due,
                "error",
                f"{_STAMP} [error] 811#811: *{9000 + number} connect() failed (111: Connection"
                f" refused) while connecting to upstream, client: {client}, server: shop.example,"
                ' request: "GET /cart HTTP/1.1", upstream: "http://127.0.0.1:8080/cart",'
                ' host: "shop.example"',
            )
    yield _Event(0.5, "access", _ROTATE, "nginx: access.log rotated")


def _recovery(random: Random) -> Iterator[_Event]:
    yield _app(0.63, "info", "shop started")._replace(tell="the shop is started again")
    tell = "postgres: the shop's old connections are still open, new ones are refused"
    for due in _spread(random, 6, 0.64, 0.70):
        text = "FATAL:  sorry, too many clients already"
        yield _Event(due, "postgres", f"{_STAMP} [{random.randrange(2000, 9999)}] {text}", tell)
        tell = ""
    for due in _spread(random, 14, 0.65, 0.74):
        order = random.randrange(10_000, 99_999)
        yield _app(due, "error", "order not placed: no connection to the database", order=order)
    yield _app(0.78, "info", "all connections are healthy")._replace(tell="all is well again")


def _request(random: Random, due: float, status: int) -> _Event:
    size = 0 if status == 304 else 157 if status == 502 else random.randrange(300, 20_000)
    return _Event(
        due,
        "access",
        f'{random.choice(_CLIENTS)} - - [{_STAMP}] "GET {random.choice(_PAGES)} HTTP/1.1"'
        f' {status} {size} "-" "{random.choice(_AGENTS)}"',
    )


def _app(due: float, level: str, message: str, **fields: int) -> _Event:
    line = {"time": _STAMP, "level": level, "msg": message, **fields}
    return _Event(due, "app", json.dumps(line))


def _kernel(text: str) -> str:
    return f"{_STAMP} web1 kernel: [88123.512204] {text}"
