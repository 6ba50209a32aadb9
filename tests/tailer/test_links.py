"""Where links lead, and whose."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from logwatch.tailer import links, under_path
from logwatch.tailer.claims import Claims
from logwatch.tailer.discovery import Discovery
from logwatch.tailer.links import LinkRule
from logwatch.tailer.opening import open_beside, open_regular
from logwatch.tailer.settings import SourceSettings
from logwatch.tailer.tail import Tail

NOBODY = 65534


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A directory of logs and one of secrets; files and links are a stranger's."""
    monkeypatch.setattr(links, "_trusted", tuple)
    (tmp_path / "logs").mkdir()
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "shadow").write_text("ERROR secret\n")
    (tmp_path / "secret" / "shadow.1").write_text("ERROR older secret\n")
    return tmp_path


@pytest.fixture
def owners(monkeypatch):
    """Whose a thing is, by its name; else it is the secret's owner's."""
    given: dict[str, int] = {}
    real = os.fstat

    def fstat(fd):
        status = real(fd)
        name = Path(f"/proc/self/fd/{fd}").readlink().name
        fields = list(status)
        fields[4] = given.get(name, 1)
        return os.stat_result(fields, {"st_mtime_ns": status.st_mtime_ns})

    monkeypatch.setattr(links.os, "fstat", fstat)
    return given


def text_of(path, rule):
    file = open_regular(str(path), rule)
    try:
        return os.pread(file.fd, 100, 0).decode()
    finally:
        os.close(file.fd)


def test_a_link_of_a_stranger_leads_only_to_what_is_his(place, owners):
    log, target = place / "logs" / "app.log", place / "secret" / "shadow"
    log.symlink_to(target)
    owners["app.log"] = NOBODY
    with pytest.raises(OSError, match="is a link that belongs to nobody and leads to") as refused:
        text_of(log, LinkRule())
    assert refused.value.errno == errno.ELOOP
    owners["shadow"] = NOBODY
    assert text_of(log, LinkRule()) == "ERROR secret\n"
    owners["shadow"] = 2
    owners["secret"] = NOBODY
    assert text_of(log, LinkRule()) == "ERROR secret\n"


def test_a_link_of_root_or_of_our_own_leads_anywhere(place, owners, monkeypatch):
    log = place / "logs" / "app.log"
    log.symlink_to("../secret/shadow")
    owners["app.log"] = NOBODY
    monkeypatch.setattr(links, "_trusted", lambda: (0, NOBODY))
    assert text_of(log, LinkRule()) == "ERROR secret\n"


def test_a_directory_on_the_way_counts_as_well(place, owners):
    """And a link to a link is judged by each of them."""
    (place / "app").symlink_to("secret")
    (place / "logs" / "app.log").symlink_to("../app/shadow")
    owners["app"] = NOBODY
    with pytest.raises(OSError, match=f"{place}/app is a link"):
        text_of(place / "app" / "shadow", LinkRule())
    with pytest.raises(OSError, match=f"{place}/app is a link"):
        text_of(place / "logs" / "app.log", LinkRule())


def test_with_roots_it_counts_where_a_file_is_and_not_who_made_a_link(place, owners):
    owners["app.log"] = NOBODY
    (place / "logs" / "app.log").symlink_to("../secret/shadow")
    inside = LinkRule((str(place / "logs"), str(place / "secret")))
    assert text_of(place / "logs" / "app.log", inside) == "ERROR secret\n"
    outside = LinkRule((str(place / "logs"),))
    with pytest.raises(OSError, match="in none of allowed_roots"):
        text_of(place / "logs" / "app.log", outside)
    with pytest.raises(OSError, match="in none of allowed_roots"):
        text_of(place / "secret" / "shadow", outside)
    (place / "logs2").mkdir()
    (place / "logs2" / "a.log").write_text("x")
    with pytest.raises(OSError, match="in none of allowed_roots"):
        text_of(place / "logs2" / "a.log", outside)
    (place / "roots").symlink_to("secret")
    assert text_of(place / "secret" / "shadow", LinkRule((str(place / "roots"),)))


def test_what_is_beside_the_target_of_a_link_is_judged_as_the_target(place, owners):
    """Its rotated generations are no more to be read than itself."""
    log, other = place / "logs" / "app.log", f"{place}/secret/shadow.1"
    owners["app.log"] = NOBODY
    log.symlink_to("../secret/shadow")
    with pytest.raises(OSError, match="is a link that belongs to nobody"):
        open_beside(str(log), other, LinkRule())
    log.unlink()
    log.touch()
    with pytest.raises(FileNotFoundError):
        open_beside(str(log), other, LinkRule())
    own = place / "logs" / "app.log.1"
    own.write_text("own")
    os.close(open_beside(str(log), str(own), LinkRule()).fd)
    owners["shadow.1"] = NOBODY
    log.unlink()
    log.symlink_to("../secret/shadow")
    os.close(open_beside(str(log), other, LinkRule()).fd)


