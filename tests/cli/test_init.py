"""`logwatch init`: from logs to a configuration that can be used as it is."""

from __future__ import annotations

import gzip
import io
import json
import os
from pathlib import Path

import pytest
import yaml
from doubles import proposing
from doubles.examples import examples
from doubles.screens import same_as_kept
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from logwatch.cli.config_draft import Entry, as_yaml, comment
from logwatch.cli.init_report import Finding, table
from logwatch.cli.log_sample import Sample, Unreadable, files_of, groups_of, sample
from logwatch.cli.main import run_command_line
from logwatch.cli.marking import Screen
from logwatch.cli.proposal import propose
from logwatch.cli.recognising import recognise
from logwatch.cli.source_names import merged, name_all
from logwatch.cli.stock_rules import taken_by
from logwatch.cli.surveying import Survey, survey
from logwatch.config.loader import from_text
from logwatch.config.schema import MODELINE
from logwatch.rules.kinds import Absence, NewTemplate

SCREENS = Path(__file__).parent / "init_screens"
WRITTEN_AT = 1_767_600_000.0


def clock(number: int) -> str:
    """A time of day, later for a larger number."""
    return f"{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}"


def syslog(number: int) -> str:
    if number % 10 == 0:
        text = f"sshd[{number}]: Failed password for root from 203.0.113.7 port {number} ssh2"
    elif number % 25 == 1:
        text = f"backupd[7]: cannot reach host db{number}: timed out after {number} s"
    else:
        text = f"cron[{number}]: session opened for user app{number % 3}"
    return f"Jan  5 {clock(number)} web1 {text}"


def as_json(number: int) -> str:
    bad = number % 20 == 0
    what = f'db: connection refused host="db{number}" \\d ü' if bad else f"order {number} is paid"
    level = "error" if bad else "info"
    return json.dumps({"ts": f"2026-01-05T{clock(number)}Z", "level": level, "msg": what})


def logfmt(number: int) -> str:
    bad = number % 20 == 0
    what = f'\\"job {number}\\" of shop failed' if bad else f"job {number} of shop is done"
    level = "error" if bad else "info"
    return f'time=2026-01-05T{clock(number)}Z level={level} msg="{what}" took={number}ms'


def combined(number: int) -> str:
    status = 502 if number % 30 == 0 else 200
    return (
        f"203.0.113.{number % 250} - - [05/Jan/2026:{clock(number)} +0000]"
        f' "GET /a{number} HTTP/1.1" {status} 12 "-" "curl"'
    )


def plain(number: int) -> str:
    if number % 100 == 0:
        trace = f'Traceback (most recent call last):\n  File "/x.py", line {number}\nValueError: x'
        return f"2026-01-05T{clock(number)}Z ERROR job {number} failed: exit {number}\n{trace}"
    return f"2026-01-05T{clock(number)}Z INFO job {number} done in {number % 9} ms"


def bare(number: int) -> str:
    return f"could not open /srv/a{number}" if number % 50 == 0 else f"opened /srv/a{number}"


FORMATS = {
    "syslog": syslog,
    "json": as_json,
    "logfmt": logfmt,
    "combined": combined,
    "plain": plain,
    "bare": bare,
}


def text_of(line, count: int = 1200) -> str:
    """A log of so many records."""
    return "".join(f"{line(number)}\n" for number in range(count))


