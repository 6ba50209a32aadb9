"""Logs as six programs write them, mixed, seeded, with a known number of lines that rules take.

Sshd and kernel through syslog, nginx's access log, a Java application, PostgreSQL and JSON lines,
about 130 bytes a line. Among them are many that begin like a hit and are none: a rule that looks
only for its first words would be wrong here. The same arguments give the same bytes.
"""

from __future__ import annotations

import random
import time
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from bench.rule_sets import COMPANIES, COMPLAINTS, SERVICES, TIERS

FIRST_SECOND = 1_767_571_200  # 2026-01-05T00:00:00Z
LINES_IN_A_CHUNK = 500
"""Lines that share one timestamp, and that are written at once."""
BODIES = 8_192


class Corpus(NamedTuple):
    """A log that was written."""

    path: Path
    size: int
    lines: int
    hits: array[int]
    """Offset of each line that one of the first ten rules takes, ascending."""

    def hits_before(self, offset: int) -> int:
        """How many of the hits begin before `offset`."""
        return bisect_right(self.hits, offset - 1)

    def part(self, path: Path, size: int) -> Corpus:
        """A new log of the first lines of this one, `size` bytes at most but for the last line."""
        with self.path.open("rb") as whole, path.open("wb") as file:
            file.write(whole.read(size))
            file.write(whole.readline())
            written = file.tell()
        data_lines = _count_lines(path)
        return Corpus(path, written, data_lines, self.hits[: self.hits_before(written)])

    def part_to_hit(self, path: Path, size: int) -> Corpus:
        """A new log of this one's first lines up to the last hit in `size` bytes, or the first.

        Whoever has told of its last line has read all of it.
        """
        offset = self.hits[max(0, self.hits_before(size) - 1)]
        with self.path.open("rb") as whole, path.open("wb") as file:
            file.write(whole.read(offset))
            file.write(whole.readline())
            written = file.tell()
        return Corpus(path, written, _count_lines(path), self.hits[: self.hits_before(written)])


class Stamps(NamedTuple):
    """One moment, as each format writes it."""

    syslog: str
    access: str
    iso: str


Style = Callable[[Stamps, str], str]
Make = Callable[[random.Random], str]


def _syslog(stamps: Stamps, body: str) -> str:
    return f"{stamps.syslog} {body}\n"


def _access(stamps: Stamps, body: str) -> str:
    return body.replace("@", stamps.access, 1)


def _iso(stamps: Stamps, body: str) -> str:
    return f"{stamps.iso} {body}\n"


def _json(stamps: Stamps, body: str) -> str:
    return f'{{"ts":"{stamps.iso}",{body}}}\n'


def address(chance: random.Random) -> str:
    """An IPv4 address."""
    return ".".join(str(chance.randrange(1, 255)) for _ in range(4))


def _sshd(text: str) -> Make:
    def make(chance: random.Random) -> str:
        user = chance.choice(("root", "git", "deploy", "oracle", "backup", "test"))
        port, pid = chance.randrange(1024, 65536), chance.randrange(300, 32768)
        filled = text.format(user=user, ip=address(chance), port=port, n=chance.getrandbits(160))
        return f"bastion{chance.randrange(4)} sshd[{pid}]: {filled}"

    return make


def _kernel(text: str) -> Make:
    def make(chance: random.Random) -> str:
        number = chance.randrange(100, 99_999)
        dev = chance.choice(("sda", "sdb", "sdc", "nvme"))
        up = f"[{chance.randrange(9**7)}.{chance.randrange(10**6):06d}]"
        return f"node{chance.randrange(40)} kernel: {up} {text.format(n=number, dev=dev)}"

    return make


def _request(*statuses: int) -> Make:
    agents = ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Firefox/128.0", "curl/8.5.0", "probe/1.29")

    def make(chance: random.Random) -> str:
        service, tier = chance.choice(SERVICES), chance.choice(TIERS)
        method = chance.choice(("GET", "GET", "GET", "POST"))
        path = f"/api/v1/{service}/{tier}/{chance.randrange(9**6)}"
        return (
            f'{address(chance)} - - [@] "{method} {path} HTTP/1.1" {chance.choice(statuses)}'
            f' {chance.randrange(120, 90_000)} "-" "{chance.choice(agents)}"\n'
        )

    return make


def _java(level: str, text: str) -> Make:
    def make(chance: random.Random) -> str:
        company, service = chance.choice(COMPANIES), chance.choice(SERVICES)
        thread = f"[pool-{chance.randrange(9)}-thread-{chance.randrange(32)}]"
        filled = text.format(n=chance.randrange(10**6), complaint=chance.choice(COMPLAINTS))
        return f"{level:<5} {thread} com.{company}.{service}.Service - {filled}"

    return make


def _postgres(text: str) -> Make:
    def make(chance: random.Random) -> str:
        role = chance.choice(SERVICES)
        number = chance.random() * 900
        return (
            f"UTC [{chance.randrange(300, 32768)}] {role}@orders {text.format(n=number, role=role)}"
        )

    return make


def _structured(level: str, text: str) -> Make:
    def make(chance: random.Random) -> str:
        service = f"{chance.choice(SERVICES)}-{chance.choice(TIERS)}"
        filled = text.format(n=chance.randrange(10**6), complaint=chance.choice(COMPLAINTS))
        return (
            f'"level":"{level}","service":"{service}","code":{chance.randrange(200, 900)},'
            f'"trace":"{chance.getrandbits(64):016x}","msg":"{filled}"'
        )

    return make


