"""Whole configurations: what comes out of them, from one file and from several."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest
from doubles.conditions import asking

from logwatch.config import walker
from logwatch.config.loader import examine, find_config, from_text, load
from logwatch.config.problems import InvalidConfigError, render
from logwatch.config.search import SYSTEM_FILE, default_state
from logwatch.errors import ConfigError, Exit
from logwatch.rules.base import PlainMatch, Threshold

MINIMAL = """\
sources: {app: {path: /tmp/app.log, start: beginning}}
rules: [{name: err, match: 'ERROR', cooldown: 0}]
sinks: {out: {jsonl_file: {path: /tmp/alerts.jsonl}}}
"""


def test_the_minimal_configuration_loads(tmp_path):
    """With the real registry, and every default filled in."""
    path = tmp_path / "logwatch.yaml"
    path.write_text(MINIMAL)
    config = load(path, environ={"STATE_DIRECTORY": "/var/lib/logwatchd:/var/lib/other"})
    (source,), (rule,), (sink,) = config.sources, config.rules, config.sinks
    assert config.files == (path,)
    assert config.state == Path("/var/lib/logwatchd")
    assert (source.name, source.paths, source.start) == ("app", ("/tmp/app.log",), "beginning")
    assert (source.format, source.encoding, source.max_line) == ("plain", "utf-8", 262_144)
    assert (rule.name, rule.match, rule.sources) == ("err", ("ERROR",), None)
    assert (rule.kind, rule.severity, rule.cooldown) == (PlainMatch(), "warning", 0.0)
    assert (sink.name, sink.kind) == ("out", "jsonl_file")
    assert config.routes == ()
    assert (source.defined_at, rule.defined_at) == (f"{path}:1", f"{path}:2")


def test_a_configuration_in_json_is_one_in_yaml(bench):
    """Tools write JSON; its escapes are YAML's."""
    bench.write(
        '{"version": 1, "sources": {"in": {"path": "/dev/null"}}, '
        '"rules": [{"name": "a", "match": "\\\\d+ \\u00e9 \\/", "cooldown": 0}], '
        '"sinks": {"out": {"console": {}}}}'
    )
    found = bench.examine()
    assert found.problems == []
    assert found.config.rules[0].match == ("\\d+ é /",)


def test_every_key_reaches_its_field(bench):
    """Short forms, long forms, lists and single texts."""
    config = bench.load(r"""
        version: 1
        state: state
        defaults: {cooldown: 5m, severity: error}
        sources:
          auth: {path: /var/log/auth.log, format: syslog, tz: Europe/Paris, tags: [host]}
          web:
            {path: [logs/*.log, ~/web.log], exclude: ['*.gz', old/*], format: combined,
             tags: [host, web]}
          app: {path: a.json, format: json, time: ts, encoding: latin-1, max_line: 1MiB}
          short: b.log
        rules:
          - name: guessing
            in: [auth]
            match: ['Failed for (?P<user>\S+) from (?P<ip>\S+)', 'bad (?P<user>\S+) (?P<ip>\S+)']
            unless: from 10\.
            by: ip
            when: 5 in 2m
            levels: {critical: 50, error: 5}
            clear: {count: 0, in: 15m}
            cooldown: 1h30m
            say: '{count:,} by {user}, {nothing|nobody} {{}}'
            labels: {team: no, port: 22}
            to: [out]
            description: d
            runbook: r
          - {name: second, in: host, match: x, when: {count: 3, in: 90s}}
          - {name: third, in: [host, app], match: x}
        routes:
          - {if: {severity: [error, critical], team: 'n*'}, to: [out, log], also: true}
          - {to: out}
        sinks:
          out: {console: {}}
          log: {jsonl_file: alerts.jsonl}
    """.replace("{nothing|nobody}", "{user|nobody}"))  # fmt: skip
    auth, web, app, short = config.sources
    folder = str(bench.folder)
    assert config.state == bench.folder / "state"
    assert (auth.tz, auth.tags, auth.format) == ("Europe/Paris", ("host",), "syslog")
    assert web.paths == (f"{folder}/logs/*.log", "/home/someone/web.log")
    assert web.exclude == ("*.gz", f"{folder}/old/*")
    assert (app.time, app.encoding, app.max_line) == ("ts", "iso8859-1", 1_048_576)
    assert short.paths == (f"{folder}/b.log",)
    guessing, second, third = config.rules
    assert guessing.sources == ("auth",)
    assert len(guessing.match) == 2
    assert (guessing.unless, guessing.by, guessing.to) == (("from 10\\.",), ("ip",), ("out",))
    assert guessing.kind == Threshold(
        count=5,
        window=120.0,
        levels=((5, "error"), (50, "critical")),
        clear_count=0,
        clear_window=900.0,
    )
    assert (guessing.severity, guessing.cooldown) == ("error", 5400.0)
    assert guessing.labels == {"team": "no", "port": "22"}
    assert (guessing.description, guessing.runbook) == ("d", "r")
    assert second.sources == ("auth", "web")
    assert second.kind == Threshold(count=3, window=90.0)
    assert (second.severity, second.cooldown) == ("error", 300.0)
    assert third.sources == ("auth", "web", "app")
    first_route, last_route = config.routes
    assert first_route.condition == asking(severity=("error", "critical"), team="n*")
    assert (first_route.to, first_route.also) == (("out", "log"), True)
    assert (last_route.to, last_route.condition, last_route.also) == (("out",), (), False)
    assert config.sinks[1].settings.path == f"{folder}/alerts.jsonl"


