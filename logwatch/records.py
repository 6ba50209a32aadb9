"""What travels along the data path: one frozen type per stage.

A `Batch` holds no references to live objects and carries its version, so that it can cross a
process or a network as it crosses the Queue. Structs that exist once per hit are outside the
garbage collector's reach (`gc=False`): they never form cycles.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Protocol, TypeAlias

import msgspec
from msgspec import UNSET, Struct, UnsetType

Status: TypeAlias = Literal["firing", "updated", "resolved"]
Severity: TypeAlias = Literal["info", "warning", "error", "critical"]

STATUSES: tuple[Status, ...] = ("firing", "updated", "resolved")
"""What a message says of its episode, in the order of its life."""

SEVERITIES: tuple[Severity, ...] = ("info", "warning", "error", "critical")
"""From mild to grave."""

MISSING = "<none>"
"""Stands for a field that a record does not have, as a key and in messages."""

SHADOW = "shadow"
"""The `muted_by` of alerts whose rule is only evaluated."""


class Marker(Struct, frozen=True, array_like=True, gc=False):
    """Hash of the `length` bytes just before `offset`: proof that a file is still the same."""

    offset: int
    length: int
    digest: str


class Checkpoint(Struct, frozen=True, kw_only=True):
    """How far one generation of a file has been read, and how to know it again.

    `identity` names the generation for good ("inode.birth.epoch"); `epoch` counts the times that
    the same inode was truncated and begun anew. `offset` is the end of the last line that has
    taken effect. `skipping` says that `offset` lies inside an over-long line whose rest is still
    to be passed over. `closed` says that the generation was read to its end and let go. Up to
    `reread_end` its bytes may have been read before. `beside` tells what lay beside the path.
    """

    identity: str
    path: str
    device: int
    inode: int
    birth: int
    epoch: int
    offset: int
    head: Marker
    markers: tuple[Marker, ...] = ()
    skipping: bool = False
    closed: bool = False
    reread_end: int = 0
    beside: str | None = None
    cursor: str | UnsetType = UNSET
    """How a source that is no file calls the position; see receivers/."""


def no_file(path: str, identity: str, offset: int = 0) -> Checkpoint:
    """A position in what is no file: a receiver, a sample, lines that are only played through."""
    head = Marker(0, 0, "")
    return Checkpoint(
        identity=identity, path=path, device=0, inode=0, birth=0, epoch=0, offset=offset, head=head
    )


class Envelopes(Protocol):
    """What came around the records of a block, beside their text."""

    def told(self, index: int) -> tuple[float | None, dict[str, str]]:
        """Event time, None where only the text tells, and fields of the record at `data[index]`."""
        ...

    def cursor(self, index: int) -> str:
        """How the source calls the position before that record; empty: its offset is enough."""
        ...


class Places(Protocol):
    """Where lines that were put into another encoding are in their file."""

    def offset(self, index: int) -> int:
        """Where in the file the line is that begins, or ends, at `data[index]`."""
        ...

    def index(self, offset: int) -> int:
        """Where in `data` the first line is that begins at or behind `offset` of the file."""
        ...


class Stretch(Struct, frozen=True, kw_only=True):
    """Some of the lines of one generation of a file.

    `data[i]` is byte `start + i` of the file, unless `places` says where its lines are.
    """

    data: bytes
    start: int
    places: Places | None = None
    """Not None: the file is in another encoding."""

    def offset(self, index: int) -> int:
        """Where in the file the line is that begins, or ends, at `data[index]`."""
        return self.start + index if self.places is None else self.places.offset(index)

    def index(self, offset: int) -> int:
        """Where in `data` the line is that begins at `offset` of the file."""
        return offset - self.start if self.places is None else self.places.index(offset)


class Block(Stretch, frozen=True, kw_only=True):
    """Whole lines read from one generation of a file, in one piece (tailer -> monitor).

    Every line ends with a newline but for the last of a `partial` or `truncated` block. `end` is
    where reading goes on; it is past `start + len(data)` where bytes were skipped. A block may be
    empty: then it only moves the checkpoint. Where a source has records of several lines the block
    holds whole records.
    """

    path: str
    end: int
    checkpoint: Checkpoint
    backlog: bool = False
    """These bytes were in the file before it was followed."""
    truncated: bool = False
    """The one line in `data` was cut at the longest length allowed."""
    partial: bool = False
    """The last line never got its newline, and its file has ended."""
    reread: bool = False
    """In doubt about the file, these bytes may have been read once before."""
    joined: bytes | None = None
    """`data` with a vertical tab for each newline inside a record; None: each line is one."""
    cut: frozenset[int] = frozenset()
    """Offsets in `data` of records that were ended for want of room."""
    envelopes: Envelopes | None = None
    """Not None: the source says more of its records than is in their text."""
    also: Checkpoint | None = None
    """Where the last record goes on in the next generation: `data` ends with what it has of it,
    and this is behind that. To be committed with `checkpoint`."""

    @property
    def records(self) -> bytes:
        """As long as `data`, with each record as one line."""
        return self.data if self.joined is None else self.joined


class Record(Struct, frozen=True, array_like=True, gc=False):
    """One log record that at least one rule took, as text and as parsed fields."""

    offset: int
    text: str
    time: float
    """Event time, seconds since the epoch: the record's own stamp, else its arrival."""
    fields: dict[str, str] = {}
    truncated: bool = False


