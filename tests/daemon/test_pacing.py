"""However many have something to do, a few are awake; no wake is lost."""

from __future__ import annotations

from threading import Event, Thread

from doubles.process import ended, eventually
from hypothesis import given
from hypothesis import strategies as st

from logwatch.clock import ManualClock
from logwatch.daemon.pacing import PATIENCE_SECONDS, Pacing


class Sleeper:
    """Keeps what it was granted until it is told to do its work."""

    def __init__(self, pacing):
        self.is_in_line = False
        self.pacing = pacing
        self.tokens = []
        self.worked = 0
        self.again = False

    def grant(self, token):
        self.tokens.append(token)

    @property
    def is_awake(self):
        return bool(self.tokens)

    def look_again(self):
        self.again = True

    def work(self):
        self.worked += 1
        self.again = False
        tokens, self.tokens = self.tokens, []
        for token in tokens:
            self.pacing.give_back(token)


def sleepers(number, tokens):
    clock = ManualClock()
    pacing = Pacing(tokens, clock)
    return clock, pacing, [Sleeper(pacing) for _ in range(number)]


def test_the_first_are_woken_at_once_and_the_others_when_these_have_worked():
    _, pacing, some = sleepers(5, 2)
    for each in some:
        pacing.wake(each)
    assert [len(each.tokens) for each in some] == [1, 1, 0, 0, 0]
    some[0].work()
    assert [len(each.tokens) for each in some] == [0, 1, 1, 0, 0]


def test_who_stands_in_line_is_woken_once_however_often_it_was_asked_for():
    _, pacing, (first, second) = sleepers(2, 1)
    pacing.wake(first)
    for _ in range(5):
        pacing.wake(second)
    first.work()
    assert len(second.tokens) == 1
    second.work()
    assert not second.tokens


def test_a_wake_while_it_works_has_it_work_again():
    _, pacing, (only,) = sleepers(1, 1)
    pacing.wake(only)
    pacing.wake(only)  # something came after it had looked
    assert only.again
    assert len(only.tokens) == 1


def test_one_that_is_busy_for_long_never_has_the_tokens_of_others():
    """However often it is woken meanwhile."""
    _, pacing, (busy, other) = sleepers(2, 2)
    for _ in range(5):
        pacing.wake(busy)
    pacing.wake(other)
    assert other.is_awake


def test_one_that_hangs_holds_up_the_others_for_some_seconds():
    clock, pacing, (hangs, waits, last) = sleepers(3, 1)
    for each in (hangs, waits, last):
        pacing.wake(each)
    clock.advance(PATIENCE_SECONDS)
    pacing.check(clock.steady())
    assert (len(waits.tokens), len(last.tokens)) == (1, 0)
    hangs.work()  # it is back: its token was replaced, there is one as before
    assert not last.tokens
    waits.work()
    assert last.tokens


def test_who_makes_many_rests_until_the_last_one_had_its_turn():
    """Those before it as well; no longer than none of them gets on."""
    _, pacing, (first, second) = sleepers(2, 1)
    pacing.wake(first)
    pacing.rest_until_done(first, 0.001)
    assert first.is_awake
    pacing.wake(second)
    pacing.rest_until_done(second, 0.001)
    assert second.is_in_line

    def work():
        first.work()
        second.work()

    worker = Thread(target=work, daemon=True)
    worker.start()
    pacing.rest_until_done(second, 60.0)
    assert not first.is_awake
    assert not second.is_in_line
    assert not second.is_awake
    ended(worker)


def test_who_makes_many_does_not_wait_for_ever_for_those_that_hang():
    """All tokens are out with them, and nobody else looks after that meanwhile."""
    clock, pacing, (hangs, waits) = sleepers(2, 1)
    pacing.wake(hangs)
    pacing.wake(waits)
    clock.advance(PATIENCE_SECONDS)
    pacing.rest_until_done(waits, 0.001)
    assert waits.is_awake


def test_who_makes_many_does_not_wait_for_one_that_hangs_while_others_come_and_go():
    """A file on a dead disk, among some that are written all the time: no start had an end."""
    clock, pacing, (hangs, busy) = sleepers(2, 2)
    over = Event()

    def work():
        while not over.is_set():
            pacing.wake(busy)
            busy.work()
            clock.advance(0.001)

    worker = Thread(target=work, daemon=True)
    pacing.wake(hangs)
    maker = Thread(target=pacing.rest_until_done, args=(hangs, 60.0), daemon=True)
    worker.start()
    maker.start()
    try:
        ended(maker)
    finally:
        over.set()
    ended(worker)
    assert hangs.is_awake


@given(st.lists(st.tuples(st.integers(0, 4), st.booleans())), st.integers(1, 3))
def test_everyone_who_was_asked_for_works_after_that(steps, tokens):
    """Whatever the order; and there are never more awake than there are tokens."""
    _, pacing, some = sleepers(5, tokens)
    due = [False] * 5
    for number, is_wake in steps:
        if is_wake:
            pacing.wake(some[number])
            due[number] = True
        elif some[number].tokens:
            some[number].work()
            due[number] = some[number].is_in_line or bool(some[number].tokens)
        assert sum(len(each.tokens) for each in some) <= tokens
    while any(each.tokens for each in some):
        for number, each in enumerate(some):
            if each.tokens:
                each.work()
                due[number] = False
    assert not any(due)


def test_many_threads_lose_no_wake():
    """Each is asked for again and again while it works, and has seen all in the end."""

    class Counting(Thread):
        def __init__(self, pacing):
            super().__init__(daemon=True)
            self.is_in_line, self.pacing, self.tokens = False, pacing, []
            self.dirty, self.asked, self.seen, self.over = Event(), 0, 0, False

        def grant(self, token):
            self.tokens.append(token)
            self.dirty.set()

        @property
        def is_awake(self):
            return bool(self.tokens)

        def look_again(self):
            self.dirty.set()

        def ask(self):
            self.asked += 1
            self.pacing.wake(self)

        def run(self):
            while not self.over:
                self.dirty.wait(60)
                self.dirty.clear()
                self.seen = self.asked
                while self.tokens:
                    self.pacing.give_back(self.tokens.pop())

    pacing = Pacing(2, ManualClock())
    threads = [Counting(pacing) for _ in range(8)]
    for each in threads:
        each.start()
    for _ in range(500):
        for each in threads:
            each.ask()
    eventually(lambda: all(each.seen == 500 for each in threads), "all have seen all")
    for each in threads:
        each.over = True
        each.dirty.set()
        each.join(60)
    assert len(pacing._free) == 2