def test_the_count_of_when_may_come_from_the_levels(bench):
    """`when: {in: 2m}` fires at the first level."""
    config = bench.load("rules: [{name: a, match: x, when: {in: 2m}, levels: {info: 3, error: 9}}]")
    assert config.rules[0].kind == Threshold(
        count=3, window=120.0, levels=((3, "info"), (9, "error"))
    )
    assert config.rules[0].severity == "info"


@pytest.mark.parametrize(
    "text", ["no", "on", "1:30", "007", "1_000", "0x1f", "2026-01-05", "=", "1e3"]
)
def test_text_is_read_as_it_is_written(bench, text):
    """YAML 1.1 would make truths, numbers and dates of these."""
    config = bench.load(f"rules: [{{name: a, match: {text}, labels: {{x: {text}}}}}]")
    assert config.rules[0].match == (text,)
    assert config.rules[0].labels == {"x": text}


def test_an_alias_stands_for_a_whole_value(bench):
    """Merge keys are refused, plain aliases are not."""
    config = bench.load("""
        rules:
          - {name: a, match: x, labels: &l {team: web}}
          - {name: b, match: y, labels: *l}
    """)
    assert config.rules[1].labels == {"team": "web"}


def test_aliases_that_stand_for_far_too_much_are_one_error(bench, monkeypatch):
    """Quadratic growth is stopped long before it costs memory."""
    monkeypatch.setattr(walker, "MOST_ALIASED", 5_000)
    lines = ["rules:", "  - &r", "    name: a", "    match:", *["      - x"] * 300]
    started = time.process_time()
    found = bench.examine("\n".join([*lines, *["  - *r"] * 300, ""]))
    assert found.config is None
    assert "aliases make" in found.text
    assert time.process_time() - started < 10


def test_an_alias_inside_itself_is_an_error(bench):
    """A tree that is no tree."""
    assert bench.one("rules: [{name: a, match: &m [*m]}]").code == "bad-type"


def test_deep_nesting_is_one_error(bench):
    """The C parser recurses: 200,000 brackets would end the process."""
    for text in ("[" * 200_000 + "]" * 200_000, "- " * 200_000 + "a"):
        bench.write(text)
        found = bench.examine()
        assert found.codes == ["bad-yaml"]
        assert "deep" in found.text


def test_included_files_come_in_order_each_once(bench):
    """Glob after glob, sorted by name in each; the main file itself is never included."""
    for name, rule in (("b", "second"), ("a", "first"), ("c", "third")):
        bench.write(f"rules: [{{name: {rule}, match: x}}]", f"rules.d/{name}.yaml")
    bench.write("rules: []\n", "rules.d/.hidden.yaml")
    found = bench.examine("include: [rules.d/c.yaml, 'rules.d/*.yaml', '*.yaml']\nrules:\n")
    assert found.problems == []
    assert [rule.name for rule in found.config.rules] == ["third", "first", "second"]
    names = [path.name for path in found.config.files]
    assert names == ["logwatch.yaml", "c.yaml", "a.yaml", "b.yaml"]
    assert found.summary.counted == "4 files, 3 rules, 1 source, 1 sink, 0 routes"


