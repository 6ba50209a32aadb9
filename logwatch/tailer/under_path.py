"""What is under one path: looked at again and again, and told to the chain of its generations.

Promise: the chain is told once of each change that a look can see: another file, none, the same
one again. A file that cannot be opened, that another tail reads or that may be a copy in the making
is tried again after pauses that grow to a minute, and at once when it changes; until then nothing
moves, and the state says why. What comes and goes between two looks is found by the chain, in the
directory, or not at all.
"""

from __future__ import annotations

import errno
import os

from logwatch.clock import Moment
from logwatch.tailer.chain import Chain
from logwatch.tailer.claims import Claims
from logwatch.tailer.fingerprint import Key, OpenFile
from logwatch.tailer.handles import TOO_FEW
from logwatch.tailer.opening import denial, open_regular
from logwatch.tailer.pauses import longer
from logwatch.tailer.signs import Sign, inode_and_size, sign_of
from logwatch.tailer.state import NO_FILE, Report

_MISSING = (errno.ENOENT, errno.ENOTDIR)


class UnderPath:
    """The place that a path names, as its tail sees it."""

    def __init__(
        self, path: str, chain: Chain, *, claims: Claims, report: Report, owner: object
    ) -> None:
        """Does no I/O."""
        self.sign: Sign = 0
        """Of what was there at the last look."""
        self.retry_at: float | None = None
        """Steady time at which to look again though nothing changed."""
        self.is_postponed = False
        """Whether what is there has to wait for what the chain has still to read."""
        self._path = path
        self._chain = chain
        self._claims = claims
        self._report = report
        self._owner = owner
        self._is_first_look = True
        self._refused_at_first: tuple[int, int] | None = None
        self._early: tuple[Key | None, int, int] = None, 0, 0
        self._delay = 0.0
        self._may_try = False

    def try_again(self) -> None:
        """What could not be opened can be now, perhaps; from any thread."""
        self._may_try = True

    def look(self, now: Moment) -> None:
        """Tell the chain of what is there now; no error, see the report.

        Costs one `stat` where nothing has changed and it is not time to try again.
        """
        self.is_postponed = False
        sign = sign_of(self._path)
        is_late = self._may_try or (self.retry_at is not None and now.steady >= self.retry_at)
        if sign == self.sign and not is_late:
            return
        self._may_try = False
        current = self._chain.current
        if not isinstance(sign, tuple):
            self._miss(sign, now)
        elif current is not None and (current.file.device, current.file.inode) == sign[:2]:
            self._settle(sign)
            self._report.say("following")
        else:
            self._meet(sign, now)

    def _miss(self, number: int, now: Moment) -> None:
        if number not in _MISSING:
            self._refuse(number, number, os.strerror(number), now)
            return
        try:
            if self._is_first_look:
                self._pass_first_look(now)
            else:
                self._chain.miss(now)
        except OSError as error:
            self._refuse(error.errno or errno.EIO, number, error.strerror or str(error), now)
            return
        self._settle(number)
        self._report.say("waiting", NO_FILE)

    def _meet(self, sign: Sign, now: Moment) -> None:
        try:
            file = open_regular(self._path, self._claims.links)
        except OSError as error:
            number = error.errno or errno.EIO
            if number in _MISSING:
                self._miss(number, now)
            else:
                self._refuse(number, sign, error.strerror or str(error), now)
            return
        try:
            self._take(file, sign, now)
        except OSError as error:
            self._chain.abandon(file)
            self._refuse(error.errno or errno.EIO, sign, error.strerror or str(error), now)

    def _take(self, file: OpenFile, sign: Sign, now: Moment) -> None:
        chain = self._chain
        held = chain.held(file.key)
        if held is not None:
            os.close(file.fd)
            chain.return_to(held, now)
        elif self._is_too_early(file):
            os.close(file.fd)
            self._stand_back("may be a copy in the making", sign, now)
            return
        elif not self._claims.claim(file.key, self._owner):
            os.close(file.fd)
            owner = getattr(self._claims.owner(file.key), "path", "another path")
            self._stand_back(f"followed as {owner}", sign, now)
            return
        elif not self._follow(file, now):
            self._chain.abandon(file)
            self.sign, self.is_postponed = 0, True
            return
        # Another file may have been there when it was opened than a moment before.
        was_seen = isinstance(sign, tuple) and sign[:2] == (file.device, file.inode)
        self._settle(sign if was_seen else 0)
        self._report.say("following")

    def _follow(self, file: OpenFile, now: Moment) -> bool:
        """Have the chain take it on; False: look once more."""
        with self._chain.expecting(file):
            if not self._is_first_look:
                return self._chain.replace(file, now)
            has_begun = self._chain.begin(file, now, self._refused_at_first)
        self._chain.doubt_all()
        self._is_first_look = False
        return has_begun

    def _is_too_early(self, file: OpenFile) -> bool:
        """Whether to leave a file to the tail of the log that it may be a copy of, for a while.

        A few seconds are enough for that tail; a file that grows may have a minute.
        """
        if not self._chain.is_premature(file):
            return False
        key, size, looks = self._early
        if key != file.key:
            size, looks = file.size, 0
        self._early = file.key, file.size, looks + 1
        return looks < (6 if file.size > size else 3)

    def _stand_back(self, reason: str, sign: Sign, now: Moment) -> None:
        """Another tail reads this file, or may have to."""
        self._pass_first_look(now)
        self._chain.leave(now)
        self._back_off(sign, now)
        self._report.say("waiting", reason)

    def _pass_first_look(self, now: Moment) -> None:
        if self._is_first_look:
            self._chain.begin(None, now)
            self._chain.doubt_all()
            self._is_first_look = False

    def _settle(self, sign: Sign) -> None:
        self.sign, self.retry_at, self._delay = sign, None, 0.0
        self._claims.handles.got(self._path)

    def _refuse(self, number: int, sign: Sign, text: str, now: Moment) -> None:
        """The path is there, but not for us: nothing moves, and we try again."""
        self._back_off(sign, now)
        if number in TOO_FEW:
            self._claims.handles.want(self._path, OSError(number, text), self.try_again)
        if self._is_first_look and self._refused_at_first is None:
            self._refused_at_first = inode_and_size(self._path)
        if number in (errno.EACCES, errno.EPERM):
            self._report.say("denied", denial(self._path))
        else:
            self._report.say("error", text, quietly=number in TOO_FEW)

    def _back_off(self, sign: Sign, now: Moment) -> None:
        before = self._delay if sign == self.sign else 0.0
        self.sign = sign
        self._delay = longer(before)
        self.retry_at = now.steady + self._delay
