"""An episode that another line ends: it burns over a kill, and only its line ends it."""

from __future__ import annotations

from doubles.forked import Running
from doubles.process import alerts_in, eventually

CONFIG = """\
sources: {net: {path: FOLDER/net.log, start: beginning}}
rules:
- name: link
  match: 'link (?P<port>\\S+) down'
  by: port
  clear: {match: 'link {port} up'}
  cooldown: 0
- name: flapping
  match: 'link (?P<port>\\S+) down'
  by: port
  when: 3 in 1h
  clear: {match: 'link (?P<port>\\S+) stable'}
  cooldown: 0
sinks: {out: {jsonl_file: {path: FOLDER/alerts.jsonl}}}
"""


def test_what_burns_when_the_daemon_is_killed_is_ended_by_the_line_that_comes_after(tmp_path):
    """Once, with the id that it had, and no other line ends it; so with what is half counted."""
    config = CONFIG.replace("FOLDER", str(tmp_path))

    def write(*lines: str) -> None:
        with (tmp_path / "net.log").open("a", encoding="utf-8") as log:
            log.writelines(f"{line}\n" for line in lines)

    def told() -> list[tuple[str, str, str, int]]:
        """Each message once, for a kill may send one again."""
        alerts = {(each["id"], each["seq"]): each for each in alerts_in(tmp_path / "alerts.jsonl")}
        assert len({number for number, _ in alerts}) <= 3
        return [(a["rule"], a["key"]["port"], a["status"], a["count"]) for a in alerts.values()]

    write("link e0 down", "link e1 down")
    with Running(tmp_path, config).ready() as daemon:
        eventually(lambda: len(told()) >= 2, "both fire")
        daemon.kill()
    assert told() == [("link", "e0", "firing", 1), ("link", "e1", "firing", 1)]
    write("link e1 up", "link e2 up", "link e0 down", "link e0 down")
    with Running(tmp_path, config).ready() as daemon:
        eventually(lambda: len(told()) >= 4, "one ends, and one flaps")
        daemon.kill()
    assert told()[2:] == [("link", "e1", "resolved", 1), ("flapping", "e0", "firing", 3)]
    write("link e0 stable", "link e0 up")
    with Running(tmp_path, config).ready() as daemon:
        eventually(lambda: len(told()) >= 6, "both end")
        daemon.stop()
    assert told()[4:] == [("flapping", "e0", "resolved", 3), ("link", "e0", "resolved", 3)]
