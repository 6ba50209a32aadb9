"""Silences by command beside a daemon that runs: what is told, whatever becomes of the daemon."""

from __future__ import annotations

import json
from signal import Signals

import pytest
from doubles.forked import Running, logwatch, run_once
from doubles.process import alerts_in, environment, eventually
from doubles.receiver import Receiver

CONFIG = """\
sources: {{app: {{path: {folder}/app.log, start: beginning}}}}
rules:
  - {{name: guess, match: 'guess from (?P<ip>\\S+)', by: ip, when: 1 in 1h}}
  - {{name: oops, match: 'oops (?P<what>\\S+)', cooldown: 0}}
sinks:
  out: {{jsonl_file: {{path: {folder}/alerts.jsonl}}}}
  hook: {{webhook: {{url: '{url}'}}}}
"""


def silence(folder, *words: str, **more) -> str:
    """`logwatch silence`: see `typed`."""
    return typed(folder, "silence", *words, **more)


def typed(folder, *words: str, variables: dict[str, str] | None = None) -> str:
    """The real command, as a person in another shell types it; what it printed."""
    environ = environment() | (variables or {})
    done = logwatch(*words, "-c", str(folder / "logwatch.yaml"), text=True, env=environ)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def write(folder, *lines: str) -> None:
    """Append to the log."""
    with (folder / "app.log").open("a") as log:
        log.writelines(f"{line}\n" for line in lines)


def told(folder) -> list[str]:
    """What came to the file, each message once: a daemon that was killed may send it again."""
    messages = {f"{each['id']}:{each['seq']}": each for each in alerts_in(folder / "alerts.jsonl")}
    return [f"{each['rule']} {each['status']}" for each in messages.values()]


def by_hook(receiver: Receiver) -> list[str]:
    """What came to the webhook, each message once."""
    taken = {each.key: each.alert for each in receiver.taken}
    return [f"{each['rule']} {each['status']}" for each in taken.values()]


def test_what_is_silenced_is_told_when_the_silence_ends_whoever_was_killed_meanwhile(tmp_path):
    """The end tells what burns, and the events in one message; and that once."""
    write(tmp_path)
    with Receiver() as receiver:
        config = CONFIG.format(folder=tmp_path, url=receiver.url)
        with Running(tmp_path, config).ready() as daemon:
            out = silence(tmp_path, "source=app", "what!=canary", "--for", "2h")
            assert "silence #1 until" in out
            write(tmp_path, "guess from 192.0.2.1", "oops a", "oops b", "oops canary")
            eventually(lambda: told(tmp_path) == ["oops firing"], "only the canary is told")
            out = silence(tmp_path, "list")
            assert "hid 3 messages" in out
            held = json.loads(typed(tmp_path, "status", "-o", "json"))["held"]
            assert [each["number"] for each in held["silences"]] == [1]
            assert (held["withheld"], held["hidden"]) == (1, {"silence #1": 3})
            assert "silence  #1 ends in " in typed(tmp_path, "status")
            daemon.kill()
        with Running(tmp_path, config).ready() as daemon:
            write(tmp_path, "oops c", "oops canary")
            eventually(lambda: len(told(tmp_path)) == 2, "it is in force before the first line")
            out = silence(tmp_path, "end", "1")
            assert "it hid 4 messages. What still burns is told now." in out
            eventually(lambda: len(told(tmp_path)) == 4, "the episode, and the events as one")
            daemon.kill()
        with Running(tmp_path, config).ready() as daemon:
            write(tmp_path, "oops canary")
            eventually(lambda: len(told(tmp_path)) == 5, "nothing else is told again")
            eventually(lambda: len(by_hook(receiver)) == 5, "the other sink hears the same")
        expected = ["guess firing", *["oops firing"] * 4]
        assert sorted(told(tmp_path)) == expected
        assert sorted(by_hook(receiver)) == expected
    about, *_ = [each for each in alerts_in(tmp_path / "alerts.jsonl") if "group" in each]
    assert about["count"] == 3
    assert about["message"].startswith("silence #1 is over: 3 alerts")


