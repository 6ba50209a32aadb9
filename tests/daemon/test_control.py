"""The control socket: one answer to one request, whatever clients do, and no socket left behind."""

from __future__ import annotations

import json
import os
import socket
import stat
import tempfile
import threading
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest
from doubles.examples import examples
from doubles.process import eventually
from hypothesis import given, settings
from hypothesis import strategies as st

from logwatch.clock import ManualClock, SystemClock
from logwatch.daemon import control, control_wire
from logwatch.daemon.control import MOST_CLIENTS, ControlServer
from logwatch.daemon.control_wire import (
    LONGEST_REQUEST,
    ControlDeniedError,
    ControlRefusedError,
    NoDaemonError,
    address,
    ask,
    client_places,
    server_places,
)
from logwatch.telemetry import telemetry

STATUS = b'{"version":1,"verb":"status"}\n'


def broken(_request):
    raise LookupError("no such part")


VERBS = {
    "status": lambda _request: {"well": True},
    "echo": lambda request: request.arguments,
    "large": lambda _request: ["x" * 1000] * 4000,
    "broken": broken,
}


@pytest.fixture
def serve(tmp_path):
    """Starts servers on virtual time, and sees that each ends and takes its socket along."""
    servers = []

    def start(*places, clock=None):
        server = ControlServer(
            places or [tmp_path / "control.sock"], VERBS, clock=clock or ManualClock()
        )
        servers.append(server)
        server.start()
        return server

    yield start
    for server in servers:
        path = server.path
        server.end()
        assert server.join(60)
        assert server.failure is None
        assert path is None or not path.exists()


@pytest.fixture
def dial():
    """Connects, and hangs up at the end."""
    with ExitStack() as lines:

        def connect(path):
            line = lines.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
            line.settimeout(60)
            with address(path) as name:
                line.connect(name)
            return line

        yield connect


def everything(line) -> bytes:
    """What comes until the other side hangs up."""
    answer = b""
    try:
        while data := line.recv(1 << 16):
            answer += data
    except ConnectionResetError:
        pass  # it hung up before it had read all that was sent
    return answer


def answers(server) -> bool:
    """Whether there is a socket, and an answer to be had from it."""
    try:
        return server.path is not None and bool(ask(server.path, "status"))
    except NoDaemonError:
        return False


def error_code(answer: bytes) -> str:
    return json.loads(answer)["error"]["code"]


def test_who_gives_an_order_is_logged_once_and_who_asks_is_not(tmp_path, capsys):
    """By what the kernel says of the other end; a ticket is no new order."""
    server = ControlServer(
        [tmp_path / "control.sock"],
        {"reload": lambda _request: {}, "status": lambda _request: {}},
        clock=SystemClock(),
        orders=("reload",),
    )
    server.start()
    try:
        assert server.path is not None
        ask(server.path, "status")
        ask(server.path, "reload", arguments={"ticket": None})
        ask(server.path, "reload", arguments={"ticket": "1-1"})
    finally:
        server.end()
        assert server.join(60)
    said = capsys.readouterr().err
    assert said.count("control.ordered") == 1
    assert f"pid={os.getpid()}" in said
    assert f"uid={os.getuid()}" in said


# -- questions and answers ----------------------------------------------------------------------


def test_a_request_gets_its_answer_and_then_the_connection_ends(serve, dial):
    line = dial(serve().path)
    line.sendall(STATUS)
    assert json.loads(everything(line)) == {"version": 1, "result": {"well": True}}


def test_the_client_gets_the_result_as_json(serve):
    assert json.loads(ask(serve().path, "status")) == {"well": True}


def test_a_request_may_come_in_pieces(serve, dial):
    line = dial(serve().path)
    for byte in STATUS:
        line.sendall(bytes([byte]))
    assert b"result" in everything(line)


def test_what_follows_the_first_line_is_not_looked_at(serve, dial):
    line = dial(serve().path)
    line.sendall(STATUS * 3)
    assert everything(line).count(b"\n") == 1


def test_an_answer_larger_than_any_buffer_comes_whole(serve):
    assert len(json.loads(ask(serve().path, "large"))) == 4000


