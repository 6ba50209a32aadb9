"""One thread per followed file: wake -> read a block -> match -> put one Batch on the Queue.

Monitors share nothing but the Queue and a few slots that bound how many scan at once, so that a
thousand files with a backlog use a few buffers and not a thousand. An idle monitor waits without a
time-out and costs nothing. It clears its `dirty` flag before it reads, never after: a write that
comes while it reads then wakes it again, and none is overlooked.
"""

from __future__ import annotations

import queue
from collections.abc import Sequence
from contextlib import AbstractContextManager

from msgspec.structs import replace

from logwatch.clock import Clock, Moment
from logwatch.daemon.block_sizes import BlockSize
from logwatch.daemon.departures import Departure
from logwatch.daemon.figures import Volume
from logwatch.daemon.intake import CaughtUp, Intake, Message
from logwatch.daemon.latch import Latch, Stop
from logwatch.daemon.losses import in_words, told
from logwatch.daemon.pacing import Pacing, Token
from logwatch.daemon.reading import Reading
from logwatch.daemon.rhythm import Rhythm
from logwatch.daemon.source_reports import in_matching, rewritten
from logwatch.daemon.stamps import Stamps
from logwatch.daemon.threads import Worker
from logwatch.matching.hits import LineHit
from logwatch.receivers.base import Receiver
from logwatch.records import Batch, Block, Checkpoint
from logwatch.tailer.state import Loss
from logwatch.tailer.tail import LEAST_KEPT, Tail

SMALL_BLOCK = 64 * 1024
HOT_PAUSE_SECONDS, LONGEST_HOT_PAUSE_SECONDS = 0.005, 0.02
"""How long lines of a hot file gather between reads, first and last: each read costs the same."""
BUSY_BYTES, BUSY_PAUSE_SECONDS = 1024, 0.04
"""Where each read finds so much they are so far apart in the end."""
PUT_SECONDS = 10.0
"""How long at a time to wait for room: thousands may, and the end of all has them look up."""


