"""What a command loads before it does anything: a start costs what is imported.

A module costs a fifth of a millisecond to a few of them, so their number and the heavy ones among
them are what keeps each command at the milliseconds that docs/command-line.md has; tests/bench
measures those.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

from logwatch.cli.verbs import VERBS

HEAVY = {
    *("ahocorasick_rs", "apprise", "asyncio", "ctypes", "difflib", "email", "_hashlib"),
    *("http.client", "inspect", "random", "shutil"),
    *("http.server", "hyperscan", "importlib.metadata", "logging", "msgspec", "prometheus_client"),
    *("regex", "rich", "smtplib", "socket", "sqlite3", "ssl", "structlog", "subprocess"),
    *("tempfile", "textual", "typing_extensions", "urllib3", "watchdog", "xml", "yaml"),
    "zoneinfo",
}
"""What is installed, or comes with Python, and takes two milliseconds or far more."""
UNASKED = {
    *("apprise", "asyncio", "http.server", "inspect", "rich", "smtplib", "ssl"),
    *("textual", "traceback", "urllib3"),
}
"""What only some of what can be configured needs."""
STAGES = {
    "logwatch.config.rules": "rules",
    "logwatch.daemon.monitor": "monitor",
    "logwatch.daemon.order_verbs": "orders",
    "logwatch.daemon.readings": "readings",
    "logwatch.matching.matcher": "matcher",
    "logwatch.matching.near_miss": "near_miss",
    "logwatch.parsers.access_log": "access_log",
    "logwatch.parsers.syslog": "syslog",
    "logwatch.pipeline": "pipeline",
    "logwatch.sinks.console": "console",
    "logwatch.sinks.jsonl_file": "jsonl_file",
    "logwatch.sinks.registry": "kinds of sinks",
    "logwatch.sinks.slack": "slack",
    "logwatch.sinks.webhook": "webhook",
    "logwatch.store.reader": "store",
    "logwatch.store.writer": "writer",
    "logwatch.tailer.discovery": "discovery",
    "logwatch.tailer.tail": "tail",
    "logwatch.templates": "templates",
}
"""Parts of logwatch that bring many others along, or that a configuration has to name."""

STATE = {"msgspec", "yaml"}
"""Where the store is, is read from the configuration."""
STORE = STATE | {"sqlite3", "store"}
DAEMON = STORE | {"socket"}
CONFIG = STATE | {"rules", "kinds of sinks", "jsonl_file"}
"""The whole configuration, of which one sink writes a file."""
# Stamps of single programs, and numbers with units, have modules of their own.
LINES = CONFIG | {"hyperscan", "_hashlib", "matcher", "readings", "syslog", "zoneinfo"}
"""Lines are matched as the daemon does; where it keeps what it compiled is a folder of its own."""
OVER_TIME = LINES | {"ctypes", "pipeline"}
"""And files are gone through in the order of their lines."""
ROWS: dict[tuple[str, ...], tuple[set[str], int]] = {
    # words: (what it may load, how many modules of ours at most)
    ("--version",): (set(), 10),
    ("help", "check"): (set(), 12),
    ("help", "unknown-field"): (set(), 14),
    ("tail", "--no-follow", "LOG"): (set(), 25),
    ("status",): (DAEMON, 60),
    ("alerts",): (STORE | {"_hashlib"}, 60),
    ("reload",): (DAEMON, 75),
    ("silence", "list"): (DAEMON | {"_hashlib"}, 85),
    ("check",): (CONFIG, 120),
    ("silence", "rule=a", "--for", "2h", "--dry-run"): (CONFIG | DAEMON | {"_hashlib"}, 150),
    ("send", "o"): (CONFIG | DAEMON | {"_hashlib"}, 145),
    ("doctor",): (CONFIG | {"ctypes", "_hashlib", "discovery", "shutil", "subprocess"}, 130),
    ("why", "a"): (CONFIG | DAEMON | {"ctypes", "_hashlib", "discovery"}, 180),
    ("why", "--line", "x"): (LINES | STORE | {"near_miss"}, 188),
    ("try", "a", "LOG"): (OVER_TIME | {"discovery", "near_miss"}, 228),
    ("replay", "LOG"): (OVER_TIME | {"discovery", "templates"}, 236),
    ("test",): (OVER_TIME, 222),
    ("learn", "b", "--from", "LOG", "--dry-run"): (
        LINES | DAEMON | {"ctypes", "discovery", "templates"},
        213,
    ),
}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A configuration with which a daemon has run, once for all."""
    folder = tmp_path_factory.mktemp("place")
    config = folder / "logwatch.yaml"
    (folder / "auth.log").write_text("<38>1 2026-01-05T09:00:00Z web1 sshd 1 - - x\n")
    config.write_text(
        f"state: {folder}/state\n"
        f"sources: {{a: {{path: {folder}/auth.log, format: syslog, start: beginning}}}}\n"
        "rules: [{name: a, match: x}, {name: b, match: x, new: {template: message}}]\n"
        f"sinks: {{o: {{jsonl_file: {folder}/out.jsonl}}}}\n"
        "tests: [{rule: a, lines: ['+0s y'], quiet: true}]\n"
    )
    modules = loaded(folder, "run", "--once", "-c", str(config))
    assert {"logwatch.daemon.monitor", "logwatch.store.writer"} <= modules
    assert not UNASKED & modules, "a daemon without http: and sinks that need it"
    return folder


