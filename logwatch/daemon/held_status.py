"""What is not told now, as `logwatch status` says it."""

from __future__ import annotations

from logwatch.alerts.conditions import written_matcher
from logwatch.alerts.silences import Silence
from logwatch.daemon import health
from logwatch.dispatch import Untold
from logwatch.stamps import rfc3339


def held_status(held: Untold) -> health.HeldStatus:
    """The part of the status that is about `held`."""
    return health.HeldStatus(
        silences=tuple(_silence(each) for each in held.silences),
        mutes=held.mutes,
        hidden=held.hidden,
        withheld=held.withheld,
        groups=held.groups,
        paced=held.paced,
    )


def _silence(silence: Silence) -> health.SilenceStatus:
    return health.SilenceStatus(
        number=silence.number,
        matchers=tuple(map(written_matcher, silence.where)),
        author=silence.author,
        comment=silence.comment,
        until=None if silence.until is None else rfc3339(silence.until),
        until_resolved=silence.episodes,
        hid=silence.hid,
    )
