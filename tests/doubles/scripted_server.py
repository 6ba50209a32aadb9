"""A server on the loopback that answers as a test has scripted, byte for byte."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from contextlib import suppress
from dataclasses import dataclass, field


def answer(status, *headers, body=b"") -> bytes:
    """One answer of HTTP."""
    head = [f"HTTP/1.1 {status} Whatever", *headers, f"Content-Length: {len(body)}"]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def reset(connection) -> bool:
    """An answer that is none: the connection is reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return True


def silence(connection) -> bool:
    """No answer, until the other side hangs up."""
    return not connection.recv(1)


@dataclass
class Request:
    line: str
    headers: dict[str, str]
    body: bytes


@dataclass
class ScriptedServer:
    """Answers request number n with `answers[n]`, and every further one with the last.

    An answer is bytes to send, or a callable that is given the connection and does as it likes;
    the connection is closed after an answer that says so, or whose callable returns True.
    """

    answers: list
    context: ssl.SSLContext | None = None
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    stop: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return self._listener.getsockname()[1]

    def url(self, path="/hook") -> str:
        return f"{'https' if self.context else 'http'}://127.0.0.1:{self.port}{path}"

    def close(self):
        self.stop.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._thread.join(60)
        for connection in self._open:
            connection.close()

    def _serve(self):
        while not self.stop.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            try:
                if self.context:
                    connection = self.context.wrap_socket(connection, server_side=True)
                    self._open[-1] = connection
                self._talk(connection)
            except OSError:
                pass
            connection.close()

    def _talk(self, connection):
        while request := self._read(connection):
            self.requests.append(request)
            answer = self.answers[min(len(self.requests), len(self.answers)) - 1]
            if callable(answer):
                if answer(connection):
                    return
            else:
                connection.sendall(answer)
                if b"connection: close" in answer.lower():
                    return

    @staticmethod
    def _read(connection) -> Request | None:
        data = b""
        while b"\r\n\r\n" not in data:
            chunk = connection.recv(65536)
            if not chunk:
                return None
            data += chunk
        head, _, body = data.partition(b"\r\n\r\n")
        line, *rest = head.decode("latin-1").split("\r\n")
        headers = {
            name.lower(): value.strip() for name, _, value in (h.partition(":") for h in rest)
        }
        while len(body) < int(headers.get("content-length", 0)):
            body += connection.recv(65536)
        return Request(line, headers, body)
