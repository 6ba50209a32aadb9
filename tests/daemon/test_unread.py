"""Files that cannot be read: told once a source, with how many there are."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from logwatch.clock import ManualClock
from logwatch.config.loader import load
from logwatch.daemon.unread import NOT_READ, PATIENCE_SECONDS, Unread, waited_for


def monitor(path, not_answering=""):
    """Of a file that is read, or on something that does not answer."""
    state = SimpleNamespace(status="following", detail="")
    return SimpleNamespace(
        path=path,
        sources=("app",),
        not_answering=not_answering,
        tail=SimpleNamespace(state=lambda: state),
    )


@pytest.mark.parametrize(
    ("hanging", "places", "text"),
    [
        (["/mnt/a.log"], ["/mnt"], "/mnt/a.log cannot be read: /mnt does not answer"),
        ([], ["/mnt"], "/mnt cannot be read: /mnt does not answer"),
        (
            ["/mnt/a.log", "/mnt/b.log"],
            ["/mnt", "/mnt2"],
            "/mnt/a.log cannot be read: /mnt does not answer; nor can 2 more of source app",
        ),
    ],
)
def test_a_place_that_does_not_answer_is_no_file_beside_those_in_it(hanging, places, text):
    told, clock = [], ManualClock()
    unread = Unread(lambda report: told.append(report) or True, waited_for=())
    monitors = [
        monitor("/srv/ok.log"),
        *(monitor(path, not_answering="/mnt does not answer") for path in hanging),
    ]
    for _ in range(2):
        unread.look(monitors, clock.moment(), [(place, "app") for place in places])
        clock.advance(PATIENCE_SECONDS[NOT_READ])
    assert [each.message for each in told] == [text]


def test_a_folder_that_a_source_names_and_nobody_can_look_into_is_told_of():
    """Whatever logs are in it, none of them is read."""
    told, clock = [], ManualClock()
    unread = Unread(lambda report: told.append(report) or True, waited_for=())
    unlisted = [("/srv/app", "app", "it cannot be listed: permission denied")]
    for folders in (unlisted, unlisted, []):
        unread.look([], clock.moment(), unlisted=folders)
        clock.advance(PATIENCE_SECONDS[NOT_READ])
    assert [(each.status, each.message) for each in told] == [
        ("firing", "/srv/app cannot be read: it cannot be listed: permission denied"),
        ("resolved", "every file of source app that is there is read again"),
    ]


@pytest.mark.parametrize(
    ("rule", "sources"),
    [
        ("in: a, match: x", set()),
        ("in: a, match: x, absent: 5m", {"a"}),
        ("in: a, match: x, expect: {in: b, match: y, within: 5m}", {"a", "b"}),
        ("in: a, match: x, clear: {source: b, match: y}", {"b"}),
        ("in: a, match: x, clear: {match: y}", set()),
        ("in: a, by: i, sequence: [{match: '(?P<i>.)'}, {in: b, match: '{i}'}], within: 1m", set()),
        ("match: x, absent: 5m", set()),
    ],
)
def test_a_source_is_waited_for_where_its_silence_is_told_of_or_lets_something_burn(
    tmp_path, rule, sources
):
    """Where it only keeps a rule from firing it is like that of any other rule."""
    (tmp_path / "logwatch.yaml").write_text(
        f"sources: {{a: {tmp_path}/a.log, b: {tmp_path}/b.log}}\nrules: [{{name: r, {rule}}}]\n"
    )
    assert waited_for(load(tmp_path / "logwatch.yaml")) == sources
