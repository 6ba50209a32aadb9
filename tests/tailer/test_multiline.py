"""Records of several lines: real traces, own patterns, bounds, and any way to cut a log."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from doubles.examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from logwatch import expressions
from logwatch.matching.pattern import PatternError, compile_pattern
from logwatch.tailer.multiline import LOOKED_AT, Framer, MultilineSettings, surely_begins

PRESETS = ("java", "python", "go", "indent")
TRACES = Path(__file__).parent / "traces"


def framer(preset=None, *, encoding="utf-8", max_line=262_144, **others):
    return Framer(MultilineSettings(preset=preset, **others), encoding=encoding, max_line=max_line)


def records_in(framed):
    """The records as bytes, each with its newline."""
    found, at = [], 0
    for line in framed.joined.removesuffix(b"\n").split(b"\n") if framed.joined else ():
        found.append(framed.data[at : at + len(line) + 1])
        at += len(line) + 1
    return found


def corpus(preset):
    """The records of a file of real traces, which a paragraph sign goes before."""
    text = (TRACES / f"{preset}.txt").read_text(encoding="utf-8")
    return [record.encode() for record in text.split("§\n")[1:]]


def lines_of(text):
    return [line.encode() + b"\n" for line in text.splitlines()]


def grouped(text, **options):
    """The records of `text` as lists of lines."""
    data = b"".join(lines_of(text))
    framed = framer(**options).frame(data, final=True)
    return [record.decode().splitlines() for record in records_in(framed)]


# What it means, line by line over all of a log: the oracle.


def naive(own, data, max_lines=500, max_line=262_144):
    """Records by `own`: whether `start` begins one, whether `end` ends one; all in plain words."""
    start, end = own.get("start"), own.get("end")
    records, cut = [], []
    current, blanks = [], []

    def close():
        nonlocal current, blanks
        if current:
            records.append(b"".join(current))
        records.extend(blanks)
        current, blanks = [], []

    for line in data.splitlines(keepends=True):
        text = line.rstrip(b"\n")[:max_line].removesuffix(b"\r").decode()
        begins = start is not None and re.search(start, text) is not None
        ends = end is not None and re.search(end, text) is not None
        size = sum(map(len, current)) + sum(map(len, blanks)) + len(line) - 1
        is_full = len(current) + len(blanks) >= max_lines or size > max_line
        if begins:
            close()
        elif current and is_full:
            if not blanks and text and len(b"".join(current)) - 1 <= max_line:
                cut.append(len(records))
            close()
        if not text and not current:
            records.append(line)
        elif not current and start is not None and end is not None and not begins:
            records.append(line)  # between two records
        elif not text and ends:
            close()
            records.append(line)
        elif not text:
            blanks.append(line)
        else:
            current += [*blanks, line]
            blanks = []
            if ends:
                close()
    close()
    return records, cut


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
def test_real_traces_are_whole_records(preset, newline):
    """As Python, Java and Go print them, with ordinary lines between them."""
    records = [record.replace(b"\n", newline) for record in corpus(preset)]
    assert records_in(framer(preset).frame(b"".join(records), final=True)) == records


@pytest.mark.parametrize("preset", PRESETS)
def test_ordinary_lines_are_records_of_their_own(preset):
    """Those of all formats that people have."""
    lines = (Path(__file__).parents[1] / "config" / "ordinary_lines.txt").read_bytes()
    ordinary = [line for line in lines.splitlines(keepends=True) if line[:1] not in b" \t\n"]
    found = records_in(framer(preset).frame(b"".join(ordinary), final=True))
    assert len(found) > 0.95 * len(ordinary)


@pytest.mark.parametrize("preset", PRESETS)
def test_a_block_that_ends_anywhere_holds_the_complete_records_only(preset):
    """What is handed out never changes by what comes later."""
    records = corpus(preset)
    data, joiner = b"".join(records), framer(preset)
    ends = [match.end() for match in re.finditer(b"\n", data)]
    for end in ends:
        found = records_in(joiner.frame(data[:end]))
        assert found == records[: len(found)]
        rest = data[len(b"".join(found)) : end]
        # One record waits, or two where a blank line may be the beginning of more of the first.
        assert sum(1 for each in records_in(joiner.frame(rest, final=True)) if each.strip()) <= 1


@pytest.mark.parametrize("preset", PRESETS)
@given(data=st.data())
@settings(max_examples=examples(60), deadline=None)
def test_the_records_are_the_same_however_a_log_is_cut_into_blocks(preset, data):
    """Lines of traces in any order, read as a tail reads them: from the first that is not done."""
    pool = [line for record in corpus(preset) for line in record.splitlines(keepends=True)]
    lines = data.draw(st.lists(st.sampled_from(pool), max_size=40))
    log = b"".join(lines)
    joiner = framer(preset, max_lines=data.draw(st.sampled_from([2, 5, 500])))
    wanted = joiner.frame(log, final=True)
    found, marked, at, seen = [], set(), 0, 0
    while seen < len(lines):
        seen += data.draw(st.integers(1, 5))
        framed = joiner.frame(b"".join(lines[:seen])[at:])
        found += records_in(framed)
        marked |= {at + start for start in framed.cut}
        at += len(framed.data)
    found += records_in(joiner.frame(log[at:], final=True))
    marked |= {at + start for start in joiner.frame(log[at:], final=True).cut}
    assert found == records_in(wanted)
    assert marked == wanted.cut
    assert b"".join(found) == log


@pytest.mark.parametrize(
    "second",
    [
        b"The above exception was the direct cause of the following exception:\n",
        b"During handling of the above exception, another exception occurred:\n",
        b"+ Exception Group Traceback (most recent call last):\n",
        b"Stack (most recent call last):\n",
        b"Traceback (most recent call last):\n",
        b"task: <Task finished>\n",
    ],
)
def test_a_line_that_goes_on_is_seen_behind_any_number_of_plain_ones(second):
    """Wherever the block began, for which that line may be the second or the tenth."""
    for number in range(1, 4):
        framed = framer("python").frame(b"ERROR cart failed\n" * number + second, final=True)
        assert [record.count(b"\n") for record in records_in(framed)] == [1] * (number - 1) + [2]


OWN = [
    {"start": "^a"},
    {"start": "a"},
    {"end": "z$"},
    {"end": "z"},
    {"start": "^a", "end": "z$"},
    {"start": "^[ab]c?"},
    {"start": r"^\w"},
    {"start": r"^(?:a|b )"},
    {"end": r"^\s*$"},
    {"start": "^é"},
    {"start": "^.b"},
]
_LINES = st.sampled_from([
    *(b"a\n", b"ab\n", b"b x\n", b"z\n", b"az\n", b"\n", b"\r\n", b"a\r\n", b" c\n"),
    *(b"\xc3\xa9b\n", b"c\xc3\xa9 z\r\n", b"x" * 30 + b"\n", b"a" * 30 + b"\n"),
])  # fmt: skip


@pytest.mark.parametrize("own", OWN, ids=str)
@given(data=st.data())
@settings(max_examples=examples(80), deadline=None)
def test_own_patterns_group_lines_as_the_oracle_does(own, data):
    """With little room, too."""
    lines = data.draw(st.lists(_LINES, max_size=25))
    max_lines, max_line = data.draw(st.sampled_from([(500, 262_144), (3, 262_144), (500, 16)]))
    joiner = framer(**own, max_lines=max_lines, max_line=max_line)
    wanted, cut = naive(own, b"".join(lines), max_lines, max_line)
    framed = joiner.frame(b"".join(lines), final=True)
    found = records_in(framed)
    assert found == wanted
    starts = [len(b"".join(found[:number])) for number in range(len(found))]
    assert framed.cut == {starts[number] for number in cut}
    at, done = 0, []
    for seen in range(1, len(lines) + 1):
        part = joiner.frame(b"".join(lines[:seen])[at:])
        done += records_in(part)
        at += len(part.data)
    assert done + records_in(joiner.frame(b"".join(lines)[at:], final=True)) == wanted


def test_with_a_start_the_first_lines_of_a_file_are_a_record_too():
    assert grouped("x\ny\n2026 a\n at\n2026 b", start=r"^\d{4}") == [
        ["x", "y"],
        ["2026 a", " at"],
        ["2026 b"],
    ]


def test_with_an_end_a_record_is_complete_at_once():
    framed = framer(end=";$").frame(b"select\n 1;\nselect\n")
    assert framed.data == b"select\n 1;\n"


def test_with_both_lines_between_are_records_of_their_own_and_wait_for_nothing():
    framed = framer(start="^BEGIN", end="^END").frame(b"a\nBEGIN\nb\nEND\nc\nd\nBEGIN\n")
    assert records_in(framed) == [b"a\n", b"BEGIN\nb\nEND\n", b"c\n", b"d\n"]


def test_blank_lines_between_records_belong_to_none_of_them():
    assert grouped("a\n\n\n b\n\n\nc\n\n", preset="indent") == [
        ["a", "", "", " b"],
        [""],
        [""],
        ["c"],
        [""],
    ]


def test_a_record_beyond_max_lines_is_cut_marked_and_goes_on_as_another():
    framed = framer("indent", max_lines=3).frame(b"a\n 1\n 2\n 3\n 4\nb\n", final=True)
    assert records_in(framed) == [b"a\n 1\n 2\n", b" 3\n 4\n", b"b\n"]
    assert framed.cut == {0}


def test_a_record_beyond_max_line_bytes_is_cut_and_a_longer_line_stands_alone():
    framed = framer("indent", max_line=16).frame(b"a\n 1234567\n 89012\n b" + b"x" * 30 + b"\n c\n")
    assert records_in(framed) == [b"a\n 1234567\n", b" 89012\n", b" b" + b"x" * 30 + b"\n"]
    assert framed.cut == {0, 11}


def test_what_waits_is_bounded_whatever_comes():
    joiner = framer("python", max_lines=50)
    data = b"Traceback (most recent call last):\n" + b"  File 'x'\n" * 10_000
    waiting = len(data) - len(joiner.frame(data).data)
    assert waiting <= 50 * 12


def test_patterns_are_looked_for_in_the_beginning_of_a_line():
    long = b"x" * LOOKED_AT
    framed = framer(start="END").frame(long + b"END\n" + long[3:] + b"END\nx\n", final=True)
    assert len(records_in(framed)) == 2


@pytest.mark.parametrize(
    ("start", "surely"),
    [
        (r"^\d{4}-", rb"\d{4}-"),
        (r"^\[", rb"\["),
        ("^a+b?", rb"a{1,200}b?"),
        ("^(?:a|b) ", rb"(?:a|b) "),
        ("^[A-Z]{2,3}", rb"[A-Z]{2,3}"),
        ("a", None),
        ("^a|b", None),
        (r"^\s", None),
        (r"^\S", None),
        ("^[^a]", None),
        ("^a$", None),
        ("^(a)", None),
        ("(?i)^a", None),
        ("^a(?=b)", None),
        (r"^a\b", None),
        ("^é", None),
        (r"^\x41", None),
        ("^(?:a|b)*", None),
        ("^a{2}?", None),
        ("^" + "a+" * 30, None),
    ],
)
def test_what_surely_begins_a_record_is_known_of_simple_patterns_only(start, surely):
    re.compile(start)
    assert surely_begins(start, LOOKED_AT) == surely


@given(
    text=st.text(alphabet=r"ab1-[]().|?*+{}\dwsé ^$,:2", max_size=14),
    lines=st.lists(st.text(alphabet="ab1-[]().é :\r", max_size=12), min_size=1, max_size=8),
)
@settings(max_examples=examples(200), deadline=None)
def test_a_line_that_surely_begins_a_record_does(text, lines):
    """For any pattern that is one."""
    try:
        start = compile_pattern("^" + text)
    except PatternError:
        return
    surely = surely_begins("^" + text, LOOKED_AT)
    if surely is None:
        return
    data = "".join(line + "\n" for line in lines).encode()
    for line in data.splitlines(keepends=True):
        bare = line.decode().removesuffix("\n").removesuffix("\r")
        found = re.compile(surely).match(line)
        assert not found or start.search(bare)
        assert not found or b"\n" not in found[0]


@pytest.mark.parametrize("error", [SystemError("span"), RecursionError("deep")])
def test_a_line_that_python_itself_fails_in_counts_as_not_found_and_is_told_once(
    monkeypatch, error
):
    """The thread that reads the file goes on, and the other lines begin and end as ever."""

    class Broken:
        def __init__(self, text):
            self._pattern = re.compile(text)

        def search(self, text):
            if "poison" in text:
                raise error
            return self._pattern.search(text)

    monkeypatch.setattr(expressions, "compiled", Broken)
    begun = framer(start=r"^\d(?=:)")
    text = b"1: a\n b\n2: poison\n c\n3: d\n"
    for _ in range(2):
        framed = begun.frame(text, final=True)
        assert records_in(framed) == [b"1: a\n b\n2: poison\n c\n", b"3: d\n"]
    assert list(begun.failures()) == [r"^\d(?=:)"]
    assert list(begun.failures()) == []
    ended = framer(end=";$")
    assert len(records_in(ended.frame(b"a\npoison;\nb;\nc;\n", final=True))) == 2
    assert list(ended.failures()) == [";$"]
