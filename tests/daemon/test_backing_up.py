"""The copy of the store: when it is made, and how much it is in the way."""

from __future__ import annotations

from logwatch.clock import ManualClock
from logwatch.daemon.backing_up import BackingUp
from logwatch.store.backup import backed_up_at
from logwatch.store.database import FILE_NAME
from logwatch.store.writer import Store


def test_a_copy_that_somebody_waits_for_is_made_without_a_rest(tmp_path, monkeypatch):
    """A single run ends with it, and there is nobody left whom it could hold up."""
    store = Store(tmp_path)
    with store._transaction() as connection:
        connection.execute("CREATE TABLE filler AS SELECT zeroblob(3000000)")
    clock = ManualClock()
    worker = BackingUp(tmp_path, clock)
    rests = []
    monkeypatch.setattr(worker.stopping, "wait", rests.append)
    worker.hasten()
    worker.step(clock.moment())
    store.close()
    assert backed_up_at(tmp_path) is not None
    assert (tmp_path / FILE_NAME).stat().st_size > 3_000_000
    assert rests, "it was in one piece"
    assert set(rests) == {0.0}
    assert not worker.busy
