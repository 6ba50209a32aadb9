"""What is counted on the way, for `/metrics` and the status line of the service manager.

Lines and bytes are added by the monitors, under a lock of their source that is held for two
additions; all else belongs to the consumer, which alone writes it. Readers take copies, so that
figures of one scrape may be some milliseconds apart. Counts begin anew with a reload.

To count the newlines of a large block would cost a third of what matching it costs: its lines are
reckoned from a sample at its beginning. What is followed live is counted exactly.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from threading import Lock

from msgspec import UNSET

from logwatch.records import Batch
from logwatch.rules.base import Part
from logwatch.store.transaction import Transaction

EXACT_BYTES = 64 * 1024
SAMPLE_BYTES = 16 * 1024
"""The lines of a larger block are reckoned from so much of it, or from the first one."""
COMMIT_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Upper bounds in seconds."""


class Volume:
    """What was read of one source."""

    def __init__(self) -> None:
        self._lock = Lock()  # held for two additions; takes no other
        self.lines = 0
        self.bytes = 0
        self.lines_cut = 0

    def add(self, data: bytes, lines_cut: int = 0) -> int:
        """One block more; how many lines it has. Callable from any thread."""
        lines = lines_in(data)
        with self._lock:
            self.lines += lines
            self.bytes += len(data)
            self.lines_cut += lines_cut
        return lines


def lines_in(data: bytes) -> int:
    """How many lines `data` has; reckoned where it is large."""
    if len(data) <= EXACT_BYTES:
        return data.count(b"\n")
    end = data.rfind(b"\n", 0, SAMPLE_BYTES) + 1 or data.find(b"\n", SAMPLE_BYTES) + 1
    return round(data.count(b"\n", 0, end) * len(data) / end) if end else 0


class Histogram:
    """Durations, counted by size; written by one thread."""

    def __init__(self, bounds: Sequence[float] = COMMIT_BUCKETS) -> None:
        self.bounds = tuple(bounds)
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def add(self, seconds: float) -> None:
        """One more."""
        self.counts[bisect_left(self.bounds, seconds)] += 1
        self.sum += seconds

    def cumulative(self) -> list[tuple[str, int]]:
        """Upper bound as text -> how many were at most that long; the last one is all."""
        total, found = 0, []
        for bound, count in zip((*self.bounds, float("inf")), list(self.counts), strict=True):
            total += count
            found.append(("+Inf" if bound == float("inf") else str(bound), total))
        return found


class Figures:
    """Everything that is counted for one daemon."""

    def __init__(self, sources: Iterable[str], parts: Sequence[Part], names: Sequence[str]) -> None:
        """`parts`: the selectors of all rules; `names`: of the rules."""
        self.volumes = {name: Volume() for name in sources}
        self._rule_of = [names[part.rule] for part in parts]
        self.matches: Counter[str] = Counter()
        """Rule -> records that its patterns and conditions took."""
        self.alerts: Counter[tuple[str, str, str]] = Counter()
        """Rule, severity and status -> alerts that were committed."""
        self.commits = Histogram()
        self.newest: dict[str, float] = {}
        """Path that is followed -> wall time that the newest line taken from it names, or at which
        that came."""
        self._burning: set[str] = set()

    def resume(self, burning: Iterable[str]) -> None:
        """Ids of the episodes that were open at the start."""
        self._burning.update(burning)

    @property
    def burning(self) -> int:
        """Episodes that have not ended."""
        return len(self._burning)

    @property
    def lines(self) -> int:
        """Of all sources."""
        return sum(each.lines for each in self.volumes.values())

    def took(self, batch: Batch) -> None:
        """Rules see this."""
        self.newest[batch.checkpoint.path] = batch.last_time
        if batch.matches and self._rule_of:
            rule_of = self._rule_of
            for part, number in Counter([match.rule for match in batch.matches]).items():
                self.matches[rule_of[part]] += number

    def committed(self, transaction: Transaction, seconds: float) -> None:
        """This is in the store now, and to put it there took so long."""
        self.commits.add(seconds)
        # All but messages about several. Counted at once: there may be one for each line.
        made = [one for one in transaction.alerts if one.alert.group is UNSET]
        self.alerts.update([(a.rule, a.severity, a.status) for a in [one.alert for one in made]])
        for one in [one for one in made if one.burns or one.alert.status == "resolved"]:
            if one.burns:
                self._burning.add(one.alert.id)
            else:
                self._burning.discard(one.alert.id)
