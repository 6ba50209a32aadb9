"""What every kind of sink in the registry must keep to."""

from __future__ import annotations

import re
import socket
import sys
from pathlib import Path
from typing import get_args

import msgspec
import pytest
import yaml
from doubles.messages import make_notification as plain_notification

from logwatch.config.loader import from_text
from logwatch.config.sink_keys import BESIDE
from logwatch.records import (
    SCHEMA,
    Alert,
    AlertContext,
    AlertLine,
    Delivered,
    Notification,
    Outcome,
    Rejected,
    Retry,
    encode_alert,
)
from logwatch.sinks import KINDS
from logwatch.sinks.base import SinkSettings
from logwatch.sinks.memory import KIND as MEMORY
from logwatch.sinks.rehearsal import written
from logwatch.units import parse_duration

ROOT = Path(__file__).parents[2]
INDEX = (ROOT / "docs/sinks.md").read_text()
PAGES = ROOT / "docs/sinks"

# A plugin of Apprise's own imports it.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

HOSTILE = [
    "\x1b[2J\x1b]0;title\x07\x9b31m",
    "line one\nline two\r\n.\r\n~!touch canary\n",
    "\"quotes\" 'and' \\back\\slashes\\ ] } ) `touch canary` $(touch canary) %0a",
    '{"status": "resolved"}\n{"schema": 1}',
    "<!channel> <script>alert(1)</script> [x](javascript:1) -rf",
    "\u202egnp.exe\u200b\u2066\ufeff\u2028\U000e0041",
    "\ufffd\ufffd replacement \ufffd",
    "\0" * 10,
    "x" * 100_000,
    "€" * 100_000,
    "",
]
KINDS_WITH_DOUBLES = {**KINDS, "memory": MEMORY}


def hostile_alert(text: str) -> Notification:
    line = AlertLine(path=text, offset=0, time="", text=text)
    alert = Alert(
        schema=SCHEMA,
        id="b4c1f0",
        seq=1,
        status="firing",
        rule=text[:1000],
        severity="critical",
        message=text,
        source=text[:1000],
        path=text[:1000],
        host=text[:1000],
        key={"user": text},
        fields={"user": text, text[:50]: "x"},
        count=1,
        suppressed=0,
        first="2026-01-05T01:00:00.000Z",
        last="2026-01-05T01:00:00.000Z",
        at="2026-01-05T01:00:00.000Z",
        late=False,
        lines=[line],
        context=AlertContext(before=(line,), after=(line,)),
    )
    return Notification(1, encode_alert(alert))


