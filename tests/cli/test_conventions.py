"""What holds for every command: exit statuses, forms of output, colour, encodings, pipes."""

from __future__ import annotations

import contextlib
import json
import os
import signal
from pathlib import Path

import pytest
from doubles import forked, process
from jsonschema import Draft202012Validator

from logwatch.cli.document_schemas import schema_of
from logwatch.cli.documents import DOCUMENTS
from logwatch.cli.main import run_command_line
from logwatch.cli.verbs import VERBS, parser_of
from logwatch.sinks.plain_text import visible

ROOT = str(Path(__file__).parents[2])
LINE = "Nov 23 04:01:11 web1 sshd[81]: Failed password for root from 203.0.113.9 port 4021 ssh2"
CONFIG = """\
state: {folder}/state
sources: {{auth: {{path: {folder}/auth.log, start: beginning, format: syslog}}}}
rules:
  - name: ssh
    match: 'Failed (?P<m>\\w+) for (?P<user>\\S+) from (?P<ip>\\S+)'
    by: ip
    when: 3 in 10m
    clear: 0 in 1h
    unless: 'for backup'
  - {{name: users, match: 'for (?P<user>\\S+) from', new: {{value: user, learn: 1s}}}}
sinks: {{out: {{jsonl_file: {folder}/out.jsonl}}, bad: {{jsonl_file: /no/such/folder/x}}}}
routes: [{{to: out}}]
tests: [{{rule: ssh, lines: ['+0s {line}'], quiet: true}}]
"""
MUST_HAVE = {
    # verb: words without which it says nothing but how it is used
    "tail": ["auth.log", "--no-follow"],
    "run": ["--once", "-q"],
    "init": ["--from", "auth.log"],
    "check": [],
    "test": [],
    "try": ["ssh", "auth.log"],
    "replay": ["auth.log"],
    "learn": ["users", "--from", "auth.log", "--dry-run"],
    "status": [],
    "alerts": [],
    "why": ["ssh"],
    "silence": ["list"],
    "reload": [],
    "doctor": [],
    "send": ["out"],
    "demo": ["--for", "0s"],
}
ENDLESS = ("run", "demo")
"""They print no document: what they have to say they log."""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A configuration with a log, and a store that a daemon has left."""
    folder = tmp_path_factory.mktemp("place")
    lines = [LINE.replace("04:01", f"04:0{n}") for n in range(5)]
    lines.append(LINE.replace("Failed password for root", "Failed publickey for invalid user x"))
    lines.append(LINE.replace("for root", "for backup"))
    (folder / "auth.log").write_text("\n".join(lines) + "\n")
    (folder / "logwatch.yaml").write_text(CONFIG.format(folder=folder, line=LINE))
    assert logwatch(folder, "run", "--once", "-q").returncode == 0
    return folder


def named(folder) -> dict[str, str]:
    """The environment in which its configuration is found, whatever the working folder."""
    config = str(folder / "logwatch.yaml")
    return {"LOGWATCH_CONFIG": config, "COLUMNS": "100", "PYTHONPATH": ROOT}


def logwatch(folder, *words, environ=None, program=forked.logwatch):
    """The program itself, in `folder`, with its configuration named by the environment."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return program(*words, cwd=folder, env={**kept, **named(folder), **(environ or {})})


def test_the_table_names_every_verb():
    """A new verb must be here, too."""
    assert set(MUST_HAVE) == set(VERBS)
    assert set(DOCUMENTS) == set(VERBS) - set(ENDLESS)


# -- usage -----------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", VERBS)
def test_an_unknown_flag_is_usage_with_the_nearest_one(verb, capsys):
    """On stderr, with exit 2 and nothing on stdout."""
    with pytest.raises(SystemExit) as ended:
        run_command_line([verb, *MUST_HAVE[verb], "--colr=never"])
    shown = capsys.readouterr()
    assert (ended.value.code, shown.out) == (2, "")
    assert "did you mean --color?" in shown.err


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_color_quiet_and_verbose(verb):
    """Spelled alike."""
    flags = {flag for action in parser_of(verb)._actions for flag in action.option_strings}
    assert {"--color", "--quiet", "--verbose", "-h", "--help"} <= flags


