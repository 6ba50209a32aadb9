"""`logwatch tail` line by line: on a terminal, with a filter, or as JSON.

Files that have a name are read with the daemon's follower; standard input, FIFOs and what is
followed by its descriptor with that of `tail_bytes`. One thread reads, chooses and shows; a second
one hears the events of the kernel.
"""

from __future__ import annotations

import os
import stat
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

from logwatch.cli.tail_bytes import ByteFollower
from logwatch.cli.tail_folding import Folding
from logwatch.cli.tail_globs import Globs
from logwatch.cli.tail_leaves import Leaf, Leaves
from logwatch.cli.tail_output import Output
from logwatch.cli.tail_page import Line, Page, Taken, as_lines
from logwatch.cli.tail_request import Request, note
from logwatch.cli.tail_sheet import LineSheet
from logwatch.cli.tail_waiting import Waiting, is_alive
from logwatch.clock import Clock, Moment
from logwatch.daemon import signals
from logwatch.records import Alert, Block

GLOB_SECONDS = 2.0
LAST_TAKEN = 10
"""Lines of what is there, where nobody says how many and not every line is shown."""


class RuleBook(Protocol):
    """The rules of a configuration: see `tail_rules.Rules`, which takes time to load."""

    def of(self, block: Block, now: Moment) -> dict[int, Taken]:
        """For lines of a block, by their offset in the file, what rules make of them."""
        ...

    def alerts(self, now: Moment) -> list[Alert]:
        """What came about since the last call."""
        ...

    def seconds_to_deadline(self, now: Moment) -> float | None:
        """Until `alerts` may have something though no line came."""
        ...

    def close(self) -> None:
        """Put away what it has on disk."""
        ...


class Chooser(Protocol):
    """Which lines are shown: see `tail_choice.Choice`."""

    def of(self, data: bytes, folding: Folding, now: float) -> list[Line]:
        """Those of the whole lines in `data` that are chosen."""
        ...

    def bytes_of(self, data: bytes) -> bytes | None:
        """The same as they are; None where each must be looked at."""
        ...


FindRules = Callable[[Sequence[str]], RuleBook | None]


class NamedPage(Page, Protocol):
    """A page with labels."""

    def name(self, paths: Sequence[str]) -> None:
        """Choose labels for these files."""
        ...


class Piece(NamedTuple):
    """Whole lines of one file, not all of which may be shown."""

    name: str
    data: bytes
    folding: Folding
    taken: Mapping[int, Taken] = {}
    """What rules make of a line, by its offset in the file."""
    start: int = 0
    """Offset of `data` in the file."""