def test_paths_of_an_included_file_are_relative_to_it(bench):
    """So that a folder of rules can be moved as a whole."""
    bench.write("sources: {more: x.log}\nsinks: {log: {jsonl_file: y}}", "conf.d/more.yaml")
    config = bench.examine("include: conf.d/more.yaml").config
    assert config.sources[1].paths == (f"{bench.folder}/conf.d/x.log",)
    assert config.sinks[1].settings.path == f"{bench.folder}/conf.d/y"


def test_some_keys_may_stand_in_the_main_file_only(bench):
    """An included file cannot include, move the state or change defaults."""
    bench.write("state: /x\ninclude: y\ndefaults: {cooldown: 1h}\n", "more.yaml")
    found = bench.examine("include: more.yaml")
    assert found.codes == ["not-supported"] * 3
    assert found.problems[0].help == f"move it to {bench.folder}/logwatch.yaml"


def test_names_are_unique_over_all_files(bench):
    """The message names the first place."""
    bench.write("sinks: {out: {console: {}}}\nrules: [{name: any, match: y}]\n", "more.yaml")
    found = bench.examine("include: more.yaml")
    assert found.codes == ["duplicate-key"] * 2
    assert f"first at {bench.folder}/logwatch.yaml:4" in found.text


def test_what_a_broken_file_would_define_is_not_missed(bench):
    """No follow-on errors: a sink may stand in the file that cannot be read."""
    bench.write("sinks: {pager: {console: {}}\n", "more.yaml")
    found = bench.examine("include: more.yaml\nroutes: [{if: {rule: x}, to: out}, {to: pager}]\n")
    assert found.codes == ["bad-yaml"]


def test_a_missing_main_file_is_a_configuration_error(tmp_path):
    """The text names the file and what to do, without a traceback."""
    with pytest.raises(ConfigError, match="there is no such file") as caught:
        load(tmp_path / "none.yaml")
    assert caught.value.exit == Exit.CONFIG
    assert str(caught.value).startswith(f"{tmp_path}/none.yaml: error: ")
    config, problems, summary = examine(tmp_path / "none.yaml")
    assert (config, summary.files) == (None, 0)
    assert [problem.code for problem in problems] == ["unreadable"]


def test_a_name_that_is_no_text_is_refused_and_shown(tmp_path):
    """Neither the main file's nor an included one's: `status` and `check -o json` tell of it."""
    odd = tmp_path / os.fsdecode(b"caf\xe9.yaml")
    odd.write_text("rules: [{name: r, match: x}]")
    _, [problem], _ = examine(odd)
    assert problem.file == rf"{tmp_path}/caf\xe9.yaml"
    assert (problem.code, problem.message) == ("unreadable", "its name is not UTF-8")
    main = tmp_path / "logwatch.yaml"
    main.write_text("include: ['c*.yaml']\nsources: {app: /app.log}")
    _, problems, _ = examine(main)
    assert [p.message for p in problems if p.level == "error"] == [
        rf"{tmp_path}/caf\xe9.yaml: its name is not UTF-8"
    ]


def test_a_folder_is_no_file(tmp_path):
    """Neither as the main file nor included."""
    assert examine(tmp_path)[1][0].message == "this is a folder, not a file"


@pytest.mark.parametrize(
    ("data", "message", "line", "column"),
    [
        ("# é\n# é ".encode() + b"\xff\n", "byte 0xff is not UTF-8", 2, 5),
        ("a: b\n".encode("utf-16"), "the file is UTF-16", 0, 0),
        (b"a: \x07\n", "a character that YAML does not allow", 1, 4),
        (b"#\n\tsources: {}\n", "a tab in the indentation", 2, 1),
        (b"\x00", "a character that YAML does not allow", 1, 1),
    ],
)
def test_bytes_that_are_no_yaml_are_one_problem(bench, data, message, line, column):
    """With the place of the first bad byte."""
    (bench.folder / "logwatch.yaml").write_bytes(data)
    (problem,) = bench.examine().problems
    assert message in problem.message
    assert (problem.code, problem.line, problem.column) == ("bad-yaml", line, column)


