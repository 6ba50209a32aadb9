"""docs/first-hour.md works as it is written, with a receiver here in the place of ntfy.sh."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from threading import Thread

from doubles import forked
from doubles.process import ended, eventually

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "first-hour.md").read_text()
BLOCKS = re.findall(r"```sh( background)?\n(.*?)```", PAGE, re.DOTALL)


class Phone:
    """Takes what ntfy.sh would, and shows it."""

    def __init__(self):
        self.messages: Queue[dict] = Queue()

    @contextmanager
    def listening(self):
        """Its port, for as long as the block lasts."""
        messages = self.messages

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                messages.put(json.loads(body))
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            ended(thread)
            server.server_close()

    def rings(self, words: str) -> dict:
        """Wait for a message with `words`; those before it are thrown away."""
        while True:
            message = self.messages.get(timeout=60)
            if words in message.get("message", "") + message.get("title", ""):
                return message


def here(command: str, port: int) -> str:
    """A command with the receiver of this machine."""
    at = f"127.0.0.1:{port}"
    command = command.replace("ntfy://ntfy.sh/", f"ntfy+http://{at}/")
    return command.replace(
        "{ntfy: ops-7f3a9c}", f"{{ntfy: {{topic: ops-7f3a9c, url: 'http://{at}'}}}}"
    )


def test_the_first_hour(tmp_path):
    """Each command ends well, and the phone rings where the page says so."""
    shims = tmp_path / "bin"
    shims.mkdir()
    (shims / "logwatch").write_text(f'#!/bin/sh\nexec {sys.executable} -m logwatch "$@"\n')
    (shims / "logwatch").chmod(0o755)
    folder = tmp_path / "work"
    folder.mkdir()
    environ = {
        "PATH": f"{shims}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "PYTHONPATH": str(ROOT),
        "COLUMNS": "100",
        "no_proxy": "127.0.0.1",
    }
    phone, said = Phone(), []

    def run(text: str) -> str:
        done = subprocess.run(
            ["bash", "-e", "-c", text],
            cwd=folder,
            env=environ,
            capture_output=True,
            timeout=120,
            check=False,
        )
        out = (done.stdout + done.stderr).decode()
        assert done.returncode == 0, f"{text}\n{out}"
        return out

    with phone.listening() as port, ExitStack() as stack:
        for background, block in BLOCKS:
            text = here(block, port)
            if background:
                log = folder / f"said-{len(said)}"
                with log.open("wb") as output:
                    process = subprocess.Popen(
                        ["bash", "-c", f"exec {text}"],
                        cwd=folder,
                        env=environ,
                        stdout=output,
                        stderr=subprocess.STDOUT,
                    )
                stack.callback(process.wait, 60)
                stack.callback(process.terminate)
                if "tail" in block:
                    eventually(lambda log=log: b"connection refused" in log.read_bytes(), "lines")
                else:
                    eventually(lambda: b'"phase":"live"' in _status(folder, environ), "live")
                continue
            said.append(run(text))
            if "send ntfy" in block:
                phone.rings("hello from logwatch")
            elif "no space left" in block:
                phone.rings("no space left on /var")
            elif "send-test" in block:
                phone.rings("[TEST]")
            elif "host=db2 attempt" in block:
                phone.rings("db2 refuses connections, 3 times")
    whole = "\n".join(said)
    for words in (
        "delivered in",
        "every rule is in shadow mode",
        "no problems",
        "1 ok",
        "nothing was sent",
        "db-refused",
        "silence #1",
    ):
        assert words in whole


def _status(folder: Path, environ: dict[str, str]) -> bytes:
    words = ("status", "-c", "logwatch.yaml", "-o", "json")
    return forked.logwatch(*words, cwd=folder, env=environ).stdout


def test_every_command_of_the_page_is_run():
    """Nothing that looks like one stands outside of the blocks that run."""
    prose = re.sub(r"```sh.*?```", "", PAGE, flags=re.DOTALL)
    assert not re.findall(r"^(?:    |\$ )logwatch .*$", prose, re.MULTILINE)
    assert len(BLOCKS) > 8
