"""Command lines of `logwatch tail`, as GNU tail and POSIX write them."""

from __future__ import annotations

import pytest

from logwatch.cli.flags import tail as flags
from logwatch.cli.tail_request import request_of
from logwatch.cli.tail_words import in_full
from logwatch.cli.verbs import parser_of

FOLLOW = "--follow=descriptor"


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["-5"], ["--lines=5"]),
        (["-5", "f"], ["--lines=5", "f"]),
        (["-5f", "f"], ["--lines=5", FOLLOW, "f"]),
        (["+5"], ["--lines=+5"]),
        (["+5", "f"], ["--lines=+5", "f"]),
        (["-l", "f"], ["--lines=10", "f"]),
        (["-c3", "f"], ["--bytes=3", "f"]),
        (["-1c", "f"], ["--bytes=1", "f"]),
        (["-b", "f"], ["--bytes=5120", "f"]),
        (["+cl"], ["+cl"]),
        (["-f"], [FOLLOW]),
        (["--no-follow", "-2", "f"], ["--no-follow", "--lines=2", "f"]),
        (["-2", "--", "-f"], ["--lines=2", "--", "-f"]),
        (["-qn5", "f"], ["-q", "--lines=5", "f"]),
        (["-n", "-5", "f"], ["--lines=-5", "f"]),
        (["-n", "+5k", "f"], ["--lines=+5k", "f"]),
        (["--lines", "-5k", "f"], ["--lines=-5k", "f"]),
        (["--lin", "5", "f"], ["--lin=5", "f"]),
        (["--sleep=4", "f"], ["--sleep=4", "f"]),
        (["-fs.1", "f"], [FOLLOW, "--sleep-interval=.1", "f"]),
        (["-c", "/etc/x.yaml", "f"], ["--config=/etc/x.yaml", "f"]),
        (["-cx.yml", "f"], ["--config=x.yml", "f"]),
        (["-c", "--", "f"], ["--bytes=-", "f"]),
        (["--follow", "f"], [FOLLOW, "f"]),
        (["--follow=name", "f"], ["--follow=name", "f"]),
        (["---disable-inotify", "-F", "f"], ["--poll", "-F", "f"]),
        (["a", "-m", "-x", "b"], ["a", "--match=-x", "b"]),
        (["--", "-n"], ["--", "-n"]),
        (["-y", "f"], ["-y", "f"]),
    ],
)
def test_every_form_is_spelled_out(words, meant):
    """For argparse, which knows one form of each."""
    assert in_full(words, {}) == meant


def test_the_year_of_posix_decides_what_a_plus_is():
    """Between 2001 and 2008 it began the name of a file, and before -c needed no value."""
    assert in_full(["+5"], {"_POSIX2_VERSION": "200112"}) == ["+5"]
    assert in_full(["+5"], {"_POSIX2_VERSION": "199209"}) == ["--lines=+5"]
    assert in_full(["-c", "f"], {"_POSIX2_VERSION": "199209"}) == ["--bytes=10", "f"]


def test_an_old_number_among_new_options_is_refused_as_gnu_does(capsys):
    """With its words and its exit status."""
    with pytest.raises(SystemExit) as ended:
        in_full(["-q", "-5", "a", "b"], {})
    assert ended.value.code == 1
    assert capsys.readouterr().err == "tail: option used in invalid context -- 5\n"


def request(*words):
    """What a command line asks for."""
    return request_of(parser_of("tail").read(flags.in_full(words)))


def test_it_follows_names_unless_told_otherwise():
    """-f is the open file, as everywhere; standard input has no name."""
    assert (request("a").follow, request("a").retry) == ("name", True)
    assert (request("-f", "a").follow, request("-f", "a").retry) == ("descriptor", False)
    assert (request("-F", "a").follow, request("-F", "a").retry) == ("name", True)
    assert (request("--follow=name", "a").follow, request("--follow=n", "a").retry) == (
        "name",
        False,
    )
    assert request("--no-follow", "a").follow is None
    assert request().files == ("-",)
    assert request().follow == "descriptor"
    assert request().from_start
    assert not request("-n", "3").from_start


@pytest.mark.parametrize(
    ("text", "amount", "from_start"),
    [
        ("5", 5, False),
        ("-5", 5, False),
        ("+5", 4, True),
        ("+0", 0, True),
        ("2b", 1024, False),
        ("1K", 1024, False),
        ("1kB", 1000, False),
        ("2MiB", 2 << 20, False),
        ("1m", 1 << 20, False),
    ],
)
def test_an_amount_has_the_units_of_gnu(text, amount, from_start):
    """Powers of 1024, and of 1000 with a B."""
    asked = request("-c", text, "a")
    assert (asked.unit, asked.amount, asked.from_start) == ("bytes", amount, from_start)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-c", "l"], "invalid number of bytes: 'l'"),
        (["-n", "-x"], "invalid number of lines: 'x'"),
        (["-c99999999999999999999"], "invalid number of bytes: '99999999999999999999'"),
        (["-s", "often"], "invalid number of seconds: 'often'"),
        (["--pid", "me", "-f"], "invalid PID: 'me'"),
        (["--follow=path"], "invalid argument 'path' for '--follow'"),
        (["-F", "-"], "cannot follow '-' by name"),
        (["-n", "\x1b[2J"], "invalid number of lines: '␛[2J'"),
    ],
)
def test_what_gnu_refuses_is_refused_in_its_words(words, said, capsys):
    """And with its exit status, for scripts know both."""
    with pytest.raises(SystemExit) as ended:
        request(*words)
    assert ended.value.code == 1
    assert capsys.readouterr().err == f"tail: {said}\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--no-follow", "--retry", "a"], "warning: --retry ignored"),
        (["-f", "--retry", "a"], "warning: --retry only effective for the initial open"),
        (["--no-follow", "--pid=1", "a"], "warning: PID ignored"),
    ],
)
def test_what_has_no_effect_is_said(words, said, capsys):
    """As GNU tail says it."""
    request(*words)
    assert capsys.readouterr().err.startswith(f"tail: {said}")
