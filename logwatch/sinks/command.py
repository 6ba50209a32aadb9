"""A program of one's own for each alert: the alert as JSON on its stdin, its exit status as answer.

No shell is involved, and no text of a log is ever in an argument: argv is what the configuration
says. The program gets its own session, a small environment, no descriptor but 0, 1 and 2, default
signal handling (the daemon itself blocks signals, which a plain fork would hand down), and
`timeout` seconds. After that all of its process group is killed, and whatever else still carries
this run's `LOGWATCH_RUN` in its environment: so a program that daemonised dies too, unless it
cleared its environment first. A program that ended in time may leave children behind; they are its
own affair. Its stdout is thrown away; the end of its stderr is kept, 64 KiB at most.

One that still runs when the daemon stops waiting for it is ended in the same way, as its message is
kept and will be given to it again. A daemon that is killed with SIGKILL can do nothing of the kind.
"""

from __future__ import annotations

import os
import re
import selectors
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from signal import SIGKILL, SIGSTOP, Signals, valid_signals

from msgspec import UNSET

from logwatch.clock import Clock, SystemClock
from logwatch.records import Alert, Delivered, Notification, Outcome, Rejected, Retry
from logwatch.sinks.base import SinkKind, SinkSettings, in_turn
from logwatch.sinks.plain_text import shorten, visible
from logwatch.sinks.wording import words
from logwatch.units import Duration, format_duration

OUTPUT_LIMIT = 65_536
"""Bytes of the end of stderr that are kept."""

EX_TEMPFAIL = 75
"""sysexits.h: try again."""

_SHORTEST_POLL, _LONGEST_POLL = 0.001, 0.05
_REAP_SECONDS = 1.0  # a killed program goes at once, but for one stuck in the kernel
_LONGEST_NAME = 1000
_HUNTS = 3  # a program may fork while its family is being killed
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class CommandSettings(SinkSettings, frozen=True, kw_only=True):
    """Settings of the `command` sink."""

    argv: tuple[str, ...]
    """The program, by absolute path or by a name that PATH knows, and its arguments."""
    timeout: Duration = 30.0
    """How long the program may run before it is killed."""

    def __post_init__(self) -> None:
        """Refuse what cannot be run, or depends on the working folder. Raises ValueError."""
        if not self.argv or not self.argv[0]:
            raise ValueError("argv must name a program: [/usr/local/bin/notify, --urgent]")
        if any("\0" in word for word in self.argv):
            raise ValueError("argv must not hold a NUL character")
        if "/" in self.argv[0] and not self.argv[0].startswith("/"):
            raise ValueError(f"{self.argv[0]!r} depends on the working folder; write its full path")
        if self.timeout <= 0:
            raise ValueError("timeout must be more than 0")


