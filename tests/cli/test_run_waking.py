"""Who waits for events: a daemon does, a run to the end of every file does not."""

from __future__ import annotations

import argparse

import pytest

from logwatch.cli.flags.run import arguments
from logwatch.cli.run import _waking


@pytest.mark.parametrize(
    ("words", "waking"),
    [
        ([], "auto"),
        (["--once"], "poll"),
        (["--once", "--waking", "inotify"], "inotify"),
        (["--waking", "poll"], "poll"),
    ],
)
def test_only_a_daemon_makes_ready_for_events(words, waking):
    parser = argparse.ArgumentParser()
    arguments(parser)
    assert _waking(parser.parse_args(words)) == waking
