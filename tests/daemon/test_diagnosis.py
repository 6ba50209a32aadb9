"""What counts as wrong, and what as good to know."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from logwatch.daemon.diagnosis import MOST_OF_A_KIND, diagnose
from logwatch.daemon.health import (
    Audit,
    ConfigStatus,
    EngineStatus,
    FileStatus,
    PolledStatus,
    QueueStatus,
    SinkStatus,
    Status,
    StoreStatus,
    ThreadStatus,
    WakingStatus,
)

FILE = FileStatus(path="/var/log/a.log", sources=("a",), status="following", offset=9, size=9)
SINK = SinkStatus(name="pager", waiting=0, given_up=0)
ENGINE = EngineStatus(name="hyperscan", reason="probes passed", sources=("a",), rules=2)
WELL = Status(
    phase="live",
    files=(FILE,),
    sinks=(SINK,),
    engines=(ENGINE,),
    queue=QueueStatus(limit=100),
    threads=(ThreadStatus(name="consumer", alive=True),),
)


def texts(remarks) -> list[str]:
    return [f"{each.about}: {each.text} -> {each.remedy}" for each in remarks]


def test_a_daemon_that_is_well_gets_no_remark():
    assert diagnose(WELL) == ([], [])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"store": StoreStatus(degraded=True)}, ("store", "nothing can be committed", "make room")),
        ({"store": StoreStatus(in_place=False)}, ("store", "removed or replaced", "restart")),
        (
            {"threads": (ThreadStatus(name="consumer", alive=False),)},
            ("thread consumer", "it is dead"),
        ),
        (
            {"threads": (ThreadStatus(name="consumer", alive=True, busy=True, idle_seconds=31),)},
            ("thread consumer", "has not moved for 31s", "SIGUSR1"),
        ),
        (
            {"sinks": (replace(SINK, down=True, waiting=3, reason="HTTP 503"),)},
            ("sink pager", "down, 3 messages waiting: HTTP 503", "logwatch send pager"),
        ),
        (
            {
                "sinks": (
                    replace(SINK, refused=1, given_up=1, refusal="HTTP 400", reason="HTTP 503"),
                )
            },
            ("sink pager", "refused 1 message for good: HTTP 400"),
        ),
        (
            {"sinks": (replace(SINK, delivering_seconds=121.0),)},
            ("sink pager", "not come back for 2m", "answer?"),
        ),
        ({"quarantined": ("ssh",)}, ("rule ssh", "it failed and is not asked any more")),
        (
            {"engines": (replace(ENGINE, quarantined={"slow": 25}),)},
            ("rule slow", "in quarantine; 25 lines passed over", "logwatch check"),
        ),
        (
            {"engines": (replace(ENGINE, fallback=("odd",)),)},
            ("rule odd", "the engine hyperscan was wrong about it", "report", "probes passed"),
        ),
        (
            {"files": (replace(FILE, status="denied", detail="root:adm 640; usermod -aG adm x"),)},
            ("file /var/log/a.log", "not readable: root:adm 640", "-> usermod -aG adm x"),
        ),
        (
            {"files": (replace(FILE, status="dead", detail="its thread died: KeyError(1)"),)},
            ("file /var/log/a.log", "not read: its thread died"),
        ),
        ({"unseen": {"/srv/*/x": "no access to /srv"}}, ("/srv/*/x", "no access to /srv")),
        ({"remark": "reload refused: a.yaml:3:1: no"}, ("config", "a.yaml:3:1", "correct it")),
    ],
)
def test_a_trouble_is_named_with_its_reason_and_remedy(changes, words):
    troubles, notes = diagnose(replace(WELL, **changes))
    (text,) = texts(troubles)
    assert all(word in text for word in words)
    assert not notes


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"files": (FILE, replace(FILE, path="/b.log", status="waiting"))},
            ("files", "/b.log: no such file now"),
        ),
        ({"files": ()}, ("files", "no source has a file", "logwatch check")),
        (
            {"sinks": (replace(SINK, failing_since="2026-01-05T00:00:00Z", reason="reset"),)},
            ("sink pager", "the last try failed: reset"),
        ),
        (
            {"sinks": (replace(SINK, given_up=2),)},
            ("sink pager", "2 messages refused for good before the start"),
        ),
        (
            {"engines": (replace(ENGINE, name="reference", reason="not installed"),)},
            ("engine", "reference", "costs more CPU", "not installed"),
        ),
        (
            {"engines": (replace(ENGINE, timeouts={"slow": 1}),)},
            ("rule slow", "1 search took too long"),
        ),
        (
            {"config": ConfigStatus(changed=("/etc/x.yaml",))},
            ("config", "changed on disk", "/etc/x.yaml", "reload"),
        ),
        ({"unknown": {"waking": "it hangs"}}, ("waking", "not known: it hangs")),
        ({"queue": QueueStatus(bytes=95, limit=100)}, ("queue", "full")),
        (
            {"waking": WakingStatus(polled=(PolledStatus(directory="/d", reason="nfs"),))},
            ("directory /d", "polled: nfs"),
        ),
        (
            {"counters": {"tailer.bytes_lost": 1, "bytes_lost": 1234}},
            ("files", "1,234 bytes of logs were lost"),
        ),
        (
            {"counters": {"tailer.bytes_lost": 1, "bytes_lost": 0}},
            ("files", "an unknown number of bytes of logs were lost"),
        ),
    ],
)
def test_what_may_be_as_it_should_is_a_note(changes, words):
    troubles, notes = diagnose(replace(WELL, **changes))
    assert not troubles
    (text,) = texts(notes)
    assert all(word in text for word in words)


def test_a_thousand_files_that_cannot_be_read_are_summed_up():
    files = tuple(replace(FILE, path=f"/{n}", status="denied", detail="no") for n in range(1000))
    troubles, _ = diagnose(replace(WELL, files=files))
    assert len(troubles) == MOST_OF_A_KIND + 1
    assert "990 more" in troubles[-1].text


def test_lines_that_were_cut_are_noted_by_file():
    cut = replace(FILE, lines_cut=1200)
    (note,) = diagnose(replace(WELL, files=(FILE, cut)))[1]
    text = "1,200 lines over max_line: only the beginning was looked at"
    assert texts([note]) == [f"file /var/log/a.log: {text} -> raise max_line of a, if it matters"]


def test_many_missing_files_are_one_note():
    files = tuple(replace(FILE, path=f"/{n}", status="waiting") for n in range(1000))
    _, (note,) = diagnose(replace(WELL, files=files))
    assert note.text.startswith("/0, /1, /2 and 997 more")


@pytest.mark.parametrize("phase", ["starting", "stopping"])
def test_threads_may_be_still_or_no_more_at_both_ends(phase):
    dead = (ThreadStatus(name="consumer", alive=False),)
    assert diagnose(replace(WELL, phase=phase, threads=dead)) == ([], [])


@pytest.mark.parametrize("phase", ["starting", "live"])
def test_a_file_whose_reading_hangs_is_named_in_every_phase(phase):
    """A server that does not answer may be just what holds up the start."""
    hangs = ThreadStatus(name="file /nfs/a.log", alive=True, busy=True, idle_seconds=31)
    (text,) = texts(diagnose(replace(WELL, phase=phase, threads=(hangs,)))[0])
    assert all(word in text for word in ("file /nfs/a.log", "not come back for 31s"))
    reads = replace(hangs, idle_seconds=1)
    assert diagnose(replace(WELL, phase=phase, threads=(reads,))) == ([], [])


def test_an_audit_without_a_difference_is_nothing_to_say():
    engines = (replace(ENGINE, audit=Audit(lines=9)),)
    assert diagnose(replace(WELL, engines=engines)) == ([], [])