def test_a_byte_order_mark_is_not_seen(bench):
    """Some editors write one before UTF-8."""
    (bench.folder / "logwatch.yaml").write_bytes(b"\xef\xbb\xbf" + b"stat: x\n")
    first = next(problem for problem in bench.examine().problems if problem.line)
    assert (first.line, first.column, first.message) == (1, 1, "unknown key 'stat' in the file")


def test_an_error_of_load_carries_its_problems(bench):
    """Warnings are not among them."""
    with pytest.raises(InvalidConfigError) as caught:
        bench.load("rules: [{name: a, match: x, colour: y}, {name: b, match: '(a+)+$'}]")
    assert [problem.code for problem in caught.value.problems] == ["unknown-key"]
    assert str(caught.value).endswith("1 file, 2 rules, 1 source, 1 sink, 0 routes: 1 error")


def test_rules_may_be_left_out_where_they_are_not_needed(bench):
    """`tail` follows files without any."""
    config = from_text("sources: {a: /dev/null}", rules_needed=False)
    assert config.rules == ()
    assert config.files == ()


def test_without_sinks_nobody_is_told(bench):
    """A warning: alerts are still kept."""
    found = bench.examine("sinks: {}")
    assert found.config is not None
    assert [(problem.code, problem.level) for problem in found.problems] == [("empty", "warning")]


def test_a_problem_as_json_has_short_names(bench):
    """As `check -o json` prints it."""
    problem = bench.one("stat: x")
    assert msgspec.to_builtins(problem) == {
        "file": f"{bench.folder}/logwatch.yaml",
        "line": 1,
        "col": 1,
        "end_col": 5,
        "level": "error",
        "code": "unknown-key",
        "message": "unknown key 'stat' in the file",
        "help": "did you mean 'state'?",
    }


def test_all_problems_of_all_files_come_in_one_run(bench, monkeypatch):
    """The whole picture: file after file, line after line, one sum line."""
    monkeypatch.chdir(bench.folder)
    (bench.folder / "log").mkdir()
    (bench.folder / "log" / "shop.access.log").touch()
    bench.write(r"""
        version: 1
        include: [rules.d/*.yaml]
        sources:
          auth: {path: /dev/null, format: syslog}
          web: {path: log/*.acces.log, format: combined}
        sinks:
          pager: {console: {}}
          chat: {console: {}}
        routes:
          - {to: chat}
    """)
    bench.write(
        r"""
        rules:
          - name: job
            match: 'started job=(?P<job>\S+)'
            say: 'job {jbo} not finished'
    """,
        "rules.d/jobs.yaml",
    )
    bench.write(
        r"""
        rules:
          - name: ssh-guessing
            in: auth
            match: 'Failed \w+ for (?P<user>\S+ from (?P<ip>\S+)'
            by: ip
            coldown: 15m
            when: 5 in 2min
            say: '{nothing}'
    """,
        "rules.d/ssh.yaml",
    )
    _, problems, summary = examine("logwatch.yaml")
    text = render(problems, summary.texts, counted=summary.counted)

    def coded(header, code):
        return f"{header:<88}  {code}"

    assert text.splitlines() == [
        coded("logwatch.yaml:5:15: warning: no file matches now", "[no-match]"),
        "    5 |   web: {path: log/*.acces.log, format: combined}",
        "      |               ^^^^^^^^^^^^^^^  near: log/shop.access.log",
        coded(
            "rules.d/jobs.yaml:4:16: error: 'say' uses {jbo}, which 'match' does not capture",
            "[unknown-field]",
        ),
        "    4 |     say: 'job {jbo} not finished'",
        "      |                ^^^  did you mean 'job'?",
        coded(
            "rules.d/ssh.yaml:4:28: error: bad pattern: missing ), unterminated subpattern",
            "[bad-pattern]",
        ),
        r"    4 |     match: 'Failed \w+ for (?P<user>\S+ from (?P<ip>\S+)'",
        r"      |                            ^  opened here; a literal one is \(",
        coded(
            "rules.d/ssh.yaml:6:5: error: unknown key 'coldown' in rule 'ssh-guessing'",
            "[unknown-key]",
        ),
        "    6 |     coldown: 15m",
        "      |     ^^^^^^^  did you mean 'cooldown'?",
        coded("rules.d/ssh.yaml:7:16: error: '2min' is not a duration", "[bad-value]"),
        "    7 |     when: 5 in 2min",
        "      |                ^^^^  write 30s, 5m, 1h30m or 7d",
        "3 files, 2 rules, 2 sources, 2 sinks, 1 route: 4 errors, 1 warning",
    ]