def test_one_that_ends_while_nobody_runs_ends_all_the_same(tmp_path):
    """The next start tells what burns; and of an end by command without a daemon, too."""
    write(tmp_path)
    config = CONFIG.format(folder=tmp_path, url="http://127.0.0.1:9/")
    with Running(tmp_path, config).ready() as daemon:
        silence(tmp_path, "ip=192.0.2.1", "--for", "2s")
        silence(tmp_path, "ip=192.0.2.2", "--for", "2h")
        write(tmp_path, "guess from 192.0.2.1", "guess from 192.0.2.2", "oops canary")
        eventually(lambda: told(tmp_path) == ["oops firing"], "both are hidden")
        daemon.kill()
    out = silence(tmp_path, "end", "2")
    assert "told with the next start" in out
    eventually(lambda: "no silence is in force" in silence(tmp_path, "list"), "it ends")
    with Running(tmp_path, config).ready():
        eventually(lambda: len(told(tmp_path)) == 3, "both are told")
    assert told(tmp_path)[1:] == ["guess firing"] * 2


def test_a_single_run_from_cron_obeys_what_was_silenced_between(tmp_path):
    """And no daemon was ever asked."""
    write(tmp_path, "oops a")
    config = CONFIG.format(folder=tmp_path, url="http://127.0.0.1:9/")
    assert run_once(tmp_path, config).returncode == 0
    silence(tmp_path, "rule=oops", "--for", "1h")
    write(tmp_path, "oops b", "guess from 192.0.2.1")
    assert run_once(tmp_path, config).returncode == 0
    assert told(tmp_path) == ["oops firing", "guess firing"]


@pytest.mark.parametrize(
    ("broken", "preview"),
    [("rules: [", "hides no firing alert now"), ("state: [", "what it hides is not known")],
)
def test_while_the_configuration_is_broken_the_daemon_is_silenced_all_the_same(
    tmp_path, broken, preview
):
    """One person edits it, another must sleep; what it hides is known where the store is."""
    write(tmp_path)
    config = CONFIG.format(folder=tmp_path, url="http://127.0.0.1:9/")
    (tmp_path / "run").mkdir()
    variables = {"RUNTIME_DIRECTORY": str(tmp_path / "run")}
    with Running(tmp_path, config, variables=variables).ready() as daemon:
        daemon.config.write_text(f"{daemon.config.read_text()}\n{broken}")
        out = silence(tmp_path, "rule=oops", "--for", "1h", variables=variables)
        assert preview in out
        assert "silence #1 until" in out
        write(tmp_path, "oops a", "guess from 192.0.2.1")
        eventually(lambda: told(tmp_path) == ["guess firing"], "it is in force")


def test_an_acknowledgement_ends_with_the_alert(tmp_path):
    """Its end is told, for its beginning was; and the next alert is told again."""
    write(tmp_path)
    config = CONFIG.format(folder=tmp_path, url="http://127.0.0.1:9/")
    config = config.replace("when: 1 in 1h", "cooldown: 0, when: 1 in 2s")
    with Running(tmp_path, config).ready() as daemon:
        write(tmp_path, "guess from 192.0.2.1")
        eventually(lambda: told(tmp_path) == ["guess firing"], "it burns")
        out = silence(tmp_path, "rule=guess", "--until-resolved")
        assert "hides 1 firing alert now" in out
        assert "is resolved" in out
        daemon.signal(Signals.SIGHUP)  # a reload takes it along
        eventually(lambda: told(tmp_path) == ["guess firing", "guess resolved"], "its end is told")
        eventually(lambda: "no silence is in force" in silence(tmp_path, "list"), "it is over")
        write(tmp_path, "guess from 192.0.2.1")
        eventually(lambda: len(told(tmp_path)) >= 3, "the next one is told")


def test_dead_letters_go_out_again_by_command(tmp_path):
    """The receiver was wrong, somebody corrected it, and nothing is lost."""
    write(tmp_path)
    verdict = ["refuse"]
    with Receiver(lambda _number: verdict[0]) as receiver:
        config = CONFIG.format(folder=tmp_path, url=receiver.url)
        with Running(tmp_path, config).ready():
            write(tmp_path, "oops a", "oops b")
            listed = eventually(
                lambda: (
                    typed(tmp_path, "alerts", "--dead").count("given up after 1 try: 400") == 2
                    and typed(tmp_path, "alerts", "--dead")
                ),
                "both are refused",
            )
            assert "once more: logwatch send hook --dead" in listed
            verdict[0] = "take"
            out = typed(tmp_path, "send", "hook", "--dead")
            assert "2 dead letters back in the outbox; the daemon sends them now" in out
            eventually(lambda: by_hook(receiver) == ["oops firing"] * 2, "they are taken")
            assert "no dead letters" in typed(tmp_path, "alerts", "--dead")
