"""The lines around a record are the same however its file is cut and whenever the daemon starts."""

from __future__ import annotations

from doubles.rules import START
from doubles.surroundings import (
    EVERY,
    THREE_TWO,
    Follower,
    ends_of,
    expected,
    stamped,
    texts,
    told_by,
)
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from logwatch.records import Alert, encode_alert
from logwatch.rules.base import ContextSettings, Threshold

CONTEXTS = st.builds(
    ContextSettings,
    before=st.integers(0, 4),
    after=st.integers(0, 4),
    max_wait=st.sampled_from([0.0, 1.0, 5.0]),
).filter(lambda context: context.before or context.after)

LONG = "long"
"""Stands for a line of 30,000 characters."""

LINES = st.lists(
    st.tuples(
        st.sampled_from([None, 0, 0, 1, 3]),  # seconds since the stamp before
        st.sampled_from(["ERROR", "fine", "at foo.py", "", "Zeile mit ü", LONG, "ERROR ü"]),
    ),
    min_size=1,
    max_size=25,
)


def written(drawn) -> list[tuple[float | None, str]]:
    """The lines with the stamps that they have."""
    clock, lines = START, []
    for gap, short in drawn:
        text = "x" * 30_000 if short == LONG else short
        if gap is None:
            lines.append((None, text))
        else:
            clock += gap
            lines.append((clock, stamped(clock, text)))
    return lines


def file_of(lines) -> bytes:
    """The bytes of it."""
    return "".join(f"{text}\n" for _, text in lines).encode()


CUTS = st.tuples(LINES, st.lists(st.booleans(), min_size=25, max_size=25))
"""Lines, and for each whether a block ends behind it."""


def laid_out(cut) -> tuple[list[tuple[float | None, str]], list[int]]:
    """The lines, and where blocks of them end."""
    drawn, cuts = cut
    lines = written(drawn)
    ends = ends_of(file_of(lines))
    return lines, [end for end, here in zip(ends, cuts, strict=False) if here or end == ends[-1]]


def bytes_of(alerts: list[Alert]) -> list[bytes]:
    """What is sent."""
    return list(map(encode_alert, alerts))


@given(CUTS, CONTEXTS)
def test_context_is_what_it_is_by_its_definition_however_a_file_is_cut(cut, context):
    """The oracle looks at the whole file."""
    lines, ends = laid_out(cut)
    told = told_by(Follower(file_of(lines), [replace(EVERY, context=context)]), ends)
    by_offset = sorted(told, key=lambda alert: alert.lines[0].offset)
    numbers = [number for number, (_, text) in enumerate(lines) if "ERROR" in text]
    assert len(by_offset) == len(numbers)
    for alert, number in zip(by_offset, numbers, strict=True):
        before, after = expected(lines, number, context)
        quoted_before, quoted_after = texts(alert)
        assert [each[:2000] for each in quoted_before] == [each[:2000] for each in before]
        assert [each[:2000] for each in quoted_after] == [each[:2000] for each in after]


@given(CUTS, st.lists(st.booleans(), min_size=30, max_size=30), CONTEXTS, st.integers(1, 3))
def test_restarts_between_blocks_change_nothing(cut, restarts, context, count):
    """A rule without a state and one with it; held alerts and remembered lines are restored."""
    lines, ends = laid_out(cut)
    data = file_of(lines)
    burst = replace(
        EVERY,
        name="burst",
        kind=Threshold(count=count, window=4.0),
        context=replace(context, after=2),
    )
    rules = [replace(EVERY, context=context), burst]
    follower = Follower(data, rules)
    for end, restart in zip(ends, restarts, strict=False):
        follower.read(end)
        if restart:
            follower.start()
    whole = told_by(Follower(data, rules), ends[-1:])
    assert bytes_of(follower.finish()) == bytes_of(whole)


@given(CUTS, st.data())
def test_a_restart_in_the_middle_of_a_block_changes_nothing(cut, data):
    """Where backlogs are merged a block is taken in slices, and each may be the last one."""
    lines, _ = laid_out(cut)
    content = file_of(lines)
    follower = Follower(content, [EVERY])
    while follower.offset < len(content):
        batch = follower.batch(len(content))
        firsts = [
            number
            for number, match in enumerate(batch.matches)
            if not number or match.record != batch.matches[number - 1].record
        ]
        end = data.draw(st.sampled_from([*firsts[1:], None]))
        follower.pipeline.take(batch, follower.now, 0, end)
        follower.commit()
        follower.start()
    whole = told_by(Follower(content, [EVERY]), [len(content)])
    assert bytes_of(follower.finish()) == bytes_of(whole)


@given(CUTS)
def test_live_tells_what_a_replay_tells_where_lines_come_when_they_are_stamped(cut):
    """Who has waited for `max_wait` live sees what lies within it in a replay."""
    lines = [each for each in laid_out(cut)[0] if each[0] is not None]
    data = file_of(lines)
    rules = [replace(EVERY, context=replace(THREE_TWO, max_wait=2.5))]
    live = Follower(data, rules, live=True, wall=START)
    for end, (stamp, _) in zip(ends_of(data), lines, strict=True):
        live.wait(stamp - live.now.wall)
        live.read(end)
    live.wait(2.5)
    assert not live.pipeline.holding
    replayed = told_by(Follower(data, rules), [len(data)] if data else [])
    assert sorted(map(texts, live.told)) == sorted(map(texts, replayed))
