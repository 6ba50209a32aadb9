"""`logwatch run --once`: everything up to the end of every file, each alert once, then exit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from doubles import oracle
from doubles.engines import ENGINES
from doubles.forked import run_once
from doubles.process import alerts_in

CONFIG = """\
sources: {{app: {{path: {folder}/app.log, start: beginning}}}}
rules: [{{name: err, match: 'ERROR', cooldown: 0}}]
sinks: {{out: {{jsonl_file: {{path: {folder}/alerts.jsonl}}}}}}
"""


def write_lines(path: Path, first: int, count: int, every: int = 20) -> None:
    """Lines of changing length, of which each `every`-th is an error."""
    with path.open("a", encoding="utf-8") as file:
        for number in range(first, first + count):
            level = "ERROR" if number % every == 0 else "INFO"
            file.write(
                f"2026-01-05 {level} worker é{number % 7} {'.' * (number % 50)} n={number}\n"
            )


def numbers(alerts) -> list[int]:
    return [int(alert["lines"][0]["text"].rpartition("=")[2]) for alert in alerts]


def test_each_error_is_told_once_and_a_second_run_tells_none(tmp_path):
    """200,000 lines, 10,000 errors; what is appended later is all that a third run tells."""
    log, out = tmp_path / "app.log", tmp_path / "alerts.jsonl"
    write_lines(log, 0, 200_000)
    done = run_once(tmp_path, CONFIG.format(folder=tmp_path))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    alerts = alerts_in(out)
    assert numbers(alerts) == list(range(0, 200_000, 20))
    assert len({alert["id"] for alert in alerts}) == len(alerts)
    with log.open("rb") as file:
        for alert in alerts:
            [line] = alert["lines"]
            file.seek(line["offset"])
            assert file.readline() == line["text"].encode() + b"\n"
            assert line["path"] == alert["path"] == str(log)

    assert run_once(tmp_path, CONFIG.format(folder=tmp_path)).returncode == 0
    assert len(alerts_in(out)) == len(alerts)

    write_lines(log, 200_000, 1_000)
    assert run_once(tmp_path, CONFIG.format(folder=tmp_path)).returncode == 0
    assert numbers(alerts_in(out)[len(alerts) :]) == list(range(200_000, 201_000, 20))


def test_an_alert_has_the_keys_of_the_contract(tmp_path):
    """Schema 1, as documented: no key more, no key less."""
    write_lines(tmp_path / "app.log", 0, 1)
    run_once(tmp_path, CONFIG.format(folder=tmp_path))
    [line] = (tmp_path / "alerts.jsonl").read_text(encoding="utf-8").splitlines()
    assert list(json.loads(line)) == [
        *("schema", "id", "seq", "status", "rule", "severity", "message", "source", "path"),
        *("host", "key", "fields", "count", "suppressed", "first", "last", "at", "late"),
        *("lines", "context", "labels"),
    ]


def test_nothing_to_read_is_done_at_once(tmp_path):
    """A log that is not there yet is ordinary: the run ends, and reads it when it has come."""
    done = run_once(tmp_path, CONFIG.format(folder=tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    write_lines(tmp_path / "app.log", 0, 1)
    run_once(tmp_path, CONFIG.format(folder=tmp_path))
    assert numbers(alerts_in(tmp_path / "alerts.jsonl")) == [0]


@pytest.mark.parametrize("codec", ["plain", "awkward"])
def test_all_engines_tell_the_same(tmp_path, codec):
    """The same bytes give the same alerts, by id, text and offset, whichever engine looked."""
    log = tmp_path / "app.log"
    if codec == "plain":
        write_lines(log, 0, 20_000)
    else:
        pieces = [b"ERROR \xff\xfe\xe9 latin\r\n", b"fine\r\n", b"ERROR cr only\rmore\n", b"\n"]
        pieces += [
            b"ERR\xc3\x96R no\nERROR \xe2\x80\xa8 separator \x85 \x0b \x0c\n",
            b"x\0ERROR\0\n",
        ]
        log.write_bytes(b"".join(pieces) * 300 + b"ERROR without newline")
    told = {}
    for engine in ENGINES:
        folder = tmp_path / engine
        folder.mkdir()
        config = CONFIG.format(folder=tmp_path).replace(
            str(tmp_path / "alerts.jsonl"), str(folder / "alerts.jsonl")
        )
        assert run_once(folder, config, "--engine", engine).returncode == 0
        told[engine] = [
            (alert["id"], alert["seq"], alert["lines"][0]["offset"], alert["lines"][0]["text"])
            for alert in alerts_in(folder / "alerts.jsonl")
        ]
    assert told["hyperscan"] == told["aho-corasick"] == told["reference"]
    assert len(told["hyperscan"]) == (1_000 if codec == "plain" else 1_200)


def test_a_directory_of_logs_is_read_whole(tmp_path):
    """A glob of files, each with its own errors: every one of them, in order within its file."""
    logs = tmp_path / "logs"
    logs.mkdir()
    writers = [oracle.Writer(logs / f"app-{number}.log") for number in range(8)]
    for generation, writer in enumerate(writers):
        writer.generation = generation
        with writer:
            writer.write(200)
    config = CONFIG.format(folder=tmp_path).replace("app.log", "logs/*.log")
    config = config.replace("{name: err, match: 'ERROR', cooldown: 0}", oracle.RULE)
    assert run_once(tmp_path, config).returncode == 0
    account = oracle.settle(
        alerts_in(tmp_path / "alerts.jsonl"), [one for each in writers for one in each.written]
    )
    assert account.alerts == 1_600