class CommandSink:
    """Runs one program an alert, one at a time; see the module's docstring."""

    batch_size = 1

    def __init__(self, settings: CommandSettings, clock: Clock) -> None:
        self._argv = settings.argv
        self._timeout = settings.timeout
        self._clock = clock
        self._unreaped: list[int] = []
        self._is_cut_short = False

    def cut_short(self) -> None:
        """See `Lasting.cut_short`."""
        self._is_cut_short = True

    def deliver(self, batch: Sequence[Notification]) -> Outcome:
        """See `Sink.deliver`."""
        if self._is_cut_short:
            return Retry(f"{visible(self._argv[0])}: not run as logwatch ends")
        return in_turn(batch, self._deliver_one)

    def close(self) -> None:
        """See `Sink.close`."""
        self._reap()

    def _deliver_one(self, notification: Notification) -> Outcome:
        self._reap()
        program = visible(self._argv[0])
        try:
            status, output = self._run(notification)
        except FileNotFoundError:
            return Retry(f"{program}: not found, or its interpreter is not")
        except PermissionError:
            return Retry(f"{program}: not executable for this user")
        except OSError as error:
            return Retry(f"{program}: cannot be run: {error.strerror or error}")
        if status is None:
            after = f"after {format_duration(self._timeout)}"
            return Retry(f"{program}: killed {'as logwatch ends' if self._is_cut_short else after}")
        return _outcome(program, os.waitstatus_to_exitcode(status), output)

    def _run(self, notification: Notification) -> tuple[int | None, bytes]:
        """Wait status, None after a time-out, and the end of stderr. Raises OSError."""
        environment = _environment(notification.alert, notification.idempotency_key)
        with ExitStack() as stack:
            stdin = os.memfd_create("alert")  # unlike a pipe, it cannot block or break
            stack.callback(os.close, stdin)
            os.write(stdin, notification.body)
            os.lseek(stdin, 0, os.SEEK_SET)
            reader, writer = os.pipe()
            stack.callback(os.close, reader)
            try:
                pid = _spawn(self._argv, environment, stdin, writer)
            finally:
                os.close(writer)
            os.set_blocking(reader, False)
            selector = stack.enter_context(selectors.DefaultSelector())
            selector.register(reader, selectors.EVENT_READ)
            tail = bytearray()
            status = self._wait(pid, selector, tail, self._timeout)
            if status is None:
                _kill_family(pid, f"LOGWATCH_RUN={environment['LOGWATCH_RUN']}".encode())
                if self._wait(pid, selector, tail, _REAP_SECONDS, is_killed=True) is None:
                    self._unreaped.append(pid)
            else:
                _read_available(reader, tail)
            return status, bytes(tail)

    def _wait(
        self,
        pid: int,
        selector: selectors.BaseSelector,
        tail: bytearray,
        timeout: float,
        *,
        is_killed: bool = False,
    ) -> int | None:
        """The wait status of `pid` once it ended, None when that took `timeout` seconds.

        None also once it is cut short, unless it is killed already.

        Whoever inherited its stderr may hold that open for ever, so the end of the program is
        what counts and not the end of its output.
        """
        deadline = self._clock.steady() + timeout
        poll = _SHORTEST_POLL
        while True:
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                return status
            left = deadline - self._clock.steady()
            if left <= 0 or (self._is_cut_short and not is_killed):
                return None
            for key, _ in selector.select(min(poll, left)):
                if not _read(key.fd, tail):
                    selector.unregister(key.fd)
            poll = min(poll * 2, _LONGEST_POLL)

    def _reap(self) -> None:
        """Take leave of programs that were stuck when they were killed."""
        self._unreaped = [pid for pid in self._unreaped if os.waitpid(pid, os.WNOHANG)[0] == 0]


def _environment(alert: Alert, key: str) -> dict[str, str]:
    """All that the program sees of ours. Hidden characters are shown: an alert's texts are data."""
    said = words(alert)
    kept = {name: os.environ[name] for name in ("HOME", "LANG") if name in os.environ}
    return {
        "PATH": os.environ.get("PATH", _PATH),
        **kept,
        **dict(_of_key(alert.key)),
        "LOGWATCH_RULE": visible(alert.rule),
        "LOGWATCH_STATUS": alert.status,
        "LOGWATCH_SEVERITY": alert.severity,
        "LOGWATCH_SOURCE": visible(shorten(alert.source, _LONGEST_NAME)),
        "LOGWATCH_HOST": visible(shorten(alert.host, _LONGEST_NAME)),
        "LOGWATCH_PATH": visible(shorten(alert.path, _LONGEST_NAME)),
        "LOGWATCH_COUNT": str(alert.count),
        "LOGWATCH_FIRST": alert.first,
        "LOGWATCH_LAST": alert.last,
        "LOGWATCH_TITLE": said.title,
        "LOGWATCH_MESSAGE": said.text,
        "LOGWATCH_ID": visible(key),
        # Another sink, or another daemon, may be running a program for the same alert.
        "LOGWATCH_RUN": os.urandom(8).hex(),
        **({} if alert.group is UNSET else {"LOGWATCH_GROUP": alert.group.kind}),
    }