ORDINARY: tuple[tuple[int, Style, Make], ...] = (
    (
        3,
        _syslog,
        _sshd("Accepted publickey for {user} from {ip} port {port} ssh2: SHA256:{n:040x}"),
    ),
    (3, _syslog, _sshd("Failed password for {user} from {ip} port {port} ssh2")),
    (4, _syslog, _sshd("Received disconnect from {ip} port {port}:11: disconnected by user")),
    (5, _syslog, _sshd("pam_unix(sshd:session): session opened for user {user} by (uid=0)")),
    (4, _syslog, _kernel("audit: type=1400 apparmor=ALLOWED operation=open pid={n} comm=cron")),
    (
        4,
        _syslog,
        _kernel("blk_update_request: operation not supported error, dev {dev}, sector {n}"),
    ),
    (2, _syslog, _kernel("EXT4-fs ({dev}1): mounted filesystem with ordered data mode, id {n}")),
    (28, _access, _request(200, 200, 200, 200, 204, 301, 304, 404, 403)),
    (2, _access, _request(499, 429)),
    (10, _iso, _java("INFO", "request {n} done, 12 rows read, cache hit ratio 0.93")),
    (5, _iso, _java("WARN", "retrying after java.io timeout, attempt {n}, cause: {complaint}")),
    (5, _iso, _java("DEBUG", "handing over java.util.ArrayList of {n} items to the next stage")),
    (
        6,
        _iso,
        _postgres("LOG:  duration: {n:.3f} ms  statement: SELECT * FROM orders WHERE id = $1"),
    ),
    (4, _iso, _postgres("ERROR:  duplicate key value violates unique constraint {role}_pkey")),
    (10, _json, _structured("info", "handled request {n} in 13 ms")),
    (5, _json, _structured("warn", "{complaint}, trying again, request {n}")),
)
"""How often, in which style, and what: lines that no rule takes."""

HITS: tuple[tuple[Style, Make], ...] = (
    (_syslog, _sshd("Failed password for invalid user {user}1 from {ip} port {port} ssh2")),
    (_syslog, _kernel("Out of memory: Killed process {n} (java) total-vm:812345kB, rss:6123kB")),
    (_syslog, _kernel("worker[{n}]: segfault at 10 ip 00007f1203cd sp 00007ffd error 4 in libc")),
    (_syslog, _kernel("blk_update_request: I/O error, dev {dev}, sector {n} op 0x0:(READ)")),
    (_access, _request(500, 502, 503, 504)),
    (_iso, _java("ERROR", "request {n} failed: java.net.SocketException: {complaint}")),
    (_iso, _postgres('FATAL:  password authentication failed for user "{role}"')),
    (_json, _structured("error", "{complaint}, giving up, request {n}")),
    (_syslog, lambda chance: f"node{chance.randrange(40)} systemd[1]: {chance.choice(SERVICES)}"
     ".service: Failed with result 'exit-code'."),
    (_syslog, _kernel("EXT4-fs error (device {dev}1): ext4_find_entry: reading directory {n}")),
)  # fmt: skip
"""One for each of the first ten rules, in their order, which no other rule takes."""


def write_log(
    path: Path, size: int, *, hit_rate: float, accents: float = 0.0, seed: int = 1
) -> Corpus:
    """Write about `size` bytes; a share `accents` of the lines ends in a word that is not ASCII."""
    chance = random.Random(seed)
    hits = array("Q")
    written = lines = 0
    ordinary, wanted = _bodies(chance), _wanted(chance)
    with path.open("wb", buffering=1 << 20) as file:
        for chunk in _chunks(chance, ordinary, wanted, hit_rate, accents):
            for is_hit, line in chunk:
                if is_hit:
                    hits.append(written)
                data = line.encode()
                file.write(data)
                written += len(data)
            lines += len(chunk)
            if written >= size:
                return Corpus(path, written, lines, hits)
    raise AssertionError("the chunks never end")


def _bodies(chance: random.Random) -> list[tuple[Style, str]]:
    weights = [weight for weight, _, _ in ORDINARY]
    kinds = chance.choices(ORDINARY, weights, k=BODIES)
    return [(style, make(chance)) for _, style, make in kinds]


def _wanted(chance: random.Random) -> list[tuple[Style, str]]:
    return [(style, make(chance)) for _ in range(100) for style, make in HITS]


def _chunks(
    chance: random.Random,
    ordinary: list[tuple[Style, str]],
    wanted: list[tuple[Style, str]],
    hit_rate: float,
    accents: float,
) -> Iterator[list[tuple[bool, str]]]:
    second, dice = FIRST_SECOND, chance.random
    while True:
        stamps = _stamps(second)
        chunk = []
        for _ in range(LINES_IN_A_CHUNK):
            is_hit = dice() < hit_rate
            bodies = wanted if is_hit else ordinary
            style, body = bodies[int(dice() * len(bodies))]
            line = style(stamps, body)
            if accents and dice() < accents:
                line = f"{line[:-1]} für José\n"
            chunk.append((is_hit, line))
        yield chunk
        second += 1


def _stamps(second: int) -> Stamps:
    at = time.gmtime(second)
    return Stamps(
        time.strftime("%b %e %H:%M:%S", at),
        time.strftime("%d/%b/%Y:%H:%M:%S +0000", at),
        time.strftime("%Y-%m-%d %H:%M:%S.000", at),
    )


def _count_lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))