@pytest.fixture
def settings(tmp_path, monkeypatch) -> dict[str, SinkSettings]:
    """For each kind, settings that work without the outside world, or fail fast."""
    monkeypatch.chdir(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    values = {
        "console": {},
        "jsonl_file": {"path": str(tmp_path / "alerts.jsonl")},
        "webhook": {"url": f"http://127.0.0.1:{port}/", "timeout": 2.0},
        "command": {"argv": ["/bin/sh", "-c", "cat >/dev/null"]},
        "syslog": {"address": str(tmp_path / "log")},
        "journald": {"path": str(tmp_path / "journal")},
        "pagerduty": {"routing_key": "0" * 32, "url": f"http://127.0.0.1:{port}/", "timeout": 2.0},
        "alertmanager": {"urls": [f"http://127.0.0.1:{port}"], "timeout": 2.0},
        "otlp": {"url": f"http://127.0.0.1:{port}", "timeout": 2.0},
        "slack": {"url": f"http://127.0.0.1:{port}/", "timeout": 2.0},
        "teams": {"url": f"http://127.0.0.1:{port}/", "timeout": 2.0},
        "discord": {"url": f"http://127.0.0.1:{port}/", "timeout": 2.0},
        "telegram": {"token": "1:a", "chat_id": 1, "url": f"http://127.0.0.1:{port}"},
        "ntfy": {"topic": "alerts", "url": f"http://127.0.0.1:{port}", "timeout": 2.0},
        "smtp": {"to": ["ops@example.org"], "host": "127.0.0.1", "port": port, "timeout": 2.0},
        "apprise": {"urls": [f"json://127.0.0.1:{port}/"], "timeout": 2.0},
        "memory": {},
    }
    return {
        name: msgspec.convert(values[name], kind.settings)
        for name, kind in KINDS_WITH_DOUBLES.items()
    }


every_kind = pytest.mark.parametrize("name", sorted(KINDS))
every_sink = pytest.mark.parametrize("name", sorted(KINDS_WITH_DOUBLES))


@every_kind
def test_it_is_registered_under_its_own_name(name):
    assert KINDS[name].name == name
    assert re.fullmatch(r"[a-z][a-z_]*", name)


@every_sink
def test_its_settings_are_strict_frozen_and_explained(name):
    settings = KINDS_WITH_DOUBLES[name].settings
    assert issubclass(settings, SinkSettings)
    assert settings.__struct_config__.frozen
    assert settings.__struct_config__.forbid_unknown_fields
    assert name in (settings.__doc__ or "")
    source = "".join(
        Path(sys.modules[part.__module__].__file__).read_text()
        for part in settings.__mro__
        if part.__module__.startswith("logwatch.")
    )
    for field in settings.__struct_fields__:
        assert re.search(rf'^    {field}: .*\n    """[A-Z]', source, re.MULTILINE), field


@every_sink
def test_its_module_opens_with_a_promise(name):
    module = __import__(KINDS_WITH_DOUBLES[name].settings.__module__, fromlist=["_"])
    assert module.__doc__
    assert len(module.__doc__) > 80


@every_kind
def test_its_short_form_names_a_text_field(name):
    kind = KINDS[name]
    if kind.short is not None:
        assert kind.short in kind.settings.__struct_fields__


@every_kind
def test_its_url_form_and_schemes_come_together(name):
    kind = KINDS[name]
    assert bool(kind.schemes) == (kind.from_url is not None)


@every_kind
def test_it_has_a_page_that_names_every_setting(name):
    page = (PAGES / f"{name}.md").read_text()
    assert page.startswith(f"# {name}\n")
    for field in KINDS[name].settings.__struct_encode_fields__:
        assert f"| `{field}` |" in page
    assert f"[{name}](sinks/{name}.md)" in INDEX


@every_kind
def test_each_example_of_its_page_can_be_loaded(name, tmp_path):
    """Through the loader, with sources and rules where the example leaves them out."""
    examples = re.findall(r"```yaml\n(.*?)```", (PAGES / f"{name}.md").read_text(), re.DOTALL)
    assert examples
    rest = {
        "sources": f"sources: {{app: {{path: {tmp_path}/app.log}}}}\n",
        "rules": "rules: [{name: error, match: ERROR}]\n",
    }
    for example in examples:
        keys = yaml.safe_load(example)
        text = example + "".join(part for key, part in rest.items() if key not in keys)
        names = re.findall(r"\$\{env:(\w+)\}", text)
        secrets = {
            name: "https://example.org/hook" if name.endswith("URL") else "123456:secret"
            for name in names
        }
        assert from_text(text, environ=secrets, folder=tmp_path).sinks


def test_each_example_of_the_index_can_be_loaded(tmp_path):
    examples = re.findall(r"```yaml\n(.*?)```", INDEX, re.DOTALL)
    assert examples
    for example in examples:
        rest = "" if "\nrules:" in f"\n{example}" else "rules: [{name: a, match: '(?P<ip>x)'}]\n"
        sources = "" if "\nsources:" in f"\n{example}" else "sources: {app: {path: /dev/null}}\n"
        assert from_text(example + rest + sources, folder=tmp_path).sinks


def test_no_page_is_left_of_a_kind_that_is_gone():
    assert {page.stem for page in PAGES.iterdir()} == set(KINDS)


def in_seconds(settings: type[SinkSettings], values: dict) -> dict:
    """Durations of an example, which are written for people, as the loader turns them."""
    durations = {
        field.name
        for field in msgspec.inspect.type_info(settings).fields
        if (getattr(field.type, "extra", None) or {}).get("unit") == "duration"
    }
    return {
        key: parse_duration(value) if key in durations else value for key, value in values.items()
    }


@every_kind
def test_it_has_a_complete_example(name):
    text = (ROOT / f"config/examples/sinks/{name}.yaml").read_text()
    assert text.startswith("# ")
    document = yaml.safe_load(text)
    assert document["sources"]
    assert document["rules"]
    (sink,) = document["sinks"].values()
    values = sink[name]
    assert set(sink) <= {name, *BESIDE}
    kind = KINDS[name]
    assert isinstance(
        msgspec.convert(in_seconds(kind.settings, values), kind.settings), SinkSettings
    )


@every_kind
def test_what_it_would_send_can_be_shown(name, monkeypatch):
    """`logwatch send NAME --show`: something is written, and nothing is sent."""
    document = yaml.safe_load((ROOT / f"config/examples/sinks/{name}.yaml").read_text())
    (sink,) = document["sinks"].values()
    kind = KINDS[name]
    values = {
        key: "0" * 32 if str(value).startswith("${file:") else value
        for key, value in sink[name].items()
    }
    settings = msgspec.convert(in_seconds(kind.settings, values), kind.settings)
    monkeypatch.setattr(socket, "create_connection", None)
    shown = written(kind, settings, plain_notification(labels={"test": "true"}))
    assert shown
    assert all("5 failed logins" in each.text for each in shown)


def test_no_example_is_left_of_a_kind_that_is_gone():
    examples = {path.stem for path in (ROOT / "config/examples/sinks").iterdir()}
    assert examples == set(KINDS)


@every_sink
def test_it_takes_at_least_one_at_a_time(name, settings):
    sink = KINDS_WITH_DOUBLES[name].make(settings[name])
    assert sink.batch_size >= 1
    sink.close()


@every_sink
@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:12]))
def test_it_answers_hostile_text_with_an_outcome(name, settings, text, tmp_path, capsys):
    sink = KINDS_WITH_DOUBLES[name].make(settings[name])
    batch = [hostile_alert(text)] * min(3, sink.batch_size)
    outcome = sink.deliver(batch)
    sink.close()
    assert isinstance(outcome, get_args(Outcome))
    assert not (tmp_path / "canary").exists()
    printed = capsys.readouterr()
    assert (printed.out + printed.err).replace("\n", "").isprintable()
    if isinstance(outcome, Retry | Rejected):
        assert outcome.reason
        assert outcome.reason.isprintable()
    else:
        assert isinstance(outcome, Delivered)


@every_sink
def test_it_can_be_closed_twice_used_or_not(name, settings, capsys):
    kind = KINDS_WITH_DOUBLES[name]
    unused = kind.make(settings[name])
    unused.close()
    unused.close()
    used = kind.make(settings[name])
    used.deliver([hostile_alert("x")])
    used.close()
    used.close()


def descriptors():
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@every_sink
def test_it_leaves_no_descriptor_behind(name, settings, capsys):
    kind = KINDS_WITH_DOUBLES[name]

    def use():
        sink = kind.make(settings[name])
        for _ in range(3):
            sink.deliver([hostile_alert("x")])
        sink.close()

    use()  # loads what it needs
    before = descriptors()
    use()
    assert descriptors() == before


@every_sink
def test_an_empty_batch_is_no_trouble(name, settings, capsys):
    sink = KINDS_WITH_DOUBLES[name].make(settings[name])
    assert isinstance(sink.deliver([]), get_args(Outcome))
    sink.close()
