"""What a command loads before it does anything: a start costs what is imported."""

from __future__ import annotations

import subprocess
import sys

import pytest

from logwatch.cli.verbs import VERBS

HEAVY = {
    "apprise",
    "asyncio",
    "http.server",
    "hyperscan",
    "prometheus_client",
    "rich",
    "smtplib",
    "structlog",
    "textual",
    "urllib3",
    "watchdog",
}
CONFIG = "sources: {a: /dev/null}\nrules: [{name: a, match: x}]\nsinks: {o: {console: {}}}\n"


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
    done = subprocess.run(command, capture_output=True, check=False, timeout=60, stdin=-3)
    return set(done.stderr.decode().split())


def test_help_loads_argparse_and_no_more(tmp_path):
    """Of every verb at once: nothing that is installed beside logwatch."""
    code = (
        "import sys\n"
        "from logwatch.cli.verbs import VERBS, parser_of\n"
        "for verb in VERBS: parser_of(verb).format_help()\n"
        "print('\\n'.join(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, timeout=60)
    modules = set(done.stdout.decode().split())
    assert not {"msgspec", "yaml", "regex", "sqlite3", "json", *HEAVY} & modules
    ours = {name for name in modules if name.startswith("logwatch.")}
    assert not {
        name for name in ours if name.split(".")[1] in ("daemon", "config", "store", "sinks")
    }


@pytest.mark.parametrize("verb", ["status", "alerts", "check"])
def test_what_is_asked_often_loads_nothing_heavy(tmp_path, verb):
    """None of what sends, serves, draws or compiles."""
    config = tmp_path / "logwatch.yaml"
    config.write_text(f"state: {tmp_path}/state\n{CONFIG}")
    assert not HEAVY & loaded(tmp_path, verb, "-c", str(config))


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A configuration with which a daemon has run, once for all."""
    folder = tmp_path_factory.mktemp("store")
    config = folder / "logwatch.yaml"
    known = CONFIG.replace("}]\n", "}, {name: b, match: x, new: {template: message}}]\n", 1)
    config.write_text(f"state: {folder}/state\n{known}")
    assert "logwatch.daemon.monitor" in loaded(folder, "run", "--once", "-c", str(config))
    return config


STORES_AND_RULES = {
    "logwatch.config.assembly",
    "logwatch.config.rules",
    "logwatch.dispatch",
    "logwatch.pipeline",
    "logwatch.sinks.registry",
    "logwatch.store.writer",
}
FOLLOWING = {
    "logwatch.daemon.intake",
    "logwatch.daemon.monitor",
    "logwatch.daemon.order_verbs",
    "logwatch.daemon.orders",
    "logwatch.store.writer",
    "logwatch.tailer.tail",
}
READING = {
    *FOLLOWING,
    "logwatch.daemon.reading",
    "logwatch.daemon.readings",
    "logwatch.dispatch",
    "logwatch.matching.matcher",
    "logwatch.pipeline",
    "hyperscan",
}


@pytest.mark.parametrize(
    ("words", "forbidden"),
    [
        (("silence", "list"), {*READING, *STORES_AND_RULES}),
        (("silence", "rule=a", "--for", "2h", "--dry-run"), READING),
        (("send", "o"), READING),
        (("send", "o", "--dead"), READING - {"logwatch.store.writer"}),
        (("why", "a"), READING),
        (("why", "7f3a"), READING),
        (("why", "--line", "x"), {*FOLLOWING, "logwatch.pipeline"}),
        (("try", "a", "/dev/null"), FOLLOWING),
        (("replay", "/dev/null"), FOLLOWING),
        (("learn", "b", "--from", "/dev/null", "--dry-run"), {*FOLLOWING, "logwatch.pipeline"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_command_does_not_load_what_the_daemon_does_for_it(store, words, forbidden):
    """What orders, asks or looks loads neither the following of files nor, mostly, the rules."""
    modules = loaded(store.parent, *words, "-c", str(store))
    assert f"logwatch.cli.{ {'try': 'try_rule'}.get(words[0], words[0]) }" in modules
    assert not (forbidden | (HEAVY - {"hyperscan"})) & modules


@pytest.mark.parametrize("verb", ["status", "alerts"])
def test_what_reads_the_store_does_not_read_the_rules(tmp_path, verb):
    """So that it starts at once however many there are."""
    config = tmp_path / "logwatch.yaml"
    config.write_text(f"state: {tmp_path}/state\n{CONFIG}")
    modules = loaded(tmp_path, verb, "-c", str(config))
    assert not {"logwatch.config.assembly", "logwatch.config.rules", "logwatch.pipeline"} & modules


def test_the_table_of_verbs_is_no_longer_than_a_screen():
    """More would not be looked through."""
    assert len(VERBS) <= 20
