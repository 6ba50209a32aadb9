"""`when`, `levels` and `clear` -> a threshold, a sampling, or a plain match."""

from __future__ import annotations

from itertools import pairwise

from logwatch.config.found import Found
from logwatch.config.keys import RuleKeys
from logwatch.config.problems import Report
from logwatch.records import SEVERITIES, Severity
from logwatch.rules.base import KindSettings, PlainMatch, Threshold
from logwatch.rules.kinds import Sampling

Levels = tuple[tuple[int, Severity], ...]


def levels_of(found: Found[RuleKeys]) -> Levels:
    """The levels from mild to grave."""
    levels = found.value.levels
    if not levels:
        return ()
    return tuple((levels[severity], severity) for severity in SEVERITIES if severity in levels)


def build_when(found: Found[RuleKeys], report: Report) -> KindSettings | None:
    """The kind of a rule with `when`; None after reporting why it has none."""
    when = found.value.when
    assert when is not None
    if when.first is not None or when.every is not None:
        return _sampling(found, report)
    levels = levels_of(found)
    if not (_check_levels(found, levels, report) and _check_whole(found, report)):
        return None
    count = when.count if when.count is not None else levels[0][0] if levels else None
    if count is None:
        report.error(
            found.place("when"), "missing-key", "'when' has no 'count'", "write when: 5 in 2m"
        )
        return None
    assert when.window is not None
    if not _check_clear(found, count, when.window, report):
        return None
    clear = found.value.clear
    return Threshold(
        count=count,
        window=when.window,
        levels=levels,
        clear_count=clear.count if clear else None,
        clear_window=clear.window if clear else None,
    )


def build_plain(found: Found[RuleKeys], report: Report) -> KindSettings | None:
    """The kind of a rule with no key that names one: with `clear` an episode, else an event.

    What it is where a line ends its episode is said in kinds.py.
    """
    keys = found.value
    if keys.levels is not None:
        report.error(
            found.key("levels"), "missing-key", "'levels' needs 'when'", "write when: 5 in 2m"
        )
        return None
    if keys.clear is None:
        return PlainMatch()
    if not _check_whole(found, report):
        return None
    if keys.clear.count:
        report.error(
            found.place("clear"),
            "bad-value",
            "without 'when' each line is one too many, so only none can clear",
            "write clear: 0 in 15m, or add when: 5 in 2m",
        )
        return None
    window = keys.clear.window
    if window is None:
        return PlainMatch()
    return Threshold(count=1, window=window, clear_count=0, clear_window=window)


def _sampling(found: Found[RuleKeys], report: Report) -> Sampling | None:
    """`when: first 5 in 1h`, `when: every 5`."""
    when = found.value.when
    assert when is not None
    written = [name for name in ("count", "first", "every") if getattr(when, name) is not None]
    if len(written) > 1:
        report.error(
            found.place("when"),
            "bad-value",
            f"{written[0]!r} and {written[1]!r} in one 'when'",
            "write one of them: when: 5 in 2m, when: first 5 in 1h, or when: every 5",
        )
        return None
    for key in ("levels", "clear", "cooldown"):
        if key in found.given:
            report.error(
                found.key(key),
                "bad-value",
                f"{key!r} has no meaning beside 'when: {written[0]}'",
                "remove it, or write when: 5 in 2m",
            )
            return None
    which, count = ("first", when.first) if when.first is not None else ("every", when.every)
    assert count is not None
    pause = {} if when.window is None else {"pause": when.window}
    return Sampling(which="first" if which == "first" else "every", count=count, **pause)


def _check_levels(found: Found[RuleKeys], levels: Levels, report: Report) -> bool:
    for (lower, mild), (higher, grave) in pairwise(levels):
        if higher <= lower:
            report.error(
                found.place("levels", grave),
                "bad-value",
                f"{grave} begins at {higher}, not above {mild} at {lower}",
                "counts must rise with the severity",
            )
            return False
    when = found.value.when
    if levels and when and when.count is not None and levels[0][0] != when.count:
        report.error(
            found.place("levels", levels[0][1]),
            "bad-value",
            f"'levels' begin at {levels[0][0]}, but 'when' fires at {when.count}",
            f"write {levels[0][1]}: {when.count}",
        )
        return False
    return True


def _check_clear(found: Found[RuleKeys], count: int, window: float, report: Report) -> bool:
    """Whether `clear` is stricter than `when`: as a count, and as a rate."""
    clear = found.value.clear
    if clear is None or clear.count is None or clear.window is None:
        return True
    if clear.count < count and clear.count * window < count * clear.window:
        return True
    report.error(
        found.place("clear"),
        "bad-value",
        "'clear' is looser than 'when': both can hold at once",
        "write clear: 0 in 15m, or another lower count",
    )
    return False


def _check_whole(found: Found[RuleKeys], report: Report) -> bool:
    """Whether `clear` has both a count and its time, or neither."""
    clear = found.value.clear
    if clear is None or (clear.count is None) == (clear.window is None):
        return True
    if clear.count is None:
        has, lacks, remedy = (
            "in",
            "count",
            "write count: 0; other sources are named with source: NAME",
        )
    else:
        has, lacks, remedy = "count", "in", "write in: 15m"
    message = f"'clear' has {has!r}, but no {lacks!r}"
    report.error(found.key("clear", has), "missing-key", message, remedy)
    return False