def _of_key(key: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The values of `by`: names are the configuration's, and fit for a shell; values are texts."""
    for name, value in reversed([*key.items()]):  # of two that are alike, the first stays
        plain = re.sub("[^A-Z0-9_]", "_", name.upper())
        yield f"LOGWATCH_KEY_{plain}", visible(shorten(value, _LONGEST_NAME))


def _spawn(argv: tuple[str, ...], environment: dict[str, str], stdin: int, stderr: int) -> int:
    """Process id of the program. posix_spawn sets what subprocess cannot: the signal mask."""
    actions = [
        (os.POSIX_SPAWN_DUP2, stdin, 0),
        (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
        (os.POSIX_SPAWN_DUP2, stderr, 2),
        *((os.POSIX_SPAWN_CLOSE, descriptor) for descriptor in _inheritable()),
    ]
    return os.posix_spawnp(
        argv[0],
        argv,
        environment,
        file_actions=actions,
        setsid=True,
        setsigmask=(),
        setsigdef=valid_signals() - {SIGKILL, SIGSTOP},
    )


def _inheritable() -> Iterator[int]:
    """Our descriptors that a child would get: those of libraries that know no close-on-exec."""
    for descriptor in _numbers_in("/proc/self/fd"):
        with suppress(OSError):  # the one that listed them is closed by now
            if descriptor > 2 and os.get_inheritable(descriptor):
                yield descriptor


def _read(descriptor: int, tail: bytearray) -> bool:
    """Read once, keep the end, and say whether there may be more."""
    try:
        chunk = os.read(descriptor, OUTPUT_LIMIT)
    except BlockingIOError:
        return True
    tail += chunk
    del tail[:-OUTPUT_LIMIT]
    return bool(chunk)


def _read_available(descriptor: int, tail: bytearray) -> None:
    """Read what a program left in the pipe (which holds 64 KiB), whoever goes on writing to it."""
    for _ in range(2):
        if not _read(descriptor, tail):
            return


def _kill_family(leader: int, marker: bytes) -> None:
    with suppress(ProcessLookupError):
        os.killpg(leader, SIGKILL)
    for _ in range(_HUNTS):
        strays = [pid for pid in _numbers_in("/proc") if marker in _environment_of(pid)]
        if not strays:
            return
        for pid in strays:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, SIGKILL)


def _numbers_in(folder: str) -> list[int]:
    """Process ids or descriptors listed in a folder of /proc; none where that is not mounted."""
    try:
        names = os.listdir(folder)  # noqa: PTH208 - thousands of names, no Path needed
    except OSError:
        return []
    return [int(name) for name in names if name.isdecimal()]


def _environment_of(pid: int) -> list[bytes]:
    """`NAME=value` of another process at its start; nothing where that is not ours to read."""
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []


def _outcome(program: str, code: int, output: bytes) -> Outcome:
    if code == 0:
        return Delivered()
    how = f"exit status {code}" if code > 0 else f"killed by {_signal_name(-code)}"
    reason = ": ".join([program, how, *_last_line(output)])
    return Retry(reason) if code == EX_TEMPFAIL else Rejected(reason)


def _signal_name(number: int) -> str:
    try:
        return Signals(number).name
    except ValueError:
        return f"signal {number}"


def _last_line(output: bytes) -> list[str]:
    """The last line that says something, if there is one, fit for a reason."""
    lines = [line for line in output.decode(errors="replace").splitlines() if line.strip()]
    return [visible(shorten(lines[-1].strip(), 200))] if lines else []


def _make(settings: CommandSettings) -> CommandSink:
    return CommandSink(settings, SystemClock())


KIND = SinkKind(
    name="command",
    settings=CommandSettings,
    make=_make,
    schemes=("exec",),
    from_url=lambda url: CommandSettings(argv=(url.removeprefix("exec:"),)),
)
