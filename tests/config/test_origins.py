"""What a source may say of where its lines come from, and what each mistake is told."""

from __future__ import annotations

import pytest

from logwatch.config.loader import from_text
from logwatch.errors import ConfigError
from logwatch.receivers.journal import JournaldSettings, Match

REST = "rules: [{name: r, match: x}]\nsinks: {out: {console: {}}}\n"


def source(text: str):
    (found,) = from_text(f"sources: {{s: {{{text}}}}}\n{REST}").sources
    return found


def problems(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        source(text)
    return str(caught.value)


@pytest.mark.parametrize("text", ["all", "{}", "true"])
def test_all_of_the_journal(text):
    assert source(f"journald: {text}").origin == JournaldSettings()


def test_a_unit_alone():
    assert source("journald: sshd.service").origin == JournaldSettings(units=("sshd.service",))


def test_everything_about_the_journal():
    found = source(
        "journald: {units: [a, b], identifiers: sudo, priority: err, boot: current,"
        " match: {_UID: ['0', '1'], _TRANSPORT: kernel}, directory: /j}, start: beginning"
    )
    assert found.origin == JournaldSettings(
        units=("a", "b"),
        identifiers=("sudo",),
        priority="err",
        boot="current",
        matches=(Match("_UID", ("0", "1")), Match("_TRANSPORT", ("kernel",))),
        directory="/j",
    )
    assert (found.paths, found.start, found.address) == ((), "beginning", "journald:s")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("format: json", "source 's' has no 'path' or 'journald'"),
        ("journald: all, path: /x", "this one has 'journald' and 'path'"),
        ("journald: all, exclude: x", "'exclude' means nothing for 'journald'"),
        ("journald: all, multiline: java", "'multiline' means nothing for 'journald'"),
        ("journald: {unit: x}", "unknown key 'unit' in 'journald'"),
        ("journald: {priority: error}", "you mean 'err'?"),
        ("journald: {match: {unit: x}}", "is no name of a field of the journal"),
        ("journald: {match: {_UID: []}}", "'_UID' is compared with nothing"),
        ("journald: {units: ['']}", "'units': a text is empty"),
        ('journald: {units: ["a\\nb"]}', "holds a NUL or a line break"),
    ],
)
def test_each_mistake_is_told(text, message):
    assert message in problems(text)


def test_all_mistakes_are_told_at_once():
    """As everywhere."""
    told = problems("journald: {match: {unit: x}, units: ['']}, tz: Nowhere")
    assert "is no name of a field" in told
    assert "a text is empty" in told
    assert "no time zone" in told


def test_any_field_may_be_asked_for_in_the_journal():
    """What an entry has only the entry tells."""
    rules = "rules: [{name: r, where: {_ANY: x}}]\nsinks: {out: {console: {}}}\n"
    assert from_text(f"sources: {{s: {{journald: all}}}}\n{rules}").rules