class Lines:
    """One session."""

    def __init__(
        self,
        request: Request,
        page: NamedPage,
        clock: Clock,
        *,
        choice: Chooser | None,
        rules: FindRules,
        full: bool,
        since: float | None,
        until: float | None,
        news: Callable[[], None] | None = None,
    ) -> None:
        """`choice` None: every line. `rules` finds those of a configuration for these files.

        `news` is called now and then, and says what nobody else would.
        """
        self._news = news
        self._request = request
        self._page = page
        self._clock = clock
        self._choice = choice
        self._until = until
        self._globs = Globs(request.files)
        names = self._globs.names()
        named = [each for each in names if self._is_followed_by_name(each)]
        others = [each for each in names if each not in named]
        self.lines = 0
        self.alerts = 0
        self.names = names
        page.name(names)
        self._recent: dict[str, tuple[deque[Line], Folding]] | None = None
        """The last lines of what is there, where some were chosen."""
        if choice is not None and since is None and not request.amount_given and request.follow:
            self._recent = {}
        now = clock.wall()
        self._leaves = Leaves(
            request, full=full, since=since, now=now, far=self._recent is not None
        )
        self._leaves.add(named, at_start=True)
        self._sheet = LineSheet(request.end, self._show_bytes, full=full)
        self._bytes = ByteFollower(request, self._sheet, others)
        self._rules = rules([_absolute(each) for each in names if each != "-"])

    @property
    def has_rules(self) -> bool:
        """Whether the rules of a configuration are asked."""
        return self._rules is not None

    @property
    def lost(self) -> int:
        """Lines that were lost, as far as that can be known."""
        return sum(leaf.lost for leaf in self._leaves.all)

    @property
    def all_well(self) -> bool:
        """Whether everything could be opened and read."""
        return self._bytes.all_well

    def run(self, output: Output) -> None:
        """Show what is there, then what comes. Raises BrokenPipeError when the reader goes."""
        try:
            self._bytes.begin()
            while self._look():
                pass
            self._show_recent()
            if self._request.follow is not None:
                self._follow(output)
        finally:
            self._sheet.close()
            self._page.close()
            self._leaves.close()
            self._bytes.close()
            if self._rules is not None:
                self._rules.close()

    def _follow(self, output: Output) -> None:
        is_any_left = self._bytes.drop_pipes_on_stdin() or self._leaves.all
        if not is_any_left and not self._globs.patterns:
            return
        waiting = Waiting(self._request.interval, output=output if output.is_pipe else None)
        hears = self._request.events and (self._paths() or self._globs.patterns)
        if hears and (why_not := waiting.hear(self._paths())):
            note(f"inotify cannot be used, reverting to polling: {why_not}")
        try:
            while not self._is_over():
                signals.end_if_asked()
                came = self._look()
                if not came:
                    waiting.also_for(self._bytes.waited_for())
                    waiting.wait(self._most())
                    self._find(waiting)
        finally:
            waiting.close()

    def _is_over(self) -> bool:
        if self._until is not None and self._clock.wall() > self._until:
            self._look()
            return True
        if self._request.pid is not None and not is_alive(self._request.pid):
            self._look()
            return True
        if self._leaves.all or self._globs.patterns or self._bytes.is_anything_left():
            return False
        if not self._bytes.has_streamed():
            note("no files remaining")
        return True

    def _look(self) -> bool:
        now = self._clock.moment()
        came = self._leaves.read(now, self._show_block)
        came |= self._bytes.look() if self._request.follow is not None else False
        for leaf in self._leaves.all:
            for event in leaf.events:
                self._page.event(leaf.name, event)
            leaf.events.clear()
        self._tell()
        self._page.settle(self._clock.wall())
        if self._news is not None:
            self._news()
        return came

    def _tell(self) -> None:
        if self._rules is None:
            return
        for alert in self._rules.alerts(self._clock.moment()):
            self.alerts += 1
            self._page.alert(alert, self._name_of(alert.path))

    def _name_of(self, path: str) -> str:
        return next((leaf.name for leaf in self._leaves.all if leaf.tail.path == path), path)

    def _most(self) -> float | None:
        """Seconds after which something is due though nothing comes."""
        now = self._clock.moment()
        waits = [self._leaves.next_look(now), self._page.settle(now.wall)]
        if self._rules is not None:
            waits.append(self._rules.seconds_to_deadline(now))
        if self._until is not None:
            waits.append(max(0.0, self._until - now.wall) + 0.01)
        if self._request.pid is not None or self._request.follow == "descriptor":
            waits.append(self._request.interval)
        if self._globs.patterns or self._news is not None:
            waits.append(GLOB_SECONDS)
        known = [each for each in waits if each is not None]
        return min(known) if known else None

    def _find(self, waiting: Waiting) -> None:
        fresh = self._globs.new()
        if not fresh:
            return
        self._leaves.add(fresh, at_start=False)
        self.names += fresh
        waiting.watch(fresh)
        self._page.name(self.names)

    # Lines.

    def _show_block(self, leaf: Leaf, block: Block) -> None:
        now = self._clock.moment()
        leaf.folding.learn_from(block.data, now.wall)
        taken = self._rules.of(block, now) if self._rules is not None else {}
        if self._choice is None and not taken:
            self._show_many(leaf.name, block.data, leaf.folding, now.wall)
            return
        self._show(Piece(leaf.name, block.data, leaf.folding, taken, block.start), now.wall)

    def _show_bytes(self, name: str, data: bytes, folding: Folding) -> None:
        now = self._clock.wall()
        folding.learn_from(data, now)
        if self._rules is not None and name != "-":
            from logwatch.cli.tail_rules import past_block  # noqa: PLC0415 - loaded already

            taken = self._rules.of(past_block(_absolute(name), data), self._clock.moment())
            if taken:
                self._show(Piece(name, data, folding, taken), now)
                return
        if self._choice is None:
            self._show_many(name, data, folding, now)
        else:
            self._show(Piece(name, data, folding), now)

    def _show(self, piece: Piece, now: float) -> None:
        name, data, folding, taken, start = piece
        if not taken and self._recent is None and self._choice is not None:
            chosen = self._choice.bytes_of(data)
            if chosen is not None:
                self._show_many(name, chosen, folding, now)
                return
        lines = as_lines(data) if self._choice is None else self._choice.of(data, folding, now)
        if taken:
            lines = _with_rules(lines, data, start, taken)
        if self._recent is not None:
            recent = self._recent.setdefault(name, (deque(maxlen=LAST_TAKEN), folding))
            recent[0].extend(lines)
            return
        self.lines += len(lines)
        if lines:
            self._page.lines(name, lines, folding, now)

    def _show_many(self, name: str, data: bytes, folding: Folding, now: float) -> None:
        self.lines += data.count(b"\n")
        if data:
            self._page.many(name, data, folding, now)

    def _show_recent(self) -> None:
        recent, self._recent = self._recent or {}, None
        now = self._clock.wall()
        for name, (lines, folding) in recent.items():
            self.lines += len(lines)
            self._page.lines(name, list(lines), folding, now)

    # Files.

    def _paths(self) -> list[str]:
        return [leaf.name for leaf in self._leaves.all] + self._bytes.names()

    def _is_followed_by_name(self, name: str) -> bool:
        request = self._request
        if name == "-" or not (request.follow == "name" and request.retry):
            return False
        if request.end != b"\n":
            return False
        try:
            return stat.S_ISREG(os.stat(name).st_mode)  # noqa: PTH116 - a plain string
        except OSError:
            return True


def _absolute(name: str) -> str:
    return os.path.abspath(name)  # noqa: PTH100 - paths here are plain strings


def _with_rules(
    lines: Sequence[Line], data: bytes, start: int, taken: Mapping[int, Taken]
) -> list[Line]:
    """The lines with the rules that take them; `taken` by offset in the file."""
    shown: list[Line] = []
    at = 0
    for line in lines:
        at = data.find(line.raw, at)
        if (rules := taken.get(start + at)) is not None:
            shown.append(Line(line.raw, line.text, *rules))
        else:
            shown.append(line)
        at += len(line.raw) + 1
    return shown