def test_links_in_a_circle_and_to_nowhere_are_what_they_always_are(place):
    log = place / "logs" / "app.log"
    log.symlink_to("app.log")
    with pytest.raises(OSError, match="Too many levels"):
        text_of(log, LinkRule())
    log.unlink()
    log.symlink_to("nowhere")
    with pytest.raises(FileNotFoundError):
        text_of(log, LinkRule())
    log.unlink()
    log.symlink_to("/dev/zero")
    with pytest.raises(OSError, match="a device, not a regular file"):
        text_of(log, LinkRule())


@pytest.mark.parametrize("target", ["/proc/version", "/proc/kmsg", "/sys/kernel/uevent_seqnum"])
def test_what_the_kernel_makes_up_is_no_log(place, target):
    """It is never opened for reading: what one reader of /proc/kmsg gets no other one does."""
    log = place / "logs" / "app.log"
    log.symlink_to(target)
    with pytest.raises(OSError, match="a file of the kernel, not a regular file"):
        open_regular(str(log))


def test_a_name_that_must_not_lead_to_a_file_is_no_name_of_it(place, owners):
    """Else the rules of one source would see what only those of another may."""
    (place / "logs" / "app.log").symlink_to("../secret/shadow")
    (place / "logs" / "own.log").symlink_to("../secret/shadow.1")
    owners["app.log"] = NOBODY
    sources = [
        SourceSettings(name="app", paths=(f"{place}/logs/app.log", f"{place}/logs/*.log")),
        SourceSettings(name="secret", paths=(f"{place}/secret/*",)),
    ]
    found = Discovery(sources).scan().files
    assert found[f"{place}/secret/shadow"] == ("secret",)
    assert found[f"{place}/logs/app.log"] == ("app",)
    owners["app.log"] = 1
    found = Discovery(sources).scan().files
    assert found[f"{place}/logs/app.log"] == ("app", "secret")
    assert f"{place}/secret/shadow" not in found


def test_a_tail_says_that_it_was_refused_and_follows_again(place, follow):
    """Once, and with what to do."""
    log = follow(b"line\n")
    assert log.read() == [b"line\n"]
    log.tail.close()
    rule = LinkRule((str(place / "logs"),))
    tail = Tail(str(place / "logs" / "app.log"), claims=Claims(rule), start="beginning")
    (place / "logs" / "app.log").symlink_to("../secret/shadow")
    assert tail.read(log.clock.moment()) is None
    assert tail.state().status == "error"
    assert "in none of allowed_roots" in tail.state().detail
    (place / "logs" / "app.log").unlink()
    (place / "logs" / "app.log").write_text("mine\n")
    log.advance(2)
    assert b"mine\n" in [block.data for _ in range(3) if (block := tail.read(log.clock.moment()))]
    tail.close()


def test_what_is_exchanged_between_a_look_and_its_opening_is_looked_at_again(
    place, follow, monkeypatch
):
    """A link to a secret, the log as it is opened, the link again: that is refused, and shown."""
    log = follow(b"line\n")
    log.tail.close()
    rule = LinkRule((str(place / "logs"),))
    path, kept = place / "logs" / "app.log", place / "logs" / "kept"
    tail = Tail(str(path), claims=Claims(rule), start="beginning")
    path.write_text("mine\n")
    assert b"mine\n" in [block.data for _ in range(3) if (block := tail.read(log.clock.moment()))]

    def exchanged(name, links):
        path.unlink()
        kept.rename(path)
        try:
            return open_regular(name, links)
        finally:
            path.rename(kept)
            path.symlink_to("../secret/shadow")

    path.rename(kept)
    path.symlink_to("../secret/shadow")
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(under_path, "open_regular", exchanged)
        log.advance(2)
        tail.read(log.clock.moment())
        assert tail.state().status == "following"
    log.advance(2)
    tail.read(log.clock.moment())
    assert "in none of allowed_roots" in tail.state().detail
    tail.close()


def test_a_link_that_is_a_file_again_within_a_look_is_that_file(place, owners, monkeypatch):
    """Whoever exchanges them all the time meets every moment between two calls."""
    log = place / "logs" / "app.log"
    log.symlink_to("../secret/shadow")
    owners["app.log"] = NOBODY
    really = links._is_link

    def and_then_a_file(folder, name):
        was = really(folder, name)
        if was:
            log.unlink()
            log.write_text("mine\n")
        return was

    monkeypatch.setattr(links, "_is_link", and_then_a_file)
    assert text_of(log, LinkRule()) == "mine\n"
