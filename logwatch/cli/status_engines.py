"""The matching engines as `logwatch status` tells of them: which, why, how far they are trusted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from logwatch.cli.figures import number, size
from logwatch.daemon.health import EngineStatus

_LEAST_TOLD_SECONDS = 1.0
"""A rule that has taken less since the start is slow for nobody."""


def engines_in_words(engines: Iterable[EngineStatus]) -> list[str]:
    """A line for each engine and reason, whatever number of matchers has it."""
    alike: dict[tuple[str, str], list[EngineStatus]] = {}
    for each in engines:
        alike.setdefault((each.name, each.reason), []).append(each)
    lines = []
    for (name, reason), these in alike.items():
        slow = {(one.rule, one.pattern) for each in these for one in each.unfiltered}
        rules = sorted({rule for rule, _ in slow})
        text = reason if reason.startswith(name) else f"{name}: {reason}"
        if slow:
            more = f" and {len(rules) - 3:,} more" if len(rules) > 3 else ""
            run = "runs" if len(slow) == 1 else "run"
            text += f"; {number(len(slow), 'pattern')} {run} on every line ({', '.join(rules[:3])}"
            text += f"{more})"
        lines.append(text)
    return lines or ["none yet: no file is followed"]


def audit_in_words(engines: Sequence[EngineStatus]) -> str:
    """How much was compared with Python's `re`, and how often the two differed."""
    lines, pairs, differences = (
        sum(getattr(each.audit, name) for each in engines)
        for name in ("lines", "pairs", "differences")
    )
    if not lines:
        return "nothing was compared with Python's re yet"
    answers, found = number(pairs, "answer"), number(differences, "difference")
    return f"{answers} on {number(lines, 'line')} compared with Python's re: {found}"


def slowest_in_words(engines: Sequence[EngineStatus]) -> list[str]:
    """The rule whose searches take most; nothing while all together are not worth a word."""
    seconds: dict[str, float] = {}
    read: dict[str, int] = {}
    for each in engines:
        for rule, spent in each.rule_seconds.items():
            seconds[rule] = seconds.get(rule, 0.0) + spent
            read[rule] = read.get(rule, 0) + each.bytes
    rule = max(seconds, key=seconds.__getitem__, default="")
    if not rule or seconds[rule] < _LEAST_TOLD_SECONDS:
        return []
    return [f"rule {rule}, {seconds[rule]:,.1f} s of CPU in its searches of {size(read[rule])}"]
