"""`logwatch reload`: has the running daemon take its configuration anew, and says what came of it.

It waits for the verdict. A configuration with mistakes changes nothing: they are printed as by
`check`, and the one before goes on.
"""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import suppress
from pathlib import Path
from threading import Event

import msgspec

from logwatch.cli.json_lines import harmless
from logwatch.cli.looker import Looker
from logwatch.clock import Clock, SystemClock
from logwatch.daemon.control_wire import NoDaemonError, ask
from logwatch.daemon.reload_requests import Answer, Asked, Verdict
from logwatch.errors import Exit

ABSENT_SECONDS = 30.0
"""How long a daemon may be away while it goes over from one configuration to the next."""
RETRY_SECONDS = 0.02


def execute(options: argparse.Namespace) -> Exit:
    """See `Verb.execute`."""
    clock = SystemClock()
    looker = Looker(options.config, clock)
    place = looker.place()
    if place is None:
        looker.look()  # raises where the file is too broken to say whose daemon to look for
        raise NoDaemonError("no daemon of this configuration answers; logwatch status says more")
    verdict = verdict_of(place, clock, dry_run=options.dry_run)
    if options.output == "json":
        sys.stdout.buffer.write(harmless(msgspec.json.encode(verdict)) + b"\n")
    else:
        print("\n".join(in_words(verdict)), file=sys.stdout if verdict.accepted else sys.stderr)
    return Exit.DONE if verdict.accepted else Exit.CONFIG


def verdict_of(place: Path, clock: Clock, *, dry_run: bool = False) -> Verdict:
    """Ask the daemon at `place`, and wait until it has done or refused it.

    Raises NoDaemonError, ControlDeniedError, ControlRefusedError.
    """
    answer = _asked(place, Asked(dry_run=dry_run))
    heard_at = clock.steady()
    while answer.verdict is None:
        Event().wait(RETRY_SECONDS)
        again = Asked(dry_run=dry_run) if answer.busy else Asked(ticket=answer.ticket)
        try:
            answer = _asked(place, again)
            heard_at = clock.steady()
        except NoDaemonError:
            # The socket of the one before is gone, and that of the next one is not there yet.
            if clock.steady() - heard_at >= ABSENT_SECONDS or not _is_alive(answer.ticket):
                raise
        if answer.unknown:
            raise NoDaemonError(
                "the daemon was started anew meanwhile, with what is on disk if that can be used:"
                " look at logwatch status"
            )
    return answer.verdict


def in_words(verdict: Verdict) -> list[str]:
    """What a person reads."""
    if not verdict.accepted:
        note = "refused; " if not verdict.dry_run else "it would be refused; "
        return [verdict.problem, f"{note}generation {verdict.generation} goes on"]
    lines = [str(each) for each in verdict.changes] or ["nothing is different"]
    if verdict.dry_run:
        return [*lines, f"dry run: generation {verdict.generation} goes on"]
    return [*lines, f"generation {verdict.generation} after {round(1000 * verdict.seconds):,} ms"]


def _is_alive(ticket: str | None) -> bool:
    """Whether the process that gave out `ticket` is there; also where nobody can say.

    One that has ended and that nobody has waited for is not. In a sandbox of its own, as where
    systemd calls this, /proc does not show it though it lives. Source: proc_pid_stat(5).
    """
    pid = (ticket or "").partition("-")[0]
    if not pid.isdecimal():
        return True
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # another user's
    with suppress(OSError):
        stat = Path(f"/proc/{pid}/stat").read_text("ascii", "replace")
        return stat.rpartition(") ")[2][:1] not in ("Z", "X")
    return True


def _asked(place: Path, asked: Asked) -> Answer:
    text = ask(place, "reload", arguments=msgspec.to_builtins(asked))
    try:
        return msgspec.json.decode(text, type=Answer)
    except msgspec.DecodeError as problem:
        raise NoDaemonError(f"{place} answers what cannot be read: {problem}") from None
