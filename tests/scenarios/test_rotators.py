"""Programs that rotate their own logs, and compress what they have rotated."""

from __future__ import annotations

from logging.handlers import RotatingFileHandler

import pytest
from doubles.rotators import Handler, Watch


@pytest.mark.parametrize("packed", [False, True])
def test_a_rotating_handler_of_python_while_the_daemon_is_up_and_down(tmp_path, packed):
    """Many rotations while it looks, three while it does not: each line is told once, in order."""
    handler = RotatingFileHandler(tmp_path / "app.log", maxBytes=4_000, backupCount=99)
    watch = Watch(tmp_path)
    with Handler(handler, packed=packed) as program:
        program.write(1)
        with watch.running() as daemon:
            for _ in range(20):
                program.write(10)
            watch.settle(program)
            daemon.stop()
        before = len(list(tmp_path.glob("app.log.*")))
        program.write(150)
        assert len(list(tmp_path.glob("app.log.*"))) >= before + 3
        for _ in range(2):
            watch.look()
            watch.check(program.written)
