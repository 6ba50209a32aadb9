"""How the daemon is, as one document: what `logwatch status -o json` prints.

`schema` grows when a field changes its meaning or goes; a field that is added leaves it. Times are
RFC 3339 in UTC, durations are seconds, sizes are bytes. Whatever could not be found out is None or
empty, and `unknown` says why; nothing else is left out.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct

from logwatch.tailer.state import TailStatus

SCHEMA = 1

Phase: TypeAlias = Literal["starting", "backlog", "live", "stopping"]
"""`backlog`: what the files held at the start is read, and deadlines wait for it."""


class Remark(Struct, frozen=True, kw_only=True):
    """Something that a person should know."""

    about: str
    """What it is about: `sink pager`, `file /var/log/kern.log`, `rule ssh`, `store`."""
    text: str
    remedy: str = ""
    """What to type or change; empty where nothing can be."""


class ConfigStatus(Struct, frozen=True, kw_only=True):
    """What is running."""

    files: tuple[str, ...] = ()
    """The main file and what it includes."""
    state: str = ""
    """Folder of the store."""
    rules: int = 0
    sources: int = 0
    sinks: int = 0
    routes: int = 0
    changed: tuple[str, ...] = ()
    """Files that were changed on disk since this configuration took effect."""
    generation: int = 1
    """How many configurations this process has run, this one among them."""


class FileStatus(Struct, frozen=True, kw_only=True):
    """One path that is followed."""

    path: str
    sources: tuple[str, ...]
    """The first one's settings count."""
    status: TailStatus | Literal["dead", "not answering"]
    """`waiting`: there is no such file now. `dead`: its thread died and will be started again. `not
    answering`: its disk or server does not; it is read on when that does."""
    detail: str = ""
    """Why it is not followed."""
    offset: int = 0
    """Bytes of the generation that is being read that were read."""
    size: int = 0
    """Bytes of it when it was last looked at."""
    behind: int = 0
    generations: int = 0
    """Files held open under this path: the newest one, and older ones not yet let go."""
    last_read: str | None = None
    """When something new was read for the last time since the start."""
    lines_per_second: float = 0.0
    """Over the last minute or so."""
    usual_pause_seconds: float | None = None
    """From one time that something comes to the next; None: not known yet."""
    quiet: bool = False
    """Whether nothing has come for much longer than ever since the start."""
    lines_cut: int = 0
    """Lines over `max_line` since the start: only their beginning was looked at."""


class SinkStatus(Struct, frozen=True, kw_only=True):
    """One sink."""

    name: str
    kind: str = ""
    down: bool = False
    """Whether it failed so often that it is tried with single messages, after pauses."""
    failing_since: str | None = None
    """When the first of its failures in a row was; None: the last attempt succeeded."""
    reason: str = ""
    """What it last said no with."""
    next_try: str | None = None
    """When what waits is tried again, where that is later than now."""
    waiting: int | None = None
    """Messages that it has not taken yet."""
    given_up: int | None = None
    """Messages that it refused for good; they are kept for a person to see."""
    delivered: int = 0
    """Messages that it took since the start."""
    refused: int = 0
    """Messages that it refused for good since the start."""
    refusal: str = ""
    """Why it refused the latest of them."""
    failed: int = 0
    """Attempts since the start that failed and are made again."""
    delivering_seconds: float = 0.0
    """For how long a delivery has been going on; 0.0: none is."""
    absent: bool = False
    """Whether messages wait for it though it is not in the configuration any more."""


class SilenceStatus(Struct, frozen=True, kw_only=True):
    """A silence that is in force."""

    number: int
    matchers: tuple[str, ...]
    """As they are typed; all of them hold for what it hides."""
    author: str = ""
    comment: str = ""
    until: str | None = None
    until_resolved: tuple[str, ...] | None = None
    """Ids of the episodes with which it ends."""
    hid: int = 0
    """Messages that it has hidden."""


class HeldStatus(Struct, frozen=True, kw_only=True):
    """What is not told now, and why."""

    silences: tuple[SilenceStatus, ...] = ()
    mutes: tuple[str, ...] = ()
    """Names of the mutes of the configuration that are in force."""
    hidden: dict[str, int] = {}
    """Messages hidden since the start, by what hid them."""
    withheld: int = 0
    """Episodes that burn and are told once nothing hides them."""
    groups: int = 0
    """Groups of alerts that are open."""
    paced: dict[str, int] = {}
    """Sink -> alerts that wait for its rate, or for the end of the backlog."""


class Unfiltered(Struct, frozen=True, kw_only=True):
    """A pattern that runs on every line, because the engine cannot look for it in whole blocks."""

    rule: str
    pattern: str
    reason: str


