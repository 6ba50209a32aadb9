"""What is wrong with a daemon, and what is good to know: a pure judgement of its status.

A trouble is something for which a person should get up: alerts do not reach anyone, a file or a
rule is not looked at, or what was promised does not hold. It makes `logwatch status` exit with 1.
Everything that may be as it should be (a log that is not there yet, a slower engine) is a note.
That an alert burns is neither: it says how the logs are, and not how logwatch is.
"""

from __future__ import annotations

from collections.abc import Iterator

from logwatch.daemon.health import FileStatus, Remark, SinkStatus, Status
from logwatch.units import format_duration

STALL_SECONDS = 30.0
SLOW_DELIVERY_SECONDS = 120.0
"""Longer than any sink takes by its own time-outs, unless these were set higher."""
FULL = 0.95
"""Share of the queue's limit from which on monitors are about to wait."""
_UNREAD = {
    "denied": "not readable",
    "error": "in error",
    "dead": "not read",
    "not answering": "not answering",
}
"""States of files from which nothing comes though it should, in words."""
MOST_OF_A_KIND = 10
"""Remarks on files that are alike; what is more is summed up."""


def diagnose(status: Status) -> tuple[list[Remark], list[Remark]]:
    """Troubles and notes, the gravest first."""
    troubles = [
        *_store_troubles(status),
        *_thread_troubles(status),
        *_sink_troubles(status),
        *_rule_troubles(status),
        *_file_troubles(status),
        *_config_troubles(status),
    ]
    return troubles, [*_notes(status)]


def _store_troubles(status: Status) -> Iterator[Remark]:
    store = status.store
    if store.degraded:
        text = "nothing can be committed: reading waits, and no alert goes out"
        remedy = f"make room on the disk of {status.config.state}, or look at its I/O errors"
        yield Remark(about="store", text=text, remedy=remedy)
    if not store.in_place:
        text = f"{store.path} was removed or replaced: what is committed now is lost at the end"
        yield Remark(about="store", text=text, remedy="restart logwatch soon")


def _thread_troubles(status: Status) -> Iterator[Remark]:
    known = {f"file {each.path}" for each in status.files if each.status == "not answering"}
    for thread in status.threads:
        hangs = thread.alive and thread.busy and thread.idle_seconds >= STALL_SECONDS
        if thread.name.startswith("file "):
            # Also at the start, which may be what it holds up; else the file says it.
            if hangs and thread.name not in known:
                waits = format_duration(round(thread.idle_seconds))
                text = f"reading it has not come back for {waits}"
                yield Remark(about=thread.name, text=text, remedy="does its disk or server answer?")
        elif status.phase in ("starting", "stopping"):
            continue
        elif not thread.alive:
            yield Remark(about=f"thread {thread.name}", text="it is dead: a restart is due")
        elif hangs:
            waits = format_duration(round(thread.idle_seconds))
            text = f"it has had work and has not moved for {waits}"
            remedy = "SIGUSR1 makes the daemon log where every thread is"
            yield Remark(about=f"thread {thread.name}", text=text, remedy=remedy)


def _sink_troubles(status: Status) -> Iterator[Remark]:
    for sink in status.sinks:
        if sink.absent:
            text = f"{_number(sink.waiting or 0, 'message')} waiting, but it is not configured"
            remedy = "name it again, or they become dead letters after seven days"
            yield Remark(about=f"sink {sink.name}", text=text, remedy=remedy)
        if sink.down:
            yield Remark(about=f"sink {sink.name}", text=_down(sink), remedy=_try(sink))
        if sink.delivering_seconds >= SLOW_DELIVERY_SECONDS:
            waits = format_duration(round(sink.delivering_seconds))
            text = f"a delivery has not come back for {waits}, and all others wait for it"
            remedy = "does its disk, or whatever reads it, answer?"
            yield Remark(about=f"sink {sink.name}", text=text, remedy=remedy)
        if sink.refused:
            text = f"it refused {_number(sink.refused, 'message')} for good: {sink.refusal}"
            remedy = f"{_try(sink)}; logwatch alerts --dead lists what it refused"
            yield Remark(about=f"sink {sink.name}", text=text.rstrip(": "), remedy=remedy)


def _down(sink: SinkStatus) -> str:
    waiting = f", {_number(sink.waiting, 'message')} waiting" if sink.waiting else ""
    return f"down{waiting}: {sink.reason}"


def _try(sink: SinkStatus) -> str:
    return f"logwatch send {sink.name} tries it with a test message"


def _rule_troubles(status: Status) -> Iterator[Remark]:
    for rule in status.quarantined:
        text = "it failed and is not asked any more; the journal has the traceback"
        yield Remark(about=f"rule {rule}", text=text, remedy="a reload asks it again")
    for engine in status.engines:
        for rule, lines in engine.quarantined.items():
            text = "a pattern of it took too long again and again and is in quarantine"
            text += f"; {_number(lines, 'line')} passed over"
            remedy = "rewrite it (logwatch check says which and why), then reload"
            yield Remark(about=f"rule {rule}", text=text, remedy=remedy)
        for rule in engine.fallback:
            text = f"the engine {engine.name} was wrong about it; it is looked for in every line"
            text += " since then, but may have been missed in earlier ones"
            remedy = f"report this, with its pattern and: {engine.reason}"
            yield Remark(about=f"rule {rule}", text=text, remedy=remedy)


