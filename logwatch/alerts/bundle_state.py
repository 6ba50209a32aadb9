"""What a bundle keeps, as it is stored: its head, and an entry for each episode that burns."""

from __future__ import annotations

import msgspec
from msgspec import Struct, field

from logwatch.alerts.in_common import InCommon
from logwatch.records import Alert, AlertLine, Member, Severity


class Episode(Struct, array_like=True, gc=False):
    """What is remembered of one that burns."""

    rule: str
    severity: Severity
    records: int
    """How many records were counted of it."""
    alerts: int
    """How many alerts burn in it: 1, or those of a group that was added as one message."""
    period: int
    """In the making of which message it was heard of last."""
    since: int
    """In the making of which message it came."""
    turn: int
    """Grows with each news of any episode."""
    member: Member | None = None


class Head(Struct, array_like=True):
    """All but the episodes: what came since the last message, and the number of that."""

    standing: bool
    period: int = 0
    turn: int = 0
    records: int = 0
    """The sum of `count` since the last message, each record once."""
    suppressed: int = 0
    """The sum of `suppressed` since the last message."""
    rules: dict[str, int] = field(default_factory=dict)
    notes_by_rule: dict[str, int] = field(default_factory=dict)
    severity: Severity = "info"
    first: str = ""
    last: str = ""
    sole: str = ""
    """The id of the only one that came; `*` for several."""
    late: bool = True
    reread: bool = False
    common: InCommon | None = None
    over: list[Member] = field(default_factory=list)
    """The newest that do not burn, newest last."""
    lines: list[AlertLine] = field(default_factory=list)
    newest: Alert | None = None
    """The last one added, also before the last message while anything burns."""


encode = msgspec.msgpack.Encoder().encode
decode_head = msgspec.msgpack.Decoder(Head).decode
decode_episode = msgspec.msgpack.Decoder(Episode).decode
