"""A store that is damaged is put aside, never deleted; the daemon runs, and says what is lost."""

from __future__ import annotations

import sqlite3

import pytest
from doubles import oracle
from doubles.forked import Running, run_once
from doubles.process import alerts_in, eventually

from logwatch.errors import Exit

CONFIG = f"""\
sources: {{{{app: {{{{path: {{folder}}/app.log}}}}}}}}
rules: [{oracle.RULE.replace("{", "{{").replace("}", "}}")}]
sinks: {{{{out: {{{{jsonl_file: {{{{path: {{folder}}/alerts.jsonl}}}}}}}}}}}}
"""


def replaced(out):
    return [alert for alert in alerts_in(out) if alert["rule"] == "logwatch.store-replaced"]


@pytest.mark.parametrize("damage", [b"garbage " * 5_000, b"", b"SQLite format 3\0" + bytes(4_080)])
def test_a_store_that_is_no_database_is_put_aside(tmp_path, damage):
    """Without a copy the daemon starts afresh, keeps the file, and tells of it."""
    config, out = CONFIG.format(folder=tmp_path), tmp_path / "alerts.jsonl"
    store = tmp_path / "state" / "state.db"
    assert run_once(tmp_path, config).returncode == Exit.DONE
    store.with_name("state.db.backup").unlink()
    store.write_bytes(damage)
    with oracle.Writer(tmp_path / "app.log") as writer:
        writer.write(10)
        del writer.written[:]  # they were there before: `start: end`
        with Running(tmp_path, config).ready() as daemon:
            [alert] = eventually(lambda: replaced(out), "the alert about the store")
            [aside] = store.parent.glob("state.db.corrupt-*")
            assert aside.read_bytes() == damage
            assert str(aside) in alert["message"]
            assert alert["severity"] == "critical"
            writer.write(10)
            eventually(lambda: len(alerts_in(out)) == 11, "the new lines")
            daemon.stop()
    oracle.settle(oracle.ours(alerts_in(out)), writer.written)


def test_once_tells_of_a_store_that_was_put_aside(tmp_path):
    """Though there is nothing to read at all."""
    config, out = CONFIG.format(folder=tmp_path), tmp_path / "alerts.jsonl"
    run_once(tmp_path, config)
    (tmp_path / "state" / "state.db").write_bytes(b"x" * 10_000)
    assert run_once(tmp_path, config).returncode == Exit.DONE
    assert len(replaced(out)) == 1


@pytest.mark.parametrize("table", ["checkpoints", "sources", "segments"])
def test_a_damaged_table_does_not_stop_the_daemon_for_good(tmp_path, table):
    """It may end with status 70; started again it checks the file, and goes on with a new one."""
    config, out = CONFIG.format(folder=tmp_path), tmp_path / "alerts.jsonl"
    store = tmp_path / "state" / "state.db"
    with oracle.Writer(tmp_path / "app.log") as writer:
        writer.write(300)
        assert run_once(tmp_path, config).returncode == Exit.DONE
        damage_table(store, table)
        writer.write(20)
        ends = [run_once(tmp_path, config).returncode]
        if ends[-1] != Exit.DONE:
            ends.append(run_once(tmp_path, config).returncode)
        assert ends in ([Exit.DONE], [Exit.SOFTWARE, Exit.DONE])
        assert len(replaced(out)) == 1
        assert list(store.parent.glob("state.db.corrupt-*"))
        writer.write(20)
        assert run_once(tmp_path, config).returncode == Exit.DONE
    assert oracle.told(oracle.ours(alerts_in(out)))[-20:] == writer.written[-20:]


def damage_table(store, table: str) -> None:
    """Overwrite the root page of a table, as a failing disk would."""
    connection = sqlite3.connect(store)
    [(page,)] = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,))
    [(size,)] = connection.execute("PRAGMA page_size")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    with store.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xa5" * size)


def test_a_store_that_is_removed_while_it_is_written_is_told(tmp_path):
    """It would go on in a file without a name, and a second daemon beside it, without a word."""
    (tmp_path / "app.log").touch()
    config = (
        f"sources: {{app: {{path: {tmp_path}/app.log}}}}\n"
        "rules: [{name: err, match: 'ERROR'}]\n"
        f"sinks: {{out: {{jsonl_file: {{path: {tmp_path}/alerts.jsonl}}}}}}\n"
    )
    with Running(tmp_path, config) as daemon:
        daemon.ready()
        (tmp_path / "state" / "state.db").rename(tmp_path / "elsewhere.db")
        [alert] = eventually(lambda: alerts_in(tmp_path / "alerts.jsonl"), "the alert")
        assert alert["rule"] == "logwatch.store-removed"
        assert alert["severity"] == "critical"