class Match(Struct, frozen=True, array_like=True, gc=False):
    """That rule number `rule` took record number `record` of the batch, and what it captured."""

    rule: int
    record: int
    captures: dict[str, str] = {}


class NearLine(Struct, frozen=True, array_like=True, gc=False):
    """A line near a record that a rule with `context` took, cut as alerts quote lines."""

    offset: int
    previous: int
    """Offset of the line before it in the file; -1 where there is none, or none that is known."""
    text: str
    time: float | None = None
    """Its own stamp, seconds since the epoch; None where it has none that is believed."""


class Batch(Struct, frozen=True, kw_only=True):
    """What one monitor found in one block (monitor -> Queue -> consumer)."""

    version: int = 1
    source: str
    checkpoint: Checkpoint
    start: int
    end: int
    arrival: float
    """Wall time at which the block was read."""
    last_time: float
    """Event time of the block's last record."""
    first_time: float | UnsetType = UNSET
    """Event time of its first record, where there are several and somebody asks for it."""
    records: list[Record] = []
    matches: list[Match] = []
    backlog: bool = False
    reread: bool = False
    also: Checkpoint | UnsetType = UNSET
    """Where the last record went on in another generation: behind it. Committed with the other."""
    cursors: list[str] | UnsetType = UNSET
    """For each record, how its source calls the position before it; see `Checkpoint.cursor`."""
    near: list[NearLine] | UnsetType = UNSET
    """Where a rule asks for `context`: lines around the records, and behind those of before."""


class AlertLine(Struct, frozen=True, gc=False):
    """One line quoted in an alert."""

    path: str
    offset: int
    time: str
    text: str


class AlertContext(Struct, frozen=True, gc=False):
    """Lines around the first matching one."""

    before: tuple[AlertLine, ...] = ()
    after: tuple[AlertLine, ...] = ()


NO_CONTEXT = AlertContext()


SCHEMA = 1
"""Version of what an alert is as JSON."""


Gathering: TypeAlias = Literal["group", "digest", "storm", "backlog", "mute"]
"""Why one message stands for several alerts: a route's `group`, `wait` or `updates`; a route's
`digest`; the `rate` of a sink; the backlog after a start; the end of a mute."""


class Member(Struct, frozen=True, gc=False):
    """One alert of several that share a message: its newest state, without lines."""

    id: str
    seq: int
    status: Status
    rule: str
    severity: Severity
    message: str
    source: str
    host: str
    key: dict[str, str]
    count: int
    first: str
    last: str


