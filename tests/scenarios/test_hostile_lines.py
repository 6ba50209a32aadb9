"""No line of a log, however mean, ends the daemon or takes the lines after it along."""

from __future__ import annotations

import pytest
from doubles.forked import run_once
from doubles.process import alerts_in

CONFIG = """\
sources: {{app: {{path: {folder}/app.log, start: beginning, format: {form}}}}}
rules:
  - name: err
    match: 'ERROR(?: key=(?P<key>.*))?'
    by: key
    cooldown: 0
    say: '{{key:,}} {{host}}'
  - {{name: slow, match: '(?:E+R*)+(?:O|R)*$', cooldown: 0}}
sinks: {{out: {{jsonl_file: {{path: {folder}/alerts.jsonl}}}}}}
"""

MEAN = (
    b"ERROR " + b"[" * 100_000,
    b'{"ERROR":' * 990 + b"1" + b"}" * 990,
    b'{"m":"ERROR","n":' + b"[" * 990 + b"]" * 990 + b"}",
    b'{"m":"ERROR","n":1e400,"time":1e308,"key":' + b"9" * 5000 + b"}",
    b"ERROR " + b'k="' * 50_000,
    b"ERROR key=" + b"\\" * 100_000,
    b"ERROR \x00\x00\x1b]0;x\x07\xff\xfe\xc3(" + b"\xed\xa0\x80" * 1000,
    "ERROR \u202e\u2028\U0010ffff".encode(),
    b"<999999999999999999999>1 - - - - - [" + b'a b="' * 20_000 + b" ERROR",
    b'1.1.1.1 - - [99/Foo/9999:99:99:99 +9999] "' + b"\\" * 100_000 + b'" ERROR',
    b"9999-99-99T99:99:99.999999999999+99:99 ERROR",
    b"Feb 30 25:61:61 host ERROR",
    b"E" * 200_000 + b"ERRORx",
)


@pytest.mark.parametrize("form", ["plain", "syslog", "json", "logfmt", "combined"])
def test_every_mean_line_is_one_alert_and_the_next_line_is_read(tmp_path, form):
    """In each format; monitors have small stacks, so depth is what kills first."""
    (tmp_path / "app.log").write_bytes(b"".join(line + b"\nERROR next\n" for line in MEAN))
    done = run_once(tmp_path, CONFIG.format(folder=tmp_path, form=form))
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Traceback" not in done.stderr
    alerts = [each for each in alerts_in(tmp_path / "alerts.jsonl") if each["rule"] == "err"]
    assert len(alerts) == 2 * len(MEAN)
    assert sum(each["lines"][0]["text"] == "ERROR next" for each in alerts) == len(MEAN)
