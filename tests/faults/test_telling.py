"""Sinks and rules: rows 48 to 52, 56, 57 and 60 of docs/reliability.md."""

from __future__ import annotations

import os
from pathlib import Path
from time import perf_counter

import pytest
from doubles import oracle, soak, soak_plot
from doubles.forked import Running, run_once
from doubles.hostile import TEXTS
from doubles.process import PATIENT_STOP, alerts_in, eventually
from doubles.receiver import Deed, Receiver

CONFIG = f"""\
sources: {{{{app: {{{{path: {{folder}}/app.log, start: beginning}}}}}}}}
rules:
- {oracle.RULE.replace("{", "{{").replace("}", "}}")}
sinks:
  out: {{{{jsonl_file: {{{{path: {{folder}}/alerts.jsonl}}}}}}}}
  web: {{{{webhook: {{{{url: '{{url}}'}}}}}}}}
"""


def told_to_both(folder: Path, receiver: Receiver, writer: oracle.Writer) -> None:
    """Wait until every line is in the file and at the receiver."""
    out = folder / "alerts.jsonl"
    eventually(lambda: oracle.has_all(alerts_in(out), writer.written), "all in the file")
    eventually(lambda: oracle.has_all(receiver.alerts(), writer.written), "all received")


def test_r48_a_receiver_that_is_down_gets_everything_later(tmp_path):
    """Over a restart, too: what it has still to be told is on disk."""
    with Receiver(lambda number: "unavailable") as receiver:
        config = CONFIG.format(folder=tmp_path, url=receiver.url)
        with oracle.Writer(tmp_path / "app.log") as writer:
            for number in (1, 2):
                with Running(tmp_path, config).ready() as daemon:
                    writer.write(100)
                    tried = f"{number} tries"
                    eventually(lambda most=number: len(receiver.requests) >= most, tried)
                    eventually(
                        lambda: oracle.has_all(
                            alerts_in(tmp_path / "alerts.jsonl"), writer.written
                        ),
                        "all in the file",
                    )
                    daemon.stop()
            assert receiver.alerts() == []
            receiver.decide = lambda number: "take"
            with Running(tmp_path, config).ready() as daemon:
                told_to_both(tmp_path, receiver, writer)
                daemon.stop()
        oracle.settle(receiver.alerts(), writer.written, ordered=False)


def test_r49_a_receiver_that_hangs_holds_up_nobody_else(tmp_path):
    with (
        Receiver(lambda number: "hang") as receiver,
        oracle.Writer(tmp_path / "app.log") as writer,
        Running(
            tmp_path, CONFIG.format(folder=tmp_path, url=receiver.url), sabotage=PATIENT_STOP
        ).ready() as daemon,
    ):
        writer.write(10)
        eventually(lambda: receiver.requests, "it hangs")
        threads = daemon.threads()
        writer.write(500)
        out = tmp_path / "alerts.jsonl"
        eventually(lambda: oracle.has_all(alerts_in(out), writer.written), "all in the file")
        assert daemon.threads() == threads
        daemon.stop()


def test_r50_what_is_refused_for_good_blocks_nothing_and_is_kept(tmp_path):
    """Every third is refused: the others are told, and those are dead letters."""
    deeds: tuple[Deed, ...] = ("take", "refuse", "take")
    with (
        Receiver(lambda number: deeds[number % 3]) as receiver,
        oracle.Writer(tmp_path / "app.log") as writer,
        Running(tmp_path, CONFIG.format(folder=tmp_path, url=receiver.url)).ready() as daemon,
    ):
        writer.write(30)
        eventually(lambda: len(receiver.requests) >= 30, "each was tried")
        daemon.says("400")
        daemon.stop()
        refused = {each.key for each in receiver.requests if each.deed == "refuse"}
        taken = {each.key for each in receiver.requests if each.deed == "take"}
        assert len(refused | taken) >= 30
        assert not refused & taken


def test_r51_a_receipt_that_is_lost(tmp_path):
    """The receiver has the alert and nobody knows: it comes again, under the same key."""
    with (
        Receiver(lambda number: "cut after taking" if number % 3 == 0 else "take") as receiver,
        oracle.Writer(tmp_path / "app.log") as writer,
        Running(tmp_path, CONFIG.format(folder=tmp_path, url=receiver.url)).ready() as daemon,
    ):
        writer.write(12)

        def acknowledged() -> set[str]:
            return {each.key for each in receiver.requests if each.deed == "take"}

        eventually(lambda: len(acknowledged()) >= 12, "all acknowledged")
        daemon.stop()
        found = oracle.settle(receiver.alerts(), writer.written, repetitions=True, ordered=False)
        assert found.repetitions >= 4


