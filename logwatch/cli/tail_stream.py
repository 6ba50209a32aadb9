"""`logwatch tail` on a pipe or into a file, and with --raw: the bytes as they are.

One thread reads and writes; a second one hears the events of the kernel, once everything that was
there has been shown.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Sequence

from logwatch.cli.tail_bytes import ByteFollower
from logwatch.cli.tail_globs import Globs
from logwatch.cli.tail_output import Output, Sheet
from logwatch.cli.tail_request import Request, note, refuse
from logwatch.cli.tail_waiting import Waiting, is_alive
from logwatch.daemon import signals
from logwatch.errors import Exit

NO_EVENTS = "inotify cannot be used, reverting to polling"


def stream(
    request: Request, output: Output, sheet: Sheet, news: Callable[[], None] | None = None
) -> Exit:
    """Show what is there, then what comes. Raises BrokenPipeError when the reader goes.

    `news` is called after each look, and says what nobody else would.
    """
    if not request.amount and request.follow is None and not request.from_start:
        return Exit.DONE
    globs = Globs(request.files)
    follower = ByteFollower(request, sheet, globs.names())
    try:
        follower.begin()
        if request.follow is not None and (globs.patterns or follower.drop_pipes_on_stdin()):
            _follow(request, output, follower, globs, news)
    finally:
        follower.close()
    if sys.stdin is None and "-" in request.files:
        refuse(f"-: {os.strerror(errno.EBADF)}")
    return Exit.DONE if follower.all_well else Exit.NO


def _follow(
    request: Request,
    output: Output,
    follower: ByteFollower,
    globs: Globs,
    news: Callable[[], None] | None,
) -> None:
    waiting = Waiting(request.interval, output=output if output.is_pipe else None)
    hearing = request.events and bool(follower.names() or globs.patterns)
    if hearing and (why_not := waiting.hear(follower.names())):
        note(f"inotify cannot be used, reverting to polling: {why_not}")
        hearing = False
    try:
        writer_is_dead = False
        # A file that was moved away is heard of no more, and a process that ends not at all.
        by_the_clock = request.pid is not None or request.follow == "descriptor" or news is not None
        soonest = request.interval if by_the_clock else None
        while True:
            signals.end_if_asked()
            came = follower.look()
            if news is not None:
                news()
            if not follower.is_anything_left() and not globs.patterns:
                if not follower.has_streamed():
                    note("no files remaining")
                return
            if hearing and follower.lost_directory:
                note("directory containing watched file was removed")
                note(NO_EVENTS)
                waiting.close()
                hearing = False
            if hearing:
                waiting.renew(follower.moved())
            if came:
                continue
            if writer_is_dead:
                return
            # What the writer wrote last is read once more after its end.
            writer_is_dead = request.pid is not None and not is_alive(request.pid)
            if not writer_is_dead:
                waiting.also_for(follower.waited_for())
                waiting.wait(soonest)
                _add(globs.new(), follower, waiting if hearing else None)
    finally:
        waiting.close()


def _add(names: Sequence[str], follower: ByteFollower, waiting: Waiting | None) -> None:
    for name in names:
        follower.add(name)
    if waiting is not None:
        waiting.watch(names)
