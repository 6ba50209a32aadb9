"""Daemons that match log lines against rules, in the foreground and over one file.

rsyslog and syslog-ng follow their file for ever: the clock stops when the last line, which is a
hit, has come out. Programs that are not on the PATH may be named in the environment:
LOGWATCH_BENCH_SYSLOG_NG, LOGWATCH_BENCH_FLUENT_BIT (each the path of an executable).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from shutil import rmtree

from bench import child
from bench.corpus import Corpus
from bench.peers import Grep, Mtail, Peer, Program, Ripgrep, Sec, Swatchdog, said, version_of
from bench.rule_sets import NamedPattern, extended, without_names
from bench.subject import count_lines


class Fail2ban(Program):
    """fail2ban's own tool for trying rules, without a search for dates, which costs most."""

    name = "fail2ban"
    executable = "fail2ban-regex"
    first_guess = 400_000

    def prepare(self, folder: Path, rules: Sequence[NamedPattern]) -> None:
        """See `Peer.prepare`."""
        self._out, self._filter = folder / "out", folder / "bench.conf"
        patterns = "\n            ".join(
            with_failure_id(rule.pattern).replace("%", "%%") for rule in rules
        )
        self._filter.write_text(
            f"[Definition]\nfailregex = {patterns}\nignoreregex =\ndatepattern = {{NONE}}\n"
        )

    def run(self, corpus: Corpus) -> child.Spent:
        """See `Peer.run`."""
        return child.run([self.program(), "-o", "id", corpus.path, self._filter], stdout=self._out)

    def count(self) -> int | None:
        """See `Peer.count`."""
        return count_lines(self._out)


_ZERO_WIDTH = re.compile(r"\^|\\b")
_FIRST = re.compile(r"\(\?:|\\.|\[\^?.[^\]]*\]|[^\\([]")


def with_failure_id(pattern: str) -> str:
    """`pattern` as fail2ban wants it: something short and not empty is the group `fid`."""
    plain = without_names(pattern)
    begin = 0
    while found := _ZERO_WIDTH.match(plain, begin):
        begin = found.end()
    first = _FIRST.match(plain, begin)
    if first is None:
        raise ValueError(f"no place for an id in {pattern!r}")
    inside = "(?P<fid>" if first[0] == "(?:" else f"(?P<fid>{first[0]})"
    return plain[:begin] + inside + plain[first.end() :]


class Rsyslog(Program):
    """rsyslog: one file, `re_match` for each rule, which is the C library's."""

    name = "rsyslog"
    executable = "rsyslogd"
    asked_with = "-v"
    first_guess = 400_000
    whole_log = False

    def prepare(self, folder: Path, rules: Sequence[NamedPattern]) -> None:
        """See `Peer.prepare`."""
        self._folder, self._out, self._rules = folder, folder / "out", rules

    def run(self, corpus: Corpus) -> child.Spent:
        """See `Peer.run`."""
        work = self._folder / "work"
        rmtree(work, ignore_errors=True)  # where it was
        work.mkdir()
        self._out.unlink(missing_ok=True)
        text = rsyslog_configuration(self._rules, corpus.path, self._out, work)
        path = self._folder / "rsyslog.conf"
        path.write_text(text)
        command = [self.program(), "-n", "-f", path, "-i", work / "pid"]
        return child.run(command, until=Written(self._out, len(corpus.hits)))

    def count(self) -> int | None:
        """See `Peer.count`."""
        return count_lines(self._out)


def rsyslog_configuration(
    rules: Sequence[NamedPattern], log: Path, out: Path, work: Path, *, from_end: bool = False
) -> str:
    """What rsyslog reads: lines of `log` that a rule takes go to `out`."""
    conditions = "".join(
        f"if re_match($msg, '{_escaped(extended(rule.pattern))}') then {{ call out stop }}\n"
        for rule in rules
    )
    tail = "on" if from_end else "off"
    return f"""global(workDirectory="{work}")
module(load="imfile" mode="inotify")
template(name="m" type="string" string="%msg%\\n")
ruleset(name="out") {{ action(type="omfile" file="{out}" template="m") }}
ruleset(name="rules") {{
{conditions}}}
input(type="imfile" file="{log}" tag="b" ruleset="rules" freshStartTail="{tail}")
"""


def _escaped(pattern: str) -> str:
    return pattern.replace("\\", "\\\\").replace("'", "\\'")