def test_r52_a_storm_is_a_few_messages_with_exact_totals(tmp_path):
    """Twenty thousand matches; `make stress` has a million."""
    config = f"""
sources: {{app: {{path: {tmp_path}/app.log, start: beginning}}}}
rules: [{{name: err, match: 'ERROR', cooldown: 0}}]
sinks: {{out: {{jsonl_file: {{path: {tmp_path}/alerts.jsonl}}, rate: 10/min}}}}
"""
    (tmp_path / "app.log").write_text("ERROR the disk is full\n" * 20_000)
    assert run_once(tmp_path, config, seconds=120).returncode == 0
    messages = alerts_in(tmp_path / "alerts.jsonl")
    assert len(messages) <= 20
    assert sum(each["count"] + each["suppressed"] for each in messages) == 20_000


def test_r56_a_pattern_that_explodes_holds_up_no_other_file(tmp_path):
    """It is given up, put in quarantine, and told of; lines of other files are told at once."""
    config = f"""
sources:
  app: {{path: {tmp_path}/app.log, start: beginning}}
  evil: {{path: {tmp_path}/evil.log, start: beginning}}
rules:
- {oracle.RULE}
- {{name: slow, match: 'x=(a|aa)+(?<!a)$', in: evil, cooldown: 0}}
sinks: {{out: {{jsonl_file: {{path: {tmp_path}/alerts.jsonl}}}}}}
"""
    out = tmp_path / "alerts.jsonl"
    with (
        oracle.Writer(tmp_path / "app.log") as writer,
        Running(tmp_path, config).ready() as daemon,
    ):
        (tmp_path / "evil.log").write_text(("x=" + "a" * 60 + "\n") * 200)
        took = []
        for _ in range(5):
            began = perf_counter()
            writer.write(2)
            eventually(lambda: oracle.has_all(oracle.ours(alerts_in(out)), writer.written), "told")
            took.append(perf_counter() - began)
        said = {"logwatch.search-given-up", "logwatch.rule-quarantined"}
        eventually(lambda: said <= {each["rule"] for each in alerts_in(out)}, "both are told")
        daemon.stop()
    assert min(took) < 3.0


def test_r57_text_that_wants_to_be_more_than_text(tmp_path):
    """No shell, no terminal and no format takes a line of a log for anything but data."""
    canary, script = tmp_path / "canary", tmp_path / "program"
    script.write_text('#!/bin/sh\nprintf "%s\\n" "$LOGWATCH_TITLE" >> "$(dirname "$0")/titles"\n')
    script.chmod(0o755)
    config = f"""
sources: {{app: {{path: {tmp_path}/app.log, start: beginning}}}}
rules: [{{name: err, match: 'ERROR (?P<what>.*)', by: what, cooldown: 0, say: '{{what}}'}}]
sinks:
  out: {{jsonl_file: {{path: {tmp_path}/alerts.jsonl}}}}
  run: {{command: {{argv: [{script}]}}}}
"""
    mean = [text.replace("canary", str(canary))[:3_000] for text in TEXTS.values()]
    mean += [f"$(touch {canary})", f"`touch {canary}`", f"'; touch {canary}; '", "-rf", "%0a~!id"]
    lines = [f"ERROR {each.splitlines()[0]}" for each in mean if each.strip()]
    (tmp_path / "app.log").write_bytes(b"".join(each.encode() + b"\n" for each in lines))
    assert run_once(tmp_path, config).returncode == 0
    assert len(alerts_in(tmp_path / "alerts.jsonl")) == len(lines)
    assert not canary.exists()
    titles = (tmp_path / "titles").read_text(encoding="utf-8").splitlines()
    assert len(titles) == len(lines)
    assert not [each for each in titles if not each.isprintable()]


@pytest.mark.stress
def test_r60_a_churn_of_everything_at_once(tmp_path):
    """A hundred logs for `LOGWATCH_SOAK` seconds (60): nothing is lost, and nothing grows.

    Its plot is drawn into the file that `LOGWATCH_SOAK_PLOT` names.
    """
    seconds = float(os.environ.get("LOGWATCH_SOAK", "60"))
    account = soak.Soak(tmp_path).run(seconds)
    samples = account.samples
    figures = (
        f"{account.lines:,} lines told once each, {account.deeds:,} writes,"
        f" {account.rotations:,} rotations; from a write to its alert"
        f" {', '.join(f'{each * 1e3:,.0f}' for each in account.lags)} ms (median, p99, longest)"
    )
    growth = soak.growth(samples, lambda each: each.memory_bytes)
    print(f"\n{seconds:,.0f} s: {figures}")
    print(f"{account.cpu_seconds:,.0f} s of processor; {growth / 1024:+,.0f} KiB in the last half")
    for each in samples[:: max(1, len(samples) // 12)]:
        print(each)
    if to := os.environ.get("LOGWATCH_SOAK_PLOT"):
        title = f"{soak.LOGS} logs for {seconds / 60:g} minutes"
        Path(to).write_text(soak_plot.svg(samples, title, figures), encoding="utf-8")
    assert not account.unexpected, "\n".join(account.unexpected)
    assert growth < soak.LEAK_BYTES
    assert soak.growth(samples, lambda each: each.threads) < soak.LEAK_THREADS
    assert soak.growth(samples, lambda each: each.descriptors) < soak.LEAK_DESCRIPTORS