class Audit(Struct, frozen=True, kw_only=True):
    """What the sampled comparison of the engine with Python's `re` has counted since the start."""

    lines: int = 0
    pairs: int = 0
    """Rule and line."""
    differences: int = 0


class EngineStatus(Struct, frozen=True, kw_only=True):
    """The matcher of the files that the same rules look at."""

    name: str
    reason: str
    """Why this engine and no other."""
    sources: tuple[str, ...]
    """One that uses it."""
    rules: int
    cpu_seconds: float = 0.0
    """What looking for patterns has taken."""
    blocks: int = 0
    bytes: int = 0
    """What was scanned since the start."""
    unfiltered: tuple[Unfiltered, ...] = ()
    audit: Audit = Audit()
    timeouts: dict[str, int] = {}
    """Rule -> searches that were given up for want of time and counted as no match."""
    quarantined: dict[str, int] = {}
    """Rule of which a pattern is not searched for any more, since it took too long again and again
    -> lines that were passed over for it."""
    rule_seconds: dict[str, float] = {}
    """Rule -> CPU seconds of its searches in Python's `re`, estimated from a sample; the costliest
    first."""
    fallback: tuple[str, ...] = ()
    """Rules that the engine was wrong about, and that are looked for in every line since then."""


class QueueStatus(Struct, frozen=True, kw_only=True):
    """Between the monitors and the consumer."""

    bytes: int = 0
    limit: int = 0
    messages: int = 0
    """Put and not yet taken into effect."""


class StoreStatus(Struct, frozen=True, kw_only=True):
    """The one file that must not be lost."""

    path: str = ""
    bytes: int | None = None
    """Of the whole state folder."""
    degraded: bool = False
    """It tries in vain to commit; reading waits for it."""
    in_place: bool = True
    """Whether it is still the file that was opened."""


class PolledStatus(Struct, frozen=True, kw_only=True):
    """A directory from which no event comes: its files are looked at every second or so."""

    directory: str
    reason: str
    remedy: str = ""


class WakingStatus(Struct, frozen=True, kw_only=True):
    """How it learns that a file has changed."""

    mode: str = ""
    reason: str = ""
    watched: int = 0
    """Directories with a watch."""
    polled: tuple[PolledStatus, ...] = ()
    rebuilds: int = 0
    overflows: int = 0


class ThreadStatus(Struct, frozen=True, kw_only=True):
    """One of the threads without which nothing works, or a monitor that reads or has died."""

    name: str
    alive: bool
    busy: bool = False
    """Whether work is pending."""
    idle_seconds: float = 0.0
    """Since its last completed step."""


class ProcessStatus(Struct, frozen=True, kw_only=True):
    """What it takes of the machine."""

    threads: int = 0
    descriptors: int | None = None
    resident_bytes: int | None = None
    cpu_seconds: float = 0.0


class Status(Struct, frozen=True, kw_only=True):
    """Everything; see the module's docstring."""

    schema: int = SCHEMA
    running: bool = True
    well: bool = True
    """Whether `troubles` is empty."""
    troubles: tuple[Remark, ...] = ()
    """What is wrong: a person must do something, or alerts are late or missing."""
    notes: tuple[Remark, ...] = ()
    """What is good to know, and may be as it should be."""
    version: str = ""
    pid: int = 0
    host: str = ""
    phase: Phase = "starting"
    at: str = ""
    """When this was written."""
    since: str = ""
    """When this process, or after a reload this configuration, began."""
    up_seconds: float = 0.0
    config: ConfigStatus = ConfigStatus()
    files: tuple[FileStatus, ...] = ()
    unseen: dict[str, str] = {}
    """Place where files were looked for in vain, since it cannot be looked at -> why."""
    sinks: tuple[SinkStatus, ...] = ()
    engines: tuple[EngineStatus, ...] = ()
    quarantined: tuple[str, ...] = ()
    """Rules that failed, and are not asked any more."""
    burning: int | None = None
    """Episodes that have not ended: `logwatch alerts` names them."""
    held: HeldStatus = HeldStatus()
    queue: QueueStatus = QueueStatus()
    store: StoreStatus = StoreStatus()
    waking: WakingStatus = WakingStatus()
    threads: tuple[ThreadStatus, ...] = ()
    process: ProcessStatus = ProcessStatus()
    counters: dict[str, int] = {}
    """How often each event was logged, and what else is counted, since the process began."""
    remark: str = ""
    """What the service manager was told last that people must see: a refused reload."""
    unknown: dict[str, str] = {}
    """Part of this document that could not be found out -> why."""