def test_the_places_of_a_configuration_are_looked_at_in_order(tmp_path, monkeypatch):
    """Flag, environment, home, /etc; never the working folder."""
    home = tmp_path / ".config" / "logwatch" / "logwatch.yaml"
    environ = {"HOME": str(tmp_path)}
    assert find_config("x.yaml", {"LOGWATCH_CONFIG": "y.yaml"}) == Path("x.yaml")
    assert find_config(None, {"LOGWATCH_CONFIG": "~/y.yaml", **environ}) == tmp_path / "y.yaml"
    if not SYSTEM_FILE.exists():
        with pytest.raises(ConfigError, match="looked for") as caught:
            find_config(None, environ)
        assert str(home) in str(caught.value)
        assert "-c FILE" in str(caught.value)
        assert "make one: logwatch init" in str(caught.value)
        monkeypatch.chdir(tmp_path)
        (tmp_path / "logwatch.yaml").touch()
        with pytest.raises(ConfigError, match="only where it is named"):
            find_config(None, environ)
    home.parent.mkdir(parents=True)
    home.touch()
    assert find_config(None, environ) == home
    assert find_config(None, {"XDG_CONFIG_HOME": str(tmp_path / ".config")}) == home


def test_the_state_has_a_place_without_being_told():
    """Systemd's folder, else XDG's, else the home's."""
    assert default_state({"STATE_DIRECTORY": "/s", "HOME": "/h"}) == Path("/s")
    assert default_state({"XDG_STATE_HOME": "/x", "HOME": "/h"}) == Path("/x/logwatch")
    assert default_state({"XDG_STATE_HOME": "x", "HOME": "/h"}) == Path("/h/.local/state/logwatch")


def test_loading_is_quick(bench):
    """A slow loader would be felt at each start and each `check`."""
    rules = "".join(
        f"  - name: r{n}\n    in: app\n    match: 'error {n} (?P<x>\\w+)'\n    unless: ['a{n}']\n"
        f"    by: x\n    when: 5 in 2m\n    clear: 0 in 15m\n    say: '{{count}} times {{x}}'\n"
        for n in range(1000)
    )
    started = time.process_time()
    assert len(bench.load(f"rules:\n{rules}").rules) == 1000
    assert time.process_time() - started < 1.5  # 0.2 s here; the rest is for a loaded machine


def test_importing_the_loader_leaves_heavy_packages_alone():
    """Commands that only read a configuration must start at once."""
    code = (
        "import sys, logwatch.config.loader as l; l.from_text(sys.argv[1]);"
        "print(*{'structlog', 'hyperscan', 'urllib3', 'sqlite3'} & sys.modules.keys())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, MINIMAL],
        capture_output=True, text=True, check=True, env={**os.environ, "HOME": "/"},
    )  # fmt: skip
    assert done.stdout.strip() == ""


def test_the_audit_is_a_share_of_what_matching_costs(bench):
    """One percent unless it is set; none of it is possible, all of it is not."""
    assert from_text("{}", rules_needed=False).audit == 0.01
    assert from_text("audit: 2.5%", rules_needed=False).audit == 0.025
    assert from_text("audit: 0%", rules_needed=False).audit == 0.0
    assert bench.one("audit: 1").help == "write 1% or 0.5%"
    assert bench.one("audit: 90%").message == "'audit' must be at most 0.5"
