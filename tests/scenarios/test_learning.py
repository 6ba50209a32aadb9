"""`logwatch learn` beside a daemon that runs: it learns at once, and knows it after a restart."""

from __future__ import annotations

import subprocess

from doubles.forked import Running, logwatch
from doubles.process import alerts_in, environment, eventually

CONFIG = """\
sources: {{app: {{path: {folder}/app.log, start: beginning}}}}
rules:
  - {{name: who, match: 'login (?P<who>\\S+)', cooldown: 0, new: {{value: who}}}}
  - {{name: never, unless: login, new: {{template: message}}}}
sinks:
  out: {{jsonl_file: {{path: {folder}/alerts.jsonl}}}}
"""


def learn(daemon: Running, *words: str) -> subprocess.CompletedProcess[str]:
    """The real command, as a person in another shell types it."""
    return logwatch("learn", *words, "-c", str(daemon.config), text=True, env=environment())


def write(folder, *lines: str) -> None:
    """Append to the log."""
    with (folder / "app.log").open("a") as log:
        log.writelines(f"{line}\n" for line in lines)


def told(folder, rule: str) -> list[str]:
    """The values that were told, or lines of templates; what a kill had told again, once."""
    alerts = {(each["id"], each["seq"]): each for each in alerts_in(folder / "alerts.jsonl")}
    return [each["lines"][0]["text"] for each in alerts.values() if each["rule"] == rule]


def test_a_running_daemon_learns_thousands_of_values_at_once(tmp_path):
    """They are not new to it, neither now nor after it was killed."""
    write(tmp_path)
    old = tmp_path / "old.log"
    old.write_text("".join(f"login user{number}\n" for number in range(5000)))
    with Running(tmp_path, CONFIG.format(folder=tmp_path)).ready() as daemon:
        done = learn(daemon, "who", "--from", str(old))
        assert (done.returncode, done.stderr) == (0, "")
        assert "knew 0 values, knows 5,000 now: 5,000 new" in done.stdout
        assert "the daemon at" in done.stdout
        write(tmp_path, "login user17", "login stranger")
        eventually(lambda: told(tmp_path, "who") == ["login stranger"], "only the stranger is new")
        daemon.kill()
    with Running(tmp_path, CONFIG.format(folder=tmp_path)).ready():
        write(tmp_path, "login user4999", "login other")
        eventually(lambda: len(told(tmp_path, "who")) == 2, "the other is told")
        assert told(tmp_path, "who")[1] == "login other"


def test_a_template_is_accepted_while_the_daemon_runs(tmp_path):
    """Before it is seen, with its source; and one that was told, by the id in its alert."""
    write(tmp_path)
    with Running(tmp_path, CONFIG.format(folder=tmp_path)).ready() as daemon:
        done = learn(daemon, "never", "--accept", "lost disk <num>", "--source", "app")
        assert done.returncode == 0, done.stderr
        write(tmp_path, "lost disk 7", "all is on fire")
        eventually(lambda: told(tmp_path, "never") == ["all is on fire"], "only the fire is new")
        (alert,) = alerts_in(tmp_path / "alerts.jsonl")
        done = learn(daemon, "never", "--accept", alert["fields"]["template_id"])
        assert done.returncode == 0, done.stderr


def test_a_rule_that_the_daemon_does_not_have_is_said(tmp_path):
    """The configuration was changed and not reloaded."""
    write(tmp_path)
    with Running(tmp_path, CONFIG.format(folder=tmp_path)).ready() as daemon:
        text = daemon.config.read_text().replace("name: who", "name: someone")
        daemon.config.write_text(text)
        done = learn(daemon, "someone", "--accept", "bob")
        assert done.returncode == 1
        assert "is it reloaded?" in done.stderr