def loaded(folder, *words: str) -> set[str]:
    """The modules that are there when the command has ended."""
    code = (
        "import sys\n"
        "from logwatch.cli.main import run_command_line\n"
        "try:\n"
        f"    run_command_line({list(words)!r})\n"
        "finally:\n"
        "    print('\\n'.join(sys.modules), file=sys.stderr)"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, capture_output=True, check=False, timeout=60, stdin=-3, cwd=folder
    )
    return set(done.stderr.decode().split())


@pytest.mark.parametrize("words", ROWS, ids=" ".join)
def test_a_command_loads_only_what_it_does(place, words):
    """No heavy module that its row does not name, and no more of ours than its row allows."""
    allowed, most = ROWS[words]
    written = [word.replace("LOG", str(place / "auth.log")) for word in words]
    config = ["-c", str(place / "logwatch.yaml")] if allowed else []
    modules = loaded(place, *written, *config)
    verb = {"try": "try_rule", "--version": "main", "help": "main"}.get(words[0], words[0])
    assert f"logwatch.cli.{verb}" in modules
    found = (HEAVY & modules) | {STAGES[name] for name in STAGES.keys() & modules}
    assert found - allowed == set(), "loaded beyond what the table allows"
    ours = {name for name in modules if name.startswith("logwatch.")}
    assert len(ours) <= most, "load less, or say in the table why there are more"


def test_every_verb_is_in_the_table():
    """But those that run for long, or look at many logs."""
    assert {words[0] for words in ROWS} >= VERBS.keys() - {"run", "demo", "init"}


def what_it_loads(code: str) -> tuple[set[str], bytes]:
    """Modules that `code` prints in an interpreter of its own, and what it says beside that."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, timeout=60)
    return set(done.stdout.decode().split()), done.stderr


def test_help_loads_argparse_and_no_more():
    """Of every verb at once: nothing that is installed beside logwatch."""
    code = (
        "import sys\n"
        "from logwatch.cli.verbs import VERBS, parser_of\n"
        "for verb in VERBS: parser_of(verb).format_help()\n"
        "print('\\n'.join(sys.modules))"
    )
    modules, _ = what_it_loads(code)
    assert not {"json", *HEAVY} & modules
    ours = {name for name in modules if name.startswith("logwatch.")}
    assert not {
        name for name in ours if name.split(".")[1] in ("daemon", "config", "store", "sinks")
    }


def test_the_logger_comes_without_what_it_is_never_asked_for():
    """It imports asyncio, and with it ssl; who asks it for a coroutine has the real one."""
    code = (
        "import sys\n"
        "from logwatch import telemetry\n"
        "from logwatch.cli import loading\n"
        "with loading.without_what_the_logger_never_uses():\n"
        "    telemetry.telemetry.load()\n"
        "print(*sys.modules)\n"
        "telemetry.info('a.thing')\n"
        "assert __import__('structlog').stdlib.asyncio.get_running_loop\n"
        "assert sys.modules['asyncio'].run\n"
    )
    modules, said = what_it_loads(code)
    assert "structlog" in modules
    assert not {"asyncio", "rich", "ssl", "subprocess"} & modules
    assert b"a.thing" in said


def test_yaml_compiles_no_pattern_of_the_parser_that_is_not_used():
    """Who does use it, an installed package say, finds it as it always is."""
    code = (
        "from logwatch.cli import loading\n"
        "loading.load_yaml()\n"
        "import re, yaml\n"
        "assert not isinstance(yaml.reader.Reader.NON_PRINTABLE, re.Pattern)\n"
        "assert isinstance(re.compile('a'), re.Pattern)\n"
        "print(yaml.safe_load('[1, 2.5, yes, 2026-01-05]'))\n"
        "try: yaml.safe_load('a: \\1')\n"
        "except yaml.reader.ReaderError: print('refused')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, timeout=60)
    assert done.stdout == b"[1, 2.5, True, datetime.date(2026, 1, 5)]\nrefused\n"


def test_the_table_of_verbs_is_no_longer_than_a_screen():
    """More would not be looked through."""
    assert len(VERBS) <= 20