@pytest.mark.parametrize("verb", sorted(set(VERBS) - {"tail", "init", "demo", "try"}))
def test_without_a_configuration_it_says_where_it_looked(verb, tmp_path):
    """Exit 78, which is not one of the answers."""
    environ = {"LOGWATCH_CONFIG": "", "HOME": str(tmp_path), "XDG_CONFIG_HOME": ""}
    (tmp_path / "auth.log").touch()
    done = logwatch(tmp_path, verb, *MUST_HAVE[verb], environ=environ)
    assert (done.returncode, done.stdout) == (78, b"")
    assert b"/etc/logwatchd/logwatch.yaml" in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["-c", "CONFIG", "check"],
        ["check", "-c", "CONFIG"],
        ["--config=CONFIG", "--color", "never", "check", "-q"],
        ["-q", "check", "CONFIG", "--strict", "-o", "json"],
        ["-cCONFIG", "-o", "json", "check"],
    ],
)
def test_options_stand_anywhere(place, words, capsys):
    """Before the verb, too."""
    written = [word.replace("CONFIG", str(place / "logwatch.yaml")) for word in words]
    assert run_command_line(written) in (0, 1)
    shown = capsys.readouterr().out
    assert "1 file, 2 rules" in shown or '"files":1,"rules":2' in shown


# -- documents -------------------------------------------------------------------------------


def episode(place) -> str:
    """The id of the alert that the daemon left."""
    return json.loads((place / "out.jsonl").read_text().splitlines()[0])["id"]


SAMPLES = [
    ("check",),
    ("check", "--strict"),
    ("test",),
    ("try", "ssh", "auth.log"),
    ("try", "ssh", "--line", LINE.replace("for", "fro")),
    ("try", r"Failed (\w+) fro", "auth.log"),
    ("replay", "auth.log"),
    ("replay", "auth.log", "-o", "ndjson"),
    ("replay", "auth.log", "--against", "logwatch.yaml"),
    ("learn", "users", "--from", "auth.log", "--dry-run"),
    ("status",),
    ("alerts",),
    ("alerts", "ID"),
    ("alerts", "--dead"),
    ("why", "ID"),
    ("why", "ssh"),
    ("why", "ssh", "ip=203.0.113.9"),
    ("why", "--line", LINE),
    ("why", "--line", LINE.replace("from", "form")),
    ("silence", "rule=ssh", "--for", "1h", "--dry-run"),
    ("silence", "rule=ssh", "--for", "1h"),
    ("silence", "list"),
    ("send", "out"),
    ("send", "bad"),
    ("send", "out", "--show"),
    ("send", "bad", "--dead"),
    ("init", "--from", "auth.log"),
    ("init", "--from", "nothing.log"),
    ("tail", "auth.log", "--no-follow", "-o", "ndjson"),
    ("doctor",),
]


@pytest.mark.parametrize("words", SAMPLES, ids=" ".join)
def test_json_is_of_the_published_schema(place, words, monkeypatch, capfd):
    """One object a line, each of one of the forms that `help json` tells of, and no escape code."""
    monkeypatch.chdir(place)
    for name, value in {**named(place), "FORCE_COLOR": "1"}.items():
        monkeypatch.setenv(name, value)
    written = [episode(place) if word == "ID" else word for word in words]
    form = [] if "-o" in words else ["-o", "json"]
    assert run_command_line([*written, *form]) in (0, 1, 2, 69)
    shown = capfd.readouterr().out
    assert "\x1b" not in shown
    documents = [json.loads(line) for line in shown.splitlines()]
    assert documents or words[0] == "alerts"
    validator = Draft202012Validator(schema_of(words[0]))
    for document in documents:
        assert [each.message for each in validator.iter_errors(document)] == []


