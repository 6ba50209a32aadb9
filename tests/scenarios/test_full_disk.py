"""The store cannot be written for a while: reading waits, the logs are the buffer, all is told."""

from __future__ import annotations

import resource

from doubles import oracle
from doubles.daemon import Bench, batch
from doubles.forked import Running
from doubles.process import alerts_in, eventually

from logwatch.errors import StoreFullError
from logwatch.records import Batch

CONFIG = f"""\
sources: {{{{app: {{{{path: {{folder}}/app.log, start: beginning}}}}}}}}
rules: [{oracle.RULE.replace("{", "{{").replace("}", "}}")}]
sinks: {{{{out: {{{{jsonl_file: {{{{path: {{folder}}/alerts.jsonl}}}}}}}}}}}}
"""


def let_files_grow_to(daemon: Running, size: int) -> None:
    """No file of the daemon may be longer: its writes fail with EFBIG, as on a bad disk."""
    resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def test_a_store_that_cannot_be_written_loses_nothing(tmp_path):
    """It is said once, tried again each second, and when it works again all goes on by itself."""
    out, wal = tmp_path / "alerts.jsonl", tmp_path / "state" / "state.db-wal"
    with (
        oracle.Writer(tmp_path / "app.log") as writer,
        Running(tmp_path, CONFIG.format(folder=tmp_path)).ready() as daemon,
    ):
        writer.write(100)
        eventually(lambda: oracle.has_all(alerts_in(out), writer.written), "all told")
        let_files_grow_to(daemon, wal.stat().st_size + 2_000)
        before = len(alerts_in(out))
        for _ in range(5):
            writer.write(300)
        daemon.says("store.degraded")
        assert len(alerts_in(out)) == before
        let_files_grow_to(daemon, resource.RLIM_INFINITY)
        daemon.says("store.recovered")
        writer.write(100)
        eventually(lambda: oracle.has_all(alerts_in(out), writer.written), "all told")
        assert daemon.stderr.count("store.degraded") == 1
        daemon.stop()
    oracle.settle(alerts_in(out), writer.written)


def test_a_stop_while_the_store_cannot_be_written_loses_nothing(tmp_path):
    """It ends within its time all the same; the next start reads again what was not committed."""
    out, wal = tmp_path / "alerts.jsonl", tmp_path / "state" / "state.db-wal"
    config = CONFIG.format(folder=tmp_path)
    with oracle.Writer(tmp_path / "app.log") as writer:
        with Running(tmp_path, config).ready() as daemon:
            daemon.may_trace = True
            writer.write(100)
            eventually(lambda: oracle.has_all(alerts_in(out), writer.written), "all told")
            let_files_grow_to(daemon, wal.stat().st_size + 2_000)
            for _ in range(5):
                writer.write(300)
            daemon.says("store.degraded")
            daemon.child.terminate()
            assert daemon.exit_status() in (0, 70)
        with Running(tmp_path, config).ready() as daemon:
            eventually(lambda: oracle.has_all(alerts_in(out), writer.written), "all told")
            daemon.stop()
    # That the sink had taken the first ones may be among what could not be committed.
    oracle.settle(alerts_in(out), writer.written, repetitions=True)


def test_what_is_only_good_to_know_does_not_end_the_consumer(tmp_path):
    """That the backlog is read cannot be stored for want of space: it is stored later."""
    bench, refusals = Bench(tmp_path), [1, 2]

    def refuse() -> None:
        if refusals:
            refusals.pop()
            raise StoreFullError("no space")
        bench.lived += 1

    bench.consumer._on_live = refuse
    found: Batch = batch("boom")
    bench.take(found)
    assert bench.lived == 0
    assert len(bench.due()) == 1
    bench.take()
    assert bench.lived == 0
    bench.take()
    bench.take()
    assert bench.lived == 1
    bench.store.close()