def log(path: Path, line, count: int = 1200) -> Path:
    """The same as a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text_of(line, count))
    os.utime(path, (WRITTEN_AT, WRITTEN_AT))
    return path


@pytest.fixture(autouse=True)
def plain_screen(monkeypatch):
    """No colours, and columns that are known; the stock rules are read once."""
    proposing.made_once(monkeypatch)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")


def logwatch(capsysbinary, *words):
    """Exit status, stdout, stderr."""
    status = run_command_line([str(word) for word in words])
    out, err = capsysbinary.readouterr()
    return status, out.decode(), err.decode()


def surveyed(*paths: Path) -> list[Survey]:
    """What `init` makes of files."""
    surveys = [
        survey(group, [sample(path) for path in group.files])
        for group in groups_of([str(path) for path in paths])
    ]
    found = merged(surveys)
    name_all(found)
    return found


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_proposed_for_a_log_passes_the_check_and_finds_its_lines(
    name, tmp_path, capsysbinary
):
    """Each rule is in shadow mode, and finds what it was made from."""
    path = log(tmp_path / "logs" / "shop.log", FORMATS[name])
    status, out, err = logwatch(capsysbinary, "init", "--from", path)
    assert (status, name_of_format(name) in err) == (0, True)
    (tmp_path / "logwatch.yaml").write_text(f"state: {tmp_path}/state\n{out}")
    checked, said, _ = logwatch(capsysbinary, "check", "--strict", tmp_path / "logwatch.yaml")
    assert checked == 0, said
    config = from_text(out)
    assert config.rules
    assert all(rule.shadow for rule in config.rules)
    assert config.sources[0].format == name_of_format(name)
    counts, _ = taken_by(config.rules, config.sources[0], [path.read_bytes()], proposing.engines())
    written = {rule["name"]: rule for rule in yaml.safe_load(out)["rules"]}
    stock = {rule.settings.name for rule in proposing.stock()}
    for number, rule in enumerate(config.rules):
        if not isinstance(rule.kind, NewTemplate | Absence) and rule.name not in stock:
            assert f"{counts[number]:,} of " in above(out, rule.name)
            assert counts[number] > 0, written[rule.name]


def name_of_format(name: str) -> str:
    return "plain" if name == "bare" else name


def above(out: str, rule: str) -> str:
    """The comments above a rule."""
    return out.partition(f"  - name: {rule}\n")[0].rpartition("\n\n")[2]


def test_a_line_that_looks_like_an_error_gets_a_rule_of_its_severity(tmp_path, capsysbinary):
    """By its level, else by its words."""
    path = log(tmp_path / "app.log", as_json)
    rules = from_text(logwatch(capsysbinary, "init", "--from", path)[1]).rules
    refused = next(rule for rule in rules if "refused" in rule.name)
    assert refused.severity == "error"
    assert [one.field for one in refused.where] == ["level", "msg"]
    path = log(tmp_path / "bare.log", bare)
    rules = from_text(logwatch(capsysbinary, "init", "--from", path)[1]).rules
    opened = next(rule for rule in rules if "could-not-open" in rule.name)
    assert (opened.severity, opened.match) == ("warning", ("could not open",))


def test_a_known_service_gets_its_stock_rules(tmp_path, capsysbinary):
    """All rules of that service, and no own ones for the same lines."""
    auth, web = log(tmp_path / "auth.log", syslog), log(tmp_path / "access.log", combined)
    _, out, _ = logwatch(capsysbinary, "init", "--from", auth, web)
    rules = {rule.name: rule for rule in from_text(out).rules}
    assert rules["ssh-guessing"].sources == ("auth",)
    assert "ssh-root-login" in rules
    assert "web-5xx-surge" in rules
    assert not any("failed-password" in name for name in rules)
    assert any("cannot-reach-host" in name for name in rules)


def test_a_rare_kind_of_message_gets_a_rule_in_a_long_log(tmp_path, capsysbinary):
    """As news, not as an error."""
    path = log(tmp_path / "app.log", plain, 3000)
    with path.open("a") as file:
        file.write("2026-01-05T12:00:00Z INFO leadership moved to the other node\n")
    rules = from_text(logwatch(capsysbinary, "init", "--from", path)[1]).rules
    assert any(rule.severity == "info" and "leadership" in rule.match[0] for rule in rules)


def test_steady_lines_get_a_rule_for_silence(tmp_path, capsysbinary):
    """And lines that come by fits and starts get none."""
    path = log(tmp_path / "app.log", plain)
    rules = from_text(logwatch(capsysbinary, "init", "--from", path)[1]).rules
    (silent,) = [rule for rule in rules if isinstance(rule.kind, Absence)]
    assert silent.name == "app-silent" or silent.name.endswith("-silent")
    gaps = log(tmp_path / "gaps.log", lambda number: plain(number * (1 + 80 * (number % 97 == 0))))
    rules = from_text(logwatch(capsysbinary, "init", "--from", gaps)[1]).rules
    assert not any(isinstance(rule.kind, Absence) for rule in rules)


def test_rotated_files_are_one_source_under_the_name_that_is_written(tmp_path, capsysbinary):
    """Compressed, numbered and dated ones; a log with a new name each day is a glob."""
    for name in ("app.log", "app.log.1", "web.log-20260105", "web.log", "old.log.3"):
        log(tmp_path / name, plain, 50)
    (tmp_path / "app.log.2.gz").write_bytes(gzip.compress(text_of(plain, 50).encode()))
    for day in ("2026-01-04", "2026-01-05"):
        log(tmp_path / f"jobs-{day}.log", plain, 50)
    _, out, _ = logwatch(capsysbinary, "init", "--from", tmp_path)
    paths = {Path(one.paths[0]).name for one in from_text(out).sources}
    assert paths == {"app.log", "web.log", "old.log", "jobs-*.log"}


def test_logs_of_one_kind_are_one_glob_where_it_means_no_other(tmp_path):
    """`shop.access.log` and `blog.access.log`, unless a third would be caught."""
    both = [log(tmp_path / f"{name}.access.log", combined, 50) for name in ("shop", "blog")]
    (one,) = surveyed(*both)
    assert one.group.path == f"{tmp_path}/*.access.log"
    assert one.lines == 100
    (tmp_path / "other.access.log").write_text("")
    assert len(surveyed(*both)) == 2
    numbered = [log(tmp_path / f"worker{number}.log", plain, 50) for number in range(3)]
    (one,) = surveyed(*numbered)
    assert one.group.path == f"{tmp_path}/worker*.log"


def test_names_of_sources_are_distinct_and_well_formed(tmp_path, capsysbinary):
    """Whatever the files are called."""
    names = (
        "a b.log",
        "A-B.log",
        "[x].log",
        "ü.log",
        'it\'s "q": #1.log',
        "x\x1b[2J.log",
        "~.log",
        "${env:X}.log",
        "c\nd.log",
    )
    for name in names:
        log(tmp_path / name, plain, 30)
    status, out, err = logwatch(capsysbinary, "init", "--from", tmp_path)
    assert status == 0
    config = from_text(out)
    assert len({source.name for source in config.sources}) == len(names)
    assert not set("\x1b\x07") & set(out + err)
    checked = tmp_path / "proposed.yaml"
    checked.write_text(f"state: {tmp_path}/state\n{out}")
    assert logwatch(capsysbinary, "check", checked, "--strict")[0] == 0


def test_the_time_is_taken_from_the_field_that_has_it(tmp_path):
    """Where it is none of the usual ones."""
    path = tmp_path / "app.log"
    path.write_text(
        "".join(
            json.dumps({"when": f"2026-01-05T{clock(n)}Z", "msg": f"did {n}"}) + "\n"
            for n in range(50)
        )
    )
    (found,) = surveyed(path)
    assert (found.form.time_field, found.form.stamped) == ("when", 1.0)


def test_stamps_of_another_form_are_described_in_the_proposal(tmp_path, capsysbinary):
    """And read in what was looked at."""
    path = tmp_path / "app.log"
    path.write_text("".join(f"05/01/2026 {clock(n)} did {n}\n" for n in range(50)))
    os.utime(path, (WRITTEN_AT, WRITTEN_AT))
    status, out, _ = logwatch(capsysbinary, "init", "--from", path)
    assert status == 0
    (source,) = from_text(out).sources
    assert source.time_format == ("%d/%m/%Y %H:%M:%S",)
    assert "no time is found" not in out


@pytest.mark.parametrize(
    ("lines", "names_zone"),
    [(["2026-01-05T02:00:00Z x"], True), (["2026-01-05 02:00:00 x"], False)],
)
def test_it_is_known_whether_stamps_name_their_zone(lines, names_zone):
    """By reading them in another one."""
    assert recognise(lines, WRITTEN_AT).names_zone == names_zone


@pytest.mark.parametrize(
    ("stamp", "time_format"),
    [
        ("05/01/2026 {}", "%d/%m/%Y %H:%M:%S"),
        ("[1f:2a] 01/05/2026 {},250", "%m/%d/%Y %H:%M:%S,%f"),
        ("1/5/2026 {} AM", "%m/%d/%Y %I:%M:%S %p"),
        ("260105 {}", "%y%m%d %H:%M:%S"),
        ("app.log 2026-01-05 {}.250", "%Y-%m-%d %H:%M:%S.%f"),
        ("23/12/2025 {}", "%d/%m/%Y %H:%M:%S"),
        ("08/07/2025 {}", None),  # of July or of August, and the file was written later
        ("05/05/2025 {}", None),
        ("23/12/2028 {}", None),  # no log was written in the future
        ("2026-01-05T{}", None),
        ("did", None),
    ],
)
def test_it_is_known_how_other_stamps_are_written(stamp, time_format):
    """Where it can be read in one way only, or one fits the time at which the file was written."""
    lines = [f"{stamp.format(f'01:02:{second:02}')} x" for second in range(50)]
    assert recognise(lines, WRITTEN_AT).time_format == time_format


def test_an_encoding_that_is_not_utf_8_is_said(tmp_path, capsysbinary):
    """So that patterns with such letters match."""
    (tmp_path / "app.log").write_bytes("".join(f"größe {n} fehlt\n" for n in range(9)).encode("l1"))
    _, out, _ = logwatch(capsysbinary, "init", "--from", tmp_path / "app.log")
    assert from_text(out).sources[0].encoding in ("latin-1", "iso8859-1")


def test_of_a_large_file_the_beginning_and_the_end_are_read(tmp_path):
    """Whole lines, none twice."""
    path = log(tmp_path / "app.log", plain, 3000)
    one = sample(str(path), 10_000)
    assert isinstance(one, Sample)
    whole = path.read_bytes()
    assert whole.startswith(one.first)
    assert whole.endswith(one.last)
    assert len(one.first) <= 10_000
    assert len(one.last) <= 10_000
    assert one.first.endswith(b"\n")
    assert whole[: -len(one.last)].endswith(b"\n")


@given(st.lists(st.binary(max_size=30), max_size=30), st.integers(1, 200))
def test_a_sample_is_of_whole_lines_and_takes_none_twice(tmp_path_factory, lines, most):
    """Wherever it is cut."""
    path = tmp_path_factory.getbasetemp() / "sampled.log"
    # An "x" in front, for what begins like a compressed file is read as one.
    data = b"x" + b"".join(line.replace(b"\0", b"") + b"\n" for line in lines)
    path.write_bytes(data)
    one = sample(str(path), most)
    assert isinstance(one, Sample)
    assert data.startswith(one.first)
    assert data.endswith(one.last)
    assert len(one.first) + len(one.last) <= len(data)
    everything = set(data.splitlines(keepends=True)) | {b""}
    assert set(one.last.splitlines(keepends=True)) <= everything


hostile = st.text(st.characters(exclude_characters="\n"), max_size=60)


@settings(max_examples=examples(12), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.one_of(hostile, hostile.map(lambda text: f"ERROR {text} failed badly")), min_size=1)
)
def test_whatever_stands_in_a_log_the_proposal_can_be_loaded(tmp_path_factory, lines):
    """And what it says of each rule's lines is true."""
    folder = tmp_path_factory.getbasetemp() / "hostile"
    folder.mkdir(exist_ok=True)
    path = folder / "app.log"
    path.write_bytes("\n".join(lines).encode("utf-8", "surrogatepass") + b"\n")
    if not isinstance(sample(str(path)), Sample):
        return
    engines = proposing.engines()
    text = propose(surveyed(path), engines).text
    config = from_text(text)
    counts, _ = taken_by(config.rules, config.sources[0], [path.read_bytes()], engines)
    for number, rule in enumerate(config.rules):
        if rule.match:
            assert counts[number] or rule.name in {one.settings.name for one in proposing.stock()}