def test_the_end_of_a_silence_is_of_the_schema_too(place):
    """Of one that this test has made."""
    made = logwatch(place, "silence", "rule=users", "--for", "1h", "-o", "json")
    number = json.loads(made.stdout)["silence"]["number"]
    ended = logwatch(place, "silence", "end", str(number), "-o", "json")
    validator = Draft202012Validator(schema_of("silence"))
    assert list(validator.iter_errors(json.loads(ended.stdout))) == []


@pytest.mark.parametrize("verb", DOCUMENTS)
def test_help_json_prints_a_schema(verb, capsys):
    """It is one, and it names the command."""
    assert run_command_line(["help", "json", verb]) == 0
    schema = json.loads(capsys.readouterr().out)
    Draft202012Validator.check_schema(schema)
    assert schema["title"] == f"logwatch {verb} -o json"
    assert list(Draft202012Validator(schema).iter_errors({"nonsense": 1}))


def test_help_json_lists_the_commands_that_have_one(capsys):
    """And refuses others."""
    assert run_command_line(["help", "json"]) == 0
    assert set(capsys.readouterr().out.partition("commands: ")[2].split()) == set(DOCUMENTS)
    assert run_command_line(["help", "json", "demo"]) == 2


# -- the terminal ----------------------------------------------------------------------------

COLORED = ("status", "try", "replay")


@pytest.mark.parametrize("verb", COLORED)
@pytest.mark.parametrize(
    ("environ", "flag"),
    [
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, []),
        ({"FORCE_COLOR": "1"}, ["--color=never"]),
        ({"TERM": "dumb"}, []),
    ],
    ids=["NO_COLOR", "--color=never", "dumb"],
)
def test_there_is_no_colour_where_none_is_wanted(place, verb, environ, flag):
    """With NO_COLOR, on a dumb terminal, or by the flag, which comes first."""
    done = logwatch(place, verb, *MUST_HAVE[verb], *flag, environ=environ)
    assert b"\x1b[" not in done.stdout + done.stderr


@pytest.mark.parametrize("verb", COLORED)
@pytest.mark.parametrize(
    ("environ", "flag"),
    [({"FORCE_COLOR": "1"}, []), ({"NO_COLOR": "1"}, ["--color", "always"])],
    ids=["FORCE_COLOR", "--color"],
)
def test_there_is_colour_where_it_is_forced(place, verb, environ, flag):
    """Though it goes into a pipe."""
    done = logwatch(place, verb, *MUST_HAVE[verb], *flag, environ=environ)
    assert b"\x1b[" in done.stdout


def in_ascii(*words, **how):
    """As the interpreter begins it there; one verb shows that it does."""
    streams = "sys.stdout.reconfigure(encoding='ascii'); sys.stderr.reconfigure(encoding='ascii')"
    return forked.logwatch(*words, sabotage=f"import sys; {streams}", **how)


@pytest.mark.parametrize("verb", sorted(set(VERBS) - set(ENDLESS)))
def test_a_locale_without_our_marks_gets_plain_ones(place, verb):
    """ASCII alone, no trace of Python; and no colour, for it is no terminal."""
    words, environ = (verb, *MUST_HAVE[verb]), {"LC_ALL": "C"}
    if verb == "status":
        environ["PYTHONIOENCODING"] = "ascii"
        done = logwatch(place, *words, environ=environ, program=process.logwatch)
    else:
        done = logwatch(place, *words, environ=environ, program=in_ascii)
    assert (done.stdout + done.stderr).isascii()
    assert b"\x1b[" not in done.stdout + done.stderr
    assert b"Traceback" not in done.stderr
    assert done.returncode in (0, 1, 69)