@pytest.mark.parametrize(
    ("request_line", "code"),
    [
        (b"status\n", "bad-request"),
        (b"\n", "bad-request"),
        (b"\xff\xfe\n", "bad-request"),
        (b"[" * 5000 + b"\n", "bad-request"),
        (b'{"version":1,"verb":"status","x":' + b"[" * 20_000 + b"\n", "bad-request"),
        (b'{"verb":"status"}\n', "bad-request"),
        (b'{"version":1,"verb":["status"]}\n', "bad-request"),
        (b'{"version":2,"verb":"status"}\n', "unsupported-version"),
        (b'{"version":1,"verb":"explode"}\n', "unknown-verb"),
    ],
)
def test_what_it_cannot_answer_it_refuses_with_a_reason(serve, dial, request_line, code):
    line = dial(serve().path)
    line.sendall(request_line)
    assert error_code(everything(line)) == code


def test_who_answers_what_is_no_text_is_no_daemon(serve, monkeypatch):
    """Another program may listen there."""
    answer = b'{"version": 1, "error": {"code": "\xff"}}'
    monkeypatch.setattr(control_wire, "_exchange", lambda *_: answer)
    with pytest.raises(NoDaemonError, match="no daemon answers"):
        ask(serve().path, "status")


def test_a_later_client_may_say_more_than_this_version_knows(serve, dial):
    line = dial(serve().path)
    line.sendall(b'{"version":1,"verb":"status","colour":"red"}\n')
    assert b"result" in everything(line)


def test_a_verb_that_fails_costs_its_answer_and_nothing_else(serve, capsys):
    server = serve()
    with pytest.raises(ControlRefusedError, match="no such part") as refused:
        ask(server.path, "broken")
    assert refused.value.fault.code == "failed"
    assert "control.verb_failed" in capsys.readouterr().err
    assert ask(server.path, "status")


def test_who_asked_is_said_to_whoever_wants_to_know(serve, capsys):
    telemetry.configure("debug")
    ask(serve().path, "status")
    said = capsys.readouterr().err
    assert "control.request" in said
    assert f"uid={os.getuid()}" in said
    assert f"pid={os.getpid()}" in said


@settings(max_examples=examples(200), deadline=None)
@given(line=st.binary(max_size=300))
def test_no_line_of_bytes_takes_it_down(line):
    server = ControlServer([], VERBS, clock=ManualClock())
    here, there = socket.socketpair()
    with here, there:
        answer = json.loads(server._answer(line, control.Client(here, 0.0)))
    assert ("error" in answer) != ("result" in answer)
    server.finish()


# -- clients that do not behave -------------------------------------------------------------------


def test_half_a_request_is_let_go_after_its_time_and_holds_up_nobody(serve, dial):
    clock = ManualClock()
    server = serve(clock=clock)
    line = dial(server.path)
    line.sendall(STATUS[:10])
    assert ask(server.path, "status")
    clock.advance(control.PATIENCE_SECONDS)
    assert ask(server.path, "status")
    assert everything(line) == b""


def test_half_a_request_and_a_hang_up_are_forgotten(serve, dial):
    server = serve()
    with dial(server.path) as line:
        line.sendall(STATUS[:10])
    assert ask(server.path, "status")
    eventually(lambda: not server._clients, "nobody left")


def test_a_megabyte_of_garbage_is_refused_without_being_kept(serve, dial):
    server = serve()
    line = dial(server.path)
    sent = 0
    with suppress(BrokenPipeError, ConnectionResetError):
        while sent < 1 << 20:
            sent += line.send(b"x" * 4096)
    assert sent < 4 * LONGEST_REQUEST + (1 << 19)  # what the socket's own buffers hold
    assert error_code(everything(line)) == "too-long"
    assert ask(server.path, "status")


def test_a_client_that_never_reads_is_let_go_after_its_time(serve, dial):
    clock = ManualClock()
    server = serve(clock=clock)
    line = dial(server.path)
    line.sendall(STATUS.replace(b"status", b"large"))
    for _ in range(3):
        assert ask(server.path, "status")
    eventually(lambda: len(server._clients) == 1, "only that one is left")
    clock.advance(control.PATIENCE_SECONDS)
    assert ask(server.path, "status")
    assert len(everything(line)) < 4_000_000