def _file_troubles(status: Status) -> Iterator[Remark]:
    bad = [each for each in status.files if each.status in _UNREAD]
    for each in bad[:MOST_OF_A_KIND]:
        text, _, remedy = each.detail.partition("; ")
        words = _UNREAD[each.status]
        yield Remark(about=f"file {each.path}", text=f"{words}: {text}", remedy=remedy)
    more = len(bad) - MOST_OF_A_KIND
    if more > 0:
        yield Remark(about="files", text=f"{more:,} more cannot be read")
    for place, reason in status.unseen.items():
        text, _, remedy = reason.partition("; ")
        yield Remark(about=f"files {place}", text=text, remedy=remedy)


def _config_troubles(status: Status) -> Iterator[Remark]:
    if status.remark:
        remedy = "correct it, then logwatch reload; the configuration before it is running"
        yield Remark(about="config", text=status.remark, remedy=remedy)


def _notes(status: Status) -> Iterator[Remark]:
    yield from _file_notes(status)
    yield from _quiet_notes(status)
    yield from _sink_notes(status)
    yield from _engine_notes(status)
    yield from _config_notes(status)
    for part, reason in status.unknown.items():
        yield Remark(about=part, text=f"not known: {reason}")
    if status.queue.limit and status.queue.bytes >= FULL * status.queue.limit:
        yield Remark(about="queue", text="full: reading waits for rules and store")
    for each in status.waking.polled[:MOST_OF_A_KIND]:
        text = f"no events, it is polled: {each.reason}"
        yield Remark(about=f"directory {each.directory}", text=text, remedy=each.remedy)
    missed = status.counters.get("short_lived_missed", 0)
    if missed:
        text = f"{_number(missed, 'file')} came and went before anybody could open them"
        yield Remark(about="files", text=text)
    if status.counters.get("tailer.bytes_lost", 0):
        known = status.counters.get("bytes_lost", 0)
        lost = f"{known:,} bytes" if known else "an unknown number of bytes"
        text = f"{lost} of logs were lost since the start; logwatch.source-lost told of it"
        yield Remark(about="files", text=text)


def _file_notes(status: Status) -> Iterator[Remark]:
    missing = [each for each in status.files if each.status == "waiting"]
    if missing:
        yield Remark(about="files", text=f"{_missing(missing)}: no such file now; it may come")
    cut = [each for each in status.files if each.lines_cut]
    for each in sorted(cut, key=lambda each: -each.lines_cut)[:MOST_OF_A_KIND]:
        text = f"{_number(each.lines_cut, 'line')} over max_line: only the beginning was looked at"
        remedy = f"raise max_line of {each.sources[0]}, if it matters"
        yield Remark(about=f"file {each.path}", text=text, remedy=remedy)
    if not status.files and status.phase == "live":
        yield Remark(
            about="files", text="no source has a file now", remedy="logwatch check says why"
        )


def _quiet_notes(status: Status) -> Iterator[Remark]:
    quiet = [each for each in status.files if each.quiet and each.status == "following"]
    for each in quiet[:MOST_OF_A_KIND]:
        usual = format_duration(max(1, round(each.usual_pause_seconds or 1)))
        text = f"quiet; usually something new every {usual}"
        remedy = "is its writer well? a rule with 'absent' would tell of it"
        yield Remark(about=f"file {each.path}", text=text, remedy=remedy)
    more = len(quiet) - MOST_OF_A_KIND
    if more > 0:
        yield Remark(about="files", text=f"{more:,} more are quiet, and usually are not")


def _missing(missing: list[FileStatus]) -> str:
    names = ", ".join(each.path for each in missing[:3])
    more = len(missing) - 3
    return f"{names} and {more:,} more" if more > 0 else names


def _sink_notes(status: Status) -> Iterator[Remark]:
    for sink in status.sinks:
        if sink.failing_since is not None and not sink.down:
            yield Remark(about=f"sink {sink.name}", text=f"the last try failed: {sink.reason}")
        older = (sink.given_up or 0) - sink.refused
        if older > 0:
            text = f"{_number(older, 'message')} refused for good before the start"
            remedy = f"logwatch alerts --dead lists them, logwatch send {sink.name} --dead retries"
            yield Remark(about=f"sink {sink.name}", text=text, remedy=remedy)


def _engine_notes(status: Status) -> Iterator[Remark]:
    for engine in status.engines:
        if engine.name != "hyperscan":
            text = f"{engine.name}, which costs more CPU than hyperscan: {engine.reason}"
            yield Remark(about="engine", text=text)
        for rule, count in engine.timeouts.items():
            searches = _number(count, "search", "searches")
            text = f"{searches} took too long or failed, and counted as no match"
            yield Remark(about=f"rule {rule}", text=text, remedy="logwatch check says why")


def _config_notes(status: Status) -> Iterator[Remark]:
    if status.config.changed and not status.remark:
        names = ", ".join(status.config.changed[:3])
        text = f"changed on disk since it was read: {names}"
        remedy = "logwatch reload --dry-run shows what, logwatch reload takes it"
        yield Remark(about="config", text=text, remedy=remedy)


def _number(count: int | None, noun: str, plural: str = "") -> str:
    words = noun if count == 1 else plural or f"{noun}s"
    return f"{count or 0:,} {words}"