class SyslogNg(Program):
    """syslog-ng: one file, one filter with PCRE for each rule."""

    name = "syslog-ng"
    whole_log = False

    def version(self) -> str:
        """See `Peer.version`."""
        path = self.program()
        found = re.search(r"\((\d+\.\d+\.\d+)\)", said(path, "-V"))
        return found[1] if found else version_of(path, "-V")

    def prepare(self, folder: Path, rules: Sequence[NamedPattern]) -> None:
        """See `Peer.prepare`."""
        self._folder, self._out, self._rules = folder, folder / "out", rules

    def run(self, corpus: Corpus) -> child.Spent:
        """See `Peer.run`."""
        command = self.command(
            "follow-freq(1) flags(no-parse) log-fetch-limit(1000) log-iw-size(10000)", corpus.path
        )
        return child.run(command, until=Written(self._out, len(corpus.hits)))

    def command(self, source: str, log: Path) -> list[str | Path]:
        """From nothing: write the configuration and say what to start."""
        work = self._folder / "work"
        rmtree(work, ignore_errors=True)
        work.mkdir()
        self._out.unlink(missing_ok=True)
        version = ".".join(self.version().split(".")[:2])
        path = self._folder / "syslog-ng.conf"
        path.write_text(syslog_ng_configuration(self._rules, log, self._out, source, version))
        paths = ("-f", path, "-R", work / "persist", "-c", work / "control", "-p", work / "pid")
        return [self.program(), "-F", "--no-caps", *paths]

    def count(self) -> int | None:
        """See `Peer.count`."""
        return count_lines(self._out)


def syslog_ng_configuration(
    rules: Sequence[NamedPattern], log: Path, out: Path, source: str, version: str
) -> str:
    """What syslog-ng reads: lines of `log` that a rule takes go to `out`."""
    patterns = [rule.pattern.replace("'", r"\x27") for rule in rules]
    filters = " or\n ".join(
        f"match('{pattern}' value('MESSAGE') type('pcre'))" for pattern in patterns
    )
    return f"""@version: {version}
options {{ stats-freq(0); log-msg-size(65536); }};
source s {{ file("{log}" {source}); }};
filter f {{ {filters} }};
destination d {{ file("{out}" template("$MESSAGE\\n")); }};
log {{ source(s); filter(f); destination(d); flags(flow-control); }};
"""


class FluentBit(Program):
    """Fluent Bit with large buffers: the `tail` input and one `grep` filter."""

    name = "fluent-bit"

    def prepare(self, folder: Path, rules: Sequence[NamedPattern]) -> None:
        """See `Peer.prepare`."""
        self._folder, self._out, self._rules = folder, folder / "out", rules

    def run(self, corpus: Corpus) -> child.Spent:
        """See `Peer.run`."""
        return child.run(self.command("read_from_head true\n    exit_on_eof true", corpus.path))

    def command(self, source: str, log: Path) -> list[str | Path]:
        """From nothing: write the configuration and say what to start."""
        self._out.unlink(missing_ok=True)
        path = self._folder / "fluent-bit.conf"
        path.write_text(fluent_bit_configuration(self._rules, log, self._out, source))
        return [self.program(), "-q", "-c", path]

    def count(self) -> int | None:
        """See `Peer.count`."""
        return count_lines(self._out)


def fluent_bit_configuration(
    rules: Sequence[NamedPattern], log: Path, out: Path, source: str
) -> str:
    """What Fluent Bit reads: lines of `log` that a rule takes go to `out`."""
    patterns = "\n".join(f"    regex log {without_names(rule.pattern)}" for rule in rules)
    return f"""[SERVICE]
    flush 0.1
    grace 5
    daemon off
    log_level error
[INPUT]
    name tail
    tag t
    path {log}
    buffer_chunk_size 1M
    buffer_max_size 4M
    {source}
[FILTER]
    name grep
    match *
    logical_op or
{patterns}
[OUTPUT]
    name file
    match *
    path {out.parent}
    file {out.name}
    format template
    template {{log}}
"""


class Written:
    """Whether so many lines have been written to a file; counts only what is new each time."""

    def __init__(self, path: Path, lines: int) -> None:
        self._path = path
        self._missing = lines
        self._read = 0

    def __call__(self) -> bool:
        """See the class."""
        try:
            file = self._path.open("rb")
        except FileNotFoundError:
            return self._missing <= 0
        with file:
            file.seek(self._read)
            data = file.read()
        self._read += len(data)
        self._missing -= data.count(b"\n")
        return self._missing <= 0


def installed() -> list[Peer]:
    """The peers that this machine has."""
    kinds: list[Peer] = [
        Grep(),
        Ripgrep(),
        FluentBit(),
        SyslogNg(),
        Swatchdog(),
        Rsyslog(),
        Sec(),
        Mtail(),
        Fail2ban(),
    ]
    return [kind for kind in kinds if kind.installed()]