def test_many_who_say_nothing_make_the_next_one_wait_and_no_longer_than_their_time(serve, dial):
    clock = ManualClock()
    server = serve(clock=clock)
    silent = [dial(server.path) for _ in range(MOST_CLIENTS)]
    eventually(lambda: len(server._clients) == MOST_CLIENTS, "all are there")
    answers = []
    asking = threading.Thread(
        target=lambda: answers.append(ask(server.path, "status")), daemon=True
    )
    asking.start()
    asking.join(0.05)
    assert not answers
    clock.advance(control.PATIENCE_SECONDS)
    silent[0].close()  # real time stands still for the server: something must happen
    asking.join(60)
    assert answers


def test_a_crowd_that_asks_at_once_is_answered_one_and_all(serve):
    path = serve().path
    answers = []
    crowd = [
        threading.Thread(
            target=lambda: answers.append(json.loads(ask(path, "status"))), daemon=True
        )
        for _ in range(3 * MOST_CLIENTS)
    ]
    for each in crowd:
        each.start()
    for each in crowd:
        each.join(60)
    assert answers == [{"well": True}] * len(crowd)


def test_who_finds_the_line_full_waits_for_a_place(tmp_path):
    """A unix socket refuses at once where a TCP one would wait."""
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(0)
        with socket.socket(socket.AF_UNIX) as first:
            first.connect(str(path))
            answers = []
            asking = threading.Thread(
                target=lambda: answers.append(ask(path, "status")), daemon=True
            )
            asking.start()
            asking.join(0.05)
            assert asking.is_alive()
            listener.accept()[0].close()
            line, _ = listener.accept()
            with line:
                line.recv(1000)
                line.sendall(b'{"version":1,"result":{}}\n')
            asking.join(60)
    assert answers == [b"{}"]


def test_who_waits_for_a_place_in_vain_is_told(tmp_path):
    """Within its time."""
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as first:
        listener.bind(str(path))
        listener.listen(0)
        first.connect(str(path))
        with pytest.raises(NoDaemonError, match="within"):
            ask(path, "status", seconds=0.05)


def test_no_descriptor_is_left_over(serve, dial):
    before = len(list(Path("/proc/self/fd").iterdir()))
    server = serve()
    for _ in range(20):
        ask(server.path, "status")
        dial(server.path).close()
    server.end()
    assert server.join(60)
    assert len(list(Path("/proc/self/fd").iterdir())) <= before


def test_an_error_that_nobody_foresaw_costs_a_moment_and_not_the_socket(
    serve, dial, monkeypatch, capsys
):
    clock = ManualClock()
    monkeypatch.setattr(control, "REST_SECONDS", 0.01)
    server = serve(clock=clock)
    faults = iter([RuntimeError("what is this?")])

    def accept():
        for fault in faults:
            raise fault
        return type(server)._accept(server)

    monkeypatch.setattr(server, "_accept", accept)
    assert everything(dial(server.path)) == b""
    eventually(lambda: clock.advance(1) or answers(server), "the socket is there again")
    assert "what is this?" in capsys.readouterr().err


# -- the socket itself ----------------------------------------------------------------------------


def test_only_owner_and_group_may_connect(serve):
    mode = serve().path.stat().st_mode
    assert (stat.S_ISSOCK(mode), stat.S_IMODE(mode)) == (True, 0o660)


def test_the_socket_of_a_daemon_that_was_killed_is_replaced(serve, tmp_path):
    path = tmp_path / "control.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    with pytest.raises(NoDaemonError, match="refused"):
        ask(path, "status")
    assert serve().path == path
    assert ask(path, "status")


def test_a_socket_at_which_somebody_answers_is_left_and_the_next_place_is_taken(serve, tmp_path):
    first = serve(tmp_path / "a.sock")
    second = serve(tmp_path / "a.sock", tmp_path / "b.sock")
    assert second.path == tmp_path / "b.sock"
    assert ask(first.path, "status")
    assert ask(second.path, "status")


def test_a_file_that_is_no_socket_is_left_alone(serve, tmp_path, capsys):
    (tmp_path / "control.sock").write_text("mine")
    assert serve().path is None
    assert (tmp_path / "control.sock").read_text() == "mine"
    assert "is no socket" in capsys.readouterr().err


