"""Lines of a backlog that have no stamp of their own: as old as the lines around them."""

from __future__ import annotations

from doubles.rules import START, checkpoint

from logwatch.clock import ManualClock
from logwatch.config.loader import load
from logwatch.daemon.compiling import CompileWatch
from logwatch.daemon.readings import Readings
from logwatch.daemon.stamps import Stamps
from logwatch.records import Block


def times(tmp_path, *blocks: str, source: str = "tz: UTC") -> list[list[float]]:
    """Seconds after the start of the records of each block, and of its last line."""
    path = tmp_path / "logwatch.yaml"
    path.write_text(
        f"state: {tmp_path}\nsources: {{app: {{path: {tmp_path}/app.log, {source}}}}}\n"
        "rules: [{name: boom, match: boom}]\nsinks: {out: {console: {}}}\n"
    )
    config = load(path)
    readings = Readings(config, "reference", CompileWatch(ManualClock()))
    stamps, found, start = Stamps(readings.of(("app",))), [], 0
    for text in blocks:
        data = text.encode()
        block = Block(
            path="/a",
            data=data,
            start=start,
            end=start + len(data),
            checkpoint=checkpoint(start + len(data)),
            backlog=True,
        )
        start += len(data)
        batch = stamps.batch(block, START + 3600)
        assert batch.backlog
        found.append([each.time - START for each in batch.records] + [batch.last_time - START])
    return found


def test_a_line_without_a_stamp_is_as_old_as_the_line_before_it(tmp_path):
    """The lines of a stack trace were written with the line that they explain."""
    assert times(
        tmp_path,
        "2026-01-05T00:00:10Z failed\n  at boom()\n  at main()\n2026-01-05T00:00:20Z boom\n at x\n",
    ) == [[10.0, 20.0, 20.0]]


def test_a_block_goes_on_where_the_one_before_it_ended(tmp_path):
    """A trace may be cut at any line."""
    assert times(tmp_path, "2026-01-05T00:00:10Z failed\n", "  at boom()\n  at x\n") == [
        [10.0],
        [10.0, 10.0],
    ]


def test_where_no_line_comes_before_the_next_one_tells(tmp_path):
    """The file begins with a banner."""
    assert times(tmp_path, "boom 1.0\n2026-01-05T00:00:10Z up\n") == [[10.0, 10.0]]


def test_a_stamp_is_written_as_the_source_says(tmp_path):
    """In its zone; a line that has none so is as old as the one before it, whatever else it has."""
    text = "up\n[7] 05/01/2026 01:00:10 boom\n2019-01-05T00:00:00Z boom\n05/01/2026 01:00:20 x\n"
    source = "tz: Europe/Paris, time_format: '%d/%m/%Y %H:%M:%S'"
    assert times(tmp_path, text, source=source) == [[10.0, 10.0, 20.0]]


def test_each_line_is_looked_at_for_a_stamp_a_few_times_however_many_ask_for_one(
    tmp_path, monkeypatch
):
    """Not once for each that asks."""
    looks = []
    look = Stamps._stamp
    monkeypatch.setattr(Stamps, "_stamp", lambda *a: looks.append(a[2]) or look(*a))
    (found,) = times(tmp_path, "boom\n" * 150)
    assert found == [3600.0] * 151
    assert len(looks) <= 150 + 1
    looks.clear()
    late = "boom\n" * 20 + "no\n" * 190 + "2026-01-05T00:00:10Z up\n"
    assert times(tmp_path, late) == [[3600.0] * 11 + [10.0] * 10]
    assert len(looks) <= 2 * 211


def test_in_a_log_without_stamps_all_lines_are_of_the_time_that_is_given(tmp_path):
    """For a daemon that is when it reads them."""
    assert times(tmp_path, "boom\nno\n", "boom\n") == [[3600.0, 3600.0], [3600.0, 3600.0]]
