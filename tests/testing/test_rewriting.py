"""`--update`: what came is written into the file, and nothing else in it changes."""

from __future__ import annotations

import os

import pytest
from doubles.examples import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from logwatch.testing.outcome import may_be_taken
from logwatch.testing.rewriting import RewriteError, rewritten, write


def update(scene):
    """Rewrite the file, and say what the tests come to then."""
    failed = [outcome for outcome in scene.run() if may_be_taken(outcome)]
    write(rewritten(scene.path, failed))
    return [outcome.passed for outcome in scene.run()]


# What a list of alerts was, and what it becomes when jobs a and b fire at +0s and +1m.
FORMS = [
    pytest.param(
        "[{at: +0s, job: a}, {at: +2m, job: x}]",
        "[{at: +0s, job: a}, {at: +1m, job: b}]",
        id="only values that differ",
    ),
    pytest.param("[{at: +0s, job: a}]", "[{at: +0s, job: a}, {at: +1m, job: b}]", id="one more"),
    pytest.param(
        "[{job: a, at: +0s},   {job: x},   {job: b}]",
        "[{job: a, at: +0s}, {job: b}]",
        id="one fewer, and the order of the keys stays",
    ),
    pytest.param(
        "\n      - {at: +0s, job: a}   # the first\n      # a remark\n      - {at: +5m, job: b}",
        "\n      - {at: +0s, job: a}   # the first\n      # a remark\n      - {at: +1m, job: b}",
        id="a list in lines keeps its comments",
    ),
    pytest.param(
        '\n      - at: +0s\n        job: a   # yes\n      - at: +0s\n        job: "x"',
        "\n      - at: +0s\n        job: a   # yes\n      - at: +1m\n        job: 'b'",
        id="maps in lines",
    ),
    pytest.param(
        "\n      - at: +0s\n        job: a",
        "\n      - at: +0s\n        job: a\n      - {at: +1m, job: b}",
        id="one more in lines",
    ),
    pytest.param(
        "[{at: '2026-01-05T00:00:00Z', job: a}, {at: 2026-01-05T00:09Z, job: b}]",
        "[{at: '2026-01-05T00:00:00Z', job: a}, {at: 2026-01-05T00:01:00Z, job: b}]",
        id="a date stays a date",
    ),
    pytest.param(
        "[{job: a, say: x}, {job: b, message: 'x'}]",
        "[{job: a, say: 'a: it''s [over]'}, {job: b, message: 'b: no'}]",
        id="what needs quotes gets them",
    ),
    pytest.param(
        "[{jbo: a}, {at: +1m}]", "[{at: +0s, job: a}, {at: +1m}]", id="a key that nothing has goes"
    ),
]


@pytest.mark.parametrize(("before", "after"), FORMS)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_only_what_differs_is_written_anew(before, after, newline, mark, scene):
    """In the form that the writer chose; ends of lines, and a mark at the top, stay."""
    text = (
        "tests:   # of the jobs\n"
        "  - rule: job\n"
        "    lines: ['+0s job=a it''s [over]', '+1m job=b no']   # two\n"
        "    fires: @\n"
        "\n"
        "  - {rule: many, lines: [refused], quiet: true}   # the end"
    )
    scene.write(text.replace("@", before))
    raw = mark.encode() + scene.path.read_bytes().replace(b"\n", newline.encode())
    scene.path.write_bytes(raw)
    assert update(scene) == [True, True]
    got = scene.path.read_bytes().decode()
    assert got.removeprefix(mark).replace(newline, "\n").endswith(text.replace("@", after))
    assert got.startswith(mark)
    assert newline == "\n" or got.count("\n") == got.count("\r\n")


