"""Logs of containers: the lines of the program, however they were cut in pieces and in blocks."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch.tailer import containers
from logwatch.tailer.container_lines import ContainerFramer, container_framer, wall_time
from logwatch.tailer.containers import container_of
from logwatch.tailer.multiline import MultilineSettings, framer_of

TIME = "2026-01-05T01:00:00.123456789Z"
TEXTS = st.text(st.characters(exclude_characters="\n", exclude_categories=("Cs",)), max_size=20)
WRITTEN = st.lists(st.tuples(st.sampled_from(["stdout", "stderr"]), TEXTS), max_size=6)


def docker(text: str, stream: str = "stdout", *, ends: bool = True) -> bytes:
    line = {"log": text + "\n" * ends, "stream": stream, "time": TIME}
    return json.dumps(line, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def cri(text: str, stream: str = "stdout", *, ends: bool = True) -> bytes:
    return f"{TIME} {stream} {'F' if ends else 'P'} {text}\n".encode()


FORMS = {"docker": docker, "cri": cri}


def pieces(form: str, stream: str, text: str, size: int) -> list[bytes]:
    """A line of a program as the runtime writes it, in pieces of `size` characters."""
    parts = [text[at : at + size] for at in range(0, len(text), size)] or [""]
    wrap = FORMS[form]
    return [wrap(p, stream, ends=number == len(parts)) for number, p in enumerate(parts, 1)]


def read(framer: ContainerFramer, log: bytes, cuts: list[int]) -> list[tuple[int, bytes]]:
    """Offset and text of each line, as a file that grows is read."""
    found, start = [], 0
    for cut in [*sorted(cut for cut in cuts if cut < len(log)), len(log)]:
        whole = log[start : log.rfind(b"\n", 0, cut) + 1]
        framed = framer.frame(whole, final=cut == len(log))
        assert len(framed.data) == len(framed.joined)
        assert framed.data == whole[: len(framed.data)]
        texts = framer.unwrap(framed.data)
        joined = framer.joined(texts.data) or texts.data
        at = 0
        for line in joined.split(b"\n")[:-1]:
            found.append((start + texts.offsets[texts.starts.index(at)], line))
            at += len(line) + 1
        start += len(framed.data)
    assert start == len(log)
    return found


@pytest.mark.parametrize("form", FORMS)
@given(written=WRITTEN, size=st.integers(1, 8), cuts=st.lists(st.integers(0, 2000), max_size=6))
def test_each_line_comes_once_and_whole_wherever_the_log_is_cut(form, written, size, cuts):
    """At the offset of its first piece."""
    framer, log, expected = container_framer(form, None, 100_000), b"", []
    for stream, text in written:
        expected.append((len(log), text.replace("\r", "\r").encode()))
        log += b"".join(pieces(form, stream, text, size))
    assert read(framer, log, cuts) == expected


@pytest.mark.parametrize("form", FORMS)
@given(texts=st.lists(st.sampled_from(["a", " b", "\tc"]), max_size=8), size=st.integers(1, 3),
       cuts=st.lists(st.integers(0, 900), max_size=6))  # fmt: skip
def test_lines_of_the_program_are_put_together_to_records(form, texts, size, cuts):
    """The same as in a file of the program's own."""
    inner = framer_of(MultilineSettings(preset="indent"), "utf-8", 100_000)
    framer = container_framer(form, inner, 100_000)
    log = b"".join(part for text in texts for part in pieces(form, "stdout", text, size))
    own = inner.frame("".join(f"{text}\n" for text in texts).encode(), final=True).joined
    assert [line for _, line in read(framer, log, cuts)] == own.split(b"\n")[:-1]


@pytest.mark.parametrize("form", FORMS)
def test_pieces_of_both_streams_may_be_mixed(form):
    """Each is joined to its own."""
    wrap = FORMS[form]
    log = b"".join(
        [wrap("out-", ends=False), wrap("err", "stderr"), wrap("put"), wrap("last", "stderr")]
    )
    framer = container_framer(form, None, 100_000)
    for cuts in ([], [len(log) // 2], [*range(len(log))]):
        found = read(framer, log, cuts)
        assert [text for _, text in found] == [b"out-put", b"err", b"last"]


@pytest.mark.parametrize("form", FORMS)
def test_a_line_beyond_all_bounds_is_ended_where_it_is(form):
    """And the next one is read."""
    wrap = FORMS[form]
    log = wrap("x" * 60, ends=False) * 10 + wrap("") + wrap("next")
    found = read(container_framer(form, None, 300), log, [])
    assert found[-1][1] == b"next"
    assert b"".join(text for _, text in found[:-1]) == b"x" * 600
    assert max(len(text) for _, text in found) <= 420


def test_a_line_of_another_form_is_taken_as_it_is():
    """Somebody writes into the log by hand, or it is none."""
    for form in FORMS:
        framer = container_framer(form, None, 1000)
        assert framer.unwrap(b"hello\n{}\n[1]\n").data == b"hello\n{}\n[1]\n"


def test_what_is_told_of_a_line_beside_its_text():
    """Stream, time, and what the driver was told to add."""
    line = b'{"log":"a\\n","stream":"stderr","attrs":{"tag":"x"},"time":"%s"}\n' % TIME.encode()
    piece = container_framer("docker", None, 1000).unwrap(line).piece(0)
    assert (piece.stream, piece.more) == ("stderr", {"tag": "x"})
    assert wall_time(piece.time) == pytest.approx(1_767_574_800.123456)
    assert wall_time("yesterday") is None
    assert wall_time("") is None


def test_a_backslash_and_an_n_at_the_end_of_a_piece_are_no_newline():
    """The one case in which the quick look must not be trusted."""
    log = docker("C:\\n", ends=False) + docker("ew")
    assert read(container_framer("docker", None, 1000), log, [len(log) // 2]) == [(0, b"C:\\new")]


@pytest.fixture
def fresh():
    containers.container_of.cache_clear()
    yield
    containers.container_of.cache_clear()


def test_docker_tells_the_name_beside_the_log(tmp_path, fresh):
    """And the id alone where that cannot be read."""
    identity = "0123456789ab" + "c" * 52
    folder = tmp_path / identity
    folder.mkdir()
    path = str(folder / f"{identity}-json.log")
    assert container_of(path) == {"container_id": "0123456789ab"}
    container_of.cache_clear()
    config = {"Name": "/web", "Config": {"Image": "nginx:1.27", "Env": []}, "State": {}}
    (folder / "config.v2.json").write_bytes(b'{"Name": "/\xff"}')
    assert container_of(path) == {"container_id": "0123456789ab"}
    container_of.cache_clear()
    (folder / "config.v2.json").write_text(json.dumps(config), encoding="utf-8")
    assert container_of(path) == {
        "container_id": "0123456789ab",
        "container": "web",
        "image": "nginx:1.27",
    }


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        (
            "/var/log/pods/shop_web-7d9f_1f2e-3d/app/0.log",
            {"namespace": "shop", "pod": "web-7d9f", "container": "app"},
        ),
        (
            f"/var/log/containers/web-7d9f_shop_my-app-{'a' * 64}.log",
            {
                "namespace": "shop",
                "pod": "web-7d9f",
                "container": "my-app",
                "container_id": "a" * 12,
            },
        ),
        ("/var/log/app.log", {}),
    ],
)
def test_the_kubelet_tells_it_in_the_path(path, fields, fresh):
    assert container_of(path) == fields
