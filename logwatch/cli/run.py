"""`logwatch run`: the daemon, in the foreground."""

from __future__ import annotations

import argparse
import os
import threading
from pathlib import Path

from logwatch import telemetry
from logwatch.cli.main import config_flag
from logwatch.clock import SystemClock
from logwatch.config.loader import find_config, load
from logwatch.config.model import Config
from logwatch.daemon import signals
from logwatch.daemon.assemble import Options, assemble
from logwatch.daemon.supervisor import Daemon, Ending
from logwatch.daemon.systemd import Notifier
from logwatch.errors import ConfigError, Exit, LogwatchError

EXAMPLES = """\
examples:
  logwatch run                            the configuration of this machine
  logwatch run -c logwatch.yaml --once    from where it was to the end of every file, for cron

SIGTERM and SIGINT stop it with everything committed, SIGHUP reads the configuration again,
SIGUSR1 logs every thread's stack.
"""

STACK_BYTES = 256 * 1024
"""For each thread: a thousand monitors must not reserve eight gigabytes of address space."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """See `Verb.arguments`."""
    config_flag(parser)
    parser.add_argument(
        "--once", action="store_true", help="read to the end of every file, deliver, exit"
    )
    parser.add_argument(
        "--engine",
        choices=("auto", "hyperscan", "reference"),
        default="auto",
        help=argparse.SUPPRESS,
    )
    parser.add_argument(
        "--waking", choices=("auto", "inotify", "poll"), default="auto", help=argparse.SUPPRESS
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="say more on stderr")
    parser.add_argument("-q", "--quiet", action="store_true", help="warnings and errors only")


def execute(options: argparse.Namespace) -> Exit:
    """See `Verb.execute`."""
    path = find_config(options.config)
    config = load(path)
    telemetry.telemetry.configure(_level(options))
    os.umask(0o077)
    threading.stack_size(STACK_BYTES)
    signals.block()
    chosen = Options(engine=options.engine, waking=options.waking)
    return _Lives(path, config, chosen).live(once=options.once)


class _Lives:
    """One daemon after another, each with the newest configuration that can be used."""

    def __init__(self, path: Path, config: Config, options: Options) -> None:
        self._path = path
        self._config = config
        self._options = options
        self._next: Config | None = None
        self._notifier = Notifier()

    def live(self, *, once: bool) -> Exit:
        """Until one ends for good; returns the exit status."""
        while True:
            daemon = self._assemble()
            match daemon.run(once=once, may_reload=self._may_reload):
                case Ending.STOPPED | Ending.CAUGHT_UP:
                    return Exit.DONE
                case Ending.FAILED:
                    return Exit.SOFTWARE
                case Ending.RELOAD:
                    pass

    def _may_reload(self) -> bool:
        """Whether there is a configuration to go on with in place of the running one."""
        try:
            self._next = load(self._path)
        except ConfigError as problem:
            telemetry.error("config.reload_refused", reason=str(problem))
            return False
        return True

    def _assemble(self) -> Daemon:
        """With the next configuration; where that cannot run, with the one before."""
        config, self._next = self._next, None
        if config is None:
            return assemble(self._config, SystemClock(), self._options, self._notifier)
        try:
            daemon = assemble(config, SystemClock(), self._options, self._notifier)
        except LogwatchError as problem:
            telemetry.error("config.reload_refused", reason=str(problem))
            return self._assemble()
        self._config = config
        telemetry.info("config.reloaded", rules=len(config.rules), sources=len(config.sources))
        return daemon


def _level(options: argparse.Namespace) -> telemetry.Level:
    if options.verbose:
        return "debug"
    return "warning" if options.quiet or options.once else "info"