def test_ends_of_episodes_are_taken_too(scene):
    """Down to none at all."""
    scene.write(
        "tests:\n"
        "  - rule: many\n    lines: [refused, refused]\n    until: +5m\n"
        "    fires: [{at: +1s}]\n    resolves: []\n"
        "  - rule: many\n    lines: [refused, refused]\n    until: +1m\n"
        "    fires: [{at: +0s}]\n    resolves: [{at: +9m}]\n"
    )
    assert update(scene) == [True, True]
    assert "fires: [{at: +0s}]\n    resolves: [{at: +2m}]" in scene.tests
    assert "until: +1m\n    fires: [{at: +0s}]\n    resolves: []" in scene.tests


@pytest.mark.parametrize(
    "test",
    [
        "{rule: job, lines: [job=a b], quiet: true}",
        "{rule: job, lines: [nothing], fires: [{job: a}]}",
        "{rule: job, lines: [job=a b], fires: [{job: x}], sent_to: []}",
        "{rule: many, lines: [refused, refused], fires: [{}], at: [{at: +0s, burning: false}]}",
        "{rule: job, file: not-there.log, fires: [{job: a}]}",
    ],
)
def test_a_test_that_fails_for_more_is_left_to_a_person(test, scene):
    """What it is about has gone, or is something else than what fires."""
    scene.write(f"tests: [{test}]")
    (outcome,) = scene.run()
    assert not outcome.passed
    assert not may_be_taken(outcome)


def test_a_file_that_changed_meanwhile_is_left_as_it_is(scene):
    """The places are of another text."""
    scene.write("tests: [{rule: job, lines: [job=a b], fires: [{job: x}]}]")
    outcomes = scene.run()
    scene.write("# more\n\ntests: [{rule: job, lines: [job=a b], fires: [{job: x}]}]")
    with pytest.raises(RewriteError, match="the test is not there any more"):
        rewritten(scene.path, outcomes)
    scene.path.write_text("a: [")
    with pytest.raises(RewriteError, match="has changed"):
        rewritten(scene.path, outcomes)
    scene.path.unlink()
    with pytest.raises(RewriteError, match="cannot be read"):
        rewritten(scene.path, outcomes)


def test_two_tests_that_share_a_list_are_left_to_a_person(scene):
    """One alias cannot hold two answers."""
    scene.write(
        "tests:\n"
        "  - {rule: job, lines: [job=a b], fires: &shared [{job: x}]}\n"
        "  - {rule: job, lines: [job=b b], fires: *shared}\n"
    )
    before = scene.tests
    with pytest.raises(RewriteError, match="share what must change"):
        update(scene)
    assert scene.tests == before


def test_a_folder_that_may_not_be_written_is_said(scene, monkeypatch):
    """And the file is as it was."""
    scene.write("tests: [{rule: job, lines: [job=a b], fires: [{job: x}]}]")
    before = scene.tests

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(RewriteError, match="cannot be written: Permission denied"):
        update(scene)
    assert scene.tests == before
    assert list(scene.path.parent.iterdir()) == [scene.path]


def test_a_link_stays_a_link(scene, tmp_path):
    """The file behind it is replaced."""
    scene.write("tests: [{rule: job, lines: [job=a b], fires: [{job: x}]}]")
    real = tmp_path / "real.yaml"
    scene.path.rename(real)
    scene.path.symlink_to(real)
    assert update(scene) == [True]
    assert scene.path.is_symlink()
    assert "job: a" in real.read_text()


texts = st.text(
    st.characters(exclude_characters="\n\r\x85\u2028\u2029", exclude_categories=["Cs"]),
    min_size=1,
).filter(lambda text: text == text.strip())


@given(first=texts, second=texts)
@settings(max_examples=examples(30), deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_came_is_read_back_as_it_was(first, second, scene):
    """Any character: quotes, signs of YAML, control characters, words such as `no`."""

    def quoted(text):
        return '"' + "".join(f"\\U{ord(char):08x}" for char in text) + '"'

    lines = f"{quoted('job=a ' + first)}, {quoted('job=b ' + second)}"
    scene.write(
        f"tests:\n  - rule: job\n    lines: [{lines}]\n"
        "    fires: [{job: a, state: x, say: x}, {state: x}]   # end\n"
    )
    assert update(scene) == [True]
    assert scene.tests.endswith("   # end\n")