class Monitor(Worker):
    """The thread of one path."""

    # There may be ten thousand, and with so many attributes each had a table of their names.
    __slots__ = (
        "_block_size",
        "_dirty",
        "_hot_pause",
        "_in_hand",
        "_intake",
        "_last_read",
        "_more",
        "_pacing",
        "_reading",
        "_slots",
        "_stamps",
        "_surroundings",
        "_tokens",
        "_told_caught_up",
        "_told_rewritten",
        "_volume",
        "_working",
        "active_at",
        "departure",
        "is_in_line",
        "lines_cut",
        "look_at",
        "looked",
        "not_answering",
        "path",
        "reading_since",
        "rhythm",
        "sources",
        "tail",
    )

    is_one_of_many = True
    is_file = True
    """Whether events may tell that there is something to read."""

    def __init__(
        self,
        path: str,
        *,
        tail: Tail | Receiver,
        reading: Reading,
        intake: Intake,
        slots: AbstractContextManager[object],
        clock: Clock,
        volume: Volume | None = None,
        files: int = 1,
    ) -> None:
        """`volume`: where what is read is counted; `files`: how many share the memory for that."""
        super().__init__(f"file {path}", clock=clock, stop=Stop())
        self.path = path
        self.sources: tuple[str, ...] = (reading.source,)
        self.tail = tail
        self._reading = reading
        self._surroundings = reading.surroundings(tail.read_back)
        self._stamps = Stamps(reading)
        self._intake = intake
        self._slots = slots
        self._volume = volume or Volume()
        self._block_size = BlockSize(files, tail.block_size)
        self._dirty = Latch(is_set=True)
        self._pacing: Pacing | None = None
        self._tokens: list[Token] = []
        self.is_in_line = False
        """See `Sleeper`."""
        self._more = False
        self._working = False
        self._told_caught_up = False
        self._told_rewritten = False
        self._last_read = 0.0
        self._hot_pause = 0.0
        self._in_hand: Block | None = None
        self.looked = False
        """Whether it has looked at its path at least once."""
        self.rhythm = Rhythm()
        """How often something new comes, since it was caught up."""
        self.active_at = 0.0
        """Steady time of the last block."""
        self.lines_cut = 0
        """Lines that were too long, so that only their beginning was looked at."""
        self.look_at: float | None = None
        """Steady time at which to look again though nothing changed."""
        self.reading_since: float | None = None
        """Steady time at which it asked its disk or server for the next block, while it waits."""
        self.departure: Departure | None = None
        """Set where nothing may be left of its file, until it is known what is."""
        self.not_answering = ""
        """Why its file cannot be looked at: what it is on does not answer. Following says so."""

    def wake(self) -> None:
        """Look again; callable from any thread."""
        if self._pacing is None:
            self._dirty.set()
        elif self.failure is None:  # or its turn would be lost: nobody is there to give it back
            self._pacing.wake(self)

    def pace(self, pacing: Pacing) -> None:
        """Before the start: it waits to be woken from now on, also for its first look."""
        self._pacing = pacing
        self._dirty.clear()

    def grant(self, token: Token) -> None:
        """See `Sleeper.grant`."""
        self._tokens.append(token)
        self._dirty.set()

    def stand_down(self) -> None:
        """Its thread could not be started: it has no turn."""
        self._give_back()

    def look_again(self) -> None:
        """See `Sleeper.look_again`."""
        self._dirty.set()

    @property
    def is_awake(self) -> bool:
        """See `Sleeper.is_awake`."""
        return bool(self._tokens)

    def end(self) -> None:
        """Leave this path alone: it is no longer followed, or everything stops."""
        self.stopping.set()
        self._dirty.set()

    @property
    def caught_up(self) -> bool:
        """Whether it has said that what was there when it began is handed on, or never will be."""
        return self._told_caught_up

    @property
    def has_ended(self) -> bool:
        """Whether nothing will ever come again; a file may be made again at any time."""
        return False

    def has_work(self) -> bool:
        """See `Worker.has_work`. Waiting for room in the Queue is no work of this thread.

        One that died does not hang: it is waiting to be started again.
        """
        return self._working and self.failure is None

    def waits_for_others(self) -> bool:
        """See `Worker.waits_for_others`: a read may hang for as long as a server is down."""
        return self.reading_since is not None

    def step(self, _now: Moment) -> None:
        """Wait until woken, unless there is more to read at once; then read one block."""
        if not self._more:
            self._wait()
            if self.stopping.is_set():
                return
            self._stamp = self.clock.steady()  # it had nothing to do: that was no hang
        self._more = self.read_on(self.clock.moment())

    def _wait(self) -> None:
        """Until woken."""
        self._give_back(but=self._dirty.is_set())
        self._dirty.wait()

    def positions_in_hand(self) -> tuple[Checkpoint, ...]:
        """Where the block begins that was read and, as the thread died, not handed on."""
        block = self._in_hand
        if block is None:
            return ()
        begins = replace(block.checkpoint, offset=block.start, markers=(), skipping=False)
        if block.also is None:
            return (begins,)
        return begins, replace(block.also, offset=0, markers=())

    def finish(self) -> None:
        """Close the file."""
        self._give_back()
        self.tail.close()

    def read_on(self, now: Moment) -> bool:
        """Read and hand on one block; False when there is no more before something changes."""
        with self._slots:
            self._working = True
            self._in_hand = block = self._next_block(now)
            self.looked = True
            batch = None
            if block is not None:
                block, batch = self._found(block, now)
            self._working = False
        if block is not None:
            lines_cut = self._reading.lines_cut(block)
            self.lines_cut += lines_cut
            self.rhythm.heard(now.steady, self._volume.add(block.data, lines_cut))
        losses = self.tail.losses()
        if self.departure is not None and self._departs(self.departure, block, losses):
            self._in_hand = None
            return True
        self._tell_losses(losses)
        self._tell_rewritten()
        self._tell_troubles()
        if block is None or batch is None:
            self.look_at = self.tail.next_look(now)
            self._tell_caught_up()
            return False
        size, is_behind = len(block.data), self._is_behind()
        if is_behind:
            self._give_back()  # what follows is no small thing
        self._in_hand = block = _without_lines(block)
        if self._put(batch):
            self._in_hand = None
            self._tell_caught_up()
        self.active_at = now.steady
        if self._pause_while_hot(size, now, is_behind=block.backlog or is_behind):
            return True  # more will have come, though perhaps no event can tell of it
        has_all = isinstance(self.tail, Tail) and self.tail.has_all
        if has_all:
            self.look_at = self.tail.next_look(now)
        return not has_all

    def _give_back(self, *, but: int = 0) -> None:
        while len(self._tokens) > but and self._pacing is not None:
            self._pacing.give_back(self._tokens.pop(0))

    def _next_block(self, now: Moment) -> Block | None:
        self.tail.block_size = self._block_size.bytes
        self.reading_since = now.steady
        try:
            return self.tail.read(now)
        finally:
            self.reading_since = None

    def _found(self, block: Block, now: Moment) -> tuple[Block, Batch]:
        """What there is in `block`, or in its beginning, where there is more than may wait."""
        reading, size = self._reading, self._block_size
        unwrapped = reading.unwrapped(block)
        hits = reading.hits(unwrapped)
        is_divisible = unwrapped is block and block.places is None
        if is_divisible and len(hits) > size.most_hits:
            block = unwrapped = self._with_hits(size.most_hits, hits, block)
        batch = self._batch(unwrapped, hits, now)
        if block.data:
            size.learn(block.end - block.start, batch, is_divisible=is_divisible)
        return block, batch

    def _with_hits(self, most: int, hits: list[LineHit], block: Block) -> Block:
        """As much of `block` as has about `most` hits; the others are removed."""
        for number in range(most, len(hits)):
            if hits[number].start >= LEAST_KEPT:
                shorter = self.tail.give_back(block, block.offset(hits[number].start))
                if shorter is not None:
                    del hits[number:]
                return shorter or block
        return block

    def _batch(self, block: Block, hits: list[LineHit], now: Moment) -> Batch:
        is_told = block.envelopes is not None  # the times of its records
        made = self._stamps if block.backlog and block.data and not is_told else self._reading
        batch = made.batch(block, now.wall, hits)
        return batch if self._surroundings is None else self._surroundings.add(block, batch)

    def _put(self, message: Message) -> bool:
        """Wait for room in the Queue; False when everything stopped meanwhile."""
        seconds = 0.0 if self._tokens else PUT_SECONDS
        while not self.stopping.is_set():
            try:
                self._intake.put(message, timeout=seconds)
            except queue.Full:
                self._give_back()  # what it waits for may be others
                seconds = PUT_SECONDS
                if isinstance(self.tail, Tail):
                    self.tail.let_go_of_given_up()
                continue
            return True
        return False

    def _tell_caught_up(self) -> None:
        if self._told_caught_up:
            return
        if self.tail.past_opening() or self.tail.state().status != "following":
            self._told_caught_up = self._put(CaughtUp(self.path))
            self.rhythm = Rhythm()  # what was read at once until now says nothing of its pauses

    def _departs(self, departure: Departure, block: Block | None, losses: Sequence[Loss]) -> bool:
        """Whether this is told together with what is found of other logs that are gone."""
        if departure.takes(block, losses, is_left=bool(self.tail.identities())):
            return True
        self.departure = None
        departed = departure.end()
        if departed is not None:
            self._put(departed)
        return False

    def _tell_losses(self, losses: Sequence[Loss]) -> None:
        for loss in losses:
            self._put(told(self.path, self._reading.source, in_words(loss)))

    def _tell_rewritten(self) -> None:
        if self._told_rewritten or not self.tail.is_rewritten:
            return
        self._told_rewritten = self._put(rewritten(self.path, self._reading.source))

    def _tell_troubles(self) -> None:
        """What came up while rules were matched, told by whichever monitor gets to know first."""
        reading = self._reading
        for trouble in reading.troubles():
            self._put(in_matching(trouble, reading.names, self.path, reading.source))

    def _is_behind(self) -> bool:
        """Whether much more than the beginning of a line is there to be read at once."""
        return (state := self.tail.state()).size - state.offset >= SMALL_BLOCK

    def _pause_while_hot(self, size: int, now: Moment, *, is_behind: bool) -> bool:
        """Leave a file that is written all the time to gather lines; whether it is one."""
        pause = max(LONGEST_HOT_PAUSE_SECONDS, self._hot_pause)
        often = now.steady - self._last_read < pause + LONGEST_HOT_PAUSE_SECONDS
        self._last_read = now.steady
        if not often or is_behind or size >= SMALL_BLOCK:
            self._hot_pause = 0.0
            return often and not is_behind
        longest = LONGEST_HOT_PAUSE_SECONDS if size < BUSY_BYTES else BUSY_PAUSE_SECONDS
        self._hot_pause = min(longest, max(HOT_PAUSE_SECONDS, 1.2 * self._hot_pause))
        self._give_back()
        self.stopping.wait(self._hot_pause)
        return True


def _without_lines(block: Block) -> Block:
    """What is to be known of `block` while its batch waits, perhaps with a thousand others."""
    return replace(block, data=b"", joined=None, places=None, envelopes=None)