class Group(Struct, frozen=True, gc=False):
    """What a message says that stands for several alerts; the totals are exact."""

    kind: Gathering
    by: dict[str, str]
    """What its alerts have in common, by which they were put together."""
    alerts: int
    """Alerts that it stands for: an event is one, and so is an episode, however often updated."""
    burning: int
    """Of these, episodes that go on."""
    rules: dict[str, int]
    """Alerts by rule."""
    members: tuple[Member, ...]
    """Some of them: those that burn first, then the newest."""


class Alert(Struct, frozen=True, gc=False):
    """What a person is told. As JSON it is the body of `jsonl_file` and `webhook`.

    `id` names the episode and is the same for the same input; `id:seq` names this message and is
    the idempotency key. Times are RFC 3339 in UTC with milliseconds.
    """

    schema: int
    id: str
    seq: int
    status: Status
    rule: str
    severity: Severity
    message: str
    source: str
    path: str
    host: str
    key: dict[str, str]
    fields: dict[str, str]
    count: int
    suppressed: int
    first: str
    last: str
    at: str
    late: bool
    lines: list[AlertLine]
    context: AlertContext = NO_CONTEXT
    labels: dict[str, str] = {}
    reread: bool | UnsetType = UNSET
    group: Group | UnsetType = UNSET
    """Where this message stands for several alerts."""
    muted_by: str | UnsetType = UNSET
    """Why nobody was told: `mute NAME`, `silence #3` or `inhibit by RULE`; only in the history."""


class StateChange(Struct, frozen=True, array_like=True, gc=False):
    """The new state of one key of one rule; `body` None forgets it (rules -> store)."""

    rule: str
    key: str
    body: bytes | None


class MessageName(Struct, frozen=True, gc=False):
    """What names an alert among all messages."""

    id: str
    seq: int


class _Time(Struct, frozen=True, gc=False):
    at: str


class Notification(Struct, frozen=True, gc=False):
    """One alert on its way to one sink (outbox -> sink). `row` is the alert's number."""

    row: int
    body: bytes
    """The alert as JSON, UTF-8, without a newline."""
    attempts: int = 0
    """Tries before this one."""
    parcel: int = 0
    """Name of the parcel that it came in, 0 where it waited on its own."""
    position: int = 0
    """How many of its parcel are done with once this one is."""
    held: bool = False
    """An earlier message of its episode waits for its next try: this one must not overtake it."""
    since: float | None = None
    """Wall time at which it came to this sink from elsewhere; None: with the alert itself."""

    @property
    def waits_since(self) -> float:
        """Wall time at which it came to this sink."""
        if self.since is not None:
            return self.since
        return datetime.fromisoformat(_decode_time(self.body).at).timestamp()

    @property
    def name(self) -> MessageName:
        """Which message of which episode it is, decoded anew at each call."""
        return _decode_name(self.body)

    @property
    def idempotency_key(self) -> str:
        """`id:seq`: the same for every attempt at the same message."""
        name = self.name
        return f"{name.id}:{name.seq}"

    @property
    def alert(self) -> Alert:
        """The alert, decoded anew at each call."""
        return decode_alert(self.body)


class Delivered(Struct, frozen=True):
    """The sink took it."""

    detail: str = ""


class Retry(Struct, frozen=True):
    """Not now: try again, after `after` seconds where the receiver named them."""

    reason: str
    after: float | None = None
    partly: bool = False
    """Others whom the sink tells have it: the sink is well, and only this message waits."""


class Rejected(Struct, frozen=True):
    """Never: the receiver will not take this one, however often it is sent."""

    reason: str


Outcome: TypeAlias = Delivered | Retry | Rejected


_alert_encoder = msgspec.json.Encoder()
_alert_decoder = msgspec.json.Decoder(Alert)
_decode_name = msgspec.json.Decoder(MessageName).decode
_decode_time = msgspec.json.Decoder(_Time).decode

encode_alert = _alert_encoder.encode
decode_alert = _alert_decoder.decode
