"""Old logs: several at once, rotated, compressed, cut off, without stamps."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from backports import zstd
from msgspec.structs import replace

from logwatch.config.loader import load
from logwatch.errors import UsageError
from logwatch.records import encode_alert
from logwatch.simulation import ReplayFile, Simulation, TimeRange
from logwatch.simulation.choosing import files_named, files_of_sources

START = 1_767_571_200.0  # 2026-01-05T00:00:00Z

CONFIG = """\
state: FOLDER/state
sources:
  app: {path: FOLDER/app*.log, late: 1s}
  auth: {path: FOLDER/auth.log, late: 1s}
rules:
- {name: fail, match: 'fail (?P<who>\\S+)', by: who, cooldown: 30s}
- {name: burst, match: 'slow', when: 3 in 1m}
- {name: twice, sequence: [{in: app, match: first}, {in: auth, match: second}], within: 5m}
"""


@pytest.fixture
def config(tmp_path):
    file = tmp_path / "logwatch.yaml"
    file.write_text(CONFIG.replace("FOLDER", str(tmp_path)), encoding="utf-8")
    return load(file)


def stamp(at: float) -> str:
    return datetime.fromtimestamp(START + at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def lines(*written: tuple[float, str]) -> bytes:
    return "".join(f"{stamp(at)} {text}\n" for at, text in written).encode()


def play(config, files, **options):
    simulation = Simulation(config, host="web1")
    totals = simulation.feed_files(files, **options)
    return simulation.events, totals


def story(events):
    return [(each.alert.rule, each.alert.status, each.at - START) for each in events]


def log(path, source, *generations):
    return ReplayFile(
        path=str(path), sources=(source,), generations=tuple(map(str, generations or (path,)))
    )


def test_files_are_merged_by_the_time_of_their_lines(config, tmp_path):
    (tmp_path / "app.log").write_bytes(lines((0, "x"), (10, "first"), (900, "first"), (990, "x")))
    (tmp_path / "auth.log").write_bytes(lines((5, "second"), (20, "second"), (950, "second")))
    files, problems = files_of_sources(config.sources)
    assert problems == {}
    events, totals = play(config, files)
    assert [each for each in story(events) if each[1] == "firing"] == [
        ("twice", "firing", 20),
        ("twice", "firing", 950),
    ]
    assert (totals.files, totals.lines) == (2, 7)
    assert (
        totals.size
        == totals.consumed
        == sum((tmp_path / name).stat().st_size for name in ("app.log", "auth.log"))
    )
    assert (totals.first, totals.last) == (START, START + 990)
    assert totals.stampless == totals.problems == totals.skipped == []


PACKERS = {
    "gz": gzip.compress,
    "zst": zstd.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
}


def history(length: int) -> list[bytes]:
    """Lines of an hour and more, some of them without a stamp, in rotated pieces."""
    texts = ["fail anna", "slow", "fine", "fail bert", "slow", "slow", "first"]
    return [
        b"  at fail zoe\n" if number % 11 == 5 else lines((7 * number, texts[number % 7]))
        for number in range(length)
    ]


def without_place(events):
    """All of what is told but where it was read: names of generations and offsets in them."""

    def placeless(alert):
        return replace(alert, id="", lines=[replace(each, offset=0) for each in alert.lines])

    return [encode_alert(placeless(each.alert)) for each in events]


@pytest.mark.parametrize("packer", PACKERS)
def test_rotated_and_compressed_files_are_what_they_were_before(config, tmp_path, packer):
    pieces = history(600)
    whole = tmp_path / "whole" / "app.log"
    whole.parent.mkdir()
    whole.write_bytes(b"".join(pieces))
    path = tmp_path / "app.log"
    path.write_bytes(b"".join(pieces[500:]))
    (tmp_path / "app.log.1").write_bytes(b"".join(pieces[300:500]))
    pack = PACKERS[packer]
    (tmp_path / f"app.log.2.{packer}").write_bytes(pack(b"".join(pieces[100:300])))
    (tmp_path / f"app.log.10.{packer}").write_bytes(
        pack(b"".join(pieces[:33])) + pack(b"".join(pieces[33:100]))  # as `cat a.gz b.gz` gives
    )
    files, _ = files_of_sources(config.sources)
    assert [Path(each).name for each in files[0].generations] == [
        f"app.log.10.{packer}",
        f"app.log.2.{packer}",
        "app.log.1",
        "app.log",
    ]
    rotated, totals = play(config, files)
    single, _ = play(config, [log(path, "app", whole)])
    assert len(single) > 100
    assert without_place(rotated) == without_place(single)
    assert (totals.files, totals.lines) == (4, 600)
    assert totals.size == whole.stat().st_size
    assert totals.consumed == sum(Path(each).stat().st_size for each in files[0].generations)


def test_ids_are_those_of_the_file_that_was_followed(config, tmp_path):
    """Rotation by renaming keeps the file: an alert from it has the id that it had live."""
    path = tmp_path / "app.log"
    path.write_bytes(lines((0, "fail anna")))
    before, _ = play(config, [log(path, "app")])
    path.rename(tmp_path / "app.log.1")
    path.write_bytes(lines((100, "fine")))
    after, _ = play(config, files_of_sources(config.sources)[0])
    assert [encode_alert(each.alert) for each in after] == [
        encode_alert(each.alert) for each in before
    ]


def test_dates_in_names_go_forward_and_numbers_backward(config, tmp_path):
    for name in ("20260103", "20260102", "20260104"):
        (tmp_path / f"app.log-{name}.gz").write_bytes(gzip.compress(b""))
    (tmp_path / "app.log").write_bytes(b"")
    [file] = files_of_sources(config.sources)[0]
    assert [Path(each).name for each in file.generations] == [
        "app.log-20260102.gz",
        "app.log-20260103.gz",
        "app.log-20260104.gz",
        "app.log",
    ]


def test_what_is_there_both_ways_is_read_once(config, tmp_path):
    """The rotation is at it: the compressed file is not complete yet."""
    (tmp_path / "app.log.1").write_bytes(lines((0, "fail anna")))
    (tmp_path / "app.log.1.gz").write_bytes(gzip.compress(lines((0, "fail anna"))))
    (tmp_path / "app.log").write_bytes(b"")
    [file] = files_of_sources(config.sources)[0]
    assert [Path(each).name for each in file.generations] == ["app.log.1", "app.log"]


def test_a_line_without_a_stamp_has_the_time_of_the_one_before(config, tmp_path):
    path = tmp_path / "app.log"
    path.write_bytes(
        b"fail head\n"
        + lines((100, "x"))
        + b"  at some.place\n  at fail trace\n"
        + lines((200, "fail own"))
        + b"slow\nslow\nslow\n"
    )
    events, totals = play(config, [log(path, "app")])
    assert story(events) == [
        ("fail", "firing", 100),
        ("fail", "firing", 100),
        ("fail", "firing", 200),
        ("burst", "firing", 200),
    ]
    assert totals.stampless == []


def test_a_file_without_stamps_is_as_old_as_its_last_change(config, tmp_path):
    path = tmp_path / "app.log"
    path.write_bytes(b"fail anna\nfine\n" * 5000)
    os.utime(path, (START, START + 77))
    events, totals = play(config, [log(path, "app")])
    assert story(events) == [("fail", "firing", 77)]
    assert totals.stampless == [str(path)]
    assert (totals.first, totals.last) == (START + 77, START + 77)


def test_a_syslog_stamp_has_the_year_of_its_file(tmp_path):
    file = tmp_path / "logwatch.yaml"
    text = (
        "state: S\nsources: {a: {path: A, format: syslog, tz: UTC}}\nrules: [{name: r, match: x}]\n"
    )
    file.write_text(text.replace("S\n", f"{tmp_path}/s\n").replace("A,", f"{tmp_path}/a.log,"))
    path = tmp_path / "a.log"
    path.write_bytes(b"Dec 31 23:59:59 web1 cron: x\n")
    written = datetime(2019, 1, 1, tzinfo=UTC).timestamp()
    os.utime(path, (written, written))
    events, _ = play(load(file), [log(path, "a")])
    assert [each.alert.at for each in events] == ["2018-12-31T23:59:59.000Z"]
    said = ReplayFile(
        path=str(path), sources=("a",), generations=(str(path),), written=written + 1e8
    )
    events, _ = play(load(file), [said])
    assert [each.alert.at[:4] for each in events] == ["2021"]


def test_only_a_part_of_the_past(config, tmp_path):
    path = tmp_path / "app.log"
    path.write_bytes(lines(*((60 * number, f"fail w{number}") for number in range(20))))
    range_ = TimeRange(since=START + 300, until=START + 600)
    events, _ = play(config, [log(path, "app")], range_=range_)
    assert [each.alert.key["who"] for each in events] == [f"w{number}" for number in range(5, 11)]


def test_a_file_that_was_written_last_before_that_is_not_read(config, tmp_path):
    path, old = tmp_path / "app.log", tmp_path / "app.log.1"
    old.write_bytes(lines((0, "fail anna")))
    os.utime(old, (START + 1, START + 1))
    path.write_bytes(lines((500, "fail bert")))
    events, totals = play(
        config, [log(path, "app", old, path)], range_=TimeRange(since=START + 300)
    )
    assert [each.alert.key["who"] for each in events] == ["bert"]
    assert (totals.skipped, totals.files) == ([str(old)], 1)


def test_what_is_cut_off_or_missing_is_named_and_the_rest_is_read(config, tmp_path):
    path, bad = tmp_path / "app.log", tmp_path / "app.log.1.gz"
    packed = gzip.compress(lines(*((number, "fine") for number in range(3000))))
    bad.write_bytes(packed[: len(packed) // 2])
    path.write_bytes(lines((9000, "fail bert")))
    events, totals = play(config, [log(path, "app", tmp_path / "app.log.2", bad, path)])
    assert story(events) == [("fail", "firing", 9000)]
    assert [name for name, _ in totals.problems] == [str(tmp_path / "app.log.2"), str(bad)]


def test_damaged_zstd_is_named(config, tmp_path):
    path = tmp_path / "app.log.1.zst"
    packed = bytearray(zstd.compress(os.urandom(5000)))
    packed[100] ^= 1
    path.write_bytes(packed[:3000])
    _, totals = play(config, [log(path, "app")])
    assert [name for name, _ in totals.problems] == [str(path)]


def test_what_nothing_reads_is_refused_with_a_remedy(config, tmp_path):
    path = tmp_path / "app.log.1.lz4"
    path.write_bytes(b"\x04\x22\x4d\x18....")
    with pytest.raises(UsageError, match="lz4 -dc"):
        play(config, [log(path, "app")])


@pytest.mark.parametrize("length", [10, 262_144, 262_145, 3_000_000])
@pytest.mark.parametrize("ends", [True, False])
def test_over_long_lines_are_cut_alike_in_plain_and_compressed_files(
    config, tmp_path, length, ends
):
    content = lines((0, "fine")) + lines((1, "fail anna" + " x" * (length // 2)))
    content = content if ends else content[:-1]
    content += lines((2, "fail bert")) if ends else b""
    path, packed = tmp_path / "app.log", tmp_path / "app2.log.gz"
    path.write_bytes(content)
    packed.write_bytes(gzip.compress(content))
    plain, totals = play(config, [log(path, "app")])
    other, other_totals = play(config, [log(path, "app", packed)])
    assert len(plain) == 1 + ends
    assert without_place(plain) == without_place(other)
    assert [each.alert.lines[0].offset for each in plain] == [
        each.alert.lines[0].offset for each in other
    ]
    assert (
        (totals.lines, totals.size)
        == (other_totals.lines, other_totals.size)
        == (
            2 + ends,
            len(content),
        )
    )


class TestWhoseLines:
    def names(self, config, *paths, source=None):
        return [(each.path, each.sources) for each in files_named(paths, config.sources, source)]

    def test_a_rotated_name_is_that_of_its_log(self, config, tmp_path):
        for name in ("auth.log.2.gz", "auth.log-20260101.zst", "auth.log.gz", "auth.log"):
            assert self.names(config, f"{tmp_path}/{name}") == [(f"{tmp_path}/auth.log", ("auth",))]

    def test_a_copy_elsewhere_goes_by_its_name(self, config):
        assert self.names(config, "/mnt/old/app-7.log.1") == [("/mnt/old/app-7.log", ("app",))]

    def test_files_of_one_log_are_one(self, config, tmp_path):
        for name in ("app.log", "app.log.1", "app.log.2"):
            (tmp_path / name).write_bytes(b"")
        named = [f"{tmp_path}/app.log", f"{tmp_path}/app.log.1", f"{tmp_path}/app.log.2"]
        [file] = files_named(named, config.sources, None)
        assert file.generations == tuple(reversed(named))

    def test_a_source_can_be_said(self, config):
        assert self.names(config, "/x/other", source="auth") == [("/x/other", ("auth",))]

    def test_an_unknown_source_is_an_error(self, config):
        with pytest.raises(UsageError, match="no source 'nowhere'; there are: app auth"):
            self.names(config, "/x/other", source="nowhere")

    def test_a_name_that_says_nothing_is_an_error(self, config, tmp_path):
        other = tmp_path / "other"
        other.touch()
        with pytest.raises(UsageError, match="of no source that is known; say --source"):
            self.names(config, str(other))

    def test_a_file_that_is_not_there_is_said_before_its_source_is_asked_for(self, config):
        with pytest.raises(UsageError, match="there is no file /x/other"):
            self.names(config, "/x/other")

    def test_with_one_source_there_is_no_question(self, config):
        [file] = files_named(["/x/other"], config.sources[:1], None)
        assert file.sources == ("app",)