def test_without_any_place_it_says_so_once_and_tries_again(serve, tmp_path, capsys):
    clock = ManualClock()
    place = tmp_path / "later" / "control.sock"
    server = serve(place, clock=clock)
    clock.advance(control.LOOK_SECONDS)
    server.nudge()
    place.parent.mkdir()
    eventually(
        lambda: clock.advance(control.LOOK_SECONDS) or server.nudge() or answers(server),
        "the socket is there",
    )
    assert server.path == place
    assert capsys.readouterr().err.count("control.unavailable") == 1


def test_a_socket_that_was_removed_is_there_again(serve, capsys):
    clock = ManualClock()
    server = serve(clock=clock)
    server.path.unlink()
    clock.advance(control.LOOK_SECONDS)
    server.nudge()
    eventually(lambda: answers(server), "the socket is there again")
    assert "control.socket_gone" in capsys.readouterr().err


def test_a_socket_that_another_put_in_its_place_is_not_taken_along(tmp_path):
    server = ControlServer([tmp_path / "control.sock"], VERBS, clock=ManualClock())
    server.start()
    server.path.unlink()
    (tmp_path / "control.sock").write_text("another's")
    server.end()
    assert server.join(60)
    assert (tmp_path / "control.sock").read_text() == "another's"


def test_a_path_longer_than_an_address_may_be_works_all_the_same(serve, tmp_path):
    deep = tmp_path / ("d" * 120) / ("e" * 120)
    deep.mkdir(parents=True)
    assert serve(deep / "control.sock").path == deep / "control.sock"
    assert ask(deep / "control.sock", "status")


def test_no_daemon_at_all_is_said_with_the_path(tmp_path):
    with pytest.raises(NoDaemonError, match=r"control\.sock"):
        ask(tmp_path / "control.sock", "status")


def test_a_daemon_that_does_not_answer_is_given_up(tmp_path):
    path = tmp_path / "control.sock"
    with socket.socket(socket.AF_UNIX) as hung:
        hung.bind(str(path))
        hung.listen()
        with pytest.raises(NoDaemonError, match="within"):
            ask(path, "status", seconds=0.05)


@pytest.fixture
def open_folder():
    """A folder that everybody may enter; the one that pytest gives is closed."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_a_stranger_is_told_what_to_do(serve, open_folder):
    path = serve(open_folder / "control.sock").path
    if os.geteuid() != 0:  # we are a stranger to nobody, but to a socket that is closed
        path.chmod(0)
    with _as_nobody(), pytest.raises(ControlDeniedError, match="run this as root"):
        ask(path, "status")


@contextmanager
def _as_nobody():
    if os.geteuid() != 0:
        yield
        return
    groups = os.getgroups()
    os.setgroups([])
    os.setegid(65534)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)


@pytest.mark.parametrize("answer", [b"", b"hello\n", b'{"version":1', b"{}\n", b'{"version":1}\n'])
def test_an_answer_that_is_none_is_no_daemon(tmp_path, answer):
    path = tmp_path / "control.sock"
    with socket.socket(socket.AF_UNIX) as strange:
        strange.bind(str(path))
        strange.listen()

        def serve_once():
            line, _ = strange.accept()
            with line:
                line.recv(1000)
                line.sendall(answer)

        thread = threading.Thread(target=serve_once, daemon=True)
        thread.start()
        with pytest.raises(NoDaemonError):
            ask(path, "status")
        thread.join(60)


def test_the_socket_is_where_the_service_manager_says_else_beside_the_store(tmp_path):
    given = {"RUNTIME_DIRECTORY": "/run/one:/run/two"}
    beside = tmp_path / "control.sock"
    assert [str(each) for each in server_places(tmp_path, given)] == [
        "/run/one/control.sock",
        str(beside),
    ]
    assert server_places(tmp_path, {}) == [beside]
    assert [str(each) for each in client_places(tmp_path, {})] == [
        str(beside),
        "/run/logwatchd/control.sock",
    ]
    assert [str(each) for each in client_places(None, {})] == ["/run/logwatchd/control.sock"]
