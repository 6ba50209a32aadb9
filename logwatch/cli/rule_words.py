"""What a rule means, in a few words: its kind, the window of an alert, a key that it does not know.

The words are made from the configuration as it is now; the window of an alert may have been another
one when the alert was made.
"""

from __future__ import annotations

from logwatch.records import Alert
from logwatch.rules.base import KindSettings, PlainMatch, RuleSettings, Threshold
from logwatch.rules.kinds import (
    Absence,
    Cleared,
    Composite,
    Expect,
    NewTemplate,
    NewValue,
    Ratio,
    Sampling,
    Sequence,
    Spike,
    TooFew,
    TooFewValues,
    Unique,
    Value,
)
from logwatch.rules.message import lasting
from logwatch.units import format_duration


def kind_in_words(kind: KindSettings) -> str:  # noqa: C901, PLR0911, PLR0912 - one for each kind
    """`5 in 2m`, `more than 20 different port in 1m`, `p95 of took above 800ms in 5m`."""
    match kind:
        case PlainMatch():
            return "every match"
        case Cleared(count=1):
            return "every match, until a line clears it"
        case Threshold():
            cleared = ", until a line clears it" if isinstance(kind, Cleared) else ""
            return f"{kind.count:,} in {format_duration(kind.window)}{cleared}"
        case Sampling(which="every"):
            return f"every {kind.count:,}"
        case Sampling():
            return f"the first {kind.count:,} in {format_duration(kind.pause)}"
        case TooFewValues():
            fields, window = " and ".join(kind.of), format_duration(kind.limit)
            return f"fewer than {kind.below:,} different {fields} in {window}"
        case TooFew():
            return f"fewer than {kind.below:,} in {format_duration(kind.limit)}"
        case Absence():
            return f"nothing for {format_duration(kind.limit)}"
        case Sequence():
            return f"{len(kind.steps)} steps within {format_duration(kind.within)}"
        case Expect():
            return f"not closed within {format_duration(kind.within)}"
        case Unique():
            fields, window = " and ".join(kind.of), format_duration(kind.window)
            return f"more than {kind.above:,} different {fields} in {window}"
        case NewValue():
            return f"a new {' and '.join(kind.value)}"
        case NewTemplate():
            return "a new kind of message"
        case Spike():
            return _spike_in_words(kind)
        case Value():
            bound = _bound(kind.above, kind.below, kind.bound)
            window = format_duration(kind.window)
            return f"{kind.measure} of {kind.field} {bound} in {window}"
        case Ratio():
            bound = _bound(_percent(kind.above), _percent(kind.below))
            return f"a share {bound} in {format_duration(kind.window)}"
        case Composite():
            which = "all" if kind.needed == len(kind.rules) else "any"
            return f"{which} of {', '.join(kind.rules)} within {format_duration(kind.within)}"
        case _:
            return kind.word


def _spike_in_words(kind: Spike) -> str:
    """`3 times as many as before, or 2 times fewer, in 10m, of 30 at least`."""
    before = f"usual at this time ({kind.weeks} weeks)" if kind.weeks else "before"
    ways = [f"{kind.up:g} times as many as {before}"] if kind.up is not None else []
    ways += [f"{kind.down:g} times fewer than {before}"] if kind.down is not None else []
    return f"{' or '.join(ways)}, in {format_duration(kind.over)}, of {kind.minimum:,} at least"


def _bound(above: object, below: object, written: str = "") -> str:
    if above is not None and below is not None:
        return f"out of {below} to {above}"
    return f"above {written or above}" if above is not None else f"below {written or below}"


def _percent(share: float | None) -> str | None:
    return None if share is None else f"{100 * share:.4g}%"


def window_in_words(kind: KindSettings, alert: Alert) -> str:  # noqa: PLR0911 - as above
    """`5 of 5 in 2m`: what brought a message about, by its count and the rule's kind."""
    if alert.status == "resolved":
        return ""
    count = alert.count
    match kind:
        case Cleared(count=1, levels=()):
            return kind_in_words(kind)
        case Threshold():
            return _threshold_at(kind, alert)
        case Unique() if alert.status == "firing":
            fields, window = " and ".join(kind.of), format_duration(kind.window)
            return f"{count:,} different {fields} in {window}, above {kind.above:,}"
        case TooFew() if alert.status == "firing":
            different = (
                f" different {' and '.join(kind.of)}" if isinstance(kind, TooFewValues) else ""
            )
            return f"{count:,}{different} in {format_duration(kind.limit)}, below {kind.below:,}"
        case Value() | Ratio() if alert.status == "firing":
            return f"{kind_in_words(kind)}, by {count:,} records"
        case Spike() if alert.status == "firing":
            return f"{count:,} in {format_duration(kind.over)}: {kind_in_words(kind)}"
        case Composite():
            within = format_duration(kind.within)
            return f"{count} of {len(kind.rules)} rules within {within}, {kind.needed} needed"
        case Sequence():
            times = f", {count:,} times now" if count > 1 else ""
            return f"{kind_in_words(kind)}{times}"
        case Expect() | Absence() | Sampling() | NewValue() | NewTemplate():
            return kind_in_words(kind)
        case _:
            return ""


def _threshold_at(kind: Threshold, alert: Alert) -> str:
    window = format_duration(kind.window)
    if alert.status == "firing":
        return f"{alert.count:,} of {kind.count:,} in {window}"
    level = next((count for count, name in kind.levels if name == alert.severity), kind.count)
    return f"{level:,} in {window}: {alert.severity}, {alert.count:,} since it fired"


def unknown_in_words(settings: RuleSettings) -> str:  # noqa: PLR0911 - as above
    """What it means that nothing is remembered of a key."""
    cool = settings.cooldown > 0 and isinstance(settings.kind, PlainMatch)
    match settings.kind:
        case PlainMatch():
            return "no match within its cool-down" if cool else "this kind remembers nothing"
        case Absence():
            return "it was never seen, and is waited for once it was"
        case Sequence():
            return "no step of it was seen in time"
        case Expect() | Cleared(count=1):
            return "nothing is open"
        case NewValue() | NewTemplate():
            return "it was not seen yet, or is forgotten: its next sight is its first"
        case Composite():
            return "none of its rules was heard of lately"
        case _:
            return f"no record of it in the time that counts ({kind_in_words(settings.kind)})"


def cooldown_in_words(settings: RuleSettings, since: float | None) -> str:
    """Whether a firing `since` seconds after the one before was within the cool-down."""
    cooldown = format_duration(settings.cooldown)
    if isinstance(settings.kind, (Sampling, NewTemplate)):
        return "it has no say in a rule of this kind"
    if settings.cooldown <= 0:
        return "none: every firing is told"
    if since is None:
        return f"{cooldown}; no firing of this key before this one is kept"
    return f"{cooldown}; the firing before was {lasting(since)} earlier"