@given(st.text())
def test_a_comment_is_one_line_whatever_is_in_it(text):
    """And a YAML reader finds nothing in it."""
    line = comment(text)
    assert line.count("\n") == 1
    assert list(yaml.compose_all(line, yaml.SafeLoader)) in ([], [None])


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text())
def test_any_text_comes_back_from_the_yaml_that_is_written(pattern, note):
    """As a pattern, a name, or in a list."""
    rule = {"name": pattern, "match": pattern, "unless": [pattern], "where": {"x": f"~ {pattern}"}}
    text = as_yaml(
        (note,), [Entry((note,), {pattern: {"path": pattern}})], [Entry((note,), rule)], {}
    )
    for loader in (yaml.CSafeLoader, yaml.SafeLoader):
        read = yaml.load(text, loader)
        assert read["rules"] == [rule]
        assert read["sources"] == {pattern: {"path": pattern}}


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ([], 2),
        (["--from", "gone.log"], 2),
        (["--from", "empty.log"], 1),
        (["--from", "binary"], 2),
        (["--from", "app.log"], 0),
        (["--from", "app.log", "-w", "new.yaml"], 0),
        (["--from", "app.log", "-w", "app.log"], 2),
        (["--from", "app.log", "-w", "no/such/folder.yaml"], 2),
    ],
)
def test_the_exit_status_says_whether_there_is_a_configuration(
    words, status, tmp_path, capsysbinary, monkeypatch
):
    """0 it is written, 1 there was no line, 2 wrong usage."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("logwatch.cli.init.USUAL_PLACES", (f"{tmp_path}/none/*",))
    log(tmp_path / "app.log", plain, 30)
    (tmp_path / "empty.log").touch()
    (tmp_path / "binary").write_bytes(b"\0\1\2" * 99)
    before = (tmp_path / "app.log").read_bytes()
    assert logwatch(capsysbinary, "init", *words)[0] == status
    assert (tmp_path / "app.log").read_bytes() == before
    assert (tmp_path / "new.yaml").exists() == ("new.yaml" in words)


def test_without_a_place_it_looks_where_logs_usually_are(tmp_path, capsysbinary, monkeypatch):
    """Those of them that are there."""
    for place in ("var/log", "srv/shop/logs", "srv/shop/data"):
        (tmp_path / place).mkdir(parents=True)
        log(tmp_path / place / "app.log", plain, 30)
    places = (f"{tmp_path}/var/log", f"{tmp_path}/srv/*/logs", f"{tmp_path}/opt/*/logs")
    monkeypatch.setattr("logwatch.cli.init.USUAL_PLACES", places)
    status, out, _ = logwatch(capsysbinary, "init")
    assert status == 0
    assert f"{tmp_path}/var/log/app.log" in out
    assert f"{tmp_path}/srv/shop/logs/app.log" in out
    assert "data" not in out


def test_files_that_this_user_may_not_read_are_said_with_the_group(
    tmp_path, capsysbinary, monkeypatch
):
    """The others are looked into all the same; exit 77 where there are none."""
    closed, app = log(tmp_path / "closed.log", plain, 30), log(tmp_path / "open.log", plain, 30)
    closed.chmod(0o640)
    if os.geteuid() == 0:  # nobody is to join the group of root
        os.chown(closed, 0, 4)
    opened = Path.open

    def deny(self, *args, **kwargs):
        if self.name == "closed.log":
            raise PermissionError(13, "Permission denied")
        return opened(self, *args, **kwargs)

    monkeypatch.setattr(Path, "open", deny)
    status, out, err = logwatch(capsysbinary, "init", "--from", closed, app)
    assert status == 0
    assert len(from_text(out).sources) == 1
    assert "640; usermod -aG " in err
    assert logwatch(capsysbinary, "init", "--from", closed)[0] == 77


def test_a_log_tells_how_fast_it_grows_where_its_lines_have_stamps(tmp_path):
    """One line a second here; of lines without stamps, and of a few of one second, nobody knows."""
    logs = (log(tmp_path / "a", syslog), log(tmp_path / "b", bare), log(tmp_path / "c", syslog, 5))
    rates = {Path(one.group.path).name: one.lines_per_second for one in surveyed(*logs)}
    assert rates == {"a": 1.0, "b": None, "c": None}


@pytest.mark.parametrize("color", [False, True], ids=["plain", "color"])
@pytest.mark.parametrize("columns", [80, 120])
def test_the_table_is_as_it_was_drawn(columns, color, tmp_path):
    """What was found, what is empty, what could not be read and how to mend it."""
    surveys = surveyed(
        log(tmp_path / "auth.log", syslog, 50),
        log(tmp_path / "app.log", as_json, 50),
        log(tmp_path / "jobs.log", plain, 101),
    )
    for one in surveys:
        one.group.path = f"/srv/a-shop-with-a-long-name/logs/{Path(one.group.path).name}"
    name_all(surveys)
    findings = [
        *map(Finding.of_survey, surveys),
        Finding(kind="empty", path="/var/log/mail.log"),
        Finding.of_problem(
            Unreadable("/var/log/kern.log", "root:adm 640; usermod -aG adm logwatchd", denied=True)
        ),
        Finding.of_problem(Unreadable("/var/log/\x1b[2J\u202ewtmp", "is no text")),
    ]
    screen = Screen(io.StringIO(), color=color, columns=columns)
    drawn = "\n".join(table(findings, screen)) + "\n"
    same_as_kept(SCREENS / f"table-{columns}{'-color' if color else ''}.txt", drawn)


def test_the_proposal_is_as_it_was_written(tmp_path, capsysbinary):
    """Every line of it."""
    log(tmp_path / "shop.log", as_json, 2000)
    log(tmp_path / "jobs.log", plain, 500)
    _, out, _ = logwatch(capsysbinary, "init", "--from", tmp_path)
    first, _, rest = out.partition("\n")
    assert first == MODELINE  # where it is installed
    assert rest.replace(str(tmp_path), "/srv/logs") == (SCREENS / "proposal.yaml").read_text()


def test_a_folder_means_the_files_in_it_each_once(tmp_path):
    """And what is not there is said."""
    log(tmp_path / "a" / "x.log", plain, 3)
    files, problems = files_of([str(tmp_path), str(tmp_path / "a" / "x.log"), "/no/such"])
    assert files == [f"{tmp_path}/a/x.log"]
    assert [problem.path for problem in problems] == ["/no/such"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_beginning_of_a_log_is_sampled_in_any_encoding(tmp_path, encoding):
    """And its end, where bytes are characters."""
    lines = "".join(f"{number:05d} line é of a log\n" for number in range(2_000))
    (tmp_path / "app.log").write_text(lines, encoding=encoding)
    found = sample(str(tmp_path / "app.log"), 10_000)
    assert found.first.decode().startswith("00000 line é")
    assert found.last.decode().endswith("01999 line é of a log\n") == (encoding != "utf-16")
    assert not found.last or found.last[:5].isdigit()