@pytest.mark.parametrize("verb", sorted(set(VERBS) - set(ENDLESS)))
def test_the_end_of_a_pipe_is_no_trouble(place, verb):
    """Whoever reads has had enough: nothing is said of it."""
    reader, writer = os.pipe()
    os.close(reader)
    environ = {**os.environ, "LOGWATCH_CONFIG": str(place / "logwatch.yaml")}
    words = (verb, *MUST_HAVE[verb])
    done = forked.logwatch(*words, cwd=place, env=environ, stdout=writer)
    os.close(writer)
    assert done.returncode in (0, 1, 69, -signal.SIGPIPE)
    assert b"roken pipe" not in done.stderr
    assert b"Exception" not in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        *([verb, *MUST_HAVE[verb], "-q"] for verb in VERBS if verb not in (*ENDLESS, "tail")),
        ["send", "out", "--show"],
        ["silence", "rule=ssh", "--for", "1m", "--dry-run"],
        ["help"],
        ["help", "json", "status"],
        ["run", "--help"],
        ["--version"],
    ],
)
def test_a_full_disk_under_the_output_is_said_and_is_no_fault_of_ours(place, words):
    """`logwatch alerts >/tmp/alerts` is typed when a disk is full."""
    environ = {**os.environ, "LOGWATCH_CONFIG": str(place / "logwatch.yaml")}
    with Path("/dev/full").open("wb") as full:
        done = forked.logwatch(*words, cwd=place, env=environ, stdout=full)
    assert b"Traceback" not in done.stderr
    assert b"fault" not in done.stderr
    if words[0] not in ("reload", "send") or "--show" in words:  # of which no daemon, no sink
        assert b"cannot write to stdout: No space left on device\n" in done.stderr
        assert done.returncode == 1


@pytest.mark.parametrize(
    "words",
    [
        ["send", "out", "--show", "caf\udce9"],
        ["alerts", "caf\udce9"],
        ["why", "caf\udce9"],
    ],
)
def test_a_word_that_is_no_text_is_a_mistake_in_usage(place, words):
    """As a terminal with another encoding sends it; files of logs may be called so."""
    environ = {**os.environ, "LOGWATCH_CONFIG": str(place / "logwatch.yaml")}
    done = forked.logwatch(*words, cwd=place, env=environ)
    assert done.returncode == 2
    assert done.stderr == f"logwatch {words[0]}: 'caf\\xe9' is not UTF-8\n".encode()


def test_quiet_leaves_out_notes_and_says_what_went_wrong(place):
    """And the data is the same."""
    for words in (("send", "out"), ("init", "--from", "auth.log")):
        loud, quiet = logwatch(place, *words), logwatch(place, *words, "-q")
        assert loud.stderr
        assert (quiet.stderr, quiet.stdout) == (b"", loud.stdout)
    assert logwatch(place, "send", "bad", "-q").stderr


def test_verbose_says_what_is_done(place):
    """In logwatch's own events, on stderr."""
    loud, usual = logwatch(place, "replay", "-v"), logwatch(place, "replay")
    assert loud.stdout == usual.stdout
    assert loud.stderr.count(b"\n") > usual.stderr.count(b"\n")


# -- hostile text ----------------------------------------------------------------------------

HOSTILE = "\x1b[2J\x1b]0;x\x07\x9b31m\u202egnp\u200b\x7f\r"


@pytest.mark.parametrize(
    "words",
    [
        (HOSTILE,),
        ("help", HOSTILE),
        ("status", f"--{HOSTILE}"),
        ("check", HOSTILE),
        ("try", "x", HOSTILE),
        ("learn", HOSTILE, "--from", "auth.log"),
        ("replay", "--source", HOSTILE),
        ("why", "--line", f"Failed password for {HOSTILE} from 10.0.0.1"),
        ("try", "ssh", "--line", f"Failed password for {HOSTILE} from 10.0.0.1"),
        ("send", "out", HOSTILE, "--show", "-o", "json"),
        ("silence", f"user={HOSTILE}", "--for", "1h", "--dry-run"),
        ("tail", "--as-rule", "x", "-m", HOSTILE, "auth.log", "--no-follow"),
    ],
    ids=lambda words: words[0] if words[0] in VERBS else "",
)
def test_nothing_that_is_named_steers_the_terminal(place, words, monkeypatch, capfd):
    """Nor what is said of it: a shell writes out the name of any file for a star."""
    monkeypatch.chdir(place)
    for name, value in named(place).items():
        monkeypatch.setenv(name, value)
    with contextlib.suppress(SystemExit):
        run_command_line(words)
    shown = "".join(capfd.readouterr())
    assert shown
    assert [line for line in shown.split("\n") if line != visible(line)] == []
