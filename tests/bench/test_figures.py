"""From runs to figures: starts subtracted, medians, targets, and the document that is filled."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
from bench import bare, command, document, plot, report, stages, targets
from bench.child import Spent
from bench.cores import speedups
from bench.corpus import write_log
from bench.daemons import Written
from bench.peers import Grep, Sec
from bench.report import Result, Run, as_json, in_words, read, row
from bench.settings import full, quick
from bench.throughput import (
    PEER_RATE,
    TIMES_AS_LONG,
    Case,
    Logs,
    Start,
    _slice,
    beyond,
    most_rules,
    run_rounds,
)

RUN = Run(
    "2026-01-05T00:00:00+00:00",
    {
        "cores": 2,
        "cpu": "a",
        "kernel": "6",
        "python": "3",
        "hyperscan": None,
        "logwatch": "0",
        "commit": "abc",
        "page us": 0.25,
        "load ns": 90.5,
        "times least": 1.1,
        "others": {"grep": "3.8"},
    },
    is_quick=False,
)


def cost(program, rules, seconds, group, rate="0.80%"):
    figures = {"CPU s/GB": seconds, "MB/s": [9.0], "start CPU s": [0.1], "peak RSS MB": 5.0}
    more = {"log MB": 1.0, "hits": "right", "foreign cores": 0.1, "group": group}
    case = {"program": program, "rules": rules, "rate": rate}
    return Result("throughput", case, figures | more)


RESULTS = [
    cost("logwatch", 10, [2.0, 1.0, 1.2], "logwatch"),
    cost("logwatch", 5_000, [1.8], "logwatch"),
    cost("logwatch", 10, [0.5], "logwatch", rate="0.01%"),
    cost("rg", 10, [2.4], "scanner"),
    cost("sec", 10, [120.0], "daemon"),
    cost("mtail", 10, [60.0], "daemon"),
    cost("read the file", 10, [0.1], "limit"),
    Result("latency", {"program": "logwatch", "lines": 9}, {"p50 ms": 3.5, "p99 ms": 9.0}),
]


def rows_of(results, run=RUN):
    return document.newest([json.loads(as_json(one, run)) for one in results], quick=run.is_quick)


def test_the_median_start_is_subtracted_and_nothing_is_below_nothing():
    assert beyond([3.0, 2.0, 0.5], [1.0, 9.0, 1.0]) == [2.0, 1.0, 0.0]


def test_two_files_are_compared_with_one_read_twice():
    assert speedups([1.0, 1.0, 1.0], [1.0, 2.0, 0.0]) == [2.0, 1.0, 0.0]


def test_a_cell_may_hold_what_ends_a_cell():
    assert row(["a|b", "c"]) == r"| a\|b | c |"


class Fake:
    """A program whose runs cost what it is told."""

    def __init__(self, costs, found):
        self.costs, self.found = list(costs), found

    def run(self):
        return Spent(1.0, self.costs.pop(0), 1_000_000, 0.0)

    def count(self):
        return self.found


@pytest.mark.parametrize(
    ("found", "verdict"), [(None, "not counted"), (0, "2 runs WRONG"), ("all", "right")]
)
def test_a_case_says_what_its_runs_took_and_whether_they_were_right(tmp_path, found, verdict):
    corpus = write_log(tmp_path / "log", 20_000, hit_rate=0.1)
    start = Start(Fake([0.5, 0.5], 0).run, 2, "x")
    runner = Fake([1.5, 2.5], len(corpus.hits) if found == "all" else found)
    case = Case({"program": "x"}, corpus, runner, start, "daemon")
    run_rounds([start, case])
    figures = case.result().figures
    assert figures["CPU s/GB"] == [1.0 / corpus.size * 1e9, 2.0 / corpus.size * 1e9]
    assert figures["hits"] == verdict


def test_a_program_that_fails_in_its_rounds_is_left_out_and_the_others_go_on(tmp_path, capsys):
    corpus = write_log(tmp_path / "log", 20_000, hit_rate=0.1)
    start = Start(Fake([0.5] * 2, 0).run, 2, "x")

    class Broken(Fake):
        def run(self):
            raise RuntimeError("oh no")

    broken = Case({"program": "x"}, corpus, Broken([], 0), start, "daemon")
    good = Case({"program": "y"}, corpus, Fake([1.0] * 2, len(corpus.hits)), start, "daemon")
    assert [each.result().case for each in run_rounds([start, broken, good])] == [{"program": "y"}]
    assert "left out: x: oh no" in capsys.readouterr().err


def test_only_the_newest_run_of_a_measurement_counts_and_quick_ones_are_apart():
    later = RUN._replace(at="2026-01-06T00:00:00+00:00")
    quick = RUN._replace(at="2026-01-07T00:00:00+00:00", is_quick=True)
    lines = [
        json.loads(as_json(result, run))
        for run, result in (
            (RUN, RESULTS[0]),
            (RUN, RESULTS[-1]),
            (later, RESULTS[1]),
            (quick, RESULTS[2]),
        )
    ]
    rows = document.newest(lines, quick=False)
    assert [row["case"]["rules"] for row in rows["throughput"]] == [5_000]
    assert len(rows["latency"]) == 1
    assert [row["case"]["rate"] for row in document.newest(lines, quick=True)["throughput"]] == [
        "0.01%"
    ]


def test_a_document_is_filled_between_its_markers_only(tmp_path):
    path = tmp_path / "it.md"
    path.write_text(
        "Before.\n<!-- bench: latency -->\nold | old\n<!-- end of latency -->\nBetween.\n"
        "<!-- bench: idle -->\nkept\n<!-- end of idle -->\nAfter.\n"
    )
    assert document.fill(path, rows_of(RESULTS)) == ["idle"]
    assert path.read_text() == (
        "Before.\n<!-- bench: latency -->\n"
        "| program | lines | p50 ms | p99 ms |\n| --- | --- | --- | --- |\n"
        "| logwatch | 9 | 3.50 | 9 |\n"
        "<!-- end of latency -->\nBetween.\n"
        "<!-- bench: idle -->\nkept\n<!-- end of idle -->\nAfter.\n"
    )


def test_programs_stand_beside_one_another_with_what_they_cost_of_ours():
    lines = document.rendered("programs", rows_of(RESULTS)).splitlines()
    assert [line.split(" | ")[1:4] for line in lines[2:7]] == [
        ["read the file", "0.10", "0.08"],
        ["**logwatch**", "1.20 (1-2)", "1"],
        ["rg", "2.40", "2"],
        ["mtail", "60", "50"],
        ["sec", "120", "100"],
    ]


def test_logwatch_alone_is_a_line_for_each_number_of_rules():
    lines = document.rendered("logwatch alone", rows_of(RESULTS)).splitlines()
    assert lines[0] == "| rules | 0.01% hits | 0.80% hits | start CPU s | peak RSS MB |"
    assert lines[2:] == ["| 10 | 0.50 | 1.20 (1-2) | 0.10 | 5 |", "| 5,000 |  | 1.80 | 0.10 | 5 |"]


def test_an_aim_is_reached_or_missed_by_the_median():
    lines = document.rendered("targets", rows_of(RESULTS)).splitlines()
    assert "| catching up, 10 rules, 0.8% hits | at most 1.5 CPU s/GB | 1.20 | reached |" in lines
    assert "| 5,000 rules against 10, 0.8% hits | at most 1.3 x | 1.50 | **missed** |" in lines
    assert "| a line's way, p50 | at most 3 ms | 3.50 | **missed** |" in lines
    assert (
        "| cheaper than the cheapest other daemon, 10 rules | at least 8 x | 50 | reached |"
        in lines
    )


@pytest.mark.parametrize(("cores", "is_told"), [(0.4, False), (1.2, True)])
def test_a_page_says_that_the_machine_was_busy_with_something_else(cores, is_told):
    """Of most runs: one that was disturbed is among others of which the median counts."""
    results = [one._replace(figures={**one.figures, "foreign cores": cores}) for one in RESULTS]
    said = document.rendered("machine", rows_of([*results, RESULTS[0]]))
    assert ("not at rest: 1.2 of its cores" in said) == is_told


def test_a_page_says_what_memory_costs_where_the_results_do():
    page = "A page of memory touched for the first time takes 0.25 us"
    load = "a load that the caches do not hold about 90.5 ns"
    work = "The same small work takes 1.1 times its least in the middle"
    older = dict(RUN.machine)
    assert f"{page}, {load}. {work}.\n" in in_words(older)
    del older["times least"]
    assert f"{page}, {load}.\n" in in_words(older)
    del older["load ns"]
    assert f"{page}.\n" in in_words(older)
    del older["page us"]
    assert "memory" not in in_words(older)


def test_a_machine_says_how_much_its_work_is_disturbed():
    assert 1 <= report._disturbance() < 100


def test_a_processor_is_told_from_its_namesakes():
    assert re.search(r"\(family \d+ model \d+\b.*\)$", report._processor())


def test_the_ring_whose_loads_are_measured_is_one_round():
    ring = report._ring(50)
    at, seen = 0, set()
    for _ in ring:
        at = ring[at]
        seen.add(at)
    assert at == 0
    assert len(seen) == 50


@pytest.mark.parametrize(
    ("rules", "names"), [(100, ["grep", "sec"]), (1_000, ["grep", "sec"]), (5_000, ["grep"])]
)
def test_what_follows_files_is_not_given_five_thousand_rules(tmp_path, rules, names):
    """Nor is anybody given rules where logwatch is measured alone."""
    asked = full(tmp_path, 2, 1)
    peers = [peer for peer in (Grep(), Sec()) if rules <= most_rules(peer, asked)]
    assert [peer.name for peer in peers] == names
    alone = asked._replace(peer_rules=0)
    assert most_rules(Grep(), alone) == most_rules(Sec(), alone) == 0


def test_nothing_measured_is_nothing_written():
    assert document.rendered("targets", {}) is None
    assert document.rendered("programs", {}) is None
    assert document.rendered("machine", {}) is None
    assert targets.over(1.0, None) is targets.over(None, 1.0) is None
    assert not document.lines_of({})


def test_a_report_is_written_from_the_file_of_results(tmp_path, capsys):
    results, page = tmp_path / "r.jsonl", tmp_path / "page.md"
    page.write_text("<!-- bench: machine -->\n<!-- end of machine -->\n")
    words = ["--out", str(results), "--report", str(page)]
    assert command.main(words) == 1
    assert "run the bench first" in capsys.readouterr().err
    results.write_text("".join(f"{as_json(one, RUN)}\n" for one in RESULTS))
    assert command.main(words) == 0
    assert "2 cores of a, Linux 6" in page.read_text()
    assert "grep 3.8" in page.read_text()
    assert (tmp_path / "page.svg").read_text().startswith("<svg")
    assert len(read(results)) == len(RESULTS)


def test_every_block_of_the_page_is_one_that_can_be_written():
    page = (command.CHECKOUT / "docs" / "performance.md").read_text(encoding="utf-8")
    names = [match["name"] for match in document._BLOCK.finditer(page)]
    assert page.count("<!-- bench: ") == len(names) > 5
    titles = {"two files on two cores", "every line a hit", "hot file", "fields"}
    known = {*document.BLOCKS, *command.MEASUREMENTS, *titles}
    assert set(names) <= known


def lines(*pairs):
    return [plot.Line(name, group, [(10, 1.5), (5_000, 2.5)]) for name, group in pairs]


def test_the_plot_is_well_formed_and_names_every_line():
    text = plot.svg(lines(("a <&> b", "daemon"), ("us", "logwatch")), 'T & "q"', "below <")
    root = ET.fromstring(text)
    space = "{http://www.w3.org/2000/svg}"
    assert root.find(f"{space}title").text == 'T & "q"'
    said = root.find(f"{space}desc").text
    assert "a <&> b: 1.5 at 10 rules, 2.5 at 5,000 rules" in said
    names = [each.text for each in root.iter(f"{space}text")]
    assert "a <&> b  2.5" in names
    assert "us  2.5" in names


def test_names_keep_their_distance_and_stay_on_the_sheet():
    wanted = {"a": 100.0, "b": 101.0, "c": 102.0, "d": 395.0, "e": 399.0}
    heights = plot.spread(wanted, low=100.0, high=400.0)
    ordered = [heights[name] for name in "abcde"]
    assert ordered == sorted(ordered)
    assert all(after - before >= plot.GAP - 1e-9 for before, after in pairwise(ordered))
    assert ordered[0] >= 100.0
    assert ordered[-1] <= 400.0


def test_too_many_names_share_the_room_there_is():
    wanted = {str(number): 50.0 for number in range(101)}
    heights = sorted(plot.spread(wanted, low=0.0, high=100.0).values())
    assert heights[0] == pytest.approx(0.0)
    assert heights[-1] == pytest.approx(100.0)


def test_one_point_can_be_drawn():
    ET.fromstring(plot.svg([plot.Line("a", "limit", [(10, 0.1)])], "t", "s"))


def test_lines_written_are_counted_as_they_come(tmp_path):
    path = tmp_path / "out"
    written = Written(path, 2)
    assert not written()
    path.write_bytes(b"one\ntw")
    assert not written()
    with path.open("ab") as file:
        file.write(b"o\n")
    assert written()
    assert Written(tmp_path / "none", 0)()


def test_bare_blocks_are_all_of_a_file_and_end_at_lines(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(b"".join(b"%d\n" % number for number in range(400_000)) + b"last")
    found = list(bare.blocks(str(path)))
    assert b"".join(found) == path.read_bytes()
    assert len(found) > 2
    assert all(block.endswith(b"\n") for block in found[:-1])


def test_every_stage_is_timed_and_the_sum_is_there(tmp_path):
    asked = quick(tmp_path)._replace(log_bytes=300_000)
    rows = list(stages.measure(asked))
    names = [row.case["stage"] for row in rows]
    seconds = [row.figures["CPU s/GB"] for row in rows]
    assert names[-2:] == ["all stages", "the whole daemon, start subtracted"]
    assert len(set(names)) == len(names) == 12
    assert sum(seconds[:-2]) == pytest.approx(seconds[-2])
    assert all(each >= 0 for each in seconds)
    assert seconds[names.index("alert as JSON, commit")] > 0


class Reader:
    """A program that pays `built` CPU seconds once, and `each` for a megabyte."""

    name, whole_log, first_guess, group = "reader", True, 100_000, "daemon"

    def __init__(self, built, each):
        self.built, self.each, self.sizes = built, each, []

    def run(self, corpus):
        self.sizes.append(corpus.size)
        return Spent(0.0, self.built + self.each * corpus.size / 1e6, 0, 0.0)


@pytest.mark.parametrize(
    ("built", "each", "least", "most"),
    [
        (0.0, 0.0001, 1.0, 1.0),  # fast: the whole log
        (0.0, 20.0, 0.03, 0.07),  # slow: two seconds of it
        (3.0, 1.0, 1.0, 1.0),  # dear at first: more and more of it
        (30.0, 1.0, 0.0, 0.25),  # too dear to be waited for
    ],
)
def test_a_slow_program_gets_a_part_that_does_it_justice(tmp_path, built, each, least, most):
    logs = Logs(full(tmp_path, 2, 1)._replace(peer_longest_seconds=8.0))
    whole = logs.mixed(PEER_RATE)
    (tmp_path / "reader-10").mkdir()
    reader = Reader(built, each)
    part = _slice(reader, Spent(0.0, 0.0, 0, 0.0), 10, logs)
    assert least <= part.size / whole.size <= most + 0.01 / whole.size
    assert len(reader.sizes) < 8


def test_logwatch_reads_more_than_its_starts_differ_by(tmp_path):
    """Other programs start in some milliseconds, and get a log a quarter as long."""
    logs = Logs(full(tmp_path, 1, 1))
    ours, theirs = logs.mixed(PEER_RATE, times=TIMES_AS_LONG[PEER_RATE]), logs.mixed(PEER_RATE)
    assert ours.path != theirs.path
    assert ours.size == pytest.approx(4 * theirs.size, rel=0.1)
    assert len(ours.hits) > 3 * len(theirs.hits)


def test_a_program_that_builds_automata_is_not_judged_by_its_first_megabytes(tmp_path):
    logs = Logs(full(tmp_path, 4, 1)._replace(peer_longest_seconds=8.0))
    (tmp_path / "reader-10").mkdir()

    class Building(Reader):
        group = "scanner"

        def run(self, corpus):  # every byte of the first megabyte is dear, no other is
            self.sizes.append(corpus.size)
            return Spent(0.0, min(corpus.size, 1_000_000) / 1e6 * 7, 0, 0.0)

    assert _slice(Building(0, 0), Spent(0.0, 0.0, 0, 0.0), 10, logs) == logs.mixed(PEER_RATE)
